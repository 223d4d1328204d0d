//! JSON text for audit records, written directly as bytes.
//!
//! A record is built on the path of every request, so nothing here goes through a document tree. What a caller sends
//! ends up in the trail, so every string is escaped such that no control character, line separator or bidirectional
//! override survives, and every string has a size cap: what lies beyond it is replaced by its length and digest, which
//! still proves what was sent.

use aws_lc_rs::digest;

/// The longest string kept whole in request parameters and response elements, in bytes.
pub const MAX_STRING: usize = 4 * 1024;

/// The longest fragment kept whole, in bytes; a key policy of the largest permitted size fits, fully escaped.
pub const MAX_FRAGMENT: usize = 100 * 1024;

/// A complete JSON object, escaped and bounded, ready to be placed inside a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment(Vec<u8>);

impl Fragment {
    /// An object that was finished before and kept since.
    pub fn from_finished(json: Vec<u8>) -> Self {
        Self(json)
    }

    /// The JSON text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Writes one JSON object member by member.
#[derive(Debug)]
pub struct Object {
    bytes: Vec<u8>,
    empty: bool,
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

impl Object {
    /// An object without members.
    pub fn new() -> Self {
        let mut bytes = Vec::with_capacity(256);
        bytes.push(b'{');
        Self { bytes, empty: true }
    }

    /// Adds a string of at most [`MAX_STRING`] bytes; a longer one is cut and marked.
    pub fn string(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.text(name, value, MAX_STRING)
    }

    /// Adds a string of at most `cap` bytes; a longer one is cut and marked.
    pub fn text(&mut self, name: &'static str, value: &str, cap: usize) -> &mut Self {
        self.name(name);
        push_capped(&mut self.bytes, value, cap);
        self
    }

    /// Adds an integer.
    pub fn integer(&mut self, name: &'static str, value: i64) -> &mut Self {
        self.name(name);
        push_integer(&mut self.bytes, value);
        self
    }

    /// Adds `true` or `false`.
    pub fn boolean(&mut self, name: &'static str, value: bool) -> &mut Self {
        self.name(name);
        self.bytes.extend_from_slice(if value { b"true" } else { b"false" });
        self
    }

    /// Adds a list of strings, each with the cap of [`Object::string`].
    pub fn strings<'a>(&mut self, name: &'static str, values: impl IntoIterator<Item = &'a str>) -> &mut Self {
        self.name(name);
        self.bytes.push(b'[');
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.bytes.push(b',');
            }
            push_capped(&mut self.bytes, value, MAX_STRING);
        }
        self.bytes.push(b']');
        self
    }

    /// Adds an object whose member names come from the caller, such as an encryption context.
    pub fn map<'a>(&mut self, name: &'static str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> &mut Self {
        self.name(name);
        self.bytes.push(b'{');
        for (index, (key, value)) in pairs.into_iter().enumerate() {
            if index > 0 {
                self.bytes.push(b',');
            }
            push_capped(&mut self.bytes, key, MAX_STRING);
            self.bytes.push(b':');
            push_capped(&mut self.bytes, value, MAX_STRING);
        }
        self.bytes.push(b'}');
        self
    }

    /// Adds a nested object.
    pub fn object(&mut self, name: &'static str, value: Object) -> &mut Self {
        self.name(name);
        self.bytes.extend_from_slice(&value.close());
        self
    }

    /// Adds a list of objects.
    pub fn objects(&mut self, name: &'static str, values: impl IntoIterator<Item = Object>) -> &mut Self {
        self.name(name);
        self.bytes.push(b'[');
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.bytes.push(b',');
            }
            self.bytes.extend_from_slice(&value.close());
        }
        self.bytes.push(b']');
        self
    }

    /// True if no member was added.
    pub fn is_empty(&self) -> bool {
        self.empty
    }

    /// Closes the object. One larger than [`MAX_FRAGMENT`] is replaced by its size and digest.
    pub fn finish(self) -> Fragment {
        let bytes = self.close();
        if bytes.len() <= MAX_FRAGMENT {
            return Fragment(bytes);
        }
        let mut omitted = Object::new();
        omitted
            .integer("omittedBytes", i64::try_from(bytes.len()).unwrap_or(i64::MAX))
            .string("omittedSha256", &sha256_hex(&bytes));
        Fragment(omitted.close())
    }

    fn close(mut self) -> Vec<u8> {
        self.bytes.push(b'}');
        self.bytes
    }

    /// Names are this program's own words: nothing in them needs escaping.
    fn name(&mut self, name: &'static str) {
        debug_assert!(is_plain(name.as_bytes()), "a member name with odd characters: {name}");
        if !self.empty {
            self.bytes.push(b',');
        }
        self.empty = false;
        self.bytes.push(b'"');
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(b"\":");
    }
}

/// Appends `value` as a quoted JSON string, cut to `cap` bytes with a note of what was cut.
pub(crate) fn push_capped(out: &mut Vec<u8>, value: &str, cap: usize) {
    if value.len() <= cap {
        return push_string(out, value);
    }
    let mut end = cap;
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    out.push(b'"');
    escape(out, &value[..end]);
    let rest = &value[end..];
    let note = format!(
        "...[{} more bytes, sha256 {}]\"",
        rest.len(),
        sha256_hex(rest.as_bytes())
    );
    out.extend_from_slice(note.as_bytes());
}

/// Appends `value` as a quoted JSON string.
pub(crate) fn push_string(out: &mut Vec<u8>, value: &str) {
    out.push(b'"');
    escape(out, value);
    out.push(b'"');
}

/// Appends a decimal integer.
pub(crate) fn push_integer(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    push_unsigned(out, value.unsigned_abs());
}

/// Appends a decimal number.
pub(crate) fn push_unsigned(out: &mut Vec<u8>, mut value: u64) {
    let mut text = [0; 20];
    let mut start = text.len();
    loop {
        start -= 1;
        text[start] = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&text[start..]);
}

/// Nearly every string is plain ASCII, which is copied as a whole; of any other the plain runs are.
fn escape(out: &mut Vec<u8>, value: &str) {
    if is_plain(value.as_bytes()) {
        return out.extend_from_slice(value.as_bytes());
    }
    let mut rest = value;
    while let Some(at) = rest.bytes().position(|byte| !PLAIN[usize::from(byte)]) {
        let (run, odd) = rest.split_at(at);
        out.extend_from_slice(run.as_bytes());
        let mut characters = odd.chars();
        characters
            .next()
            .into_iter()
            .for_each(|character| push_odd(out, character));
        rest = characters.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
}

/// Appends a character that is not plain, escaped if it has to be.
fn push_odd(out: &mut Vec<u8>, character: char) {
    match character {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        hidden if is_hidden(hidden) => {
            // Each of them is within the first 65,536 characters.
            let code = u32::from(hidden);
            out.extend_from_slice(b"\\u");
            out.extend([12, 8, 4, 0].map(|shift| DIGITS[(code >> shift) as usize & 15]));
        }
        shown => out.extend_from_slice(shown.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The bytes that stand for themselves wherever they are: printable ASCII without quotes and backslashes.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0x20;
    while byte <= 0x7e {
        plain[byte] = byte != b'"' as usize && byte != b'\\' as usize;
        byte += 1;
    }
    plain
};

/// True if every byte is plain. Blocks without branches, so that the compiler can use vector instructions.
fn is_plain(bytes: &[u8]) -> bool {
    let odd = |byte: u8| u8::from(byte.wrapping_sub(0x20) > 0x5e) | u8::from(byte == b'"') | u8::from(byte == b'\\');
    let any_odd = |bytes: &[u8]| bytes.iter().fold(0, |any, byte| any | odd(*byte)) != 0;
    let (blocks, rest) = bytes.as_chunks::<16>();
    !blocks.iter().any(|block| any_odd(block)) && !any_odd(rest)
}

/// Characters that could break a line, or make a reader see another text than the one that is there.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The SHA-256 digest of `bytes` in lower-case hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

#[cfg(test)]
mod tests;
