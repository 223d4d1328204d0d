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
    for (bits, fault) in [
        (512, true),
        (2047, true),
        (2048, false),
        (4096, false),
        (4097, true),
        (8192, true),
    ] {
        let expected = if fault { Err(KeyFault::Size) } else { Ok(()) };
        assert_eq!(RecipientKey::parse(&public_key(bits)).map(drop), expected, "{bits}");
    }
    let cut = &public_key(2048)[..200];
    for bytes in [b"", cut, b"\x30\x00"] {
        assert_eq!(RecipientKey::parse(bytes).map(drop), Err(KeyFault::NotRsa));
    }
}

/// A public key whose modulus has this many bits. Nobody knows its factors, and nothing needs them.
fn public_key(bits: usize) -> Vec<u8> {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] >>= modulus.len() * 8 - bits;
    if modulus[0] >= 0x80 {
        modulus.insert(0, 0);
    }
    let element = |tag: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).expect("small").to_be_bytes();
        let head: &[u8] = match content.len() {
            0..0x80 => &[tag, length[1]],
            0x80..0x100 => &[tag, 0x81, length[1]],
            _ => &[tag, 0x82, length[0], length[1]],
        };
        [head, content].concat()
    };
    let key = element(0x30, &[element(2, &modulus), element(2, &[1, 0, 1])].concat());
    let algorithm = element(0x30, b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00");
    element(0x30, &[algorithm, element(3, &[&[0], &key[..]].concat())].concat())
}
