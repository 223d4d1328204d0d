//! Closing segments and removing the oldest: what keeps a trail's files at a size that can be handled.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::rand;
use tokio::sync::oneshot;
use trent_crypto::Key256;
use trent_store::CommitError;
use uuid::Uuid;

use crate::{chains, queue::TrailError, recorded::Recorded, segment, trail::Trail};

/// A segment that is to be begun.
pub(crate) struct Rotation {
    /// The id of its chain, and of the segment.
    pub(crate) chain: Uuid,
    /// The chain's first key, which the store knows.
    pub(crate) key: Key256,
    pub(crate) done: oneshot::Sender<Result<(), RotationError>>,
}

/// When a segment is closed, and how long it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// A segment is closed when it is this large,
    pub segment_size: u64,
    /// or when its first record is this old.
    pub segment_age: Duration,
    /// Closed segments are removed once their last record is older than this.
    pub age: Option<Duration>,
    /// The oldest closed segments are removed while all together are larger than this.
    pub size: Option<u64>,
}

impl Default for Keeping {
    /// Everything is kept, in segments of 64 MiB or a week.
    fn default() -> Self {
        Self {
            segment_size: 64 << 20,
            segment_age: Duration::from_hours(7 * 24),
            age: None,
            size: None,
        }
    }
}

/// How many times as long, and as large, what somebody is still to get is kept: a disk has an end.
pub const PATIENCE: u32 = 2;

/// What was removed of the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// How many records.
    pub records: u64,
    /// The number of the first record that is still there.
    pub next: u64,
}

/// Why no segment was begun or removed. What was recorded is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// A file cannot be made, moved, read or removed.
    #[error("the audit trail's files cannot be moved: {0}")]
    Io(#[from] io::Error),
    /// The store does not take what it has to know before.
    #[error("the store cannot be told about the audit trail: {0}")]
    Commit(#[from] CommitError),
    /// The trail takes nothing.
    #[error(transparent)]
    Trail(#[from] TrailError),
}

impl Trail {
    /// Closes the open segment if it is due, and tells whether it was. `now` is the time since the Unix epoch.
    pub async fn rotate_if_due(&self, keeping: &Keeping, now: Duration) -> Result<bool, RotationError> {
        let Some(path) = self.path() else { return Ok(false) };
        let reached = self.reached();
        if reached.point.head.sequence < reached.first {
            return Ok(false);
        }
        let full = reached.point.offset >= keeping.segment_size;
        if full || self.began(path, reached.segment)? + keeping.segment_age <= now {
            self.rotate().await?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Closes the open segment, which has a record, and begins the next. A trail in memory has none.
    pub async fn rotate(&self) -> Result<(), RotationError> {
        let Some(anchors) = self.anchors() else { return Ok(()) };
        // There is never more than one segment behind the one that the store knows.
        self.anchor().await?;
        let (mut id, mut key) = ([0; 16], Key256::new([0; 32]));
        let drawn = rand::fill(&mut id).and_then(|()| rand::fill(key.expose_mut()));
        drawn.map_err(|_| io::Error::other("no randomness"))?;
        let chain = uuid::Builder::from_random_bytes(id).into_uuid();
        chains::register(anchors.store(), chain, &key).await?;
        let (done, answer) = oneshot::channel();
        self.ask_for_segment(Rotation { chain, key, done })?;
        answer.await.map_err(|_| TrailError::Closed)?
    }

    /// Removes the closed segments that need not be kept, oldest first, and tells how many records they had.
    /// `may_remove` is asked whether what was to be kept until a time, since the Unix epoch, may be removed.
    pub async fn expire(&self, keeping: &Keeping, may_remove: impl Fn(Duration) -> bool) -> Result<u64, RotationError> {
        let removed = self.expire_delivered(keeping, u64::MAX, may_remove).await?;
        Ok(removed.map_or(0, |removed| removed.records))
    }

    /// The same where somebody is still to get the records from number `awaited` on: segments with any of these are kept
    /// for [`PATIENCE`] times as long, and up to that many times the size. `None`: nothing was removed.
    pub async fn expire_delivered(
        &self,
        keeping: &Keeping,
        awaited: u64,
        may_remove: impl Fn(Duration) -> bool,
    ) -> Result<Option<Removed>, RotationError> {
        let (Some(path), Some(anchors)) = (self.path(), self.anchors()) else {
            return Ok(None);
        };
        let mut segments = segment::closed(path)?;
        let mut sizes = Vec::with_capacity(segments.len() + 1);
        for segment in &segments {
            sizes.push(fs::metadata(&segment.path)?.len());
        }
        let open = self.reached();
        segments.push(segment::Segment {
            first: open.first,
            path: path.to_owned(),
        });
        // Its file may be longer: what is made ready ahead.
        sizes.push(open.point.offset);
        let mut total: u64 = sizes.iter().sum();
        let mut gone = Vec::new();
        for ((segment, next), size) in segments.iter().zip(&segments[1..]).zip(sizes) {
            let patience = if next.first > awaited { PATIENCE } else { 1 };
            let most = keeping.size.map(|most| most.saturating_mul(patience.into()));
            let too_much = most.is_some_and(|most| total > most);
            let too_old = match keeping.age {
                Some(age) if !too_much => {
                    let age = age.saturating_mul(patience);
                    may_remove(written_last(&segment.path)?.saturating_add(age))
                }
                _ => false,
            };
            if !too_much && !too_old {
                break;
            }
            total -= size;
            gone.push((segment.path.clone(), next));
        }
        let Some((_, kept)) = gone.last() else {
            return Ok(None);
        };
        let header = segment::header_of(&kept.path)?;
        let header = header.filter(|header| header.sequence + 1 == kept.first);
        let header = header.ok_or_else(|| io::Error::other(format!("{} is damaged", kept.path.display())))?;
        // Told before it is done: what is missing without having been told of was taken away by somebody else.
        chains::note_floor(anchors.store(), &header).await?;
        for (path, _) in &gone {
            remove(path)?;
        }
        segment::sync_folder_of(path)?;
        Ok(Some(Removed {
            records: kept.first - segments[0].first,
            next: kept.first,
        }))
    }

    /// When the first record of the open segment was made.
    fn began(&self, path: &Path, segment: Uuid) -> io::Result<Duration> {
        let mut known = self.known_beginning().lock();
        if let Some((_, time)) = known.filter(|(of, _)| *of == segment) {
            return Ok(time);
        }
        let record = segment::first_record(path)?;
        let time = record
            .as_deref()
            .and_then(Recorded::read)
            .map(|record| record.seconds());
        // A record that cannot be read is nothing to go by, and verifying is what finds it.
        let time = time.map_or_else(since_epoch, Duration::from_secs);
        *known = Some((segment, time));
        Ok(time)
    }
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// When a closed segment was written last: nobody writes it again.
fn written_last(path: &Path) -> io::Result<Duration> {
    let modified = fs::metadata(path)?.modified()?;
    Ok(modified.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Removes a segment and its index.
fn remove(path: &PathBuf) -> io::Result<()> {
    for path in [&segment::index_path(path), path] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
