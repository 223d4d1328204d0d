//! The life of a keyring: made, sealed, opened, extended.

use trent_crypto::record::{Class, RecordError};
use trent_crypto::root::{GenerationId, RootError};
use trent_keystore::{KeyFileSeal, Keyring, KeyringError, SealError, SoftwareKeystore, SystemRandomness};

use crate::support::{Failing, address, decrypt, encrypt, keyring, new_key};

fn seal(folder: &tempfile::TempDir, name: &str) -> KeyFileSeal {
    KeyFileSeal::create(&folder.path().join(name), &folder.path().join("data")).expect("a seal")
}

#[test]
fn a_sealed_keyring_opens_everything_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let seal = seal(&folder, "seal");
    let (keyring, sealed) = Keyring::create(&seal).expect("a keyring");
    let keystore = SoftwareKeystore::new(&keyring);
    let key = new_key(&keystore, address());
    let ciphertext = encrypt(&keystore, &key, b"plaintext");
    let record = keyring
        .record_sealer()
        .seal(Class::Resource, b"place", 1, b"content", [1; 32]);

    let opened = Keyring::open(&seal, &sealed).expect("opens");
    assert_eq!(opened.active(), GenerationId(1));
    assert_eq!(
        decrypt(&SoftwareKeystore::new(&opened), &key, &ciphertext),
        Ok(b"plaintext".to_vec())
    );
    let content = opened.record_sealer().open(Class::Resource, b"place", &record);
    assert_eq!(content, Ok((1, b"content".to_vec())));
    assert_eq!(
        opened.record_sealer().blind("d", b"n"),
        keyring.record_sealer().blind("d", b"n")
    );
}

#[test]
fn a_wrong_seal_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (right, wrong) = (seal(&folder, "right"), seal(&folder, "wrong"));
    let (_, sealed) = Keyring::create(&right).expect("a keyring");
    let error = Keyring::open(&wrong, &sealed).err().expect("refused");
    assert!(matches!(&error, KeyringError::Seal(SealError::WrongSeal { .. })));
    let message = error.to_string();
    assert!(message.contains(&right.fingerprint().to_string()), "{message}");
    assert!(message.contains(&wrong.fingerprint().to_string()), "{message}");
}

#[test]
fn a_damaged_keyring_is_refused_at_every_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let seal = seal(&folder, "seal");
    let (_, sealed) = Keyring::create(&seal).expect("a keyring");
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        let error = Keyring::open(&seal, &changed).err();
        match at {
            0 => assert!(matches!(error, Some(KeyringError::Seal(SealError::UnknownFormat(0))))),
            1..17 => assert!(matches!(error, Some(KeyringError::Seal(SealError::WrongSeal { .. })))),
            _ => assert!(matches!(error, Some(KeyringError::Seal(SealError::Damaged))), "{at}"),
        }
        let cut = Keyring::open(&seal, &sealed[..at]).err();
        assert!(matches!(cut, Some(KeyringError::Seal(SealError::Damaged))), "{at}");
    }
}

#[test]
fn a_published_generation_opens_before_it_seals() {
    let folder = tempfile::tempdir().expect("a folder");
    let seal = seal(&folder, "seal");
    let old = keyring();
    let mut new = old.clone();
    assert_eq!(new.publish(&SystemRandomness).ok(), Some(GenerationId(2)));
    assert_eq!(new.active(), GenerationId(1));
    let mut activated = new.clone();
    activated.activate(GenerationId(2)).expect("published");
    assert_eq!(activated.active(), GenerationId(2));
    assert_eq!(activated.publish(&SystemRandomness).ok(), Some(GenerationId(3)));

    // What each sealed, every keyring that holds its generation opens, also after a round through the seal.
    let reopened = Keyring::open(&seal, &activated.seal(&seal).expect("sealed")).expect("opens");
    for (by, generation) in [(&old, 1), (&new, 1), (&activated, 2), (&reopened, 2)] {
        let record = by.record_sealer().seal(Class::Policy, b"place", 1, b"content", [1; 32]);
        assert_eq!(
            by.record_sealer().peek(&record).map(|it| it.generation),
            Ok(GenerationId(generation))
        );
        for with in [&new, &activated, &reopened] {
            assert!(with.record_sealer().open(Class::Policy, b"place", &record).is_ok());
        }
        let with_old = old.record_sealer().open(Class::Policy, b"place", &record).err();
        let unknown = (generation == 2).then_some(RecordError::UnknownGeneration(GenerationId(2)));
        assert_eq!(with_old, unknown);
    }
}

#[test]
fn only_a_published_generation_becomes_active() {
    let mut keyring = keyring();
    let error = keyring.activate(GenerationId(2)).err();
    let missing = RootError::ActiveMissing(GenerationId(2));
    assert!(matches!(error, Some(KeyringError::Root(error)) if error == missing));
    assert_eq!(keyring.active(), GenerationId(1));
}

#[test]
fn without_random_bytes_there_is_no_keyring() {
    assert!(matches!(
        Keyring::generate(&Failing).err(),
        Some(KeyringError::Randomness(_))
    ));
    assert!(matches!(
        keyring().publish(&Failing).err(),
        Some(KeyringError::Randomness(_))
    ));
}
