//! What was recorded, in the files of a trail: the open segment with its index in memory, and the closed ones.

use std::{
    collections::HashMap,
    fs::File,
    io,
    ops::ControlFlow,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use uuid::Uuid;

use super::{
    Query, Visit,
    closed::{is_record, make_index, not_a_segment, open_index},
    places::{places, visit_places},
};
use crate::{
    index::{Draft, Of, Unindexed, Unusable},
    queue::Shared,
    recovery::end_of_last_line,
    segment::{self, Segment},
};

/// Places taken from the open segment's index at a time, while nobody else can use it.
const TAKEN: usize = 1024;

/// Bytes read at a time.
const BLOCK: usize = 1024 * 1024;

pub(super) struct Files {
    path: PathBuf,
    /// Whoever writes it in this process.
    writer: Option<Arc<Shared>>,
    /// The segment that was open when it was looked at last.
    open: Mutex<Option<Open>>,
    /// The times of closed segments' records, by the segments' first records.
    times: Mutex<HashMap<u64, (u32, u32)>>,
}

/// How much of the open segment there is to be seen.
struct Extent {
    segment: Uuid,
    /// The number of its first record.
    first: u64,
    end: u64,
}

/// The open segment and its index.
struct Open {
    segment: Uuid,
    first: u64,
    file: Arc<File>,
    /// How much of it is in the index.
    offset: u64,
    index: Draft,
}

impl Files {
    /// The trail whose open segment is the file `path`, written by `writer` if it is written in this process.
    pub(super) fn new(path: &Path, writer: Option<Arc<Shared>>) -> Self {
        Self {
            path: path.to_owned(),
            writer,
            open: Mutex::new(None),
            times: Mutex::default(),
        }
    }

    pub(super) fn walk(&self, query: &Query, visit: &mut Visit<'_>) -> io::Result<()> {
        let mut before = query.before;
        // Until the list is read, what is open can be closed: so the list comes second, and a record is told once.
        if self.walk_open(query, &mut before, visit)?.is_break() {
            return Ok(());
        }
        for segment in segment::closed(&self.path)?.iter().rev() {
            if segment.first >= before {
                continue;
            }
            if before <= query.after.saturating_add(1)
                || self.walk_closed(segment, query, &mut before, visit)?.is_break()
            {
                break;
            }
        }
        Ok(())
    }

    fn walk_open(&self, query: &Query, before: &mut u64, visit: &mut Visit<'_>) -> io::Result<ControlFlow<()>> {
        let mut segment = None;
        loop {
            let mut held = self.open.lock();
            let open = match segment {
                // The first time, what came since it was looked at last is added.
                None => self.current(&mut held)?,
                Some(segment) => match held.as_mut().filter(|open| open.segment == segment) {
                    Some(open) => open,
                    // Closed in between: the rest is found there.
                    None => return Ok(ControlFlow::Continue(())),
                },
            };
            segment = Some(open.segment);
            let (file, first) = (Arc::clone(&open.file), open.first);
            let places = places(&mut open.index, first, query, *before, TAKEN).map_err(io::Error::other)?;
            drop(held);
            let last = places.len() < TAKEN;
            let lowest = places.last().map_or(*before, |(sequence, _)| *sequence);
            if visit_places(&file, &places, query, before, visit)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if last {
                *before = first.min(*before);
                return Ok(ControlFlow::Continue(()));
            }
            *before = lowest;
        }
    }

    fn walk_closed(
        &self,
        segment: &Segment,
        query: &Query,
        before: &mut u64,
        visit: &mut Visit<'_>,
    ) -> io::Result<ControlFlow<()>> {
        let out_of_time = |(from, to): (u32, u32)| u64::from(to) < query.from || u64::from(from) > query.to;
        if self.times.lock().get(&segment.first).copied().is_some_and(out_of_time) {
            return Ok(ControlFlow::Continue(()));
        }
        let file = match File::open(&segment.path) {
            Ok(file) => file,
            // No longer kept.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ControlFlow::Continue(())),
            Err(error) => return Err(error),
        };
        let mut index = open_index(segment, &file, self.writer.is_some())?;
        let mut made = false;
        loop {
            self.times.lock().insert(segment.first, index.times());
            if out_of_time(index.times()) {
                return Ok(ControlFlow::Continue(()));
            }
            let found = places(&mut *index, segment.first, query, *before, TAKEN);
            let visited = match found {
                Ok(places) if places.is_empty() => return Ok(ControlFlow::Continue(())),
                Ok(places) => {
                    let lowest = places.last().map_or(*before, |(sequence, _)| *sequence);
                    visit_places(&file, &places, query, before, visit).inspect(|_| *before = lowest)
                }
                Err(Unusable::Damaged) if !made => {
                    (index, made) = (make_index(segment, &file, self.writer.is_some())?, true);
                    continue;
                }
                Err(error) => return Err(io::Error::other(error)),
            };
            match visited {
                Ok(ControlFlow::Continue(())) => {}
                // A place where no record is: the index is not of what the segment holds.
                Err(error) if error.kind() == io::ErrorKind::InvalidData && !made => {
                    (index, made) = (make_index(segment, &file, self.writer.is_some())?, true);
                }
                other => return other,
            }
        }
    }

    /// What there is of the open segment.
    fn reached(&self) -> io::Result<Extent> {
        if let Some(writer) = &self.writer {
            let reached = writer.reached.lock();
            return Ok(Extent {
                segment: reached.segment,
                first: reached.first,
                end: reached.point.offset,
            });
        }
        let file = File::open(&self.path)?;
        let header = segment::header_in(&file)?.ok_or_else(|| not_a_segment(&self.path))?;
        Ok(Extent {
            segment: header.trail,
            first: header.sequence + 1,
            end: end_of_last_line(&file, file.metadata()?.len())?,
        })
    }

    /// The segment that is open now, with all of it that is on the disk in its index.
    fn current<'h>(&self, held: &'h mut Option<Open>) -> io::Result<&'h mut Open> {
        loop {
            let reached = self.reached()?;
            if held.as_ref().is_none_or(|open| open.segment != reached.segment) {
                if let Some(closed) = held.take() {
                    self.close(closed)?;
                }
                let file = File::open(&self.path)?;
                // If it is another one by now, the next turn finds out.
                if segment::header_in(&file)?.is_none_or(|header| header.trail != reached.segment) {
                    continue;
                }
                *held = Some(Open {
                    segment: reached.segment,
                    first: reached.first,
                    file: Arc::new(file),
                    offset: 0,
                    index: Draft::new(),
                });
            }
            if let Some(open) = held {
                open.index_up_to(reached.end, self.unindexed())?;
                break;
            }
        }
        held.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Makes a file of the index of a segment that was closed since.
    fn close(&self, mut open: Open) -> io::Result<()> {
        if self.writer.is_none() {
            return Ok(());
        }
        let length = open.file.metadata()?.len();
        open.index_up_to(length, self.unindexed())?;
        let of = Of {
            segment: open.segment,
            length,
        };
        let path = segment::index_path(&segment::closed_path(&self.path, open.first));
        let written = open.index.write(&path, &of);
        // Whoever needs it makes it again.
        if let Err(error) = written {
            tracing::warn!(%error, index = %path.display(), "an index of the audit trail cannot be written");
        }
        Ok(())
    }

    fn unindexed(&self) -> Option<&Unindexed> {
        self.writer.as_ref().and_then(|writer| writer.unindexed.as_ref())
    }

    pub(super) fn index(&self) -> io::Result<bool> {
        let mut held = self.open.lock();
        let before = held.as_ref().map(|open| (open.segment, open.offset));
        let open = self.current(&mut held)?;
        let after = Some((open.segment, open.offset));
        drop(held);
        let closed = segment::closed(&self.path)?;
        let oldest = closed.first().map_or(0, |segment| segment.first);
        self.times.lock().retain(|first, _| *first >= oldest);
        for segment in closed.iter().rev() {
            if self.times.lock().contains_key(&segment.first) {
                continue;
            }
            let file = match File::open(&segment.path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let index = open_index(segment, &file, self.writer.is_some())?;
            self.times.lock().insert(segment.first, index.times());
            return Ok(true);
        }
        Ok(before != after)
    }

    pub(super) fn first(&self) -> io::Result<u64> {
        let oldest = segment::closed(&self.path)?.into_iter().next();
        match oldest {
            Some(segment) => Ok(segment.first),
            None => Ok(self.reached()?.first),
        }
    }
}

impl Open {
    /// Adds the records up to `end`, which is behind a batch, to the index.
    fn index_up_to(&mut self, end: u64, unindexed: Option<&Unindexed>) -> io::Result<()> {
        while let Some(written) = unindexed.and_then(|unindexed| unindexed.next(self.segment, self.offset, end)) {
            self.read_up_to(written.start)?;
            self.index.add_written(&written);
            self.offset = written.end;
        }
        self.read_up_to(end)
    }

    /// Adds the records up to `end`, which is behind a line, from the file.
    fn read_up_to(&mut self, end: u64) -> io::Result<()> {
        let mut block = Vec::new();
        while self.offset < end {
            let start = block.len();
            let left = end - self.offset - start as u64;
            let more = usize::try_from(left).unwrap_or(usize::MAX).min(BLOCK);
            block.resize(start + more, 0);
            self.file
                .read_exact_at(&mut block[start..], self.offset + start as u64)?;
            let mut whole = 0;
            for line in block.split_inclusive(|byte| *byte == b'\n') {
                let Some(text) = line.strip_suffix(b"\n") else { break };
                if is_record(text) {
                    self.index.add(self.offset + whole as u64, text);
                }
                whole += line.len();
            }
            block.drain(..whole);
            self.offset += whole as u64;
            // What is left of the block is read with the next; a file that has no line there is none of ours.
            if whole == 0 && more == 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(())
    }
}
