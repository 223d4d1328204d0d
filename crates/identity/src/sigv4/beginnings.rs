//! Beginnings: the state of SHA-256 behind the part of a canonical request that comes again.
//!
//! What one client asks of one operation within a second differs in its canonical request at the very end alone, in the
//! hash of the payload. Each thread keeps the state behind the whole blocks in front of that hash, and hashes on from
//! there when exactly these bytes come again. The outcome is that of hashing everything, in fewer blocks.

use std::cell::RefCell;

use aws_lc_rs::digest::{self, Context, Digest, SHA256};
use trent_crypto::secret::equal;

/// The bytes that SHA-256 takes at a time.
const BLOCK: usize = 64;
/// A shorter beginning costs more to keep than to hash.
const SHORTEST: usize = 2 * BLOCK;
/// A longer one is not what clients usually send.
const LONGEST: usize = 64 * BLOCK;
/// The beginnings that a thread keeps: 2 to the power of this.
const SLOTS_LOG2: u32 = 5;

thread_local! {
    static BEGINNINGS: RefCell<Beginnings> = RefCell::default();
}

/// The SHA-256 of `text`, of which all but the last `varying` bytes are likely to come again.
pub(super) fn sha256(text: &[u8], varying: usize) -> Digest {
    let repeated = text.len().saturating_sub(varying) / BLOCK * BLOCK;
    if !(SHORTEST..=LONGEST).contains(&repeated) {
        return digest::digest(&SHA256, text);
    }
    let (beginning, rest) = text.split_at(repeated);
    match BEGINNINGS.with_borrow_mut(|kept| kept.state_behind(beginning)) {
        Some(mut state) => {
            state.update(rest);
            state.finish()
        }
        None => digest::digest(&SHA256, text),
    }
}

/// What a thread keeps, each beginning in the one slot that its fingerprint selects.
#[derive(Default)]
struct Beginnings([Slot; 1 << SLOTS_LOG2]);

#[derive(Default)]
struct Slot {
    fingerprint: u64,
    /// Made when the fingerprint comes for the second time: most that come only once leave nothing behind.
    beginning: Option<Beginning>,
}

struct Beginning {
    bytes: Box<[u8]>,
    state: Context,
}

impl Beginning {
    fn of(bytes: &[u8]) -> Self {
        let mut state = Context::new(&SHA256);
        state.update(bytes);
        Self {
            bytes: bytes.into(),
            state,
        }
    }
}

impl Beginnings {
    /// The state behind `bytes`, if they came before.
    fn state_behind(&mut self, bytes: &[u8]) -> Option<Context> {
        let fingerprint = fingerprint(bytes);
        let place = usize::try_from(fingerprint >> (u64::BITS - SLOTS_LOG2)).ok()?;
        let slot = self.0.get_mut(place)?;
        if slot.fingerprint != fingerprint {
            *slot = Slot {
                fingerprint,
                beginning: None,
            };
            return None;
        }
        let kept = slot.beginning.get_or_insert_with(|| Beginning::of(bytes));
        // Every byte counts, whatever the fingerprint says; and how many agree is nobody's business.
        equal(&kept.bytes, bytes).then(|| kept.state.clone())
    }
}

/// A cheap mix of whole blocks. It selects a slot and proves nothing.
fn fingerprint(bytes: &[u8]) -> u64 {
    /// The 64 bits of the golden ratio: odd, and without a pattern.
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().fold(0, |mixed: u64, word| {
        (mixed.rotate_left(29) ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &[u8]) -> Vec<u8> {
        digest::digest(&SHA256, text).as_ref().to_vec()
    }

    #[test]
    fn the_digest_is_that_of_the_whole() {
        for length in (0..700).chain([LONGEST + 63, LONGEST + 128, LONGEST + 200]) {
            for ending in 0..4_u8 {
                let mut text = vec![b'a'; length];
                text.extend([ending; 64]);
                assert_eq!(
                    sha256(&text, 64).as_ref(),
                    whole(&text),
                    "{length} bytes, ending {ending}"
                );
            }
        }
        assert_eq!(sha256(b"", 64).as_ref(), whole(b""));
    }

    #[test]
    fn one_bit_makes_another_beginning() {
        let mut text = [b'a'; 256];
        for _ in 0..3 {
            sha256(&text, 64);
        }
        for bit in 0..8 * text.len() {
            text[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(sha256(&text, 64).as_ref(), whole(&text));
            text[bit / 8] ^= 1 << (bit % 8);
        }
    }

    /// Two beginnings with the same fingerprint: the first one's state is not taken for the second one's.
    #[test]
    fn the_fingerprint_decides_nothing() {
        let mut beginnings = Beginnings::default();
        let (first, second) = ([b'a'; 128], [b'b'; 128]);
        assert!(beginnings.state_behind(&first).is_none(), "seen once");
        for slot in &mut beginnings.0 {
            slot.beginning = Some(Beginning::of(&second));
        }
        assert!(beginnings.state_behind(&first).is_none(), "other bytes");
        for slot in &mut beginnings.0 {
            slot.beginning = None;
        }
        let state = beginnings.state_behind(&first).expect("seen twice");
        assert_eq!(state.finish().as_ref(), whole(&first));
    }
}
