//! The nodes' logs, merged; each line leads to its moment.

use yew::prelude::*;

use slotscope_core::{io::Level, sim::What};

use super::Screen;
use crate::{
    model::{ClockMsg, Msg},
    t,
};

/// So many lines are on the page; earlier ones are reached by going back in time.
const LINES: usize = 200;

/// The merged log.
pub(super) fn log(s: Screen<'_>) -> Html {
    let (page, w) = (s.page, s.words);
    let filter = |of: Option<slotscope_core::sim::HostIdx>, text: String| {
        html! {
            <button
                aria-pressed={(page.log_of == of).to_string()}
                onclick={s.on(Msg::LogFiltered(of))}
            >{ text }</button>
        }
    };
    let filters =
        page.picture.each().map(|host| filter(Some(host), page.picture.port(host).to_string()));
    let past = page.sim.history().until(page.picture.now);
    let lines = past.iter().rev().filter_map(|record| {
        let What::Log { level, role, line } = &record.what else { return None };
        let host = record.host?;
        if page.log_of.is_some_and(|of| of != host) {
            return None;
        }
        let port = page.picture.port(host);
        let shard = page.scene.node(host).and_then(|n| n.shard);
        let here = record.at == page.picture.now;
        Some(html! {
            <button
                key={record.seq.to_string()}
                class={classes!("log-line", Screen::shard_class(shard), here.then_some("here"))}
                data-testid="log-line"
                data-node={port.to_string()}
                data-time-us={record.at.as_micros().to_string()}
                onclick={s.on(Msg::Clock(ClockMsg::ToRecord(record.seq, record.at)))}
            >
                <span class="log-where">{ port }</span>
                <span class="log-when">{ record.at.to_string() }</span>
                <span class="log-text">{ format!("{role} {} {line}", mark(*level)) }</span>
            </button>
        })
    });
    let lines: Vec<Html> = lines.take(LINES).collect();
    html! {
        <div class="log">
            <div class="filters" role="group" aria-label={t!(w, "log-filter")}>
                { filter(None, t!(w, "log-all")) }
                { for filters }
            </div>
            if lines.is_empty() { <p class="hint">{ t!(w, "log-empty") }</p> }
            <div class="log-lines">{ for lines }</div>
        </div>
    }
}

/// The sign of a level in the server's log.
const fn mark(level: Level) -> char {
    match level {
        Level::Debug => '.',
        Level::Verbose => '-',
        Level::Notice => '*',
        Level::Warning => '#',
    }
}
