//! `cargo lab-bench`: the real server is there, then the benchmark of `tests/bench` takes over.

use std::ffi::OsString;

use anyhow::Result;

use crate::{packages, run};

/// Hands over to the benchmark with the caller's own options.
pub fn bench(options: &[OsString]) -> Result<()> {
    packages::ensure(packages::REDIS)?;
    let mut cargo = run::cargo();
    cargo.args(["run", "--quiet", "--package", "slotscope-tests", "--bin", "slotscope-bench"]);
    run::replace(cargo.arg("--").args(options))
}
