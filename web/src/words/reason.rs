//! Sentences for what happened: a decision, an action, what an application saw.

use slotscope_core::{
    explain::{Card, Number},
    sim::{Action, ClientEvent, HostIdx, Record, What},
};

use super::{Arg, Words, grouped};
use crate::{source::picture::Picture, t};

/// The key of an id of the core: dots become dashes.
#[must_use]
pub fn key(kind: &str, id: &str) -> String {
    format!("{kind}-{}", id.replace('.', "-"))
}

/// What was decided, in one sentence.
#[must_use]
pub fn decision(w: &Words, picture: &Picture, who: Option<HostIdx>, card: &Card) -> String {
    let name = |id: Option<_>| id.map_or_else(|| "?".to_string(), |id| picture.name(id));
    let args = [
        ("who", Arg::S(who.map_or_else(|| "?".into(), |h| picture.port(h).to_string()))),
        ("subject", Arg::S(name(card.subject))),
        ("other", Arg::S(name(card.other))),
        ("slot", Arg::S(card.slot.map(|s| s.to_string()).unwrap_or_default())),
    ];
    w.say(&key("reason", card.id), &args)
}

/// What a record tells, in one sentence.
#[must_use]
pub fn record(w: &Words, picture: &Picture, record: &Record) -> String {
    let port = |h: &HostIdx| picture.port(*h).to_string();
    let here = || record.host.as_ref().map(port).unwrap_or_default();
    match &record.what {
        What::Decided(reason) => decision(w, picture, record.host, &reason.card()),
        What::Did(action) => act(w, picture, action),
        What::Client { event, .. } => client(w, picture, event),
        What::Process { up: true } => t!(w, "happened-started", port = here()),
        What::Process { up: false } => t!(w, "happened-ended", port = here()),
        What::Log { line, .. } => format!("{} {line}", here()),
        What::Answer(text) => format!("{} {text}", here()),
        What::Violation(text) => t!(w, "violation", what = text.as_str()),
        What::Sent(_) | What::Arrived { .. } | What::Lost { .. } => String::new(),
    }
}

fn act(w: &Words, picture: &Picture, action: &Action) -> String {
    let port = |h: &HostIdx| picture.port(*h).to_string();
    match action {
        Action::Kill(h) => t!(w, "did-kill", port = port(h)),
        Action::Restart(h) => t!(w, "did-restart", port = port(h)),
        Action::Freeze(h) => t!(w, "did-freeze", port = port(h)),
        Action::Thaw(h) => t!(w, "did-thaw", port = port(h)),
        Action::Cut(a, b) => t!(w, "did-cut", from = port(a), to = port(b)),
        Action::Join(a, b) => t!(w, "did-join", from = port(a), to = port(b)),
        Action::Partition(groups) => {
            let sides: Vec<String> =
                groups.iter().map(|g| g.iter().map(port).collect::<Vec<_>>().join(", ")).collect();
            t!(w, "did-wall", sides = sides.join(" ‖ "))
        }
        Action::Heal => t!(w, "did-heal"),
        Action::Latency(a, b, us) => {
            t!(w, "did-latency", from = port(a), to = port(b), ms = u64::from(*us) / 1000)
        }
        Action::DiskFull(h, true) => t!(w, "did-disk-full", port = port(h)),
        Action::DiskFull(h, false) => t!(w, "did-disk-room", port = port(h)),
        Action::ClockStep(h, ms) => {
            t!(w, "did-clock", port = port(h), ms = ms.to_string())
        }
        Action::Move(slot, h) => t!(w, "did-move", slot = slot.to_string(), port = port(h)),
        Action::Fix => t!(w, "did-fix"),
        Action::Leave(h, ..) => t!(w, "did-leave", port = port(h)),
        Action::Command(h, words) => {
            t!(w, "did-command", port = port(h), command = words.join(" "))
        }
    }
}

fn client(w: &Words, picture: &Picture, event: &ClientEvent) -> String {
    let port = |h: &HostIdx| picture.port(*h).to_string();
    match event {
        ClientEvent::Error { write, text } => {
            t!(w, "client-error", write = *write, text = text.as_str())
        }
        ClientEvent::LostWrite { write, acked_at } => {
            t!(w, "client-lost", write = *write, seconds = acked_at.to_string())
        }
        ClientEvent::Sent { write, to, .. } => {
            t!(w, "client-sent", write = *write, port = port(to))
        }
        ClientEvent::Acked { write } => t!(w, "client-acked", write = *write),
        ClientEvent::Moved { write, to } => {
            t!(w, "client-moved", write = *write, port = port(to))
        }
        ClientEvent::MapLoaded(_) => t!(w, "client-map"),
    }
}

/// A number of a card as text.
#[must_use]
pub fn number(w: &Words, picture: &Picture, number: Number) -> String {
    match number {
        Number::Count(n) | Number::Offset(n) => grouped(n),
        Number::Ms(ms) => format!("{} ms", grouped(ms)),
        Number::Epoch(epoch) => epoch.to_string(),
        Number::Node(id) => picture.name(id),
        Number::Slot(slot) => slot.to_string(),
        Number::Flag(true) => t!(w, "yes"),
        Number::Flag(false) => t!(w, "no"),
        Number::None => "–".into(),
    }
}

#[cfg(test)]
mod tests {
    use slotscope_core::explain::{DECISION_IDS, FACT_IDS, GUARD_IDS, REASON_IDS};

    use super::*;
    use crate::words::Lang;

    /// Every id that the core can put on a card has words in each language.
    #[test]
    fn every_id_of_the_core_has_words() {
        let kinds = [
            ("reason", REASON_IDS),
            ("decision", DECISION_IDS),
            ("guard", GUARD_IDS),
            ("fact", FACT_IDS),
        ];
        for lang in Lang::ALL {
            let words = Words::new(lang);
            let missing: Vec<String> = kinds
                .iter()
                .flat_map(|(kind, ids)| ids.iter().map(|id| key(kind, id)))
                .filter(|key| !words.has(key))
                .collect();
            assert!(missing.is_empty(), "no words in {}: {missing:?}", lang.id());
        }
    }
}
