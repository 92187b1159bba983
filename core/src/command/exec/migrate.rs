//! MIGRATE: keys go to another server. What happens then is in `rules/migrate`.

use core::str;

use alloc::{
    collections::{BTreeSet, VecDeque},
    vec::Vec,
};

use super::{exists, same};
use crate::{
    command::{Call, Outcome},
    endpoint::Target,
    migration::Task,
    resp::parse_i64,
    rules::{Ctx, migrate},
    store::Key,
};

/// A timeout that is none counts as this.
const TIMEOUT_MS: u64 = 1000;

/// The words behind the timeout.
#[derive(Default)]
struct Options<'a> {
    copies: bool,
    replaces: bool,
    auth: Option<Vec<Vec<u8>>>,
    /// After KEYS.
    keys: Option<&'a [&'a [u8]]>,
}

/// `MIGRATE host port key|"" database timeout [COPY] [REPLACE] [AUTH password]
/// [AUTH2 user password] [KEYS key...]`
pub(in crate::command) fn migrate(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let Some(options) = options(call) else { return };
    let (Some(timeout), Some(database)) = (parse_i64(call.arg(5)), parse_i64(call.arg(4))) else {
        return call.reply.error(super::NOT_AN_INTEGER);
    };
    let timeout_ms = u64::try_from(timeout).ok().filter(|ms| *ms > 0).unwrap_or(TIMEOUT_MS);
    let named = options.keys.unwrap_or(&call.args[3..4]);
    let mut seen = BTreeSet::new();
    let mut keys: Vec<Key> = Vec::new();
    for key in named {
        if exists(ctx, call, key) && seen.insert(*key) {
            keys.push(Key::from(*key));
        }
    }
    if keys.is_empty() {
        return call.reply.simple("NOKEY");
    }
    let Some(client) = call.client.filter(|_| call.may_wait) else {
        return call.reply.error("ERR MIGRATE is not possible here: nothing can wait for it");
    };
    let host = str::from_utf8(call.arg(1)).ok().filter(|name| !name.is_empty());
    let port = parse_i64(call.arg(2)).and_then(|port| u16::try_from(port).ok());
    let (Some(host), Some(port)) = (host, port.filter(|port| *port > 0)) else {
        return call.reply.error("IOERR error or timeout connecting to the client");
    };
    let to = Target::new(host, port);
    let task = Task {
        client,
        keys,
        due: VecDeque::new(),
        arrived: Vec::new(),
        preface: 0,
        answers: 0,
        shut_out: false,
        refusal: None,
        from: ctx.b.store.number(),
        database,
        copies: options.copies,
        replaces: options.replaces,
        auth: options.auth,
        timeout_ms,
    };
    migrate::start(ctx, to, task);
    call.outcome = Outcome::Blocked;
}

/// Reads the options; refuses what makes no sense.
fn options<'a>(call: &mut Call<'a>) -> Option<Options<'a>> {
    let mut options = Options::default();
    let mut rest = call.args.get(6..).unwrap_or_default();
    while let [word, more @ ..] = rest {
        rest = more;
        match more {
            _ if same(word, "COPY") => options.copies = true,
            _ if same(word, "REPLACE") => options.replaces = true,
            [password, after @ ..] if same(word, "AUTH") => {
                options.auth = Some(alloc::vec![b"AUTH".to_vec(), password.to_vec()]);
                rest = after;
            }
            [user, password, after @ ..] if same(word, "AUTH2") => {
                options.auth =
                    Some(alloc::vec![b"AUTH".to_vec(), user.to_vec(), password.to_vec()]);
                rest = after;
            }
            keys if same(word, "KEYS") => {
                if !call.arg(3).is_empty() {
                    call.reply.error(
                        "ERR When using MIGRATE KEYS option, the key argument must be set to the \
                         empty string",
                    );
                    return None;
                }
                options.keys = Some(keys);
                rest = &[];
            }
            _ => {
                call.syntax_error();
                return None;
            }
        }
    }
    Some(options)
}
