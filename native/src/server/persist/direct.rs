//! Writing to the append only file from the loop itself, before a reply leaves.
//!
//! With `appendfsync everysec` or `no` what was answered must survive the death of the process, so
//! it has to be the operating system's by then. A write to a file is a copy of memory; only a sync
//! waits for the disk, and that stays with the thread ([`super::appender`]). As in Redis, nothing
//! is written while the thread syncs: some file systems would hold the loop until it is done. What
//! gathers meanwhile is written right after.
//!
//! The loop and the thread never write in turns: the thread *offers* the file when it has nothing
//! to write, and the loop *gives it back* before it asks for something that changes files, or when
//! a write fails; the thread knows how to try again.

use std::{
    fs::File,
    io::{self, Write as _},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

/// What the loop and the thread tell each other without waking anybody.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The thread syncs at this moment.
    pub syncing: AtomicBool,
    /// The loop has written something that is not synced; it is the thread that clears it.
    dirty: AtomicBool,
    /// The number of the last append that the loop has written.
    written: AtomicU64,
}

impl Shared {
    /// The loop has written up to `ticket`; true if the thread has to be told.
    pub(super) fn wrote(&self, ticket: u64) -> bool {
        self.written.store(ticket, Ordering::Release);
        !self.dirty.swap(true, Ordering::AcqRel)
    }

    /// Whether the loop has written something that is not synced.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty.load(Ordering::Acquire)
    }

    /// A sync begins: up to which append it covers what the loop wrote.
    pub(super) fn begin_sync(&self) -> u64 {
        self.syncing.store(true, Ordering::Release);
        self.dirty.store(false, Ordering::Release);
        self.written.load(Ordering::Acquire)
    }

    /// It has ended.
    pub(super) fn end_sync(&self) {
        self.syncing.store(false, Ordering::Release);
    }
}

/// The file, while the loop has it.
#[derive(Debug)]
pub(in crate::server) struct Direct {
    file: File,
    /// How far it is good.
    pub good: u64,
}

impl Direct {
    /// Takes the file over.
    pub(super) const fn new(file: File, good: u64) -> Self {
        Self { file, good }
    }

    /// Appends whole commands; what cannot be written whole is taken back.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.file.write_all(bytes) {
            Ok(()) => {
                self.good += bytes.len() as u64;
                Ok(())
            }
            Err(error) => {
                // The thread tries the same again, and says so if it cannot either.
                drop(self.file.set_len(self.good));
                Err(error)
            }
        }
    }
}
