//! Data keys.

use std::sync::Arc;

use trent_crypto::ciphertext::{OVERHEAD, Parsed};
use trent_keystore::{DataKey, GenerateDataKeyRequest, KeyHandle, Keystore, SoftwareKeystore};

use crate::support::{address, context, decrypt, keyring, new_key, now};

fn request(key: &Arc<KeyHandle>, length: usize) -> GenerateDataKeyRequest {
    GenerateDataKeyRequest {
        key: Arc::clone(key).into(),
        context: context(&[("a", "b")]),
        length,
    }
}

/// The ciphertext itself tells which key decrypts it; the same request again gives another key.
///
/// KEY-102, KEY-105
#[test]
fn each_data_key_is_fresh_and_its_ciphertext_decrypts_to_it() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = new_key(&keystore, address());
    for length in [1, 16, 32, 64, 1024] {
        let generate = || now(keystore.generate_data_key(request(&key, length))).expect("a data key");
        let (one, two) = (generate(), generate());
        for DataKey { plaintext, ciphertext } in [&one, &two] {
            assert_eq!(plaintext.len(), length);
            assert_eq!(Parsed::parse(ciphertext).map(|parsed| parsed.key), Ok(address().key));
            assert_eq!(decrypt(&keystore, &key, ciphertext), Ok(plaintext.expose().to_vec()));
        }
        assert_ne!(one.ciphertext, two.ciphertext);
        // One byte may well come twice.
        if length > 1 {
            assert!(one.plaintext != two.plaintext);
        }
    }
}

/// The salt is drawn together with the data key and stands in the ciphertext for all to read.
#[test]
fn the_ciphertext_shows_no_part_of_the_data_key() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = new_key(&keystore, address());
    for length in [16, 31, 32, 33, 64, 1024] {
        let DataKey { plaintext, ciphertext } =
            now(keystore.generate_data_key(request(&key, length))).expect("a data key");
        for part in plaintext.expose().windows(8) {
            assert!(!ciphertext.windows(8).any(|window| window == part), "{length}");
        }
    }
}

/// KEY-103
#[test]
fn a_data_key_can_be_made_without_showing_it() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = new_key(&keystore, address());
    let ciphertext = now(keystore.generate_data_key_without_plaintext(request(&key, 32))).expect("a data key");
    assert_eq!(ciphertext.len(), OVERHEAD + 32);
    assert_eq!(
        decrypt(&keystore, &key, &ciphertext).map(|plaintext| plaintext.len()),
        Ok(32)
    );
}

/// KEY-108
#[test]
fn data_keys_are_random() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = new_key(&keystore, address());
    let generate = |_| now(keystore.generate_data_key(request(&key, 16))).expect("a data key");
    let made: std::collections::BTreeSet<_> = (0..100)
        .map(generate)
        .map(|it| it.plaintext.expose().to_vec())
        .collect();
    assert_eq!(made.len(), 100);
    // No position is constant over a hundred keys.
    for at in 0..16 {
        let values: std::collections::BTreeSet<u8> = made.iter().map(|key| key[at]).collect();
        assert!(values.len() > 10, "{at}");
    }
}
