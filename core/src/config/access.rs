//! Reading and changing a [`Config`] by the names of its directives.

use alloc::{borrow::ToOwned as _, format, string::String, vec::Vec};

use super::{Change, Config, Directive, all, directives::Home, find, matches, value::Shape};

/// Why a directive was refused.
///
/// `Display` is the sentence for a configuration file; [`ConfigError::reply`] the error of
/// `CONFIG SET`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No such directive.
    #[error("unknown directive '{0}'")]
    Unknown(String),
    /// It can only be set before the server starts.
    #[error("'{0}': can't set immutable config")]
    Immutable(String),
    /// It can only be set before the server starts, for safety.
    #[error("'{0}': can't set protected config")]
    Protected(String),
    /// It stands twice in one `CONFIG SET`.
    #[error("'{0}': duplicate parameter")]
    Duplicate(String),
    /// Its value does not fit.
    #[error("'{name}': {what}")]
    Value {
        /// The directive as it was named.
        name: String,
        /// What is wrong with the value.
        what: String,
    },
}

impl ConfigError {
    /// The error of `CONFIG SET`, without the leading dash.
    #[must_use]
    pub fn reply(&self) -> String {
        let related = |name: &str, what: &str| {
            format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {what}")
        };
        match self {
            Self::Unknown(name) => {
                format!("ERR Unknown option or number of arguments for CONFIG SET - '{name}'")
            }
            Self::Immutable(name) => related(name, "can't set immutable config"),
            Self::Protected(name) => related(name, "can't set protected config"),
            Self::Duplicate(name) => related(name, "duplicate parameter"),
            Self::Value { name, what } => related(name, what),
        }
    }
}

impl Config {
    /// Takes a directive as a line of the configuration file gives it.
    ///
    /// # Errors
    /// No such directive, or its value does not fit; nothing has changed then.
    pub fn set(&mut self, name: &str, words: &[&str]) -> Result<(), ConfigError> {
        let row = find(name).ok_or_else(|| ConfigError::Unknown(name.to_owned()))?;
        let put = match (row.shape, words) {
            // `--replicaof "127.0.0.1 7000"`: one quoted word is as good as two.
            (Shape::Words, [one]) if one.contains(' ') => {
                let words: Vec<&str> = one.split_ascii_whitespace().collect();
                self.put(row, &words)
            }
            _ => self.put(row, words),
        };
        put.map_err(|what| ConfigError::Value { name: name.to_owned(), what })
    }

    /// `CONFIG SET name value`.
    ///
    /// # Errors
    /// As [`Config::set`], and for directives that cannot change while the server runs.
    pub fn set_runtime(&mut self, name: &str, value: &str) -> Result<(), ConfigError> {
        self.set_all_runtime(&[(name, value)])
    }

    /// `CONFIG SET` of several directives at once: all of them or none.
    ///
    /// # Errors
    /// As [`Config::set_runtime`], for the first that is refused.
    pub fn set_all_runtime(&mut self, pairs: &[(&str, &str)]) -> Result<(), ConfigError> {
        let mut rows: Vec<&'static Directive> = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            let row = find(name).ok_or_else(|| ConfigError::Unknown((*name).to_owned()))?;
            match row.change {
                Change::Runtime => {}
                // Redis would listen elsewhere; that it stays as it is can be had.
                Change::Start
                    if ["port", "bind"].contains(&row.name) && row.print(self) == *value => {}
                Change::Start => return Err(ConfigError::Immutable((*name).to_owned())),
                Change::Protected => return Err(ConfigError::Protected((*name).to_owned())),
            }
            if rows.iter().any(|seen| seen.name == row.name) {
                return Err(ConfigError::Duplicate((*name).to_owned()));
            }
            rows.push(row);
        }
        let mut changed = self.clone();
        for (row, (name, value)) in rows.into_iter().zip(pairs) {
            if row.name == "save" {
                // Here the value is the whole list, where lines of a file add up.
                changed.save = Some(Vec::new());
            }
            let words: Vec<&str> = match row.shape {
                Shape::Words => value.split_ascii_whitespace().collect(),
                _ => [*value].into(),
            };
            changed
                .put(row, &words)
                .map_err(|what| ConfigError::Value { name: (*name).to_owned(), what })?;
        }
        *self = changed;
        Ok(())
    }

    /// `CONFIG GET pattern`: names and values in the order of the table; a directive with an older
    /// name is answered under each name that fits.
    #[must_use]
    pub fn get(&self, pattern: &str) -> Vec<(&'static str, String)> {
        all()
            .flat_map(|row| row.names().map(move |name| (name, row)))
            .filter(|(name, row)| {
                if row.hidden { pattern.eq_ignore_ascii_case(name) } else { matches(pattern, name) }
            })
            .map(|(name, row)| (name, row.print(self)))
            .collect()
    }

    /// The value of one directive, as [`Config::get`] gives it.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<String> {
        find(name).map(|row| row.print(self))
    }

    /// What these directives ask for and this version cannot do: one line each, for the log at
    /// start.
    #[must_use]
    pub fn unsupported(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut add = |name: &str, value: &str, instead: &str| {
            lines.push(format!("not supported yet in this version: {name} {value} ({instead})"));
        };
        for row in all() {
            if let Home::Kept { default, asks: true } = row.home
                && let Some(value) = self.kept.get(row.name)
                && value != default
            {
                add(row.name, value, "ignored");
            }
        }
        lines
    }

    fn put(&mut self, row: &'static Directive, words: &[&str]) -> Result<(), String> {
        let value = row.shape.read(words)?;
        match row.home {
            Home::Field { set, .. } => set(self, value),
            Home::Kept { .. } => {
                self.kept.insert(row.name, value.print());
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(config: &Config, name: &str) -> String {
        config.value(name).unwrap()
    }

    #[test]
    fn names_are_unique_and_defaults_fit_their_rows() {
        let mut seen = alloc::collections::BTreeSet::new();
        let fresh = Config::default();
        for row in all() {
            for name in row.names() {
                assert!(seen.insert(name), "{name} stands twice");
                assert_eq!(name, name.to_ascii_lowercase());
            }
            assert!(!row.about.is_empty(), "{}", row.name);
            // What CONFIG GET prints can be set again, and prints the same.
            let printed = row.print(&fresh);
            let mut again = Config::default();
            let words: Vec<&str> = match row.shape {
                Shape::Words => printed.split_ascii_whitespace().collect(),
                _ => [printed.as_str()].into(),
            };
            if row.shape != Shape::Words || !words.is_empty() {
                again.set(row.name, &words).unwrap_or_else(|e| panic!("{e}"));
            }
            assert_eq!(row.print(&again), printed, "{}", row.name);
        }
        assert!(fresh.unsupported().is_empty());
    }

    #[test]
    fn defaults_are_those_of_redis() {
        let config = Config::default();
        for (name, want) in [
            ("port", "6379"),
            ("save", "3600 1 300 100 60 10000"),
            ("appendonly", "no"),
            ("maxmemory", "0"),
            ("maxmemory-policy", "noeviction"),
            ("cluster-node-timeout", "15000"),
            ("cluster-slave-validity-factor", "10"),
            ("cluster-preferred-endpoint-type", "ip"),
            ("repl-backlog-size", "1048576"),
            ("loglevel", "notice"),
            ("proto-max-bulk-len", "536870912"),
            (
                "client-output-buffer-limit",
                "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
            ),
            ("list-max-listpack-size", "-2"),
        ] {
            assert_eq!(value(&config, name), want, "{name}");
        }
    }

    #[test]
    fn a_file_may_say_it_in_the_old_words() {
        let mut config = Config::default();
        config.set("slave-read-only", &["no"]).unwrap();
        config.set("Repl-Backlog-Size", &["2mb"]).unwrap();
        config.set("slaveof", &["10.0.0.1", "7000"]).unwrap();
        config.set("bind", &["127.0.0.1", "-::1"]).unwrap();
        assert!(!config.replica_read_only);
        assert_eq!(config.repl_backlog_size, 2 << 20);
        assert_eq!(value(&config, "replicaof"), "10.0.0.1 7000");
        assert_eq!(value(&config, "bind"), "127.0.0.1 -::1");
        config.set("bind", &["127.0.0.1 ::1"]).unwrap();
        assert_eq!(value(&config, "bind"), "127.0.0.1 ::1");
        config.set("client-output-buffer-limit", &["replica", "1gb", "1mb", "9"]).unwrap();
        assert_eq!(
            value(&config, "client-output-buffer-limit"),
            "normal 0 0 0 slave 1073741824 1048576 9 pubsub 33554432 8388608 60"
        );
    }

    #[test]
    fn save_lines_add_up_and_the_first_replaces_the_default() {
        let mut config = Config::default();
        config.set("save", &["10", "20"]).unwrap();
        config.set("save", &["30", "40", "50", "60"]).unwrap();
        assert_eq!(value(&config, "save"), "10 20 30 40 50 60");
        config.set("save", &[""]).unwrap();
        assert_eq!(value(&config, "save"), "");
        assert!(config.set("save", &["abc"]).is_err());
        config.set_runtime("save", "7 8").unwrap();
        config.set_runtime("save", "9 1").unwrap();
        assert_eq!(value(&config, "save"), "9 1");
        config.set_runtime("save", "").unwrap();
        assert_eq!(value(&config, "save"), "");
    }

    #[test]
    fn config_set_refuses_as_redis_does() {
        let mut config = Config::default();
        let mut refused = |pairs: &[(&str, &str)]| {
            let before = config.clone();
            let text = config.set_all_runtime(pairs).unwrap_err().reply();
            assert_eq!(config, before, "all or nothing");
            text
        };
        let failed = |name: &str, what: &str| {
            format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {what}")
        };
        assert_eq!(
            refused(&[("timeout", "5"), ("foo", "6")]),
            "ERR Unknown option or number of arguments for CONFIG SET - 'foo'"
        );
        for (name, given, what) in [
            ("cluster-enabled", "yes", "can't set immutable config"),
            ("dir", "/tmp", "can't set protected config"),
            ("maxclients", "abc", "argument couldn't be parsed into an integer"),
            ("appendonly", "maybe", "argument must be 'yes' or 'no'"),
            (
                "loglevel",
                "foo",
                "argument(s) must be one of the following: debug, verbose, notice, warning",
            ),
            ("maxmemory", "1gbx", "argument must be a memory value"),
            ("save", "abc", "Invalid save parameters"),
            ("cluster-announce-port", "70000", "argument must be between 0 and 65535 inclusive"),
        ] {
            assert_eq!(refused(&[(name, given)]), failed(name, what));
        }
        assert_eq!(
            refused(&[("timeout", "1"), ("timeout", "2")]),
            failed("timeout", "duplicate parameter")
        );
    }

    #[test]
    fn config_get_takes_patterns() {
        let config = Config::default();
        let names = |pattern: &str| {
            config.get(pattern).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names("port"), ["port"]);
        assert_eq!(names("*slave-read*"), ["slave-read-only"]);
        assert!(names("cluster-*").contains(&"cluster-node-timeout"));
        assert!(names("nothing").is_empty());
        assert_eq!(names("key-load-delay"), ["key-load-delay"]);
        assert!(names("key-load*").is_empty(), "what is for tests is not shown around");
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let mut config = Config::default();
        for (name, words) in [("aclfile", &["users.acl"]), ("hz", &["50"]), ("tls-port", &["0"])] {
            config.set(name, words).unwrap();
        }
        let lines = config.unsupported();
        assert_eq!(lines, ["not supported yet in this version: aclfile users.acl (ignored)",]);
    }
}
