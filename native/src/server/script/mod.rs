//! Scripts in Lua 5.1, as Redis 7.0 runs them: the interpreter that the node is lent.
//!
//! What a script may do to the server is decided in core, through [`ScriptHost`]; here is what it
//! finds around itself: `globals` makes the environment that it cannot change, `api` the table
//! `redis`, `convert` goes from RESP to Lua and back, `failure` says where something went wrong.
//! `json`, `msgpack`, `structs` and `bits` are the libraries that Redis adds to those of Lua.
//!
//! Each run gets functions of its own for whatever reaches the server. They end with the run, so
//! that nothing that a script has kept can touch the node later.
//!
//! Spec: Redis 7.0 documentation, "Redis Lua API reference"; Lua 5.1 Reference Manual.
//! Differs from Redis: tables that cannot be changed are empty ones in front of others, so `pairs`
//! and `rawget` find nothing in them. `redis.set_repl` is accepted and changes nothing: what a
//! script writes always reaches the replicas.

mod api;
mod bits;
mod convert;
mod failure;
mod globals;
mod json;
mod msgpack;
mod number;
mod structs;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::{Duration, Instant},
};

use mlua::{
    ChunkMode, Function, HookTriggers, IntoLuaMulti, Lua, MultiValue, Table, Value, VmState,
};
use slotscope_core::{
    resp::{Protocol, ReplyBuf},
    script::{Ended, Script, ScriptEngine, ScriptHost, Sha},
};

use self::{failure::Raised, number::Random};

/// Instructions between two looks at the clock, as many as in Redis.
const LOOK_EVERY: u32 = 100_000;

thread_local! {
    /// The interpreter of the thread that drives the node. It cannot leave that thread, and a node
    /// can, in principle: so the node is lent a handle.
    static INTERPRETER: RefCell<Option<State>> = const { RefCell::new(None) };
}

/// A handle on the interpreter of this thread.
#[derive(Debug)]
pub(super) struct Engine;

/// Everything that `SCRIPT FLUSH` throws away.
#[derive(Debug)]
struct State {
    lua: Lua,
    known: BTreeMap<Sha, Function>,
    globals: globals::Globals,
    run: Rc<Run>,
}

/// What concerns the run that is under way.
#[derive(Debug, Default)]
struct Run {
    /// The syntax of replies that the script has asked for.
    protocol: Cell<Protocol>,
    /// When it has to end if it has written nothing.
    until: Cell<Option<Instant>>,
    /// It has written: it has to come to its own end.
    has_written: Cell<bool>,
    /// What `math.random` draws from; it goes on from run to run.
    random: Cell<Random>,
}

impl Engine {
    /// A fresh interpreter.
    ///
    /// # Errors
    /// There is not enough memory for one.
    pub(super) fn new() -> mlua::Result<Self> {
        let state = State::new()?;
        INTERPRETER.with(|place| place.replace(Some(state)));
        Ok(Self)
    }

    /// Does something with the interpreter of this thread.
    fn with<T>(use_it: impl FnOnce(&mut State) -> T) -> Result<T, String> {
        INTERPRETER.with(|place| {
            let mut place = place.try_borrow_mut().map_err(|error| error.to_string())?;
            match &mut *place {
                Some(state) => Ok(use_it(state)),
                None => Err("this thread has no interpreter".into()),
            }
        })
    }
}

impl State {
    fn new() -> mlua::Result<Self> {
        let run = Rc::new(Run::default());
        let lua = globals::interpreter()?;
        let globals = globals::Globals::new(&lua, &run)?;
        let state = Self { lua, known: BTreeMap::new(), globals, run };
        state.watch(HookTriggers::new().every_nth_instruction(LOOK_EVERY))?;
        Ok(state)
    }

    /// Looks at the clock now and then. Once a script is overdue the look is taken at every line: it
    /// may have caught the first error.
    fn watch(&self, when: HookTriggers) -> mlua::Result<()> {
        let run = Rc::clone(&self.run);
        self.lua.set_global_hook(when, move |_, _| {
            let is_overdue = !run.has_written.get()
                && run.until.get().is_some_and(|until| Instant::now() >= until);
            if is_overdue { Err(Raised::overdue()) } else { Ok(VmState::Continue) }
        })
    }

    fn compiled(&mut self, sha: &Sha, body: &[u8]) -> Result<Function, String> {
        if let Some(known) = self.known.get(sha) {
            return Ok(known.clone());
        }
        let chunk = self.lua.load(body).set_name("@user_script").set_mode(ChunkMode::Text);
        let chunk = chunk.set_environment(self.globals.shown.clone());
        let function = chunk.into_function().map_err(|error| match error {
            mlua::Error::SyntaxError { message, .. } => message,
            other => other.to_string(),
        })?;
        self.known.insert(*sha, function.clone());
        Ok(function)
    }

    fn run(
        &self,
        function: &Function,
        script: &Script<'_>,
        host: &mut dyn ScriptHost,
    ) -> mlua::Result<(bool, Value)> {
        let (lua, globals) = (&self.lua, &self.globals);
        let list = |words: &[&[u8]]| -> mlua::Result<Table> {
            let table = lua.create_table_with_capacity(words.len(), 0)?;
            for word in words {
                table.raw_push(lua.create_string(word)?)?;
            }
            Ok(table)
        };
        globals.real.raw_set("KEYS", list(script.keys)?)?;
        globals.real.raw_set("ARGV", list(script.args)?)?;
        let limit = Duration::from_millis(script.limit_ms);
        self.run.until.set((script.limit_ms > 0).then(|| Instant::now() + limit));
        self.run.has_written.set(false);
        self.run.protocol.set(Protocol::Resp2);
        let host = RefCell::new(host);
        let ended = lua.scope(|scope| {
            let (host, run) = (&host, &self.run);
            let redis = &globals.redis;
            for (name, raises) in [("call", true), ("pcall", false)] {
                let call = scope.create_function(move |lua: &Lua, words: MultiValue| {
                    api::call(lua, run, host, &words, raises)
                })?;
                redis.raw_set(name, call)?;
            }
            let log = scope
                .create_function(move |lua: &Lua, words: MultiValue| api::log(lua, host, &words))?;
            redis.raw_set("log", log)?;
            let may = scope
                .create_function(move |lua: &Lua, words: MultiValue| api::may(lua, host, &words))?;
            redis.raw_set("acl_check_cmd", may)?;
            globals.guarded_call.call::<(bool, Value)>((function, &globals.handler))
        });
        self.run.until.set(None);
        ended
    }
}

/// A function of Lua that takes whatever it is given.
fn function<R: IntoLuaMulti + 'static>(
    lua: &Lua,
    body: fn(&Lua, &MultiValue) -> mlua::Result<R>,
) -> mlua::Result<Function> {
    lua.create_function(move |lua, args: MultiValue| body(lua, &args))
}

impl ScriptEngine for Engine {
    fn check(&mut self, sha: &Sha, body: &[u8]) -> Result<(), String> {
        Self::with(|state| state.compiled(sha, body).map(|_| ()))?
    }

    fn run(
        &mut self,
        script: &Script<'_>,
        host: &mut dyn ScriptHost,
        reply: &mut ReplyBuf,
    ) -> Ended {
        let ended = Self::with(|state| {
            let function = state.compiled(script.sha, script.body)?;
            match state.run(&function, script, host) {
                Ok((true, value)) => Ok(convert::to_reply(&value, state.run.protocol.get(), reply)),
                Ok((false, value)) => Ok(failure::to_reply(&value, Some(script.sha), reply)),
                Err(error) => Err(error.to_string()),
            }
        });
        ended.flatten().unwrap_or_else(|text| {
            convert::error(reply, &[b"ERR Error running script: ", text.as_bytes()]);
            Ended::Plainly
        })
    }

    fn forget(&mut self) {
        // Without memory for a new one the old one stays, and works.
        if let Ok(state) = State::new() {
            INTERPRETER.with(|place| place.replace(Some(state)));
        }
    }

    fn memory(&self) -> u64 {
        let bytes = Self::with(|state| state.lua.used_memory()).unwrap_or(0);
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}
