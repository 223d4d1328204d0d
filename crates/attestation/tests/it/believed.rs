//! Documents that are believed, and what they then say.

use std::time::Duration;

use aws_lc_rs::rsa::KeySize;
use proptest::prelude::*;
use trent_attestation::{AttestationError, CLOCK_SKEW, KeyFault, MAX_AGE, Platform as Kind, Roots, verify};

use crate::platform::{ES384, Item, NOW, Platform, message, recipient};

/// The platform's root beside that of AWS.
pub(crate) fn roots(platform: &Platform) -> Roots {
    Roots::default().and(platform.root()).expect("a root")
}

/// REF-323, REF-330
#[test]
fn an_enclave_says_what_it_is() {
    let platform = Platform::new();
    let (_, public) = recipient(KeySize::Rsa2048);
    let signed = platform.sign(&platform.statement(&public));
    let attestation = verify(&signed, &roots(&platform), NOW).expect("the document is believed");
    assert_eq!(attestation.platform(), Kind::Enclave);
    assert_eq!(attestation.module_id(), "i-0123456789abcdef0-enc0123456789abcdef");
    assert_eq!(attestation.register(0), Some("a0".repeat(48).as_str()));
    assert_eq!(attestation.register(4), Some("a4".repeat(48).as_str()));
    assert_eq!(attestation.register(5), None);
    assert!(attestation.further_root().is_some());
    assert!(attestation.recipient_key().is_ok());
}

#[test]
fn the_tag_may_be_there_and_lengths_may_be_left_open() {
    let platform = Platform::new();
    let (_, public) = recipient(KeySize::Rsa2048);
    let statement = platform.statement(&public);
    let payload = statement.encode();
    let tagged = message(Some(18), ES384, &payload, &platform.signature(ES384, &payload));
    // The same members in a map that ends with a break.
    let mut open = vec![0xbf];
    open.extend(&payload[1..]);
    open.push(0xff);
    let open = message(None, ES384, &open, &platform.signature(ES384, &open));
    for signed in [tagged, open] {
        let attestation = verify(&signed, &roots(&platform), NOW).expect("the document is believed");
        assert_eq!(attestation.register(1), Some("a1".repeat(48).as_str()));
    }
}

#[test]
fn a_tpm_says_what_it_is() {
    let platform = Platform::new();
    let (_, public) = recipient(KeySize::Rsa2048);
    let statement = platform.statement(&public).without("pcrs");
    let statement = statement.with(
        "nitrotpm_pcrs",
        Item::Registers(vec![(7, vec![7; 48]), (31, vec![9; 32])]),
    );
    let attestation = verify(&platform.sign(&statement), &roots(&platform), NOW).expect("the document is believed");
    assert_eq!(attestation.platform(), Kind::NitroTpm);
    assert_eq!(attestation.register(7), Some("07".repeat(48).as_str()));
    assert_eq!(attestation.register(31), Some("09".repeat(32).as_str()));
}

#[test]
fn a_document_is_believed_for_five_minutes() {
    let platform = Platform::new();
    let (_, public) = recipient(KeySize::Rsa2048);
    let (signed, roots) = (platform.sign(&platform.statement(&public)), roots(&platform));
    let (tick, early) = (Duration::from_millis(1), NOW.saturating_sub(CLOCK_SKEW));
    for (now, expected) in [
        (early, Ok(())),
        (early.saturating_sub(tick), Err(AttestationError::Future)),
        (NOW + MAX_AGE, Ok(())),
        (NOW + MAX_AGE + tick, Err(AttestationError::Stale)),
    ] {
        assert_eq!(verify(&signed, &roots, now).map(drop), expected, "{now:?}");
    }
}

/// AUTHZ-193
#[test]
fn a_root_is_believed_only_if_it_is_configured() {
    let (platform, another) = (Platform::new(), Platform::new());
    let (_, public) = recipient(KeySize::Rsa2048);
    let signed = platform.sign(&platform.statement(&public));
    for roots in [Roots::default(), roots(&another)] {
        assert_eq!(
            verify(&signed, &roots, NOW).map(drop),
            Err(AttestationError::UnknownRoot)
        );
    }
    assert_eq!(roots(&platform).further().count(), 1);
}

#[test]
fn a_key_that_nothing_can_be_sealed_to() {
    let platform = Platform::new();
    let roots = roots(&platform);
    let fault = |public: Item| {
        let statement = platform.statement(&[]).with("public_key", public);
        let attestation = verify(&platform.sign(&statement), &roots, NOW).expect("the document is believed");
        attestation
            .recipient_key()
            .map(drop)
            .expect_err("nothing can be sealed")
    };
    let elliptic = rcgen::KeyPair::generate().expect("a key is generated");
    let elliptic = rcgen::PublicKeyData::subject_public_key_info(&elliptic);
    assert_eq!(fault(Item::Null), KeyFault::Missing);
    assert_eq!(fault(Item::Bytes(vec![0])), KeyFault::NotRsa);
    assert_eq!(fault(Item::Bytes(elliptic)), KeyFault::NotRsa);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// REF-324
    #[test]
    fn no_bit_of_a_document_can_be_changed(at in any::<prop::sample::Index>(), bit in 0..8u32) {
        let (signed, roots) = MADE.with(Clone::clone);
        let mut changed = signed.clone();
        changed[at.index(signed.len())] ^= 1u8 << bit;
        prop_assert!(verify(&changed, &roots, NOW).is_err());
    }

    #[test]
    fn whatever_arrives_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(verify(&bytes, &Roots::default(), NOW).is_err());
    }
}

thread_local! {
    static MADE: (Vec<u8>, Roots) = {
        let platform = Platform::new();
        let (_, public) = recipient(KeySize::Rsa2048);
        (platform.sign(&platform.statement(&public)), roots(&platform))
    };
}
