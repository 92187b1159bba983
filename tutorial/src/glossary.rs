//! The words of the course in both languages.
//!
//! The data is `glossary/words.txt`: one word a line, fields separated by `|`. Lessons name a word
//! by its id, and the parser refuses an id that is not there.

/// A word of the course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its id: `pfail`.
    pub id: &'static str,
    /// In English.
    pub en: &'static str,
    /// In Chinese.
    pub zh: &'static str,
    /// Other names under which it is looked for, separated by commas.
    pub aliases: &'static str,
    /// One line in English.
    pub line_en: &'static str,
    /// One line in Chinese.
    pub line_zh: &'static str,
}

const WORDS: &str = include_str!("../glossary/words.txt");

/// All words, in the order of the course.
pub fn words() -> impl Iterator<Item = Word> {
    WORDS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(|line| {
        let mut fields = line.split('|').map(str::trim);
        Some(Word {
            id: fields.next()?,
            en: fields.next()?,
            zh: fields.next()?,
            aliases: fields.next()?,
            line_en: fields.next()?,
            line_zh: fields.next()?,
        })
    })
}

/// The word with this id.
#[must_use]
pub fn word(id: &str) -> Option<Word> {
    words().find(|word| word.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_line_is_a_complete_word_with_an_id_of_its_own() {
        let lines = WORDS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            assert_eq!(line.split('|').count(), 6, "{line}");
        }
        let mut ids = BTreeSet::new();
        for word in words() {
            assert!(ids.insert(word.id), "{} stands twice", word.id);
            for field in [word.id, word.en, word.zh, word.line_en, word.line_zh] {
                assert!(!field.is_empty(), "{word:?}");
            }
            assert!(word.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", word.id);
        }
    }

    #[test]
    fn words_of_cluster_and_sentinel_are_kept_apart() {
        let pfail = word("pfail").unwrap();
        assert_eq!(pfail.zh, "疑似下线");
        assert!(pfail.aliases.contains("主观下线"));
        assert_eq!(word("sdown-odown").unwrap().zh, "主观下线 / 客观下线");
    }
}
