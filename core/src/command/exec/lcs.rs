//! LCS: the longest common subsequence of two strings, its length, or where its pieces are.

use alloc::{vec, vec::Vec};

use super::{NOT_AN_INTEGER, args::number, read, same};
use crate::{
    command::Call,
    resp::parse_i64,
    rules::Ctx,
    store::{Kind as _, Str},
};

/// What LCS is asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    length: bool,
    places: bool,
    shortest: usize,
    with_lengths: bool,
}

fn options(call: &mut Call<'_>) -> Option<Options> {
    let (mut options, mut at) = (Options::default(), 3);
    while at < call.args.len() {
        let word = call.arg(at);
        if same(word, "IDX") {
            options.places = true;
        } else if same(word, "LEN") {
            options.length = true;
        } else if same(word, "WITHMATCHLEN") {
            options.with_lengths = true;
        } else if same(word, "MINMATCHLEN") && at + 1 < call.args.len() {
            at += 1;
            let Some(n) = parse_i64(call.arg(at)) else {
                call.reply.error(NOT_AN_INTEGER);
                return None;
            };
            options.shortest = usize::try_from(n).unwrap_or(0);
        } else {
            call.syntax_error();
            return None;
        }
        at += 1;
    }
    if options.places && options.length {
        call.reply.error("ERR If you want both the length and indexes, please just use IDX.");
        return None;
    }
    Some(options)
}

/// `LCS key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]`
pub(in crate::command) fn lcs(ctx: &mut Ctx<'_>, call: &mut Call<'_>) {
    let mut texts = Vec::new();
    for key in [call.arg(1), call.arg(2)] {
        let found = read(ctx, call, key);
        let text = found.map(|entry| {
            Str::of(&entry.value).map(|text| text.view(&mut itoa::Buffer::new()).to_vec())
        });
        match text {
            None => texts.push(Vec::new()),
            Some(Some(text)) => texts.push(text),
            Some(None) => {
                return call.reply.error("ERR The specified keys must contain string values");
            }
        }
    }
    let Some(options) = options(call) else { return };
    let (a, b) = (texts[0].as_slice(), texts[1].as_slice());
    let cells = (a.len() as u64 + 1).checked_mul(b.len() as u64 + 1);
    if cells.and_then(|n| n.checked_mul(4)).is_none_or(|n| n > ctx.b.config.proto_max_bulk_len) {
        return call
            .reply
            .error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
    }
    let table = Table::new(a, b);
    if options.length {
        return call.reply.integer(i64::from(table.at(a.len(), b.len())));
    }
    let matches = table.matches(a, b);
    if !options.places {
        let mut common: Vec<u8> = matches.iter().map(|(i, _)| a[*i]).collect();
        common.reverse();
        return call.reply.bulk(&common);
    }
    let pieces = pieces(&matches, options.shortest);
    call.reply.map(2);
    call.reply.bulk(b"matches");
    call.reply.array(pieces.len());
    for ((a_end, b_end), len) in pieces {
        call.reply.array(2 + usize::from(options.with_lengths));
        for end in [a_end, b_end] {
            call.reply.array(2);
            call.reply.integer(number(end + 1 - len));
            call.reply.integer(number(end));
        }
        if options.with_lengths {
            call.reply.integer(number(len));
        }
    }
    call.reply.bulk(b"len");
    call.reply.integer(i64::from(table.at(a.len(), b.len())));
}

/// For each pair of prefixes, how long their longest common subsequence is.
struct Table {
    cells: Vec<u32>,
    width: usize,
}

impl Table {
    fn new(a: &[u8], b: &[u8]) -> Self {
        let width = b.len() + 1;
        let mut table = Self { cells: vec![0; (a.len() + 1) * width], width };
        for (i, x) in a.iter().enumerate() {
            for (j, y) in b.iter().enumerate() {
                table.cells[(i + 1) * width + j + 1] = if x == y {
                    table.at(i, j) + 1
                } else {
                    table.at(i, j + 1).max(table.at(i + 1, j))
                };
            }
        }
        table
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.cells[i * self.width + j]
    }

    /// The places of the bytes in common, last first. Where both ways are as good, the second
    /// string is the one that gives way, as in Redis.
    fn matches(&self, a: &[u8], b: &[u8]) -> Vec<(usize, usize)> {
        let (mut i, mut j, mut found) = (a.len(), b.len(), Vec::new());
        while i > 0 && j > 0 {
            if a[i - 1] == b[j - 1] {
                i -= 1;
                j -= 1;
                found.push((i, j));
            } else if self.at(i - 1, j) > self.at(i, j - 1) {
                i -= 1;
            } else {
                j -= 1;
            }
        }
        found
    }
}

/// Joins neighbours into pieces: the last place of each in both strings, and its length.
fn pieces(matches: &[(usize, usize)], shortest: usize) -> Vec<((usize, usize), usize)> {
    let mut pieces: Vec<((usize, usize), usize)> = Vec::new();
    for (i, j) in matches {
        match pieces.last_mut() {
            Some(((a_end, b_end), len)) if *a_end == i + *len && *b_end == j + *len => *len += 1,
            _ => pieces.push(((*i, *j), 1)),
        }
    }
    pieces.retain(|(_, len)| *len >= shortest);
    pieces
}
