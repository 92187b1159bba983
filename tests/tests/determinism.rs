//! Is a run the same run everywhere? The same plan and journal give the same digest in debug (this
//! test), in release (the probe) and as wasm (the probe in Chromium).

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{fs, process::Command};

use serde_json::{Value, json};
use slotscope_tests::{browser, places};

const SEEDS: [u64; 3] = [1, 7, 0xDEAD_BEEF_0000_0001];

/// Instantiates the module without any import and runs the story; 64-bit numbers travel as text.
const SCRIPT: &str = "
    const [base64, seed, done] = arguments;
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    WebAssembly.instantiate(bytes, {})
      .then(({ instance }) => {
        const digest = BigInt.asUintN(64, instance.exports.slotscope_story(BigInt(seed)));
        done(digest.toString(16).padStart(16, '0'));
      })
      .catch((error) => done('failed: ' + error));";

fn in_debug(seed: u64) -> String {
    format!("{:016x}", slotscope_probe::story(seed))
}

fn in_release(seed: u64) -> String {
    let output = Command::new(places::probe()).args(["story", &seed.to_string()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Debug, release and wasm agree; a different seed is a different run.
#[test]
fn one_run_everywhere() {
    const { assert!(cfg!(debug_assertions), "this test is the debug build") };
    let here: Vec<String> = SEEDS.into_iter().map(in_debug).collect();
    println!("debug:   {here:?}");
    assert!(here.iter().all(|digest| digest != "0000000000000000"), "the story did not run");
    assert!(here[0] != here[1] && here[1] != here[2], "the seed changes nothing: {here:?}");
    let again = in_debug(SEEDS[0]);
    assert_eq!(here[0], again, "the same run twice in one process");

    let release: Vec<String> = SEEDS.into_iter().map(in_release).collect();
    println!("release: {release:?}");
    assert_eq!(here, release, "debug and release");

    let module = base64(&fs::read(places::probe_wasm()).unwrap());
    browser::drive("determinism", move |page| async move {
        page.goto("about:blank").await;
        let mut wasm = Vec::new();
        for seed in SEEDS {
            let arguments = vec![json!(module), json!(seed.to_string())];
            let answer = page.run_async(SCRIPT, arguments).await.unwrap();
            wasm.push(answer.as_str().map_or_else(|| answer.to_string(), str::to_owned));
        }
        println!("wasm:    {wasm:?}");
        assert_eq!(here, wasm, "debug and wasm");
        assert_ne!(page.run("return 1", vec![]).await, Value::Null);
    });
}

/// WebDriver carries text; this is how bytes become text.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |n: usize| u32::from(chunk.get(n).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..4 {
            let index = usize::try_from(bits >> (18 - 6 * n) & 63).unwrap();
            text.push(if n <= chunk.len() { char::from(LETTERS[index]) } else { '=' });
        }
    }
    text
}
