//! Base64 values of `BinaryEquals` (RFC 4648, section 4), compared as the bytes that they mean.

/// A value of a policy: base64, known to be well formed.
#[derive(Debug, Clone)]
pub(crate) struct Binary(Box<[u8]>);

impl Binary {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
        decode(text, |byte| {
            bytes.push(byte);
            true
        })
        .then(|| Self(bytes.into()))
    }
}

/// Whether a base64 text means these bytes.
pub(crate) fn same_bytes(binary: &Binary, text: &str) -> bool {
    let mut expected = binary.0.iter();
    decode(text, |byte| expected.next() == Some(&byte)) && expected.next().is_none()
}

/// Hands out the bytes that a text means while `accept` takes them; false if it stops, or the text is malformed.
fn decode(text: &str, mut accept: impl FnMut(u8) -> bool) -> bool {
    if !text.len().is_multiple_of(4) {
        return false;
    }
    let body = text.trim_end_matches('=');
    if text.len() - body.len() > 2 {
        return false;
    }
    let (mut bits, mut count) = (0_u32, 0);
    for character in body.bytes() {
        let Some(value) = sextet(character) else { return false };
        bits = (bits << 6) | value;
        count += 6;
        if count >= 8 {
            count -= 8;
            let [.., byte] = (bits >> count).to_be_bytes();
            if !accept(byte) {
                return false;
            }
            bits &= (1 << count) - 1;
        }
    }
    // Bits that no byte takes must be zero, or one value would have several texts.
    bits == 0
}

fn sextet(character: u8) -> Option<u32> {
    let value = match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn base64_is_compared_as_bytes() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("QmluYXJ5", b"Binary"),
            ("AP8Q", &[0, 255, 16]),
            ("+/8=", &[0xfb, 0xff]),
            ("AA==", &[0]),
        ] {
            let binary = Binary::parse(text).unwrap();
            assert_eq!(&*binary.0, bytes);
            assert!(same_bytes(&binary, text));
        }
        let binary = Binary::parse("QmluYXJ5").unwrap();
        for other in ["QmluYXJ6", "QmluYXI=", "QmluYXJ5QQ==", "", "QmluYXJ5=", "qmluYXJ5"] {
            assert!(!same_bytes(&binary, other), "{other}");
        }
    }

    #[test]
    fn what_is_no_base64_is_none() {
        for text in [
            "A", "AA", "AAA", "A===", "====", "AB==", "AAB=", "A-A_", "AA=A", "AAAA\n", "ÄÄ", " AAA",
        ] {
            assert!(Binary::parse(text).is_none(), "{text:?}");
        }
    }
}
