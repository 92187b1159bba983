//! The application and its ledger of promises.

use yew::prelude::*;

use slotscope_core::sim::Ledger;

use super::{Screen, letter};
use crate::{
    scene::layout::on_ruler,
    t,
    words::{grouped, seconds},
};

/// A pill for each application.
pub(super) fn clients(s: Screen<'_>) -> Html {
    let pills = s.page.picture.ledgers.iter().enumerate().map(|(n, ledger)| pill(s, n, ledger));
    html! { <section class="clients" aria-label={t!(s.words, "clients")}>{ for pills }</section> }
}

fn pill(s: Screen<'_>, n: usize, ledger: &Ledger) -> Html {
    let w = s.words;
    let count = |id: &'static str, value: u64, label: String, trouble: bool| {
        let class = if trouble && value > 0 { "count trouble" } else { "count" };
        html! {
            <span {class} data-testid={id} data-value={value.to_string()}>
                <b>{ grouped(value) }</b>{ " " }{ label }
            </span>
        }
    };
    let client = u16::try_from(n).unwrap_or(u16::MAX);
    let now = s.page.picture.now;
    let outage = s.page.sim.history().outage(client, now).map(|(first, last)| {
        let over = now.ms_since(last) > 1500;
        let key = if over { "outage-was" } else { "outage-is" };
        let ms = if over { last } else { now }.ms_since(first);
        html! { <span class="outage">{ w.say(key, &[("seconds", seconds(ms).into())]) }</span> }
    });
    html! {
        <div
            class={if ledger.failing { "pill failing" } else { "pill" }}
            data-testid="ledger"
            data-failing={ledger.failing.to_string()}
        >
            <span class="pill-name">{ if n == 0 { "app".to_string() } else { format!("app {}", n + 1) } }</span>
            { mini_map(s, ledger) }
            { count("ledger-sent", ledger.sent, t!(w, "ledger-sent"), false) }
            { count("ledger-acked", ledger.acked, t!(w, "ledger-acked"), false) }
            { count("ledger-errors", ledger.errors, t!(w, "ledger-errors", n = ledger.errors), true) }
            { count("ledger-lost", ledger.lost, t!(w, "ledger-lost"), true) }
            { count("ledger-moved", ledger.moved, t!(w, "ledger-moved"), false) }
            { for outage }
            if let Some(error) = &ledger.last_error {
                <code class="last-error" data-testid="ledger-last-error" title={error.clone()}>
                    { error }
                </code>
            }
        </div>
    }
}

/// The slot map as this application holds it.
fn mini_map(s: Screen<'_>, ledger: &Ledger) -> Html {
    let page = s.page;
    let pieces = ledger.map.iter().map(|(from, to, owner)| {
        let home = page.picture.homes.iter().find(|(a, b, _)| (*a..=*b).contains(from));
        let shard = home.map(|h| h.2);
        let span = u32::from(to.get()) + 1 - u32::from(from.get());
        let style = format!("width:{:.3}%", on_ruler(span, 100.0));
        let port = page.picture.port(*owner);
        let title = format!("{}–{} {} {}", from, to, letter(shard), port);
        html! { <i class={Screen::shard_class(shard)} {style} {title} /> }
    });
    html! {
        <span class="mini-map" role="img" aria-label={t!(s.words, "mini-map")}>{ for pieces }</span>
    }
}
