//! Opening a trail after any end of the process before: find where the chain stands, cut what a crash left half written,
//! and refuse to continue a chain that was damaged.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::chain::{self, Head, Line, LineError};

/// How much of the end of the file is checked at open; `verify` checks all of it.
const CHECKED: u64 = 1024 * 1024;

/// Why a trail cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its folder cannot be used.
    #[error("the audit trail {} cannot be opened: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A newer release wrote it.
    #[error("the audit trail {} has format {format}, which this release does not know (it knows {})", path.display(), chain::FORMAT)]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u64,
    },
    /// The file is something else.
    #[error("{} is not an audit trail", path.display())]
    NotATrail {
        /// The file.
        path: PathBuf,
    },
    /// The chain is broken near its end.
    #[error(
        "the audit trail {} is damaged at byte {offset}: {reason}. It is left as it is; move it to a safe place to start a new one",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the first bad line starts.
        offset: u64,
        /// What is wrong with it.
        reason: LineError,
    },
}

/// A trail file that is ready for appending.
pub(crate) struct Recovered {
    pub(crate) file: File,
    pub(crate) chain: Uuid,
    pub(crate) head: Head,
    pub(crate) length: u64,
    pub(crate) torn_bytes: u64,
}

pub(crate) fn open(path: &Path) -> Result<Recovered, OpenError> {
    let io = |source| OpenError::Io {
        path: path.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let end = end_of_last_line(&file, size).map_err(io)?;
    if end == 0 {
        return start_new(file, path, size);
    }
    let header = read_header(&file, end).map_err(io)?;
    let header = header.ok_or_else(|| OpenError::NotATrail { path: path.to_owned() })?;
    let chain = chain::parse_header(&header).map_err(|format| match format {
        Some(format) if format > chain::FORMAT => OpenError::Newer {
            path: path.to_owned(),
            format,
        },
        _ => OpenError::NotATrail { path: path.to_owned() },
    })?;
    let genesis = Head::genesis(&header);
    let first = header.len() as u64 + 1;
    let head = check_end(&file, first, end, genesis).map_err(|error| match error {
        EndError::Io(source) => io(source),
        EndError::Line { offset, reason } => OpenError::Damaged {
            path: path.to_owned(),
            offset,
            reason,
        },
    })?;
    if end < size {
        file.set_len(end).map_err(io)?;
        file.sync_all().map_err(io)?;
        tracing::warn!(bytes = size - end, "cut a torn last line off the audit trail");
    }
    Ok(Recovered {
        file,
        chain,
        head,
        length: end,
        torn_bytes: size - end,
    })
}

/// Makes the header durable, and with it the file's name in its folder.
fn start_new(mut file: File, path: &Path, torn_bytes: u64) -> Result<Recovered, OpenError> {
    let io = |source| OpenError::Io {
        path: path.to_owned(),
        source,
    };
    // A file of another kind that happens to have no line break is not ours to cut.
    if torn_bytes > 256 {
        return Err(OpenError::NotATrail { path: path.to_owned() });
    }
    file.set_len(0).map_err(io)?;
    let mut id = [0; 16];
    aws_lc_rs::rand::fill(&mut id).map_err(|_| io(io::Error::other("no randomness")))?;
    let chain = uuid::Builder::from_random_bytes(id).into_uuid();
    let (header, head) = chain::begin(chain);
    file.write_all(&header).map_err(io)?;
    file.sync_all().map_err(io)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    }
    Ok(Recovered {
        file,
        chain,
        head,
        length: header.len() as u64,
        torn_bytes,
    })
}

/// The offset just after the last line break, or 0. What follows it, a part of a line or blocks of zeros that the disk
/// never filled, is what a crash left.
fn end_of_last_line(file: &File, size: u64) -> io::Result<u64> {
    let mut block = vec![0; 64 * 1024];
    let mut end = size;
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let part = &mut block[..usize::try_from(end - start).unwrap_or(0)];
        file.read_exact_at(part, start)?;
        if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// The first line, without its break; `None` if it is too long to be a header.
fn read_header(file: &File, end: u64) -> io::Result<Option<Vec<u8>>> {
    let mut line = vec![0; usize::try_from(end.min(256)).unwrap_or(256)];
    file.read_exact_at(&mut line, 0)?;
    Ok(line.iter().position(|byte| *byte == b'\n').map(|length| {
        line.truncate(length);
        line
    }))
}

enum EndError {
    Io(io::Error),
    Line { offset: u64, reason: LineError },
}

/// Checks the last lines and returns the chain's head. `first` is where the first event's line starts.
fn check_end(file: &File, first: u64, end: u64, genesis: Head) -> Result<Head, EndError> {
    let start = end.saturating_sub(CHECKED).max(first);
    let mut window = vec![0; usize::try_from(end - start).unwrap_or(0)];
    file.read_exact_at(&mut window, start).map_err(EndError::Io)?;
    // Unless it starts at the first line, the window starts inside a line; that one is left out.
    let (skipped, mut head) = if start == first {
        (0, Some(genesis))
    } else {
        (
            window.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1),
            None,
        )
    };
    let mut offset = start + skipped as u64;
    for line in window[skipped..].split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let checked = match &mut head {
            Some(head) => head.follow(text).map(|_| ()),
            None => Line::parse(text).and_then(|line| {
                line.check()?;
                head = Some(line.head());
                Ok(())
            }),
        };
        checked.map_err(|reason| EndError::Line { offset, reason })?;
        offset += line.len() as u64;
    }
    head.ok_or(EndError::Line {
        offset: start,
        reason: LineError::Malformed,
    })
}
