//! The trail: an append-only file of chained records, and the promise that comes with an append.
//!
//! [`Mode::Durable`] answers an append when its record is on the disk; the writer thread gathers everything that waits
//! into one write and one sync. [`Mode::Buffered`] answers at once and bounds what a crash may lose. In both, a trail
//! that cannot be written makes appends fail: nothing is done that is not recorded.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use crate::{
    chain::{self, Head},
    event::Rendered,
    medium::{LogFile, Medium, MemoryLog},
    recovery::{self, OpenError},
    writer,
};

/// The most that may wait in memory in [`Mode::Durable`].
const DURABLE_BOUND: usize = 16 * 1024 * 1024;

/// How long an append waits for room before it gives up on a disk that does not answer.
const STALL_LIMIT: Duration = Duration::from_secs(5);

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
}

impl Mode {
    /// The buffered mode with its usual bounds: 200 ms, 16 MiB.
    pub const fn buffered() -> Self {
        Self::Buffered {
            flush_interval: Duration::from_millis(200),
            max_bytes: 16 * 1024 * 1024,
        }
    }

    fn bound(self) -> usize {
        match self {
            Self::Durable => DURABLE_BOUND,
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

/// A handle to the trail; clones share it.
#[derive(Clone, Debug)]
pub struct Trail(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    chain: Uuid,
    /// The file; `None` if the trail is in memory.
    path: Option<PathBuf>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the appends and the writer thread share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) mode: Mode,
    pub(crate) queue: Mutex<Queue>,
    /// Wakes the writer.
    pub(crate) work: Condvar,
    /// Wakes appends that wait for room.
    pub(crate) room: Notify,
    /// The number of the last line known to be on the disk.
    pub(crate) durable: AtomicU64,
}

/// What waits to be written.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) batch: Batch,
    /// Bytes of records that the writer has taken and not yet made durable.
    pub(crate) in_flight: usize,
    /// Somebody waits: what is there should be made durable now.
    pub(crate) urgent: bool,
    pub(crate) closed: bool,
    pub(crate) health: Health,
}

/// Records in the order of their appends: their texts end to end, and who waits for which.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) records: Vec<Entry>,
    /// Callers of `flush` and appends, to be answered when the batch is durable.
    pub(crate) waiters: Vec<oneshot::Sender<Result<(), TrailError>>>,
}

/// One record of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Where its text ends in the batch's bytes.
    pub(crate) end: usize,
    /// Its append was already answered, so it must not be dropped when a write fails.
    pub(crate) promised: bool,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.waiters.is_empty()
    }

    fn push(&mut self, record: &Rendered, promised: bool) {
        self.bytes.extend_from_slice(record.json());
        self.records.push(Entry {
            end: self.bytes.len(),
            promised,
        });
    }
}

/// The outcome of trying to queue a record.
enum Queued {
    Answered,
    Awaits(oneshot::Receiver<Result<(), TrailError>>),
    Full,
}

/// A trail that was opened, and what opening it found.
#[derive(Debug)]
pub struct Opened {
    /// The trail.
    pub trail: Trail,
    /// The bytes of a torn last line that were cut off; 0 after a clean stop.
    pub torn_bytes: u64,
}

impl Trail {
    /// Opens the trail in the file `path`, or makes it. A last line without its end (the trace of a crash) is cut off;
    /// the lines before it are checked, and damage is an error, since a chain that does not verify must not be
    /// continued.
    pub fn open(path: &Path, mode: Mode) -> Result<Opened, OpenError> {
        let found = recovery::open(path)?;
        let log = Box::new(LogFile(found.file));
        let trail = Self::start(log, found.chain, found.head, found.length, mode, Some(path.to_owned()));
        Ok(Opened {
            trail,
            torn_bytes: found.torn_bytes,
        })
    }

    /// A trail in memory, which ends with the process.
    pub fn in_memory(log: MemoryLog) -> Self {
        let (header, head) = chain::begin(Uuid::nil());
        let mut log = log;
        // Appending to memory cannot fail.
        drop(log.append(&header));
        Self::start(
            Box::new(log),
            Uuid::nil(),
            head,
            header.len() as u64,
            Mode::Durable,
            None,
        )
    }

    /// Starts the writer thread on a medium whose content ends, `length` bytes long, with the line of `head`.
    pub(crate) fn start(
        medium: Box<dyn Medium>,
        chain: Uuid,
        head: Head,
        length: u64,
        mode: Mode,
        path: Option<PathBuf>,
    ) -> Self {
        let shared = Arc::new(Shared {
            mode,
            queue: Mutex::new(Queue {
                batch: Batch::default(),
                in_flight: 0,
                urgent: false,
                closed: false,
                health: Health::Healthy,
            }),
            work: Condvar::new(),
            room: Notify::new(),
            durable: AtomicU64::new(head.sequence),
        });
        let thread = writer::spawn(medium, head, length, &shared);
        Self(Arc::new(Inner {
            shared,
            chain,
            path,
            thread: Mutex::new(thread),
        }))
    }

    /// Puts a record into the trail, answering as the mode says.
    pub async fn append(&self, record: &Rendered) -> Result<(), TrailError> {
        let awaited = self.0.shared.mode == Mode::Durable;
        match self.queue_when_room(record, awaited).await? {
            Queued::Awaits(wait) => self.answer(wait).await,
            Queued::Answered | Queued::Full => Ok(()),
        }
    }

    /// Puts records into the trail in order and answers when all are on the disk, whatever the mode. After an error any
    /// of them may be there, or yet come; a successful [`Trail::flush`] settles which.
    pub async fn append_durably(&self, records: &[Rendered]) -> Result<(), TrailError> {
        let mut waits = Vec::with_capacity(records.len());
        for record in records {
            match self.queue_when_room(record, true).await? {
                Queued::Awaits(wait) => waits.push(wait),
                Queued::Answered | Queued::Full => {}
            }
        }
        for wait in waits {
            self.answer(wait).await?;
        }
        Ok(())
    }

    /// Waits until every record appended so far is on the disk.
    pub async fn flush(&self) -> Result<(), TrailError> {
        let wait = {
            let mut queue = self.0.shared.queue.lock();
            refuse_if_failed(&queue)?;
            let (sender, wait) = oneshot::channel();
            queue.batch.waiters.push(sender);
            queue.urgent = true;
            self.0.shared.work.notify_one();
            wait
        };
        self.answer(wait).await
    }

    /// Refuses if the trail does not take records at present: what would need one should not be begun.
    pub fn ready(&self) -> Result<(), TrailError> {
        let queue = self.0.shared.queue.lock();
        match &queue.health {
            Health::Unwritable(reason) => Err(TrailError::Unwritable(Arc::clone(reason))),
            Health::Healthy | Health::Failed(_) => refuse_if_failed(&queue),
        }
    }

    /// True if the last write succeeded.
    pub fn healthy(&self) -> bool {
        self.health() == Health::Healthy
    }

    /// How the trail is, with the reason if it is not well.
    pub fn health(&self) -> Health {
        self.0.shared.queue.lock().health.clone()
    }

    /// What an append waits for.
    pub fn mode(&self) -> Mode {
        self.0.shared.mode
    }

    /// The id of the chain, new with each file.
    pub fn chain(&self) -> Uuid {
        self.0.chain
    }

    /// The trail's file, if it is in one.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The number of the last line known to be on the disk. A record made later gets a higher number.
    pub fn durable_sequence(&self) -> u64 {
        self.0.shared.durable.load(Ordering::Acquire)
    }

    /// Writes what waits, and ends the writer thread. Later appends fail. Blocks for the time of one write.
    pub fn close(&self) {
        self.0.close();
    }

    /// The writer's answer. One that went without answering ended in a panic, and with it the trail.
    async fn answer(&self, wait: oneshot::Receiver<Result<(), TrailError>>) -> Result<(), TrailError> {
        wait.await.unwrap_or_else(|_| {
            let mut queue = self.0.shared.queue.lock();
            writer::ended(&mut queue);
            refuse_if_failed(&queue)
        })
    }

    /// Queues a record, waiting for room if there is none; never answers [`Queued::Full`].
    async fn queue_when_room(&self, record: &Rendered, awaited: bool) -> Result<Queued, TrailError> {
        match self.try_queue(record, awaited)? {
            Queued::Full => {}
            queued => return Ok(queued),
        }
        let in_time = async {
            loop {
                let room = self.0.shared.room.notified();
                tokio::pin!(room);
                // Registered before looking, so that room made in between is not missed.
                room.as_mut().enable();
                match self.try_queue(record, awaited)? {
                    Queued::Full => room.await,
                    queued => return Ok(queued),
                }
            }
        };
        tokio::time::timeout(STALL_LIMIT, in_time)
            .await
            .unwrap_or(Err(TrailError::Stalled))
    }

    fn try_queue(&self, record: &Rendered, awaited: bool) -> Result<Queued, TrailError> {
        let shared = &self.0.shared;
        let mut queue = shared.queue.lock();
        refuse_if_failed(&queue)?;
        let bound = shared.mode.bound();
        let waiting = queue.batch.bytes.len() + queue.in_flight;
        if waiting > 0 && waiting + record.json().len() > bound {
            queue.urgent = true;
            shared.work.notify_one();
            return Ok(Queued::Full);
        }
        // A trail that could not be written promises nothing: its appends wait for their own write.
        let awaited = awaited || queue.health != Health::Healthy;
        let first = queue.batch.is_empty();
        queue.batch.push(record, !awaited);
        if awaited {
            let (sender, wait) = oneshot::channel();
            queue.batch.waiters.push(sender);
            let asleep = !queue.urgent;
            queue.urgent = true;
            drop(queue);
            if asleep {
                shared.work.notify_one();
            }
            return Ok(Queued::Awaits(wait));
        }
        let pending = queue.batch.bytes.len();
        drop(queue);
        let piece = pending >= writer::PIECE && pending - record.json().len() < writer::PIECE;
        if first || piece {
            shared.work.notify_one();
        }
        Ok(Queued::Answered)
    }
}

fn refuse_if_failed(queue: &Queue) -> Result<(), TrailError> {
    match &queue.health {
        Health::Failed(reason) => Err(TrailError::Failed(Arc::clone(reason))),
        _ if queue.closed => Err(TrailError::Closed),
        Health::Healthy | Health::Unwritable(_) => Ok(()),
    }
}

impl Inner {
    fn close(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.work.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            // The writer reports its own failures; one that panicked has failed every waiter.
            drop(thread.join());
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests;
