//! A connection without a library, so that what was answered is known to the byte.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
};

/// A connection without a library, so that what was answered is known to the byte.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    said: Vec<u8>,
    heard: Vec<u8>,
    at: usize,
}

impl Wire {
    /// Connects to a port of this machine.
    #[must_use]
    pub fn open(port: u16) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, said: Vec::new(), heard: Vec::new(), at: 0 }
    }

    /// Adds a command to what is sent next.
    pub fn say(&mut self, words: &[&str]) {
        write!(self.said, "*{}\r\n", words.len()).unwrap();
        for word in words {
            write!(self.said, "${}\r\n{word}\r\n", word.len()).unwrap();
        }
    }

    /// Sends what was added.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn send(&mut self) -> io::Result<()> {
        let sent = self.stream.write_all(&self.said);
        self.said.clear();
        sent
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.heard[self.at..].windows(2).position(|two| two == b"\r\n") {
                let line = &self.heard[self.at..self.at + end];
                let line = String::from_utf8_lossy(line).into_owned();
                self.at += end + 2;
                return Ok(line);
            }
            self.more()?;
        }
    }

    fn more(&mut self) -> io::Result<()> {
        self.heard.drain(..self.at);
        self.at = 0;
        let mut piece = [0; 16 << 10];
        let n = self.stream.read(&mut piece)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.heard.extend_from_slice(&piece[..n]);
        Ok(())
    }

    /// The next answer: a string as it is, other simple answers with their mark, an aggregate as
    /// lines.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn answer(&mut self) -> io::Result<String> {
        let line = self.line()?;
        let number = || line[1..].parse::<i64>().unwrap_or(-1);
        match line.as_bytes()[0] {
            b'$' => {
                let Ok(length) = usize::try_from(number()) else { return Ok("nil".into()) };
                while self.heard.len() - self.at < length + 2 {
                    self.more()?;
                }
                let text = String::from_utf8_lossy(&self.heard[self.at..self.at + length]);
                let text = text.into_owned();
                self.at += length + 2;
                Ok(text)
            }
            b'*' => {
                let mut text = line.clone();
                for _ in 0..number() {
                    text.push('\n');
                    text.push_str(&self.answer()?);
                }
                Ok(text)
            }
            _ => Ok(line),
        }
    }
}
