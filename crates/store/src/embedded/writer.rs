//! The writer thread: the only one that changes the file.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use redb::{Database, Durability, ReadableTable, Table, WriteTransaction};
use tokio::sync::{mpsc, oneshot};

use super::{
    HEAD, OUTCOMES, RECORDS, REVISION, STATE, Shared,
    failure::{corrupt, guarded},
    view::{View, stored, versioned},
};
use crate::{
    OUTCOMES_KEPT,
    engine::{Conflict, Outcome, Precondition, Revision, Txn, TxnId, Versioned, Write},
    error::StoreError,
    feed::{Change, Changes},
    witness::Witness,
};

/// The most transactions that share one sync.
const BATCH: usize = 512;

pub(super) type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the thread is asked for.
pub(super) enum Request {
    Commit(Txn, Answer<Outcome>),
    Outcome(TxnId, Answer<Option<Outcome>>),
    Install(Install, Answer<()>),
    Close(oneshot::Sender<()>),
}

/// A witness and the head of the state that it has verified.
pub(super) struct Install {
    pub(super) witness: Arc<dyn Witness>,
    pub(super) at: Revision,
    pub(super) head: Bytes,
}

/// The commits that are remembered by id, in batches as they lie in the file.
#[derive(Default)]
pub(super) struct Remembered {
    by_id: HashMap<TxnId, Revision>,
    /// First revision and ids of each batch, oldest first.
    batches: VecDeque<(Revision, Vec<TxnId>)>,
}

pub(super) struct Writer {
    database: Database,
    shared: Arc<Shared>,
    remembered: Remembered,
    witness: Option<Arc<dyn Witness>>,
}

/// A batch that has been applied to a redb transaction and not committed yet.
#[derive(Default)]
struct Batch {
    outcomes: Vec<Outcome>,
    ids: Vec<TxnId>,
    commits: Vec<Changes>,
}

type Records<'txn> = Table<'txn, &'static [u8], &'static [u8]>;

/// Makes the tables if the file is new, and reads which commits it remembers.
pub(super) fn load(database: &Database) -> Result<Remembered, StoreError> {
    let write = database.begin_write()?;
    write.open_table(RECORDS)?;
    write.open_table(STATE)?;
    let mut remembered = Remembered::default();
    for row in write.open_table(OUTCOMES)?.iter()? {
        let (first, ids) = row?;
        let (ids, rest) = ids.value().as_chunks();
        if !rest.is_empty() {
            return Err(corrupt("the transaction ids are cut short"));
        }
        remembered.push(Revision(first.value()), ids.iter().copied().map(TxnId).collect());
    }
    write.commit()?;
    Ok(remembered)
}

impl Writer {
    pub(super) fn new(database: Database, shared: Arc<Shared>, remembered: Remembered) -> Self {
        Self {
            database,
            shared,
            remembered,
            witness: None,
        }
    }

    /// Serves requests until asked to close, or until nobody is left to ask.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Request>) {
        let mut next = queue.blocking_recv();
        while let Some(request) = next.take() {
            match request {
                Request::Commit(txn, answer) => {
                    let mut batch = vec![(txn, answer)];
                    while batch.len() < BATCH {
                        match queue.try_recv() {
                            Ok(Request::Commit(txn, answer)) => batch.push((txn, answer)),
                            Ok(other) => {
                                next = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    self.commit(batch);
                }
                Request::Outcome(id, answer) => {
                    let _ = answer.send(self.outcome(id));
                }
                Request::Install(install, answer) => {
                    let installed = self.accepting().and_then(|()| guarded(|| self.install(install)));
                    if let Err(error @ (StoreError::Io(_) | StoreError::Corrupt(_))) = &installed {
                        self.stop(error);
                    }
                    let _ = answer.send(installed);
                }
                Request::Close(answer) => {
                    self.shared.view.store(None);
                    drop(self);
                    let _ = answer.send(());
                    return;
                }
            }
            if next.is_none() {
                next = queue.blocking_recv();
            }
        }
        self.shared.view.store(None);
    }

    fn accepting(&self) -> Result<(), StoreError> {
        match self.shared.stopped.get() {
            Some(reason) => Err(reason.clone()),
            None => Ok(()),
        }
    }

    /// Accepts no more writes: what the file holds is only certain again after it has been opened anew.
    fn stop(&self, error: &StoreError) {
        tracing::error!(%error, "the store stops accepting writes");
        let _ = self.shared.stopped.set(StoreError::Stopped(error.to_string().into()));
    }

    /// After a failure nobody can tell what the file holds, so nobody is told.
    fn outcome(&self, id: TxnId) -> Result<Option<Outcome>, StoreError> {
        self.accepting()?;
        Ok(self.remembered.by_id.get(&id).copied().map(Outcome::Committed))
    }

    fn install(&mut self, Install { witness, at, head }: Install) -> Result<(), StoreError> {
        let view = View::of(&self.database)?;
        if view.revision != at {
            return Err(StoreError::Moved {
                expected: at,
                found: view.revision,
            });
        }
        if view.head.as_ref() != Some(&head) {
            let write = self.begin()?;
            write.open_table(STATE)?.insert(HEAD, head.as_ref())?;
            write.commit()?;
            self.shared.view.store(Some(Arc::new(View::of(&self.database)?)));
        }
        self.witness = Some(witness);
        Ok(())
    }

    fn begin(&self) -> Result<WriteTransaction, StoreError> {
        let mut write = self.database.begin_write()?;
        // Synced when the commit returns; said here although it is redb's default, since everything rests on it.
        write
            .set_durability(Durability::Immediate)
            .map_err(|error| corrupt(&error.to_string()))?;
        Ok(write)
    }

    /// Commits a batch with one sync and answers everyone in it.
    fn commit(&mut self, requests: Vec<(Txn, Answer<Outcome>)>) {
        let (txns, answers): (Vec<_>, Vec<_>) = requests.into_iter().unzip();
        match self.accepting().and_then(|()| guarded(|| self.apply(txns))) {
            Ok((batch, write)) if batch.commits.is_empty() => {
                if let Err(error) = guarded(|| Ok(write.abort()?)) {
                    self.stop(&error);
                }
                answer_all(answers, batch.outcomes);
            }
            Ok((batch, write)) => self.make_durable(batch, write, answers),
            Err(error) => {
                // Nothing has been committed: each of them certainly failed.
                if !matches!(error, StoreError::Stopped(_)) {
                    self.stop(&error);
                }
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    fn make_durable(&mut self, batch: Batch, write: WriteTransaction, answers: Vec<Answer<Outcome>>) {
        let committed = guarded(|| {
            write.commit()?;
            View::of(&self.database)
        });
        match committed {
            Ok(view) => {
                let (revision, head) = (view.revision, view.head.clone());
                self.shared.view.store(Some(Arc::new(view)));
                let first = batch.commits.first().map_or(revision, |commit| commit.revision);
                self.remembered.push(first, batch.ids);
                self.remembered.forget();
                if let (Some(witness), Some(head)) = (&self.witness, head) {
                    witness.durable(revision, &head);
                }
                self.shared.feed.publish(batch.commits);
                answer_all(answers, batch.outcomes);
            }
            Err(error) => {
                self.stop(&error);
                for (answer, outcome) in answers.into_iter().zip(batch.outcomes) {
                    // A rejection may rest on a commit of the same batch, whose fate is not known either.
                    let _ = answer.send(match outcome {
                        Outcome::Committed(_) | Outcome::Unknown => Ok(Outcome::Unknown),
                        Outcome::Rejected(_) => Err(StoreError::Stopped(error.to_string().into())),
                    });
                }
            }
        }
    }

    /// Applies transactions in order, each to what the ones before it have left.
    fn apply(&self, txns: Vec<Txn>) -> Result<(Batch, WriteTransaction), StoreError> {
        let write = self.begin()?;
        let mut batch = Batch::default();
        let mut revision = self.shared.revision();
        let mut records = write.open_table(RECORDS)?;
        for txn in txns {
            if let Some(earlier) = self.earlier(&txn, &batch) {
                batch.outcomes.push(Outcome::Committed(earlier));
            } else if let Some(key) = broken(&records, &txn.preconditions)? {
                batch.outcomes.push(Outcome::Rejected(Conflict { key }));
            } else {
                revision = revision.next();
                let mut changes = Vec::with_capacity(txn.writes.len());
                for change in txn.writes {
                    changes.extend(change_record(&mut records, revision, change)?);
                }
                batch.outcomes.push(Outcome::Committed(revision));
                batch.ids.push(txn.id);
                batch.commits.push(Changes { revision, changes });
            }
        }
        drop(records);
        if !batch.commits.is_empty() {
            self.write_state(&write, &batch, revision)?;
        }
        Ok((batch, write))
    }

    /// The revision of an id that was committed before.
    fn earlier(&self, txn: &Txn, batch: &Batch) -> Option<Revision> {
        let here = || Some(batch.commits[batch.ids.iter().position(|id| *id == txn.id)?].revision);
        self.remembered.by_id.get(&txn.id).copied().or_else(here)
    }

    fn write_state(&self, write: &WriteTransaction, batch: &Batch, revision: Revision) -> Result<(), StoreError> {
        let mut state = write.open_table(STATE)?;
        state.insert(REVISION, revision.0.to_be_bytes().as_slice())?;
        if let Some(witness) = &self.witness {
            let changes: Vec<_> = batch
                .commits
                .iter()
                .flat_map(|commit| commit.changes.iter().cloned())
                .collect();
            state.insert(HEAD, witness.attest(revision, &changes).as_ref())?;
        }
        let mut outcomes = write.open_table(OUTCOMES)?;
        let ids: Vec<u8> = batch.ids.iter().flat_map(|id| id.0).collect();
        let first = Revision(revision.0 + 1 - batch.ids.len() as u64);
        outcomes.insert(first.0, ids.as_slice())?;
        for old in self.remembered.to_forget(batch.ids.len()) {
            outcomes.remove(old.0)?;
        }
        Ok(())
    }
}

impl Remembered {
    fn push(&mut self, first: Revision, ids: Vec<TxnId>) {
        for (id, revision) in ids.iter().zip(first.0..) {
            self.by_id.insert(*id, Revision(revision));
        }
        self.batches.push_back((first, ids));
    }

    /// The batches that need not be kept once `more` commits have been added.
    fn to_forget(&self, more: usize) -> Vec<Revision> {
        let mut kept = self.by_id.len() + more;
        let old = self.batches.iter().take_while(|(_, ids)| {
            let spare = kept - ids.len() >= OUTCOMES_KEPT;
            kept -= if spare { ids.len() } else { 0 };
            spare
        });
        old.map(|(first, _)| *first).collect()
    }

    fn forget(&mut self) {
        for _ in self.to_forget(0) {
            for id in self.batches.pop_front().map(|(_, ids)| ids).unwrap_or_default() {
                self.by_id.remove(&id);
            }
        }
    }
}

/// The key of the first precondition that does not hold.
fn broken(records: &Records<'_>, conditions: &[Precondition]) -> Result<Option<Bytes>, StoreError> {
    for condition in conditions {
        let found = records.get(condition.key().as_ref())?;
        let found = found.map(|stored| versioned(stored.value())).transpose()?;
        let holds = match condition {
            Precondition::Absent(_) => found.is_none(),
            Precondition::At(_, revision) => found.is_some_and(|found| found.revision == *revision),
        };
        if !holds {
            return Ok(Some(condition.key().clone()));
        }
    }
    Ok(None)
}

/// Writes one record; a deletion of nothing changes nothing.
fn change_record(records: &mut Records<'_>, revision: Revision, write: Write) -> Result<Option<Change>, StoreError> {
    match write {
        Write::Put(key, value) => {
            let before = records.insert(key.as_ref(), stored(revision, &value).as_slice())?;
            let before = before.map(|stored| versioned(stored.value())).transpose()?;
            Ok(Some(Change {
                key,
                before,
                after: Some(Versioned { value, revision }),
            }))
        }
        Write::Delete(key) => {
            let before = records.remove(key.as_ref())?;
            let before = before.map(|stored| versioned(stored.value())).transpose()?;
            Ok(before.map(|before| Change {
                key,
                before: Some(before),
                after: None,
            }))
        }
    }
}

/// Whoever has stopped waiting is not told.
fn answer_all(answers: Vec<Answer<Outcome>>, outcomes: Vec<Outcome>) {
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        let _ = answer.send(Ok(outcome));
    }
}
