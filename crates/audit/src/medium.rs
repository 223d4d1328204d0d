//! What a trail is written to. A trait, so that a full or failing disk can be had in a test.

use std::{io, sync::Arc};

use parking_lot::Mutex;

/// An append-only log of bytes.
pub trait Medium: Send + 'static {
    /// Appends `bytes` at the end. After an error any part of them may be there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything appended durable.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the log to `length` bytes.
    fn truncate(&mut self, length: u64) -> io::Result<()>;

    /// Puts everything aside as the segment whose first record has the number `first`, and begins the next with the line
    /// `header`, durably. Everything appended was made durable before. A log of one piece cannot.
    fn begin_segment(&mut self, _first: u64, _header: &[u8]) -> Result<(), NotBegun> {
        Err(NotBegun::AsBefore(io::ErrorKind::Unsupported.into()))
    }
}

/// Why there is no new segment.
#[derive(Debug)]
pub enum NotBegun {
    /// The log goes on as it was.
    AsBefore(io::Error),
    /// What a restart would find is not known.
    Unknown(io::Error),
}

/// A log in memory, for a server that keeps nothing and for tests. It holds at most its bound, dropping the oldest
/// lines.
#[derive(Clone, Debug)]
pub struct MemoryLog {
    held: Arc<Mutex<Held>>,
    bound: usize,
}

#[derive(Debug, Default)]
struct Held {
    content: Vec<u8>,
    /// How many bytes were dropped before it.
    dropped: u64,
}

impl MemoryLog {
    /// An empty log of at most `bound` bytes.
    pub fn new(bound: usize) -> Self {
        Self {
            held: Arc::default(),
            bound,
        }
    }

    /// The lines that it holds.
    pub fn content(&self) -> Vec<u8> {
        self.held.lock().content.clone()
    }

    /// What was appended behind the first `offset` bytes, at most `most` of it, and where that begins: later, if lines
    /// were dropped since.
    pub(crate) fn read_behind(&self, offset: u64, most: usize) -> (u64, Vec<u8>) {
        let held = self.held.lock();
        let skipped = usize::try_from(offset.saturating_sub(held.dropped)).unwrap_or(usize::MAX);
        let rest = held.content.get(skipped..).unwrap_or_default();
        (offset.max(held.dropped), rest[..rest.len().min(most)].to_vec())
    }
}

impl Medium for MemoryLog {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut held = self.held.lock();
        held.content.extend_from_slice(bytes);
        if held.content.len() > self.bound {
            let excess = held.content.len() - self.bound / 2;
            let cut = held.content[excess..]
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(held.content.len(), |at| excess + at + 1);
            held.content.drain(..cut);
            held.dropped += cut as u64;
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, _length: u64) -> io::Result<()> {
        Ok(())
    }
}
