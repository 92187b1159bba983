//! The Why card: a decision as the comparisons that made it, in the order of the code.

use yew::prelude::*;

use slotscope_core::{
    explain::{Card, Fact, Guard, Number, Outcome, Reason, Relation, Why},
    node::Health,
    sim::{HostIdx, Record, What},
};

use super::{Screen, app::Event};
use crate::{
    model::{Asked, ClockMsg, Msg},
    scene::id_of,
    t,
    words::reason,
};

/// What the Why tab shows.
pub(super) fn why(s: Screen<'_>) -> Html {
    let (page, w) = (s.page, s.words);
    match page.asked {
        Some(Asked::Record(seq)) => match page.sim.history().item(seq) {
            Some(record) => of_record(s, record),
            None => html! { <p class="hint">{ t!(w, "why-gone") }</p> },
        },
        Some(Asked::Question(host, question)) => match page.sim.world().why(host, question) {
            Some(answer) => card(s, Some(host), &answer, None),
            None => html! { <p class="hint">{ t!(w, "why-no-answer") }</p> },
        },
        None => html! {
            <div class="hint">
                <p>{ t!(w, "why-none") }</p>
                { recent(s) }
            </div>
        },
    }
}

fn of_record(s: Screen<'_>, record: &Record) -> Html {
    match &record.what {
        What::Decided(decided) => card(s, record.host, decided, Some(record)),
        // A log line belongs to the decision that printed it, if one did.
        What::Log { .. } => {
            let near = s.page.sim.history().items();
            let at = near.partition_point(|r| r.seq <= record.seq);
            let decided =
                near[..at].iter().rev().take(6).chain(near[at..].iter().take(6)).find_map(|r| {
                    match &r.what {
                        What::Decided(reason) if r.at == record.at && r.host == record.host => {
                            let line = reason.log_line().map(|(_, text)| text);
                            let same = matches!(&record.what, What::Log { line: text, .. }
                            if Some(text) == line.as_ref());
                            same.then_some((r, reason))
                        }
                        _ => None,
                    }
                });
            match decided {
                Some((r, reason)) => card(s, r.host, reason, Some(r)),
                None => plain(s, record),
            }
        }
        What::Did(_)
        | What::Client { .. }
        | What::Process { .. }
        | What::Answer(_)
        | What::Violation(_)
        | What::Sent(_)
        | What::Arrived { .. }
        | What::Lost { .. } => plain(s, record),
    }
}

/// A record that is no decision: what happened, and when.
fn plain(s: Screen<'_>, record: &Record) -> Html {
    html! {
        <article class="why-card plain" data-testid="happened">
            <header>
                <h3>{ reason::record(s.words, &s.page.picture, record) }</h3>
                <p class="why-id">{ format!("#e{}  t={}", record.seq, record.at) }</p>
            </header>
            { brought_by(s, record) }
        </article>
    }
}

fn card(s: Screen<'_>, who: Option<HostIdx>, decided: &Reason, record: Option<&Record>) -> Html {
    let (page, w) = (s.page, s.words);
    let card = decided.card();
    let failed = card.guards.iter().position(|g| g.outcome == Outcome::Failed);
    let place = match failed {
        Some(n) if card.guards.len() > 1 => {
            Some(t!(w, "guard-place", n = n + 1, of = card.guards.len()))
        }
        Some(_) | None => None,
    };
    let port = who.map(|h| page.picture.port(h).to_string()).unwrap_or_default();
    html! {
        <article
            class="why-card"
            data-testid="why-card"
            data-reason={card.id}
            data-node={port}
            data-taken={failed.is_none().to_string()}
        >
            <header>
                <p class="why-word">{ if record.is_some() { t!(w, "why") } else { t!(w, "why-now") } }</p>
                <h3>{ reason::decision(w, &page.picture, who, &card) }</h3>
                <p class="why-id">
                    { match record {
                        Some(r) => format!("#e{}  t={}", r.seq, r.at),
                        None => format!("t={}", page.picture.now),
                    } }
                </p>
            </header>
            <p class="why-decision">
                <span class="term">{ t!(w, "why-decision") }</span>
                <b>{ w.say(&reason::key("decision", card.decision), &[]) }</b>
                if let Some(place) = place { <span class="place">{ place }</span> }
            </p>
            if !card.guards.is_empty() {
                <ol class="guards">{ for card.guards.iter().map(|g| guard(s, g)) }</ol>
            }
            if !card.facts.is_empty() { { facts(s, &card) } }
            if let Some(record) = record { { brought_by(s, record) } }
            { change(s, &card) }
            if let Some(line) = &card.log {
                <p class="why-row"><span class="term">{ t!(w, "why-log") }</span><code>{ line }</code></p>
            }
            <p class="why-row">
                <span class="term">{ t!(w, "why-spec") }</span>
                <span class="spec">{ format!("§ {}", card.spec) }</span>
                <code class="reason-id">{ card.id }</code>
            </p>
        </article>
    }
}

fn guard(s: Screen<'_>, g: &Guard) -> Html {
    let (page, w) = (s.page, s.words);
    let (state, sign) = match g.outcome {
        Outcome::Passed => ("held", "✓"),
        Outcome::Failed => ("failed", "✗"),
        Outcome::NotReached => ("not-reached", "·"),
    };
    // Of a flag only the sign is of interest; numbers stand with their relation.
    let flag = matches!((g.left, g.relation, g.right), (Number::Flag(_), Relation::Equal, _));
    // So are numbers that nobody looked at, and a wait of which nothing is left.
    let unknown =
        matches!((g.left, g.right), (Number::None, Number::None) | (Number::Ms(0), Number::Ms(0)));
    let numbers = match g.outcome {
        Outcome::NotReached => t!(w, "guard-not-reached"),
        Outcome::Passed | Outcome::Failed if flag || unknown => String::new(),
        Outcome::Passed | Outcome::Failed => {
            let number = |n| reason::number(w, &page.picture, n);
            // What is printed is true: a guard that failed shows how the numbers do stand.
            let relation = if g.outcome == Outcome::Failed {
                opposite(g.relation).sign()
            } else {
                g.relation.sign()
            };
            format!("{} {relation} {}", number(g.left), number(g.right))
        }
    };
    html! {
        <li class={state} data-testid="guard" data-state={state} data-guard={g.id}>
            <span class="sign" aria-label={state}>{ sign }</span>
            <span class="guard-text">{ w.say(&reason::key("guard", g.id), &[]) }</span>
            <span class="numbers">{ numbers }</span>
        </li>
    }
}

const fn opposite(relation: Relation) -> Relation {
    match relation {
        Relation::Equal => Relation::NotEqual,
        Relation::NotEqual => Relation::Equal,
        Relation::AtLeast => Relation::Below,
        Relation::Below => Relation::AtLeast,
        Relation::AtMost => Relation::Above,
        Relation::Above => Relation::AtMost,
    }
}

fn facts(s: Screen<'_>, card: &Card) -> Html {
    let row = |fact: &Fact| {
        html! {
            <>
                <dt>{ s.words.say(&reason::key("fact", fact.id), &[]) }</dt>
                <dd>{ reason::number(s.words, &s.page.picture, fact.value) }</dd>
            </>
        }
    };
    html! { <dl class="facts">{ for card.facts.iter().map(row) }</dl> }
}

/// The message whose arrival led to this.
fn brought_by(s: Screen<'_>, record: &Record) -> Html {
    let (page, w) = (s.page, s.words);
    let Some(hop) = record.cause.and_then(|seq| page.sim.history().arrival(seq)) else {
        return Html::default();
    };
    let name = super::kind_name(hop.kind);
    let text = t!(w, "brought-by", kind = name, port = page.picture.port(hop.from).to_string());
    let sent_at = hop.sent_at;
    html! {
        <p class="why-row">
            <span class="term">{ t!(w, "why-cause") }</span>
            <button
                class="link"
                data-testid="cause"
                onclick={s.link.callback(move |_| {
                    Event::Page(Msg::Clock(ClockMsg::To(sent_at)))
                })}
            >{ format!("{} {text}", super::kind_sign(hop.kind)) }</button>
            <small>{ format!("t={sent_at}") }</small>
        </p>
    }
}

/// The smallest change that would have led elsewhere.
fn change(s: Screen<'_>, card: &Card) -> Html {
    let key = reason::key("change", card.id);
    if !s.words.has(&key) {
        return Html::default();
    }
    let name = |id: Option<_>| id.map(|id| s.page.picture.name(id)).unwrap_or_default();
    let args = [("subject", name(card.subject).into()), ("other", name(card.other).into())];
    html! {
        <p class="why-row change">
            <span class="term">{ t!(s.words, "why-change") }</span>
            <span>{ s.words.say(&key, &args) }</span>
        </p>
    }
}

/// The last few decisions, to begin with.
fn recent(s: Screen<'_>) -> Html {
    let (page, w) = (s.page, s.words);
    let marks = page.sim.history().marks();
    let upto = marks.partition_point(|m| m.at <= page.picture.now);
    let rows = marks[..upto].iter().rev().take(8).filter_map(|mark| {
        let record = page.sim.history().item(mark.seq)?;
        let (seq, at) = (mark.seq, mark.at);
        Some(html! {
            <li>
                <button class="link" onclick={s.on(Msg::Clock(ClockMsg::ToRecord(seq, at)))}>
                    <small>{ format!("{at}") }</small>
                    { " " }
                    { reason::record(w, &page.picture, record) }
                </button>
            </li>
        })
    });
    let rows: Vec<Html> = rows.collect();
    if rows.is_empty() {
        return Html::default();
    }
    html! { <><h4>{ t!(w, "why-recent") }</h4><ul class="recent">{ for rows }</ul></> }
}

/// Questions about what did not happen, for the selected node.
pub(super) fn questions(s: Screen<'_>, host: HostIdx) -> Html {
    let (page, w) = (s.page, s.words);
    let port = page.picture.port(host).to_string();
    let button = |id: &'static str, at: HostIdx, why: Why, text: String| {
        html! {
            <button data-testid="why-not" data-question={id} onclick={s.on(Msg::Asked(at, why))}>
                { text }
            </button>
        }
    };
    let replica = page.scene.node(host).is_some_and(|n| n.master.is_some());
    let own = page.picture.view(host).is_some();
    // Each living observer may be asked why it does not hold this node for failed.
    let id = id_of(&page.picture, host);
    let observers = page.picture.each().filter(|o| {
        *o != host && page.scene.node(*o).is_some_and(|n| n.role == crate::scene::Role::Voter)
    });
    let about = observers.filter_map(|observer| {
        let id = id?;
        let peer = page.picture.view(observer)?.peer(id)?;
        let by = page.picture.port(observer).to_string();
        let text = match peer.health {
            Health::Ok => t!(w, "ask-not-pfail", by = by, port = port.clone()),
            Health::Pfail => t!(w, "ask-not-fail", by = by, port = port.clone()),
            Health::Fail => return None,
        };
        Some(button("failed", observer, Why::NotFailed(id), text))
    });
    html! {
        <div class="questions">
            if own && replica {
                { button("elected", host, Why::NotElected, t!(w, "ask-not-elected", port = port.clone())) }
            }
            if own { { button("serving", host, Why::Serving, t!(w, "ask-serving", port = port.clone())) } }
            { for about }
        </div>
    }
}
