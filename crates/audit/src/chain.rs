//! The chain: what makes the lines of the trail's file one text that cannot be changed unnoticed.
//!
//! The file is JSON lines: the records as they are, and between them the lines of chains. Every start of a server
//! begins a chain with a header, and every write ends with a batch line:
//!
//! ```text
//! {"trail":1,"id":"<uuid>","chain":"<uuid>","sequence":<n>,"after":"<32 hex>","attempt":0,"mac":"<32 hex>"}
//! {"batch":<n>,"chain":"<uuid>","records":<n>,"bytes":<n>,"last":<n>,"after":"<32 hex>","attempt":0,"mac":"<32 hex>"}
//! ```
//!
//! `mac` authenticates everything since the chain line before it: the records, and its own line up to `,"attempt"`.
//! `after` repeats the `mac` of the chain line before, so that each mac covers all of the file up to it. A chain's keys
//! are [`BatchKey`]s: the first is random and kept in the store, the header uses it, every batch the next one. `id` is
//! the id of the file's first chain, `sequence` counts the records before the chain and `last` those up to the end of
//! the batch: records are numbered by their place.

use std::fmt;

use trent_crypto::{
    Key256,
    batch::{BatchKey, BatchTag, TAG},
};
use uuid::Uuid;

use crate::{event::push_uuid, json::push_unsigned};

/// The layout of the file; a higher number in a header is refused.
pub(crate) const FORMAT: u64 = 1;

/// What ends the authenticated part of a chain line.
const UNTAGGED: &[u8] = b",\"attempt\":";

/// The authentication of a chain line, and with it of everything before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mac(pub [u8; TAG]);

impl Mac {
    /// What stands for a mac where nothing came before.
    pub(crate) const NONE: Self = Self([0; TAG]);

    fn parse(text: &str) -> Option<Self> {
        let mut mac = [0; TAG];
        hex::decode_to_slice(text, &mut mac).ok().map(|()| Self(mac))
    }

    fn write(self, out: &mut Vec<u8>) {
        let mut text = [0; 2 * TAG];
        hex::encode_to_slice(self.0, &mut text).expect("the buffer has twice the length");
        out.extend_from_slice(&text);
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Where a trail stands after a line of one of its chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The chain.
    pub chain: Uuid,
    /// The number of the last batch; 0 if the chain has only its header.
    pub batch: u64,
    /// The number of the last record, counted over all chains; 0 if there is none yet.
    pub sequence: u64,
    /// The authentication of everything up to here.
    pub mac: Mac,
}

/// A place in a file that the walk can be continued from.
#[derive(Clone)]
pub(crate) struct Point {
    pub(crate) head: Head,
    /// How long the file is up to there.
    pub(crate) offset: u64,
    /// The key of the batch that comes next.
    pub(crate) key: Key256,
}

/// How far a trail is known to be on the disk.
#[derive(Clone)]
pub(crate) struct Reached {
    /// The id of the open segment.
    pub(crate) segment: Uuid,
    /// The number of its first record, there or yet to come.
    pub(crate) first: u64,
    pub(crate) point: Point,
}

/// The first line of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// The id of the file.
    pub(crate) trail: Uuid,
    pub(crate) chain: Uuid,
    /// How many records there are before.
    pub(crate) sequence: u64,
    pub(crate) after: Mac,
}

/// The last line of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchLine {
    pub(crate) batch: u64,
    pub(crate) chain: Uuid,
    pub(crate) records: u64,
    /// Bytes of the records, line breaks included.
    pub(crate) bytes: u64,
    /// The number of the last record.
    pub(crate) last: u64,
    pub(crate) after: Mac,
}

impl Header {
    /// Appends the authenticated part of the line.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"trail\":");
        push_unsigned(out, FORMAT);
        out.extend_from_slice(b",\"id\":\"");
        push_uuid(out, &self.trail);
        out.extend_from_slice(b"\",\"chain\":\"");
        push_uuid(out, &self.chain);
        out.extend_from_slice(b"\",\"sequence\":");
        push_unsigned(out, self.sequence);
        push_after(out, self.after);
    }
}

impl BatchLine {
    /// Appends the authenticated part of the line.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"batch\":");
        push_unsigned(out, self.batch);
        out.extend_from_slice(b",\"chain\":\"");
        push_uuid(out, &self.chain);
        out.extend_from_slice(b"\",\"records\":");
        push_unsigned(out, self.records);
        out.extend_from_slice(b",\"bytes\":");
        push_unsigned(out, self.bytes);
        out.extend_from_slice(b",\"last\":");
        push_unsigned(out, self.last);
        push_after(out, self.after);
    }
}

/// Appends the rest of a chain line.
fn push_tag(out: &mut Vec<u8>, tag: &BatchTag) {
    out.extend_from_slice(UNTAGGED);
    push_unsigned(out, tag.attempt);
    out.extend_from_slice(b",\"mac\":\"");
    Mac(tag.tag).write(out);
    out.extend_from_slice(b"\"}\n");
}

fn push_after(out: &mut Vec<u8>, after: Mac) {
    out.extend_from_slice(b",\"after\":\"");
    after.write(out);
    out.push(b'"');
}

/// A chain that is being written.
pub(crate) struct Chain {
    head: Head,
    key: BatchKey,
}

impl Chain {
    /// Begins a chain; returns its header too, line break included.
    pub(crate) fn begin(header: &Header, key: &Key256) -> (Self, Vec<u8>) {
        let mut key = BatchKey::new(key.clone());
        let mut line = Vec::new();
        header.write(&mut line);
        let tag = key.tag(&line);
        push_tag(&mut line, &tag);
        key.advance();
        let head = Head {
            chain: header.chain,
            batch: 0,
            sequence: header.sequence,
            mac: Mac(tag.tag),
        };
        (Self { head, key }, line)
    }

    /// Ends a batch of so many records with its batch line and returns the head that the trail has once it is written;
    /// [`Chain::written`] tells that it is.
    pub(crate) fn seal(&mut self, batch: &mut Vec<u8>, records: usize) -> Head {
        let records = records as u64;
        let line = BatchLine {
            batch: self.head.batch + 1,
            chain: self.head.chain,
            records,
            bytes: batch.len() as u64,
            last: self.head.sequence + records,
            after: self.head.mac,
        };
        line.write(batch);
        let tag = self.key.tag(batch);
        push_tag(batch, &tag);
        Head {
            chain: line.chain,
            batch: line.batch,
            sequence: line.last,
            mac: Mac(tag.tag),
        }
    }

    /// Moves on to a head that [`Chain::seal`] returned.
    pub(crate) fn written(&mut self, head: Head) {
        self.head = head;
        self.key.advance();
    }

    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// Where the chain stands in a file that is `offset` bytes long.
    pub(crate) fn point(&self, offset: u64) -> Point {
        Point {
            head: self.head,
            offset,
            key: self.key.to_key(),
        }
    }
}

/// One line of a trail.
#[derive(Debug)]
pub(crate) enum Line<'a> {
    Record(&'a [u8]),
    Header(Header, Seal<'a>),
    Batch(BatchLine, Seal<'a>),
}

/// How a chain line is authenticated.
#[derive(Debug)]
pub(crate) struct Seal<'a> {
    /// The part of the line that is.
    pub(crate) text: &'a [u8],
    pub(crate) tag: BatchTag,
}

/// Why a line is not one of the trail's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It begins like a line of a chain and is none.
    #[error("it is not in the form of a chain's line")]
    Malformed,
    /// It is of a chain whose key is not in the store.
    #[error("the store does not know its chain, {0}")]
    UnknownChain(Uuid),
    /// It is of another chain or file than what comes before it.
    #[error("it belongs to another chain or another file")]
    Foreign,
    /// It does not follow the chain's line before it.
    #[error("it does not continue the chain's line before it: lines were removed, added or reordered")]
    Unlinked,
    /// It does not count what stands between it and the chain's line before it.
    #[error("it does not count the records before it: records were removed or added")]
    Miscounted,
    /// What it authenticates is not what was written.
    #[error("it or a record of its batch was altered")]
    Altered,
}

impl<'a> Line<'a> {
    /// Takes a line apart, without its line break. A chain's line is accepted in the one form that is written.
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, LineError> {
        if line.starts_with(b"{\"trail\":") {
            Self::parse_header(line).ok_or(LineError::Malformed)
        } else if line.starts_with(b"{\"batch\":") {
            Self::parse_batch(line).ok_or(LineError::Malformed)
        } else {
            Ok(Self::Record(line))
        }
    }

    fn parse_header(line: &'a [u8]) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct Members<'a> {
            id: &'a str,
            chain: &'a str,
            sequence: u64,
            after: &'a str,
            attempt: u64,
            mac: &'a str,
        }
        let members: Members<'_> = serde_json::from_slice(line).ok()?;
        let header = Header {
            trail: Uuid::try_parse(members.id).ok()?,
            chain: Uuid::try_parse(members.chain).ok()?,
            sequence: members.sequence,
            after: Mac::parse(members.after)?,
        };
        let mut text = Vec::with_capacity(line.len() + 1);
        header.write(&mut text);
        let seal = Seal::of(line, text, members.attempt, members.mac)?;
        Some(Self::Header(header, seal))
    }

    fn parse_batch(line: &'a [u8]) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct Members<'a> {
            batch: u64,
            chain: &'a str,
            records: u64,
            bytes: u64,
            last: u64,
            after: &'a str,
            attempt: u64,
            mac: &'a str,
        }
        let members: Members<'_> = serde_json::from_slice(line).ok()?;
        let batch = BatchLine {
            batch: members.batch,
            chain: Uuid::try_parse(members.chain).ok()?,
            records: members.records,
            bytes: members.bytes,
            last: members.last,
            after: Mac::parse(members.after)?,
        };
        let mut text = Vec::with_capacity(line.len() + 1);
        batch.write(&mut text);
        let seal = Seal::of(line, text, members.attempt, members.mac)?;
        Some(Self::Batch(batch, seal))
    }
}

impl<'a> Seal<'a> {
    /// The seal of a line whose members were read and written again as `text`; `None` if that is another text.
    fn of(line: &'a [u8], mut text: Vec<u8>, attempt: u64, mac: &str) -> Option<Self> {
        let length = text.len();
        let tag = BatchTag {
            attempt,
            tag: Mac::parse(mac)?.0,
        };
        push_tag(&mut text, &tag);
        (text.strip_suffix(b"\n") == Some(line)).then(|| Self {
            text: &line[..length],
            tag,
        })
    }
}

/// The format that a header line names, whatever else it says.
pub(crate) fn format_of(line: &[u8]) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct AnyHeader {
        trail: u64,
    }
    serde_json::from_slice::<AnyHeader>(line)
        .ok()
        .map(|header| header.trail)
}

#[cfg(test)]
mod tests;
