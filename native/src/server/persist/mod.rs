//! The dataset on a real disk: what the node asks for is done on helper threads, and the loop is
//! told.
//!
//! [`Files`] is the loop's side. It appends while it may ([`direct`]), hands orders to the thread
//! that does everything else with the append only files ([`appender`]) and starts threads that
//! write snapshots ([`snapshot`]); what they report comes back through one channel. It also knows
//! which replies have to wait: with `appendfsync always` those behind what is not durable yet, and
//! with `everysec` only when the disk is so slow that more than two seconds would be at stake.

mod appender;
mod direct;
mod folder;
mod load;
mod rewrite;
mod snapshot;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use slotscope_core::{
    config::{Config, Fsync},
    id::ClientId,
    io::{Dataset, Effect, JobId, Level, Outbox, ReloadFrom},
};
use tokio::sync::{
    Notify,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    oneshot,
};

use self::{
    appender::{Appender, Order},
    direct::{Direct, Shared},
    folder::keeps_history,
    snapshot::{Failed, plain},
};

pub(super) use load::{LoadError, Start, at_start, reload};
pub(super) use snapshot::linger;

/// What a thread tells the loop.
#[derive(Debug)]
pub(super) enum Report {
    /// Appends up to this number are as durable as `appendfsync` asks for.
    Synced(u64),
    /// The loop may append by itself, if it has given no more orders than these.
    Offer(Direct, u64),
    /// Appending fails.
    Failed(String),
    /// It works again.
    Works,
    /// A snapshot is in its place, or why not.
    Saved(JobId, Result<(), String>),
    /// A new base is in force, and its bytes; or why not.
    Rewritten(JobId, Result<u64, String>),
    /// The configuration file was written, or why not.
    Configured(ClientId, Result<(), String>),
    /// A line for the log.
    Line(Level, String),
}

/// With `everysec`, replies wait when something older than this is not durable.
const LAG_MAX: Duration = Duration::from_millis(1800);
/// Ages are known to this precision.
const AGE_STEP: Duration = Duration::from_millis(50);

/// The loop's side of all that.
#[derive(Debug)]
pub(super) struct Files {
    orders: mpsc::Sender<Order>,
    /// The other end, until the thread starts.
    taken: RefCell<Option<mpsc::Receiver<Order>>>,
    reports: UnboundedSender<Report>,
    listener: RefCell<Option<UnboundedReceiver<Report>>>,
    policy: Cell<Fsync>,
    /// `CONFIG REWRITE` writes it.
    config_file: Option<PathBuf>,
    cancels: RefCell<BTreeMap<JobId, Arc<AtomicBool>>>,
    busy: Arc<AtomicUsize>,
    /// The file, while the loop appends by itself.
    direct: RefCell<Option<Direct>>,
    shared: Arc<Shared>,
    /// Appended since the thread was told last: what clients write in one round of the loop goes
    /// to it as one order, since waking a thread costs as much as a request.
    gathered: RefCell<Vec<u8>>,
    gathers: Notify,
    given: Cell<u64>,
    /// Orders given to the thread.
    sent: Cell<u64>,
    done: Cell<u64>,
    /// Numbers of appends and when they were given, oldest first.
    ages: RefCell<VecDeque<(u64, Instant)>>,
    waiting: RefCell<VecDeque<(u64, Held)>>,
}

/// Something for a client that waits for the disk.
#[derive(Debug)]
pub(super) enum Held {
    /// Replies of its own commands.
    Answer(ClientId, Vec<u8>),
    /// An effect for it.
    Effect(Effect),
    /// Whoever waits for what stands before it.
    Release(oneshot::Sender<()>),
}

impl Files {
    /// Takes orders for a thread that does not run yet.
    pub(super) fn new(config: &Config, config_file: Option<PathBuf>) -> Self {
        let (orders, taken) = mpsc::channel();
        let (reports, listener) = unbounded_channel();
        let files = Self {
            orders,
            taken: RefCell::new(Some(taken)),
            reports,
            listener: RefCell::new(Some(listener)),
            policy: Cell::new(config.appendfsync),
            config_file,
            cancels: RefCell::default(),
            busy: Arc::new(AtomicUsize::new(0)),
            direct: RefCell::default(),
            shared: Arc::default(),
            gathered: RefCell::default(),
            gathers: Notify::new(),
            given: Cell::new(0),
            sent: Cell::new(0),
            done: Cell::new(0),
            ages: RefCell::default(),
            waiting: RefCell::default(),
        };
        files.follow_config(config);
        files
    }

    /// Starts the thread that appends, now that it is known to what; once.
    pub(super) fn start(&self, start: Start) {
        let Some(taken) = self.taken.borrow_mut().take() else { return };
        let appender = Appender::new(
            start.folder,
            self.policy.get(),
            start.open,
            Arc::clone(&self.busy),
            Arc::clone(&self.shared),
            self.orders.clone(),
            self.reports.clone(),
        );
        let thread = thread::Builder::new().name("aof".into());
        if let Err(error) = thread.spawn(move || appender.run(&taken)) {
            self.tell(Report::Failed(plain(&error)));
        }
    }

    fn runs(&self) -> bool {
        self.taken.borrow().is_none()
    }

    /// The one who hears the reports; once.
    pub(super) fn listen(&self) -> Option<UnboundedReceiver<Report>> {
        self.listener.borrow_mut().take()
    }

    /// `appendfsync` may have changed.
    pub(super) fn follow_config(&self, config: &Config) {
        self.policy.set(config.appendfsync);
        self.order(Order::Policy {
            fsync: config.appendfsync,
            rests: config.no_appendfsync_on_rewrite,
            keeps_history: keeps_history(config),
        });
    }

    fn order(&self, order: Order) {
        // What changes files, or says that all is written, comes behind what was appended so far.
        self.give_back();
        self.hand_over();
        self.send(order);
    }

    fn give_back(&self) {
        if let Some(direct) = self.direct.borrow_mut().take() {
            self.send(Order::GiveBack(direct.good));
        }
    }

    fn send(&self, order: Order) {
        self.sent.set(self.sent.get() + 1);
        // The thread is gone only when it could not be started, which was reported.
        drop(self.orders.send(order));
    }

    fn tell(&self, report: Report) {
        drop(self.reports.send(report));
    }

    // What the node asks for.

    /// Bytes for the append only file.
    pub(super) fn append(&self, bytes: Vec<u8>) {
        self.given.set(self.given.get() + 1);
        let mut gathered = self.gathered.borrow_mut();
        if gathered.is_empty() {
            *gathered = bytes;
            self.gathers.notify_one();
        } else {
            gathered.extend_from_slice(&bytes);
        }
    }

    /// Resolves when something was appended that is still to be handed over.
    pub(super) async fn gathers(&self) {
        self.gathers.notified().await;
    }

    /// The thread has nothing to write: from here on the loop may.
    pub(super) fn offered(&self, direct: Direct, seen: u64) {
        if seen == self.sent.get() && self.policy.get() != Fsync::Always {
            *self.direct.borrow_mut() = Some(direct);
        }
    }

    /// Writes what was appended, if the loop has the file and nobody syncs it.
    pub(super) fn write_through(&self) {
        let mut direct = self.direct.borrow_mut();
        let mut gathered = self.gathered.borrow_mut();
        let Some(file) = direct.as_mut().filter(|_| !gathered.is_empty()) else { return };
        if self.shared.syncing.load(Ordering::Acquire) {
            return;
        }
        if file.write(&gathered).is_err() {
            // The thread meets the same error, tells of it, and tries again.
            drop((direct, gathered));
            self.give_back();
            return self.hand_over();
        }
        gathered.clear();
        // A burst must not be paid for ever after.
        gathered.shrink_to(1 << 20);
        let ticket = self.given.get();
        if self.policy.get() == Fsync::No {
            self.done.set(ticket);
        } else {
            self.note_age(ticket);
        }
        if self.shared.wrote(ticket) {
            self.send(Order::Dirty);
        }
    }

    /// Writes what was appended, or hands it to the thread.
    pub(super) fn hand_over(&self) {
        if self.direct.borrow().is_some() {
            return self.write_through();
        }
        let bytes = self.gathered.take();
        if bytes.is_empty() {
            return;
        }
        let ticket = self.given.get();
        self.note_age(ticket);
        self.send(Order::Append { ticket, bytes });
    }

    fn note_age(&self, ticket: u64) {
        let mut ages = self.ages.borrow_mut();
        let now = Instant::now();
        match ages.back_mut() {
            // The older time stands for all of them.
            Some((last, since)) if now.duration_since(*since) < AGE_STEP => *last = ticket,
            _ => ages.push_back((ticket, now)),
        }
    }

    /// A snapshot, on a thread of its own; the line for the log if it is one of Redis's children.
    pub(super) fn save(
        &self,
        job: JobId,
        dataset: Dataset,
        background: bool,
        dbfilename: &str,
    ) -> Option<String> {
        let pid = std::process::id();
        let cancel = self.cancel_of(job);
        let temp = PathBuf::from(format!("temp-{pid}-{}.rdb", job.0));
        let path = PathBuf::from(dbfilename);
        let (reports, busy) = (self.reports.clone(), Arc::clone(&self.busy));
        let started = thread::Builder::new().name("snapshot".into()).spawn(move || {
            busy.fetch_add(1, Ordering::Relaxed);
            let result = snapshot::replace(&dataset, &temp, &path, &cancel);
            // What only the snapshot held is freed here, not in the loop.
            drop(dataset);
            busy.fetch_sub(1, Ordering::Relaxed);
            let result = match result {
                Err(Failed::Cancelled) => return,
                Err(Failed::Io(doing, error)) => Err(save_error(doing, &plain(&error), &temp)),
                Ok(()) => Ok(()),
            };
            drop(reports.send(Report::Saved(job, result)));
        });
        if let Err(error) = started {
            self.tell(Report::Saved(job, Err(plain(&error))));
            return None;
        }
        background.then(|| format!("Background saving started by pid {pid}"))
    }

    /// A new base.
    pub(super) fn rewrite(&self, job: JobId, dataset: Dataset, appends: bool) {
        let cancel = self.cancel_of(job);
        self.order(Order::Rewrite { job, dataset, appends, cancel });
    }

    fn cancel_of(&self, job: JobId) -> Arc<AtomicBool> {
        let cancel = Arc::new(AtomicBool::new(false));
        self.cancels.borrow_mut().insert(job, Arc::clone(&cancel));
        cancel
    }

    /// Gives a job up.
    pub(super) fn cancel(&self, job: JobId) {
        if let Some(cancel) = self.cancels.borrow_mut().remove(&job) {
            cancel.store(true, Ordering::Relaxed);
        }
    }

    /// A job has ended.
    pub(super) fn ended(&self, job: JobId) {
        self.cancels.borrow_mut().remove(&job);
    }

    /// Nothing is appended any more.
    pub(super) fn close(&self) {
        self.order(Order::Close);
    }

    /// Whether there is a configuration file.
    pub(super) const fn has_config_file(&self) -> bool {
        self.config_file.is_some()
    }

    /// Writes the configuration file, on a thread of its own.
    pub(super) fn rewrite_config(&self, client: ClientId, config: &Config) {
        let Some(path) = self.config_file.clone() else {
            let text = "The server is running without a config file";
            return self.tell(Report::Configured(client, Err(text.into())));
        };
        let (config, reports) = (config.clone(), self.reports.clone());
        let started = thread::Builder::new().name("config".into()).spawn(move || {
            let written = rewrite::rewrite(&path, &config);
            let result =
                written.map_err(|error| format!("Rewriting config file: {}", plain(&error)));
            drop(reports.send(Report::Configured(client, result)));
        });
        if let Err(error) = started {
            self.tell(Report::Configured(client, Err(plain(&error))));
        }
    }

    /// Writes out and syncs everything that was appended; waits for it, at `DEBUG` and nowhere
    /// else.
    pub(super) fn flush_now(&self) {
        if !self.runs() {
            return;
        }
        let (done, wait) = mpsc::channel();
        self.order(Order::Flush(done));
        let _ = wait.recv();
    }

    /// The same, without holding the loop.
    pub(super) async fn flush(&self) {
        if !self.runs() {
            return;
        }
        let (done, wait) = mpsc::channel();
        self.order(Order::Flush(done));
        drop(tokio::task::spawn_blocking(move || wait.recv()).await);
    }

    /// Writes the snapshot here and now (`DEBUG RELOAD`).
    pub(super) fn save_now(dataset: &Dataset, dbfilename: &str) -> Result<(), String> {
        let temp = PathBuf::from(format!("temp-{}-reload.rdb", std::process::id()));
        let cancel = AtomicBool::new(false);
        match snapshot::replace(dataset, &temp, Path::new(dbfilename), &cancel) {
            Ok(()) | Err(Failed::Cancelled) => Ok(()),
            Err(Failed::Io(doing, error)) => Err(save_error(doing, &plain(&error), &temp)),
        }
    }

    // What has to wait.

    /// Whether something appended is not as durable as what is answered now has to be.
    pub(super) fn holds(&self) -> bool {
        match self.policy.get() {
            Fsync::Always => self.given.get() > self.done.get(),
            Fsync::EverySecond => {
                self.ages.borrow().front().is_some_and(|(_, since)| since.elapsed() > LAG_MAX)
            }
            Fsync::No => false,
        }
    }

    /// The same, once what stands in `out` is appended too.
    pub(super) fn holds_after(&self, out: &Outbox) -> bool {
        self.holds() || (self.policy.get() == Fsync::Always && out.appends())
    }

    /// Whether something for a client has to be kept back, to stay in order.
    pub(super) fn keeps(&self) -> bool {
        !self.waiting.borrow().is_empty() || self.holds()
    }

    /// Keeps it until what was appended so far is durable.
    pub(super) fn keep(&self, item: Held) {
        self.waiting.borrow_mut().push_back((self.given.get(), item));
    }

    /// Appends up to `ticket` are durable: what may go now.
    pub(super) fn synced(&self, ticket: u64) -> Vec<Held> {
        self.done.set(self.done.get().max(ticket));
        let mut ages = self.ages.borrow_mut();
        while ages.front().is_some_and(|(last, _)| *last <= ticket) {
            ages.pop_front();
        }
        let mut waiting = self.waiting.borrow_mut();
        let mut free = Vec::new();
        while let Some((_, item)) = waiting.pop_front_if(|(after, _)| *after <= ticket) {
            free.push(item);
        }
        free
    }
}

/// As Redis words it.
fn save_error(doing: &str, error: &str, temp: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    match doing {
        "open" => format!(
            "Failed opening the temp RDB file {} (in server root dir {}) for saving: {error}",
            temp.display(),
            here.display()
        ),
        _ => format!("Write error saving DB on disk({doing}): {error}"),
    }
}

/// Whether an effect concerns the dataset on disk: those keep an order of their own.
pub(super) const fn is_for_files(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Append { .. }
            | Effect::SaveRdb { .. }
            | Effect::RewriteAof { .. }
            | Effect::CancelJob { .. }
            | Effect::CloseAof
            | Effect::Reload { .. }
            | Effect::RewriteConfig { .. }
    )
}

/// The file that a reload begins with, for the log.
pub(super) const fn reloads_log(from: &ReloadFrom) -> bool {
    matches!(from, ReloadFrom::Aof)
}
