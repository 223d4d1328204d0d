//! A trail's open segment on a disk: a file whose end may be made ready ahead of what is written into it.
//!
//! Making bytes behind the end of a file durable takes the file system several writes, its own records among them, which
//! everybody who writes files waits for in turn; bytes that the file has already take one. Where somebody waits for each
//! sync, zeros are therefore written ahead, a piece at a time, and records over them. What is left of them is cut off when
//! the segment is closed or the process ends; after a crash the next start does it, since a line has no zeros.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::{
    medium::{Medium, NotBegun},
    segment,
};

/// The least and the most that is made ready at a time; in between, as much as an eighth of what there is.
const AHEAD: (u64, u64) = (64 * 1024, 1024 * 1024);

/// What is made ready.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// The file.
#[derive(Debug)]
pub(crate) struct LogFile {
    file: File,
    path: PathBuf,
    /// Where the next line goes.
    length: u64,
    /// How much of the file is there to be written over; `length` if nothing is.
    ready: u64,
    /// Whether zeros are written ahead.
    ahead: bool,
}

impl LogFile {
    /// A file that was opened for writing, of which `length` bytes are there to stay and nothing else is.
    pub(crate) fn new(file: File, path: &Path, length: u64) -> Self {
        Self {
            file,
            path: path.to_owned(),
            length,
            ready: length,
            ahead: false,
        }
    }

    /// The same file, made ready ahead of what is written into it.
    pub(crate) fn made_ready_ahead(mut self) -> Self {
        self.ahead = true;
        self
    }

    /// Makes everything durable, its size included.
    pub(crate) fn sync_all(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Writes zeros up to somewhere behind `end`. A disk without room for them may have some for what is to be written.
    fn make_ready(&mut self, end: u64) {
        let target = end + (end / 8).clamp(AHEAD.0, AHEAD.1);
        while self.ready < target {
            let left = usize::try_from(target - self.ready).unwrap_or(usize::MAX);
            let piece = &ZEROS[..left.min(ZEROS.len())];
            if self.file.write_all_at(piece, self.ready).is_err() {
                // If they cannot be given back either, they are where the lines go.
                let _ = self.cut_zeros();
                return;
            }
            self.ready += piece.len() as u64;
        }
    }

    fn cut_zeros(&mut self) -> io::Result<()> {
        if self.ready > self.length {
            self.file.set_len(self.length)?;
            self.ready = self.length;
        }
        Ok(())
    }
}

impl Medium for LogFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = self.length + bytes.len() as u64;
        if self.ahead && end > self.ready {
            self.make_ready(end);
        }
        self.file.write_all_at(bytes, self.length)?;
        self.length = end;
        self.ready = self.ready.max(end);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        (self.length, self.ready) = (length, length);
        Ok(())
    }

    /// At every moment the path names a whole file that the chain can go on in: the closed segment has a second name
    /// before the new one takes its first, in one step. What a crash leaves of that is tidied by the next start.
    fn begin_segment(&mut self, first: u64, header: &[u8]) -> Result<(), NotBegun> {
        let next = segment::next_path(&self.path);
        let mut prepare = || {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&next)?;
            file.write_all(header)?;
            file.sync_all()?;
            self.cut_zeros()?;
            self.file.sync_all()?;
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
        (self.length, self.ready) = (header.len() as u64, header.len() as u64);
        Ok(())
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        // What stays is cut off by the next start.
        let _ = self.cut_zeros();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(path: &Path) -> LogFile {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).open(path);
        LogFile::new(file.expect("opened"), path, 0).made_ready_ahead()
    }

    #[test]
    fn lines_go_over_zeros_that_are_there_and_the_rest_is_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trail.jsonl");
        let mut log = opened(&path);
        log.append(b"one\n").expect("written");
        let ready = fs::metadata(&path).expect("there").len();
        assert_eq!(ready, 4 + AHEAD.0);
        log.append(b"two\n").expect("written");
        assert_eq!(fs::metadata(&path).expect("there").len(), ready);
        let content = fs::read(&path).expect("read");
        assert_eq!(
            content.trim_ascii_end().split(|byte| *byte == 0).next(),
            Some(b"one\ntwo\n".as_slice())
        );
        log.truncate(4).expect("cut");
        log.append(b"three\n").expect("written");
        drop(log);
        assert_eq!(fs::read(&path).expect("read"), b"one\nthree\n");
    }

    #[test]
    fn nothing_is_made_ready_where_nobody_waits_for_a_sync() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trail.jsonl");
        let mut log = LogFile::new(File::create(&path).expect("opened"), &path, 0);
        log.append(b"one\n").expect("written");
        log.append(b"two\n").expect("written");
        assert_eq!(fs::read(&path).expect("read"), b"one\ntwo\n");
    }

    #[test]
    fn a_closed_segment_has_no_zeros() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trail.jsonl");
        let mut log = opened(&path);
        log.append(b"one\n").expect("written");
        log.begin_segment(1, b"header\n").expect("begun");
        log.append(b"two\n").expect("written");
        assert_eq!(fs::read(segment::closed_path(&path, 1)).expect("read"), b"one\n");
        let open = fs::read(&path).expect("read");
        assert!(open.starts_with(b"header\ntwo\n\0"), "the next one has");
    }

    #[test]
    fn a_line_longer_than_what_is_made_ready_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trail.jsonl");
        let mut log = opened(&path);
        let line = vec![b'x'; 3 << 20];
        log.append(&line).expect("written");
        drop(log);
        assert_eq!(fs::read(&path).expect("read"), line);
    }
}
