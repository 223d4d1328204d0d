//! The random numbers of aws-lc-rs for the crates that stand in where it has no algorithm.

use aws_lc_rs::rand;
use ml_dsa::signature::rand_core::{TryCryptoRng, TryRng};

/// The generator of aws-lc-rs.
pub(super) struct SystemRng;

/// There were none.
#[derive(Debug, thiserror::Error)]
#[error("no random numbers")]
pub(super) struct NoRandomness;

impl TryRng for SystemRng {
    type Error = NoRandomness;

    fn try_next_u32(&mut self) -> Result<u32, NoRandomness> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, NoRandomness> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        rand::fill(bytes).map_err(|_| NoRandomness)
    }
}

impl TryCryptoRng for SystemRng {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_numbers_are_the_same() {
        let mut numbers: Vec<u64> = Vec::new();
        for _ in 0..8 {
            numbers.push(SystemRng.try_next_u64().expect("a number"));
            numbers.push(SystemRng.try_next_u32().expect("a number").into());
            let mut bytes = [0; 8];
            SystemRng.try_fill_bytes(&mut bytes).expect("bytes");
            numbers.push(u64::from_ne_bytes(bytes));
        }
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 24);
    }
}
