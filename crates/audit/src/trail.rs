//! The trail: append-only files of chained records, and the promise that comes with an append.
//!
//! [`Mode::Durable`] answers an append when its record is on the disk; the writer thread gathers everything that waits
//! into one write and one sync. [`Mode::Buffered`] answers at once and bounds what a crash may lose. In both, a trail
//! that cannot be written makes appends fail: nothing is done that is not recorded.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::Duration,
};

use aws_lc_rs::rand;
use parking_lot::Mutex;
use smallvec::{SmallVec, smallvec};
use tokio::sync::oneshot;
use trent_crypto::Key256;
use trent_metrics::Observed;
use trent_store::{CommitError, Sealed};
use uuid::Uuid;

use crate::{
    chain::{Chain, Header, Mac, Reached},
    chains::{self, Anchors, Chains},
    event::{Event, Rendered},
    history::History,
    log_file::LogFile,
    medium::{Medium, MemoryLog},
    queue::{Answer, Health, Mode, Queued, STALL_LIMIT, Shared, TrailError},
    recovery::{self, OpenError},
    rotation::Rotation,
    segment,
    walk::Torn,
    writer,
};

/// A handle to the trail; clones share it.
#[derive(Clone)]
pub struct Trail(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    /// The open segment's file; `None` if the trail is in memory.
    path: Option<PathBuf>,
    /// The memory, if it is in one.
    memory: Option<MemoryLog>,
    /// The store's anchor for the trail.
    anchors: Option<Anchors>,
    /// When the first record of the open segment was made, once that was looked up.
    began: Mutex<Option<(Uuid, Duration)>>,
    history: History,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// A trail that was opened, and what opening it found.
#[derive(Debug)]
pub struct Opened {
    /// The trail.
    pub trail: Trail,
    /// What a crash left behind the last whole batch and was cut off.
    pub torn: Torn,
}

impl Trail {
    /// Opens the trail in the file `path`, or makes it, and begins a chain of this process in it. What a crash left
    /// unfinished at the end is cut off; the lines before it are checked from the last anchor but one, and damage or a
    /// file that ends before the store's anchor is an error, since a trail that does not verify must not be continued.
    pub async fn open(path: &Path, mode: Mode, store: &Sealed) -> Result<Opened, OpenError> {
        let known = Chains::load(store).await?;
        let found = recovery::open(path, &known)?;
        let io = |source| OpenError::Io {
            path: path.to_owned(),
            source,
        };
        let (mut id, mut key) = ([0; 16], Key256::new([0; 32]));
        let drawn = rand::fill(&mut id).and_then(|()| rand::fill(key.expose_mut()));
        drawn.map_err(|_| io(std::io::Error::other("no randomness")))?;
        let id = uuid::Builder::from_random_bytes(id).into_uuid();
        let header = Header {
            trail: found.trail.unwrap_or(id),
            chain: id,
            sequence: found.sequence,
            after: found.after,
        };
        let store = store.global();
        // Known before it is used: a chain in the file is one that the store can check.
        chains::register(&store, id, &key).await?;
        let (chain, line) = Chain::begin(&header, &key);
        let mut log = LogFile::new(found.file, path, found.length);
        if mode == Mode::Durable {
            log = log.made_ready_ahead();
        }
        log.append(&line).map_err(io)?;
        log.sync_all().map_err(io)?;
        if found.trail.is_none() {
            segment::sync_folder_of(path).map_err(io)?;
        }
        let reached = Reached {
            segment: header.trail,
            first: found.first,
            point: chain.point(found.length + line.len() as u64),
        };
        let place = Place {
            path: Some(path.to_owned()),
            memory: None,
            anchors: Some(Anchors::new(store, found.end.map(|end| (header.trail, end)))),
        };
        let trail = Self::start(Box::new(log), chain, reached, mode, place);
        trail.anchor().await?;
        Ok(Opened {
            trail,
            torn: found.torn,
        })
    }

    /// A trail in memory, which ends with the process, and its key with it.
    pub fn in_memory(log: MemoryLog) -> Self {
        Self::beside_files(log, Mode::Durable)
    }

    /// A trail that keeps nothing, to measure what one costs. Nobody else has a use for it.
    pub fn discarding() -> Self {
        Self::beside_files(MemoryLog::new(0), Mode::Discarding)
    }

    fn beside_files(log: MemoryLog, mode: Mode) -> Self {
        let mut key = Key256::new([0; 32]);
        rand::fill(key.expose_mut()).expect("the system's random number generator does not fail");
        let header = Header {
            trail: Uuid::nil(),
            chain: Uuid::nil(),
            sequence: 0,
            after: Mac::NONE,
        };
        let (chain, line) = Chain::begin(&header, &key);
        let mut log = log;
        // Appending to memory cannot fail.
        drop(log.append(&line));
        let reached = Reached {
            segment: header.trail,
            first: 1,
            point: chain.point(line.len() as u64),
        };
        let place = Place {
            memory: Some(log.clone()),
            ..Place::default()
        };
        Self::start(Box::new(log), chain, reached, mode, place)
    }

    /// Starts the writer thread on a medium whose content ends where the chain stands.
    fn start(medium: Box<dyn Medium>, chain: Chain, reached: Reached, mode: Mode, place: Place) -> Self {
        let length = reached.point.offset;
        let shared = Arc::new(Shared::new(mode, reached, place.path.is_some()));
        let thread = writer::spawn(medium, chain, length, &shared);
        let history = match (&place.path, place.memory.clone()) {
            (Some(path), _) => History::of_files(path, &shared),
            (None, Some(memory)) => History::of_memory(memory),
            (None, None) => History::of_memory(MemoryLog::new(0)),
        };
        Self(Arc::new(Inner {
            shared,
            path: place.path,
            memory: place.memory,
            anchors: place.anchors,
            began: Mutex::new(None),
            history,
            thread: Mutex::new(thread),
        }))
    }

    /// Renders a record that is to be put into this trail soon. With it goes what it is found by if requests wait for the
    /// disk: the index would take the processor from them to find that out. Later it has time.
    pub fn render(&self, event: &Event<'_>) -> Rendered {
        match self.0.shared.mode {
            Mode::Durable => event.render_noted(),
            Mode::Buffered { .. } | Mode::Discarding => event.render(),
        }
    }

    /// Puts a record into the trail, answering as the mode says.
    pub async fn append(&self, record: &Rendered) -> Result<(), TrailError> {
        self.take(record).await?.kept().await
    }

    /// Puts a record into the trail. What the mode says is to be waited for can be waited for later, and must be: who was
    /// not told that the promise is kept knows nothing of the record.
    pub async fn take(&self, record: &Rendered) -> Result<Promise, TrailError> {
        let answers = match self.0.shared.push(record, self.0.shared.mode == Mode::Durable)? {
            Queued::Taken => SmallVec::new(),
            Queued::Awaits(answer) => smallvec![answer],
            // Boxed, since it is rare and its state would be part of every request's.
            Queued::Full => Box::pin(self.take_when_room(record)).await?,
        };
        Ok(self.promise(answers))
    }

    async fn take_when_room(&self, record: &Rendered) -> Result<Answers, TrailError> {
        let awaited = self.0.shared.mode == Mode::Durable;
        Ok(self.push_when_room(record, awaited).await?.into_iter().collect())
    }

    /// The same for the records of one call, in order.
    pub async fn take_all(&self, records: &[Rendered]) -> Result<Promise, TrailError> {
        self.take_each(records, self.0.shared.mode == Mode::Durable).await
    }

    /// Puts records into the trail in order and answers when all are on the disk, whatever the mode. After an error any
    /// of them may be there, or yet come; a successful [`Trail::flush`] settles which.
    pub async fn append_durably(&self, records: &[Rendered]) -> Result<(), TrailError> {
        self.take_each(records, true).await?.kept().await
    }

    async fn take_each(&self, records: &[Rendered], awaited: bool) -> Result<Promise, TrailError> {
        let mut answers = Answers::with_capacity(records.len());
        for record in records {
            answers.extend(self.push_when_room(record, awaited).await?);
        }
        Ok(self.promise(answers))
    }

    fn promise(&self, answers: Answers) -> Promise {
        Promise {
            trail: self.clone(),
            answers,
        }
    }

    /// Waits until every record appended so far is on the disk.
    pub async fn flush(&self) -> Result<(), TrailError> {
        let answer = self.0.shared.flush()?;
        self.answered(answer).await
    }

    /// Tells the store how far the trail reaches on the disk: what is cut off before that is noticed at the next start.
    /// Does nothing if that was told already.
    pub async fn anchor(&self) -> Result<(), CommitError> {
        let Some(anchors) = &self.0.anchors else {
            return Ok(());
        };
        anchors.advance(self.reached()).await
    }

    /// Refuses if the trail does not take records at present: what would need one should not be begun.
    pub fn ready(&self) -> Result<(), TrailError> {
        let queue = self.0.shared.queue.lock();
        match &queue.health {
            Health::Unwritable(reason) => Err(TrailError::Unwritable(Arc::clone(reason))),
            Health::Healthy | Health::Failed(_) => queue.refuse_if_failed(),
        }
    }

    /// Has appends fail whose write the disk has not answered for five seconds, and notes that the trail is not well until
    /// it answers. To be called every second or so by whoever keeps the trail.
    pub fn notice_stall(&self) {
        self.0.shared.notice_stall(STALL_LIMIT);
    }

    /// True if the last write succeeded.
    pub fn healthy(&self) -> bool {
        self.0.shared.queue.lock().health == Health::Healthy
    }

    /// How the trail is, with the reason if it is not well.
    pub fn health(&self) -> Health {
        self.0.shared.queue.lock().health.clone()
    }

    /// What an append waits for.
    pub fn mode(&self) -> Mode {
        self.0.shared.mode
    }

    /// The id of the open segment, new with each.
    pub fn id(&self) -> Uuid {
        self.0.shared.reached.lock().segment
    }

    /// What was recorded, to be looked into.
    pub fn history(&self) -> &History {
        &self.0.history
    }

    /// How far the trail is known to be on the disk.
    pub(crate) fn reached(&self) -> Reached {
        self.0.shared.reached.lock().clone()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    pub(crate) fn anchors(&self) -> Option<&Anchors> {
        self.0.anchors.as_ref()
    }

    /// Where it is kept when the first record of the open segment was made.
    pub(crate) fn known_beginning(&self) -> &Mutex<Option<(Uuid, Duration)>> {
        &self.0.began
    }

    /// Asks the writer for a new segment.
    pub(crate) fn ask_for_segment(&self, rotation: Rotation) -> Result<(), TrailError> {
        let mut queue = self.0.shared.queue.lock();
        queue.refuse_if_failed()?;
        queue.rotation = Some(rotation);
        drop(queue);
        self.0.shared.work.notify_one();
        Ok(())
    }

    /// The file of the trail's open segment, if it is in files.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The memory that the trail is in, if it is in no file.
    pub(crate) fn memory(&self) -> Option<&MemoryLog> {
        self.0.memory.as_ref()
    }

    /// What is waiting and how the disk does, for whoever watches the trail.
    pub fn lag(&self) -> Lag {
        let shared = &self.0.shared;
        let (waiting_bytes, waiting_records, healthy) = {
            let queue = shared.queue.lock();
            let bytes = queue.batch.bytes.len() + queue.in_flight;
            (bytes, queue.batch.records.len(), queue.health == Health::Healthy)
        };
        Lag {
            waiting_bytes,
            waiting_records,
            healthy,
            syncs: shared.syncs.read(),
            synced_at: shared.synced_at.load(Ordering::Relaxed),
            durable_sequence: self.durable_sequence(),
        }
    }

    /// The number of the last record known to be on the disk. A record made later gets a higher number.
    pub fn durable_sequence(&self) -> u64 {
        self.0.shared.durable.load(Ordering::Acquire)
    }

    /// Writes what waits, and ends the writer thread. Later appends fail. Blocks for the time of one write.
    pub fn close(&self) {
        self.0.close();
    }

    /// The writer's answer. One that went without answering ended in a panic, and with it the trail.
    async fn answered(&self, answer: oneshot::Receiver<Answer>) -> Result<(), TrailError> {
        answer.await.unwrap_or_else(|_| {
            let mut queue = self.0.shared.queue.lock();
            queue.writer_ended();
            queue.refuse_if_failed()
        })
    }

    /// Queues a record, waiting for room if there is none; returns the answer to wait for, if there is to be one.
    async fn push_when_room(
        &self,
        record: &Rendered,
        awaited: bool,
    ) -> Result<Option<oneshot::Receiver<Answer>>, TrailError> {
        let shared = &self.0.shared;
        let in_time = async {
            loop {
                let room = shared.room.notified();
                tokio::pin!(room);
                // Registered before looking, so that room made in between is not missed.
                room.as_mut().enable();
                match shared.push(record, awaited)? {
                    Queued::Full => room.await,
                    Queued::Awaits(answer) => return Ok(Some(answer)),
                    Queued::Taken => return Ok(None),
                }
            }
        };
        tokio::time::timeout(STALL_LIMIT, in_time)
            .await
            .unwrap_or(Err(TrailError::Stalled))
    }
}

/// What is to be waited for until records are as durable as was asked for.
#[must_use = "nobody knows of the records until the promise is kept"]
#[derive(Debug)]
pub struct Promise {
    trail: Trail,
    answers: Answers,
}

/// One for each record that is to be waited for.
type Answers = SmallVec<[oneshot::Receiver<Answer>; 1]>;

impl Promise {
    /// Waits. After an error the records may be there, or yet come.
    pub async fn kept(self) -> Result<(), TrailError> {
        for answer in self.answers {
            self.trail.answered(answer).await?;
        }
        Ok(())
    }
}

/// How far the disk is behind the records.
#[derive(Debug, Clone, Copy)]
pub struct Lag {
    /// Bytes of records that are not known to be on the disk.
    pub waiting_bytes: usize,
    /// Records that the writer has not taken yet.
    pub waiting_records: usize,
    /// Whether the last write succeeded.
    pub healthy: bool,
    /// How long each sync took.
    pub syncs: Observed,
    /// When the last sync ended, in milliseconds since the Unix epoch; zero if there was none.
    pub synced_at: i64,
    /// The number of the last record known to be on the disk.
    pub durable_sequence: u64,
}

/// Where a trail is kept.
#[derive(Default)]
struct Place {
    path: Option<PathBuf>,
    memory: Option<MemoryLog>,
    anchors: Option<Anchors>,
}

impl fmt::Debug for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trail")
            .field("id", &self.id())
            .field("path", &self.0.path)
            .finish_non_exhaustive()
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
