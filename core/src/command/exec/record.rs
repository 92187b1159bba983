//! SLOWLOG, LATENCY and MONITOR: what is noted of commands, and who looks on.

use alloc::{format, string::String, vec::Vec};

use super::{args::number, same};
use crate::{
    command::{Call, dispatch::Shown},
    resp::parse_i64,
    rules::Ctx,
};

/// `MONITOR`
pub(in crate::command) fn monitor(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !cfg!(feature = "full") {
        return super::left_out(call);
    }
    let is_new = call.client.is_some_and(|client| ctx.b.record.monitors.insert(client));
    // Asked again it says nothing, as Redis.
    if is_new {
        call.reply.ok();
    }
}

/// `SLOWLOG GET [count]`, the latest first.
pub(in crate::command) fn slowlog_get(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !cfg!(feature = "full") {
        return super::left_out(call);
    }
    let slow = &ctx.b.record.slow;
    let count = match *call.args {
        [_, _] => 10,
        [_, _, count] => match parse_i64(count) {
            Some(-1) => slow.len(),
            Some(n @ 0..) => usize::try_from(n).unwrap_or(usize::MAX),
            Some(_) | None => {
                return call.reply.error("ERR count should be greater than or equal to -1");
            }
        },
        _ => return super::wrong_subcommand(call),
    };
    call.reply.array(slow.len().min(count));
    for slow in slow.iter().rev().take(count) {
        call.reply.array(6);
        call.reply.integer(signed(slow.id));
        call.reply.integer(signed(slow.at.secs()));
        call.reply.integer(signed(slow.us));
        call.reply.array(slow.words.len());
        for word in &slow.words {
            call.reply.bulk(word);
        }
        call.reply.bulk(slow.remote.as_bytes());
        call.reply.bulk(slow.name.as_bytes());
    }
}

/// `SLOWLOG LEN`
pub(in crate::command) fn slowlog_len(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    call.reply.integer(number(ctx.b.record.slow.len()));
}

/// `SLOWLOG RESET`
pub(in crate::command) fn slowlog_reset(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    ctx.b.record.slow.clear();
    call.reply.ok();
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// `LATENCY LATEST`: of each kind of spike its name, the second and milliseconds of the last one,
/// the milliseconds of the longest.
pub(in crate::command) fn latest(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !cfg!(feature = "full") {
        return super::left_out(call);
    }
    call.reply.array(ctx.b.record.spikes.len());
    for (name, spikes) in &ctx.b.record.spikes {
        let (second, ms) = spikes.samples.back().copied().unwrap_or_default();
        call.reply.array(4);
        call.reply.bulk(name.as_bytes());
        for n in [second, ms, spikes.longest_ms] {
            call.reply.integer(signed(n));
        }
    }
}

/// `LATENCY HISTORY event`
pub(in crate::command) fn history(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !cfg!(feature = "full") {
        return super::left_out(call);
    }
    let kind = core::str::from_utf8(call.arg(2)).unwrap_or_default();
    let samples = ctx.b.record.spikes.get(kind).map(|spikes| &spikes.samples);
    call.reply.array(samples.map_or(0, alloc::collections::VecDeque::len));
    for (second, ms) in samples.into_iter().flatten() {
        call.reply.array(2);
        call.reply.integer(signed(*second));
        call.reply.integer(signed(*ms));
    }
}

/// `LATENCY RESET [event...]`
pub(in crate::command) fn reset(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let spikes = &mut ctx.b.record.spikes;
    let before = spikes.len();
    let named = call.args.get(2..).unwrap_or_default();
    spikes.retain(|kind, _| !named.is_empty() && !named.iter().any(|word| same(word, kind)));
    call.reply.integer(number(before - spikes.len()));
}

/// `LATENCY GRAPH event`: the samples as lines of text.
pub(in crate::command) fn graph(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !cfg!(feature = "full") {
        return super::left_out(call);
    }
    let name = call.arg(2);
    let kind = core::str::from_utf8(name).unwrap_or_default();
    let Some(spikes) = ctx.b.record.spikes.get(kind) else {
        return call
            .reply
            .error_fmt(format_args!("ERR No samples available for event '{}'", Shown(name)));
    };
    let lowest = spikes.samples.iter().map(|(_, ms)| *ms).min().unwrap_or_default();
    let mut text = format!(
        "{kind} - high {} ms, low {lowest} ms (all time high {} ms)\n",
        spikes.samples.iter().map(|(_, ms)| *ms).max().unwrap_or_default(),
        spikes.longest_ms
    );
    text.push_str(&"-".repeat(80));
    for (second, ms) in &spikes.samples {
        text.push_str(&format!("\n{second} {ms} ms"));
    }
    call.reply.verbatim("txt", text.as_bytes());
}

/// `LATENCY DOCTOR`
pub(in crate::command) fn doctor(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !cfg!(feature = "full") {
        return super::left_out(call);
    }
    let mut text = String::new();
    if ctx.b.config.latency_monitor_threshold_ms == 0 {
        text.push_str(
            "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis \
             instance. You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in \
             order to enable it. If we weren't in a deep space mission I'd suggest to take a look \
             at https://redis.io/topics/latency-monitor.",
        );
    } else if ctx.b.record.spikes.is_empty() {
        text.push_str("Dave, no latency spike was observed during the lifetime of this instance.");
    }
    for (name, spikes) in &ctx.b.record.spikes {
        let (count, longest) = (spikes.samples.len(), spikes.longest_ms);
        text.push_str(&format!(
            "{name}: {count} latency spikes, worst all time event {longest}ms.\n"
        ));
    }
    call.reply.verbatim("txt", text.as_bytes());
}

/// `LATENCY HISTOGRAM [command...]`: how many calls took at most how many microseconds.
pub(in crate::command) fn histogram(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !cfg!(feature = "full") {
        return super::left_out(call);
    }
    let named = call.args.get(2..).unwrap_or_default();
    // A container stands for its subcommands.
    let wanted = |full: &str| {
        named.is_empty()
            || named.iter().any(|word| {
                same(word, full) || full.split_once('|').is_some_and(|(box_, _)| same(word, box_))
            })
    };
    let found: Vec<_> = ctx
        .b
        .record
        .commands
        .iter()
        .map(|((container, name), counts)| ([*container, *name].concat(), counts))
        .filter(|(full, counts)| !counts.times.is_empty() && wanted(full))
        .collect();
    call.reply.map(found.len());
    for (full, counts) in found {
        let mut steps: Vec<(u64, u64)> = Vec::new();
        let mut calls = 0;
        for (us, count) in counts.times.iter() {
            calls += count;
            let step = (0..32).map(step_us).find(|step| us <= *step).unwrap_or(us);
            match steps.last_mut() {
                Some((last, sum)) if *last == step => *sum = calls,
                _ => steps.push((step, calls)),
            }
        }
        call.reply.bulk(full.as_bytes());
        call.reply.map(2);
        call.reply.bulk(b"calls");
        call.reply.integer(signed(calls));
        call.reply.bulk(b"histogram_usec");
        call.reply.map(steps.len());
        for (step, sum) in steps {
            call.reply.integer(signed(step));
            call.reply.integer(signed(sum));
        }
    }
}

/// Where the steps of the histogram end: powers of two of 1024 nanoseconds, with two digits.
fn step_us(n: u32) -> u64 {
    let ns = 1024_u64 << n;
    (ns + ns / 128 - 1) / 1000
}
