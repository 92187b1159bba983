//! Replication in the digest of a node: everything that its behaviour depends on.

use super::{Form, Phase, Repl, Transfer};
use crate::{digest::Fnv, time::Instant};

impl Repl {
    /// Takes the whole state in.
    pub fn feed(&self, hash: &mut Fnv) {
        let at = |instant: Option<Instant>| instant.map_or(u64::MAX, Instant::as_micros);
        hash.bytes(self.id.as_str().as_bytes());
        if let Some((id, end)) = &self.before {
            hash.bytes(id.as_str().as_bytes());
            hash.u64(*end);
        }
        for n in [
            self.offset,
            u64::from(self.resumable) | u64::from(self.quiet) << 2,
            self.selected.map_or(u64::MAX, u64::from),
            u64::from(self.database),
            at(self.due),
            self.pinged_at.as_micros(),
            at(self.alone_since),
            self.dialled,
            self.waiters.deadline().as_micros(),
            self.queued.as_ref().map_or(u64::MAX, |queue| queue.len() as u64),
        ] {
            hash.u64(n);
        }
        // The bytes of the backlog follow from the history; its place does not.
        if let Some(log) = &self.backlog {
            hash.u64(log.first());
            hash.u64(log.len());
        }
        for replica in self.replicas.iter() {
            hash.u64(replica.client.0);
            hash.u64(replica.next);
            hash.u64(replica.acked);
            hash.u64(replica.acked_at.as_micros());
            hash.u64(u64::from(replica.is_online()));
        }
        if let Some(failover) = &self.failover {
            hash.bytes(alloc::format!("{failover:?}").as_bytes());
        }
        for (client, offset) in &self.written {
            hash.u64(client.0);
            hash.u64(*offset);
        }
        let Some(up) = &self.upstream else { return };
        hash.bytes(alloc::format!("{}", up.master).as_bytes());
        hash.u64(up.link.map_or(0, |link| link.0));
        hash.u64(up.last_io.as_micros());
        hash.u64(at(up.down_since));
        hash.u64(up.waiting() as u64);
        hash.u64(match &up.phase {
            Phase::Waiting => 0,
            Phase::Dialling => 1,
            Phase::Ping => 2,
            Phase::Introducing { auth, replies } => {
                3 | u64::from(*auth) << 8 | u64::from(*replies) << 9
            }
            Phase::Asking => 4,
            Phase::Receiving(Transfer { form: None, .. }) => 5,
            Phase::Receiving(Transfer { form: Some(Form::Sized(len)), received, .. }) => {
                6 | *len << 8 ^ received.rotate_left(32)
            }
            Phase::Receiving(Transfer { form: Some(Form::Marked(_)), received, .. }) => {
                7 | *received << 8
            }
            Phase::Streaming => 8,
        });
    }
}
