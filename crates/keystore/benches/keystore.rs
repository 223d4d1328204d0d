//! What one cryptographic request costs inside the keystore, unwrapping included, and what its parts cost.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use criterion::{Criterion, criterion_group, criterion_main};
use trent_crypto::record::{Class, RecordSealer};
use trent_crypto::root::RootKeys;
use trent_crypto::spec::KeySpec;
use trent_crypto::wrap::RootWrapper;
use trent_crypto::{Key256, MaterialKey, ciphertext};
use trent_keystore::{
    DecryptRequest, EncryptRequest, EncryptionContext, GenerateDataKeyRequest, KeyAddress, KeyHandle, Keyring,
    Keystore, MaterialId, Randomness, Scheme, Secret, SoftwareKeystore, SystemRandomness, Wrapped,
};
use trent_names::{AccountId, KeyId, Partition};

/// Symmetric keys are used where they are asked for, so each call is ready at its first poll.
fn now<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the software keystore never waits for those"),
    }
}

fn address() -> KeyAddress {
    KeyAddress {
        partition: Partition::Aws,
        account: AccountId::parse("111122223333").expect("twelve digits"),
        key: KeyId::from_bytes([7; 16], false),
    }
}

fn pairs() -> BTreeMap<String, String> {
    [("tenant", "a4c1"), ("purpose", "invoice")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

fn operations(c: &mut Criterion) {
    let keyring = Keyring::generate(&SystemRandomness).expect("a keyring");
    let keystore = SoftwareKeystore::new(&keyring);
    let key = now(keystore.create(address(), KeySpec::SymmetricDefault)).expect("a key");
    let key = Arc::new(KeyHandle::new(address(), KeySpec::SymmetricDefault, key));
    let pairs = pairs();

    for (name, context) in [
        ("no context", EncryptionContext::none()),
        ("two pairs", EncryptionContext::from(&pairs)),
    ] {
        let encrypt = || EncryptRequest {
            key: Arc::clone(&key).into(),
            scheme: Scheme::Symmetric(context.clone()),
            plaintext: Secret::new(vec![7; 32]),
        };
        let ciphertext = now(keystore.encrypt(encrypt())).expect("a ciphertext");
        let decrypt = || DecryptRequest {
            key: Arc::clone(&key).into(),
            scheme: Scheme::Symmetric(context.clone()),
            ciphertext: ciphertext.clone(),
        };
        c.bench_function(&format!("encrypt 32 bytes, {name}"), |b| {
            b.iter(|| now(keystore.encrypt(encrypt())));
        });
        c.bench_function(&format!("decrypt 32 bytes, {name}"), |b| {
            b.iter(|| now(keystore.decrypt(decrypt())).is_ok());
        });
    }
    c.bench_function("generate data key", |b| {
        b.iter(|| {
            now(keystore.generate_data_key(GenerateDataKeyRequest {
                key: Arc::clone(&key).into(),
                context: EncryptionContext::from(&pairs),
                length: 32,
            }))
            .is_ok()
        });
    });
    let credential = now(keystore.new_credential()).expect("a credential").wrapped;
    c.bench_function("derive signing key", |b| {
        b.iter(|| {
            let date = black_box("20260101");
            now(keystore.signing_key(&credential, date, "us-east-1", "kms")).is_ok()
        });
    });
    let signing = now(keystore.signing_key(&credential, "20260101", "us-east-1", "kms"));
    let signing = signing.expect("a signing key");
    c.bench_function("sign", |b| b.iter(|| signing.sign(black_box(&[0; 200]))));
}

/// A key that was rotated a hundred times: what its oldest material encrypted, beside what its newest did.
fn rotated(c: &mut Criterion) {
    let keyring = Keyring::generate(&SystemRandomness).expect("a keyring");
    let keystore = SoftwareKeystore::new(&keyring);
    let key = now(keystore.create(address(), KeySpec::SymmetricDefault)).expect("a key");
    let mut key = KeyHandle::new(address(), KeySpec::SymmetricDefault, key);
    let encrypt = |key: &KeyHandle| {
        let request = EncryptRequest {
            key: Arc::new(key.clone()).into(),
            scheme: Scheme::Symmetric(EncryptionContext::none()),
            plaintext: Secret::new(vec![7; 32]),
        };
        now(keystore.encrypt(request)).expect("a ciphertext")
    };
    let oldest = encrypt(&key);
    let mut materials: Vec<_> = key.materials.iter().cloned().collect();
    for _ in 0..100 {
        let made = now(keystore.new_material(Arc::new(key.clone()).into())).expect("another material");
        key.current = made.id;
        materials.push((made.id, Wrapped::from(&*made.bytes)));
    }
    key.materials = materials.into_iter().collect();
    let newest = encrypt(&key);
    let key = Arc::new(key);
    for (age, ciphertext) in [("oldest", oldest), ("newest", newest)] {
        c.bench_function(&format!("decrypt, {age} of 101 materials"), |b| {
            b.iter(|| {
                let request = DecryptRequest {
                    key: Arc::clone(&key).into(),
                    scheme: Scheme::Symmetric(EncryptionContext::none()),
                    ciphertext: ciphertext.clone(),
                };
                now(keystore.decrypt(request)).is_ok()
            });
        });
    }
}

fn parts(c: &mut Criterion) {
    let root = RootKeys::first(Key256::new([1; 32]), Key256::new([2; 32]));
    let wrapper = RootWrapper::new(&root);
    let (destruction_key, material) = (Key256::new([3; 32]), Key256::new([4; 32]));
    let identity = address().material(MaterialId([5; 32]));
    let wrapped_key = wrapper.wrap_destruction_key(&address(), &destruction_key, [6; 32]);
    let material = MaterialKey::bind(identity, &material);
    let kept = material.wrap(&destruction_key, [7; 12]);
    let sealer = RecordSealer::new(&root);
    let record = sealer.seal(Class::Resource, b"record", 1, &[8; 600], [9; 32]);
    let mut salt = [0; 32];
    let pairs = pairs();

    c.bench_function("part: salt", |b| b.iter(|| SystemRandomness.fill(&mut salt)));
    c.bench_function("part: encryption context", |b| {
        b.iter(|| EncryptionContext::from(black_box(&pairs)));
    });
    c.bench_function("part: unwrap destruction key", |b| {
        b.iter(|| {
            wrapper
                .unwrap_destruction_key(&address(), black_box(&wrapped_key))
                .is_ok()
        });
    });
    c.bench_function("part: unwrap material", |b| {
        b.iter(|| MaterialKey::unwrap(&destruction_key, identity, black_box(&kept)).is_ok());
    });
    c.bench_function("part: seal ciphertext", |b| {
        let context = EncryptionContext::from(&pairs);
        b.iter(|| ciphertext::seal(&material, &context, black_box(&[0; 32]), [1; 32]));
    });
    c.bench_function("record: open 600 bytes", |b| {
        b.iter(|| sealer.open(Class::Resource, b"record", black_box(&record)).is_ok());
    });
    c.bench_function("record: element", |b| b.iter(|| sealer.element(b"record", &record)));
}

criterion_group!(benches, operations, rotated, parts);
criterion_main!(benches);
