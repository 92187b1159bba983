//! GET, SET, INCR and PING leave the heap alone: what a command needs lies in the connection's
//! buffers and in the store already.
//!
//! An allocation costs more than the whole rest of a small command, so the first one that slips in
//! shall fail here and not in a benchmark.

#![allow(unsafe_code, reason = "counting allocations takes an allocator, whose trait is unsafe")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use slotscope_core::{
    Node,
    config::Config,
    id::ClientId,
    io::{Input, Outbox},
    resp::{Parser, ReplyBuf},
    rng::Seed,
    time::{Instant, Now, UnixMillis},
};

/// The system's allocator, counting for the thread that asks.
struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that ends allocates when its locals are gone already.
    let _ = COUNT.try_with(|n| n.set(n.get() + 1));
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const CLIENT: ClientId = ClientId(1);
const NOW: Now = Now { mono: Instant::from_micros(1_000_000), wall: UnixMillis(1_700_000_000_000) };

/// A node that owns all slots, with a client.
struct Rig {
    node: Node,
    out: Outbox,
    parser: Parser,
    reply: ReplyBuf,
}

impl Rig {
    fn new() -> Self {
        let mut out = Outbox::new();
        let config = Config { cluster_enabled: true, ..Config::default() };
        let mut node = Node::new(config, Seed::from_u64(1), NOW, &mut out);
        node.handle(NOW, Input::ClientUp { client: CLIENT, remote: None, local: None }, &mut out);
        let mut rig = Self { node, out, parser: Parser::default(), reply: ReplyBuf::new() };
        assert_eq!(rig.ask(b"CLUSTER ADDSLOTSRANGE 0 16383\r\n"), b"+OK\r\n");
        // The cluster comes up two seconds after its start at the earliest.
        let later = Now { mono: Instant::from_micros(60_000_000), ..NOW };
        rig.node.handle(later, Input::Wake, &mut rig.out);
        rig.out.drain().for_each(drop);
        rig
    }

    fn ask(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.reply.clear();
        let request = self.parser.next(bytes).expect("RESP").expect("whole");
        self.node.execute(NOW, CLIENT, &request.args(), &mut self.reply, &mut self.out);
        self.node.settle(NOW, &mut self.out);
        self.reply.as_bytes().to_vec()
    }

    /// Allocations of one request, once its like has been seen.
    fn cost(&mut self, bytes: &[u8], answer: &[u8]) -> u64 {
        assert_eq!(self.ask(bytes), answer);
        self.reply.clear();
        let before = COUNT.get();
        let request = self.parser.next(bytes).expect("RESP").expect("whole");
        self.node.execute(NOW, CLIENT, &request.args(), &mut self.reply, &mut self.out);
        self.node.settle(NOW, &mut self.out);
        let cost = COUNT.get() - before;
        assert!(self.out.drain().next().is_none(), "no effect");
        cost
    }
}

fn request(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
    bytes
}

#[test]
fn small_commands_allocate_nothing() {
    let mut rig = Rig::new();
    assert_eq!(rig.cost(&request(&["PING"]), b"+PONG\r\n"), 0);
    assert_eq!(rig.cost(&request(&["SET", "key:1", "xxx"]), b"+OK\r\n"), 0, "SET");
    assert_eq!(rig.cost(&request(&["GET", "key:1"]), b"$3\r\nxxx\r\n"), 0, "GET");
    assert_eq!(rig.cost(&request(&["GET", "missing"]), b"$-1\r\n"), 0, "GET of nothing");
    assert_eq!(rig.cost(&request(&["INCR", "counter"]), b":1\r\n"), 0, "INCR");
}

#[test]
fn a_long_value_is_allocated_once() {
    let mut rig = Rig::new();
    let value = "v".repeat(64);
    assert_eq!(rig.cost(&request(&["SET", "key:1", &value]), b"+OK\r\n"), 1);
    let answer = format!("$64\r\n{value}\r\n");
    assert_eq!(rig.cost(&request(&["GET", "key:1"]), answer.as_bytes()), 0);
}
