//! From BER to DER (X.690): whoever exports a private key may encode it in either, and what follows reads the second
//! only.
//!
//! Lengths become the shortest ones, indefinite lengths definite ones, strings in pieces whole ones. Nothing else is
//! changed: a value that DER writes in another way, such as an integer with needless zeros, stays as it is for its reader
//! to refuse.

use zeroize::Zeroizing;

use super::der::{BIT_STRING, CONSTRUCTED, OCTET_STRING, number, put, split};

/// Values inside values: a private key needs three, its attributes a few more.
const DEPTH: usize = 16;

/// Bytes: far more than a private key has, and so few that no length in DER takes more bytes than in BER.
const LONGEST: usize = 0xffff;

const END_OF_CONTENTS: u8 = 0;
const INDEFINITE: u8 = 0x80;

/// The one value that `ber` is, as DER; `None` if it is none, or more than one.
pub(super) fn to_der(ber: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if ber.len() > LONGEST {
        return None;
    }
    // DER is never the longer one, so the buffer never grows and leaves no copy behind.
    let mut der = Zeroizing::new(Vec::with_capacity(ber.len()));
    let rest = value(ber, DEPTH, &mut der)?;
    rest.is_empty().then_some(der)
}

/// Appends the first value of `ber`; gives what follows it.
fn value<'b>(ber: &'b [u8], depth: usize, der: &mut Vec<u8>) -> Option<&'b [u8]> {
    let (&tag, rest) = ber.split_first()?;
    // Tags above 30 take more bytes; nothing here has one.
    if tag == END_OF_CONTENTS || tag & 0x1f == 0x1f {
        return None;
    }
    let (length, rest) = length(rest)?;
    if tag & CONSTRUCTED == 0 {
        let (content, rest) = rest.split_at_checked(length?)?;
        put(der, tag, content);
        return Some(rest);
    }
    let depth = depth.checked_sub(1)?;
    let mut content = Zeroizing::new(Vec::with_capacity(rest.len()));
    let rest = if let Some(length) = length {
        let (mut parts, rest) = rest.split_at_checked(length)?;
        while !parts.is_empty() {
            parts = value(parts, depth, &mut content)?;
        }
        rest
    } else {
        let mut parts = rest;
        loop {
            match parts {
                [END_OF_CONTENTS, 0, rest @ ..] => break rest,
                _ => parts = value(parts, depth, &mut content)?,
            }
        }
    };
    match tag & !CONSTRUCTED {
        OCTET_STRING | BIT_STRING => put(der, tag & !CONSTRUCTED, &joined(tag & !CONSTRUCTED, &content)?),
        _ => put(der, tag, &content),
    }
    Some(rest)
}

/// A length, `None` if it is indefinite.
fn length(ber: &[u8]) -> Option<(Option<usize>, &[u8])> {
    let (&first, rest) = ber.split_first()?;
    match first {
        0..=0x7f => Some((Some(first.into()), rest)),
        INDEFINITE => Some((None, rest)),
        _ => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            Some((Some(number(bytes)?), rest))
        }
    }
}

/// The content of a string whose pieces, strings of the same kind, are `pieces`. Bit strings are of whole bytes here, and
/// of one piece at least: of none, DER would be the longer one.
fn joined(kind: u8, mut pieces: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut whole = Zeroizing::new(Vec::with_capacity(pieces.len() + 1));
    if kind == BIT_STRING {
        (!pieces.is_empty()).then(|| whole.push(0))?;
    }
    while !pieces.is_empty() {
        let (tag, content, rest) = split(pieces)?;
        let content = match (tag == kind, kind) {
            (true, BIT_STRING) => content.strip_prefix(&[0])?,
            (true, _) => content,
            (false, _) => return None,
        };
        whole.extend_from_slice(content);
        pieces = rest;
    }
    Some(whole)
}

#[cfg(test)]
mod tests;
