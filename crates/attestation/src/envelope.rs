//! What is sealed to a recipient: a CMS `EnvelopedData` (RFC 5652, section 6) with one recipient, whose RSA key carries
//! the content key by RSAES-OAEP with SHA-256 (RFC 8017; as an algorithm of CMS: RFC 3560), around AES-256-CBC (RFC 3565).
//!
//! The outer structures are written in BER with indefinite lengths, as the service writes them: the C library that runs
//! in enclaves reads them in no other way.

use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use x509_cert::der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::der::{Decode, Reader, SliceReader};
use x509_cert::spki::SubjectPublicKeyInfoRef;
use zeroize::Zeroizing;

use crate::error::KeyFault;

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `[0]`, with something of its own inside and without.
const CONSTRUCTED_0: u8 = 0xa0;
const PRIMITIVE_0: u8 = 0x80;
const CONSTRUCTED_1: u8 = 0xa1;

/// The object identifiers, each with tag and length.
const ENVELOPED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const RSAES_OAEP: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07";
const MGF1: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08";
const SHA_256: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const AES_256_CBC: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a";
const NULL: &[u8] = b"\x05\x00";

/// The version of an `EnvelopedData` and of a recipient that is named by its key's identifier.
const VERSION: &[u8] = &[2];
const CONTENT_KEY_BYTES: usize = 32;
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const BLOCK_BYTES: usize = 16;

/// The key of a recipient: RSA, 2048 to 4096 bits.
pub struct RecipientKey {
    key: OaepPublicEncryptingKey,
    identifier: [u8; 32],
}

/// The library refused to seal something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing could be sealed to a recipient's key")]
pub struct NotSealed;

impl From<Unspecified> for NotSealed {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

impl RecipientKey {
    /// Reads a `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7) in DER.
    pub fn parse(spki: &[u8]) -> Result<Self, KeyFault> {
        let bits = modulus_bits(spki).ok_or(KeyFault::NotRsa)?;
        if !(2048..=4096).contains(&bits) {
            return Err(KeyFault::Size);
        }
        let key = PublicEncryptingKey::from_der(spki).map_err(|_| KeyFault::NotRsa)?;
        let mut identifier = [0; 32];
        identifier.copy_from_slice(digest(&SHA256, spki).as_ref());
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| KeyFault::NotRsa)?;
        Ok(Self { key, identifier })
    }

    /// Seals bytes to whoever has the private key, under a content key and an initialization vector of their own.
    pub fn seal(&self, plaintext: &[u8]) -> Result<Vec<u8>, NotSealed> {
        let mut content_key = Zeroizing::new([0; CONTENT_KEY_BYTES]);
        rand::fill(&mut *content_key)?;
        let mut wrapped = vec![0; self.key.ciphertext_size()];
        let wrapped = self
            .key
            .encrypt(&OAEP_SHA256_MGF1SHA256, &*content_key, &mut wrapped, None)?;
        // Room for the padding, so that no plaintext is left behind where the content was before.
        let mut content = Zeroizing::new(Vec::with_capacity(plaintext.len() + BLOCK_BYTES));
        content.extend_from_slice(plaintext);
        let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, &*content_key)?)?;
        let DecryptionContext::Iv128(vector) = cipher.encrypt(&mut *content)? else {
            return Err(NotSealed);
        };
        Ok(self.message(wrapped, vector.as_ref(), &content))
    }

    fn message(&self, wrapped: &[u8], vector: &[u8], content: &[u8]) -> Vec<u8> {
        let recipient = element(
            SEQUENCE,
            &[
                &element(INTEGER, &[VERSION]),
                &element(PRIMITIVE_0, &[&self.identifier]),
                &oaep_with_sha256(),
                &element(OCTET_STRING, &[wrapped]),
            ],
        );
        let encrypted = endless(
            SEQUENCE,
            &[
                DATA,
                &element(SEQUENCE, &[AES_256_CBC, &element(OCTET_STRING, &[vector])]),
                &endless(CONSTRUCTED_0, &[&element(OCTET_STRING, &[content])]),
            ],
        );
        let enveloped = endless(
            SEQUENCE,
            &[&element(INTEGER, &[VERSION]), &element(SET, &[&recipient]), &encrypted],
        );
        endless(SEQUENCE, &[ENVELOPED_DATA, &endless(CONSTRUCTED_0, &[&enveloped])])
    }
}

/// How many bits the modulus of an RSA key has, if it is one (RFC 8017, appendix A.1.1).
fn modulus_bits(spki: &[u8]) -> Option<usize> {
    let key = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
    let bytes = key.subject_public_key.as_bytes()?;
    let modulus = SliceReader::new(bytes).ok()?.sequence(|key| {
        let modulus = UintRef::decode(key)?;
        UintRef::decode(key)?;
        x509_cert::der::Result::Ok(modulus)
    });
    let modulus = modulus.ok().filter(|_| key.algorithm.oid == RSA_ENCRYPTION)?;
    let first = modulus.as_bytes().first()?;
    Some(modulus.as_bytes().len() * 8 - first.leading_zeros() as usize)
}

/// The algorithm identifier, with every parameter that differs from its default (RFC 4055, section 4.1).
fn oaep_with_sha256() -> Vec<u8> {
    let hash = element(SEQUENCE, &[SHA_256, NULL]);
    let mask = element(SEQUENCE, &[MGF1, &hash]);
    let parameters = element(
        SEQUENCE,
        &[&element(CONSTRUCTED_0, &[&hash]), &element(CONSTRUCTED_1, &[&mask])],
    );
    element(SEQUENCE, &[RSAES_OAEP, &parameters])
}

/// An element whose length stands in front.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let bytes = length.to_be_bytes();
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    let mut out = vec![tag];
    if length < 0x80 {
        out.extend(significant.last().or(Some(&0)));
    } else {
        let count = u8::try_from(significant.len()).expect("a length has eight bytes at most");
        out.push(0x80 | count);
        out.extend(significant);
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// An element that ends where it says so.
fn endless(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![tag, 0x80];
    for part in parts {
        out.extend_from_slice(part);
    }
    out.extend([0, 0]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        for (length, head) in [
            (0, &[4, 0][..]),
            (1, &[4, 1]),
            (0x7f, &[4, 0x7f]),
            (0x80, &[4, 0x81, 0x80]),
            (0xff, &[4, 0x81, 0xff]),
            (0x100, &[4, 0x82, 1, 0]),
            (0x1_0000, &[4, 0x83, 1, 0, 0]),
        ] {
            let element = element(OCTET_STRING, &[&vec![7; length]]);
            assert_eq!(&element[..head.len()], head, "{length}");
            assert_eq!(element.len(), head.len() + length);
        }
    }
}
