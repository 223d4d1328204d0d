//! Following the trail: the records behind a place that whoever follows keeps, as they reach the disk.
//!
//! What is not known to be on the disk is not read: it may yet be cut off. So a record that was read once is there again
//! whenever the same place is read from.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use minicbor::{Decode, Encode};

use crate::{
    chain::{Line, LineError},
    segment,
    trail::Trail,
};

/// A place between two records of the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Position {
    /// The file.
    #[cbor(n(0), with = "minicbor::bytes")]
    file: [u8; 16],
    /// How much of the file comes before.
    #[n(1)]
    offset: u64,
    /// The number of the record before.
    #[n(2)]
    sequence: u64,
}

impl Position {
    /// The number of the record before it.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// A record of the trail and the place behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The record's text.
    pub json: Vec<u8>,
    /// Where to go on once it is done with.
    pub behind: Position,
}

/// Records that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The records.
    pub entries: Vec<Entry>,
    /// The place behind all that was read.
    pub end: Position,
    /// True if the place that was asked for is no longer there, so that records before these may have been missed.
    pub gap: bool,
}

impl Page {
    /// The number of the first of its records, or of the one that comes next.
    pub fn first(&self) -> u64 {
        let next = self.end.sequence.saturating_add(1);
        next.saturating_sub(self.entries.len() as u64)
    }
}

/// A segment, or the memory that stands for one, as far as it is known to be on the disk.
struct Stretch {
    id: [u8; 16],
    /// `None`: the memory.
    path: Option<PathBuf>,
    /// The number of its first record.
    first: u64,
    length: u64,
}

impl Trail {
    /// The place behind the last record that is known to be on the disk.
    pub fn end(&self) -> Position {
        let reached = self.reached();
        Position {
            file: *reached.segment.as_bytes(),
            offset: reached.point.offset,
            sequence: reached.point.head.sequence,
        }
    }

    /// The records behind a place, about `most` bytes of them but one at least; none if there is none yet. Blocks for the
    /// time of a read.
    ///
    /// A record's number outlives the segment that it is in: where segments were removed or put aside, what there is
    /// behind the number of the place comes next.
    pub fn read_behind(&self, from: &Position, most: usize) -> io::Result<Page> {
        let open = self.open_stretch();
        if from.file == open.id && from.offset > open.length {
            // A disk that had promised to keep its end has not.
            return Ok(Page {
                entries: Vec::new(),
                end: self.end(),
                gap: true,
            });
        }
        let stretches = if from.file == open.id {
            vec![open]
        } else {
            self.stretches_behind(from, open)?
        };
        let mut gap = stretches
            .first()
            .is_some_and(|first| first.id != from.file && first.first > from.sequence.saturating_add(1));
        let mut end = *from;
        for stretch in &stretches {
            let mut page = stretch.read_behind(self, from, most)?;
            page.entries.retain(|entry| entry.behind.sequence > from.sequence);
            gap |= page.gap;
            end = page.end;
            if !page.entries.is_empty() {
                return Ok(Page { gap, ..page });
            }
        }
        Ok(Page {
            entries: Vec::new(),
            end,
            gap,
        })
    }

    fn open_stretch(&self) -> Stretch {
        let reached = self.reached();
        Stretch {
            id: *reached.segment.as_bytes(),
            path: self.path().map(Path::to_owned),
            first: reached.first,
            length: reached.point.offset,
        }
    }

    /// The segment that a place is in, or the record behind it, and those that follow; the open one is the last.
    fn stretches_behind(&self, from: &Position, open: Stretch) -> io::Result<Vec<Stretch>> {
        let mut stretches = Vec::new();
        if let Some(path) = self.path() {
            let closed = segment::closed(path)?;
            let next = from.sequence.saturating_add(1);
            let at = closed.iter().rposition(|segment| segment.first <= next).unwrap_or(0);
            // One and the next are enough to go on with.
            for segment in closed.iter().skip(at).take(2) {
                let header = segment::header_of(&segment.path)?;
                stretches.push(Stretch {
                    id: header.map_or([0; 16], |header| *header.trail.as_bytes()),
                    first: segment.first,
                    length: std::fs::metadata(&segment.path)?.len(),
                    path: Some(segment.path.clone()),
                });
            }
            if closed.len() > at + stretches.len() {
                return Ok(stretches);
            }
        }
        stretches.push(open);
        Ok(stretches)
    }
}

impl Stretch {
    /// Records of it behind a place, which may be in another one; those of the place's number and before may be among
    /// them.
    fn read_behind(&self, trail: &Trail, from: &Position, most: usize) -> io::Result<Page> {
        let mut at = if from.file == self.id {
            *from
        } else {
            Position {
                file: self.id,
                offset: 0,
                sequence: self.first.saturating_sub(1),
            }
        };
        loop {
            let page = self.read_lines(trail, &at, most)?;
            let is_last = page.end.offset >= self.length;
            if is_last
                || page
                    .entries
                    .last()
                    .is_some_and(|last| last.behind.sequence > from.sequence)
            {
                return Ok(page);
            }
            at = page.end;
        }
    }

    /// Whole lines behind a place in it.
    fn read_lines(&self, trail: &Trail, from: &Position, most: usize) -> io::Result<Page> {
        let left = usize::try_from(self.length.saturating_sub(from.offset)).unwrap_or(usize::MAX);
        let mut most = most;
        loop {
            let (began, bytes) = self.bytes_behind(trail, from.offset, most.min(left))?;
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            if whole == 0 && most < left {
                // A line longer than was asked for.
                most = most.saturating_mul(2);
                continue;
            }
            let (entries, end) = entries(&bytes[..whole], Position { offset: began, ..*from })?;
            return Ok(Page {
                entries,
                end,
                gap: began > from.offset,
            });
        }
    }

    /// Bytes of it, and where they begin.
    fn bytes_behind(&self, trail: &Trail, offset: u64, most: usize) -> io::Result<(u64, Vec<u8>)> {
        let Some(path) = &self.path else {
            let memory = trail.memory();
            return Ok(memory.map_or_else(|| (offset, Vec::new()), |memory| memory.read_behind(offset, most)));
        };
        let file = File::open(path)?;
        let header = segment::header_in(&file)?;
        if header.map(|header| *header.trail.as_bytes()) != Some(self.id) {
            // It was closed just now: the next look finds it under its new name.
            return Err(io::ErrorKind::Interrupted.into());
        }
        let mut bytes = vec![0; most];
        file.read_exact_at(&mut bytes, offset)?;
        Ok((offset, bytes))
    }
}

/// The records in whole lines that begin at a place, and the place behind them.
fn entries(lines: &[u8], from: Position) -> io::Result<(Vec<Entry>, Position)> {
    let (mut entries, mut at) = (Vec::new(), from);
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        at.offset += line.len() as u64;
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        match Line::parse(text).map_err(|error: LineError| io::Error::other(error))? {
            Line::Header(header, _) => at.sequence = header.sequence,
            Line::Batch(batch, _) => at.sequence = batch.last,
            Line::Record(record) => {
                at.sequence += 1;
                entries.push(Entry {
                    json: record.to_vec(),
                    behind: at,
                });
            }
        }
    }
    Ok((entries, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemoryLog, testing::record};

    /// Everything behind a place, read in pages of this size, and the end.
    fn all_behind(trail: &Trail, from: Position, most: usize) -> (Vec<Vec<u8>>, Position) {
        let (mut found, mut at) = (Vec::new(), from);
        loop {
            let page = trail.read_behind(&at, most).expect("read");
            assert!(!page.gap);
            if page.entries.is_empty() && page.end == at {
                return (found, at);
            }
            found.extend(page.entries.into_iter().map(|entry| entry.json));
            at = page.end;
        }
    }

    #[tokio::test]
    async fn records_are_read_in_order_from_any_place_in_pages_of_any_size() {
        let trail = Trail::in_memory(MemoryLog::new(1 << 20));
        let start = trail.end();
        let records: Vec<_> = (0..9).map(record).collect();
        for some in records.chunks(4) {
            trail.append_durably(some).await.expect("taken");
        }
        let texts: Vec<_> = records.iter().map(|record| record.json().to_vec()).collect();
        for most in [1, 100, 700, 1 << 16] {
            let (found, end) = all_behind(&trail, start, most);
            assert_eq!(found, texts, "{most}");
            assert_eq!(end, trail.end());
            assert_eq!(end.sequence(), 9);
        }
        let page = trail.read_behind(&start, 1 << 16).expect("read");
        let (rest, _) = all_behind(&trail, page.entries[5].behind, 1 << 16);
        assert_eq!(rest, texts[6..]);
        assert_eq!(page.entries[5].behind.sequence(), 6);
    }

    #[tokio::test]
    async fn a_place_that_is_gone_is_told_and_the_next_ones_are_read() {
        let trail = Trail::in_memory(MemoryLog::new(4096));
        let start = trail.end();
        for number in 0..40 {
            trail.append_durably(&[record(number)]).await.expect("taken");
        }
        let page = trail.read_behind(&start, 1 << 16).expect("read");
        assert!(page.gap && !page.entries.is_empty());
        assert_eq!(page.end, trail.end());
        let behind = Position {
            offset: trail.end().offset + 1,
            ..trail.end()
        };
        let page = trail.read_behind(&behind, 1 << 16).expect("read");
        assert!(page.gap && page.entries.is_empty());
        assert_eq!(page.end, trail.end());
    }

    #[tokio::test]
    async fn where_a_new_file_was_begun_records_go_on_behind_the_number() {
        let trail = Trail::in_memory(MemoryLog::new(1 << 20));
        let records: Vec<_> = (0..9).map(record).collect();
        trail.append_durably(&records).await.expect("written");
        for most in [1, 1000, 1 << 16] {
            let elsewhere = Position {
                file: [7; 16],
                offset: 12_345_678,
                sequence: 6,
            };
            let page = trail.read_behind(&elsewhere, most).expect("read");
            assert!(!page.gap);
            let (rest, _) = all_behind(&trail, page.end, most);
            let found: Vec<_> = page.entries.into_iter().map(|entry| entry.json).chain(rest).collect();
            let texts: Vec<_> = records[6..].iter().map(|record| record.json().to_vec()).collect();
            assert_eq!(found, texts, "{most}");
        }
        let ahead = Position {
            file: [7; 16],
            offset: 0,
            sequence: 9,
        };
        let page = trail.read_behind(&ahead, 1).expect("read");
        assert!(page.entries.is_empty() && !page.gap);
        assert_eq!(page.end, trail.end());
    }
}
