//! The events that a trace can be asked about, with their fields.
//!
//! The first field is the one meant when a pattern names none: `Fail{7002}` is
//! `Fail{about:7002}`. Nodes are ports, times are milliseconds.

/// Name and fields of every event, in the order in which `trace` fills them.
pub const EVENTS: &[(&str, &[&str])] = &[
    // Failure detection.
    ("Suspected", &["about", "node", "silent_ms", "limit_ms"]),
    ("Trusted", &["about", "node"]),
    ("NotSuspected", &["about", "node", "silent_ms", "limit_ms"]),
    ("Reported", &["about", "by", "node"]),
    ("Withdrawn", &["about", "by", "node"]),
    ("Fail", &["about", "by", "count", "needed"]),
    ("NotFail", &["about", "by", "count", "needed"]),
    ("FailHeard", &["about", "from", "node"]),
    ("Forgiven", &["about", "node", "why", "failed_ms"]),
    ("NotForgiven", &["about", "node", "failed_ms"]),
    ("ClusterState", &["node", "state", "reachable", "needed", "uncovered"]),
    // Elections.
    ("ElectionDelayed", &["node", "rank", "delay_ms", "random_ms", "offset"]),
    ("RankWorse", &["node", "rank", "added_ms"]),
    ("ElectionWaits", &["node", "why"]),
    ("AuthRequest", &["from", "epoch", "master"]),
    ("Granted", &["to", "by", "epoch"]),
    ("Refused", &["to", "by", "epoch", "reason"]),
    ("AuthAck", &["to", "from", "epoch", "count", "needed"]),
    ("Elected", &["node", "epoch", "votes", "needed", "replaced", "slots"]),
    ("Manual", &["node", "with", "step", "mine", "needed"]),
    ("Migration", &["node", "to", "moves", "orphaned_ms"]),
    // Epochs, slots, roles.
    ("EpochAdopted", &["node", "from", "old", "new"]),
    ("EpochBumped", &["node", "old", "new"]),
    ("EpochCollision", &["node", "with", "shared", "new"]),
    ("Claim", &["node", "claimant", "epoch", "won", "stale"]),
    ("Update", &["to", "from", "about", "epoch"]),
    ("UpdateHeard", &["node", "from", "about", "epoch"]),
    ("Demoted", &["node", "of", "epoch", "followed"]),
    ("RoleHeard", &["about", "node", "master"]),
    // Acquaintance and replication.
    ("Learned", &["about", "node", "from"]),
    ("StillBanned", &["about", "node", "left_ms"]),
    ("HandshakeDone", &["about", "node"]),
    ("HandshakeExpired", &["node", "port", "age_ms"]),
    ("Synced", &["replica", "node", "how"]),
    // What servers told clients.
    ("Moved", &["slot", "node", "to"]),
    ("Ask", &["slot", "node", "to"]),
    ("TryAgain", &["slot", "node"]),
    ("ClusterDown", &["slot", "node"]),
    ("CrossSlot", &["first", "other", "node"]),
    // What applications saw.
    ("Sent", &["to", "client", "write", "slot"]),
    ("Acked", &["write", "client"]),
    ("Error", &["text", "client", "write"]),
    ("Followed", &["to", "client", "write"]),
    ("LostWrite", &["write", "client"]),
    ("MapLoaded", &["client"]),
    // The world.
    ("Up", &["node"]),
    ("Down", &["node"]),
    ("Log", &["text", "node"]),
    ("Message", &["kind", "from", "to"]),
    ("Answer", &["text", "node"]),
    ("Violation", &["text"]),
    // What the learner did.
    ("kill", &["node"]),
    ("restart", &["node"]),
    ("freeze", &["node"]),
    ("thaw", &["node"]),
    ("cut", &["from", "to"]),
    ("join", &["from", "to"]),
    ("partition", &[]),
    ("heal", &[]),
    ("latency", &["a", "b", "us"]),
    ("disk_full", &["node", "full"]),
    ("clock_step", &["node", "ms"]),
    ("move", &["slot", "node"]),
    ("command", &["text", "node"]),
];

/// The event of this name and its fields.
#[must_use]
pub fn fields_of(name: &str) -> Option<(&'static str, &'static [&'static str])> {
    EVENTS.iter().find(|(known, _)| *known == name).copied()
}

/// Fields of `cluster.…`.
pub(super) const CLUSTER: &[&str] = &["covered", "size", "epoch", "epochs_distinct"];
/// Fields of `node(…).…`.
pub(super) const NODE: &[&str] = &[
    "role",
    "master",
    "up",
    "frozen",
    "current_epoch",
    "config_epoch",
    "last_vote_epoch",
    "state",
    "offset",
    "keys",
    "link",
    "slots",
    "health",
];
/// Fields of `view(…).of(…).…`.
pub(super) const VIEW: &[&str] =
    &["role", "master", "health", "flags", "config_epoch", "slots", "offset", "reports", "link"];
/// Fields of the ledger.
pub(super) const LEDGER: &[&str] =
    &["sent", "acked", "errors", "lost", "moved", "failing", "outage", "stale_reads"];
