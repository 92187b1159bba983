//! What survives a crash? The last image that was synced.
//!
//! A write takes [`SYNC_US`]; an image still being written when the process dies is lost and the
//! one before it stays. On a full disk the write fails, which ends the process.

use alloc::{collections::VecDeque, sync::Arc};

use super::{data::DataDisk, digest::Digest};

/// How long a write with fsync takes, in microseconds: a plain SSD. Long enough that a crash can
/// fall between a vote's write and its sending.
pub(super) const SYNC_US: u64 = 500;

/// The disk of one machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    /// `nodes.conf` as a restart will find it.
    pub synced: Option<Arc<str>>,
    /// Images on their way to the platter, oldest first.
    writing: VecDeque<Arc<str>>,
    /// Snapshot and append only file.
    pub data: DataDisk,
    /// No room.
    pub full: bool,
}

impl Disk {
    /// Starts a write; it takes effect with the matching [`Disk::finish`].
    pub(super) fn begin(&mut self, image: Arc<str>) {
        self.writing.push_back(image);
    }

    /// The oldest write is done; its image, or `None` if the disk is full.
    pub(super) fn finish(&mut self) -> Option<Arc<str>> {
        let image = self.writing.pop_front()?;
        if self.full {
            return None;
        }
        self.synced = Some(Arc::clone(&image));
        Some(image)
    }

    /// The process died: what was not synced is gone.
    pub(super) fn crash(&mut self) {
        self.writing.clear();
        self.data.crash();
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.full));
        for image in self.synced.iter().chain(&self.writing) {
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
    fn only_synced_images_survive() {
        let mut disk = Disk::default();
        disk.begin("a".into());
        disk.begin("b".into());
        assert_eq!(disk.finish().as_deref(), Some("a"));
        disk.crash();
        assert_eq!(disk.synced.as_deref(), Some("a"));
        disk.full = true;
        disk.begin("c".into());
        assert_eq!(disk.finish(), None);
        assert_eq!(disk.synced.as_deref(), Some("a"));
    }
}
