//! Access-key secrets, signing keys and tokens.

use std::sync::Arc;

use trent_crypto::record::Class;
use trent_crypto::wrap::WrapError;
use trent_keystore::{Keystore, KeystoreError, Secret, SoftwareKeystore, WrappedCredential};

use crate::support::{Counting, keyring, now};

const SECRET: &[u8] = b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// The example of the documentation of Signature Version 4.
#[test]
fn a_sealed_secret_gives_the_documented_signing_key() {
    let keystore = SoftwareKeystore::new(&keyring());
    let credential = now(keystore.seal_credential(Secret::new(SECRET.to_vec()))).expect("sealed");
    let key = now(keystore.signing_key(&credential, "20150830", "us-east-1", "iam")).expect("a key");
    let expected = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9";
    assert_eq!(hex::encode(key.expose()), expected);
    assert!(!credential.0.windows(SECRET.len()).any(|window| window == SECRET));
}

#[test]
fn a_new_secret_has_40_characters_and_signs_as_itself() {
    let keystore = SoftwareKeystore::with_randomness(&keyring(), Arc::new(Counting::default()));
    let made = now(keystore.new_credential()).expect("a credential");
    assert_eq!(made.secret.expose(), "AQEB".repeat(10).as_bytes());
    let sealed = now(keystore.seal_credential(made.secret)).expect("sealed");
    let sign = |credential: &WrappedCredential| {
        let key = now(keystore.signing_key(credential, "20260101", "eu-west-1", "kms"));
        key.expect("a key").sign(b"request")
    };
    assert_eq!(sign(&made.wrapped), sign(&sealed));
    let other = now(keystore.new_credential()).expect("a credential");
    assert_ne!(sign(&made.wrapped), sign(&other.wrapped));
}

#[test]
fn a_damaged_or_foreign_credential_gives_no_key() {
    let (keystore, stranger) = (SoftwareKeystore::new(&keyring()), SoftwareKeystore::new(&keyring()));
    let credential = now(keystore.seal_credential(Secret::new(SECRET.to_vec()))).expect("sealed");
    let derive = |keystore: &SoftwareKeystore, credential| {
        now(keystore.signing_key(credential, "20260101", "eu-west-1", "kms")).err()
    };
    let forged = Some(KeystoreError::Wrapped(WrapError::Forged));
    assert_eq!(derive(&stranger, &credential), forged);
    let mut damaged = credential.clone();
    *damaged.0.last_mut().expect("bytes") ^= 1;
    assert_eq!(derive(&keystore, &damaged), forged);
    assert_eq!(derive(&keystore, &credential), None);
}

#[test]
fn tokens_come_back_unchanged_or_not_at_all() {
    let keystore = SoftwareKeystore::new(&keyring());
    let token = now(keystore.seal_token(Class::Markers, b"page 2")).expect("sealed");
    let open = |class, token: &[u8]| now(keystore.open_token(class, token)).map(|opened| opened.expose().to_vec());
    assert_eq!(open(Class::Markers, &token), Ok(b"page 2".to_vec()));
    assert!(!token.windows(6).any(|window| window == b"page 2"));
    assert!(open(Class::Tokens, &token).is_err());
    for at in 0..token.len() {
        let mut changed = token.clone();
        changed[at] ^= 1;
        assert!(open(Class::Markers, &changed).is_err(), "{at}");
        assert!(open(Class::Markers, &token[..at]).is_err(), "{at}");
    }
    assert_ne!(now(keystore.seal_token(Class::Markers, b"page 2")), Ok(token));
}
