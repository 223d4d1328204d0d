//! The query string: decoded once, so that a parameter is recognised however it was escaped, and written
//! back in the one canonical escaping.

use std::borrow::Cow;

use crate::error::AuthenticationError;

/// Decoded name and value pairs, in order of arrival.
pub(super) struct Query<'a> {
    pairs: Vec<(Decoded<'a>, Decoded<'a>)>,
}

type Decoded<'a> = Cow<'a, [u8]>;

impl<'a> Query<'a> {
    pub(super) fn parse(raw: &'a str) -> Result<Self, AuthenticationError> {
        let mut pairs = Vec::new();
        if raw.is_empty() {
            return Ok(Self { pairs });
        }
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = decode(name).zip(decode(value));
            pairs.push(decoded.ok_or(AuthenticationError::NotCanonical)?);
        }
        Ok(Self { pairs })
    }

    /// The value of a parameter that may come once at most.
    pub(super) fn single(&self, name: &str) -> Result<Option<&[u8]>, AuthenticationError> {
        let mut values = self.pairs.iter().filter(|pair| *pair.0 == *name.as_bytes());
        let first = values.next().map(|(_, value)| value.as_ref());
        match values.next() {
            None => Ok(first),
            Some(_) => Err(AuthenticationError::Repeated(name.to_owned())),
        }
    }

    /// Whether any parameter that belongs to a signature is there.
    pub(super) fn is_signed(&self) -> bool {
        const PARAMETERS: [&str; 4] = [
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Signature",
            "X-Amz-SignedHeaders",
        ];
        self.pairs
            .iter()
            .any(|(name, _)| PARAMETERS.iter().any(|known| **name == *known.as_bytes()))
    }

    /// Appends the canonical query string: each name and value escaped, sorted by escaped name and then
    /// by escaped value, the signature itself left out.
    pub(super) fn write_canonical(&self, out: &mut Vec<u8>) {
        let mut escaped: Vec<(Vec<u8>, Vec<u8>)> = self
            .pairs
            .iter()
            .filter(|(name, _)| **name != *b"X-Amz-Signature")
            .map(|(name, value)| (escape(name), escape(value)))
            .collect();
        escaped.sort();
        for (at, (name, value)) in escaped.iter().enumerate() {
            if at > 0 {
                out.push(b'&');
            }
            out.extend_from_slice(name);
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
}

/// Undoes percent-encoding, and reads a plus as a space as query strings do. `None` for a broken escape.
fn decode(text: &str) -> Option<Decoded<'_>> {
    let bytes = text.as_bytes();
    if !bytes.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Some(Cow::Borrowed(bytes));
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(&byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(*rest.next()?)? << 4 | hex_digit(*rest.next()?)?,
            other => other,
        });
    }
    Some(Cow::Owned(decoded))
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn escape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    for &byte in bytes {
        push_escaped(&mut out, byte);
    }
    out
}

/// Writes one byte as `SigV4` wants it: RFC 3986's unreserved characters as they are, any other as `%XX`.
pub(super) fn push_escaped(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
        out.push(byte);
    } else {
        out.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}
