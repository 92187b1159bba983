//! `cargo lab-test`: what does CI run, and in which order?
//!
//! Cheap first, so that a slip is told in seconds and not after the browser. Every stage uses the
//! same profile and the same features as the one before where that is possible: building
//! dependencies twice would cost more than all tests together. That is why each `cargo test` here
//! says `--workspace` and then names its targets.

use std::{process::Command, time::Instant};

use anyhow::{Context as _, Result, bail};

use crate::{build, packages, run, wasm_std};

/// Which stages to run.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only print them.
    pub list: bool,
    /// Start here.
    pub from: Option<String>,
    /// Only these.
    pub only: Vec<String>,
}

struct Stage {
    name: &'static str,
    what: &'static str,
    run: fn() -> Result<()>,
}

const STAGES: &[Stage] = &[
    Stage { name: "format", what: "cargo fmt", run: format },
    Stage { name: "clippy", what: "lints on the host, warnings are errors", run: clippy },
    Stage { name: "clippy-web", what: "lints of the page for wasm", run: clippy_web },
    Stage { name: "docs", what: "documentation, warnings are errors", run: docs },
    Stage { name: "unit", what: "unit, property, scenario and tidy tests", run: unit },
    Stage { name: "bundle", what: "the page, held to its size", run: bundle },
    Stage { name: "program", what: "the program itself, in release", run: program },
    Stage { name: "purity", what: "core as wasm imports nothing; its speed", run: purity },
    Stage { name: "seeds", what: "1,000 seeds of random faults", run: seeds },
    Stage { name: "peers", what: "real processes, real redis-server", run: peers },
    Stage { name: "tutorials", what: "every line of the tutorials, typed", run: tutorials },
    Stage { name: "clients", what: "redis-py, ioredis and the redis crate", run: clients },
    Stage {
        name: "browser",
        what: "the same run in debug, release and wasm; the page in Chromium",
        run: browser,
    },
];

/// Runs the selected stages; the first failure ends it.
pub fn run(selection: &Selection) -> Result<()> {
    if selection.list {
        for stage in STAGES {
            println!("{:<11} {}", stage.name, stage.what);
        }
        return Ok(());
    }
    let mut timings = Vec::new();
    for stage in chosen(selection)? {
        run::say(&format!("{}: {}", stage.name, stage.what));
        let started = Instant::now();
        (stage.run)().with_context(|| {
            format!("stage {0} failed; again from there: cargo lab-test --from {0}", stage.name)
        })?;
        timings.push((stage.name, started.elapsed()));
    }
    println!();
    for (name, elapsed) in &timings {
        println!("{name:<11} {:>6.1} s", elapsed.as_secs_f32());
    }
    let total: f32 = timings.iter().map(|(_, elapsed)| elapsed.as_secs_f32()).sum();
    println!("{:<11} {total:>6.1} s", "in all");
    println!("stages: {} passed, 0 failed", timings.len());
    Ok(())
}

fn chosen(selection: &Selection) -> Result<Vec<&'static Stage>> {
    for name in selection.only.iter().chain(&selection.from) {
        if !STAGES.iter().any(|stage| stage.name == name) {
            bail!("no such stage, `cargo lab-test --list` names them: {name}");
        }
    }
    let from = selection.from.as_deref();
    let first = STAGES.iter().position(|stage| Some(stage.name) == from).unwrap_or(0);
    let is_wanted = |stage: &&Stage| {
        selection.only.is_empty() || selection.only.iter().any(|name| name == stage.name)
    };
    Ok(STAGES.iter().skip(first).filter(is_wanted).collect())
}

fn format() -> Result<()> {
    run::run(run::cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    let all = ["--lib", "--bins", "--tests", "--benches", "--examples"].map(str::to_owned);
    // `--tests` leaves out those of `test = false`, also where they are named beside it.
    for targets in [all.to_vec(), system_tests()] {
        let mut cargo = run::cargo();
        cargo.args(["clippy", "--quiet", "--workspace"]).args(targets);
        run::run(cargo.args(["--", "-D", "warnings"]))?;
    }
    Ok(())
}

fn clippy_web() -> Result<()> {
    let toolchain = wasm_std::ensure()?;
    run::run(toolchain.cargo().args(["clippy", "--quiet", "--package", "slotscope-web"]).args([
        "--target",
        "wasm32-unknown-unknown",
        "--",
        "-D",
        "warnings",
    ]))
}

fn docs() -> Result<()> {
    run::run(
        run::cargo()
            .args(["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn unit() -> Result<()> {
    run::run(run::cargo().args(["test", "--workspace"]))
}

fn bundle() -> Result<()> {
    build::build(build::Flavour::Release).map(drop)
}

fn program() -> Result<()> {
    run::run(run::cargo().args(["build", "--release", "-p", "slotscope", "-p", "slotscope-probe"]))
}

fn purity() -> Result<()> {
    system_test(&["purity"])
}

fn seeds() -> Result<()> {
    system_test(&["seeds"])
}

fn peers() -> Result<()> {
    packages::ensure(packages::REDIS)?;
    system_test(&[
        "hostile",
        "commands",
        "databases",
        "scripts",
        "sessions",
        "native",
        "mixed",
        "replication",
        "reshard",
        "files",
        "persistence",
        "losses",
        "citizen",
    ])
}

fn tutorials() -> Result<()> {
    packages::ensure(packages::REDIS)?;
    system_test(&["tutorials"])
}

fn clients() -> Result<()> {
    packages::ensure(packages::REDIS)?;
    packages::ensure(packages::CLIENTS)?;
    system_test(&["clients"])
}

fn browser() -> Result<()> {
    packages::ensure(packages::BROWSER)?;
    system_test(&["determinism", "browser"])
}

/// The tests that need more than Rust. Plain `cargo test` leaves them out (`test = false` in
/// their manifest); here they are named.
const SYSTEM: [&str; 19] = [
    "purity",
    "determinism",
    "seeds",
    "hostile",
    "commands",
    "databases",
    "scripts",
    "sessions",
    "native",
    "mixed",
    "replication",
    "reshard",
    "tutorials",
    "citizen",
    "losses",
    "clients",
    "files",
    "persistence",
    "browser",
];

fn system_tests() -> Vec<String> {
    SYSTEM.iter().map(|name| format!("--test={name}")).collect()
}

fn system_test(names: &[&str]) -> Result<()> {
    let mut cargo: Command = run::cargo();
    cargo.args(["test", "--workspace"]);
    for name in names {
        cargo.args(["--test", name]);
    }
    // These measure time and share ports with nobody: one after the other, and heard.
    run::run(cargo.args(["--", "--test-threads=1", "--nocapture"]))
}
