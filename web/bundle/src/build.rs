//! How does `web/` become `web/dist`?
//!
//! Compile (cargo knows what changed), then bind, copy, parse the lessons, pack. All but the
//! compilation is skipped when nothing that goes in has changed since the folder was made; the
//! folder is made complete in a scratch place first and then put where it belongs, so that a
//! running lab never serves half of it.

use std::{
    fs,
    hash::{DefaultHasher, Hasher as _},
    path::{Path, PathBuf},
    process::Stdio,
    time::Instant,
};

use anyhow::{Context as _, Result};

use crate::{bindgen, lessons, pack, run, wasm_std};

/// For whom the bundle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// Small, packed, held to its budget.
    Release,
    /// Made quickly, with names in backtraces.
    Dev,
}

/// What of `web/` goes into the bundle as it is.
const STATIC: [&str; 4] = ["index.html", "style", "fonts", "images"];
/// Kept in the bundle's folder: the digest of all that it was made from.
const NOTE: &str = ".made-from";

/// Builds the bundle, if it is not already what it should be. Returns its folder.
pub fn build(flavour: Flavour) -> Result<PathBuf> {
    let started = Instant::now();
    let (web, dist) = (run::root().join("web"), run::root().join("web/dist"));
    let toolchain = wasm_std::ensure()?;
    run::say("compiling the page to wasm");
    let wasm = compile(toolchain, "slotscope-web", flavour)?;
    let made_from = digest(&web, &wasm, flavour)?;
    if fs::read_to_string(dist.join(NOTE)).is_ok_and(|note| note == made_from) {
        run::say(&format!("web/dist is up to date ({:.1} s)", started.elapsed().as_secs_f32()));
        return Ok(dist);
    }
    let fresh = web.join("dist.new");
    remove(&fresh)?;
    fs::create_dir_all(&fresh).with_context(|| format!("cannot make {}", fresh.display()))?;
    run::say("binding");
    bindgen::bind(&wasm, &fresh, flavour)?;
    for name in STATIC {
        copy(&web.join(name), &fresh.join(name))?;
    }
    let count = lessons::write(&run::root().join("tutorial/lessons"), &fresh)?;
    run::say(&format!("lessons: {count} files"));
    if flavour == Flavour::Release {
        run::say("packing");
        pack::pack(&fresh)?;
    }
    fs::write(fresh.join(NOTE), &made_from)?;
    remove(&dist)?;
    fs::rename(&fresh, &dist).context("cannot put the new bundle into its place")?;
    run::say(&format!("web/dist is ready ({:.1} s)", started.elapsed().as_secs_f32()));
    Ok(dist)
}

/// Builds the core as wasm without any page, for the tests, and prints where it is.
pub fn probe() -> Result<()> {
    let wasm = compile(wasm_std::ensure()?, "slotscope-probe", Flavour::Release)?;
    println!("{}", wasm.display());
    Ok(())
}

/// Runs cargo and asks it what it made.
fn compile(toolchain: wasm_std::WasmToolchain, package: &str, flavour: Flavour) -> Result<PathBuf> {
    let profile = match flavour {
        Flavour::Release => "wasm",
        Flavour::Dev => "wasm-dev",
    };
    let mut command = toolchain.cargo();
    command
        .args(["build", "--package", package, "--target", "wasm32-unknown-unknown"])
        .args(["--profile", profile, "--message-format", "json-render-diagnostics"])
        .stdout(Stdio::piped());
    let messages =
        run::output(&mut command).with_context(|| format!("{package} does not compile"))?;
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
        .filter_map(|name| name.as_str().map(PathBuf::from))
        .find(|path| path.extension().is_some_and(|ext| ext == "wasm"))
        .with_context(|| format!("{package} makes no .wasm; it needs a binary or a cdylib"))
}

/// Stands for everything that goes in: the module, the files that are copied, the lessons, this
/// program itself.
fn digest(web: &Path, wasm: &Path, flavour: Flavour) -> Result<String> {
    let mut files = vec![wasm.to_path_buf(), std::env::current_exe()?];
    for name in STATIC {
        let path = web.join(name);
        if path.is_dir() {
            pack::list(&path, &mut files)?;
        } else if path.exists() {
            files.push(path);
        }
    }
    let lessons = run::root().join("tutorial/lessons");
    if lessons.is_dir() {
        pack::list(&lessons, &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for path in files {
        hasher.write(path.as_os_str().as_encoded_bytes());
        hasher.write(&fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    Ok(format!("{flavour:?} {:016x}", hasher.finish()))
}

/// Copies a file or a folder; what does not exist is left out.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else if from.exists() {
        fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
