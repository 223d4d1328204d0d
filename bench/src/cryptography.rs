//! The cryptography that an `Encrypt` of 32 bytes cannot do without, and nothing around it: what a server would cost whose
//! HTTP, JSON, policies and trail were free. `bench/README.md` has the same work as a table.

use std::hint::black_box;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest, hmac,
    rand::{SecureRandom, SystemRandom},
};

/// Bytes of the canonical request of the requests that are measured: method, path, four signed headers, two digests.
const CANONICAL_REQUEST: [u8; 240] = [0x43; 240];

/// Bytes of the string to sign: algorithm, time, scope, digest.
const STRING_TO_SIGN: [u8; 140] = [0x53; 140];

/// Bytes from which a key is derived: fewer than a block of SHA-256 holds beside its padding.
const DERIVATION: [u8; 48] = [0x44; 48];

const KEY: usize = 32;

/// Keys as a server keeps them between requests: two ready for HMAC, one wrapped under the other.
pub(crate) struct Cryptography {
    /// Verifies signatures: derived once a day for each access key.
    signing: hmac::Key,
    /// Derives what wraps the destruction keys.
    root: hmac::Key,
    wrapped_destruction_key: Vec<u8>,
    wrapped_material: Vec<u8>,
    random: SystemRandom,
}

impl Cryptography {
    pub(crate) fn new() -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, &[1; KEY]);
        let destruction_key = [2; KEY];
        let wrapping = hmac::sign(&root, &DERIVATION);
        Self {
            signing: hmac::Key::new(hmac::HMAC_SHA256, &[3; KEY]),
            wrapped_destruction_key: seal(wrapping.as_ref(), &destruction_key),
            wrapped_material: seal(&destruction_key, &[4; KEY]),
            root,
            random: SystemRandom::new(),
        }
    }

    /// Verifies a signature, unwraps a key and encrypts 32 bytes under a key derived from it.
    pub(crate) fn encrypt(&self, body: &[u8]) {
        self.verify(body);
        let wrapping = hmac::sign(&self.root, &DERIVATION);
        let destruction_key = open(wrapping.as_ref(), &self.wrapped_destruction_key);
        let material = open(&destruction_key, &self.wrapped_material);
        let mut salt = [0; KEY];
        self.random.fill(&mut salt).expect("the system has random bytes");
        let derivation = hmac::Key::new(hmac::HMAC_SHA256, &material);
        let message_key = hmac::sign(&derivation, &salt);
        let commitment = hmac::sign(&derivation, &DERIVATION);
        black_box((seal(message_key.as_ref(), &[0x42; KEY]), commitment));
    }

    fn verify(&self, body: &[u8]) {
        black_box(digest::digest(&digest::SHA256, body));
        black_box(digest::digest(&digest::SHA256, &CANONICAL_REQUEST));
        black_box(hmac::sign(&self.signing, &STRING_TO_SIGN));
    }
}

/// A key that is used once, with the nonce that such keys have.
fn once(key: &[u8]) -> (LessSafeKey, Nonce) {
    let key = UnboundKey::new(&AES_256_GCM, key).expect("keys have 32 bytes");
    (LessSafeKey::new(key), Nonce::assume_unique_for_key([0; NONCE_LEN]))
}

fn seal(key: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let (key, nonce) = once(key);
    let mut bytes = Vec::with_capacity(plaintext.len() + AES_256_GCM.tag_len());
    bytes.extend_from_slice(plaintext);
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut bytes)
        .expect("32 bytes are not too long");
    bytes
}

fn open(key: &[u8], sealed: &[u8]) -> [u8; KEY] {
    let (key, nonce) = once(key);
    let mut bytes = [0; KEY + 16];
    bytes.copy_from_slice(sealed);
    let plaintext = key.open_in_place(nonce, Aad::empty(), &mut bytes);
    let plaintext = plaintext.expect("it was sealed with this key");
    plaintext.try_into().expect("32 bytes were sealed")
}
