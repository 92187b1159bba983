//! Does a node answer as `redis-server` 7.0 does, word for word, and feed its replicas the same?
//!
//! Both get the same commands: those of `commands.txt`, then random ones from a fixed seed. What
//! may differ on purpose is not asked: texts of our own (summaries, notes), orders that are a
//! matter of hashing, numbers of connections, and INCRBYFLOAT where 80-bit floats lose digits.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use slotscope_core::rng::{Rng, Seed};
use slotscope_tests::{
    ports,
    server::{Make, Server},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that shows replies as they are on the wire.
struct Wire(BufReader<TcpStream>);

impl Wire {
    fn to(server: &Server) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    fn say(&mut self, words: &[&str]) {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line).unwrap();
        String::from_utf8_lossy(&line).trim_end_matches("\r\n").to_owned()
    }

    /// One value, nested ones in brackets.
    fn value(&mut self) -> String {
        let line = self.line();
        let count = line.get(1..).and_then(|count| count.parse::<usize>().ok());
        match (line.as_bytes().first(), count) {
            (Some(b'$'), Some(len)) => {
                let mut bytes = vec![0; len + 2];
                self.0.read_exact(&mut bytes).unwrap();
                format!("\"{}\"", bytes[..len].escape_ascii())
            }
            (Some(b'*'), Some(len)) => {
                let parts: Vec<String> = (0..len).map(|_| self.value()).collect();
                format!("[{}]", parts.join(" "))
            }
            _ => line,
        }
    }

    fn ask(&mut self, words: &[&str]) -> String {
        self.say(words);
        self.value()
    }
}

fn both() -> (tempfile::TempDir, Server, Server) {
    let folder = tempfile::tempdir().unwrap();
    let start = |make| {
        let diskless = ["--repl-diskless-sync", "no"];
        Server::start(make, ports::free(), folder.path(), &diskless)
    };
    let (theirs, ours) = (start(Make::Redis), start(Make::Slotscope));
    (folder, theirs, ours)
}

/// Sorts what comes in any order.
fn comparable(words: &[&str], reply: String) -> String {
    if words[0].eq_ignore_ascii_case("keys") {
        let mut parts: Vec<&str> = reply.trim_matches(['[', ']']).split(' ').collect();
        parts.sort_unstable();
        return parts.join(" ");
    }
    reply
}

#[test]
fn replies_are_the_same_word_for_word() {
    let (_folder, theirs, ours) = both();
    let (mut theirs, mut ours) = (Wire::to(&theirs), Wire::to(&ours));
    let mut differences = Vec::new();
    let mut compare = |words: &[&str]| {
        let wanted = comparable(words, theirs.ask(words));
        let got = comparable(words, ours.ask(words));
        if wanted != got {
            differences.push(format!("{words:?}\n  redis {wanted}\n  ours  {got}"));
        }
    };
    for line in include_str!("commands.txt").lines() {
        let words: Vec<&str> =
            line.split_whitespace().map(|word| if word == "''" { "" } else { word }).collect();
        compare(&words);
    }
    let mut rng = Rng::new(Seed::from_u64(2));
    compare(&["FLUSHALL"]);
    for _ in 0..5000 {
        compare(&random(&mut rng));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// A command on few keys, with values on which they disagree about being numbers.
fn random(rng: &mut Rng) -> Vec<&'static str> {
    const KEYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    const VALUES: [&str; 9] =
        ["1", "-5", "abc", "", "0", "9223372036854775806", "hello world", "-0", "12 "];
    const NUMBERS: [&str; 7] = ["0", "1", "-1", "5", "100", "x", "-3"];
    const LATER: [&str; 3] = ["99999999999", "88888888888", "5"];
    const ONLY: [&str; 4] = ["nx", "xx", "gt", "lt"];
    // k key, v value, n number, t time, o condition; the rest stands for itself.
    const SHAPES: [&str; 36] = [
        "set k v",
        "set k v nx",
        "set k v xx",
        "set k v get",
        "set k v keepttl",
        "set k v exat t",
        "set k v pxat t xx get",
        "get k",
        "incr k",
        "decr k",
        "decrby k n",
        "incrby k v",
        "append k v",
        "getrange k n n",
        "setrange k n v",
        "del k k",
        "exists k k k",
        "mget k k k",
        "mset k v k v",
        "msetnx k v k v",
        "expireat k t o",
        "pexpireat k t",
        "expiretime k",
        "persist k",
        "rename k k",
        "renamenx k k",
        "object encoding k",
        "strlen k",
        "type k",
        "getset k v",
        "getdel k",
        "getex k exat t",
        "getex k persist",
        "dbsize",
        "keys [a-c]",
        "touch k k",
    ];
    fn pick(rng: &mut Rng, from: &[&'static str]) -> &'static str {
        from[rng.index(from.len())]
    }
    let shape = pick(rng, &SHAPES);
    let word = |rng: &mut Rng, word: &'static str| match word {
        "k" => pick(rng, &KEYS),
        "v" => pick(rng, &VALUES),
        "n" => pick(rng, &NUMBERS),
        "t" => pick(rng, &LATER),
        "o" => pick(rng, &ONLY),
        _ => word,
    };
    shape.split(' ').map(|part| word(rng, part)).collect()
}

/// Becomes a replica; the stream follows.
fn follow(server: &Server) -> Wire {
    let mut wire = Wire::to(server);
    wire.say(&["PSYNC", "?", "-1"]);
    let mut heads = Vec::new();
    while heads.len() < 2 {
        // Empty lines keep the link alive while the snapshot is made.
        heads.extend(Some(wire.line()).filter(|line| !line.trim().is_empty()));
    }
    let len: usize = heads[1].trim_start_matches('$').parse().unwrap();
    wire.0.read_exact(&mut vec![0; len]).unwrap();
    wire.say(&["REPLCONF", "ACK", "0"]);
    wire
}

/// The commands of the stream up to the SET of `end`, without what is not data.
fn stream_until_end(wire: &mut Wire) -> Vec<String> {
    let mut commands = Vec::new();
    loop {
        let command = wire.value();
        if command.contains("\"end\"") {
            return commands;
        }
        let is_data = ["select", "ping", "REPLCONF"]
            .iter()
            .all(|word| !command.to_ascii_lowercase().contains(&word.to_ascii_lowercase()));
        if is_data {
            commands.push(command);
        }
    }
}

#[test]
fn replicas_are_told_the_same() {
    const SCRIPT: &str = "set a 1|set a 2 exat 99999999999|set a 3 pxat 99999999999123 xx get|\
        set a 3 get|set b 1 nx|set b 1 nx|setnx b 1|getset a w|getex a exat 99999999999|\
        getex a persist|getex a persist|getex a exat 5|getdel b|getdel b|append d x|incr n|\
        INCRBY n 5|decr n|incrbyfloat n 1.5|mset x 1 y 2|msetnx x 1 y 2|setrange d 3 x|\
        expireat x 9999999999|expire x -1|persist y|expireat y 9999999999|persist y|rename y z|\
        renamenx z w|del w nokey|unlink nokey|unlink d n|flushdb async|flushall";
    let (_folder, theirs, ours) = both();
    let told: Vec<Vec<String>> = [&theirs, &ours]
        .into_iter()
        .map(|server| {
            let (mut feed, mut client) = (follow(server), Wire::to(server));
            for line in SCRIPT.split('|') {
                client.ask(&line.split(' ').collect::<Vec<_>>());
            }
            client.ask(&["SET", "end", "1"]);
            stream_until_end(&mut feed)
        })
        .collect();
    assert_eq!(told[1], told[0]);
}
