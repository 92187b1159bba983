//! `FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT ms]`, outside of a cluster.

use alloc::string::String;

use super::{NOT_AN_INTEGER, same};
use crate::{
    command::Call,
    resp::parse_i64,
    rules::{
        Ctx,
        replication::{self, Plan},
    },
};

/// `FAILOVER`
pub(in crate::command) fn failover(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if ctx.b.config.cluster_enabled {
        return call.reply.error(
            "ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.",
        );
    }
    if let [_, word] = call.args
        && same(word, "ABORT")
    {
        return if replication::abort_failover(ctx, "Failover manually aborted") {
            call.reply.ok();
        } else {
            call.reply.error("ERR No failover in progress.");
        };
    }
    match plan(call.args.get(1..).unwrap_or_default()) {
        Ok(plan) => match replication::begin_failover(ctx, plan) {
            Ok(()) => call.reply.ok(),
            Err(text) => call.reply.error(text),
        },
        Err(text) => call.reply.error(text),
    }
}

/// Each option once, in any order.
fn plan(mut words: &[&[u8]]) -> Result<Plan, &'static str> {
    let mut plan = Plan::default();
    while let Some((word, rest)) = words.split_first() {
        words = match rest {
            [ms, rest @ ..] if same(word, "TIMEOUT") && plan.timeout_ms.is_none() => {
                let ms = parse_i64(ms).ok_or(NOT_AN_INTEGER)?;
                let ms = u64::try_from(ms).ok().filter(|ms| *ms > 0);
                plan.timeout_ms = Some(ms.ok_or("ERR FAILOVER timeout must be greater than 0")?);
                rest
            }
            [host, port, rest @ ..] if same(word, "TO") && plan.target.is_none() => {
                let port = parse_i64(port).ok_or(NOT_AN_INTEGER)?;
                // Nobody listens elsewhere: it is no replica then.
                let port = u16::try_from(port).unwrap_or(0);
                plan.target = Some((String::from_utf8_lossy(host).into_owned(), port));
                rest
            }
            rest if same(word, "FORCE") && !plan.force => {
                plan.force = true;
                rest
            }
            _ => return Err("ERR syntax error"),
        };
    }
    Ok(plan)
}
