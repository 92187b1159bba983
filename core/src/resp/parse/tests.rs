//! The parser against known requests, against a naive one, and against garbage.

use alloc::{format, string::String, vec, vec::Vec};

use proptest::prelude::*;

use super::*;

type Words = Vec<Vec<u8>>;

/// Feeds `bytes` in pieces that end at `cuts` (and at the end); collects what was not empty.
fn run(bytes: &[u8], cuts: &[usize]) -> Result<Vec<Words>, ProtocolError> {
    let mut parser = Parser::default();
    let (mut got, mut start) = (Vec::new(), 0);
    for upto in cuts.iter().copied().chain([bytes.len()]) {
        loop {
            let buf = &bytes[start..upto.max(start)];
            let Some(parsed) = parser.next(buf)? else { break };
            assert!(parsed.consumed > 0 && parsed.consumed <= buf.len());
            assert_eq!(parsed.len(), parsed.args().len());
            if !parsed.is_empty() {
                got.push(parsed.args().iter().map(|word| word.to_vec()).collect());
            }
            start += parsed.consumed;
        }
    }
    Ok(got)
}

fn error_of(bytes: &[u8]) -> String {
    let error = run(bytes, &[]).unwrap_err();
    let mut reply = ReplyBuf::new();
    error.write_reply(&mut reply);
    String::from_utf8_lossy(&reply.take()).into_owned()
}

fn words(line: &[&str]) -> Words {
    line.iter().map(|word| word.as_bytes().to_vec()).collect()
}

/// Each text was read off a real server (7.0.15).
#[test]
fn errors_read_like_those_of_redis() {
    for (bytes, text) in [
        (&b"*2147483648\r\n"[..], "invalid multibulk length"),
        (b"*abc\r\n", "invalid multibulk length"),
        (b"*01\r\n", "invalid multibulk length"),
        (b"*+1\r\n", "invalid multibulk length"),
        (b"*\r\n", "invalid multibulk length"),
        (b"*1\r\n$-1\r\n", "invalid bulk length"),
        (b"*1\r\n$536870913\r\n", "invalid bulk length"),
        (b"*1\r\n$\r\n", "invalid bulk length"),
        (b"*1\r\n:5\r\n", "expected '$', got ':'"),
        (b"*1\r\nxPING\r\n", "expected '$', got 'x'"),
        (b"*1\r\n\r\n", "expected '$', got ' '"),
        (b"PING \"a\r\n", "unbalanced quotes in request"),
        (b"PING \"a\"b\r\n", "unbalanced quotes in request"),
        (b"PING 'a\r\n", "unbalanced quotes in request"),
        (&[b'A'; 70_000], "too big inline request"),
        (&[b'*'; 70_000], "too big mbulk count string"),
    ] {
        assert_eq!(error_of(bytes), format!("-ERR Protocol error: {text}\r\n"));
    }
    let long = [&b"*1\r\n$"[..], &[b'1'; 70_000]].concat();
    assert_eq!(error_of(&long), "-ERR Protocol error: too big bulk count string\r\n");
}

#[test]
fn requests_as_redis_reads_them() {
    for (bytes, want) in [
        (&b"*-1\r\n*0\r\nPING\r\n"[..], vec![words(&["PING"])]),
        (b"\r\n\n \r\nPING\n", vec![words(&["PING"])]),
        (b"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPONG\r\n", vec![words(&["PING"]), words(&["PONG"])]),
        (b"*1\rx$4\r\nPING\r\n", vec![words(&["PING"])]),
        (b"*2\r\n$0\r\n\r\n$2\r\n\r\n\r\n", vec![words(&["", "\r\n"])]),
        (b"PING 'a\\'b'\r\n", vec![words(&["PING", "a'b"])]),
        (b"PING \"\\x41\\n\\q\\x4\"\r\n", vec![words(&["PING", "A\nqx4"])]),
        (b"PING a\"b\"\r\n", vec![words(&["PING", "ab"])]),
        (b"PING \"\"\r\n", vec![words(&["PING", ""])]),
        (b"PING\tx\r\n", vec![words(&["PING", "x"])]),
        (b"PING \x0bx\x0by\r\n", vec![words(&["PING", "x\x0by"])]),
        (b"*1\r\n$4\r\nPIN", vec![]),
    ] {
        assert_eq!(run(bytes, &[]), Ok(want), "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn strangers_get_ten_short_words() {
    let mut parser = Parser::default();
    parser.set_stranger(true);
    assert_eq!(parser.clone().next(b"*11\r\n").unwrap_err(), ProtocolError::StrangerCount);
    let bulk = b"*10\r\n$16385\r\n";
    assert_eq!(parser.clone().next(bulk).unwrap_err(), ProtocolError::StrangerBulk);
    assert!(parser.next(b"*10\r\n$16384\r\n").unwrap().is_none());
}

#[test]
fn the_caller_learns_how_much_to_reserve() {
    let mut parser = Parser::default();
    let front = b"*2\r\n$3\r\nSET\r\n$1000000\r\n";
    assert!(parser.next(front).unwrap().is_none());
    assert_eq!(parser.needs(), front.len() + 1_000_002);
    let mut whole = front.to_vec();
    whole.resize(parser.needs(), b'v');
    let parsed = parser.next(&whole).unwrap().unwrap();
    assert_eq!((parsed.args()[0], parsed.args()[1].len()), (&b"SET"[..], 1_000_000));
}

/// Requests as the naive parser reads them: whole, from the start, every time.
fn naive(bytes: &[u8]) -> Vec<Words> {
    let mut rest = bytes;
    let mut all = Vec::new();
    let line = |rest: &mut &[u8]| {
        let end = rest.windows(2).position(|two| two == b"\r\n").unwrap();
        let line = String::from_utf8(rest[1..end].to_vec()).unwrap();
        *rest = &rest[end + 2..];
        line.parse::<usize>().unwrap()
    };
    while !rest.is_empty() {
        let count = line(&mut rest);
        let mut request = Vec::new();
        for _ in 0..count {
            let len = line(&mut rest);
            request.push(rest[..len].to_vec());
            rest = &rest[len + 2..];
        }
        all.push(request);
    }
    all
}

fn wire(requests: &[Words]) -> Vec<u8> {
    let mut buf = ReplyBuf::new();
    for request in requests {
        buf.array(request.len());
        request.iter().for_each(|word| buf.bulk(word));
    }
    buf.take()
}

fn any_requests() -> impl Strategy<Value = Vec<Words>> {
    let word = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..12),
        proptest::collection::vec(Just(b'\r'), 0..3),
        Just(vec![b'v'; 300]),
    ];
    proptest::collection::vec(proptest::collection::vec(word, 1..6), 1..5)
}

proptest! {
    #[test]
    fn every_split_gives_the_same_requests(requests in any_requests()) {
        let bytes = wire(&requests);
        prop_assert_eq!(&naive(&bytes), &requests);
        for cut in 0..=bytes.len() {
            prop_assert_eq!(run(&bytes, &[cut]), Ok(requests.clone()));
        }
        let each: Vec<usize> = (0..bytes.len()).collect();
        prop_assert_eq!(run(&bytes, &each), Ok(requests));
    }

    #[test]
    fn garbage_is_refused_or_waited_for(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..200) {
        let cut = cut.min(bytes.len());
        // However it is cut, the verdict is the same.
        prop_assert_eq!(run(&bytes, &[cut]), run(&bytes, &[]));
    }

    #[test]
    fn near_misses_are_refused_or_waited_for(
        requests in any_requests(),
        at: prop::sample::Index,
        byte: u8,
        cut: prop::sample::Index,
    ) {
        let mut bytes = wire(&requests);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        prop_assert_eq!(run(&bytes, &[cut.index(bytes.len())]), run(&bytes, &[]));
    }

    #[test]
    fn lines_of_quotes_never_panic(line in "[ -~]{0,40}") {
        let _either = run(format!("{line}\n").as_bytes(), &[]);
    }
}
