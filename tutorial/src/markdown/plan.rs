//! `plan.txt`: the world of a lesson, the same in all languages.
//!
//! ```text
//! seed 9
//! config cluster-node-timeout 5000
//! latency 1000us
//! jitter 500us
//! node 7000 slots 0-5460
//! node 7003 replicates 7000
//! node 7006 alone
//! client every 100ms keys 100 timeout 1000ms
//! ```

use slotscope_core::{
    sim::{ClientPlan, HostIdx, NetPlan, NodePlan, Plan},
    slot::Slot,
};

use super::Wrong;

pub(super) fn parse(text: &str) -> Result<Plan, Wrong> {
    let mut plan = Plan {
        seed: 0,
        nodes: Vec::new(),
        config: Vec::new(),
        net: NetPlan { latency_us: 1000, jitter_us: 500 },
        clients: Vec::new(),
    };
    for (line, text) in (1..).zip(text.lines()) {
        let text = text.split('#').next().unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().collect();
        if !words.is_empty() {
            row(&mut plan, &words).ok_or_else(|| {
                let what = "expected: seed n | config directive value | latency time | jitter time \
                            | node port slots a-b | node port replicates port | node port alone \
                            | client every time keys n timeout time";
                Wrong::at(line, what)
            })?;
        }
    }
    if plan.nodes.is_empty() {
        return Err(Wrong::at(0, "a plan has nodes"));
    }
    Ok(plan)
}

fn row(plan: &mut Plan, words: &[&str]) -> Option<()> {
    match words {
        ["seed", n] => plan.seed = n.parse().ok()?,
        ["config", directive, value @ ..] if !value.is_empty() => {
            plan.config.push(((*directive).into(), value.join(" ")));
        }
        ["latency", time] => plan.net.latency_us = micros(time)?,
        ["jitter", time] => plan.net.jitter_us = micros(time)?,
        ["node", port, "slots", ranges] => {
            let slots = ranges.split(',').map(range).collect::<Option<_>>()?;
            plan.nodes.push(NodePlan {
                port: port.parse().ok()?,
                slots,
                master: None,
                member: true,
            });
        }
        ["node", port, "replicates", of] => {
            let of: u16 = of.parse().ok()?;
            let master = plan.nodes.iter().position(|node| node.port == of)?;
            let master = Some(HostIdx(u16::try_from(master).ok()?));
            let port = port.parse().ok()?;
            plan.nodes.push(NodePlan { port, slots: Vec::new(), master, member: true });
        }
        ["node", port, "alone"] => {
            let port = port.parse().ok()?;
            plan.nodes.push(NodePlan { port, slots: Vec::new(), master: None, member: false });
        }
        ["client", "every", every, "keys", keys, "timeout", timeout] => {
            plan.clients.push(ClientPlan {
                every_us: micros(every)?,
                keys: keys.parse().ok()?,
                timeout_ms: micros(timeout)? / 1000,
            });
        }
        _ => return None,
    }
    Some(())
}

fn range(text: &str) -> Option<(Slot, Slot)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (Slot::new(from.parse().ok()?)?, Slot::new(to.parse().ok()?)?);
    (from <= to).then_some((from, to))
}

/// `100ms` or `500us`
fn micros(text: &str) -> Option<u32> {
    match text.strip_suffix("ms") {
        Some(ms) => ms.parse::<u32>().ok()?.checked_mul(1000),
        None => text.strip_suffix("us")?.parse().ok(),
    }
}
