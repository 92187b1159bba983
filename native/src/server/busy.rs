//! Answers for clients while a script runs for too long and the loop stands still.
//!
//! The script has the only thread, so no task gets a turn. What clients have sent is looked at where
//! it lies, in their sockets: a request that can be answered now is taken out and answered, and
//! everything else stays for the connection's own task. Only connections whose task waits for a
//! request are touched, so that replies keep the order of requests. What is answered is decided in
//! core, by [`Met`].
//!
//! Spec: Redis 7.0 documentation, `EVAL`, "Scripts with longer execution times".
//! Differs from Redis: new connections wait, and so do those through a unix socket.

use std::{cell::RefCell, collections::BTreeMap, process, rc::Rc};

use rustix::{
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
};
use slotscope_core::{id::ClientId, resp::Parser, script::Met};
use tokio::net::{TcpStream, tcp::OwnedWriteHalf};

use super::outbound::Outbound;

/// As much of what a client has sent is looked at: requests that are longer wait.
const LOOK_BYTES: usize = 16 << 10;

/// A connection of the data port.
struct Line {
    socket: Rc<OwnedWriteHalf>,
    out: Rc<Outbound>,
}

thread_local! {
    /// The connections of this thread's node.
    static LINES: RefCell<BTreeMap<ClientId, Line>> = const { RefCell::new(BTreeMap::new()) };
}

/// A client is there.
pub(super) fn note(id: ClientId, socket: Rc<OwnedWriteHalf>, out: Rc<Outbound>) {
    LINES.with(|lines| lines.borrow_mut().insert(id, Line { socket, out }));
}

/// It is gone.
pub(super) fn forget(id: ClientId) {
    LINES.with(|lines| lines.borrow_mut().remove(&id));
}

/// Answers whoever can be answered now. Whether somebody has asked for the end of the script.
pub(super) fn answer(meet: &mut dyn FnMut(ClientId, &[&[u8]]) -> Met) -> bool {
    LINES.with(|lines| {
        let lines = lines.borrow();
        lines.iter().fold(false, |is_killed, (id, line)| line.answer(*id, meet) || is_killed)
    })
}

impl Line {
    fn answer(&self, id: ClientId, meet: &mut dyn FnMut(ClientId, &[&[u8]]) -> Met) -> bool {
        let out = &self.out;
        let is_busy = out.waiting() > 0 || out.is_blocked.get() || out.has_unread.get();
        if is_busy || out.is_ending() {
            return false;
        }
        let socket: &TcpStream = (*self.socket).as_ref();
        let mut room = [0; LOOK_BYTES];
        let look = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let Ok((_, len)) = recv(socket, &mut room[..], look) else { return false };
        let (mut taken, mut replies, mut is_killed) = (0, Vec::new(), false);
        let mut parser = Parser::default();
        while let Ok(Some(request)) = parser.next(room.get(taken..len).unwrap_or_default()) {
            let met = if request.is_empty() { Met::Later } else { meet(id, &request.args()) };
            match met {
                Met::Later => break,
                Met::Answered(reply) => replies.extend(reply),
                Met::Killed(reply) => {
                    replies.extend(reply);
                    is_killed = true;
                }
                Met::Exit => process::exit(0),
            }
            taken += request.consumed;
        }
        if taken > 0 {
            self.exchange(socket, &mut room[..taken], &replies);
        }
        is_killed
    }

    /// Takes out what was answered, and answers.
    fn exchange(&self, socket: &TcpStream, taken: &mut [u8], replies: &[u8]) {
        let mut left = taken.len();
        while left > 0 {
            match recv(socket, &mut taken[..left], RecvFlags::DONTWAIT) {
                Ok((_, 0)) | Err(_) => break,
                Ok((_, n)) => left -= n,
            }
        }
        let sent = match send(socket, replies, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Ok(sent) => sent,
            Err(Errno::AGAIN) => 0,
            // The connection is broken: its task will find out.
            Err(_) => replies.len(),
        };
        self.out.push(replies.get(sent..).unwrap_or_default());
    }
}
