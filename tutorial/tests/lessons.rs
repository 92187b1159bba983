//! Every lesson in every language: the same shape, only known words, links that lead somewhere.

#![expect(clippy::unwrap_used, reason = "what helpers cannot do ends the test")]

use std::{collections::BTreeMap, path::Path};

use slotscope_tutorial::{Block, Lesson, Span, Text, glossary, load_dir, predicate::Predicate};

fn lessons() -> Vec<(String, Lesson)> {
    load_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons")).unwrap()
}

/// Lessons by id, each with its languages.
fn by_id() -> BTreeMap<String, BTreeMap<String, Lesson>> {
    let mut all: BTreeMap<String, BTreeMap<String, Lesson>> = BTreeMap::new();
    for (lang, lesson) in lessons() {
        all.entry(lesson.id.clone()).or_default().insert(lang, lesson);
    }
    all
}

#[test]
fn every_lesson_stands_in_english_and_in_chinese() {
    let all = by_id();
    assert!(all.contains_key("09"));
    for (id, languages) in all {
        let langs: Vec<&str> = languages.keys().map(String::as_str).collect();
        assert_eq!(langs, ["en", "zh"], "lesson {id}");
    }
}

/// What must be equal in all languages: everything but the words.
fn shape(lesson: &Lesson) -> Vec<String> {
    let mut shape = vec![format!(
        "{} {} {} {:?} {:?} {}",
        lesson.id,
        lesson.minutes,
        lesson.demo_minutes,
        lesson.needs,
        lesson.teaches,
        lesson.goals.len()
    )];
    for step in &lesson.steps {
        shape.push(format!("## {}", step.id));
        shape.extend(step.blocks.iter().map(|block| match block {
            Block::Paragraph { .. } => "paragraph".into(),
            Block::List { ordered, items } => format!("list {ordered} {}", items.len()),
            Block::Table { head, rows } => format!("table {} {}", head.len(), rows.len()),
            Block::Command { lines } => format!("command {lines:?}"),
            Block::Log { lines } => format!("log {lines:?}"),
            Block::Output { lines } => format!("output {lines:?}"),
            Block::Gate(gate) => {
                let rights: Vec<bool> = gate.choices.iter().map(|choice| choice.right).collect();
                format!("gate {} {} {rights:?}", gate.id, gate.at)
            }
            Block::Check(check) => {
                let clauses: Vec<&str> =
                    check.clauses.iter().map(|clause| clause.predicate.as_str()).collect();
                format!("check {} {} {clauses:?}", check.id, check.optional)
            }
            Block::Note { kind, .. } => format!("note {kind:?}"),
            Block::LeavesOut { items } => format!("leaves out {}", items.len()),
            Block::See(see) => format!("see {} {:?} {:?}", see.event, see.node, see.eyes),
            Block::Do(deed) => format!("do {} {:?}", deed.command, deed.actions),
        }));
    }
    shape
}

#[test]
fn all_languages_of_a_lesson_have_the_same_shape() {
    for (id, languages) in by_id() {
        let english = &languages["en"];
        for (lang, lesson) in &languages {
            assert_eq!(lesson.plan, english.plan);
            for (ours, theirs) in shape(lesson).iter().zip(&shape(english)) {
                assert_eq!(ours, theirs, "lesson {id} in {lang}");
            }
            assert_eq!(shape(lesson).len(), shape(english).len(), "lesson {id} in {lang}");
        }
    }
}

/// Every run of text in a lesson.
fn texts(lesson: &Lesson) -> Vec<&Text> {
    let mut all: Vec<&Text> = lesson.goals.iter().collect();
    for block in lesson.blocks() {
        match block {
            Block::Paragraph { text } | Block::Note { text, .. } => all.push(text),
            Block::List { items, .. } | Block::LeavesOut { items } => all.extend(items),
            Block::Table { head, rows } => all.extend(head.iter().chain(rows.iter().flatten())),
            Block::Command { .. } | Block::Log { .. } | Block::Output { .. } => {}
            Block::Gate(gate) => {
                all.push(&gate.question);
                all.extend(gate.choices.iter().flat_map(|choice| [&choice.text, &choice.why]));
            }
            Block::Check(check) => {
                all.push(&check.words);
                all.extend(check.clauses.iter().map(|clause| &clause.words));
                all.extend(check.hints.iter().map(|hint| &hint.text));
            }
            Block::See(see) => all.push(&see.label),
            Block::Do(deed) => all.push(&deed.label),
        }
    }
    all
}

#[test]
fn terms_are_in_the_glossary_and_links_lead_somewhere() {
    for (lang, lesson) in lessons() {
        for span in texts(&lesson).into_iter().flatten() {
            match span {
                Span::Term { id, en, zh, .. } => {
                    let word = glossary::word(id).unwrap();
                    assert_eq!((en.as_str(), zh.as_str()), (word.en, word.zh), "{lang}");
                }
                Span::Link { to, .. } if to.starts_with("https://") => {}
                Span::Link { to, .. } => {
                    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons");
                    assert!(folder.join(to).exists(), "{to} in lesson {} ({lang})", lesson.id);
                }
                Span::Text { .. } | Span::Code { .. } | Span::Emphasis { .. } => {}
            }
        }
    }
}

#[test]
fn every_predicate_can_be_read_and_every_clause_has_words() {
    for (_, lesson) in lessons() {
        for clause in lesson.checks().flat_map(|check| &check.clauses) {
            let read = Predicate::parse(&clause.predicate).unwrap();
            assert_eq!(read.text(), clause.predicate);
            assert!(!clause.words.is_empty());
        }
    }
}

/// A step is read in one go.
#[test]
fn steps_are_short() {
    for (lang, lesson) in lessons() {
        for step in &lesson.steps {
            let prose: String = step
                .blocks
                .iter()
                .filter_map(|block| match block {
                    Block::Paragraph { text } => Some(text),
                    _ => None,
                })
                .flatten()
                .map(|span| match span {
                    Span::Text { text }
                    | Span::Code { text }
                    | Span::Emphasis { text }
                    | Span::Term { text, .. }
                    | Span::Link { text, .. } => text.as_str(),
                })
                .collect();
            // A Chinese character counts as a word does, and so does a word between them.
            let is_wide = |c: char| u32::from(c) >= 0x2E80;
            let words = prose.split(|c: char| is_wide(c) || c.is_whitespace());
            let length = words.filter(|word| !word.is_empty()).count()
                + prose.chars().filter(|c| is_wide(*c)).count();
            let limit = if lang == "zh" { 260 } else { 125 };
            assert!(length <= limit, "{} in {lang}: {length}", step.id);
        }
    }
}

/// `，` and not `,`: half-width marks between Chinese characters look like a mistake, and are one.
#[test]
fn chinese_has_its_own_punctuation() {
    let is_wide = |c: Option<char>| c.is_some_and(|c| u32::from(c) >= 0x2E80);
    for (_, lesson) in lessons().into_iter().filter(|(lang, _)| lang == "zh") {
        for span in texts(&lesson).into_iter().flatten() {
            let (Span::Text { text } | Span::Emphasis { text }) = span else { continue };
            for (at, mark) in text.char_indices().filter(|(_, c)| ",:;?!()".contains(*c)) {
                let before = text[..at].chars().next_back();
                let after = text[at + mark.len_utf8()..].chars().next();
                assert!(!is_wide(before) && !is_wide(after), "{mark} in {text}");
            }
        }
    }
}
