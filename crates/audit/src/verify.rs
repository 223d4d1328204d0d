//! Walking a whole trail, segment by segment, and naming the first line that is not what was written.

use std::{
    fs::File,
    io::{self, BufReader},
    ops::ControlFlow,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{
    chain::{Head, LineError, Mac},
    chains::{Chains, Floor},
    recovery::end_of_text,
    segment::{self, Segment},
    walk::{Misplaced, Torn, Walk, WalkError},
};

/// What a walk over an intact trail found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Where the trail ends.
    pub head: Head,
    /// How many records come before the first one that is there: those that need not be kept any more.
    pub earlier: u64,
    /// The files that it is in.
    pub segments: u64,
    /// What a crash leaves behind the last whole batch, and the next start cuts off.
    pub torn: Torn,
    /// The last record that the store knows to have been written: an end that was cut off behind it leaves an intact
    /// trail. `None` if the store knows of none yet.
    pub anchored: Option<u64>,
}

impl Summary {
    /// The same for whoever asks over a wire or in a script.
    pub fn to_json(&self) -> serde_json::Value {
        let anchored = self.anchored.unwrap_or(0);
        serde_json::json!({
            "Intact": true,
            "NoLongerKept": self.earlier,
            "LastRecord": self.head.sequence,
            "Files": self.segments,
            "Anchored": self.anchored,
            "Unanchored": self.head.sequence.saturating_sub(anchored),
            "TornBytes": self.torn.bytes,
            "TornRecords": self.torn.records,
        })
    }
}

/// Why a trail does not verify.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// There is no open segment, and there was one.
    #[error("{} is missing", .0.display())]
    Missing(PathBuf),
    /// Its first line is not the header of a trail of a known format.
    #[error("{} does not start as an audit trail", .0.display())]
    NotATrail(PathBuf),
    /// A line is not the one that was written.
    #[error("{}, line {line} (byte {offset}), behind record {record}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line's place in the file, counted from 1, the header being the first.
        line: u64,
        /// Where it starts.
        offset: u64,
        /// The number of the last record that is known to be right.
        record: u64,
        /// What is wrong with it.
        reason: LineError,
    },
    /// It ends before a place that the store knows it to have reached.
    #[error("it was cut: its record {anchored} was on the disk")]
    Cut {
        /// The last record that the store knows to have been written.
        anchored: u64,
    },
    /// Records are missing whole that are to be kept.
    #[error("records {first} to {last} are missing: a segment was removed before {}", before.display())]
    Removed {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
        /// The file that comes next.
        before: PathBuf,
    },
    /// A closed segment does not end as it was closed.
    #[error("{} ends with record {record} and bytes that no chain line covers", path.display())]
    Unclosed {
        /// The file.
        path: PathBuf,
        /// The last record of it that is right.
        record: u64,
    },
    /// A segment is not the one that belongs where it is.
    #[error("{} does not continue the segment before it: segments were exchanged, put back or removed", .0.display())]
    Misplaced(PathBuf),
}

impl VerifyError {
    /// The same for whoever asks over a wire or in a script.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "Intact": false, "Fault": self.to_string() })
    }
}

/// How far a verification has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that were checked.
    pub done: u64,
    /// All bytes that there were at the beginning.
    pub total: u64,
}

/// The files of a trail at a moment: what is verified while somebody may be writing it. To be taken before the chains that
/// it is checked against are read.
pub struct Files {
    path: PathBuf,
    /// `None` if it is not there.
    open: Option<File>,
    closed: Vec<Segment>,
    total: u64,
}

impl Files {
    /// The files of the trail whose open segment is `path`.
    pub fn of(path: &Path) -> io::Result<Self> {
        let open = match File::open(path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let metadata = open.as_ref().map(File::metadata).transpose()?;
        let mut total = metadata.as_ref().map_or(0, std::fs::Metadata::len);
        let mut closed = Vec::new();
        for segment in segment::closed(path)? {
            let of = std::fs::metadata(&segment.path)?;
            // Closed since.
            if metadata
                .as_ref()
                .is_none_or(|open| (of.dev(), of.ino()) != (open.dev(), open.ino()))
            {
                total += of.len();
                closed.push(segment);
            }
        }
        Ok(Self {
            path: path.to_owned(),
            open,
            closed,
            total,
        })
    }
}

/// Checks every line of the trail whose open segment is `path` against the chains that the store knows; `progress` is
/// told how much is done.
pub fn verify(path: &Path, chains: &Chains, progress: impl FnMut(Progress)) -> Result<Summary, VerifyError> {
    verify_after(Files::of(path)?, chains, 0, progress)
}

/// The same of files of which the records up to the number `gone` are known to be gone.
pub fn verify_after(
    files: Files,
    chains: &Chains,
    gone: u64,
    mut progress: impl FnMut(Progress),
) -> Result<Summary, VerifyError> {
    let mut course = Course {
        chains,
        gone,
        reached: false,
        done: 0,
        total: files.total,
        end: None,
        earlier: 0,
    };
    for segment in &files.closed {
        course.check_closed(segment, &mut progress)?;
    }
    let anchored = chains.anchor.as_ref().map(|anchor| anchor.head.head.sequence);
    let Some(open) = files.open else {
        return Err(match anchored {
            Some(_) => VerifyError::Missing(files.path),
            None => io::Error::from(io::ErrorKind::NotFound).into(),
        });
    };
    if let (Some(anchored), 0) = (anchored, open.metadata()?.len()) {
        return Err(VerifyError::Cut { anchored });
    }
    let torn = course.check(&files.path, open, &mut progress)?;
    match (anchored, course.end) {
        (Some(anchored), _) if !course.reached => Err(VerifyError::Cut { anchored }),
        (_, None) => Err(VerifyError::NotATrail(files.path)),
        (_, Some(head)) => Ok(Summary {
            head,
            earlier: course.earlier,
            segments: files.closed.len() as u64 + 1,
            torn,
            anchored,
        }),
    }
}

/// A verification under way, between two segments.
struct Course<'a> {
    chains: &'a Chains,
    gone: u64,
    /// Whether the anchor was passed.
    reached: bool,
    done: u64,
    total: u64,
    /// Where the segment before ends.
    end: Option<Head>,
    earlier: u64,
}

impl Course<'_> {
    fn check_closed(&mut self, segment: &Segment, progress: &mut impl FnMut(Progress)) -> Result<(), VerifyError> {
        let file = match File::open(&segment.path) {
            Ok(file) => file,
            // Removed since, as it may be.
            Err(error) if error.kind() == io::ErrorKind::NotFound && segment.first <= self.chains.floor.sequence => {
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let named = segment::header_in(&file)?.map(|header| header.sequence + 1);
        if named.is_some_and(|first| first != segment.first) {
            return Err(VerifyError::Misplaced(segment.path.clone()));
        }
        let torn = self.check(&segment.path, file, progress)?;
        match self.end {
            Some(end) if torn != Torn::default() => Err(VerifyError::Unclosed {
                path: segment.path.clone(),
                record: end.sequence,
            }),
            _ => Ok(()),
        }
    }

    /// Follows one segment to its end.
    fn check(&mut self, path: &Path, file: File, progress: &mut impl FnMut(Progress)) -> Result<Torn, VerifyError> {
        let size = end_of_text(&file, file.metadata()?.len())?;
        let header = segment::header_in(&file)?.ok_or_else(|| VerifyError::NotATrail(path.to_owned()))?;
        // Told once the header is known to be one that was written.
        let place = self.check_place(path, header.sequence, header.after);
        let anchor = self.chains.anchor.as_ref().map(|anchor| anchor.head.head);
        let (done, total) = (self.done, self.total);
        let mut reached = anchor.is_some_and(|anchor| (anchor.sequence, anchor.mac) == (header.sequence, header.after));
        let mut walk = Walk::from_start(self.chains);
        let mut entered = false;
        let walked = walk.run(&mut BufReader::with_capacity(256 * 1024, file), |walk| {
            progress(Progress {
                done: done + walk.offset(),
                total,
            });
            reached |= anchor == Some(walk.head());
            entered = true;
            match place {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(LineError::Unlinked),
            }
        });
        if entered {
            place?;
        }
        let record = if entered {
            walk.head().sequence
        } else {
            // What a header says of itself is nothing to go by before it is known to be right.
            let Floor { sequence: floor, .. } = self.chains.floor;
            self.end.map_or(header.sequence.min(floor), |end| end.sequence)
        };
        match walked {
            Ok(()) => {}
            Err(WalkError::Io(error)) => return Err(error.into()),
            Err(WalkError::Misplaced(Misplaced { line, offset, reason })) => {
                return Err(VerifyError::Damaged {
                    path: path.to_owned(),
                    line,
                    offset,
                    record,
                    reason,
                });
            }
        }
        if walk.first.is_none() {
            return Err(VerifyError::NotATrail(path.to_owned()));
        }
        self.reached |= reached;
        self.done += size;
        self.end = Some(walk.head());
        Ok(Torn {
            bytes: size.saturating_sub(walk.offset()),
            records: walk.unfinished(),
        })
    }

    /// Whether a segment that comes after so many records, and after a mac, is the next one.
    fn check_place(&mut self, path: &Path, sequence: u64, after: Mac) -> Result<(), VerifyError> {
        let Floor { sequence: floor, mac } = self.chains.floor;
        let (expected, known) = match self.end {
            // Not all of what need not be kept was removed.
            Some(end) if sequence > end.sequence && sequence <= floor.max(self.gone) => (sequence, None),
            Some(end) => (end.sequence, Some(end.mac)),
            None => {
                self.earlier = sequence;
                if sequence == floor && floor > 0 {
                    (floor, Some(mac))
                } else {
                    // Older than what has to be kept: removing it did not come to its end.
                    (sequence.min(floor.max(self.gone)), None)
                }
            }
        };
        if sequence > expected {
            return Err(VerifyError::Removed {
                first: expected + 1,
                last: sequence,
                before: path.to_owned(),
            });
        }
        if sequence < expected || known.is_some_and(|known| known != after) {
            return Err(VerifyError::Misplaced(path.to_owned()));
        }
        Ok(())
    }
}
