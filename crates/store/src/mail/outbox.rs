//! The sender's side: letters are written with what they tell, and forgotten once they have been applied.

use async_trait::async_trait;
use trent_names::Region;
use uuid::Uuid;

use super::{Letter, LetterRecord, MailError, OutboxRecord};
use crate::{
    engine::MAX_PAGE,
    error::{CommitError, StoreError},
    key::Key,
    place::InRegion,
    record::Stored,
    scope::{RegionStore, RegionTxn, ScopedSnapshot},
};

/// Takes letters to other Regions.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// Takes one there. `Ok` says that it has been applied, now or before; after an error nobody knows.
    async fn carry(&self, letter: Letter) -> Result<(), Undelivered>;
}

/// The other Region did not say that it has applied a letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a letter to {to} was not delivered: {reason}")]
pub struct Undelivered {
    /// The Region that it is for.
    pub to: Region,
    /// What went wrong.
    pub reason: String,
}

impl RegionTxn {
    /// Writes a letter to another Region. Those of one transaction arrive in the order in which they were written.
    pub fn post(&mut self, to: &Region, body: Vec<u8>) -> &mut Self {
        let place = u64::try_from(self.len()).expect("a transaction has a bounded number of operations");
        let key = letters_to(to).part(Uuid::new_v4().as_bytes()).number(place);
        self.insert(&key, &LetterRecord { body: body.into() })
    }
}

/// How many letters to a Region wait.
pub async fn waiting(store: &RegionStore, to: &Region) -> Result<usize, StoreError> {
    let snapshot = store.snapshot().await?;
    Ok(letters(&snapshot, to).await?.len())
}

/// Has the letters to a Region that wait carried there, in order, until one cannot be delivered; gives how many were.
/// Two that run at once do no harm: each carries the same letters under the same numbers, and one of them gives up.
pub async fn dispatch(store: &RegionStore, to: &Region, carrier: &dyn Carrier) -> Result<usize, MailError> {
    // One view of both: a letter that another run has delivered meanwhile must not get a number again.
    let snapshot = store.snapshot().await?;
    let waiting = letters(&snapshot, to).await?;
    let outbox = outbox(to);
    let known = snapshot.get(&outbox).await?;
    drop(snapshot);
    let first = known.as_ref().map_or(0, |known| known.value.delivered) + 1;
    let mut at = known.map(|known| known.revision);
    let all = waiting.len();
    for (number, (before, (key, letter))) in (first..).zip(waiting.into_iter().enumerate()) {
        carrier
            .carry(Letter {
                from: store.region().clone(),
                to: to.clone(),
                number,
                body: letter.value.body.into(),
            })
            .await?;
        let mut txn = store.txn();
        txn.delete(&key, letter.revision);
        let counted = OutboxRecord { delivered: number };
        match at {
            Some(at) => txn.update(&outbox, &counted, at),
            None => txn.insert(&outbox, &counted),
        };
        match store.commit(txn).await {
            Ok(revision) => at = Some(revision),
            Err(CommitError::Conflict(_)) => return Ok(before),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(all)
}

/// The letters to a Region, in the order in which they were committed and written.
async fn letters(
    snapshot: &ScopedSnapshot<InRegion>,
    to: &Region,
) -> Result<Vec<(Key<LetterRecord>, Stored<LetterRecord>)>, StoreError> {
    let prefix = letters_to(to);
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = snapshot.range(&prefix, after.as_ref(), MAX_PAGE).await?;
        found.extend(page.items);
        match found.last() {
            Some((last, _)) if page.more => after = Some(last.clone()),
            _ => break,
        }
    }
    found.sort_by_cached_key(|(key, letter)| (letter.revision, key.parts().pop()));
    Ok(found)
}

fn letters_to(to: &Region) -> Key<LetterRecord> {
    Key::new().part(to.as_str().as_bytes())
}

fn outbox(to: &Region) -> Key<OutboxRecord> {
    Key::new().part(to.as_str().as_bytes())
}
