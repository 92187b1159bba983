//! `nodes.conf` on a real disk: one process holds it, and it is replaced whole or not at all.
//!
//! A new image is written to a file beside the old one, locked, and renamed over it. A full disk or
//! the end of the process leaves the old file as it was, which writing in place (as Redis 7.0 does)
//! cannot promise. An image that holds a promise is synced before it gets the name, and the folder
//! after it; the others are left to the operating system, which file systems with delayed
//! allocation (ext4, btrfs) write out before the rename itself.
//!
//! The lock is `flock` on `nodes.conf` itself, as in Redis, so that a `redis-server` is kept out
//! too. It survives the rename because the new file is locked *before* it gets the name: whoever
//! opens the name finds a locked file, before and after. Somebody who opened the old file just
//! before the rename and gets its lock just after it holds a file without a name; therefore
//! [`NodesFile::open`] compares what it locked with what stands under the name now.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    mem,
    path::{Path, PathBuf},
};

use slotscope_core::io::Durability;

/// The locked `nodes.conf` of this process.
#[derive(Debug)]
pub(super) struct NodesFile {
    path: PathBuf,
    /// Held for its lock alone.
    locked: File,
}

/// Why `nodes.conf` cannot be had.
#[derive(Debug)]
pub(super) enum OpenError {
    /// Another process holds it.
    Taken,
    /// It cannot be opened or read.
    Io(io::Error),
}

impl NodesFile {
    /// Opens (or makes) and locks the file; gives its text, `None` for a new or empty one.
    pub(super) fn open(path: &Path) -> Result<(Self, Option<Vec<u8>>), OpenError> {
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)
                .map_err(OpenError::Io)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(OpenError::Taken),
                Err(TryLockError::Error(error)) => return Err(OpenError::Io(error)),
            }
            if !still_named(&file, path) {
                // It was replaced between opening and locking: somebody lives there.
                continue;
            }
            let text = fs::read(path).map_err(OpenError::Io)?;
            let text = (!text.is_empty()).then_some(text);
            return Ok((Self { path: path.to_owned(), locked: file }, text));
        }
    }

    /// Replaces the file by `text`. Gives the old file, to be closed where nobody waits: it has no
    /// name any more, and the kernel first ends what it is still writing of it (1.5 ms on ext4).
    pub(super) fn replace(&mut self, text: &str, durability: Durability) -> io::Result<File> {
        let fresh_path = self.beside();
        let written = write(&fresh_path, text, durability)
            .and_then(|fresh| fs::rename(&fresh_path, &self.path).map(|()| fresh));
        match written {
            Ok(fresh) => {
                // The new file has been ours since before it was named.
                let old = mem::replace(&mut self.locked, fresh);
                if durability == Durability::Synced {
                    sync_folder(&self.path)?;
                }
                Ok(old)
            }
            Err(error) => {
                // What is left of the attempt would only fill the disk further.
                drop(fs::remove_file(&fresh_path));
                Err(error)
            }
        }
    }

    /// Unlike any other process's, so that two never write to the same file.
    fn beside(&self) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.new", std::process::id()));
        self.path.with_file_name(name)
    }
}

fn write(path: &Path, text: &str, durability: Durability) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    file.try_lock()?;
    file.write_all(text.as_bytes())?;
    if durability == Durability::Synced {
        file.sync_all()?;
    }
    Ok(file)
}

/// Makes the rename itself durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

/// Whether `path` still names the file that was opened.
#[cfg(unix)]
fn still_named(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    match (file.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(named)) => (ours.dev(), ours.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Elsewhere an open file cannot be renamed over, so it still has its name.
#[cfg(not(unix))]
fn still_named(_: &File, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_replaces_the_file_and_the_lock_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("nodes.conf");
        let (mut file, text) = NodesFile::open(&path).unwrap();
        assert_eq!(text, None, "a new file is empty");
        use Durability::{Synced, Written};
        for (image, how) in [("one\n", Synced), ("two, longer\n", Written), ("3\n", Synced)] {
            file.replace(image, how).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), image);
            assert!(matches!(NodesFile::open(&path), Err(OpenError::Taken)));
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
        drop(file);
        let (_file, text) = NodesFile::open(&path).unwrap();
        assert_eq!(text.as_deref(), Some(&b"3\n"[..]));
    }

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("nodes.conf");
        let (mut file, _) = NodesFile::open(&path).unwrap();
        file.replace("old\n", Durability::Synced).unwrap();
        // A folder where the new file should be written: the write must fail.
        fs::create_dir(file.beside()).unwrap();
        assert!(file.replace("new\n", Durability::Written).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old\n");
        assert!(matches!(NodesFile::open(&path), Err(OpenError::Taken)));
    }
}
