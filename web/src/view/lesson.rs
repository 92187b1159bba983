//! A lesson beside the stage: prose in steps, a prediction, checks that watch the run.

use yew::prelude::*;

use slotscope_tutorial::{
    Block, Check, CheckReport, CheckState, Choice, Gate, Hint, NoteKind, Span, Text,
};

use super::Screen;
use crate::{
    model::{ClockMsg, LessonMsg, Loaded, Msg},
    t,
    words::Lang,
};

/// The step on the page.
pub(super) fn lesson(s: Screen<'_>) -> Html {
    let (page, w) = (s.page, s.words);
    let class = "lesson";
    let Some(loaded) = &page.lesson.loaded else {
        return html! { <section {class}><p class="hint">{ t!(w, "lesson-loading") }</p></section> };
    };
    let lesson = &loaded.lesson;
    let steps = lesson.steps.len();
    let at = page.lesson.step.min(steps.saturating_sub(1));
    let Some(step) = lesson.steps.get(at) else { return Html::default() };
    let blocks = step.blocks.iter().enumerate().map(|(n, b)| block(s, n, b));
    html! {
        // The key makes each step a new element, which begins at its top.
        <section key={step.id.clone()} {class} data-testid="lesson" data-step={step.id.clone()} lang={page.settings.lang.tag()}>
            <p class="lesson-place">
                <b>{ lesson.id.clone() }</b>
                { " · " }
                { t!(w, "lesson-place", n = at + 1, of = steps) }
                { " · " }
                { t!(w, "lesson-minutes", n = lesson.minutes) }
            </p>
            if at == 0 { <h1>{ lesson.title.clone() }</h1> }
            <h2>{ step.title.clone() }</h2>
            <div class="prose">{ for blocks }</div>
            { checks_so_far(s) }
            <nav class="lesson-nav" aria-label={t!(w, "lesson-steps")}>
                <button
                    data-testid="lesson-previous"
                    disabled={at == 0}
                    onclick={s.on(Msg::Lesson(LessonMsg::Turned { ahead: false }))}
                >{ t!(w, "previous") }</button>
                <span class="dots" aria-hidden="true">
                    { for (0..steps).map(|n| html! { <i class={(n == at).then_some("here")} /> }) }
                </span>
                <button
                    class="strong"
                    data-testid="lesson-next"
                    disabled={at + 1 >= steps}
                    onclick={s.on(Msg::Lesson(LessonMsg::Turned { ahead: true }))}
                >{ t!(w, "next") }</button>
            </nav>
        </section>
    }
}

/// Checks of other steps, in a line each, so that none is met unseen.
fn checks_so_far(s: Screen<'_>) -> Html {
    let state = &s.page.lesson;
    let Some(loaded) = &state.loaded else { return Html::default() };
    let shown: Vec<&str> = state
        .blocks()
        .iter()
        .filter_map(|b| if let Block::Check(c) = b { Some(c.id.as_str()) } else { None })
        .collect();
    let others: Vec<&Check> =
        loaded.lesson.checks().filter(|c| !shown.contains(&c.id.as_str())).collect();
    if others.is_empty() {
        return Html::default();
    }
    let rows = others.iter().map(|c| {
        let state = state.report(&c.id).map_or(CheckState::NotYet, |r| r.state);
        html! {
            <li class={state_id(state)} data-testid="check" data-check={c.id.clone()} data-state={state_id(state)}>
                <span class="sign">{ sign(state) }</span><span>{ spans(s, &c.words) }</span>
            </li>
        }
    });
    html! { <details class="all-checks"><summary>{ t!(s.words, "checks-other") }</summary><ul>{ for rows }</ul></details> }
}

const fn state_id(state: CheckState) -> &'static str {
    match state {
        CheckState::Met => "met",
        CheckState::NotYet => "open",
        CheckState::Failed => "failed",
    }
}

const fn sign(state: CheckState) -> &'static str {
    match state {
        CheckState::Met => "✓",
        CheckState::NotYet => "·",
        CheckState::Failed => "✗",
    }
}

fn block(s: Screen<'_>, n: usize, block: &Block) -> Html {
    let w = s.words;
    match block {
        Block::Paragraph { text } => html! { <p>{ spans(s, text) }</p> },
        Block::List { ordered, items } => {
            let items = items.iter().map(|item| html! { <li>{ spans(s, item) }</li> });
            if *ordered {
                html! { <ol>{ for items }</ol> }
            } else {
                html! { <ul>{ for items }</ul> }
            }
        }
        Block::Table { head, rows } => {
            let head = head.iter().map(|c| html! { <th scope="col">{ spans(s, c) }</th> });
            let rows = rows.iter().map(|row| {
                html! { <tr>{ for row.iter().map(|c| html! { <td>{ spans(s, c) }</td> }) }</tr> }
            });
            html! {
                <div class="table"><table>
                    <thead><tr>{ for head }</tr></thead><tbody>{ for rows }</tbody>
                </table></div>
            }
        }
        Block::Command { lines } => {
            html! { <pre class="command">{ for lines.iter().map(|l| html! { <code>{ format!("$ {l}\n") }</code> }) }</pre> }
        }
        Block::Log { lines } | Block::Output { lines } => {
            html! { <pre class="output"><code>{ lines.join("\n") }</code></pre> }
        }
        Block::Gate(g) => gate(s, g),
        Block::Check(c) => check(s, c),
        Block::Note { kind, text } => {
            let (class, word) = match kind {
                NoteKind::Note => ("note", t!(w, "note")),
                NoteKind::Mistake => ("note mistake", t!(w, "note-mistake")),
                NoteKind::Expert => ("note expert", t!(w, "note-expert")),
            };
            html! { <aside {class}><b>{ word }</b>{ " " }{ spans(s, text) }</aside> }
        }
        Block::LeavesOut { items } => {
            let items = items.iter().map(|item| html! { <li>{ spans(s, item) }</li> });
            html! {
                <aside class="note leaves-out">
                    <b>{ t!(w, "leaves-out") }</b><ul>{ for items }</ul>
                </aside>
            }
        }
        Block::See(see) => {
            let happened = |l: &Loaded| l.runner.moment(see).is_some();
            let ready = see.event.is_empty() || s.page.lesson.loaded.as_ref().is_some_and(happened);
            html! {
                <p>
                    <button
                        class="see"
                        data-testid="lesson-see"
                        disabled={!ready}
                        onclick={s.on(Msg::Lesson(LessonMsg::Button(n)))}
                    >{ "◎ " }{ spans(s, &see.label) }</button>
                    if !ready { <small class="see-not-yet">{ t!(w, "see-not-yet") }</small> }
                </p>
            }
        }
        Block::Do(deed) => html! {
            <p class="deed">
                <button class="strong" data-testid="lesson-do" onclick={s.on(Msg::Lesson(LessonMsg::Button(n)))}>
                    { spans(s, &deed.label) }
                </button>
                if !deed.command.is_empty() { <code>{ format!("$ {}", deed.command) }</code> }
            </p>
        },
    }
}

fn spans(s: Screen<'_>, text: &Text) -> Html {
    let span = |span: &Span| match span {
        Span::Text { text } => html! { { text } },
        Span::Code { text } => html! { <code>{ text }</code> },
        Span::Emphasis { text } => html! { <strong>{ text }</strong> },
        Span::Term { text, en, zh, .. } => {
            // A learner of one language meets the other word here, once, and in the hover.
            let other = if s.page.settings.lang == Lang::Zh { en } else { zh };
            html! { <dfn title={other.clone()}>{ text }</dfn> }
        }
        Span::Link { text, to } => {
            html! { <a href={to.clone()} rel="noopener" target="_blank">{ text }</a> }
        }
    };
    html! { <>{ for text.iter().map(span) }</> }
}

/// First the guess, then the run, then what to say about the guess.
fn gate(s: Screen<'_>, g: &Gate) -> Html {
    let (state, w) = (&s.page.lesson, s.words);
    let chosen = state.guesses.get(&g.id).copied();
    let given = state.given.contains(&g.id);
    let choices = g.choices.iter().enumerate().map(|(n, choice)| {
        let id = format!("{}-{n}", g.id);
        let class = classes!(
            "choice",
            (given && choice.right).then_some("right"),
            (given && chosen == Some(n)).then_some("mine"),
        );
        html! {
            <label {class} for={id.clone()}>
                <input
                    {id}
                    type="radio"
                    name={g.id.clone()}
                    checked={chosen == Some(n)}
                    disabled={given}
                    data-testid="predict-option"
                    data-gate={g.id.clone()}
                    data-value={n.to_string()}
                    aria-checked={(chosen == Some(n)).to_string()}
                    onclick={s.on(Msg::Lesson(LessonMsg::Guessed(g.id.clone(), n)))}
                />
                <span>{ spans(s, &choice.text) }</span>
                if given && choice.right { <b class="sign">{ "✓" }</b> }
            </label>
        }
    });
    html! {
        <fieldset class="gate" data-testid="gate" data-gate={g.id.clone()} data-given={given.to_string()}>
            <legend>{ t!(w, "predict") }</legend>
            <p>{ spans(s, &g.question) }</p>
            { for choices }
            if given {
                { for chosen.and_then(|n| g.choices.get(n)).map(|c| verdict(s, c)) }
            } else {
                <button
                    class="strong"
                    data-testid="predict-commit"
                    disabled={chosen.is_none()}
                    onclick={s.on(Msg::Lesson(LessonMsg::Given(g.id.clone())))}
                >{ t!(w, "predict-commit") }</button>
            }
        </fieldset>
    }
}

fn verdict(s: Screen<'_>, choice: &Choice) -> Html {
    let word = if choice.right { t!(s.words, "guess-right") } else { t!(s.words, "guess-wrong") };
    html! { <p class="verdict" role="status"><b>{ word }</b>{ " " }{ spans(s, &choice.why) }</p> }
}

fn check(s: Screen<'_>, c: &Check) -> Html {
    let (w, lesson) = (s.words, &s.page.lesson);
    let report = lesson.report(&c.id);
    let state = report.map_or(CheckState::NotYet, |r| r.state);
    let shown = lesson.hints.get(&c.id).copied().unwrap_or(0).min(c.hints.len());
    let more = shown < c.hints.len() && state != CheckState::Met;
    html! {
        <section
            class={classes!("check", state_id(state))}
            data-testid="check"
            data-check={c.id.clone()}
            data-state={state_id(state)}
        >
            <p class="check-words">
                <span class="sign" aria-hidden="true">{ sign(state) }</span>
                <span>{ spans(s, &c.words) }</span>
                if state == CheckState::Met { <b class="done">{ t!(w, "check-met") }</b> }
                if c.optional { <small>{ t!(w, "check-optional") }</small> }
            </p>
            if let (Some(report), true) = (report, state != CheckState::Met) {
                { clauses(s, c, report) }
            }
            { for c.hints.iter().take(shown).map(|h| hint(s, h)) }
            if more {
                <button
                    class="quiet"
                    data-testid="hint"
                    onclick={s.on(Msg::Lesson(LessonMsg::Hint(c.id.clone())))}
                >{ t!(w, "hint") }</button>
            }
        </section>
    }
}

fn hint(s: Screen<'_>, hint: &Hint) -> Html {
    html! { <p class="hint-text">{ spans(s, &hint.text) }</p> }
}

/// The first clause that is not met, what was seen of it, and the nearest event.
fn clauses(s: Screen<'_>, c: &Check, report: &CheckReport) -> Html {
    let w = s.words;
    let Some((n, clause)) = report.unmet() else { return Html::default() };
    let Some(words) = c.clauses.get(n).map(|clause| &clause.words) else { return Html::default() };
    let seen = !clause.seen.is_empty() && !clause.wanted.is_empty();
    html! {
        <div class="unmet">
            <p>{ spans(s, words) }</p>
            if seen {
                <p class="seen">
                    { t!(w, "check-seen", seen = clause.seen.as_str(), wanted = clause.wanted.as_str()) }
                </p>
            }
            if let Some(near) = clause.nearest {
                <button
                    class="link"
                    onclick={s.on(Msg::Clock(ClockMsg::ToRecord(near.seq, near.at)))}
                >{ t!(w, "check-nearest", seconds = near.at.to_string()) }</button>
            }
        </div>
    }
}
