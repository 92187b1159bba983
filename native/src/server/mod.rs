//! `slotscope server`: one node on real sockets, until it is told to stop.
//!
//! [`driver`] is the loop around the node; [`listen`], [`client`] and [`link`] feed it from
//! sockets, [`disk`] keeps `nodes.conf`, [`outbound`] is the way out of a socket.

mod busy;
mod client;
mod clock;
mod daemon;
mod disk;
mod driver;
mod link;
mod listen;
mod log;
mod options;
mod outbound;
mod persist;
mod script;

use std::{
    env, fs, panic,
    path::Path,
    process::{self, ExitCode},
    rc::Rc,
    time::Duration,
};

use slotscope_core::{
    Node,
    config::Config,
    io::{Exit, Level, Outbox, Signal},
};
use tokio::{
    net::TcpListener,
    runtime,
    signal::unix::{SignalKind, signal},
    task, time,
};

use self::{
    clock::Clock,
    disk::{NodesFile, OpenError},
    driver::Driver,
    log::{Log, MASTER},
    options::Options,
    persist::{Files, LoadError},
};

use crate::terminal::{complain, say};

/// File descriptors beside those of clients: listeners, links to peers, files.
const RESERVED_FILES: u64 = 4096;

/// What is queued for clients when the process ends gets so long to leave.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// In the form in which scripts look for the version of Redis.
fn version() -> String {
    format!(
        "Redis server v=7.0.15 sha=00000000:0 malloc=libc bits={} build=slotscope-{}",
        usize::BITS,
        env!("CARGO_PKG_VERSION")
    )
}

const USAGE: &str = "\
Usage: redis-server [/path/to/redis.conf] [--directive value...] [-]
       redis-server -               read directives from standard input
       redis-server -v, --version
       redis-server -h, --help

Examples:
       redis-server
       redis-server --port 7000 --cluster-enabled yes
       redis-server ./redis.conf --loglevel verbose
       echo 'maxmemory 128mb' | redis-server --port 7777 -
       redis-server --port 7777 --replicaof 127.0.0.1 8888
       redis-server --port 7000 --cluster-enabled yes --logfile 7000.log --daemonize yes

This is Slotscope, called by the name of redis-server; `slotscope --help` shows the rest of it.";

/// A panic is a mistake of ours: the process ends at once, before it says or writes anything wrong.
/// One of the library that runs scripts is none, see [`script::is_lack_of_room`].
fn end_with_a_panic() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !script::is_lack_of_room(info.payload()) {
            report(info);
            process::abort();
        }
    }));
}

/// Runs a server with the words of its command line.
pub(crate) fn run(args: &[String]) -> ExitCode {
    if let [word] = args {
        let text = match word.as_str() {
            "-v" | "--version" => Some(version()),
            "-h" | "--help" => Some(USAGE.to_owned()),
            _ => None,
        };
        if let Some(text) = text {
            say(&text);
            return ExitCode::SUCCESS;
        }
    }
    end_with_a_panic();
    let options = match options::read(args).and_then(check) {
        Ok(options) => options,
        Err(error) => {
            complain(&format!("*** Slotscope cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    if daemon::is_background() {
        daemon::leave_terminal();
    } else if options.config.daemonize {
        return match daemon::start_background(options.piped.as_deref()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                complain(&format!("*** Slotscope cannot go on in the background: {error}"));
                ExitCode::FAILURE
            }
        };
    }
    let log = Rc::new(Log::new());
    let built = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match built {
        Ok(runtime) => runtime,
        Err(error) => {
            log.warning(&format!("Cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let tasks = task::LocalSet::new();
    let ended = tasks.block_on(&runtime, serve(options, Rc::clone(&log)));
    match ended {
        Ok(code) => code,
        Err(line) => {
            log.warning(&line);
            ExitCode::FAILURE
        }
    }
}

/// What no single directive can know.
fn check(options: Options) -> Result<Options, String> {
    let config = &options.config;
    if config.cluster_enabled && config.replicaof.is_some() {
        return Err("replicaof directive not allowed in cluster mode".into());
    }
    Ok(options)
}

/// From the first line of the log to the last. An error is the line for the log; the process
/// ends with status 1 then.
async fn serve(options: Options, log: Rc<Log>) -> Result<ExitCode, String> {
    let Options { mut config, file, piped: _ } = options;
    log.set_level(config.loglevel);
    let started_in = env::current_dir().unwrap_or_default();
    enter(&mut config, &log)?;
    greet(&config, file.as_deref(), &log);
    log.set_role(MASTER);

    let data = listen_on(&config, config.port, "TCP")?;
    let socket = config.value("unixsocket").unwrap_or_default();
    let near = if socket.is_empty() {
        None
    } else {
        let permissions = config.value("unixsocketperm").unwrap_or_default();
        Some(listen::bind_unix(&socket, &permissions)?)
    };
    if data.is_empty() && near.is_none() {
        return Err("Configured to not listen anywhere, exiting.".into());
    }
    let clock = Clock::new();
    let mut out = Outbox::new();
    out.set_level(config.loglevel);
    let (mut node, disk) = wake(config.clone(), &clock, &mut out, &log)?;
    let bus = match bus_port(&config)? {
        Some(port) => listen_on(&config, port, "cluster")?,
        None => Vec::new(),
    };

    let file = file.map(|file| started_in.join(file));
    node.note_process(process::id());
    match script::Engine::new() {
        Ok(engine) => node.lend_engine(Box::new(engine)),
        Err(error) => log.warning(&format!("no interpreter for scripts: {error}")),
    }
    let files = Files::new(node.config(), file);
    let driver = Driver::new(node, out, clock, Rc::clone(&log), disk, files);
    task::spawn_local(Rc::clone(&driver).hear_files());
    driver.carry_out();
    // A node that cannot write its first nodes.conf must not be heard of.
    if let Some(settled) = driver.settled() {
        tokio::select! {
            _ = settled => {}
            exit = driver.exit() => return Ok(leave(&driver, exit).await),
        }
    }
    introduce(&config, &log);
    log.warning("Server initialized");
    write_pidfile(&config, &log);
    let mut accepting = Vec::new();
    for listener in data {
        accepting.push(task::spawn_local(listen::clients(Rc::clone(&driver), listener)));
    }
    if let Some(listener) = near {
        accepting.push(task::spawn_local(listen::neighbours(Rc::clone(&driver), listener)));
    }
    task::spawn_local(obey_signals(Rc::clone(&driver)));
    let start = tokio::select! {
        start = persist::at_start(&driver) => start,
        exit = driver.exit() => return Ok(leave(&driver, exit).await),
    };
    driver.files.start(start.map_err(|LoadError(mut lines)| {
        // The line that says most stands last, where scripts look for it.
        let last = lines.pop().unwrap_or_default();
        lines.iter().for_each(|line| log.warning(line));
        last
    })?);
    driver.carry_out();
    // Peers are heard and time passes only from here on: both change what a node does with its
    // data.
    task::spawn_local(Rc::clone(&driver).keep_time());
    for listener in bus {
        accepting.push(task::spawn_local(listen::nodes(Rc::clone(&driver), listener)));
    }
    task::spawn_local(Rc::clone(&driver).look_after());
    log.notice("Ready to accept connections");
    if !socket.is_empty() {
        log.notice(&format!("The server is now ready to accept connections at {socket}"));
    }

    let exit = driver.exit().await;
    for task in accepting {
        task.abort();
    }
    if !socket.is_empty() && exit != Exit::Crash {
        drop(fs::remove_file(&socket));
    }
    Ok(leave(&driver, exit).await)
}

/// Enters the working directory and opens the log file.
fn enter(config: &mut Config, log: &Log) -> Result<(), String> {
    let dir = config.dir.clone();
    env::set_current_dir(&dir).map_err(|error| format!("Can't chdir to '{dir}': {error}"))?;
    // CONFIG GET dir answers where the server is, whatever it was called.
    if let Ok(here) = env::current_dir() {
        config.dir = here.display().to_string();
    }
    if !config.logfile.is_empty() {
        let path = config.logfile.clone();
        log.open(Path::new(&path))
            .map_err(|error| format!("Can't open the log file '{path}': {error}"))?;
    }
    Ok(())
}

fn greet(config: &Config, file: Option<&str>, log: &Log) {
    log.warning("oO0OoO0OoO0Oo Slotscope is starting oO0OoO0OoO0Oo");
    log.warning(&format!(
        "Slotscope version={}, speaking Redis 7.0.15, bits={}, pid={}, just started",
        env!("CARGO_PKG_VERSION"),
        usize::BITS,
        process::id()
    ));
    match file {
        Some(file) => log.warning(&format!("Configuration loaded from {file}")),
        None => log.warning(
            "No config file specified, using the default config and the command line. To name a \
             config file use: slotscope server /path/to/redis.conf",
        ),
    }
    for line in config.unsupported() {
        log.warning(&line);
    }
    let wanted = u64::from(config.maxclients) + RESERVED_FILES;
    match rlimit::increase_nofile_limit(wanted) {
        Ok(files) if files < wanted => log.warning(&format!(
            "The operating system allows {files} open files, {wanted} are wanted for maxclients \
             {}: raise it with ulimit -n",
            config.maxclients
        )),
        Ok(_) | Err(_) => {}
    }
}

/// What it is, and where.
fn introduce(config: &Config, log: &Log) {
    let mode = if config.cluster_enabled { "cluster" } else { "standalone" };
    log.notice(&format!("Running mode={mode}, port={}.", config.port));
    if config.value("always-show-logo").as_deref() == Some("yes") {
        // What stands beside the logo of Redis: scripts that start a server wait for this word.
        log.notice(&format!("Slotscope PID: {}", process::id()));
    }
}

/// Sockets on `port`; none for port 0.
fn listen_on(config: &Config, port: u16, what: &str) -> Result<Vec<TcpListener>, String> {
    if port == 0 {
        return Ok(Vec::new());
    }
    let listeners = listen::bind(config, port)
        .map_err(|error| format!("{error}. Failed listening on port {port} ({what}), aborting."))?;
    if listeners.is_empty() && what == "cluster" {
        return Err("No bind address is configured, but it is required for the Cluster bus.".into());
    }
    Ok(listeners)
}

/// The bus port of a cluster node.
fn bus_port(config: &Config) -> Result<Option<u16>, String> {
    if !config.cluster_enabled {
        return Ok(None);
    }
    config.bus_port().map(Some).ok_or_else(|| {
        "Redis port number too high. Cluster communication port is 10,000 port numbers higher \
         than your Redis port. Your Redis port number must be 55535 or less."
            .into()
    })
}

/// The node, from its file if it has one; the file stays locked as long as it lives.
fn wake(
    config: Config,
    clock: &Clock,
    out: &mut Outbox,
    log: &Log,
) -> Result<(Node, Option<NodesFile>), String> {
    let seed = clock::seed().map_err(|error| format!("No randomness to be had: {error}"))?;
    if !config.cluster_enabled {
        return Ok((Node::new(config, seed, clock.now(), out), None));
    }
    // Before the file is touched: a node that cannot listen leaves nothing behind.
    bus_port(&config)?;
    let name = config.cluster_config_file.clone();
    let (disk, text) = NodesFile::open(Path::new(&name)).map_err(|error| match error {
        OpenError::Taken => format!(
            "Sorry, the cluster configuration file {name} is already used by a different Redis \
             Cluster node. Please make sure that different nodes use different cluster \
             configuration files."
        ),
        OpenError::Io(error) => format!("Can't open the cluster config file {name}: {error}"),
    })?;
    let node = match text {
        None => Node::new(config, seed, clock.now(), out),
        Some(bytes) => {
            let corrupted = |what: &str| {
                log.warning(&format!("The cluster config file {name} cannot be read: {what}"));
                String::from("Unrecoverable error: corrupted cluster config file.")
            };
            let text = String::from_utf8(bytes).map_err(|error| {
                let good = error.as_bytes().get(..error.utf8_error().valid_up_to());
                let line = good.unwrap_or(&[]).split(|byte| *byte == b'\n').count();
                corrupted(&format!("line {line}: not UTF-8 text"))
            })?;
            Node::restore(&text, config, seed, clock.now(), out)
                .map_err(|error| corrupted(&error.to_string()))?
        }
    };
    Ok((node, Some(disk)))
}

fn write_pidfile(config: &Config, log: &Log) {
    if config.pidfile.is_empty() {
        return;
    }
    if let Err(error) = fs::write(&config.pidfile, format!("{}\n", process::id())) {
        log.warning(&format!("Failed to write PID file {}: {error}", config.pidfile));
    }
}

async fn obey_signals(driver: Rc<Driver>) {
    let (Ok(mut term), Ok(mut int)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        // Without handlers the signals end the process the hard way, which is safe.
        return;
    };
    let mut interrupted = false;
    loop {
        let (signal, line) = tokio::select! {
            _ = term.recv() => (Signal::Term, "Received SIGTERM scheduling shutdown..."),
            // A second Ctrl-C means it.
            _ = int.recv() => match std::mem::replace(&mut interrupted, true) {
                true => {
                    driver.log(Level::Warning, "You insist... exiting now.");
                    return driver.insist();
                }
                false => (Signal::Int, "Received SIGINT scheduling shutdown..."),
            },
        };
        driver.log(Level::Warning, line);
        driver.shut_down(signal);
    }
}

/// The end of the process, as it was asked for.
async fn leave(driver: &Rc<Driver>, exit: Exit) -> ExitCode {
    match exit {
        Exit::Shutdown => {
            let pidfile = driver.config(|config| config.pidfile.clone());
            // Replicas were waited for before it came to this.
            drop(time::timeout(LAST_WORDS, driver.flush()).await);
            driver.files.flush().await;
            if !pidfile.is_empty() {
                driver.log(Level::Notice, "Removing the pid file.");
                drop(fs::remove_file(&pidfile));
            }
            driver.log(Level::Warning, "Slotscope is now ready to exit, bye bye...");
            ExitCode::SUCCESS
        }
        // As by a signal: no file is closed, no peer is told.
        Exit::Crash => process::abort(),
        Exit::Fatal => ExitCode::FAILURE,
    }
}
