//! Every word that a person reads, in two languages, from message files.
//!
//! Plural rules come from the library. A missing key is shown as itself, never as a blank page;
//! the tests below make sure that it does not happen.

use std::fmt;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

pub mod reason;

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// As addresses and storage have it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// As the `lang` attribute has it.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// The language of a tag such as `zh-TW` or `en-GB`; `None` for one that the page lacks.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_']).next().unwrap_or("");
        Self::ALL.into_iter().find(|lang| lang.id().eq_ignore_ascii_case(language))
    }

    const fn file(self) -> &'static str {
        match self {
            Self::En => include_str!("../../words/en.ftl"),
            Self::Zh => include_str!("../../words/zh.ftl"),
        }
    }
}

/// A value in a message.
#[derive(Clone, Debug)]
pub enum Arg {
    /// A number: plural rules see it.
    N(u64),
    /// Text.
    S(String),
}

impl From<u64> for Arg {
    fn from(n: u64) -> Self {
        Self::N(n)
    }
}

impl From<u32> for Arg {
    fn from(n: u32) -> Self {
        Self::N(u64::from(n))
    }
}

impl From<u16> for Arg {
    fn from(n: u16) -> Self {
        Self::N(u64::from(n))
    }
}

impl From<usize> for Arg {
    fn from(n: usize) -> Self {
        Self::N(n as u64)
    }
}

impl From<&str> for Arg {
    fn from(s: &str) -> Self {
        Self::S(s.into())
    }
}

impl From<String> for Arg {
    fn from(s: String) -> Self {
        Self::S(s)
    }
}

/// Shorthand for a message: `t!(words, "key")`, `t!(words, "key", n = 3)`.
#[macro_export]
macro_rules! t {
    ($words:expr, $key:expr) => { $words.say($key, &[]) };
    ($words:expr, $key:expr, $($name:ident = $value:expr),+ $(,)?) => {
        $words.say($key, &[$((stringify!($name), $crate::words::Arg::from($value))),+])
    };
}

/// The messages of one language.
pub struct Words {
    lang: Lang,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({})", self.lang.id())
    }
}

impl Words {
    /// The messages of `lang`.
    #[must_use]
    pub fn new(lang: Lang) -> Self {
        // The parser keeps every message that it could read beside its errors.
        let file = match FluentResource::try_new(lang.file().into()) {
            Ok(file) | Err((file, _)) => file,
        };
        let tag: LanguageIdentifier = lang.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new(vec![tag]);
        // The marks would end up in attributes and in copied text.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(file);
        Self { lang, bundle }
    }

    /// Which language.
    #[must_use]
    pub const fn lang(&self) -> Lang {
        self.lang
    }

    /// Whether there is such a message.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.bundle.get_message(key).is_some_and(|m| m.value().is_some())
    }

    /// A message; see [`t!`](crate::t).
    #[must_use]
    pub fn say(&self, key: &str, args: &[(&str, Arg)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|m| m.value()) else {
            return format!("⟨{key}⟩");
        };
        let mut values = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            match value {
                Arg::N(n) => values.set(*name, FluentValue::from(*n)),
                Arg::S(s) => values.set(*name, FluentValue::from(s.as_str())),
            }
        }
        let mut errors = Vec::new();
        self.bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned()
    }
}

/// A number with separators for reading: `16,384`.
#[must_use]
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Milliseconds as seconds, with a digit unless it is naught: `3.1`, `5`.
#[must_use]
pub fn seconds(ms: u64) -> String {
    if ms % 1000 < 100 {
        return (ms / 1000).to_string();
    }
    format!("{}.{}", ms / 1000, ms % 1000 / 100)
}

#[cfg(test)]
mod tests;
