//! The space-time strip: time to the right, a lane for each node.

use yew::prelude::*;

use slotscope_core::sim::FlightKind;

use super::Screen;
use crate::{
    model::{ClockMsg, Msg},
    scene::strip::{self, Slant},
    t,
};

/// The strip.
pub(super) fn strip(s: Screen<'_>) -> Html {
    let page = s.page;
    let lanes = page.picture.hosts.len().max(1);
    let strip = strip::build(page.sim.history(), page.picture.now, lanes);
    let step = 100.0 / f64::from(u32::try_from(lanes).unwrap_or(1));
    let y = |lane: usize| (f64::from(u32::try_from(lane).unwrap_or(0)) + 0.5) * step;
    // Of what lies ahead only what was seen already is drawn.
    let reach = if page.sim.end() > page.picture.now { 1000 } else { strip.now_x }.to_string();
    let lane_lines = (0..lanes).map(|lane| {
        let (y, hue) = (y(lane).to_string(), shard_of(s, lane));
        html! { <line class={classes!("lane", hue)} x1="0" x2={reach.clone()} y1={y.clone()} y2={y} /> }
    });
    let gaps = strip.gaps.iter().map(|gap| {
        let y = y(gap.lane).to_string();
        let class = if gap.frozen { "gap frozen" } else { "gap" };
        html! {
            <line {class} x1={gap.x1.to_string()} x2={gap.x2.max(gap.x1 + 1).to_string()} y1={y.clone()} y2={y} />
        }
    });
    let slants = strip.slants.iter().map(|slant| {
        html! {
            <line
                class={classes!("slant", class_of(slant), slant.ahead.then_some("ahead"))}
                x1={slant.x1.to_string()} x2={slant.x2.to_string()}
                y1={y(slant.from).to_string()} y2={y(slant.to).to_string()}
            />
        }
    });
    let dots = strip.marks.iter().map(|(lane, x, mark)| {
        let style = format!("left:{:.2}%;top:{:.2}%", f64::from(*x) / 10.0, y(*lane));
        let msg = ClockMsg::ToRecord(mark.seq, mark.at);
        html! {
            <button
                class={classes!("moment", mark.kind.id(), (mark.at > page.picture.now).then_some("ahead"))}
                {style}
                tabindex="-1"
                aria-hidden="true"
                onclick={s.on(Msg::Clock(msg))}
            />
        }
    });
    let labels = page.picture.hosts.iter().enumerate().map(|(n, host)| {
        html! { <span style={format!("top:{:.2}%", y(n))}>{ host.port }</span> }
    });
    let now = format!("left:{:.2}%", f64::from(strip.now_x) / 10.0);
    html! {
        <div class="strip" role="img" aria-label={t!(s.words, "strip")}>
            <div class="strip-labels">{ for labels }</div>
            <div class="strip-field">
                <svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
                    { for lane_lines }{ for gaps }{ for slants }
                </svg>
                { for dots }
                <i class="strip-now" style={now} />
            </div>
        </div>
    }
}

fn shard_of(s: Screen<'_>, lane: usize) -> String {
    Screen::shard_class(s.page.scene.nodes.get(lane).and_then(|n| n.shard))
}

const fn class_of(slant: &Slant) -> &'static str {
    if slant.lost {
        return "lost";
    }
    match slant.kind {
        FlightKind::Fail => "failing",
        FlightKind::AuthRequest
        | FlightKind::AuthAck
        | FlightKind::Update
        | FlightKind::MfStart => "decisive",
        FlightKind::Ping
        | FlightKind::Pong
        | FlightKind::Meet
        | FlightKind::Publish
        | FlightKind::Module
        | FlightKind::Migration
        | FlightKind::Replication => "plain",
    }
}
