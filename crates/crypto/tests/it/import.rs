//! AES key wrap with padding against the vectors of Project Wycheproof, as the second part of hybrid wrapping.

use trent_crypto::import::unwrap;
use trent_crypto::pair::{PrivateKey, encrypt};
use trent_crypto::spec::{KeySpec, Wrapping, WrappingAlgorithm, WrappingKeySpec};
use wycheproof::keywrap::{TestName, TestSet};

use crate::tally::Tally;

/// SPK-483, SPK-484, SPK-485
#[test]
fn key_wrap_with_padding() {
    let wrapping = Wrapping {
        algorithm: WrappingAlgorithm::RsaAesKeyWrapSha256,
        spec: WrappingKeySpec::Rsa2048,
    };
    let key = PrivateKey::generate(KeySpec::Rsa2048).expect("a pair");
    let public = key.public_key().expect("its public key");
    let oaep = wrapping.algorithm.encryption().expect("an algorithm");
    let mut tally = Tally::default();
    let set = TestSet::load(TestName::AesKeyWrapWithPadding).expect("the vectors are in the crate");
    for group in set.test_groups {
        for test in group.tests {
            let first = encrypt(KeySpec::Rsa2048, &public, oaep, &test.key).expect("it fits");
            let unwrapped = unwrap(wrapping, &key, &[&first[..], &test.ct].concat());
            if group.key_size == 256 {
                let found = unwrapped.is_ok_and(|unwrapped| unwrapped.expose() == &test.pt[..]);
                tally.note(format!("AES-KWP {}", test.tc_id), test.result, found);
            } else {
                assert!(unwrapped.is_err(), "a wrapping key of {} bits", group.key_size);
            }
        }
    }
    tally.check(50);
}
