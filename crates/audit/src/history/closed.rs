//! Closed segments and their indexes.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use crate::{
    chain::Line,
    index::{Draft, Index, IndexFile, Of, Unusable},
    segment::{self, Segment},
};

/// Bytes read at a time.
const BLOCK: usize = 1024 * 1024;

/// The index of a closed segment, made again if it is missing or damaged.
pub(super) fn open_index(segment: &Segment, file: &File, keep: bool) -> io::Result<Box<dyn Index>> {
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

pub(super) fn not_a_segment(path: &Path) -> io::Error {
    io::Error::other(format!("{} is no audit trail", path.display()))
}

/// Makes the index of a closed segment from its records: in a file, to be kept, or else in memory.
pub(super) fn make_index(segment: &Segment, file: &File, keep: bool) -> io::Result<Box<dyn Index>> {
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
    let mut draft = Draft::new();
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

pub(super) fn is_record(line: &[u8]) -> bool {
    matches!(Line::parse(line), Ok(Line::Record(_)))
}
