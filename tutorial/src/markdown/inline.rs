//! Running text: plain words, code, emphasis, glossary terms, links.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::{
    block::{Span, Text},
    glossary,
};

/// Reads text that stands on one line, as in a fenced block.
pub(super) fn parse(text: &str) -> Result<Text, String> {
    let mut spans = Spans::default();
    for event in Parser::new_ext(text, Options::empty()) {
        match event {
            Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {}
            other => spans.take(other)?,
        }
    }
    Ok(spans.done())
}

/// Collects spans from the events inside a paragraph, an item or a cell.
#[derive(Debug, Default)]
pub(super) struct Spans {
    done: Text,
    /// What kind of span is open, with its words so far.
    open: Option<(Open, String)>,
}

#[derive(Debug)]
enum Open {
    Emphasis,
    Link(String),
}

impl Spans {
    pub(super) fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Text(words) => self.words(&words),
            Event::SoftBreak | Event::HardBreak => self.words("\n"),
            Event::Code(words) => match &mut self.open {
                None => self.done.push(Span::Code { text: words.into_string() }),
                Some((Open::Link(to), open)) if to.starts_with("term:") => open.push_str(&words),
                Some(_) => return Err("code cannot stand inside of emphasis or a link".into()),
            },
            Event::Start(Tag::Emphasis | Tag::Strong) => self.open(Open::Emphasis)?,
            Event::Start(Tag::Link { dest_url, .. }) => {
                self.open(Open::Link(dest_url.into_string()))?;
            }
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Link) => {
                let Some((kind, text)) = self.open.take() else { return Ok(()) };
                self.done.push(closed(kind, &text)?);
            }
            Event::Html(_) | Event::InlineHtml(_) => return Err("raw HTML is not allowed".into()),
            other => return Err(format!("this cannot stand in running text: {other:?}")),
        }
        Ok(())
    }

    pub(super) fn done(self) -> Text {
        let mut done = self.done;
        for span in &mut done {
            if let Span::Text { text } = span {
                *text = unwrapped(text);
            }
        }
        done
    }

    fn words(&mut self, words: &str) {
        match (&mut self.open, self.done.last_mut()) {
            (Some((_, open)), _) => open.push_str(words),
            (None, Some(Span::Text { text })) => text.push_str(words),
            (None, _) => self.done.push(Span::Text { text: words.into() }),
        }
    }

    fn open(&mut self, kind: Open) -> Result<(), String> {
        if self.open.is_some() {
            return Err("emphasis and links do not nest".into());
        }
        self.open = Some((kind, String::new()));
        Ok(())
    }
}

fn closed(kind: Open, text: &str) -> Result<Span, String> {
    let text = unwrapped(text);
    let to = match kind {
        Open::Emphasis => return Ok(Span::Emphasis { text }),
        Open::Link(to) => to,
    };
    let Some(id) = to.strip_prefix("term:") else { return Ok(Span::Link { text, to }) };
    let word = glossary::word(id).ok_or_else(|| format!("the glossary has no word `{id}`"))?;
    Ok(Span::Term { id: id.into(), text, en: word.en.into(), zh: word.zh.into() })
}

/// Line breaks become spaces, but not between two Chinese characters.
fn unwrapped(text: &str) -> String {
    let mut lines = text.split('\n');
    let mut joined = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let wide = |c: Option<char>| c.is_some_and(|c| u32::from(c) >= 0x2E80);
        if !(wide(joined.chars().last()) && wide(line.chars().next())) {
            joined.push(' ');
        }
        joined.push_str(line);
    }
    joined
}
