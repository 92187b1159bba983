//! RDB against real bytes, and against hostile ones.

use alloc::{string::String, vec::Vec};

use super::*;

const VECTORS: &str = include_str!("../../../tests/rdb-vectors/payloads.txt");

struct Vector {
    name: &'static str,
    code: Option<u8>,
    bytes: Vec<u8>,
    value: &'static str,
}

fn vectors() -> Vec<Vector> {
    let rows = VECTORS.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let mut cells = line.splitn(4, " | ");
        let mut cell = || cells.next().unwrap();
        let (name, code, hex) = (cell(), cell().parse().ok(), cell());
        Vector { name, code, bytes: unhex(hex), value: cell() }
    })
    .collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    let digit = |b: u8| u8::try_from((b as char).to_digit(16).unwrap()).unwrap();
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn items(bytes: &[u8]) -> Result<Vec<Item>, RdbError> {
    let mut reader = Reader::new(bytes)?;
    let mut items = Vec::new();
    while let Some(item) = reader.next_item()? {
        items.push(item);
    }
    assert_eq!(reader.position(), bytes.len());
    Ok(items)
}

#[test]
fn real_payloads_of_strings_are_read_and_others_refused_by_name() {
    let mut read = 0;
    for vector in vectors() {
        let Some(code) = vector.code else { continue };
        let object = read_dump(&vector.bytes);
        if code == 0 {
            let expected = Object::String(vector.value.as_bytes().to_vec());
            assert_eq!(object, Ok(expected), "{}", vector.name);
            read += 1;
        } else {
            let refused =
                matches!(object, Err(RdbError::Type { code: named, .. }) if named == code);
            assert!(refused, "{}: {object:?}", vector.name);
        }
    }
    assert!(read >= 8);
}

#[test]
fn a_real_file_is_read_up_to_the_first_foreign_type() {
    let file = vectors().into_iter().find(|vector| vector.code.is_none()).unwrap().bytes;
    let mut reader = Reader::new(&file).unwrap();
    let mut seen = Vec::new();
    let error = loop {
        match reader.next_item() {
            Ok(item) => seen.push(item.unwrap()),
            Err(error) => break error,
        }
    };
    assert_eq!(seen[0], Item::Aux(b"redis-ver".into(), b"7.0.15".into()));
    assert!(seen.contains(&Item::Sizes { keys: 3, expiring: 1 }));
    let a = Object::String(b"1".into());
    assert!(seen.contains(&Item::Entry { key: b"a".into(), value: a, expire_ms: None }));
    assert_eq!(
        alloc::format!("{error}"),
        "key 'l' holds a list (type 18), and only strings are supported yet"
    );
}

#[test]
fn what_is_written_is_read_again() {
    let strings: [&[u8]; 12] = [
        b"",
        b"0",
        b"-0",
        b"+1",
        b"007",
        b"127",
        b"-32768",
        b"2147483647",
        b"2147483648",
        &[b'x'; 63],
        &[b'y'; 64],
        &[b'z'; 20_000],
    ];
    let mut writer = Writer::new();
    writer.aux("redis-ver", b"7.0.15");
    writer.database(24, 12);
    for text in strings {
        writer.string(text, b"v", None);
        writer.string(b"k", text, Some(1_700_000_000_123));
    }
    let bytes = writer.finish();
    let mut read = items(&bytes).unwrap().into_iter().skip(3);
    for text in strings {
        let value = Object::String(b"v".into());
        assert_eq!(read.next(), Some(Item::Entry { key: text.into(), value, expire_ms: None }));
        let value = Object::String(text.into());
        let expire_ms = Some(1_700_000_000_123);
        assert_eq!(read.next(), Some(Item::Entry { key: b"k".into(), value, expire_ms }));
        assert_eq!(read_dump(&dump(text)), Ok(Object::String(text.into())));
    }
    assert_eq!(read.next(), None);

    // No prefix of it passes, and no damaged byte either.
    for len in 0..200 {
        assert!(items(&bytes[..len]).is_err(), "{len}");
    }
    for at in (0..bytes.len()).step_by(97) {
        let mut bad = bytes.clone();
        bad[at] ^= 0x10;
        assert!(items(&bad).is_err(), "{at}");
    }
    // A checksum of 0 means that none was computed.
    let mut bare = bytes;
    let len = bare.len();
    bare[len - 8..].fill(0);
    assert!(items(&bare).is_ok());
}

#[test]
fn integers_take_the_forms_of_redis() {
    for (text, hex) in
        [("-5", "00c0fb0a0049c4c6f4d7263f68"), ("300", "00c12c010a00954261f265825c10")]
    {
        assert_eq!(dump(text.as_bytes()), unhex(hex), "{text}");
    }
    assert_eq!(dump(b"hello"), unhex("000568656c6c6f0a006372df766534200a"));
}

#[test]
fn newer_versions_are_refused_in_the_words_of_redis() {
    let error = Reader::new(b"REDIS0011\xff").unwrap_err();
    assert_eq!(alloc::format!("{error}"), "Can't handle RDB format version 11");
    assert_eq!(Reader::new(b"REDIS00x1").unwrap_err(), RdbError::NoMagic);
    assert_eq!(Reader::new(b"").unwrap_err(), RdbError::NoMagic);
}

proptest::proptest! {
    #[test]
    fn reading_is_total(tail: Vec<u8>, ops in proptest::collection::vec(
        (proptest::sample::select(&[0_u8, 0xF5, 0xF7, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE,
            0xFF, 0xC3, 0x81, 0x80][..]), proptest::collection::vec(0_u8.., 0..6)), 0..12)) {
        let mut bytes = b"REDIS0010".to_vec();
        for (op, more) in ops {
            bytes.push(op);
            bytes.extend(more);
        }
        bytes.extend(tail);
        let mut reader = Reader::new(&bytes).unwrap();
        let mut held = 0;
        while let Ok(Some(item)) = reader.next_item() {
            if let Item::Entry { key, value: Object::String(value), .. } = item {
                held += key.len() + value.len();
            }
        }
        proptest::prop_assert!(held <= bytes.len() * 88);
        drop(read_dump(&bytes));
        let _text: String = alloc::format!("{reader:?}");
    }
}
