//! What this node says of itself: its directives, and the keys that it finds at its start.
//!
//! `cluster-announce-*` and `cluster-replica-no-failover` stand in this node's own entry of the
//! table, from where headers, gossip of others and `CLUSTER NODES` take them; CONFIG SET changes
//! them while it runs.
//!
//! A node that comes back with keys of slots that are not its own in nodes.conf does not throw
//! them away: a slot without an owner becomes its own, one with another owner is opened as if it
//! were imported from there, so that the keys can be moved (`redis-cli --cluster fix`).
//!
//! Facts: Redis 7.0 behaviour.

use alloc::{format, vec::Vec};

use super::Ctx;
use crate::{beliefs::Beliefs, cluster::PeerIdx, config::event, io::Level, slot::Slot};

/// Does what the directives say, also in this node's own entry; true if anything changed there.
pub(crate) fn follow_config(b: &mut Beliefs) -> bool {
    let events = b.config.notify_keyspace_events;
    let told = events.has(event::KEYSPACE | event::KEYEVENT);
    b.store.note_fresh(told && events.has(event::NEW));
    b.store.set_packing(b.config.packing);
    if let Some(log) = &mut b.repl.backlog {
        log.resize(b.config.repl_backlog_size);
    }
    let config = &b.config;
    let (port, cport) = super::speak::announced_ports(config);
    let me = b.cluster.me_mut();
    let before = (me.endpoint.clone(), me.nofailover);
    me.endpoint.port = port;
    me.endpoint.cport = cport;
    if config.cluster_announce_ip.is_some() {
        me.endpoint.ip = config.cluster_announce_ip;
    }
    me.endpoint.hostname.clone_from(&config.cluster_announce_hostname);
    me.nofailover = config.cluster_replica_no_failover;
    before != (me.endpoint.clone(), me.nofailover)
}

/// CONFIG SET changed something, perhaps about this node itself.
pub(crate) fn config_changed(ctx: &mut Ctx<'_>, announced: bool) {
    if announced && ctx.b.config.cluster_announce_ip.is_none() {
        // No longer said: found out again, from the next node that reaches this one.
        ctx.b.cluster.me_mut().endpoint.ip = None;
    }
    if follow_config(ctx.b) {
        ctx.b.cluster.todo.write();
        ctx.b.cluster.todo.serving = true;
    }
}

/// The data is loaded: do its keys lie in slots of this node?
pub(crate) fn data_loaded(ctx: &mut Ctx<'_>) {
    drop(ctx.b.store.take_fresh());
    if !ctx.b.config.cluster_enabled || !ctx.b.cluster.is_master() {
        return;
    }
    let has_keys = |slot: &Slot| ctx.b.store.count_in_slot(*slot) > 0;
    let slots: Vec<Slot> = Slot::all().filter(has_keys).collect();
    for slot in slots {
        let cluster = &mut ctx.b.cluster;
        let owner = cluster.owner(slot);
        if owner == Some(PeerIdx::ME) || cluster.owners.importing.contains_key(&slot) {
            continue;
        }
        let line = match owner {
            None => {
                cluster.assign(slot, PeerIdx::ME);
                format!("I have keys for unassigned slot {slot}. Taking responsibility for it.")
            }
            Some(owner) => {
                cluster.owners.importing.insert(slot, owner);
                format!(
                    "I have keys for slot {slot}, but the slot is assigned to another node. \
                     Setting it to importing state."
                )
            }
        };
        cluster.todo.sync();
        cluster.todo.serving = true;
        ctx.out.log(Level::Warning, || line);
    }
}
