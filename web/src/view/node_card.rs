//! One node's own beliefs, as `CLUSTER NODES` tells them.

use yew::prelude::*;

use slotscope_core::node::{Health, MasterLink, PeerView, Snapshot};

use super::{Screen, why};
use crate::{
    scene::id_of,
    t,
    words::{grouped, seconds},
};

/// The card of the selected node.
pub(super) fn node_card(s: Screen<'_>) -> Html {
    let (page, w) = (s.page, s.words);
    let Some(host) = page.selected else {
        return html! { <p class="hint">{ t!(w, "node-none") }</p> };
    };
    let port = page.picture.port(host);
    let Some(view) = page.picture.view(host) else {
        let id = id_of(&page.picture, host).map(|id| id.to_string()).unwrap_or_default();
        return html! {
            <div class="node-card">
                <h3>{ port }</h3>
                <p class="mono id">{ id }</p>
                <p>{ t!(w, "node-stopped") }</p>
                { why::questions(s, host) }
            </div>
        };
    };
    html! {
        <div class="node-card">
            <h3>{ port }</h3>
            <p class="mono id">{ view.id.to_string() }</p>
            { facts(s, view) }
            { why::questions(s, host) }
            <h4><code>{ format!("redis-cli -p {port} CLUSTER NODES") }</code></h4>
            <div class="node-lines">
                { for view.peers.iter().map(|peer| line(s, view, peer)) }
            </div>
        </div>
    }
}

fn facts(s: Screen<'_>, view: &Snapshot) -> Html {
    let (w, now) = (s.words, s.page.picture.now);
    let row = |term: String, value: String| {
        html! { <><dt>{ term }</dt><dd>{ value }</dd></> }
    };
    let state = if view.serving.ok { "ok" } else { "fail" };
    let link = match view.repl.link {
        MasterLink::None => None,
        MasterLink::Up => Some(t!(w, "fact-link-up")),
        MasterLink::Syncing => Some(t!(w, "node-link-syncing")),
        MasterLink::Down(since) => {
            Some(t!(w, "node-link-down", seconds = seconds(now.ms_since(since))))
        }
    };
    html! {
        <dl class="facts">
            { row("cluster_state".into(), state.into()) }
            { row("currentEpoch".into(), view.current_epoch.to_string()) }
            { row("configEpoch".into(), view.config_epoch.to_string()) }
            { row("lastVoteEpoch".into(), view.last_vote_epoch.to_string()) }
            { row(t!(w, "fact-offset"), grouped(view.repl.offset)) }
            { row(t!(w, "fact-keys"), grouped(view.keys)) }
            { row("cluster-node-timeout".into(), format!("{} ms", view.node_timeout_ms)) }
            if let Some(link) = link { { row(t!(w, "fact-link"), link) } }
        </dl>
    }
}

/// A row as `CLUSTER NODES` prints it; ages are told in seconds, since the stage has no wall.
fn line(s: Screen<'_>, view: &Snapshot, peer: &PeerView) -> Html {
    let (page, w) = (s.page, s.words);
    let mut flags: Vec<&str> = Vec::new();
    if peer.id == view.id {
        flags.push("myself");
    }
    flags.push(if peer.is_replica { "slave" } else { "master" });
    match peer.health {
        Health::Ok => {}
        Health::Pfail => flags.push("fail?"),
        Health::Fail => flags.push("fail"),
    }
    if peer.handshake {
        flags.push("handshake");
    }
    if peer.noaddr {
        flags.push("noaddr");
    }
    if peer.nofailover {
        flags.push("nofailover");
    }
    let master = peer.master.map_or_else(|| "-".into(), |id| page.picture.name(id));
    let slots: Vec<String> = peer.slots.iter().map(|(a, b)| format!("{a}-{b}")).collect();
    let link = if peer.linked || peer.id == view.id { "connected" } else { "disconnected" };
    let name = page.picture.name(peer.id);
    let title = format!("{} {}", peer.id, peer.addr.map(|a| a.to_string()).unwrap_or_default());
    let age = peer
        .pong_received
        .filter(|_| peer.id != view.id)
        .map(|at| t!(w, "pong-age", seconds = seconds(page.picture.now.ms_since(at))));
    html! {
        <div class={classes!("node-line", super::node_glyph::health_id(peer.health))} {title}
            data-testid="node-line" data-node={name.clone()}>
            <b>{ name }</b>
            <span class="mono">
                { format!("{} {} {} {} {}", flags.join(","), master, peer.config_epoch, link, slots.join(" ")) }
            </span>
            if let Some(age) = age { <small>{ age }</small> }
        </div>
    }
}
