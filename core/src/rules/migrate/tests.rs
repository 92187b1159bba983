//! MIGRATE against a hand that plays the other server: what is sent, who waits, what is answered.

use alloc::{string::String, vec::Vec};
use core::net::{IpAddr, Ipv4Addr};

use crate::{
    Node,
    command::Outcome,
    config::Config,
    id::{ClientId, LinkId},
    io::{DownReason, Effect, Input, Outbox, Purpose},
    resp::ReplyBuf,
    rng::Seed,
    time::{Instant, Now, UnixMillis},
};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Who migrates, and who writes meanwhile.
const MOVER: ClientId = ClientId(1);
const WRITER: ClientId = ClientId(2);

struct Bench {
    node: Node,
    out: Outbox,
    ms: u64,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self {
            node: Node::new(Config::default(), Seed::from_u64(1), at(0), &mut Outbox::new()),
            out: Outbox::new(),
            ms: 0,
        };
        for client in [MOVER, WRITER] {
            bench.input(Input::ClientUp { client, remote: None, local: None });
        }
        bench
    }

    /// Runs a command; its outcome, and its answer if there is one.
    fn say(&mut self, client: ClientId, line: &str) -> (Outcome, String) {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let words: Vec<&[u8]> =
            words.into_iter().map(|word| if word == b"''" { &[][..] } else { word }).collect();
        let mut reply = ReplyBuf::new();
        let outcome = self.node.execute(at(self.ms), client, &words, &mut reply, &mut self.out);
        self.node.settle(at(self.ms), &mut self.out);
        (outcome, String::from_utf8(reply.take()).unwrap())
    }

    fn input(&mut self, input: Input<'_>) {
        self.node.handle(at(self.ms), input, &mut self.out);
        assert_eq!(self.node.check(), Ok(()));
    }

    fn pass(&mut self, ms: u64) {
        self.ms += ms;
        while self.node.next_wake() <= Instant::from_millis(self.ms) {
            self.input(Input::Wake);
        }
    }

    /// What was asked of the driver since the last time, but for log lines.
    fn effects(&mut self) -> Vec<Effect> {
        self.out.drain().filter(|effect| !matches!(effect, Effect::Log { .. })).collect()
    }

    /// The link that was dialled since the last time.
    fn dialled(&mut self) -> LinkId {
        match self.effects().as_slice() {
            [Effect::Dial { link, purpose: Purpose::Migration, to }] => {
                assert_eq!(to.port, 7001);
                *link
            }
            other => panic!("no link is dialled: {other:?}"),
        }
    }

    /// What was sent since the last time, the payloads of RESTORE left out.
    fn sent(&mut self) -> String {
        let bytes = match self.effects().as_slice() {
            [Effect::Stream { bytes, .. }] => bytes.clone(),
            other => panic!("nothing is sent: {other:?}"),
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let words = text.split("\r\n").filter(|word| !word.starts_with(['*', '$']));
        words
            .filter(|word| word.chars().all(|c| c.is_ascii_graphic()) && !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The answer that `client` got by an effect, and who may try again.
    fn answered(&mut self) -> (String, Vec<ClientId>) {
        let (mut answer, mut resumed) = (String::new(), Vec::new());
        for effect in self.effects() {
            match effect {
                Effect::Reply { client: MOVER, bytes } => {
                    answer.push_str(core::str::from_utf8(&bytes).unwrap().trim_end());
                }
                Effect::Resume { client } => resumed.push(client),
                Effect::Hangup { .. } => {}
                other => panic!("unexpected: {other:?}"),
            }
        }
        (answer, resumed)
    }
}

fn at(ms: u64) -> Now {
    Now { mono: Instant::from_millis(ms), wall: UnixMillis(1_700_000_000_000 + ms) }
}

#[test]
fn writes_to_keys_on_their_way_wait_and_all_else_goes_on() {
    let mut bench = Bench::new();
    for key in ["a", "b", "c"] {
        bench.say(WRITER, &alloc::format!("SET {key} 1"));
    }
    assert_eq!(
        bench.say(MOVER, "MIGRATE 127.0.0.1 7001 '' 0 500 KEYS a b nosuch").0,
        Outcome::Blocked
    );
    let link = bench.dialled();
    assert_eq!(bench.say(WRITER, "GET a").1, "$1\r\n1\r\n");
    assert_eq!(bench.say(WRITER, "INCR c").1, ":2\r\n");
    bench.input(Input::LinkUp { link, local: HERE });
    assert_eq!(bench.sent(), "SELECT 0 RESTORE a 0 RESTORE b 0");
    assert_eq!(bench.say(WRITER, "INCR a").0, Outcome::Postponed);
    // In pieces, as a socket may give them.
    for piece in [&b"+OK\r"[..], b"\n+O", b"K\r\n+OK\r\n"] {
        assert!(bench.effects().is_empty());
        bench.input(Input::Stream { link, bytes: piece });
    }
    assert_eq!(bench.answered(), ("+OK".into(), alloc::vec![WRITER]));
    // It is gone, so it begins anew.
    assert_eq!(bench.say(WRITER, "INCR a").1, ":1\r\n");
    assert_eq!(bench.say(WRITER, "DBSIZE").1, ":2\r\n");
}

#[test]
fn a_link_is_kept_and_a_stale_one_is_dialled_again_once() {
    let mut bench = Bench::new();
    for key in ["a", "b", "c"] {
        bench.say(WRITER, &alloc::format!("SET {key} 1"));
    }
    bench.say(MOVER, "MIGRATE 127.0.0.1 7001 a 0 500");
    let link = bench.dialled();
    bench.input(Input::LinkUp { link, local: HERE });
    assert_eq!(bench.sent(), "SELECT 0 RESTORE a 0");
    bench.input(Input::Stream { link, bytes: b"+OK\r\n+OK\r\n" });
    assert_eq!(bench.answered().0, "+OK");

    bench.say(MOVER, "MIGRATE 127.0.0.1 7001 b 0 500 COPY REPLACE");
    assert_eq!(bench.sent(), "RESTORE b 0 REPLACE");
    bench.input(Input::LinkDown { link, why: DownReason::Closed });
    let link = bench.dialled();
    bench.input(Input::LinkUp { link, local: HERE });
    assert_eq!(bench.sent(), "SELECT 0 RESTORE b 0 REPLACE");
    // The second time it counts.
    bench.input(Input::LinkDown { link, why: DownReason::Reset });
    let lost = "-IOERR error or timeout reading to target instance";
    assert_eq!(bench.answered().0, lost);
    assert_eq!(bench.say(WRITER, "EXISTS a b c").1, ":2\r\n");

    // After ten seconds without a task nobody keeps it.
    bench.say(MOVER, "MIGRATE 127.0.0.1 7001 b 0 500");
    let link = bench.dialled();
    bench.input(Input::LinkUp { link, local: HERE });
    bench.sent();
    bench.input(Input::Stream { link, bytes: b"+OK\r\n+OK\r\n" });
    bench.answered();
    bench.pass(9_000);
    assert!(bench.effects().is_empty());
    bench.pass(1_500);
    assert!(matches!(bench.effects().as_slice(), [Effect::Hangup { .. }]));
    bench.say(MOVER, "MIGRATE 127.0.0.1 7001 c 0 500");
    bench.dialled();
}

#[test]
fn a_host_may_be_named() {
    let mut bench = Bench::new();
    bench.say(WRITER, "MSET a 1 b 1");
    bench.say(MOVER, "MIGRATE localhost 7001 a 0 500");
    bench.dialled();
    bench.say(MOVER, "MIGRATE there.example 7001 b 0 500");
    let link = match bench.effects().as_slice() {
        [Effect::DialHost { link, host, port: 7001, purpose: Purpose::Migration }]
            if &**host == "there.example" =>
        {
            *link
        }
        other => panic!("nobody is looked up: {other:?}"),
    };
    bench.input(Input::LinkDown { link, why: DownReason::Unreachable });
    assert_eq!(bench.answered().0, "-IOERR error or timeout connecting to the client");
}

#[test]
fn silence_has_a_limit_and_the_keys_stay() {
    let mut bench = Bench::new();
    bench.say(WRITER, "SET a 1");
    bench.say(MOVER, "MIGRATE 127.0.0.1 7001 a 0 300");
    bench.dialled();
    bench.pass(301);
    assert_eq!(bench.answered().0, "-IOERR error or timeout connecting to the client");
    bench.say(MOVER, "MIGRATE 127.0.0.1 7001 a 0 300");
    let link = bench.dialled();
    bench.input(Input::LinkUp { link, local: HERE });
    bench.sent();
    bench.say(WRITER, "DEL a");
    bench.pass(301);
    let lost = "-IOERR error or timeout reading to target instance";
    assert_eq!(bench.answered(), (lost.into(), alloc::vec![WRITER]));
    assert_eq!(bench.say(WRITER, "DEL a").1, ":1\r\n");
}

#[test]
fn who_is_not_let_in_keeps_the_keys() {
    let mut bench = Bench::new();
    for key in ["a", "b"] {
        bench.say(WRITER, &alloc::format!("SET {key} 1"));
    }
    bench.say(MOVER, "MIGRATE 127.0.0.1 7001 '' 3 500 AUTH2 me pw KEYS a b");
    let link = bench.dialled();
    bench.input(Input::LinkUp { link, local: HERE });
    assert_eq!(bench.sent(), "AUTH me pw SELECT 3 RESTORE a 0 RESTORE b 0");
    // Whoever answers a refused SELECT with restored keys has put them somewhere else.
    bench.input(Input::Stream { link, bytes: b"+OK\r\n-ERR DB index\r\n+OK\r\n+OK\r\n" });
    assert_eq!(bench.answered().0, "-ERR Target instance replied with error: ERR DB index");
    assert_eq!(bench.say(WRITER, "EXISTS a b").1, ":2\r\n");
    // Next time everything is said again.
    bench.say(MOVER, "MIGRATE 127.0.0.1 7001 a 0 500 AUTH pw");
    let link = bench.dialled();
    bench.input(Input::LinkUp { link, local: HERE });
    assert_eq!(bench.sent(), "AUTH pw SELECT 0 RESTORE a 0");
}

#[test]
fn what_has_arrived_goes_even_if_the_rest_is_refused() {
    let mut bench = Bench::new();
    for key in ["a", "b", "c"] {
        bench.say(WRITER, &alloc::format!("SET {key} 1"));
    }
    bench.say(MOVER, "MIGRATE 127.0.0.1 7001 '' 0 500 KEYS a b c");
    let link = bench.dialled();
    bench.input(Input::LinkUp { link, local: HERE });
    bench.sent();
    bench.input(Input::Stream { link, bytes: b"+OK\r\n+OK\r\n-BUSYKEY Target\r\n" });
    assert!(bench.effects().is_empty());
    bench.input(Input::LinkDown { link, why: DownReason::Reset });
    let refused = "-ERR Target instance replied with error: BUSYKEY Target";
    assert_eq!(bench.answered().0, refused);
    assert_eq!(bench.say(WRITER, "EXISTS a").1, ":0\r\n");
    assert_eq!(bench.say(WRITER, "EXISTS b c").1, ":2\r\n");
}

#[test]
fn a_peer_that_talks_without_being_asked_is_left() {
    let mut bench = Bench::new();
    bench.say(WRITER, "SET a 1");
    bench.say(MOVER, "MIGRATE 127.0.0.1 7001 a 0 500");
    let link = bench.dialled();
    bench.input(Input::LinkUp { link, local: HERE });
    bench.sent();
    bench.input(Input::Stream { link, bytes: b"+OK\r\n+OK\r\n+OK\r\n" });
    let effects = bench.effects();
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Hangup { .. })), "{effects:?}");
    bench.say(WRITER, "SET a 1");
    bench.say(MOVER, "MIGRATE 127.0.0.1 7001 a 0 500");
    let link = bench.dialled();
    bench.input(Input::LinkUp { link, local: HERE });
    bench.sent();
    for _ in 0..20 {
        bench.input(Input::Stream { link, bytes: &[b'x'; 65_536] });
    }
    let effects = bench.effects();
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Hangup { .. })), "{effects:?}");
    assert_eq!(bench.say(WRITER, "EXISTS a").1, ":1\r\n");
}
