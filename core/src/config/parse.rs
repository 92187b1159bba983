//! The text of redis.conf: one directive a line, `#` comments, quoted words.
//!
//! Reading *files* is the driver's: an `include` comes back to it through a callback.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use super::Config;

/// Why a configuration file was refused: which line of which file, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {what}", at_line(*.line))]
pub struct FileError {
    /// The file as it was named.
    pub file: String,
    /// Counted from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

fn at_line(line: usize) -> String {
    if line == 0 { String::new() } else { format!(", line {line}") }
}

impl Config {
    /// Takes over the directives of a file's `text`; later ones win over earlier ones.
    ///
    /// `include` is called for each file that an `include` line names, at its place.
    ///
    /// # Errors
    /// The first line that cannot be accepted, or what `include` gave. Directives before it are
    /// in force by then: a caller that goes on after an error starts from a fresh `Config`.
    pub fn read(
        &mut self,
        file: &str,
        text: &str,
        include: &mut dyn FnMut(&mut Self, &str) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        for (at, line) in text.lines().enumerate() {
            let error = |what: String| FileError { file: file.into(), line: at + 1, what };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let words = words(line).map_err(|what| error(what.into()))?;
            let Some((name, values)) = words.split_first() else { continue };
            if name.eq_ignore_ascii_case("include") {
                let [path] = values else {
                    return Err(error("'include' takes one file name".into()));
                };
                include(self, path)?;
                continue;
            }
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            self.set(name, &values).map_err(|e| error(e.to_string()))?;
        }
        Ok(())
    }
}

/// Splits a line into words: blanks separate, `"…"` holds blanks and escapes (`\n \r \t \b \a \"
/// \\ \xhh`), `'…'` holds everything but `\'`.
///
/// # Errors
/// What is wrong with the quotes, in words.
pub fn words(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut rest = line.as_bytes();
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return Ok(words);
        }
        let mut word = Vec::new();
        loop {
            match rest {
                [] => break,
                [b'"', inside @ ..] => rest = double_quoted(inside, &mut word)?,
                [b'\'', inside @ ..] => rest = single_quoted(inside, &mut word)?,
                [c, ..] if c.is_ascii_whitespace() => break,
                [c, after @ ..] => {
                    word.push(*c);
                    rest = after;
                }
            }
        }
        words.push(String::from_utf8(word).map_err(|_| "the words are not UTF-8 text")?);
    }
}

fn double_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Result<&'a [u8], &'static str> {
    loop {
        match rest {
            [b'"', after @ ..] => return closed(after),
            [b'\\', b'x', high, low, after @ ..] if hex(*high).is_some() && hex(*low).is_some() => {
                word.push((hex(*high).unwrap_or(0) << 4) | hex(*low).unwrap_or(0));
                rest = after;
            }
            [b'\\', c, after @ ..] => {
                word.push(match c {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    c => *c,
                });
                rest = after;
            }
            [c, after @ ..] => {
                word.push(*c);
                rest = after;
            }
            [] => return Err(UNBALANCED),
        }
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Result<&'a [u8], &'static str> {
    loop {
        match rest {
            [b'\'', after @ ..] => return closed(after),
            [b'\\', b'\'', after @ ..] => {
                word.push(b'\'');
                rest = after;
            }
            [c, after @ ..] => {
                word.push(*c);
                rest = after;
            }
            [] => return Err(UNBALANCED),
        }
    }
}

const UNBALANCED: &str = "unbalanced quotes";

/// Behind a closing quote a word must end: `"a"b` is more likely a slip than a wish.
fn closed(after: &[u8]) -> Result<&[u8], &'static str> {
    match after.first() {
        Some(c) if !c.is_ascii_whitespace() => Err(UNBALANCED),
        Some(_) | None => Ok(after),
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok())
}

/// A word as a line of redis.conf needs it: in quotes if it is empty or has blanks or quotes.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\'' | '\\');
    if !word.is_empty() && word.chars().all(plain) {
        return word.into();
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn no_include(_: &mut Config, _: &str) -> Result<(), FileError> {
        unreachable!("no include line")
    }

    #[test]
    fn words_are_split_as_redis_does() {
        for (line, want) in [
            ("port 7000", vec!["port", "7000"]),
            ("  save \"\"  ", vec!["save", ""]),
            (r#"a "b c" 'd "e' "f\"g\x41\n""#, vec!["a", "b c", "d \"e", "f\"gA\n"]),
            ("a 'it\\'s'", vec!["a", "it's"]),
            ("名字 \"值 二\"", vec!["名字", "值 二"]),
        ] {
            assert_eq!(words(line).unwrap(), want, "{line}");
        }
        for bad in ["a \"b", "a 'b", "a \"b\"c", "a \"b\\"] {
            assert_eq!(words(bad), Err(UNBALANCED), "{bad}");
        }
        assert!(words(r#"a "\xff""#).is_err());
    }

    #[test]
    fn a_file_is_read_line_by_line() {
        let mut config = Config::default();
        let text = "# six nodes\nport 7000\r\n\ncluster-enabled yes\n  cluster-node-timeout 5000\n";
        config.read("redis.conf", text, &mut no_include).unwrap();
        assert_eq!(config.port, 7000);
        assert!(config.cluster_enabled);
        assert_eq!(config.cluster_node_timeout_ms, 5000);
    }

    #[test]
    fn an_error_names_file_and_line() {
        let refused = |text: &str| {
            let mut config = Config::default();
            config.read("a.conf", text, &mut no_include).unwrap_err().to_string()
        };
        assert_eq!(refused("port 1\n\nfoo bar\n"), "a.conf, line 3: unknown directive 'foo'");
        assert_eq!(
            refused("appendonly maybe"),
            "a.conf, line 1: 'appendonly': argument must be 'yes' or 'no'"
        );
        assert_eq!(refused("port \"1"), "a.conf, line 1: unbalanced quotes");
        assert_eq!(refused("port 1 2"), "a.conf, line 1: 'port': wrong number of arguments");
        assert_eq!(refused("include"), "a.conf, line 1: 'include' takes one file name");
    }

    #[test]
    fn included_files_take_effect_at_their_place() {
        let mut config = Config::default();
        let mut seen = Vec::new();
        let mut include = |config: &mut Config, path: &str| {
            seen.push(path.to_string());
            config.read(path, "port 2\ntimeout 9\n", &mut no_include)
        };
        config.read("a", "port 1\ninclude \"b c.conf\"\nport 3\n", &mut include).unwrap();
        assert_eq!((config.port, config.timeout_s), (3, 9));
        assert_eq!(seen, ["b c.conf"]);
    }

    #[test]
    fn quoting_survives_a_round_trip() {
        for word in ["", "a", "a b", "it's", "a\"b\\c\nd"] {
            assert_eq!(words(&quoted(word)).unwrap(), [word]);
        }
    }
}
