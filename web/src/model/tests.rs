//! The page without a browser.

use slotscope_core::sim::HostIdx;

use super::*;
use crate::words::Lang;

fn page() -> Page {
    Page::new(Settings::default(), 42).unwrap()
}

/// Plays `seconds` of screen time at 60 frames a second.
fn play(page: &mut Page, seconds: u32) {
    for frame in 0..seconds * 60 {
        page.frame(f64::from(frame) * 16.67, 16.67, 200.0, || true);
    }
}

fn fixed(page: &mut Page, speed: &str) {
    page.update(Msg::Clock(ClockMsg::Speed(Speed::of_id(speed).unwrap())));
}

#[test]
fn the_story_goes_from_calm_to_elected_by_one_button() {
    let mut page = page();
    page.update(Msg::Went("#/".into()));
    assert!(page.play.playing);
    play(&mut page, 2);
    assert_eq!(page.beat(), Beat::Calm);
    page.update(Msg::StoryKill { by_itself: false });
    assert_eq!(page.beat(), Beat::Killed);
    let mut beats = vec![page.beat()];
    for _ in 0..60 {
        play(&mut page, 1);
        if beats.last() != Some(&page.beat()) {
            beats.push(page.beat());
        }
    }
    assert_eq!(beats.last(), Some(&Beat::Elected), "{beats:?}");
    assert!(beats.contains(&Beat::Pfail) && beats.contains(&Beat::Election), "{beats:?}");
    assert!(page.picture.ledgers[0].errors > 0);
}

#[test]
fn the_button_presses_itself_when_nobody_does() {
    let mut page = page();
    page.update(Msg::Went("#/".into()));
    play(&mut page, 19);
    assert!(!page.story.by_itself);
    play(&mut page, 2);
    assert!(page.story.by_itself);
}

/// Back to before the kill, and on again: the same run, digest for digest.
#[test]
fn stepping_back_and_playing_again_is_the_same_run() {
    let mut page = page();
    page.update(Msg::Went("#/lab".into()));
    fixed(&mut page, "5");
    page.play.playing = true;
    play(&mut page, 1);
    page.update(Msg::NodeChosen(HostIdx(2)));
    page.update(Msg::Did(Deed::Kill));
    let killed_at = page.now();
    play(&mut page, 4);
    page.update(Msg::Clock(ClockMsg::Play));
    let (then, digest, seq) = (page.now(), page.picture.digest, page.picture.seq);
    page.update(Msg::Clock(ClockMsg::To(Instant::from_millis(1000))));
    assert!(page.now() < killed_at && page.picture.is_up(HostIdx(2)));
    assert_ne!(page.picture.digest, digest);
    page.update(Msg::Clock(ClockMsg::To(then)));
    assert_eq!((page.picture.digest, page.picture.seq), (digest, seq));
}

#[test]
fn undo_goes_to_before_the_last_action_and_redo_brings_it_back() {
    let mut page = page();
    page.update(Msg::Went("#/lab".into()));
    page.update(Msg::Clock(ClockMsg::To(Instant::from_millis(0))));
    for _ in 0..30 {
        page.update(Msg::Clock(ClockMsg::Step));
    }
    page.update(Msg::NodeChosen(HostIdx(1)));
    page.update(Msg::Did(Deed::Kill));
    assert!(!page.picture.is_up(HostIdx(1)));
    page.update(Msg::Did(Deed::Undo));
    assert!(page.picture.is_up(HostIdx(1)));
    assert!(page.sim.world().journal().is_empty() && page.sim.can_redo());
    page.update(Msg::Did(Deed::Redo));
    assert!(!page.picture.is_up(HostIdx(1)));
}

/// The link of a run opens the same moment of the same run.
#[test]
fn a_shared_link_opens_the_same_moment() {
    let mut page = page();
    page.update(Msg::Went("#/lab".into()));
    fixed(&mut page, "10");
    page.play.playing = true;
    play(&mut page, 1);
    page.update(Msg::NodeChosen(HostIdx(2)));
    page.update(Msg::Did(Deed::Kill));
    play(&mut page, 1);
    let Some(Cmd::CopyLink(fragment)) = page.update(Msg::SharePressed).pop() else {
        panic!("no link")
    };
    let mut other = Page::new(Settings::default(), 1).unwrap();
    other.update(Msg::Went(fragment));
    assert_eq!(other.notice, None);
    assert_eq!(other.picture.digest, page.picture.digest);
    assert_eq!(other.now(), page.now());
}

#[test]
fn a_damaged_link_is_a_sentence_and_a_fresh_run() {
    let mut page = page();
    page.update(Msg::Went("#/lab?run=1AAAA".into()));
    assert_eq!(page.notice, Some(Notice::LinkDamaged));
    page.update(Msg::Went("#/lab?run=7xyz".into()));
    assert_eq!(page.notice, Some(Notice::LinkOld));
    play(&mut page, 1);
    assert_eq!(page.picture.hosts.len(), 6);
}

#[test]
fn the_clock_stops_at_decisions_and_opens_their_card() {
    let mut page = page();
    page.update(Msg::Went("#/lab".into()));
    page.update(Msg::NodeChosen(HostIdx(2)));
    page.update(Msg::Did(Deed::Kill));
    let mut suspected = false;
    for _ in 0..40 {
        page.update(Msg::Clock(ClockMsg::Next));
        if let Some(Asked::Record(seq)) = page.asked {
            let record = page.sim.history().item(seq).unwrap();
            assert_eq!(record.at, page.now());
            suspected |= page
                .sim
                .history()
                .marks()
                .iter()
                .any(|m| m.seq == seq && m.kind == crate::source::history::MarkKind::Pfail);
        }
    }
    assert!(suspected && !page.play.playing);
}

#[test]
fn a_wall_is_chosen_and_built_and_taken_down() {
    let mut page = page();
    page.update(Msg::Went("#/lab".into()));
    page.update(Msg::Did(Deed::Wall));
    page.update(Msg::WallBuilt);
    assert!(page.picture.wall.is_empty(), "a wall with nobody beyond it");
    page.update(Msg::NodeChosen(HostIdx(1)));
    page.update(Msg::NodeChosen(HostIdx(4)));
    page.update(Msg::WallBuilt);
    assert!(page.scene.is_walled());
    page.update(Msg::Did(Deed::Heal));
    assert!(!page.scene.is_walled());
}

#[test]
fn a_language_is_remembered() {
    let mut page = page();
    let cmds = page.update(Msg::LangChosen(Lang::Zh));
    assert_eq!(cmds, [Cmd::Remember("lang", "zh".into())]);
    assert_eq!(page.settings.lang, Lang::Zh);
}

/// Drawing sees every message once and forgets what has landed.
#[test]
fn messages_take_off_and_land() {
    let mut page = page();
    page.update(Msg::Went("#/lab".into()));
    page.play.playing = true;
    play(&mut page, 3);
    assert!(!page.air.is_empty());
    let dots = page.air.dots(&page.scene, 3.0 * 60.0 * 16.67);
    assert!(dots.iter().all(|d| d.x.is_finite() && d.y.is_finite()));
    page.air.settle(1e9);
    assert!(page.air.is_empty());
}

/// What is typed reaches the node, a redirection is followed if that is wished, and going back
/// takes both back.
#[test]
fn the_console_speaks_to_a_node_and_follows_redirections() {
    let mut page = page();
    page.update(Msg::Went("#/lab".into()));
    let say = |page: &mut Page, line: &str| {
        page.update(Msg::Console(ConsoleMsg::Typed(line.into())));
        page.update(Msg::Console(ConsoleMsg::Entered));
        let past = page.sim.history().until(page.now());
        past.iter().rev().find_map(|record| match &record.what {
            slotscope_core::sim::What::Answer(text) => Some(text.clone()),
            _ => None,
        })
    };
    page.update(Msg::NodeChosen(HostIdx(0)));
    let start = page.now();
    assert_eq!(say(&mut page, "SET foo bar").unwrap(), "(error) MOVED 12182 127.0.0.1:7002");
    assert_eq!(page.selected, Some(HostIdx(0)));
    assert_eq!(say(&mut page, "redis-cli -c -p 7001 SET foo bar").unwrap(), "OK");
    assert_eq!(page.selected, Some(HostIdx(2)), "the prompt follows");
    assert_eq!(say(&mut page, "GET foo").unwrap(), "\"bar\"");
    say(&mut page, "SET \"foo");
    assert_eq!(page.console.trouble, Some(Trouble::Quotes));
    page.update(Msg::Console(ConsoleMsg::Earlier));
    page.update(Msg::Console(ConsoleMsg::Earlier));
    assert_eq!(page.console.line, "GET foo");
    page.update(Msg::Clock(ClockMsg::To(start.plus_ms(0))));
    page.update(Msg::Clock(ClockMsg::StepBack));
    let said = page.sim.history().until(page.now());
    assert!(!said.iter().any(|r| matches!(r.what, slotscope_core::sim::What::Answer(_))));
}
