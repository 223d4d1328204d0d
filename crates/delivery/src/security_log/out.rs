//! Where lines of the security log are written.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::Destination;

/// An open destination.
pub(super) enum Out {
    File(LogFile),
    Stdout,
}

impl Out {
    pub(super) fn open(destination: Destination) -> io::Result<Self> {
        Ok(match destination {
            Destination::Stdout => Self::Stdout,
            Destination::File { path, largest } => Self::File(LogFile::open(path, largest)?),
        })
    }

    pub(super) fn write(&mut self, line: &[u8]) {
        match self {
            _ if line.is_empty() => {}
            // Who closes it does not want it.
            Self::Stdout => drop(io::stdout().write_all(line)),
            Self::File(file) => file.write(line),
        }
    }
}

/// A file that is put aside when it has its size.
pub(super) struct LogFile {
    file: File,
    path: PathBuf,
    size: u64,
    largest: u64,
    /// Whether its last line is not whole: a crash or a full disk has left a part of it.
    is_torn: bool,
    /// Whether the last line could not be written.
    failed: bool,
}

impl LogFile {
    pub(super) fn open(path: PathBuf, largest: u64) -> io::Result<Self> {
        let file = append_to(&path)?;
        Ok(Self {
            size: file.metadata()?.len(),
            is_torn: is_torn(&file)?,
            file,
            path,
            largest,
            failed: false,
        })
    }

    /// Writes a line; that this begins to fail is told once.
    fn write(&mut self, line: &[u8]) {
        let written = self.put_aside_if_full().and_then(|()| self.append(line));
        if let (Err(error), false) = (&written, self.failed) {
            tracing::error!(%error, file = %self.path.display(), "the security log cannot be written");
        }
        self.failed = written.is_err();
    }

    /// Begins a new file if the one that there is has its size.
    fn put_aside_if_full(&mut self) -> io::Result<()> {
        if self.size < self.largest {
            return Ok(());
        }
        std::fs::rename(&self.path, aside_of(&self.path))?;
        self.file = append_to(&self.path)?;
        (self.size, self.is_torn) = (0, false);
        Ok(())
    }

    /// Adds a line, apart from what may be there of another.
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let line = if self.is_torn {
            Cow::Owned([b"\n", line].concat())
        } else {
            Cow::Borrowed(line)
        };
        self.size += line.len() as u64;
        let written = self.file.write_all(&line);
        self.is_torn = written.is_err() && is_torn(&self.file).unwrap_or(true);
        written
    }
}

/// Whether a file ends in the middle of a line.
fn is_torn(file: &File) -> io::Result<bool> {
    let Some(last) = file.metadata()?.len().checked_sub(1) else {
        return Ok(false);
    };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte != *b"\n")
}

/// Where a file that has its size is put.
pub(super) fn aside_of(path: &Path) -> PathBuf {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".1");
    aside.into()
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crash_left_of_a_line_stays_apart_from_the_next() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("security.jsonl");
        for (before, after) in [
            ("", "{new}\n{next}\n"),
            ("{one}\n", "{one}\n{new}\n{next}\n"),
            ("{one}\n{to", "{one}\n{to\n{new}\n{next}\n"),
        ] {
            std::fs::write(&path, before).expect("written");
            let mut out = LogFile::open(path.clone(), u64::MAX).expect("opened");
            out.write(b"{new}\n");
            out.write(b"{next}\n");
            assert_eq!(std::fs::read_to_string(&path).expect("read"), after, "{before:?}");
            assert_eq!(out.size, after.len() as u64);
        }
        // A new file begins with a line.
        std::fs::write(&path, "{one}\n{to").expect("written");
        LogFile::open(path.clone(), 4).expect("opened").write(b"{new}\n");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "{new}\n");
    }

    #[test]
    fn what_a_full_disk_left_of_a_line_stays_apart_from_the_next() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("security.jsonl");
        for (left, after) in [("{to", "{one}\n{to\n{new}\n"), ("", "{one}\n{new}\n")] {
            std::fs::write(&path, "{one}\n").expect("written");
            let mut out = LogFile::open(path.clone(), u64::MAX).expect("opened");
            let whole = std::mem::replace(&mut out.file, File::open(&path).expect("opened to be read"));
            (&whole).write_all(left.as_bytes()).expect("written");
            out.write(b"{torn}\n");
            assert!(out.failed);
            out.file = whole;
            out.write(b"{new}\n");
            assert!(!out.failed);
            assert_eq!(std::fs::read_to_string(&path).expect("read"), after, "{left:?}");
        }
    }
}
