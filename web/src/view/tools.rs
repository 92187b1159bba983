//! What can be done to the selected node, and the command that does the same.

use yew::prelude::*;

use super::Screen;
use crate::{
    model::{Deed, Msg, Tool},
    t,
};

/// The row of tools.
pub(super) fn tools(s: Screen<'_>) -> Html {
    let (page, w) = (s.page, s.words);
    let machine = page.selected.and_then(|h| page.picture.hosts.get(usize::from(h.0))).copied();
    let up = machine.is_some_and(|m| m.up);
    let frozen = machine.is_some_and(|m| m.frozen);
    let button = |id: &'static str, key: &'static str, text: String, deed: Deed, on: bool| {
        html! {
            <button
                data-testid={id}
                disabled={!on}
                aria-keyshortcuts={key}
                title={format!("{text} ({key})")}
                onclick={s.on(Msg::Did(deed))}
            ><span>{ text }</span><kbd>{ key }</kbd></button>
        }
    };
    let name = match machine {
        Some(m) => html! { <b class="chosen">{ m.port }</b> },
        None => html! { <span class="chosen none">{ t!(w, "choose-node") }</span> },
    };
    let any = !page.picture.cuts.is_empty() || !page.picture.wall.is_empty();
    html! {
        <section class="tools" aria-label={t!(w, "tools")}>
            { name }
            if machine.is_none_or(|m| m.up) {
                { button("action-kill", "K", t!(w, "kill"), Deed::Kill, up) }
            } else {
                { button("action-restart", "R", t!(w, "restart"), Deed::Restart, true) }
            }
            if frozen {
                { button("action-thaw", "Z", t!(w, "thaw"), Deed::Freeze, up) }
            } else {
                { button("action-freeze", "Z", t!(w, "freeze"), Deed::Freeze, up) }
            }
            { button("action-wall", "P", t!(w, "wall"), Deed::Wall, true) }
            { button("action-link", "X", t!(w, "link"), Deed::Link, machine.is_some()) }
            if any { { button("action-heal", "", t!(w, "heal"), Deed::Heal, true) } }
            <span class="grow" />
            { button("action-undo", "Ctrl+Z", t!(w, "undo"), Deed::Undo, page.sim.can_undo()) }
            if page.sim.can_redo() {
                { button("action-redo", "", t!(w, "redo"), Deed::Redo, true) }
            }
            { help(s) }
        </section>
    }
}

/// What the tool in the hand waits for, or the command for what was done.
fn help(s: Screen<'_>) -> Html {
    let w = s.words;
    match &s.page.tool {
        Tool::Wall(_) => html! {
            <p class="tool-help">
                <span>{ t!(w, "wall-help") }</span>
                <button
                    class="strong"
                    data-testid="wall-apply"
                    disabled={s.page.tool.groups().is_none()}
                    onclick={s.on(Msg::WallBuilt)}
                >{ t!(w, "wall-apply") }</button>
                <button onclick={s.on(Msg::LetGo)}>{ t!(w, "cancel") }</button>
            </p>
        },
        Tool::Link(from) => html! {
            <p class="tool-help">
                <span>
                    { t!(w, "link-help", port = s.page.picture.port(*from).to_string()) }
                </span>
                <button onclick={s.on(Msg::LetGo)}>{ t!(w, "cancel") }</button>
            </p>
        },
        Tool::None => match &s.page.echo {
            Some(command) => html! {
                <p class="tool-help echo" data-testid="command-echo">
                    <span class="quiet-text">{ t!(w, "same-as") }</span>
                    <code>{ format!("$ {command}") }</code>
                </p>
            },
            None => Html::default(),
        },
    }
}
