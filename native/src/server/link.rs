//! Links of the cluster bus and of replication: dial, cut frames, send.

use std::{io, net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use slotscope_core::{
    bus,
    endpoint::Addr,
    id::LinkId,
    io::{DownReason, Input, Purpose},
};
use tokio::{
    io::AsyncReadExt as _,
    net::{self, TcpStream, tcp::WriteHalf},
    task, time,
};

use super::{driver::Driver, listen, outbound::Outbound};

/// Room for at least so much before each read; a heartbeat has some 3 KiB.
const READ_BYTES: usize = 16 << 10;
/// No attempt to connect takes longer, however long the node timeout is: Redis drops a link that
/// did not answer for half of it anyway.
const DIAL_MAX: Duration = Duration::from_secs(60);

/// Looks a name up and connects to the first address that it has.
pub(super) async fn dial_host(
    driver: Rc<Driver>,
    id: LinkId,
    host: Arc<str>,
    port: u16,
    purpose: Purpose,
    out: Rc<Outbound>,
) {
    let found = net::lookup_host((&*host, port)).await;
    match found.map(Iterator::collect::<Vec<SocketAddr>>) {
        Ok(targets) if !targets.is_empty() => connect(driver, id, &targets, purpose, out).await,
        Ok(_) | Err(_) => driver.link_down(id, DownReason::Unreachable),
    }
}

/// Connects, and serves the link until one side ends it.
pub(super) async fn dial(
    driver: Rc<Driver>,
    id: LinkId,
    to: Addr,
    purpose: Purpose,
    out: Rc<Outbound>,
) {
    connect(driver, id, &[SocketAddr::new(to.ip, to.port)], purpose, out).await;
}

/// The same with the first of several addresses that answers.
async fn connect(
    driver: Rc<Driver>,
    id: LinkId,
    targets: &[SocketAddr],
    purpose: Purpose,
    out: Rc<Outbound>,
) {
    let patience = driver.config(|config| match purpose {
        Purpose::Bus => Duration::from_millis(config.cluster_node_timeout_ms.max(100)),
        Purpose::Replication => Duration::from_secs(config.repl_timeout_s),
        // The node hangs up when its command's timeout is over.
        Purpose::Migration => DIAL_MAX,
    });
    let connected = time::timeout(patience.min(DIAL_MAX), TcpStream::connect(targets)).await;
    let stream = match connected {
        Err(_) => return driver.link_down(id, DownReason::Unreachable),
        Ok(Err(error)) => return driver.link_down(id, reason(&error)),
        Ok(Ok(stream)) => stream,
    };
    let local = match stream.local_addr() {
        // A port of the dynamic range that nobody listens on may be dialled *from* itself: TCP
        // then connects the socket to itself.
        Ok(local) if targets.contains(&local) => return driver.link_down(id, DownReason::Refused),
        Ok(local) => local.ip().to_canonical(),
        Err(error) => return driver.link_down(id, reason(&error)),
    };
    listen::tune(&stream, driver.config(|config| config.tcp_keepalive_s));
    driver.handle(Input::LinkUp { link: id, local });
    serve(driver, id, stream, purpose, out).await;
}

/// Serves a connected link until one side ends it.
pub(super) async fn serve(
    driver: Rc<Driver>,
    id: LinkId,
    mut stream: TcpStream,
    purpose: Purpose,
    out: Rc<Outbound>,
) {
    let (mut read, write) = stream.split();
    let mut bytes = Vec::new();
    let why = loop {
        if let Err(error) = out.write_to(&write) {
            break reason(&error);
        }
        bytes.reserve(READ_BYTES);
        tokio::select! {
            n = read.read_buf(&mut bytes) => match n {
                Ok(0) => break DownReason::Closed,
                Ok(_) => if let Err(why) = take(&driver, id, purpose, &mut bytes) {
                    break why;
                },
                Err(error) => break reason(&error),
            },
            ready = writable(&write, &out) => if let Err(error) = ready {
                break reason(&error);
            },
            () = out.changed() => {}
        }
        if purpose == Purpose::Replication {
            let pause = driver.pause();
            if !pause.is_zero() {
                time::sleep(pause).await;
            }
        }
        // Many links with full sockets must not keep the others waiting.
        task::coop::consume_budget().await;
    };
    driver.link_down(id, why);
}

/// Hands over what has come; keeps the beginning of a frame that is not whole yet.
fn take(
    driver: &Rc<Driver>,
    id: LinkId,
    purpose: Purpose,
    bytes: &mut Vec<u8>,
) -> Result<(), DownReason> {
    match purpose {
        Purpose::Replication | Purpose::Migration => {
            driver.handle(Input::Stream { link: id, bytes });
            bytes.clear();
        }
        Purpose::Bus => {
            let limit = driver.config(|config| config.bus_frame_limit);
            let mut at = 0;
            // The node may hang up in the middle: what follows is no business of anybody's.
            while driver.has_link(id) {
                let rest = bytes.get(at..).unwrap_or(&[]);
                match bus::cut(rest, limit) {
                    Ok(None) => break,
                    Ok(Some(len)) => {
                        driver.handle(Input::Frame { link: id, bytes: &rest[..len] });
                        at += len;
                    }
                    // The node says so in the log.
                    Err(_) => return Err(DownReason::Garbage),
                }
            }
            bytes.drain(..at);
        }
    }
    Ok(())
}

async fn writable(write: &WriteHalf<'_>, out: &Outbound) -> io::Result<()> {
    if out.waiting() == 0 {
        return std::future::pending().await;
    }
    write.writable().await
}

fn reason(error: &io::Error) -> DownReason {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => DownReason::Refused,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => DownReason::Reset,
        _ => DownReason::Unreachable,
    }
}
