//! Does an expression hold, for which meanings of its variables, and what was seen instead?

use slotscope_core::time::Instant;

use super::{
    ast::{Expr, Op, Path, Pattern, Term},
    facts::Facts,
    trace::Event,
    value::Value,
};
use crate::runner::Moment;

/// How many meanings of the variables are followed at once.
const ENVS_MAX: usize = 64;

/// What the variables mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Env(Vec<(char, Value)>);

impl Env {
    fn get(&self, name: char) -> Option<&Value> {
        self.0.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn with(&self, name: char, value: Value) -> Self {
        let mut env = self.clone();
        env.0.push((name, value));
        env
    }
}

/// What an expression is asked of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    /// The state now.
    pub(crate) facts: &'a Facts,
    /// Events so far, ascending.
    pub(crate) events: &'a [Event],
    /// Only events in this span of time count.
    pub(crate) from: Instant,
    /// The end of the span.
    pub(crate) until: Instant,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outlook {
    /// The meanings for which it holds; none: it does not hold.
    pub(crate) envs: Vec<Env>,
    /// The value seen.
    pub(crate) seen: String,
    /// The value wanted.
    pub(crate) wanted: String,
    /// The last event that fits.
    pub(crate) nearest: Option<Moment>,
}

impl Outlook {
    pub(crate) fn holds(&self) -> bool {
        !self.envs.is_empty()
    }
}

impl Scope<'_> {
    pub(crate) fn solve(&self, expr: &Expr, env: &Env) -> Outlook {
        match expr {
            Expr::And(all) => self.and(all, env),
            Expr::Or(any) => {
                let tried: Vec<Outlook> = any.iter().map(|expr| self.solve(expr, env)).collect();
                let chosen = tried.iter().position(Outlook::holds).unwrap_or(0);
                tried.into_iter().nth(chosen).unwrap_or_default()
            }
            Expr::Not(inner) => {
                let inner = self.solve(inner, env);
                let envs = if inner.holds() { Vec::new() } else { vec![env.clone()] };
                let wanted = format!("not {}", inner.wanted);
                Outlook { envs, wanted, ..inner }
            }
            Expr::ForAll(names, inner) => self.for_all(names, inner, env),
            Expr::Compare(left, op, right) => self.compare(left, *op, right, env),
            Expr::Chain(chain) => self.chain(chain, env),
        }
    }

    fn and(&self, all: &[Expr], env: &Env) -> Outlook {
        let mut so_far = Outlook { envs: vec![env.clone()], ..Outlook::default() };
        for expr in all {
            let tried: Vec<Outlook> = so_far.envs.iter().map(|env| self.solve(expr, env)).collect();
            let mut envs: Vec<Env> = tried.iter().flat_map(|one| one.envs.clone()).collect();
            envs.truncate(ENVS_MAX);
            let chosen = tried.iter().position(Outlook::holds).unwrap_or(0);
            let Some(one) = tried.into_iter().nth(chosen) else { break };
            so_far = Outlook { nearest: one.nearest.or(so_far.nearest), envs, ..one };
            if !so_far.holds() {
                break;
            }
        }
        so_far
    }

    /// The first node for which it does not hold is the one to show.
    fn for_all(&self, names: &[char], inner: &Expr, env: &Env) -> Outlook {
        let Some((name, rest)) = names.split_first() else { return self.solve(inner, env) };
        let mut last = Outlook { envs: vec![env.clone()], ..Outlook::default() };
        for port in self.facts.running() {
            let one = self.for_all(rest, inner, &env.with(*name, Value::port(Some(port))));
            if !one.holds() {
                let seen = format!("{name} = {port}: {}", one.seen);
                return Outlook { seen, envs: Vec::new(), ..one };
            }
            last = Outlook { envs: vec![env.clone()], ..one };
        }
        last
    }

    fn compare(&self, left: &Term, op: Op, right: &Term, env: &Env) -> Outlook {
        let (seen, nearest) = self.value(left, env);
        // A variable that nothing bound yet means nothing.
        let holds = if let (Op::In, Term::Between(low, high)) = (op, right) {
            seen.holds(Op::Ge, &Value::Int(*low)) && seen.holds(Op::Le, &Value::Int(*high))
        } else {
            seen.holds(op, &self.value(right, env).0)
        };
        let wanted = match right {
            Term::Between(low, high) => format!("in {low}..{high}"),
            _ => format!("{} {}", op.as_str(), self.value(right, env).0),
        };
        let envs = if holds { vec![env.clone()] } else { Vec::new() };
        Outlook { envs, seen: seen.to_string(), wanted, nearest }
    }

    fn value(&self, term: &Term, env: &Env) -> (Value, Option<Moment>) {
        let value = match term {
            Term::Int(n) => Value::Int(*n),
            Term::Duration(ms) => Value::Ms(*ms),
            Term::Word(text) | Term::Text(text) => Value::Text(text.clone()),
            Term::Var(name) => env.get(*name).cloned().unwrap_or(Value::Unknown),
            Term::Slots(ranges) => Value::Slots(ranges.clone()),
            Term::Between(..) => Value::Unknown,
            Term::ReplicaOf(of) => match self.port(of, env) {
                Some(port) => Value::Replica(Some(port)),
                None => Value::Unknown,
            },
            Term::Path(path) => self.path(path, env),
            Term::Count(pattern) => {
                let found: Vec<&Event> = self.fitting(pattern, env).collect();
                let count = Value::count(u64::try_from(found.len()).unwrap_or(u64::MAX));
                return (count, found.last().map(|event| moment(event)));
            }
            Term::Distinct(pattern, field) => {
                let mut values: Vec<&Value> = Vec::new();
                let mut last = None;
                for event in self.fitting(pattern, env) {
                    if !values.contains(&event.field(field)) {
                        values.push(event.field(field));
                        last = Some(moment(event));
                    }
                }
                return (Value::count(u64::try_from(values.len()).unwrap_or(u64::MAX)), last);
            }
        };
        (value, None)
    }

    fn port(&self, term: &Term, env: &Env) -> Option<u16> {
        match self.value(term, env).0 {
            Value::Int(port) => u16::try_from(port).ok(),
            _ => None,
        }
    }

    fn path(&self, path: &Path, env: &Env) -> Value {
        let facts = self.facts;
        let of = |term: &Term, get: &dyn Fn(u16) -> Value| {
            self.port(term, env).map_or(Value::Unknown, get)
        };
        match path {
            Path::Cluster(field) => facts.cluster(field),
            Path::Node(node, field) => of(node, &|node| facts.node(node, field)),
            Path::Of(by, peer, field) => {
                of(by, &|by| of(peer, &|peer| facts.view_of(by, peer, field)))
            }
            Path::Knows(by, peer) => of(by, &|by| of(peer, &|peer| facts.knows(by, peer))),
            Path::Owner(by, slot) => match self.value(slot, env).0 {
                Value::Int(slot) => of(by, &|by| facts.owner(by, slot)),
                _ => Value::Unknown,
            },
            Path::Slots(node) => of(node, &|node| facts.node(node, "slots")),
            Path::SlotCount(node) => match of(node, &|node| facts.node(node, "slots")) {
                Value::Slots(ranges) => {
                    Value::count(ranges.iter().map(|(from, to)| u64::from(to - from) + 1).sum())
                }
                _ => Value::Unknown,
            },
            Path::ReplicasOk(node) => of(node, &|node| Value::count(facts.replicas_ok(node))),
            Path::Voters => Value::count(facts.voters()),
            Path::Ledger(field) => facts.ledger(field),
        }
    }

    /// The first event that fits.
    pub(crate) fn first(&self, pattern: &Pattern, env: &Env) -> Option<Moment> {
        self.fitting(pattern, env).next().map(moment)
    }

    /// Events that fit, not asking what free variables would mean.
    fn fitting<'a>(
        &'a self,
        pattern: &'a Pattern,
        env: &'a Env,
    ) -> impl Iterator<Item = &'a Event> {
        self.spanned(0).filter(move |event| self.fits(pattern, event, env).is_some())
    }

    fn spanned(&self, after: u64) -> impl Iterator<Item = &Event> {
        // `after` is a sequence number plus one, so that 0 means "from the beginning".
        let first = self.events.partition_point(|event| event.seq < after);
        let span = self.events[first..].iter().take_while(|event| event.at <= self.until);
        span.filter(|event| self.from <= event.at)
    }

    /// The meanings of the variables with which `event` fits.
    fn fits(&self, pattern: &Pattern, event: &Event, env: &Env) -> Option<Env> {
        if event.name != pattern.name {
            return None;
        }
        let mut env = env.clone();
        for (field, op, term) in &pattern.fields {
            let value = event.field(field);
            if let (Op::Eq, Term::Var(name)) = (op, term)
                && env.get(*name).is_none()
            {
                if *value == Value::Unknown {
                    return None;
                }
                env = env.with(*name, value.clone());
            } else if !value.holds(*op, &self.value(term, &env).0) {
                return None;
            }
        }
        Some(env)
    }

    /// Events one after the other. Of equal meanings only the earliest event is followed: what
    /// comes after it can only be more.
    fn chain(&self, chain: &[Pattern], env: &Env) -> Outlook {
        let mut ends: Vec<(Env, Option<&Event>)> = vec![(env.clone(), None)];
        for (at, pattern) in chain.iter().enumerate() {
            let mut next: Vec<(Env, Option<&Event>)> = Vec::new();
            for (env, last) in &ends {
                let binds = pattern.variables().any(|name| env.get(name).is_none());
                for event in self.spanned(last.map_or(0, |last| last.seq + 1)) {
                    let Some(env) = self.fits(pattern, event, env) else { continue };
                    if next.iter().all(|(known, _)| *known != env) {
                        next.push((env, Some(event)));
                    }
                    if !binds || next.len() == ENVS_MAX {
                        break;
                    }
                }
            }
            if next.is_empty() {
                return missed(chain, at, ends.first().and_then(|(_, last)| *last));
            }
            ends = next;
        }
        let last = ends.first().and_then(|(_, last)| *last);
        Outlook {
            envs: ends.iter().map(|(env, _)| env.clone()).collect(),
            seen: last.map_or_else(String::new, |event| format!("{event} at {}", event.at)),
            wanted: chain.last().map_or_else(String::new, |pattern| pattern.text.clone()),
            nearest: last.map(moment),
        }
    }
}

/// A chain that broke off at pattern `at`, after the event `last`.
fn missed(chain: &[Pattern], at: usize, last: Option<&Event>) -> Outlook {
    let wanted = chain[at].text.clone();
    let seen = match last {
        Some(event) => format!("{event} at {}, then none", event.at),
        None => "none".into(),
    };
    Outlook { envs: Vec::new(), seen, wanted, nearest: last.map(moment) }
}

fn moment(event: &Event) -> Moment {
    Moment { seq: event.seq, at: event.at }
}
