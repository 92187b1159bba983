//! Where nodes stand: two circles with a meaning.
//!
//! The inner circle holds the voters, masters that own slots; the outer one everybody without a
//! vote. Shards stand at equal angles, A at twelve o'clock, replicas fan out behind their master.

/// Width of the stage in its own pixels.
pub const WIDTH: f64 = 760.0;
/// Height of the mesh.
pub const HEIGHT: f64 = 568.0;
/// Centre of both circles.
pub const CENTRE: (f64, f64) = (380.0, 284.0);
/// Radius of the circle of voters.
pub const INNER: f64 = 120.0;
/// Radius of the circle of all others.
pub const OUTER: f64 = 230.0;

/// Which circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Circle {
    /// Votes.
    Inner,
    /// Does not vote.
    Outer,
}

impl Circle {
    /// The stable name that tests and style sheets use.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Inner => "inner",
            Self::Outer => "outer",
        }
    }
}

/// A place on the stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Radius of the glyph (half a side for replicas).
    pub r: f64,
    /// Direction from the centre, in radians; zero points right, growing clockwise.
    pub angle: f64,
    /// Which circle.
    pub circle: Circle,
}

/// Places for all machines, given the shard and circle of each, and the last shard of the plan.
#[must_use]
pub fn places(nodes: &[(Option<u8>, Circle)], last_home: Option<u8>) -> Vec<Place> {
    let last = nodes.iter().filter_map(|n| n.0).chain(last_home).max();
    let shards = last.map_or(1.0, |last| f64::from(last) + 1.0);
    let sector = std::f64::consts::TAU / shards;
    let (inner_r, outer_r) = if nodes.len() <= 12 { (34.0, 29.0) } else { (23.0, 18.0) };
    nodes
        .iter()
        .enumerate()
        .map(|(n, (shard, circle))| {
            let mates = |range: &[(Option<u8>, Circle)]| {
                range.iter().filter(|m| **m == (*shard, *circle)).count()
            };
            let (rank, count) = (mates(&nodes[..n]), mates(nodes));
            // Nodes of no shard stand between the sectors.
            let base = match shard {
                Some(s) => f64::from(*s) * sector,
                None => sector / 2.0,
            } - std::f64::consts::FRAC_PI_2;
            let (radius, r) = match circle {
                Circle::Inner => (INNER, inner_r),
                Circle::Outer => (OUTER, outer_r),
            };
            let gap = (2.0 * r + 40.0) / radius;
            let room = if count > 1 { sector * 0.8 / (as_f64(count) - 1.0) } else { gap };
            let angle = base + gap.min(room) * (as_f64(rank) - (as_f64(count) - 1.0) / 2.0);
            Place {
                x: CENTRE.0 + radius * angle.cos(),
                y: CENTRE.1 + radius * angle.sin(),
                r,
                angle,
                circle: *circle,
            }
        })
        .collect()
}

fn as_f64(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// The point of a slot on a ruler `width` wide.
#[must_use]
pub fn on_ruler(slot: u32, width: f64) -> f64 {
    f64::from(slot) / 16_384.0 * width
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 3 to 10 shards with one or two replicas: no glyph touches another.
    #[test]
    fn glyphs_do_not_touch() {
        for shards in 3..=10_u8 {
            for replicas in 1..=2 {
                let mut nodes: Vec<_> = (0..shards).map(|s| (Some(s), Circle::Inner)).collect();
                for _ in 0..replicas {
                    nodes.extend((0..shards).map(|s| (Some(s), Circle::Outer)));
                }
                let places = places(&nodes, None);
                for (i, a) in places.iter().enumerate() {
                    for b in &places[..i] {
                        let gap = (a.x - b.x).hypot(a.y - b.y) - a.r - b.r;
                        assert!(gap > 6.0, "{shards} shards, {replicas} replicas: {gap:.1}");
                    }
                }
            }
        }
    }

    #[test]
    fn shard_a_stands_at_twelve_o_clock_with_its_replica_behind_it() {
        let places = places(&[(Some(0), Circle::Inner), (Some(0), Circle::Outer)], Some(2));
        assert!((places[0].x - CENTRE.0).abs() < 0.001 && places[0].y < CENTRE.1);
        assert!((places[1].x - CENTRE.0).abs() < 0.001 && places[1].y < places[0].y);
    }
}
