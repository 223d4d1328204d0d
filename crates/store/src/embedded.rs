//! The embedded engine: one redb file, one writer thread, fsync at each commit.
//!
//! Commits are handed to the writer thread, which takes all that are waiting, applies them in order in one redb
//! transaction (each with its own preconditions and revision), has them attested, syncs once, and answers them all:
//! group commit. Reads never wait for it: they use the view of the last durable commit.
//!
//! redb commits copy-on-write, with checksums over both commit slots, and syncs once per commit; after a power cut
//! the last slot whose pages are all there is taken. (A crash and, on top of it, damage to exactly the last commit
//! look the same; then that commit is given up, and the head file outside the store tells.) Opening checks every page.
//! After any failure of the disk the engine accepts no more writes until it is opened again.

mod failure;
mod load;
mod view;
mod writer;

use std::{
    fs::OpenOptions,
    path::Path,
    sync::{Arc, OnceLock},
    thread,
};

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use redb::{Database, StorageBackend, TableDefinition, backends::FileBackend};
use tokio::sync::{mpsc, oneshot};

use crate::{
    engine::{Engine, Outcome, Page, Range, Revision, Snapshot, Txn, TxnId, Versioned},
    error::{OpenError, StoreError},
    feed::{Feed, Watch},
    witness::Witness,
};
use failure::guarded;
pub(crate) use load::Loader;
use view::View;
use writer::{Install, Request, Writer};

/// Record key to revision (8 bytes, big-endian) and value.
const RECORDS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("records");
/// First revision of a batch to the ids of its transactions, 16 bytes each.
const OUTCOMES: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("outcomes");
/// What there is one of.
const STATE: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("state");
/// In [`STATE`]: the latest revision, 8 bytes, big-endian.
const REVISION: &str = "revision";
/// In [`STATE`]: the witness's head.
const HEAD: &str = "head";

/// What the engine keeps of the file in memory, at most.
const CACHE_BYTES: usize = 32 * 1024 * 1024;
/// Commits that wait for the writer before further ones wait to be handed over.
const QUEUE: usize = 4096;

/// The engine on one redb file.
pub struct RedbEngine {
    shared: Arc<Shared>,
    requests: mpsc::Sender<Request>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

/// What the writer thread and the readers share.
struct Shared {
    feed: Arc<Feed>,
    /// The last durable state; `None` once closed.
    view: ArcSwapOption<View>,
    /// Why writing has stopped.
    stopped: OnceLock<StoreError>,
}

impl Shared {
    /// The revision that readers see. The feed may publish it a moment later.
    fn revision(&self) -> Revision {
        self.view
            .load()
            .as_ref()
            .map_or_else(|| self.feed.revision(), |view| view.revision)
    }
}

impl RedbEngine {
    /// Opens the engine's file, or makes it if `create`; checks every page of it.
    pub fn open(path: &Path, create: bool) -> Result<Self, OpenError> {
        let io = |error| OpenError::Io {
            path: path.to_owned(),
            error,
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        if create {
            options.create_new(true);
        }
        let file = options.open(path).map_err(io)?;
        let backend = FileBackend::new(file).map_err(failure::database)?;
        Ok(Self::with_backend(backend)?)
    }

    /// Opens the engine on any storage; an empty one becomes a new store.
    pub fn with_backend(backend: impl StorageBackend) -> Result<Self, StoreError> {
        let database = guarded(|| open_database(backend))?;
        let loaded = guarded(|| Ok((writer::load(&database)?, View::of(&database)?)));
        let (remembered, view) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                // Closing a damaged file may fail like reading it; what was wrong first is what is told.
                let _ = guarded(|| database.close().map_err(failure::database));
                return Err(error);
            }
        };
        let shared = Arc::new(Shared {
            feed: Arc::new(Feed::new(view.revision)),
            view: ArcSwapOption::from_pointee(view),
            stopped: OnceLock::new(),
        });
        let (requests, queue) = mpsc::channel(QUEUE);
        let writer = Writer::new(database, Arc::clone(&shared), remembered);
        let thread = thread::Builder::new()
            .name("trent-store".into())
            .spawn(move || writer.run(queue))?;
        Ok(Self {
            shared,
            requests,
            thread: Mutex::new(Some(thread)),
        })
    }

    fn view(&self) -> Result<Arc<View>, StoreError> {
        self.shared.view.load_full().ok_or(StoreError::Closed)
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, Lost> {
        let (sender, answer) = oneshot::channel();
        self.requests
            .send(request(sender))
            .await
            .map_err(|_| Lost::BeforeHandover)?;
        answer.await.map_err(|_| Lost::AfterHandover)
    }

    fn gone(&self) -> StoreError {
        self.shared.stopped.get().cloned().unwrap_or(StoreError::Closed)
    }
}

/// Where a request to the writer got lost.
enum Lost {
    BeforeHandover,
    AfterHandover,
}

fn open_database(backend: impl StorageBackend) -> Result<Database, StoreError> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder.create_with_backend(backend).map_err(failure::database)
}

#[async_trait]
impl Engine for RedbEngine {
    async fn get(&self, key: &[u8]) -> Result<Option<Versioned>, StoreError> {
        let view = self.view()?;
        guarded(|| view.read(key))
    }

    async fn range(&self, range: &Range) -> Result<Page, StoreError> {
        let view = self.view()?;
        guarded(|| view.page(range))
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        Ok(Box::new(self.view()?))
    }

    async fn commit(&self, txn: Txn) -> Result<Outcome, StoreError> {
        txn.check()?;
        match self.ask(|answer| Request::Commit(txn, answer)).await {
            Ok(outcome) => outcome,
            Err(Lost::BeforeHandover) => Err(self.gone()),
            Err(Lost::AfterHandover) => Ok(Outcome::Unknown),
        }
    }

    async fn outcome(&self, id: TxnId) -> Result<Option<Outcome>, StoreError> {
        // Through the writer's queue: behind everything that was handed over before.
        match self.ask(|answer| Request::Outcome(id, answer)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.gone()),
        }
    }

    fn watch(&self, from: Revision) -> Watch {
        self.shared.feed.watch(from)
    }

    fn revision(&self) -> Revision {
        self.shared.revision()
    }

    async fn head(&self) -> Result<Option<Bytes>, StoreError> {
        Ok(self.view()?.head.clone())
    }

    async fn install_witness(&self, witness: Arc<dyn Witness>, at: Revision, head: Bytes) -> Result<(), StoreError> {
        match self
            .ask(|answer| Request::Install(Install { witness, at, head }, answer))
            .await
        {
            Ok(installed) => installed,
            Err(_) => Err(self.gone()),
        }
    }

    fn stopped(&self) -> Option<StoreError> {
        self.shared.stopped.get().cloned()
    }

    async fn close(&self) {
        let _ = self.ask(Request::Close).await;
        let thread = self.thread.lock().take();
        if let Some(thread) = thread
            && tokio::task::spawn_blocking(move || thread.join()).await.is_err()
        {
            tracing::error!("the store's writer thread has panicked");
        }
    }
}

impl Drop for RedbEngine {
    /// Closing the queue ends the writer thread, which closes the file; waits for it, so that the file can be opened
    /// again at once.
    fn drop(&mut self) {
        let (closed, _) = mpsc::channel(1);
        self.requests = closed;
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}
