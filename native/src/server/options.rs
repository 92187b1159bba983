//! From the command line and the configuration files to a [`Config`].
//!
//! `server [file] [--directive value...]...`, as `redis-server` takes it: directives on the
//! command line come after those of the file, so they win. Values run up to the next `--word`.

use std::{
    fs,
    io::{self, Read as _},
};

use slotscope_core::config::{Config, ConfigError, FileError, words};

/// How deep `include` may nest; a file that includes itself must end somewhere.
const INCLUDE_DEPTH_MAX: u32 = 16;

/// What the command line amounts to.
#[derive(Debug)]
pub(super) struct Options {
    /// The directives in force.
    pub config: Config,
    /// The configuration file as it was named.
    pub file: Option<String>,
    /// What was read from standard input (`-`).
    pub piped: Option<String>,
}

/// Reads `args` (without the program's name) and the files that they name: first the file, then
/// standard input if the first or last word is `-`, then the directives of the command line.
pub(super) fn read(args: &[String]) -> Result<Options, String> {
    let mut config = Config::default();
    let (args, piped) = match (args.split_first(), args.split_last()) {
        (Some((first, rest)), _) if first == "-" => (rest, Some(read_input()?)),
        (_, Some((last, rest))) if last == "-" => (rest, Some(read_input()?)),
        _ => (args, None),
    };
    let (file, directives) = match args.split_first() {
        Some((first, rest)) if !first.starts_with("--") => (Some(first.clone()), rest),
        _ => (None, args),
    };
    if let Some(file) = &file {
        read_file(&mut config, file, 0).map_err(|error| error.to_string())?;
    }
    if let Some(text) = &piped {
        read_text(&mut config, "-", text, 0).map_err(|error| error.to_string())?;
    }
    for line in lines(directives) {
        let line = line.trim();
        let refused = |what: String| format!("on the command line: '{line}': {what}");
        let words = words(line).map_err(|what| refused(what.into()))?;
        let Some((name, values)) = words.split_first() else { continue };
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        config.set(name, &values).map_err(|error| match error {
            ConfigError::Value { what, .. } => refused(what),
            other => format!("on the command line: {other}"),
        })?;
    }
    Ok(Options { config, file, piped })
}

fn read_input() -> Result<String, String> {
    let mut text = String::new();
    match io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("standard input cannot be read: {error}")),
    }
}

/// The words of the command line as lines of a file, as `redis-server` joins them: a word with two
/// dashes begins a line, unless it is the first value of a directive. `--port 7000` may be one word.
fn lines(args: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut has_value = true;
    for (at, arg) in args.iter().enumerate() {
        match (arg.strip_prefix("--"), lines.last_mut()) {
            (Some(name), _) if has_value => {
                let next_is_name = args.get(at + 1).is_none_or(|next| next.starts_with("--"));
                let is_bare = !name.trim().contains(char::is_whitespace);
                // `--save` alone stands for no snapshots.
                let saves_nothing = next_is_name && name.eq_ignore_ascii_case("save");
                lines.push(if saves_nothing { "save \"\"".to_owned() } else { name.to_owned() });
                has_value = !is_bare || saves_nothing;
            }
            (_, Some(line)) => {
                line.push_str(&format!(" \"{}\"", escaped(arg)));
                has_value = true;
            }
            (_, None) => lines.push(arg.clone()),
        }
    }
    lines
}

/// A word within quotes.
fn escaped(word: &str) -> String {
    word.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn read_file(config: &mut Config, path: &str, depth: u32) -> Result<(), FileError> {
    let failed = |what: String| FileError { file: path.to_owned(), line: 0, what };
    let text =
        fs::read_to_string(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
    read_text(config, path, &text, depth)
}

fn read_text(config: &mut Config, path: &str, text: &str, depth: u32) -> Result<(), FileError> {
    let mut include = |config: &mut Config, named: &str| {
        if depth >= INCLUDE_DEPTH_MAX {
            let what = format!("files include each other too deeply: {named}");
            return Err(FileError { file: path.to_owned(), line: 0, what });
        }
        read_file(config, named, depth + 1)
    };
    config.read(path, text, &mut include)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("redis.conf");
        let more = dir.path().join("more.conf");
        fs::write(&path, format!("port 7000\ninclude {}\ntimeout 3\n", more.display())).unwrap();
        fs::write(&more, "cluster-enabled yes\ntimeout 9\n").unwrap();
        let named = path.display().to_string();
        let options =
            read(&args(&[&named, "--port", "7001", "--save", "", "--bind", "127.0.0.1", "::1"]))
                .unwrap();
        assert_eq!(options.config.port, 7001);
        assert_eq!(options.config.timeout_s, 3);
        assert!(options.config.cluster_enabled);
        assert_eq!(options.config.bind, ["127.0.0.1", "::1"]);
        assert!(options.config.save_points().is_empty());
        assert_eq!(options.file.as_deref(), Some(named.as_str()));
    }

    #[test]
    fn errors_say_where() {
        let refused = |words: &[&str]| read(&args(words)).unwrap_err();
        assert_eq!(refused(&["--foo", "1"]), "on the command line: unknown directive 'foo'");
        assert!(refused(&["/nonexistent.conf"]).starts_with("/nonexistent.conf"));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.conf");
        fs::write(&path, "port 1\nport x\n").unwrap();
        let named = path.display().to_string();
        assert_eq!(
            refused(&[&named]),
            format!("{named}, line 2: 'port': argument couldn't be parsed into an integer")
        );
        fs::write(&path, format!("include {named}\n")).unwrap();
        assert!(refused(&[&named]).contains("too deeply"));
    }
}
