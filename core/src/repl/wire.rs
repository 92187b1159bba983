//! Words on the replication link, as they are encoded. (They are read by [`crate::resp`].)

use alloc::vec::Vec;

/// Appends a command as an array of bulk strings.
pub(crate) fn encode(words: &[&[u8]], to: &mut Vec<u8>) {
    head(b'*', words.len(), to);
    for word in words {
        bulk(word, to);
    }
}

/// One encoded command.
pub(crate) fn encoded(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(words, &mut bytes);
    bytes
}

/// Appends the SELECT of a database.
pub(crate) fn select(database: u32, to: &mut Vec<u8>) {
    encode(&[b"SELECT", itoa::Buffer::new().format(database).as_bytes()], to);
}

/// Appends a bulk string.
pub(crate) fn bulk(word: &[u8], to: &mut Vec<u8>) {
    head(b'$', word.len(), to);
    to.extend_from_slice(word);
    to.extend_from_slice(b"\r\n");
}

/// Appends `<mark><n>\r\n`.
pub(crate) fn head(mark: u8, n: usize, to: &mut Vec<u8>) {
    to.push(mark);
    to.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
    to.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    #[test]
    fn commands_are_arrays_of_bulk_strings() {
        let bytes = super::encoded(&[b"SET", b"", b"a\r\nb"]);
        assert_eq!(bytes, b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n");
        // Offsets count these.
        let mut select = alloc::vec::Vec::new();
        super::select(0, &mut select);
        assert_eq!(select.len(), 23);
        assert_eq!(super::encoded(&[b"REPLCONF", b"GETACK", b"*"]).len(), 37);
    }
}
