//! What was promised is kept: `kill -9` at random moments under load, a full disk, and a loop that
//! answers while the disk is busy.
//!
//! `SLOTSCOPE_RESTARTS=200` kills 200 times instead of 30.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{
    fs,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use slotscope_tests::{
    places, ports,
    process::{Process, wait_for},
    server::{
        Make::{Redis, Slotscope},
        Server,
    },
    wire::Wire,
};

const PATIENCE: Duration = Duration::from_secs(60);
/// Applications that write at the same time.
const WRITERS: usize = 6;
/// What `everysec` may lose.
const WINDOW: Duration = Duration::from_secs(2);

/// Pseudo-random numbers: moments differ from round to round, and need no more than that.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// One application: pairs of keys within MULTI and EXEC, several transactions in a pipeline.
///
/// Its last number that was acknowledged, and when each pipeline was.
struct Writer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<(u64, Instant)>>,
}

impl Writer {
    fn start(port: u16, name: String, depth: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&stop);
        // Connected before anybody can kill the other end.
        let mut wire = Wire::open(port);
        let thread = thread::spawn(move || {
            let (mut acked, mut next) = (Vec::new(), 1);
            while !is_over.load(Ordering::Relaxed) {
                for number in next..next + depth {
                    let value = number.to_string();
                    wire.say(&["MULTI"]);
                    wire.say(&["SET", &format!("{{{name}}}:a:{number}"), &value]);
                    wire.say(&["SET", &format!("{{{name}}}:b:{number}"), &value]);
                    wire.say(&["EXEC"]);
                }
                if wire.send().is_err() {
                    break;
                }
                for number in next..next + depth {
                    let answers: Result<Vec<String>, _> = (0..4).map(|_| wire.answer()).collect();
                    match answers {
                        Ok(answers) if answers[3] == "*2\n+OK\n+OK" => {
                            acked.push((number, Instant::now()));
                        }
                        Ok(other) => panic!("not acknowledged: {other:?}"),
                        Err(_) => return acked,
                    }
                }
                next += depth;
            }
            acked
        });
        Self { stop, thread }
    }

    fn stop(self) -> Vec<(u64, Instant)> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// The last number whose keys are there, with all before it; and that the two keys of each number
/// go together.
fn found(port: u16, name: &str, upto: u64) -> u64 {
    let mut wire = Wire::open(port);
    let mut last = 0;
    let mut gap = None;
    for from in (1..=upto).step_by(500) {
        let numbers = from..(from + 500).min(upto + 1);
        for number in numbers.clone() {
            let (a, b) = (format!("{{{name}}}:a:{number}"), format!("{{{name}}}:b:{number}"));
            wire.say(&["MGET", &a, &b]);
        }
        wire.send().unwrap();
        for number in numbers {
            let value = number.to_string();
            match wire.answer().unwrap() {
                answer if answer == format!("*2\n{value}\n{value}") => {
                    assert_eq!(gap, None, "{number} of {name} is there, and one before it is not");
                    last = number;
                }
                answer if answer == "*2\nnil\nnil" => gap = gap.or(Some(number)),
                answer => panic!("half of a transaction: {number} of {name} is {answer:?}"),
            }
        }
    }
    last
}

struct Toll {
    acked: u64,
    lost: u64,
    oldest: Duration,
    slowest_start: Duration,
}

/// Kills and restarts under load; what was acknowledged and lost.
fn kill_again_and_again(policy: &str, restarts: usize) -> Toll {
    let folder = tempfile::tempdir().unwrap();
    let directives = [
        "--appendonly",
        "yes",
        "--appendfsync",
        policy,
        "--auto-aof-rewrite-min-size",
        "256kb",
        "--auto-aof-rewrite-percentage",
        "50",
    ];
    let mut server = Server::start(Slotscope, ports::free(), folder.path(), &directives);
    let mut dice = Dice(u64::from(std::process::id()) ^ 0x5107_5C0B);
    let mut toll =
        Toll { acked: 0, lost: 0, oldest: Duration::ZERO, slowest_start: Duration::ZERO };
    for round in 0..restarts {
        let name = |n: usize| format!("{round}:{n}");
        let writers: Vec<Writer> =
            (0..WRITERS).map(|n| Writer::start(server.port, name(n), 1 + dice.below(20))).collect();
        thread::sleep(Duration::from_millis(20 + dice.below(400)));
        if round % 3 == 1 {
            // A rewrite of its own besides the automatic ones, so that kills fall into some.
            let mut person = Wire::open(server.port);
            person.say(&["BGREWRITEAOF"]);
            person.send().unwrap();
            thread::sleep(Duration::from_millis(dice.below(30)));
        }
        server.kill();
        let killed = Instant::now();
        let ledgers: Vec<Vec<(u64, Instant)>> = writers.into_iter().map(Writer::stop).collect();
        server.restart();
        wait_for("everything is loaded", PATIENCE, || {
            (server.info("loading")? == "0").then_some(())
        });
        toll.slowest_start = toll.slowest_start.max(killed.elapsed());
        for (n, ledger) in ledgers.iter().enumerate() {
            let promised = ledger.last().map_or(0, |(number, _)| *number);
            // Some that were not acknowledged may be there too.
            let kept = found(server.port, &name(n), promised + 40);
            toll.acked += promised;
            for (number, at) in ledger.iter().filter(|(number, _)| *number > kept) {
                toll.lost += 1;
                let age = killed.checked_duration_since(*at).unwrap_or_default();
                toll.oldest = toll.oldest.max(age);
                assert_ne!(policy, "always", "{number} of {} was acknowledged", name(n));
            }
        }
        assert_eq!(server.cli(&["FLUSHALL"]).trim(), "OK");
    }
    // What so many crashes have left is good for the real server too.
    let mut wire = Wire::open(server.port);
    for n in 0..1000 {
        wire.say(&["SET", &format!("key:{n}"), "x"]);
    }
    wire.send().unwrap();
    (0..1000).for_each(|_| assert_eq!(wire.answer().unwrap(), "+OK"));
    assert_eq!(server.cli(&["SHUTDOWN"]).trim(), "");
    wait_for("the process has ended", PATIENCE, || server.process().ended());
    server.make = Redis;
    server.restart();
    wait_for("Redis has all of it", PATIENCE, || {
        (server.cli(&["DBSIZE"]).trim() == "1000").then_some(())
    });
    toll
}

fn restarts() -> usize {
    std::env::var("SLOTSCOPE_RESTARTS").map_or(30, |n| n.parse().unwrap())
}

#[test]
fn kill_9_loses_nothing_that_was_acknowledged_with_always() {
    let toll = kill_again_and_again("always", restarts());
    println!(
        "always: {} restarts, {} transactions acknowledged, {} lost; slowest restart {:.2?}",
        restarts(),
        toll.acked,
        toll.lost,
        toll.slowest_start
    );
    assert!(toll.acked > restarts() as u64 * 10, "hardly anything was written");
}

#[test]
fn kill_9_loses_two_seconds_at_most_with_everysec() {
    let toll = kill_again_and_again("everysec", restarts());
    println!(
        "everysec: {} restarts, {} transactions acknowledged, {} lost, the oldest {:.2?} before \
         the kill; slowest restart {:.2?}",
        restarts(),
        toll.acked,
        toll.lost,
        toll.oldest,
        toll.slowest_start
    );
    assert!(toll.acked > restarts() as u64 * 10, "hardly anything was written");
    assert!(toll.oldest <= WINDOW, "lost {:?} before the kill", toll.oldest);
}

/// A server whose files may not grow beyond some size: what a full disk does, without one.
fn cramped(port: u16, folder: &std::path::Path, kilobytes: u32, directives: &[&str]) -> Process {
    let mut command = Command::new("sh");
    // Without a handler the kernel would end a process that writes too much.
    command.args(["-c", "trap '' XFSZ; limit=$1; shift; ulimit -S -f $limit; exec \"$@\"", "sh"]);
    command.arg(kilobytes.to_string()).arg(places::slotscope()).arg("server");
    command.args(["--port", &port.to_string(), "--dir"]).arg(folder).args(directives);
    let process = Process::spawn("cramped", &mut command, folder);
    wait_for("it answers", PATIENCE, || {
        std::net::TcpStream::connect((std::net::Ipv4Addr::LOCALHOST, port)).ok()
    });
    process
}

fn ask(port: u16, words: &[&str]) -> String {
    let mut wire = Wire::open(port);
    wire.say(words);
    wire.send().unwrap();
    wire.answer().unwrap()
}

/// Lets a running process write again.
fn make_room(process: &Process) {
    let status = Command::new("prlimit")
        .args(["--pid", &process.pid().to_string(), "--fsize=unlimited:"])
        .status();
    assert!(status.unwrap().success(), "prlimit is installed, and may do that");
}

#[test]
fn a_full_disk_stops_writes_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let port = ports::free();
    // Units of `ulimit -f` are half a kilobyte or a whole one, as the shell pleases.
    let on = ["--appendonly", "yes", "--save", "", "--appendfsync", "everysec"];
    let mut process = cramped(port, folder.path(), 64, &on);
    let value = "x".repeat(1000);
    let mut refused = String::new();
    for n in 0..100_000 {
        refused = ask(port, &["SET", &format!("key:{n}"), &value]);
        if refused != "+OK" {
            break;
        }
    }
    assert_eq!(refused, "-MISCONF Errors writing to the AOF file: File too large");
    assert!(ask(port, &["PING"]).starts_with("-MISCONF"));
    assert_eq!(ask(port, &["GET", "key:0"]), value);
    assert!(ask(port, &["INFO", "persistence"]).contains("aof_last_write_status:err"));
    make_room(&process);
    wait_for("the server can write again", PATIENCE, || {
        (ask(port, &["SET", "after", "1"]) == "+OK").then_some(())
    });
    assert!(process.log().contains("AOF write error looks solved, Redis can write again."));
    let keys = ask(port, &["DBSIZE"]);
    // Everything that stands in memory, what was refused aside, is on disk by then.
    thread::sleep(Duration::from_millis(1));
    ask(port, &["DEBUG", "LOADAOF"]);
    assert_eq!(ask(port, &["DBSIZE"]), keys);
    process.kill();

    // Nothing half-written is left: the real server takes it as it is.
    let log = fs::read(folder.path().join("appendonlydir/appendonly.aof.1.incr.aof")).unwrap();
    assert!(log.ends_with(b"\r\n"));
    let mut redis = Process::spawn(
        "redis",
        Command::new("redis-server")
            .args(["--port", &port.to_string(), "--dir"])
            .arg(folder.path())
            .args(["--appendonly", "yes", "--aof-load-truncated", "no"]),
        folder.path(),
    );
    wait_for("redis has loaded it", PATIENCE, || {
        std::net::TcpStream::connect((std::net::Ipv4Addr::LOCALHOST, port)).ok()
    });
    wait_for("redis has loaded it", PATIENCE, || (ask(port, &["DBSIZE"]) == keys).then_some(()));
    redis.kill();
}

#[test]
fn a_full_disk_ends_a_server_that_promises_always() {
    let folder = tempfile::tempdir().unwrap();
    let port = ports::free();
    let on = ["--appendonly", "yes", "--save", "", "--appendfsync", "always"];
    let mut process = cramped(port, folder.path(), 16, &on);
    let (mut wire, mut acked) = (Wire::open(port), 0);
    let value = "x".repeat(1000);
    while process.ended().is_none() {
        wire.say(&["SET", &format!("key:{acked}"), &value]);
        if wire.send().is_err() || wire.answer().is_err() {
            break;
        }
        acked += 1;
    }
    wait_for("it has ended", PATIENCE, || process.ended());
    assert!(process.log().contains("Can't recover from AOF write error"), "{}", process.log());
    let mut server = Server::start(Slotscope, ports::free(), folder.path(), &on);
    // It has a folder of its own: the files are brought there.
    let own = server.folder.join("appendonlydir");
    server.kill();
    fs::remove_dir_all(&own).unwrap();
    fs::rename(folder.path().join("appendonlydir"), &own).unwrap();
    server.restart();
    assert_eq!(server.cli(&["DBSIZE"]).trim(), acked.to_string());
}

#[test]
fn a_snapshot_that_fails_stops_writes_and_changes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let port = ports::free();
    let mut process =
        cramped(port, folder.path(), 16, &["--save", "3600 1", "--rdbcompression", "no"]);
    ask(port, &["SET", "small", "1"]);
    assert_eq!(ask(port, &["SAVE"]), "+OK");
    let before = fs::read(folder.path().join("dump.rdb")).unwrap();
    for n in 0..100 {
        ask(port, &["SET", &format!("key:{n}"), &"x".repeat(1000)]);
    }
    assert_eq!(ask(port, &["BGSAVE"]), "+Background saving started");
    wait_for("it has failed", PATIENCE, || {
        ask(port, &["INFO", "persistence"]).contains("rdb_last_bgsave_status:err").then_some(())
    });
    let refused = ask(port, &["SET", "a", "1"]);
    assert!(refused.starts_with("-MISCONF Redis is configured to save RDB snapshots"), "{refused}");
    assert_eq!(ask(port, &["SAVE"]), "-ERR");
    assert_eq!(ask(port, &["SHUTDOWN"]), "-ERR Errors trying to SHUTDOWN. Check logs.");
    assert_eq!(fs::read(folder.path().join("dump.rdb")).unwrap(), before);
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 2, "the snapshot and the log of the process");
    make_room(&process);
    assert_eq!(ask(port, &["SAVE"]), "+OK");
    assert_eq!(ask(port, &["SET", "a", "1"]), "+OK");
    assert!(ask(port, &["CONFIG", "SET", "save", ""]).contains("OK"));
    process.kill();
}

/// The slowest of many PINGs, and their 99th percentile, while `busy` says so.
fn pings(port: u16, mut busy: impl FnMut() -> bool) -> (Duration, Duration, usize) {
    let mut wire = Wire::open(port);
    let mut times = Vec::new();
    while busy() {
        for _ in 0..50 {
            let asked = Instant::now();
            wire.say(&["PING"]);
            wire.send().unwrap();
            assert_eq!(wire.answer().unwrap(), "+PONG");
            times.push(asked.elapsed());
        }
    }
    times.sort_unstable();
    (times[times.len() - 1], times[times.len() * 99 / 100], times.len())
}

/// Disk work beside the loop: PINGs go on being answered while a large dataset is saved and while
/// every write is synced.
#[test]
fn the_loop_answers_while_the_disk_is_busy() {
    let folder = tempfile::tempdir().unwrap();
    let server =
        Server::start(Slotscope, ports::free(), folder.path(), &["--rdbcompression", "no"]);
    let mut wire = Wire::open(server.port);
    let value = "x".repeat(200);
    for batch in 0..300 {
        for n in 0..1000 {
            wire.say(&["SET", &format!("key:{}", batch * 1000 + n), &value]);
        }
        wire.send().unwrap();
        (0..1000).for_each(|_| assert_eq!(wire.answer().unwrap(), "+OK"));
    }
    let until = Instant::now() + Duration::from_millis(500);
    let (max, p99, n) = pings(server.port, || Instant::now() < until);
    println!("idle:         {n} PINGs, slowest {max:.2?}, 99th percentile {p99:.2?}");

    assert!(server.cli(&["BGSAVE"]).contains("started"));
    let mut asks = Wire::open(server.port);
    let started = Instant::now();
    let (max, p99, n) = pings(server.port, || {
        asks.say(&["INFO", "persistence"]);
        asks.send().unwrap();
        asks.answer().unwrap().contains("rdb_bgsave_in_progress:1")
    });
    println!(
        "BGSAVE of {:.2?}: {n} PINGs, slowest {max:.2?}, 99th percentile {p99:.2?}",
        started.elapsed()
    );
    // The bounds are wide: on a machine with other work a thread may not run for a while.
    assert!(p99 < Duration::from_millis(100), "{p99:?}");

    for (name, value) in [("appendfsync", "always"), ("appendonly", "yes")] {
        assert_eq!(ask(server.port, &["CONFIG", "SET", name, value]), "+OK");
    }
    let writers: Vec<Writer> =
        (0..4).map(|n| Writer::start(server.port, format!("w{n}"), 4)).collect();
    let until = Instant::now() + Duration::from_secs(2);
    let (max, p99, n) = pings(server.port, || Instant::now() < until);
    let acked: usize = writers.into_iter().map(|writer| writer.stop().len()).sum();
    println!(
        "fsync always: {n} PINGs, slowest {max:.2?}, 99th percentile {p99:.2?}; {acked} \
         transactions synced meanwhile"
    );
    assert!(acked > 0);
    assert!(p99 < Duration::from_millis(100), "{p99:?}");
}
