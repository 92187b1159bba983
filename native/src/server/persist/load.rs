//! Reading the dataset from disk, while those who ask for it are told to wait.
//!
//! It is read in slices: between two of them the loop serves clients, which learn from the node
//! that it is loading. What is read within the first moment is there before anybody is let in.
//!
//! Nothing is changed before everything is read, with one exception that a crash explains: the last
//! file of a log may end in the middle of a command, and is cut there if `aof-load-truncated`
//! allows it. Damage ends the start with file and offset.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _},
    path::Path,
    pin::pin,
    rc::Rc,
    sync::atomic::AtomicBool,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use slotscope_core::{
    config::Config,
    io::Effect,
    node::{Loaded, RdbLoad, RdbPart, Replay, ReplayError},
};
use tokio::{task, time};

use super::{
    super::driver::Driver,
    folder::{Folder, Unusable},
    snapshot::{self, Failed, plain},
};

/// So much is read at once, at most.
const PIECE: usize = 256 << 10;
/// Nobody is let in before: most datasets are small, and no client of theirs need be told to wait.
const FIRST_TURN: Duration = Duration::from_millis(50);
/// Then others have a chance so often.
const TURN: Duration = Duration::from_millis(5);

/// What the start found: where the log is, and what is appended to.
#[derive(Debug)]
pub(crate) struct Start {
    pub(super) folder: Folder,
    pub(super) open: Option<(File, u64)>,
}

/// Why the start ends: lines for the log, the last of them says that it does.
#[derive(Debug)]
pub(crate) struct LoadError(pub Vec<String>);

impl From<Unusable> for LoadError {
    fn from(Unusable(lines): Unusable) -> Self {
        Self(lines)
    }
}

fn fatal(line: String) -> LoadError {
    LoadError(vec![line])
}

/// Loads the dataset of a node that has just been made, and opens its log.
pub(crate) async fn at_start(driver: &Rc<Driver>) -> Result<Start, LoadError> {
    let config = driver.config(Config::clone);
    let mut loading = Loading { driver, turn: Some(Instant::now() + FIRST_TURN), keys: 0 };
    let mut folder = Folder::open(&config)?;
    if !config.appendonly {
        loading.begin(fs::metadata(&config.dbfilename).map_or(0, |file| file.len()));
        loading.snapshot(&config).await?;
        loading.end(Loaded::WithoutAof);
        return Ok(Start { folder, open: None });
    }
    if let Some(name) = folder.migrate().map_err(|error| {
        fatal(format!(
            "Error trying to move the old AOF file {} into dir {}: {}",
            config.appendfilename,
            config.appenddirname,
            plain(&error)
        ))
    })? {
        driver.log.notice(&format!(
            "Successfully migrated an old-style AOF file ({name}) into the AOF directory ({}).",
            config.appenddirname
        ));
    }
    loading.begin(folder.bytes());
    loading.log_files(&folder, &config).await?;
    let open = loading.open(&mut folder)?;
    for line in folder.delete_history() {
        driver.log.notice(&line);
    }
    loading.end(Loaded::Aof(folder.bytes()));
    Ok(Start { folder, open: Some(open) })
}

/// Loads everything anew (`DEBUG RELOAD`, `DEBUG LOADAOF`), at once. On an error the dataset is in
/// pieces.
pub(crate) fn reload(driver: &Rc<Driver>, from_log: bool) -> Result<(), LoadError> {
    let config = driver.config(Config::clone);
    // Files that are only read must not become those that are appended to.
    let logs = driver.node.borrow().logs();
    driver.node.borrow_mut().unload();
    let mut loading = Loading { driver, turn: None, keys: 0 };
    let loaded = if from_log {
        let folder = Folder::open(&config)?;
        at_once(loading.log_files(&folder, &config))?;
        if logs { Loaded::Aof(folder.bytes()) } else { Loaded::WithoutAof }
    } else {
        at_once(loading.snapshot(&config))?;
        Loaded::WithoutAof
    };
    loading.end(loaded);
    Ok(())
}

/// Runs what never pauses.
fn at_once<T>(future: impl Future<Output = Result<T, LoadError>>) -> Result<T, LoadError> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(fatal("Loading was interrupted.".into())),
    }
}

struct Loading<'a> {
    driver: &'a Rc<Driver>,
    /// When others have a chance next; `None` if nobody has before the end.
    turn: Option<Instant>,
    /// Keys loaded when they last had.
    keys: u64,
}

impl Loading<'_> {
    fn begin(&self, total: u64) {
        let driver = self.driver;
        driver.node.borrow_mut().loading(driver.clock.now(), total);
    }

    fn end(&self, loaded: Loaded) {
        let driver = self.driver;
        let (now, mut out) = (driver.clock.now(), driver.out.borrow_mut());
        driver.node.borrow_mut().loaded(now, loaded, &mut out);
    }

    /// Something was read; from time to time others have a chance.
    async fn pause(&mut self, read: usize) {
        self.driver.node.borrow_mut().note_loaded(read as u64);
        let Some(turn) = self.turn else { return };
        let delay = self.delay();
        if delay.is_zero() && Instant::now() < turn {
            return;
        }
        self.driver.carry_out();
        if delay.is_zero() {
            task::yield_now().await;
        } else {
            time::sleep(delay).await;
        }
        self.turn = Some(Instant::now() + TURN);
    }

    /// `key-load-delay` makes loading slow, so that tests have time to look: microseconds for each
    /// key, or one for so many keys if it is negative.
    fn delay(&mut self) -> Duration {
        let named = self.driver.config(|config| config.value("key-load-delay"));
        let delay: i64 = named.and_then(|text| text.parse().ok()).unwrap_or(0);
        if delay == 0 {
            return Duration::ZERO;
        }
        let loaded = self.driver.node.borrow().keys();
        let keys = loaded.saturating_sub(std::mem::replace(&mut self.keys, loaded));
        let each = delay.unsigned_abs();
        Duration::from_micros(if delay > 0 { keys.saturating_mul(each) } else { keys / each })
    }

    /// Log lines of the node go out as they come; other effects wait for the loop.
    fn flush_lines(&self) {
        let mut out = self.driver.out.borrow_mut();
        let waiting: Vec<Effect> = out.drain().collect();
        for effect in waiting {
            match effect {
                Effect::Log { level, line } => self.driver.log.line(level, &line),
                other => out.push(other),
            }
        }
    }

    async fn snapshot(&mut self, config: &Config) -> Result<(), LoadError> {
        let started = Instant::now();
        let name = &config.dbfilename;
        let file = match File::open(name) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                return Err(fatal(format!(
                    "Fatal error loading the DB: {}. Exiting.",
                    plain(&error)
                )));
            }
        };
        self.rdb(name, file, RdbPart::File).await?;
        self.driver.log.notice(&format!("DB loaded from disk: {}", seconds(started)));
        Ok(())
    }

    /// Reads a snapshot; what was read beyond its end, and the file.
    async fn rdb(
        &mut self,
        name: &str,
        mut file: File,
        part: RdbPart,
    ) -> Result<(RdbLoad, File), LoadError> {
        let mut load = RdbLoad::new(part);
        let mut piece = vec![0; piece_size(self.driver)];
        loop {
            let n = file.read(&mut piece).map_err(|error| {
                fatal(format!("Fatal error loading the DB: {name}: {}. Exiting.", plain(&error)))
            })?;
            let driver = self.driver;
            let ended = driver.node.borrow_mut().load_rdb(
                driver.clock.now(),
                &mut load,
                &piece[..n],
                n == 0,
                &mut driver.out.borrow_mut(),
            );
            self.flush_lines();
            match ended {
                Ok(true) => return Ok((load, file)),
                Ok(false) => self.pause(n).await,
                Err(error) => {
                    return Err(LoadError(vec![
                        format!("RDB '{name}' at offset {}: {error}", load.position()),
                        "Terminating server after rdb file reading failure.".into(),
                    ]));
                }
            }
        }
    }

    /// Base and increments, in order.
    async fn log_files(&mut self, folder: &Folder, config: &Config) -> Result<(), LoadError> {
        if folder.manifest.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        let count = folder.manifest.files().count();
        let base = folder.manifest.base.as_ref();
        for (at, file) in folder.manifest.files().enumerate() {
            let began = Instant::now();
            let (name, is_base) = (&file.name, base == Some(file));
            self.log_file(&folder.file(name), name, at + 1 == count, is_base, config).await?;
            if fs::metadata(folder.file(name)).is_ok_and(|found| found.len() == 0) {
                continue;
            }
            let kind = if is_base { "base" } else { "incr" };
            self.driver
                .log
                .notice(&format!("DB loaded from {kind} file {name}: {}", seconds(began)));
        }
        self.driver.log.notice(&format!("DB loaded from append only file: {}", seconds(started)));
        Ok(())
    }

    async fn log_file(
        &mut self,
        path: &Path,
        name: &str,
        is_last: bool,
        is_base: bool,
        config: &Config,
    ) -> Result<(), LoadError> {
        let mut file = File::open(path).map_err(|error| {
            fatal(format!(
                "Fatal error: can't open the append log file {name} for reading: {}",
                plain(&error)
            ))
        })?;
        let mut bytes = Vec::new();
        let mut replay = Replay::default();
        if starts_as_rdb(path) {
            let old = name == config.appendfilename;
            self.driver.log.notice(if old || !is_base {
                "Reading RDB preamble from AOF file..."
            } else {
                "Reading RDB base file on AOF loading..."
            });
            let (load, rest) =
                self.rdb(name, file, RdbPart::AofBase).await.map_err(|mut error| {
                    let what = if old || !is_base { "preamble of the AOF" } else { "base" };
                    error.0.insert(
                        1,
                        format!("Error reading the RDB {what} file {name}, AOF loading aborted"),
                    );
                    error
                })?;
            file = rest;
            bytes.extend_from_slice(load.rest());
            replay = Replay::behind(load.position());
        }
        let mut piece = vec![0; piece_size(self.driver)];
        loop {
            let driver = self.driver;
            let replayed = driver.node.borrow_mut().replay(
                driver.clock.now(),
                &bytes,
                &mut replay,
                &mut driver.out.borrow_mut(),
            );
            self.flush_lines();
            let used = replayed.map_err(|error| bad_format(name, &error))?;
            bytes.drain(..used);
            let n = file.read(&mut piece).map_err(|error| {
                fatal(format!(
                    "Unrecoverable error reading the append only file {name}: {}",
                    plain(&error)
                ))
            })?;
            if n == 0 {
                break;
            }
            bytes.extend_from_slice(&piece[..n]);
            self.pause(n).await;
        }
        if bytes.is_empty() && !replay.is_open() {
            return Ok(());
        }
        if replay.is_open() {
            self.driver
                .log
                .warning(&format!("Revert incomplete MULTI/EXEC transaction in AOF file {name}"));
        }
        self.cut(path, name, replay.good, is_last && config.aof_load_truncated)
    }

    /// The file ends in the middle of something.
    fn cut(&mut self, path: &Path, name: &str, good: u64, may_cut: bool) -> Result<(), LoadError> {
        if !may_cut {
            return Err(fatal(format!(
                "Unexpected end of file reading the append only file {name} at offset {good}. You \
                 can: 1) Make a backup of your AOF file, then use ./redis-check-aof --fix \
                 <filename.manifest>. 2) Alternatively you can set the 'aof-load-truncated' \
                 configuration option to yes and restart the server."
            )));
        }
        self.driver
            .log
            .warning(&format!("!!! Warning: short read while loading the AOF file {name}!!!"));
        self.driver.log.warning(&format!("!!! Truncating the AOF {name} at offset {good} !!!"));
        OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|file| {
                file.set_len(good)?;
                file.sync_all()
            })
            .map_err(|error| {
                fatal(format!("Error truncating the AOF file {name}: {}", plain(&error)))
            })?;
        self.driver
            .log
            .warning(&format!("AOF {name} loaded anyway because aof-load-truncated is enabled"));
        Ok(())
    }

    /// Opens what is appended to; a log that has no file yet gets its first base and increment.
    fn open(&mut self, folder: &mut Folder) -> Result<(File, u64), LoadError> {
        let broken = |what: &str, error: &io::Error| fatal(format!("{what}: {}", plain(error)));
        folder.make().map_err(|error| {
            let dir = folder.path.display();
            broken(&format!("Can't open or create append-only dir {dir}"), &error)
        })?;
        if folder.manifest.is_empty() {
            self.first_base(folder)?;
        }
        if let Some((file, length, name)) = folder
            .last_increment()
            .map_err(|error| broken("Can't open the append-only file", &error))?
        {
            self.driver.log.notice(&format!("Opening AOF incr file {name} on server start"));
            return Ok((file, length));
        }
        let (file, name) = folder
            .new_increment(false)
            .map_err(|error| broken("Can't open the append-only file", &error))?;
        self.driver.log.notice(&format!("Creating AOF incr file {name} on server start"));
        Ok((file, 0))
    }

    fn first_base(&mut self, folder: &mut Folder) -> Result<(), LoadError> {
        let driver = self.driver;
        let (now, mut out) = (driver.clock.now(), driver.out.borrow_mut());
        let dataset = driver.node.borrow_mut().base(now, &mut out);
        drop(out);
        let mut manifest = folder.manifest.clone();
        let is_rdb = dataset.form == slotscope_core::io::DatasetForm::Rdb;
        let name = manifest.replace_base(&folder.stem, is_rdb, false).name.clone();
        self.driver.log.notice(&format!("Creating AOF base file {name} on server start"));
        let temp = folder.file(&format!("temp-{name}"));
        let written =
            snapshot::replace(&dataset, &temp, &folder.file(&name), &AtomicBool::new(false));
        let error = match written {
            Ok(()) | Err(Failed::Cancelled) => folder.adopt(manifest).err(),
            Err(Failed::Io(_, error)) => Some(error),
        };
        match error {
            None => Ok(()),
            Some(error) => {
                Err(fatal(format!("Can't create the AOF base file {name}: {}", plain(&error))))
            }
        }
    }
}

/// Tests want smaller ones, so that something happens between them.
fn piece_size(driver: &Driver) -> usize {
    let named = driver.config(|config| config.value("loading-process-events-interval-bytes"));
    named.and_then(|text| text.parse().ok()).unwrap_or(PIECE).clamp(1 << 10, PIECE)
}

fn starts_as_rdb(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(5).read_to_end(&mut head));
    read.is_ok() && head == b"REDIS"
}

fn bad_format(name: &str, error: &ReplayError) -> LoadError {
    let last = match error {
        ReplayError::Malformed { .. } => format!(
            "Bad file format reading the append only file {name}: make a backup of your AOF file, \
             then use ./redis-check-aof --fix <filename.manifest>"
        ),
        ReplayError::Unknown { name: command, .. } => {
            format!("Unknown command '{command}' reading the append only file {name}")
        }
    };
    LoadError(vec![format!("AOF {name}: {error}"), last])
}

fn seconds(since: Instant) -> String {
    format!("{:.3} seconds", since.elapsed().as_secs_f64())
}
