//! Lesson 9 without a screen: the learner's actions turn its checks green, and nothing else does.

#![expect(clippy::unwrap_used, reason = "what helpers cannot do ends the test")]

use std::path::Path;

use slotscope_core::{
    sim::{Action, HostIdx, RunEnd, What, World},
    time::Instant,
};
use slotscope_tutorial::{Block, CheckState, Lesson, Runner, load_dir};

const MASTER: HostIdx = HostIdx(2);
const LAGGARD: HostIdx = HostIdx(6);
/// Nodes are up, replicas attached, and the application has written for a while.
const WARM_MS: u64 = 6_000;
/// As often as a page would look.
const LOOK_MS: u64 = 100;
/// More than any run here needs; a world that never comes to rest is found by it.
const LONGEST_MS: u64 = 120_000;

/// A lesson being played.
struct Play {
    lesson: Lesson,
    world: World,
    runner: Runner,
}

impl Play {
    fn new() -> Self {
        let lessons = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons");
        let all = load_dir(&lessons).unwrap();
        let (_, lesson) =
            all.into_iter().find(|(l, lesson)| l == "en" && lesson.id == "09").unwrap();
        let world = World::new(lesson.plan.clone()).unwrap();
        let runner = Runner::new(&lesson).unwrap();
        Self { lesson, world, runner }
    }

    /// Lets time run and looks as it goes.
    fn run(&mut self, ms: u64) {
        let end = self.world.now().plus_ms(ms);
        while self.world.now() < end {
            let to = self.world.now().plus_ms(LOOK_MS).min(end);
            assert_eq!(
                self.world.run_until(to, u32::MAX),
                RunEnd::Reached,
                "{:?}",
                self.world.violations()
            );
            self.runner.observe(&self.world);
        }
    }

    fn run_until(&mut self, what: &str, done: impl Fn(&Runner) -> bool) {
        while !done(&self.runner) {
            assert!(
                self.world.now() < Instant::from_millis(LONGEST_MS),
                "{what}: {:#?}",
                self.runner.checks()
            );
            self.run(LOOK_MS);
        }
    }

    fn act(&mut self, action: Action) {
        self.world.act(action);
        self.runner.observe(&self.world);
    }

    fn state(&self, id: &str) -> CheckState {
        state(&self.runner, id)
    }
}

fn state(runner: &Runner, id: &str) -> CheckState {
    runner.checks().iter().find(|check| check.id == id).unwrap().state
}

fn is_met(runner: &Runner, id: &str) -> bool {
    state(runner, id) == CheckState::Met
}

#[test]
fn the_learners_actions_turn_every_check_green() {
    let mut play = Play::new();
    play.run(WARM_MS);
    assert_eq!(play.runner.gates()[0].due, None, "the question comes with FAIL");
    play.act(Action::Kill(MASTER));
    play.run_until("order", |runner| is_met(runner, "order"));
    let due = play.runner.gates()[0].due.unwrap();
    play.run_until("winner", |runner| is_met(runner, "winner"));
    play.run_until("served", |runner| is_met(runner, "served"));
    assert_eq!(play.state("return"), CheckState::NotYet);
    assert!(!play.runner.passed());
    play.act(Action::Restart(MASTER));
    play.run_until("return", |runner| is_met(runner, "return"));
    assert!(play.runner.passed());
    // Every moment that the text points to has come, and in the order of the story.
    let mut last = None;
    for block in play.lesson.blocks() {
        let Block::See(see) = block else { continue };
        if !see.event.is_empty() {
            let moment = play.runner.moment(see);
            assert!(moment.is_some(), "{}", see.event);
            assert!(moment.map(|moment| moment.seq) >= last, "{}", see.event);
            last = moment.map(|moment| moment.seq);
        }
    }
    assert!(due.at > Instant::from_millis(WARM_MS + 5_000));
}

#[test]
fn without_the_kill_nothing_is_green() {
    let mut play = Play::new();
    play.run(20_000);
    for check in play.runner.checks() {
        assert_eq!(check.state, CheckState::NotYet, "{check:#?}");
        let (_, clause) = check.unmet().unwrap();
        assert!(!clause.wanted.is_empty() && !clause.seen.is_empty(), "{clause:#?}");
    }
    assert_eq!(play.runner.gates()[0].due, None);
}

#[test]
fn going_back_takes_the_green_away_and_playing_again_gives_it_back() {
    let mut play = Play::new();
    play.run(WARM_MS);
    play.act(Action::Kill(MASTER));
    play.run_until("served", |runner| is_met(runner, "served"));
    let (end, digest) = (play.world.now(), play.world.digest());
    let first = play.runner.checks().to_vec();
    play.world.seek(Instant::from_millis(2_000));
    play.runner.observe(&play.world);
    assert_eq!(play.state("order"), CheckState::NotYet);
    assert_eq!(play.runner.gates()[0].due, None);
    // The journal lies ahead, so the kill happens again.
    play.run(end.ms_since(play.world.now()));
    assert_eq!(play.world.digest(), digest);
    assert_eq!(play.runner.checks(), first);
    // Another way from the same moment: nobody is killed.
    play.world.seek(Instant::from_millis(2_000));
    play.act(Action::Heal);
    play.run(20_000);
    assert_eq!(play.state("order"), CheckState::NotYet);
}

/// A seek that nobody watched, to a later time on another way: the runner must notice by itself.
#[test]
fn another_way_is_noticed_even_if_time_only_went_forward() {
    let mut play = Play::new();
    play.run(WARM_MS);
    play.act(Action::Kill(MASTER));
    play.run_until("served", |runner| is_met(runner, "served"));
    let end = play.world.now();
    play.world.seek(Instant::from_millis(1_000));
    play.world.act(Action::Heal);
    play.world.run_until(end.plus_ms(1_000), u32::MAX);
    play.runner.observe(&play.world);
    assert_eq!(play.state("order"), CheckState::NotYet);
    assert_eq!(play.state("served"), CheckState::NotYet);
}

#[test]
fn a_replica_that_lags_has_rank_one_and_loses() {
    let mut play = Play::new();
    play.run(WARM_MS);
    play.act(Action::Cut(MASTER, LAGGARD));
    play.run(3_000);
    play.act(Action::Kill(MASTER));
    play.run_until("worse", |runner| is_met(runner, "worse"));
    // Five seconds of timeout alone are too long; but nobody has to play golf.
    let golf = play.runner.checks().iter().find(|check| check.id == "golf").unwrap();
    assert_eq!(golf.state, CheckState::NotYet);
    assert_eq!(golf.unmet().unwrap().1.state, CheckState::Failed);
}

#[test]
fn a_shorter_timeout_makes_a_shorter_outage() {
    let mut play = Play::new();
    play.run(WARM_MS);
    let deeds: Vec<Action> = play
        .lesson
        .blocks()
        .filter_map(|block| match block {
            Block::Do(deed) if deed.actions.len() == 7 => Some(deed.actions.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(deeds.len(), 7);
    deeds.into_iter().for_each(|deed| play.act(deed));
    play.run(3_000);
    play.act(Action::Kill(MASTER));
    play.run_until("golf", |runner| is_met(runner, "golf"));
}

/// Every log line in the text is one that a node prints: the same words, and names of nodes that
/// are on the stage. Numbers differ from run to run.
#[test]
fn the_log_lines_of_the_text_are_printed() {
    let is_name = |word: &str| word.trim_end_matches([':', '.']).len() == 40;
    let without_numbers = |line: &str| -> String {
        let words = line.split_whitespace().map(|word| {
            if is_name(word) { word.into() } else { word.replace(|c: char| c.is_ascii_digit(), "") }
        });
        words.collect::<Vec<String>>().join(" ")
    };
    let mut play = Play::new();
    play.run(WARM_MS);
    play.act(Action::Kill(MASTER));
    play.run_until("winner", |runner| is_met(runner, "winner"));
    play.act(Action::Restart(MASTER));
    play.run_until("return", Runner::passed);
    let names: Vec<String> =
        (0..7).map(|host| play.world.snapshot(HostIdx(host)).unwrap().id.to_string()).collect();
    let nameless = |line: &str| {
        let words = line.split_whitespace().map(|w| if is_name(w) { "<name>" } else { w });
        words.collect::<Vec<&str>>().join(" ")
    };
    let printed: Vec<String> = play
        .world
        .records(0)
        .iter()
        .filter_map(|record| match &record.what {
            What::Log { level, line, .. } => Some(format!("{} {line}", level.mark())),
            _ => None,
        })
        .map(|line| nameless(&without_numbers(&line)))
        .collect();
    let mut lines = 0;
    for block in play.lesson.blocks() {
        let Block::Log { lines: told } = block else { continue };
        for line in told {
            lines += 1;
            for word in line.split_whitespace().filter(|word| is_name(word)) {
                assert!(names.iter().any(|name| name == word), "{word} is not on the stage");
            }
            let bare = nameless(&without_numbers(line));
            assert!(printed.contains(&bare), "no node prints: {line}");
        }
    }
    assert!(lines >= 10);
}

/// Whatever the seed, the story is the same.
#[test]
fn other_seeds_tell_the_same_story() {
    for seed in 1..=3 {
        let mut play = Play::new();
        let plan = slotscope_core::sim::Plan { seed, ..play.lesson.plan.clone() };
        play.world = World::new(plan).unwrap();
        play.run(WARM_MS + 370 * seed);
        play.act(Action::Kill(MASTER));
        play.run_until("winner", |runner| is_met(runner, "winner"));
        play.act(Action::Restart(MASTER));
        play.run_until("return", Runner::passed);
    }
}
