//! Listening sockets: where they are bound, who is let in.

use std::{
    io::{self, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _},
    rc::Rc,
    time::Duration,
};

use slotscope_core::{
    config::Config,
    endpoint::Addr,
    io::{Input, Level, Purpose},
};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::{
    net::{TcpListener, TcpStream, UnixListener},
    task, time,
};

use super::{client, driver::Driver, link};

/// After an accept that failed (no file descriptors left, most likely) the next one would fail as
/// well; so long it is left alone.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Binds `port` on each address of `bind`.
///
/// The error is the line for the log.
pub(super) fn bind(config: &Config, port: u16) -> Result<Vec<TcpListener>, String> {
    let mut listeners = Vec::new();
    for named in &config.bind {
        let (name, optional) = match named.strip_prefix('-') {
            Some(name) => (name, true),
            None => (named.as_str(), false),
        };
        let bound = resolve(name, port).and_then(|address| bind_one(address, config.tcp_backlog));
        match bound {
            Ok(listener) => listeners.push(listener),
            // Such as `-::1` where there is no IPv6. A port in use is never meant by it.
            Err(error) if optional && error.kind() != io::ErrorKind::AddrInUse => {}
            Err(error) => {
                return Err(format!(
                    "Could not create server TCP listening socket {name}:{port}: bind: {}",
                    reason(&error)
                ));
            }
        }
    }
    Ok(listeners)
}

fn resolve(name: &str, port: u16) -> io::Result<SocketAddr> {
    match name {
        "*" => Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))),
        "::*" => Ok(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))),
        name => (name, port)
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| io::ErrorKind::AddrNotAvailable.into()),
    }
}

fn bind_one(address: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A restarted node must not wait for its old connections to be forgotten.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

/// The words of the operating system without Rust's ` (os error 98)`.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.clone(), |(words, _)| words.to_owned())
}

/// No delay for small packets; a sign of life from a silent peer after `keepalive_s`.
pub(super) fn tune(stream: &TcpStream, keepalive_s: u64) {
    // A peer that is gone already makes these fail; the next read tells.
    drop(stream.set_nodelay(true));
    if keepalive_s > 0 {
        let after = Duration::from_secs(keepalive_s);
        let every = Duration::from_secs((keepalive_s / 3).max(1));
        let keepalive = TcpKeepalive::new().with_time(after).with_interval(every);
        drop(SockRef::from(stream).set_tcp_keepalive(&keepalive));
    }
}

/// Lets clients in, for ever.
pub(super) async fn clients(driver: Rc<Driver>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => welcome(&driver, stream, peer),
            Err(error) => pause(&driver, &error).await,
        }
    }
}

/// Lets nodes in on the bus port, for ever.
pub(super) async fn nodes(driver: Rc<Driver>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Ok(local) = stream.local_addr() else { continue };
                tune(&stream, driver.config(|config| config.tcp_keepalive_s));
                let id = driver.accepted_link();
                driver.add_link(id, Purpose::Bus, |out| {
                    link::serve(Rc::clone(&driver), id, stream, Purpose::Bus, out)
                });
                driver.handle(Input::LinkAccepted {
                    link: id,
                    remote: Addr { ip: peer.ip().to_canonical(), port: peer.port() },
                    local: local.ip().to_canonical(),
                });
            }
            Err(error) => pause(&driver, &error).await,
        }
    }
}

async fn pause(driver: &Driver, error: &io::Error) {
    driver.log(Level::Warning, &format!("Error accepting a connection: {}", reason(error)));
    time::sleep(ACCEPT_PAUSE).await;
}

fn welcome(driver: &Rc<Driver>, stream: TcpStream, peer: SocketAddr) {
    let refusal = driver.config(|config| refusal(config, driver.connections(), Some(peer.ip())));
    if let Some(refusal) = refusal {
        // Best effort: the client may not even read it.
        if let Ok(mut stream) = stream.into_std() {
            drop(stream.write_all(refusal.as_bytes()));
        }
        return driver.rejected();
    }
    tune(&stream, driver.config(|config| config.tcp_keepalive_s));
    let addr = |at: SocketAddr| Addr { ip: at.ip().to_canonical(), port: at.port() };
    let local = stream.local_addr().ok().map(addr);
    let remote = addr(peer);
    let (id, out) = driver.add_client(remote.to_string());
    driver.handle(Input::ClientUp { client: id, remote: Some(remote), local });
    task::spawn_local(client::serve(Rc::clone(driver), stream, id, out));
}

/// Binds the unix socket at `path`, replacing what an earlier process left there.
///
/// The error is the line for the log.
#[cfg(unix)]
pub(super) fn bind_unix(path: &str, permissions: &str) -> Result<UnixListener, String> {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    // As Redis does: a socket that nobody listens on would be in the way for ever.
    drop(fs::remove_file(path));
    let failed = |error: &io::Error| format!("Failed opening Unix socket: bind: {}", reason(error));
    let listener = UnixListener::bind(path).map_err(|error| failed(&error))?;
    let mode = u32::from_str_radix(permissions, 8).unwrap_or(0);
    if mode != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .map_err(|error| failed(&error))?;
    }
    Ok(listener)
}

/// Lets clients of this machine in, for ever.
pub(super) async fn neighbours(driver: Rc<Driver>, listener: UnixListener) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                pause(&driver, &error).await;
                continue;
            }
        };
        let refusal = driver.config(|config| refusal(config, driver.connections(), None));
        if let Some(refusal) = refusal {
            if let Ok(mut stream) = stream.into_std() {
                drop(stream.write_all(refusal.as_bytes()));
            }
            driver.rejected();
            continue;
        }
        let path = driver.config(|config| config.value("unixsocket").unwrap_or_default());
        let (id, out) = driver.add_client(format!("{path}:0"));
        driver.handle(Input::ClientUp { client: id, remote: None, local: None });
        task::spawn_local(client::serve_unix(Rc::clone(&driver), stream, id, out));
    }
}

/// Why a client is not let in, as an error reply; `peer` is `None` for a unix socket.
fn refusal(config: &Config, connections: usize, peer: Option<IpAddr>) -> Option<&'static str> {
    if connections >= usize::try_from(config.maxclients).unwrap_or(usize::MAX) {
        return Some(if config.cluster_enabled {
            "-ERR max number of clients + cluster connections reached\r\n"
        } else {
            "-ERR max number of clients reached\r\n"
        });
    }
    let is_near = peer.is_none_or(|peer| peer.to_canonical().is_loopback());
    let open = config.protected_mode && config.requirepass.is_empty();
    (open && !is_near).then_some(
        "-DENIED Redis is running in protected mode because protected mode is enabled and no \
         password is set for the default user. Only clients on this machine are served then. To \
         serve others, set a password with requirepass (from this machine: CONFIG SET requirepass \
         <password>), or turn the protection off with CONFIG SET protected-mode no if nobody else \
         can reach this port.\r\n",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_need_a_password() {
        let mut config = Config::default();
        let here = IpAddr::from([127, 0, 0, 1]);
        let there = IpAddr::from([10, 0, 0, 7]);
        assert_eq!(refusal(&config, 0, Some(here)), None);
        assert_eq!(refusal(&config, 0, "::ffff:127.0.0.1".parse().ok()), None);
        assert!(refusal(&config, 0, Some(there)).is_some_and(|text| text.starts_with("-DENIED ")));
        config.requirepass = "secret".into();
        assert_eq!(refusal(&config, 0, Some(there)), None);
        config.requirepass.clear();
        config.protected_mode = false;
        assert_eq!(refusal(&config, 0, Some(there)), None);
        config.maxclients = 3;
        assert_eq!(refusal(&config, 2, Some(here)), None);
        let full = Some("-ERR max number of clients reached\r\n");
        assert_eq!(refusal(&config, 3, Some(here)), full);
        assert_eq!(refusal(&config, 3, None), full, "a unix socket is no exception");
    }

    #[tokio::test]
    async fn a_port_in_use_is_named() {
        let config = Config { bind: vec!["127.0.0.1".into(), "-::1".into()], ..Config::default() };
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_eq!(
            bind(&config, port).unwrap_err(),
            format!(
                "Could not create server TCP listening socket 127.0.0.1:{port}: bind: Address \
                 already in use"
            )
        );
    }
}
