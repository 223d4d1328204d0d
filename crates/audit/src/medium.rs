//! What a trail is written to. A trait, so that a full or failing disk can be had in a test.

use std::{
    fs::File,
    io::{self, Write},
    sync::Arc,
};

use parking_lot::Mutex;

/// An append-only log of bytes.
pub trait Medium: Send + 'static {
    /// Appends `bytes` at the end. After an error any part of them may be there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything appended durable.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the log to `length` bytes.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

/// A file, opened for appending.
#[derive(Debug)]
pub(crate) struct LogFile(pub(crate) File);

impl Medium for LogFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}

/// A log in memory, for a server that keeps nothing and for tests. It holds at most its bound, dropping the oldest
/// lines.
#[derive(Clone, Debug)]
pub struct MemoryLog {
    content: Arc<Mutex<Vec<u8>>>,
    bound: usize,
}

impl MemoryLog {
    /// An empty log of at most `bound` bytes.
    pub fn new(bound: usize) -> Self {
        Self {
            content: Arc::default(),
            bound,
        }
    }

    /// The lines that it holds.
    pub fn content(&self) -> Vec<u8> {
        self.content.lock().clone()
    }
}

impl Medium for MemoryLog {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut content = self.content.lock();
        content.extend_from_slice(bytes);
        if content.len() > self.bound {
            let excess = content.len() - self.bound / 2;
            let cut = content[excess..]
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(content.len(), |at| excess + at + 1);
            content.drain(..cut);
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
