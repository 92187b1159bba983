//! `Key`: the bytes of a key, without an allocation for most of them.
//!
//! A short key lies where its entry lies, so that finding it touches no other memory; a long one
//! is shared between the map, the expiry index and whoever lists keys.

use alloc::sync::Arc;
use core::{borrow::Borrow, cmp::Ordering, fmt, ops::Deref};

/// The longest key that needs no allocation: what fits beside the length without making the type
/// larger than a pointer, a length and a mark.
const SHORT_MAX: usize = 22;

/// The bytes of a key; compared, ordered and hashed as those.
#[derive(Clone)]
pub(crate) struct Key(Kept);

#[derive(Clone)]
enum Kept {
    Short { len: u8, bytes: [u8; SHORT_MAX] },
    Long(Arc<[u8]>),
}

impl From<&[u8]> for Key {
    fn from(key: &[u8]) -> Self {
        let mut bytes = [0; SHORT_MAX];
        Self(match (bytes.get_mut(..key.len()), u8::try_from(key.len())) {
            (Some(room), Ok(len)) => {
                room.copy_from_slice(key);
                Kept::Short { len, bytes }
            }
            _ => Kept::Long(Arc::from(key)),
        })
    }
}

impl Deref for Key {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Kept::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or(bytes),
            Kept::Long(bytes) => bytes,
        }
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl core::hash::Hash for Key {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn short_and_long_keys_are_their_bytes() {
        for len in [0, 1, SHORT_MAX - 1, SHORT_MAX, SHORT_MAX + 1, 300] {
            let bytes = vec![b'k'; len];
            let key = Key::from(&bytes[..]);
            assert_eq!(*key, bytes[..], "{len}");
            assert_eq!(key.clone(), key, "{len}");
        }
        assert!(Key::from(&b"a"[..]) < Key::from(&b"b"[..]));
        assert!(
            Key::from(&b"a"[..]) < Key::from(&[b'a'; 40][..]),
            "the kind of keeping counts not"
        );
    }

    #[test]
    fn a_key_is_three_words() {
        assert_eq!(size_of::<Key>(), 24);
    }
}
