//! As much of DER (X.690) as private keys need: values one after the other, read and written.

use zeroize::Zeroizing;

pub(super) const CONSTRUCTED: u8 = 0x20;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const SEQUENCE: u8 = 0x30;

/// The first value: its tag, its content, what follows it.
pub(super) fn split(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        (number(bytes)?, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The length that these bytes write; `None` if it is beyond any input.
pub(super) fn number(bytes: &[u8]) -> Option<usize> {
    let digit = |length: usize, &byte: &u8| length.checked_mul(256)?.checked_add(byte.into());
    bytes.iter().try_fold(0, digit)
}

/// Values that are read one after the other.
pub(super) struct Values<'d>(&'d [u8]);

impl<'d> Values<'d> {
    /// The values that stand in the one SEQUENCE that `der` is.
    pub(super) fn of_sequence(der: &'d [u8]) -> Option<Self> {
        match split(der)? {
            (SEQUENCE, content, []) => Some(Self(content)),
            _ => None,
        }
    }

    /// The content of the next value if it has this tag; one that has another stays to be read.
    pub(super) fn next(&mut self, tag: u8) -> Option<&'d [u8]> {
        let (found, content, rest) = split(self.0)?;
        (found == tag).then(|| self.0 = rest)?;
        Some(content)
    }

    /// The next INTEGER, which must be positive or zero, without the zeros before it.
    pub(super) fn unsigned(&mut self) -> Option<&'d [u8]> {
        let content = self.next(INTEGER)?;
        let negative = content.first()? & 0x80 != 0;
        (!negative).then(|| without_zeros(content))
    }

    /// Whether there are no more.
    pub(super) const fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}

/// The bytes of a number without zeros before it.
pub(super) fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// Appends a value.
pub(super) fn put(der: &mut Vec<u8>, tag: u8, content: &[u8]) {
    der.push(tag);
    let length = content.len().to_be_bytes();
    match without_zeros(&length) {
        [] => der.push(0),
        [short @ 0..=0x7f] => der.push(*short),
        long => {
            der.push(0x80 | u8::try_from(long.len()).expect("a length has at most eight bytes"));
            der.extend_from_slice(long);
        }
    }
    der.extend_from_slice(content);
}

/// A value whose content is these bytes, one after the other.
pub(super) fn value(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let content = Zeroizing::new(parts.concat());
    // Room for the tag and the longest length, so that the buffer never grows and leaves no copy behind.
    let mut der = Zeroizing::new(Vec::with_capacity(content.len() + 10));
    put(&mut der, tag, &content);
    der
}

#[cfg(test)]
mod tests;
