//! What does the driver do for the dataset on disk, and for those who wait for it?
//!
//! Appends, snapshots and rewrites are ordered at once and keep an order of their own; replies that
//! depend on an append are kept until it is durable.

use std::rc::Rc;

use slotscope_core::{
    id::ClientId,
    io::{DiskReport, Effect, Exit, Input, ReloadFrom},
};
use tokio::sync::oneshot;

use super::{
    super::persist::{self, Files, Held, Report},
    Driver, Item,
};

impl Driver {
    /// Orders something for the dataset on disk; the line for the log, if there is one.
    pub(super) fn order(&self, effect: Effect) -> Option<String> {
        match effect {
            Effect::Append { bytes } => self.files.append(bytes),
            Effect::SaveRdb { job, dataset, background } => {
                let name = self.config(|config| config.dbfilename.clone());
                return self.files.save(job, dataset, background, &name);
            }
            Effect::RewriteAof { job, dataset, appends } => {
                self.files.rewrite(job, dataset, appends);
            }
            Effect::CancelJob { job } => self.files.cancel(job),
            Effect::CloseAof => self.files.close(),
            Effect::RewriteConfig { client } => {
                self.config(|config| self.files.rewrite_config(client, config));
            }
            _ => {}
        }
        None
    }

    /// Everything is loaded anew, while nothing else happens: that is what `DEBUG` asks for.
    pub(super) fn reload(self: &Rc<Self>, client: ClientId, from: &ReloadFrom) {
        self.files.flush_now();
        if let ReloadFrom::Rdb(Some(dataset)) = from {
            let name = self.config(|config| config.dbfilename.clone());
            match Files::save_now(dataset, &name) {
                Ok(()) => self.log.notice("DB saved on disk"),
                Err(line) => {
                    self.log.warning(&line);
                    self.queue_reply(client, b"-ERR\r\n");
                    return;
                }
            }
        }
        let from_log = persist::reloads_log(from);
        match persist::reload(self, from_log) {
            Ok(()) => {
                self.log.warning(if from_log {
                    "Append Only File loaded by DEBUG LOADAOF"
                } else {
                    "DB reloaded by DEBUG RELOAD"
                });
                self.queue_reply(client, b"+OK\r\n");
            }
            Err(error) => {
                for line in error.0 {
                    self.log.warning(&line);
                }
                *self.exit.borrow_mut() = Some(Exit::Fatal);
                self.exiting.notify_one();
            }
        }
    }

    fn queue_reply(&self, client: ClientId, bytes: &[u8]) {
        let effect = Effect::Reply { client, bytes: bytes.to_vec() };
        self.queue.borrow_mut().push_back(Item::Do(effect));
    }

    /// Hears what helper threads have done, and hands over what clients wrote, for ever.
    pub(in super::super) async fn hear_files(self: Rc<Self>) {
        let Some(mut reports) = self.files.listen() else { return };
        loop {
            tokio::select! {
                biased;
                // It stands behind the clients that are ready now: what they write goes together.
                () = self.files.gathers() => self.files.hand_over(),
                report = reports.recv() => match report {
                    Some(report) => self.heard(report),
                    None => return,
                },
            }
        }
    }

    fn heard(self: &Rc<Self>, report: Report) {
        let disk = |report| self.handle(Input::Disk(report));
        match report {
            Report::Synced(ticket) => {
                // What had to wait for the sync.
                self.files.write_through();
                for item in self.files.synced(ticket) {
                    self.release(item);
                }
            }
            Report::Offer(direct, seen) => self.files.offered(direct, seen),
            Report::Failed(error) => {
                self.files.write_through();
                disk(DiskReport::Appending(Err(&error)));
            }
            Report::Works => disk(DiskReport::Appending(Ok(()))),
            Report::Saved(job, result) => {
                self.files.ended(job);
                match &result {
                    Ok(()) => self.log.notice("DB saved on disk"),
                    Err(line) => self.log.warning(line),
                }
                disk(DiskReport::Saved {
                    job,
                    result: result.as_ref().copied().map_err(String::as_str),
                });
            }
            Report::Rewritten(job, result) => {
                self.files.ended(job);
                let result = result.as_ref().map(|bytes| *bytes).map_err(String::as_str);
                disk(DiskReport::Rewritten { job, result });
            }
            Report::Configured(client, result) => {
                let reply = match result {
                    Ok(()) => {
                        self.log.warning("CONFIG REWRITE executed with success.");
                        "+OK\r\n".to_owned()
                    }
                    Err(error) => {
                        if self.files.has_config_file() {
                            self.log.warning(&format!("CONFIG REWRITE failed: {error}"));
                        }
                        format!("-ERR {error}\r\n")
                    }
                };
                self.queue_reply(client, reply.as_bytes());
                self.run_queue();
            }
            Report::Line(level, line) => self.log.line(level, &line),
        }
    }

    /// Something for a client waited for the disk.
    fn release(self: &Rc<Self>, item: Held) {
        match item {
            Held::Answer(client, bytes) => {
                if let Some(client) = self.clients.borrow().get(&client) {
                    client.out.push(&bytes);
                }
            }
            Held::Effect(effect) => self.carry_to_client(effect),
            // The connection may be gone meanwhile: then nobody waits.
            Held::Release(waiting) => drop(waiting.send(())),
        }
    }

    /// Keeps the replies of a batch until what was appended so far is durable; resolves then. What
    /// the same commands push to clients comes behind them.
    pub(in super::super) fn hold_replies(
        self: &Rc<Self>,
        client: ClientId,
        bytes: Vec<u8>,
    ) -> oneshot::Receiver<()> {
        self.take_effects();
        let (done, wait) = oneshot::channel();
        let items = [Held::Answer(client, bytes), Held::Release(done)];
        for item in items {
            if self.files.keeps() {
                self.files.keep(item);
            } else {
                self.release(item);
            }
        }
        wait
    }
}
