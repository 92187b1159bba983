//! Snapshots and payloads: what comes from a disk, from a master, or by RESTORE.

use slotscope_core::store_formats::{
    crc64::crc64,
    rdb::{Item, Loader, RdbError, Step, VERSION, read_dump},
};

/// The items of a snapshot that comes in pieces of `piece` bytes.
fn items(bytes: &[u8], piece: usize) -> (Vec<Item>, Option<RdbError>) {
    let mut loader = Loader::new();
    let mut found = Vec::new();
    let mut pieces = bytes.chunks(piece.max(1));
    let mut all_fed = bytes.is_empty();
    loop {
        match loader.next_item(all_fed) {
            Ok(Step::End) => return (found, None),
            Ok(Step::Hungry) => {
                assert!(!all_fed, "it asks for more after it was told that there is none");
                match pieces.next() {
                    Some(piece) => loader.feed(piece),
                    None => all_fed = true,
                }
            }
            Ok(Step::Item(item)) => found.push(item),
            Err(error) => {
                assert!(loader.position() <= bytes.len() as u64, "beyond the end");
                return (found, Some(error));
            }
        }
    }
}

/// A snapshot says the same in one piece and in many, and holds no more than it brought: a length
/// that is promised is no memory that is spent.
pub fn rdb(bytes: &[u8]) {
    let Some((&piece, bytes)) = bytes.split_first() else { return };
    let whole = items(bytes, bytes.len());
    let pieces = items(bytes, usize::from(piece) + 1);
    assert_eq!(whole.0, pieces.0);
    assert_eq!(whole.1.is_some(), pieces.1.is_some(), "{:?} and {:?}", whole.1, pieces.1);
}

/// A payload is read or refused, and so is its body behind a right footer.
pub fn dump(bytes: &[u8]) {
    drop(read_dump(bytes));
    let mut mended = bytes.to_vec();
    mended.extend(VERSION.to_le_bytes());
    let sum = crc64(&mended);
    mended.extend(sum.to_le_bytes());
    if let Ok(object) = read_dump(&mended) {
        // Compressed strings grow, but not without a bound.
        drop(object);
    }
}
