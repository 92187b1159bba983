//! What a command is: one row each, in `rows` and `subrows`.
//!
//! A row says everything that is not behaviour: arity, flags, where the keys are, ACL category,
//! since when Redis has it, one sentence. Dispatch, routing, `COMMAND` and its documentation read
//! the same rows, so they cannot disagree.

use super::{Args, Handler, rows::ROWS};
use crate::resp::parse_i64;

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
    /// Where its keys are depends on the request: its short form is not all there is to know.
    pub const MOVABLEKEYS: u32 = 1 << 16;
    /// As if the client had said ASKING before it.
    pub const ASKING: u32 = 1 << 17;
    /// Shown to MONITOR before what it does, not after.
    pub const SKIP_MONITOR: u32 = 1 << 18;
    /// May name no key at all although it could.
    pub const NO_MANDATORY_KEYS: u32 = 1 << 19;

    /// Names in the order in which COMMAND lists them.
    pub const NAMES: [(u32, &str); 19] = [
        (WRITE, "write"),
        (READONLY, "readonly"),
        (DENYOOM, "denyoom"),
        (ADMIN, "admin"),
        (PUBSUB, "pubsub"),
        (NOSCRIPT, "noscript"),
        (BLOCKING, "blocking"),
        (LOADING, "loading"),
        (STALE, "stale"),
        (SKIP_MONITOR, "skip_monitor"),
        (SKIP_SLOWLOG, "skip_slowlog"),
        (ASKING, "asking"),
        (FAST, "fast"),
        (NO_AUTH, "no_auth"),
        (NO_MANDATORY_KEYS, "no_mandatory_keys"),
        (NO_ASYNC_LOADING, "no_async_loading"),
        (NO_MULTI, "no_multi"),
        (MOVABLEKEYS, "movablekeys"),
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
    /// `@set`
    pub const SET: u32 = 1 << 10;
    /// `@sortedset`
    pub const SORTEDSET: u32 = 1 << 11;
    /// `@list`
    pub const LIST: u32 = 1 << 12;
    /// `@hash`
    pub const HASH: u32 = 1 << 13;
    /// `@bitmap`
    pub const BITMAP: u32 = 1 << 14;
    /// `@hyperloglog`
    pub const HYPERLOGLOG: u32 = 1 << 15;

    /// Names in the order in which COMMAND lists them.
    pub const NAMES: [(u32, &str); 19] = [
        (KEYSPACE, "@keyspace"),
        (READ, "@read"),
        (WRITE, "@write"),
        (SET, "@set"),
        (SORTEDSET, "@sortedset"),
        (LIST, "@list"),
        (HASH, "@hash"),
        (STRING, "@string"),
        (BITMAP, "@bitmap"),
        (HYPERLOGLOG, "@hyperloglog"),
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
    Hash,
    List,
    Set,
    SortedSet,
    Bitmap,
    #[cfg(feature = "full")]
    Hyperloglog,
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
            Self::Hash => "hash",
            Self::List => "list",
            Self::Set => "set",
            Self::SortedSet => "sorted-set",
            Self::Bitmap => "bitmap",
            #[cfg(feature = "full")]
            Self::Hyperloglog => "hyperloglog",
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
    /// Where to begin.
    pub begin: Begin,
    /// Which words from there on.
    pub find: Find,
}

/// Where the search for keys begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// At a word; the command's name is 0.
    At(usize),
    /// Nowhere: the names come from the content of a key.
    Nowhere,
    /// After the last STORE among the options of SORT.
    SortStore,
    /// At MIGRATE's own key, unless that is empty.
    MigrateOne,
    /// After KEYS among the options of a MIGRATE whose own key is empty.
    MigrateMany,
}

/// Which words are keys, from the beginning of the search on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Find {
    /// Up to a last one.
    Range {
        /// The last key's place counted from the first; -1 is the last word of the request.
        last: i64,
        /// From one key to the next.
        step: usize,
    },
    /// So many as the first word says, after it.
    Counted,
}

impl KeySpec {
    /// Whether these are keys that the command may change.
    pub fn writes(&self) -> bool {
        !matches!(self.flags.first(), Some(&("RO" | "not_key")))
    }

    /// From which word to before which, and in which steps, the keys of a request stand.
    fn span(&self, args: Args<'_>) -> Result<(usize, usize, usize), NoSuchKeys> {
        let words = args.len();
        let begin = match self.begin {
            Begin::At(first) => Some(first),
            Begin::Nowhere => None,
            Begin::SortStore => sort_store(args),
            Begin::MigrateOne => args.get(3).filter(|key| !key.is_empty()).map(|_| 3),
            Begin::MigrateMany => migrate_keys(args),
        };
        let Some(first) = begin else { return Ok((0, 0, 1)) };
        match self.find {
            Find::Range { last, step } => {
                let end = match usize::try_from(last) {
                    Ok(more) => first + more + 1,
                    Err(_) => {
                        let behind = usize::try_from(last.unsigned_abs() - 1).unwrap_or(words);
                        words.saturating_sub(behind)
                    }
                };
                Ok((first, end.min(words), step))
            }
            Find::Counted => {
                let count = args.get(first).and_then(|word| parse_i64(word));
                let count = count.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
                let end = count.and_then(|n| n.checked_add(first + 1)).ok_or(NoSuchKeys)?;
                if end > words { Err(NoSuchKeys) } else { Ok((first + 1, end, 1)) }
            }
        }
    }
}

/// The request counts more keys than it has.
#[derive(Clone, Copy, Debug)]
struct NoSuchKeys;

/// Where the keys begin that MIGRATE names behind KEYS.
fn migrate_keys(args: Args<'_>) -> Option<usize> {
    args.get(3).filter(|key| key.is_empty())?;
    let mut options = args.iter().enumerate().skip(6);
    options.find(|(_, word)| word.eq_ignore_ascii_case(b"KEYS")).map(|(at, _)| at + 1)
}

/// The key that SORT stores into; a later STORE wins, and what other options take is skipped.
fn sort_store(args: Args<'_>) -> Option<usize> {
    let (mut at, mut found) = (2, None);
    while at < args.len() {
        let is = |word: &str| args[at].eq_ignore_ascii_case(word.as_bytes());
        if is("STORE") && at + 1 < args.len() {
            found = Some(at + 1);
            at += 1;
        } else if is("LIMIT") {
            at += 2;
        } else if is("GET") || is("BY") {
            at += 1;
        }
        at += 1;
    }
    found
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

    /// Whether it runs a script, which may do more than its row says.
    pub fn is_script(&self) -> bool {
        self.group == Group::Scripting && !self.keys.is_empty()
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

    /// The place of the key of a command that always has exactly one.
    pub const fn sole_key(&self) -> Option<usize> {
        match self.keys {
            [KeySpec { begin: Begin::At(at), find: Find::Range { last: 0, .. }, .. }] => Some(*at),
            _ => None,
        }
    }

    /// The places of the keys in a request, with what happens to them. None at all if it says
    /// itself that there are more than it has: its handler will refuse it.
    pub fn key_places(&self, args: Args<'_>) -> impl Iterator<Item = (usize, &'static KeySpec)> {
        let specs =
            if self.keys.iter().all(|spec| spec.span(args).is_ok()) { self.keys } else { &[] };
        specs.iter().flat_map(move |spec| {
            let (first, end, step) = spec.span(args).unwrap_or_default();
            (first..end).step_by(step.max(1)).map(move |at| (at, spec))
        })
    }

    /// First key, last key and step, the short form that older clients read: of the specs that are
    /// plain ranges as far as they follow one another.
    pub fn key_range(&self) -> (i64, i64, i64) {
        let ranges = || {
            self.keys.iter().filter_map(|spec| match (spec.begin, spec.find) {
                (Begin::MigrateOne, _) => Some((3, 3, 1)),
                (Begin::At(first), Find::Range { last, step }) => {
                    let first = i64::try_from(first).unwrap_or(i64::MAX);
                    let last = if last < 0 { last } else { first + last };
                    Some((first, last, i64::try_from(step).unwrap_or(i64::MAX)))
                }
                _ => None,
            })
        };
        let mut ranges = ranges();
        let Some(mut all) = ranges.next() else { return (0, 0, 0) };
        for (first, last, step) in ranges {
            if all.2 != 1 || step != 1 || all.1 != first - 1 {
                break;
            }
            all.1 = last;
        }
        all
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
const INDEX_SIZE: usize = 1024;

/// Name to row, made when this is compiled: 0 is empty, else the row's number from 1.
static INDEX: [u16; INDEX_SIZE] = index();

const fn index() -> [u16; INDEX_SIZE] {
    assert!(2 * ROWS.len() < INDEX_SIZE, "the index is at most half full");
    let mut index = [0; INDEX_SIZE];
    let mut row = 0;
    while row < ROWS.len() {
        let mut at = place(ROWS[row].name.as_bytes());
        while index[at] != 0 {
            at = (at + 1) % INDEX_SIZE;
        }
        #[expect(clippy::cast_possible_truncation, reason = "asserted above")]
        let number = row as u16 + 1;
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
            row.key_places(words).map(|(at, _)| at).collect()
        };
        assert_eq!(places(&[b"get", b"k"]), [1]);
        assert_eq!(places(&[b"del", b"a", b"b", b"c"]), [1, 2, 3]);
        assert_eq!(places(&[b"mset", b"a", b"1", b"b", b"2"]), [1, 3]);
        assert_eq!(places(&[b"rename", b"a", b"b"]), [1, 2]);
        assert_eq!(places(&[b"object", b"encoding", b"k"]), [2]);
        assert_eq!(places(&[b"ping"]), [0; 0]);
        assert_eq!(places(&[b"zunion", b"2", b"a", b"b", b"weights", b"1", b"2"]), [2, 3]);
        assert_eq!(places(&[b"zunionstore", b"d", b"1", b"a"]), [1, 3]);
        assert_eq!(places(&[b"zunionstore", b"d", b"3", b"a"]), [0; 0]);
        assert_eq!(places(&[b"zunion", b"9223372036854775807", b"a"]), [0; 0]);
        assert_eq!(places(&[b"lmpop", b"-1", b"a", b"left"]), [0; 0]);
        assert_eq!(places(&[b"bitop", b"and", b"d", b"a", b"b"]), [2, 3, 4]);
        assert_eq!(places(&[b"lcs", b"a", b"b", b"len"]), [1, 2]);
        assert_eq!(places(&[b"sort", b"k", b"get", b"store", b"STORE", b"d"]), [1, 5]);
        assert_eq!(places(&[b"sort", b"k", b"store"]), [1]);
        assert_eq!(places(&[b"migrate", b"h", b"1", b"k", b"0", b"5", b"copy"]), [3]);
        let words: &[&[u8]] = &[b"migrate", b"h", b"1", b"", b"0", b"5", b"keys", b"a", b"b"];
        assert_eq!(places(words), [7, 8]);
        assert_eq!(places(&words[..6]), [0; 0]);
    }
}
