//! The form of one line of the trail, and the hash chain that ties the lines together.
//!
//! The first line is the header: `{"trail":1,"chain":"<uuid>"}`. Every other line is
//! `{"seq":<n>,"prev":"<64 hex>","hash":"<64 hex>","event":{...}}`, where `hash` is SHA-256 over the previous hash, the
//! sequence number (8 bytes, big-endian) and the event's bytes as they stand in the line. The first event's previous
//! hash is the SHA-256 of the header line. A line is accepted only in exactly this form, byte for byte, so there is one
//! text for each record and nothing to hide in spacing or in repeated members.

use aws_lc_rs::digest;
use uuid::Uuid;

use crate::event::EventId;

/// The layout of the file; a higher number in a header is refused.
pub(crate) const FORMAT: u64 = 1;

const SEQUENCE: &[u8] = b"{\"seq\":";
const PREVIOUS: &[u8] = b",\"prev\":\"";
const HASH: &[u8] = b"\",\"hash\":\"";
const EVENT: &[u8] = b"\",\"event\":";
const END: &[u8] = b"}";

/// A link of the chain: SHA-256 of everything before and including one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link(pub [u8; 32]);

/// Where a chain stands: the last line's number and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last line; 0 if the trail has no event yet.
    pub sequence: u64,
    /// The last line's hash.
    pub link: Link,
}

/// Why a line is not one of the trail's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Not in the form of a line.
    #[error("it is not in the form of a trail line")]
    Malformed,
    /// Its number does not follow the line before.
    #[error("its number is {found} where {expected} is due: lines were removed, added or reordered")]
    OutOfSequence {
        /// The number that is due.
        expected: u64,
        /// The number that the line has.
        found: u64,
    },
    /// It names another predecessor.
    #[error("it does not continue the line before it")]
    Unlinked,
    /// Its content does not have the hash that it states.
    #[error("its content was altered")]
    Altered,
}

/// The parts of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) sequence: u64,
    pub(crate) previous: Link,
    pub(crate) link: Link,
    pub(crate) event: &'a [u8],
}

impl Head {
    /// The head of a trail with only a header.
    pub(crate) fn genesis(header: &[u8]) -> Self {
        let mut link = [0; 32];
        link.copy_from_slice(digest::digest(&digest::SHA256, header).as_ref());
        Self {
            sequence: 0,
            link: Link(link),
        }
    }

    /// Appends the line of `event` to `out`, line break included, and returns the new head.
    pub(crate) fn extend(self, event: &[u8], out: &mut Vec<u8>) -> Self {
        let sequence = self.sequence + 1;
        let link = self.link.next(sequence, event);
        out.reserve(event.len() + 192);
        out.extend_from_slice(SEQUENCE);
        crate::json::push_unsigned(out, sequence);
        out.extend_from_slice(PREVIOUS);
        push_hex(out, &self.link.0);
        out.extend_from_slice(HASH);
        push_hex(out, &link.0);
        out.extend_from_slice(EVENT);
        out.extend_from_slice(event);
        out.extend_from_slice(END);
        out.push(b'\n');
        Self { sequence, link }
    }

    /// Checks that `line` (without its line break) is the next one, and moves on to it.
    pub(crate) fn follow<'a>(&mut self, line: &'a [u8]) -> Result<Line<'a>, LineError> {
        let line = Line::parse(line)?;
        let expected = self.sequence + 1;
        if line.sequence != expected {
            return Err(LineError::OutOfSequence {
                expected,
                found: line.sequence,
            });
        }
        if line.previous != self.link {
            return Err(LineError::Unlinked);
        }
        line.check()?;
        *self = line.head();
        Ok(line)
    }
}

impl<'a> Line<'a> {
    /// Takes a line apart; says nothing about its hash.
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, LineError> {
        Self::split(line).ok_or(LineError::Malformed)
    }

    fn split(text: &'a [u8]) -> Option<Self> {
        let text = text.strip_prefix(SEQUENCE)?;
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, text) = text.split_at(digits);
        if number.first() == Some(&b'0') {
            return None;
        }
        let sequence = std::str::from_utf8(number).ok()?.parse().ok()?;
        let (previous, text) = take_link(text.strip_prefix(PREVIOUS)?)?;
        let (link, text) = take_link(text.strip_prefix(HASH)?)?;
        let event = text.strip_prefix(EVENT)?.strip_suffix(END)?;
        Some(Self {
            sequence,
            previous,
            link,
            event,
        })
    }

    /// Checks the line's own hash.
    pub(crate) fn check(&self) -> Result<(), LineError> {
        if self.previous.next(self.sequence, self.event) == self.link {
            Ok(())
        } else {
            Err(LineError::Altered)
        }
    }

    /// The head after this line.
    pub(crate) fn head(&self) -> Head {
        Head {
            sequence: self.sequence,
            link: self.link,
        }
    }

    /// The id of the line's event.
    pub(crate) fn event_id(&self) -> Option<EventId> {
        #[derive(serde::Deserialize)]
        struct Id<'a> {
            #[serde(rename = "eventID", borrow)]
            id: &'a str,
        }
        serde_json::from_slice::<Id<'_>>(self.event)
            .ok()
            .and_then(|event| EventId::parse(event.id))
    }
}

impl Link {
    fn next(self, sequence: u64, event: &[u8]) -> Self {
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(&self.0);
        hash.update(&sequence.to_be_bytes());
        hash.update(event);
        let mut link = [0; 32];
        link.copy_from_slice(hash.finish().as_ref());
        Self(link)
    }
}

/// The header of a new trail, line break included, and the head that its first event continues.
pub(crate) fn begin(chain: Uuid) -> (Vec<u8>, Head) {
    let header = format!("{{\"trail\":{FORMAT},\"chain\":\"{chain}\"}}");
    let head = Head::genesis(header.as_bytes());
    (format!("{header}\n").into_bytes(), head)
}

/// Reads a header line (without its line break): the chain's id, or the format number if it is not ours.
pub(crate) fn parse_header(line: &[u8]) -> Result<Uuid, Option<u64>> {
    #[derive(serde::Deserialize)]
    struct Header {
        trail: u64,
        #[serde(default)]
        chain: String,
    }
    let header: Header = serde_json::from_slice(line).map_err(|_| None)?;
    let chain = Uuid::try_parse(&header.chain).ok().filter(|_| header.trail == FORMAT);
    chain.ok_or(Some(header.trail))
}

fn push_hex(out: &mut Vec<u8>, bytes: &[u8; 32]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    out.extend_from_slice(&text);
}

/// Reads 64 lower-case hexadecimal digits.
fn take_link(text: &[u8]) -> Option<(Link, &[u8])> {
    let (digits, rest) = text.split_at_checked(64)?;
    let mut link = [0; 32];
    for (byte, pair) in link.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (nibble(pair[0])? << 4) | nibble(pair[1])?;
    }
    Some((Link(link), rest))
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
