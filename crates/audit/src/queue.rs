//! What the appends and the writer thread share: the records that wait, and how the trail is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::{Notify, oneshot};
use trent_metrics::Histogram;

use crate::{
    chain::Reached,
    event::Rendered,
    gathering,
    index::{Lines, Unindexed},
    rotation::Rotation,
};

/// Records are written when about so many bytes of them wait, in either mode: few calls, a batch that stays in the
/// processor's cache, and no long turn of the writer on a processor that serves requests too (authenticating a piece takes
/// some 150 microseconds without SHA extensions, and the request that meets it waits as long).
pub(crate) const PIECE: usize = 48 * 1024;

/// How long records that came during a sync wait for workers to sleep. Those that come when nothing is under way need no
/// bound: their worker itself is awake.
pub(crate) const GATHERING: Duration = Duration::from_millis(1);

/// The most that may wait in memory in [`Mode::Durable`].
const DURABLE_BOUND: usize = 16 * 1024 * 1024;

/// How long an append waits for room before it gives up on a disk that does not answer.
pub(crate) const STALL_LIMIT: Duration = Duration::from_secs(5);

/// What an append waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The record is on the disk when the append answers.
    Durable,
    /// The append answers at once. A crash loses at most what came within the last `flush_interval` (plus the time of
    /// one write) and never more than `max_bytes` of records.
    Buffered {
        /// How long a record may wait in memory before it is written.
        flush_interval: Duration,
        /// The most that may wait in memory; beyond it appends wait for the disk.
        max_bytes: usize,
    },
    /// Nothing is kept. For measuring what a trail costs.
    Discarding,
}

impl Mode {
    /// The buffered mode with its usual bounds: 200 ms, 16 MiB.
    pub const fn buffered() -> Self {
        Self::Buffered {
            flush_interval: Duration::from_millis(200),
            max_bytes: 16 * 1024 * 1024,
        }
    }

    pub(crate) fn bound(self) -> usize {
        match self {
            Self::Durable | Self::Discarding => DURABLE_BOUND,
            Self::Buffered { max_bytes, .. } => max_bytes,
        }
    }
}

/// Why a record is not in the trail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrailError {
    /// The record could not be written; a later one may be, for example once the disk has room again.
    #[error("the audit trail cannot be written: {0}")]
    Unwritable(Arc<str>),
    /// The trail may no longer be relied on, and takes no record until the server is started again.
    #[error("the audit trail has failed and takes no record until a restart: {0}")]
    Failed(Arc<str>),
    /// The disk has not taken the records before this one for too long.
    #[error("the audit trail's disk has not answered for {} s", STALL_LIMIT.as_secs())]
    Stalled,
    /// The trail was closed.
    #[error("the audit trail is closed")]
    Closed,
}

/// How the trail is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// The last write succeeded.
    Healthy,
    /// The last write failed; it is tried again.
    Unwritable(Arc<str>),
    /// Nothing is written until a restart.
    Failed(Arc<str>),
}

/// The answer that an append or a flush waits for.
pub(crate) type Answer = Result<(), TrailError>;

/// What the appends and the writer thread share.
pub(crate) struct Shared {
    pub(crate) mode: Mode,
    pub(crate) queue: Mutex<Queue>,
    /// Records wait until a worker sleeps.
    pub(crate) gathering: AtomicBool,
    /// What the index of the open segment lacks; a trail in memory has none.
    pub(crate) unindexed: Option<Unindexed>,
    /// Wakes the writer.
    pub(crate) work: Condvar,
    /// Wakes appends that wait for room.
    pub(crate) room: Notify,
    /// The number of the last record known to be on the disk.
    pub(crate) durable: AtomicU64,
    /// How far the trail is known to be on the disk.
    pub(crate) reached: Mutex<Reached>,
    /// How long each sync took.
    pub(crate) syncs: Histogram<1>,
    /// When the last sync ended, in milliseconds since the Unix epoch.
    pub(crate) synced_at: AtomicI64,
}

/// What waits to be written.
pub(crate) struct Queue {
    pub(crate) batch: Batch,
    /// Bytes of records that the writer has taken and not yet made durable.
    pub(crate) in_flight: usize,
    /// The batch that the writer has now.
    pub(crate) under_way: Option<UnderWay>,
    /// Somebody waits: what is there should be made durable now.
    pub(crate) urgent: bool,
    /// The writer sleeps no longer than until a deadline: a record need not wake it.
    pub(crate) timed: bool,
    pub(crate) closed: bool,
    /// The segment that is to be begun behind the next batch.
    pub(crate) rotation: Option<Rotation>,
    pub(crate) health: Health,
}

/// What the writer is busy with.
pub(crate) struct UnderWay {
    since: Instant,
    /// Who waits for it.
    waiters: Vec<oneshot::Sender<Answer>>,
}

/// Records in the order of their appends: their lines end to end, and who waits for which.
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) records: Vec<Entry>,
    /// What the records are found by; `None` if that is to be read from them.
    pub(crate) lines: Option<Lines>,
    /// Callers of `flush` and appends, to be answered when the batch is durable.
    pub(crate) waiters: Vec<oneshot::Sender<Answer>>,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            records: Vec::new(),
            lines: Some(Lines::default()),
            waiters: Vec::new(),
        }
    }
}

/// One record of a batch.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    /// Where its line ends in the batch's bytes.
    pub(crate) end: usize,
    /// Its append was already answered, so it must not be dropped when a write fails.
    pub(crate) promised: bool,
}

impl Shared {
    pub(crate) fn new(mode: Mode, reached: Reached, in_files: bool) -> Self {
        Self {
            mode,
            queue: Mutex::new(Queue {
                batch: Batch::default(),
                in_flight: 0,
                under_way: None,
                urgent: false,
                timed: false,
                closed: false,
                rotation: None,
                health: Health::Healthy,
            }),
            gathering: AtomicBool::new(false),
            unindexed: in_files.then(Unindexed::default),
            work: Condvar::new(),
            room: Notify::new(),
            durable: AtomicU64::new(reached.point.head.sequence),
            reached: Mutex::new(reached),
            syncs: Histogram::default(),
            synced_at: AtomicI64::new(0),
        }
    }

    /// Queues a record without waiting. In an `awaited` one's place, and in that of any record while the trail is not
    /// well, comes the answer to wait for.
    pub(crate) fn push(&self, record: &Rendered, awaited: bool) -> Result<Queued, TrailError> {
        if self.mode == Mode::Discarding {
            return Ok(Queued::Taken);
        }
        let mut queue = self.queue.lock();
        queue.refuse_if_failed()?;
        let before = queue.batch.bytes.len();
        let waiting = before + queue.in_flight;
        if waiting > 0 && waiting + record.json().len() + 1 > self.mode.bound() {
            queue.urgent = true;
            self.work.notify_one();
            return Ok(Queued::Full);
        }
        // A trail that could not be written promises nothing: its appends wait for their own write.
        let awaited = awaited || queue.health != Health::Healthy;
        queue.batch.push(record, !awaited);
        if awaited {
            let gathers = gathering::tells(self) && queue.batch.bytes.len() < PIECE;
            return Ok(Queued::Awaits(self.await_batch(queue, gathers)));
        }
        let wakes = (before == 0 && !queue.timed) || (before < PIECE && queue.batch.bytes.len() >= PIECE);
        drop(queue);
        if wakes {
            self.work.notify_one();
        }
        Ok(Queued::Taken)
    }

    /// Notes that a sync has ended, and how long it took.
    pub(crate) fn synced(&self, time: Duration) {
        self.syncs.observe(time);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        self.synced_at.store(now, Ordering::Relaxed);
    }

    /// Tells whoever waits if the disk has not answered for `limit`, and notes it until it does. Their records may still
    /// come.
    pub(crate) fn notice_stall(&self, limit: Duration) {
        let mut queue = self.queue.lock();
        let Some(under_way) = queue.under_way.as_mut() else {
            // A worker that is busy for so long is no reason to wait.
            if !queue.batch.waiters.is_empty() {
                self.hurry(queue);
            }
            return;
        };
        if under_way.since.elapsed() < limit {
            return;
        }
        let mut waiters = std::mem::take(&mut under_way.waiters);
        waiters.append(&mut queue.batch.waiters);
        let noticed = queue.health == Health::Healthy;
        if noticed {
            queue.health = Health::Unwritable(TrailError::Stalled.to_string().into());
        }
        drop(queue);
        if noticed {
            tracing::error!("the audit trail's disk does not answer; requests fail until it does");
        }
        for waiter in waiters {
            drop(waiter.send(Err(TrailError::Stalled)));
        }
    }

    /// Asks for the queued records to be made durable now.
    pub(crate) fn flush(&self) -> Result<oneshot::Receiver<Answer>, TrailError> {
        let queue = self.queue.lock();
        queue.refuse_if_failed()?;
        Ok(self.await_batch(queue, false))
    }

    /// The answer for what was queued last. If it `gathers`, it is written when the worker whose record it is sleeps.
    fn await_batch(&self, mut queue: MutexGuard<'_, Queue>, gathers: bool) -> oneshot::Receiver<Answer> {
        let (sender, answer) = oneshot::channel();
        queue.batch.waiters.push(sender);
        if gathers {
            self.gathering.store(true, Ordering::Relaxed);
        } else {
            self.hurry(queue);
        }
        answer
    }

    /// Has the writer make durable what waits.
    fn hurry(&self, mut queue: MutexGuard<'_, Queue>) {
        let asleep = !queue.urgent;
        queue.urgent = true;
        drop(queue);
        if asleep {
            self.work.notify_one();
        }
    }

    /// A worker is about to sleep. While a sync is under way its end wakes workers, which have more records then.
    pub(crate) fn worker_sleeps(&self) {
        if self.gathering.load(Ordering::Relaxed) {
            let queue = self.queue.lock();
            if queue.under_way.is_none() {
                self.gathering.store(false, Ordering::Relaxed);
                self.hurry(queue);
            }
        }
    }
}

/// The outcome of trying to queue a record.
pub(crate) enum Queued {
    /// It will be written.
    Taken,
    /// It will be written, and the answer tells when.
    Awaits(oneshot::Receiver<Answer>),
    /// There is no room.
    Full,
}

impl Queue {
    /// Gives the writer what waits, and an empty batch in its place.
    pub(crate) fn begin(&mut self, spare: Batch) -> Batch {
        let mut batch = std::mem::replace(&mut self.batch, spare);
        self.under_way = Some(UnderWay {
            since: Instant::now(),
            waiters: std::mem::take(&mut batch.waiters),
        });
        batch
    }

    /// The writer has done what it could with it; who waits is to be told.
    pub(crate) fn end(&mut self) -> Vec<oneshot::Sender<Answer>> {
        self.under_way
            .take()
            .map(|under_way| under_way.waiters)
            .unwrap_or_default()
    }

    pub(crate) fn refuse_if_failed(&self) -> Result<(), TrailError> {
        match &self.health {
            Health::Failed(reason) => Err(TrailError::Failed(Arc::clone(reason))),
            _ if self.closed => Err(TrailError::Closed),
            Health::Healthy | Health::Unwritable(_) => Ok(()),
        }
    }

    /// Notes that the trail may no longer be relied on.
    pub(crate) fn fail(&mut self, reason: &str) {
        self.health = Health::Failed(reason.into());
    }

    /// Notes that there is no writer any more, which is a failure unless the trail was closed.
    pub(crate) fn writer_ended(&mut self) {
        if !self.closed && !matches!(self.health, Health::Failed(_)) {
            self.fail("its writer ended");
        }
    }
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.waiters.is_empty()
    }

    fn push(&mut self, record: &Rendered, promised: bool) {
        let json = record.json();
        self.bytes.extend_from_slice(json);
        self.bytes.push(b'\n');
        match (&mut self.lines, record.noted()) {
            (Some(lines), Some(noted)) => lines.push(json.len() + 1, noted),
            _ => self.lines = None,
        }
        self.records.push(Entry {
            end: self.bytes.len(),
            promised,
        });
    }

    /// This batch with the records of a later one behind its own.
    pub(crate) fn followed_by(mut self, later: Self) -> Self {
        if self.records.is_empty() {
            return later;
        }
        let offset = self.bytes.len();
        self.lines = None;
        self.bytes.extend_from_slice(&later.bytes);
        self.records.extend(later.records.into_iter().map(|mut entry| {
            entry.end += offset;
            entry
        }));
        self
    }

    /// Adds the records of another batch whose appends were answered.
    pub(crate) fn keep_promised(&mut self, other: &Self) {
        let mut start = 0;
        self.lines = None;
        for entry in &other.records {
            if entry.promised {
                self.bytes.extend_from_slice(&other.bytes[start..entry.end]);
                self.records.push(Entry {
                    end: self.bytes.len(),
                    promised: true,
                });
            }
            start = entry.end;
        }
    }

    /// Empties it and keeps its room.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.records.clear();
        self.waiters.clear();
        self.lines = Some(Lines::default());
    }
}
