//! Encrypt, Decrypt and `ReEncrypt` over wrapped keys.

use std::sync::Arc;

use proptest::prelude::*;
use trent_crypto::ciphertext::{CiphertextError, Parsed};
use trent_crypto::spec::KeySpec;
use trent_crypto::wrap::WrapError;
use trent_keystore::{
    KeyAddress, KeyHandle, Keystore, KeystoreError, MaterialId, ReEncryptRequest, Scheme, Secret, SoftwareKeystore,
    Wrapped,
};
use trent_names::{AccountId, KeyId};

use crate::support::{Counting, Failing, address, context, decrypt, encrypt, keyring, new_key, now};

fn other_address() -> KeyAddress {
    KeyAddress {
        key: KeyId::parse("mrk-1234abcd12ab34cd56ef1234567890ab").expect("a key id"),
        ..address()
    }
}

/// What every use of a symmetric key reads lies together.
#[test]
fn a_symmetric_key_is_in_place() {
    let key = new_key(&SoftwareKeystore::new(&keyring()), address());
    let material = key.materials.get(&key.current).expect("the material");
    for wrapped in [&key.destruction_key, material] {
        assert!(wrapped.as_bytes().len() <= Wrapped::IN_PLACE);
    }
}

#[test]
fn what_a_key_encrypted_it_decrypts_also_after_a_restart() {
    let keyring = keyring();
    let keystore = SoftwareKeystore::new(&keyring);
    let key = new_key(&keystore, address());
    let ciphertext = encrypt(&keystore, &key, b"plaintext");
    assert_eq!(decrypt(&keystore, &key, &ciphertext), Ok(b"plaintext".to_vec()));
    let restarted = SoftwareKeystore::new(&keyring);
    assert_eq!(decrypt(&restarted, &key, &ciphertext), Ok(b"plaintext".to_vec()));
}

#[test]
fn the_ciphertext_names_key_and_current_material() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = new_key(&keystore, address());
    let ciphertext = encrypt(&keystore, &key, b"plaintext");
    let parsed = Parsed::parse(&ciphertext).expect("parses");
    assert_eq!((parsed.key, parsed.material), (address().key, key.current));
}

#[test]
fn each_encryption_makes_another_ciphertext() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = new_key(&keystore, address());
    let made: std::collections::BTreeSet<_> = (0..50).map(|_| encrypt(&keystore, &key, b"same")).collect();
    assert_eq!(made.len(), 50);
}

#[test]
fn another_key_refuses() {
    let keystore = SoftwareKeystore::new(&keyring());
    let (key, other) = (new_key(&keystore, address()), new_key(&keystore, other_address()));
    let ciphertext = encrypt(&keystore, &key, b"plaintext");
    let refused = KeystoreError::Ciphertext(CiphertextError::OtherKey(address().key));
    assert_eq!(decrypt(&keystore, &other, &ciphertext), Err(refused));
    // Nor does a key that took the id of the first one.
    let impostor = new_key(&keystore, address());
    let refused = KeystoreError::MaterialMissing(key.current);
    assert_eq!(decrypt(&keystore, &impostor, &ciphertext), Err(refused));
}

/// The same material in two keys makes two keys that cannot decrypt for each other; in one key it makes the same key.
#[test]
fn fixed_material_belongs_to_one_key() {
    let keystore = SoftwareKeystore::new(&keyring());
    let import = |address| {
        let material = Secret::new(vec![7; 32]);
        let key = now(keystore.import_fixed(address, material)).expect("a key");
        Arc::new(KeyHandle::new(address, KeySpec::SymmetricDefault, key))
    };
    let (one, again, two) = (import(address()), import(address()), import(other_address()));
    assert_eq!(one.current, again.current);
    assert_ne!(one.current, two.current);
    assert_ne!(one.destruction_key, again.destruction_key);
    let ciphertext = encrypt(&keystore, &one, b"plaintext");
    assert_eq!(decrypt(&keystore, &again, &ciphertext), Ok(b"plaintext".to_vec()));
    assert!(decrypt(&keystore, &two, &ciphertext).is_err());
}

#[test]
fn fixed_material_has_32_bytes() {
    let keystore = SoftwareKeystore::new(&keyring());
    for length in [0, 16, 31, 33] {
        let made = now(keystore.import_fixed(address(), Secret::zeroed(length)));
        assert_eq!(made.err(), Some(KeystoreError::MaterialLength(length)));
    }
}

#[test]
fn a_key_decrypts_with_each_of_its_materials_and_encrypts_with_the_current_one() {
    let keystore = SoftwareKeystore::new(&keyring());
    let old = new_key(&keystore, address());
    let from_old = encrypt(&keystore, &old, b"old");

    let new = now(keystore.new_material(Arc::clone(&old).into())).expect("another material");
    let mut rotated = KeyHandle::clone(&old);
    rotated.current = new.id;
    let added = (new.id, Wrapped::from(&*new.bytes));
    rotated.materials = old.materials.iter().cloned().chain([added]).collect();
    let rotated = Arc::new(rotated);
    let from_new = encrypt(&keystore, &rotated, b"new");
    let named = |ciphertext| Parsed::parse(ciphertext).expect("parses").material;
    assert_eq!((named(&from_old), named(&from_new)), (old.current, new.id));
    assert_ne!(old.current, new.id);
    assert_eq!(decrypt(&keystore, &rotated, &from_old), Ok(b"old".to_vec()));
    assert_eq!(decrypt(&keystore, &rotated, &from_new), Ok(b"new".to_vec()));
    assert_eq!(
        decrypt(&keystore, &old, &from_new),
        Err(KeystoreError::MaterialMissing(new.id))
    );

    // Materials open under their own destruction key only, so the stranger's is of no use here.
    let mut misled = KeyHandle::clone(&rotated);
    let stranger = new_key(&keystore, address());
    misled.current = stranger.current;
    let materials = rotated.materials.iter().chain(stranger.materials.iter());
    misled.materials = materials.cloned().collect();
    let request = trent_keystore::EncryptRequest {
        key: Arc::new(misled).into(),
        scheme: Scheme::Symmetric(context(&[])),
        plaintext: Secret::zeroed(1),
    };
    let refused = now(keystore.encrypt(request)).err();
    assert_eq!(refused, Some(KeystoreError::Wrapped(WrapError::Forged)));
}

/// What is not a symmetric encryption key has one material for ever.
#[test]
fn only_symmetric_encryption_keys_get_another_material() {
    let keystore = SoftwareKeystore::new(&keyring());
    for spec in [KeySpec::Hmac256, KeySpec::EccNistP256] {
        let key = now(keystore.create(address(), spec)).expect("a key");
        let made = now(keystore.new_material(Arc::new(KeyHandle::new(address(), spec, key)).into()));
        assert_eq!(made.err(), Some(KeystoreError::WrongSpec(spec)));
    }
}

#[test]
fn a_key_without_its_current_material_does_not_encrypt() {
    let keystore = SoftwareKeystore::new(&keyring());
    let mut key = KeyHandle::clone(&new_key(&keystore, address()));
    key.current = MaterialId([9; 32]);
    let request = trent_keystore::EncryptRequest {
        key: Arc::new(key).into(),
        scheme: Scheme::Symmetric(context(&[])),
        plaintext: Secret::zeroed(1),
    };
    let refused = now(keystore.encrypt(request)).err();
    assert_eq!(refused, Some(KeystoreError::MaterialMissing(MaterialId([9; 32]))));
}

/// Without the destruction key nothing of the key is left: not its materials, not what they encrypted.
#[test]
fn a_key_is_gone_with_its_destruction_key() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = new_key(&keystore, address());
    let ciphertext = encrypt(&keystore, &key, b"plaintext");
    let mut destroyed = KeyHandle::clone(&key);
    destroyed.destruction_key = new_key(&keystore, address()).destruction_key.clone();
    let refused = decrypt(&keystore, &Arc::new(destroyed), &ciphertext);
    assert_eq!(refused, Err(KeystoreError::Wrapped(WrapError::Forged)));
}

/// REF-98
#[test]
fn a_key_moved_to_another_account_is_refused() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = new_key(&keystore, address());
    let ciphertext = encrypt(&keystore, &key, b"plaintext");
    let mut moved = KeyHandle::clone(&key);
    moved.address.account = AccountId::parse("444455556666").expect("an account");
    let refused = decrypt(&keystore, &Arc::new(moved), &ciphertext);
    assert_eq!(refused, Err(KeystoreError::Wrapped(WrapError::Forged)));
}

#[test]
fn re_encryption_changes_key_and_context() {
    let keystore = SoftwareKeystore::new(&keyring());
    let (source, destination) = (new_key(&keystore, address()), new_key(&keystore, other_address()));
    let ciphertext = encrypt(&keystore, &source, b"plaintext");
    let request = |pair: (&str, &str)| ReEncryptRequest {
        source: Arc::clone(&source).into(),
        source_scheme: Scheme::Symmetric(context(&[pair])),
        ciphertext: ciphertext.clone(),
        destination: Arc::clone(&destination).into(),
        destination_scheme: Scheme::Symmetric(context(&[("c", "d")])),
    };
    let moved = now(keystore.re_encrypt(request(("a", "b")))).expect("re-encrypts");
    let opened = now(keystore.decrypt(trent_keystore::DecryptRequest {
        key: Arc::clone(&destination).into(),
        scheme: Scheme::Symmetric(context(&[("c", "d")])),
        ciphertext: moved.clone(),
    }));
    assert!(opened.is_ok_and(|opened| opened.expose() == b"plaintext"));
    assert!(decrypt(&keystore, &destination, &moved).is_err());
    let refused = now(keystore.re_encrypt(request(("a", "B")))).err();
    assert_eq!(refused, Some(KeystoreError::Ciphertext(CiphertextError::Forged)));
}

#[test]
fn random_bytes_come_from_the_given_source() {
    let keystore = SoftwareKeystore::with_randomness(&keyring(), Arc::new(Counting::default()));
    let random = now(keystore.random(5)).expect("random bytes");
    assert_eq!(random.expose(), [1; 5]);
    let key = new_key(&keystore, address());
    let (one, two) = (encrypt(&keystore, &key, b"x"), encrypt(&keystore, &key, b"x"));
    // Salts are the bytes after the material id.
    assert_ne!(one[51..83], two[51..83]);
    assert!(one[51..83].iter().all(|byte| *byte == one[51]));
}

#[test]
fn without_random_bytes_nothing_is_made() {
    let keyring = keyring();
    let working = SoftwareKeystore::new(&keyring);
    let key = new_key(&working, address());
    let failing = SoftwareKeystore::with_randomness(&keyring, Arc::new(Failing));
    let failed = Some(KeystoreError::Randomness(trent_keystore::RandomnessError));
    assert_eq!(now(failing.create(address(), KeySpec::SymmetricDefault)).err(), failed);
    assert_eq!(now(failing.random(1)).err(), failed);
    let request = trent_keystore::EncryptRequest {
        key: Arc::clone(&key).into(),
        scheme: Scheme::Symmetric(context(&[])),
        plaintext: Secret::zeroed(1),
    };
    assert_eq!(now(failing.encrypt(request)).err(), failed);
    let ciphertext = encrypt(&working, &key, b"plaintext");
    assert_eq!(decrypt(&failing, &key, &ciphertext), Ok(b"plaintext".to_vec()));
}

proptest! {
    #[test]
    fn damaged_handles_and_ciphertexts_are_refused_without_a_panic(
        which in 0..3,
        at: prop::sample::Index,
        bit in 0..8,
        cut: bool,
    ) {
        let keystore = SoftwareKeystore::with_randomness(&keyring(), Arc::new(Counting::default()));
        let key = new_key(&keystore, address());
        let mut ciphertext = encrypt(&keystore, &key, b"plaintext");
        let mut key = KeyHandle::clone(&key);
        let mut destruction_key = key.destruction_key.as_bytes().to_vec();
        let mut material = key.materials.get(&key.current).expect("the material").as_bytes().to_vec();
        let bytes = match which {
            0 => &mut destruction_key,
            1 => &mut material,
            _ => &mut ciphertext,
        };
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1u8 << bit }
        key.destruction_key = Wrapped::from(&*destruction_key);
        key.materials = [(key.current, Wrapped::from(&*material))].into_iter().collect();
        prop_assert!(decrypt(&keystore, &Arc::new(key), &ciphertext).is_err());
    }
}
