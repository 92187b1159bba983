//! The message files: readable, complete, and the same in both languages.

use std::{collections::BTreeSet, fs, path::Path};

use super::*;

fn keys(lang: Lang) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for line in lang.file().lines() {
        if let Some((key, _)) = line.split_once(" =")
            && key.starts_with(|c: char| c.is_ascii_lowercase())
        {
            assert!(keys.insert(key.to_string()), "{key} stands twice in {}", lang.id());
        }
    }
    keys
}

#[test]
fn every_message_file_can_be_read_to_its_end() {
    for lang in Lang::ALL {
        if let Err((_, errors)) = FluentResource::try_new(lang.file().into()) {
            panic!("{}: {errors:?}", lang.id());
        }
    }
}

#[test]
fn both_languages_have_the_same_messages_and_values() {
    let (en, zh) = (keys(Lang::En), keys(Lang::Zh));
    let only: Vec<_> = en.symmetric_difference(&zh).collect();
    assert!(only.is_empty(), "in one language only: {only:?}");
    for key in &en {
        let names = |lang: Lang| values_of(lang, key);
        assert_eq!(names(Lang::En), names(Lang::Zh), "values of {key}");
    }
}

/// The `{ $names }` in a message, to see that a translation says as much as its original.
fn values_of(lang: Lang, key: &str) -> BTreeSet<String> {
    let start = format!("{key} =");
    let mut lines = lang.file().lines().skip_while(|l| !l.starts_with(&start));
    let mut text = lines.next().unwrap_or("").to_string();
    for line in lines.take_while(|l| l.starts_with(' ')) {
        text.push_str(line);
    }
    let names = text
        .split('$')
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect());
    names.collect()
}

/// Every key that the sources name exists, and every message is named somewhere.
#[test]
fn sources_and_message_files_agree() {
    let mut sources = String::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
    let keys = keys(Lang::En);
    let pieces: Vec<&str> = sources.split("t!(").collect();
    for pair in pieces.windows(2) {
        // `format!(` and `assert!(` end with the same letters.
        if pair[0].ends_with(|c: char| c.is_ascii_alphanumeric()) {
            continue;
        }
        let Some((_, rest)) = pair[1].split_once(',') else { continue };
        let Some(key) = rest.trim_start().strip_prefix('"').and_then(|r| r.split_once('"')) else {
            continue;
        };
        assert!(keys.contains(key.0) || key.0 == "key", "no message {}", key.0);
    }
    // Keys that are put together from an id are checked where the ids are listed.
    let made = ["reason-", "decision-", "guard-", "fact-", "change-"];
    for key in &keys {
        let named = sources.contains(&format!("\"{key}\""));
        assert!(named || made.iter().any(|m| key.starts_with(m)), "nobody says {key}");
    }
}

fn gather(dir: &Path, into: &mut String) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
            into.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn plural_forms_follow_the_language() {
    let en = Words::new(Lang::En);
    assert_eq!(t!(en, "story-errors", n = 1_u64), "1 error");
    assert_eq!(t!(en, "story-errors", n = 12_u64), "12 errors");
}

#[test]
fn a_missing_key_is_shown_and_does_not_end_the_page() {
    assert_eq!(Words::new(Lang::Zh).say("no-such-key", &[]), "⟨no-such-key⟩");
}

#[test]
fn the_browser_s_language_chooses() {
    assert_eq!(Lang::of_tag("zh-TW"), Some(Lang::Zh));
    assert_eq!(Lang::of_tag("en_GB"), Some(Lang::En));
    assert_eq!(Lang::of_tag("de-DE"), None);
}

#[test]
fn numbers_for_reading() {
    assert_eq!(grouped(16_384), "16,384");
    assert_eq!(grouped(999), "999");
    assert_eq!(seconds(3149), "3.1");
    assert_eq!(seconds(5000), "5");
}
