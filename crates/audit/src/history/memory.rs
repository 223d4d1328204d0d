//! What was recorded, in a trail in memory: a few megabytes, which are gone through.

use super::{Found, Query, Visit};
use crate::{chain::Line, recorded::Recorded};

/// The records in whole lines, with their numbers. The first lines may be missing.
fn numbered(content: &[u8]) -> Vec<(u64, &[u8])> {
    let (mut found, mut batch) = (Vec::new(), Vec::new());
    for line in content.split(|byte| *byte == b'\n') {
        match Line::parse(line) {
            Ok(Line::Record(record)) if !record.is_empty() => batch.push(record),
            Ok(Line::Batch(end, _)) => {
                let before = end.last.saturating_sub(batch.len() as u64);
                found.extend((before + 1..).zip(batch.drain(..)));
            }
            _ => {}
        }
    }
    found
}

/// Tells every record that fits, the latest first.
pub(super) fn walk(content: &[u8], query: &Query, visit: &mut Visit<'_>) {
    for (sequence, line) in numbered(content).into_iter().rev() {
        let Some(record) = Recorded::read(line) else { continue };
        let found = Found {
            sequence,
            line,
            record: &record,
        };
        if query.fits(sequence, &record) && visit(found).is_break() {
            return;
        }
    }
}

/// The number of the oldest record.
pub(super) fn first(content: &[u8]) -> u64 {
    numbered(content).first().map_or(1, |(number, _)| *number)
}
