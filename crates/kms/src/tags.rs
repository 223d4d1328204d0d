//! The rules for tags on keys (guide, "Tagging keys").

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;
use trent_api::{ApiError, kms};

/// Most tags that one key may carry.
pub const MAX_TAGS: usize = 50;

/// Longest tag key, in characters. Requests are held to it by their shape.
pub const MAX_TAG_KEY: usize = 128;

/// Longest tag value, in characters.
pub const MAX_TAG_VALUE: usize = 256;

/// A key's tags by tag key: each key once, in a stable order for paging.
pub type Tags = BTreeMap<String, String>;

/// Why tags are refused; the text is the service's.
#[derive(Debug, Error, PartialEq, Eq, Clone, Copy)]
pub enum TagError {
    /// One request names a tag key twice.
    #[error("Duplicate tag keys")]
    Duplicate,
    /// More than [`MAX_TAGS`], in the request or on the key afterwards.
    #[error("Too many tags")]
    TooMany,
    /// `aws:` in any letter case belongs to the service.
    #[error("Tags beginning with aws: are reserved")]
    Reserved,
}

/// Adds `requested` to `tags`, replacing the values of keys already there.
pub fn merge<'a>(tags: &Tags, requested: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Tags, TagError> {
    let mut merged = tags.clone();
    let mut seen = BTreeSet::new();
    for (key, value) in requested {
        if !seen.insert(key) {
            return Err(TagError::Duplicate);
        }
        merged.insert(key.to_owned(), value.to_owned());
    }
    if merged.len() > MAX_TAGS || seen.len() > MAX_TAGS {
        return Err(TagError::TooMany);
    }
    if seen.into_iter().any(is_reserved) {
        return Err(TagError::Reserved);
    }
    Ok(merged)
}

/// Whether a tag has the lengths that the interface model allows.
pub(crate) fn fits(key: &str, value: &str) -> bool {
    (1..=MAX_TAG_KEY).contains(&key.chars().count()) && value.chars().count() <= MAX_TAG_VALUE
}

/// A tag on the wire.
pub(crate) fn on_the_wire((key, value): (&String, &String)) -> kms::Tag {
    kms::Tag {
        tag_key: key.clone(),
        tag_value: value.clone(),
    }
}

/// The refusal on the wire.
pub(crate) fn refused(error: TagError) -> ApiError {
    kms::error::tag(error.to_string())
}

/// Whether the tag key is one that only the service may set.
pub fn is_reserved(key: &str) -> bool {
    key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(count: usize) -> Vec<(String, String)> {
        (0..count).map(|n| (format!("key{n}"), String::new())).collect()
    }

    fn borrowed(pairs: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
        pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// KEY-326, KEY-327
    #[test]
    fn keys_are_case_sensitive_and_unique_within_a_request() {
        let tags = merge(&Tags::new(), [("Purpose", "a"), ("purpose", "")]).expect("two different keys");
        assert_eq!(tags.len(), 2);
        assert_eq!(tags["purpose"], "");
        assert_eq!(merge(&Tags::new(), [("a", "1"), ("a", "2")]), Err(TagError::Duplicate));
    }

    /// KEY-335
    #[test]
    fn a_tag_that_is_there_takes_the_new_value_and_the_others_stay() {
        let old = merge(&Tags::new(), [("a", "1"), ("b", "2")]).expect("legal");
        let new = merge(&old, [("b", "3")]).expect("legal");
        assert_eq!(
            new.into_iter().collect::<Vec<_>>(),
            [("a".into(), "1".into()), ("b".into(), "3".into())]
        );
    }

    /// KEY-328
    #[test]
    fn fifty_fit_and_fifty_one_do_not() {
        let fifty = numbered(50);
        let full = merge(&Tags::new(), borrowed(&fifty)).expect("fifty are allowed");
        assert_eq!(
            merge(&full, borrowed(&fifty)).expect("replacing is not adding").len(),
            50
        );
        assert_eq!(merge(&full, [("one more", "")]), Err(TagError::TooMany));
        assert_eq!(merge(&Tags::new(), borrowed(&numbered(51))), Err(TagError::TooMany));
    }

    /// KEY-329
    #[test]
    fn the_aws_prefix_is_reserved_in_any_case() {
        for key in ["aws:x", "AWS:x", "aWs:"] {
            assert_eq!(merge(&Tags::new(), [(key, "")]), Err(TagError::Reserved), "{key}");
        }
        for key in ["aws", "awsome", "xaws:", "äws:"] {
            assert!(merge(&Tags::new(), [(key, "")]).is_ok(), "{key}");
        }
    }
}
