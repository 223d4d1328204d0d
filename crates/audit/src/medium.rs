//! What a trail is written to. A trait, so that a full or failing disk can be had in a test.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;

use crate::segment;

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

/// A file, opened for appending.
#[derive(Debug)]
pub(crate) struct LogFile {
    file: File,
    path: PathBuf,
}

impl LogFile {
    pub(crate) fn new(file: File, path: &Path) -> Self {
        Self {
            file,
            path: path.to_owned(),
        }
    }

    /// Makes everything durable, its size included.
    pub(crate) fn sync_all(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

impl Medium for LogFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    /// At every moment the path names a whole file that the chain can go on in: the closed segment has a second name
    /// before the new one takes its first, in one step. What a crash leaves of that is tidied by the next start.
    fn begin_segment(&mut self, first: u64, header: &[u8]) -> Result<(), NotBegun> {
        let next = segment::next_path(&self.path);
        let prepare = || {
            let mut file = OpenOptions::new()
                .read(true)
                .append(true)
                .create_new(true)
                .mode(0o600)
                .open(&next)?;
            file.write_all(header)?;
            file.sync_all()?;
            fs::hard_link(&self.path, segment::closed_path(&self.path, first))?;
            segment::sync_folder_of(&self.path)?;
            Ok(file)
        };
        let file = prepare().map_err(|error| {
            // The next attempt would do the same.
            drop(segment::tidy(&self.path));
            NotBegun::AsBefore(error)
        })?;
        let replaced = fs::rename(&next, &self.path).and_then(|()| segment::sync_folder_of(&self.path));
        replaced.map_err(NotBegun::Unknown)?;
        self.file = file;
        Ok(())
    }
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
