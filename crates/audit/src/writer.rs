//! The writer thread: takes what waits, ends it as a batch of the chain, writes it, syncs it when that is due, answers.

use std::{
    io,
    sync::{Arc, atomic::Ordering},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    chain::{Chain, Header, Reached},
    index::Written,
    medium::{Medium, NotBegun},
    queue::{Answer, Batch, GATHERING, Health, Mode, PIECE, Shared, TrailError},
    rotation::{Rotation, RotationError},
    telling::Teller,
};

/// The most room that is kept from batch to batch.
const SPARE: usize = 1024 * 1024;

/// How long an unwritable trail waits before it tries again by itself.
const RETRY: Duration = Duration::from_millis(200);

/// Starts the thread on a medium whose content, `length` bytes, ends where the chain stands. A machine that cannot start
/// one has a trail that has failed.
pub(crate) fn spawn(
    medium: Box<dyn Medium>,
    chain: Chain,
    length: u64,
    shared: &Arc<Shared>,
) -> Option<JoinHandle<()>> {
    let writer = Writer {
        medium,
        chain,
        segment: shared.reached.lock().segment,
        length,
        kept: Batch::default(),
        unsynced: 0,
        sync_at: None,
        spare: Batch::default(),
        healthy: true,
        teller: Teller::here(),
        shared: Arc::clone(shared),
    };
    let thread = thread::Builder::new().name("audit-trail".into()).spawn(move || {
        let ended = Ended(Arc::clone(&writer.shared));
        writer.run();
        drop(ended);
    });
    match thread {
        Ok(thread) => Some(thread),
        Err(error) => {
            let reason = format!("its thread cannot be started: {error}");
            shared.queue.lock().fail(&reason);
            None
        }
    }
}

/// Marks the trail as failed if its thread ends without having been asked to.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        let mut queue = self.0.queue.lock();
        queue.writer_ended();
        // Whoever still waits is told by the loss of the sender.
        queue.batch = Batch::default();
        queue.under_way = None;
        self.0.room.notify_waiters();
    }
}

struct Writer {
    medium: Box<dyn Medium>,
    /// The chain at the end of what the medium holds.
    chain: Chain,
    /// The segment that it is in.
    segment: Uuid,
    /// How long the medium's content is.
    length: u64,
    /// Records that were promised and could not be written yet, oldest first.
    kept: Batch,
    /// Bytes of records that were written and not synced.
    unsynced: usize,
    /// When the oldest record that is not durable has to be.
    sync_at: Option<Instant>,
    /// An empty batch with the room of the one before.
    spare: Batch,
    /// The last write succeeded.
    healthy: bool,
    teller: Teller,
    shared: Arc<Shared>,
}

/// What is to be done with a batch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    /// Hand it to the medium; more comes before it has to be durable.
    Write,
    /// Make it durable, and everything before it.
    Sync,
    /// The same, and end.
    Last,
}

/// What came of a batch.
enum Failure {
    /// The medium is as it was before the batch.
    Undone(io::Error),
    /// What the medium holds is not known.
    Unknown(io::Error),
}

impl Writer {
    fn run(mut self) {
        while let Some((batch, task)) = self.take() {
            let mut batch = std::mem::take(&mut self.kept).followed_by(batch);
            let outcome = self.write(&mut batch).and_then(|()| match task {
                Task::Write => Ok(()),
                Task::Sync | Task::Last => self.sync(),
            });
            match outcome {
                Ok(()) => {
                    self.written(batch);
                    if task == Task::Sync && self.begin_segment_if_asked().is_err() {
                        return;
                    }
                }
                Err(Failure::Undone(error)) => self.undone(&batch, &error),
                Err(Failure::Unknown(error)) => {
                    self.failed(&error);
                    return;
                }
            }
            if task == Task::Last {
                return;
            }
        }
    }

    /// Waits for work as the mode says.
    fn take(&mut self) -> Option<(Batch, Task)> {
        let shared = Arc::clone(&self.shared);
        let mut queue = shared.queue.lock();
        let retry = (!self.healthy).then(|| Instant::now() + RETRY);
        loop {
            if queue.closed {
                let work = !queue.batch.is_empty() || !self.kept.records.is_empty() || self.unsynced > 0;
                return work.then(|| (queue.begin(Batch::default()), Task::Last));
            }
            if self.sync_at.is_none() && !queue.batch.is_empty() {
                self.sync_at = Some(match shared.mode {
                    Mode::Durable | Mode::Discarding => Instant::now() + GATHERING,
                    Mode::Buffered { flush_interval, .. } => Instant::now() + flush_interval,
                });
            }
            let deadline = retry.or(self.sync_at);
            // A segment is closed when all of it is durable.
            let rotates = self.healthy && queue.rotation.is_some();
            let task = if queue.urgent || rotates || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                Some(Task::Sync)
            } else {
                // What somebody waits for is synced.
                let writes = retry.is_none() && queue.batch.waiters.is_empty() && queue.batch.bytes.len() >= PIECE;
                writes.then_some(Task::Write)
            };
            if let Some(task) = task {
                queue.urgent = false;
                queue.timed = false;
                shared.gathering.store(false, Ordering::Relaxed);
                let batch = queue.begin(std::mem::take(&mut self.spare));
                queue.in_flight = batch.bytes.len() + self.kept.bytes.len() + self.unsynced;
                return Some((batch, task));
            }
            queue.timed = deadline.is_some();
            match deadline {
                Some(deadline) => drop(shared.work.wait_until(&mut queue, deadline)),
                None => shared.work.wait(&mut queue),
            }
        }
    }

    /// Writes a batch in one piece, or undoes what was written of it.
    fn write(&mut self, batch: &mut Batch) -> Result<(), Failure> {
        if batch.records.is_empty() {
            // Only after a failure is there something to find out.
            return if self.healthy { Ok(()) } else { self.probe() };
        }
        let records = batch.bytes.len();
        let head = self.chain.seal(&mut batch.bytes, batch.records.len());
        if let Err(error) = self.medium.append(&batch.bytes) {
            return Err(match self.medium.truncate(self.length) {
                Ok(()) => Failure::Undone(error),
                Err(_) => Failure::Unknown(error),
            });
        }
        self.chain.written(head);
        let start = self.length;
        self.length += batch.bytes.len() as u64;
        if let (Some(lines), Some(unindexed)) = (batch.lines.take(), &self.shared.unindexed) {
            unindexed.push(Written {
                segment: self.segment,
                start,
                end: self.length,
                lines,
            });
        }
        self.unsynced += records;
        Ok(())
    }

    /// Makes what was written durable. After a failure the system may have dropped it and forgotten the failure: only a
    /// restart tells what is there.
    fn sync(&mut self) -> Result<(), Failure> {
        if self.unsynced > 0 {
            let began = Instant::now();
            self.medium.sync().map_err(Failure::Unknown)?;
            self.shared.synced(began.elapsed());
            self.shared.reached.lock().point = self.chain.point(self.length);
            self.shared.durable.store(self.chain.head().sequence, Ordering::Release);
        }
        self.unsynced = 0;
        self.sync_at = None;
        Ok(())
    }

    /// Begins the segment that somebody asked for. What came of it is told to whoever asked; an error ends the trail.
    fn begin_segment_if_asked(&mut self) -> Result<(), ()> {
        let rotation = self.shared.queue.lock().rotation.take();
        let Some(Rotation { chain, key, done }) = rotation else {
            return Ok(());
        };
        let first = self.shared.reached.lock().first;
        let head = self.chain.head();
        let header = Header {
            trail: chain,
            chain,
            sequence: head.sequence,
            after: head.mac,
        };
        let (chain, line) = Chain::begin(&header, &key);
        let outcome = match self.medium.begin_segment(first, &line) {
            Ok(()) => {
                self.chain = chain;
                self.segment = header.trail;
                self.length = line.len() as u64;
                *self.shared.reached.lock() = Reached {
                    segment: header.trail,
                    first: header.sequence + 1,
                    point: self.chain.point(self.length),
                };
                (Ok(()), Ok(()))
            }
            Err(NotBegun::AsBefore(error)) => (Ok(()), Err(RotationError::Io(error))),
            Err(NotBegun::Unknown(error)) => {
                self.failed(&error);
                (Err(()), Err(RotationError::Io(error)))
            }
        };
        // Whoever asked may have given up.
        drop(done.send(outcome.1));
        outcome.0
    }

    /// Finds out whether the medium takes anything, and leaves it as it is. What a crash leaves of the attempt has no
    /// line break, so the next start cuts it off.
    fn probe(&mut self) -> Result<(), Failure> {
        let outcome = self.medium.append(&[0; 4096]).and_then(|()| self.medium.sync());
        self.medium.truncate(self.length).map_err(Failure::Unknown)?;
        outcome.map_err(Failure::Undone)
    }

    fn written(&mut self, mut batch: Batch) {
        let waiters = self.settle(Health::Healthy);
        let many = waiters.len();
        self.teller.tell(waiters, Ok(()));
        if batch.bytes.capacity() <= SPARE {
            batch.clear();
            batch.waiters = Vec::with_capacity(many);
            self.spare = batch;
        }
    }

    fn undone(&mut self, batch: &Batch, error: &io::Error) {
        let reason: Arc<str> = error.to_string().into();
        tracing::error!(%reason, "the audit trail cannot be written; requests fail until it can");
        self.kept.keep_promised(batch);
        let waiters = self.settle(Health::Unwritable(Arc::clone(&reason)));
        self.teller.tell(waiters, Err(TrailError::Unwritable(reason)));
    }

    fn failed(&mut self, error: &io::Error) {
        let reason: Arc<str> = error.to_string().into();
        tracing::error!(%reason, "the audit trail has failed; no request is served until a restart");
        let waiters = self.settle(Health::Failed(Arc::clone(&reason)));
        self.teller.tell(waiters, Err(TrailError::Failed(reason)));
    }

    /// Notes the state after a batch, and that there is room again. Returns who waits for the batch.
    fn settle(&mut self, health: Health) -> Vec<oneshot::Sender<Answer>> {
        self.healthy = health == Health::Healthy;
        let mut queue = self.shared.queue.lock();
        queue.in_flight = self.kept.bytes.len() + self.unsynced;
        queue.health = health;
        let waiters = queue.end();
        drop(queue);
        self.shared.room.notify_waiters();
        waiters
    }
}
