//! The folder of the append only files: its manifest, its files, and how they change so that a
//! crash at any point leaves a log that can be loaded.
//!
//! A file is whole and synced before the manifest names it, the manifest is replaced by renaming,
//! and what it no longer names is deleted last.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use slotscope_core::{config::Config, io::DatasetForm, store_formats::manifest::Manifest};

use super::{super::disk::sync_folder, snapshot::plain};

/// The folder and what its manifest says.
#[derive(Debug)]
pub(super) struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// `appendfilename`.
    pub stem: String,
    /// What is in force, as it stands on disk.
    pub manifest: Manifest,
    /// What is not in force any more stays all the same (`aof-disable-auto-gc`).
    pub keeps_history: bool,
}

/// Why the folder cannot be used: one line for the log each.
#[derive(Debug)]
pub(super) struct Unusable(pub Vec<String>);

impl Folder {
    /// Reads the manifest, if there is one. Nothing is made or changed.
    pub(super) fn open(config: &Config) -> Result<Self, Unusable> {
        let path = PathBuf::from(&config.appenddirname);
        let stem = config.appendfilename.clone();
        let keeps_history = keeps_history(config);
        let mut folder = Self { path, stem, manifest: Manifest::default(), keeps_history };
        let named = folder.manifest_path();
        let text = match fs::read(&named) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(folder),
            Err(error) => {
                return Err(Unusable(vec![format!(
                    "Fatal error: can't open the AOF manifest file {} for reading: {}",
                    named.display(),
                    plain(&error)
                )]));
            }
        };
        let text = String::from_utf8_lossy(&text);
        folder.manifest = Manifest::parse(&text).map_err(|error| {
            Unusable(vec![
                "*** FATAL AOF MANIFEST FILE ERROR ***".into(),
                format!("Reading the manifest file {}, at line {}", named.display(), error.line),
                format!(">>> '{}'", error.text),
                error.what.into(),
            ])
        })?;
        Ok(folder)
    }

    fn manifest_path(&self) -> PathBuf {
        self.path.join(format!("{}.manifest", self.stem))
    }

    /// A file of the folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The file that a log goes into until its first rewrite has ended.
    pub(super) fn temp_increment(&self) -> String {
        format!("temp-{}.incr", self.stem)
    }

    /// Makes the folder, unless it is there.
    pub(super) fn make(&self) -> io::Result<()> {
        match fs::create_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made.and_then(|()| sync_folder(&self.path)),
        }
    }

    /// Puts another manifest in force, durably.
    pub(super) fn adopt(&mut self, manifest: Manifest) -> io::Result<()> {
        let named = self.manifest_path();
        let temp = self.path.join(format!("temp-{}.manifest", self.stem));
        let written = File::create(&temp).and_then(|mut file| {
            file.write_all(manifest.print().as_bytes())?;
            file.sync_all()
        });
        let placed = written.and_then(|()| fs::rename(&temp, &named));
        if placed.is_err() {
            drop(fs::remove_file(&temp));
        }
        placed?;
        self.manifest = manifest;
        sync_folder(&named)
    }

    /// A log of the time before 7.0 in the working directory becomes the base: its name, if there
    /// is one. Safe to be repeated after a crash in the middle.
    pub(super) fn migrate(&mut self) -> io::Result<Option<String>> {
        let old = PathBuf::from(&self.stem);
        if !old.is_file() {
            return Ok(None);
        }
        let half_done = match &self.manifest.base {
            None => self.manifest.increments.is_empty(),
            Some(base) => {
                self.manifest.increments.is_empty()
                    && base.name == self.stem
                    && !self.file(&base.name).exists()
            }
        };
        if !half_done {
            return Ok(None);
        }
        self.make()?;
        let mut manifest = Manifest::default();
        manifest.adopt(&self.stem);
        self.adopt(manifest)?;
        fs::rename(&old, self.file(&self.stem))?;
        sync_folder(&self.file(&self.stem))?;
        sync_folder(&old)?;
        Ok(Some(self.stem.clone()))
    }

    /// Makes an empty file for what is appended from here on; in the manifest unless it is the
    /// temporary one of a first rewrite.
    pub(super) fn new_increment(&mut self, temporary: bool) -> io::Result<(File, String)> {
        if temporary {
            let name = self.temp_increment();
            return Ok((create(&self.file(&name))?, name));
        }
        let mut manifest = self.manifest.clone();
        let name = manifest.add_increment(&self.stem).name.clone();
        let file = create(&self.file(&name))?;
        self.adopt(manifest)?;
        Ok((file, name))
    }

    /// Opens the newest increment to go on with it: the file, its length, its name.
    pub(super) fn last_increment(&self) -> io::Result<Option<(File, u64, String)>> {
        let Some(last) = self.manifest.increments.last() else { return Ok(None) };
        let file = OpenOptions::new().append(true).open(self.file(&last.name))?;
        let length = file.metadata()?.len();
        Ok(Some((file, length, last.name.clone())))
    }

    /// A finished base takes its place: `temp` becomes the base, everything older history, and a
    /// temporary increment a real one. The lines for the log.
    pub(super) fn finish_rewrite(
        &mut self,
        temp: &str,
        form: DatasetForm,
        open: Open,
    ) -> io::Result<Vec<String>> {
        let mut lines = Vec::new();
        let mut manifest = self.manifest.clone();
        let is_rdb = form == DatasetForm::Rdb;
        let base = manifest.replace_base(&self.stem, is_rdb, open == Open::Listed).name.clone();
        fs::rename(temp, self.file(&base))?;
        lines.push(format!("Successfully renamed the temporary AOF base file {temp} into {base}"));
        let mut increment = None;
        if open == Open::Temporary {
            let name = manifest.add_increment(&self.stem).name.clone();
            let from = self.temp_increment();
            fs::rename(self.file(&from), self.file(&name))?;
            lines.push(format!(
                "Successfully renamed the temporary AOF incr file {from} into {name}"
            ));
            increment = Some((from, name));
        }
        if let Err(error) = self.adopt(manifest) {
            // The old files are still in force: what is open goes on as it was.
            drop(fs::remove_file(self.file(&base)));
            if let Some((from, name)) = increment {
                drop(fs::rename(self.file(&name), self.file(&from)));
            }
            return Err(error);
        }
        lines.extend(self.delete_history());
        Ok(lines)
    }

    /// Deletes what is not in force any more; the lines for the log. What cannot be deleted is
    /// tried again at the next start.
    pub(super) fn delete_history(&mut self) -> Vec<String> {
        if self.manifest.history.is_empty() || self.keeps_history {
            return Vec::new();
        }
        let mut manifest = self.manifest.clone();
        let mut lines = Vec::new();
        manifest.history.retain(|old| {
            lines.push(format!("Removing the history file {} in the background", old.name));
            match fs::remove_file(self.file(&old.name)) {
                Ok(()) => false,
                Err(error) => error.kind() != io::ErrorKind::NotFound,
            }
        });
        drop(self.adopt(manifest));
        lines
    }

    /// Bytes of all files in force.
    pub(super) fn bytes(&self) -> u64 {
        let length = |name: &str| fs::metadata(self.file(name)).map_or(0, |found| found.len());
        self.manifest.files().map(|file| length(&file.name)).sum()
    }
}

/// What is appended to while a rewrite ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Open {
    /// Nothing.
    Nothing,
    /// The newest increment of the manifest.
    Listed,
    /// The temporary one.
    Temporary,
}

/// `aof-disable-auto-gc`
pub(super) fn keeps_history(config: &Config) -> bool {
    config.value("aof-disable-auto-gc").as_deref() == Some("yes")
}

fn create(path: &Path) -> io::Result<File> {
    drop(File::create(path)?);
    sync_folder(path)?;
    OpenOptions::new().append(true).open(path)
}
