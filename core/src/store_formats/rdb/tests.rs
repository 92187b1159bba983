//! RDB against real bytes, and against hostile ones.

use alloc::{format, string::String, vec::Vec};

use super::*;

const VECTORS: &str = include_str!("../../../tests/rdb-vectors/payloads.txt");
const COLLECTIONS: &str = include_str!("../../../tests/rdb-vectors/collections.txt");

struct Vector {
    name: &'static str,
    kind: &'static str,
    bytes: Vec<u8>,
    value: &'static str,
}

fn rows(text: &'static str) -> impl Iterator<Item = Vector> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut cells = line.splitn(4, " | ");
        let mut cell = || cells.next().unwrap();
        let (name, kind, hex) = (cell(), cell(), cell());
        Vector { name, kind, bytes: unhex(hex), value: cell() }
    })
}

fn unhex(hex: &str) -> Vec<u8> {
    let digit = |b: u8| u8::try_from((b as char).to_digit(16).unwrap()).unwrap();
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn file() -> Vec<u8> {
    rows(VECTORS).find(|vector| vector.kind == "-").unwrap().bytes
}

fn items_in(bytes: &[u8], piece: usize) -> Result<Vec<Item>, RdbError> {
    let mut loader = Loader::new();
    let mut items = Vec::new();
    let mut pieces = bytes.chunks(piece);
    loop {
        let all_fed = pieces.len() == 0;
        match loader.next_item(all_fed)? {
            Step::Item(item) => items.push(item),
            Step::Hungry => loader.feed(pieces.next().unwrap()),
            Step::End => break,
        }
    }
    let read = usize::try_from(loader.position()).unwrap();
    assert!(bytes[read..].starts_with(loader.rest()));
    Ok(items)
}

fn items(bytes: &[u8]) -> Result<Vec<Item>, RdbError> {
    items_in(bytes, bytes.len().max(1))
}

/// What a value is, in the words of the vectors: the elements that the reference answered with.
fn told(object: &Object) -> (&'static str, Vec<Vec<u8>>) {
    match object.clone() {
        Object::String(text) => ("string", alloc::vec![text]),
        Object::List(items) => ("list", items),
        Object::Set(mut items) => {
            items.sort();
            ("set", items)
        }
        Object::Hash(mut fields) => {
            fields.sort();
            ("hash", fields.into_iter().flat_map(|(field, value)| [field, value]).collect())
        }
        Object::SortedSet(mut members) => {
            members.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
            let text = |score| {
                let mut text = Vec::new();
                crate::resp::write_double(&mut text, score);
                text
            };
            (
                "zset",
                members.into_iter().flat_map(|(member, score)| [member, text(score)]).collect(),
            )
        }
    }
}

/// Writes a value again, in the compact form where the reference would use it.
fn written(object: &Object, to: ValueWriter<'_>) {
    let short = |text: &Vec<u8>| text.len() <= 64;
    match object {
        Object::String(text) => to.string(text),
        Object::List(items) => to.list(items.iter()),
        Object::Set(items) => {
            let numbers: Option<Vec<i64>> =
                items.iter().map(|item| crate::resp::parse_i64(item)).collect();
            match numbers {
                Some(mut numbers) => {
                    numbers.sort_unstable();
                    to.intset(&numbers);
                }
                None => to.set(items.len(), items.iter()),
            }
        }
        Object::Hash(fields) if fields.iter().all(|(f, v)| short(f) && short(v)) => {
            to.small_hash(fields.iter().map(|(field, value)| (field, value)));
        }
        Object::Hash(fields) => {
            to.hash(fields.len(), fields.iter().map(|(field, value)| (field, value)));
        }
        Object::SortedSet(members) if members.iter().all(|(member, _)| short(member)) => {
            to.small_zset(members.iter().map(|(member, score)| (member, *score)));
        }
        Object::SortedSet(members) => {
            to.zset(members.len(), members.iter().map(|(member, score)| (member, *score)));
        }
    }
}

#[test]
fn every_encoding_says_what_the_reference_says() {
    let mut seen = alloc::collections::BTreeSet::new();
    for vector in rows(COLLECTIONS) {
        let object =
            read_dump(&vector.bytes).unwrap_or_else(|why| panic!("{}: {why}", vector.name));
        let elements = vector.value.split(' ').filter(|word| !word.is_empty());
        let elements =
            elements.map(|word| if word == "-" { Vec::new() } else { unhex(word) }).collect();
        assert_eq!(told(&object), (vector.kind, elements), "{}", vector.name);
        seen.insert(vector.bytes[0]);
        // And what we make of it is read as the same.
        let again = dump(|to| written(&object, to));
        assert_eq!(read_dump(&again).as_ref(), Ok(&object), "{}", vector.name);
    }
    let all = [0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 16, 17, 18];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), all);
}

/// Small values come out byte for byte as the reference writes them, but for the choices of the
/// compressor.
#[test]
fn small_values_are_written_as_the_reference_writes_them() {
    let blob = |payload: &[u8]| {
        let mut cur = cursor::Cursor::new(&payload[1..], 0);
        if payload[0] == kind::LIST_QUICKLIST_2 {
            assert_eq!((cur.length(), cur.length()), (Ok(1), Ok(container::PACKED)));
        }
        cur.text().unwrap()
    };
    let names = ["integers", "small hash", "small zset", "intset", "digits"];
    let mut seen = 0;
    for vector in rows(COLLECTIONS).filter(|vector| vector.name.starts_with("redis:")) {
        if names.iter().any(|name| vector.name.contains(name)) {
            let again = dump(|to| written(&read_dump(&vector.bytes).unwrap(), to));
            assert_eq!(again[0], vector.bytes[0], "{}", vector.name);
            assert_eq!(blob(&again), blob(&vector.bytes), "{}", vector.name);
            seen += 1;
        }
    }
    assert_eq!(seen, names.len());
}

#[test]
fn real_payloads_of_strings_are_read() {
    let strings = rows(VECTORS).filter(|vector| vector.kind == "0");
    let read = strings.inspect(|vector| {
        let expected = Object::String(vector.value.as_bytes().to_vec());
        assert_eq!(read_dump(&vector.bytes), Ok(expected), "{}", vector.name);
    });
    assert!(read.count() >= 8);
}

#[test]
fn a_real_file_is_read_in_pieces_of_any_size() {
    let file = file();
    let whole = items(&file).unwrap();
    assert_eq!(whole[0], Item::Aux(b"redis-ver".into(), b"7.0.15".into()));
    assert!(whole.contains(&Item::Sizes { keys: 3, expiring: 1 }));
    let entry = |key: &[u8], value| Item::Entry { key: key.into(), value, expire_ms: None };
    assert!(whole.contains(&entry(b"a", Object::String(b"1".into()))));
    assert!(whole.iter().any(|item| {
        matches!(item, Item::Entry { key, value: Object::List(_), .. } if key == b"l")
    }));
    for piece in 1..40 {
        assert_eq!(items_in(&file, piece).as_ref(), Ok(&whole), "{piece}");
    }
    // What follows is not touched.
    let mut more = file.clone();
    more.extend_from_slice(b"*1\r\n$4\r\nPING\r\n");
    assert_eq!(items_in(&more, 7).as_ref(), Ok(&whole));
}

#[test]
fn streams_and_modules_are_refused_by_name() {
    let mut file = b"REDIS0010".to_vec();
    file.extend_from_slice(&[19, 3]);
    file.extend_from_slice(b"log");
    assert_eq!(
        format!("{}", items(&file).unwrap_err()),
        "key 'log' holds a stream (type 19), which is not supported"
    );
    file[9] = 7;
    assert_eq!(
        format!("{}", items(&file).unwrap_err()),
        "key 'log' holds a value of a module (type 7), which is not supported"
    );
    file[9] = 0xF7;
    assert_eq!(items(&file), Err(RdbError::Module));
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
    writer.database(0, 24, 12);
    let mut bytes = Vec::new();
    for text in strings {
        writer.key(text, None).string(b"v");
        writer.key(b"k", Some(1_700_000_000_123)).string(text);
        // Taken in pieces, it is the same file.
        bytes.append(&mut writer.take());
    }
    bytes.append(&mut writer.finish());
    let mut read = items(&bytes).unwrap().into_iter().skip(3);
    for text in strings {
        let value = Object::String(b"v".into());
        assert_eq!(read.next(), Some(Item::Entry { key: text.into(), value, expire_ms: None }));
        let value = Object::String(text.into());
        let expire_ms = Some(1_700_000_000_123);
        assert_eq!(read.next(), Some(Item::Entry { key: b"k".into(), value, expire_ms }));
        assert_eq!(read_dump(&dump(|to| to.string(text))), Ok(Object::String(text.into())));
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
fn lists_are_cut_into_nodes() {
    let elements: Vec<Vec<u8>> =
        (0..3000_u32).map(|n| format!("element {n}").into_bytes()).collect();
    let list = Object::List(elements);
    let payload = dump(|to| written(&list, to));
    assert_eq!(read_dump(&payload).as_ref(), Ok(&list));
    assert!(payload[1] > 4, "nodes of eight kilobytes each");
}

#[test]
fn integers_take_the_forms_of_redis() {
    for (text, hex) in
        [("-5", "00c0fb0a0049c4c6f4d7263f68"), ("300", "00c12c010a00954261f265825c10")]
    {
        assert_eq!(dump(|to| to.string(text.as_bytes())), unhex(hex), "{text}");
    }
    assert_eq!(dump(|to| to.string(b"hello")), unhex("000568656c6c6f0a006372df766534200a"));
}

#[test]
fn newer_versions_are_refused_in_the_words_of_redis() {
    let error = items(b"REDIS0012\xff").unwrap_err();
    assert_eq!(format!("{error}"), "Can't handle RDB format version 12");
    for bad in [&b"REDIS00x1"[..], b"", b"RADIS0010", b"REDI", b"GET / HTTP/1.1"] {
        let why = items(bad).unwrap_err();
        assert!(matches!(why, RdbError::NoMagic | RdbError::Truncated(_)), "{why:?}");
    }
}

#[test]
fn a_footer_must_be_right() {
    let good = dump(|to| to.string(b"hello"));
    let mut newer = good.clone();
    newer[7] = 12;
    assert_eq!(read_dump(&newer), Err(RdbError::Version(12)));
    let mut other = good.clone();
    other[3] ^= 1;
    assert!(matches!(read_dump(&other), Err(RdbError::Checksum { .. })));
    for len in 0..good.len() {
        assert!(read_dump(&good[..len]).is_err());
    }
}

fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    body.extend_from_slice(&VERSION.to_le_bytes());
    let sum = crate::store_formats::crc64::crc64(&body);
    body.extend_from_slice(&sum.to_le_bytes());
    body
}

fn held(object: &Object) -> usize {
    told(object).1.iter().map(|text| text.len() + 1).sum()
}

proptest::proptest! {
    /// Real payloads with random changes, and a checksum that says they are fine.
    #[test]
    fn damaged_payloads_are_survived(which in 0_usize..24,
        changes in proptest::collection::vec((0_usize..4000, 0_u8..), 1..6), cut in 0_usize..40) {
        let vector = rows(COLLECTIONS).nth(which).unwrap();
        let mut body = vector.bytes[..vector.bytes.len() - 10].to_vec();
        for (at, to) in changes {
            let at = at % body.len();
            body[at] = to;
        }
        body.truncate(body.len().saturating_sub(cut.saturating_sub(20)).max(1));
        let len = body.len();
        if let Ok(object) = read_dump(&sealed(body)) {
            proptest::prop_assert!(held(&object) <= len * 88 * 20);
            let again = dump(|to| written(&object, to));
            if !matches!(object, Object::Set(_)) {
                proptest::prop_assert_eq!(read_dump(&again), Ok(object));
            }
        }
    }

    #[test]
    fn reading_is_total(tail: Vec<u8>, piece in 1_usize..9, ops in proptest::collection::vec(
        (proptest::sample::select(&[0_u8, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 16, 17, 18, 20, 0xF5,
            0xF7, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF, 0xC3, 0x81, 0x80][..]),
            proptest::collection::vec(0_u8.., 0..6)), 0..12)) {
        let mut bytes = b"REDIS0010".to_vec();
        for (op, more) in ops {
            bytes.push(op);
            bytes.extend(more);
        }
        bytes.extend(tail);
        let whole = items(&bytes);
        if let Ok(items) = &whole {
            let held: usize = items.iter().map(|item| match item {
                Item::Entry { key, value, .. } => key.len() + held(value),
                _ => 0,
            }).sum();
            proptest::prop_assert!(held <= bytes.len() * 88 * 20);
        }
        // In pieces it says the same, place of the error included.
        proptest::prop_assert_eq!(items_in(&bytes, piece), whole);
        drop(read_dump(&bytes));
        let _text: String = format!("{:?}", sealed(bytes));
    }
}
