//! A keyed hash: spreads terms evenly for who does not know the key, and tells damage from what was written. It is no
//! protection against whoever can write the index, which nothing relies on.

/// Odd constants without structure: the first digits of the fractions of the square roots of 2, 3 and 5.
const ROOTS: [u64; 3] = [0x6a09_e667_f3bc_c909, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b];

/// The hash of some bytes.
pub(super) fn hash(key: u64, bytes: &[u8]) -> u64 {
    let (pairs, rest) = bytes.as_chunks::<16>();
    let mut state = fold(key ^ ROOTS[0], bytes.len() as u64 ^ ROOTS[1]);
    for pair in pairs {
        state = mix(state, key, pair);
    }
    if !rest.is_empty() {
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        state = mix(state, key, &last);
    }
    fold(state ^ ROOTS[2], key ^ ROOTS[0])
}

fn mix(state: u64, key: u64, bytes: &[u8; 16]) -> u64 {
    let (low, high) = bytes.split_at(8);
    let word = |half: &[u8]| u64::from_le_bytes(half.try_into().unwrap_or_default());
    fold(word(low) ^ state, word(high) ^ key.rotate_left(32) ^ ROOTS[1])
}

/// The product of two words, its halves laid over each other.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    #[expect(clippy::cast_possible_truncation, reason = "the halves are what is wanted")]
    let halves = (product as u64, (product >> 64) as u64);
    halves.0 ^ halves.1
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_bit_counts() {
        let text = *b"arn:aws:kms:eu-central-1:111122223333:key/1234abcd";
        let mut seen = HashSet::from([hash(1, &text), hash(2, &text)]);
        for bit in 0..text.len() * 8 {
            let mut other = text;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(seen.insert(hash(1, &other)), "bit {bit}");
        }
        for length in 0..text.len() {
            assert!(seen.insert(hash(1, &text[..length])), "length {length}");
        }
    }

    #[test]
    fn short_hashes_rarely_meet() {
        let short: HashSet<u64> = (0..100_000_u32)
            .map(|number| hash(7, number.to_string().as_bytes()) & 0xffff_ffff)
            .collect();
        // Some one pair is to be expected among so many.
        assert!(short.len() > 99_990, "{}", short.len());
    }
}
