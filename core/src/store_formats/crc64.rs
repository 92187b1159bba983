//! The checksum of RDB files and DUMP payloads: CRC-64 with the polynomial of Jones, reflected,
//! starting at 0.

use crc::{CRC_64_REDIS, Crc, Table};

const CRC64: Crc<u64, Table<1>> = Crc::<u64, Table<1>>::new(&CRC_64_REDIS);

/// The checksum of `bytes`.
#[must_use]
pub fn crc64(bytes: &[u8]) -> u64 {
    CRC64.checksum(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn check_value() {
        assert_eq!(super::crc64(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(super::crc64(b""), 0);
    }
}
