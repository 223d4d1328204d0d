//! The keyring's place in the store: one record outside the sealing, since everything sealed is opened with it.

use bytes::Bytes;
use trent_keystore::{Keyring, Seal};
use trent_store::engine::{Precondition, Txn, Write};
use trent_store::{CommitError, Conflict, Engine, Outcome, StoreError, TxnId};
use uuid::Uuid;

use super::OpenFailure;
use super::seal::SealName;

/// Where the sealed keyring is; the store keeps `meta/` outside the sealing.
const KEY: &[u8] = b"meta/keyring";

/// Makes the keyring of a new store.
pub(super) async fn create(engine: &dyn Engine, seal: &dyn Seal) -> Result<(Keyring, SealName), OpenFailure> {
    let (keyring, sealed) = Keyring::create(seal)?;
    let name = SealName::of(&sealed);
    let txn = Txn {
        id: TxnId(*Uuid::new_v4().as_bytes()),
        preconditions: vec![Precondition::Absent(Bytes::from_static(KEY))],
        writes: vec![Write::Put(Bytes::from_static(KEY), Bytes::from(sealed))],
    };
    match engine.commit(txn).await? {
        Outcome::Committed(_) => Ok((keyring, name)),
        Outcome::Rejected(conflict) => Err(CommitError::Conflict(conflict).into()),
        Outcome::Unknown => Err(CommitError::Conflict(Conflict {
            key: Bytes::from_static(KEY),
        })
        .into()),
    }
}

/// Opens the keyring of an existing store.
pub(super) async fn open(engine: &dyn Engine, seal: &dyn Seal) -> Result<(Keyring, SealName), OpenFailure> {
    let sealed = engine.get(KEY).await?.ok_or(OpenFailure::NoKeyring)?;
    Ok((Keyring::open(seal, &sealed.value)?, SealName::of(&sealed.value)))
}

/// Puts the keyring under another seal. It is opened again with that seal before the store has it.
pub(super) async fn replace(engine: &dyn Engine, keyring: &Keyring, new: &dyn Seal) -> Result<(), OpenFailure> {
    let stored = engine.get(KEY).await?.ok_or(OpenFailure::NoKeyring)?;
    let sealed = keyring.seal(new)?;
    Keyring::open(new, &sealed)?;
    let txn = Txn {
        id: TxnId(*Uuid::new_v4().as_bytes()),
        preconditions: vec![Precondition::At(Bytes::from_static(KEY), stored.revision)],
        writes: vec![Write::Put(Bytes::from_static(KEY), Bytes::from(sealed))],
    };
    match engine.commit(txn).await? {
        Outcome::Committed(_) => Ok(()),
        Outcome::Rejected(conflict) => Err(CommitError::Conflict(conflict).into()),
        Outcome::Unknown => Err(CommitError::Unknown(StoreError::Closed).into()),
    }
}
