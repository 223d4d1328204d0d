//! A directory in memory with one account and its access keys.

use std::sync::Arc;
use std::time::Duration;

use trent_crypto::Secret;
use trent_identity::{
    AccessKeyId, AuthenticationError, Authenticator, Caller, DevAuthenticator, Directory, Realm, Sender, Times,
    VerifyingAuthenticator,
};
use trent_keystore::{Keyring, SoftwareKeystore, SystemRandomness};
use trent_names::{AccountId, Region};
use trent_store::{MemoryEngine, Options, Sealed};

use crate::wire::{Signer, Wire};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// 2026-01-01T00:20:00Z.
pub(crate) const NOW: Duration = Duration::from_mins(29_453_780);

/// The signer of the world's active access key at [`NOW`].
pub(crate) const SIGNER: Signer<'static> = Signer {
    access_key_id: ACCESS_KEY,
    secret: SECRET,
    date: "20260101T002000Z",
    region: "us-east-1",
    service: "kms",
    date_header: ("x-amz-date", "20260101T002000Z"),
};

pub(crate) struct World {
    pub(crate) sealed: Sealed,
    pub(crate) directory: Arc<Directory>,
    pub(crate) verifying: VerifyingAuthenticator,
    pub(crate) dev: DevAuthenticator,
}

pub(crate) fn account() -> AccountId {
    AccountId::parse(ACCOUNT).expect("twelve digits")
}

pub(crate) fn access_key() -> AccessKeyId {
    AccessKeyId::parse(ACCESS_KEY).expect("an id")
}

pub(crate) fn realm() -> Realm {
    let regions = ["us-east-1", "eu-central-1"].map(|name| Region::parse(name).expect("a Region"));
    Realm::new(regions, "kms")
}

/// An empty directory.
pub(crate) async fn empty_directory() -> (Sealed, Arc<Directory>) {
    let keyring = Keyring::generate(&SystemRandomness).expect("a keyring");
    let engine = Arc::new(MemoryEngine::new());
    let sealed = Sealed::open(engine, keyring.record_sealer(), Options::default())
        .await
        .expect("an empty store");
    let directory = Arc::new(Directory::new(&sealed, Arc::new(SoftwareKeystore::new(&keyring))));
    (sealed, directory)
}

impl World {
    pub(crate) async fn new() -> Self {
        let (sealed, directory) = empty_directory().await;
        let mut change = directory
            .create(account(), "payments", NOW)
            .await
            .expect("a new account");
        let secret = Secret::new(SECRET.as_bytes().to_vec());
        change
            .import_root_access_key(&access_key(), secret, NOW)
            .await
            .expect("a first access key");
        directory.commit(change.plan(())).await.expect("committed");
        let verifying = VerifyingAuthenticator::new(Arc::clone(&directory), realm())
            .await
            .expect("an authenticator");
        let dev = DevAuthenticator::new(Arc::clone(&directory), realm())
            .await
            .expect("an authenticator");
        Self {
            sealed,
            directory,
            verifying,
            dev,
        }
    }

    pub(crate) async fn authenticate(&self, wire: &Wire) -> Result<Caller, AuthenticationError> {
        self.authenticate_at(wire, NOW).await
    }

    pub(crate) async fn authenticate_at(&self, wire: &Wire, now: Duration) -> Result<Caller, AuthenticationError> {
        ask(&self.verifying, wire, now).await
    }
}

pub(crate) async fn ask(
    authenticator: &dyn Authenticator,
    wire: &Wire,
    now: Duration,
) -> Result<Caller, AuthenticationError> {
    let sender = sender(authenticator, wire, now).await?;
    Ok(sender.principal().expect("a principal of an account").clone())
}

/// Who sent a request, be it a service.
pub(crate) async fn sender(
    authenticator: &dyn Authenticator,
    wire: &Wire,
    now: Duration,
) -> Result<Sender, AuthenticationError> {
    authenticator
        .authenticate(&wire.borrowed(&wire.borrowed_headers()), Times::both(now))
        .await
}
