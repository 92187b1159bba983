//! How do nodes become a cluster, and what does each of them believe about it?

use std::{path::Path, time::Duration};

use tempfile::TempDir;

use crate::{
    ports,
    process::wait_for,
    server::{Make, Server, redis_cli},
};

/// Nodes below one folder, which disappears with them.
#[derive(Debug)]
pub struct Cluster {
    /// In the order in which they were started.
    pub servers: Vec<Server>,
    /// Dropped after the servers: fields are dropped in this order.
    folder: TempDir,
}

/// A line of `CLUSTER NODES`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeLine {
    /// Its name.
    pub id: String,
    /// Its data port.
    pub port: u16,
    /// Flags, without `myself`.
    pub flags: Vec<String>,
    /// Its master's name, for a replica.
    pub master: Option<String>,
    /// Its config epoch.
    pub epoch: u64,
    /// Slot ranges as printed.
    pub slots: Vec<String>,
}

impl NodeLine {
    /// Whether the flag is set.
    #[must_use]
    pub fn is(&self, flag: &str) -> bool {
        self.flags.iter().any(|set| set == flag)
    }

    /// Reads one line; `None` for something else.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [id, addr, flags, master, _, _, epoch, _, slots @ ..] = words.as_slice() else {
            return None;
        };
        let port = addr.split_once('@')?.0.rsplit_once(':')?.1.parse().ok()?;
        Some(Self {
            id: (*id).to_owned(),
            port,
            flags: flags.split(',').filter(|&f| f != "myself").map(str::to_owned).collect(),
            master: (*master != "-").then(|| (*master).to_owned()),
            epoch: epoch.parse().ok()?,
            slots: slots.iter().map(|&slot| slot.to_owned()).collect(),
        })
    }
}

impl Cluster {
    /// Starts nodes of these makes that do not know each other yet.
    #[must_use]
    pub fn start(makes: &[Make], node_timeout_ms: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let ports = ports::free_many(makes.len());
        let servers = makes
            .iter()
            .zip(ports)
            .map(|(&make, port)| Server::cluster_member(make, port, folder.path(), node_timeout_ms))
            .collect();
        Self { servers, folder }
    }

    /// Six nodes of one make, joined by the real `redis-cli --cluster create` as three masters
    /// with a replica each. Returns also what it printed.
    #[must_use]
    pub fn create(make: Make, node_timeout_ms: u32) -> (Self, String) {
        let cluster = Self::start(&[make; 6], node_timeout_ms);
        let addresses: Vec<String> =
            cluster.servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let words = [
            &["--cluster", "create"],
            addresses.as_slice(),
            &["--cluster-replicas", "1", "--cluster-yes"],
        ];
        let printed = redis_cli(&words.concat());
        assert!(
            printed.contains("[OK] All 16384 slots covered."),
            "redis-cli --cluster create with {make:?} printed:\n{printed}"
        );
        let mut cluster = cluster;
        cluster.await_agreement(Duration::from_secs(30));
        (cluster, printed)
    }

    /// The folder that holds the nodes' folders.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The server at `port`.
    pub fn at(&mut self, port: u16) -> &mut Server {
        self.servers.iter_mut().find(|server| server.port == port).unwrap()
    }

    /// Those whose process runs.
    pub fn running(&mut self) -> impl Iterator<Item = &mut Server> {
        self.servers.iter_mut().filter_map(|server| {
            let runs = server.process().ended().is_none();
            runs.then_some(server)
        })
    }

    /// Waits until all running nodes say the same about everybody, see no failure and serve.
    pub fn await_agreement(&mut self, deadline: Duration) {
        let count = self.servers.len();
        let mut last = String::new();
        let look = || {
            let mut views = Vec::new();
            last.clear();
            for server in self.running() {
                let lines = nodes(server);
                let state = server.cli(&["CLUSTER", "INFO"]);
                let is_ok = state.contains("cluster_state:ok");
                last.push_str(&format!("{} ok={is_ok}: {lines:#?}\n", server.port));
                let is_calm = lines
                    .iter()
                    .all(|line| line.flags.iter().all(|flag| flag == "master" || flag == "slave"));
                if !is_ok || !is_calm || lines.len() != count {
                    return None;
                }
                views.push(lines);
            }
            views.windows(2).all(|pair| pair[0] == pair[1]).then_some(())
        };
        let mut look = look;
        let until = std::time::Instant::now() + deadline;
        // Not simply `wait_for`: on failure the views themselves are what one wants to see.
        loop {
            if look().is_some() {
                return;
            }
            if std::time::Instant::now() > until {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the nodes do not agree within {deadline:?}; the last views:\n{last}");
    }

    /// Waits until the replica at `port` has its master's whole stream.
    pub fn await_replica_in_sync(&mut self, port: u16, deadline: Duration) {
        wait_for(&format!("replica {port} is in sync"), deadline, || {
            let replica = self.at(port);
            let is_up = replica.info("master_link_status")? == "up";
            let master: u16 = replica.info("master_port")?.parse().ok()?;
            // The master first: under load the other order never fits.
            let theirs: u64 = self.at(master).info("master_repl_offset")?.parse().ok()?;
            let mine: u64 = self.at(port).info("slave_repl_offset")?.parse().ok()?;
            (is_up && mine >= theirs).then_some(())
        });
    }

    /// Waits until every running node says that `port` is a master with slots and that the
    /// cluster serves again.
    pub fn await_promotion(&mut self, port: u16, deadline: Duration) {
        wait_for(&format!("all see {port} as the master"), deadline, || {
            let all = self.running().all(|server| {
                let lines = nodes(server);
                let is_master = lines
                    .iter()
                    .any(|line| line.port == port && line.is("master") && !line.slots.is_empty());
                is_master && server.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
            });
            all.then_some(())
        });
    }
}

/// What `server` says in `CLUSTER NODES`, in the order of names.
#[must_use]
pub fn nodes(server: &Server) -> Vec<NodeLine> {
    let mut lines: Vec<NodeLine> =
        server.cli(&["CLUSTER", "NODES"]).lines().filter_map(NodeLine::parse).collect();
    lines.sort();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line as Redis 7.0 prints it is read, a slot in migration included.
    #[test]
    fn reads_a_line() {
        let line = "07c37dfeb235213a872192d90877d0cd55635b91 127.0.0.1:30004@31004,host \
                    myself,slave e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca 0 1426238317239 4 \
                    connected";
        let node = NodeLine::parse(line).unwrap();
        assert_eq!((node.port, node.epoch), (30004, 4));
        assert!(node.is("slave") && !node.is("myself") && node.slots.is_empty());
        assert!(node.master.is_some());
        let line = "67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1 127.0.0.1:30002@31002 master - 0 \
                    1426238316232 2 connected 5461-10922 [5461->-07c37dfe]";
        let node = NodeLine::parse(line).unwrap();
        assert_eq!(node.slots, ["5461-10922", "[5461->-07c37dfe]"]);
        assert_eq!(node.master, None);
        assert_eq!(NodeLine::parse("ERR This instance has cluster support disabled"), None);
    }
}
