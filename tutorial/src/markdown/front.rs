//! Front matter: `key: value` between two lines of `---`.

use slotscope_core::sim::Plan;

use super::{Wrong, inline};
use crate::{lesson::Lesson, predicate::fields_of};

/// The front matter, the rest, and the line on which the rest begins.
pub(super) fn split(text: &str) -> Result<(&str, &str, usize), Wrong> {
    let no_front = || Wrong::at(1, "a lesson begins with front matter between lines of ---");
    let rest = text.strip_prefix("---\n").ok_or_else(no_front)?;
    let (front, body) = rest.split_once("\n---\n").ok_or_else(no_front)?;
    Ok((front, body, front.lines().count() + 3))
}

pub(super) fn parse(front: &str, plan: Plan) -> Result<Lesson, Wrong> {
    let mut lesson = Lesson {
        id: String::new(),
        lang: String::new(),
        title: String::new(),
        minutes: 0,
        demo_minutes: 0,
        needs: Vec::new(),
        goals: Vec::new(),
        teaches: Vec::new(),
        plan,
        steps: Vec::new(),
    };
    for (line, text) in (2..).zip(front.lines()) {
        let pair = text.split_once(':').map(|(key, value)| (key.trim(), value.trim()));
        let (key, value) = pair.ok_or_else(|| Wrong::at(line, "`key: value` expected"))?;
        let minutes = || value.parse().map_err(|_| Wrong::at(line, "a number of minutes expected"));
        let names = || value.split(',').map(str::trim).filter(|n| !n.is_empty()).map(str::to_owned);
        match key {
            "id" => lesson.id = value.into(),
            "lang" => lesson.lang = value.into(),
            "title" => lesson.title = value.into(),
            "minutes" => lesson.minutes = minutes()?,
            "demo" => lesson.demo_minutes = minutes()?,
            "needs" => lesson.needs = names().collect(),
            "goal" => lesson.goals.push(inline::parse(value).map_err(|w| Wrong::at(line, w))?),
            "teaches" => {
                lesson.teaches = names().collect();
                if let Some(name) = lesson.teaches.iter().find(|name| fields_of(name).is_none()) {
                    return Err(Wrong::at(line, format!("unknown event `{name}`")));
                }
            }
            _ => return Err(Wrong::at(line, format!("unknown key `{key}`"))),
        }
    }
    for (key, missing) in [
        ("id", lesson.id.is_empty()),
        ("lang", lesson.lang.is_empty()),
        ("title", lesson.title.is_empty()),
        ("minutes", lesson.minutes == 0),
        ("goal", lesson.goals.is_empty()),
    ] {
        if missing {
            return Err(Wrong::at(1, format!("`{key}` is missing")));
        }
    }
    Ok(lesson)
}
