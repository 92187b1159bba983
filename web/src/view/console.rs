//! The console: commands typed to a node, as into `redis-cli`, and what they answered.

use slotscope_core::sim::{Action, Record, What};
use yew::prelude::*;

use super::{Screen, app::Event, letter};
use crate::{
    model::{ClockMsg, ConsoleMsg, Msg, Trouble},
    platform, t,
};

/// So many lines are on the page; earlier ones are reached by going back in time.
const LINES: usize = 200;
/// What a thumb types most.
const PIECES: [&str; 5] = ["GET", "SET", "CLUSTER", "{", "}"];

/// What was typed and answered so far, and the line.
pub(super) fn console(s: Screen<'_>) -> Html {
    let (page, w) = (s.page, s.words);
    // Newest first: the style sheet turns the order round, so that the newest stay in sight.
    let said: Vec<Html> = page
        .sim
        .history()
        .until(page.picture.now)
        .iter()
        .rev()
        .filter_map(|record| said(s, record))
        .take(LINES)
        .collect();
    let port = page.console_node().map_or(0, |host| page.picture.port(host));
    let oninput = s.link.callback(|e: InputEvent| {
        Event::Page(Msg::Console(ConsoleMsg::Typed(platform::value_of_input(&e))))
    });
    let onkeydown = s.link.batch_callback(|e: KeyboardEvent| {
        let msg = match e.key().as_str() {
            "Enter" if !e.is_composing() => ConsoleMsg::Entered,
            "ArrowUp" => ConsoleMsg::Earlier,
            "ArrowDown" => ConsoleMsg::Later,
            _ => return None,
        };
        e.prevent_default();
        Some(Event::Page(Msg::Console(msg)))
    });
    let pieces = PIECES.into_iter().map(|piece| {
        html! {
            <button onclick={s.on(Msg::Console(ConsoleMsg::Piece(piece)))}>{ piece }</button>
        }
    });
    html! {
        <div class="console">
            <div class="console-said" data-testid="console-said" role="log">
                if said.is_empty() { <p class="hint">{ t!(w, "console-empty") }</p> }
                { for said }
            </div>
            { needle(s) }
            { trouble(s) }
            <div class="console-pieces" role="group" aria-label={t!(w, "console-pieces")}>
                { for pieces }
                <button
                    aria-label={t!(w, "console-earlier")}
                    onclick={s.on(Msg::Console(ConsoleMsg::Earlier))}
                >{ "↑" }</button>
            </div>
            <div class="console-entry">
                <label for="console-line">{ format!("127.0.0.1:{port}>") }</label>
                <input
                    id="console-line"
                    data-testid="console-line"
                    data-node={port.to_string()}
                    type="text"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    placeholder={t!(w, "console-placeholder")}
                    value={page.console.line.clone()}
                    {oninput}
                    {onkeydown}
                />
                <button
                    class="quiet mono"
                    data-testid="console-follow"
                    aria-pressed={page.console.follows.to_string()}
                    title={t!(w, "console-follow")}
                    aria-label={t!(w, "console-follow")}
                    onclick={s.on(Msg::Console(ConsoleMsg::FollowFlipped))}
                >{ "-c" }</button>
            </div>
        </div>
    }
}

/// A line that was typed, or an answer with a word about it if it is an error.
fn said(s: Screen<'_>, record: &Record) -> Option<Html> {
    let page = s.page;
    match &record.what {
        What::Did(Action::Command(host, words)) => {
            let port = page.picture.port(*host);
            let shard = page.scene.node(*host).and_then(|node| node.shard);
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            Some(html! {
                <button
                    key={record.seq.to_string()}
                    class={classes!("console-typed", Screen::shard_class(shard))}
                    data-testid="console-typed"
                    data-node={port.to_string()}
                    title={record.at.to_string()}
                    onclick={s.on(Msg::Clock(ClockMsg::ToRecord(record.seq, record.at)))}
                >
                    <span class="console-at">{ format!("127.0.0.1:{port}>") }</span>
                    { " " }{ words.join(" ") }
                </button>
            })
        }
        What::Answer(text) => {
            let error = text.starts_with("(error)");
            Some(html! {
                <div key={record.seq.to_string()} class="console-answer">
                    <pre data-testid="console-answer" data-error={error.to_string()}>{ text }</pre>
                    if let Some(gloss) = gloss(s, text) { <p class="gloss">{ gloss }</p> }
                </div>
            })
        }
        _ => None,
    }
}

/// A word with a space in it is shown as it has to be typed.
fn quoted(word: &str) -> String {
    if word.is_empty() || word.contains([' ', '"', '\'']) {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        word.to_owned()
    }
}

/// What an error means, for those who meet it for the first time.
fn gloss(s: Screen<'_>, answer: &str) -> Option<String> {
    let w = s.words;
    let error = answer.strip_prefix("(error) ")?;
    Some(match error.split(' ').next()? {
        "MOVED" if s.page.console.follows => return None,
        "MOVED" => t!(w, "gloss-moved"),
        "ASK" => t!(w, "gloss-ask"),
        "TRYAGAIN" => t!(w, "gloss-tryagain"),
        "CROSSSLOT" => t!(w, "gloss-crossslot"),
        "CLUSTERDOWN" => t!(w, "gloss-clusterdown"),
        "READONLY" => t!(w, "gloss-readonly"),
        "WRONGTYPE" => t!(w, "gloss-wrongtype"),
        _ if error.starts_with("ERR unknown command") => t!(w, "gloss-unknown"),
        _ => return None,
    })
}

/// From the key that is being typed to its slot, and to the slot's owner.
fn needle(s: Screen<'_>) -> Html {
    let Some(needle) = s.page.console.needle() else { return Html::default() };
    let slot = needle.slot.get();
    let segment =
        s.page.scene.ruler.iter().find(|segment| (segment.from..=segment.to).contains(&slot));
    let owner = segment.and_then(|segment| Some((segment.owner?, segment.shard)));
    let [before, hashed, after] = &needle.key;
    html! {
        <p class="console-needle" data-testid="console-needle" data-slot={slot.to_string()}>
            <span class="dim">{ before }</span><u>{ hashed }</u><span class="dim">{ after }</span>
            { format!(" → CRC16 0x{:04X} → mod 16384 → ", needle.crc) }<b>{ slot }</b>
            if let Some((host, shard)) = owner {
                { format!(" → {} ({})", letter(shard), s.page.picture.port(host)) }
            }
        </p>
    }
}

fn trouble(s: Screen<'_>) -> Html {
    let w = s.words;
    let text = match s.page.console.trouble {
        None => return Html::default(),
        Some(Trouble::Quotes) => t!(w, "console-quotes"),
        Some(Trouble::Manager) => t!(w, "console-manager"),
        Some(Trouble::NoSuchPort) => t!(w, "console-no-port"),
    };
    html! { <p class="console-trouble" role="alert" data-testid="console-trouble">{ text }</p> }
}
