//! A seal that is remembered: a key derived from a passphrase by Argon2id (RFC 9106).
//!
//! ```text
//! format 2 | memory in KiB 4 | passes 4 | lanes 4 | salt 32 | the keyring under a key seal with the derived key
//! ```
//!
//! Integers are big-endian. The parameters are kept beside the keyring, so that they can be raised for the next one. Whoever
//! changes them or the salt derives another key, which opens nothing.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use trent_crypto::{Key256, Secret, sealed_keyring};
use zeroize::Zeroize as _;

use super::{Seal, SealError, opened};
use crate::randomness::{self, SystemRandomness};

/// The first byte of a keyring under this seal.
pub(super) const FORMAT: u8 = 2;
const SALT: usize = 32;
/// What stands before the keyring under the derived key.
pub(super) const HEADER: usize = 1 + 3 * 4 + SALT;

/// RFC 9106, section 4: the second recommended option, for machines with little memory to spare.
const COST: Cost = Cost {
    memory: 64 * 1024,
    passes: 3,
    lanes: 4,
};
/// What a damaged or foreign keyring may make us spend at most.
const MOST: Cost = Cost {
    memory: 4 * 1024 * 1024,
    passes: 64,
    lanes: 64,
};

/// A new passphrase has this many bytes at least (NIST SP 800-63B-4, section 3.1.1.2: a secret that is the only factor).
pub const SHORTEST: usize = 15;

/// What one guess costs.
#[derive(Clone, Copy)]
struct Cost {
    /// In KiB.
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// A seal whose secret is a passphrase.
pub struct PassphraseSeal(Secret);

impl PassphraseSeal {
    /// The seal of a passphrase that somebody chose before.
    pub fn new(passphrase: Secret) -> Result<Self, SealError> {
        if passphrase.is_empty() {
            return Err(SealError::NoPassphrase);
        }
        Ok(Self(passphrase))
    }

    /// The seal of a passphrase that is chosen now: not a short one.
    pub fn chosen(passphrase: Secret) -> Result<Self, SealError> {
        if passphrase.len() < SHORTEST {
            return Err(SealError::ShortPassphrase(SHORTEST));
        }
        Self::new(passphrase)
    }

    fn derive(&self, cost: Cost, salt: &[u8]) -> Result<Key256, SealError> {
        let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(Key256::LEN));
        let params = params.map_err(|_| SealError::Damaged)?;
        let mut memory = vec![Block::default(); params.block_count()];
        let mut key = Key256::new([0; Key256::LEN]);
        let derived = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
            self.0.expose(),
            salt,
            key.expose_mut(),
            &mut memory,
        );
        // The last blocks tell the key.
        memory.iter_mut().for_each(Block::zeroize);
        derived.map_err(|_| SealError::Damaged)?;
        Ok(key)
    }
}

impl Seal for PassphraseSeal {
    fn kind(&self) -> &'static str {
        "passphrase"
    }

    fn wrap(&self, keyring: &Secret) -> Result<Vec<u8>, SealError> {
        let salt = randomness::salt(&SystemRandomness)?;
        let key = self.derive(COST, &salt)?;
        let mut sealed = vec![FORMAT];
        for part in [COST.memory, COST.passes, COST.lanes] {
            sealed.extend_from_slice(&part.to_be_bytes());
        }
        sealed.extend_from_slice(&salt);
        let inner = sealed_keyring::seal(&key, keyring.expose(), randomness::salt(&SystemRandomness)?);
        sealed.extend_from_slice(&inner);
        Ok(sealed)
    }

    fn unwrap(&self, sealed: &[u8]) -> Result<Secret, SealError> {
        let (cost, salt, inner) = split(sealed).ok_or(SealError::Damaged)?;
        let key = self.derive(cost, salt)?;
        match opened(&key, inner) {
            Err(SealError::WrongSeal { .. }) => Err(SealError::WrongPassphrase),
            other => other,
        }
    }
}

/// The cost, the salt and the keyring under the derived key.
fn split(sealed: &[u8]) -> Option<(Cost, &[u8], &[u8])> {
    let (_, rest) = sealed.split_first()?;
    let (memory, rest) = number(rest)?;
    let (passes, rest) = number(rest)?;
    let (lanes, rest) = number(rest)?;
    let (salt, inner) = rest.split_at_checked(SALT)?;
    let payable = memory <= MOST.memory && passes <= MOST.passes && lanes <= MOST.lanes;
    let cost = Cost { memory, passes, lanes };
    payable.then_some((cost, salt, inner))
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*number), rest))
}
