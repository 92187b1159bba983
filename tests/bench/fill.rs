//! A node that owns all slots, and keys in it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use slotscope_tests::{
    ports,
    process::{is_interrupted, wait_for},
    server::{Make, Server},
};

/// So many requests are sent before their answers are read.
const BATCH: usize = 1000;

/// Starts a node in cluster mode and gives it every slot.
pub fn sole_node(make: Make, below: &Path) -> Server {
    let server = Server::cluster_member(make, ports::free(), below, 15_000);
    let answer = server.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    assert!(answer.trim() == "OK", "{make:?} does not take all slots: {answer}");
    wait_for("the node serves all slots", Duration::from_secs(10), || {
        server.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok").then_some(())
    });
    server
}

/// Sets `count` keys with the names that `redis-benchmark -r` uses, each to `size` bytes.
pub fn fill(port: u16, prefix: &str, count: u64, size: usize) -> Result<()> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("cannot connect")?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    let value = "x".repeat(size);
    let (mut batch, mut line) = (Vec::new(), String::new());
    for first in (0..count).step_by(BATCH) {
        if is_interrupted() {
            bail!("interrupted");
        }
        batch.clear();
        let end = count.min(first + BATCH as u64);
        for number in first..end {
            let key = format!("{prefix}{number:012}");
            write!(batch, "*3\r\n$3\r\nSET\r\n${}\r\n{key}\r\n${size}\r\n{value}\r\n", key.len())?;
        }
        stream.write_all(&batch).context("the server took no more")?;
        for _ in first..end {
            line.clear();
            answers.read_line(&mut line).context("no answer")?;
            if line != "+OK\r\n" {
                bail!("a SET was answered with: {}", line.trim());
            }
        }
    }
    Ok(())
}
