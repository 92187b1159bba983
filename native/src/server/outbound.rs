//! Bytes that wait to be sent on one connection.
//!
//! The only way out of a socket: whoever has something to send appends here, and the connection's
//! own task writes. So order is kept, and one write carries all that gathered in a turn.

use std::{
    cell::{Cell, RefCell},
    future, io,
    rc::Rc,
    task::{Poll, Waker},
    time::{Duration, Instant},
};

use slotscope_core::config::BufferLimit;
use tokio::{
    net::{tcp, unix},
    sync::Notify,
};

/// A buffer larger than this is given back once it is empty.
const KEEP_BYTES: usize = 64 << 10;

/// While more than this waits, no further piece of a snapshot is added.
const ROOM_BYTES: usize = 256 << 10;

/// So long a connection that is to end may take for what waits: a client that never reads would
/// stay for ever.
const ENDING: Duration = Duration::from_secs(10);

/// The writing half of a socket of either kind.
pub(super) trait Writer {
    /// Writes what the socket takes now.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Resolves when it takes more.
    fn writable(&self) -> impl Future<Output = io::Result<()>>;
}

impl Writer for tcp::WriteHalf<'_> {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        tcp::WriteHalf::try_write(self, bytes)
    }

    async fn writable(&self) -> io::Result<()> {
        tcp::WriteHalf::writable(self).await
    }
}

impl Writer for Rc<tcp::OwnedWriteHalf> {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        tcp::OwnedWriteHalf::try_write(self, bytes)
    }

    async fn writable(&self) -> io::Result<()> {
        tcp::OwnedWriteHalf::writable(self).await
    }
}

impl Writer for unix::WriteHalf<'_> {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        unix::WriteHalf::try_write(self, bytes)
    }

    async fn writable(&self) -> io::Result<()> {
        unix::WriteHalf::writable(self).await
    }
}

/// How a connection is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// When what waits has been sent.
    Flushed,
    /// Now; what waits is dropped.
    Now,
}

/// The waiting bytes of one connection.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    bytes: RefCell<Vec<u8>>,
    /// How many bytes at the front are sent already.
    sent: Cell<usize>,
    end: Cell<Option<End>>,
    /// When it must have ended.
    ends_by: Cell<Option<Instant>>,
    /// Something changed since the connection's task looked last.
    has_changed: Cell<bool>,
    /// How to wake that task. A plain field and no `Notify`: that would be registered with and
    /// taken off again for each request.
    waker: RefCell<Option<Waker>>,
    drained: Notify,
    /// For whoever sends a snapshot as the connection takes it.
    room: Notify,
    soft_since: Cell<Option<Instant>>,
    /// How much of what waits is a snapshot, which no limit counts; `None` before there was one.
    snapshot: Cell<Option<usize>>,
    /// The client's last command is answered later; requests behind it wait.
    pub(super) is_blocked: Cell<bool>,
    /// It has sent something that is not answered yet.
    pub(super) has_unread: Cell<bool>,
}

impl Outbound {
    /// Appends, and wakes the writer.
    pub(super) fn push(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.bytes.borrow_mut().extend_from_slice(bytes);
            self.wake();
        }
    }

    /// Appends what a replica gets first: however large its snapshot is, it is not slow for that.
    /// True the first time only; later it is a client like others.
    pub(super) fn push_snapshot(&self, bytes: &[u8]) -> bool {
        if self.snapshot.get().is_some() {
            return false;
        }
        self.snapshot.set(Some(self.waiting() + bytes.len()));
        self.push(bytes);
        true
    }

    /// Appends a piece of a snapshot, which no limit counts.
    pub(super) fn push_piece(&self, bytes: &[u8]) {
        let before = self.snapshot.get().unwrap_or_else(|| self.waiting());
        self.snapshot.set(Some(before + bytes.len()));
        self.push(bytes);
    }

    /// Resolves when not much waits, or nothing will be sent any more. One task waits at a time.
    pub(super) async fn has_room(&self) {
        while self.waiting() > ROOM_BYTES && !self.is_ending() {
            self.room.notified().await;
        }
    }

    /// Appends without waking: for the connection's own task, which writes next anyway.
    pub(super) fn append(&self, bytes: &[u8]) {
        self.bytes.borrow_mut().extend_from_slice(bytes);
    }

    /// Resolves when nothing waits, or nothing will be sent any more.
    pub(super) async fn drained(&self) {
        while self.waiting() > 0 && self.end.get() != Some(End::Now) {
            self.drained.notified().await;
        }
    }

    /// Bytes not yet sent.
    pub(super) fn waiting(&self) -> usize {
        self.bytes.borrow().len() - self.sent.get()
    }

    /// Asks the connection to end; the harsher wish wins.
    pub(super) fn finish(&self, end: End) {
        if self.end.get() != Some(End::Now) {
            self.end.set(Some(end));
            self.ends_by.set(self.ends_by.get().or_else(|| Instant::now().checked_add(ENDING)));
        }
        self.wake();
        self.drained.notify_one();
        self.room.notify_one();
    }

    /// Whether the connection's task has nothing more to do.
    pub(super) fn is_over(&self) -> bool {
        match self.end.get() {
            None => false,
            Some(End::Flushed) => self.waiting() == 0,
            Some(End::Now) => true,
        }
    }

    /// Whether the end has been asked for: no more requests are read.
    pub(super) fn is_ending(&self) -> bool {
        self.end.get().is_some()
    }

    /// Resolves when the connection has taken too long to end.
    pub(super) async fn overdue(&self) {
        match self.ends_by.get() {
            Some(by) => tokio::time::sleep_until(by.into()).await,
            None => future::pending().await,
        }
    }

    /// Wakes the connection's task, with nothing to send.
    pub(super) fn wake(&self) {
        self.has_changed.set(true);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Resolves when something was appended or the end was asked for. One task waits at a time.
    pub(super) async fn changed(&self) {
        future::poll_fn(|context| {
            if self.has_changed.replace(false) {
                return Poll::Ready(());
            }
            let mut waker = self.waker.borrow_mut();
            if !waker.as_ref().is_some_and(|known| known.will_wake(context.waker())) {
                *waker = Some(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    /// Writes as much as the socket takes; nothing if what waits is to be dropped.
    pub(super) fn write_to(&self, stream: &impl Writer) -> io::Result<()> {
        if self.end.get() == Some(End::Now) {
            return Ok(());
        }
        let mut bytes = self.bytes.borrow_mut();
        let mut sent = self.sent.get();
        while sent < bytes.len() {
            match stream.try_write(&bytes[sent..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    sent += n;
                    self.snapshot.set(self.snapshot.get().map(|left| left.saturating_sub(n)));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if bytes.len() - sent <= ROOM_BYTES {
            self.room.notify_one();
        }
        if sent == bytes.len() {
            sent = 0;
            bytes.clear();
            self.drained.notify_one();
            if bytes.capacity() > KEEP_BYTES {
                *bytes = Vec::new();
            }
        } else if sent > KEEP_BYTES && sent > bytes.len() / 2 {
            // A slow reader that keeps moving must not make the buffer grow without end.
            bytes.drain(..sent);
            sent = 0;
        }
        self.sent.set(sent);
        Ok(())
    }

    /// Whether more waits than `limit` allows (now, or for too long).
    pub(super) fn exceeds(&self, limit: BufferLimit) -> bool {
        let snapshot = self.snapshot.get().unwrap_or(0);
        let waiting = self.waiting().saturating_sub(snapshot) as u64;
        if limit.hard != 0 && waiting > limit.hard {
            return true;
        }
        if limit.soft == 0 || waiting <= limit.soft {
            self.soft_since.set(None);
            return false;
        }
        let since = self.soft_since.get().unwrap_or_else(Instant::now);
        self.soft_since.set(Some(since));
        since.elapsed() > Duration::from_secs(limit.soft_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_the_class() {
        let out = Outbound::default();
        out.push(&[0; 100]);
        assert!(!out.exceeds(BufferLimit::default()), "0 is no limit");
        assert!(!out.exceeds(BufferLimit { hard: 100, soft: 0, soft_s: 0 }));
        assert!(out.exceeds(BufferLimit { hard: 99, soft: 0, soft_s: 0 }));
        assert!(!out.exceeds(BufferLimit { hard: 0, soft: 50, soft_s: 60 }));
        out.soft_since.set(Instant::now().checked_sub(Duration::from_secs(61)));
        assert!(out.exceeds(BufferLimit { hard: 0, soft: 50, soft_s: 60 }));
    }

    #[test]
    fn a_snapshot_is_not_counted_and_what_follows_is() {
        let out = Outbound::default();
        let limit = BufferLimit { hard: 100, soft: 0, soft_s: 0 };
        assert!(out.push_snapshot(&[0; 5000]));
        assert!(!out.exceeds(limit));
        out.push(&[0; 100]);
        assert!(!out.exceeds(limit));
        assert!(!out.push_snapshot(&[0; 5000]), "once");
        out.push(&[0; 1]);
        assert!(out.exceeds(limit));
    }

    #[test]
    fn the_harsher_end_wins() {
        let out = Outbound::default();
        out.push(b"x");
        out.finish(End::Flushed);
        assert!(out.is_ending() && !out.is_over());
        out.finish(End::Now);
        out.finish(End::Flushed);
        assert!(out.is_over());
    }
}
