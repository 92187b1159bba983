//! Key to slot: CRC16 (XMODEM) modulo 16384, over the hash tag if there is one.
//!
//! Spec: Redis Cluster spec, "Hash tags". Only the first `{` and the first `}` after it count, and
//! only if something stands between them.

use super::Slot;

/// The slot of a key.
#[must_use]
pub fn key_slot(key: &[u8]) -> Slot {
    Slot::from_crc(crc16::State::<crc16::XMODEM>::calculate(hashed_part(key)))
}

/// The CRC16 from which a key's slot follows: modulo 16384.
#[must_use]
pub fn checksum(key: &[u8]) -> u16 {
    crc16::State::<crc16::XMODEM>::calculate(hashed_part(key))
}

/// The part of a key that is hashed: the first non-empty `{…}`, else the whole key.
#[must_use]
pub fn hashed_part(key: &[u8]) -> &[u8] {
    let Some(open) = memchr::memchr(b'{', key) else { return key };
    let tag = &key[open + 1..];
    match memchr::memchr(b'}', tag) {
        None | Some(0) => key,
        Some(close) => &tag[..close],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_of_the_specification_and_the_course() {
        let known: [(&str, u16); 14] = [
            ("123456789", 0x31C3),
            ("foo", 12182),
            ("hello", 866),
            ("{user1000}.following", 3443),
            ("user1000.following", 8697),
            ("user1000.followers", 51),
            ("foo{}{bar}", 8363),
            ("foo{{bar}}zap", 4015),
            ("foo{bar}{zap}", 5061),
            ("bar", 5061),
            ("你好", 14231),
            ("用户:1", 7998),
            ("{用户}:1", 5340),
            ("", 0),
        ];
        for (key, slot) in known {
            assert_eq!(key_slot(key.as_bytes()).get(), slot % super::super::SLOTS, "{key}");
        }
    }
}
