//! The inspector: why, node, matrix, log. On a phone a sheet, with the lesson as one more tab.

use yew::prelude::*;

use super::{Screen, console, log, matrix, node_card, shell::tab_name, why};
use crate::{
    model::{Msg, Route, Tab},
    t,
};

/// The tabs and what is open.
pub(super) fn inspector(s: Screen<'_>) -> Html {
    let (page, w) = (s.page, s.words);
    let with_lesson = matches!(page.route, Route::Lesson { .. });
    let tab = |tab: Tab, id: &'static str, text: String| {
        html! {
            <button
                role="tab"
                data-testid={id}
                class={format!("tab-{}", tab_name(tab))}
                aria-selected={(page.tab == tab).to_string()}
                onclick={s.on(Msg::TabChosen(tab))}
            >{ text }</button>
        }
    };
    // On a wide screen the lesson has its own column, and Why is open here. On a phone the style
    // sheet lays the lesson over this sheet while its tab is chosen.
    let body = match page.tab {
        Tab::Lesson | Tab::Why => why::why(s),
        Tab::Node => node_card::node_card(s),
        Tab::Matrix => matrix::matrix(s),
        Tab::Log => log::log(s),
        Tab::Console => console::console(s),
    };
    html! {
        <aside class="inspector" aria-label={t!(w, "inspector")}>
            <div class="tabs" role="tablist">
                if with_lesson { { tab(Tab::Lesson, "tab-lesson", t!(w, "tab-lesson")) } }
                { tab(Tab::Why, "tab-why", t!(w, "tab-why")) }
                { tab(Tab::Node, "tab-node", t!(w, "tab-node")) }
                { tab(Tab::Matrix, "tab-matrix", t!(w, "tab-matrix")) }
                { tab(Tab::Log, "tab-log", t!(w, "tab-log")) }
                { tab(Tab::Console, "tab-console", t!(w, "tab-console")) }
            </div>
            <div class="tab-body" role="tabpanel">{ body }</div>
        </aside>
    }
}
