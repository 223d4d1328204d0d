//! What is sealed to a recipient is opened by the recipient, and by nobody else.

use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use trent_attestation::{KeyFault, RecipientKey};

use crate::platform::recipient;

/// An element of BER, with whatever is inside it if it is constructed.
struct Element {
    tag: u8,
    endless: bool,
    bytes: Vec<u8>,
    inside: Vec<Element>,
}

fn elements(from: &mut &[u8], endless: bool) -> Vec<Element> {
    let mut elements = Vec::new();
    while !from.is_empty() {
        if let (true, Some(rest)) = (endless, from.strip_prefix(&[0, 0])) {
            *from = rest;
            break;
        }
        let (tag, first) = (from[0], usize::from(from[1]));
        *from = &from[2..];
        if first == 0x80 {
            elements.push(Element {
                tag,
                endless: true,
                bytes: Vec::new(),
                inside: elements_inside(from),
            });
            continue;
        }
        let mut length = first;
        if first > 0x80 {
            let (head, rest) = from.split_at(first - 0x80);
            length = head.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            *from = rest;
        }
        let (mut bytes, rest) = from.split_at(length);
        *from = rest;
        elements.push(Element {
            tag,
            endless: false,
            bytes: bytes.to_vec(),
            inside: if tag & 0x20 == 0 { Vec::new() } else { elements_of(&mut bytes) },
        });
    }
    elements
}

fn elements_inside(from: &mut &[u8]) -> Vec<Element> {
    elements(from, true)
}

fn elements_of(from: &mut &[u8]) -> Vec<Element> {
    elements(from, false)
}

/// Opens a message as the library in an enclave does, which goes by the place of things.
fn open(key: PrivateDecryptingKey, mut message: &[u8]) -> Option<Vec<u8>> {
    let message = elements_of(&mut message);
    let [content_info] = &message[..] else { panic!("one message") };
    let enveloped = &content_info.inside[1].inside[0];
    let recipient = &enveloped.inside[1].inside[0].inside;
    let encrypted = &enveloped.inside[2];
    // What that library expects to be left open, and the versions that it asks for.
    for endless in [content_info, &content_info.inside[1], enveloped, encrypted, &encrypted.inside[2]] {
        assert!(endless.endless, "{:02x}", endless.tag);
    }
    assert_eq!((&enveloped.inside[0].bytes[..], &recipient[0].bytes[..]), (&[2][..], &[2][..]));
    assert_eq!((recipient[1].tag, recipient[1].bytes.len()), (0x80, 32));
    let key = OaepPrivateDecryptingKey::new(key).expect("a key");
    let mut content_key = vec![0; key.min_output_size()];
    let content_key = key.decrypt(&OAEP_SHA256_MGF1SHA256, &recipient[3].bytes, &mut content_key, None).ok()?;
    let vector: [u8; 16] = encrypted.inside[1].inside[1].bytes[..].try_into().expect("16 bytes");
    let cipher = UnboundCipherKey::new(&AES_256, content_key).expect("32 bytes");
    let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(cipher).expect("a key");
    let mut content = encrypted.inside[2].inside[0].bytes.clone();
    let context = DecryptionContext::Iv128(FixedLength::from(vector));
    cipher.decrypt(&mut content, context).ok().map(|plaintext| plaintext.to_vec())
}

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
    let sealed = RecipientKey::parse(&public).expect("a key").seal(b"a data key").expect("it is sealed");
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
