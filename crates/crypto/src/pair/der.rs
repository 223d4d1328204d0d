//! As much of DER (X.690) as must be looked at here: aws-lc-rs parses keys strictly, but reads past nothing that follows.
//! And as much as an elliptic-curve key is written in.

use zeroize::Zeroizing;

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;

/// An element of these parts, in a buffer that is never outgrown and is wiped.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let [high, low] = u16::try_from(length).expect("keys are short").to_be_bytes();
    let mut element = Zeroizing::new(Vec::with_capacity(4 + length));
    match length {
        0..0x80 => element.extend([tag, low]),
        0x80..0x100 => element.extend([tag, 0x81, low]),
        _ => element.extend([tag, 0x82, high, low]),
    }
    for part in parts {
        element.extend_from_slice(part);
    }
    element
}

/// The content of a SEQUENCE that is all there is; `None` for anything else.
pub(super) fn whole_sequence(bytes: &[u8]) -> Option<&[u8]> {
    let (length, content) = match bytes {
        [0x30, length @ 0..=0x7f, content @ ..] | [0x30, 0x81, length @ 0x80..=0xff, content @ ..] => {
            (usize::from(*length), content)
        }
        [0x30, 0x82, high @ 1..=0xff, low, content @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), content),
        _ => return None,
    };
    (content.len() == length).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::{SEQUENCE, element, whole_sequence};

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff] {
            let content = vec![7; length];
            let (head, tail) = content.split_at(length / 3);
            assert_eq!(whole_sequence(&element(SEQUENCE, &[head, tail])), Some(&content[..]));
        }
    }

    #[test]
    fn a_sequence_is_all_there_is_or_none() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff] {
            let content = vec![7; length];
            let [high, low] = u16::try_from(length).expect("short").to_be_bytes();
            let forms = [vec![0x30, low], vec![0x30, 0x81, low], vec![0x30, 0x82, high, low]];
            let shortest = usize::from(length >= 0x80) + usize::from(length >= 0x100);
            for (form, header) in forms.iter().enumerate() {
                let whole = [&header[..], &content].concat();
                let expected = (form == shortest).then_some(&content[..]);
                assert_eq!(whole_sequence(&whole), expected, "{length}, form {form}");
                assert_eq!(
                    whole_sequence(&[&whole[..], &[0]].concat()),
                    None,
                    "{length}, form {form}"
                );
                assert_eq!(whole_sequence(&whole[..whole.len() - 1]), None, "{length}, form {form}");
                let set = [&[0x31], &whole[1..]].concat();
                assert_eq!(whole_sequence(&set), None, "{length}, form {form}");
            }
        }
        for other in [&[][..], &[0x30], &[0x30, 0x81], &[0x30, 0x82, 1], &[0x30, 0x80, 0, 0]] {
            assert_eq!(whole_sequence(other), None, "{other:?}");
        }
    }
}
