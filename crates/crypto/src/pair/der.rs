//! As much of DER (X.690) as must be looked at here: aws-lc-rs parses keys strictly, but reads past nothing that follows.
//! And as much as an elliptic-curve key is written in.

use zeroize::Zeroizing;

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;

/// How long an element with so much content is.
pub(super) const fn size(content: usize) -> usize {
    content
        + match content {
            0..0x80 => 2,
            0x80..0x100 => 3,
            _ => 4,
        }
}

/// Writes a SEQUENCE into a buffer that is made for it and never outgrown.
pub(super) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    /// The sequence with so much content, whose content comes next.
    pub(super) fn of(content: usize) -> Self {
        let mut writer = Self(Zeroizing::new(Vec::with_capacity(size(content))));
        writer.open(SEQUENCE, content);
        writer
    }

    /// Begins an element with so much content, which comes next.
    pub(super) fn open(&mut self, tag: u8, content: usize) -> &mut Self {
        let [high, low] = u16::try_from(content).expect("keys are short").to_be_bytes();
        match content {
            0..0x80 => self.bytes(&[tag, low]),
            0x80..0x100 => self.bytes(&[tag, 0x81, low]),
            _ => self.bytes(&[tag, 0x82, high, low]),
        }
    }

    /// Writes content.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        debug_assert!(self.0.len() + bytes.len() <= self.0.capacity());
        self.0.extend_from_slice(bytes);
        self
    }

    /// What was written.
    pub(super) fn written(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
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
    use super::{Writer, size, whole_sequence};

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff] {
            let content = vec![7; length];
            let (head, tail) = content.split_at(length / 3);
            let mut writer = Writer::of(length);
            writer.bytes(head).bytes(tail);
            let written = writer.written();
            assert_eq!(written.len(), size(length));
            assert_eq!(whole_sequence(&written), Some(&content[..]));
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
