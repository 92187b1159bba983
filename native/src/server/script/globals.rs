//! The environment of scripts: what they find, and that they cannot change it.
//!
//! A script sees an empty table in front of the real one, which answers for it and refuses what is
//! written to it; the same holds for each library. So nothing stays of a script when it has ended,
//! and two scripts cannot talk to each other but through keys.
//!
//! Spec: Redis 7.0 documentation, "Redis Lua API reference", "Sandbox context and runtime
//! libraries".

use std::rc::Rc;

use mlua::{Function, Lua, LuaOptions, MultiValue, StdLib, Table, Value};

use super::{
    Run, api, bits,
    failure::{self, Raised, first},
    function, json, msgpack,
    number::{self, Random},
    structs,
};

/// Functions of Lua that scripts get as they are; what can open files or print is not among them.
const PLAIN: [&str; 12] = [
    "assert",
    "error",
    "gcinfo",
    "getmetatable",
    "ipairs",
    "next",
    "pairs",
    "rawequal",
    "rawget",
    "select",
    "tonumber",
    "tostring",
];
const REST: [&str; 3] = ["type", "unpack", "_VERSION"];

/// What scripts find.
#[derive(Debug)]
pub(super) struct Globals {
    /// What they see: empty.
    pub shown: Table,
    /// What answers for it.
    pub real: Table,
    /// What is empty in front of something else.
    fronts: Vec<Table>,
    /// What answers for `redis`.
    pub redis: Table,
    /// `xpcall` as Lua has it.
    pub guarded_call: Function,
    /// What notes where an error happened.
    pub handler: Function,
}

/// Lua with those of its libraries that are harmless.
pub(super) fn interpreter() -> mlua::Result<Lua> {
    let libraries = StdLib::STRING | StdLib::TABLE | StdLib::MATH;
    // This keeps `pcall` and `xpcall` as Lua has them: others would stand between an error and its
    // place. A panic ends the process, but for one: see `super::is_lack_of_room`.
    Lua::new_with(libraries, LuaOptions::new().catch_rust_panics(true))
}

impl Globals {
    pub(super) fn new(lua: &Lua, run: &Rc<Run>) -> mlua::Result<Self> {
        let given = lua.globals();
        let guard = Rc::new(Guard::new(lua)?);
        let shown = lua.create_table()?;
        let real = lua.create_table()?;
        for name in PLAIN.into_iter().chain(REST) {
            real.raw_set(name, given.raw_get::<Value>(name)?)?;
        }
        let coroutine: Table = given.raw_get("coroutine")?;
        narrow(lua, &given, &real, &coroutine, &shown)?;
        let math: Table = given.raw_get("math")?;
        draw_as_redis_does(lua, &math, run)?;
        let redis = api::table(lua, run)?;
        let mut fronts = vec![shown.clone(), guard.sealed.clone()];
        for (name, library) in [
            ("redis", redis.clone()),
            ("string", given.raw_get("string")?),
            ("table", given.raw_get("table")?),
            ("math", math),
            ("coroutine", coroutine),
            ("bit", bits::table(lua)?),
            ("cjson", json::table(lua)?),
            ("cmsgpack", msgpack::table(lua)?),
            ("struct", structs::table(lua)?),
        ] {
            let front = lua.create_table()?;
            guard.put_before(lua, &front, &library)?;
            real.raw_set(name, &front)?;
            fronts.push(front);
        }
        real.raw_set("_G", &shown)?;
        let missing = lua.create_table()?;
        missing.raw_set("__index", function(lua, refuse_missing)?)?;
        real.set_metatable(Some(missing))?;
        guard.put_before(lua, &shown, &real)?;
        guard.keep_from(lua, &real)?;
        // Texts share one metatable, which would outlive a script that changes it.
        if let Some(of_texts) = lua.type_metatable::<mlua::String>() {
            of_texts.raw_set("__metatable", &guard.sealed)?;
        }
        lua.set_globals(shown.clone())?;
        let handler = lua.create_function(|lua, error: Value| failure::handle(lua, error))?;
        Ok(Self { shown, real, fronts, redis, guarded_call: given.raw_get("xpcall")?, handler })
    }
}

impl Globals {
    /// A script has ended. `table.insert` asks nobody, so it can leave something in a table that is to
    /// stay empty.
    pub(super) fn tidy(&self) -> mlua::Result<()> {
        self.fronts.iter().filter(|front| !front.is_empty()).try_for_each(Table::clear)
    }
}

/// Puts functions in the place of those that would show too much or take too much.
fn narrow(
    lua: &Lua,
    given: &Table,
    real: &Table,
    coroutine: &Table,
    shown: &Table,
) -> mlua::Result<()> {
    let (text, table): (Table, Table) = (given.raw_get("string")?, given.raw_get("table")?);
    let originals: [Value; 10] = [
        given.raw_get("pcall")?,
        given.raw_get("xpcall")?,
        coroutine.raw_get("resume")?,
        given.raw_get("loadstring")?,
        Value::Function(lua.create_function(|lua, error: Value| failure::plain(lua, error))?),
        Value::Function(lua.create_function(|lua, error: Value| failure::seen(lua, error))?),
        text.raw_get("byte")?,
        table.raw_get("concat")?,
        given.raw_get("type")?,
        given.raw_get("collectgarbage")?,
    ];
    let chunk = lua.load(include_str!("prelude.lua")).set_name(failure::OWN);
    let chunk = chunk.set_environment(shown.clone());
    let made: Table = chunk.call(MultiValue::from_iter(originals))?;
    for name in ["pcall", "xpcall", "loadstring", "load", "collectgarbage"] {
        real.raw_set(name, made.raw_get::<Value>(name)?)?;
    }
    coroutine.raw_set("resume", made.raw_get::<Value>("resume")?)
}

/// Reading a global that is not there is an error: it is a word mistyped, mostly.
fn refuse_missing(lua: &Lua, args: &MultiValue) -> mlua::Result<Value> {
    let name = match args.get(1) {
        Some(name @ (Value::String(_) | Value::Integer(_) | Value::Number(_))) => {
            lua.coerce_string(name.clone())?
        }
        _ => None,
    };
    Err(match name {
        Some(name) => {
            let mut text = b"Script attempted to access nonexistent global variable '".to_vec();
            text.extend_from_slice(&name.as_bytes());
            text.push(b'\'');
            Raised::here(lua, text)
        }
        None => Raised::here(
            lua,
            "Second argument to luaProtectedTableError must be a string or number",
        ),
    })
}

const READ_ONLY: &str = "Attempt to modify a readonly table";

/// Keeps tables as they are.
struct Guard {
    /// What refuses to be written.
    refuse: Function,
    /// What is shown for the metatable of a table that cannot be changed: one of the same kind.
    sealed: Table,
    /// The tables, as keys: they live as long as the interpreter.
    kept: Table,
}

impl Guard {
    fn new(lua: &Lua) -> mlua::Result<Self> {
        let refuse = lua.create_function(|lua, _: MultiValue| -> mlua::Result<()> {
            Err(Raised::here(lua, READ_ONLY))
        })?;
        let guard = Self { refuse, sealed: lua.create_table()?, kept: lua.create_table()? };
        let nothing = lua.create_table()?;
        guard.put_before(lua, &guard.sealed, &nothing)?;
        Ok(guard)
    }

    /// Lets `front`, which is empty, show what is in `real` and refuse to be changed.
    fn put_before(&self, lua: &Lua, front: &Table, real: &Table) -> mlua::Result<()> {
        let manners = lua.create_table()?;
        manners.raw_set("__index", real)?;
        manners.raw_set("__newindex", &self.refuse)?;
        manners.raw_set("__metatable", &self.sealed)?;
        front.set_metatable(Some(manners))?;
        self.kept.raw_set(front, true)
    }

    /// Functions that would get around it.
    fn keep_from(self: &Rc<Self>, lua: &Lua, real: &Table) -> mlua::Result<()> {
        let guard = Rc::clone(self);
        let rawset = lua.create_function(move |lua, args: MultiValue| {
            let mut args = args.into_iter();
            let (table, key, value) = (args.next(), args.next(), args.next());
            let Some(Value::Table(table)) = table else {
                let got = table.map_or("no value", |value| value.type_name());
                let why = format!("table expected, got {got}");
                return Err(Raised::argument(lua, 1, "rawset", &why));
            };
            guard.check(&table)?;
            let key = key.unwrap_or_default();
            // Lua's own error would not come through here whole.
            match &key {
                Value::Nil => return Err(Raised::nowhere("table index is nil")),
                Value::Number(n) if n.is_nan() => {
                    return Err(Raised::nowhere("table index is NaN"));
                }
                _ => table.raw_set(key, value.unwrap_or_default())?,
            }
            Ok(table)
        })?;
        real.raw_set("rawset", rawset)?;
        let guard = Rc::clone(self);
        let setmetatable = lua.create_function(move |lua, args: MultiValue| {
            let mut args = args.into_iter();
            let (table, manners) = (args.next(), args.next());
            let Some(Value::Table(table)) = table else {
                let got = table.map_or("no value", |value| value.type_name());
                let why = format!("table expected, got {got}");
                return Err(Raised::argument(lua, 1, "setmetatable", &why));
            };
            let manners = match manners {
                Some(Value::Nil) => None,
                Some(Value::Table(manners)) => Some(manners),
                _ => {
                    let why = "nil or table expected";
                    return Err(Raised::argument(lua, 2, "setmetatable", why));
                }
            };
            guard.check(&table)?;
            let old = table.metatable();
            if old.is_some_and(|old| old.contains_key("__metatable").unwrap_or(true)) {
                return Err(Raised::here(lua, "cannot change a protected metatable"));
            }
            table.set_metatable(manners)?;
            Ok(table)
        })?;
        real.raw_set("setmetatable", setmetatable)
    }

    fn check(&self, table: &Table) -> mlua::Result<()> {
        match self.kept.raw_get::<Value>(table)? {
            Value::Nil => Ok(()),
            _ => Err(Raised::nowhere(READ_ONLY)),
        }
    }
}

/// `math.random` and `math.randomseed` with numbers that are the same everywhere.
fn draw_as_redis_does(lua: &Lua, math: &Table, run: &Rc<Run>) -> mlua::Result<()> {
    let limit = |lua: &Lua, args: &MultiValue, at: usize, name: &str| {
        let value = args.get(at).cloned().unwrap_or_default();
        number::coerced(&value).map(f64::trunc).ok_or_else(|| {
            let got = if args.len() > at { value.type_name() } else { "no value" };
            Raised::argument(lua, at + 1, name, &format!("number expected, got {got}"))
        })
    };
    let drawn = Rc::clone(run);
    let random = lua.create_function(move |lua, args: MultiValue| {
        let (next, bits) = drawn.random.get().next();
        drawn.random.set(next);
        let part = |n: u64| f64::from(u32::try_from(n).unwrap_or(0));
        let drawn = part(bits % Random::END) / part(Random::END);
        match args.len() {
            0 => Ok(drawn),
            1 => {
                let most = limit(lua, &args, 0, "random")?;
                if most < 1.0 {
                    return Err(Raised::argument(lua, 1, "random", "interval is empty"));
                }
                Ok((drawn * most).floor() + 1.0)
            }
            2 => {
                let least = limit(lua, &args, 0, "random")?;
                let most = limit(lua, &args, 1, "random")?;
                if least > most {
                    return Err(Raised::argument(lua, 2, "random", "interval is empty"));
                }
                Ok((drawn * (most - least + 1.0)).floor() + least)
            }
            _ => Err(Raised::here(lua, "wrong number of arguments")),
        }
    })?;
    math.raw_set("random", random)?;
    let seeded = Rc::clone(run);
    let seed = lua.create_function(move |lua, args: MultiValue| {
        let value = number::coerced(&first(&args));
        let value = value.ok_or_else(|| {
            let why = format!("number expected, got {}", first(&args).type_name());
            Raised::argument(lua, 1, "randomseed", &why)
        })?;
        seeded.random.set(Random::seeded(number::truncated(value)));
        Ok(())
    })?;
    math.raw_set("randomseed", seed)
}
