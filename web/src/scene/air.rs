//! Messages on the screen: when each is drawn, and where.
//!
//! A real flight may be shorter than a frame. On the screen it lasts at least 90 ms, so the eye
//! can follow; what the core decided is never reordered by that, only drawn a little later.

use std::collections::VecDeque;

use slotscope_core::{
    sim::{ClientEvent, Flight, FlightKind, HostIdx, Record, What},
    time::Instant,
};

use super::{Scene, layout};
use crate::source::history::{Hop, HopEnd};

/// A flight is never shorter than this on the screen.
const SHORTEST_MS: f64 = 90.0;
/// Heartbeats are drawn one by one up to so many a second of screen time.
const CROWD: usize = 60;
/// How long the mark of a message that died stays.
const GRAVE_MS: f64 = 1000.0;
/// Never more than this many at once, whatever happens.
const MANY: usize = 400;

/// Where the application stands on the stage.
pub const APP: (f64, f64) = (60.0, 534.0);

/// Whether a message belongs to the story rather than to the heartbeat.
#[must_use]
pub const fn is_foreground(kind: FlightKind) -> bool {
    match kind {
        FlightKind::Fail
        | FlightKind::AuthRequest
        | FlightKind::AuthAck
        | FlightKind::Update
        | FlightKind::MfStart
        | FlightKind::Meet
        | FlightKind::Publish
        | FlightKind::Migration
        | FlightKind::Module => true,
        FlightKind::Ping | FlightKind::Pong | FlightKind::Replication => false,
    }
}

/// What a drawn thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ink {
    /// An application's question on its way to a node.
    Ask,
    /// Its answer: acknowledged.
    Ack,
    /// Its answer: an error, or none.
    Refusal,
    /// A message between nodes.
    Message(FlightKind),
}

/// An end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A machine.
    Node(HostIdx),
    /// The application.
    App,
}

#[derive(Clone, Copy, Debug)]
struct Spark {
    ink: Ink,
    from: End,
    to: End,
    born: f64,
    lasts: f64,
    dies: bool,
}

/// Something to draw now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    /// What.
    pub ink: Ink,
    /// Where it is.
    pub x: f64,
    /// Where it is.
    pub y: f64,
    /// Where it comes from.
    pub from: (f64, f64),
    /// Where it goes.
    pub to: (f64, f64),
    /// It died here: how much of the mark is left, 1 to 0.
    pub dead: Option<f64>,
}

/// Everything that is drawn as moving.
#[derive(Debug, Default)]
pub struct Air {
    sparks: Vec<Spark>,
    crowd: VecDeque<f64>,
}

impl Air {
    /// Nothing moves any more.
    pub fn clear(&mut self) {
        self.sparks.clear();
        self.crowd.clear();
    }

    /// Takes in what left between two frames. `speed` is world time per screen time.
    pub fn take_off(&mut self, hops: &[Hop], screen_ms: f64, speed: f64) {
        while self.crowd.front().is_some_and(|t| *t < screen_ms - 1000.0) {
            self.crowd.pop_front();
        }
        for hop in hops {
            let heartbeat = matches!(hop.kind, FlightKind::Ping | FlightKind::Pong);
            let carrying = hop.end.is_some_and(|(.., how)| how != HopEnd::Plain);
            if heartbeat {
                self.crowd.push_back(screen_ms);
                if self.crowd.len() > CROWD && !carrying {
                    continue;
                }
            }
            let real = hop.arrives_at.as_micros().saturating_sub(hop.sent_at.as_micros());
            self.add(Spark {
                ink: Ink::Message(hop.kind),
                from: End::Node(hop.from),
                to: End::Node(hop.to),
                born: screen_ms,
                lasts: (micros(real) / speed).max(SHORTEST_MS),
                dies: hop.end.is_some_and(|(.., how)| how == HopEnd::Lost),
            });
        }
    }

    /// Takes in what applications did between two frames.
    pub fn take_off_clients(&mut self, records: &[Record], screen_ms: f64, fast: bool) {
        if fast {
            return;
        }
        for record in records {
            let What::Client { event, .. } = &record.what else { continue };
            let (ink, from, to) = match event {
                ClientEvent::Sent { to, .. } => (Ink::Ask, End::App, End::Node(*to)),
                ClientEvent::Moved { to, .. } => (Ink::Ask, End::App, End::Node(*to)),
                ClientEvent::Acked { .. }
                | ClientEvent::Error { .. }
                | ClientEvent::LostWrite { .. }
                | ClientEvent::MapLoaded(_) => continue,
            };
            self.add(Spark { ink, from, to, born: screen_ms, lasts: 260.0, dies: false });
        }
    }

    fn add(&mut self, spark: Spark) {
        if self.sparks.len() < MANY {
            self.sparks.push(spark);
        }
    }

    /// Lets go of what has landed.
    pub fn settle(&mut self, screen_ms: f64) {
        self.sparks.retain(|s| screen_ms < s.born + s.lasts + if s.dies { GRAVE_MS } else { 0.0 });
    }

    /// Whether anything moves.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sparks.is_empty()
    }

    /// What to draw at this moment of screen time, in the order of colours.
    #[must_use]
    pub fn dots(&self, scene: &Scene, screen_ms: f64) -> Vec<Dot> {
        let mut dots: Vec<Dot> = self
            .sparks
            .iter()
            .filter_map(|s| {
                let part = (screen_ms - s.born) / s.lasts;
                // A message that dies does so at the wall, or at the door of a dead machine.
                let last = if s.dies { death_place(scene, s.from, s.to) } else { 1.0 };
                let dead = s.dies && part >= last;
                let grave = (s.born + s.lasts + GRAVE_MS - screen_ms) / GRAVE_MS;
                dot(scene, s.ink, (s.from, s.to), part.clamp(0.0, last), dead.then_some(grave))
            })
            .collect();
        dots.sort_by_key(|d| d.ink);
        dots
    }
}

/// Messages standing still, where they are at this moment of the world.
#[must_use]
pub fn still(scene: &Scene, flights: &[Flight], now: Instant) -> Vec<Dot> {
    let mut dots: Vec<Dot> = flights
        .iter()
        .filter_map(|f| {
            let whole = f.arrives_at.as_micros().saturating_sub(f.sent_at.as_micros()).max(1);
            let gone = now.as_micros().saturating_sub(f.sent_at.as_micros());
            let part = (micros(gone) / micros(whole)).clamp(0.0, 1.0);
            let ends = (End::Node(f.from), End::Node(f.to));
            dot(scene, Ink::Message(f.kind), ends, part, None)
        })
        .collect();
    dots.sort_by_key(|d| d.ink);
    dots
}

fn dot(scene: &Scene, ink: Ink, ends: (End, End), part: f64, dead: Option<f64>) -> Option<Dot> {
    let (from, to) = path(scene, ends.0, ends.1)?;
    Some(Dot {
        ink,
        x: from.0 + (to.0 - from.0) * part,
        y: from.1 + (to.1 - from.1) * part,
        from,
        to,
        dead,
    })
}

/// From rim to rim. The two directions keep a little to their right, so they do not collide.
fn path(scene: &Scene, from: End, to: End) -> Option<((f64, f64), (f64, f64))> {
    let end = |end: End| match end {
        End::App => Some((APP.0, APP.1, 12.0)),
        End::Node(h) => scene.node(h).map(|n| {
            let (dx, dy) = shift(scene, h);
            (n.place.x + dx, n.place.y + dy, n.place.r)
        }),
    };
    let ((x1, y1, r1), (x2, y2, r2)) = (end(from)?, end(to)?);
    let (dx, dy) = (x2 - x1, y2 - y1);
    let length = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    let (side_x, side_y) = (-uy * 4.0, ux * 4.0);
    Some((
        (x1 + ux * r1 + side_x, y1 + uy * r1 + side_y),
        (x2 - ux * r2 + side_x, y2 - uy * r2 + side_y),
    ))
}

/// Nodes on either side of a wall stand a little apart from it.
#[must_use]
pub fn shift(scene: &Scene, host: HostIdx) -> (f64, f64) {
    let side = scene.sides.get(usize::from(host.0)).copied().unwrap_or(0);
    let Some(node) = scene.node(host).filter(|_| side > 0) else { return (0.0, 0.0) };
    let mates: Vec<_> = scene
        .nodes
        .iter()
        .zip(&scene.sides)
        .filter(|(_, s)| **s == side)
        .map(|(n, _)| n.place)
        .collect();
    let count = mates.iter().map(|_| 1.0).sum::<f64>();
    let x = mates.iter().map(|p| p.x).sum::<f64>() / count - layout::CENTRE.0;
    let y = mates.iter().map(|p| p.y).sum::<f64>() / count - layout::CENTRE.1;
    let length = x.hypot(y);
    if length < 1.0 {
        return (16.0 * node.place.angle.cos(), 16.0 * node.place.angle.sin());
    }
    (x / length * 16.0, y / length * 16.0)
}

/// How far along its way a message gets that does not arrive.
fn death_place(scene: &Scene, from: End, to: End) -> f64 {
    let (End::Node(a), End::Node(b)) = (from, to) else { return 0.9 };
    let side = |h: HostIdx| scene.sides.get(usize::from(h.0)).copied().unwrap_or(0);
    if side(a) == side(b) && !scene.cuts.contains(&(a, b)) { 0.94 } else { 0.5 }
}

fn micros(us: u64) -> f64 {
    // Flights last seconds at most: no precision is lost.
    #[expect(clippy::cast_precision_loss, reason = "a length of time for drawing")]
    let ms = us as f64 / 1000.0;
    ms
}
