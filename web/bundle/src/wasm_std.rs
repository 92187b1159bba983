//! Where does the standard library for wasm come from?
//!
//! The usual way is rustup. Where rustup may not download (`RUSTUP_AUTO_INSTALL=0`) or cannot, a
//! Debian machine builds it once from Debian's own sources, see [`crate::debian`]. The question
//! "is it there?" is put to rustc, which knows the folder.

use std::{path::Path, process::Command};

use anyhow::{Result, bail};

use crate::{debian, packages, run};

const TARGET: &str = "wasm32-unknown-unknown";

/// Who builds wasm on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WasmToolchain {
    /// The toolchain that builds everything else.
    Pinned,
    /// Debian's, which rustup knows under [`debian::TOOLCHAIN`].
    Debian,
}

impl WasmToolchain {
    /// `cargo` with the right toolchain, and a target folder of its own: the two toolchains
    /// would otherwise wait for each other's locks and forget each other's answers.
    pub fn cargo(self) -> Command {
        let mut command = run::cargo();
        command.env("CARGO_TARGET_DIR", run::target().join("web"));
        if self == Self::Debian {
            command.env("RUSTUP_TOOLCHAIN", debian::TOOLCHAIN);
        }
        command
    }
}

/// Finds the standard library, or gets it.
pub fn ensure() -> Result<WasmToolchain> {
    if has_target(None) {
        return Ok(WasmToolchain::Pinned);
    }
    if debian::is_current() && has_target(Some(debian::TOOLCHAIN)) {
        return Ok(WasmToolchain::Debian);
    }
    let may_download = std::env::var_os("RUSTUP_AUTO_INSTALL").is_none_or(|value| value != "0");
    if may_download && run::is_there("rustup") {
        run::say("adding the wasm standard library: rustup target add wasm32-unknown-unknown");
        if run::run(run::command("rustup").args(["target", "add", TARGET])).is_ok()
            && has_target(None)
        {
            return Ok(WasmToolchain::Pinned);
        }
    }
    if !packages::is_debian() {
        bail!("please run this once, then try again: rustup target add {TARGET}");
    }
    debian::install()?;
    if !has_target(Some(debian::TOOLCHAIN)) {
        bail!("the wasm standard library is still not where rustc looks for it");
    }
    Ok(WasmToolchain::Debian)
}

fn has_target(toolchain: Option<&str>) -> bool {
    let mut rustc = run::command("rustc");
    if let Some(toolchain) = toolchain {
        rustc.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    run::quiet(rustc.args(["--print", "target-libdir", "--target", TARGET]))
        .is_some_and(|dir| Path::new(&dir).exists())
}
