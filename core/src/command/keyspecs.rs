//! Where keys stand, named by what happens to them.
//!
//! `RO` reads, `RW` reads and writes, `OW` overwrites, `RM` removes; `access` hands content to the
//! client, `insert` only adds, `update` changes, `delete` deletes.

use super::table::KeySpec;

type Specs = &'static [KeySpec];

const fn at(flags: &'static [&'static str], first: usize, last: i64, step: usize) -> KeySpec {
    KeySpec { flags, notes: None, first, last, step }
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
/// SET, which reads only with one of its options.
pub(super) const SET: Specs = &[KeySpec {
    flags: &["RW", "access", "update", "variable_flags"],
    notes: Some("it reads the old value only with the option GET"),
    first: 1,
    last: 0,
    step: 1,
}];
/// The name of a channel: it has a slot, and is no key.
pub(super) const CHANNEL: Specs = &[at(&["not_key"], 1, 0, 1)];
/// The same for several.
pub(super) const CHANNELS: Specs = &[at(&["not_key"], 1, -1, 1)];
