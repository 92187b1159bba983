//! The tutorials, typed: every command line of the two cluster tutorials and of the notes on
//! replication, with the real `redis-cli`, against nodes of ours.
//!
//! The lines are in `tests/data/tutorials.txt`; a line that nobody types fails the test, and so
//! does one that shows something else than it should. `SLOTSCOPE_UNDER_TEST=redis` has the
//! reference go through the same.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

mod moving;
mod notes;
mod story;

use std::{fs, path::PathBuf, thread};

use slotscope_tests::table::{self, Row};

/// Both tutorials, each to its end. They mostly wait, for node timeouts of five seconds as their
/// configuration says, so they do it at the same time.
#[test]
fn the_two_tutorials() {
    thread::scope(|scope| {
        // Text 0, what no tutorial has, is typed with the second.
        let first = scope.spawn(|| story::read(&[1]));
        story::read(&[2, 0]);
        if let Err(panic) = first.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// The notes on replication, but for their Sentinel.
#[test]
fn the_notes() {
    notes::read();
}

/// Programs and commands that begin a line which is to be typed.
const TYPED: [&str; 13] = [
    "redis-cli",
    "keydb-cli",
    "redis-server",
    "../redis-server",
    "../keydb-server",
    "./redis-trib.rb",
    "redis-sentinel",
    "ruby",
    "mkdir",
    "cd",
    "create-cluster",
    "cluster",
    "info",
];

/// No command line of the texts is missing in the table.
#[test]
#[ignore = "needs the texts, which are not ours to copy: SLOTSCOPE_SEEDS=<their folder>"]
fn the_table_is_complete() {
    let folder = std::env::var_os("SLOTSCOPE_SEEDS").expect("SLOTSCOPE_SEEDS names their folder");
    let rows = table::read(include_str!("../../data/tutorials.txt"));
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut missing = Vec::new();
    let mut count = 0;
    for text in 1..=3_u8 {
        let path = files.iter().find(|path| {
            path.file_name().unwrap().to_string_lossy().starts_with(&format!("{text}-"))
        });
        let whole = fs::read_to_string(path.expect("the texts are numbered")).unwrap();
        for (number, line) in (1_u32..).zip(whole.lines()) {
            let Some(command) = command_of(line) else { continue };
            count += 1;
            let covers =
                |row: &&Row| row.text == text && (row.lines.0..=row.lines.1).contains(&number);
            let is_there = rows.iter().filter(covers).any(|row| {
                row.commands.iter().any(|typed| typed.contains(command.trim_end_matches(" \\")))
            });
            if !is_there {
                missing.push(format!("{text}:{number} {command}"));
            }
        }
    }
    assert!(count > 60, "only {count} command lines found: is this the right folder?");
    assert!(missing.is_empty(), "not in the table:\n{}", missing.join("\n"));
}

/// The command that a line holds, if it holds one: after a prompt, or by its first word.
fn command_of(line: &str) -> Option<&str> {
    let line = line.trim();
    let after = |mark: &str| Some(line.split_once(mark)?.1.trim());
    let is_prompt = |word: &str| word.contains(':') && word.ends_with('>');
    let prompt = line.split_whitespace().take(2).find(|word| is_prompt(word));
    let typed = match prompt {
        Some(prompt) => after(prompt)?,
        None => line.trim_start_matches("$ ").trim_start_matches("(py36) "),
    };
    let typed = typed.trim_start_matches("➜ ").trim();
    let typed = typed.trim_start_matches("code ").trim_start_matches("src ");
    let typed = typed.trim_start_matches("~ ").trim();
    let first = typed.split_whitespace().next()?;
    // A sentence about a command is written in Chinese, a command is not.
    let is_program = TYPED.contains(&first.to_lowercase().as_str()) && typed.is_ascii();
    let is_command = prompt.is_some() || is_program;
    (is_command && !typed.is_empty()).then_some(typed)
}
