//! Everything that fuzzing ever found interesting, once more.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{fs, path::Path};

use slotscope_fuzz::TARGETS;

/// No kept input makes any target panic; every target has some.
#[test]
fn the_kept_corpora_find_nothing() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in TARGETS {
        let folder = corpus.join(target.name);
        let files =
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", target.name));
        let mut count = 0;
        for file in files {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            // A panic is shown with the file before it.
            let guard = Named(&path);
            (target.run)(&bytes);
            drop(guard);
            count += 1;
        }
        println!("{}: {count}", target.name);
        assert!(count >= 5, "{}: only {count} inputs are kept", target.name);
    }
}

/// Says which input it was, when a target panics.
struct Named<'a>(&'a Path);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("by {}", self.0.display());
        }
    }
}
