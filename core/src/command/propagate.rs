//! What commands need from replication, in one place.

use crate::{beliefs::Beliefs, rules::Ctx};

/// Appends a command to the replication stream.
pub(super) fn propagate(ctx: &mut Ctx<'_>, command: &[&[u8]]) {
    let _ = (ctx, command);
}

/// Replicas that acknowledged lately.
pub(super) fn good_replicas(ctx: &Ctx<'_>) -> u32 {
    let _ = ctx;
    0
}

/// Whether the link to the master works.
pub(super) fn master_link_up(ctx: &Ctx<'_>) -> bool {
    let _ = ctx;
    true
}

/// Whether this server follows a master outside of a cluster.
pub(super) fn follows(b: &Beliefs) -> bool {
    let _ = b;
    false
}
