//! Small collections: what is written comes back, and anything else ends in an error.

use alloc::{format, string::ToString as _, vec::Vec};

use super::*;

fn listpack(items: &[Vec<u8>]) -> Vec<u8> {
    let mut pack = ListpackWriter::new();
    for item in items {
        pack.push(item);
    }
    assert_eq!(pack.size(), pack.clone().finish().len());
    pack.finish()
}

fn texts<'a>(items: impl Iterator<Item = Result<Element<'a>, Flaw>>) -> Result<Vec<Vec<u8>>, Flaw> {
    items.map(|item| item.map(|element| element.to_vec())).collect()
}

#[test]
fn integers_and_texts_of_every_width_come_back() {
    let mut items: Vec<Vec<u8>> = Vec::new();
    for bits in 0..63 {
        for n in [(1_i64 << bits) - 1, 1 << bits, -(1 << bits), -(1 << bits) - 1] {
            items.push(n.to_string().into_bytes());
        }
    }
    items.extend([i64::MIN, i64::MAX].map(|n| n.to_string().into_bytes()));
    // Around the limits of encodings and of the length behind an entry.
    for len in [0, 1, 63, 64, 125, 126, 127, 4095, 4096, 16_376, 16_380, 16_384, 2_097_150] {
        items.push(alloc::vec![b'x'; len]);
    }
    items.extend([&b"007"[..], b"-0", b"+1", b"9223372036854775808"].map(<[u8]>::to_vec));
    let bytes = listpack(&items);
    let read: Vec<Vec<u8>> = texts(Listpack::new(&bytes).unwrap()).unwrap();
    assert_eq!(read, items);
}

#[test]
fn more_entries_than_the_head_can_count_are_counted() {
    let items: Vec<Vec<u8>> = (0..70_000).map(|n| format!("{n}").into_bytes()).collect();
    let bytes = listpack(&items);
    assert_eq!(bytes[4..6], [0xFF, 0xFF]);
    assert_eq!(texts(Listpack::new(&bytes).unwrap()).unwrap(), items);
}

#[test]
fn an_intset_takes_the_narrowest_width() {
    for (numbers, width) in [
        (&[][..], 2),
        (&[-3, 1, 2][..], 2),
        (&[5, 100_000][..], 4),
        (&[i64::MIN, 0, i64::MAX][..], 8),
    ] {
        let bytes = write_intset(numbers);
        assert_eq!(bytes[0], width);
        let read: Result<Vec<i64>, Flaw> = Intset::new(&bytes).unwrap().collect();
        assert_eq!(read.as_deref(), Ok(numbers));
    }
    let unsorted = [2, 0, 0, 0, 2, 0, 0, 0, 5, 0, 5, 0];
    assert!(Intset::new(&unsorted).unwrap().any(|n| n.is_err()));
}

#[test]
fn a_score_is_a_number() {
    assert_eq!(score(b"1e+20"), Some(1e20));
    assert_eq!(score(b"-inf"), Some(f64::NEG_INFINITY));
    assert_eq!(Element::Int(-7).score(), Some(-7.0));
    for text in [&b"nan"[..], b"", b"one", b"\xff"] {
        assert_eq!(score(text), None);
    }
}

/// Reads as all four; whatever they are, reading ends and takes no more elements than bytes.
fn reads_are_bounded(bytes: &[u8]) {
    if let Ok(pack) = Listpack::new(bytes) {
        assert!(pack.count() <= bytes.len());
    }
    if let Ok(list) = Ziplist::new(bytes) {
        assert!(list.count() <= bytes.len());
    }
    if let Ok(map) = Zipmap::new(bytes) {
        assert!(map.count() <= bytes.len());
    }
    if let Ok(set) = Intset::new(bytes) {
        assert!(set.count() <= bytes.len());
    }
}

proptest::proptest! {
    #[test]
    fn a_listpack_comes_back(items: Vec<Vec<u8>>) {
        let bytes = listpack(&items);
        proptest::prop_assert_eq!(texts(Listpack::new(&bytes).unwrap()), Ok(items));
    }

    #[test]
    fn damage_is_survived(items: Vec<Vec<u8>>, changes: Vec<(u16, u8)>, cut: u16) {
        let mut bytes = listpack(&items);
        for (at, to) in changes {
            let at = usize::from(at) % bytes.len();
            bytes[at] = to;
        }
        reads_are_bounded(&bytes);
        bytes.truncate(usize::from(cut) % bytes.len());
        reads_are_bounded(&bytes);
    }

    #[test]
    fn anything_is_survived(mut bytes: Vec<u8>) {
        reads_are_bounded(&bytes);
        // With frames that pass, so that the entries are reached.
        bytes.push(0xFF);
        let total = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        for (head, count) in [(6, 4), (10, 8)] {
            if bytes.len() > head {
                bytes[..4].copy_from_slice(&total);
                bytes[count..count + 2].fill(0xFF);
                reads_are_bounded(&bytes);
            }
        }
    }
}
