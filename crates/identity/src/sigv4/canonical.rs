//! The canonical request and the string to sign.
//!
//! Both are written into one buffer that the caller lends, so that a verification allocates nothing for
//! a request without a query string.

use aws_lc_rs::digest::{Digest, SHA256, digest};

use super::beginnings;
use super::claim::Claim;
use super::list::split;
use super::query::push_escaped;
use super::request::SignedRequest;
use super::timestamp::SigningTime;

/// What the sender of a request must have signed, and whether the body is the one it announced.
pub(crate) struct StringToSign<'b> {
    /// The bytes under the signature.
    pub(crate) bytes: &'b [u8],
    /// Whether `x-amz-content-sha256`, if the request has it, is the hash of the body that arrived.
    pub(crate) announced_payload: bool,
}

/// What a signature covers beside the head of a request, and how it writes the path.
#[derive(Clone, Copy)]
pub(crate) enum Payload<'p> {
    /// The body that arrived.
    Body,
    /// What the head announced of a body that was sent to somebody else.
    Announced {
        /// The last line of the canonical request.
        text: &'p [u8],
        /// How the service that it was sent to has paths.
        path: PathForm,
    },
}

/// How the canonical request writes the path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathForm {
    /// Without empty and dot segments, each segment escaped once more: as every service but S3 has it.
    Normalized,
    /// As it was sent.
    Verbatim,
}

impl Claim<'_> {
    /// Rebuilds the string to sign in `buffer`, whose content is replaced. The scope in it is the credential's, which
    /// was found to be this service's when the claim was admitted.
    pub(crate) fn string_to_sign<'b>(
        &self,
        request: &SignedRequest<'_>,
        signed: SigningTime,
        payload: Payload<'_>,
        buffer: &'b mut Vec<u8>,
    ) -> StringToSign<'b> {
        let hash;
        let (payload, path) = match payload {
            Payload::Body => {
                hash = Hex::of(&digest(&SHA256, request.body));
                (&hash.0[..], PathForm::Normalized)
            }
            Payload::Announced { text, path } => (text, path),
        };
        buffer.clear();
        self.write_canonical_request(request, path, payload, buffer);
        let request_hash = Hex::of(&beginnings::sha256(buffer, payload.len()));

        buffer.clear();
        for part in [
            b"AWS4-HMAC-SHA256\n".as_slice(),
            signed.basic(),
            b"\n",
            self.scope_text().as_bytes(),
            b"\n",
            &request_hash.0,
        ] {
            buffer.extend_from_slice(part);
        }
        StringToSign {
            bytes: buffer,
            announced_payload: self
                .content_sha256
                .as_deref()
                .is_none_or(|announced| *announced == *payload),
        }
    }

    fn write_canonical_request(&self, request: &SignedRequest<'_>, path: PathForm, payload: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(request.method.as_bytes());
        out.push(b'\n');
        match path {
            PathForm::Normalized => write_path(request.path, out),
            PathForm::Verbatim => out.extend_from_slice(request.path.as_bytes()),
        }
        out.push(b'\n');
        self.query.write_canonical(out);
        out.push(b'\n');
        for name in split(&self.signed_headers, b';') {
            write_header(request, name, out);
        }
        out.push(b'\n');
        out.extend_from_slice(self.signed_headers.as_bytes());
        out.push(b'\n');
        out.extend_from_slice(payload);
    }
}

/// Writes the canonical path: empty and dot segments removed, then each segment escaped once more.
fn write_path(path: &str, out: &mut Vec<u8>) {
    if path == "/" {
        out.push(b'/');
        return;
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    for segment in &segments {
        out.push(b'/');
        for byte in segment.bytes() {
            push_escaped(out, byte);
        }
    }
    // A path that ends in a slash, or in a dot segment, names a folder (RFC 3986, section 5.2.4).
    let folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    if segments.is_empty() || folder {
        out.push(b'/');
    }
}

/// Writes `name:value\n`; the values of a header that came more than once are joined by commas in their
/// order of arrival.
fn write_header(request: &SignedRequest<'_>, name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    let mut first = true;
    for (_, value) in request.headers.iter().filter(|(header, _)| *header == name) {
        if !first {
            out.push(b',');
        }
        first = false;
        write_value(value, out);
    }
    out.push(b'\n');
}

/// Writes a header's value without white space at its ends and with single spaces inside.
fn write_value(value: &[u8], out: &mut Vec<u8>) {
    // Looks at every byte, found or not: without an early way out this is a handful of vector instructions.
    if !value
        .iter()
        .fold(false, |found, byte| found | byte.is_ascii_whitespace())
    {
        return out.extend_from_slice(value);
    }
    let mut words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    if let Some(word) = words.next() {
        out.extend_from_slice(word);
    }
    for word in words {
        out.push(b' ');
        out.extend_from_slice(word);
    }
}

/// 32 bytes as 64 lower-case hexadecimal digits.
pub(crate) struct Hex(pub(crate) [u8; 64]);

impl Hex {
    pub(crate) fn of(digest: &Digest) -> Self {
        Self::encode(digest.as_ref())
    }

    pub(crate) fn encode(bytes: &[u8]) -> Self {
        // By arithmetic and not from a table, which compiles to vector instructions.
        let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
        let mut hex = [b'0'; 64];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(bytes) {
            pair[0] = digit(byte >> 4);
            pair[1] = digit(byte & 15);
        }
        Self(hex)
    }
}
