//! A network between nodes that can be cut, without any right on this machine.
//!
//! Every node announces two ports of a relay instead of its own, so all that nodes say to each
//! other goes through here. Who is at the other end of a connection is told by its first bytes: a
//! frame of the bus names its sender, and a replica says on which port it listens. A cut holds
//! what lies on the wrong side, in both directions, and drops nothing: as a switch that is off
//! does, and what was on its way arrives afterwards.
//!
//! Clients that use a node's own port do not pass the relay, so they can be on either side.

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
};

use crate::ports::BUS_OFFSET;

/// Where the sender's name stands in a frame of the bus, and how long it is.
const SENDER: std::ops::Range<usize> = 40..80;

/// The relay of all nodes.
#[derive(Clone, Debug, Default)]
pub struct Between {
    cut: Arc<(Mutex<Cut>, Condvar)>,
}

/// Which nodes are alone: by the port that each listens on, and by its name on the bus.
#[derive(Debug, Default)]
struct Cut {
    alone: BTreeSet<String>,
}

impl Between {
    /// Relays `announced` and its bus port to `port` and its own, for as long as the test runs.
    pub fn relay(&self, announced: u16, port: u16) {
        for offset in [0, BUS_OFFSET] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, announced + offset)).unwrap();
            let between = self.clone();
            let home = port.to_string();
            thread::spawn(move || {
                for stranger in listener.incoming().flatten() {
                    let (between, home) = (between.clone(), home.clone());
                    thread::spawn(move || between.carry(&stranger, port + offset, &home));
                }
            });
        }
    }

    /// Cuts the node that listens on `port` and has this name off from all others.
    pub fn isolate(&self, port: u16, id: &str) {
        let alone = [port.to_string(), id.to_owned()];
        self.cut.0.lock().unwrap().alone.extend(alone);
    }

    /// Joins everybody again.
    pub fn heal(&self) {
        self.cut.0.lock().unwrap().alone.clear();
        self.cut.1.notify_all();
    }

    /// One connection, from its first byte to its last. Errors end it, as on any network.
    fn carry(&self, stranger: &TcpStream, to: u16, home: &str) {
        let Ok(node) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)) else { return };
        drop((stranger.set_nodelay(true), node.set_nodelay(true)));
        let guest = Arc::new(Mutex::new(None));
        let sides = (stranger.try_clone(), node.try_clone());
        let (Ok(from), Ok(into)) = sides else { return };
        let (between, here, known) = (self.clone(), home.to_owned(), Arc::clone(&guest));
        let inward = thread::spawn(move || between.pump(from, into, &here, &known, true));
        let (Ok(from), Ok(into)) = (node.try_clone(), stranger.try_clone()) else { return };
        self.pump(from, into, home, &guest, false);
        drop(inward.join());
    }

    fn pump(
        &self,
        mut from: TcpStream,
        mut into: TcpStream,
        home: &str,
        guest: &Mutex<Option<String>>,
        is_inward: bool,
    ) {
        let mut part = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from.read(&mut part) {
            if is_inward && guest.lock().unwrap().is_none() {
                *guest.lock().unwrap() = name_of(&part[..count]);
            }
            self.pass(home, guest);
            if into.write_all(&part[..count]).is_err() {
                break;
            }
        }
        drop((from.shutdown(Shutdown::Both), into.shutdown(Shutdown::Both)));
    }

    /// Returns when nothing is cut between the two ends.
    fn pass(&self, home: &str, guest: &Mutex<Option<String>>) {
        let mut cut = self.cut.0.lock().unwrap();
        loop {
            let stranger = guest.lock().unwrap().clone();
            let is_alone = |name: &str| cut.alone.contains(name);
            // A stranger without a name is a client, or is about to say its name.
            if !is_alone(home) && !stranger.as_deref().is_some_and(is_alone) {
                return;
            }
            cut = self.cut.1.wait(cut).unwrap();
        }
    }
}

/// Who speaks, by what it says first (or, for a replica, soon).
fn name_of(bytes: &[u8]) -> Option<String> {
    if bytes.starts_with(b"RCmb") {
        return Some(String::from_utf8_lossy(bytes.get(SENDER)?).into_owned());
    }
    let text = String::from_utf8_lossy(bytes);
    let rest = text.split_once("listening-port\r\n$")?.1;
    Some(rest.split("\r\n").nth(1)?.to_owned())
}
