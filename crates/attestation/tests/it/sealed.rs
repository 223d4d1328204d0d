//! What is sealed to a recipient is opened by the recipient, and by nobody else.

use aws_lc_rs::rsa::KeySize;
use trent_attestation::{KeyFault, RecipientKey};

use crate::enclave::open;
use crate::platform::recipient;

/// REF-322
#[test]
fn the_recipient_opens_what_is_sealed_to_it() {
    for size in [KeySize::Rsa2048, KeySize::Rsa3072, KeySize::Rsa4096] {
        let (private, public) = recipient(size);
        let key = RecipientKey::parse(&public).expect("a key that can be sealed to");
        for length in [0, 1, 15, 16, 17, 32, 4096] {
            let plaintext = vec![0x5a; length];
            let sealed = key.seal(&plaintext).expect("it is sealed");
            assert!(length < 15 || !sealed.windows(length).any(|window| window == plaintext));
            assert_eq!(open(private.clone(), &sealed), Some(plaintext), "{length}");
        }
    }
}

/// REF-322
#[test]
fn nobody_else_does() {
    let (_, public) = recipient(KeySize::Rsa2048);
    let (other, _) = recipient(KeySize::Rsa2048);
    let sealed = RecipientKey::parse(&public)
        .expect("a key")
        .seal(b"a data key")
        .expect("it is sealed");
    assert_eq!(open(other, &sealed), None);
}

#[test]
fn nothing_of_a_message_is_used_again() {
    let (_, public) = recipient(KeySize::Rsa2048);
    let key = RecipientKey::parse(&public).expect("a key");
    let (one, two) = (key.seal(b"x").expect("sealed"), key.seal(b"x").expect("sealed"));
    // Neither the wrapped key nor the initialization vector nor the content.
    assert_ne!(one[one.len() - 30..], two[two.len() - 30..]);
    let differing = one.iter().zip(&two).filter(|(one, two)| one != two).count();
    assert!(differing > 256, "{differing}");
}

#[test]
fn keys_of_other_sizes() {
    let (_, large) = recipient(KeySize::Rsa8192);
    assert_eq!(RecipientKey::parse(&large).map(drop), Err(KeyFault::Size));
    assert_eq!(RecipientKey::parse(b"").map(drop), Err(KeyFault::NotRsa));
}
