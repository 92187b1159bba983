//! The table `redis`: what a script says to its server.
//!
//! Spec: Redis 7.0 documentation, "Redis Lua API reference", "The redis object".

use std::{cell::RefCell, rc::Rc};

use mlua::{BorrowedBytes, Lua, MultiValue, Table, Value};
use slotscope_core::{
    io::Level,
    resp::Protocol,
    script::{ScriptHost, Sha},
};

use super::{
    Errand, Run, convert,
    failure::{Counted, Raised, first},
    function, number,
};

/// The version whose manners these are.
const VERSION: (&str, u32) = ("7.0.15", 0x0007_000F);

/// The node, for as long as a script runs.
pub(super) type Host<'h> = RefCell<&'h mut dyn ScriptHost>;

/// One argument of a command.
enum Word<'v> {
    Text(BorrowedBytes<'v>),
    Number(String),
}

/// The arguments of a command, or why there are none.
fn words(args: &MultiValue) -> Result<Vec<Word<'_>>, &'static str> {
    if args.is_empty() {
        return Err("ERR Please specify at least one argument for this redis lib call");
    }
    args.iter()
        .map(|arg| match arg {
            Value::String(text) => Some(Word::Text(text.as_bytes())),
            other => number::as_argument(other).map(Word::Number),
        })
        .collect::<Option<_>>()
        .ok_or("ERR Lua redis lib command arguments must be strings or integers")
}

fn slices<'w>(words: &'w [Word<'_>]) -> Vec<&'w [u8]> {
    words
        .iter()
        .map(|word| match word {
            Word::Text(bytes) => bytes,
            Word::Number(text) => text.as_bytes(),
        })
        .collect()
}

/// `redis.call(command, arg...)`, and `redis.pcall`, which returns an error instead of raising it.
pub(super) fn call(
    lua: &Lua,
    run: &Rc<Run>,
    host: &Host<'_>,
    args: &MultiValue,
    raises: bool,
) -> mlua::Result<Value> {
    let problem = match words(args) {
        Err(text) => Raised::Command(text.into(), Counted::No),
        Ok(words) => {
            let mut host = host.try_borrow_mut().map_err(|_| {
                Raised::command("ERR redis.call is not for functions that a command runs")
            })?;
            let answer = match host.call(&slices(&words), run.protocol.get()) {
                Err(text) => Err(Raised::Command(text.into_bytes(), Counted::Yes)),
                Ok(reply) => match reply.strip_prefix(b"-") {
                    Some(text) if raises => {
                        Err(Raised::Command(convert::coded(text), Counted::Yes))
                    }
                    _ => Ok(convert::to_lua(lua, reply)?),
                },
            };
            match answer {
                Ok(value) => return Ok(value),
                Err(problem) => problem,
            }
        }
    };
    if raises { Err(mlua::Error::external(problem)) } else { problem.to_lua(lua) }
}

/// `redis.acl_check_cmd(command, arg...)`
pub(super) fn may(host: &Host<'_>, args: &MultiValue) -> mlua::Result<bool> {
    let words = words(args).map_err(Raised::command)?;
    let answer = host.borrow_mut().may(&slices(&words));
    answer.ok_or_else(|| Raised::command("ERR Invalid command passed to redis.acl_check_cmd()"))
}

/// `redis.log(level, text...)`
pub(super) fn log(lua: &Lua, host: &Host<'_>, args: &MultiValue) -> mlua::Result<()> {
    if args.len() < 2 {
        return Err(Raised::command("ERR redis.log() requires two arguments or more."));
    }
    let Some(level) = number::coerced(&first(args)) else {
        return Err(Raised::command("ERR First argument must be a number (log level)."));
    };
    let level = match number::truncated(level) {
        0 => Level::Debug,
        1 => Level::Verbose,
        2 => Level::Notice,
        3 => Level::Warning,
        _ => return Err(Raised::command("ERR Invalid debug level.")),
    };
    let mut line = Vec::new();
    for (at, arg) in args.iter().skip(1).enumerate() {
        let is_text = matches!(arg, Value::String(_) | Value::Integer(_) | Value::Number(_));
        if is_text && let Some(text) = lua.coerce_string(arg.clone())? {
            if at > 0 {
                line.push(b' ');
            }
            line.extend_from_slice(&text.as_bytes());
        }
    }
    host.borrow_mut().log(level, &line);
    Ok(())
}

/// The fields that stay from run to run.
pub(super) fn table(lua: &Lua, run: &Rc<Run>) -> mlua::Result<Table> {
    let redis = lua.create_table()?;
    for (name, value) in [
        ("LOG_DEBUG", 0),
        ("LOG_VERBOSE", 1),
        ("LOG_NOTICE", 2),
        ("LOG_WARNING", 3),
        ("REPL_NONE", 0),
        ("REPL_AOF", 1),
        ("REPL_SLAVE", 2),
        ("REPL_REPLICA", 2),
        ("REPL_ALL", 3),
        ("REDIS_VERSION_NUM", VERSION.1),
    ] {
        redis.raw_set(name, value)?;
    }
    redis.raw_set("REDIS_VERSION", VERSION.0)?;
    redis.raw_set("error_reply", function(lua, error_reply)?)?;
    redis.raw_set("status_reply", function(lua, status_reply)?)?;
    redis.raw_set("sha1hex", function(lua, sha1hex)?)?;
    for (name, errand) in [("log", Errand::Log), ("acl_check_cmd", Errand::May)] {
        let run = Rc::clone(run);
        let asked =
            lua.create_function(move |_, args: MultiValue| run.ask::<MultiValue>(errand, args))?;
        redis.raw_set(name, asked)?;
    }
    redis.raw_set("set_repl", function(lua, set_repl)?)?;
    redis.raw_set("replicate_commands", lua.create_function(|_, _: MultiValue| Ok(true))?)?;
    redis.raw_set("breakpoint", lua.create_function(|_, _: MultiValue| Ok(false))?)?;
    redis.raw_set("debug", lua.create_function(|_, _: MultiValue| Ok(()))?)?;
    let run = Rc::clone(run);
    redis.raw_set(
        "setresp",
        lua.create_function(move |_, args: MultiValue| {
            if args.len() != 1 {
                return Err(Raised::command("ERR redis.setresp() requires one argument."));
            }
            match number::truncated(number::coerced(&first(&args)).unwrap_or(0.0)) {
                2 => run.protocol.set(Protocol::Resp2),
                3 => run.protocol.set(Protocol::Resp3),
                _ => return Err(Raised::command("ERR RESP version must be 2 or 3.")),
            }
            Ok(())
        })?,
    )?;
    Ok(redis)
}

/// The one argument of a function that wants one text.
fn sole_text(args: &MultiValue) -> Option<mlua::String> {
    match (args.len(), args.front()) {
        (1, Some(Value::String(text))) => Some(text.clone()),
        _ => None,
    }
}

const WRONG_ARGUMENTS: &str = "ERR wrong number or type of arguments";

fn error_reply(lua: &Lua, args: &MultiValue) -> mlua::Result<Value> {
    let raised = match sole_text(args) {
        Some(text) => {
            let bytes = text.as_bytes();
            let bytes = bytes.strip_prefix(b"-").unwrap_or(&bytes);
            Raised::Command(convert::coded(bytes), Counted::No)
        }
        None => Raised::Command(WRONG_ARGUMENTS.into(), Counted::No),
    };
    raised.to_lua(lua)
}

fn status_reply(lua: &Lua, args: &MultiValue) -> mlua::Result<Value> {
    let Some(text) = sole_text(args) else {
        return Raised::Command(WRONG_ARGUMENTS.into(), Counted::No).to_lua(lua);
    };
    let table = lua.create_table()?;
    table.raw_set("ok", text)?;
    Ok(Value::Table(table))
}

fn sha1hex(lua: &Lua, args: &MultiValue) -> mlua::Result<String> {
    if args.len() != 1 {
        return Err(Raised::command("ERR wrong number of arguments"));
    }
    let text = match first(args) {
        value @ (Value::String(_) | Value::Integer(_) | Value::Number(_)) => {
            lua.coerce_string(value)?
        }
        _ => None,
    };
    Ok(Sha::of(&text.map(|text| text.as_bytes().to_vec()).unwrap_or_default()).to_string())
}

fn set_repl(_: &Lua, args: &MultiValue) -> mlua::Result<()> {
    if args.len() != 1 {
        return Err(Raised::command("ERR redis.set_repl() requires two arguments."));
    }
    let flags = number::truncated(number::coerced(&first(args)).unwrap_or(0.0));
    if !(0..=3).contains(&flags) {
        return Err(Raised::command(
            "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.",
        ));
    }
    Ok(())
}
