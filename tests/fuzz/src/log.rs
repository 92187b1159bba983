//! The append only file: manifest, base and increments, as a crash or a careless hand may leave
//! them.

use slotscope_core::{
    Node,
    config::Config,
    io::{DatasetForm, Outbox},
    node::{Loaded, RdbLoad, RdbPart, Replay, ReplayError},
    rng::Seed,
    store_formats::manifest::Manifest,
};

use crate::requests::now;

fn node(out: &mut Outbox) -> Node {
    Node::new(Config::default(), Seed::from_u64(5), now(0), out)
}

/// A manifest is refused with its line, or says the same once it is written again, whatever
/// rewrites it goes through.
pub fn manifest(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match Manifest::parse(text) {
        Err(error) => assert!((1..=text.len().max(1)).contains(&error.line), "{error:?}"),
        Ok(mut manifest) => {
            // Nobody rewrites so often that the numbers run out.
            if manifest.files().chain(&manifest.history).any(|file| file.seq > 1 << 61) {
                return;
            }
            for keeps_newest in [true, false] {
                let text = manifest.print();
                // Notes alone are no files. Redis reads no longer line either; no file has such a
                // name.
                if text.is_empty() || text.lines().any(|line| line.len() >= 1024) {
                    return;
                }
                let again = Manifest::parse(&text).map(|manifest| manifest.print());
                assert_eq!(again, Ok(text));
                manifest.add_increment("a b");
                manifest.replace_base("a b", keeps_newest, keeps_newest);
            }
        }
    }
}

/// What became of a file.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    /// Up to where it is good.
    good: u64,
    /// Whether something stands behind that.
    is_cut: bool,
    error: Option<ReplayError>,
    /// What the keys are then; of no matter after an error.
    digest: u64,
}

/// Reads a file in pieces of `piece` bytes; `None` if its base is no good.
fn read(node: &mut Node, file: &[u8], piece: usize, out: &mut Outbox) -> Option<Read> {
    let mut pieces = file.chunks(piece.max(1));
    let mut replay = Replay::default();
    let mut bytes = Vec::new();
    if file.starts_with(b"REDIS") {
        let mut load = RdbLoad::new(RdbPart::AofBase);
        loop {
            let piece = pieces.next();
            let ended =
                node.load_rdb(now(1), &mut load, piece.unwrap_or_default(), piece.is_none(), out);
            match ended {
                Ok(true) => break,
                Ok(false) => assert!(piece.is_some(), "it wants more than there is"),
                Err(_) => return None,
            }
        }
        bytes.extend_from_slice(load.rest());
        replay = Replay::behind(load.position());
    }
    let mut error = None;
    loop {
        match node.replay(now(1), &bytes, &mut replay, out) {
            Ok(used) => drop(bytes.drain(..used)),
            Err(what) => error = Some(what),
        }
        drop(out.drain());
        match pieces.next().filter(|_| error.is_none()) {
            Some(piece) => bytes.extend_from_slice(piece),
            None => break,
        }
    }
    if let Err(broken) = node.check() {
        panic!("after a log: {broken}");
    }
    assert!(replay.good <= file.len() as u64, "good beyond the end");
    let is_cut = !bytes.is_empty() || replay.is_open();
    let digest = if error.is_some() { 0 } else { node.dataset_digest() };
    Some(Read { good: replay.good, is_cut, error, digest })
}

/// A log says the same in one piece and in many; what is left of it after a crash is good up to
/// where it says, and never worse than the whole; and what it makes can be written as a new base,
/// in both forms, that makes the same.
pub fn replay(bytes: &[u8]) {
    let [piece, high, low, file @ ..] = bytes else { return };
    let out = &mut Outbox::new();
    let mut first = node(out);
    let whole = read(&mut first, file, file.len(), out);
    let pieces = read(&mut node(out), file, usize::from(*piece) + 1, out);
    assert_eq!(whole, pieces, "in pieces of {piece}");

    let cut = usize::from(u16::from_be_bytes([*high, *low]));
    let part = read(&mut node(out), &file[..cut.min(file.len())], file.len(), out);
    let Some(whole) = whole else { return };
    // What is left of the name of a snapshot looks like a log that is not one.
    let is_nameless = file.starts_with(b"REDIS") && cut < 5;
    if let Some(part) = part.filter(|_| !is_nameless) {
        assert!(part.good <= whole.good, "a part is better than the whole");
        assert!(part.error.is_none() || part.error == whole.error, "{part:?}");
    }
    if whole.error.is_some() {
        return;
    }
    let good = usize::try_from(whole.good).unwrap();
    let again = read(&mut node(out), &file[..good], file.len(), out).unwrap();
    assert_eq!(again, Read { is_cut: false, ..whole }, "what is good is good");

    for form in [DatasetForm::Rdb, DatasetForm::Commands] {
        let mut dataset = first.base(now(2), out);
        dataset.form = form;
        let mut base = Vec::new();
        assert!(dataset.write(&mut |piece| {
            base.extend_from_slice(piece);
            true
        }));
        let again = read(&mut node(out), &base, base.len(), out);
        let made = again.as_ref().map(|read| (read.error.is_none(), read.digest));
        assert_eq!(made, Some((true, first.dataset_digest())), "{form:?}: {again:?}");
    }
    first.loaded(now(3), Loaded::Aof(0), out);
}
