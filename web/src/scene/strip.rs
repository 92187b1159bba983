//! The space-time strip: a lane for each node, messages as slanting lines.

use slotscope_core::{
    sim::{Action, FlightKind, HostIdx, What},
    time::Instant,
};

use super::air::is_foreground;
use crate::source::history::{History, HopEnd, Mark};

/// World time that the strip shows.
pub const WINDOW_MS: u64 = 20_000;
/// Lines drawn at most; the youngest win.
const LINES_MAX: usize = 240;

/// A message on the strip; `x` in thousandths of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slant {
    /// What kind.
    pub kind: FlightKind,
    /// Lane it leaves.
    pub from: usize,
    /// Lane it reaches.
    pub to: usize,
    /// When it leaves.
    pub x1: i32,
    /// When it ends.
    pub x2: i32,
    /// It died on its way.
    pub lost: bool,
    /// It lies ahead of the present.
    pub ahead: bool,
}

/// A stretch of a lane during which its process was down or stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The lane.
    pub lane: usize,
    /// From.
    pub x1: i32,
    /// To.
    pub x2: i32,
    /// Stopped, not ended.
    pub frozen: bool,
}

/// The strip at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strip {
    /// Where it begins.
    pub from: Instant,
    /// The present.
    pub now_x: i32,
    /// Messages.
    pub slants: Vec<Slant>,
    /// Down times.
    pub gaps: Vec<Gap>,
    /// Decisions.
    pub marks: Vec<(usize, i32, Mark)>,
}

/// Lays out the strip for `lanes` nodes.
#[must_use]
pub fn build(history: &History, now: Instant, lanes: usize) -> Strip {
    // A quarter of the window is kept for what is known to lie ahead.
    let ahead = if history.end() > now { WINDOW_MS / 4 } else { 0 };
    let to = now.plus_ms(ahead).max(Instant::from_millis(WINDOW_MS));
    let from = to.minus_ms(WINDOW_MS);
    let x = |at: Instant| thousandth(at, from);
    let lane = |h: HostIdx| usize::from(h.0).min(lanes.saturating_sub(1));
    let hops = history.hops();
    let first = hops.partition_point(|h| h.sent_at < from.minus_ms(1000));
    let last = hops.partition_point(|h| h.sent_at <= to);
    let mut slants: Vec<Slant> = hops[first..last.max(first)]
        .iter()
        .rev()
        .filter(|hop| match hop.end {
            Some((_, _, HopEnd::Carrying)) => hop.kind != FlightKind::Replication,
            Some((_, _, HopEnd::Plain | HopEnd::Lost)) | None => is_foreground(hop.kind),
        })
        .take(LINES_MAX)
        .map(|hop| Slant {
            kind: hop.kind,
            from: lane(hop.from),
            to: lane(hop.to),
            x1: x(hop.sent_at),
            x2: x(hop.end.map_or(hop.arrives_at, |(_, at, _)| at)),
            lost: hop.end.is_some_and(|(.., how)| how == HopEnd::Lost),
            ahead: hop.sent_at > now,
        })
        .collect();
    slants.reverse();
    let marks = history
        .marks()
        .iter()
        .filter(|m| m.at >= from && m.at <= to)
        .filter_map(|m| m.host.map(|h| (lane(h), x(m.at), *m)))
        .collect();
    Strip { from, now_x: x(now), slants, gaps: gaps(history, now, lanes, &x), marks }
}

fn gaps(history: &History, now: Instant, lanes: usize, x: &dyn Fn(Instant) -> i32) -> Vec<Gap> {
    let mut down: Vec<Option<(Instant, bool)>> = vec![None; lanes];
    let mut gaps = Vec::new();
    let mut close = |lane: usize, open: &mut Option<(Instant, bool)>, at: Instant| {
        if let Some((since, frozen)) = open.take() {
            gaps.push(Gap { lane, x1: x(since).max(0), x2: x(at), frozen });
        }
    };
    for record in history.until(now) {
        let (host, state) = match &record.what {
            What::Process { up } => (record.host, (!*up).then_some(false)),
            What::Did(Action::Freeze(h)) => (Some(*h), Some(true)),
            What::Did(Action::Thaw(h)) => (Some(*h), None),
            What::Did(_)
            | What::Sent(_)
            | What::Arrived { .. }
            | What::Lost { .. }
            | What::Decided(_)
            | What::Log { .. }
            | What::Client { .. }
            | What::Answer(_)
            | What::Violation(_) => continue,
        };
        let Some(lane) = host.map(|h| usize::from(h.0)) else { continue };
        let Some(open) = down.get_mut(lane) else { continue };
        close(lane, open, record.at);
        *open = state.map(|frozen| (record.at, frozen));
    }
    for (lane, open) in down.iter_mut().enumerate() {
        close(lane, open, now);
    }
    gaps.retain(|g| g.x2 > 0);
    gaps
}

/// Thousandths of the window since its beginning; may lie outside of it.
fn thousandth(at: Instant, from: Instant) -> i32 {
    let us = i128::from(at.as_micros()) - i128::from(from.as_micros());
    i32::try_from(us / i128::from(WINDOW_MS)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strip_begins_at_zero_and_then_follows_the_present() {
        let history = History::default();
        let early = build(&history, Instant::from_millis(5000), 6);
        assert_eq!((early.from, early.now_x), (Instant::ZERO, 250));
        let late = build(&history, Instant::from_millis(60_000), 6);
        assert_eq!((late.from, late.now_x), (Instant::from_millis(40_000), 1000));
    }
}
