//! Values that are compared and shown.

use core::fmt;

use super::ast::Op;

/// A value of a field or a place in the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Not known, not there, not recorded. Compares as false with everything.
    Unknown,
    /// A number; a node stands as its port.
    Int(i64),
    /// Milliseconds.
    Ms(i64),
    /// One of a few words.
    Word(&'static str),
    /// Several of a few words.
    Words(Vec<&'static str>),
    /// Free text.
    Text(String),
    /// Slots as inclusive ranges, ascending.
    Slots(Vec<(u16, u16)>),
    /// A replica, of the node with this port if that is known.
    Replica(Option<u16>),
}

impl Value {
    /// A node, as its port.
    #[must_use]
    pub fn port(port: Option<u16>) -> Self {
        port.map_or(Self::Unknown, |port| Self::Int(i64::from(port)))
    }

    /// A count.
    #[must_use]
    pub fn count(n: u64) -> Self {
        Self::Int(i64::try_from(n).unwrap_or(i64::MAX))
    }

    fn number(&self) -> Option<i64> {
        match self {
            Self::Int(n) | Self::Ms(n) => Some(*n),
            Self::Unknown
            | Self::Word(_)
            | Self::Words(_)
            | Self::Text(_)
            | Self::Slots(_)
            | Self::Replica(_) => None,
        }
    }

    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => false,
            (Self::Word(a), Self::Text(b)) | (Self::Text(b), Self::Word(a)) => {
                a.eq_ignore_ascii_case(b)
            }
            // `role == replica` asks for any master's replica.
            (Self::Replica(_), Self::Text(word)) => word.eq_ignore_ascii_case("replica"),
            _ => match (self.number(), other.number()) {
                (Some(a), Some(b)) => a == b,
                _ => self == other,
            },
        }
    }

    /// Free text contains, sets include.
    fn has(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Words(all), Self::Text(word)) => {
                all.iter().any(|one| one.eq_ignore_ascii_case(word))
            }
            (Self::Slots(all), Self::Slots(some)) => some
                .iter()
                .all(|(from, to)| all.iter().any(|(first, last)| first <= from && to <= last)),
            (Self::Slots(all), Self::Int(slot)) => all
                .iter()
                .any(|(first, last)| (i64::from(*first)..=i64::from(*last)).contains(slot)),
            (Self::Text(text), Self::Text(part)) => text.contains(part.as_str()),
            _ => false,
        }
    }

    /// Whether `self op other` holds.
    #[must_use]
    pub(crate) fn holds(&self, op: Op, other: &Self) -> bool {
        let known = *self != Self::Unknown && *other != Self::Unknown;
        let order = || self.number().zip(other.number()).map(|(a, b)| a.cmp(&b));
        match op {
            Op::Eq => self.same(other),
            Op::Ne => known && !self.same(other),
            Op::Lt => order().is_some_and(core::cmp::Ordering::is_lt),
            Op::Le => order().is_some_and(core::cmp::Ordering::is_le),
            Op::Gt => order().is_some_and(core::cmp::Ordering::is_gt),
            Op::Ge => order().is_some_and(core::cmp::Ordering::is_ge),
            Op::Has => self.has(other),
            Op::In => other.has(self),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("–"),
            Self::Int(n) => n.fmt(f),
            Self::Ms(n) if n % 1000 == 0 => write!(f, "{}s", n / 1000),
            Self::Ms(n) => write!(f, "{n}ms"),
            Self::Word(word) => f.write_str(word),
            Self::Words(words) => f.write_str(&words.join(",")),
            Self::Text(text) => f.write_str(text),
            Self::Slots(ranges) if ranges.is_empty() => f.write_str("no slots"),
            Self::Slots(ranges) => {
                for (at, (from, to)) in ranges.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    if from == to {
                        write!(f, "{comma}{from}")?;
                    } else {
                        write!(f, "{comma}{from}-{to}")?;
                    }
                }
                Ok(())
            }
            Self::Replica(Some(of)) => write!(f, "replica of {of}"),
            Self::Replica(None) => f.write_str("replica"),
        }
    }
}
