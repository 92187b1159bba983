//! What is typed to the nodes, as into `redis-cli`, and what its answer leads to.
//!
//! What was said and answered is not kept here: it stands in the run's history, so that going back
//! in time takes it back as well.

use slotscope_core::{
    command,
    resp::Parser,
    sim::{Action, HostIdx, What},
    slot::{Slot, checksum, hashed_part, key_slot},
};

use super::{Cmd, ConsoleMsg, Page, Tab};

/// A redirection leads on so many times at most, as in `redis-cli`.
const REDIRECTIONS_MAX: usize = 5;
/// Lines that the up arrow brings back.
const REMEMBERED: usize = 100;

/// The line that is being typed.
#[derive(Clone, Debug, Default)]
pub struct Console {
    /// The line.
    pub line: String,
    /// Whether redirections are followed (`redis-cli -c`).
    pub follows: bool,
    /// Why the last line could not be sent.
    pub trouble: Option<Trouble>,
    typed: Vec<String>,
    /// How many lines back the up arrow has gone.
    back: usize,
}

/// Why a line was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A quote is not closed.
    Quotes,
    /// `redis-cli --cluster …`: that is a program of its own.
    Manager,
    /// No machine listens at that port.
    NoSuchPort,
}

/// Where the first key of the typed line belongs, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    /// What stands before the hashed part, the hashed part, and what stands behind it.
    pub key: [String; 3],
    /// Its CRC16.
    pub crc: u16,
    /// That modulo 16384.
    pub slot: Slot,
}

/// A line as `redis-cli` would take it.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    port: Option<u16>,
    follows: Option<bool>,
    words: Vec<String>,
}

impl Console {
    /// Where the line's first key belongs, once the command is known to have one.
    #[must_use]
    pub fn needle(&self) -> Option<Needle> {
        let line = read(&self.line).ok()?;
        let words: Vec<&[u8]> = line.words.iter().map(String::as_bytes).collect();
        let key = line.words.get(command::first_key(&words)?)?.as_bytes();
        if key.is_empty() {
            return None;
        }
        let hashed = hashed_part(key);
        // The hashed part is a piece of the key: everything but a tag is the key itself.
        let from = if hashed.len() == key.len() {
            0
        } else {
            key.iter().position(|byte| *byte == b'{').map_or(0, |open| open + 1)
        };
        let text = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
        let (before, rest) = key.split_at(from);
        let (part, after) = rest.split_at(hashed.len());
        Some(Needle {
            key: [text(before), text(part), text(after)],
            crc: checksum(key),
            slot: key_slot(key),
        })
    }
}

/// Splits a line into words, with `redis-cli` and its options taken off its front.
fn read(line: &str) -> Result<Line, Trouble> {
    let mut parser = Parser::default();
    let ended = format!("{}\r\n", line.trim());
    let mut words = match parser.next(ended.as_bytes()) {
        Ok(Some(request)) => {
            let args = request.args();
            args.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect()
        }
        Ok(None) => Vec::new(),
        Err(_) => return Err(Trouble::Quotes),
    };
    let mut read = Line { port: None, follows: None, words: Vec::new() };
    if words.first().is_some_and(|word| word == "redis-cli") {
        let mut used = 1;
        // Without -c the real program does not follow redirections.
        read.follows = Some(false);
        while let Some(option) = words.get(used) {
            match option.as_str() {
                "-c" => read.follows = Some(true),
                "-h" => used += 1,
                "-p" => {
                    used += 1;
                    let port = words.get(used).and_then(|port| port.parse().ok());
                    read.port = Some(port.ok_or(Trouble::NoSuchPort)?);
                }
                "--cluster" => return Err(Trouble::Manager),
                _ => break,
            }
            used += 1;
        }
        words.drain(..used.min(words.len()));
    }
    read.words = words;
    Ok(read)
}

/// `(error) MOVED 12182 127.0.0.1:7002` or ASK: whether to ask, and the port.
fn redirection(answer: &str) -> Option<(bool, u16)> {
    let mut words = answer.strip_prefix("(error) ")?.split(' ');
    let asks = match words.next()? {
        "MOVED" => false,
        "ASK" => true,
        _ => return None,
    };
    let (_, port) = words.nth(1)?.rsplit_once(':')?;
    Some((asks, port.parse().ok()?))
}

impl Page {
    /// The node that is talked to: the selected one, else the first that runs.
    #[must_use]
    pub fn console_node(&self) -> Option<HostIdx> {
        let running = || self.picture.each().find(|host| self.picture.is_up(*host));
        self.selected.or_else(running).or_else(|| self.picture.each().next())
    }

    pub(super) fn console(&mut self, msg: ConsoleMsg) -> Vec<Cmd> {
        let console = &mut self.console;
        match msg {
            ConsoleMsg::Opened => {
                self.tab = Tab::Console;
                self.settings.fold_inspector = false;
                return vec![Cmd::FocusConsole];
            }
            ConsoleMsg::Typed(line) => {
                console.line = line;
                console.trouble = None;
            }
            ConsoleMsg::Piece(piece) => {
                let line = &mut console.line;
                let word = piece.chars().all(char::is_alphabetic);
                if word && !line.is_empty() && !line.ends_with(' ') {
                    line.push(' ');
                }
                line.push_str(piece);
                if word {
                    line.push(' ');
                }
                return vec![Cmd::FocusConsole];
            }
            ConsoleMsg::Earlier => console.recall(console.back + 1),
            ConsoleMsg::Later => console.recall(console.back.saturating_sub(1)),
            ConsoleMsg::FollowFlipped => console.follows ^= true,
            ConsoleMsg::Entered => self.entered(),
        }
        Vec::new()
    }

    fn entered(&mut self) {
        let line = core::mem::take(&mut self.console.line);
        if line.trim().is_empty() {
            return;
        }
        self.console.remember(line.trim());
        match read(&line) {
            Err(trouble) => {
                self.console.trouble = Some(trouble);
                self.console.line = line;
            }
            Ok(read) => {
                self.console.trouble = None;
                self.say(&read);
            }
        }
    }

    fn say(&mut self, line: &Line) {
        if let Some(port) = line.port {
            let Some(host) = self.picture.by_port(port) else {
                self.console.trouble = Some(Trouble::NoSuchPort);
                return;
            };
            self.selected = Some(host);
        }
        self.console.follows = line.follows.unwrap_or(self.console.follows);
        let Some(mut to) = self.console_node() else { return };
        if line.words.is_empty() {
            return;
        }
        for _ in 0..=REDIRECTIONS_MAX {
            let before = self.sim.world().next_seq();
            self.act(Action::Command(to, line.words.clone()));
            let leads = self.answer_since(before).and_then(|answer| redirection(&answer));
            let Some((asks, port)) = leads.filter(|_| self.console.follows) else { return };
            let Some(next) = self.picture.by_port(port) else { return };
            to = next;
            self.selected = Some(to);
            if asks {
                self.act(Action::Command(to, vec!["ASKING".into()]));
            }
        }
    }

    /// The answer that came at once; some wait for the disk, or for ever.
    fn answer_since(&self, seq: u64) -> Option<String> {
        let items = self.sim.history().items();
        items[items.partition_point(|record| record.seq < seq)..].iter().rev().find_map(|record| {
            match &record.what {
                What::Answer(text) => Some(text.clone()),
                _ => None,
            }
        })
    }
}

impl Console {
    fn remember(&mut self, line: &str) {
        self.back = 0;
        if self.typed.last().is_none_or(|last| last != line) {
            self.typed.push(line.to_owned());
        }
        if self.typed.len() > REMEMBERED {
            self.typed.remove(0);
        }
    }

    fn recall(&mut self, back: usize) {
        if back == 0 {
            self.line.clear();
            self.back = 0;
        } else if let Some(line) =
            self.typed.len().checked_sub(back).and_then(|at| self.typed.get(at))
        {
            self.line.clone_from(line);
            self.back = back;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_redis_cli_reads_them() {
        let words = |line: &str| read(line).map(|line| line.words);
        assert_eq!(words("SET a 'b c'"), Ok(vec!["SET".into(), "a".into(), "b c".into()]));
        assert_eq!(words("  "), Ok(vec![]));
        assert_eq!(words("SET a \"b"), Err(Trouble::Quotes));
        let all = read("redis-cli -c -h 127.0.0.1 -p 7001 GET a").unwrap();
        assert_eq!((all.port, all.follows), (Some(7001), Some(true)));
        assert_eq!(all.words, ["GET", "a"]);
        assert_eq!(words("redis-cli --cluster check 127.0.0.1:7000"), Err(Trouble::Manager));
        assert_eq!(words("redis-cli -p"), Err(Trouble::NoSuchPort));
    }

    #[test]
    fn a_needle_shows_the_way_from_key_to_slot() {
        let needle = |line: &str| Console { line: line.into(), ..Console::default() }.needle();
        let foo = needle("get foo").unwrap();
        assert_eq!((foo.crc, foo.slot.get()), (0xAF96, 12182));
        assert_eq!(foo.key, ["", "foo", ""]);
        let tag = needle("SET {user1000}.following 1").unwrap();
        assert_eq!(tag.key, ["{", "user1000", "}.following"]);
        assert_eq!(tag.slot.get(), 3443);
        assert_eq!(needle("PING foo"), None);
        assert_eq!(needle("get"), None);
        assert_eq!(needle("nonsense foo"), None);
    }
}
