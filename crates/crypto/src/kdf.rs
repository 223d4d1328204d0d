//! NIST SP 800-108r1 key derivation: HMAC-SHA-256 in counter mode, a 32-bit counter before the fixed input.
//!
//! The fixed input is `Label ‖ 0x00 ‖ Context ‖ [L]`, `L` being the output's length in bits as 32 bits big-endian.
//! The context is a list of items, each after its length in 16 bits big-endian, so two lists never share their bytes.
//! Each use in this crate has a label of its own: a key derived for one purpose is never the key of another.

use aws_lc_rs::hmac;
use aws_lc_rs::kdf::{KbkdfCtrHmacAlgorithmId, get_kbkdf_ctr_hmac_algorithm, kbkdf_ctr_hmac};
use zeroize::Zeroizing;

use crate::joined::Joined;
use crate::secret::Key256;

/// The counter of the first block, which SP 800-108 puts before the fixed input.
const FIRST: [u8; 4] = 1u32.to_be_bytes();

/// Derives `N` bytes from a key that is used once.
pub(crate) fn derive<const N: usize>(key: &Key256, label: &str, context: &[&[u8]]) -> Zeroizing<[u8; N]> {
    derive_from(key.expose(), label, context)
}

/// The same from a secret of any length.
pub(crate) fn derive_from<const N: usize>(secret: &[u8], label: &str, context: &[&[u8]]) -> Zeroizing<[u8; N]> {
    let input = Input::new(label, context, N);
    let mut output = Zeroizing::new([0; N]);
    counter_mode(secret, input.fixed(), output.as_mut());
    output
}

/// The function itself, over a whole fixed input.
fn counter_mode(secret: &[u8], fixed: &[u8], output: &mut [u8]) {
    let algorithm =
        get_kbkdf_ctr_hmac_algorithm(KbkdfCtrHmacAlgorithmId::Sha256).expect("HMAC-SHA-256 is always built in");
    kbkdf_ctr_hmac(algorithm, secret, fixed, output).expect("a short derivation from a secret cannot fail");
}

/// Derives a 256-bit key from a key that is used once.
pub(crate) fn derive_key(key: &Key256, label: &str, context: &[&[u8]]) -> Key256 {
    derive_key_from(key.expose(), label, context)
}

/// The same from a secret of any length.
pub(crate) fn derive_key_from(secret: &[u8], label: &str, context: &[&[u8]]) -> Key256 {
    Key256::new(*derive_from::<{ Key256::LEN }>(secret, label, context))
}

/// A long-lived derivation key, whose HMAC key schedule is computed once.
pub(crate) struct DerivationKey(hmac::Key);

impl DerivationKey {
    pub(crate) fn new(key: &Key256) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.expose()))
    }

    /// Derives a 256-bit key: the first block of the same function as [`derive`].
    pub(crate) fn derive_key(&self, label: &str, context: &[&[u8]]) -> Key256 {
        let input = Input::new(label, context, Key256::LEN);
        let mut output = Key256::new([0; Key256::LEN]);
        hmac::sign_to_buffer(&self.0, input.first_block(), output.expose_mut())
            .expect("one block is exactly the output of HMAC-SHA-256");
        output
    }
}

/// `[1] ‖ Label ‖ 0x00 ‖ Context ‖ [L]`. It is public: the secret of a derivation is its key alone.
struct Input(Joined<128>);

impl Input {
    fn new(label: &str, context: &[&[u8]], output: usize) -> Self {
        let mut bytes = Joined::of(&[&FIRST, label.as_bytes(), &[0]]);
        for item in context {
            let length = u16::try_from(item.len()).expect("context items are short");
            bytes.push(&length.to_be_bytes());
            bytes.push(item);
        }
        let bits = u32::try_from(output * 8).expect("outputs are short");
        bytes.push(&bits.to_be_bytes());
        Self(bytes)
    }

    /// The fixed input alone; the library places its own counter before it.
    fn fixed(&self) -> &[u8] {
        &self.0[FIRST.len()..]
    }

    /// The input of the PRF for the first block.
    fn first_block(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests;
