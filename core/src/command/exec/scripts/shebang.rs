//! What a script says of itself in its first line: `#!lua flags=no-writes,allow-stale`.
//!
//! Spec: Redis 7.0 documentation, "Script flags". A script without such a line is held to the rules
//! from before there were flags.
//! Differs from Redis: quotes in that line are no quotes.

use alloc::string::String;

use crate::script::Promise;

/// What it promises, and the text that is to be compiled: all but that line, whose end stays so
/// that errors name the right line.
pub(super) fn read(text: &[u8]) -> Result<(Promise, &[u8]), String> {
    if !text.starts_with(b"#!") {
        return Ok((Promise::default(), text));
    }
    let end = text.iter().position(|byte| *byte == b'\n');
    let (line, body) = text.split_at(end.ok_or("ERR Invalid script shebang")?);
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_ascii_whitespace();
    let engine = words.next().unwrap_or_default();
    if engine != "#!lua" {
        return Err(alloc::format!("ERR Unexpected engine in script shebang: {engine}"));
    }
    let mut promise = Promise { declared: true, ..Promise::default() };
    for word in words {
        let flags = word
            .strip_prefix("flags=")
            .ok_or_else(|| alloc::format!("ERR Unknown lua shebang option: {word}"))?;
        for flag in flags.split(',').filter(|_| !flags.is_empty()) {
            match flag {
                "no-writes" => promise.no_writes = true,
                "allow-oom" => promise.allow_oom = true,
                "allow-stale" => promise.allow_stale = true,
                "no-cluster" => promise.no_cluster = true,
                "allow-cross-slot-keys" => promise.allow_cross_slot = true,
                _ => {
                    return Err(alloc::format!("ERR Unexpected flag in script shebang: {flag}"));
                }
            }
        }
    }
    Ok((promise, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_read_as_redis_does() {
        let (promise, body) = read(b"return 1").expect("no line");
        assert!(!promise.declared);
        assert_eq!(body, b"return 1");
        let (promise, body) = read(b"#!lua  flags=no-writes,allow-oom \nreturn 1").expect("fine");
        assert!(promise.declared && promise.no_writes && promise.allow_oom);
        assert!(!promise.allow_stale && !promise.no_cluster && !promise.allow_cross_slot);
        assert_eq!(body, b"\nreturn 1");
        assert!(read(b"#!lua flags=\nx").is_ok());
        for (text, wanted) in [
            (&b"#!lua"[..], "ERR Invalid script shebang"),
            (b"#!not-lua\nx", "ERR Unexpected engine in script shebang: #!not-lua"),
            (b"#!lua name=mylib\nx", "ERR Unknown lua shebang option: name=mylib"),
            (b"#!lua flags=bad\nx", "ERR Unexpected flag in script shebang: bad"),
        ] {
            assert_eq!(read(text).expect_err("refused"), wanted);
        }
    }
}
