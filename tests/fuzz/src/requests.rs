//! What a client sends: requests, and what a node makes of them.

use slotscope_core::{
    Node,
    command::Outcome,
    config::Config,
    id::ClientId,
    io::{Input, Outbox},
    resp::{Limits, Parser, ReplyBuf, Value},
    rng::Seed,
    time::{Instant, Now, UnixMillis},
};

/// Requests of one connection; more tell nothing new.
const REQUESTS_MAX: usize = 200;

/// The requests in `bytes`, as owned words, and whether they ended in an error. The parser gets
/// them in two parts, the first of `first` bytes.
fn requests(bytes: &[u8], first: usize) -> (Vec<Vec<Vec<u8>>>, bool) {
    let mut parser = Parser::new(Limits::DEFAULT);
    let (mut found, mut at) = (Vec::new(), 0);
    for end in [first.min(bytes.len()), bytes.len()] {
        while found.len() < REQUESTS_MAX {
            match parser.next(&bytes[at..end]) {
                Ok(Some(request)) => {
                    assert!(request.consumed > 0, "a request of nothing would never end");
                    found.push(request.args().iter().map(|word| word.to_vec()).collect());
                    at += request.consumed;
                }
                Ok(None) => break,
                Err(error) => {
                    let mut reply = ReplyBuf::default();
                    error.write_reply(&mut reply);
                    assert!(reply.as_bytes().starts_with(b"-ERR "), "an error is said as one");
                    return (found, true);
                }
            }
        }
    }
    (found, false)
}

/// Where a request is cut makes no difference; a reply is read or refused.
pub fn resp(bytes: &[u8]) {
    let Some((&cut, bytes)) = bytes.split_first() else { return };
    let whole = requests(bytes, bytes.len());
    let parts = requests(bytes, usize::from(cut));
    assert_eq!(whole, parts, "cut after {cut} bytes");
    if let Ok(Some((value, consumed))) = Value::decode(bytes) {
        assert!(0 < consumed && consumed <= bytes.len());
        drop(value);
    }
}

/// A node that is not in a cluster, or is in one of which it owns everything.
fn node(is_clustered: bool, out: &mut Outbox) -> Node {
    let config = Config { cluster_enabled: is_clustered, ..Config::default() };
    let mut node = Node::new(config, Seed::from_u64(2), now(0), out);
    node.handle(now(0), Input::Wake, out);
    node
}

/// `ms` after the beginning.
pub fn now(ms: u64) -> Now {
    Now { mono: Instant::from_millis(10_000 + ms), wall: UnixMillis(1_700_000_000_000 + ms) }
}

/// Whatever a client asks for: an answer, never an end. Two clients, so that what one leaves
/// behind (a watch, a pause, a subscription) meets the other.
pub fn commands(bytes: &[u8]) {
    let Some((&kind, bytes)) = bytes.split_first() else { return };
    let mut out = Outbox::new();
    let mut node = node(kind & 1 == 1, &mut out);
    for client in [ClientId(1), ClientId(2)] {
        node.handle(now(1), Input::ClientUp { client, remote: None, local: None }, &mut out);
    }
    let (requests, _) = requests(bytes, bytes.len());
    if kind & 1 == 1 {
        run(
            &mut node,
            1,
            &[b"CLUSTER".to_vec(), b"ADDSLOTSRANGE".to_vec(), b"0".to_vec(), b"16383".to_vec()],
            2,
            &mut out,
        );
        node.handle(now(5000), Input::Wake, &mut out);
    }
    for (step, words) in (0_u64..).zip(&requests) {
        let at = 6000 + step * u64::from(kind >> 4);
        run(&mut node, 1 + (step & u64::from(kind >> 1 & 1)), words, at, &mut out);
        if let Err(broken) = node.check() {
            panic!("after {words:?}: {broken}");
        }
    }
    node.handle(now(3_600_000), Input::Wake, &mut out);
}

fn run(node: &mut Node, client: u64, words: &[Vec<u8>], at: u64, out: &mut Outbox) {
    if words.is_empty() {
        return;
    }
    let args: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    let mut reply = ReplyBuf::default();
    let outcome = node.execute(now(at), ClientId(client), &args, &mut reply, out);
    let is_silent = matches!(outcome, Outcome::Silent | Outcome::Blocked | Outcome::Postponed);
    assert!(is_silent || !reply.as_bytes().is_empty() || outcome == Outcome::Close, "no answer");
    node.settle(now(at), out);
    drop(out.drain());
}
