//! How does a Debian machine get a wasm standard library without rustup's help?
//!
//! Debian packages a current compiler together with the very library source that belongs to it
//! (`rustc-web`, `rust-web-src`). From these the library is built once, which takes about half a
//! minute, and installed beside the compiler as an ordinary target; rustup then knows Debian's
//! compiler as the toolchain `wasm`. The version of the package is noted beside the library,
//! because a library of another compiler cannot be used (E0514): a new package means a new build.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{packages, run};

/// The name under which rustup knows Debian's compiler.
pub const TOOLCHAIN: &str = "wasm";

const PACKAGES: [&str; 5] =
    ["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy", "rustfmt-web"];
/// The oldest compiler that builds the workspace.
const NEEDED: &str = env!("CARGO_PKG_RUST_VERSION");
const RUSTC: &str = "/usr/bin/rustc";
const SOURCE: &str = "/usr/lib/rustlib/src/rust";
const LIBRARY: &str = "/usr/lib/rustlib/wasm32-unknown-unknown";
/// Inside [`LIBRARY`]: the package version that it was built by.
const NOTE: &str = "built-by";

/// Whether the library is there and belongs to the installed compiler.
pub fn is_current() -> bool {
    let noted = fs::read_to_string(Path::new(LIBRARY).join(NOTE)).ok();
    noted.is_some() && noted == package_version()
}

/// Installs the packages, builds the library, makes it known to rustup.
pub fn install() -> Result<()> {
    if !packages::can_be_root() {
        bail!(
            "please run `rustup target add wasm32-unknown-unknown` once; the other way, by \
             Debian's packages, needs root or sudo"
        );
    }
    if package_version().is_none() || !Path::new(SOURCE).exists() || is_old(release()) {
        packages::install(&PACKAGES)?;
    }
    if let Some((major, minor)) = release().filter(|found| is_old(Some(*found))) {
        bail!(
            "Debian's rustc-web is {major}.{minor}, and {NEEDED} or newer is needed; please run \
             `rustup target add wasm32-unknown-unknown` once, or bring the list of packages up to \
             date with `apt-get update`, then try again"
        );
    }
    let linker = linker()?;
    if !is_current() {
        build()?;
    }
    let bin = "/usr/lib/rustlib/x86_64-unknown-linux-gnu/bin";
    run::run(packages::as_root("mkdir").args(["-p", bin]))?;
    run::run(packages::as_root("ln").arg("-sf").arg(linker).arg(format!("{bin}/rust-lld")))?;
    if !run::is_there("rustup") {
        bail!("please install Rust by rustup: the toolchains are chosen through it");
    }
    run::run(run::command("rustup").args(["toolchain", "link", TOOLCHAIN, "/usr"]))
}

/// What `major.minor` Debian's compiler is of.
fn release() -> Option<(u32, u32)> {
    let version = run::quiet(run::command(RUSTC).arg("-vV"))?;
    major_minor(version.lines().find_map(|line| line.strip_prefix("release: "))?)
}

fn major_minor(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Whether the workspace says that this compiler is too old for it.
fn is_old(found: Option<(u32, u32)>) -> bool {
    found < major_minor(NEEDED)
}

/// The linker must understand the compiler's LLVM, so it has the same version.
fn linker() -> Result<PathBuf> {
    let version = run::output(run::command(RUSTC).arg("-vV"))?;
    let llvm = version
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: ")?.split('.').next())
        .context("rustc -vV does not name its LLVM version")?;
    let package = format!("lld-{llvm}");
    let path = Path::new("/usr/bin").join(&package);
    if !path.exists() {
        packages::install(&[&package])?;
    }
    Ok(path)
}

fn build() -> Result<()> {
    run::say("building the wasm standard library from Debian's sources (half a minute, once)");
    let scratch = run::target().join("wasm-std");
    // `dist` embeds bitcode, so link-time optimisation can reach into the library.
    run::run(
        run::command("/usr/bin/cargo")
            .current_dir(SOURCE)
            .args(["build", "--quiet", "--manifest-path", "library/sysroot/Cargo.toml"])
            .args(["--locked", "--profile", "dist", "--target", "wasm32-unknown-unknown"])
            .arg("--target-dir")
            .arg(&scratch)
            .env_remove("RUSTUP_TOOLCHAIN")
            .env("RUSTC", RUSTC)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", "-Zforce-unstable-if-unmarked")
            .env("__CARGO_DEFAULT_LIB_METADATA", "std")
            .env("CARGO_PROFILE_DIST_DEBUG", "0"),
    )?;
    // Made complete beside the old one and then put in its place, so that a build that runs at
    // the same time never sees half of it.
    let (fresh, old) = (format!("{LIBRARY}.new"), format!("{LIBRARY}.old"));
    run::run(packages::as_root("rm").args(["-rf", &fresh, &old]))?;
    run::run(packages::as_root("mkdir").arg("-p").arg(format!("{fresh}/lib")))?;
    let deps = scratch.join("wasm32-unknown-unknown/dist/deps");
    let mut copy = packages::as_root("cp");
    for entry in fs::read_dir(&deps).with_context(|| format!("cannot list {}", deps.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ext| ext == "rlib") {
            copy.arg(path);
        }
    }
    run::run(copy.arg(format!("{fresh}/lib/")))?;
    let note = scratch.join(NOTE);
    fs::write(&note, package_version().context("rustc-web is not installed")?)?;
    run::run(packages::as_root("cp").arg(&note).arg(format!("{fresh}/{NOTE}")))?;
    if Path::new(LIBRARY).exists() {
        run::run(packages::as_root("mv").args([LIBRARY, &old]))?;
    }
    run::run(packages::as_root("mv").args([&fresh, LIBRARY]))?;
    run::run(packages::as_root("rm").args(["-rf", &old]))?;
    fs::remove_dir_all(&scratch).context("cannot remove the scratch folder")
}

fn package_version() -> Option<String> {
    let mut query = run::command("dpkg-query");
    run::quiet(query.args(["-W", "-f=${db:Status-Abbrev} ${Version}", "rustc-web"]))
        .and_then(|line| line.strip_prefix("ii ").map(|version| version.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_older_than_the_workspace_asks_for_is_replaced() {
        assert!(is_old(None) && is_old(major_minor("1.85.0")));
        assert!(!is_old(major_minor(NEEDED)) && !is_old(major_minor("2.0.0")));
        assert_eq!(major_minor("1.96.0-nightly"), Some((1, 96)));
    }
}
