//! The driver's side of clients: registering, feeding and closing them, and looking after those who
//! are slow or silent.

use std::{rc::Rc, time::Duration};

use slotscope_core::{
    id::ClientId,
    io::{Input, Level, Purpose},
    node::ClientClass,
};

use super::{
    super::outbound::{End, Outbound},
    Client, Driver,
};

/// Less than this waits in a buffer that Redis does not count either.
const UNCOUNTED_BYTES: usize = 16 << 10;

/// How often connections are looked after, as in Redis.
const LOOK: Duration = Duration::from_secs(1);

impl Driver {
    /// How many connections `maxclients` counts: clients, and links of the bus.
    pub(in crate::server) fn connections(&self) -> usize {
        let links = self.links.borrow();
        let bus = links.values().filter(|link| link.purpose == Purpose::Bus).count();
        self.clients.borrow().len() + bus
    }

    /// A client was not let in.
    pub(in crate::server) fn rejected(&self) {
        self.node.borrow_mut().note_rejected();
    }

    /// Registers a client; `name` is for the log.
    pub(in crate::server) fn add_client(&self, name: String) -> (ClientId, Rc<Outbound>) {
        self.connected.set(self.connected.get() + 1);
        let id = ClientId(self.connected.get());
        let out = Rc::new(Outbound::default());
        let client = Client { out: Rc::clone(&out), name };
        self.clients.borrow_mut().insert(id, client);
        (id, out)
    }

    /// A client's connection ended: the node is told, unless it closed it itself.
    pub(in crate::server) fn client_gone(self: &Rc<Self>, id: ClientId) {
        let gone = self.clients.borrow_mut().remove(&id);
        if let Some(client) = gone {
            // Whoever is making something for it has to stop.
            client.out.finish(End::Now);
            self.handle(Input::ClientGone { client: id });
        }
    }

    pub(super) fn feed(&self, id: ClientId, bytes: &[u8]) {
        if let Some(client) = self.clients.borrow().get(&id) {
            client.out.is_blocked.set(false);
            // A replica's first bytes are its snapshot, or what it missed: never few, and made for
            // it at once. Redis keeps them apart from the buffer that has a limit, too.
            let is_first = bytes.len() > UNCOUNTED_BYTES
                && self.class(id) == Some(ClientClass::Replica)
                && client.out.push_snapshot(bytes);
            if !is_first {
                client.out.push(bytes);
            }
            self.check_output(id, &client.out);
        }
    }

    fn class(&self, id: ClientId) -> Option<ClientClass> {
        self.node.borrow().client(self.clock.now(), id).map(|client| client.class)
    }

    /// Offers a client's postponed request again.
    pub(super) fn resume(&self, id: ClientId) {
        if let Some(client) = self.clients.borrow().get(&id) {
            client.out.is_blocked.set(false);
            client.out.wake();
        }
    }

    /// A message that answers nothing.
    pub(super) fn push(&self, id: ClientId, bytes: &[u8]) {
        if let Some(client) = self.clients.borrow().get(&id) {
            client.out.push(bytes);
            self.check_output(id, &client.out);
        }
    }

    /// Closes a client that reads too slowly for its class.
    pub(in crate::server) fn check_output(&self, id: ClientId, out: &Outbound) {
        if out.waiting() <= UNCOUNTED_BYTES || out.is_ending() {
            return;
        }
        let node = self.node.borrow();
        let class = node.client(self.clock.now(), id).map(|client| client.class);
        let limit = node.config().client_output_buffer_limit[match class {
            None | Some(ClientClass::Normal) => 0,
            Some(ClientClass::Replica) => 1,
            Some(ClientClass::Pubsub) => 2,
        }];
        drop(node);
        if !out.exceeds(limit) {
            return;
        }
        let clients = self.clients.borrow();
        self.log.warning(&format!(
            "Client id={} addr={} omem={} scheduled to be closed ASAP for overcoming of output \
             buffer limits.",
            id.0,
            clients.get(&id).map_or("", |client| client.name.as_str()),
            out.waiting()
        ));
        out.finish(End::Now);
    }

    /// Whether a client still has to say the password.
    pub(in crate::server) fn is_stranger(&self, id: ClientId) -> bool {
        let node = self.node.borrow();
        !node.config().requirepass.is_empty()
            && node.client(self.clock.now(), id).is_some_and(|client| !client.is_trusted)
    }

    /// So much waits to be sent to a client.
    pub(in crate::server) fn note_waiting(&self, id: ClientId, bytes: u64) {
        self.node.borrow_mut().note_waiting(id, bytes);
    }

    /// Looks after connections once a second, for ever: those that are idle for too long end, and
    /// those that have been slow for too long.
    pub(in crate::server) async fn look_after(self: Rc<Self>) {
        let mut every = tokio::time::interval(LOOK);
        loop {
            every.tick().await;
            let all: Vec<_> =
                self.clients.borrow().iter().map(|(id, c)| (*id, Rc::clone(&c.out))).collect();
            for (id, out) in all {
                self.check_output(id, &out);
                if !out.is_ending() && self.is_idle(id) {
                    self.log.line(Level::Verbose, "Closing idle client");
                    out.finish(End::Now);
                }
            }
        }
    }

    /// Whether a client has said nothing for longer than `timeout`. Replicas, listeners and those
    /// who wait for an answer never are.
    fn is_idle(&self, id: ClientId) -> bool {
        let node = self.node.borrow();
        let limit_ms = node.config().timeout_s.saturating_mul(1000);
        let client = node.client(self.clock.now(), id);
        limit_ms > 0
            && client.is_some_and(|client| {
                client.class == ClientClass::Normal
                    && !client.is_waiting
                    && client.idle_ms > limit_ms
            })
    }
}
