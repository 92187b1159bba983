//! The body of a lesson: steps and their blocks.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use slotscope_core::sim::Plan;

use super::{Wrong, fence, inline::Spans};
use crate::{
    block::{Block, Text},
    lesson::Step,
};

/// Reads the body, whose first line is line `first_line` of its file.
pub(super) fn parse(body: &str, first_line: usize, plan: &Plan) -> Result<Vec<Step>, Wrong> {
    let options = Options::ENABLE_HEADING_ATTRIBUTES | Options::ENABLE_TABLES;
    let mut reader = Reader { steps: Vec::new(), spans: Spans::default(), within: Within::Nothing };
    let line_of = |byte: usize| first_line + body[..byte].matches('\n').count();
    for (event, range) in Parser::new_ext(body, options).into_offset_iter() {
        let line = line_of(range.start);
        reader.take(event, line, plan).map_err(|wrong| match wrong {
            // A fence knows its own lines.
            Problem::Here(what) => Wrong::at(line, what),
            Problem::At(wrong) => wrong,
        })?;
    }
    if reader.steps.is_empty() {
        return Err(Wrong::at(first_line, "a lesson has steps: `## Title {#id}`"));
    }
    Ok(reader.steps)
}

enum Problem {
    Here(String),
    At(Wrong),
}

impl From<String> for Problem {
    fn from(what: String) -> Self {
        Self::Here(what)
    }
}

impl From<&str> for Problem {
    fn from(what: &str) -> Self {
        Self::Here(what.into())
    }
}

struct Reader {
    steps: Vec<Step>,
    spans: Spans,
    within: Within,
}

/// The block that is open.
enum Within {
    Nothing,
    Heading(String),
    Paragraph,
    List { ordered: bool, items: Vec<Text>, in_item: bool },
    Table { head: Vec<Text>, rows: Vec<Vec<Text>>, row: Vec<Text> },
    Fence { kind: String, line: usize, text: String },
}

impl Reader {
    fn take(&mut self, event: Event<'_>, line: usize, plan: &Plan) -> Result<(), Problem> {
        match (&mut self.within, event) {
            (Within::Nothing, Event::Start(tag)) => self.within = Self::open(&tag, line)?,
            (Within::Heading(id), Event::End(TagEnd::Heading(_))) => {
                let id = core::mem::take(id);
                self.step(id)?;
            }
            (Within::Paragraph, Event::End(TagEnd::Paragraph)) => {
                let text = core::mem::take(&mut self.spans).done();
                self.push(Block::Paragraph { text })?;
            }
            (Within::List { .. }, event) => self.in_list(event)?,
            (Within::Table { .. }, event) => self.in_table(event)?,
            (Within::Fence { kind, line, text }, Event::End(TagEnd::CodeBlock)) => {
                let block = fence::parse(kind, *line + 1, text, plan).map_err(Problem::At)?;
                self.push(block)?;
            }
            (Within::Fence { text, .. }, Event::Text(more)) => text.push_str(&more),
            (Within::Heading(_) | Within::Paragraph, event) => self.spans.take(event)?,
            (_, Event::Html(_) | Event::InlineHtml(_)) => {
                return Err("raw HTML is not allowed".into());
            }
            (Within::Nothing | Within::Fence { .. }, event) => {
                return Err(format!("a lesson has no such thing: {event:?}").into());
            }
        }
        Ok(())
    }

    fn open(tag: &Tag<'_>, line: usize) -> Result<Within, Problem> {
        match tag {
            Tag::Heading { level: HeadingLevel::H2, id: Some(id), .. } => {
                Ok(Within::Heading(id.to_string()))
            }
            Tag::Heading { .. } => Err("the only heading is `## Title {#id}`".into()),
            Tag::Paragraph => Ok(Within::Paragraph),
            Tag::List(start) => {
                Ok(Within::List { ordered: start.is_some(), items: Vec::new(), in_item: false })
            }
            Tag::Table(_) => {
                Ok(Within::Table { head: Vec::new(), rows: Vec::new(), row: Vec::new() })
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(kind)) => {
                Ok(Within::Fence { kind: kind.to_string(), line, text: String::new() })
            }
            Tag::HtmlBlock => Err("raw HTML is not allowed".into()),
            other => Err(format!("a lesson has no such block: {other:?}").into()),
        }
    }

    fn step(&mut self, id: String) -> Result<(), Problem> {
        if self.steps.iter().any(|step| step.id == id) {
            return Err(format!("step `{id}` stands twice").into());
        }
        let title = core::mem::take(&mut self.spans).done();
        let title = match title.as_slice() {
            [crate::block::Span::Text { text }] => text.clone(),
            _ => return Err("the title of a step is plain words".into()),
        };
        self.within = Within::Nothing;
        self.steps.push(Step { id, title, blocks: Vec::new() });
        Ok(())
    }

    fn push(&mut self, block: Block) -> Result<(), Problem> {
        self.within = Within::Nothing;
        let step = self.steps.last_mut().ok_or("a step begins with `## Title {#id}`")?;
        step.blocks.push(block);
        Ok(())
    }

    fn in_list(&mut self, event: Event<'_>) -> Result<(), Problem> {
        let Within::List { ordered, items, in_item } = &mut self.within else { return Ok(()) };
        match event {
            Event::Start(Tag::Item) => *in_item = true,
            Event::End(TagEnd::Item) => {
                *in_item = false;
                items.push(core::mem::take(&mut self.spans).done());
            }
            Event::End(TagEnd::List(_)) => {
                let block = Block::List { ordered: *ordered, items: core::mem::take(items) };
                self.push(block)?;
            }
            Event::Start(Tag::List(_)) => return Err("lists do not nest".into()),
            Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {
                if !matches!(event, Event::Start(_)) {
                    return Ok(());
                }
                return Err("items stand line by line, without empty lines between".into());
            }
            other => self.spans.take(other)?,
        }
        Ok(())
    }

    fn in_table(&mut self, event: Event<'_>) -> Result<(), Problem> {
        let Within::Table { head, rows, row } = &mut self.within else { return Ok(()) };
        match event {
            Event::Start(Tag::TableHead | Tag::TableRow | Tag::TableCell) => {}
            Event::End(TagEnd::TableCell) => row.push(core::mem::take(&mut self.spans).done()),
            Event::End(TagEnd::TableHead) => *head = core::mem::take(row),
            Event::End(TagEnd::TableRow) => rows.push(core::mem::take(row)),
            Event::End(TagEnd::Table) => {
                let (head, rows) = (core::mem::take(head), core::mem::take(rows));
                self.push(Block::Table { head, rows })?;
            }
            other => self.spans.take(other)?,
        }
        Ok(())
    }
}
