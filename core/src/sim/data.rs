//! What of the dataset is on a machine's disk? The snapshot file and the append only file, as the
//! plan's directives ask for them.
//!
//! Writes are carried out one after the other, each [`SYNC_US`] after the one before it at the
//! earliest; what is under way when the process dies is lost. There are no names of files here:
//! only what a restart would find. A full disk refuses everything but what is there already.

use alloc::{collections::VecDeque, sync::Arc, vec::Vec};

use super::{
    HostIdx,
    digest::Digest,
    disk::SYNC_US,
    host::{Held, Pending},
    queue::Event,
    turn::Turn,
};
use crate::{
    config::Fsync,
    io::{Dataset, DatasetForm, DiskReport, Effect, Input, JobId, Level},
    node::{Loaded, Node, RdbLoad, RdbPart, Replay},
    time::{Instant, Now},
};

/// As a kernel words it.
const FULL: &str = "No space left on device";

/// Something being written.
#[derive(Clone, Debug)]
enum Write {
    Append(Arc<[u8]>),
    Save(JobId, Dataset),
    Rewrite(JobId, Dataset),
}

/// The append only file.
#[derive(Clone, Debug)]
struct Log {
    base: Arc<[u8]>,
    form: DatasetForm,
    pieces: Vec<Arc<[u8]>>,
}

/// The dataset's part of a disk.
#[derive(Clone, Debug, Default)]
pub(super) struct DataDisk {
    rdb: Option<Arc<[u8]>>,
    aof: Option<Log>,
    /// Pieces go into [`Self::aof`] or [`Self::fresh`].
    is_open: bool,
    /// What was appended since a rewrite began.
    fresh: Option<Vec<Arc<[u8]>>>,
    writing: VecDeque<Write>,
    /// When the last of them will be done.
    busy_until: Instant,
    /// Appended so far, and how many of them are on disk.
    given: u64,
    done: u64,
    /// Replies that wait for the append with that number.
    waiting: VecDeque<(u64, Pending)>,
    /// The last append failed.
    failing: bool,
}

impl DataDisk {
    /// The process died.
    pub(super) fn crash(&mut self) {
        self.writing.clear();
        self.waiting.clear();
        self.settle_fresh();
        self.is_open = false;
        self.failing = false;
        self.done = self.given;
        self.busy_until = Instant::default();
    }

    /// A rewrite came to nothing: what was appended since belongs behind what there was.
    fn settle_fresh(&mut self) {
        if let (Some(fresh), true, Some(log)) = (self.fresh.take(), self.is_open, &mut self.aof) {
            log.pieces.extend(fresh);
        }
    }

    fn append(&mut self, bytes: Arc<[u8]>) {
        match (&mut self.fresh, &mut self.aof) {
            (Some(fresh), _) => fresh.push(bytes),
            (None, Some(log)) if self.is_open => log.pieces.push(bytes),
            (None, _) => {}
        }
    }

    /// Whether a reply has to wait.
    pub(super) fn holds(&self) -> bool {
        self.given > self.done || !self.waiting.is_empty()
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        for bytes in self.rdb.iter().chain(self.aof.iter().map(|log| &log.base)) {
            digest.bytes(bytes);
        }
        let pieces = self.aof.iter().flat_map(|log| &log.pieces);
        for bytes in pieces.chain(self.fresh.iter().flatten()) {
            digest.bytes(bytes);
        }
        digest.word(self.writing.len() as u64);
        digest.word(self.given);
        digest.word(self.done);
    }
}

/// Whether a client would hear of it what may not be durable yet.
pub(super) const fn answers(item: &Pending) -> bool {
    matches!(
        item,
        Pending::Bytes(..)
            | Pending::Answer(_)
            | Pending::Close(_)
            | Pending::Effect(
                Effect::Reply { .. } | Effect::Snapshot { .. } | Effect::CloseClient { .. }
            )
    )
}

fn whole(dataset: &Dataset) -> Arc<[u8]> {
    let mut bytes = Vec::new();
    dataset.write(&mut |piece| {
        bytes.extend_from_slice(piece);
        true
    });
    bytes.into()
}

impl Turn<'_> {
    /// Gives a process that starts what its disk holds.
    pub(super) fn load_data(&mut self, idx: HostIdx, node: &mut Node, now: Now) -> bool {
        let wants_log = node.config().appendonly;
        let data = &mut self.s.hosts[usize::from(idx.0)].disk.data;
        if !wants_log {
            if let Some(rdb) = &data.rdb {
                let mut load = RdbLoad::new(RdbPart::File);
                if node.load_rdb(now, &mut load, rdb, true, self.out).is_err() {
                    return false;
                }
            }
            node.loaded(now, Loaded::WithoutAof, self.out);
            return true;
        }
        let log = match &data.aof {
            Some(log) => log,
            None => {
                let base = node.base(now, self.out);
                let form = base.form;
                data.aof.insert(Log { base: whole(&base), form, pieces: Vec::new() })
            }
        };
        data.is_open = true;
        let mut replay = Replay::default();
        let ok = match log.form {
            DatasetForm::Rdb => {
                let mut load = RdbLoad::new(RdbPart::AofBase);
                node.load_rdb(now, &mut load, &log.base, true, self.out).is_ok()
            }
            DatasetForm::Commands => node.replay(now, &log.base, &mut replay, self.out).is_ok(),
        };
        let ok = ok
            && log
                .pieces
                .iter()
                .all(|piece| node.replay(now, piece, &mut replay, self.out).is_ok());
        let bytes = log.base.len() + log.pieces.iter().map(|piece| piece.len()).sum::<usize>();
        node.loaded(now, Loaded::Aof(bytes as u64), self.out);
        ok
    }

    /// Carries out what a node wants of its dataset on disk.
    pub(super) fn data_effect(&mut self, idx: HostIdx, effect: Effect) {
        let data = &mut self.host(idx).disk.data;
        match effect {
            Effect::Append { bytes } => {
                data.given += 1;
                self.begin_write(idx, Write::Append(bytes.into()));
            }
            Effect::SaveRdb { job, dataset, background } => {
                if background {
                    let line = alloc::format!("Background saving started by pid {}", idx.0 + 1);
                    self.log(idx, Level::Notice, line);
                }
                self.begin_write(idx, Write::Save(job, dataset));
            }
            Effect::RewriteAof { job, dataset, appends } => {
                let line = alloc::format!(
                    "Background append only file rewriting started by pid {}",
                    idx.0 + 1
                );
                data.settle_fresh();
                data.fresh = appends.then(Vec::new);
                self.log(idx, Level::Notice, line);
                self.begin_write(idx, Write::Rewrite(job, dataset));
            }
            Effect::CancelJob { job } => {
                data.writing.retain(|write| match write {
                    Write::Append(_) => true,
                    Write::Save(other, _) | Write::Rewrite(other, _) => *other != job,
                });
                data.settle_fresh();
            }
            Effect::CloseAof => {
                data.settle_fresh();
                data.is_open = false;
            }
            Effect::Reload { client, .. } | Effect::RewriteConfig { client } => {
                let bytes = b"-ERR The server is running without a config file\r\n".to_vec();
                self.reply(idx, client, bytes);
                self.go_on(idx, client);
            }
            _ => {}
        }
    }

    fn begin_write(&mut self, idx: HostIdx, write: Write) {
        let now = self.s.now;
        let host = self.host(idx);
        let life = host.life;
        let data = &mut host.disk.data;
        let from = data.busy_until.max(now);
        data.busy_until = Instant::from_micros(from.as_micros() + SYNC_US);
        data.writing.push_back(write);
        let at = data.busy_until;
        self.s.queue.push(at, Event::Wrote { host: idx, life });
    }

    pub(super) fn wrote(&mut self, idx: HostIdx, life: u32) -> bool {
        let host = self.host(idx);
        if host.life != life || host.node.is_none() {
            return false;
        }
        if host.frozen {
            host.inbox.push(Held::Wrote);
        } else {
            self.finish_write(idx);
        }
        true
    }

    /// The oldest write is done.
    pub(super) fn finish_write(&mut self, idx: HostIdx) {
        let disk = &mut self.host(idx).disk;
        let full = disk.full;
        let data = &mut disk.data;
        // A cancelled one has left its event behind.
        let Some(write) = data.writing.pop_front() else { return };
        match write {
            Write::Append(bytes) if full => {
                // It is tried again, and nothing that came later overtakes it.
                let failed_before = core::mem::replace(&mut data.failing, true);
                data.writing.push_front(Write::Append(bytes));
                let life = self.host(idx).life;
                let at = self.s.now.plus_ms(1000);
                self.s.queue.push(at, Event::Wrote { host: idx, life });
                if !failed_before {
                    self.input(idx, Input::Disk(DiskReport::Appending(Err(FULL))));
                }
            }
            Write::Append(bytes) => {
                data.append(bytes);
                data.done += 1;
                let works_again = core::mem::take(&mut data.failing);
                self.release(idx);
                if works_again {
                    self.input(idx, Input::Disk(DiskReport::Appending(Ok(()))));
                }
            }
            Write::Save(job, dataset) => {
                let result = if full { Err(FULL) } else { Ok(()) };
                if !full {
                    data.rdb = Some(whole(&dataset));
                    self.log(idx, Level::Notice, "DB saved on disk".into());
                }
                self.input(idx, Input::Disk(DiskReport::Saved { job, result }));
            }
            Write::Rewrite(job, dataset) => {
                let mut result = Err(FULL);
                if !full {
                    let base = whole(&dataset);
                    result = Ok(base.len() as u64);
                    let pieces = data.fresh.take();
                    data.is_open = pieces.is_some();
                    let pieces = pieces.unwrap_or_default();
                    data.aof = Some(Log { base, form: dataset.form, pieces });
                } else {
                    data.settle_fresh();
                }
                self.input(idx, Input::Disk(DiskReport::Rewritten { job, result }));
            }
        }
    }

    /// Whether a reply of this machine has to wait until what was appended is on disk.
    pub(super) fn replies_wait(&mut self, idx: HostIdx) -> bool {
        let host = self.host(idx);
        let always =
            host.node.as_ref().is_some_and(|node| node.config().appendfsync == Fsync::Always);
        always && host.disk.data.holds()
    }

    /// Keeps a reply until what was appended so far is on disk.
    pub(super) fn keep(&mut self, idx: HostIdx, item: Pending) {
        let data = &mut self.host(idx).disk.data;
        data.waiting.push_back((data.given, item));
    }

    fn release(&mut self, idx: HostIdx) {
        loop {
            let data = &mut self.host(idx).disk.data;
            let done = data.done;
            let Some((_, item)) = data.waiting.pop_front_if(|(ticket, _)| *ticket <= done) else {
                return;
            };
            self.perform_now(idx, item);
        }
    }
}
