//! `notify-keyspace-events`: a letter for each class of events, and for each way to hear of them.

use alloc::string::String;

/// DEL, EXPIRE, RENAME: whatever the type.
pub const GENERIC: u16 = 1 << 0;
/// Strings.
pub const STRING: u16 = 1 << 1;
/// Lists.
pub const LIST: u16 = 1 << 2;
/// Sets.
pub const SET: u16 = 1 << 3;
/// Hashes.
pub const HASH: u16 = 1 << 4;
/// Sorted sets.
pub const ZSET: u16 = 1 << 5;
/// A key's time has come.
pub const EXPIRED: u16 = 1 << 6;
/// A new key; not among all.
pub const NEW: u16 = 1 << 10;
/// To `__keyspace@0__:key`.
pub const KEYSPACE: u16 = 1 << 11;
/// To `__keyevent@0__:event`.
pub const KEYEVENT: u16 = 1 << 12;
/// A key was asked for that is not there; not among all.
pub const MISS: u16 = 1 << 13;

/// Bit *i* has letter *i*. `e`, `t` and `d` (evictions, streams, modules) never happen here.
const LETTERS: &str = "g$lshzxetdnKEm";
/// What `A` stands for.
const ALL: u16 = NEW - 1;

/// Which events are told, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events(u16);

impl Events {
    /// Reads letters; `None` if one of them stands for nothing.
    pub(super) fn read(letters: &str) -> Option<Self> {
        letters.chars().try_fold(Self(0), |Self(all), letter| {
            let bits = match (letter, LETTERS.find(letter)) {
                ('A', _) => ALL,
                (_, Some(at)) => 1 << at,
                (_, None) => return None,
            };
            Some(Self(all | bits))
        })
    }

    /// The letters again, in an order of their own.
    pub(super) fn print(self) -> String {
        let all = self.0 & ALL == ALL;
        let single = if all { self.0 & !(ALL | NEW) } else { self.0 };
        let known = LETTERS.chars().enumerate();
        let letters = known.filter(|(at, _)| single & (1 << at) != 0).map(|(_, letter)| letter);
        all.then_some('A').into_iter().chain(letters).collect()
    }

    /// Whether any of these classes or ways is wanted.
    #[must_use]
    pub const fn has(self, bits: u16) -> bool {
        self.0 & bits != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_printed_in_the_order_of_redis() {
        for (given, printed) in [
            ("", ""),
            ("KEA", "AKE"),
            ("EKxg", "gxKE"),
            ("g$lshzxetdKE", "AKE"),
            ("Km", "Km"),
            ("En", "nE"),
        ] {
            assert_eq!(Events::read(given).map(Events::print).as_deref(), Some(printed), "{given}");
        }
        assert_eq!(Events::read("KEy"), None);
    }
}
