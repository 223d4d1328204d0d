//! A file of JSON lines.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use trent_audit::Entry;
use uuid::Uuid;

use super::{Outlet, Taken, Undelivered};
use crate::events::Target;

/// How much is read at once in looking for the last whole line.
const BLOCK: u64 = 4096;

/// Lines at the end of a file, which is made where there is none. It is opened anew for each piece, so that whoever moves
/// it away, to begin another, need not tell us.
#[derive(Debug)]
pub struct FileTarget {
    path: PathBuf,
    waiting: Vec<u8>,
}

impl FileTarget {
    /// The file at a path.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            waiting: Vec::new(),
        }
    }

    /// Appends lines, on the disk when this answers.
    async fn append(&self, lines: Vec<u8>) -> Result<(), Undelivered> {
        if lines.is_empty() {
            return Ok(());
        }
        let path = self.path.clone();
        let written = tokio::task::spawn_blocking(move || append(&path, &lines)).await;
        let written = written.map_err(io::Error::other).and_then(|written| written);
        written.map_err(|error| Undelivered(format!("{}: {error}", self.path.display())))
    }
}

#[async_trait]
impl Target for FileTarget {
    async fn deliver(&mut self, _id: Uuid, event: &[u8]) -> Result<(), Undelivered> {
        self.waiting.extend_from_slice(event);
        self.waiting.push(b'\n');
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), Undelivered> {
        let lines = std::mem::take(&mut self.waiting);
        self.append(lines).await
    }
}

#[async_trait]
impl Outlet for FileTarget {
    async fn take(&mut self, records: &[Entry]) -> Taken {
        Taken::all_or_none(records, self.append(super::lines_of(records)).await)
    }
}

/// Appends lines behind the last whole one.
fn append(path: &Path, lines: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    let end = end_of_lines(&mut file)?;
    if let Err(error) = file.write_all(lines).and_then(|()| file.sync_data()) {
        // What is there of it comes again.
        let _ = file.set_len(end);
        return Err(error);
    }
    Ok(())
}

/// Where the last whole line ends. What a crash has left behind it is cut off: it comes again.
fn end_of_lines(file: &mut File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let mut position = length;
    while position > 0 {
        let start = position.saturating_sub(BLOCK);
        let mut block = vec![0; usize::try_from(position - start).unwrap_or(0)];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut block)?;
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            position = start + at as u64 + 1;
            break;
        }
        position = start;
    }
    if position < length {
        file.set_len(position)?;
    }
    Ok(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_a_crash_has_torn_is_cut_off_before_the_next() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.jsonl");
        for (before, after) in [
            ("", "new\n"),
            ("one\n", "one\nnew\n"),
            ("one\ntorn", "one\nnew\n"),
            ("torn", "new\n"),
        ] {
            std::fs::write(&path, before).expect("written");
            append(&path, b"new\n").expect("appended");
            assert_eq!(std::fs::read_to_string(&path).expect("read"), after, "{before:?}");
        }
        let long = format!("one\n{}", "x".repeat(10_000));
        std::fs::write(&path, long).expect("written");
        append(&path, b"new\n").expect("appended");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "one\nnew\n");
    }
}
