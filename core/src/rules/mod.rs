//! The rules: one decision a file, each the rule in prose, a pure `judge`, a short `apply`.
//!
//! Reading order: `failure` (who is down?), `epoch` and `claim` (who owns what?), `candidacy`,
//! `vote` and `promote` (who takes over?), `manual` (a person wants it so), `serving` (may clients
//! be answered?), `migration` (who helps a lonely master?), then the small ones: `ping`, `gossip`,
//! `meet`, `follow`, `forget`, `own`. `speak` writes the messages.
//! `clients`, `watch`, `publish`, `notify` and `tracking` are about
//! clients.

pub(crate) mod candidacy;
pub(crate) mod claim;
pub(crate) mod clients;
pub(crate) mod epoch;
pub(crate) mod failure;
pub(crate) mod follow;
pub(crate) mod forget;
pub(crate) mod gossip;
pub(crate) mod manual;
pub(crate) mod meet;
pub(crate) mod migrate;
pub(crate) mod migration;
pub(crate) mod notify;
pub(crate) mod own;
pub(crate) mod persistence;
pub(crate) mod ping;
pub(crate) mod promote;
pub(crate) mod publish;
pub(crate) mod replication;
pub(crate) mod serving;
pub(crate) mod speak;
#[cfg(test)]
mod tests;
pub(crate) mod tracking;
pub(crate) mod vote;
pub(crate) mod watch;

use crate::{beliefs::Beliefs, cluster::ClusterState, io::Outbox, time::Now};

/// What a rule or a command borrows for one call.
pub(crate) struct Ctx<'a> {
    /// Both clocks, read once for this turn.
    pub now: Now,
    /// The node's state.
    pub b: &'a mut Beliefs,
    /// Where effects and reasons go.
    pub out: &'a mut Outbox,
}

impl Ctx<'_> {
    /// `cluster-node-timeout` in ms.
    pub(crate) fn node_timeout_ms(&self) -> u64 {
        self.b.config.cluster_node_timeout_ms
    }

    /// What this node believes about its cluster.
    pub(crate) fn cluster(&mut self) -> &mut ClusterState {
        &mut self.b.cluster
    }
}
