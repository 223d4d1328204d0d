//! Walking a whole trail and naming the first line that is not what was written.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use crate::chain::{self, Head, LineError};

/// What a walk over an intact trail found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Where the chain ends.
    pub head: Head,
    /// Bytes of a last line without its end, which a crash leaves and the next start cuts off.
    pub torn_bytes: u64,
}

/// Why a trail does not verify.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Its first line is not the header of a trail of a known format.
    #[error("it does not start as an audit trail")]
    NotATrail,
    /// A line is not the one that was written.
    #[error("line {line} (byte {offset}): {reason}")]
    Damaged {
        /// The line's place in the file, counted from 1, the header being the first.
        line: u64,
        /// Where it starts.
        offset: u64,
        /// What is wrong with it.
        reason: LineError,
    },
}

/// Checks every line of the trail in the file `path`; `progress` is told how many bytes are done. A removal of the last
/// lines leaves an intact chain and shows only against a head that was noted elsewhere.
pub fn verify(path: &Path, mut progress: impl FnMut(u64)) -> Result<Summary, VerifyError> {
    let mut file = BufReader::with_capacity(256 * 1024, File::open(path)?);
    let mut line = Vec::new();
    file.read_until(b'\n', &mut line)?;
    let header = line.strip_suffix(b"\n").ok_or(VerifyError::NotATrail)?;
    chain::parse_header(header).map_err(|_| VerifyError::NotATrail)?;
    let mut head = Head::genesis(header);
    let mut offset = line.len() as u64;
    for number in 2.. {
        line.clear();
        file.read_until(b'\n', &mut line)?;
        let Some(text) = line.strip_suffix(b"\n") else { break };
        head.follow(text).map_err(|reason| VerifyError::Damaged {
            line: number,
            offset,
            reason,
        })?;
        offset += line.len() as u64;
        progress(offset);
    }
    Ok(Summary {
        head,
        torn_bytes: line.len() as u64,
    })
}
