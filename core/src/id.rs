//! Names: of nodes (40 characters, the field's own), of links and of clients (chosen here).

use core::{fmt, str};

use crate::rng::Rng;

/// The name of a node: 40 characters of `[0-9a-z]`, hexadecimal in practice.
///
/// Order is byte order; epoch collisions and replica migration compare names that way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId([u8; 40]);

impl NodeId {
    /// Takes the 40 bytes as they stand on the wire or in a file.
    ///
    /// `None` unless every byte is `0-9` or `a-z`.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let name: [u8; 40] = bytes.try_into().ok()?;
        // Without an early exit the compiler compares sixteen bytes at a time.
        let fits =
            name.iter().fold(true, |ok, b| ok & (b.is_ascii_digit() | b.is_ascii_lowercase()));
        fits.then_some(Self(name))
    }

    /// Draws a new name: 20 random bytes in lower-case hexadecimal.
    #[must_use]
    pub fn random(rng: &mut Rng) -> Self {
        const HEX: [u8; 16] = *b"0123456789abcdef";
        let mut name = [b'0'; 40];
        for pair in name.chunks_exact_mut(2) {
            let byte = rng.byte();
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        Self(name)
    }

    /// The 40 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Invariant: constructors admit ASCII only.
        str::from_utf8(&self.0).unwrap_or("")
    }

    /// The 40 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 40] {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", &self.as_str()[..8])
    }
}

impl str::FromStr for NodeId {
    type Err = NotANodeId;
    fn from_str(text: &str) -> Result<Self, NotANodeId> {
        Self::from_bytes(text.as_bytes()).ok_or(NotANodeId)
    }
}

/// The text is not 40 characters of `[0-9a-z]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a node ID has 40 characters of 0-9 and a-z")]
pub struct NotANodeId;

#[cfg(feature = "serde")]
impl serde::Serialize for NodeId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for NodeId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <alloc::string::String as serde::Deserialize>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A connection of the cluster bus or of replication, as node and driver call it.
///
/// The node numbers the links that it dials (top bit clear); the driver numbers those that it
/// accepts (top bit set, see [`LinkId::accepted`]), so the two never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LinkId(pub u64);

impl LinkId {
    const ACCEPTED: u64 = 1 << 63;

    /// The `n`th link that a driver accepted.
    #[must_use]
    pub const fn accepted(n: u64) -> Self {
        Self(n | Self::ACCEPTED)
    }

    /// Whether the driver accepted this link, rather than the node dialling it.
    #[must_use]
    pub const fn is_accepted(self) -> bool {
        self.0 & Self::ACCEPTED != 0
    }
}

/// A connection on the data port; chosen by the driver, never used twice. `CLIENT ID` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClientId(pub u64);
