//! Small elements one after the other in one allocation: what hashes, sorted sets and the pieces of
//! lists are made of.
//!
//! ```text
//! length  bytes …  length backwards     length  bytes …  length backwards     …
//! ```
//!
//! A length takes 7 bits a byte, lowest first, the top bit saying that more follow; behind the
//! bytes it stands mirrored, so that the elements can be read from either end. A *place* is the
//! offset of an element's first byte; it stays good until something before it changes.

use alloc::vec::Vec;

/// Elements in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pack {
    bytes: Vec<u8>,
    count: usize,
}

/// One element with where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a> {
    /// Where it begins.
    pub from: usize,
    /// Where the next one begins.
    pub to: usize,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl Pack {
    /// How many elements.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// How many bytes they take.
    pub const fn size(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes an element of `len` bytes would take.
    pub const fn cost(len: usize) -> usize {
        len + 2 * header(len)
    }

    /// The elements from first to last; also from last to first.
    pub fn iter(&self) -> Items<'_> {
        Items { bytes: &self.bytes, from: 0, to: self.bytes.len() }
    }

    /// Appends an element.
    pub fn push(&mut self, item: &[u8]) {
        self.bytes.reserve(Self::cost(item.len()));
        write_length(item.len(), &mut self.bytes);
        self.bytes.extend_from_slice(item);
        let mark = self.bytes.len();
        write_length(item.len(), &mut self.bytes);
        self.bytes[mark..].reverse();
        self.count += 1;
    }

    /// Puts an element before the one at place `at` (or at the end).
    pub fn insert(&mut self, at: usize, item: &[u8]) {
        if at >= self.bytes.len() {
            return self.push(item);
        }
        self.write(at, at, item);
        self.count += 1;
    }

    /// Puts `item` where an element stands from `from` to `to`.
    pub fn replace(&mut self, from: usize, to: usize, item: &[u8]) {
        self.write(from, to, item);
    }

    /// Takes out the `items` elements that stand from `from` to `to`.
    pub fn remove(&mut self, from: usize, to: usize, items: usize) {
        self.bytes.drain(from..to);
        self.count -= items;
    }

    /// The place of element number `index`, or the end.
    pub fn place(&self, index: usize) -> usize {
        // From the nearer end.
        if index >= self.count {
            self.bytes.len()
        } else if index <= self.count / 2 {
            self.iter().nth(index).map_or(0, |item| item.from)
        } else {
            self.iter().rev().nth(self.count - 1 - index).map_or(0, |item| item.from)
        }
    }

    /// Cuts it in two before element number `index`; the second part.
    pub fn split_off(&mut self, index: usize) -> Self {
        let at = self.place(index);
        let tail = Self { bytes: self.bytes.split_off(at), count: self.count - index };
        self.count = index;
        tail
    }

    /// Makes room of `item`'s size out of `from..to` and writes it there.
    fn write(&mut self, from: usize, to: usize, item: &[u8]) {
        let need = Self::cost(item.len());
        let old = self.bytes.len();
        let new = old - (to - from) + need;
        if new > old {
            self.bytes.resize(new, 0);
        }
        self.bytes.copy_within(to..old, from + need);
        self.bytes.truncate(new);
        let mut head = [0; 10];
        let used = length_bytes(item.len(), &mut head);
        self.bytes[from..from + used].copy_from_slice(&head[..used]);
        self.bytes[from + used..from + used + item.len()].copy_from_slice(item);
        head[..used].reverse();
        self.bytes[from + need - used..from + need].copy_from_slice(&head[..used]);
    }
}

/// Elements from either end.
#[derive(Clone, Debug)]
pub(super) struct Items<'a> {
    bytes: &'a [u8],
    from: usize,
    to: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if self.from >= self.to {
            return None;
        }
        let len = read_length(self.bytes[self.from..].iter());
        let from = self.from;
        let start = from + header(len);
        self.from = from + Pack::cost(len);
        Some(Item { from, to: self.from, bytes: &self.bytes[start..start + len] })
    }
}

impl DoubleEndedIterator for Items<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.from >= self.to {
            return None;
        }
        let len = read_length(self.bytes[..self.to].iter().rev());
        let to = self.to;
        let end = to - header(len);
        self.to = to - Pack::cost(len);
        Some(Item { from: self.to, to, bytes: &self.bytes[end - len..end] })
    }
}

/// Bytes that a length takes.
const fn header(len: usize) -> usize {
    let mut rest = len >> 7;
    let mut bytes = 1;
    while rest > 0 {
        rest >>= 7;
        bytes += 1;
    }
    bytes
}

fn read_length<'a>(bytes: impl Iterator<Item = &'a u8>) -> usize {
    let mut len = 0;
    for (at, byte) in bytes.enumerate() {
        len |= usize::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            break;
        }
    }
    len
}

fn length_bytes(len: usize, room: &mut [u8; 10]) -> usize {
    let mut rest = len;
    let mut used = 0;
    loop {
        let low = rest.to_le_bytes()[0] & 0x7F;
        rest >>= 7;
        room[used] = if rest > 0 { low | 0x80 } else { low };
        used += 1;
        if rest == 0 {
            return used;
        }
    }
}

fn write_length(len: usize, to: &mut Vec<u8>) {
    let mut room = [0; 10];
    let used = length_bytes(len, &mut room);
    to.extend_from_slice(&room[..used]);
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    fn content(pack: &Pack) -> Vec<Vec<u8>> {
        let forward: Vec<Vec<u8>> = pack.iter().map(|item| item.bytes.to_vec()).collect();
        let mut back: Vec<Vec<u8>> = pack.iter().rev().map(|item| item.bytes.to_vec()).collect();
        back.reverse();
        assert_eq!(forward, back);
        assert_eq!(forward.len(), pack.len());
        forward
    }

    proptest! {
        #[test]
        fn it_is_a_vector(
            ops in proptest::collection::vec((0..5u8, any::<usize>(), 0..400usize), 0..60),
        ) {
            let (mut pack, mut model) = (Pack::default(), Vec::<Vec<u8>>::new());
            for (op, at, len) in ops {
                let item = vec![b'x'; len];
                let at = if model.is_empty() { 0 } else { at % model.len() };
                let there = pack.iter().nth(at).map(|item| (item.from, item.to));
                match (op, there) {
                    (0, _) => {
                        pack.push(&item);
                        model.push(item);
                    }
                    (1 | 2, Some((from, _))) => {
                        prop_assert_eq!(pack.place(at), from);
                        pack.insert(from, &item);
                        model.insert(at, item);
                    }
                    (3, Some((from, to))) => {
                        pack.replace(from, to, &item);
                        model[at] = item;
                    }
                    (4, Some((from, to))) => {
                        pack.remove(from, to, 1);
                        model.remove(at);
                    }
                    _ => {}
                }
                prop_assert_eq!(content(&pack), model.clone());
            }
            let half = model.len() / 2;
            let tail = pack.split_off(half);
            prop_assert_eq!(content(&pack), &model[..half]);
            prop_assert_eq!(content(&tail), &model[half..]);
        }
    }
}
