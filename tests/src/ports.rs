//! Which ports are free?
//!
//! A node needs two: the data port and, 10,000 above it, the bus port. Both are tried by binding
//! them. The range lies below the one from which systems take ports for outgoing connections, so
//! that a port which was free does not become the local end of somebody's connection.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
};

const FIRST: u16 = 11_000;
const COUNT: u16 = 10_000;
/// Distance of the bus port, as in Redis.
pub const BUS_OFFSET: u16 = 10_000;

/// Steps through the range; starts where the process id says, so that test programs that run at
/// the same time do not meet.
static NEXT: AtomicU16 = AtomicU16::new(0);

/// A data port that is free now, with a free bus port.
#[must_use]
pub fn free() -> u16 {
    let start = u16::try_from(std::process::id().wrapping_mul(7919) % u32::from(COUNT)).unwrap();
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (start + step % COUNT) % COUNT;
        if is_free(port) && is_free(port + BUS_OFFSET) {
            return port;
        }
    }
    panic!("no free port between {FIRST} and {}", FIRST + COUNT);
}

/// `count` of them.
#[must_use]
pub fn free_many(count: usize) -> Vec<u16> {
    (0..count).map(|_| free()).collect()
}

/// The first of `count` ports in a row that are free, each with a free bus port.
#[must_use]
pub fn free_run(count: u16) -> u16 {
    for _ in 0..COUNT {
        let first = free();
        if (first..first + count).all(|port| is_free(port) && is_free(port + BUS_OFFSET)) {
            return first;
        }
    }
    panic!("no {count} free ports in a row");
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
