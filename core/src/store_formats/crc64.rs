//! The checksum of RDB files and DUMP payloads: CRC-64 with the polynomial of Jones, reflected,
//! starting at 0.

use crc::{CRC_64_REDIS, Crc, Table};

const CRC64: Crc<u64, Table<1>> = Crc::<u64, Table<1>>::new(&CRC_64_REDIS);

/// The checksum of `bytes`.
#[must_use]
pub fn crc64(bytes: &[u8]) -> u64 {
    CRC64.checksum(bytes)
}

/// The checksum of what `sum` is the checksum of and `more` behind it.
#[must_use]
pub fn crc64_on(sum: u64, more: &[u8]) -> u64 {
    // A reflected register begins as the mirrored start value, and nothing is added at the end.
    let mut digest = CRC64.digest_with_initial(sum.reverse_bits());
    digest.update(more);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::{crc64, crc64_on};

    #[test]
    fn check_value() {
        assert_eq!(crc64(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(crc64(b""), 0);
    }

    #[test]
    fn it_goes_on_from_where_it_stopped() {
        let all = b"123456789";
        for cut in 0..=all.len() {
            assert_eq!(crc64_on(crc64(&all[..cut]), &all[cut..]), crc64(all));
        }
    }
}
