//! What a clause means, as data.

use super::PredicateError;

/// One clause of a check, read and checked against the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicate {
    pub(crate) text: String,
    pub(crate) source: Source,
    pub(crate) mode: Mode,
    pub(crate) expr: Expr,
}

impl Predicate {
    /// Reads one clause.
    ///
    /// # Errors
    /// Where and why it cannot be read: bad grammar, or an event, field or path that does not
    /// exist.
    pub fn parse(text: &str) -> Result<Self, PredicateError> {
        super::parser::parse(text)
    }

    /// The clause as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it looks.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// Every event pattern in it.
    pub(crate) fn patterns(&self) -> Vec<&Pattern> {
        let mut found = Vec::new();
        self.expr.patterns(&mut found);
        match &self.mode {
            Mode::Eventually { since, .. } | Mode::Always { since } | Mode::Never { since, .. } => {
                found.extend(since);
            }
            Mode::Now | Mode::Stable { .. } => {}
        }
        found
    }
}

/// What a clause looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// What nodes believe now.
    State,
    /// What happened.
    Trace,
    /// What applications were promised.
    Ledger,
    /// What the learner did.
    Actions,
}

/// When it must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// At this moment (of a trace: so far).
    Now,
    /// At some moment, at the latest so long after `since` (or the start).
    Eventually { within_ms: Option<u64>, since: Option<Pattern> },
    /// At every moment from `since` (or the start) on.
    Always { since: Option<Pattern> },
    /// For so long, up to now, without a break.
    Stable { for_ms: u64 },
    /// At no moment from `since` (or the start) on, and that for so long.
    Never { since: Option<Pattern>, for_ms: u64 },
}

/// What must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    /// For every running node, in place of each variable.
    ForAll(Vec<char>, Box<Self>),
    Compare(Term, Op, Term),
    /// These events, one after the other.
    Chain(Vec<Pattern>),
}

impl Expr {
    fn patterns<'a>(&'a self, found: &mut Vec<&'a Pattern>) {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().for_each(|expr| expr.patterns(found)),
            Self::Not(inner) | Self::ForAll(_, inner) => inner.patterns(found),
            Self::Compare(a, _, b) => found.extend([a, b].into_iter().filter_map(Term::pattern)),
            Self::Chain(chain) => found.extend(chain),
        }
    }
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// The left contains the right.
    Has,
    /// The left lies in the right.
    In,
}

impl Op {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Has => "has",
            Self::In => "in",
        }
    }
}

/// Something with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    Int(i64),
    /// Milliseconds, written as `30s` or `500ms`.
    Duration(i64),
    Word(String),
    Text(String),
    Var(char),
    Slots(Vec<(u16, u16)>),
    Between(i64, i64),
    ReplicaOf(Box<Self>),
    Path(Path),
    Count(Pattern),
    Distinct(Pattern, &'static str),
}

impl Term {
    fn pattern(&self) -> Option<&Pattern> {
        match self {
            Self::Count(pattern) | Self::Distinct(pattern, _) => Some(pattern),
            Self::Int(_)
            | Self::Duration(_)
            | Self::Word(_)
            | Self::Text(_)
            | Self::Var(_)
            | Self::Slots(_)
            | Self::Between(..)
            | Self::ReplicaOf(_)
            | Self::Path(_) => None,
        }
    }
}

/// A place in the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    Cluster(&'static str),
    Node(Box<Term>, &'static str),
    Of(Box<Term>, Box<Term>, &'static str),
    Knows(Box<Term>, Box<Term>),
    Owner(Box<Term>, Box<Term>),
    Slots(Box<Term>),
    SlotCount(Box<Term>),
    ReplicasOk(Box<Term>),
    Voters,
    Ledger(&'static str),
}

/// Events of one name with conditions on their fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    pub(crate) name: &'static str,
    pub(crate) fields: Vec<(&'static str, Op, Term)>,
}

impl Pattern {
    /// The variables it may bind.
    pub(crate) fn variables(&self) -> impl Iterator<Item = char> {
        self.fields.iter().filter_map(|(_, op, term)| match (op, term) {
            (Op::Eq, Term::Var(name)) => Some(*name),
            _ => None,
        })
    }

    /// Reads a pattern that stands alone, as in a `see` block.
    pub(crate) fn parse(text: &str) -> Result<Self, PredicateError> {
        super::parser::parse_pattern(text)
    }
}
