//! Numbers of both servers side by side, with the promise.

/// One line: what was measured, ours, theirs, and the most or least that the ratio may be.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// Our number.
    pub ours: f64,
    /// Theirs.
    pub theirs: f64,
    /// The median of the ratios of single rounds, ours to theirs.
    pub ratio: f64,
}

/// What is promised of the ratio.
#[derive(Clone, Copy, Debug)]
pub enum Promise {
    /// At least so much.
    AtLeast(f64),
    /// At most so much.
    AtMost(f64),
}

impl Promise {
    fn is_kept(self, ratio: f64) -> bool {
        match self {
            Self::AtLeast(limit) => ratio >= limit,
            Self::AtMost(limit) => ratio <= limit,
        }
    }

    fn words(self) -> String {
        match self {
            Self::AtLeast(limit) => format!("at least {limit:.2}"),
            Self::AtMost(limit) => format!("at most {limit:.2}"),
        }
    }
}

/// Prints a table.
pub fn print(title: &str, promise: Promise, decimals: usize, rows: &[Row]) {
    println!("\n{title}; ratio promised: {}", promise.words());
    println!("{:<14} {:>14} {:>14} {:>8}", "", "slotscope", "redis-server", "ratio");
    for Row { what, ours, theirs, ratio } in rows {
        let mark = if promise.is_kept(*ratio) { "" } else { "  short" };
        println!("{what:<14} {ours:>14.decimals$} {theirs:>14.decimals$} {ratio:>8.3}{mark}");
    }
}

/// The middle of some numbers; of an even count the mean of the two in the middle.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    let half = numbers.len() / 2;
    match numbers.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => numbers[half],
        _ => f64::midpoint(numbers[half - 1], numbers[half]),
    }
}
