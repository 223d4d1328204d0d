//! From a plain struct to the body of a reply. Absent members are left out.

use crate::{Blob, Number, SecretText, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::io::Write as _;
use zeroize::{Zeroize as _, Zeroizing};

/// What can be written as JSON.
pub trait Encode {
    /// Writes the value behind what is there.
    fn encode(&self, out: &mut Vec<u8>);
}

/// The output of an operation, in the protocol of its service.
pub trait Output: Send + 'static {
    /// Whether the operation answers anything at all.
    const ANSWERS: bool = true;

    /// Writes what it answers behind what is there.
    fn write(&self, out: &mut Vec<u8>);
}

/// The output of an operation that answers nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Empty;

impl Output for Empty {
    const ANSWERS: bool = false;

    fn write(&self, _: &mut Vec<u8>) {}
}

/// The body of a reply, wiped when it is dropped: it may hold a plaintext.
pub fn encode<O: Output>(output: &O) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(USUAL));
    output.write(&mut out);
    out
}

/// The room that a reply starts with: a blob of some 32 bytes and what goes with it.
const USUAL: usize = 512;

/// What may follow a blob in a reply: an ARN, a material id and an algorithm, with their names. Little more than that,
/// since all the room of a reply is wiped in the end.
const AFTER_A_BLOB: usize = 240;

/// What may follow a blob in a reply with several: the private and the public key of a curve.
const AFTER_MORE: usize = 640;

/// Makes room for `more` bytes and what may follow them. A buffer that has to move is wiped where it was, and does not move
/// again for a little more.
fn make_room(out: &mut Vec<u8>, more: usize) {
    let needed = out.len() + more;
    if needed + AFTER_A_BLOB > out.capacity() {
        let mut moved = Vec::with_capacity(needed + AFTER_MORE);
        moved.extend_from_slice(out);
        std::mem::replace(out, moved).zeroize();
    }
}

/// Writes the members of an object one after the other.
pub struct ObjectWriter<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> ObjectWriter<'o> {
    /// Opens an object.
    pub fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Writes a member that is always there. A modelled name needs no escapes.
    pub fn required<T: Encode>(&mut self, name: &'static str, value: &T) {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        value.encode(self.out);
    }

    /// Writes a member if it is there.
    pub fn optional<T: Encode>(&mut self, name: &'static str, value: Option<&T>) {
        if let Some(value) = value {
            self.required(name, value);
        }
    }

    /// Writes a pair of a map, whose key may be any text.
    fn pair(&mut self, key: &str, value: &impl Encode) {
        self.separate();
        write_string(self.out, key);
        self.out.push(b':');
        value.encode(self.out);
    }

    fn separate(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }

    /// Closes the object.
    pub fn end(self) {
        self.out.push(b'}');
    }
}

/// Whether a byte cannot stand for itself in a JSON string.
const fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Writes a JSON string: quotes, backslashes and control characters are escaped, everything else is as it is.
pub(crate) fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = first_escaped(rest) {
        out.extend_from_slice(&rest[..at]);
        write_escape(out, rest[at]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Where the first byte stands that has to be escaped. Sixteen at a time are looked at without a branch: nearly all
/// texts have none.
fn first_escaped(bytes: &[u8]) -> Option<usize> {
    let (blocks, tail) = bytes.as_chunks::<16>();
    let dirty = |block: &[u8; 16]| block.iter().fold(false, |any, &byte| any | is_escaped(byte));
    match blocks.iter().position(dirty) {
        Some(block) => bytes[block * 16..]
            .iter()
            .position(|&byte| is_escaped(byte))
            .map(|at| block * 16 + at),
        None => tail
            .iter()
            .position(|&byte| is_escaped(byte))
            .map(|at| blocks.len() * 16 + at),
    }
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        control => {
            // Writing to a Vec cannot fail.
            let _ = write!(out, "\\u{control:04x}");
        }
    }
}

impl Encode for String {
    fn encode(&self, out: &mut Vec<u8>) {
        write_string(out, self);
    }
}

impl Encode for SecretText {
    fn encode(&self, out: &mut Vec<u8>) {
        write_string(out, self.expose());
    }
}

impl Encode for Blob {
    fn encode(&self, out: &mut Vec<u8>) {
        let length = self.len().div_ceil(3) * 4;
        make_room(out, length);
        out.push(b'"');
        let start = out.len();
        out.resize(start + length, 0);
        let written = STANDARD
            .encode_slice(self, &mut out[start..])
            .expect("four characters for each three bytes");
        debug_assert_eq!(start + written, out.len());
        out.push(b'"');
    }
}

impl Encode for i32 {
    fn encode(&self, out: &mut Vec<u8>) {
        let _ = write!(out, "{self}");
    }
}

impl Encode for Number {
    /// JSON has neither infinities nor what is no number.
    fn encode(&self, out: &mut Vec<u8>) {
        if self.0.is_finite() {
            let _ = write!(out, "{}", self.0);
        } else {
            out.extend_from_slice(b"null");
        }
    }
}

impl Encode for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl Encode for Timestamp {
    /// Seconds with as many of the three decimals as say something: `1700000000.12`.
    fn encode(&self, out: &mut Vec<u8>) {
        let millis = self.as_millis();
        let (seconds, fraction) = (millis.unsigned_abs() / 1000, millis.unsigned_abs() % 1000);
        if millis < 0 {
            out.push(b'-');
        }
        let _ = write!(out, "{seconds}");
        if fraction > 0 {
            let digits = format!("{fraction:03}");
            let _ = write!(out, ".{}", digits.trim_end_matches('0'));
        }
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (position, element) in self.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            element.encode(out);
        }
        out.push(b']');
    }
}

impl<V: Encode> Encode for BTreeMap<String, V> {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut object = ObjectWriter::begin(out);
        for (key, value) in self {
            object.pair(key, value);
        }
        object.end();
    }
}
