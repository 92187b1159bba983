//! An application that writes all the time and remembers each promise, on an independent client
//! library (the `redis` crate): one key a write, so a lost write stays lost.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use redis::{Client, Connection, ErrorKind, RedisError, ServerErrorKind};
use slotscope_core::slot::{SLOTS, key_slot};

/// How long it waits for one answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// Redirections that it follows for one command.
const REDIRECTIONS_MAX: u32 = 5;

/// A write that was acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct Acked {
    /// Write *n* set key `write:<n>` to *n*.
    pub number: u64,
    /// When the answer was there.
    pub at: Instant,
}

/// What the application has seen.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Promises, in order.
    pub acked: Vec<Acked>,
    /// Commands that ended in an error.
    pub errors: u64,
}

/// The application, running in a thread until [`Writer::stop`].
#[derive(Debug)]
pub struct Writer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Ledger>,
}

impl Writer {
    /// Starts writing to the cluster that these ports belong to.
    #[must_use]
    pub fn start(ports: Vec<u16>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let (mut app, mut ledger) = (App::new(ports), Ledger::default());
            for number in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                match app.set(&format!("write:{number}"), number) {
                    Ok(()) => ledger.acked.push(Acked { number, at: Instant::now() }),
                    Err(_) => ledger.errors += 1,
                }
                // A steady stream, not a benchmark.
                thread::sleep(Duration::from_millis(1));
            }
            ledger
        });
        Self { stop, thread }
    }

    /// Ends it; what it has seen.
    #[must_use]
    pub fn stop(self) -> Ledger {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// A client that follows redirections and remembers them, with a connection to each node.
#[derive(Debug)]
pub struct App {
    ports: Vec<u16>,
    next: usize,
    open: HashMap<u16, Open>,
    /// Where each slot was last time; 0 for those never asked for.
    homes: Vec<u16>,
    asked: u16,
}

struct Open(Connection);

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Open")
    }
}

impl App {
    /// Knows these nodes.
    #[must_use]
    pub fn new(ports: Vec<u16>) -> Self {
        Self { ports, next: 0, open: HashMap::new(), homes: vec![0; SLOTS.into()], asked: 0 }
    }

    /// `SET key number`.
    ///
    /// # Errors
    /// What the last node that was asked said.
    pub fn set(&mut self, key: &str, number: u64) -> Result<(), RedisError> {
        self.ask(key, redis::cmd("SET").arg(key).arg(number))
    }

    /// `GET key`.
    ///
    /// # Errors
    /// What the last node that was asked said.
    pub fn get(&mut self, key: &str) -> Result<Option<u64>, RedisError> {
        self.ask(key, redis::cmd("GET").arg(key))
    }

    /// `INCR key`.
    ///
    /// # Errors
    /// What the last node that was asked said.
    pub fn incr(&mut self, key: &str) -> Result<u64, RedisError> {
        self.ask(key, redis::cmd("INCR").arg(key))
    }

    /// Who gave the last answer, or failed to.
    #[must_use]
    pub fn asked(&self) -> u16 {
        self.asked
    }

    fn ask<T: redis::FromRedisValue>(
        &mut self,
        key: &str,
        cmd: &redis::Cmd,
    ) -> Result<T, RedisError> {
        let slot = key_slot(key.as_bytes()).index();
        let mut port = self.homes[slot];
        if port == 0 {
            port = self.ports[self.next % self.ports.len()];
        }
        let (mut redirections, mut is_guest) = (0, false);
        // A connection that was open from before may have been closed meanwhile (its node was
        // started again): that is found out by using it, and is no outage.
        let mut is_fresh = false;
        loop {
            is_fresh |= !self.open.contains_key(&port);
            self.asked = port;
            let answer = self.connection(port).and_then(|open| {
                if is_guest {
                    redis::cmd("ASKING").exec(open)?;
                }
                cmd.query::<T>(open)
            });
            let error = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match error.redirect_node().map(|(address, _)| address.rsplit_once(':')) {
                Some(Some((_, to))) if redirections < REDIRECTIONS_MAX => {
                    redirections += 1;
                    port = to.parse().map_err(|_| {
                        RedisError::from((ErrorKind::Client, "a redirection without a port"))
                    })?;
                    is_fresh = false;
                    is_guest = error.kind() == ErrorKind::Server(ServerErrorKind::Ask);
                    if !is_guest {
                        self.homes[slot] = port;
                    }
                }
                _ if error.is_connection_dropped() && !is_fresh => {
                    self.open.remove(&port);
                }
                _ => {
                    // A broken connection is not used again; the next command asks another node.
                    self.open.remove(&port);
                    self.homes.fill(0);
                    self.next += 1;
                    return Err(error);
                }
            }
        }
    }

    fn connection(&mut self, port: u16) -> Result<&mut Connection, RedisError> {
        let vacant = match self.open.entry(port) {
            Entry::Occupied(open) => return Ok(&mut open.into_mut().0),
            Entry::Vacant(vacant) => vacant,
        };
        let client = Client::open(format!("redis://127.0.0.1:{port}/"))?;
        let connection = client.get_connection_with_timeout(PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        connection.set_write_timeout(Some(PATIENCE))?;
        Ok(&mut vacant.insert(Open(connection)).0)
    }
}
