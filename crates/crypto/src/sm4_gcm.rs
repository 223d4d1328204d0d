//! SM4-GCM (GB/T 32907 in SP 800-38D; RFC 8998), for the keys of the partition `aws-cn`. aws-lc-rs has no SM4: the cipher
//! is that of the crate `sm4`, the mode that of `aes-gcm`. Every key is derived from a fresh random salt and seals one
//! message, under a fixed IV.

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{AesGcm, Tag};
use sm4::Sm4;

use crate::aead::{FIXED, Forged, TAG};
use crate::secret::Secret;

/// Bytes of a key.
pub(crate) const KEY: usize = 16;

type Sm4Gcm = AesGcm<Sm4, U12>;

/// Appends `plaintext`, sealed, and its tag to `out`; `aad` is bound to both.
pub(crate) fn seal_onto(out: &mut Vec<u8>, key: &[u8; KEY], aad: &[u8], plaintext: &[u8]) {
    seal_with(out, key, FIXED, aad, plaintext);
}

fn seal_with(out: &mut Vec<u8>, key: &[u8; KEY], iv: [u8; 12], aad: &[u8], plaintext: &[u8]) {
    let start = out.len();
    out.extend_from_slice(plaintext);
    let tag = Sm4Gcm::new(key.into())
        .encrypt_inout_detached(&iv.into(), aad, (&mut out[start..]).into())
        .expect("sealing a bounded buffer cannot fail");
    out.extend_from_slice(&tag);
}

/// Opens a ciphertext followed by its tag, which is verified first.
pub(crate) fn open(key: &[u8; KEY], aad: &[u8], sealed: &[u8]) -> Result<Secret, Forged> {
    let (body, tag) = sealed.split_last_chunk::<TAG>().ok_or(Forged)?;
    let mut plaintext = Secret::new(body.to_vec());
    Sm4Gcm::new(key.into())
        .decrypt_inout_detached(&FIXED.into(), aad, plaintext.expose_mut().into(), &Tag::from(*tag))
        .map_err(|_| Forged)?;
    Ok(plaintext)
}

#[cfg(test)]
mod tests;
