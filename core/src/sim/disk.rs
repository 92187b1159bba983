//! What survives a crash of the process? The last image that was written, synced or not.
//!
//! Machines do not lose their power here, only processes die. So what an image was written for
//! makes a difference to its time ([`SYNC_US`], [`WRITE_US`]) and to the checkers, which let
//! nobody vote on an image that was not synced. An image still on its way when the process dies is
//! lost and the one before it stays. On a full disk the write fails, which ends the process.

use alloc::{collections::VecDeque, sync::Arc};

use super::{data::DataDisk, digest::Digest};
use crate::io::Durability;

/// How long a write with fsync takes, in microseconds: a plain SSD. Long enough that a crash can
/// fall between a vote's write and its sending.
pub(super) const SYNC_US: u64 = 500;

/// How long a write without fsync takes, in microseconds: a file is made and renamed.
const WRITE_US: u64 = 50;

/// The disk of one machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    /// `nodes.conf` as a restart will find it.
    pub image: Option<Arc<str>>,
    /// Images on their way, oldest first.
    writing: VecDeque<(Arc<str>, Durability)>,
    /// Snapshot and append only file.
    pub data: DataDisk,
    /// No room.
    pub full: bool,
}

impl Disk {
    /// Starts a write; it takes effect with the matching [`Disk::finish`], in so many microseconds.
    pub(super) fn begin(&mut self, image: Arc<str>, durability: Durability) -> u64 {
        self.writing.push_back((image, durability));
        match durability {
            Durability::Written => WRITE_US,
            Durability::Synced => SYNC_US,
        }
    }

    /// The oldest write is done; its image, or `None` if the disk is full.
    pub(super) fn finish(&mut self) -> Option<(Arc<str>, Durability)> {
        let done = self.writing.pop_front()?;
        if self.full {
            return None;
        }
        self.image = Some(Arc::clone(&done.0));
        Some(done)
    }

    /// The process died: what had not been written is gone.
    pub(super) fn crash(&mut self) {
        self.writing.clear();
        self.data.crash();
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.full));
        let writing = self.writing.iter().map(|(image, _)| image);
        for image in self.image.iter().chain(writing) {
            digest.bytes(image.as_bytes());
        }
        digest.word(self.writing.len() as u64);
        self.data.digest(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_survives_and_what_was_on_its_way_does_not() {
        let mut disk = Disk::default();
        let quick = disk.begin("a".into(), Durability::Written);
        assert!(quick < disk.begin("b".into(), Durability::Synced));
        assert_eq!(disk.finish(), Some(("a".into(), Durability::Written)));
        disk.crash();
        assert_eq!(disk.image.as_deref(), Some("a"));
        disk.full = true;
        disk.begin("c".into(), Durability::Written);
        assert_eq!(disk.finish(), None);
        assert_eq!(disk.image.as_deref(), Some("a"));
    }
}
