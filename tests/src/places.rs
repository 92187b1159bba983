//! Where are the things under test?

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Where cargo builds.
#[must_use]
pub fn target() -> PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    root().join(named)
}

/// `slotscope`, in release; built now if it is not up to date. `SLOTSCOPE_PROGRAM` names another
/// one: a test that is being written need not wait for a release.
pub fn slotscope() -> &'static Path {
    SLOTSCOPE.get_or_init(|| {
        let named = std::env::var_os("SLOTSCOPE_PROGRAM");
        named.map_or_else(|| released("slotscope"), PathBuf::from)
    })
}

/// Takes another `slotscope` than the one built from here; counts only before it is first used.
pub fn use_program(path: PathBuf) {
    // It is set twice only if the caller says it twice: then the first one counts.
    drop(SLOTSCOPE.set(path));
}

static SLOTSCOPE: OnceLock<PathBuf> = OnceLock::new();

/// `slotscope-probe`, in release; built now if it is not up to date.
pub fn probe() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| released("slotscope-probe"))
}

/// Always both packages at once: cargo then decides features once, and nothing is built twice.
fn released(program: &str) -> PathBuf {
    let mut cargo = cargo();
    cargo.args(["build", "--quiet", "--release", "-p", "slotscope", "-p", "slotscope-probe"]);
    assert!(cargo.status().unwrap().success(), "{program} does not build");
    target().join("release").join(program)
}

/// The bundle; built now if it is not up to date.
pub fn dist() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let status = cargo().args(["lab-build"]).status().unwrap();
        assert!(status.success(), "the page does not build");
        root().join("web/dist")
    })
}

/// The core as wasm, without any binding.
pub fn probe_wasm() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let output = cargo().args(["lab-build", "--probe"]).output().unwrap();
        let path = String::from_utf8(output.stdout).unwrap();
        let path = PathBuf::from(path.trim());
        assert!(path.exists(), "no probe: {}", String::from_utf8_lossy(&output.stderr));
        path
    })
}

/// `cargo` in the repository, without what the outer cargo told this test about its own package.
fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    for (name, _) in std::env::vars() {
        let leaked = name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_BIN_EXE_");
        if leaked || ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH"].contains(&&*name) {
            command.env_remove(name);
        }
    }
    command
}
