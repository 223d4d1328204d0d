use super::*;

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
