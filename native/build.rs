//! Writes the table of the files of the web bundle that are compiled into the program.
//!
//! `SLOTSCOPE_EMBED=yes` embeds `web/dist` and fails without it; `no` embeds nothing. Otherwise a
//! release build embeds it if it is there, and other builds embed nothing, so that working on the
//! page does not rebuild the program (`slotscope lab --dist web/dist` serves the folder).

use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SLOTSCOPE_EMBED");
    let variable = |name: &str| env::var(name).map_err(|error| format!("{name}: {error}"));
    let dist = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../web/dist");
    let is_there = dist.join("index.html").is_file();
    let embed = match env::var("SLOTSCOPE_EMBED").as_deref() {
        Ok("yes") if !is_there => {
            return Err(
                "SLOTSCOPE_EMBED=yes, but web/dist is not built: run `cargo lab-build`".into()
            );
        }
        Ok("yes") => true,
        Ok("no") => false,
        _ => is_there && variable("PROFILE")? == "release",
    };
    let mut files = Vec::new();
    if embed {
        let dist = fs::canonicalize(&dist).map_err(|error| format!("web/dist: {error}"))?;
        println!("cargo::rerun-if-changed={}", dist.display());
        list(&dist, &dist, &mut files).map_err(|error| format!("web/dist: {error}"))?;
        files.sort();
    }
    let mut table = String::from("&[\n");
    for (name, path) in files {
        // Writing to a string cannot fail.
        let _infallible = writeln!(table, "    ({name:?}, include_bytes!({path:?})),");
    }
    table.push_str("]\n");
    let out = Path::new(&variable("OUT_DIR")?).join("bundle.rs");
    fs::write(out, table).map_err(|error| format!("the table of embedded files: {error}"))
}

/// All files under `folder` with their names relative to `root`, with forward slashes.
fn list(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(root, &path, files)?;
        } else if let Ok(name) = path.strip_prefix(root) {
            files.push((name.display().to_string().replace('\\', "/"), path));
        }
    }
    Ok(())
}
