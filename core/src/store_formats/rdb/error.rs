//! Why a snapshot or a payload was refused, in one sentence with the place.

use alloc::string::String;

/// Why a snapshot or a payload was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RdbError {
    /// It does not begin as one.
    #[error("this is no RDB: it does not start with REDIS and four digits")]
    NoMagic,
    /// A version from the future, or none.
    #[error("Can't handle RDB format version {0}")]
    Version(u32),
    /// It ends in the middle.
    #[error("the RDB ends in the middle, after {0} bytes")]
    Truncated(u64),
    /// The checksum is that of other bytes.
    #[error("RDB CRC error: checksum {found:016x}, computed {computed:016x}")]
    Checksum {
        /// What stands there.
        found: u64,
        /// What should.
        computed: u64,
    },
    /// A length or string that makes no sense.
    #[error("the RDB is damaged: {what} at byte {at}")]
    Damaged {
        /// Where.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A type of value that cannot be held.
    #[error("key '{key}' holds a {kind} (type {code}), which is not supported")]
    Type {
        /// Of which key.
        key: String,
        /// The type's number.
        code: u8,
        /// Its name.
        kind: &'static str,
    },
    /// A database that this server does not have.
    #[error(
        "the RDB holds keys in database {0}, which this server does not have: a cluster has only \
         database 0, others as many as `databases` says"
    )]
    Database(u64),
    /// Data of a module.
    #[error("the RDB holds data of a module, and modules are not supported")]
    Module,
    /// A library of functions in a form that only a release candidate wrote.
    #[error("the RDB holds functions in a form of before 7.0, which is not supported")]
    EarlyFunctions,
}

impl RdbError {
    /// The number of a database, if there are more than so many.
    pub(crate) fn database(number: u64, count: u32) -> Result<u32, Self> {
        let known = u32::try_from(number).ok().filter(|known| *known < count);
        known.ok_or(Self::Database(number))
    }
}
