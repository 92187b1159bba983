//! The frame around every screen: header, columns, dock.

use yew::prelude::*;

use super::{
    Screen, app::Event, clients, dock, inspector, lesson, overlay, ruler, stage, start, tools,
};
use crate::{
    model::{Msg, Notice, Overlay, Route, Tab, Theme},
    t,
    words::Lang,
};

/// The whole page.
pub(super) fn shell(s: Screen<'_>, canvas: &NodeRef) -> Html {
    let page = s.page;
    let settings = &page.settings;
    let onkeydown = s.link.callback(Event::Key);
    let mut class = classes!("app", format!("on-{}", page.route.id()));
    for (on, name) in [
        (settings.fold_lesson, "fold-lesson"),
        (settings.fold_inspector, "fold-inspector"),
        (settings.fold_dock, "fold-dock"),
    ] {
        if on {
            class.push(name);
        }
    }
    let body = match &page.route {
        Route::Start => start::start(s, canvas),
        Route::Lab { .. } => html! {
            <>
                { stage_column(s, canvas) }
                { inspector::inspector(s) }
                { dock::dock(s) }
            </>
        },
        Route::Lesson { .. } => html! {
            <>
                { lesson::lesson(s) }
                { stage_column(s, canvas) }
                { inspector::inspector(s) }
                { dock::dock(s) }
            </>
        },
    };
    html! {
        <div
            {class}
            {onkeydown}
            data-testid="app"
            data-lang={settings.lang.id()}
            data-theme={settings.theme.id()}
            data-route={page.route.id()}
            data-time-us={page.picture.now.as_micros().to_string()}
            data-digest={format!("{:016x}", page.picture.digest)}
            data-playing={page.play.playing.to_string()}
            data-epoch={page.picture.epoch().to_string()}
            data-covered={page.scene.served.to_string()}
            data-seq={page.picture.seq.to_string()}
            data-tab={tab_name(page.tab)}
        >
            { header(s) }
            { notice(s) }
            { body }
            { overlay::overlay(s) }
            <p class="unseen" role="status" aria-live="polite">{ announcement(s) }</p>
        </div>
    }
}

/// The name of a tab in attributes.
pub(super) const fn tab_name(tab: Tab) -> &'static str {
    match tab {
        Tab::Lesson => "lesson",
        Tab::Why => "why",
        Tab::Node => "node",
        Tab::Matrix => "matrix",
        Tab::Log => "log",
        Tab::Console => "console",
    }
}

/// Ruler, stage, applications, tools.
pub(super) fn stage_column(s: Screen<'_>, canvas: &NodeRef) -> Html {
    html! {
        <main class="stage-column" aria-label={t!(s.words, "stage")}>
            { ruler::ruler(s) }
            { stage::stage(s, canvas) }
            { clients::clients(s) }
            { tools::tools(s) }
        </main>
    }
}

fn header(s: Screen<'_>) -> Html {
    let (page, words) = (s.page, s.words);
    let lang = page.settings.lang;
    let tongue = |which: Lang, text: &'static str, id: &'static str| {
        html! {
            <button
                data-testid={id}
                lang={which.tag()}
                aria-pressed={(lang == which).to_string()}
                onclick={s.on(Msg::LangChosen(which))}
            >{ text }</button>
        }
    };
    let place = |route: &str, href: &'static str, text: String| {
        let here = page.route.id() == route;
        html! { <a {href} aria-current={here.then_some("page")}>{ text }</a> }
    };
    let theme = match page.settings.theme {
        Theme::Light => ("☾", t!(words, "theme-to-dark")),
        Theme::Dark => ("☀", t!(words, "theme-to-light")),
    };
    html! {
        <header class="top">
            <a class="brand" href="#/" aria-label="Slotscope">
                <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
                    <circle cx="16" cy="16" r="13" class="brand-ring" />
                    <circle cx="16" cy="16" r="6" class="brand-dot" />
                </svg>
                <span>{ "Slotscope" }</span>
            </a>
            <nav aria-label={t!(words, "screens")}>
                { place("lesson", "#/learn/09", t!(words, "learn")) }
                { place("lab", "#/lab", t!(words, "lab")) }
            </nav>
            <span class="grow" />
            <div class="switch" role="group" aria-label={t!(words, "language")}>
                { tongue(Lang::Zh, "中", "lang-zh") }
                { tongue(Lang::En, "EN", "lang-en") }
            </div>
            if !page.settings.projector {
                <button
                    class="icon"
                    data-testid="theme-switch"
                    aria-label={theme.1.clone()}
                    title={theme.1}
                    onclick={s.on(Msg::ThemeFlipped)}
                >{ theme.0 }</button>
            }
            <button data-testid="share" class="quiet" onclick={s.on(Msg::SharePressed)}>
                { t!(words, "share") }
            </button>
            <button
                class="icon"
                data-testid="keys-help"
                aria-label={t!(words, "keys")}
                title={t!(words, "keys")}
                onclick={s.on(Msg::Overlaid(Some(Overlay::Keys)))}
            >{ "?" }</button>
        </header>
    }
}

fn notice(s: Screen<'_>) -> Html {
    let Some(notice) = &s.page.notice else { return Html::default() };
    let w = s.words;
    let (kind, text) = match notice {
        Notice::LinkOld => ("link-old", t!(w, "notice-link-old")),
        Notice::LinkDamaged => ("link-damaged", t!(w, "notice-link-damaged")),
        Notice::LinkPartial(n) => ("link-partial", t!(w, "notice-link-partial", n = *n)),
        Notice::Quiet => ("quiet", t!(w, "notice-quiet")),
        Notice::Copied => ("copied", t!(w, "notice-copied")),
        Notice::LessonMissing(e) => ("lesson", t!(w, "notice-lesson-missing", error = e.as_str())),
        Notice::Core(e) => ("core", t!(w, "notice-core", error = e.as_str())),
    };
    html! {
        <p class="notice" role="status" data-testid="notice" data-kind={kind}>
            <span>{ text }</span>
            <button class="icon" aria-label={t!(w, "close")} onclick={s.on(Msg::NoticeClosed)}>
                { "✕" }
            </button>
        </p>
    }
}

/// One sentence for each interesting event, for screen readers.
fn announcement(s: Screen<'_>) -> String {
    let Some(mark) = s.page.announced else { return String::new() };
    let Some(record) = s.page.sim.history().item(mark.seq) else { return String::new() };
    let seconds = crate::words::seconds(record.at.as_millis());
    let what = crate::words::reason::record(s.words, &s.page.picture, record);
    t!(s.words, "announce", seconds = seconds, what = what)
}
