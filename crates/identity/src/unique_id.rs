//! Unique ids: what tells a principal from every other one that ever had its name.

use std::fmt;
use std::sync::Arc;

/// The unique id of a user, a group, a role, a managed policy or an OIDC provider: a prefix that says which, and
/// seventeen random characters. A name can be taken again; an id never comes back.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueId(Arc<str>);

/// What a unique id belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdKind {
    /// A user.
    User,
    /// A group.
    Group,
    /// A role.
    Role,
    /// A managed policy.
    Policy,
    /// An OIDC provider. Its id is no part of the API; sessions remember it.
    Provider,
}

/// A text that is no unique id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the unique id of a user, group, role, policy or provider")]
pub struct InvalidUniqueId(pub String);

impl IdKind {
    const ALL: [Self; 5] = [Self::User, Self::Group, Self::Role, Self::Policy, Self::Provider];

    /// The four letters that ids of the kind begin with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::User => "AIDA",
            Self::Group => "AGPA",
            Self::Role => "AROA",
            Self::Policy => "ANPA",
            Self::Provider => "OIDC",
        }
    }
}

impl UniqueId {
    /// Random bytes behind an id.
    pub const ENTROPY: usize = 11;
    /// Characters behind the prefix.
    const CHARACTERS: usize = 17;

    /// A new id from random bytes.
    pub fn from_random_bytes(kind: IdKind, random: [u8; Self::ENTROPY]) -> Self {
        Self(base32(kind.prefix(), &random, Self::CHARACTERS).into())
    }

    /// Reads an id.
    pub fn parse(text: &str) -> Result<Self, InvalidUniqueId> {
        let rest = IdKind::ALL.iter().find_map(|kind| text.strip_prefix(kind.prefix()));
        let good = rest.is_some_and(|rest| {
            let known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
            rest.len() == Self::CHARACTERS && rest.bytes().all(known)
        });
        if good {
            Ok(Self(text.into()))
        } else {
            Err(InvalidUniqueId(text.to_owned()))
        }
    }

    /// What it belongs to.
    pub fn kind(&self) -> IdKind {
        let kind = IdKind::ALL.into_iter().find(|kind| self.0.starts_with(kind.prefix()));
        kind.expect("an id is made with one of these prefixes")
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<C> minicbor::Encode<C> for UniqueId {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.str(&self.0)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for UniqueId {
    fn decode(decoder: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::parse(decoder.str()?).map_err(minicbor::decode::Error::custom)
    }
}

/// `prefix`, then the last `characters` of the bytes in base32 (RFC 4648).
pub(crate) fn base32(prefix: &str, bytes: &[u8], characters: usize) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = bytes.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let digits = (0..characters).rev().map(|place| {
        let index = usize::try_from(bits >> (5 * place) & 31).unwrap_or(0);
        char::from(ALPHABET[index])
    });
    prefix.chars().chain(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_shape_that_clients_know() {
        for kind in IdKind::ALL {
            let id = UniqueId::from_random_bytes(kind, [7; UniqueId::ENTROPY]);
            assert_eq!((id.as_str().len(), id.kind()), (21, kind));
            assert_eq!(UniqueId::parse(id.as_str()), Ok(id));
        }
        assert_eq!(
            UniqueId::from_random_bytes(IdKind::User, [0; 11]).as_str(),
            "AIDAAAAAAAAAAAAAAAAAA"
        );
        assert!(UniqueId::parse("AIDACKCEVSQ6C2EXAMPLE").is_ok());
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in [
            "",
            "AIDA",
            "AKIAAAAAAAAAAAAAAAAAA",
            "AIDAaaaaaaaaaaaaaaaaa",
            "AIDAAAAAAAAAAAAAAAAAAA",
            "AIDAé",
        ] {
            assert!(UniqueId::parse(text).is_err(), "{text}");
        }
    }
}
