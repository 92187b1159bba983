//! `cargo lab-fuzz`: how is a fuzz target built and run, on the toolchain that everything else
//! uses?
//!
//! What libFuzzer needs from the compiler (counters at every edge, operands of comparisons) is a
//! pass of LLVM, and stable rustc takes passes of LLVM; only sanitizers would need more, and the
//! core has no unsafe code for them to look at. The flags go to this build alone, in a target
//! folder of its own, and with a target named, so that build scripts are built without them.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context as _, Result, bail};

use crate::run;

/// The pass, and what it puts where.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cdebug-assertions=yes -Coverflow-checks=yes -Ccodegen-units=1 --cfg fuzzing";
/// Far more than any target needs: beyond it a length in the input has become memory.
const MEMORY_MB: u32 = 1024;
/// One input never takes that long.
const SECONDS_MAX: u32 = 20;

const HELP: &str = "\
cargo lab-fuzz <target> [minutes]   fuzz one target (ten minutes), starting from what was kept
cargo lab-fuzz --keep <target>      what was found interesting, made small, into tests/fuzz/corpus

The targets are the folders of tests/fuzz/corpus. A finding is kept in target/fuzz/<target>; to see
it again: cargo lab-fuzz --again <target> <file>";

/// Does what the words say.
pub fn fuzz(words: &[String]) -> Result<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match *words.as_slice() {
        [] | ["--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        ["--keep", target] => keep(target),
        ["--again", target, file] => run::run(fuzzer(target)?.arg(file)),
        [target] => search(target, 10),
        [target, minutes] => search(target, minutes.parse().context("minutes are a number")?),
        _ => bail!("unknown words, try `cargo lab-fuzz --help`"),
    }
}

/// The built fuzzer, told which target.
fn fuzzer(target: &str) -> Result<Command> {
    if !run::root().join("tests/fuzz/corpus").join(target).is_dir() {
        bail!("there is no target {target}: the targets are the folders of tests/fuzz/corpus");
    }
    if !["c++", "g++", "clang++"].into_iter().any(run::is_there) {
        bail!("libFuzzer is C++: please install a compiler for it, on Debian the package g++");
    }
    let host = host()?;
    let folder = run::target().join("fuzzer");
    run::run(
        run::cargo()
            .args(["build", "--quiet", "--release", "-p", "slotscope-fuzz"])
            .args(["--features", "libfuzzer", "--target", &host, "--target-dir"])
            .arg(&folder)
            .env("RUSTFLAGS", FLAGS)
            // Thin LTO of the release profile would take the counters apart.
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            // A finding is a panic that libFuzzer sees end the process.
            .env("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    )?;
    let mut command = run::command(folder.join(host).join("release/slotscope-fuzz"));
    command.env("SLOTSCOPE_FUZZ", target);
    Ok(command)
}

fn host() -> Result<String> {
    let text = run::output(run::command("rustc").arg("-vV"))?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not name its host")?.to_owned())
}

fn search(target: &str, minutes: u64) -> Result<()> {
    let mut fuzzer = fuzzer(target)?;
    let found = found(target)?;
    fuzzer
        .arg(found.join("corpus"))
        .arg(format!("tests/fuzz/corpus/{target}"))
        .arg(format!("-max_total_time={}", minutes * 60))
        .arg(format!("-rss_limit_mb={MEMORY_MB}"))
        .arg(format!("-timeout={SECONDS_MAX}"))
        .arg(format!("-artifact_prefix={}/", found.display()))
        .args(["-max_len=16384", "-print_final_stats=1"]);
    run::run(&mut fuzzer)
}

/// libFuzzer's own choice: the fewest and smallest inputs that reach what all of them reach.
fn keep(target: &str) -> Result<()> {
    run::run(
        fuzzer(target)?
            .arg("-merge=1")
            .arg(format!("tests/fuzz/corpus/{target}"))
            .arg(found(target)?.join("corpus")),
    )
}

/// Where findings and interesting inputs are put.
fn found(target: &str) -> Result<PathBuf> {
    let found = run::target().join("fuzz").join(target);
    fs::create_dir_all(found.join("corpus"))?;
    Ok(found)
}
