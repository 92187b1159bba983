//! Throughput and CPU time of GET, SET and INCR, as `redis-benchmark` drives them.

use std::{fs::File, path::Path, process::Stdio, thread, time::Duration};

use anyhow::{Context as _, Result, bail};
use slotscope_tests::{
    process::is_interrupted,
    server::{Make, Server},
};
use tempfile::TempDir;

use crate::{
    Options,
    cpu::{self, Pins},
    fill,
    table::{self, Promise, Row, median},
};

const MAKES: [Make; 2] = [Make::Slotscope, Make::Redis];
const COMMANDS: [&str; 3] = ["GET", "SET", "INCR"];
/// Requests under way on each connection; how many times as many requests are measured.
const PIPELINES: [(u64, u64); 2] = [(1, 1), (16, 4)];

/// One measurement.
#[derive(Clone, Copy, Debug)]
struct Sample {
    per_second: f64,
    cpu_per_million: f64,
}

/// Both servers in each round.
type Pair = [Sample; 2];

/// Measures and prints both tables.
pub fn run(options: &Options) -> Result<()> {
    let folder = TempDir::new().context("no temporary folder")?;
    let pins = Pins::new(options.pin);
    let mut servers = MAKES.map(|make| fill::sole_node(make, folder.path()));
    let size = usize::try_from(options.size).context("such a size")?;
    for server in &mut servers {
        pins.server(server.process().pid())?;
        fill::fill(server.port, "key:", options.keys, size)?;
    }
    println!(
        "redis-benchmark -c 50 -r {} -d {}, medians of {} rounds{}",
        options.keys,
        options.size,
        options.rounds,
        if pins.is_pinned() { ", server and client on a processor each" } else { "" }
    );
    let cells: Vec<(u64, u64, &str)> = PIPELINES
        .into_iter()
        .flat_map(|(depth, times)| COMMANDS.map(|command| (depth, times, command)))
        .collect();
    let mut rounds: Vec<Vec<Pair>> = vec![Vec::new(); cells.len()];
    for round in 1..=options.rounds {
        for (cell, samples) in cells.iter().zip(&mut rounds) {
            let (depth, times, command) = *cell;
            let count = options.requests * times;
            let mut pair = [Sample { per_second: 0.0, cpu_per_million: 0.0 }; 2];
            // Who goes first changes from round to round.
            for turn in 0..2 {
                let who = (turn + round) % 2;
                let at = folder.path();
                pair[who] = measure(&mut servers[who], pins, options, depth, count, command, at)?;
            }
            samples.push(pair);
            let [ours, theirs] = pair;
            eprintln!(
                "round {round} of {}: {command:<4} -P {depth:<2}  {:>9.0}/s to {:>9.0}/s, CPU \
                 {:.2} s to {:.2} s a million",
                options.rounds,
                ours.per_second,
                theirs.per_second,
                ours.cpu_per_million,
                theirs.cpu_per_million
            );
        }
    }
    let rows = |number: fn(Sample) -> f64| -> Vec<Row> {
        let line = |(cell, samples): (&(u64, u64, &str), &Vec<Pair>)| Row {
            what: format!("{:<4} -P {}", cell.2, cell.0),
            ours: median(samples.iter().map(|pair| number(pair[0]))),
            theirs: median(samples.iter().map(|pair| number(pair[1]))),
            ratio: median(samples.iter().map(|pair| number(pair[0]) / number(pair[1]))),
        };
        cells.iter().zip(&rounds).map(line).collect()
    };
    let throughput = rows(|sample| sample.per_second);
    table::print("requests per second", Promise::AtLeast(1.0), 0, &throughput);
    let cpu = rows(|sample| sample.cpu_per_million);
    table::print("CPU seconds per million requests", Promise::AtMost(1.0), 2, &cpu);
    Ok(())
}

fn measure(
    server: &mut Server,
    pins: Pins,
    options: &Options,
    depth: u64,
    count: u64,
    command: &str,
    folder: &Path,
) -> Result<Sample> {
    let pid = server.process().pid();
    let before = cpu::used(pid)?;
    let printed = folder.join("benchmark.csv");
    let mut benchmark = pins.client("redis-benchmark");
    benchmark.args(["-h", "127.0.0.1", "-c", "50", "--csv", "-t", &command.to_lowercase()]);
    for (option, number) in [
        ("-p", u64::from(server.port)),
        ("-P", depth),
        ("-n", count),
        ("-r", options.keys),
        ("-d", options.size),
    ] {
        benchmark.args([option, &number.to_string()]);
    }
    let mut child = benchmark
        .stdout(File::create(&printed)?)
        .stdin(Stdio::null())
        .spawn()
        .context("cannot start redis-benchmark")?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if is_interrupted() {
            child.kill()?;
            child.wait()?;
            bail!("interrupted");
        }
        thread::sleep(Duration::from_millis(20));
    };
    let used = cpu::used(pid).context("the server is gone")? - before;
    let printed = std::fs::read_to_string(printed)?;
    if !status.success() {
        bail!("redis-benchmark ended with {status}: {printed}");
    }
    let per_second = throughput(&printed, command)
        .with_context(|| format!("redis-benchmark printed no {command}: {printed}"))?;
    #[expect(clippy::cast_precision_loss, reason = "counts of requests are small")]
    let millions = count as f64 / 1e6;
    Ok(Sample { per_second, cpu_per_million: used.as_secs_f64() / millions })
}

/// `"GET","108108.11",...`
fn throughput(printed: &str, command: &str) -> Option<f64> {
    let line = printed.lines().find_map(|line| line.strip_prefix(&format!("\"{command}\",\"")))?;
    line.split_once('"')?.0.parse().ok()
}
