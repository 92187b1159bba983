//! `slotscope sim`: seeds of random faults, headless, and the replay of one of them.

use std::{
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::bail;
use slotscope_core::{
    config,
    sim::{self, Detail, Plan, RunEnd, SeedReport, TimedAction, Watch, World},
    time,
};

use crate::{
    cli::SimArgs,
    terminal::{complain, say},
};

/// An invariant broke: something happened that must never happen.
const BROKEN: u8 = 2;
/// Everything was repaired, and the cluster did not come to rest in time.
const RESTLESS: u8 = 3;
/// More seeds that break an invariant would tell nothing new; the rest is not run.
const BROKEN_MAX: usize = 3;
/// How much of a failing run is shown: the end, where it went wrong.
const LINES_SHOWN: usize = 40;
/// World time between two looks at what was recorded.
const LOOK_MS: u64 = 1000;
/// Events between two looks at the time; any number does.
const BUDGET: u32 = 100_000;

/// Does what the command line says.
pub(crate) fn run(args: &SimArgs) -> anyhow::Result<ExitCode> {
    if let Some(rule) = &args.broken {
        let mut config = config::Config::default();
        if let Err(error) = config.set(BREAK, &[rule]) {
            bail!("there is no way to break '{rule}': {error}");
        }
    }
    let broken = args.broken.as_deref();
    match args.seed {
        Some(seed) => one(seed, broken, args),
        None => many(args.seeds, broken, args.jobs),
    }
}

/// The directive that switches a guard off.
const BREAK: &str = "slotscope-break";

/// The plan and the faults of a seed, with the broken rule in it.
fn seed_run(seed: u64, broken: Option<&str>) -> (Plan, Vec<TimedAction>) {
    let (mut plan, actions) = sim::seed_run(seed);
    if let Some(rule) = broken {
        plan.config.push((BREAK.into(), rule.into()));
    }
    (plan, actions)
}

fn sweep(seed: u64, broken: Option<&str>) -> SeedReport {
    let (plan, actions) = seed_run(seed, broken);
    sim::sweep(seed, plan, &actions)
}

/// What has been found so far, over all jobs.
#[derive(Default)]
struct Tally {
    done: u64,
    acked: u64,
    lost: u64,
    rest_ms_max: u64,
    failed: Vec<SeedReport>,
}

fn many((from, to): (u64, u64), broken: Option<&str>, jobs: u16) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let next = AtomicU64::new(from);
    let tally = Mutex::new(Tally::default());
    let total = to - from + 1;
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    // Past the end every job gets a number that is too large, and stops.
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > to || seed < from {
                        return;
                    }
                    let report = sweep(seed, broken);
                    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                    take(&mut tally, report, total, begun);
                    if tally.failed.iter().filter(|report| breaks(report)).count() >= BROKEN_MAX {
                        next.store(to.saturating_add(1), Ordering::Relaxed);
                        return;
                    }
                }
            });
        }
    });
    let mut tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    // The worst first: whoever replays only one seed replays that.
    tally.failed.sort_by_key(|report| (!breaks(report), report.seed));
    for report in &tally.failed {
        show_failure(report, broken);
    }
    if let Some(first) = tally.failed.first() {
        show_end(first, broken)?;
    }
    say(&format!(
        "{} of {total} seeds run in {:.1} s: {} failed; {} writes acknowledged, {} of them lost \
         in the windows that Redis Cluster documents; {:.1} s to rest at most",
        tally.done,
        begun.elapsed().as_secs_f32(),
        tally.failed.len(),
        tally.acked,
        tally.lost,
        Duration::from_millis(tally.rest_ms_max).as_secs_f32()
    ));
    Ok(verdict(&tally.failed))
}

fn take(tally: &mut Tally, report: SeedReport, total: u64, begun: Instant) {
    tally.done += 1;
    tally.acked += report.acked;
    tally.lost += report.lost;
    tally.rest_ms_max = tally.rest_ms_max.max(report.rest_ms);
    if !report.is_good() {
        tally.failed.push(report);
    }
    // Twenty lines for any number of seeds.
    let step = (total / 20).max(1);
    if tally.done.is_multiple_of(step) || tally.done == total {
        complain(&format!(
            "{:>6} of {total} seeds, {} failed, {:.1} s",
            tally.done,
            tally.failed.len(),
            begun.elapsed().as_secs_f32()
        ));
    }
}

fn one(seed: u64, broken: Option<&str>, args: &SimArgs) -> anyhow::Result<ExitCode> {
    let report = sweep(seed, broken);
    if args.trace || args.until.is_some() {
        let until = args.until.map_or(report.ended_at, time::Instant::from_millis);
        let world = play(seed, broken, until, |line| {
            if args.trace {
                say(line);
            }
        })?;
        say(&format!("at {}: digest {:016x}", world.now(), world.digest()));
        for broken in world.violations() {
            say(&format!("BROKEN {broken}"));
        }
    }
    if report.is_good() {
        say(&format!(
            "seed {seed} holds: ended at {}, {:.1} s to rest, {} writes acknowledged, {} lost, \
             digest {:016x}",
            report.ended_at,
            Duration::from_millis(report.rest_ms).as_secs_f32(),
            report.acked,
            report.lost,
            report.digest
        ));
        return Ok(ExitCode::SUCCESS);
    }
    show_failure(&report, broken);
    Ok(verdict(&[report]))
}

/// Plays a seed again with everything recorded; each line goes to `tell`.
fn play(
    seed: u64,
    broken: Option<&str>,
    until: time::Instant,
    mut tell: impl FnMut(&str),
) -> anyhow::Result<World> {
    let (plan, actions) = seed_run(seed, broken);
    let mut world = World::watched(plan, Watch::Full).map_err(anyhow::Error::msg)?;
    world.expect(&actions);
    let mut seq = 0;
    while world.now() < until {
        let look = world.now().plus_ms(LOOK_MS).min(until);
        let mut ended = RunEnd::Budget;
        while ended == RunEnd::Budget {
            ended = world.run_until(look, BUDGET);
        }
        for record in world.records(seq) {
            if let Some(line) = world.line(record, Detail::Log) {
                tell(&line);
            }
        }
        seq = world.next_seq();
        if ended == RunEnd::Violated {
            break;
        }
    }
    Ok(world)
}

fn show_failure(report: &SeedReport, broken: Option<&str>) {
    say(&format!("seed {} FAILED at {}:", report.seed, report.ended_at));
    for failure in &report.failures {
        say(&format!("  {failure}"));
    }
    say(&format!("replay: slotscope sim {}", replay(report.seed, broken)));
}

/// The last lines of a failed run.
fn show_end(report: &SeedReport, broken: Option<&str>) -> anyhow::Result<()> {
    let mut lines = std::collections::VecDeque::new();
    play(report.seed, broken, report.ended_at, |line| {
        if lines.len() == LINES_SHOWN {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    })?;
    say(&format!("the last lines of seed {} (--trace shows all):", report.seed));
    for line in lines {
        say(&format!("  {line}"));
    }
    Ok(())
}

/// The words after `slotscope sim` that show a seed again.
fn replay(seed: u64, broken: Option<&str>) -> String {
    match broken {
        Some(rule) => format!("--seed {seed} --break {rule}"),
        None => format!("--seed {seed}"),
    }
}

/// What is worse counts: a thing that must never happen before one that only takes too long.
fn verdict(failed: &[SeedReport]) -> ExitCode {
    if failed.iter().any(breaks) {
        ExitCode::from(BROKEN)
    } else if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(RESTLESS)
    }
}

/// Whether an invariant broke, rather than rest not coming in time.
fn breaks(report: &SeedReport) -> bool {
    report.failures.iter().any(|failure| !failure.contains("after the last repair"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_replay_is_a_command_that_is_understood() {
        use clap::Parser as _;

        for broken in [None, Some("no-last-vote-epoch")] {
            let words = replay(42, broken);
            let line = ["slotscope", "sim"].into_iter().chain(words.split(' '));
            let parsed = crate::cli::Cli::try_parse_from(line).unwrap();
            let Some(crate::cli::Command::Sim(args)) = parsed.command else { panic!("{words}") };
            assert_eq!((args.seed, args.broken.as_deref()), (Some(42), broken));
        }
    }

    #[test]
    fn a_seed_gives_the_same_run_when_it_is_watched() {
        let until = time::Instant::from_millis(3000);
        let mut lines = 0;
        let watched = play(1, None, until, |_| lines += 1).unwrap();
        let (plan, actions) = seed_run(1, None);
        let mut alone = World::watched(plan, Watch::Nobody).unwrap();
        alone.expect(&actions);
        while alone.run_until(until, BUDGET) == RunEnd::Budget {}
        assert_eq!(watched.digest(), alone.digest());
        assert!(lines > 0);
    }

    #[test]
    fn an_unknown_rule_is_refused() {
        let args = SimArgs {
            seeds: (1, 1),
            jobs: 1,
            seed: None,
            until: None,
            trace: false,
            broken: Some("gravity".into()),
        };
        assert!(run(&args).unwrap_err().to_string().contains("gravity"));
    }
}
