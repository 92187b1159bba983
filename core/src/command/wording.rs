//! How this node words what it cannot make sense of: names that do not exist, too many words.

use core::fmt;

use super::{
    Args,
    table::{Command, Unknown},
};
use crate::resp::ReplyBuf;

/// Nothing of that name.
pub(super) fn refuse_unknown(unknown: Unknown, args: Args<'_>, reply: &mut ReplyBuf) {
    let name = |at: usize| Shown(args.get(at).map_or(&[][..], |word| cut(word, SHOWN_MAX)));
    match unknown {
        Unknown::Command => {
            let rest = Words(args.get(1..).unwrap_or_default());
            reply.error_fmt(format_args!(
                "ERR unknown command '{}', with args beginning with: {rest}",
                name(0)
            ));
        }
        Unknown::Subcommand(container) => reply.error_fmt(format_args!(
            "ERR unknown subcommand '{}'. Try {} HELP.",
            name(1),
            Upper(container.name)
        )),
    }
}

/// Too few words, or too many.
pub(super) fn refuse_arity(command: &Command, reply: &mut ReplyBuf) {
    reply.error_fmt(format_args!(
        "ERR wrong number of arguments for '{}{}' command",
        command.container, command.name
    ));
}

/// How much of what a client sent an error repeats.
const SHOWN_MAX: usize = 128;

fn cut(word: &[u8], max: usize) -> &[u8] {
    word.get(..max).unwrap_or(word)
}

/// Bytes for an error text: what is not UTF-8 becomes a replacement character.
pub(super) struct Shown<'a>(pub &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{FFFD}")?;
            }
        }
        Ok(())
    }
}

/// The first words, each in quotes and followed by a space, [`SHOWN_MAX`] bytes in all.
struct Words<'a>(&'a [&'a [u8]]);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut used = 0;
        for word in self.0 {
            if used >= SHOWN_MAX {
                break;
            }
            let part = cut(word, SHOWN_MAX - used);
            write!(f, "'{}' ", Shown(part))?;
            used += part.len() + 3;
        }
        Ok(())
    }
}

struct Upper(&'static str);

impl fmt::Display for Upper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            fmt::Write::write_char(f, letter.to_ascii_uppercase())?;
        }
        Ok(())
    }
}
