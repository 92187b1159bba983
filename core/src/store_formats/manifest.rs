//! The manifest of the append only files: which files are in force, in which order.
//!
//! ```text
//! file appendonly.aof.2.base.rdb seq 2 type b
//! file appendonly.aof.4.incr.aof seq 4 type i
//! ```
//!
//! At most one base, history (files that only have to be deleted), and increments in ascending
//! order. How the files change is here too, as pure steps: who writes, renames and deletes them is
//! the driver.
//!
//! Spec: Redis 7.0, multi-part append only file.

use alloc::{format, string::String, vec::Vec};
use core::fmt::Write as _;

use crate::config::{quoted, words};

/// A file of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AofFile {
    /// Its name in the folder.
    pub name: String,
    /// Its number among those of its kind.
    pub seq: u64,
}

/// Which files there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The dataset to begin with.
    pub base: Option<AofFile>,
    /// Files that were replaced and are not deleted yet.
    pub history: Vec<AofFile>,
    /// What happened since the base, oldest first.
    pub increments: Vec<AofFile>,
    base_seq: u64,
    increment_seq: u64,
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ManifestError {
    /// Counted from 1.
    pub line: usize,
    /// The line.
    pub text: String,
    /// As Redis words it.
    pub what: &'static str,
}

const INVALID: &str = "Invalid AOF manifest file format";
/// Redis counts with signed numbers; half of them are room for more files than ever come.
const SEQ_MAX: u64 = 1 << 62;
/// Redis reads lines of at most 1 KiB.
const LINE_MAX: usize = 1024;

impl Manifest {
    /// Reads the file.
    ///
    /// # Errors
    /// The first line that does not fit; nothing is guessed.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let mut read = Self::default();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            at += 1;
            let wrong = |what| ManifestError { line: at, text: line.trim_end().into(), what };
            if line.starts_with('#') {
                continue;
            }
            if !line.ends_with('\n') || line.len() > LINE_MAX {
                return Err(wrong("The AOF manifest file contains too long line"));
            }
            let (kind, file) = read_line(line.trim()).ok_or_else(|| wrong(INVALID))?;
            match kind {
                b'b' if read.base.is_some() => {
                    return Err(wrong("Found duplicate base file information"));
                }
                b'b' => {
                    read.base_seq = file.seq;
                    read.base = Some(file);
                }
                b'h' => read.history.push(file),
                b'i' if file.seq <= read.increment_seq => {
                    return Err(wrong("Found a non-monotonic sequence number"));
                }
                b'i' => {
                    read.increment_seq = file.seq;
                    read.increments.push(file);
                }
                _ => return Err(wrong("Unknown AOF file type")),
            }
        }
        if at == 0 {
            let what = "Found an empty AOF manifest";
            return Err(ManifestError { line: 1, text: String::new(), what });
        }
        Ok(read)
    }

    /// The file's text.
    #[must_use]
    pub fn print(&self) -> String {
        let mut text = String::new();
        let mut put = |file: &AofFile, kind: char| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "file {} seq {} type {kind}", quoted(&file.name), file.seq);
        };
        self.base.iter().for_each(|file| put(file, 'b'));
        self.history.iter().for_each(|file| put(file, 'h'));
        self.increments.iter().for_each(|file| put(file, 'i'));
        text
    }

    /// Whether nothing is in force.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.base.is_none() && self.increments.is_empty()
    }

    /// The files to load, in order.
    pub fn files(&self) -> impl Iterator<Item = &AofFile> {
        self.base.iter().chain(&self.increments)
    }

    /// A log of the time before 7.0 becomes the base.
    pub fn adopt(&mut self, name: &str) {
        self.base_seq = 1;
        self.base = Some(AofFile { name: name.into(), seq: 1 });
    }

    /// A new increment, for what happens from here on.
    pub fn add_increment(&mut self, stem: &str) -> &AofFile {
        self.increment_seq += 1;
        let seq = self.increment_seq;
        self.increments.push(AofFile { name: format!("{stem}.{seq}.incr.aof"), seq });
        // Invariant: it has just been pushed.
        &self.increments[self.increments.len() - 1]
    }

    /// A new base: what was in force before becomes history, except for the newest increment when
    /// `keeps_newest`.
    pub fn replace_base(&mut self, stem: &str, is_rdb: bool, keeps_newest: bool) -> &AofFile {
        self.base_seq += 1;
        let seq = self.base_seq;
        let suffix = if is_rdb { "rdb" } else { "aof" };
        let keep = self.increments.len() - usize::from(keeps_newest && !self.increments.is_empty());
        // Newest first, as Redis lists them.
        let mut old: Vec<AofFile> = self.increments.drain(..keep).rev().collect();
        old.extend(self.base.take());
        old.append(&mut self.history);
        self.history = old;
        self.base.insert(AofFile { name: format!("{stem}.{seq}.base.{suffix}"), seq })
    }
}

fn read_line(line: &str) -> Option<(u8, AofFile)> {
    let words = words(line).ok()?;
    if words.len() < 6 || words.len() % 2 != 0 {
        return None;
    }
    let (mut name, mut seq, mut kind) = (None, None, None);
    for pair in words.chunks_exact(2) {
        let [key, value] = pair else { return None };
        if key.eq_ignore_ascii_case("file") {
            // A path would lead out of the folder.
            name = Some(value.clone()).filter(|name| !name.contains('/') && !name.is_empty());
        } else if key.eq_ignore_ascii_case("seq") {
            seq = value.parse::<u64>().ok().filter(|seq| (1..=SEQ_MAX).contains(seq));
        } else if key.eq_ignore_ascii_case("type") {
            kind = value.bytes().next();
        }
    }
    Some((kind?, AofFile { name: name?, seq: seq? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEM: &str = "appendonly.aof";

    #[test]
    fn it_survives_a_round_trip() {
        let text = "file appendonly.aof.2.base.rdb seq 2 type b\n\
                    file \"a b.1.incr.aof\" seq 1 type h\n\
                    file appendonly.aof.4.incr.aof seq 4 type i\n\
                    file appendonly.aof.5.incr.aof seq 5 type i\n";
        let manifest = Manifest::parse(text).unwrap();
        assert_eq!(manifest.print(), text);
        let noted = format!("# a note\n{text}");
        assert_eq!(Manifest::parse(&noted).unwrap(), manifest);
        let more = "file a seq 1 type i startoffset 7\n";
        assert_eq!(Manifest::parse(more).unwrap().increments[0].name, "a");
    }

    #[test]
    fn a_rewrite_goes_through_its_steps() {
        let mut manifest = Manifest::default();
        assert_eq!(manifest.replace_base(STEM, true, false).name, "appendonly.aof.1.base.rdb");
        assert_eq!(manifest.add_increment(STEM).name, "appendonly.aof.1.incr.aof");
        manifest.add_increment(STEM);
        assert_eq!(manifest.files().count(), 3);
        assert_eq!(manifest.replace_base(STEM, false, true).name, "appendonly.aof.2.base.aof");
        assert_eq!(
            manifest.print(),
            "file appendonly.aof.2.base.aof seq 2 type b\n\
             file appendonly.aof.1.incr.aof seq 1 type h\n\
             file appendonly.aof.1.base.rdb seq 1 type h\n\
             file appendonly.aof.2.incr.aof seq 2 type i\n"
        );
        assert_eq!(Manifest::parse(&manifest.print()).unwrap(), manifest);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for bad in [
            "",
            "\n",
            "file a seq 1 type\n",
            "file a seq 0 type b\n",
            "file a seq x type b\n",
            "file ../a seq 1 type b\n",
            "file a seq 1 type x\n",
            "file a seq 1 type b\nfile b seq 2 type b\n",
            "file a seq 2 type i\nfile b seq 1 type i\n",
            "file a seq 1 type b",
        ] {
            assert!(Manifest::parse(bad).is_err(), "{bad:?}");
        }
    }
}
