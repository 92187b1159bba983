//! A client is gone: whatever this node kept because of it goes too.

use super::{Ctx, replication, watch};
use crate::{id::ClientId, io::Effect};

/// Forgets a client whose connection is gone, or is about to be.
pub(crate) fn gone(ctx: &mut Ctx<'_>, client: ClientId) {
    watch::unwatch(ctx, client);
    ctx.b.pubsub.forget(client);
    ctx.b.holds.forget(client);
    ctx.b.blocked.remove(client);
    if let Some(shutdown) = &mut ctx.b.persist.shutdown {
        shutdown.clients.retain(|waits| *waits != client);
    }
    ctx.b.sessions.remove(&client);
    ctx.b.record.monitors.remove(&client);
    ctx.b.tracking.forget(client);
    replication::client_gone(ctx, client);
}

/// Closes the connection of a client, which the driver will not report as gone.
pub(crate) fn close(ctx: &mut Ctx<'_>, client: ClientId) {
    gone(ctx, client);
    ctx.out.push(Effect::CloseClient { client });
}
