//! Words on the replication link: encoding commands, and cutting them out of a stream.
//!
//! The cutter is for the stream of a master, which consists of arrays of bulk strings
//! (and bare newlines, which the caller skips); clients are parsed by [`crate::resp`].

use core::ops::Range;

use alloc::vec::Vec;

/// Appends a command as an array of bulk strings.
pub(crate) fn encode(words: &[&[u8]], to: &mut Vec<u8>) {
    head(b'*', words.len(), to);
    for word in words {
        bulk(word, to);
    }
}

/// One encoded command.
pub(crate) fn encoded(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(words, &mut bytes);
    bytes
}

/// Appends a bulk string.
pub(crate) fn bulk(word: &[u8], to: &mut Vec<u8>) {
    head(b'$', word.len(), to);
    to.extend_from_slice(word);
    to.extend_from_slice(b"\r\n");
}

/// Appends `<mark><n>\r\n`.
pub(crate) fn head(mark: u8, n: usize, to: &mut Vec<u8>) {
    to.push(mark);
    to.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
    to.extend_from_slice(b"\r\n");
}

/// What stands at the start of some received bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Not all of it yet.
    Partial,
    /// A command: where its words are, and its whole length.
    Command(Vec<Range<usize>>, usize),
    /// Not a command.
    Garbage,
}

/// Cuts the first command out of `bytes`.
pub(crate) fn cut(bytes: &[u8]) -> Cut {
    let (count, mut at) = match number(bytes, 0, b'*') {
        Number::Is(count, at) if (1..=WORDS_MAX).contains(&count) => (count, at),
        Number::Partial => return Cut::Partial,
        Number::Is(..) | Number::Garbage => return Cut::Garbage,
    };
    let mut words = Vec::new();
    for _ in 0..count {
        let (len, start) = match number(bytes, at, b'$') {
            Number::Is(len, start) => (len, start),
            Number::Partial => return Cut::Partial,
            Number::Garbage => return Cut::Garbage,
        };
        // No overflow: a number has at most ten digits, and positions are below the length.
        let Some(end) = start.checked_add(len) else { return Cut::Garbage };
        match bytes.get(end..end.saturating_add(2)) {
            Some(b"\r\n") => {}
            Some(_) => return Cut::Garbage,
            None => return Cut::Partial,
        }
        words.push(start..end);
        at = end + 2;
    }
    Cut::Command(words, at)
}

enum Number {
    Is(usize, usize),
    Partial,
    Garbage,
}

/// Reads `<mark><digits>\r\n` at `at`.
fn number(bytes: &[u8], at: usize, mark: u8) -> Number {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some((first, digits)) = rest.split_first() else { return Number::Partial };
    if *first != mark {
        return Number::Garbage;
    }
    let len = digits.iter().take(DIGITS_MAX + 1).take_while(|b| b.is_ascii_digit()).count();
    if len > DIGITS_MAX {
        return Number::Garbage;
    }
    match digits.get(len..) {
        None | Some([] | [b'\r']) => return Number::Partial,
        Some([b'\r', b'\n', ..]) if len > 0 => {}
        Some(_) => return Number::Garbage,
    }
    let text = core::str::from_utf8(&digits[..len]).ok();
    match text.and_then(|text| text.parse().ok()) {
        Some(n) => Number::Is(n, at + 1 + len + 2),
        None => Number::Garbage,
    }
}

/// As many words as Redis takes in one request.
const WORDS_MAX: usize = 1024 * 1024;
/// Enough for any length below 10 GB.
const DIGITS_MAX: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_cut_at_every_split() {
        let words: [&[u8]; 3] = [b"SET", b"", b"a\r\nb"];
        let whole = encoded(&words);
        assert_eq!(whole, b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n");
        for n in 0..whole.len() {
            assert_eq!(cut(&whole[..n]), Cut::Partial, "{n}");
        }
        let Cut::Command(found, len) = cut(&whole) else { panic!("not a command") };
        assert_eq!(len, whole.len());
        let found: Vec<&[u8]> = found.into_iter().map(|range| &whole[range]).collect();
        assert_eq!(found, words);
    }

    #[test]
    fn hostile_bytes_are_garbage_at_once() {
        for bytes in [
            &b"PING\r\n"[..],
            b"*0\r\n",
            b"*-1\r\n",
            b"*99999999999",
            b"*2000000\r\n",
            b"*1\r\n:4\r\n",
            b"*1\r\n$99999999999\r\n",
            b"*1\r\n$1\r\nab\r\n",
            b"*\r\n",
            b"*1x",
        ] {
            assert_eq!(
                cut(bytes),
                Cut::Garbage,
                "{:?}",
                alloc::string::String::from_utf8_lossy(bytes)
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn total(bytes in proptest::collection::vec(proptest::prop_oneof![
            proptest::sample::select(&b"*$\r\n0123456789"[..]), proptest::num::u8::ANY], 0..80)) {
            if let Cut::Command(words, len) = cut(&bytes) {
                proptest::prop_assert!(len <= bytes.len());
                proptest::prop_assert!(words.iter().all(|word| word.end + 2 <= len));
            }
        }
    }
}
