//! Repeats one operation, for counting its instructions:
//!
//! ```text
//! valgrind --tool=callgrind --toggle-collect='*::measured' target/release/examples/instructions encrypt 100
//! ```

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trent_crypto::spec::KeySpec;
use trent_keystore::{
    DecryptRequest, EncryptRequest, EncryptionContext, KeyAddress, KeyHandle, Keyring, Keystore, Scheme, Secret,
    SoftwareKeystore, SystemRandomness,
};
use trent_names::{AccountId, KeyId, Partition};

fn now<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the software keystore never waits for those"),
    }
}

#[inline(never)]
fn measured(mut operation: impl FnMut()) {
    operation();
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().expect("encrypt or decrypt");
    let times: usize = arguments.next().map_or(1, |times| times.parse().expect("how often"));
    let pairs: BTreeMap<String, String> = [("tenant", "a4c1"), ("purpose", "invoice")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    let address = KeyAddress {
        partition: Partition::Aws,
        account: AccountId::parse("111122223333").expect("twelve digits"),
        key: KeyId::from_bytes([7; 16], false),
    };
    let keyring = Keyring::generate(&SystemRandomness).expect("a keyring");
    let keystore = SoftwareKeystore::new(&keyring);
    let key = now(keystore.create(address, KeySpec::SymmetricDefault)).expect("a key");
    let key = Arc::new(KeyHandle::new(address, KeySpec::SymmetricDefault, key));
    let encrypt = || EncryptRequest {
        key: Arc::clone(&key).into(),
        scheme: Scheme::Symmetric(EncryptionContext::from(&pairs)),
        plaintext: Secret::new(vec![7; 32]),
    };
    let ciphertext = now(keystore.encrypt(encrypt())).expect("a ciphertext");
    let decrypt = || DecryptRequest {
        key: Arc::clone(&key).into(),
        scheme: Scheme::Symmetric(EncryptionContext::from(&pairs)),
        ciphertext: ciphertext.clone(),
    };
    for _ in 0..times {
        match name.as_str() {
            "encrypt" => measured(|| drop(black_box(now(keystore.encrypt(encrypt()))))),
            "decrypt" => measured(|| drop(black_box(now(keystore.decrypt(decrypt()))))),
            other => panic!("{other} is neither encrypt nor decrypt"),
        }
    }
}
