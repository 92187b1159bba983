//! What a node wants on disk, and what the driver says became of it.
//!
//! A node decides *what* is to be kept and *when*; names of files, renaming, syncing and threads
//! are the driver's. Nothing here waits: a driver writes beside its loop and reports later.

use alloc::{format, string::String, sync::Arc, vec::Vec};
use core::fmt;

use super::Framing;

/// The number of a snapshot or a rewrite, so that a late report of a cancelled one is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// A dataset at one moment that can write itself. Whoever has a disk calls [`Dataset::write`],
/// on any thread: the node goes on meanwhile and shares with it what has not changed since.
#[derive(Clone, Debug)]
pub struct Dataset {
    frozen: Arc<dyn Frozen>,
    /// How it writes itself.
    pub form: DatasetForm,
    /// Tests want it to be slow: microseconds for each key. Each key is a piece then.
    pub delay: i64,
}

/// What the bytes of a dataset are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatasetForm {
    /// RDB.
    Rdb,
    /// Commands that make it, as an append only file holds them.
    Commands,
}

/// What a [`Dataset`] is made of.
pub trait Frozen: fmt::Debug + Send + Sync {
    /// Gives all its bytes to `sink`, in pieces; stops, and returns false, when `sink` does.
    fn write(&self, form: DatasetForm, sink: &mut dyn FnMut(&[u8]) -> bool) -> bool;
}

impl Dataset {
    /// Something frozen, to be written in that form.
    pub fn new(frozen: impl Frozen + 'static, form: DatasetForm) -> Self {
        Self { frozen: Arc::new(frozen), form, delay: 0 }
    }

    /// The same, slower; see [`Dataset::delay`].
    #[must_use]
    pub fn delayed(self, delay: i64) -> Self {
        Self { delay, ..self }
    }

    /// Gives all its bytes to `sink`, in pieces; stops, and returns false, when `sink` does.
    pub fn write(&self, sink: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        self.frozen.write(self.form, sink)
    }

    /// All of an [`Effect::Snapshot`](super::Effect::Snapshot) in one piece, for drivers that need
    /// not spare memory.
    #[must_use]
    pub fn framed(&self, head: Vec<u8>, framing: &Framing) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut |piece| {
            bytes.extend_from_slice(piece);
            true
        });
        let mut all = head;
        all.extend_from_slice(framing.opening(bytes.len()).as_bytes());
        all.append(&mut bytes);
        all.extend_from_slice(framing.closing().as_bytes());
        all
    }
}

impl PartialEq for Dataset {
    /// The very same one.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.frozen, &other.frozen)
    }
}

/// What became of something that a node wanted on disk.
#[derive(Clone, Copy, Debug)]
pub enum DiskReport<'a> {
    /// [`super::Effect::SaveRdb`]: the snapshot is durable under its name, or why not.
    Saved {
        /// Which one.
        job: JobId,
        /// The error as the operating system words it.
        result: Result<(), &'a str>,
    },
    /// [`super::Effect::RewriteAof`]: the new base is in force, or why not.
    Rewritten {
        /// Which one.
        job: JobId,
        /// Bytes of the new base.
        result: Result<u64, &'a str>,
    },
    /// Appending has begun to fail, or works again.
    Appending(Result<(), &'a str>),
}

impl Framing {
    /// What stands before a snapshot of so many bytes.
    #[must_use]
    pub fn opening(&self, bytes: usize) -> String {
        match self {
            Self::Sized => format!("${bytes}\r\n"),
            Self::Marked(mark) => format!("$EOF:{mark}\r\n"),
        }
    }

    /// What stands behind it.
    #[must_use]
    pub fn closing(&self) -> &str {
        match self {
            Self::Sized => "",
            Self::Marked(mark) => mark,
        }
    }
}
