//! Ids of grants: 64 lower-case hexadecimal digits, random.

use std::fmt;

use uuid::Uuid;

/// The id of a grant, unique on its key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantId([u8; 32]);

impl GrantId {
    /// A new id. Ids are no secrets; they only have to differ.
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(Uuid::new_v4().as_bytes());
        bytes[16..].copy_from_slice(Uuid::new_v4().as_bytes());
        Self(bytes)
    }

    /// Reads an id.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = digit(digits[0])? << 4 | digit(digits[1])?;
        }
        Some(Self(bytes))
    }

    /// The id's bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

const fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As its text.
impl<C> minicbor::Encode<C> for GrantId {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.str(&self.to_string())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for GrantId {
    fn decode(decoder: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::parse(decoder.str()?).ok_or_else(|| minicbor::decode::Error::message("a text that is no grant's id"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// POL-365
    #[test]
    fn an_id_is_64_lower_case_hexadecimal_digits() {
        let id = GrantId::random();
        assert_eq!(id.to_string().len(), 64);
        assert_eq!(GrantId::parse(&id.to_string()), Some(id));
        assert_ne!(GrantId::random(), id);
        let upper = "A".repeat(64);
        let long = "a".repeat(65);
        let wide = "é".repeat(32);
        for text in ["", "abc", &*upper, &*long, &*wide] {
            assert_eq!(GrantId::parse(text), None, "{text}");
        }
    }
}
