//! The mesh: circles, links, wall, nodes; and the canvas for what moves.

use yew::prelude::*;

use slotscope_core::{node::MasterLink, sim::HostIdx};

use super::{Screen, node_glyph};
use crate::{
    model::{Msg, Side, Tool},
    scene::{
        NodeGlyph, air,
        layout::{CENTRE, HEIGHT, INNER, OUTER, WIDTH},
    },
    t,
    words::grouped,
};

/// The mesh with everything on it.
pub(super) fn stage(s: Screen<'_>, canvas: &NodeRef) -> Html {
    let (page, w) = (s.page, s.words);
    let scene = &page.scene;
    let view_box = format!("0 0 {WIDTH} {HEIGHT}");
    let (cx, cy) = (CENTRE.0.to_string(), CENTRE.1.to_string());
    html! {
        <section class="mesh" data-testid="stage" onclick={s.on(Msg::LetGo)}>
            <svg viewBox={view_box} role="group" aria-label={t!(w, "stage-nodes")}>
                { defs() }
                { fences(s) }
                <circle class="orbit" cx={cx.clone()} cy={cy.clone()} r={INNER.to_string()} />
                <circle class="orbit" {cx} {cy} r={OUTER.to_string()} />
                <text class="orbit-name" y={(CENTRE.1 - 4.0).to_string()}>
                    <tspan x={CENTRE.0.to_string()}>{ t!(w, "inner-circle") }</tspan>
                    <tspan x={CENTRE.0.to_string()} dy="1.3em">
                        { t!(w, "majority", n = scene.majority, of = scene.voters) }
                    </tspan>
                </text>
                <g class="bus">{ for bus(s) }</g>
                <g>{ for scene.nodes.iter().filter_map(|n| replication_link(s, n)) }</g>
                <g>{ for scene.cuts.iter().filter_map(|(a, b)| cut(s, *a, *b)) }</g>
                { app_glyph(s) }
                <g>{ for scene.nodes.iter().map(|n| node_glyph::node(s, n)) }</g>
            </svg>
            <canvas ref={canvas.clone()} aria-hidden="true" />
            { eyes_badge(s) }
            { banner(s) }
        </section>
    }
}

/// Textures: the second channel beside hue.
fn defs() -> Html {
    html! {
        <defs>
            <pattern id="tex-1" width="8" height="8" patternUnits="userSpaceOnUse">
                <circle cx="2" cy="2" r="1.3" class="tex" /><circle cx="6" cy="6" r="1.3" class="tex" />
            </pattern>
            <pattern id="tex-2" width="7" height="7" patternUnits="userSpaceOnUse">
                <path d="M0 1.5h7" class="tex-line" />
            </pattern>
            <pattern id="tex-3" width="8" height="8" patternUnits="userSpaceOnUse">
                <path d="M0 0l8 8M8 0l-8 8" class="tex-line" />
            </pattern>
            <pattern id="tex-4" width="12" height="6" patternUnits="userSpaceOnUse">
                <path d="M0 3q3 -3 6 0t6 0" class="tex-line" />
            </pattern>
            <pattern id="tex-5" width="12" height="8" patternUnits="userSpaceOnUse">
                <path d="M0 .5h12M0 4.5h12M3 .5v4M9 4.5v4" class="tex-line" />
            </pattern>
            <pattern
                id="hatch-dead" width="6" height="6" patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)"
            ><rect width="6" height="6" class="hatch-ground" /><path d="M0 0v6" class="hatch-line" /></pattern>
            <pattern
                id="hatch-wall" width="7" height="7" patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)"
            ><rect width="7" height="7" class="hatch-ground" /><path d="M0 0v7" class="wall-line" /></pattern>
            <pattern
                id="hatch-report" width="4" height="4" patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)"
            ><rect width="4" height="4" class="report-ground" /><path d="M0 0v4" class="report-line" /></pattern>
        </defs>
    }
}

/// Where a node stands just now, in stage pixels.
pub(super) fn at(s: Screen<'_>, node: &NodeGlyph) -> (f64, f64) {
    let (dx, dy) = air::shift(&s.page.scene, node.host);
    (node.place.x + dx, node.place.y + dy)
}

/// Everybody is linked with everybody: hairlines.
fn bus(s: Screen<'_>) -> Vec<Html> {
    let nodes = &s.page.scene.nodes;
    if nodes.len() > 12 {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for (i, a) in nodes.iter().enumerate() {
        for b in &nodes[..i] {
            lines.push(line("bus-line", format!("{}-{}", a.port, b.port), at(s, a), at(s, b)));
        }
    }
    lines
}

/// A line that glides with its ends where the browser can do that.
///
/// The key ties it to its ends, so that it never glides into the place of another line.
fn line(class: &'static str, key: String, from: (f64, f64), to: (f64, f64)) -> Html {
    let d = format!("M{:.1} {:.1}L{:.1} {:.1}", from.0, from.1, to.0, to.1);
    let style = format!("d:path(\"{d}\")");
    html! { <path {key} {class} {d} {style} /> }
}

fn replication_link(s: Screen<'_>, node: &NodeGlyph) -> Option<Html> {
    let master = s.page.scene.node(node.master?)?;
    let class = match node.repl.map(|r| r.link) {
        Some(MasterLink::Up) => "link up",
        Some(MasterLink::Syncing) => "link syncing",
        Some(MasterLink::Down(_) | MasterLink::None) | None => "link down",
    };
    let hue = Screen::shard_class(node.shard);
    Some(html! {
        <g key={format!("link-{}", node.port)} class={hue}>
            { line(class, node.port.to_string(), at(s, master), at(s, node)) }
        </g>
    })
}

fn cut(s: Screen<'_>, a: HostIdx, b: HostIdx) -> Option<Html> {
    let (a, b) = (s.page.scene.node(a)?, s.page.scene.node(b)?);
    let ((x1, y1), (x2, y2)) = (at(s, a), at(s, b));
    // A single direction: the mark sits on the near half of the arrow.
    let (x, y) = (x1 + (x2 - x1) * 0.42, y1 + (y2 - y1) * 0.42);
    let place = format!("translate({x:.1} {y:.1})");
    Some(html! {
        <g key={format!("cut-{}-{}", a.port, b.port)} class="cut">
            { line("cut-line", format!("{}-{}", a.port, b.port), (x1, y1), (x2, y2)) }
            <g transform={place}>
                <circle r="10" /><text>{ "✂" }</text>
            </g>
        </g>
    })
}

/// A wall: a hatched band round every side but the first.
fn fences(s: Screen<'_>) -> Html {
    let scene = &s.page.scene;
    let chosen: Option<Vec<u8>> = match &s.page.tool {
        Tool::Wall(sides) => {
            Some(sides.iter().map(|side| if *side == Side::Far { 2 } else { 1 }).collect())
        }
        Tool::None | Tool::Link(_) => None,
    };
    let (sides, class) = match &chosen {
        Some(sides) => (sides, "fence planned"),
        None => (&scene.sides, "fence"),
    };
    let mut groups: Vec<u8> = sides.iter().copied().filter(|side| *side > 1).collect();
    groups.sort_unstable();
    groups.dedup();
    let fences = groups.iter().map(|group| {
        let mut mates: Vec<&NodeGlyph> = scene
            .nodes
            .iter()
            .zip(sides)
            .filter(|(_, side)| *side == group)
            .map(|(node, _)| node)
            .collect();
        mates.sort_by(|a, b| a.place.angle.total_cmp(&b.place.angle));
        let mut d = String::new();
        for (n, node) in mates.iter().enumerate() {
            let (x, y) = at(s, node);
            d.push_str(&format!("{}{x:.1} {y:.1}", if n == 0 { "M" } else { "L" }));
        }
        if mates.len() == 1 {
            d.push_str("h0.1");
        }
        html! {
            <g {class} data-testid="wall">
                <path class="fence-rim" d={d.clone()} />
                <path class="fence-band" d={d.clone()} />
                <path class="fence-rim thin" d={d.clone()} />
                <path class="fence-inside" {d} />
            </g>
        }
    });
    html! { <>{ for fences }</> }
}

fn app_glyph(s: Screen<'_>) -> Html {
    let Some(ledger) = s.page.picture.ledgers.first() else { return Html::default() };
    let place = format!("translate({} {})", air::APP.0, air::APP.1);
    let class = if ledger.failing { "client failing" } else { "client" };
    html! {
        <g {class} transform={place} aria-hidden="true">
            <rect x="-22" y="-13" width="44" height="26" rx="13" />
            <text>{ "app" }</text>
        </g>
    }
}

fn eyes_badge(s: Screen<'_>) -> Html {
    let text = match s.page.scene.eyes {
        Some(host) => {
            t!(s.words, "eyes-of", port = s.page.picture.port(host).to_string())
        }
        None => t!(s.words, "eyes-god"),
    };
    let class = if s.page.scene.eyes.is_some() { "eyes on" } else { "eyes" };
    html! {
        <button
            {class}
            data-testid="eyes"
            title={t!(s.words, "eyes-title")}
            onclick={s.link.callback(|e: MouseEvent| {
                e.stop_propagation();
                super::app::Event::Page(Msg::EyesTurned { god: false })
            })}
        >{ text }</button>
    }
}

/// What is wrong with the cluster as a whole, inside the stage and not over it.
fn banner(s: Screen<'_>) -> Html {
    let (page, w) = (s.page, s.words);
    if let Some(broken) = page.picture.violations.first() {
        return html! {
            <p class="banner" data-testid="violation">
                { t!(w, "violation", what = broken.as_str()) }
            </p>
        };
    }
    let closed = page.scene.nodes.iter().filter(|n| n.lid).count();
    let living = page.scene.nodes.iter().filter(|n| n.up).count();
    if page.scene.uncovered > 0 {
        let text = t!(w, "banner-uncovered", n = grouped(u64::from(page.scene.uncovered)));
        return html! { <p class="banner" data-testid="banner">{ text }</p> };
    }
    if closed == 0 || living == 0 {
        return Html::default();
    }
    let text = if page.scene.is_closed() {
        t!(w, "banner-all")
    } else {
        t!(w, "banner-some", n = closed, of = living)
    };
    html! { <p class="banner" data-testid="banner">{ text }</p> }
}
