//! What the writer has written and the open segment's index does not have yet.
//!
//! It spares the index reading the records from the file. It is no more than that: what is missing here is read there.

use std::collections::VecDeque;

use parking_lot::Mutex;
use uuid::Uuid;

use super::{Noted, Term};

/// The most terms that wait; who does not fetch them reads the file.
const BOUND: usize = 4 * 1024 * 1024;

/// Batches in the order of their writing.
#[derive(Default)]
pub(crate) struct Unindexed(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    batches: VecDeque<Written>,
    terms: usize,
}

/// A batch of records in a segment.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) segment: Uuid,
    /// Where its first line starts.
    pub(crate) start: u64,
    /// Where its last line ends, which is the chain's.
    pub(crate) end: u64,
    pub(crate) lines: Lines,
}

/// The records of a batch and their terms.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: Vec<Line>,
    terms: Vec<Term>,
}

/// A record's line.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// Its length, with its break.
    length: u32,
    time: u32,
    /// How many terms it has.
    terms: u32,
}

impl Lines {
    /// Adds a line of so many bytes, its break included.
    pub(crate) fn push(&mut self, length: usize, noted: &Noted) {
        let short = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let terms = noted.terms.as_slice();
        self.lines.push(Line {
            length: short(length),
            time: noted.time,
            terms: short(terms.len()),
        });
        self.terms.extend_from_slice(terms);
    }

    /// Each line's length with its break, its time and its terms.
    pub(super) fn each(&self) -> impl Iterator<Item = (u32, u32, &[Term])> {
        let mut terms = self.terms.as_slice();
        self.lines.iter().map(move |line| {
            let (own, rest) = terms.split_at(line.terms as usize);
            terms = rest;
            (line.length, line.time, own)
        })
    }
}

impl Unindexed {
    /// Adds a batch.
    pub(crate) fn push(&self, written: Written) {
        let mut waiting = self.0.lock();
        if waiting.terms > BOUND {
            *waiting = Waiting::default();
        }
        waiting.terms += written.lines.terms.len();
        waiting.batches.push_back(written);
    }

    /// Takes the next batch of a segment that starts at `from` or behind and ends at `to` or before. Those before it are
    /// forgotten.
    pub(crate) fn next(&self, segment: Uuid, from: u64, to: u64) -> Option<Written> {
        let mut waiting = self.0.lock();
        loop {
            let first = waiting.batches.front()?;
            if first.segment == segment && first.end > to {
                return None;
            }
            let is_next = first.segment == segment && first.start >= from;
            let first = waiting.batches.pop_front()?;
            waiting.terms -= first.lines.terms.len();
            if is_next {
                return Some(first);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{index::Terms, recorded::Attribute};

    fn written(segment: u128, start: u64, end: u64, terms: usize) -> Written {
        let mut lines = Lines::default();
        let mut noted = Noted {
            time: 1,
            terms: Terms::default(),
        };
        for _ in 0..terms {
            noted.terms.add(Attribute::EventName, "Encrypt");
        }
        lines.push(7, &noted);
        Written {
            segment: Uuid::from_u128(segment),
            start,
            end,
            lines,
        }
    }

    #[test]
    fn batches_come_in_order_as_far_as_they_are_asked_for() {
        let unindexed = Unindexed::default();
        for (start, end) in [(0, 10), (10, 20), (20, 30)] {
            unindexed.push(written(1, start, end, 1));
        }
        let next = |from, to| {
            unindexed
                .next(Uuid::from_u128(1), from, to)
                .map(|written| written.start)
        };
        assert_eq!(next(10, 20), Some(10), "what is behind is forgotten");
        assert_eq!(next(20, 29), None, "not yet on the disk");
        assert_eq!(next(20, 30), Some(20));
        assert_eq!(next(30, 99), None);
    }

    #[test]
    fn other_segments_are_passed_over() {
        let unindexed = Unindexed::default();
        unindexed.push(written(1, 500, 600, 3));
        unindexed.push(written(2, 0, 10, 1));
        let next = unindexed.next(Uuid::from_u128(2), 0, 100).expect("there");
        assert_eq!((next.segment, next.end), (Uuid::from_u128(2), 10));
    }

    #[test]
    fn nobody_who_fetches_them_is_no_reason_to_keep_all() {
        let unindexed = Unindexed::default();
        let many = 1 << 20;
        for batch in 0..8 {
            unindexed.push(written(1, batch, batch + 1, many));
            assert!(unindexed.0.lock().terms <= BOUND + many);
        }
        let next = unindexed.next(Uuid::from_u128(1), 0, 100).expect("there");
        assert!(next.start > 0);
    }
}
