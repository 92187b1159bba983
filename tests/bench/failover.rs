//! How long are slots without a master? From `kill -9` to the first write that is accepted.
//!
//! Two clusters of three masters and three replicas, one of each make, go through the same at the
//! same time. In each run the master of the first slots is killed, its replica is asked for a
//! write all the time, and the old master comes back as a replica.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use slotscope_core::slot::key_slot;
use slotscope_tests::{
    cluster::{Cluster, nodes},
    process::is_interrupted,
    server::Make,
};

use crate::{
    Options,
    table::{self, Promise, Row, median},
};

/// How long anything may take that is not measured.
const PATIENCE: Duration = Duration::from_secs(60);
/// The write is tried again after so long: a hundredth of what is measured.
const PAUSE: Duration = Duration::from_millis(2);

/// Measures and prints.
pub fn run(options: &Options) -> Result<()> {
    let mut rows = Vec::new();
    for &timeout_ms in &options.timeouts_ms {
        eprintln!("failover: two clusters with a node timeout of {timeout_ms} ms");
        let measure = |make| {
            let runs = options.runs;
            thread::spawn(move || runs_of(make, timeout_ms, runs))
        };
        let (ours, theirs) = (measure(Make::Slotscope), measure(Make::Redis));
        let (ours, theirs) = (joined(ours)?, joined(theirs)?);
        rows.push(Row { what: format!("{timeout_ms} ms"), ours, theirs, ratio: ours / theirs });
    }
    let title = format!("seconds from kill -9 to the first write, medians of {}", options.runs);
    table::print(&title, Promise::AtMost(1.05), 3, &rows);
    Ok(())
}

fn joined(thread: thread::JoinHandle<Result<f64>>) -> Result<f64> {
    match thread.join() {
        Ok(outcome) => outcome,
        // The sentence is printed already.
        Err(_) => bail!("failover could not be measured"),
    }
}

fn runs_of(make: Make, timeout_ms: u32, runs: usize) -> Result<f64> {
    let (mut cluster, _) = Cluster::create(make, timeout_ms);
    let lines = nodes(&cluster.servers[0]);
    let mut master = cluster.servers[0].port;
    let first = lines.iter().find(|line| line.port == master).context("a node without itself")?;
    let mut replica = lines
        .iter()
        .find(|line| line.master.as_ref() == Some(&first.id))
        .context("the first master has no replica")?
        .port;
    let key = key_in(&first.slots).context("the first master has no slots")?;
    let mut seconds = Vec::new();
    for run in 1..=runs {
        cluster.await_replica_in_sync(replica, PATIENCE);
        // Nodes look around ten times a second: kills fall on all parts of such a period.
        thread::sleep(Duration::from_millis(u64::try_from(run * 37 % 100).unwrap_or(0)));
        let mut asked = Asked::connect(replica)?;
        let started = Instant::now();
        cluster.at(master).kill();
        asked.until_accepted(&key)?;
        let took = started.elapsed().as_secs_f64();
        eprintln!("failover: {timeout_ms} ms, run {run} of {runs}: {make:?} {took:.3} s");
        seconds.push(took);
        cluster.at(master).restart();
        (master, replica) = (replica, master);
        cluster.await_agreement(PATIENCE);
    }
    Ok(median(seconds))
}

/// A key in one of these slot ranges.
fn key_in(slots: &[String]) -> Option<String> {
    let (first, last) = slots.first()?.split_once('-')?;
    let range = first.parse::<u16>().ok()?..=last.parse().ok()?;
    (0..).map(|n| format!("key:{n}")).find(|key| range.contains(&key_slot(key.as_bytes()).get()))
}

/// The replica, asked for a write again and again.
struct Asked {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Asked {
    fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let answers = BufReader::new(stream.try_clone()?);
        Ok(Self { stream, answers })
    }

    fn until_accepted(&mut self, key: &str) -> Result<()> {
        let request = format!("SET {key} 1\r\n");
        let since = Instant::now();
        let mut line = String::new();
        while line != "+OK\r\n" {
            if is_interrupted() {
                bail!("interrupted");
            }
            if since.elapsed() > PATIENCE {
                bail!("no failover within {PATIENCE:?}; the last answer: {}", line.trim());
            }
            if !line.is_empty() {
                thread::sleep(PAUSE);
            }
            line.clear();
            self.stream.write_all(request.as_bytes())?;
            self.answers.read_line(&mut line).context("the replica does not answer")?;
        }
        Ok(())
    }
}
