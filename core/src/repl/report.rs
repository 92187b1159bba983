//! What INFO and ROLE say about replication.

use core::fmt::Write as _;

use alloc::string::{String, ToString as _};

use super::{Form, Phase, Repl, ReplId, Transfer, Upstream};
use crate::{config::Config, time::Now};

impl Repl {
    /// The replication section of INFO, from `# Replication` on, lines ended by CRLF.
    pub fn info(&self, config: &Config, now: Now) -> String {
        let mut text = Lines(String::from("# Replication\r\n"));
        text.line("role", if self.is_replica() { "slave" } else { "master" });
        if let Some(up) = &self.upstream {
            self.upstream_lines(up, config, now, &mut text);
        }
        text.line("connected_slaves", self.replicas.len());
        if config.min_replicas_to_write > 0 && config.min_replicas_max_lag_s > 0 {
            text.line("min_slaves_good_slaves", self.good_replicas(config, now.mono));
        }
        for (i, replica) in self.replicas.iter().enumerate() {
            let lag = if replica.acks { replica.lag_s(now.mono) } else { 0 };
            let _ = write!(
                text.0,
                "slave{i}:ip={},port={},state={},offset={},lag={lag}\r\n",
                replica.name.ip,
                replica.name.port,
                replica.state(),
                replica.acked
            );
        }
        let failover = match &self.failover {
            None => "no-failover",
            Some(failover) if failover.hands_over => "failover-in-progress",
            Some(_) => "waiting-for-sync",
        };
        text.line("master_failover_state", failover);
        text.line("master_replid", self.id);
        text.line("master_replid2", self.before.map_or(ReplId::NONE, |(id, _)| id));
        text.line("master_repl_offset", self.offset);
        match self.before {
            Some((_, end)) => text.line("second_repl_offset", end),
            None => text.line("second_repl_offset", -1),
        }
        let log = self.backlog.as_ref();
        text.line("repl_backlog_active", u8::from(log.is_some()));
        text.line("repl_backlog_size", config.repl_backlog_size);
        text.line("repl_backlog_first_byte_offset", log.map_or(0, super::Backlog::first));
        text.line("repl_backlog_histlen", log.map_or(0, super::Backlog::len));
        text.0
    }

    fn upstream_lines(&self, up: &Upstream, config: &Config, now: Now, text: &mut Lines) {
        text.line("master_host", up.master.host());
        text.line("master_port", up.master.port());
        text.line("master_link_status", if up.is_up() { "up" } else { "down" });
        let ago = now.mono.ms_since(up.last_io) / 1000;
        if up.is_up() {
            text.line("master_last_io_seconds_ago", ago);
        } else {
            text.line("master_last_io_seconds_ago", -1);
        }
        let transfer = match &up.phase {
            Phase::Receiving(Transfer { form, received, .. }) => {
                Some((*form, received + up.waiting() as u64))
            }
            _ => None,
        };
        text.line("master_sync_in_progress", u8::from(transfer.is_some()));
        // Redis shows 1 while there is no history to speak of.
        let offset = if up.is_up() || self.resumable { self.offset } else { 1 };
        text.line("slave_read_repl_offset", offset + up.unapplied().len() as u64);
        text.line("slave_repl_offset", offset);
        if let Some((form, read)) = transfer {
            transfer_lines(form, read, ago, text);
        }
        if !up.is_up() {
            match up.down_since {
                Some(since) => {
                    text.line("master_link_down_since_seconds", now.mono.ms_since(since) / 1000);
                }
                None => text.line("master_link_down_since_seconds", -1),
            }
        }
        text.line("slave_priority", config.replica_priority);
        text.line("slave_read_only", u8::from(config.replica_read_only));
        let announced = config.value("replica-announced").as_deref() != Some("no");
        text.line("replica_announced", u8::from(announced));
    }

    /// The state of the link as ROLE names it.
    pub fn role_state(&self) -> &'static str {
        match self.upstream.as_ref().map(|up| &up.phase) {
            None => "none",
            Some(Phase::Waiting) => "connect",
            Some(Phase::Dialling) => "connecting",
            Some(Phase::Ping | Phase::Introducing { .. } | Phase::Asking) => "handshake",
            Some(Phase::Receiving(_)) => "sync",
            Some(Phase::Streaming) => "connected",
        }
    }
}

/// How far a snapshot has come. The size of a marked one is not known before it ends.
fn transfer_lines(form: Option<Form>, read: u64, ago: u64, text: &mut Lines) {
    let (total, left, percent) = match form {
        Some(Form::Sized(total)) => {
            let percent_100 = read.saturating_mul(10_000).checked_div(total).unwrap_or(10_000);
            let percent = alloc::format!("{}.{:02}", percent_100 / 100, percent_100 % 100);
            (total.to_string(), total.saturating_sub(read).to_string(), percent)
        }
        Some(Form::Marked(_)) | None => {
            ("-1".into(), alloc::format!("-{}", read.saturating_add(1)), "0.00".into())
        }
    };
    text.line("master_sync_total_bytes", total);
    text.line("master_sync_read_bytes", read);
    text.line("master_sync_left_bytes", left);
    text.line("master_sync_perc", percent);
    text.line("master_sync_last_io_seconds_ago", ago);
}

struct Lines(String);

impl Lines {
    fn line(&mut self, name: &str, value: impl core::fmt::Display) {
        let _ = write!(self.0, "{name}:{value}\r\n");
    }
}
