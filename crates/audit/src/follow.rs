//! Following the trail: the records behind a place that whoever follows keeps, as they reach the disk.
//!
//! What is not known to be on the disk is not read: it may yet be cut off. So a record that was read once is there again
//! whenever the same place is read from.

use std::{fs::File, io, os::unix::fs::FileExt};

use minicbor::{Decode, Encode};

use crate::{
    chain::{Line, LineError},
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

impl Trail {
    /// The place behind the last record that is known to be on the disk.
    pub fn end(&self) -> Position {
        let (offset, sequence) = self.durable_end();
        Position {
            file: *self.id().as_bytes(),
            offset,
            sequence,
        }
    }

    /// The records behind a place, about `most` bytes of them but one at least; none if there is none yet. Blocks for the
    /// time of a read.
    ///
    /// A record's number outlives the file that it is in: where a new file was begun, its records go on behind the number
    /// of the place.
    pub fn read_behind(&self, from: &Position, most: usize) -> io::Result<Page> {
        let end = self.end();
        if from.file != end.file {
            return self.read_other_file(from, &end, most);
        }
        if from.offset > end.offset {
            // A disk that had promised to keep its end has not.
            return Ok(Page {
                entries: Vec::new(),
                end,
                gap: true,
            });
        }
        self.read_lines(from, &end, most)
    }

    /// The same in a file that the place is not in.
    fn read_other_file(&self, from: &Position, end: &Position, most: usize) -> io::Result<Page> {
        let mut at = Position {
            file: end.file,
            offset: 0,
            sequence: 0,
        };
        let mut missed = None;
        loop {
            let mut page = self.read_lines(&at, end, most)?;
            let first = page
                .entries
                .first()
                .map_or(page.end.sequence, |first| first.behind.sequence - 1);
            let gap = *missed.get_or_insert(page.gap || first > from.sequence);
            page.entries.retain(|entry| entry.behind.sequence > from.sequence);
            if !page.entries.is_empty() || page.end.offset >= end.offset {
                return Ok(Page { gap, ..page });
            }
            at = page.end;
        }
    }

    /// Whole lines between two places of the file.
    fn read_lines(&self, from: &Position, end: &Position, most: usize) -> io::Result<Page> {
        let left = usize::try_from(end.offset.saturating_sub(from.offset)).unwrap_or(usize::MAX);
        let mut most = most;
        loop {
            let (began, bytes) = self.bytes_behind(from.offset, most.min(left))?;
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

    /// Bytes of the file or the memory, and where they begin.
    fn bytes_behind(&self, offset: u64, most: usize) -> io::Result<(u64, Vec<u8>)> {
        if let Some(memory) = self.memory() {
            return Ok(memory.read_behind(offset, most));
        }
        let mut bytes = vec![0; most];
        if let Some(path) = self.path() {
            File::open(path)?.read_exact_at(&mut bytes, offset)?;
        }
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
    use trent_names::Region;

    use super::*;
    use crate::{Event, EventId, EventType, MemoryLog, Rendered, UserIdentity};

    fn record(number: u8) -> Rendered {
        let region: Region = "us-east-1".parse().expect("a Region");
        Event {
            id: EventId::from_random_bytes([number; 16]),
            request_id: None,
            event_type: EventType::ApiCall,
            time_millis: 0,
            identity: &UserIdentity::unknown(),
            source: "kms.amazonaws.com",
            name: "Encrypt",
            region: &region,
            source_ip: None,
            calling_service: None,
            user_agent: "",
            failure: None,
            request_parameters: None,
            response_elements: None,
            additional_event_data: None,
            read_only: false,
            resources: &[],
            vpc_endpoint: None,
            recipient: None,
            shared: None,
            for_operator: None,
        }
        .render()
    }

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
