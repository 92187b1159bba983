//! The start page: a live stage, one line, one button; then two doors.

use yew::prelude::*;

use super::{Screen, clients, ruler, stage};
use crate::{
    model::{Beat, Msg},
    t,
    words::seconds,
};

/// The story.
pub(super) fn start(s: Screen<'_>, canvas: &NodeRef) -> Html {
    let (page, w) = (s.page, s.words);
    let beat = page.beat();
    let alive = page.picture.by_port(7002).is_some_and(|h| page.picture.is_up(h));
    let button = if beat == Beat::Calm && alive {
        html! {
            <button
                class="kill"
                data-testid="story-kill"
                onclick={s.on(Msg::StoryKill { by_itself: false })}
            >{ t!(w, "story-kill") }</button>
        }
    } else {
        html! { <p class="story-clock">{ format!("{} s", page.picture.now) }</p> }
    };
    html! {
        <>
            <section class="story">
                <h1 data-testid="story-line" data-beat={beat.id()}>{ line(s, beat) }</h1>
                { button }
                if page.story.by_itself && beat != Beat::Elected {
                    <p class="aside">{ t!(w, "story-by-itself") }</p>
                }
                <nav class="doors" aria-label={t!(w, "screens")}>
                    <a class="door" data-testid="door-learn" href="#/learn/09">
                        <b>{ t!(w, "door-learn") }</b>
                        <span>{ t!(w, "door-learn-text") }</span>
                    </a>
                    <a class="door" data-testid="door-lab" href="#/lab">
                        <b>{ t!(w, "door-lab") }</b>
                        <span>{ t!(w, "door-lab-text") }</span>
                    </a>
                </nav>
            </section>
            <main class="stage-column" aria-label={t!(w, "stage")}>
                { ruler::ruler(s) }
                { stage::stage(s, canvas) }
                { clients::clients(s) }
            </main>
        </>
    }
}

/// One sentence for each beat.
fn line(s: Screen<'_>, beat: Beat) -> String {
    let (page, w) = (s.page, s.words);
    let ledger = page.picture.ledgers.first();
    match beat {
        Beat::Calm => t!(w, "story-calm"),
        Beat::Killed => t!(w, "story-killed"),
        Beat::Pfail => t!(w, "story-pfail"),
        Beat::Fail => t!(w, "story-fail"),
        Beat::Election => {
            let asked = page.scene.nodes.iter().any(|n| n.ballot.is_some());
            if asked { t!(w, "story-asked") } else { t!(w, "story-waits") }
        }
        Beat::Elected => {
            let errors = ledger.map_or(0, |l| l.errors);
            let lost = ledger.map_or(0, |l| l.lost);
            let outage = page.sim.history().outage(0, page.picture.now);
            let ms = outage.map_or(0, |(first, last)| last.ms_since(first));
            t!(
                w,
                "story-elected",
                errors = t!(w, "story-errors", n = errors),
                lost = t!(w, "story-lost", n = lost),
                seconds = seconds(ms)
            )
        }
    }
}
