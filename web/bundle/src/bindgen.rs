//! How does a `.wasm` from rustc become what a browser loads?
//!
//! `wasm-bindgen` as a library: nothing to install, nothing to download, and cargo itself holds
//! its version to that of the page.

use std::path::Path;

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::build::Flavour;

/// Writes the module, its JavaScript and its snippets into `out`.
pub fn bind(wasm: &Path, out: &Path, flavour: Flavour) -> Result<()> {
    let is_release = flavour == Flavour::Release;
    Bindgen::new()
        .input_path(wasm)
        .web(true)?
        .typescript(false)
        // The library leaves this on by default, the command line does not; `init()` without an
        // argument needs it off.
        .omit_default_module_path(false)
        .remove_name_section(is_release)
        .remove_producers_section(is_release)
        .debug(!is_release)
        .generate(out)
        .with_context(|| format!("wasm-bindgen refuses {}", wasm.display()))
}
