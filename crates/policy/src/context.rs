//! What a request tells about itself: the values of condition keys, looked up only when a policy names them.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The name of a condition key, such as `aws:SourceIp` or `kms:EncryptionContext:aws:s3:arn`.
///
/// Names are compared without regard to case, suffixes included (AUTHZ-4), so both spellings are kept.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ConditionKey {
    written: Box<str>,
    lower: Box<str>,
}

impl ConditionKey {
    /// A key, spelled in any case.
    pub fn new(name: &str) -> Self {
        Self {
            written: name.into(),
            lower: name.to_lowercase().into_boxed_str(),
        }
    }

    /// The name as its author wrote it.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The name in lower case: what a lookup compares.
    pub fn lower(&self) -> &str {
        &self.lower
    }

    /// What follows a prefix (given in lower case), itself in lower case: the tag key of `aws:resourcetag/`, the
    /// context key of `kms:encryptioncontext:`.
    pub fn suffix(&self, prefix: &str) -> Option<&str> {
        self.lower.strip_prefix(prefix)
    }
}

impl fmt::Debug for ConditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// The values of one condition key, borrowed from wherever they live.
///
/// An empty list is an absent key.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// The request has no such key.
    Absent,
    /// One value.
    One(&'a str),
    /// Any number.
    Slice(&'a [&'a str]),
    /// Any number.
    Strings(&'a [String]),
    /// Any number, which are not to be relied on: no condition of an `Allow` that asks for the key holds, whatever it
    /// says.
    ForDenials(&'a [String]),
    /// Any number.
    Set(&'a BTreeSet<String>),
    /// The names of a map: the keys of an encryption context or of tags.
    Names(&'a BTreeMap<String, String>),
    /// The values that a map has under a name, whatever the case of its letters: one, unless names differ in nothing
    /// else.
    Under {
        /// The map: an encryption context or tags.
        map: &'a BTreeMap<String, String>,
        /// The name in lower case, as [`ConditionKey::suffix`] gives it.
        name: &'a str,
    },
}

impl<'a> Values<'a> {
    /// A Boolean, as policies write it.
    pub const fn boolean(value: bool) -> Self {
        Self::One(if value { "true" } else { "false" })
    }

    /// The value of an optional single-valued key.
    pub fn optional(value: Option<&'a str>) -> Self {
        value.map_or(Self::Absent, Self::One)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Absent => 0,
            Self::One(_) => 1,
            Self::Slice(values) => values.len(),
            Self::Strings(values) | Self::ForDenials(values) => values.len(),
            Self::Set(values) => values.len(),
            Self::Names(map) => map.len(),
            Self::Under { map, name } => under(map, name).count(),
        }
    }

    /// The value, if there is exactly one.
    pub fn single(&self) -> Option<&'a str> {
        match self {
            Self::One(value) => Some(value),
            _ if self.count() == 1 => {
                let mut only = None;
                self.any(|value| {
                    only = Some(value);
                    true
                });
                only
            }
            _ => None,
        }
    }

    /// The [`mark`]s of all values; none of an absent key.
    pub(crate) fn marks(&self) -> u64 {
        let mut marks = 0;
        self.any(|value| {
            marks |= mark(value);
            false
        });
        marks
    }

    /// Whether one of the values satisfies.
    pub fn any(&self, mut test: impl FnMut(&'a str) -> bool) -> bool {
        match self {
            Self::Absent => false,
            Self::One(value) => test(value),
            Self::Slice(values) => values.iter().any(|value| test(value)),
            Self::Strings(values) | Self::ForDenials(values) => values.iter().any(|value| test(value)),
            Self::Set(values) => values.iter().any(|value| test(value)),
            Self::Names(map) => map.keys().any(|value| test(value)),
            Self::Under { map, name } => under(map, name).any(test),
        }
    }

    /// Whether all of the values satisfy, of which there may be none.
    pub fn all(&self, mut test: impl FnMut(&'a str) -> bool) -> bool {
        !self.any(|value| !test(value))
    }
}

/// One bit of 64 for a value, told from its length and its ends: equal values have the same.
pub(crate) fn mark(value: &str) -> u64 {
    let bytes = value.as_bytes();
    let word = |part: &[u8]| part.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
    let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_be_bytes(*first), u64::from_be_bytes(*last)),
        _ => (word(bytes), 0),
    };
    // The multipliers are odd and large, so that each byte reaches the six bits that count (Knuth, multiplicative
    // hashing).
    let mixed = (first ^ bytes.len() as u64)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(last)
        .wrapping_mul(0xd1b5_4a32_d192_ed03);
    1 << (mixed >> 58)
}

/// The values under a name, letter case aside.
fn under<'a>(map: &'a BTreeMap<String, String>, name: &'a str) -> impl Iterator<Item = &'a str> {
    let named = move |key: &str| key == name || folded(key).eq(folded(name));
    map.iter()
        .filter(move |(key, _)| named(key))
        .map(|(_, value)| value.as_str())
}

/// Letters in lower case, the two forms of sigma as one: which of them a word ends in depends on its neighbours.
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|letter| if letter == 'ς' { 'σ' } else { letter })
}

/// Where condition values come from.
///
/// A lookup must not allocate: it lends what it has, and a key that the request does not carry is absent (AUTHZ-96).
pub trait Context {
    /// The values of a key.
    fn lookup<'a>(&'a self, key: &'a ConditionKey) -> Values<'a>;
}

/// A request that carries no key at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoContext;

impl Context for NoContext {
    fn lookup<'a>(&'a self, _: &'a ConditionKey) -> Values<'a> {
        Values::Absent
    }
}

/// A request's values, the last ones kept: statements that follow each other mostly ask for the same key.
pub(crate) struct Lookups<'e> {
    context: &'e dyn Context,
    last: Cell<Option<(&'e ConditionKey, Values<'e>)>>,
}

impl<'e> Lookups<'e> {
    pub(crate) fn new(context: &'e dyn Context) -> Self {
        Self {
            context,
            last: Cell::new(None),
        }
    }

    /// Where the values come from.
    pub(crate) fn context(&self) -> &'e dyn Context {
        self.context
    }

    /// The values of a key.
    pub(crate) fn of(&self, key: &'e ConditionKey) -> Values<'e> {
        if let Some((last, values)) = self.last.get()
            && last.lower == key.lower
        {
            return values;
        }
        let values = self.context.lookup(key);
        self.last.set(Some((key, values)));
        values
    }
}

/// Values by lower-case name.
impl Context for BTreeMap<String, Vec<String>> {
    fn lookup<'a>(&'a self, key: &'a ConditionKey) -> Values<'a> {
        self.get(key.lower())
            .map_or(Values::Absent, |values| Values::Strings(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_container_counts_and_answers_alike() {
        let strings = ["a".to_owned(), "b".to_owned()];
        let set: BTreeSet<String> = strings.iter().cloned().collect();
        let map: BTreeMap<String, String> = strings.iter().map(|key| (key.clone(), String::new())).collect();
        for values in [
            Values::Slice(&["a", "b"]),
            Values::Strings(&strings),
            Values::Set(&set),
            Values::Names(&map),
        ] {
            assert_eq!(values.count(), 2);
            assert_eq!(values.single(), None);
            assert!(values.any(|value| value == "b"));
            assert!(!values.any(|value| value == "c"));
            assert!(values.all(|value| value < "c"));
            assert!(!values.all(|value| value == "a"));
        }
        assert_eq!(Values::Slice(&["a"]).single(), Some("a"));
        assert_eq!(Values::One("a").single(), Some("a"));
        assert_eq!((Values::One("a").count(), Values::Absent.count()), (1, 0));
        assert!(Values::Absent.all(|_| false));
        let map = BTreeMap::from([
            ("AppName".to_owned(), "x".to_owned()),
            ("APPNAME".to_owned(), "y".to_owned()),
            ("\u{39f}\u{3a3}".to_owned(), "z".to_owned()),
        ]);
        let under = |name| Values::Under { map: &map, name };
        assert_eq!((under("appname").count(), under("appname").single()), (2, None));
        assert!(under("appname").any(|value| value == "y") && !under("appname").all(|value| value == "y"));
        let sigma = ConditionKey::new("k:\u{39f}\u{3a3}");
        let name = sigma.suffix("k:").unwrap_or_default();
        assert_eq!(
            under(name).single(),
            Some("z"),
            "the final form of a letter is the letter"
        );
        assert_eq!(under("app").count(), 0);
        assert_eq!(Values::optional(None).count(), 0);
        assert_eq!(Values::optional(Some("x")).single(), Some("x"));
    }

    /// AUTHZ-4, AUTHZ-133
    #[test]
    fn names_ignore_case_with_their_suffix() {
        let key = ConditionKey::new("kms:EncryptionContext:AWS:EBS:Id");
        assert_eq!(key.as_str(), "kms:EncryptionContext:AWS:EBS:Id");
        assert_eq!(key.suffix("kms:encryptioncontext:"), Some("aws:ebs:id"));
        assert_eq!(key.suffix("aws:resourcetag/"), None);
        let context = BTreeMap::from([("aws:sourcevpce".to_owned(), vec!["vpce-1".to_owned()])]);
        for spelling in ["aws:SourceVpce", "aws:sourceVpce", "AWS:SOURCEVPCE"] {
            let key = ConditionKey::new(spelling);
            assert_eq!(context.lookup(&key).single(), Some("vpce-1"));
        }
    }
}
