//! The link to the master, split everywhere; and which resyncs are granted.

use super::*;
use crate::{endpoint::Target, rng::Seed};

const LIMIT: usize = 1 << 20;

fn id(c: u8) -> ReplId {
    ReplId::from_bytes(&[c; 40]).unwrap()
}

fn upstream(phase: Phase) -> Upstream {
    let mut up = Upstream::new(Target::new("localhost", 7000), Instant::ZERO);
    up.phase = phase;
    up
}

/// Reads everything that `pieces` mean, changing phases as the node would.
fn hear<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Heard> {
    let mut up = upstream(Phase::Ping);
    let (mut all, mut snapshot) = (Vec::new(), Vec::new());
    for piece in pieces {
        up.receive(piece, Instant::ZERO);
        loop {
            let heard = up.next(LIMIT);
            match &heard {
                Heard::Nothing => break,
                Heard::Pong(_) => up.phase = Phase::Introducing { auth: true, replies: 2 },
                Heard::Introduced(_) if up.phase == DONE => up.phase = Phase::Asking,
                Heard::FullResync(id, offset) => {
                    up.phase = Phase::Receiving(Transfer {
                        history: Some((*id, *offset)),
                        form: None,
                        received: 0,
                    });
                }
                Heard::Piece(bytes, last) => {
                    // Told as one piece, so that where it was cut does not matter.
                    snapshot.extend_from_slice(bytes);
                    if *last {
                        up.phase = Phase::Streaming;
                        all.push(Heard::Piece(core::mem::take(&mut snapshot), true));
                    }
                    continue;
                }
                Heard::Continue(_) => up.phase = Phase::Streaming,
                Heard::Broken(_) => {
                    all.push(heard);
                    return all;
                }
                _ => {}
            }
            all.push(heard);
        }
    }
    all
}

const DONE: Phase = Phase::Introducing { auth: false, replies: 0 };

fn words(words: &[&str]) -> Heard {
    Heard::Command(words.iter().map(|word| word.as_bytes().to_vec()).collect())
}

#[test]
fn a_full_resync_is_the_same_however_it_is_cut() {
    let mut bytes = b"+PONG\r\n+OK\r\n-ERR no such option\r\n+OK\r\n\n\n".to_vec();
    bytes.extend(alloc::format!("+FULLRESYNC {} 17\r\n\n$6\r\nRDB\r\n!", id(b'a')).into_bytes());
    bytes.extend(wire::encoded(&[b"SELECT", b"0"]));
    bytes.extend(b"\n");
    bytes.extend(wire::encoded(&[b"set", b"k", b"v"]));
    let expected = [
        Heard::Pong(Ok(())),
        Heard::Auth(Ok(())),
        Heard::Introduced(Err("-ERR no such option".into())),
        Heard::Introduced(Ok(())),
        Heard::FullResync(id(b'a'), 17),
        Heard::Snapshot(Form::Sized(6)),
        Heard::Piece(b"RDB\r\n!".to_vec(), true),
        words(&["SELECT", "0"]),
        words(&["set", "k", "v"]),
    ];
    assert_eq!(hear([&bytes[..]].into_iter()), expected);
    assert_eq!(hear(bytes.chunks(1)), expected);
    for at in 1..bytes.len() {
        let (a, b) = bytes.split_at(at);
        assert_eq!(hear([a, b].into_iter()), expected, "split at {at}");
    }
}

#[test]
fn a_marked_snapshot_ends_at_its_mark() {
    let mark = "0123456789abcdef0123456789abcdef01234567";
    let mut head = b"+PONG\r\n+OK\r\n+OK\r\n+OK\r\n".to_vec();
    head.extend(alloc::format!("+FULLRESYNC {} 0\r\n$EOF:{mark}\r\n", id(b'a')).into_bytes());
    let mut body = b"RDB 0123456789".to_vec();
    body.extend(mark.as_bytes());
    // The master is silent after the mark until it gets an ACK, so the stream is a later piece.
    let stream = wire::encoded(&[b"PING"]);
    for at in 0..body.len() {
        let (a, b) = body.split_at(at);
        let heard = hear([&head[..], a, b, &stream].into_iter());
        assert_eq!(heard[6], Heard::Piece(b"RDB 0123456789".to_vec(), true), "split at {at}");
        assert_eq!(heard[7], words(&["PING"]));
    }
}

#[test]
fn absurd_answers_break_the_link_in_a_sentence() {
    let after_hello = |answer: &str| {
        let text = alloc::format!("+PONG\r\n+OK\r\n+OK\r\n+OK\r\n{answer}");
        hear([text.as_bytes()].into_iter()).pop().unwrap()
    };
    let full = alloc::format!("+FULLRESYNC {} 0\r\n", id(b'a'));
    let broken = |answer: &str| match after_hello(answer) {
        Heard::Broken(why) => why,
        heard => panic!("{answer}: {heard:?}"),
    };
    assert!(broken(&alloc::format!("{full}$99999999999999\r\n")).contains("longer than"));
    assert!(broken(&alloc::format!("{full}$-1\r\n")).contains("not a number"));
    assert!(broken(&alloc::format!("{full}+hm\r\n")).starts_with("Bad protocol from MASTER"));
    assert!(broken(&alloc::format!("{full}$EOF:short\r\n")).contains("not 40"));
    assert!(broken(&alloc::format!("{full}-ERR no\r\n")).contains("aborted replication"));
    assert!(broken("+FULLRESYNC x 0\r\n").contains("FULLRESYNC"));
    for offset in ["-1", "18446744073709551615", "9223372036854775808", "1e3"] {
        let line = alloc::format!("+FULLRESYNC {} {offset}\r\n", id(b'a'));
        assert!(broken(&line).contains("FULLRESYNC"), "{offset}");
    }
    assert!(broken(&"x".repeat(70_000)).contains("without an end"));
    assert!(broken("+CONTINUE\r\nGET / HTTP/1.1\r\n").contains("no command"));
    assert!(broken("+CONTINUE\r\n*0\r\n").contains("no command"));
    let long = alloc::format!("+CONTINUE\r\n*1\r\n$4000000\r\n{}", "x".repeat(LIMIT));
    assert!(broken(&long).contains("too long"));
    let later = Heard::Later("-NOMASTERLINK x".into());
    assert_eq!(after_hello("-NOMASTERLINK x\r\n"), later);
    let unsupported = Heard::Unsupported("-ERR unknown command".into());
    assert_eq!(after_hello("-ERR unknown command\r\n"), unsupported);
}

proptest::proptest! {
    #[test]
    fn reading_is_total(bytes in proptest::collection::vec(proptest::prop_oneof![
        proptest::sample::select(&b"+-$*\r\n0123456789EOF:CONTINUE "[..]), 0_u8..], 0..200),
        start in 0_usize..6) {
        let mut up = upstream(match start {
            0 => Phase::Ping,
            1 => Phase::Introducing { auth: true, replies: 2 },
            2 => Phase::Asking,
            3 => Phase::Receiving(Transfer { history: None, form: None, received: 0 }),
            4 => Phase::Receiving(Transfer {
                history: None,
                form: Some(Form::Marked([b'+'; 40])),
                received: 0,
            }),
            _ => Phase::Streaming,
        });
        for piece in bytes.chunks(7) {
            up.receive(piece, Instant::ZERO);
            for _ in 0..bytes.len() {
                match up.next(100) {
                    Heard::Nothing | Heard::Broken(_) => break,
                    Heard::Command(_) => up.set_applied(),
                    _ => {}
                }
            }
            up.compact();
        }
    }
}

#[test]
fn resyncs_are_granted_by_history_and_backlog() {
    let mut repl = Repl::new(&mut Rng::new(Seed::from_u64(1)));
    let ask = |repl: &Repl, id, offset| repl.judge_resync(Some(id), offset);
    assert_eq!(repl.judge_resync(None, 5), Resync::FullAsked);
    // Without a backlog nothing is granted, not even to its own id.
    let outside = Resync::FullOutsideBacklog { asked: 1, first: 0, len: 0 };
    assert_eq!(ask(&repl, repl.id, 1), outside);

    repl.offset = 100;
    repl.restart_backlog(&Config::default());
    repl.produce(&[0; 50]);
    assert_eq!(repl.offset, 150);
    assert_eq!(ask(&repl, repl.id, 101), Resync::Partial { from: 101, bytes: 50 });
    assert_eq!(ask(&repl, repl.id, 151), Resync::Partial { from: 151, bytes: 0 });
    for asked in [0, 1, 100, 152, u64::MAX] {
        let outside = Resync::FullOutsideBacklog { asked, first: 101, len: 50 };
        assert_eq!(ask(&repl, repl.id, asked), outside);
    }
    // A blank replica asks in its own name; 40 zeros stand for no history at all.
    assert_eq!(ask(&repl, id(b'b'), 1), Resync::FullOtherHistory);
    assert_eq!(ask(&repl, ReplId::NONE, 101), Resync::FullOtherHistory);

    // After a promotion the old history is good up to the byte after the switch.
    let old = repl.id;
    repl.shift(id(b'c'));
    repl.produce(&[0; 10]);
    assert_eq!(repl.before, Some((old, 151)));
    assert_eq!(ask(&repl, old, 151), Resync::Partial { from: 151, bytes: 10 });
    assert_eq!(ask(&repl, old, 152), Resync::FullOtherHistory);
    assert_eq!(ask(&repl, id(b'c'), 152), Resync::Partial { from: 152, bytes: 9 });
}

#[test]
fn links_of_replication_have_numbers_of_their_own() {
    let mut repl = Repl::default();
    let (a, b) = (repl.fresh_link(), repl.fresh_link());
    assert_ne!(a, b);
    assert!(!a.is_accepted() && a > LinkId(1 << 61));
}
