//! As much of DER (X.690) as must be looked at here: aws-lc-rs parses keys strictly, but reads past nothing that follows.

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
    use super::whole_sequence;

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
