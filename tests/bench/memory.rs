//! What a key costs: resident memory before and after a million values of 64 bytes.
//!
//! The servers' own estimates (`used_memory` of INFO) count different things, so they are only
//! mentioned.

use anyhow::{Context as _, Result};
use slotscope_tests::server::Make;
use tempfile::TempDir;

use crate::{
    Options, fill,
    table::{self, Promise, Row},
};

const SIZE: usize = 64;

/// Measures and prints.
pub fn run(options: &Options) -> Result<()> {
    let [ours, theirs] = [measure(options, Make::Slotscope)?, measure(options, Make::Redis)?];
    let row = Row { what: "RSS growth".into(), ours, theirs, ratio: ours / theirs };
    let title = format!("bytes per key, {} values of {SIZE} bytes", options.memory_keys);
    table::print(&title, Promise::AtMost(1.2), 1, &[row]);
    Ok(())
}

fn measure(options: &Options, make: Make) -> Result<f64> {
    let folder = TempDir::new().context("no temporary folder")?;
    let mut server = fill::sole_node(make, folder.path());
    // Threads, buffers and tables of an empty server are no cost of keys.
    let before = server.process().memory();
    fill::fill(server.port, "key:", options.memory_keys, SIZE)?;
    let grown = server.process().memory().saturating_sub(before);
    let info = server.info("used_memory").unwrap_or_default();
    eprintln!("memory: {make:?} grew by {grown} bytes; its used_memory is {info}");
    #[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^52")]
    let per_key = grown as f64 / options.memory_keys as f64;
    Ok(per_key)
}
