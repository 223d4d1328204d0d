//! What the library in an enclave does with a sealed reply.

use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};

/// An element of BER, with whatever is inside it if it is constructed.
struct Element {
    tag: u8,
    endless: bool,
    bytes: Vec<u8>,
    inside: Vec<Element>,
}

/// The elements of some bytes, or up to the end that is marked in them.
fn elements(from: &mut &[u8], endless: bool) -> Vec<Element> {
    let mut found = Vec::new();
    while !from.is_empty() {
        if let (true, Some(rest)) = (endless, from.strip_prefix(&[0, 0])) {
            *from = rest;
            break;
        }
        let (tag, first) = (from[0], usize::from(from[1]));
        *from = &from[2..];
        if first == 0x80 {
            found.push(Element {
                tag,
                endless: true,
                bytes: Vec::new(),
                inside: elements(from, true),
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
        found.push(Element {
            tag,
            endless: false,
            bytes: bytes.to_vec(),
            inside: if tag & 0x20 == 0 {
                Vec::new()
            } else {
                elements(&mut bytes, false)
            },
        });
    }
    found
}

/// Opens a message as the library in an enclave does, which goes by the place of things; nothing, if it is for another.
pub(crate) fn open(key: PrivateDecryptingKey, mut message: &[u8]) -> Option<Vec<u8>> {
    let message = elements(&mut message, false);
    let [content_info] = &message[..] else {
        panic!("one message")
    };
    let enveloped = &content_info.inside[1].inside[0];
    let recipient = &enveloped.inside[1].inside[0].inside;
    let encrypted = &enveloped.inside[2];
    // What that library expects to be left open, and the versions that it asks for.
    for endless in [
        content_info,
        &content_info.inside[1],
        enveloped,
        encrypted,
        &encrypted.inside[2],
    ] {
        assert!(endless.endless, "{:02x}", endless.tag);
    }
    assert_eq!(
        (&enveloped.inside[0].bytes[..], &recipient[0].bytes[..]),
        (&[2][..], &[2][..])
    );
    assert_eq!((recipient[1].tag, recipient[1].bytes.len()), (0x80, 32));
    let key = OaepPrivateDecryptingKey::new(key).expect("a key");
    let mut content_key = vec![0; key.min_output_size()];
    let content_key = key
        .decrypt(&OAEP_SHA256_MGF1SHA256, &recipient[3].bytes, &mut content_key, None)
        .ok()?;
    let vector: [u8; 16] = encrypted.inside[1].inside[1].bytes[..].try_into().expect("16 bytes");
    let cipher = UnboundCipherKey::new(&AES_256, content_key).expect("32 bytes");
    let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(cipher).expect("a key");
    let mut content = encrypted.inside[2].inside[0].bytes.clone();
    let start = DecryptionContext::Iv128(FixedLength::from(vector));
    cipher
        .decrypt(&mut content, start)
        .ok()
        .map(|plaintext| plaintext.to_vec())
}
