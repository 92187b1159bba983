//! A dataset as a file: written beside the old one, synced, and only then given its name.
//!
//! A crash or a full disk leaves what was there before. It runs on a helper thread and looks at a
//! flag from time to time, so that a snapshot that nobody wants any more ends soon.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use slotscope_core::io::Dataset;

use super::super::disk::sync_folder;

/// Writes so often go to the platter, so that the last sync does not have to take everything at
/// once while others wait for theirs (Redis: `rdb-save-incremental-fsync`).
const SYNC_BYTES: usize = 4 << 20;

/// So often a snapshot that waits looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(10);

/// Why a snapshot was not written.
#[derive(Debug)]
pub(super) enum Failed {
    /// Nobody wants it any more.
    Cancelled,
    /// The disk; and what was being done.
    Io(&'static str, io::Error),
}

/// Writes `dataset` to `temp`, durably; how many bytes it has. On failure nothing is left.
pub(super) fn write(dataset: &Dataset, temp: &Path, cancel: &AtomicBool) -> Result<u64, Failed> {
    let written = write_file(dataset, temp, cancel);
    if written.is_err() {
        // What is left of the attempt would only fill the disk further.
        drop(fs::remove_file(temp));
    }
    written
}

fn write_file(dataset: &Dataset, temp: &Path, cancel: &AtomicBool) -> Result<u64, Failed> {
    let mut file = File::create(temp).map_err(|error| Failed::Io("open", error))?;
    let (mut bytes, mut unsynced, mut failed) = (0, 0, None);
    let delay = Duration::from_micros(u64::try_from(dataset.delay).unwrap_or(0));
    dataset.write(&mut |piece| {
        if !linger(delay, || !cancel.load(Ordering::Relaxed)) {
            failed = Some(Failed::Cancelled);
            return false;
        }
        bytes += piece.len() as u64;
        unsynced += piece.len();
        let mut result = file.write_all(piece);
        if unsynced >= SYNC_BYTES && result.is_ok() {
            unsynced = 0;
            result = file.sync_data();
        }
        match result {
            Ok(()) => true,
            Err(error) => {
                failed = Some(Failed::Io("rdbSaveRio", error));
                false
            }
        }
    });
    if let Some(failed) = failed {
        return Err(failed);
    }
    file.sync_all().map_err(|error| Failed::Io("fsync", error))?;
    Ok(bytes)
}

/// Waits, if tests want it so (`rdb-key-save-delay`); false if nobody wants the snapshot any more.
pub(in crate::server) fn linger(delay: Duration, is_wanted: impl Fn() -> bool) -> bool {
    let until = Instant::now() + delay;
    loop {
        if !is_wanted() {
            return false;
        }
        match until.checked_duration_since(Instant::now()) {
            Some(left) if !delay.is_zero() => thread::sleep(left.min(LOOK)),
            _ => return true,
        }
    }
}

/// Writes `dataset` and gives it the name `path`, durably.
pub(super) fn replace(
    dataset: &Dataset,
    temp: &Path,
    path: &Path,
    cancel: &AtomicBool,
) -> Result<(), Failed> {
    write(dataset, temp, cancel)?;
    if cancel.load(Ordering::Relaxed) {
        drop(fs::remove_file(temp));
        return Err(Failed::Cancelled);
    }
    fs::rename(temp, path).map_err(|error| {
        drop(fs::remove_file(temp));
        Failed::Io("rename", error)
    })?;
    sync_folder(path).map_err(|error| Failed::Io("fsync", error))
}

/// An error as C programs word it: without Rust's number behind it.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((plain, _)) => plain.to_owned(),
        None => text,
    }
}
