//! What goes wrong in a script: how it is raised from Rust, and what the client reads of it.
//!
//! To Lua an error of a command is a table with the field `err`, and an error of a library is a
//! text that begins with the place. A function in Rust can raise neither by itself, so it raises a
//! [`Raised`], and whoever in Lua gets to see errors (`pcall`, `xpcall`, `coroutine.resume`, the
//! handler) is given what it stands for.

use std::{error::Error, fmt};

use mlua::{Lua, MultiValue, Table, Value};
use slotscope_core::{
    resp::ReplyBuf,
    script::{Ended, Sha},
};

use super::convert;

/// Chunks of our own, which scripts are not told of.
pub(super) const OWN: &str = "=redis";

/// An error on its way from Rust to Lua.
#[derive(Clone, Debug)]
pub(super) enum Raised {
    /// A table with `err`; the second says whether the server has counted it already.
    Command(Vec<u8>, Counted),
    /// A text.
    Text(Vec<u8>),
}

/// Whether an error is in the statistics already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// It came from a command.
    Yes,
    /// It came from here.
    No,
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Command(text, _) | Self::Text(text)) = self;
        f.write_str(&String::from_utf8_lossy(text))
    }
}

impl Error for Raised {}

impl Raised {
    /// An error of the table `redis`: a table with `err`.
    pub(super) fn command(text: &str) -> mlua::Error {
        mlua::Error::external(Self::Command(text.as_bytes().to_vec(), Counted::No))
    }

    /// A text behind the place of whoever called the running function.
    pub(super) fn here(lua: &Lua, text: impl AsRef<[u8]>) -> mlua::Error {
        let mut whole = place(lua, 1).into_bytes();
        whole.extend_from_slice(text.as_ref());
        mlua::Error::external(Self::Text(whole))
    }

    /// A text without a place.
    pub(super) fn nowhere(text: &str) -> mlua::Error {
        mlua::Error::external(Self::Text(text.as_bytes().to_vec()))
    }

    /// A function was given what it cannot take.
    pub(super) fn argument(lua: &Lua, at: usize, name: &str, why: &str) -> mlua::Error {
        Self::here(lua, format!("bad argument #{at} to '{name}' ({why})"))
    }

    /// Somebody has said SCRIPT KILL.
    pub(super) fn killed() -> mlua::Error {
        Self::command("ERR Script killed by user with SCRIPT KILL...")
    }

    fn in_error(error: &mlua::Error) -> Self {
        match error {
            mlua::Error::CallbackError { cause, .. } => Self::in_error(cause),
            other => match other.downcast_ref::<Self>() {
                Some(raised) => raised.clone(),
                None => Self::Text(other.to_string().into_bytes()),
            },
        }
    }

    /// What it stands for in Lua.
    pub(super) fn to_lua(&self, lua: &Lua) -> mlua::Result<Value> {
        match self {
            Self::Text(text) => lua.create_string(text).map(Value::String),
            Self::Command(text, counted) => {
                let table = lua.create_table()?;
                table.raw_set("err", lua.create_string(text)?)?;
                if *counted == Counted::Yes {
                    table.raw_set("ignore_error_stats_update", true)?;
                }
                Ok(Value::Table(table))
            }
        }
    }
}

/// `short_src:line:` of a level of the stack, as `luaL_where` writes it.
fn place(lua: &Lua, level: usize) -> String {
    lua.inspect_stack(level, |at| {
        let source = at.source().short_src.map(String::from).unwrap_or_default();
        at.current_line().map(|line| format!("{source}:{line}: "))
    })
    .flatten()
    .unwrap_or_default()
}

/// An error as Lua is to see it: what was raised in Rust is translated.
pub(super) fn seen(lua: &Lua, error: Value) -> mlua::Result<Value> {
    match error {
        Value::Error(error) => Raised::in_error(&error).to_lua(lua),
        other => Ok(other),
    }
}

/// The same for `pcall`, which hands out the text of an error of a command, as it did before Redis
/// had tables for them.
pub(super) fn plain(lua: &Lua, error: Value) -> mlua::Result<Value> {
    match seen(lua, error)? {
        Value::Table(table) => match table.raw_get::<Value>("err")? {
            text @ (Value::String(_) | Value::Integer(_) | Value::Number(_)) => Ok(text),
            _ => Ok(Value::Table(table)),
        },
        other => Ok(other),
    }
}

/// Notes in an error where it happened; the script ends with it.
pub(super) fn handle(lua: &Lua, error: Value) -> mlua::Result<Value> {
    let mut level = 1;
    let look = |level| {
        lua.inspect_stack(level, |at| {
            let source = at.source();
            let name = source.source.map(String::from).unwrap_or_default();
            (source.what == "C", name, at.current_line())
        })
    };
    let mut found = look(level);
    // Whoever calls what is not written in Lua is meant.
    while let Some((is_foreign, name, _)) = &found
        && (*is_foreign && level == 1 || name == OWN)
    {
        level += 1;
        found = look(level);
    }
    let table = match seen(lua, error)? {
        Value::Table(table) => table,
        other => {
            let mut text = b"ERR ".to_vec();
            text.extend_from_slice(&shown(lua, other)?);
            let table = lua.create_table()?;
            table.raw_set("err", lua.create_string(text)?)?;
            table
        }
    };
    if let Some((_, source, line)) = found {
        table.raw_set("source", source)?;
        table.raw_set("line", line.map_or(-1, |line| i64::try_from(line).unwrap_or(-1)))?;
    }
    Ok(Value::Table(table))
}

/// `tostring`
fn shown(lua: &Lua, value: Value) -> mlua::Result<Vec<u8>> {
    match value {
        Value::Nil => Ok(b"nil".to_vec()),
        Value::Boolean(value) => Ok(value.to_string().into_bytes()),
        other => match lua.coerce_string(other.clone())? {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => Ok(other.to_string().unwrap_or_default().into_bytes()),
        },
    }
}

/// Writes the error that ended a script, or that it returned; `sha` says which one has ended.
pub(super) fn to_reply(value: &Value, sha: Option<&Sha>, reply: &mut ReplyBuf) -> Ended {
    let Value::Table(table) = value else {
        convert::error(reply, &[b"ERR Error running script: execution failure"]);
        return Ended::Plainly;
    };
    let text = field(table, "err").unwrap_or_else(|| b"ERR unknown error".to_vec());
    let place = match (sha, field(table, "source"), field(table, "line")) {
        (Some(sha), Some(source), Some(line)) => {
            let mut place = format!(" script: {sha}, on ").into_bytes();
            place.extend_from_slice(&source);
            place.push(b':');
            place.extend_from_slice(&line);
            place.push(b'.');
            place
        }
        _ => Vec::new(),
    };
    convert::error(reply, &[&text, &place]);
    match table.raw_get::<Value>("ignore_error_stats_update") {
        Ok(Value::Boolean(true)) => Ended::WithCountedError,
        _ => Ended::Plainly,
    }
}

/// A field that is a text or a number.
fn field(table: &Table, name: &str) -> Option<Vec<u8>> {
    match table.raw_get::<Value>(name).ok()? {
        Value::String(text) => Some(text.as_bytes().to_vec()),
        number => super::number::of(&number).map(|n| super::number::general(n, 14).into_bytes()),
    }
}

/// The first of the arguments of a function.
pub(super) fn first(args: &MultiValue) -> Value {
    args.front().cloned().unwrap_or_default()
}
