//! Public byte strings put one after the other: associated data and the inputs of derivations. Each request needs several,
//! so they stand on the stack unless they are long. Not for secrets: nothing here is wiped.

use std::ops::Deref;

/// The parts pushed so far, as one slice: up to `N` bytes on the stack, more on the heap.
pub(crate) struct Joined<const N: usize> {
    short: [u8; N],
    /// Everything, once it is longer than `N`; empty before.
    long: Vec<u8>,
    length: usize,
}

impl<const N: usize> Joined<N> {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            short: [0; N],
            long: Vec::new(),
            length: 0,
        }
    }

    #[inline]
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut joined = Self::new();
        for part in parts {
            joined.push(part);
        }
        joined
    }

    #[inline]
    pub(crate) fn push(&mut self, part: &[u8]) {
        let end = self.length + part.len();
        if let Some(room) = self.short.get_mut(self.length..end) {
            room.copy_from_slice(part);
        } else {
            if self.long.is_empty() {
                self.long.extend_from_slice(&self.short[..self.length]);
            }
            self.long.extend_from_slice(part);
        }
        self.length = end;
    }
}

impl<const N: usize> Deref for Joined<N> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.short.get(..self.length).unwrap_or(&self.long)
    }
}

#[cfg(test)]
mod tests;
