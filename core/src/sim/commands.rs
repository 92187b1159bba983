//! What happens on the data port of a machine, and at its keyboard?
//!
//! Requests are parsed where they lie and run as one batch, then the node settles once; an answer
//! that may not leave before the disk has the image waits with the effects.

use alloc::{format, string::String, vec::Vec};

use super::{
    HostIdx, What,
    host::{IP, Pending},
    turn::Turn,
};
use crate::{
    client::Value, command::Outcome, config::Fsync, endpoint::Addr, id::ClientId, io::Input,
    resp::ReplyBuf,
};

impl Turn<'_> {
    /// Bytes on the data port: whole requests are run as one batch, as the native server does.
    pub(super) fn client_bytes(&mut self, idx: HostIdx, id: ClientId, bytes: &[u8]) {
        let at = self.s.now;
        let host = &mut self.s.hosts[usize::from(idx.0)];
        let now = host.clock(at);
        let Some(node) = &mut host.node else { return };
        let Some(client) = host.clients.get_mut(&id) else { return };
        client.unread.extend_from_slice(bytes);
        if client.waits {
            return;
        }
        let mut reply = ReplyBuf::new();
        let (mut used, mut held, mut closes) = (0, false, false);
        while !closes {
            let rest = client.unread.get(used..).unwrap_or(&[]);
            let request = match client.parser.next(rest) {
                Ok(Some(request)) => request,
                Ok(None) => break,
                Err(error) => {
                    error.write_reply(&mut reply);
                    closes = true;
                    break;
                }
            };
            used += request.consumed;
            let args = request.args();
            if args.is_empty() {
                continue;
            }
            match node.execute(now, id, &args, &mut reply, self.out) {
                Outcome::Done | Outcome::Silent => {}
                Outcome::AfterPersist => held = true,
                Outcome::Blocked => {
                    client.waits = true;
                    break;
                }
                Outcome::Postponed => {
                    used -= request.consumed;
                    client.waits = true;
                    break;
                }
                Outcome::Close => closes = true,
            }
        }
        client.unread.drain(..used.min(client.unread.len()));
        node.settle(now, self.out);
        self.s.trace.word(at.as_micros() << 8 | u64::from(idx.0) & 255);
        // What was appended, or waits to be, has to be on disk before anybody hears of it.
        held |= node.config().appendfsync == Fsync::Always
            && (self.out.appends() || host.disk.data.holds());
        let reply = reply.take();
        if !held && !reply.is_empty() {
            self.reply(idx, id, reply.clone());
        }
        self.carry_out(idx);
        if held {
            self.after_disk(idx, Pending::Bytes(id, reply));
        }
        if closes {
            self.after_disk(idx, Pending::Close(id));
        }
    }

    /// A person types a command at the machine; the reply, if there is one.
    pub(super) fn person(&mut self, idx: HostIdx, words: &[String]) -> Option<Value> {
        let at = self.s.now;
        let host = &mut self.s.hosts[usize::from(idx.0)];
        let port = host.port;
        let refused = if host.node.is_none() {
            Some(format!("Could not connect to Redis at 127.0.0.1:{port}: Connection refused"))
        } else if host.frozen {
            Some(format!("(no answer: the process at 127.0.0.1:{port} is stopped)"))
        } else if words.is_empty() {
            Some(String::new())
        } else {
            None
        };
        if let Some(text) = refused {
            self.record(Some(idx), || What::Answer(text));
            return None;
        }
        self.s.checks.told(idx, words);
        let id = self.person_client(idx);
        let host = &mut self.s.hosts[usize::from(idx.0)];
        let now = host.clock(at);
        let node = host.node.as_mut()?;
        let name = node.id();
        let args: Vec<&[u8]> = words.iter().map(String::as_bytes).collect();
        let mut reply = ReplyBuf::new();
        let outcome = node.execute(now, id, &args, &mut reply, self.out);
        node.settle(now, self.out);
        let renamed = node.id() != name;
        let name = node.id();
        self.s.names.insert(name, idx);
        self.s.trace.bytes(reply.as_bytes());
        if renamed {
            self.s.checks.was_told(idx, true);
            self.s.checks.told(idx, words);
        }
        self.carry_out(idx);
        self.s.checks.was_told(idx, false);
        let value = Value::parse(reply.as_bytes()).ok().map(|(value, _)| value);
        let text = value.as_ref().map(Value::to_text).unwrap_or_default();
        match outcome {
            Outcome::Done if self.replies_wait(idx) => self.keep(idx, Pending::Answer(text)),
            Outcome::Done => {
                self.record(Some(idx), || What::Answer(text));
            }
            Outcome::AfterPersist => self.after_disk(idx, Pending::Answer(text)),
            Outcome::Postponed => self.host(idx).typed = words.to_vec(),
            Outcome::Silent | Outcome::Blocked => {}
            Outcome::Close => {
                self.record(Some(idx), || What::Answer(text));
                self.after_disk(idx, Pending::Close(id));
            }
        }
        value
    }

    /// A client's answer came, or its postponed request is offered again: what it sent meanwhile
    /// runs.
    pub(super) fn go_on(&mut self, idx: HostIdx, id: ClientId) {
        let host = self.host(idx);
        if host.person == Some(id) {
            let words = core::mem::take(&mut host.typed);
            if !words.is_empty() {
                self.person(idx, &words);
            }
            return;
        }
        if let Some(client) = host.clients.get_mut(&id)
            && core::mem::take(&mut client.waits)
        {
            self.client_bytes(idx, id, &[]);
        }
    }

    fn person_client(&mut self, idx: HostIdx) -> ClientId {
        if let Some(id) = self.host(idx).person {
            return id;
        }
        let id = ClientId(self.s.net.label());
        let host = self.host(idx);
        host.person = Some(id);
        host.accept_client(id, None);
        let local = Some(Addr { ip: IP, port: host.port });
        self.input(idx, Input::ClientUp { client: id, remote: local, local });
        id
    }
}
