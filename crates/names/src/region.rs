//! Region names.

use crate::Partition;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A Region name such as `eu-central-1`; cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(Arc<str>);

/// The text has not the form of a Region name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a Region name: a form such as us-east-1 is expected")]
pub struct InvalidRegion(pub String);

/// Longest Region name that any modelled member admits.
const MAX_LENGTH: usize = 32;

impl Region {
    /// Reads a name of the form `[a-z]{2,}(-[a-z]+)+-[0-9]+`. Whether the Region is served is not decided here.
    pub fn parse(text: &str) -> Result<Self, InvalidRegion> {
        if is_region(text) {
            Ok(Self(Arc::from(text)))
        } else {
            Err(InvalidRegion(text.to_owned()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition that a Region belongs to follows from its first words.
    pub fn partition(&self) -> Partition {
        let of_prefix = [
            ("cn-", Partition::AwsCn),
            ("us-gov-", Partition::AwsUsGov),
            ("us-isob-", Partition::AwsIsoB),
            ("us-isof-", Partition::AwsIsoF),
            ("us-iso-", Partition::AwsIso),
            ("eu-isoe-", Partition::AwsIsoE),
            ("eusc-", Partition::AwsEusc),
        ];
        of_prefix
            .into_iter()
            .find(|(prefix, _)| self.0.starts_with(prefix))
            .map_or(Partition::Aws, |(_, partition)| partition)
    }
}

fn is_region(text: &str) -> bool {
    let mut words = text.split('-');
    let (Some(first), Some(last)) = (words.next(), words.next_back()) else {
        return false;
    };
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    let mut middle = words.peekable();
    text.len() <= MAX_LENGTH
        && first.len() >= 2
        && word(first)
        && middle.peek().is_some()
        && middle.all(word)
        && !last.is_empty()
        && last.bytes().all(|b| b.is_ascii_digit())
}

impl FromStr for Region {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Region {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
