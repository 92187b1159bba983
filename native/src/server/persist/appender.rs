//! The thread that appends: everything that changes the append only files happens here, one thing
//! after the other, so that no two of them have to be thought of at once. Only plain appends are
//! the loop's, while it has the file ([`super::direct`]).
//!
//! What has gathered while it was busy is written and synced at once: with `appendfsync always`
//! the writes of all clients share one sync. A write that fails is taken back and tried again; what
//! came later waits behind it.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use slotscope_core::{
    config::Fsync,
    io::{Dataset, DatasetForm, JobId, Level},
};
use tokio::sync::mpsc::UnboundedSender;

use super::{
    Report,
    direct::{Direct, Shared},
    folder::{Folder, Open},
    snapshot::{self, Failed, plain},
};

/// What it is asked for.
#[derive(Debug)]
pub(super) enum Order {
    /// Append whole commands.
    Append { ticket: u64, bytes: Vec<u8> },
    /// Another `appendfsync`; whether the sync once a second rests while a snapshot or a rewrite is
    /// being written; whether files stay that are not in force any more.
    Policy { fsync: Fsync, rests: bool, keeps_history: bool },
    /// Begin a new base.
    Rewrite { job: JobId, dataset: Dataset, appends: bool, cancel: Arc<AtomicBool> },
    /// The new base is written, or not.
    BaseWritten(Base),
    /// Write out, sync and close.
    Close,
    /// Write out and sync, then say so.
    Flush(Sender<()>),
    /// The loop has begun to write: a sync will be due.
    Dirty,
    /// The loop gives the file back; so far it is good.
    GiveBack(u64),
}

/// A new base.
#[derive(Debug)]
pub(super) struct Base {
    job: JobId,
    temp: String,
    form: DatasetForm,
    cancel: Arc<AtomicBool>,
    result: Result<u64, Failed>,
}

/// The state of the thread.
#[derive(Debug)]
pub(super) struct Appender {
    pub folder: Folder,
    pub policy: Fsync,
    rests: bool,
    /// How many snapshots and rewrites are being written.
    busy: Arc<AtomicUsize>,
    /// What is appended to, and how far it is good.
    pub open: Option<(File, u64)>,
    /// `open` is the temporary increment of a first rewrite.
    temporary: bool,
    /// Not written yet.
    pending: Vec<u8>,
    /// The number of the last of them.
    ticket: u64,
    /// Written here and not synced.
    unsynced: bool,
    /// It is not the loop that appends.
    owns: bool,
    /// How many orders of the loop were obeyed.
    seen: u64,
    shared: Arc<Shared>,
    synced_at: Instant,
    failing: bool,
    orders: Sender<Order>,
    reports: UnboundedSender<Report>,
}

/// How long after a failed write the next one is tried.
const RETRY: Duration = Duration::from_secs(1);
/// `appendfsync everysec`.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// Nothing is due: any time will do.
const IDLE: Duration = Duration::from_secs(3600);

impl Appender {
    /// Appends to `open`, in this folder.
    pub(super) fn new(
        folder: Folder,
        policy: Fsync,
        open: Option<(File, u64)>,
        busy: Arc<AtomicUsize>,
        shared: Arc<Shared>,
        orders: Sender<Order>,
        reports: UnboundedSender<Report>,
    ) -> Self {
        Self {
            folder,
            policy,
            rests: false,
            busy,
            open,
            temporary: false,
            pending: Vec::new(),
            ticket: 0,
            unsynced: false,
            owns: true,
            seen: 0,
            shared,
            synced_at: Instant::now(),
            failing: false,
            orders,
            reports,
        }
    }

    /// Runs until nobody can order anything any more.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        loop {
            match orders.recv_timeout(self.patience()) {
                Ok(order) => self.obey(order),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while let Ok(order) = orders.try_recv() {
                self.obey(order);
            }
            self.write();
            self.sync_if_due();
            self.offer();
        }
    }

    /// Lets the loop write, if there is nothing left to do before it.
    fn offer(&mut self) {
        if !self.owns || self.policy == Fsync::Always || self.failing || !self.pending.is_empty() {
            return;
        }
        let Some((file, good)) = &self.open else { return };
        // Without another handle things stay as they are.
        let Ok(file) = file.try_clone() else { return };
        let direct = Direct::new(file, *good);
        self.owns = false;
        self.report(Report::Offer(direct, self.seen));
    }

    fn is_unsynced(&self) -> bool {
        self.unsynced || self.shared.is_dirty()
    }

    fn patience(&self) -> Duration {
        if self.failing {
            RETRY
        } else if self.is_unsynced() && self.policy != Fsync::No {
            SYNC_EVERY.saturating_sub(self.synced_at.elapsed())
        } else {
            IDLE
        }
    }

    fn obey(&mut self, order: Order) {
        let is_own = matches!(order, Order::BaseWritten(_));
        self.seen += u64::from(!is_own);
        // The loop gives the file back before it orders anything; but that it goes on.
        self.owns |= !is_own && !matches!(order, Order::Dirty);
        match order {
            Order::Append { ticket, bytes } => {
                if self.pending.is_empty() {
                    self.pending = bytes;
                } else {
                    self.pending.extend_from_slice(&bytes);
                }
                self.ticket = ticket;
            }
            Order::Dirty => {}
            Order::GiveBack(good) => {
                if let Some((_, length)) = &mut self.open {
                    *length = good;
                }
            }
            Order::Policy { fsync, rests, keeps_history } => {
                (self.policy, self.rests) = (fsync, rests);
                self.folder.keeps_history = keeps_history;
                for line in self.folder.delete_history() {
                    self.say(Level::Notice, line);
                }
            }
            Order::Rewrite { job, dataset, appends, cancel } => {
                self.rewrite(job, dataset, appends, cancel);
            }
            Order::BaseWritten(base) => self.base_written(base),
            Order::Close => {
                self.write();
                self.sync();
                self.open = None;
                if std::mem::take(&mut self.temporary) {
                    let name = self.folder.temp_increment();
                    drop(fs::remove_file(self.folder.file(&name)));
                    self.say(
                        Level::Notice,
                        format!("Removing the temp incr aof file {name} in the background"),
                    );
                }
                self.pending.clear();
                self.failing = false;
                self.report(Report::Synced(self.ticket));
            }
            Order::Flush(done) => {
                self.write();
                self.sync();
                let _ = done.send(());
            }
        }
    }

    /// Writes what is pending. What cannot be written whole is taken back.
    fn write(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let Some((file, good)) = &mut self.open else {
            // It was closed: nobody waits for what came behind that.
            self.pending.clear();
            self.report(Report::Synced(self.ticket));
            return;
        };
        match file.write_all(&self.pending) {
            Ok(()) => {
                *good += self.pending.len() as u64;
                self.pending.clear();
                // A burst must not be paid for ever after.
                self.pending.shrink_to(1 << 20);
                self.unsynced = true;
                if std::mem::take(&mut self.failing) {
                    self.report(Report::Works);
                }
                if self.policy == Fsync::No {
                    self.report(Report::Synced(self.ticket));
                }
            }
            Err(error) => {
                let taken_back = file.set_len(*good);
                if let Err(error) = taken_back {
                    let line = format!(
                        "Could not remove short write from the append-only file.  Redis may \
                         refuse to load the AOF the next time it starts.  ftruncate: {}",
                        plain(&error)
                    );
                    self.say(Level::Warning, line);
                }
                self.failed(&error);
            }
        }
    }

    fn sync_if_due(&mut self) {
        let due = match self.policy {
            Fsync::Always => true,
            Fsync::EverySecond => {
                let rests = self.rests && self.busy.load(Ordering::Relaxed) > 0;
                self.synced_at.elapsed() >= SYNC_EVERY && !rests
            }
            Fsync::No => false,
        };
        if due && self.is_unsynced() {
            self.sync();
        }
    }

    fn sync(&mut self) {
        let Some((file, _)) = &self.open else { return };
        self.synced_at = Instant::now();
        self.ticket = self.ticket.max(self.shared.begin_sync());
        let synced = file.sync_data();
        self.shared.end_sync();
        match synced {
            Ok(()) => {
                self.unsynced = false;
                if self.pending.is_empty() && std::mem::take(&mut self.failing) {
                    self.report(Report::Works);
                }
                if self.pending.is_empty() {
                    self.report(Report::Synced(self.ticket));
                }
            }
            Err(error) => {
                self.unsynced = true;
                self.failed(&error);
            }
        }
    }

    fn failed(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.failing, true) {
            self.report(Report::Failed(plain(error)));
        }
    }

    // Rewriting.

    fn rewrite(&mut self, job: JobId, dataset: Dataset, appends: bool, cancel: Arc<AtomicBool>) {
        if let Err(error) = self.begin_rewrite(appends) {
            self.report(Report::Rewritten(job, Err(plain(&error))));
            return;
        }
        let pid = std::process::id();
        let line = format!("Background append only file rewriting started by pid {pid}");
        self.say(Level::Notice, line);
        let orders = self.orders.clone();
        let temp = format!("temp-rewriteaof-bg-{pid}-{}.aof", job.0);
        let form = dataset.form;
        let started = thread::Builder::new().name("aof rewrite".into()).spawn({
            let busy = Arc::clone(&self.busy);
            move || {
                busy.fetch_add(1, Ordering::Relaxed);
                let result = snapshot::write(&dataset, Path::new(&temp), &cancel);
                drop(dataset);
                busy.fetch_sub(1, Ordering::Relaxed);
                let base = Base { job, temp, form, cancel, result };
                drop(orders.send(Order::BaseWritten(base)));
            }
        });
        if let Err(error) = started {
            self.report(Report::Rewritten(job, Err(plain(&error))));
        }
    }

    /// What is appended from here on goes into a new file.
    fn begin_rewrite(&mut self, appends: bool) -> io::Result<()> {
        self.folder.make()?;
        if !appends {
            return Ok(());
        }
        self.write();
        if !self.pending.is_empty() {
            return Err(io::Error::other("the append only file cannot be written"));
        }
        self.sync();
        let temporary = self.open.is_none() || self.temporary;
        let (file, name) = self.folder.new_increment(temporary)?;
        self.open = Some((file, 0));
        self.temporary = temporary;
        self.say(Level::Notice, format!("Creating AOF incr file {name} on background rewrite"));
        Ok(())
    }

    fn base_written(&mut self, base: Base) {
        let Base { job, temp, form, cancel, result } = base;
        let bytes = match result {
            // Given up after its last byte: what is appended now may be another history.
            Ok(_) if cancel.load(Ordering::Relaxed) => {
                drop(fs::remove_file(&temp));
                return;
            }
            Ok(bytes) => bytes,
            Err(Failed::Cancelled) => return,
            Err(Failed::Io(_, error)) => {
                self.report(Report::Rewritten(job, Err(plain(&error))));
                return;
            }
        };
        self.say(Level::Notice, format!("Successfully created the temporary AOF base file {temp}"));
        self.say(Level::Notice, "Background AOF rewrite terminated with success".into());
        self.write();
        self.sync();
        let open = match (&self.open, self.temporary) {
            (None, _) => Open::Nothing,
            (Some(_), true) => Open::Temporary,
            (Some(_), false) => Open::Listed,
        };
        match self.folder.finish_rewrite(&temp, form, open) {
            Ok(lines) => {
                self.temporary = false;
                for line in lines {
                    self.say(Level::Notice, line);
                }
                self.report(Report::Rewritten(job, Ok(bytes)));
            }
            Err(error) => {
                drop(fs::remove_file(&temp));
                self.report(Report::Rewritten(job, Err(plain(&error))));
            }
        }
    }

    fn say(&self, level: Level, line: String) {
        self.report(Report::Line(level, line));
    }

    fn report(&self, report: Report) {
        // The loop has ended: nobody listens, and nothing depends on it.
        drop(self.reports.send(report));
    }
}
