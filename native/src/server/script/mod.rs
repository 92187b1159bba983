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
    any::Any,
    cell::{Cell, RefCell},
    panic::{self, AssertUnwindSafe},
    rc::Rc,
    time::{Duration, Instant},
};

use mlua::{
    ChunkMode, FromLuaMulti, Function, HookTriggers, IntoLuaMulti, Lua, MultiValue, Table, Value,
    VmState,
};
use slotscope_core::{
    io::Level,
    resp::{Protocol, ReplyBuf},
    script::{Ended, Script, ScriptEngine, ScriptHost, Sha},
};

use self::{failure::Raised, number::Random};
use super::busy;

/// Instructions between two looks at the clock, as many as in Redis.
const LOOK_EVERY: u32 = 100_000;
/// Between two times at which others are answered: they are not to notice it, and a thousand of
/// them are not to cost the script much.
const ANSWER_EVERY: Duration = Duration::from_millis(5);

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
    /// Compiled scripts by their SHA-1. A table of Lua, which may have any number of them.
    known: Table,
    globals: globals::Globals,
    run: Rc<Run>,
}

/// What concerns the run that is under way.
#[derive(Debug, Default)]
struct Run {
    /// The syntax of replies that the script has asked for.
    protocol: Cell<Protocol>,
    /// When others are to be answered next, because it runs for too long.
    busy_at: Cell<Option<Instant>>,
    /// It is to end.
    is_killed: Cell<bool>,
    /// See [`Errand`].
    errands: RefCell<Option<Function>>,
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
        let known = lua.create_table()?;
        let state = Self { lua, known, globals, run };
        state.watch(HookTriggers::new().every_nth_instruction(LOOK_EVERY))?;
        Ok(state)
    }

    /// Looks at the clock now and then, and answers for others once it is time. When the script is
    /// to end it is told so at every line: it may have caught the first error.
    fn watch(&self, when: HookTriggers) -> mlua::Result<()> {
        let run = Rc::clone(&self.run);
        self.lua.set_global_hook(when, move |lua, _| {
            if run.is_killed.get() {
                return Err(Raised::killed());
            }
            let now = Instant::now();
            if run.busy_at.get().is_none_or(|at| now < at) {
                return Ok(VmState::Continue);
            }
            run.busy_at.set(Some(now + ANSWER_EVERY));
            if !run.ask::<bool>(Errand::Answer, MultiValue::new())? {
                return Ok(VmState::Continue);
            }
            run.is_killed.set(true);
            let again = Rc::clone(&run);
            lua.set_global_hook(HookTriggers::EVERY_LINE, move |_, _| {
                if again.is_killed.get() { Err(Raised::killed()) } else { Ok(VmState::Continue) }
            })?;
            Err(Raised::killed())
        })
    }

    fn compiled(&mut self, sha: &Sha, body: &[u8]) -> Result<Function, String> {
        let name = sha.as_bytes();
        let name = self.lua.create_string(name).map_err(|error| error.to_string())?;
        if let Ok(Some(known)) = self.known.raw_get::<Option<Function>>(&name) {
            return Ok(known);
        }
        let chunk = self.lua.load(body).set_name("@user_script").set_mode(ChunkMode::Text);
        let chunk = chunk.set_environment(self.globals.shown.clone());
        let function = chunk.into_function().map_err(|error| match error {
            mlua::Error::SyntaxError { message, .. } => message,
            other => other.to_string(),
        })?;
        self.known.raw_set(name, &function).map_err(|error| error.to_string())?;
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
        let started = Instant::now();
        let limit = Duration::from_millis(script.limit_ms);
        self.run.busy_at.set((script.limit_ms > 0).then(|| started + limit));
        self.run.is_killed.set(false);
        self.run.protocol.set(Protocol::Resp2);
        let (host, is_slow) = (RefCell::new(host), Cell::new(false));
        let ended = lua.scope(|scope| {
            let (host, run, is_slow) = (&host, &self.run, &is_slow);
            for (name, raises) in [("call", true), ("pcall", false)] {
                let call = scope.create_function(move |lua: &Lua, words: MultiValue| {
                    api::call(lua, run, host, &words, raises)
                })?;
                globals.redis.raw_set(name, call)?;
            }
            let errands = scope.create_function(move |lua: &Lua, mut words: MultiValue| {
                let errand = words.pop_front();
                match Errand::of(errand.as_ref()) {
                    Errand::Log => api::log(lua, host, &words).map(|()| Value::Nil),
                    Errand::May => api::may(host, &words).map(Value::Boolean),
                    Errand::Answer => {
                        let mut host = host.borrow_mut();
                        if !is_slow.replace(true) {
                            let ms = started.elapsed().as_millis();
                            let line = format!(
                                "Slow script detected: still in execution after {ms} milliseconds. \
                                 You can try killing the script using the SCRIPT KILL command. \
                                 Script name is: {}.",
                                script.sha
                            );
                            host.log(Level::Warning, line.as_bytes());
                        }
                        let is_killed = busy::answer(&mut |id, words| host.meet(id, words));
                        if is_killed {
                            let line = b"Lua script killed by user with SCRIPT KILL.";
                            host.log(Level::Warning, line);
                        }
                        Ok(Value::Boolean(is_killed))
                    }
                }
            })?;
            run.errands.replace(Some(errands));
            globals.guarded_call.call::<(bool, Value)>((function, &globals.handler))
        });
        globals.tidy()?;
        self.run.errands.replace(None);
        self.run.busy_at.set(None);
        if self.run.is_killed.replace(false) {
            self.watch(HookTriggers::new().every_nth_instruction(LOOK_EVERY))?;
        }
        ended
    }
}

impl Run {
    /// Lets the function of this run that has the server do something.
    fn ask<T: FromLuaMulti>(&self, errand: Errand, mut words: MultiValue) -> mlua::Result<T> {
        let errands = self.errands.borrow().clone();
        let errands = errands.ok_or_else(|| Raised::command("ERR no script is running"))?;
        words.push_front(Value::Integer(errand.number()));
        errands.call(words)
    }
}

/// What a script asks its server for now and then: one function does all of it, because each costs
/// something at the beginning of every run.
#[derive(Clone, Copy, Debug)]
enum Errand {
    Log,
    May,
    Answer,
}

impl Errand {
    const fn number(self) -> i64 {
        match self {
            Self::Log => 0,
            Self::May => 1,
            Self::Answer => 2,
        }
    }

    fn of(value: Option<&Value>) -> Self {
        match value {
            Some(Value::Integer(0)) => Self::Log,
            Some(Value::Integer(1)) => Self::May,
            _ => Self::Answer,
        }
    }
}

/// Whether a panic says that a script has handed more values over at once (8,000) than Lua 5.1 can
/// lend. That is a matter of the script, found before anything was done with them; the library
/// knows no other way to say so.
pub(super) fn is_lack_of_room(problem: &(dyn Any + Send)) -> bool {
    let text = problem.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| problem.downcast_ref::<&str>().copied());
    text.is_some_and(|text| text.contains("out of auxiliary stack space"))
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
        let mark = reply.len();
        let mut run = || {
            Self::with(|state| {
                let function = state.compiled(script.sha, script.body)?;
                match state.run(&function, script, host) {
                    Ok((true, value)) => {
                        Ok(convert::to_reply(&value, state.run.protocol.get(), reply))
                    }
                    Ok((false, value)) => Ok(failure::to_reply(&value, Some(script.sha), reply)),
                    Err(error) => Err(error.to_string()),
                }
            })
        };
        let ended = panic::catch_unwind(AssertUnwindSafe(&mut run)).unwrap_or_else(|problem| {
            if !is_lack_of_room(&*problem) {
                panic::resume_unwind(problem);
            }
            // What it left behind is of no use to anybody.
            reply.truncate(mark);
            self.forget();
            Ok(Err("too many values at once".into()))
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
