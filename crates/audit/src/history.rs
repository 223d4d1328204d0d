//! Looking into what was recorded, from the latest record back to the first.
//!
//! Segments are gone through from the newest, and each is asked through its index, so that a lookup costs what it finds
//! and not what there is. The chain is not checked: that is what verifying the trail is for.

mod closed;
mod files;
mod memory;
mod places;

use std::{io, ops::ControlFlow, path::Path, sync::Arc};

use uuid::Uuid;

use crate::{
    medium::MemoryLog,
    queue::Shared,
    recorded::{Attribute, Recorded},
};

use files::Files;

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
        Self(Kept::Files(Box::new(Files::new(path, Some(Arc::clone(shared))))))
    }

    /// The trail whose open segment is the file `path`, as its files have it: nobody need be writing it. Nothing is
    /// written, so that indexes which are missing are made in memory each time.
    pub fn of_folder(path: &Path) -> Self {
        Self(Kept::Files(Box::new(Files::new(path, None))))
    }

    pub(crate) fn of_memory(log: MemoryLog) -> Self {
        Self(Kept::Memory(log))
    }

    /// Tells every record on the disk that fits, the latest first. Blocks for as long as reading them takes.
    pub fn walk(&self, query: &Query, visit: &mut Visit<'_>) -> io::Result<()> {
        match &self.0 {
            Kept::Files(files) => files.walk(query, visit),
            Kept::Memory(log) => {
                memory::walk(&log.content(), query, visit);
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
            Kept::Memory(log) => Ok(memory::first(&log.content())),
        }
    }
}
