//! The keyring's place in the store: one record outside the sealing, since everything sealed is opened with it.

use bytes::Bytes;
use trent_keystore::{Keyring, Seal};
use trent_store::engine::{Precondition, Txn, Write};
use trent_store::{CommitError, Conflict, Engine, Outcome, TxnId};
use uuid::Uuid;

use super::OpenFailure;

/// Where the sealed keyring is; the store keeps `meta/` outside the sealing.
const KEY: &[u8] = b"meta/keyring";

/// Makes the keyring of a new store.
pub(super) async fn create(engine: &dyn Engine, seal: &dyn Seal) -> Result<Keyring, OpenFailure> {
    let (keyring, sealed) = Keyring::create(seal)?;
    let txn = Txn {
        id: TxnId(*Uuid::new_v4().as_bytes()),
        preconditions: vec![Precondition::Absent(Bytes::from_static(KEY))],
        writes: vec![Write::Put(Bytes::from_static(KEY), Bytes::from(sealed))],
    };
    match engine.commit(txn).await? {
        Outcome::Committed(_) => Ok(keyring),
        Outcome::Rejected(conflict) => Err(CommitError::Conflict(conflict).into()),
        Outcome::Unknown => Err(CommitError::Conflict(Conflict {
            key: Bytes::from_static(KEY),
        })
        .into()),
    }
}

/// Opens the keyring of an existing store.
pub(super) async fn open(engine: &dyn Engine, seal: &dyn Seal) -> Result<Keyring, OpenFailure> {
    let sealed = engine.get(KEY).await?.ok_or(OpenFailure::NoKeyring)?;
    Ok(Keyring::open(seal, &sealed.value)?)
}
