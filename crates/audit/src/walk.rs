//! Following the lines of a trail's file and checking each against the keys of its chains.

use std::{
    io::{self, BufRead},
    ops::ControlFlow,
};

use trent_crypto::batch::BatchKey;
use uuid::Uuid;

use crate::{
    chain::{BatchLine, Head, Header, Line, LineError, Mac, Point, Seal},
    chains::Chains,
};

/// A walk over a file, always at the end of a chain line.
pub(crate) struct Walk<'a> {
    chains: &'a Chains,
    /// The file's first header, or what stands for it if the walk did not start there.
    trail: Option<Uuid>,
    /// The header that the walk started with.
    pub(crate) first: Option<Header>,
    head: Head,
    key: Option<BatchKey>,
    /// Where the walk is.
    offset: u64,
    /// Lines up to there, counted from where the walk started.
    lines: u64,
    /// The records since then, with their line breaks.
    batch: Vec<u8>,
    records: u64,
}

/// The unfinished end of a trail: nothing in it was ever said to be on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Torn {
    /// Its size; 0 after a clean stop.
    pub bytes: u64,
    /// The whole records in it.
    pub records: u64,
}

/// A line that does not belong where it is.
#[derive(Debug)]
pub(crate) struct Misplaced {
    /// Its place, counted from 1 where the walk started.
    pub(crate) line: u64,
    /// Where it starts.
    pub(crate) offset: u64,
    pub(crate) reason: LineError,
}

/// Why a walk ended before the end of the file.
pub(crate) enum WalkError {
    Io(io::Error),
    Misplaced(Misplaced),
}

impl From<io::Error> for WalkError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<'a> Walk<'a> {
    /// A walk from the beginning of a file.
    pub(crate) fn from_start(chains: &'a Chains) -> Self {
        let head = Head {
            chain: Uuid::nil(),
            batch: 0,
            sequence: 0,
            mac: Mac::NONE,
        };
        Self {
            chains,
            trail: None,
            first: None,
            head,
            key: None,
            offset: 0,
            lines: 0,
            batch: Vec::new(),
            records: 0,
        }
    }

    /// A walk that goes on at a point of the file with the id `trail`.
    pub(crate) fn from_point(chains: &'a Chains, trail: Uuid, point: &Point) -> Self {
        Self {
            trail: Some(trail),
            head: point.head,
            key: Some(BatchKey::new(point.key.clone())),
            offset: point.offset,
            ..Self::from_start(chains)
        }
    }

    /// Checks all lines of `file`, which starts where the walk is. `seen` is told of each chain line that is right.
    pub(crate) fn run(
        &mut self,
        file: &mut impl BufRead,
        mut seen: impl FnMut(&Self) -> ControlFlow<LineError>,
    ) -> Result<(), WalkError> {
        let mut line = Vec::new();
        loop {
            line.clear();
            file.read_until(b'\n', &mut line)?;
            let Some(text) = line.strip_suffix(b"\n") else {
                return Ok(());
            };
            let (number, offset) = (self.lines + self.records + 1, self.offset + self.batch.len() as u64);
            let misplaced = |reason| {
                WalkError::Misplaced(Misplaced {
                    line: number,
                    offset,
                    reason,
                })
            };
            match Line::parse(text).map_err(misplaced)? {
                Line::Record(_) => {
                    // Records need a chain to belong to.
                    if self.key.is_none() {
                        return Err(misplaced(LineError::Malformed));
                    }
                    self.batch.extend_from_slice(&line);
                    self.records += 1;
                    continue;
                }
                Line::Header(header, seal) => self.enter(&header, &seal).map_err(misplaced)?,
                Line::Batch(batch, seal) => self.close(&batch, &seal).map_err(misplaced)?,
            }
            self.lines = number;
            self.offset = offset + line.len() as u64;
            self.batch.clear();
            self.records = 0;
            if let ControlFlow::Break(reason) = seen(self) {
                return Err(misplaced(reason));
            }
        }
    }

    /// Goes into a new chain.
    fn enter(&mut self, header: &Header, seal: &Seal<'_>) -> Result<(), LineError> {
        match self.trail {
            // The file has the id of its first chain, so that the first one cannot be missing.
            None if header.trail != header.chain => return Err(LineError::Unlinked),
            None => self.first = Some(*header),
            Some(trail) if header.trail != trail => return Err(LineError::Foreign),
            Some(_) if self.records > 0 => return Err(LineError::Miscounted),
            Some(_) if header.after != self.head.mac || header.sequence != self.head.sequence => {
                return Err(LineError::Unlinked);
            }
            Some(_) => {}
        }
        let key = self.chains.key(header.chain);
        let mut key = BatchKey::new(key.ok_or(LineError::UnknownChain(header.chain))?.clone());
        if !key.verify(&seal.tag, seal.text) {
            return Err(LineError::Altered);
        }
        key.advance();
        self.trail = Some(header.trail);
        self.key = Some(key);
        self.head = Head {
            chain: header.chain,
            batch: 0,
            sequence: header.sequence,
            mac: Mac(seal.tag.tag),
        };
        Ok(())
    }

    /// Ends a batch.
    fn close(&mut self, line: &BatchLine, seal: &Seal<'_>) -> Result<(), LineError> {
        let key = self.key.as_mut().ok_or(LineError::Malformed)?;
        if line.chain != self.head.chain {
            return Err(LineError::Foreign);
        }
        if line.batch != self.head.batch + 1 || line.after != self.head.mac {
            return Err(LineError::Unlinked);
        }
        let last = self.head.sequence + self.records;
        if (line.records, line.bytes, line.last) != (self.records, self.batch.len() as u64, last) {
            return Err(LineError::Miscounted);
        }
        self.batch.extend_from_slice(seal.text);
        if !key.verify(&seal.tag, &self.batch) {
            return Err(LineError::Altered);
        }
        key.advance();
        self.head = Head {
            chain: line.chain,
            batch: line.batch,
            sequence: last,
            mac: Mac(seal.tag.tag),
        };
        Ok(())
    }

    /// Where the last chain line leaves the trail.
    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// The end of the last chain line.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whole records behind the last chain line, which no batch line covers.
    pub(crate) fn unfinished(&self) -> u64 {
        self.records
    }

    /// The place behind the last chain line; `None` before the first.
    pub(crate) fn point(&self) -> Option<Point> {
        self.key.as_ref().map(|key| Point {
            head: self.head,
            offset: self.offset,
            key: key.to_key(),
        })
    }
}
