//! Does the repository keep its own conventions, as far as a program can tell?
//!
//! Runs first and needs nothing but the files. Each test lists everything that it finds at once,
//! with file and line, so that one run is enough to repair it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use slotscope_tests::places::root;

/// A file of the repository, with its path as git prints it.
struct File {
    path: String,
    text: String,
}

/// Everything that is tracked, or new and not ignored, and is text.
fn files(extension: &str) -> Vec<File> {
    let list = listed();
    let wanted = list.lines().filter(|path| path.ends_with(extension));
    wanted
        .filter_map(|path| {
            let text = fs::read_to_string(root().join(path)).ok()?;
            Some(File { path: path.to_owned(), text })
        })
        .collect()
}

fn listed() -> String {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "not a git work tree");
    String::from_utf8(output.stdout).unwrap()
}

fn none_of(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}\n", found.join("\n  "));
}

/// Rust without comments and without what a string literal holds; lines stay where they are.
fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("r#\"") {
            rest.find("\"#").map_or(rest.len(), |end| end + 2)
        } else if next == '"' {
            string_len(rest)
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\'") {
            3
        } else {
            0
        };
        let (skip, keep) = rest.split_at(skipped);
        out.extend(skip.chars().filter(|&c| c == '\n'));
        rest = keep;
        if skipped == 0 {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The part of a source file that is shipped: tests come last, by convention.
fn shipped(code: &str) -> &str {
    code.find("#[cfg(test)]\nmod ").map_or(code, |end| &code[..end])
}

fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.starts_with("tests/")
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Every place where `needle` stands as a whole word (as far as its ends are letters).
fn places(text: &str, needle: &str) -> Vec<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (first, last) = (needle.chars().next().unwrap(), needle.chars().next_back().unwrap());
    text.match_indices(needle)
        .map(|(at, _)| at)
        .filter(|&at| {
            let before = text[..at].chars().next_back();
            let after = text[at + needle.len()..].chars().next();
            let joined_before = is_word(first) && before.is_some_and(is_word);
            let joined_after = is_word(last) && after.is_some_and(is_word);
            !joined_before && !joined_after
        })
        .collect()
}

/// The layers of core, as its `lib.rs` lists them: `// Layer n: …` and the modules below it.
fn layers() -> BTreeMap<String, u32> {
    let text = fs::read_to_string(root().join("core/src/lib.rs")).unwrap();
    let mut layers = BTreeMap::new();
    let mut layer = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("// Layer ") {
            layer = rest.split(':').next().and_then(|number| number.parse().ok());
        } else if let (Some(name), Some(layer)) = (module_name(line), layer) {
            layers.insert(name.to_owned(), layer);
        }
    }
    assert!(layers.len() > 15, "core/src/lib.rs no longer lists its layers: {layers:?}");
    layers
}

/// `pub(crate) mod name;` names a module that is a file.
fn module_name(line: &str) -> Option<&str> {
    let line = line.trim();
    let Some(("" | "pub " | "pub(crate) " | "pub(super) ", rest)) = line.split_once("mod ") else {
        return None;
    };
    rest.strip_suffix(';')
}

/// The modules at the root of the crate that `code` names: after `crate::`, and after as many
/// `super::` as lead there from `depth`.
fn named_roots(code: &str, depth: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let up = "super::".repeat(depth);
    for prefix in ["crate::", up.as_str()] {
        for at in code.match_indices(prefix).map(|(at, _)| at) {
            // `pub(in crate::x)` and `$crate::x` name the same thing, so they count as well.
            let rest = &code[at + prefix.len()..];
            if code[..at].ends_with("super::") || rest.starts_with("super::") {
                continue;
            }
            found.extend(first_names(rest).into_iter().map(|name| (at, name)));
        }
    }
    found
}

/// `a::b` gives `a`; `{a::b, c::{d, e}}` gives `a` and `c`.
fn first_names(rest: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let Some(group) = rest.strip_prefix('{') else {
        return vec![rest.chars().take_while(|&c| is_word(c)).collect()];
    };
    let (mut names, mut name, mut level) = (Vec::new(), String::new(), 0_u32);
    let mut is_first = true;
    for c in group.chars() {
        match c {
            '{' => level += 1,
            '}' if level == 0 => break,
            '}' => level -= 1,
            ',' if level == 0 => {
                names.push(std::mem::take(&mut name));
                is_first = true;
            }
            c if level == 0 && is_first && is_word(c) => name.push(c),
            c if level == 0 && !c.is_whitespace() => is_first = false,
            _ => {}
        }
    }
    names.push(name);
    names.retain(|name| !name.is_empty());
    names
}

/// Layer *n* of core imports only from its own and lower layers.
#[test]
fn layers_of_core_hold() {
    let layers = layers();
    let mut found = Vec::new();
    for file in files(".rs").iter().filter(|file| file.path.starts_with("core/src/")) {
        let inside = file.path.trim_start_matches("core/src/").trim_end_matches(".rs");
        let parts: Vec<&str> = inside.split('/').filter(|part| *part != "mod").collect();
        let Some(&own) = layers.get(parts[0]) else {
            if parts != ["lib"] {
                found.push(format!("{}: its module has no layer in core/src/lib.rs", file.path));
            }
            continue;
        };
        if is_test_file(&file.path) {
            continue;
        }
        let code = code(&file.text);
        let code = shipped(&code);
        for (at, name) in named_roots(code, parts.len()) {
            let theirs = if name == "Node" { layers.get("node") } else { layers.get(&name) };
            if theirs.is_some_and(|&theirs| theirs > own) {
                let (line, layer) = (line_of(code, at), theirs.unwrap());
                found.push(format!(
                    "{}:{line}: layer {own} names {name} of layer {layer}",
                    file.path
                ));
            }
        }
    }
    none_of("a layer of core imports from above itself", &found);
}

/// A file that is longer than one sitting answers more than one question.
#[test]
fn files_are_short() {
    let found: Vec<String> = files(".rs")
        .iter()
        .map(|file| (file, file.text.lines().count()))
        .filter(|&(_, lines)| lines > 600)
        .map(|(file, lines)| format!("{}: {lines} lines, at most 600", file.path))
        .collect();
    none_of("a file is too long", &found);
}

/// Each file begins by saying what question it answers.
#[test]
fn files_say_what_they_are_for() {
    let found: Vec<String> = files(".rs")
        .iter()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| file.path.clone())
        .collect();
    none_of("a file has no `//!` head", &found);
}

/// A file that no `mod` reaches is not compiled, and nobody notices.
#[test]
fn files_are_reached() {
    let all = files(".rs");
    let mut found = Vec::new();
    for file in &all {
        let path = Path::new(&file.path);
        let Some(inside) = file.path.split_once("src/").map(|(_, inside)| inside) else { continue };
        let (folder, stem) = (path.parent().unwrap(), path.file_stem().unwrap().to_str().unwrap());
        if ["lib.rs", "main.rs"].contains(&inside) || inside.starts_with("bin/") {
            continue;
        }
        let (name, above) = match stem {
            "mod" => (folder.file_name().unwrap().to_str().unwrap(), folder.parent().unwrap()),
            stem => (stem, folder),
        };
        let parents = [
            above.join("mod.rs"),
            above.join("lib.rs"),
            above.join("main.rs"),
            above.with_extension("rs"),
        ];
        let is_reached = all
            .iter()
            .filter(|parent| parents.iter().any(|path| path == Path::new(&parent.path)))
            .any(|parent| parent.text.lines().any(|line| module_name(line) == Some(name)));
        if !is_reached {
            found.push(file.path.clone());
        }
    }
    none_of("a file belongs to no module", &found);
}

/// What must not be named, where, and why.
#[test]
fn nothing_forbidden_is_named() {
    let in_core = |path: &str| path.starts_with("core/src/");
    let outside_platform = |path: &str| {
        path.starts_with("web/src/")
            && !path.starts_with("web/src/platform/")
            && !path.starts_with("web/src/paint/")
    };
    let anywhere = |_: &str| true;
    type Rule<'a> = (&'a str, &'a dyn Fn(&str) -> bool, &'a str);
    let rules: [Rule<'_>; 9] = [
        (concat!("to", "do!"), &anywhere, "nothing unfinished is merged"),
        (concat!("un", "implemented!"), &anywhere, "nothing unfinished is merged"),
        (concat!("db", "g!"), &anywhere, "left over from debugging"),
        ("std::time", &in_core, "time is an input of the core"),
        ("std::net", &in_core, "the core has no sockets"),
        ("std::fs", &in_core, "the core has no files"),
        ("std::collections::HashMap", &in_core, "its order differs from run to run"),
        ("std::collections::HashSet", &in_core, "its order differs from run to run"),
        ("web_sys", &outside_platform, "only platform/ and paint/ touch the browser"),
    ];
    let mut found = Vec::new();
    for file in files(".rs") {
        let code = code(&file.text);
        for (needle, applies, why) in &rules {
            if applies(&file.path) {
                found.extend(
                    places(&code, needle)
                        .into_iter()
                        .map(|at| format!("{}:{}: {needle}: {why}", file.path, line_of(&code, at))),
                );
            }
        }
    }
    none_of("something is named that must not be", &found);
}

/// A hash map may be asked, never walked: its order is no part of a run.
#[test]
fn core_never_walks_a_hash_map() {
    let mut found = Vec::new();
    for file in files(".rs").iter().filter(|file| file.path.starts_with("core/src/")) {
        let code = code(&file.text);
        let code = shipped(&code);
        let maps = ["HashMap<", "HashSet<"].into_iter().flat_map(|kind| code.match_indices(kind));
        for (at, _) in maps {
            // `name: HashMap<` and `name: hashbrown::HashMap<` declare; other places do not.
            let before = code[..at].trim_end_matches("hashbrown::").trim_end();
            let Some(before) = before.strip_suffix(':') else { continue };
            let name: Vec<char> =
                before.chars().rev().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let name: String = name.into_iter().rev().collect();
            for walk in ["iter", "iter_mut", "keys", "values", "values_mut", "drain", "into_iter"] {
                for at in places(code, &format!("{name}.{walk}(")) {
                    found.push(format!("{}:{}: {name}.{walk}()", file.path, line_of(code, at)));
                }
            }
        }
    }
    none_of("a hash map is walked in core", &found);
}

/// What an effect means is decided by the three drivers and nowhere else.
#[test]
fn only_drivers_match_effects() {
    let drivers = ["core/src/sim/", "core/src/io/", "native/src/server/"];
    let mut found = Vec::new();
    for file in files(".rs") {
        if drivers.iter().any(|driver| file.path.starts_with(driver)) || is_test_file(&file.path) {
            continue;
        }
        let code = code(&file.text);
        let code = shipped(&code);
        for at in places(code, "Effect::") {
            // An arm: the pattern, then `=>` before the statement could end.
            let rest = &code[at..];
            let end = rest.find([';']).unwrap_or(rest.len());
            let arrow = rest[..end].find("=>");
            let is_arm = arrow.is_some_and(|arrow| {
                !rest[..arrow].contains(')') || {
                    let pattern = &rest[..arrow];
                    pattern.matches('(').count() == pattern.matches(')').count()
                        && !pattern.contains("push")
                }
            });
            if is_arm {
                found.push(format!("{}:{}", file.path, line_of(code, at)));
            }
        }
    }
    none_of("an effect is matched outside of the drivers", &found);
}

/// One word an idea: what Redis 7.0 calls master is not also called something else.
#[test]
fn one_word_for_a_master() {
    let banned = concat!("prim", "ary");
    let mut found = Vec::new();
    for file in [files(".rs"), files(".md"), files(".ftl")].concat_all() {
        let text = file.text.to_lowercase();
        for at in places(&text, banned) {
            found.push(format!("{}:{}", file.path, line_of(&text, at)));
        }
    }
    none_of("the word is `master`", &found);
}

/// Nothing here knows the machine that it was written on.
#[test]
fn no_machine_is_named() {
    let banned = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/wo", "rk/"),
        concat!("arti", "factory"),
        concat!("index.", "crates.io"),
    ];
    let mut found = Vec::new();
    for extension in
        ["rs", "md", "toml", "lock", "html", "css", "ftl", "txt", "json", "run", "conf"]
    {
        for file in files(extension) {
            for needle in banned {
                for (at, _) in file.text.match_indices(needle) {
                    let line = line_of(&file.text, at);
                    // Cargo.lock names the registry by its public index, the same everywhere.
                    let line_text = file.text.lines().nth(line - 1).unwrap_or_default();
                    if !line_text.contains("registry+https://github.com/rust-lang/") {
                        found.push(format!("{}:{line}: {needle}", file.path));
                    }
                }
            }
        }
    }
    none_of("a machine is named", &found);
}

/// Every relative link in a Markdown file leads somewhere.
#[test]
fn links_lead_somewhere() {
    let mut found = Vec::new();
    for file in files(".md") {
        let folder = root().join(&file.path);
        let folder = folder.parent().unwrap();
        for (at, _) in file.text.match_indices("](") {
            let Some((target, _)) = file.text[at + 2..].split_once(')') else { continue };
            let path = target.split(['#', '?', ' ']).next().unwrap();
            let is_elsewhere = path.is_empty()
                || target.contains("://")
                || path.starts_with("mailto")
                || (path.starts_with("term:") && file.path.starts_with("tutorial/"));
            // Addresses inside code (`[x](y)` as an example) are rare and would be found here too.
            if !is_elsewhere && !folder.join(path).exists() {
                found.push(format!("{}:{}: {target}", file.path, line_of(&file.text, at)));
            }
        }
    }
    none_of("a link leads nowhere", &found);
}

/// A repository is cloned by everybody: nothing in it is large.
#[test]
fn no_file_is_large() {
    let list = listed();
    let found: Vec<String> = list
        .lines()
        .filter_map(|path| Some((path, fs::metadata(root().join(path)).ok()?.len())))
        .filter(|&(_, size)| size > 200_000)
        .map(|(path, size)| format!("{path}: {size} bytes"))
        .collect();
    none_of("a file is larger than 200 KB", &found);
}

/// The top level is fixed: a newcomer reads it at a glance.
#[test]
fn the_top_level_is_what_it_is() {
    let known = [
        ".cargo",
        ".ci",
        ".clippy.toml",
        ".gitattributes",
        ".gitignore",
        ".rustfmt.toml",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "core",
        "native",
        "rust-toolchain.toml",
        "tests",
        "tutorial",
        "web",
    ];
    let list = listed();
    let mut found: Vec<String> = list
        .lines()
        .map(|path| PathBuf::from(path).iter().next().unwrap().to_str().unwrap().to_owned())
        .filter(|top| !known.contains(&top.as_str()))
        .collect();
    found.dedup();
    none_of("something new stands at the top level", &found);
}

trait ConcatAll<T> {
    fn concat_all(self) -> Vec<T>;
}

impl<T, const N: usize> ConcatAll<T> for [Vec<T>; N] {
    fn concat_all(self) -> Vec<T> {
        self.into_iter().flatten().collect()
    }
}

/// The reader of Rust that the rules above stand on does what they need.
#[test]
fn the_reader_reads() {
    let text = "use crate::{io::{A, B}, node::C,\n rules};\n// crate::sim\nlet s = \"crate::sim\";";
    let names: Vec<String> = named_roots(&code(text), 1).into_iter().map(|(_, n)| n).collect();
    assert_eq!(names, ["io", "node", "rules"]);
    let names: Vec<String> =
        named_roots("super::super::sim::X; super::y", 2).into_iter().map(|(_, n)| n).collect();
    assert_eq!(names, ["sim"]);
    assert_eq!(code("a\"x\\\"y\"b // c\nd"), "ab \nd");
    assert_eq!(places("web_sys::A my_web_sys", "web_sys"), [0]);
    assert_eq!(module_name("    pub(crate) mod store;"), Some("store"));
}
