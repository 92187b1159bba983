//! Cards over the page: the keys, and about this run.

use yew::prelude::*;

use super::{Screen, app::Event};
use crate::{
    model::{Msg, Overlay},
    platform, t,
};

/// Keys and what they do, by message.
const KEYS: [(&str, &str); 18] = [
    ("Space", "key-play"),
    ("→ ←", "key-step"),
    (". ,", "key-next"),
    ("[ ]", "key-speed"),
    ("Home End", "key-ends"),
    ("↑ ↓", "key-nodes"),
    ("1 – 9", "key-nth"),
    ("Enter", "key-inspect"),
    ("W", "key-why"),
    ("E  ⇧E", "key-eyes"),
    ("M", "key-matrix"),
    ("/", "key-console"),
    ("K R Z", "key-deeds"),
    ("P X", "key-walls"),
    ("Ctrl+Z", "key-undo"),
    ("L I T", "key-fold"),
    ("S", "key-share"),
    ("Esc", "key-escape"),
];

/// What lies over the page, if anything.
pub(super) fn overlay(s: Screen<'_>) -> Html {
    let (title, id, body) = match s.page.overlay {
        None => return Html::default(),
        Some(Overlay::Keys) => (t!(s.words, "keys"), "keys-card", keys(s)),
        Some(Overlay::Run) => (t!(s.words, "run-title"), "run-card", run(s)),
    };
    let world = s.page.sim.world();
    html! {
        <div class="veil" onclick={s.on(Msg::Overlaid(None))}>
            <section
                class="card"
                role="dialog"
                aria-modal="true"
                aria-label={title.clone()}
                data-testid={id}
                data-seed={world.plan().seed.to_string()}
                data-digest={format!("{:016x}", s.page.picture.digest)}
                onclick={|e: MouseEvent| e.stop_propagation()}
            >
                <h2>
                    { title }
                    <button
                        class="icon"
                        id="overlay-close"
                        aria-label={t!(s.words, "close")}
                        onclick={s.on(Msg::Overlaid(None))}
                    >{ "✕" }</button>
                </h2>
                { body }
            </section>
        </div>
    }
}

fn keys(s: Screen<'_>) -> Html {
    let rows = KEYS.iter().map(|(key, message)| {
        html! { <><dt><kbd>{ *key }</kbd></dt><dd>{ s.words.say(message, &[]) }</dd></> }
    });
    html! { <dl class="keys">{ for rows }</dl> }
}

fn run(s: Screen<'_>) -> Html {
    let (page, w) = (s.page, s.words);
    let world = page.sim.world();
    let plan = world.plan();
    let row = |term: String, value: String| {
        html! { <><dt>{ term }</dt><dd class="mono">{ value }</dd></> }
    };
    let net = format!(
        "{}–{} ms",
        plan.net.latency_us / 1000,
        (plan.net.latency_us + plan.net.jitter_us) / 1000
    );
    let directives: Vec<String> =
        plan.config.iter().map(|(name, value)| format!("{name} {value}")).collect();
    html! {
        <>
            <p>{ t!(w, "run-text") }</p>
            <dl class="facts">
                { row(t!(w, "seed"), plan.seed.to_string()) }
                { row(t!(w, "run-digest"), format!("{:016x}", page.picture.digest)) }
                { row(t!(w, "time"), format!("{} s", page.picture.now)) }
                { row(t!(w, "run-records"), page.picture.seq.to_string()) }
                { row(t!(w, "run-actions"), world.journal().len().to_string()) }
                { row(t!(w, "run-nodes"), plan.nodes.len().to_string()) }
                { row(t!(w, "run-latency"), net) }
                { row("redis.conf".into(), directives.join(", ")) }
            </dl>
            <p class="row">
                <button class="strong" onclick={s.on(Msg::SharePressed)}>{ t!(w, "share") }</button>
                <button data-testid="restart-run" onclick={s.link.callback(|_| {
                    platform::focus_id("stage");
                    Event::Page(Msg::Restarted)
                })}>{ t!(w, "run-again") }</button>
            </p>
        </>
    }
}
