//! Where keys stand, named by what happens to them.
//!
//! `RO` reads, `RW` reads and writes, `OW` overwrites, `RM` removes; `access` hands content to the
//! client, `insert` only adds, `update` changes, `delete` deletes.

use super::table::{Begin, Find, KeySpec};

type Specs = &'static [KeySpec];

const fn at(flags: &'static [&'static str], first: usize, last: i64, step: usize) -> KeySpec {
    KeySpec { flags, notes: None, begin: Begin::At(first), find: Find::Range { last, step } }
}

const fn counted(flags: &'static [&'static str], first: usize) -> KeySpec {
    KeySpec { flags, notes: None, begin: Begin::At(first), find: Find::Counted }
}

const READS: &[&str] = &["RO", "access"];
const LOOKS: &[&str] = &["RO"];
const CHANGES: &[&str] = &["RW", "access", "update"];
const TAKES: &[&str] = &["RW", "access", "delete"];
const PUTS: &[&str] = &["OW", "update"];
const CREATES: &[&str] = &["OW", "insert"];

/// No key at all: never redirected.
pub(super) const NO_KEYS: Specs = &[];
/// Hands out the value.
pub(super) const READ: Specs = &[at(READS, 1, 0, 1)];
/// Hands out the values.
pub(super) const READ_ALL: Specs = &[at(READS, 1, -1, 1)];
/// Tells about the value, not what it is.
pub(super) const LOOK: Specs = &[at(LOOKS, 1, 0, 1)];
/// The same after a subcommand.
pub(super) const LOOK_SECOND: Specs = &[at(LOOKS, 2, 0, 1)];
/// The same for several keys.
pub(super) const LOOK_ALL: Specs = &[at(LOOKS, 1, -1, 1)];
/// Changes the value and hands it out.
pub(super) const CHANGE: Specs = &[at(CHANGES, 1, 0, 1)];
/// Hands out the value and may change its expiry.
pub(super) const READ_RENEW: Specs =
    &[KeySpec { notes: Some("it changes the expiry, not the value"), ..at(CHANGES, 1, 0, 1) }];
/// Changes the value or its expiry.
pub(super) const TOUCH: Specs = &[at(&["RW", "update"], 1, 0, 1)];
/// Hands out the value and deletes it.
pub(super) const TAKE: Specs = &[at(TAKES, 1, 0, 1)];
/// Adds to the value.
pub(super) const EXTEND: Specs = &[at(&["RW", "insert"], 1, 0, 1)];
/// Overwrites the value.
pub(super) const PUT: Specs = &[at(PUTS, 1, 0, 1)];
/// Overwrites the values of key and value pairs.
pub(super) const PUT_PAIRS: Specs = &[at(PUTS, 1, -1, 2)];
/// Makes the key if it is free.
pub(super) const CREATE: Specs = &[at(CREATES, 1, 0, 1)];
/// Makes the keys of pairs if they are free.
pub(super) const CREATE_PAIRS: Specs = &[at(CREATES, 1, -1, 2)];
/// Deletes.
pub(super) const DELETE_ALL: Specs = &[at(&["RM", "delete"], 1, -1, 1)];
/// Takes one key away and overwrites another.
pub(super) const RENAME: Specs = &[at(TAKES, 1, 0, 1), at(PUTS, 2, 0, 1)];
/// Takes one key away and makes another if it is free.
pub(super) const RENAME_NEW: Specs = &[at(TAKES, 1, 0, 1), at(CREATES, 2, 0, 1)];
/// Takes one key away, or all that follow a word.
pub(super) const MIGRATE: Specs = &[
    KeySpec { begin: Begin::MigrateOne, ..at(TAKES, 3, 0, 1) },
    KeySpec {
        flags: &["RW", "access", "delete", "incomplete"],
        begin: Begin::MigrateMany,
        ..at(TAKES, 3, -1, 1)
    },
];
/// SET, which reads only with one of its options.
pub(super) const SET: Specs = &[KeySpec {
    flags: &["RW", "access", "update", "variable_flags"],
    notes: Some("it reads the old value only with the option GET"),
    ..at(CHANGES, 1, 0, 1)
}];
/// The name of a channel: it has a slot, and is no key.
pub(super) const CHANNEL: Specs = &[at(&["not_key"], 1, 0, 1)];
/// The same for several.
pub(super) const CHANNELS: Specs = &[at(&["not_key"], 1, -1, 1)];
/// Takes elements away.
pub(super) const REDUCE: Specs = &[at(&["RW", "delete"], 1, 0, 1)];
/// Hands out what two keys hold.
pub(super) const READ_TWO: Specs = &[at(READS, 1, 1, 1)];
/// Hands out what so many keys hold as the first word says.
pub(super) const READ_COUNTED: Specs = &[counted(READS, 1)];
/// Takes from one of so many keys as the first word says.
pub(super) const TAKE_COUNTED: Specs = &[counted(TAKES, 1)];
/// The same for the second word.
pub(super) const TAKE_COUNTED_SECOND: Specs = &[counted(TAKES, 2)];
/// Takes from one of all keys but the last word, which is none.
pub(super) const TAKE_BUT_LAST: Specs = &[at(TAKES, 1, -2, 1)];
/// Takes from one key and adds to another.
pub(super) const MOVE: Specs = &[at(TAKES, 1, 0, 1), at(&["RW", "insert"], 2, 0, 1)];
/// Overwrites one key with what another one holds.
pub(super) const PUT_FROM: Specs = &[at(PUTS, 1, 0, 1), at(READS, 2, 0, 1)];
/// Overwrites one key with what all others hold.
pub(super) const PUT_FROM_ALL: Specs = &[at(PUTS, 1, 0, 1), at(READS, 2, -1, 1)];
/// The same, as SINTERSTORE says it.
pub(super) const TOUCH_FROM_ALL: Specs = &[at(&["RW", "update"], 1, 0, 1), at(READS, 2, -1, 1)];
/// Overwrites one key with what so many others hold as the second word says.
pub(super) const PUT_FROM_COUNTED: Specs = &[at(PUTS, 1, 0, 1), counted(READS, 2)];
/// Overwrites the key after an operator with what all others hold.
pub(super) const BITOP: Specs = &[at(PUTS, 2, 0, 1), at(READS, 3, -1, 1)];
/// Hands out one key's value to another key.
pub(super) const COPY: Specs = &[at(READS, 1, 0, 1), at(PUTS, 2, 0, 1)];
/// BITFIELD, which only reads if all of it is GET.
pub(super) const BITFIELD: Specs = &[KeySpec {
    flags: &["RW", "access", "update", "variable_flags"],
    notes: Some("it writes unless all it is asked for is GET"),
    ..at(CHANGES, 1, 0, 1)
}];
const SORT_NAMES: KeySpec = KeySpec {
    flags: READS,
    notes: Some("what BY and GET read: the content of the key says which keys those are"),
    begin: Begin::Nowhere,
    find: Find::Range { last: 0, step: 1 },
};
/// SORT without STORE.
pub(super) const SORT_READ: Specs = &[at(READS, 1, 0, 1), SORT_NAMES];
/// SORT.
pub(super) const SORT: Specs = &[
    at(READS, 1, 0, 1),
    SORT_NAMES,
    KeySpec {
        flags: PUTS,
        notes: Some("what STORE names, wherever it stands"),
        begin: Begin::SortStore,
        find: Find::Range { last: 0, step: 1 },
    },
];
/// Hands out what all keys together hold, and may note it in them.
#[cfg(feature = "full")]
pub(super) const COUNT_ALL: Specs = &[KeySpec {
    notes: Some("what was counted may be noted in the value"),
    ..at(&["RW", "access"], 1, -1, 1)
}];
/// What a script changes, or may.
#[cfg(feature = "full")]
pub(super) const SCRIPT: Specs =
    &[KeySpec { notes: Some("what a script does to them shows when it runs"), ..SCRIPT_NAMED[0] }];
/// The same for a script that goes by its name.
#[cfg(feature = "full")]
pub(super) const SCRIPT_NAMED: Specs = &[counted(CHANGES, 2)];
/// What a script reads, or may.
#[cfg(feature = "full")]
pub(super) const SCRIPT_READS: Specs = &[KeySpec {
    notes: Some("what a script does with them shows when it runs"),
    ..SCRIPT_NAMED_READS[0]
}];
/// The same for a script that goes by its name.
#[cfg(feature = "full")]
pub(super) const SCRIPT_NAMED_READS: Specs = &[counted(READS, 2)];
/// Adds to one key what all others hold.
#[cfg(feature = "full")]
pub(super) const MERGE: Specs = &[at(&["RW", "access", "insert"], 1, 0, 1), at(READS, 2, -1, 1)];
/// Looks at the value after a subcommand.
#[cfg(feature = "full")]
pub(super) const READ_SECOND: Specs = &[at(&["RW", "access"], 2, 0, 1)];
