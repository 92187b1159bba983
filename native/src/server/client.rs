//! One connection of the data port: read, parse in place, run as a batch, answer in one write.

use std::{io, rc::Rc};

use slotscope_core::{
    id::ClientId,
    io::Level,
    resp::{Limits, Parser, ReplyBuf},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    net::{TcpStream, UnixStream},
    task,
};

use super::{
    busy,
    driver::{Close, Driver},
    outbound::{End, Outbound, Writer},
};

/// Room for at least so much before each read: Redis's own size, a batch of small commands.
const READ_BYTES: usize = 16 << 10;
/// A value that is announced makes room for at most this at once: a length is only a promise.
const READ_AHEAD_BYTES: usize = 1 << 20;
/// A client that sends without pause lets the others in after so many bytes.
const TURN_BYTES: usize = 128 << 10;
/// A reading buffer larger than this is given back once it is empty.
const KEEP_BYTES: usize = 256 << 10;

/// Serves a client until one side ends it.
pub(super) async fn serve(driver: Rc<Driver>, stream: TcpStream, id: ClientId, out: Rc<Outbound>) {
    let (read, write) = stream.into_split();
    let write = Rc::new(write);
    busy::note(id, Rc::clone(&write), Rc::clone(&out));
    attend(driver, read, Rc::clone(&write), id, out).await;
    busy::forget(id);
    if let Some(write) = Rc::into_inner(write) {
        // The other half closes the socket, without a farewell of its own for each direction.
        write.forget();
    }
}

/// The same on a unix socket.
pub(super) async fn serve_unix(
    driver: Rc<Driver>,
    mut stream: UnixStream,
    id: ClientId,
    out: Rc<Outbound>,
) {
    let (read, write) = stream.split();
    attend(driver, read, write, id, out).await;
}

async fn attend(
    driver: Rc<Driver>,
    read: impl AsyncRead + Unpin,
    write: impl Writer,
    id: ClientId,
    out: Rc<Outbound>,
) {
    let connection = Connection {
        driver: &driver,
        id,
        out: &out,
        bytes: Vec::new(),
        parser: Parser::default(),
        reply: ReplyBuf::new(),
        turn: 0,
        noted: 0,
    };
    // How a connection ended matters to nobody: the client is gone.
    drop(connection.run(read, write).await);
    driver.client_gone(id);
}

struct Connection<'a> {
    driver: &'a Rc<Driver>,
    id: ClientId,
    out: &'a Outbound,
    /// Read and not yet run.
    bytes: Vec<u8>,
    parser: Parser,
    reply: ReplyBuf,
    /// Bytes read since others had a chance.
    turn: usize,
    /// How much the node was told is waiting.
    noted: usize,
}

impl Connection<'_> {
    async fn run(mut self, mut read: impl AsyncRead + Unpin, write: impl Writer) -> io::Result<()> {
        loop {
            self.out.has_unread.set(!self.bytes.is_empty());
            self.out.write_to(&write)?;
            if self.out.is_over() {
                return Ok(());
            }
            let backlog = self.driver.config(|config| config.client_query_buffer_limit);
            let waiting = self.out.waiting();
            if waiting != self.noted {
                self.noted = waiting;
                self.driver.note_waiting(self.id, waiting as u64);
            }
            // Replies to requests that are not read yet would only pile up further.
            let unread = self.bytes.len() as u64;
            let held = self.out.is_blocked.get() && unread >= READ_AHEAD_BYTES as u64;
            let listens = !self.out.is_ending() && !held && (waiting as u64) < backlog;
            let ahead = self.parser.needs().saturating_sub(self.bytes.len());
            self.bytes.reserve(ahead.clamp(READ_BYTES, READ_AHEAD_BYTES));
            // In this order: a request that has come is the rule, everything else is not.
            tokio::select! {
                biased;
                n = read.read_buf(&mut self.bytes), if listens => {
                    let n = n?;
                    if n == 0 {
                        return Ok(());
                    }
                    self.turn += n;
                    self.out.has_unread.set(true);
                    self.batches().await;
                    if self.turn > TURN_BYTES {
                        self.turn = 0;
                        self.out.write_to(&write)?;
                        task::yield_now().await;
                    }
                }
                ready = write.writable(), if waiting > 0 => ready?,
                // A blocked client may have got its answer.
                () = self.out.changed() => self.batches().await,
                () = self.out.overdue(), if self.out.is_ending() => return Ok(()),
            }
        }
    }

    /// Runs what has come, unless the client is blocked.
    async fn batches(&mut self) {
        while !self.bytes.is_empty() && !self.out.is_ending() && !self.out.is_blocked.get() {
            let before = self.bytes.len();
            self.batch().await;
            if self.bytes.len() == before {
                return;
            }
        }
    }

    /// Runs one batch.
    async fn batch(&mut self) {
        let (bulk_max, buffer_max) =
            self.driver.config(|c| (c.proto_max_bulk_len, c.client_query_buffer_limit));
        self.parser.set_limits(Limits { bulk_max, ..Limits::DEFAULT });
        self.parser.set_stranger(self.driver.is_stranger(self.id));
        let batch = self.driver.run_batch(self.id, &mut self.parser, &self.bytes, &mut self.reply);
        if batch.held {
            let durable = self.driver.hold_replies(self.id, self.reply.take());
            self.driver.carry_out();
            drop(durable.await);
        } else if batch.waits {
            self.driver.carry_out();
            if let Some(settled) = self.driver.settled() {
                // The driver outlives its connections, so the sender is never dropped unsent
                // except when the process ends.
                drop(settled.await);
            }
            self.out.append(self.reply.as_bytes());
        } else {
            // The replies come before what the same commands push: a replica's stream begins
            // behind the answer to its PSYNC.
            self.out.append(self.reply.as_bytes());
            self.driver.carry_out();
        }
        self.reply.clear();
        self.forget(batch.consumed);
        match batch.closes {
            None => {}
            Some(Close::Asked) => self.out.finish(End::Flushed),
            Some(Close::Protocol(error)) => {
                let line = format!("{error} from client: id={}", self.id.0);
                self.driver.log(Level::Verbose, &line);
                self.out.finish(End::Flushed);
            }
        }
        if self.bytes.len() as u64 > buffer_max {
            let line =
                format!("Closing client that reached max query buffer length: id={}", self.id.0);
            self.driver.log(Level::Warning, &line);
            self.out.finish(End::Now);
        }
        self.driver.check_output(self.id, self.out);
    }

    /// Drops bytes that are done with.
    fn forget(&mut self, consumed: usize) {
        if consumed < self.bytes.len() {
            self.bytes.drain(..consumed);
        } else {
            self.bytes.clear();
            if self.bytes.capacity() > KEEP_BYTES {
                self.bytes = Vec::new();
            }
        }
    }
}
