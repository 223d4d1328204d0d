//! An index in memory, which records are added to.

use itertools::Itertools;

use super::{Having, Index, Place, Term, Unusable, file, hash::hash};
use crate::recorded::{Attribute, Recorded};

/// Pairs of a term and a record are sorted when there are so many: looking through that many costs little.
const RUN: usize = 32 * 1024;

/// The index of a segment that is read from its beginning.
pub(crate) struct Draft {
    key: u64,
    places: Vec<Place>,
    /// Pairs in sorted runs, each of later records than the one before.
    runs: Vec<Vec<(Term, u32)>>,
    /// The pairs since.
    recent: Vec<(Term, u32)>,
    times: (u32, u32),
}

impl Draft {
    /// An index of nothing, whose terms are hashed under `key`.
    pub(crate) fn new(key: u64) -> Self {
        Self {
            key,
            places: Vec::new(),
            runs: Vec::new(),
            recent: Vec::new(),
            times: (u32::MAX, 0),
        }
    }

    /// Adds the next record, whose line starts at `offset`. A line that is no record has a number
    /// and no length, and nothing to be found by.
    pub(crate) fn add(&mut self, offset: u64, line: &[u8]) {
        let record = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let read = Recorded::read(line);
        let time = read.as_ref().map_or(0, Recorded::seconds);
        let time = u32::try_from(time).unwrap_or(u32::MAX);
        self.places.push(Place {
            offset,
            length: read
                .as_ref()
                .map_or(0, |_| u32::try_from(line.len()).unwrap_or(u32::MAX)),
            time,
        });
        let Some(read) = read else { return };
        self.times = (self.times.0.min(time), self.times.1.max(time));
        Attribute::each(&read, |attribute, value| {
            let pair = (term(self.key, attribute, value), record);
            self.recent.push(pair);
        });
        if self.recent.len() >= RUN {
            self.end_run();
        }
    }

    /// Sorts what came since the last run. It stays for as long as its segment is open, and takes no more room than it needs.
    fn end_run(&mut self) {
        let mut run = std::mem::take(&mut self.recent);
        run.sort_unstable();
        run.dedup();
        run.shrink_to_fit();
        self.runs.push(run);
    }

    pub(super) fn key(&self) -> u64 {
        self.key
    }

    /// All pairs, sorted, each once.
    pub(super) fn into_pairs(mut self) -> (Vec<Place>, impl Iterator<Item = (Term, u32)>) {
        self.end_run();
        (self.places, itertools::kmerge(self.runs).dedup())
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
        let term = term(self.key, attribute, value);
        let mut found = Vec::new();
        for run in &self.runs {
            let start = run.partition_point(|(of, _)| *of < term);
            found.extend(
                run[start..]
                    .iter()
                    .take_while(|(of, _)| *of == term)
                    .map(|(_, record)| *record),
            );
        }
        let recent = self.recent.iter().filter(|(of, _)| *of == term);
        found.extend(recent.map(|(_, record)| *record));
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

/// The term of an attribute's value.
pub(super) fn term(key: u64, attribute: Attribute, value: &str) -> Term {
    let hash = hash(key.wrapping_add(attribute as u64), value.as_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "one half is enough")]
    let half = hash as u32;
    half
}
