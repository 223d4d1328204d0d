//! AES-256-GCM. Nearly every key here is derived from a fresh random salt and seals one message, under a fixed IV.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::joined::Joined;
use crate::secret::{Key256, Secret};

/// Bytes of the authentication tag that follows the ciphertext.
pub(crate) const TAG: usize = 16;

/// Bytes of an initialization vector.
pub(crate) const IV: usize = 12;

/// The IV under a key that seals one message only.
pub(crate) const FIXED: [u8; IV] = [0; IV];

/// What a ciphertext is bound to beside its key. It holds an encryption context of usual size without the heap.
pub(crate) type AssociatedData = Joined<384>;

/// The tag did not verify: the key, the associated data or the ciphertext is not what was sealed.
pub(crate) struct Forged;

/// Appends `plaintext`, sealed, and its tag to `out`; `aad` is bound to both.
pub(crate) fn seal_onto(out: &mut Vec<u8>, key: &[u8; Key256::LEN], iv: [u8; IV], aad: &[u8], plaintext: &[u8]) {
    let start = out.len();
    let end = start + plaintext.len();
    out.resize(end + TAG, 0);
    let (body, tag) = out[start..].split_at_mut(plaintext.len());
    cipher(key)
        .seal_out_of_place_scatter(
            Nonce::assume_unique_for_key(iv),
            Aad::from(aad),
            plaintext,
            body,
            &[],
            tag,
        )
        .expect("sealing a bounded buffer cannot fail");
}

/// Opens a ciphertext followed by its tag.
pub(crate) fn open(key: &[u8; Key256::LEN], iv: [u8; IV], aad: &[u8], sealed: &[u8]) -> Result<Secret, Forged> {
    let length = sealed.len().checked_sub(TAG).ok_or(Forged)?;
    let mut plaintext = Secret::zeroed(length);
    open_into(key, iv, aad, sealed, plaintext.expose_mut())?;
    Ok(plaintext)
}

/// Opens a sealed 256-bit key without a buffer on the heap.
pub(crate) fn open_key(key: &[u8; Key256::LEN], iv: [u8; IV], aad: &[u8], sealed: &[u8]) -> Result<Key256, Forged> {
    let mut plaintext = Key256::new([0; Key256::LEN]);
    open_into(key, iv, aad, sealed, plaintext.expose_mut())?;
    Ok(plaintext)
}

fn open_into(
    key: &[u8; Key256::LEN],
    iv: [u8; IV],
    aad: &[u8],
    sealed: &[u8],
    plaintext: &mut [u8],
) -> Result<(), Forged> {
    let (body, tag) = sealed.split_at_checked(plaintext.len()).ok_or(Forged)?;
    cipher(key)
        .open_separate_gather(Nonce::assume_unique_for_key(iv), Aad::from(aad), body, tag, plaintext)
        .map_err(|_| Forged)
}

fn cipher(key: &[u8; Key256::LEN]) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM, key).expect("the key has the cipher's length");
    LessSafeKey::new(key)
}

#[cfg(test)]
mod tests;
