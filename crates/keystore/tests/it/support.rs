//! What the tests share: an immediate executor, random bytes that can be foretold, a key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use trent_crypto::spec::KeySpec;
use trent_keystore::{
    DecryptRequest, EncryptRequest, EncryptionContext, KeyAddress, KeyHandle, Keyring, Keystore, KeystoreError,
    Randomness, RandomnessError, Scheme, Secret, SoftwareKeystore, SystemRandomness,
};
use trent_names::{AccountId, KeyId, Partition};

/// Waits for the keystore, whose slow work is done on threads of its own.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}

/// Fills each buffer with one number, counting up from one.
#[derive(Default)]
pub(crate) struct Counting(AtomicU8);

impl Randomness for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        buffer.fill(self.0.fetch_add(1, Ordering::Relaxed) + 1);
        Ok(())
    }
}

/// Gives nothing.
pub(crate) struct Failing;

impl Randomness for Failing {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomnessError> {
        Err(RandomnessError)
    }
}

pub(crate) fn keyring() -> Keyring {
    Keyring::generate(&SystemRandomness).expect("a keyring")
}

pub(crate) fn address() -> KeyAddress {
    KeyAddress {
        partition: Partition::Aws,
        account: AccountId::parse("111122223333").expect("an account"),
        key: KeyId::parse("1234abcd-12ab-34cd-56ef-1234567890ab").expect("a key id"),
    }
}

pub(crate) fn new_key(keystore: &SoftwareKeystore, address: KeyAddress) -> Arc<KeyHandle> {
    let key = now(keystore.create(address, KeySpec::SymmetricDefault)).expect("a key");
    Arc::new(KeyHandle::new(address, KeySpec::SymmetricDefault, key))
}

pub(crate) fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
    pairs.iter().copied().collect()
}

pub(crate) fn encrypt(keystore: &SoftwareKeystore, key: &Arc<KeyHandle>, plaintext: &[u8]) -> Vec<u8> {
    let request = EncryptRequest {
        key: Arc::clone(key).into(),
        scheme: Scheme::Symmetric(context(&[("a", "b")])),
        plaintext: Secret::new(plaintext.to_vec()),
    };
    now(keystore.encrypt(request)).expect("encrypts")
}

pub(crate) fn decrypt(
    keystore: &SoftwareKeystore,
    key: &Arc<KeyHandle>,
    ciphertext: &[u8],
) -> Result<Vec<u8>, KeystoreError> {
    let request = DecryptRequest {
        key: Arc::clone(key).into(),
        scheme: Scheme::Symmetric(context(&[("a", "b")])),
        ciphertext: ciphertext.to_vec(),
    };
    now(keystore.decrypt(request)).map(|plaintext| plaintext.expose().to_vec())
}
