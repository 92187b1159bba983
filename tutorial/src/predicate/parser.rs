//! Tokens to clauses. Names of events, fields and places are checked here, so that a mistyped
//! lesson fails when it is built and not in front of a learner.

use super::{
    PredicateError,
    ast::{Expr, Mode, Op, Pattern, Predicate, Source, Term},
    lexer::{Kind, Token, tokens},
    schema::{EVENTS, fields_of},
};

/// How deep brackets may nest.
const DEPTH_MAX: usize = 32;

pub(super) fn parse(text: &str) -> Result<Predicate, PredicateError> {
    let mut parser = Parser::new(text)?;
    let source = parser.source()?;
    let mode = parser.mode_word();
    let expr = parser.expr()?;
    let mode = parser.mode(mode, source)?;
    parser.end()?;
    Ok(Predicate { text: text.trim().into(), source, mode, expr })
}

pub(super) fn parse_pattern(text: &str) -> Result<Pattern, PredicateError> {
    let mut parser = Parser::new(text)?;
    let pattern = parser.pattern()?;
    parser.end()?;
    Ok(pattern)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ModeWord {
    Plain,
    Eventually,
    Always,
    Stable,
    Never,
}

pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    source: Source,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, PredicateError> {
        Ok(Self { text, tokens: tokens(text)?, at: 0, depth: 0, source: Source::Trace })
    }

    pub(super) fn fail(&self, what: impl Into<String>) -> PredicateError {
        let column = self.tokens.get(self.at).map_or(self.text.chars().count() + 1, |t| t.column);
        PredicateError { what: what.into(), column, text: self.text.into() }
    }

    fn end(&self) -> Result<(), PredicateError> {
        if self.at == self.tokens.len() { Ok(()) } else { Err(self.fail("nothing more expected")) }
    }

    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn next(&mut self) -> Option<Kind> {
        let kind = self.peek().cloned();
        self.at += usize::from(kind.is_some());
        kind
    }

    pub(super) fn eat(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Kind::Sign(s)) if *s == sign);
        self.at += usize::from(found);
        found
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Kind::Name(name)) if name == word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn want(&mut self, sign: &str) -> Result<(), PredicateError> {
        if self.eat(sign) { Ok(()) } else { Err(self.fail(format!("`{sign}` expected"))) }
    }

    pub(super) fn name(&mut self) -> Result<String, PredicateError> {
        if let Some(Kind::Name(name)) = self.peek() {
            let name = name.clone();
            self.at += 1;
            return Ok(name);
        }
        Err(self.fail("a name expected"))
    }

    /// One of `known`.
    pub(super) fn field(
        &mut self,
        known: &'static [&'static str],
    ) -> Result<&'static str, PredicateError> {
        let name = self.name()?;
        known.iter().find(|field| **field == name).copied().ok_or_else(|| {
            self.at -= 1;
            self.fail(format!("unknown field; known are {}", known.join(", ")))
        })
    }

    fn source(&mut self) -> Result<Source, PredicateError> {
        let letter = self.name()?;
        self.source = match letter.as_str() {
            "S" => Source::State,
            "T" => Source::Trace,
            "L" => Source::Ledger,
            "A" => Source::Actions,
            _ => {
                self.at -= 1;
                return Err(self.fail("a clause begins with S:, T:, L: or A:"));
            }
        };
        self.want(":")?;
        Ok(self.source)
    }

    fn mode_word(&mut self) -> ModeWord {
        let words = [
            ("now", ModeWord::Plain),
            ("eventually", ModeWord::Eventually),
            ("always", ModeWord::Always),
            ("stable", ModeWord::Stable),
            ("never", ModeWord::Never),
        ];
        let found = words.into_iter().find(|(word, _)| self.eat_word(word));
        found.map_or(ModeWord::Plain, |(_, mode)| mode)
    }

    /// The words after the expression: `within 30s`, `for 5s`, `since kill{7002}`.
    fn mode(&mut self, word: ModeWord, source: Source) -> Result<Mode, PredicateError> {
        let within_ms = if self.eat_word("within") { Some(self.duration()?) } else { None };
        let for_ms = if self.eat_word("for") { Some(self.duration()?) } else { None };
        let since = self.since()?;
        let of_state = matches!(source, Source::State | Source::Ledger);
        match (word, within_ms, for_ms) {
            (ModeWord::Plain, None, None) if since.is_none() => Ok(Mode::Now),
            (ModeWord::Eventually, within_ms, None) => Ok(Mode::Eventually { within_ms, since }),
            (ModeWord::Always, None, None) if of_state => Ok(Mode::Always { since }),
            (ModeWord::Stable, None, Some(for_ms)) if of_state && since.is_none() => {
                Ok(Mode::Stable { for_ms })
            }
            (ModeWord::Never, None, for_ms) => {
                Ok(Mode::Never { since, for_ms: for_ms.unwrap_or(0) })
            }
            _ => Err(self.fail(
                "this mode does not fit: now | eventually [within d] [since e] | \
                 always [since e] | stable p for d | never [for d] [since e]; \
                 always and stable go with S: and L:",
            )),
        }
    }

    fn since(&mut self) -> Result<Option<Pattern>, PredicateError> {
        if !self.eat_word("since") || self.eat_word("start") {
            return Ok(None);
        }
        self.pattern().map(Some)
    }

    fn duration(&mut self) -> Result<u64, PredicateError> {
        if let Some(Kind::Duration(ms)) = self.peek() {
            let ms = u64::try_from(*ms).unwrap_or(0);
            self.at += 1;
            return Ok(ms);
        }
        Err(self.fail("a time expected, as 30s or 500ms"))
    }

    fn expr(&mut self) -> Result<Expr, PredicateError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.fail("nested too deeply"));
        }
        let mut any = vec![self.all()?];
        while self.eat("|") || self.eat_word("or") {
            any.push(self.all()?);
        }
        self.depth -= 1;
        Ok(if any.len() == 1 { any.swap_remove(0) } else { Expr::Or(any) })
    }

    fn all(&mut self) -> Result<Expr, PredicateError> {
        let mut all = vec![self.unit()?];
        while self.eat("&") || self.eat_word("and") {
            all.push(self.unit()?);
        }
        Ok(if all.len() == 1 { all.swap_remove(0) } else { Expr::And(all) })
    }

    fn unit(&mut self) -> Result<Expr, PredicateError> {
        if self.eat("!") || self.eat_word("not") {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(self.fail("nested too deeply"));
            }
            let inner = self.unit()?;
            self.depth -= 1;
            return Ok(Expr::Not(Box::new(inner)));
        }
        if self.eat("(") {
            let inner = self.expr()?;
            self.want(")")?;
            return Ok(inner);
        }
        match self.source {
            Source::State | Source::Ledger => self.of_state(),
            Source::Trace | Source::Actions => self.of_events(),
        }
    }

    fn of_state(&mut self) -> Result<Expr, PredicateError> {
        if self.eat_word("for") {
            if !self.eat_word("all") {
                return Err(self.fail("`for all n: …` expected"));
            }
            let mut names = vec![self.variable()?];
            while self.eat(",") {
                names.push(self.variable()?);
            }
            self.want(":")?;
            return Ok(Expr::ForAll(names, Box::new(self.expr()?)));
        }
        self.comparison()
    }

    fn of_events(&mut self) -> Result<Expr, PredicateError> {
        if self.eat_word("used") {
            return self.used();
        }
        if matches!(self.peek(), Some(Kind::Name(name)) if name == "count" || name == "distinct") {
            return self.comparison();
        }
        self.eat_word("saw");
        let mut chain = vec![self.pattern()?];
        while self.eat_word("before") || self.eat("<") {
            chain.push(self.pattern()?);
        }
        Ok(Expr::Chain(chain))
    }

    /// `used("CLUSTER FAILOVER") on 7005`: short for a `command` event.
    fn used(&mut self) -> Result<Expr, PredicateError> {
        let from = self.at - 1;
        self.want("(")?;
        let Some(Kind::Text(words)) = self.next() else {
            return Err(self.fail("the command in quotation marks expected"));
        };
        self.want(")")?;
        let mut fields = vec![("text", Op::Has, Term::Text(words))];
        if self.eat_word("on") {
            fields.push(("node", Op::Eq, self.term()?));
        }
        Ok(Expr::Chain(vec![Pattern { text: self.since_token(from), name: "command", fields }]))
    }

    fn comparison(&mut self) -> Result<Expr, PredicateError> {
        let left = self.term()?;
        let signs = [
            ("==", Op::Eq),
            ("=", Op::Eq),
            ("!=", Op::Ne),
            ("<=", Op::Le),
            (">=", Op::Ge),
            ("<", Op::Lt),
            (">", Op::Gt),
        ];
        if let Some((_, op)) = signs.into_iter().find(|(sign, _)| self.eat(sign)) {
            return Ok(Expr::Compare(left, op, self.term()?));
        }
        if self.eat_word("has") {
            return Ok(Expr::Compare(left, Op::Has, self.term()?));
        }
        if self.eat_word("in") {
            let low = self.int()?;
            self.want("..")?;
            return Ok(Expr::Compare(left, Op::In, Term::Between(low, self.int()?)));
        }
        // A path that is a question stands alone: `view(7000).knows(7001)`.
        Ok(Expr::Compare(left, Op::Eq, Term::Word("yes".into())))
    }

    pub(super) fn variable(&mut self) -> Result<char, PredicateError> {
        let name = self.name()?;
        as_variable(&name).ok_or_else(|| {
            self.at -= 1;
            self.fail("a variable expected: one lower-case letter")
        })
    }

    fn int(&mut self) -> Result<i64, PredicateError> {
        if let Some(Kind::Int(n) | Kind::Duration(n)) = self.peek() {
            let n = *n;
            self.at += 1;
            return Ok(n);
        }
        Err(self.fail("a number expected"))
    }

    pub(super) fn term(&mut self) -> Result<Term, PredicateError> {
        match self.peek().cloned() {
            Some(Kind::Int(n)) => {
                self.at += 1;
                if matches!(self.peek(), Some(Kind::Sign("-"))) {
                    self.at -= 1;
                    return self.slots();
                }
                Ok(Term::Int(n))
            }
            Some(Kind::Duration(ms)) => {
                self.at += 1;
                Ok(Term::Duration(ms))
            }
            Some(Kind::Text(text)) => {
                self.at += 1;
                Ok(Term::Text(text))
            }
            Some(Kind::Name(name)) => {
                self.at += 1;
                self.named(&name)
            }
            Some(Kind::Sign(_)) | None => Err(self.fail("a value expected")),
        }
    }

    /// `0-5460,10923-16383`
    fn slots(&mut self) -> Result<Term, PredicateError> {
        let mut ranges = Vec::new();
        loop {
            let from = self.slot()?;
            let to = if self.eat("-") { self.slot()? } else { from };
            ranges.push((from, to));
            if !self.eat(",") {
                return Ok(Term::Slots(ranges));
            }
        }
    }

    fn slot(&mut self) -> Result<u16, PredicateError> {
        let n = self.int()?;
        u16::try_from(n).ok().filter(|n| *n < slotscope_core::slot::SLOTS).ok_or_else(|| {
            self.at -= 1;
            self.fail("a slot is below 16384")
        })
    }

    fn named(&mut self, name: &str) -> Result<Term, PredicateError> {
        match name {
            "count" => {
                self.want("(")?;
                let pattern = self.pattern()?;
                self.want(")")?;
                Ok(Term::Count(pattern))
            }
            "distinct" => {
                self.want("(")?;
                let pattern = self.pattern()?;
                self.want(".")?;
                let (_, known) = fields_of(pattern.name).unwrap_or_default();
                let field = self.field(known)?;
                self.want(")")?;
                Ok(Term::Distinct(pattern, field))
            }
            "replica" if self.eat_word("of") => Ok(Term::ReplicaOf(Box::new(self.term()?))),
            _ => {
                if let Some(path) = self.path(name, self.source == Source::Ledger)? {
                    return Ok(Term::Path(path));
                }
                Ok(as_variable(name).map_or_else(|| Term::Word(name.into()), Term::Var))
            }
        }
    }

    fn pattern(&mut self) -> Result<Pattern, PredicateError> {
        let from = self.at;
        let name = self.name()?;
        let Some((name, known)) = fields_of(&name) else {
            self.at -= 1;
            let names: Vec<&str> = EVENTS.iter().map(|(name, _)| *name).collect();
            return Err(self.fail(format!("unknown event; known are {}", names.join(", "))));
        };
        let mut fields = Vec::new();
        if self.eat("{") && !self.eat("}") {
            loop {
                fields.push(self.condition(known)?);
                if self.eat("}") {
                    break;
                }
                self.want(",")?;
            }
        }
        Ok(Pattern { text: self.since_token(from), name, fields })
    }

    /// `field:value`, `field >= value`, or a value alone, meant for the first field.
    fn condition(
        &mut self,
        known: &'static [&'static str],
    ) -> Result<(&'static str, Op, Term), PredicateError> {
        let signs = [
            (":", Op::Eq),
            ("==", Op::Eq),
            ("=", Op::Eq),
            ("!=", Op::Ne),
            ("<=", Op::Le),
            (">=", Op::Ge),
            ("<", Op::Lt),
            (">", Op::Gt),
        ];
        let is_named = matches!(self.tokens.get(self.at + 1).map(|token| &token.kind),
            Some(Kind::Sign(sign)) if signs.iter().any(|(known, _)| known == sign));
        if !is_named {
            let first = known.first().copied();
            let first = first.ok_or_else(|| self.fail("this event has no fields"))?;
            return Ok(condition_on(first, Op::Eq, self.term()?));
        }
        let field = self.field(known)?;
        let op = signs.into_iter().find(|(sign, _)| self.eat(sign)).map_or(Op::Eq, |(_, op)| op);
        Ok(condition_on(field, op, self.term()?))
    }

    /// The text from token `from` to the last one read.
    fn since_token(&self, from: usize) -> String {
        let range = self.tokens.get(from).zip(self.tokens.get(self.at.saturating_sub(1)));
        range.map_or_else(String::new, |(first, last)| self.text[first.from..last.to].into())
    }
}

/// A text in quotation marks asks for a part of the field.
fn condition_on(field: &'static str, op: Op, term: Term) -> (&'static str, Op, Term) {
    let op = if op == Op::Eq && matches!(term, Term::Text(_)) { Op::Has } else { op };
    (field, op, term)
}

fn as_variable(name: &str) -> Option<char> {
    let mut letters = name.chars();
    letters.next().filter(|first| first.is_ascii_lowercase() && letters.next().is_none())
}
