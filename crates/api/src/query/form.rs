//! A form, `application/x-www-form-urlencoded`: strictly decoded pairs, sorted by name, each name once.

use super::errors::MALFORMED_QUERY_STRING;
use crate::ApiError;
use std::borrow::Cow;
use std::fmt::Write as _;

/// A name and its value, decoded.
pub(super) type Pair<'b> = (Cow<'b, str>, Cow<'b, str>);

/// No request has as many pairs: the largest is a simulation with thousands of resources.
const MOST_PAIRS: usize = 20_000;

/// The pairs of a form, sorted by name.
pub struct Form<'b>(Vec<Pair<'b>>);

impl<'b> Form<'b> {
    /// Reads a form.
    ///
    /// # Errors
    ///
    /// `MalformedQueryString` for broken escapes, text that is not UTF-8, a name that comes twice, or too many pairs.
    pub fn parse(document: &'b [u8]) -> Result<Self, ApiError> {
        let malformed = || MALFORMED_QUERY_STRING.with("The query string contains a syntax error");
        let mut pairs = Vec::new();
        for pair in document.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let at = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = at.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
            let decoded = decoded(name).zip(decoded(value)).ok_or_else(malformed)?;
            if pairs.len() == MOST_PAIRS {
                return Err(malformed());
            }
            pairs.push(decoded);
        }
        pairs.sort_by(|one, other| one.0.cmp(&other.0));
        if pairs.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(malformed());
        }
        Ok(Self(pairs))
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|pair| pair.0.as_ref().cmp(name)).ok()?;
        Some(&self.0[at].1)
    }

    /// All pairs.
    pub(super) fn pairs(&self) -> &[Pair<'_>] {
        &self.0
    }
}

/// Undoes percent-encoding; a plus is a space. `None` for a broken escape or bytes that are not UTF-8.
fn decoded(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if !bytes.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return str::from_utf8(bytes).ok().map(Cow::Borrowed);
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
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// RFC 3986's percent-encoding of everything but the unreserved characters: how forms are written, and how IAM's
/// replies carry policy documents.
pub fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_and_found() {
        let form = Form::parse(b"&b=x+%2B%c3%A9&a=&c&A=1&").expect("a form");
        assert_eq!(form.get("b"), Some("x +é"));
        assert_eq!(form.get("a"), Some(""));
        assert_eq!(form.get("c"), Some(""));
        assert_eq!(form.get("A"), Some("1"));
        assert_eq!(form.get("d"), None);
    }

    #[test]
    fn what_is_no_form_is_refused() {
        let many: Vec<u8> = (0..=MOST_PAIRS).flat_map(|at| format!("a{at}&").into_bytes()).collect();
        for document in [
            &b"a=%"[..],
            b"a=%2",
            b"a=%2g",
            b"%zz=1",
            b"a=%ff",
            b"a=\xff",
            b"a=1&a=2",
            b"a=1&%61=1",
            &many,
        ] {
            let error = Form::parse(document).err().expect("an error");
            assert_eq!((error.code, error.status), ("MalformedQueryString", 404));
        }
    }
}
