//! A run in a link: plan, journal and moment, packed for the fragment of an address.
//!
//! ```text
//! "1" base64url( check:4  len plan  time  { len action }… )
//! ```
//!
//! The first character is the version of this layout. Lengths are varints, so that a link that
//! was cut short still yields its plan and its first actions.

use serde::{Deserialize, Serialize};
use slotscope_core::{
    sim::{Plan, TimedAction},
    time::Instant,
};

const VERSION: char = '1';
/// No run that a person made is longer than this; a longer text is not decoded.
const TEXT_MAX: usize = 64 * 1024;
/// Machines of a plan that a page takes from a link.
const NODES_MAX: usize = 64;
/// Applications of a plan that a page takes from a link.
const CLIENTS_MAX: usize = 8;

/// A run as it stands in a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// What it started from.
    pub plan: Plan,
    /// What was done.
    pub journal: Vec<TimedAction>,
    /// The moment to show.
    pub at: Instant,
}

/// What could be read of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// All of it.
    Whole(Run),
    /// The end is missing or was changed: this much can be read.
    Partial(Run),
    /// The link was made by another version of the page.
    OtherVersion(char),
    /// Nothing can be read.
    Damaged,
}

/// Packs a run.
#[must_use]
pub fn pack(run: &Run) -> String {
    let mut body = Vec::new();
    section(&mut body, &run.plan);
    varint(&mut body, run.at.as_micros());
    for action in &run.journal {
        section(&mut body, action);
    }
    let mut bytes = check(&body).to_be_bytes().to_vec();
    bytes.append(&mut body);
    let mut text = String::from(VERSION);
    encode(&bytes, &mut text);
    text
}

/// Unpacks what [`pack`] made, as far as it can be read.
#[must_use]
pub fn open(text: &str) -> Opened {
    let mut chars = text.chars();
    match chars.next() {
        Some(VERSION) => {}
        Some(other) if other.is_ascii_alphanumeric() => return Opened::OtherVersion(other),
        Some(_) | None => return Opened::Damaged,
    }
    if text.len() > TEXT_MAX {
        return Opened::Damaged;
    }
    let (bytes, clean) = decode(chars.as_str());
    let Some((sum, body)) = bytes.split_first_chunk::<4>() else { return Opened::Damaged };
    let mut rest = body;
    let Some(plan) = take::<Plan>(&mut rest).filter(fits) else { return Opened::Damaged };
    let nodes = plan.nodes.len();
    let mut whole = clean && check(body) == u32::from_be_bytes(*sum);
    let at = take_varint(&mut rest).unwrap_or_else(|| {
        whole = false;
        0
    });
    let mut journal: Vec<TimedAction> = Vec::new();
    while !rest.is_empty() {
        let last = journal.last().map_or(Instant::ZERO, |a| a.at);
        match take::<TimedAction>(&mut rest) {
            Some(action) if action.at >= last && names_machines_below(&action, nodes) => {
                journal.push(action);
            }
            Some(_) | None => {
                whole = false;
                break;
            }
        }
    }
    // A moment out of reach would keep the page busy for ever.
    let end = journal.last().map_or(Instant::ZERO, |a| a.at).plus_ms(600_000);
    let run = Run { plan, journal, at: Instant::from_micros(at).min(end) };
    if whole { Opened::Whole(run) } else { Opened::Partial(run) }
}

/// FNV-1a: notices an edited link; it is no secret.
fn check(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811C_9DC5, |sum, b| (sum ^ u32::from(*b)).wrapping_mul(0x0100_0193))
}

fn fits(plan: &Plan) -> bool {
    let known = |m: u16| usize::from(m) < plan.nodes.len();
    (1..=NODES_MAX).contains(&plan.nodes.len())
        && plan.clients.len() <= CLIENTS_MAX
        && plan.clients.iter().all(|c| c.every_us >= 1000 && c.keys > 0)
        && plan.nodes.iter().all(|n| n.master.is_none_or(|m| known(m.0)))
}

fn names_machines_below(timed: &TimedAction, nodes: usize) -> bool {
    use slotscope_core::sim::{Action, HostIdx};
    let known = |h: &HostIdx| usize::from(h.0) < nodes;
    match &timed.action {
        Action::Kill(h)
        | Action::Restart(h)
        | Action::Freeze(h)
        | Action::Thaw(h)
        | Action::DiskFull(h, _)
        | Action::ClockStep(h, _)
        | Action::Command(h, _)
        | Action::Move(_, h)
        | Action::Leave(h, _, _) => known(h),
        Action::Cut(a, b) | Action::Join(a, b) | Action::Latency(a, b, _) => known(a) && known(b),
        Action::Partition(groups) => groups.iter().flatten().all(known),
        Action::Heal | Action::Fix => true,
    }
}

fn section<T: Serialize>(body: &mut Vec<u8>, value: &T) {
    // Plain data in memory always serialises.
    let bytes = postcard::to_allocvec(value).unwrap_or_default();
    varint(body, bytes.len() as u64);
    body.extend_from_slice(&bytes);
}

fn take<T: for<'a> Deserialize<'a>>(rest: &mut &[u8]) -> Option<T> {
    let len = usize::try_from(take_varint(rest)?).ok()?;
    let (bytes, after) = rest.split_at_checked(len)?;
    let (value, left) = postcard::take_from_bytes(bytes).ok()?;
    *rest = after;
    left.is_empty().then_some(value)
}

fn varint(to: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        to.push((n & 0x7F) as u8 | 0x80);
        n >>= 7;
    }
    to.push((n & 0x7F) as u8);
}

fn take_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut n: u64 = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        n |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn encode(bytes: &[u8], to: &mut String) {
    for chunk in bytes.chunks(3) {
        let mut three = [0; 3];
        three[..chunk.len()].copy_from_slice(chunk);
        let word = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for place in 0..=chunk.len() {
            let six = (word >> (18 - 6 * place)) & 63;
            to.push(char::from(ALPHABET[six as usize]));
        }
    }
}

/// The bytes up to the first character that does not belong, and whether there was none.
fn decode(text: &str) -> (Vec<u8>, bool) {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut word, mut bits) = (0_u32, 0_u32);
    for c in text.bytes() {
        let Some(six) = ALPHABET.iter().position(|a| *a == c) else { return (bytes, false) };
        word = (word << 6 | u32::try_from(six).unwrap_or(0)) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits & 0xFF) as u8);
        }
    }
    (bytes, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use slotscope_core::sim::{Action, HostIdx};

    fn run() -> Run {
        let mut plan = Plan::cluster(42, 3, 1);
        plan.config.push(("cluster-require-full-coverage".into(), "no".into()));
        let at = |ms, action| TimedAction { at: Instant::from_millis(ms), action };
        Run {
            plan,
            journal: vec![
                at(1500, Action::Kill(HostIdx(2))),
                at(9000, Action::Restart(HostIdx(2))),
                at(9500, Action::Partition(vec![vec![HostIdx(0), HostIdx(3)]])),
            ],
            at: Instant::from_millis(12_431),
        }
    }

    #[test]
    fn a_link_holds_the_whole_run_and_is_short() {
        let text = pack(&run());
        assert_eq!(open(&text), Opened::Whole(run()));
        assert!(text.len() < 400, "{} characters", text.len());
    }

    /// However a link was cut, it is understood as less, never as something else.
    #[test]
    fn a_link_that_was_cut_short_yields_its_beginning() {
        let whole = run();
        let text = pack(&whole);
        let mut best = None;
        for cut in 0..text.len() {
            match open(&text[..cut]) {
                Opened::Damaged => assert_eq!(best, None),
                Opened::Partial(part) => {
                    assert_eq!(part.plan, whole.plan);
                    assert!(whole.journal.starts_with(&part.journal));
                    best = best.max(Some(part.journal.len()));
                }
                other @ (Opened::Whole(_) | Opened::OtherVersion(_)) => panic!("{cut}: {other:?}"),
            }
        }
        assert_eq!(best, Some(2));
    }

    #[test]
    fn one_changed_character_is_noticed() {
        let text = pack(&run());
        for place in 1..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            if bytes == text.as_bytes() {
                continue;
            }
            let changed = String::from_utf8(bytes).unwrap();
            // The last character may carry unused bits only.
            if place + 1 < text.len() {
                assert!(!matches!(open(&changed), Opened::Whole(_)), "{place}");
            }
        }
    }

    #[test]
    fn other_versions_and_noise_are_told_apart() {
        assert_eq!(open("9abc"), Opened::OtherVersion('9'));
        assert_eq!(open(""), Opened::Damaged);
        assert_eq!(open("1%%%"), Opened::Damaged);
        assert_eq!(open("1AAAA"), Opened::Damaged);
        assert_eq!(open("你好"), Opened::Damaged);
    }
}
