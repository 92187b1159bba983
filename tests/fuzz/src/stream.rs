//! What a master sends: to a replica that has just asked, at each point of their conversation.

use std::net::{IpAddr, Ipv4Addr};

use slotscope_core::{
    Node,
    config::Config,
    id::{ClientId, LinkId},
    io::{Effect, Input, Outbox, Purpose},
    resp::ReplyBuf,
    rng::Seed,
};

use crate::requests::now;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How the conversation goes up to where the fuzzer takes over. The snapshot is empty and its
/// checksum not computed; a stream follows.
const LEADS: [&[&str]; 5] = [
    &[],
    &["+PONG\r\n"],
    &["+PONG\r\n", "+OK\r\n+OK\r\n"],
    &["+PONG\r\n", "+OK\r\n+OK\r\n", "+FULLRESYNC 0123456789012345678901234567890123456789 5\r\n"],
    &[
        "+PONG\r\n",
        "+OK\r\n+OK\r\n",
        "+FULLRESYNC 0123456789012345678901234567890123456789 5\r\n",
        // `REDIS0010`, the end, and eight zeros.
        "$18\r\nREDIS0010\u{0}",
    ],
];

/// A master's words never end a replica, wherever they are cut.
pub fn from_master(bytes: &[u8]) {
    let Some((&kind, bytes)) = bytes.split_first() else { return };
    let mut out = Outbox::new();
    let mut node = Node::new(Config::default(), Seed::from_u64(6), now(0), &mut out);
    let client = ClientId(1);
    node.handle(now(1), Input::ClientUp { client, remote: None, local: None }, &mut out);
    say(&mut node, &[b"REPLICAOF", b"127.0.0.1", b"7001"], &mut out);
    let link = dialled(&mut node, &mut out);
    let Some(link) = link else { panic!("a replica dials its master") };
    node.handle(now(2000), Input::LinkUp { link, local: LOCAL }, &mut out);
    let lead = LEADS[usize::from(kind) % LEADS.len()];
    for words in lead {
        // A byte that is no UTF-8 ends the snapshot.
        let words = words.replace('\u{0}', "");
        let mut part = words.into_bytes();
        if part.starts_with(b"$18") {
            part.extend([0xFF, 0, 0, 0, 0, 0, 0, 0, 0]);
        }
        node.handle(now(2001), Input::Stream { link, bytes: &part }, &mut out);
    }
    let piece = 1 + usize::from(kind >> 3) * 8;
    for (turn, piece) in (0..).zip(bytes.chunks(piece)) {
        node.handle(now(2010 + turn), Input::Stream { link, bytes: piece }, &mut out);
        drop(out.drain());
        if let Err(broken) = node.check() {
            panic!("after piece {turn}: {broken}");
        }
    }
    node.handle(now(90_000), Input::Wake, &mut out);
    say(&mut node, &[b"REPLICAOF", b"NO", b"ONE"], &mut out);
    say(&mut node, &[b"SET", b"a", b"1"], &mut out);
}

fn say(node: &mut Node, words: &[&[u8]], out: &mut Outbox) {
    let mut reply = ReplyBuf::default();
    node.execute(now(1999), ClientId(1), words, &mut reply, out);
    node.settle(now(1999), out);
    assert!(reply.as_bytes().starts_with(b"+OK"), "{}", reply.as_bytes().escape_ascii());
}

/// The link that it asks for.
fn dialled(node: &mut Node, out: &mut Outbox) -> Option<LinkId> {
    for ms in [1999, 2000, 3100] {
        node.handle(now(ms), Input::Wake, out);
        for effect in out.drain() {
            if let Effect::Dial { link, purpose: Purpose::Replication, .. } = effect {
                return Some(link);
            }
        }
    }
    None
}
