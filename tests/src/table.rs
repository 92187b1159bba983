//! Which lines does a reader of the tutorials type, and what do they see?
//!
//! `tests/data/tutorials.txt` holds them; its head explains its form. A test types the rows by
//! name, so that a line which is not in the table cannot be typed, and at its end asks which rows
//! it has left out.

/// One step of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which text.
    pub text: u8,
    /// First and last line in it.
    pub lines: (u32, u32),
    /// What the test calls it.
    pub step: String,
    /// The commands as they stand there, without prompts.
    pub commands: Vec<String>,
    /// What is typed instead, if they cannot be typed as they stand.
    pub instead: Option<String>,
    /// What must be seen, in this order.
    pub seen: Vec<String>,
    /// Why they are not typed.
    pub left_out: Option<String>,
}

/// Reads the table.
#[must_use]
pub fn read(table: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (number, line) in table.lines().enumerate() {
        let place = format!("tutorials.txt:{}", number + 1);
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = head(line) {
            rows.push(head);
            continue;
        }
        let row = rows.last_mut().unwrap_or_else(|| panic!("{place}: a step comes first"));
        // No trimming at the end: a space may be part of what is seen.
        if let Some(command) = line.strip_prefix("    ") {
            row.commands.push(command.to_owned());
        } else if let Some(instead) = line.strip_prefix("  ~ ") {
            row.instead = Some(instead.to_owned());
        } else if let Some(words) = line.strip_prefix("  > ") {
            row.seen.push(words.to_owned());
        } else if let Some(why) = line.strip_prefix("  ! ") {
            row.left_out = Some(why.to_owned());
        } else {
            panic!("{place}: neither step nor command: {line}");
        }
    }
    rows
}

/// `2:168-170 folders`
fn head(line: &str) -> Option<Row> {
    let (place, step) = line.split_once(' ')?;
    let (text, lines) = place.split_once(':')?;
    let (first, last) = lines.split_once('-').unwrap_or((lines, lines));
    Some(Row {
        text: text.parse().ok()?,
        lines: (first.parse().ok()?, last.parse().ok()?),
        step: step.trim().to_owned(),
        commands: Vec::new(),
        instead: None,
        seen: Vec::new(),
        left_out: None,
    })
}

/// Panics unless `parts` stand in `whole`, one after the other.
pub fn assert_seen(step: &str, whole: &str, parts: &[String]) {
    let mut rest = whole;
    for part in parts {
        let Some(at) = rest.find(part.as_str()) else {
            panic!("step {step:?} does not show {part:?}; it shows:\n{whole}");
        };
        rest = &rest[at + part.len()..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every sign of the table's form has its effect, and spaces at the end of a line stay.
    #[test]
    fn reads_a_step() {
        let rows = read("# head\n\n2:5-6 go on\n    a b\n    c\n  ~ d \n  > e: \n1:7 no\n  ! f\n");
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].text, rows[0].lines, rows[0].step.as_str()), (2, (5, 6), "go on"));
        assert_eq!(rows[0].commands, ["a b", "c"]);
        assert_eq!(rows[0].instead.as_deref(), Some("d "));
        assert_eq!(rows[0].seen, ["e: "]);
        assert_eq!(rows[1].left_out.as_deref(), Some("f"));
    }
}
