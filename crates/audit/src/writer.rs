//! The writer thread: takes what waits, chains it, writes it, syncs it, answers.

use std::{
    io,
    sync::{Arc, atomic::Ordering},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    chain::Head,
    medium::Medium,
    trail::{Batch, Health, Mode, Queue, Shared, TrailError},
};

/// Lines are handed to the medium in pieces of about this size.
const PIECE: usize = 256 * 1024;

/// The most room that is kept from batch to batch.
const SPARE: usize = 4 * 1024 * 1024;

/// How long an unwritable trail waits before it tries again by itself.
const RETRY: Duration = Duration::from_millis(200);

/// Starts the thread. A machine that cannot start one has a trail that has failed.
pub(crate) fn spawn(medium: Box<dyn Medium>, head: Head, length: u64, shared: &Arc<Shared>) -> Option<JoinHandle<()>> {
    let writer = Writer {
        medium,
        head,
        length,
        lines: Vec::new(),
        kept: Batch::default(),
        spare: Batch::default(),
        healthy: true,
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
            fail(
                &mut shared.queue.lock(),
                &format!("its thread cannot be started: {error}"),
            );
            None
        }
    }
}

/// Marks the trail as failed if its thread ends without having been asked to.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        let mut queue = self.0.queue.lock();
        ended(&mut queue);
        // Whoever still waits is told by the loss of the sender.
        queue.batch = Batch::default();
        self.0.room.notify_waiters();
    }
}

/// Notes that there is no writer any more, which is a failure unless the trail was closed.
pub(crate) fn ended(queue: &mut Queue) {
    if !queue.closed && !matches!(queue.health, Health::Failed(_)) {
        fail(queue, "its writer ended");
    }
}

fn fail(queue: &mut Queue, reason: &str) {
    queue.health = Health::Failed(reason.into());
}

struct Writer {
    medium: Box<dyn Medium>,
    /// The chain at the end of what the medium holds.
    head: Head,
    /// How long the medium's content is.
    length: u64,
    /// Room for lines, kept from batch to batch.
    lines: Vec<u8>,
    /// Records that were promised and could not be written yet, oldest first.
    kept: Batch,
    /// An empty batch with the room of the one before.
    spare: Batch,
    /// The last write succeeded.
    healthy: bool,
    shared: Arc<Shared>,
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
        while let Some((batch, last)) = self.take() {
            let batch = self.after_kept(batch);
            match self.write(&batch) {
                Ok(()) => self.written(batch),
                Err(Failure::Undone(error)) => self.undone(batch, &error),
                Err(Failure::Unknown(error)) => {
                    self.failed(batch, &error);
                    return;
                }
            }
            if last {
                return;
            }
        }
    }

    /// Waits for work as the mode says; the flag is true for the last batch of a closing trail.
    fn take(&mut self) -> Option<(Batch, bool)> {
        let shared = Arc::clone(&self.shared);
        let mut queue = shared.queue.lock();
        let mut deadline = (!self.healthy).then(|| Instant::now() + RETRY);
        loop {
            if queue.closed {
                let work = !queue.batch.is_empty() || !self.kept.records.is_empty();
                return work.then(|| (std::mem::take(&mut queue.batch), true));
            }
            let due = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if queue.urgent || due {
                queue.urgent = false;
                let batch = std::mem::replace(&mut queue.batch, std::mem::take(&mut self.spare));
                queue.in_flight = batch.bytes.len() + self.kept.bytes.len();
                return Some((batch, false));
            }
            if deadline.is_none() && !queue.batch.is_empty() {
                deadline = match shared.mode {
                    Mode::Durable => Some(Instant::now()),
                    Mode::Buffered { flush_interval, .. } => Some(Instant::now() + flush_interval),
                };
                continue;
            }
            match deadline {
                Some(deadline) => drop(shared.work.wait_until(&mut queue, deadline)),
                None => shared.work.wait(&mut queue),
            }
        }
    }

    /// The batch with what earlier batches kept put before it.
    fn after_kept(&mut self, batch: Batch) -> Batch {
        let mut joined = std::mem::take(&mut self.kept);
        if joined.records.is_empty() {
            return batch;
        }
        let offset = joined.bytes.len();
        joined.bytes.extend_from_slice(&batch.bytes);
        joined.records.extend(batch.records.into_iter().map(|mut entry| {
            entry.end += offset;
            entry
        }));
        joined.waiters = batch.waiters;
        joined
    }

    /// Writes and syncs a batch, or undoes what it can.
    fn write(&mut self, batch: &Batch) -> Result<(), Failure> {
        if batch.records.is_empty() {
            // Every batch before was synced; only after a failure is there something to find out.
            return if self.healthy { Ok(()) } else { self.probe() };
        }
        let mut head = self.head;
        let mut length = self.length;
        let mut start = 0;
        self.lines.clear();
        for (index, entry) in batch.records.iter().enumerate() {
            head = head.extend(&batch.bytes[start..entry.end], &mut self.lines);
            start = entry.end;
            if self.lines.len() >= PIECE || index + 1 == batch.records.len() {
                if let Err(error) = self.medium.append(&self.lines) {
                    return Err(match self.medium.truncate(self.length) {
                        Ok(()) => Failure::Undone(error),
                        Err(_) => Failure::Unknown(error),
                    });
                }
                length += self.lines.len() as u64;
                self.lines.clear();
            }
        }
        // After a failed sync the system may have dropped the pages and forgotten it: only a restart tells what is there.
        self.medium.sync().map_err(Failure::Unknown)?;
        self.head = head;
        self.length = length;
        self.shared.durable.store(head.sequence, Ordering::Release);
        Ok(())
    }

    /// Finds out whether the medium takes anything, and leaves it as it is. What a crash leaves of the attempt has no
    /// line break, so the next start cuts it off.
    fn probe(&mut self) -> Result<(), Failure> {
        let outcome = self.medium.append(&[0; 4096]).and_then(|()| self.medium.sync());
        self.medium.truncate(self.length).map_err(Failure::Unknown)?;
        outcome.map_err(Failure::Undone)
    }

    fn written(&mut self, mut batch: Batch) {
        self.settle(Health::Healthy);
        for waiter in batch.waiters.drain(..) {
            // An append that was given up still has its record.
            drop(waiter.send(Ok(())));
        }
        if batch.bytes.capacity() <= SPARE {
            batch.bytes.clear();
            batch.records.clear();
            self.spare = batch;
        }
    }

    fn undone(&mut self, batch: Batch, error: &io::Error) {
        let reason: Arc<str> = error.to_string().into();
        tracing::error!(%reason, "the audit trail cannot be written; requests fail until it can");
        let mut start = 0;
        for entry in &batch.records {
            if entry.promised {
                self.kept.bytes.extend_from_slice(&batch.bytes[start..entry.end]);
                self.kept.records.push(crate::trail::Entry {
                    end: self.kept.bytes.len(),
                    promised: true,
                });
            }
            start = entry.end;
        }
        self.settle(Health::Unwritable(Arc::clone(&reason)));
        for waiter in batch.waiters {
            drop(waiter.send(Err(TrailError::Unwritable(Arc::clone(&reason)))));
        }
    }

    fn failed(&mut self, batch: Batch, error: &io::Error) {
        let reason: Arc<str> = error.to_string().into();
        tracing::error!(%reason, "the audit trail has failed; no request is served until a restart");
        self.settle(Health::Failed(Arc::clone(&reason)));
        for waiter in batch.waiters {
            drop(waiter.send(Err(TrailError::Failed(Arc::clone(&reason)))));
        }
    }

    /// Notes the state after a batch, and that there is room again.
    fn settle(&mut self, health: Health) {
        self.healthy = health == Health::Healthy;
        let mut queue = self.shared.queue.lock();
        queue.in_flight = self.kept.bytes.len();
        queue.health = health;
        drop(queue);
        self.shared.room.notify_waiters();
    }
}
