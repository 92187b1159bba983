//! `cargo lab`: the page is built, then the real program serves it.

use std::ffi::OsString;

use anyhow::Result;

use crate::{build, run};

/// Builds what is needed and hands over to `slotscope lab` with the caller's own options.
pub fn lab(options: &[OsString]) -> Result<()> {
    let dist = build::build(build::Flavour::Release)?;
    run::say("building the program (slow only the first time)");
    run::run(run::cargo().args(["build", "--quiet", "--release", "--package", "slotscope"]))?;
    let program = run::target().join("release/slotscope");
    run::run(run::command(program).arg("lab").arg("--dist").arg(dist).args(options))
}
