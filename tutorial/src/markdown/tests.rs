//! Does Markdown become the blocks that it should, and is a mistake told with its line?

use super::*;
use crate::block::{Block, NoteKind, Span};

const FRONT: &str = "---\nid: 01\nlang: en\ntitle: T\nminutes: 5\ngoal: to `know`\n---\n";
const PLAN: &str = "seed 1\nnode 7000 slots 0-16383\nnode 7001 replicates 7000\n";

fn read(body: &str) -> Result<Lesson, (usize, String)> {
    let plan = plan::parse(PLAN).expect("the plan is good");
    parse(&format!("{FRONT}{body}"), plan).map_err(|wrong| (wrong.line, wrong.what))
}

#[track_caller]
fn refuses(body: &str, line: usize, what: &str) {
    let (at, said) = read(body).expect_err("it should be refused");
    assert!(said.contains(what), "{said}");
    assert_eq!(at, line, "{said}");
}

#[test]
fn every_block_has_its_type() {
    let body = "## One {#one}\n\nIt is [suspected](term:pfail), *so* say `7002`.\n\n- a\n- b\n\n\
        | x | y |\n| --- | --- |\n| 1 | 2 |\n\n```command\nredis-cli -p 7000 PING\n```\n\n\
        ```mistake\nNo, *not* so.\n```\n\n```leaves-out\nDisks.\nPeople.\n```\n\n\
        ```do\nlabel: Kill\ncommand: kill -9\naction: kill 7001\naction: latency 7000 7001 20ms\n```\n\n\
        ```see\nlabel: Look\nevent: Fail{7000}\nnode: 7001\n```\n";
    let lesson = read(body).unwrap();
    let blocks = &lesson.steps[0].blocks;
    let Block::Paragraph { text } = &blocks[0] else { panic!("{blocks:?}") };
    assert!(matches!(&text[1], Span::Term { id, zh, .. } if id == "pfail" && zh == "疑似下线"));
    assert!(matches!(&text[3], Span::Emphasis { text } if text == "so"));
    assert!(matches!(&blocks[1], Block::List { ordered: false, items } if items.len() == 2));
    assert!(matches!(&blocks[2], Block::Table { rows, .. } if rows.len() == 1));
    assert!(matches!(&blocks[3], Block::Command { lines } if lines.len() == 1));
    assert!(matches!(&blocks[4], Block::Note { kind: NoteKind::Mistake, .. }));
    assert!(matches!(&blocks[5], Block::LeavesOut { items } if items.len() == 2));
    assert!(matches!(&blocks[6], Block::Do(deed) if deed.actions.len() == 2));
    assert!(matches!(&blocks[7], Block::See(see) if see.node == Some(7001)));
    let json = serde_json::to_string(&lesson).unwrap();
    assert_eq!(serde_json::from_str::<Lesson>(&json).unwrap(), lesson);
}

#[test]
fn mistakes_are_named_with_their_line() {
    refuses("words\n", 8, "a step begins with");
    refuses("## One {#one}\n\n<b>x</b>\n", 10, "raw HTML");
    refuses("## One {#one}\n\n<div>\n</div>\n", 10, "raw HTML");
    refuses("## One {#one}\n\n![p](p.png)\n", 10, "cannot stand");
    refuses("## One {#one}\n\n[x](term:nothing)\n", 10, "no word `nothing`");
    refuses("## One {#one}\n\n```chek\nid: a\n```\n", 11, "unknown type");
    refuses("## One {#one}\n\n```see\nlabel: x\nevent: Fial{}\n```\n", 12, "unknown event");
    refuses("## One {#one}\n\n```see\nlabel: x\nnode: 7009\n```\n", 12, "port of a node");
    refuses(
        "## One {#one}\n\n```check\nid: a\nwords: w\nclause: S: covered == 1\n```\n",
        11,
        "say",
    );
    refuses("## One {#one}\n\n```check\nid: a\nclause: L: losst == 0\n", 11, "an id, words");
    refuses("## One {#one}\n\n## Two {#one}\n", 10, "stands twice");
    refuses("## One {#one}\n\n### Deep\n", 10, "only heading");
}

#[test]
fn a_gate_has_one_right_answer_and_a_reason_for_each() {
    let gate = |rows: &str| format!("## One {{#one}}\n\n```gate\nid: g\nquestion: q?\n{rows}```\n");
    assert!(read(&gate("right: a\nwhy: yes\nchoice: b\nwhy: no\n")).is_ok());
    refuses(&gate("choice: a\nwhy: no\nchoice: b\nwhy: no\n"), 11, "one right answer");
    refuses(&gate("right: a\nchoice: b\nwhy: no\n"), 11, "a `why` for every choice");
}

#[test]
fn chinese_lines_join_without_a_space() {
    let lesson = read("## 一 {#one}\n\n它没有\n回答 `PING`\nfor\nlong\n").unwrap();
    let Block::Paragraph { text } = &lesson.steps[0].blocks[0] else { panic!() };
    assert_eq!(text[0], Span::Text { text: "它没有回答 ".into() });
    assert_eq!(text[2], Span::Text { text: " for long".into() });
}
