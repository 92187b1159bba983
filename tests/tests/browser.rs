//! The page in Chromium: does a person see what happened, in both languages?
//!
//! The lab is served by the real program. Everything is found by `data-testid` and read from
//! attributes (`web/TESTIDS.md`). What lasts only a moment, such as the ballot of a candidate, is
//! noted by an observer in the page, so that no look comes too late.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::{process::Command, time::Duration};

use serde_json::{Value, json};
use slotscope_tests::{
    browser::{self, Page, id, with},
    places, ports,
    process::{Process, wait_for},
};
use tempfile::TempDir;

/// A story of twenty seconds, on a busy machine that draws without a graphics card.
const STORY: Duration = Duration::from_secs(120);
const ALL_SLOTS: &str = "16384";
/// First slot of the third master.
const THIRD: &str = "10923";

/// `slotscope lab` on a free port.
struct Lab {
    address: String,
    _process: Process,
    _folder: TempDir,
}

impl Lab {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let port = ports::free().to_string();
        let mut command = Command::new(places::slotscope());
        command.args(["lab", "--no-open", "--port", &port, "--dist"]).arg(places::dist());
        let mut process = Process::spawn("lab", &mut command, folder.path());
        let address = wait_for("the lab prints its address", Duration::from_secs(20), || {
            assert_eq!(process.ended(), None, "{}", process.log());
            let log = process.log();
            let rest = &log[log.find("http://127.0.0.1:")?..];
            // The line must be complete.
            let (line, _) = rest.split_once('\n')?;
            line.split_whitespace().next().map(|url| url.trim_end_matches('/').to_owned())
        });
        Self { address, _process: process, _folder: folder }
    }

    fn url(&self, lang: &str, route: &str) -> String {
        format!("{}/?lang={lang}&motion=reduced#/{route}", self.address)
    }
}

/// Notes every value that the attributes below ever had, under `window.seen`.
const OBSERVER: &str = "
    const names = ['data-votes', 'data-closed', 'data-beat'];
    window.seen = {};
    const note = (element) => {
      const id = element.dataset && element.dataset.testid;
      if (!id) return;
      for (const name of names) {
        const value = element.getAttribute(name);
        if (value !== null) {
          const key = [id, element.dataset.node || '', name, value].join(' ');
          window.seen[key] = true;
        }
      }
    };
    new MutationObserver((changes) => {
      for (const change of changes) {
        note(change.target);
        for (const added of change.addedNodes) {
          note(added);
          if (added.querySelectorAll) added.querySelectorAll('[data-testid]').forEach(note);
        }
      }
    }).observe(document.body, { subtree: true, childList: true, attributes: true });";

/// Opens the page and waits until it lives.
async fn open(page: &Page, url: &str, lang: &str) {
    page.goto(url).await;
    page.await_there(&with("app", &[("data-lang", lang)])).await;
    page.run(OBSERVER, vec![]).await;
}

/// Waits until the observer has noted this.
async fn await_seen(page: &Page, testid: &str, node: &str, name: &str, value: &str) {
    let key = format!("{testid} {node} {name} {value}");
    page.poll_within(&format!("seen {key}"), STORY, async || {
        let seen = page.run("return window.seen[arguments[0]] === true", vec![json!(key)]).await;
        (seen == json!(true)).then_some(())
    })
    .await;
}

/// Sets the clock of the world, as a hand on the slider does.
async fn set_time(page: &Page, ms: u64) {
    let script = "const slider = document.querySelector(arguments[0]);
        slider.value = arguments[1];
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        slider.dispatchEvent(new Event('change', { bubbles: true }));";
    page.run(script, vec![json!(id("time-slider")), json!(ms.to_string())]).await;
    let us = ms * 1000;
    page.poll(&format!("the clock at {ms} ms"), async || {
        (time_us(page).await == Some(us)).then_some(())
    })
    .await;
}

async fn time_us(page: &Page) -> Option<u64> {
    page.number(&id("app"), "data-time-us").await
}

/// The digest, which is that of the shown time as soon as the clock stands.
async fn digest(page: &Page) -> String {
    let read = async || {
        let at = time_us(page).await;
        (at, page.attr(&id("app"), "data-digest").await)
    };
    page.poll("a digest that stands still", async || {
        let first = read().await;
        tokio::time::sleep(Duration::from_millis(250)).await;
        let second = read().await;
        (first == second).then_some(second.1).flatten()
    })
    .await
}

async fn set_playing(page: &Page, wanted: bool) {
    let wanted = wanted.to_string();
    if page.attr(&id("app"), "data-playing").await.as_deref() != Some(&wanted) {
        page.click(&id("play")).await;
    }
    page.await_there(&with("app", &[("data-playing", &wanted)])).await;
}

async fn counter(page: &Page, name: &str) -> u64 {
    page.number(&id(name), "data-value").await.unwrap_or(0)
}

/// Selects a node and presses one of the buttons for it.
async fn act(page: &Page, node: &str, action: &str) {
    let selected = with("node", &[("data-node", node), ("data-selected", "true")]);
    // A click on a node that is selected lets go of it.
    if page.count(&selected).await == 0 {
        page.click(&with("node", &[("data-node", node)])).await;
    }
    page.await_there(&selected).await;
    page.click(&id(action)).await;
}

/// The promise of the page: kill, agreement, two votes, new owner, errors and successes, return.
async fn story(page: Page, url: String, lang: &'static str) {
    open(&page, &url, lang).await;
    page.await_there(&with("app", &[("data-covered", ALL_SLOTS)])).await;
    set_playing(&page, true).await;
    page.select(&id("speed"), "2").await;
    page.poll("the application writes", async || {
        (counter(&page, "ledger-acked").await > 5).then_some(())
    })
    .await;
    assert_eq!(counter(&page, "ledger-errors").await, 0);
    let segment = with("segment", &[("data-from", THIRD)]);
    assert_eq!(page.attr(&segment, "data-owner").await.as_deref(), Some("7002"));
    let epoch_before = page.number(&segment, "data-epoch").await.unwrap();

    act(&page, "7002", "action-kill").await;
    page.await_there(&with("node", &[("data-node", "7002"), ("data-up", "false")])).await;
    await_seen(&page, "halo", "7002", "data-closed", "true").await;

    let owner = page
        .poll_within("the ruler changes hands", STORY, async || {
            let owner = page.attr(&segment, "data-owner").await?;
            let is_served = page.attr(&segment, "data-served").await? == "true";
            (is_served && owner != "7002" && !owner.is_empty()).then_some(owner)
        })
        .await;
    await_seen(&page, "ballot", &owner, "data-votes", "2").await;
    assert!(page.number(&segment, "data-epoch").await.unwrap() > epoch_before, "the same epoch");
    let winner = with("node", &[("data-node", &owner)]);
    assert_eq!(page.attr(&winner, "data-circle").await.as_deref(), Some("inner"));

    assert!(counter(&page, "ledger-errors").await > 0, "the application saw no error");
    let acked = counter(&page, "ledger-acked").await;
    page.poll_within("the application writes again", STORY, async || {
        let grown = counter(&page, "ledger-acked").await > acked + 10;
        let failing = page.attr(&id("ledger"), "data-failing").await;
        (grown && failing.as_deref() == Some("false")).then_some(())
    })
    .await;

    act(&page, "7002", "action-restart").await;
    let returned = with(
        "node",
        &[
            ("data-node", "7002"),
            ("data-up", "true"),
            ("data-role", "replica"),
            ("data-master", &owner),
            ("data-health", "ok"),
        ],
    );
    page.await_within(&returned, STORY).await;
    page.await_there(&with("app", &[("data-covered", ALL_SLOTS)])).await;
    assert_eq!(page.count(&id("panic-card")).await, 0);

    again(&page).await;
    page.keep_picture(&format!("story-{lang}")).await;
}

/// Back to before the kill, and everything once more: the very same run.
async fn again(page: &Page) {
    set_playing(page, false).await;
    let end_ms = time_us(page).await.unwrap() / 1000;
    set_time(page, end_ms).await;
    let first = digest(page).await;
    assert!(first.chars().all(|c| c.is_ascii_hexdigit()) && first.len() == 16, "{first:?}");

    let script = "const marks = [...document.querySelectorAll(arguments[0])];
        return Math.min(...marks.map((mark) => Number(mark.dataset.timeUs)));";
    let mark = with("mark", &[("data-kind", "action")]);
    let kill_us = page.run(script, vec![json!(mark)]).await;
    let kill_us = kill_us.as_u64().unwrap_or_else(|| panic!("no mark of the kill: {kill_us}"));
    let before_ms = (kill_us / 1000).saturating_sub(200);
    set_time(page, before_ms).await;
    let node = with("node", &[("data-node", "7002"), ("data-up", "true"), ("data-role", "master")]);
    page.await_there(&node).await;
    assert_ne!(digest(page).await, first);
    assert_eq!(counter(page, "ledger-errors").await, 0);

    page.select(&id("speed"), "10").await;
    set_playing(page, true).await;
    page.poll_within("the same time again", STORY, async || {
        (time_us(page).await? > end_ms * 1000).then_some(())
    })
    .await;
    set_playing(page, false).await;
    set_time(page, end_ms).await;
    assert_eq!(digest(page).await, first, "another run");
    println!("twice the same run: {first}");
}

/// Lesson 9 from its first step to green checks, with its own buttons.
async fn lesson(page: Page, url: String, lang: &'static str) {
    open(&page, &url, lang).await;
    page.await_there(&id("lesson")).await;
    let title = page.text(&id("lesson")).await.unwrap();
    assert_eq!(title.chars().any(is_han), lang == "zh", "the wrong language: {title}");
    page.select(&id("speed"), "5").await;

    turn_to(&page, "kill").await;
    page.click(&id("lesson-do")).await;
    page.await_there(&with("node", &[("data-node", "7002"), ("data-up", "false")])).await;
    set_playing(&page, true).await;
    // The clock stops for the prediction.
    page.await_within(&id("predict-option"), STORY).await;
    page.click(&with("predict-option", &[("data-value", "1")])).await;
    page.click(&id("predict-commit")).await;
    set_playing(&page, true).await;
    for check in ["order", "winner", "served"] {
        let met = with("check", &[("data-check", check), ("data-state", "met")]);
        page.await_within(&met, STORY).await;
    }
    turn_to(&page, "return").await;
    let not_yet = with("check", &[("data-check", "return"), ("data-state", "open")]);
    page.await_there(&not_yet).await;
    page.click(&id("lesson-do")).await;
    set_playing(&page, true).await;
    let met = with("check", &[("data-check", "return"), ("data-state", "met")]);
    page.await_within(&met, STORY).await;
    // And nothing that was met has been lost on the way; two more checks are for variations.
    for check in ["order", "winner", "served"] {
        page.await_there(&with("check", &[("data-check", check), ("data-state", "met")])).await;
    }
    assert_eq!(page.count(&id("panic-card")).await, 0);
    page.keep_picture(&format!("lesson-{lang}")).await;
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// Turns the pages of the lesson until a step is shown.
async fn turn_to(page: &Page, step: &str) {
    for _ in 0..40 {
        let shown = page.attr(&id("lesson"), "data-step").await;
        if shown.as_deref() == Some(step) {
            return;
        }
        page.click(&id("lesson-next")).await;
        page.poll("another step", async || {
            (page.attr(&id("lesson"), "data-step").await != shown).then_some(())
        })
        .await;
    }
    panic!("no step {step}");
}

#[test]
fn the_story_in_english() {
    let lab = Lab::start();
    let url = lab.url("en", "lab");
    browser::drive("story-en", |page| story(page, url, "en"));
}

#[test]
fn the_story_in_chinese() {
    let lab = Lab::start();
    let url = lab.url("zh", "lab");
    browser::drive("story-zh", |page| story(page, url, "zh"));
}

#[test]
fn the_lesson_in_english() {
    let lab = Lab::start();
    let url = lab.url("en", "learn/09");
    browser::drive("lesson-en", |page| lesson(page, url, "en"));
}

#[test]
fn the_lesson_in_chinese() {
    let lab = Lab::start();
    let url = lab.url("zh", "learn/09");
    browser::drive("lesson-zh", |page| lesson(page, url, "zh"));
}

/// The language is one switch away, and the run goes on.
#[test]
fn the_language_changes_in_place() {
    let lab = Lab::start();
    let url = lab.url("en", "lab");
    browser::drive("language", |page| async move {
        open(&page, &url, "en").await;
        set_playing(&page, false).await;
        let before = digest(&page).await;
        page.click(&id("lang-zh")).await;
        page.await_there(&with("app", &[("data-lang", "zh")])).await;
        let text = page.run("return document.body.innerText", vec![]).await;
        assert!(text.as_str().unwrap().chars().any(is_han), "{text}");
        assert_eq!(digest(&page).await, before, "another language, another run");
        page.click(&id("lang-en")).await;
        page.await_there(&with("app", &[("data-lang", "en")])).await;
        assert_ne!(page.run("return 1", vec![]).await, Value::Null);
    });
}

/// A damaged share link: a sentence, and a page that works.
#[test]
fn a_damaged_link_is_told() {
    let lab = Lab::start();
    let url = lab.url("en", "lab?run=thisisnorun");
    browser::drive("link", |page| async move {
        open(&page, &url, "en").await;
        page.await_there(&id("notice")).await;
        page.await_there(&with("app", &[("data-covered", ALL_SLOTS)])).await;
    });
}
