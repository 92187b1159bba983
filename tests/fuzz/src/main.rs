//! The targets under libFuzzer. Which one is said by `SLOTSCOPE_FUZZ`, because the arguments
//! belong to libFuzzer; `cargo lab-fuzz` builds and calls this.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use slotscope_fuzz::{TARGETS, Target, find};

static TARGET: OnceLock<Target> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("SLOTSCOPE_FUZZ").unwrap_or_default();
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        find(&name).unwrap_or_else(|| panic!("SLOTSCOPE_FUZZ is one of {names:?}, not {name:?}"))
    });
    (target.run)(bytes);
});
