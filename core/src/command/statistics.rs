//! What is noted of a command that ran or was refused: counts, errors, times; and who looks on.
//!
//! Errors are told by the reply: it begins with a minus. Within a transaction each command counts
//! for itself.

use alloc::{string::String, sync::Arc, vec::Vec};

use super::{
    Args,
    exec::same,
    table::{Command, flag},
};
use crate::{beliefs::Beliefs, id::ClientId, io::Effect, rules::Ctx, session::Slow, time::Now};

/// Words and bytes of a word that the slow log keeps.
const SLOW_WORDS_MAX: usize = 32;
const SLOW_BYTES_MAX: usize = 128;
/// The longest first word of an error that is counted apart.
const CODE_MAX: usize = 32;

/// A command ran; `reply` is what it answered. The result is its place among those that are counted.
pub(super) fn ran(
    ctx: &mut Ctx<'_>,
    client: ClientId,
    command: &'static Command,
    args: Args<'_>,
    reply: &[u8],
) -> Option<usize> {
    if !cfg!(feature = "full") {
        return None;
    }
    let name = (command.container, command.name);
    let is_counted = core::mem::take(&mut ctx.b.scripts.is_counted);
    let failed = if is_counted { reply.starts_with(b"-") } else { count_error(ctx.b, reply) };
    let record = &mut ctx.b.record;
    let entry = record.commands.entry(name);
    let place = entry.index();
    let counts = entry.or_default();
    counts.calls += 1;
    counts.failed += u64::from(failed);
    if !command.is(flag::ADMIN | flag::SKIP_MONITOR) {
        show(ctx, client, args);
    }
    Some(place)
}

/// A command of the master's stream was applied.
pub(crate) fn applied(b: &mut Beliefs, command: &'static Command, failed: bool) {
    if cfg!(feature = "full") {
        let counts = b.record.commands.entry((command.container, command.name)).or_default();
        counts.calls += 1;
        counts.failed += u64::from(failed);
    }
}

/// A command that had to wait has its answer at last.
pub(super) fn served(
    ctx: &mut Ctx<'_>,
    client: ClientId,
    command: &'static Command,
    args: Args<'_>,
    reply: &[u8],
) {
    if let Some(place) = ran(ctx, client, command, args, reply) {
        took(ctx.b, ctx.now, client, place, args, 0);
    }
}

/// A command was refused before it ran.
pub(super) fn refused(ctx: &mut Ctx<'_>, command: Option<&'static Command>, reply: &[u8]) {
    if !cfg!(feature = "full") {
        return;
    }
    count_error(ctx.b, reply);
    ctx.b.record.last = None;
    if let Some(command) = command {
        let name = (command.container, command.name);
        ctx.b.record.commands.entry(name).or_default().rejected += 1;
    }
}

/// Counts the error that a reply is, if it is one.
pub(super) fn count_error(b: &mut Beliefs, reply: &[u8]) -> bool {
    let Some(text) = reply.strip_prefix(b"-").filter(|_| cfg!(feature = "full")) else {
        return false;
    };
    let code = text.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let code = core::str::from_utf8(code.get(..CODE_MAX).unwrap_or(code)).unwrap_or("ERR");
    b.record.count_error(code);
    true
}

/// The command that ran last took so long.
pub(crate) fn took(
    b: &mut Beliefs,
    now: Now,
    client: ClientId,
    place: usize,
    args: Args<'_>,
    us: u64,
) {
    let tracks = b.config.latency_tracking;
    let Some((&(_, name), counts)) = b.record.commands.get_index_mut(place) else { return };
    if tracks {
        counts.took(us);
    } else {
        counts.us += us;
    }
    let (ms, limit_ms) = (us / 1000, b.config.latency_monitor_threshold_ms);
    if limit_ms > 0 && ms >= limit_ms {
        let row = super::table::lookup(args);
        let is_fast = row.is_ok_and(|command| command.is(flag::FAST));
        b.record.spike(if is_fast { "fast-command" } else { "command" }, now.wall.secs(), ms);
    }
    let is_slow = u64::try_from(b.config.slowlog_log_slower_than_us).is_ok_and(|max| us >= max);
    if is_slow && name != "exec" {
        note_slow(b, now, client, args, us);
    }
}

fn note_slow(b: &mut Beliefs, now: Now, client: ClientId, args: Args<'_>, us: u64) {
    // Cut while they are copied: what is slow is often large, and stays here for long.
    let kept = if args.len() > SLOW_WORDS_MAX { SLOW_WORDS_MAX - 1 } else { args.len() };
    let mut words: Vec<Vec<u8>> = shown(args)
        .take(kept)
        .map(|word| {
            let mut cut = word.get(..SLOW_BYTES_MAX).unwrap_or(word).to_vec();
            if word.len() > cut.len() {
                let more = alloc::format!("... ({} more bytes)", word.len() - cut.len());
                cut.extend_from_slice(more.as_bytes());
            }
            cut
        })
        .collect();
    if args.len() > kept {
        let more = alloc::format!("... ({} more arguments)", args.len() - kept);
        words.push(more.into_bytes());
    }
    let session = b.sessions.get(&client);
    let remote = session.and_then(|session| session.remote);
    let slow = Slow {
        id: b.record.slow_total,
        at: now.wall,
        us,
        words,
        remote: remote.map_or_else(String::new, |addr| alloc::format!("{addr}")),
        name: session.map_or_else(String::new, |session| session.name.clone()),
    };
    b.record.slow_total += 1;
    b.record.slow.push_back(slow);
    let max = usize::try_from(b.config.slowlog_max_len).unwrap_or(usize::MAX);
    while b.record.slow.len() > max {
        b.record.slow.pop_front();
    }
}

/// The words of a request without the secrets in them.
fn shown<'a>(args: Args<'a>) -> impl Iterator<Item = &'a [u8]> {
    let word = move |at: usize| args.get(at).copied().unwrap_or_default();
    let is_secret = move |at: usize| {
        let before = word(at - 1);
        match at {
            1.. if same(word(0), "AUTH") => true,
            2.. if same(word(0), "HELLO") => {
                same(before, "AUTH") || at > 2 && same(word(at - 2), "AUTH")
            }
            3.. if same(word(0), "CONFIG") && same(word(1), "SET") => {
                at % 2 == 1
                    && ["requirepass", "masterauth", "masteruser"]
                        .iter()
                        .any(|name| same(before, name))
            }
            6.. if same(word(0), "MIGRATE") => {
                same(before, "AUTH") || same(before, "AUTH2") || same(word(at - 2), "AUTH2")
            }
            _ => false,
        }
    };
    args.iter().enumerate().map(move |(at, word)| match at {
        1.. if is_secret(at) => &b"(redacted)"[..],
        _ => *word,
    })
}

/// Shows a command to those who look on (MONITOR).
pub(super) fn show(ctx: &mut Ctx<'_>, client: ClientId, args: Args<'_>) {
    if ctx.b.record.monitors.is_empty() {
        return;
    }
    let remote = ctx.b.sessions.get(&client).and_then(|session| session.remote);
    let from = match remote {
        _ if ctx.b.scripts.is_running => String::from("lua"),
        Some(addr) => alloc::format!("{addr}"),
        None => String::from("unix:"),
    };
    let wall = ctx.now.wall;
    let database = ctx.b.store.number();
    let mut line =
        alloc::format!("+{}.{:06} [{database} {from}]", wall.secs(), wall.0 % 1000 * 1000);
    for word in shown(args) {
        line.push_str(&alloc::format!(" \"{}\"", Quoted(word)));
    }
    line.push_str("\r\n");
    let bytes: Arc<[u8]> = Arc::from(line.as_bytes());
    for client in &ctx.b.record.monitors {
        ctx.out.push(Effect::Push { client: *client, bytes: Arc::clone(&bytes) });
    }
}

/// Bytes as a string of C.
struct Quoted<'a>(&'a [u8]);

impl core::fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|byte| match byte {
            b'\n' => f.write_str("\\n"),
            b'\r' => f.write_str("\\r"),
            b'\t' => f.write_str("\\t"),
            7 => f.write_str("\\a"),
            8 => f.write_str("\\b"),
            b'"' | b'\\' => write!(f, "\\{}", char::from(*byte)),
            b' '..=b'~' => write!(f, "{}", char::from(*byte)),
            _ => write!(f, "\\x{byte:02x}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let line = |words: &[&str]| {
            let args: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
            let shown = shown(&args);
            let texts: Vec<_> = shown.map(|word| String::from_utf8_lossy(word)).collect();
            texts.join(" ")
        };
        assert_eq!(line(&["AUTH", "secret"]), "AUTH (redacted)");
        assert_eq!(
            line(&["hello", "3", "auth", "default", "secret", "setname", "me"]),
            "hello 3 auth (redacted) (redacted) setname me"
        );
        assert_eq!(
            line(&["CONFIG", "SET", "requirepass", "x", "timeout", "3"]),
            "CONFIG SET requirepass (redacted) timeout 3"
        );
        assert_eq!(
            line(&["MIGRATE", "h", "1", "k", "0", "5", "AUTH2", "user", "secret", "KEYS"]),
            "MIGRATE h 1 k 0 5 AUTH2 (redacted) (redacted) KEYS"
        );
        assert_eq!(line(&["SET", "AUTH", "x"]), "SET AUTH x");
        assert_eq!(alloc::format!("{}", Quoted(b"a\"\\\n\x01z")), "a\\\"\\\\\\n\\x01z");
    }
}
