//! Fenced blocks with a type.
//!
//! | type | content |
//! | --- | --- |
//! | `command`, `log`, `output` | lines as they stand |
//! | `note`, `mistake`, `expert` | one paragraph |
//! | `leaves-out` | one thing a line |
//! | `gate` | `id`, `at` (a predicate), `question`, then `choice` or `right` with its `why` |
//! | `check` | `id`, `words`, `optional: yes`, `clause` with its `say`, `hint-where`, `hint-idea`, `hint-command` |
//! | `see` | `label`, `event` (a pattern), `node`, `eyes` |
//! | `do` | `label`, `command`, `action` (one or more) |

use slotscope_core::sim::{Action, HostIdx, Plan};

use super::{Wrong, inline};
use crate::{
    block::{Block, Check, Choice, Clause, Deed, Gate, Hint, HintKind, NoteKind, See, Text},
    predicate::{Pattern, Predicate},
};

/// Reads the content of a fence of type `kind`, whose first line is line `first` of its file.
pub(super) fn parse(kind: &str, first: usize, text: &str, plan: &Plan) -> Result<Block, Wrong> {
    let lines = || text.lines().map(str::to_owned).collect();
    let paragraph = || {
        let text = inline::parse(text.trim()).map_err(|what| Wrong::at(first, what))?;
        Ok::<Text, Wrong>(text)
    };
    match kind {
        "command" => Ok(Block::Command { lines: lines() }),
        "log" => Ok(Block::Log { lines: lines() }),
        "output" => Ok(Block::Output { lines: lines() }),
        "note" => Ok(Block::Note { kind: NoteKind::Note, text: paragraph()? }),
        "mistake" => Ok(Block::Note { kind: NoteKind::Mistake, text: paragraph()? }),
        "expert" => Ok(Block::Note { kind: NoteKind::Expert, text: paragraph()? }),
        "leaves-out" => {
            let item = |(line, text)| inline::parse(text).map_err(|what| Wrong::at(line, what));
            let items = (first..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty());
            Ok(Block::LeavesOut { items: items.map(item).collect::<Result<_, _>>()? })
        }
        "gate" => gate(&rows(first, text)?, first).map(Block::Gate),
        "check" => check(&rows(first, text)?, first).map(Block::Check),
        "see" => see(&rows(first, text)?, first, plan).map(Block::See),
        "do" => deed(&rows(first, text)?, first, plan).map(Block::Do),
        _ => Err(Wrong::at(first, format!("unknown type of block `{kind}`"))),
    }
}

/// `key: value`
struct Row<'a> {
    line: usize,
    key: &'a str,
    value: &'a str,
}

impl Row<'_> {
    fn text(&self) -> Result<Text, Wrong> {
        if self.value.is_empty() {
            return Err(self.wrong("words expected"));
        }
        inline::parse(self.value).map_err(|what| self.wrong(what))
    }

    fn wrong(&self, what: impl Into<String>) -> Wrong {
        Wrong::at(self.line, what)
    }

    fn unknown(&self) -> Wrong {
        self.wrong(format!("unknown key `{}`", self.key))
    }

    fn port(&self, plan: &Plan) -> Result<u16, Wrong> {
        let port = self.value.parse().ok().filter(|port| host(plan, *port).is_some());
        port.ok_or_else(|| self.wrong("the port of a node of the plan expected"))
    }
}

fn rows(first: usize, text: &str) -> Result<Vec<Row<'_>>, Wrong> {
    let mut rows = Vec::new();
    for (line, text) in (first..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let pair = text.split_once(':');
        let (key, value) = pair.ok_or_else(|| Wrong::at(line, "`key: value` expected"))?;
        rows.push(Row { line, key: key.trim(), value: value.trim() });
    }
    Ok(rows)
}

fn gate(rows: &[Row<'_>], first: usize) -> Result<Gate, Wrong> {
    let mut gate =
        Gate { id: String::new(), at: String::new(), question: Text::new(), choices: Vec::new() };
    for row in rows {
        match row.key {
            "id" => gate.id = row.value.into(),
            "at" => gate.at = predicate(row)?,
            "question" => gate.question = row.text()?,
            "choice" | "right" => {
                let right = row.key == "right";
                gate.choices.push(Choice { text: row.text()?, right, why: Text::new() });
            }
            "why" => match gate.choices.last_mut().filter(|choice| choice.why.is_empty()) {
                Some(choice) => choice.why = row.text()?,
                None => return Err(row.wrong("a `why` belongs to the choice above it")),
            },
            _ => return Err(row.unknown()),
        }
    }
    let rights = gate.choices.iter().filter(|choice| choice.right).count();
    let explained = gate.choices.iter().all(|choice| !choice.why.is_empty());
    if gate.id.is_empty() || gate.question.is_empty() || gate.choices.len() < 2 {
        return Err(Wrong::at(first, "a gate has an id, a question and at least two choices"));
    }
    if rights != 1 || !explained {
        return Err(Wrong::at(first, "a gate has one right answer, and a `why` for every choice"));
    }
    Ok(gate)
}

fn check(rows: &[Row<'_>], first: usize) -> Result<Check, Wrong> {
    let mut check = Check {
        id: String::new(),
        words: Text::new(),
        optional: false,
        clauses: Vec::new(),
        hints: Vec::new(),
    };
    for row in rows {
        match row.key {
            "id" => check.id = row.value.into(),
            "words" => check.words = row.text()?,
            "optional" => check.optional = row.value == "yes",
            "clause" => {
                check.clauses.push(Clause { predicate: predicate(row)?, words: Text::new() });
            }
            "say" => match check.clauses.last_mut().filter(|clause| clause.words.is_empty()) {
                Some(clause) => clause.words = row.text()?,
                None => return Err(row.wrong("a `say` belongs to the clause above it")),
            },
            "hint-where" => check.hints.push(Hint { kind: HintKind::Where, text: row.text()? }),
            "hint-idea" => check.hints.push(Hint { kind: HintKind::Idea, text: row.text()? }),
            "hint-command" => check.hints.push(Hint { kind: HintKind::Command, text: row.text()? }),
            _ => return Err(row.unknown()),
        }
    }
    if check.id.is_empty() || check.words.is_empty() || check.clauses.is_empty() {
        return Err(Wrong::at(first, "a check has an id, words and at least one clause"));
    }
    if check.clauses.iter().any(|clause| clause.words.is_empty()) {
        return Err(Wrong::at(first, "every clause has words to `say`"));
    }
    if !check.hints.is_sorted_by_key(|hint| hint.kind) || check.hints.len() != 3 {
        return Err(Wrong::at(first, "hints come in three steps: where, idea, command"));
    }
    Ok(check)
}

fn see(rows: &[Row<'_>], first: usize, plan: &Plan) -> Result<See, Wrong> {
    let mut see = See { label: Text::new(), event: String::new(), node: None, eyes: None };
    for row in rows {
        match row.key {
            "label" => see.label = row.text()?,
            "event" => {
                Pattern::parse(row.value).map_err(|error| row.wrong(error.to_string()))?;
                see.event = row.value.into();
            }
            "node" => see.node = Some(row.port(plan)?),
            "eyes" => see.eyes = Some(row.port(plan)?),
            _ => return Err(row.unknown()),
        }
    }
    if see.label.is_empty() {
        return Err(Wrong::at(first, "a see block has a label"));
    }
    Ok(see)
}

fn deed(rows: &[Row<'_>], first: usize, plan: &Plan) -> Result<Deed, Wrong> {
    let mut deed = Deed { label: Text::new(), command: String::new(), actions: Vec::new() };
    for row in rows {
        match row.key {
            "label" => deed.label = row.text()?,
            "command" => deed.command = row.value.into(),
            "action" => {
                let what = "an action of the plan's nodes expected: kill, restart, freeze, thaw \
                            with a port, cut, join with two, latency with two and ms, heal, \
                            command with a port and its words";
                let action = action(row.value, plan).ok_or_else(|| row.wrong(what))?;
                deed.actions.push(action);
            }
            _ => return Err(row.unknown()),
        }
    }
    if deed.label.is_empty() || deed.actions.is_empty() {
        return Err(Wrong::at(first, "a do block has a label and at least one action"));
    }
    Ok(deed)
}

fn action(text: &str, plan: &Plan) -> Option<Action> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let node = |port: &str| host(plan, port.parse().ok()?);
    match words.as_slice() {
        ["kill", a] => node(a).map(Action::Kill),
        ["restart", a] => node(a).map(Action::Restart),
        ["freeze", a] => node(a).map(Action::Freeze),
        ["thaw", a] => node(a).map(Action::Thaw),
        ["cut", a, b] => Some(Action::Cut(node(a)?, node(b)?)),
        ["join", a, b] => Some(Action::Join(node(a)?, node(b)?)),
        ["latency", a, b, ms] => {
            let ms: u32 = ms.strip_suffix("ms")?.parse().ok()?;
            Some(Action::Latency(node(a)?, node(b)?, ms.checked_mul(1000)?))
        }
        ["heal"] => Some(Action::Heal),
        ["command", a, words @ ..] if !words.is_empty() => {
            Some(Action::Command(node(a)?, words.iter().map(|word| (*word).into()).collect()))
        }
        _ => None,
    }
}

fn host(plan: &Plan, port: u16) -> Option<HostIdx> {
    let at = plan.nodes.iter().position(|node| node.port == port)?;
    u16::try_from(at).ok().map(HostIdx)
}

fn predicate(row: &Row<'_>) -> Result<String, Wrong> {
    let read = Predicate::parse(row.value).map_err(|error| row.wrong(error.to_string()))?;
    Ok(read.text().into())
}
