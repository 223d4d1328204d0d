//! Opening a trail's file: find where the last process ended it, cut off what a crash left half written, and refuse to
//! continue a trail that was damaged or cut.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, Read, Seek, SeekFrom},
    ops::ControlFlow,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use trent_store::{CommitError, StoreError};
use uuid::Uuid;

use crate::{
    chain::{self, Head, Header, Line, LineError, Mac, Point},
    chains::{Anchor, Chains},
    segment,
    walk::{Misplaced, Torn, Walk, WalkError},
};

/// No header line is longer.
const HEADER: u64 = 512;

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
    #[error(
        "{} is no audit trail that this version reads: something else wrote it, or a build from before the first release. It is left as it is; move it to a safe place to start a new one",
        path.display()
    )]
    NotATrail {
        /// The file.
        path: PathBuf,
    },
    /// The chain is broken behind the place that the last start began to check from.
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
    /// The file ends before a place that the store knows it to have reached.
    #[error(
        "the audit trail {} was cut: its record {anchored} was on the disk. It is left as it is; move it to a safe place to start a new one",
        path.display()
    )]
    Cut {
        /// The file.
        path: PathBuf,
        /// The last record that the store knows to have been written.
        anchored: u64,
    },
    /// The file is a trail, but not the one that the store knows, nor the one begun after it.
    #[error(
        "the audit trail {} is not the one that the store's last record of it names. It is left as it is; move it to a safe place to start a new one",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The store cannot be asked which chains there are.
    #[error("the store cannot be asked about the audit trail: {0}")]
    Store(#[from] StoreError),
    /// The store cannot be told of the new chain.
    #[error("the store cannot be told about the audit trail: {0}")]
    Commit(#[from] CommitError),
}

/// A trail file that is ready for a new chain.
pub(crate) struct Recovered {
    pub(crate) file: File,
    /// The file's id; `None` if it is new.
    pub(crate) trail: Option<Uuid>,
    /// The number of the file's first record, there or yet to come.
    pub(crate) first: u64,
    /// What the new chain comes after.
    pub(crate) sequence: u64,
    pub(crate) after: Mac,
    /// Where the file ends; `None` if it is new.
    pub(crate) end: Option<Point>,
    pub(crate) length: u64,
    pub(crate) torn: Torn,
}

pub(crate) fn open(path: &Path, chains: &Chains) -> Result<Recovered, OpenError> {
    let io = |source| OpenError::Io {
        path: path.to_owned(),
        source,
    };
    let not_a_trail = || OpenError::NotATrail { path: path.to_owned() };
    segment::tidy(path).map_err(io)?;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let size = end_of_text(&file, length).map_err(io)?;
    let whole = end_of_last_line(&file, size).map_err(io)?;
    if whole == 0 {
        // A file of another kind that happens to have no line break is not ours to cut.
        if size > HEADER {
            return Err(not_a_trail());
        }
        return start_new(path, file, size, chains);
    }
    let header = known_header(path, &file, whole, chains)?;
    let mut walk = begin_walk(path, &header, chains, size)?;
    walk_on(path, &file, whole, &mut walk, chains)?;
    let end = walk.point().ok_or_else(not_a_trail)?;
    let torn = Torn {
        bytes: size - end.offset,
        records: walk.unfinished(),
    };
    if length > end.offset {
        file.set_len(end.offset).map_err(io)?;
        file.sync_all().map_err(io)?;
    }
    Ok(Recovered {
        trail: Some(header.trail),
        first: header.sequence + 1,
        sequence: end.head.sequence,
        after: end.head.mac,
        length: end.offset,
        end: Some(end),
        torn,
        file,
    })
}

/// The header of a file that a chain known to the store begins.
fn known_header(path: &Path, file: &File, whole: u64, chains: &Chains) -> Result<Header, OpenError> {
    let io = |source| OpenError::Io {
        path: path.to_owned(),
        source,
    };
    let not_a_trail = || OpenError::NotATrail { path: path.to_owned() };
    let line = read_header(file, whole).map_err(io)?.ok_or_else(not_a_trail)?;
    match (Line::parse(&line), chain::format_of(&line)) {
        (_, Some(format)) if format > chain::FORMAT => Err(OpenError::Newer {
            path: path.to_owned(),
            format,
        }),
        (Ok(Line::Header(header, _)), _) if chains.key(header.chain).is_none() => Err(OpenError::Damaged {
            path: path.to_owned(),
            offset: 0,
            reason: LineError::UnknownChain(header.chain),
        }),
        (Ok(Line::Header(header, _)), _) => Ok(header),
        _ => Err(not_a_trail()),
    }
}

/// Follows a file from where the walk is to its last whole line. It must come past the anchor, if that is in it.
fn walk_on(path: &Path, file: &File, whole: u64, walk: &mut Walk<'_>, chains: &Chains) -> Result<(), OpenError> {
    let io = |source| OpenError::Io {
        path: path.to_owned(),
        source,
    };
    let length = file.metadata().map_err(io)?.len();
    // Zeros behind everything are no hole: else no damage would be any.
    let size = end_of_text(file, length).map_err(io)?;
    let header = segment::header_in(file).map_err(io)?;
    let trail = header.map(|header| header.trail);
    let mut file = file;
    file.seek(SeekFrom::Start(walk.offset())).map_err(io)?;
    let reader = BufReader::with_capacity(256 * 1024, file);
    let anchor = chains.anchor.as_ref().filter(|anchor| Some(anchor.trail) == trail);
    let mut reached = anchor.is_none_or(|anchor| walk.offset() == anchor.head.offset);
    let mut reader = reader.take(whole - walk.offset());
    let walked = walk.run(&mut reader, |walk| {
        reached |= anchor.is_some_and(|anchor| walk.head() == anchor.head.head);
        ControlFlow::Continue(())
    });
    match walked {
        Ok(()) => {}
        Err(WalkError::Io(source)) => return Err(io(source)),
        Err(WalkError::Misplaced(_)) if reached && has_hole(file, walk.offset(), size).map_err(io)? => {}
        Err(WalkError::Misplaced(Misplaced { offset, reason, .. })) => {
            return Err(OpenError::Damaged {
                path: path.to_owned(),
                offset,
                reason,
            });
        }
    }
    match anchor {
        Some(anchor) if !reached => Err(cut(path, anchor)),
        _ => Ok(()),
    }
}

/// Finds where to begin checking: at the anchor before the last, if the store has one for this file.
fn begin_walk<'a>(path: &Path, header: &Header, chains: &'a Chains, size: u64) -> Result<Walk<'a>, OpenError> {
    match &chains.anchor {
        Some(anchor) if anchor.trail == header.trail => {
            if size < anchor.head.offset {
                return Err(cut(path, anchor));
            }
            Ok(match &anchor.start {
                Some(start) => Walk::from_point(chains, anchor.trail, start),
                None => Walk::from_start(chains),
            })
        }
        // Begun when the store knew no file, or after the one that it knows, and not anchored before a crash.
        other => {
            let closed = end_of_closed(path, chains)?;
            let expected = closed.or(other.as_ref().map(|anchor| anchor.head.head));
            if (header.sequence, header.after) == expected.map_or((0, Mac::NONE), successor_of) {
                Ok(Walk::from_start(chains))
            } else {
                Err(OpenError::Foreign { path: path.to_owned() })
            }
        }
    }
}

/// Where the newest closed segment ends, if the anchor is in it: then it may reach further than the anchor.
fn end_of_closed(path: &Path, chains: &Chains) -> Result<Option<Head>, OpenError> {
    let io = |source| OpenError::Io {
        path: path.to_owned(),
        source,
    };
    let (Some(newest), Some(anchor)) = (segment::closed(path).map_err(io)?.pop(), &chains.anchor) else {
        return Ok(None);
    };
    let file = File::open(&newest.path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let header = known_header(&newest.path, &file, size, chains)?;
    if header.trail != anchor.trail {
        return Ok(None);
    }
    let mut walk = begin_walk(&newest.path, &header, chains, size)?;
    walk_on(&newest.path, &file, size, &mut walk, chains)?;
    Ok(Some(walk.head()))
}

/// What the header of a file says that begins where another ends.
fn successor_of(head: Head) -> (u64, Mac) {
    (head.sequence, head.mac)
}

fn cut(path: &Path, anchor: &Anchor) -> OpenError {
    OpenError::Cut {
        path: path.to_owned(),
        anchored: anchor.head.head.sequence,
    }
}

/// A file without a line, which goes on where the file before it is known to have ended.
fn start_new(path: &Path, file: File, torn_bytes: u64, chains: &Chains) -> Result<Recovered, OpenError> {
    let closed = end_of_closed(path, chains)?;
    file.set_len(0).map_err(|source| OpenError::Io {
        path: path.to_owned(),
        source,
    })?;
    let known = chains.anchor.as_ref().map(|anchor| anchor.head.head);
    if let Some(head) = known {
        tracing::warn!(
            record = head.sequence,
            chain = %head.chain,
            "the audit trail that the store knows is gone; a new one begins after its last known record"
        );
    }
    let (sequence, after) = closed.or(known).map_or((0, Mac::NONE), successor_of);
    Ok(Recovered {
        file,
        trail: None,
        first: sequence + 1,
        sequence,
        after,
        end: None,
        length: 0,
        torn: Torn {
            bytes: torn_bytes,
            records: 0,
        },
    })
}

/// The offset just after the last line break, or 0. What follows it, a part of a line or zeros that were never written
/// over, is what a crash left.
pub(crate) fn end_of_last_line(file: &File, size: u64) -> io::Result<u64> {
    end_behind_last(file, size, |byte| byte == b'\n')
}

/// The offset just after the last byte that is not zero, or 0: where lines end in a file that has zeros ahead of them.
pub(crate) fn end_of_text(file: &File, size: u64) -> io::Result<u64> {
    end_behind_last(file, size, |byte| byte != 0)
}

fn end_behind_last(file: &File, size: u64, is_one: impl Fn(u8) -> bool) -> io::Result<u64> {
    let mut block = vec![0; 64 * 1024];
    let mut end = size;
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let part = &mut block[..usize::try_from(end - start).unwrap_or(0)];
        file.read_exact_at(part, start)?;
        if let Some(at) = part.iter().rposition(|byte| is_one(*byte)) {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// Whether there are zeros between two offsets, which no line has: a power cut may keep a later part of a write and not
/// an earlier one. No sync came after either, so nothing that was answered as durable is lost with them. Whoever makes
/// such a hole on purpose could as well have cut the file there.
fn has_hole(file: &File, mut from: u64, to: u64) -> io::Result<bool> {
    let mut block = vec![0; 64 * 1024];
    while from < to {
        let part = &mut block[..usize::try_from(to - from).unwrap_or(usize::MAX).min(64 * 1024)];
        file.read_exact_at(part, from)?;
        if part.contains(&0) {
            return Ok(true);
        }
        from += part.len() as u64;
    }
    Ok(false)
}

/// The first line, without its break; `None` if it is too long to be a header.
fn read_header(file: &File, end: u64) -> io::Result<Option<Vec<u8>>> {
    let mut line = vec![0; usize::try_from(end.min(HEADER)).unwrap_or(0)];
    file.read_exact_at(&mut line, 0)?;
    Ok(line.iter().position(|byte| *byte == b'\n').map(|length| {
        line.truncate(length);
        line
    }))
}
