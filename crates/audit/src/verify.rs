//! Walking a whole trail and naming the first line that is not what was written.

use std::{
    fs::File,
    io::{self, BufReader},
    ops::ControlFlow,
    path::Path,
};

use crate::{
    chain::{Head, LineError},
    chains::Chains,
    walk::{Misplaced, Torn, Walk, WalkError},
};

/// What a walk over an intact trail found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Where the trail ends.
    pub head: Head,
    /// How many records come before the file, in those that were before it.
    pub earlier: u64,
    /// What a crash leaves behind the last whole batch, and the next start cuts off.
    pub torn: Torn,
    /// The last record that the store knows this file to have reached: an end that was cut off behind it leaves an
    /// intact trail. `None` if the store's anchor is in another file, so that nothing is known of this one's end.
    pub anchored: Option<u64>,
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
    /// It ends before a place that the store knows it to have reached.
    #[error("it was cut: its record {anchored} was on the disk")]
    Cut {
        /// The last record that the store knows to have been written.
        anchored: u64,
    },
}

/// Checks every line of the trail in the file `path` against the chains that the store knows; `progress` is told how
/// many bytes are done.
pub fn verify(path: &Path, chains: &Chains, mut progress: impl FnMut(u64)) -> Result<Summary, VerifyError> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut walk = Walk::from_start(chains);
    let mut reached = false;
    let walked = walk.run(&mut BufReader::with_capacity(256 * 1024, file), |walk| {
        progress(walk.offset());
        reached |= chains
            .anchor
            .as_ref()
            .is_some_and(|anchor| anchor.head.head == walk.head());
        ControlFlow::Continue(())
    });
    match walked {
        Ok(()) => {}
        Err(WalkError::Io(error)) => return Err(error.into()),
        Err(WalkError::Misplaced(Misplaced {
            line: 1,
            reason: LineError::Malformed,
            ..
        })) => return Err(VerifyError::NotATrail),
        Err(WalkError::Misplaced(Misplaced { line, offset, reason })) => {
            return Err(VerifyError::Damaged { line, offset, reason });
        }
    }
    let first = walk.first.ok_or(VerifyError::NotATrail)?;
    let anchor = chains.anchor.as_ref().filter(|anchor| anchor.trail == first.trail);
    let anchored = anchor.map(|anchor| anchor.head.head.sequence);
    match anchored {
        Some(anchored) if !reached => Err(VerifyError::Cut { anchored }),
        _ => Ok(Summary {
            head: walk.head(),
            earlier: first.sequence,
            torn: Torn {
                bytes: size.saturating_sub(walk.offset()),
                records: walk.unfinished(),
            },
            anchored,
        }),
    }
}
