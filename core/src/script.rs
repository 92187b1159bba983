//! Which scripts does a node know, and who runs them?
//!
//! A node knows scripts by their SHA-1 and decides what they may do; it has no interpreter. A
//! driver lends it one, a [`ScriptEngine`], and the node stands in for the server that the script
//! talks to, a [`ScriptHost`]. The engine is no state of the node: a clone has none, and without
//! one the commands refuse in a sentence. What a script does reaches replicas as the commands that
//! it ran, never as the script, so engines of different makes may run within one cluster.
//!
//! Spec: Redis 7.0 documentation, "Scripting with Lua" and "Redis Lua API reference".

use alloc::{boxed::Box, collections::BTreeMap, string::String, sync::Arc, vec::Vec};
use core::fmt;

use crate::{
    id::ClientId,
    io::Level,
    resp::{Protocol, ReplyBuf},
};

/// An interpreter of Lua 5.1 with the libraries and the manners of Redis.
///
/// It may be sent to other threads because a node may; one that cannot stays where it is, and what is
/// lent is a handle.
pub trait ScriptEngine: fmt::Debug + Send + Sync {
    /// Compiles a script; what it compiled it may keep by the name.
    ///
    /// # Errors
    /// What the compiler says, with chunk and line.
    fn check(&mut self, sha: &Sha, body: &[u8]) -> Result<(), String>;

    /// Runs a script to its end and writes exactly one reply.
    fn run(
        &mut self,
        script: &Script<'_>,
        host: &mut dyn ScriptHost,
        reply: &mut ReplyBuf,
    ) -> Ended;

    /// Forgets whatever it has compiled (`SCRIPT FLUSH`).
    fn forget(&mut self);

    /// Bytes that the interpreter holds, for INFO.
    fn memory(&self) -> u64;
}

/// What a script can ask of its server.
pub trait ScriptHost {
    /// `redis.call`: runs a command and hands out its reply in RESP, which may be an error.
    ///
    /// # Errors
    /// The command was refused before it ran; the text begins with its code.
    fn call(&mut self, words: &[&[u8]], protocol: Protocol) -> Result<&[u8], String>;

    /// `redis.acl_check_cmd`: whether the client may say this; `None` for no command.
    fn may(&mut self, words: &[&[u8]]) -> Option<bool>;

    /// `redis.log`.
    fn log(&mut self, level: Level, line: &[u8]);

    /// Another client asks for something while the script runs for longer than
    /// `busy-reply-threshold`: nobody is served properly meanwhile, but nobody has to guess why.
    fn meet(&mut self, client: ClientId, words: &[&[u8]]) -> Met;
}

/// What becomes of a request that comes while a script runs for too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// It waits, unread, until the script has ended; so does what follows it.
    Later,
    /// It is answered with this.
    Answered(Vec<u8>),
    /// The same, and the script is to end with an error.
    Killed(Vec<u8>),
    /// The process is to end at once (`SHUTDOWN NOSAVE`).
    Exit,
}

/// One run of a script.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    /// Its name.
    pub sha: &'a Sha,
    /// Its text without what stands behind `#!`, so that lines keep their numbers.
    pub body: &'a [u8],
    /// `KEYS`
    pub keys: &'a [&'a [u8]],
    /// `ARGV`
    pub args: &'a [&'a [u8]],
    /// After so many ms others are told that the node is busy; 0 is never (`busy-reply-threshold`).
    pub limit_ms: u64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With a reply that is to be counted as it is.
    Plainly,
    /// With an error of a command that was counted already.
    WithCountedError,
}

/// The name of a script: SHA-1 in lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha([u8; 40]);

impl Sha {
    /// The name of a text.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        use sha1::Digest as _;
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let sum: [u8; 20] = sha1::Sha1::digest(text).into();
        let mut name = [0; 40];
        for (pair, byte) in name.chunks_exact_mut(2).zip(sum) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Self(name)
    }

    /// The name that a client has spelled, in whatever case; nothing else has 40 bytes.
    #[must_use]
    pub fn spelled(word: &[u8]) -> Option<Self> {
        let name: [u8; 40] = word.try_into().ok()?;
        Some(Self(name.map(|byte| byte.to_ascii_lowercase())))
    }

    /// Its digits.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl fmt::Debug for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a script says of itself behind `#!lua`; one that says nothing is held to older rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "flags of the specification, each by itself")]
pub(crate) struct Promise {
    /// It has such a line.
    pub declared: bool,
    /// `no-writes`
    pub no_writes: bool,
    /// `allow-oom`
    pub allow_oom: bool,
    /// `allow-stale`
    pub allow_stale: bool,
    /// `no-cluster`
    pub no_cluster: bool,
    /// `allow-cross-slot-keys`
    pub allow_cross_slot: bool,
}

/// A script that is known.
#[cfg_attr(not(feature = "full"), expect(dead_code, reason = "the page runs no scripts"))]
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// See [`Script::body`].
    pub body: Arc<[u8]>,
    /// What it says of itself.
    pub promise: Promise,
}

/// Everything about scripts that a node holds.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub(crate) struct Scripts {
    /// By name. They stay until SCRIPT FLUSH, as in Redis 7.0.
    pub known: BTreeMap<Sha, Known>,
    /// Bytes of the texts.
    pub bytes: u64,
    /// The client of the running command had said ASKING: what a script asks for may rely on it.
    pub asking: bool,
    /// Scripts may run what is not meant for them (`DEBUG SET-DISABLE-DENY-SCRIPTS`).
    pub may_do_all: bool,
    /// A script is running.
    pub is_running: bool,
    /// The reply of the running command is an error that was counted already.
    pub is_counted: bool,
    /// What the driver has lent.
    pub engine: Lent,
}

/// The engine, if the driver has one.
#[derive(Debug, Default)]
pub(crate) struct Lent(pub Option<Box<dyn ScriptEngine>>);

impl Clone for Lent {
    /// A copy of a node is a state to look at, and an engine is none.
    fn clone(&self) -> Self {
        Self(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_named_by_its_sha1() {
        let name = Sha::of(b"return 1");
        assert_eq!(alloc::format!("{name}"), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
        assert_eq!(Sha::spelled(b"E0E1F9FABFC9D4800C877A703B823AC0578FF8DB"), Some(name));
        assert_eq!(Sha::spelled(b"e0e1"), None);
    }
}
