//! Giving, taking and opening slots by hand.
//!
//! None of these asks anybody: they change this node's table, and only SETSLOT NODE on the node
//! that finishes an import takes a new config epoch, so that others believe it.

use alloc::vec::Vec;

use super::{introduced, node_at, saved_ok, slot_at, word};
use crate::{
    cluster::PeerIdx,
    command::Call,
    io::Level,
    rules::{
        Ctx, epoch,
        follow::{self, Cause},
        serving, speak,
    },
    slot::{Slot, SlotSet},
};

/// `CLUSTER ADDSLOTS slot [slot ...]`
pub(crate) fn addslots(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if let Some(slots) = listed(call) {
        add(ctx, call, &slots);
    }
}

/// `CLUSTER ADDSLOTSRANGE start end [start end ...]`
pub(crate) fn addslotsrange(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if let Some(slots) = ranged(call) {
        add(ctx, call, &slots);
    }
}

/// `CLUSTER DELSLOTS slot [slot ...]`
pub(crate) fn delslots(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if let Some(slots) = listed(call) {
        delete(ctx, call, &slots);
    }
}

/// `CLUSTER DELSLOTSRANGE start end [start end ...]`
pub(crate) fn delslotsrange(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if let Some(slots) = ranged(call) {
        delete(ctx, call, &slots);
    }
}

/// `CLUSTER FLUSHSLOTS`
pub(crate) fn flushslots(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !ctx.b.store.is_empty() {
        return call.reply.error("ERR DB must be empty to perform CLUSTER FLUSHSLOTS.");
    }
    ctx.b.cluster.unassign_all(PeerIdx::ME);
    ctx.b.cluster.todo.serving = true;
    saved_ok(ctx, call);
}

/// The slots named one by one.
fn listed(call: &mut Call<'_>) -> Option<Vec<Slot>> {
    (2..call.args.len()).map(|n| slot_at(call, n)).collect()
}

/// The slots named by ranges.
fn ranged(call: &mut Call<'_>) -> Option<Vec<Slot>> {
    if call.args.len() % 2 == 1 {
        let name = call.command.name;
        call.reply
            .error_fmt(format_args!("ERR wrong number of arguments for 'cluster|{name}' command"));
        return None;
    }
    let mut slots = Vec::new();
    for n in (2..call.args.len()).step_by(2) {
        let (from, to) = (slot_at(call, n)?, slot_at(call, n + 1)?);
        if from > to {
            call.reply.error_fmt(format_args!(
                "ERR start slot number {from} is greater than end slot number {to}"
            ));
            return None;
        }
        slots.extend(Slot::range(from, to));
    }
    Some(slots)
}

/// Everything is checked before anything changes.
fn check(ctx: &Ctx<'_>, call: &mut Call<'_>, slots: &[Slot], assigned: bool) -> bool {
    let mut seen = SlotSet::new();
    for slot in slots {
        if ctx.b.cluster.owner(*slot).is_some() != assigned {
            let state = if assigned { "unassigned" } else { "busy" };
            call.reply.error_fmt(format_args!("ERR Slot {slot} is already {state}"));
            return false;
        }
        if !seen.insert(*slot) {
            call.reply.error_fmt(format_args!("ERR Slot {slot} specified multiple times"));
            return false;
        }
    }
    true
}

/// Differs from Redis: a replica refuses. There it takes slots that it cannot announce (its header
/// shows its master's), which no other node ever hears of.
fn add(ctx: &mut Ctx<'_>, call: &mut Call<'_>, slots: &[Slot]) {
    if !check(ctx, call, slots, false) {
        return;
    }
    if !ctx.b.cluster.is_master() {
        return call.reply.error("ERR Only a master can be given slots. This node is a replica.");
    }
    for slot in slots {
        ctx.b.cluster.owners.importing.remove(slot);
        ctx.b.cluster.assign(*slot, PeerIdx::ME);
    }
    ctx.b.cluster.todo.serving = true;
    saved_ok(ctx, call);
}

fn delete(ctx: &mut Ctx<'_>, call: &mut Call<'_>, slots: &[Slot]) {
    if !check(ctx, call, slots, true) {
        return;
    }
    for slot in slots {
        ctx.b.cluster.owners.importing.remove(slot);
        ctx.b.cluster.unassign(*slot);
    }
    ctx.b.cluster.todo.serving = true;
    saved_ok(ctx, call);
}

/// `CLUSTER SETSLOT slot MIGRATING id | IMPORTING id | STABLE | NODE id`
pub(crate) fn setslot(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if !ctx.b.cluster.is_master() {
        return call.reply.error("ERR Please use SETSLOT only with masters.");
    }
    let Some(slot) = slot_at(call, 2) else { return };
    let action = word(call, 3);
    let words = call.args.len();
    if action.eq_ignore_ascii_case(b"migrating") && words == 5 {
        if !ctx.b.cluster.is_mine(slot) {
            return call.reply.error_fmt(format_args!("ERR I'm not the owner of hash slot {slot}"));
        }
        let Some(to) = other_end(ctx, call) else { return };
        ctx.b.cluster.owners.migrating.insert(slot, to);
    } else if action.eq_ignore_ascii_case(b"importing") && words == 5 {
        if ctx.b.cluster.is_mine(slot) {
            return call
                .reply
                .error_fmt(format_args!("ERR I'm already the owner of hash slot {slot}"));
        }
        let Some(from) = other_end(ctx, call) else { return };
        ctx.b.cluster.owners.importing.insert(slot, from);
    } else if action.eq_ignore_ascii_case(b"stable") && words == 4 {
        ctx.b.cluster.owners.migrating.remove(&slot);
        ctx.b.cluster.owners.importing.remove(&slot);
    } else if action.eq_ignore_ascii_case(b"node") && words == 5 {
        if !give(ctx, call, slot) {
            return;
        }
    } else {
        return call
            .reply
            .error("ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP");
    }
    ctx.b.cluster.todo.serving = true;
    saved_ok(ctx, call);
}

/// The master at the other end of a move.
fn other_end(ctx: &Ctx<'_>, call: &mut Call<'_>) -> Option<PeerIdx> {
    let text = word(call, 4);
    let Some(at) = introduced(ctx, text) else {
        let text = alloc::string::String::from_utf8_lossy(text);
        call.reply.error_fmt(format_args!("ERR I don't know about node {text}"));
        return None;
    };
    if !ctx.b.cluster.peers.get(at).is_some_and(crate::cluster::Peer::is_master) {
        call.reply.error("ERR Target node is not a master");
        return None;
    }
    Some(at)
}

/// SETSLOT NODE; false if an error was answered.
fn give(ctx: &mut Ctx<'_>, call: &mut Call<'_>, slot: Slot) -> bool {
    let Some(to) = node_at(ctx, call, 4) else { return false };
    if !ctx.b.cluster.peers.get(to).is_some_and(crate::cluster::Peer::is_master) {
        call.reply.error("ERR Target node is not a master");
        return false;
    }
    let keys = ctx.b.store.count_in_slot(slot);
    let was_mine = ctx.b.cluster.is_mine(slot);
    if was_mine && to != PeerIdx::ME && keys > 0 {
        call.reply.error_fmt(format_args!(
            "ERR Can't assign hashslot {slot} to a different node while I still hold keys for this hash slot."
        ));
        return false;
    }
    let cluster = &mut ctx.b.cluster;
    if keys == 0 {
        cluster.owners.migrating.remove(&slot);
    }
    cluster.assign(slot, to);
    let lost_all = was_mine && to != PeerIdx::ME && cluster.me().slot_count == 0;
    if to == PeerIdx::ME && cluster.owners.importing.remove(&slot).is_some() {
        let (_, new) = epoch::bump_without_consensus(ctx);
        if new {
            ctx.out.log(Level::Warning, || {
                alloc::format!("configEpoch updated after importing slot {slot}")
            });
        }
        serving::update(ctx);
        speak::pong_to_all(ctx);
    } else if lost_all && ctx.b.config.cluster_allow_replica_migration {
        follow::follow(ctx, to, Cause::SlotsLost);
    }
    true
}
