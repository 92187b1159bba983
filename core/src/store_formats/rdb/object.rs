//! Values in RDB: every encoding of the five types, since the first version.
//!
//! A declared number of elements makes no room: elements are taken one by one, and the bytes end
//! soon if the number was a lie.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use super::{Object, RdbError, container, cursor::Cursor, kind};
use crate::store_formats::packed::{self, Element, Flaw, Intset, Listpack, Ziplist, Zipmap};

/// A value of the type `code`; `key` is for the error only.
pub(super) fn read(cur: &mut Cursor<'_>, code: u8, key: &[u8]) -> Result<Object, RdbError> {
    match code {
        kind::STRING => Ok(Object::String(cur.text()?)),
        kind::LIST => Ok(Object::List(counted(cur, Cursor::text)?)),
        kind::LIST_ZIPLIST => Ok(Object::List(texts(ziplist(cur)?))),
        kind::LIST_QUICKLIST => quicklist(cur, code),
        kind::LIST_QUICKLIST_2 => quicklist(cur, code),
        kind::SET => Ok(Object::Set(counted(cur, Cursor::text)?)),
        kind::SET_LISTPACK => Ok(Object::Set(texts(listpack(cur)?))),
        kind::SET_INTSET => {
            let numbers = blob(cur, |blob| Intset::new(blob)?.collect::<Result<Vec<_>, _>>())?;
            Ok(Object::Set(numbers.into_iter().map(|n| Element::Int(n).to_vec()).collect()))
        }
        kind::HASH => Ok(Object::Hash(counted(cur, |cur| Ok((cur.text()?, cur.text()?)))?)),
        kind::HASH_ZIPMAP => Ok(Object::Hash(blob(cur, |blob| {
            Zipmap::new(blob)?
                .map(|entry| entry.map(|(field, value)| (field.to_vec(), value.to_vec())))
                .collect()
        })?)),
        kind::HASH_ZIPLIST => {
            let texts = texts(ziplist(cur)?);
            Ok(Object::Hash(pairs(cur, texts)?))
        }
        kind::HASH_LISTPACK => {
            let texts = texts(listpack(cur)?);
            Ok(Object::Hash(pairs(cur, texts)?))
        }
        kind::ZSET => Ok(Object::SortedSet(counted(cur, |cur| Ok((cur.text()?, spelled(cur)?)))?)),
        kind::ZSET_BINARY => {
            Ok(Object::SortedSet(counted(cur, |cur| Ok((cur.text()?, binary(cur)?)))?))
        }
        kind::ZSET_ZIPLIST => {
            let members = ziplist(cur)?;
            Ok(Object::SortedSet(scored(cur, members)?))
        }
        kind::ZSET_LISTPACK => {
            let members = listpack(cur)?;
            Ok(Object::SortedSet(scored(cur, members)?))
        }
        15 | 19 | 21 => Err(unsupported(key, code, "stream")),
        6 | 7 => Err(unsupported(key, code, "value of a module")),
        _ => Err(cur.damaged("an unknown type of value")),
    }
}

fn unsupported(key: &[u8], code: u8, kind: &'static str) -> RdbError {
    RdbError::Type { key: String::from_utf8_lossy(key).to_string(), code, kind }
}

/// A number, and so many of what `one` reads.
fn counted<'a, T>(
    cur: &mut Cursor<'a>,
    one: impl Fn(&mut Cursor<'a>) -> Result<T, RdbError>,
) -> Result<Vec<T>, RdbError> {
    let count = cur.length()?;
    // Each element has a byte at least, so this much is no promise.
    let room = usize::try_from(count).unwrap_or(usize::MAX).min(cur.left()).min(ROOM_MAX);
    let mut all = Vec::with_capacity(room);
    for _ in 0..count {
        all.push(one(cur)?);
    }
    Ok(all)
}

/// No more room than for so many elements is made before they are read.
const ROOM_MAX: usize = 1024;

/// A string whose bytes `read` takes apart.
fn blob<T>(
    cur: &mut Cursor<'_>,
    read: impl FnOnce(&[u8]) -> Result<T, Flaw>,
) -> Result<T, RdbError> {
    let at = cur.place();
    let bytes = cur.string()?;
    read(&bytes).map_err(|what| RdbError::Damaged { at, what })
}

/// An element that owns its text, so that it outlives its blob.
enum Owned {
    Text(Vec<u8>),
    Int(i64),
}

impl From<Element<'_>> for Owned {
    fn from(element: Element<'_>) -> Self {
        match element {
            Element::Bytes(bytes) => Self::Text(bytes.to_vec()),
            Element::Int(n) => Self::Int(n),
        }
    }
}

impl Owned {
    fn into_text(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text,
            Self::Int(n) => Element::Int(n).to_vec(),
        }
    }

    fn score(&self) -> Option<f64> {
        match self {
            Self::Text(text) => packed::score(text),
            Self::Int(n) => Element::Int(*n).score(),
        }
    }
}

fn listpack(cur: &mut Cursor<'_>) -> Result<Vec<Owned>, RdbError> {
    blob(cur, |blob| Listpack::new(blob)?.map(|element| element.map(Owned::from)).collect())
}

fn ziplist(cur: &mut Cursor<'_>) -> Result<Vec<Owned>, RdbError> {
    blob(cur, |blob| Ziplist::new(blob)?.map(|element| element.map(Owned::from)).collect())
}

fn texts(elements: Vec<Owned>) -> Vec<Vec<u8>> {
    elements.into_iter().map(Owned::into_text).collect()
}

/// Nodes, each a string that holds a ziplist, a listpack or one element.
fn quicklist(cur: &mut Cursor<'_>, code: u8) -> Result<Object, RdbError> {
    let mut all = Vec::new();
    for _ in 0..cur.length()? {
        if code == kind::LIST_QUICKLIST {
            all.append(&mut texts(ziplist(cur)?));
            continue;
        }
        match cur.length()? {
            container::PLAIN => all.push(cur.text()?),
            container::PACKED => all.append(&mut texts(listpack(cur)?)),
            _ => return Err(cur.damaged("a node of a list that is neither plain nor packed")),
        }
    }
    Ok(Object::List(all))
}

/// A field and its value.
type Pair = (Vec<u8>, Vec<u8>);

fn pairs(cur: &Cursor<'_>, texts: Vec<Vec<u8>>) -> Result<Vec<Pair>, RdbError> {
    let mut texts = texts.into_iter();
    let mut pairs = Vec::with_capacity(texts.len() / 2);
    while let Some(field) = texts.next() {
        let value = texts.next().ok_or_else(|| cur.damaged("a field without a value"))?;
        pairs.push((field, value));
    }
    Ok(pairs)
}

fn scored(cur: &Cursor<'_>, elements: Vec<Owned>) -> Result<Vec<(Vec<u8>, f64)>, RdbError> {
    let mut elements = elements.into_iter();
    let mut members = Vec::with_capacity(elements.len() / 2);
    while let Some(member) = elements.next() {
        let score = elements.next().and_then(|score| score.score());
        let score = score.ok_or_else(|| cur.damaged("a member without a score"))?;
        members.push((member.into_text(), score));
    }
    Ok(members)
}

/// A score as text: its length, then the text; three lengths stand for what has none.
fn spelled(cur: &mut Cursor<'_>) -> Result<f64, RdbError> {
    let score = match cur.byte()? {
        253 => None,
        254 => Some(f64::INFINITY),
        255 => Some(f64::NEG_INFINITY),
        len => packed::score(cur.take(u64::from(len))?),
    };
    score.ok_or_else(|| cur.damaged("a score that is no number"))
}

fn binary(cur: &mut Cursor<'_>) -> Result<f64, RdbError> {
    let score = f64::from_le_bytes(cur.array()?);
    if score.is_nan() { Err(cur.damaged("a score that is no number")) } else { Ok(score) }
}
