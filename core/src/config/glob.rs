//! Glob patterns as `CONFIG GET` takes them: `*`, `?`, `[a-z]`, `[^a]`, `\x`.
//!
//! Letter case does not matter: names of directives are lower-case, people are not.

/// Whether `text` matches `pattern`, without regard to ASCII case.
///
/// One star is remembered at a time, so the work is at most pattern times text: a hostile pattern
/// of many stars cannot hang a node.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on when a later part does not fit: after this star, one character later.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            p += 1;
            retry = Some((p, t));
        } else if let Some(next) = one(pattern, p, text[t]) {
            (p, t) = (next, t + 1);
        } else if let Some((star, at)) = retry {
            retry = Some((star, at + 1));
            (p, t) = (star, at + 1);
        } else {
            return false;
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|c| *c == b'*'))
}

/// If the pattern element at `p` takes `byte`: where the next element begins.
fn one(pattern: &[u8], p: usize, byte: u8) -> Option<usize> {
    let byte = byte.to_ascii_lowercase();
    let same = |c: u8| c.eq_ignore_ascii_case(&byte);
    match *pattern.get(p)? {
        b'?' => Some(p + 1),
        b'[' => class(pattern, p + 1, byte),
        b'\\' if p + 1 < pattern.len() => same(pattern[p + 1]).then_some(p + 2),
        c => same(c).then_some(p + 1),
    }
}

/// A class, from behind its bracket; an unclosed one ends with the pattern.
fn class(pattern: &[u8], mut p: usize, byte: u8) -> Option<usize> {
    let negated = pattern.get(p) == Some(&b'^');
    p += usize::from(negated);
    let mut found = false;
    loop {
        match *pattern.get(p..)? {
            [] => break,
            [b']', ..] => {
                p += 1;
                break;
            }
            [b'\\', c, ..] => {
                found |= c.eq_ignore_ascii_case(&byte);
                p += 2;
            }
            [a, b'-', z, ..] => {
                let (a, z) = (a.to_ascii_lowercase(), z.to_ascii_lowercase());
                found |= (a.min(z)..=a.max(z)).contains(&byte);
                p += 3;
            }
            [c, ..] => {
                found |= c.eq_ignore_ascii_case(&byte);
                p += 1;
            }
        }
    }
    (found != negated).then_some(p)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_redis() {
        let yes = [
            ("*", "port"),
            ("", ""),
            ("p?rt", "port"),
            ("cluster-*", "cluster-enabled"),
            ("*max*list*", "zset-max-listpack-value"),
            ("[pq]ort", "port"),
            ("[^q]ort", "port"),
            ("[a-z]ort", "port"),
            ("PORT", "port"),
            ("p\\ort", "port"),
            ("port**", "port"),
            ("[p", "p"),
        ];
        for (pattern, text) in yes {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("p", "port"), ("?", ""), ("[^p]ort", "port"), ("*x", "port")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_are_cheap() {
        let text = "a".repeat(2000);
        let pattern = "*a".repeat(500) + "b";
        assert!(!matches(&pattern, &text));
    }
}
