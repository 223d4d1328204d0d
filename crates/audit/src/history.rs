//! Looking into what was recorded, from the latest record back to the first.
//!
//! Segments are gone through from the newest, and each is asked through its index, so that a lookup costs what it finds
//! and not what there is. The chain is not checked: that is what verifying the trail is for.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead, BufReader},
    ops::ControlFlow,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use uuid::Uuid;

use crate::{
    chain::Line,
    index::{Draft, Index, IndexFile, Of, Place, Unusable},
    medium::MemoryLog,
    queue::Shared,
    recorded::{Attribute, Recorded},
    recovery::end_of_last_line,
    segment::{self, Segment},
};

/// Places taken from the open segment's index at a time, while nobody else can use it.
const TAKEN: usize = 1024;

/// Bytes read at a time.
const BLOCK: usize = 1024 * 1024;

/// What is looked for. All of it must be true of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Attributes with their values.
    pub wanted: Vec<(Attribute, String)>,
    /// The earliest time, in seconds since the Unix epoch.
    pub from: u64,
    /// The latest time.
    pub to: u64,
    /// Only records with a higher number than this.
    pub after: u64,
    /// Only records with a lower number than this.
    pub before: u64,
}

impl Default for Query {
    /// Everything.
    fn default() -> Self {
        Self {
            wanted: Vec::new(),
            from: 0,
            to: u64::MAX,
            after: 0,
            before: u64::MAX,
        }
    }
}

impl Query {
    fn fits(&self, sequence: u64, record: &Recorded<'_>) -> bool {
        let time = record.seconds();
        let has = |(attribute, value): &(Attribute, String)| {
            let mut has = false;
            Attribute::each(record, |of, text| has |= of == *attribute && text == value);
            has
        };
        sequence > self.after
            && sequence < self.before
            && (self.from..=self.to).contains(&time)
            && self.wanted.iter().all(has)
    }
}

/// A record that was found.
#[derive(Debug)]
pub struct Found<'a> {
    /// Its number.
    pub sequence: u64,
    /// Its text.
    pub line: &'a [u8],
    /// The same, read.
    pub record: &'a Recorded<'a>,
}

/// What a walk is told: records, the latest first, until it breaks off.
type Visit<'v> = dyn FnMut(Found<'_>) -> ControlFlow<()> + 'v;

/// What was recorded.
pub struct History(Kept);

enum Kept {
    Files(Box<Files>),
    Memory(MemoryLog),
}

impl History {
    pub(crate) fn of_files(path: &Path, shared: &Arc<Shared>) -> Self {
        Self(Kept::Files(Box::new(Files {
            path: path.to_owned(),
            writer: Some(Arc::clone(shared)),
            open: Mutex::new(None),
            times: Mutex::default(),
        })))
    }

    /// The trail whose open segment is the file `path`, as its files have it: nobody need be writing it. Nothing is
    /// written, so that indexes which are missing are made in memory each time.
    pub fn of_folder(path: &Path) -> Self {
        Self(Kept::Files(Box::new(Files {
            path: path.to_owned(),
            writer: None,
            open: Mutex::new(None),
            times: Mutex::default(),
        })))
    }

    pub(crate) fn of_memory(log: MemoryLog) -> Self {
        Self(Kept::Memory(log))
    }

    /// Tells every record on the disk that fits, the latest first. Blocks for as long as reading them takes.
    pub fn walk(&self, query: &Query, visit: &mut Visit<'_>) -> io::Result<()> {
        match &self.0 {
            Kept::Files(files) => files.walk(query, visit),
            Kept::Memory(log) => {
                walk_lines(&log.content(), query, visit);
                Ok(())
            }
        }
    }

    /// The latest records that fit, at most `limit`, with their numbers.
    pub fn latest(&self, query: &Query, limit: usize) -> io::Result<Vec<(u64, Vec<u8>)>> {
        let mut found = Vec::new();
        if limit == 0 {
            return Ok(found);
        }
        self.walk(query, &mut |record| {
            found.push((record.sequence, record.line.to_vec()));
            if found.len() < limit {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        Ok(found)
    }

    /// The caller's record of a request.
    pub fn of_request(&self, request: &Uuid) -> io::Result<Option<Vec<u8>>> {
        let query = Query {
            wanted: vec![(Attribute::RequestId, request.as_hyphenated().to_string())],
            ..Query::default()
        };
        let mut own = None;
        self.walk(&query, &mut |record| {
            if !Recorded::read(record.line).is_some_and(|record| record.is_callers()) {
                return ControlFlow::Continue(());
            }
            own = Some(record.line.to_vec());
            ControlFlow::Break(())
        })?;
        Ok(own)
    }

    /// Brings the indexes up to date, so that a lookup need not. Blocks; tells whether there was something to do.
    pub fn index(&self) -> io::Result<bool> {
        match &self.0 {
            Kept::Files(files) => files.index(),
            Kept::Memory(_) => Ok(false),
        }
    }

    /// The oldest record that is there.
    pub fn oldest(&self) -> io::Result<Option<Vec<u8>>> {
        let query = Query {
            before: self.first()?.saturating_add(1),
            ..Query::default()
        };
        Ok(self.latest(&query, 1)?.pop().map(|(_, line)| line))
    }

    /// The number of the oldest record that is there.
    pub fn first(&self) -> io::Result<u64> {
        match &self.0 {
            Kept::Files(files) => files.first(),
            Kept::Memory(log) => Ok(numbered(&log.content()).first().map_or(1, |(number, _)| *number)),
        }
    }
}

struct Files {
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
    fn walk(&self, query: &Query, visit: &mut Visit<'_>) -> io::Result<()> {
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
                    index: Draft::new(random()),
                });
            }
            if let Some(open) = held {
                open.read_up_to(reached.end)?;
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
        open.read_up_to(length)?;
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

    fn index(&self) -> io::Result<bool> {
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

    fn first(&self) -> io::Result<u64> {
        let oldest = segment::closed(&self.path)?.into_iter().next();
        match oldest {
            Some(segment) => Ok(segment.first),
            None => Ok(self.reached()?.first),
        }
    }
}

impl Open {
    /// Adds the records up to `end`, which is behind a line, to the index.
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

/// The index of a closed segment, made again if it is missing or damaged.
fn open_index(segment: &Segment, file: &File, keep: bool) -> io::Result<Box<dyn Index>> {
    match IndexFile::open(&segment::index_path(&segment.path), &identity_of(segment, file)?) {
        Ok(index) => Ok(Box::new(index)),
        Err(Unusable::Damaged) => make_index(segment, file, keep),
        Err(Unusable::Io(error)) => Err(error),
    }
}

fn identity_of(segment: &Segment, file: &File) -> io::Result<Of> {
    let header = segment::header_in(file)?;
    let header = header.ok_or_else(|| not_a_segment(&segment.path))?;
    Ok(Of {
        segment: header.trail,
        length: file.metadata()?.len(),
    })
}

fn not_a_segment(path: &Path) -> io::Error {
    io::Error::other(format!("{} is no audit trail", path.display()))
}

/// Makes the index of a closed segment from its records: in a file, to be kept, or else in memory.
fn make_index(segment: &Segment, file: &File, keep: bool) -> io::Result<Box<dyn Index>> {
    let (of, path) = (identity_of(segment, file)?, segment::index_path(&segment.path));
    if keep {
        tracing::info!(segment = %segment.path.display(), "an index of the audit trail is made");
        match scan(segment)?.write(&path, &of) {
            Ok(()) => {
                if let Ok(index) = IndexFile::open(&path, &of) {
                    return Ok(Box::new(index));
                }
            }
            Err(error) => {
                tracing::warn!(%error, index = %path.display(), "an index of the audit trail cannot be written");
            }
        }
    }
    Ok(Box::new(scan(segment)?))
}

fn scan(segment: &Segment) -> io::Result<Draft> {
    let mut draft = Draft::new(random());
    let mut lines = BufReader::with_capacity(BLOCK, File::open(&segment.path)?);
    let (mut line, mut offset) = (Vec::new(), 0);
    while lines.read_until(b'\n', &mut line)? > 0 {
        if let Some(text) = line.strip_suffix(b"\n")
            && is_record(text)
        {
            draft.add(offset, text);
        }
        offset += line.len() as u64;
        line.clear();
    }
    Ok(draft)
}

fn is_record(line: &[u8]) -> bool {
    matches!(Line::parse(line), Ok(Line::Record(_)))
}

/// The places of at most so many records below a number that may fit, the latest first.
fn places(
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

/// The records that may have all attributes, ascending.
fn having_all(index: &dyn Index, wanted: &[(Attribute, String)]) -> Result<Vec<u32>, Unusable> {
    let lists: Result<Vec<_>, _> = wanted
        .iter()
        .map(|(attribute, value)| index.having(*attribute, value))
        .collect();
    let mut lists = lists?;
    lists.sort_unstable_by_key(Vec::len);
    let mut lists = lists.into_iter();
    let mut records = lists.next().unwrap_or_default();
    for list in lists {
        records.retain(|record| list.binary_search(record).is_ok());
    }
    Ok(records)
}

/// Reads the records at some places and tells those that fit. `before` follows.
fn visit_places(
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

/// The same as a walk, over a trail in memory.
fn walk_lines(content: &[u8], query: &Query, visit: &mut Visit<'_>) {
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

/// The key of a new index.
fn random() -> u64 {
    Uuid::new_v4().as_u64_pair().1
}
