//! A conversation with one server: send a command, read its reply, wait no longer than is polite.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use slotscope_core::{
    client::{Incomplete, Value, encode_command},
    endpoint::Addr,
};

/// How long a healthy server on this machine may take for anything asked here.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open connection.
#[derive(Debug)]
pub(super) struct Conversation {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Conversation {
    /// Connects.
    pub(super) fn open(to: Addr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&(to.ip, to.port).into(), PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, unread: Vec::new() })
    }

    /// Sends a command and waits for its reply.
    pub(super) fn ask<W: AsRef<[u8]>>(&mut self, words: &[W]) -> io::Result<Value> {
        self.stream.write_all(&encode_command(words))?;
        let mut piece = [0; 16 << 10];
        loop {
            match Value::parse(&self.unread) {
                Ok((value, used)) => {
                    self.unread.drain(..used);
                    return Ok(value);
                }
                Err(Incomplete::More) => {}
                Err(Incomplete::Broken) => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "no Redis answers there",
                    ));
                }
            }
            let n = match self.stream.read(&mut piece) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Err(error) => return Err(error),
            };
            self.unread.extend_from_slice(piece.get(..n).unwrap_or(&[]));
        }
    }
}
