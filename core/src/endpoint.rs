//! Where a node can be reached.

use core::{
    fmt,
    net::{IpAddr, Ipv4Addr},
};

use alloc::{
    string::{String, ToString as _},
    sync::Arc,
};

/// An address that can be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Addr {
    /// Literal IP, version 4 or 6.
    pub ip: IpAddr,
    /// TCP port.
    pub port: u16,
}

impl fmt::Display for Addr {
    /// `127.0.0.1:7000`, IPv6 without brackets as Redis prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.ip, self.port)
    }
}

/// The address of a node as the cluster knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// Unknown until somebody saw the node on a socket (a node learns its own from a MEET).
    pub ip: Option<IpAddr>,
    /// Client port.
    pub port: u16,
    /// Plaintext client port when `port` is the TLS one, else 0.
    pub pport: u16,
    /// Cluster bus port, client port + 10000 unless configured.
    pub cport: u16,
    /// `cluster-announce-hostname`, empty when there is none.
    pub hostname: String,
}

impl Endpoint {
    /// Where the bus of this node listens, if its IP is known.
    #[must_use]
    pub fn bus(&self) -> Option<Addr> {
        self.ip.map(|ip| Addr { ip, port: self.cport })
    }

    /// Where clients and replicas of this node connect, if its IP is known.
    #[must_use]
    pub fn data(&self) -> Option<Addr> {
        self.ip.map(|ip| Addr { ip, port: self.port })
    }
}

impl fmt::Display for Endpoint {
    /// `ip:port@cport`, and `,hostname` where there is one, as in `CLUSTER NODES`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ip) = self.ip {
            write!(f, "{ip}")?;
        }
        write!(f, ":{}@{}", self.port, self.cport)?;
        if !self.hostname.is_empty() {
            write!(f, ",{}", self.hostname)?;
        }
        Ok(())
    }
}

/// Another server, as a person or a directive names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// By its address.
    Addr(Addr),
    /// A name that only the driver can look up, and a port.
    Host(Arc<str>, u16),
}

impl Target {
    /// A host by address or name.
    pub fn new(host: &str, port: u16) -> Self {
        let ip = if host.eq_ignore_ascii_case("localhost") {
            Some(IpAddr::V4(Ipv4Addr::LOCALHOST))
        } else {
            host.parse().ok()
        };
        match ip {
            Some(ip) => Self::Addr(Addr { ip, port }),
            None => Self::Host(host.into(), port),
        }
    }

    /// The host without the port.
    pub fn host(&self) -> String {
        match self {
            Self::Addr(addr) => addr.ip.to_string(),
            Self::Host(host, _) => String::from(&**host),
        }
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        match self {
            Self::Addr(addr) => addr.port,
            Self::Host(_, port) => *port,
        }
    }
}

impl From<Addr> for Target {
    fn from(addr: Addr) -> Self {
        Self::Addr(addr)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addr(addr) => addr.fmt(f),
            Self::Host(host, port) => write!(f, "{host}:{port}"),
        }
    }
}
