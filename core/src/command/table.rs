//! What a command is: one row each, in `rows` and `subrows`.
//!
//! A row says everything that is not behaviour: arity, flags, where the keys are, ACL category,
//! since when Redis has it, one sentence. Dispatch, routing, `COMMAND` and its documentation read
//! the same rows, so they cannot disagree.

use super::{Handler, rows::ROWS};

/// What a command does to the server and when it may run; the names are Redis's.
pub(crate) mod flag {
    /// May change the data.
    pub const WRITE: u32 = 1 << 0;
    /// Reads data only.
    pub const READONLY: u32 = 1 << 1;
    /// Refused when memory is short.
    pub const DENYOOM: u32 = 1 << 2;
    /// For operators.
    pub const ADMIN: u32 = 1 << 3;
    /// Not from scripts.
    pub const NOSCRIPT: u32 = 1 << 4;
    /// Also while data is being loaded.
    pub const LOADING: u32 = 1 << 5;
    /// Also on a replica without its master.
    pub const STALE: u32 = 1 << 6;
    /// Constant or logarithmic time.
    pub const FAST: u32 = 1 << 7;
    /// Also before AUTH.
    pub const NO_AUTH: u32 = 1 << 8;
    /// Not while a snapshot is being loaded beside the old data.
    pub const NO_ASYNC_LOADING: u32 = 1 << 9;
    /// Not in a transaction.
    pub const NO_MULTI: u32 = 1 << 10;
    /// Also while a script runs too long.
    pub const ALLOW_BUSY: u32 = 1 << 11;
    /// About channels.
    pub const PUBSUB: u32 = 1 << 12;
    /// May wait.
    pub const BLOCKING: u32 = 1 << 13;
    /// Never in the slow log.
    pub const SKIP_SLOWLOG: u32 = 1 << 14;
    /// Writes nothing, and replicas are told all the same; COMMAND does not show it.
    pub const MAY_REPLICATE: u32 = 1 << 15;

    /// Names in the order in which COMMAND lists them.
    pub const NAMES: [(u32, &str); 15] = [
        (WRITE, "write"),
        (READONLY, "readonly"),
        (DENYOOM, "denyoom"),
        (ADMIN, "admin"),
        (PUBSUB, "pubsub"),
        (NOSCRIPT, "noscript"),
        (BLOCKING, "blocking"),
        (LOADING, "loading"),
        (STALE, "stale"),
        (SKIP_SLOWLOG, "skip_slowlog"),
        (FAST, "fast"),
        (NO_AUTH, "no_auth"),
        (NO_ASYNC_LOADING, "no_async_loading"),
        (NO_MULTI, "no_multi"),
        (ALLOW_BUSY, "allow_busy"),
    ];
}

/// ACL categories that a row names itself; read, write, admin, dangerous, fast and slow also follow
/// from its flags.
pub(crate) mod acl {
    /// `@keyspace`
    pub const KEYSPACE: u32 = 1 << 0;
    /// `@read`
    pub const READ: u32 = 1 << 1;
    /// `@write`
    pub const WRITE: u32 = 1 << 2;
    /// `@string`
    pub const STRING: u32 = 1 << 3;
    /// `@admin`
    pub const ADMIN: u32 = 1 << 4;
    /// `@fast`
    pub const FAST: u32 = 1 << 5;
    /// `@slow`
    pub const SLOW: u32 = 1 << 6;
    /// `@dangerous`
    pub const DANGEROUS: u32 = 1 << 7;
    /// `@connection`
    pub const CONNECTION: u32 = 1 << 8;
    /// `@scripting`
    pub const SCRIPTING: u32 = 1 << 9;
    /// `@pubsub`
    pub const PUBSUB: u32 = 1 << 20;
    /// `@blocking`
    pub const BLOCKING: u32 = 1 << 21;
    /// `@transaction`
    pub const TRANSACTION: u32 = 1 << 22;

    /// Names in the order in which COMMAND lists them.
    pub const NAMES: [(u32, &str); 13] = [
        (KEYSPACE, "@keyspace"),
        (READ, "@read"),
        (WRITE, "@write"),
        (STRING, "@string"),
        (PUBSUB, "@pubsub"),
        (ADMIN, "@admin"),
        (FAST, "@fast"),
        (SLOW, "@slow"),
        (BLOCKING, "@blocking"),
        (DANGEROUS, "@dangerous"),
        (CONNECTION, "@connection"),
        (TRANSACTION, "@transaction"),
        (SCRIPTING, "@scripting"),
    ];
}

/// The chapter of the documentation that a command is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    String,
    Generic,
    Connection,
    Server,
    Cluster,
    Scripting,
    Transactions,
    Pubsub,
}

impl Group {
    /// As COMMAND DOCS names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Generic => "generic",
            Self::Connection => "connection",
            Self::Server => "server",
            Self::Cluster => "cluster",
            Self::Scripting => "scripting",
            Self::Transactions => "transactions",
            Self::Pubsub => "pubsub",
        }
    }
}

/// Where keys stand among the words of a request, and what the command does to them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeySpec {
    /// Access flags, as COMMAND names them.
    pub flags: &'static [&'static str],
    /// A remark on the flags.
    pub notes: Option<&'static str>,
    /// The first key's place; the command's name is 0.
    pub first: usize,
    /// The last key's place counted from the first; -1 is the last word.
    pub last: i64,
    /// From one key to the next.
    pub step: usize,
}

impl KeySpec {
    /// Whether these are keys that the command may change.
    pub fn writes(&self) -> bool {
        !matches!(self.flags.first(), Some(&("RO" | "not_key")))
    }

    /// The flags for one request; `hands_out`: it asks for the old value.
    pub fn resolved(&self, hands_out: bool) -> &'static [&'static str] {
        match (self.flags.contains(&"variable_flags"), hands_out) {
            (true, true) => &["RW", "access", "update"],
            (true, false) => &["OW", "update"],
            (false, _) => self.flags,
        }
    }
}

/// One command or subcommand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Command {
    /// In lower case; of a subcommand only its own word.
    pub name: &'static str,
    /// The name of the container and `|`, for a subcommand; else empty.
    pub container: &'static str,
    /// Number of words with the name; negative: at least so many.
    pub arity: i32,
    /// [`flag`].
    pub flags: u32,
    /// [`acl`], those that do not follow from the flags.
    pub categories: u32,
    /// Where its keys are.
    pub keys: &'static [KeySpec],
    /// Hints for clients.
    pub tips: &'static [&'static str],
    /// Chapter.
    pub group: Group,
    /// The version of Redis that brought it.
    pub since: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What it does.
    pub handler: Handler,
    /// Its subcommands.
    pub subcommands: &'static [Self],
}

impl Command {
    /// Whether it has a flag.
    pub const fn is(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// Whether `words` words are neither too few nor too many.
    pub fn takes(&self, words: usize) -> bool {
        let needed = usize::try_from(self.arity.unsigned_abs()).unwrap_or(usize::MAX);
        if self.arity < 0 { words >= needed } else { words == needed }
    }

    /// Whether it is about a channel of a shard, which has a slot but is no key.
    pub fn is_shard_channel(&self) -> bool {
        self.is(flag::PUBSUB) && !self.keys.is_empty()
    }

    /// All ACL categories.
    pub const fn all_categories(&self) -> u32 {
        let mut all = self.categories;
        if self.is(flag::WRITE) {
            all |= acl::WRITE;
        }
        // A container reads nothing by itself, so only the flag makes it a reading command.
        if self.is(flag::READONLY) {
            all |= acl::READ;
        }
        if self.is(flag::ADMIN) {
            all |= acl::ADMIN | acl::DANGEROUS;
        }
        if self.is(flag::PUBSUB) {
            all |= acl::PUBSUB;
        }
        if self.is(flag::BLOCKING) {
            all |= acl::BLOCKING;
        }
        all | if self.is(flag::FAST) { acl::FAST } else { acl::SLOW }
    }

    /// The places of the keys among `words` words, with what happens to them.
    pub fn key_places(&self, words: usize) -> impl Iterator<Item = (usize, &'static KeySpec)> {
        self.keys.iter().flat_map(move |spec| {
            let last = match usize::try_from(spec.last) {
                Ok(more) => spec.first + more,
                Err(_) => words.saturating_sub(1),
            };
            let last = last.min(words.saturating_sub(1));
            (spec.first..=last).step_by(spec.step.max(1)).map(move |at| (at, spec))
        })
    }

    /// First key, last key and step, the short form that older clients read.
    pub fn key_range(&self) -> (i64, i64, i64) {
        let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        match self.keys {
            [] => (0, 0, 0),
            [one] => {
                let last = if one.last < 0 { one.last } else { whole(one.first) + one.last };
                (whole(one.first), last, whole(one.step))
            }
            [first, .., last] => (whole(first.first), whole(last.first), 1),
        }
    }
}

/// The rows of all commands.
pub(crate) fn all() -> &'static [Command] {
    ROWS
}

/// Why a request names no command.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unknown {
    /// Nothing of that name.
    Command,
    /// The container is there, the subcommand is not.
    Subcommand(&'static Command),
}

/// The row of a request; letter case does not matter.
pub(crate) fn lookup(args: &[&[u8]]) -> Result<&'static Command, Unknown> {
    let command = args.first().and_then(|name| find(name)).ok_or(Unknown::Command)?;
    match args.get(1) {
        Some(word) if !command.subcommands.is_empty() => {
            subcommand(command, word).ok_or(Unknown::Subcommand(command))
        }
        _ => Ok(command),
    }
}

/// The row of a command by its name alone.
pub(crate) fn find(name: &[u8]) -> Option<&'static Command> {
    let mut at = place(name);
    loop {
        match INDEX[at] {
            0 => return None,
            n => {
                let command = &ROWS[n as usize - 1];
                if command.name.as_bytes().eq_ignore_ascii_case(name) {
                    return Some(command);
                }
            }
        }
        at = (at + 1) % INDEX_SIZE;
    }
}

/// The row of a subcommand by its name.
pub(crate) fn subcommand(of: &Command, name: &[u8]) -> Option<&'static Command> {
    of.subcommands.iter().find(|sub| sub.name.as_bytes().eq_ignore_ascii_case(name))
}

/// More than twice the rows, so that probing ends soon.
const INDEX_SIZE: usize = 512;

/// Name to row, made when this is compiled: 0 is empty, else the row's number from 1.
static INDEX: [u8; INDEX_SIZE] = index();

const fn index() -> [u8; INDEX_SIZE] {
    assert!(ROWS.len() < u8::MAX as usize, "row numbers are bytes");
    let mut index = [0; INDEX_SIZE];
    let mut row = 0;
    while row < ROWS.len() {
        let mut at = place(ROWS[row].name.as_bytes());
        while index[at] != 0 {
            at = (at + 1) % INDEX_SIZE;
        }
        #[expect(clippy::cast_possible_truncation, reason = "asserted above")]
        let number = row as u8 + 1;
        index[at] = number;
        row += 1;
    }
    index
}

/// FNV-1a of the lower-case name: short, and computable at compile time.
const fn place(name: &[u8]) -> usize {
    let mut hash: u32 = 0x811C_9DC5;
    let mut at = 0;
    while at < name.len() && at < 24 {
        hash = (hash ^ name[at].to_ascii_lowercase() as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    (hash ^ (hash >> 15)) as usize % INDEX_SIZE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_in_any_case() {
        for row in all() {
            for name in [row.name.to_ascii_lowercase(), row.name.to_ascii_uppercase()] {
                assert_eq!(find(name.as_bytes()).map(|found| found.name), Some(row.name));
            }
            for sub in row.subcommands {
                let name = sub.name.to_ascii_uppercase();
                let found = lookup(&[row.name.as_bytes(), name.as_bytes()]);
                assert_eq!(found.ok().map(|found| found.name), Some(sub.name));
                assert_eq!(sub.container, alloc::format!("{}|", row.name));
            }
        }
        assert!(find(b"nosuch").is_none());
        assert!(find(b"").is_none());
        assert!(find(&[b'a'; 5000]).is_none());
        assert!(matches!(lookup(&[b"config", b"nosuch"]), Err(Unknown::Subcommand(_))));
    }

    #[test]
    fn keys_are_where_the_rows_say() {
        let places = |words: &[&[u8]]| -> alloc::vec::Vec<usize> {
            let row = lookup(words).expect("known");
            row.key_places(words.len()).map(|(at, _)| at).collect()
        };
        assert_eq!(places(&[b"get", b"k"]), [1]);
        assert_eq!(places(&[b"del", b"a", b"b", b"c"]), [1, 2, 3]);
        assert_eq!(places(&[b"mset", b"a", b"1", b"b", b"2"]), [1, 3]);
        assert_eq!(places(&[b"rename", b"a", b"b"]), [1, 2]);
        assert_eq!(places(&[b"object", b"encoding", b"k"]), [2]);
        assert_eq!(places(&[b"ping"]), [0; 0]);
    }
}
