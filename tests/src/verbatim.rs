//! A connection that shows replies as they are on the wire, to compare two servers word for word.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a server.
#[derive(Debug)]
pub struct Verbatim(BufReader<TcpStream>);

impl Verbatim {
    /// Connects.
    #[must_use]
    pub fn to(server: &Server) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends a request and reads nothing.
    pub fn say(&mut self, words: &[&str]) {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
    }

    /// One line, without its end.
    pub fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line).unwrap();
        String::from_utf8_lossy(&line).trim_end_matches("\r\n").to_owned()
    }

    /// Exactly so many bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// One value, nested ones in brackets behind their mark (none for a plain array).
    pub fn value(&mut self) -> String {
        let line = self.line();
        let count = line.get(1..).and_then(|count| count.parse::<usize>().ok());
        match (line.as_bytes().first(), count) {
            (Some(b'$'), Some(len)) => {
                let bytes = self.bytes(len + 2);
                format!("\"{}\"", bytes[..len].escape_ascii())
            }
            (Some(b'='), Some(len)) => {
                let bytes = self.bytes(len + 2);
                format!("=\"{}\"", bytes[..len].escape_ascii())
            }
            (Some(mark @ (b'*' | b'~' | b'>' | b'%')), Some(len)) => {
                let len = if *mark == b'%' { 2 * len } else { len };
                let parts: Vec<String> = (0..len).map(|_| self.value()).collect();
                let mark = if *mark == b'*' { String::new() } else { char::from(*mark).into() };
                format!("{mark}[{}]", parts.join(" "))
            }
            _ => line,
        }
    }

    /// A request and its reply.
    pub fn ask(&mut self, words: &[&str]) -> String {
        self.say(words);
        self.value()
    }

    /// Becomes a replica; the stream follows.
    #[must_use]
    pub fn follow(server: &Server) -> Self {
        let mut wire = Self::to(server);
        wire.say(&["PSYNC", "?", "-1"]);
        let mut heads = Vec::new();
        while heads.len() < 2 {
            // Empty lines keep the link alive while the snapshot is made.
            heads.extend(Some(wire.line()).filter(|line| !line.trim().is_empty()));
        }
        let len: usize = heads[1].trim_start_matches('$').parse().unwrap();
        drop(wire.bytes(len));
        wire.say(&["REPLCONF", "ACK", "0"]);
        wire
    }

    /// The commands of the stream up to the SET of `end`, without what is not data.
    pub fn stream_until_end(&mut self) -> Vec<String> {
        let mut commands = Vec::new();
        loop {
            let command = self.value();
            if command.contains("\"end\"") {
                return commands;
            }
            let is_data = ["select", "ping", "replconf"]
                .iter()
                .all(|word| !command.to_ascii_lowercase().contains(word));
            if is_data {
                commands.push(command);
            }
        }
    }
}
