//! Introducing, following and forgetting nodes; epochs by hand.

use core::net::IpAddr;

use super::{node_at, saved_ok, word};
use crate::{
    cluster::{Peer, PeerIdx},
    command::Call,
    epoch::Epoch,
    explain::ManualMode,
    id::NodeId,
    io::{Effect, Level, Notice},
    resp::parse_i64,
    rules::{
        Ctx, epoch,
        follow::{self, Cause},
        forget as forgetting, manual, meet as meeting, replication, watch,
    },
};

/// `CLUSTER MEET ip port [cport]`
pub(crate) fn meet(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let text = |n| alloc::string::String::from_utf8_lossy(word(call, n)).into_owned();
    let (host, port_text) = (text(2), text(3));
    let number = |n: usize| parse_i64(word(call, n));
    let Some(port) = number(3) else {
        return call
            .reply
            .error_fmt(format_args!("ERR Invalid TCP base port specified: {port_text}"));
    };
    let cport = if call.args.len() == 5 { number(4) } else { Some(port.saturating_add(10_000)) };
    let Some(cport) = cport else {
        let text = text(4);
        return call.reply.error_fmt(format_args!("ERR Invalid TCP bus port specified: {text}"));
    };
    let valid = |n: i64| u16::try_from(n).ok().filter(|n| *n > 0);
    match (host.parse::<IpAddr>(), valid(port), valid(cport)) {
        (Ok(ip), Some(port), Some(cport)) => {
            meeting::start(ctx, ip, port, cport, true);
            call.reply.ok();
        }
        _ => call
            .reply
            .error_fmt(format_args!("ERR Invalid node address specified: {host}:{port_text}")),
    }
}

/// `CLUSTER REPLICATE node-id`
pub(crate) fn replicate(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(master) = node_at(ctx, call, 2) else { return };
    if master == PeerIdx::ME {
        return call.reply.error("ERR Can't replicate myself");
    }
    if !ctx.b.cluster.peers.get(master).is_some_and(Peer::is_master) {
        return call.reply.error("ERR I can only replicate a master, not a replica.");
    }
    let me = ctx.b.cluster.me();
    if me.is_master() && (me.slot_count > 0 || !ctx.b.store.is_empty()) {
        return call
            .reply
            .error("ERR To set a master the node must be empty and without assigned slots.");
    }
    follow::follow(ctx, master, Cause::Told);
    saved_ok(ctx, call);
}

/// `CLUSTER FAILOVER [FORCE|TAKEOVER]`: accepted at once; what comes of it is told by the log.
pub(crate) fn failover(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    if call.args.len() > 3 {
        return too_many_words(call, "FAILOVER");
    }
    let mode = match word(call, 2) {
        how if how.is_empty() && call.args.len() == 2 => Some(ManualMode::Default),
        how if how.eq_ignore_ascii_case(b"force") => Some(ManualMode::Force),
        how if how.eq_ignore_ascii_case(b"takeover") => Some(ManualMode::Takeover),
        _ => None,
    };
    let Some(mode) = mode else { return call.syntax_error() };
    let cluster = &ctx.b.cluster;
    if cluster.is_master() {
        return call.reply.error("ERR You should send CLUSTER FAILOVER to a replica");
    }
    let Some((at, master)) = cluster.my_master().and_then(|at| Some((at, cluster.peers.get(at)?)))
    else {
        return call.reply.error("ERR I'm a replica but my master is unknown to me");
    };
    let unreachable = master.is_failed() || master.link.id().is_none();
    if mode == ManualMode::Default && unreachable {
        return call.reply.error("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE");
    }
    manual::ask(ctx, at, mode);
    call.reply.ok();
    call.outcome = crate::command::Outcome::AfterPersist;
}

fn too_many_words(call: &mut Call<'_>, name: &str) {
    call.reply.error_fmt(format_args!(
        "ERR unknown subcommand or wrong number of arguments for '{name}'. Try CLUSTER HELP."
    ));
}

/// `CLUSTER FORGET node-id`
pub(crate) fn forget(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(at) = node_at(ctx, call, 2) else { return };
    if at == PeerIdx::ME {
        return call.reply.error("ERR I tried hard but I can't forget myself...");
    }
    if ctx.b.cluster.my_master() == Some(at) {
        return call.reply.error("ERR Can't forget my master!");
    }
    forgetting::forget(ctx, at);
    saved_ok(ctx, call);
}

/// `CLUSTER SET-CONFIG-EPOCH epoch`
pub(crate) fn set_config_epoch(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(n) = parse_i64(word(call, 2)) else {
        return call.reply.error("ERR value is not an integer or out of range");
    };
    let cluster = &mut ctx.b.cluster;
    let Ok(n) = u64::try_from(n) else {
        return call.reply.error_fmt(format_args!("ERR Invalid config epoch specified: {n}"));
    };
    if cluster.peers.len() > 1 {
        return call.reply.error(
            "ERR The user can assign a config epoch only when the node does not know any other node.",
        );
    }
    if cluster.me().config_epoch != Epoch::ZERO {
        return call.reply.error("ERR Node config epoch is already non-zero");
    }
    cluster.me_mut().config_epoch = Epoch(n);
    cluster.current_epoch = cluster.current_epoch.max(Epoch(n));
    ctx.out.log(Level::Warning, || {
        alloc::format!("configEpoch set to {n} via CLUSTER SET-CONFIG-EPOCH")
    });
    ctx.b.cluster.todo.serving = true;
    saved_ok(ctx, call);
}

/// `CLUSTER BUMPEPOCH`
pub(crate) fn bumpepoch(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let (epoch, new) = epoch::bump_without_consensus(ctx);
    let word = if new { "BUMPED" } else { "STILL" };
    call.reply.simple(&alloc::format!("{word} {epoch}"));
    call.outcome = crate::command::Outcome::AfterPersist;
}

/// `CLUSTER SAVECONFIG`
pub(crate) fn saveconfig(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    ctx.b.cluster.todo.sync();
    saved_ok(ctx, call);
}

/// `CLUSTER RESET [SOFT|HARD]`
pub(crate) fn reset(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let how = word(call, 2);
    let hard = how.eq_ignore_ascii_case(b"hard");
    if call.args.len() > 3 {
        return too_many_words(call, "RESET");
    }
    if call.args.len() == 3 && !(hard || how.eq_ignore_ascii_case(b"soft")) {
        return call.reply.error("ERR syntax error");
    }
    if ctx.b.cluster.is_master() && !ctx.b.store.is_empty() {
        return call
            .reply
            .error("ERR CLUSTER RESET can't be called with master nodes containing keys");
    }
    if !ctx.b.cluster.is_master() {
        ctx.b.cluster.set_as_master(PeerIdx::ME);
        ctx.b.cluster.election.reset();
        let epoch = ctx.b.cluster.me().config_epoch;
        ctx.out.push(Effect::Notice(Notice::BecameMaster { epoch }));
        replication::follow_nobody(ctx);
        ctx.b.store.clear();
        watch::touched_all(ctx);
    }
    manual::reset(ctx);
    ctx.b.cluster.owners.migrating.clear();
    ctx.b.cluster.owners.importing.clear();
    ctx.b.cluster.unassign_all(PeerIdx::ME);
    for at in ctx.b.cluster.peers.other_places() {
        forgetting::drop_peer(ctx, at);
    }
    if hard {
        let id = NodeId::random(&mut ctx.b.rng);
        let cluster = &mut ctx.b.cluster;
        cluster.current_epoch = Epoch::ZERO;
        cluster.last_vote_epoch = Epoch::ZERO;
        cluster.me_mut().config_epoch = Epoch::ZERO;
        cluster.peers.rename(PeerIdx::ME, id);
        ctx.out.log(Level::Warning, || "configEpoch set to 0 via CLUSTER RESET HARD".into());
        ctx.out.log(Level::Notice, || alloc::format!("Node hard reset, now I'm {id}"));
    }
    ctx.b.cluster.todo.sync();
    ctx.b.cluster.todo.serving = true;
    saved_ok(ctx, call);
}
