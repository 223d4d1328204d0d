//! An index in memory, which records are added to.

use itertools::Itertools;

use super::{
    Having, Index, Place, Term, Unusable, Written, file,
    terms::{Noted, own_key, term},
};
use crate::recorded::Attribute;

/// Pairs of a term and a record in a piece of the list, so that none is moved when the list grows.
const PIECE: usize = 32 * 1024;

/// The index of a segment that is read from its beginning.
pub(crate) struct Draft {
    places: Vec<Place>,
    /// Pairs in the order of their records: looking through all of a segment's takes a millisecond or two, and sorting
    /// each few of them would take more from the requests.
    pieces: Vec<Vec<(Term, u32)>>,
    times: (u32, u32),
}

impl Draft {
    /// An index of nothing.
    pub(crate) fn new() -> Self {
        Self {
            places: Vec::new(),
            pieces: Vec::new(),
            times: (u32::MAX, 0),
        }
    }

    /// Adds the next record, whose line starts at `offset`. A line that is no record has a number
    /// and no length, and nothing to be found by.
    pub(crate) fn add(&mut self, offset: u64, line: &[u8]) {
        match Noted::of(line) {
            Some(Noted { time, terms }) => {
                let length = u32::try_from(line.len()).unwrap_or(u32::MAX);
                self.add_noted(Place { offset, length, time }, terms.as_slice());
            }
            None => self.places.push(Place {
                offset,
                length: 0,
                time: 0,
            }),
        }
    }

    /// Adds the records of a batch.
    pub(crate) fn add_written(&mut self, written: &Written) {
        let mut offset = written.start;
        for (length, time, terms) in written.lines.each() {
            let place = Place {
                offset,
                length: length.saturating_sub(1),
                time,
            };
            self.add_noted(place, terms);
            offset += u64::from(length);
        }
    }

    fn add_noted(&mut self, place: Place, terms: &[Term]) {
        let record = self.records();
        self.times = (self.times.0.min(place.time), self.times.1.max(place.time));
        self.places.push(place);
        let pairs = terms.iter().map(|term| (*term, record));
        match self.pieces.last_mut() {
            Some(last) if last.len() + terms.len() <= PIECE => last.extend(pairs),
            _ => {
                let mut piece = Vec::with_capacity(PIECE.max(terms.len()));
                piece.extend(pairs);
                self.pieces.push(piece);
            }
        }
    }

    /// All pairs, sorted, each once.
    pub(super) fn into_pairs(self) -> (Vec<Place>, impl Iterator<Item = (Term, u32)>) {
        let mut pairs = self.pieces.concat();
        drop(self.pieces);
        // Stable, and the records are in order.
        radsort::sort_by_key(&mut pairs, |(term, _)| *term);
        (self.places, pairs.into_iter().dedup())
    }

    /// Makes a file of it.
    pub(crate) fn write(self, at: &std::path::Path, segment: &file::Of) -> std::io::Result<()> {
        file::write(at, self, segment)
    }
}

impl Index for Draft {
    fn records(&self) -> u32 {
        u32::try_from(self.places.len()).unwrap_or(u32::MAX)
    }

    fn times(&self) -> (u32, u32) {
        self.times
    }

    fn having(&self, attribute: Attribute, value: &str) -> Result<Having, Unusable> {
        let term = term(own_key(), attribute, value);
        let mut found = Vec::new();
        for piece in &self.pieces {
            let pairs = piece.iter().filter(|(of, _)| *of == term);
            found.extend(pairs.map(|(_, record)| *record));
        }
        found.dedup();
        Ok(Having::Records(found))
    }

    fn read(&self, having: Having) -> Result<Vec<u32>, Unusable> {
        match having {
            Having::Records(records) => Ok(records),
            // There is no file.
            Having::Listed { .. } => Err(Unusable::Damaged),
        }
    }

    fn place(&mut self, record: u32) -> Result<Place, Unusable> {
        self.places.get(record as usize).copied().ok_or(Unusable::Damaged)
    }
}
