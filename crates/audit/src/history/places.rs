//! Where the records are that may fit, and reading them.

use std::{fs::File, io, ops::ControlFlow, os::unix::fs::FileExt};

use super::{Found, Query, Visit};
use crate::{
    index::{Having, Index, Place, Unusable},
    recorded::{Attribute, Recorded},
};

/// Reading a record takes about as long as so many entries of a list.
const WORTH: usize = 1024;

/// The places of at most so many records below a number that may fit, the latest first.
pub(super) fn places(
    index: &mut dyn Index,
    first: u64,
    query: &Query,
    before: u64,
    most: usize,
) -> Result<Vec<(u64, Place)>, Unusable> {
    // Records of a segment are numbered from 0: those below this one, and not below the other.
    let within = |number: u64| u32::try_from(number.saturating_sub(first)).unwrap_or(u32::MAX);
    let (from, to) = (
        within(query.after.saturating_add(1)),
        within(before).min(index.records()),
    );
    let mut found = Vec::new();
    let mut take = |index: &mut dyn Index, record: u32| -> Result<bool, Unusable> {
        let place = index.place(record)?;
        if (query.from..=query.to).contains(&u64::from(place.time)) {
            found.push((first + u64::from(record), place));
        }
        Ok(found.len() < most)
    };
    if query.wanted.is_empty() {
        for record in (from..to).rev() {
            if !take(index, record)? {
                break;
            }
        }
    } else {
        let records = having_all(index, &query.wanted)?;
        let fitting = records.into_iter().rev().skip_while(|record| *record >= to);
        for record in fitting.take_while(|record| *record >= from) {
            if !take(index, record)? {
                break;
            }
        }
    }
    Ok(found)
}

/// The records that may have all attributes, ascending. The shortest list is read first, and a much longer one not at all:
/// whether the few that are left have that attribute too is seen when they are read.
fn having_all(index: &dyn Index, wanted: &[(Attribute, String)]) -> Result<Vec<u32>, Unusable> {
    let mut lists = Vec::with_capacity(wanted.len());
    for (attribute, value) in wanted {
        let having = index.having(*attribute, value)?;
        if having.count() == 0 {
            return Ok(Vec::new());
        }
        lists.push(having);
    }
    lists.sort_unstable_by_key(Having::count);
    let mut lists = lists.into_iter();
    let Some(shortest) = lists.next() else {
        return Ok(Vec::new());
    };
    let mut records = index.read(shortest)?;
    for list in lists {
        let says_nothing = list.count() >= index.records() as usize;
        if !says_nothing && list.count() <= records.len().saturating_mul(WORTH) {
            let list = index.read(list)?;
            records.retain(|record| list.binary_search(record).is_ok());
        }
    }
    Ok(records)
}

/// Reads the records at some places and tells those that fit. `before` follows.
pub(super) fn visit_places(
    file: &File,
    places: &[(u64, Place)],
    query: &Query,
    before: &mut u64,
    visit: &mut Visit<'_>,
) -> io::Result<ControlFlow<()>> {
    let mut line = Vec::new();
    for (sequence, place) in places.iter().filter(|(_, place)| place.length > 0) {
        line.resize(place.length as usize, 0);
        file.read_exact_at(&mut line, place.offset)?;
        let record = Recorded::read(&line).ok_or(io::ErrorKind::InvalidData)?;
        *before = *sequence;
        // Two terms may have the same hash.
        if query.fits(*sequence, &record) {
            let found = Found {
                sequence: *sequence,
                line: &line,
                record: &record,
            };
            if visit(found).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}
