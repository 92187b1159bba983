//! One node on the stage: shape and line say its state, hue its shard, a text says everything.

use std::f64::consts::TAU;

use yew::prelude::*;

use slotscope_core::node::{Health, MasterLink};

use super::{Screen, app::Event, letter, stage};
use crate::{
    model::{Msg, Side, Tool},
    scene::{Answer, Ballot, Circle, Halo, NodeGlyph, ReplGlyph, Role, Wait, layout::CENTRE},
    t,
    words::{self, Words, grouped},
};

/// A node with its marks.
pub(super) fn node(s: Screen<'_>, n: &NodeGlyph) -> Html {
    let page = s.page;
    let (x, y) = stage::at(s, n);
    let selected = page.selected == Some(n.host);
    let far = matches!(&page.tool, Tool::Wall(sides)
        if sides.get(usize::from(n.host.0)) == Some(&Side::Far));
    let class = classes!(
        "node",
        n.role.id(),
        Screen::shard_class(n.shard),
        (!n.up).then_some("dead"),
        n.frozen.then_some("frozen"),
        selected.then_some("selected"),
        far.then_some("far"),
        (n.health == Health::Pfail).then_some("pfail"),
        (n.health == Health::Fail).then_some("fail"),
    );
    let text = sentence(s, n);
    let roving = page.selected.map_or(n.host.0 == 0, |h| h == n.host);
    let host = n.host;
    let onclick = s.link.callback(move |e: MouseEvent| {
        e.stop_propagation();
        Event::Page(Msg::NodeChosen(host))
    });
    // Outside of the halo and of the arc of a wait, where there is one.
    let ring = if n.halo.is_some() || n.wait.is_some() { 18.0 } else { 9.0 };
    let master = n.master.map(|m| page.picture.port(m).to_string()).unwrap_or_default();
    html! {
        <g
            key={n.port.to_string()}
            {class}
            style={format!("transform:translate({x:.1}px,{y:.1}px)")}
            role="button"
            tabindex={if roving { "0" } else { "-1" }}
            aria-label={text.clone()}
            aria-pressed={selected.to_string()}
            {onclick}
            data-testid="node"
            data-node={n.port.to_string()}
            data-role={n.role.id()}
            data-circle={n.place.circle.id()}
            data-master={master}
            data-shard={letter(n.shard)}
            data-health={health_id(n.health)}
            data-up={n.up.to_string()}
            data-frozen={n.frozen.to_string()}
            data-epoch={n.epoch.map(|e| e.to_string()).unwrap_or_default()}
            data-selected={selected.to_string()}
        >
            <title>{ text }</title>
            <circle class="touch" r={(n.place.r + 10.0).max(30.0).to_string()} />
            <circle class="focus-ring" r={(n.place.r + ring).to_string()} />
            { body(n) }
            { names(n) }
            if let Some(epoch) = n.epoch { { epoch_flag(n, epoch) } }
            if n.lid { { lid(s, n) } }
            if n.frozen { <path class="bars" d="M-7 -11v22M7 -11v22" /> }
            if !n.up { { power(n) } }
            if let Some(halo) = &n.halo { { halo_ring(s.words, n, halo) } }
            if let Some(wait) = &n.wait { { wait_arc(s.words, n, wait) } }
            if let Some(ballot) = &n.ballot { { ballot_boxes(s, n, ballot) } }
            if let Some(repl) = &n.repl { { offset_bar(n, repl) } }
            { caption(s, n) }
        </g>
    }
}

/// The stable name of a health that tests use.
pub(super) const fn health_id(health: Health) -> &'static str {
    match health {
        Health::Ok => "ok",
        Health::Pfail => "pfail",
        Health::Fail => "fail",
    }
}

/// Master: a filled disc. Replica: a rounded square. Without slots: a dashed outline.
fn body(n: &NodeGlyph) -> Html {
    let r = n.place.r;
    let texture = n.shard.map(|s| s % 6).filter(|s| *s > 0);
    match n.role {
        Role::Voter => html! {
            <>
                <circle class="body" r={r.to_string()} />
                if let (Some(t), true) = (texture, n.up) {
                    <circle class="texture" r={r.to_string()} fill={format!("url(#tex-{t})")} />
                }
                if !n.up { <circle class="hatch" r={r.to_string()} fill="url(#hatch-dead)" /> }
            </>
        },
        Role::Empty => html! {
            <>
                <circle class="body" r={r.to_string()} />
                if !n.up { <circle class="hatch" r={r.to_string()} fill="url(#hatch-dead)" /> }
            </>
        },
        Role::Replica => {
            let (at, side) = ((-r + 1.0).to_string(), (2.0 * r - 2.0).to_string());
            let square = |class: &'static str, fill: Option<&'static str>| {
                html! {
                    <rect
                        {class} {fill} rx="8" x={at.clone()} y={at.clone()}
                        width={side.clone()} height={side.clone()}
                    />
                }
            };
            html! {
                <>
                    { square("body", None) }
                    if !n.up { { square("hatch", Some("url(#hatch-dead)")) } }
                </>
            }
        }
    }
}

fn names(n: &NodeGlyph) -> Html {
    let plate = if n.up { None } else { Some(()) };
    html! {
        <g class="names">
            if plate.is_some() { <rect class="plate" x="-21" y="-9" width="42" height="19" rx="4" /> }
            <text class="shard-letter" y={(-n.place.r * 0.5 - if n.lid { -2.0 } else { 2.0 }).to_string()}>{ letter(n.shard) }</text>
            <text class="port" y={if n.role == Role::Replica { "4" } else { "1" }}>{ n.port }</text>
        </g>
    }
}

/// The flag with the current epoch, at the lower left; hollow when it is behind.
fn epoch_flag(n: &NodeGlyph, epoch: u64) -> Html {
    let r = n.place.r * 0.82;
    let label = format!("e{epoch}");
    let width = 8 + 7 * label.len();
    let class = if n.behind { "epoch behind" } else { "epoch" };
    html! {
        <g {class} transform={format!("translate({:.1} {:.1})", -r - 16.0, r - 2.0)}>
            <g class="epoch-flag">
            <path d={format!("M0 -7h{width}l-4 7l4 7h-{width}z")} />
            <text x={(f64::from(u32::try_from(width).unwrap_or(20)) / 2.0 - 2.0).to_string()} y="0.5">{ label }</text>
            </g>
        </g>
    }
}

/// It refuses clients: a bar across the top third.
fn lid(s: Screen<'_>, n: &NodeGlyph) -> Html {
    let r = n.place.r;
    let y = -r * 0.78;
    let half = if n.role == Role::Replica { r - 1.0 } else { (r * r - y * y).sqrt() };
    html! {
        <g class="lid" data-testid="lid" data-node={n.port.to_string()}>
            <title>{ t!(s.words, "lid") }</title>
            <path d={format!("M{:.1} {y:.1}H{:.1}", -half - 5.0, half + 5.0)} />
            <path d={format!("M0 {y:.1}v-6")} />
        </g>
    }
}

fn power(n: &NodeGlyph) -> Html {
    let r = n.place.r * 0.78;
    html! {
        <g class="power" transform={format!("translate({r:.1} {r:.1})")}>
            <circle r="9" /><path d="M0 -5.5v5M-3.6 -3.4a5 5 0 1 0 7.2 0" />
        </g>
    }
}

/// A piece of a ring, clockwise from `from` to `to` (parts of a turn, from twelve o'clock).
fn arc(r: f64, from: f64, to: f64) -> String {
    let point = |part: f64| {
        let angle = (part - 0.25) * TAU;
        (r * angle.cos(), r * angle.sin())
    };
    let ((x1, y1), (x2, y2)) = (point(from), point(to));
    let large = u8::from(to - from > 0.5);
    format!("M{x1:.2} {y1:.2}A{r:.2} {r:.2} 0 {large} 1 {x2:.2} {y2:.2}")
}

/// One segment for each voter; it fills when that voter has reported. Closed: FAIL.
fn halo_ring(w: &Words, n: &NodeGlyph, halo: &Halo) -> Html {
    let r = n.place.r + 9.0;
    let of = f64::from(u32::try_from(halo.segments.len().max(1)).unwrap_or(1));
    let pieces = (0_u32..).zip(&halo.segments).map(|(i, (_, filled))| {
        let (from, to) = (f64::from(i) / of + 0.012, (f64::from(i) + 1.0) / of - 0.012);
        let class = if *filled { "halo-piece filled" } else { "halo-piece" };
        html! { <path {class} d={arc(r, from, to)} /> }
    });
    let badge = n.place.r * 0.74;
    html! {
        <g
            class={if halo.closed { "halo closed" } else { "halo" }}
            data-testid="halo"
            data-node={n.port.to_string()}
            data-filled={halo.filled().to_string()}
            data-of={halo.segments.len().to_string()}
            data-needed={halo.needed.to_string()}
            data-closed={halo.closed.to_string()}
        >
            if halo.closed {
                <circle class="halo-closed" r={r.to_string()} />
                <g class="fail-badge" transform={format!("translate({:.1} {:.1})", badge + 4.0, -badge - 4.0)}>
                    <title>{ t!(w, "fail") }</title>
                    <circle r="10" /><path d="M-4 -4L4 4M4 -4L-4 4" />
                </g>
            } else {
                { for pieces }
            }
        </g>
    }
}

/// Where text about a node goes: where its neighbours leave room.
struct Spot {
    x: f64,
    y: f64,
    anchor: &'static str,
    /// Blocks grow to the right (1), to the left (-1), or to both sides (0).
    way: f64,
}

impl Spot {
    /// The left edge of a block of this width.
    fn left(&self, width: f64) -> f64 {
        self.x + width * (self.way - 1.0) / 2.0
    }
}

fn beside(n: &NodeGlyph) -> Spot {
    // In the lower half of the inner circle the replicas stand outside: above is room.
    if n.place.circle == Circle::Inner && n.place.y > CENTRE.1 {
        return Spot { x: 0.0, y: -n.place.r - 52.0, anchor: "middle", way: 0.0 };
    }
    let x = n.place.r + 18.0;
    if n.place.x >= CENTRE.0 - 1.0 {
        Spot { x, y: 0.0, anchor: "start", way: 1.0 }
    } else {
        Spot { x: -x, y: 0.0, anchor: "end", way: -1.0 }
    }
}

/// The clock of an election that waits, with its sum.
fn wait_arc(w: &Words, n: &NodeGlyph, wait: &Wait) -> Html {
    let r = n.place.r + 9.0;
    let done = f64::from(wait.permille) / 1000.0;
    let spot = beside(n);
    let sum = format!("{} + {} + {}×1000", wait.fixed_ms, wait.random_ms, wait.rank);
    html! {
        <g class="wait" data-testid="wait" data-node={n.port.to_string()}
            data-total-ms={wait.total_ms.to_string()}>
            <circle class="wait-track" r={r.to_string()} />
            <path class="wait-done" d={arc(r, 0.0, done.clamp(0.002, 0.998))} />
            <text class="wait-sum" x={spot.x.to_string()} y={(spot.y - 8.0).to_string()} text-anchor={spot.anchor}>{ sum }</text>
            <text class="wait-rest" x={spot.x.to_string()} y={(spot.y + 11.0).to_string()} text-anchor={spot.anchor}>
                { t!(w, "wait-rest", total = wait.total_ms, left = wait.left_ms) }
            </text>
        </g>
    }
}

/// One box for each voter on the candidate; a notch shows the majority.
fn ballot_boxes(s: Screen<'_>, n: &NodeGlyph, ballot: &Ballot) -> Html {
    const STEP: f64 = 25.0;
    let spot = beside(n);
    let count = f64::from(u32::try_from(ballot.boxes.len()).unwrap_or(0));
    let left = spot.left(count * STEP - 4.0);
    let boxes = (0_u32..).zip(&ballot.boxes).map(|(i, (voter, answer))| {
        let (class, mark) = match answer {
            Answer::Open => ("box", ""),
            Answer::Silent => ("box silent", "–"),
            Answer::Given => ("box given", "✓"),
            Answer::Counted => ("box counted", "✓"),
            Answer::Refused(_) => ("box refused", "✗"),
        };
        let port = s.page.picture.port(*voter);
        html! {
            <g {class} transform={format!("translate({:.1} {:.1})", left + f64::from(i) * STEP, spot.y - 11.0)}>
                <rect width="21" height="21" rx="2" />
                <text x="10.5" y="11.5">{ mark }</text>
                <text class="box-port" x="10.5" y="-6">{ port % 1000 }</text>
            </g>
        }
    });
    let notch = left + f64::from(u32::try_from(ballot.needed).unwrap_or(0)) * STEP - 2.0;
    let votes = ballot.votes();
    html! {
        <g
            class={if ballot.won { "ballot won" } else { "ballot" }}
            data-testid="ballot"
            data-node={n.port.to_string()}
            data-votes={votes.to_string()}
            data-of={ballot.boxes.len().to_string()}
            data-needed={ballot.needed.to_string()}
            data-epoch={ballot.epoch.to_string()}
        >
            { for boxes }
            <path class="notch" d={format!("M{notch:.1} {:.1}v29", spot.y - 15.0)} />
            <text
                class="ballot-text"
                x={spot.x.to_string()}
                y={(spot.y + if spot.way == 0.0 { -33.0 } else { 26.0 }).to_string()}
                text-anchor={spot.anchor}
            >{ t!(s.words, "ballot", epoch = ballot.epoch, votes = votes,
                of = ballot.boxes.len(), needed = ballot.needed) }</text>
        </g>
    }
}

/// How much of its master's stream a replica has.
fn offset_bar(n: &NodeGlyph, repl: &ReplGlyph) -> Html {
    let (y, wide) = (n.place.r + 6.0, 48.0);
    let fill = f64::from(repl.permille()) / 1000.0 * wide;
    let gap = match repl.gap() {
        Some(0) | None => String::new(),
        Some(_) if repl.is_outside() => "full".into(),
        Some(bytes) => format!("−{}", grouped(bytes)),
    };
    let left = -wide / 2.0;
    html! {
        <g class="offset">
            <rect class="offset-track" x={left.to_string()} y={y.to_string()} width={wide.to_string()} height="6" rx="2" />
            <rect class="offset-fill" x={left.to_string()} y={y.to_string()} width={fill.to_string()} height="6" rx="2" />
            <text x={(left + wide + 5.0).to_string()} y={(y + 3.5).to_string()}>{ gap }</text>
        </g>
    }
}

/// A short text under (or beside) a node whose state is not the ordinary one.
fn caption(s: Screen<'_>, n: &NodeGlyph) -> Html {
    let w = s.words;
    let mut lines: Vec<(String, bool)> = Vec::new();
    match (&n.halo, n.health) {
        (Some(halo), Health::Fail) if halo.closed => {
            lines.push((t!(w, "caption-fail", n = n.fail_views), true));
        }
        (Some(halo), _) => lines.push((
            t!(
                w,
                "caption-pfail",
                n = halo.filled(),
                of = halo.segments.len(),
                needed = halo.needed
            ),
            true,
        )),
        (None, _) => {}
    }
    if !n.up {
        lines.push((t!(w, "caption-stopped"), false));
    } else if n.frozen {
        lines.push((t!(w, "caption-frozen"), false));
    } else if n.lid && !s.page.scene.is_closed() {
        lines.push((t!(w, "caption-lid"), true));
    } else if n.role == Role::Empty {
        lines.push((t!(w, "caption-empty"), false));
    }
    if lines.is_empty() {
        return Html::default();
    }
    // At the top of the outer circle the master stands below: there the text goes beside.
    let top = n.place.circle == Circle::Outer && n.place.y < CENTRE.1 - 150.0;
    let (x, y, anchor) = if top {
        (n.place.r + 18.0, if n.wait.is_some() || n.ballot.is_some() { 44.0 } else { 5.0 }, "start")
    } else {
        // Towards the middle, away from the replicas outside.
        let y = n.place.r + if n.repl.is_some() { 32.0 } else { 28.0 };
        let side = n.place.x - CENTRE.0;
        match n.place.circle {
            Circle::Inner if side < -20.0 => (-n.place.r, y, "start"),
            Circle::Inner if side > 20.0 => (n.place.r, y, "end"),
            Circle::Inner | Circle::Outer => (0.0, y, "middle"),
        }
    };
    let lines = (0_u32..).zip(lines).map(|(i, (text, trouble))| {
        let class = if trouble { "caption trouble" } else { "caption" };
        html! {
            <text {class} x={x.to_string()} y={(y + f64::from(i) * 17.0).to_string()} text-anchor={anchor}>
                { text }
            </text>
        }
    });
    html! { <>{ for lines }</> }
}

/// Everything about a node in one sentence, for those who do not see the stage.
pub(super) fn sentence(s: Screen<'_>, n: &NodeGlyph) -> String {
    let (w, page) = (s.words, s.page);
    let port = n.port.to_string();
    let shard = letter(n.shard);
    let mut text = match (n.role, n.master) {
        (Role::Voter, _) => t!(w, "node-master", port = port, shard = shard),
        (Role::Replica, Some(master)) => t!(
            w,
            "node-replica",
            port = port,
            master = page.picture.port(master).to_string(),
            shard = shard
        ),
        (Role::Replica, None) => t!(w, "node-replica-lost", port = port),
        (Role::Empty, _) => t!(w, "node-empty", port = port),
    };
    let mut add = |more: String| {
        text.push_str(&t!(w, "and"));
        text.push_str(&more);
    };
    if !n.up {
        add(t!(w, "caption-stopped"));
    }
    if n.frozen {
        add(t!(w, "caption-frozen"));
    }
    if let Some(halo) = &n.halo {
        if halo.closed {
            add(t!(w, "caption-fail", n = n.fail_views));
        } else {
            add(t!(
                w,
                "caption-pfail",
                n = halo.filled(),
                of = halo.segments.len(),
                needed = halo.needed
            ));
        }
    }
    if n.lid {
        add(t!(w, "lid"));
    }
    if let Some(epoch) = n.epoch {
        add(t!(w, "node-epoch", epoch = epoch));
    }
    if let Some(repl) = &n.repl {
        add(match repl.link {
            MasterLink::Up => {
                t!(w, "node-link-up", offset = grouped(repl.offset), gap = repl.gap().unwrap_or(0))
            }
            MasterLink::Syncing => t!(w, "node-link-syncing"),
            MasterLink::Down(since) => {
                let for_ms = page.picture.now.ms_since(since);
                t!(w, "node-link-down", seconds = words::seconds(for_ms))
            }
            MasterLink::None => String::new(),
        });
    }
    if let Some(ballot) = &n.ballot {
        add(t!(
            w,
            "ballot",
            epoch = ballot.epoch,
            votes = ballot.votes(),
            of = ballot.boxes.len(),
            needed = ballot.needed
        ));
    }
    text
}
