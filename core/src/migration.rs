//! Keys on their way to other servers: who asked, over which link, and how far it got.
//!
//! State alone. What is sent, what the answers mean and what follows is in `rules/migrate`; that
//! nobody writes these keys meanwhile is in `hold`.

use alloc::{
    collections::{BTreeMap, VecDeque},
    string::{String, ToString as _},
    vec::Vec,
};

use crate::{
    digest::Fnv,
    endpoint::Target,
    id::{ClientId, LinkId},
    store::Key,
    time::Instant,
};

/// Links to the data ports of other servers, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Migrations {
    pub links: BTreeMap<LinkId, Link>,
    dialled: u64,
}

/// One link. It outlives its task for a while, because the next one is likely to go the same way.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub to: Target,
    pub stage: Stage,
    /// The words of AUTH that were said on it.
    pub introduced: Option<Vec<Vec<u8>>>,
    /// The database that was selected on it.
    pub database: Option<i64>,
    /// Something has been answered on it.
    pub proven: bool,
    /// When its peer counts as silent, or when nobody needs it any more.
    pub until: Instant,
    /// Answers that are not whole yet.
    inbox: Vec<u8>,
}

/// How far a link got.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// Connecting, for this task.
    Dialling(Task),
    /// The keys are on their way.
    Sent(Task),
    /// Nothing to do.
    Idle,
}

/// What one MIGRATE asks for.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// Who waits for the answer.
    pub client: ClientId,
    /// All keys that are held back.
    pub keys: Vec<Key>,
    /// Those that were sent and not answered yet, in the order of the answers.
    pub due: VecDeque<Key>,
    /// Those that have arrived.
    pub arrived: Vec<Key>,
    /// Answers that come before those: to AUTH and SELECT.
    pub preface: u32,
    /// How many answers came.
    pub answers: u32,
    /// AUTH or SELECT was refused.
    pub shut_out: bool,
    /// The first refusal of the other side.
    pub refusal: Option<String>,
    /// The database that they are taken from.
    pub from: u32,
    /// The one on the other side.
    pub database: i64,
    pub copies: bool,
    pub replaces: bool,
    pub auth: Option<Vec<Vec<u8>>>,
    pub timeout_ms: u64,
}

impl Migrations {
    /// A number for a link about to be dialled.
    pub fn fresh_link(&mut self) -> LinkId {
        self.dialled += 1;
        LinkId(MIGRATION_LINK | self.dialled)
    }

    /// An idle link that leads there and was introduced so.
    pub fn idle(&self, to: &Target, auth: Option<&Vec<Vec<u8>>>) -> Option<LinkId> {
        let fits = |link: &Link| {
            matches!(link.stage, Stage::Idle) && link.to == *to && link.introduced.as_ref() == auth
        };
        self.links.iter().find(|(_, link)| fits(link)).map(|(id, _)| *id)
    }

    /// When the first of them has waited long enough.
    pub fn next_deadline(&self) -> Instant {
        self.links.values().map(|link| link.until).min().unwrap_or(Instant::NEVER)
    }

    /// All of it, for the digest of a node.
    pub fn feed(&self, hash: &mut Fnv) {
        hash.u64(self.dialled);
        for (id, link) in &self.links {
            hash.u64(id.0);
            hash.u64(link.until.as_micros());
            hash.bytes(link.to.to_string().as_bytes());
            hash.bytes(&link.inbox);
            let (stage, task) = match &link.stage {
                Stage::Dialling(task) => (1, Some(task)),
                Stage::Sent(task) => (2, Some(task)),
                Stage::Idle => (0, None),
            };
            hash.u64(stage);
            for key in task.into_iter().flat_map(|task| task.keys.iter().chain(&task.due)) {
                hash.bytes(key);
            }
        }
    }
}

impl Link {
    /// A link that is being dialled for a task.
    pub const fn dialling(to: Target, task: Task, until: Instant) -> Self {
        Self {
            to,
            stage: Stage::Dialling(task),
            introduced: None,
            database: None,
            proven: false,
            until,
            inbox: Vec::new(),
        }
    }

    /// Its task, if it has one.
    pub fn task_mut(&mut self) -> Option<&mut Task> {
        match &mut self.stage {
            Stage::Dialling(task) | Stage::Sent(task) => Some(task),
            Stage::Idle => None,
        }
    }

    /// Takes the task off it.
    pub fn take_task(&mut self) -> Option<Task> {
        match core::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Dialling(task) | Stage::Sent(task) => Some(task),
            Stage::Idle => None,
        }
    }

    /// Takes received bytes; false when they are no answers.
    pub fn receive(&mut self, bytes: &[u8]) -> bool {
        self.inbox.extend_from_slice(bytes);
        self.inbox.len() <= INBOX_MAX
    }

    /// One answer, without its end: all that is asked here is answered in one line.
    pub fn answer(&mut self) -> Option<String> {
        let end = memchr::memchr(b'\n', &self.inbox)?;
        let line = self.inbox[..end].strip_suffix(b"\r").unwrap_or(&self.inbox[..end]);
        let line = String::from_utf8_lossy(line).into_owned();
        self.inbox.drain(..=end);
        Some(line)
    }

    /// Whether it said more than it was asked.
    pub fn has_more(&self) -> bool {
        !self.inbox.is_empty()
    }
}

impl Task {
    /// Takes one answer in.
    pub fn answered(&mut self, line: &str) {
        let refusal = line.strip_prefix('-').map(String::from);
        self.answers += 1;
        if self.preface > 0 {
            self.preface -= 1;
            self.shut_out |= refusal.is_some();
        } else if let Some(key) = self.due.pop_front() {
            // In the wrong database it has not arrived, whatever the answer says.
            if refusal.is_none() && !self.shut_out {
                self.arrived.push(key);
            }
        }
        if self.refusal.is_none() {
            self.refusal = refusal;
        }
    }

    /// Whether anything was answered at all.
    pub fn heard(&self) -> bool {
        self.answers > 0
    }

    /// Whether everything is answered.
    pub fn is_answered(&self) -> bool {
        self.preface == 0 && self.due.is_empty()
    }
}

/// Bit 61 marks these links among those that this node dials.
const MIGRATION_LINK: u64 = 1 << 61;
/// Answers are short lines; who sends this much without end is no server.
const INBOX_MAX: usize = 1 << 20;
