//! Where random bytes come from. A trait, so that a test can decide them.

use trent_crypto::Key256;

/// A source of random bytes fit for keys.
pub trait Randomness: Send + Sync {
    /// Fills a buffer.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError>;
}

/// The source gave nothing; no key may be made and nothing may be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system's random number generator failed")]
pub struct RandomnessError;

/// The generator of aws-lc, seeded by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        aws_lc_rs::rand::fill(buffer).map_err(|_| RandomnessError)
    }
}

/// A fresh salt.
pub(crate) fn salt(randomness: &dyn Randomness) -> Result<[u8; 32], RandomnessError> {
    let mut salt = [0; 32];
    randomness.fill(&mut salt)?;
    Ok(salt)
}

/// A fresh 256-bit key.
pub(crate) fn key(randomness: &dyn Randomness) -> Result<Key256, RandomnessError> {
    let mut key = Key256::new([0; Key256::LEN]);
    randomness.fill(key.expose_mut())?;
    Ok(key)
}
