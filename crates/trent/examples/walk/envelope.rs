//! Envelope encryption as any client of a KMS does it: the file under a data key, the data key under the KMS key.
//!
//! ```text
//! encrypted data key's length, 4 bytes | encrypted data key | nonce, 12 bytes | AES-256-GCM ciphertext and tag
//! ```

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};

/// A file that cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unopenable;

/// Encrypts `content` under a data key and puts the encrypted data key in front.
pub(crate) fn close(data_key: &[u8], encrypted_data_key: &[u8], content: &[u8]) -> Result<Vec<u8>, Unopenable> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, data_key).map_err(|_| Unopenable)?;
    let mut sealed = content.to_vec();
    let nonce = key
        .seal_in_place_append_tag(Aad::empty(), &mut sealed)
        .map_err(|_| Unopenable)?;
    let length = u32::try_from(encrypted_data_key.len()).map_err(|_| Unopenable)?;
    Ok([&length.to_be_bytes()[..], encrypted_data_key, nonce.as_ref(), &sealed].concat())
}

/// The encrypted data key of an envelope, and the rest.
pub(crate) fn data_key_of(envelope: &[u8]) -> Result<(&[u8], &[u8]), Unopenable> {
    let (length, rest) = envelope.split_first_chunk::<4>().ok_or(Unopenable)?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
        .ok_or(Unopenable)
}

/// Decrypts the rest of an envelope.
pub(crate) fn open(data_key: &[u8], rest: &[u8]) -> Result<Vec<u8>, Unopenable> {
    let (nonce, sealed) = rest.split_first_chunk::<12>().ok_or(Unopenable)?;
    let key = RandomizedNonceKey::new(&AES_256_GCM, data_key).map_err(|_| Unopenable)?;
    let mut content = sealed.to_vec();
    let length = key
        .open_in_place(Nonce::from(nonce), Aad::empty(), &mut content)
        .map_err(|_| Unopenable)?
        .len();
    content.truncate(length);
    Ok(content)
}
