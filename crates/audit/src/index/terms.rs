//! What one record can be found by, hashed: computed where the record is made, so that it need not be read again.

use std::sync::LazyLock;

use smallvec::SmallVec;
use uuid::Uuid;

use super::{Term, hash::hash};
use crate::recorded::{Attribute, Recorded};

/// The key of the indexes that this process makes. Whoever chooses values does not know it, and so cannot have many of
/// them meet in one term.
static KEY: LazyLock<u64> = LazyLock::new(|| Uuid::new_v4().as_u64_pair().1);

/// The key of the indexes that this process makes.
pub(super) fn own_key() -> u64 {
    *KEY
}

/// The term of an attribute's value.
pub(super) fn term(key: u64, attribute: Attribute, value: &str) -> Term {
    let hash = hash(key.wrapping_add(attribute as u64), value.as_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "one half is enough")]
    let half = hash as u32;
    half
}

/// The terms of some attributes of a record, under this process's key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms(SmallVec<[Term; 16]>);

impl Terms {
    pub(crate) fn add(&mut self, attribute: Attribute, value: &str) {
        self.0.push(term(own_key(), attribute, value));
    }

    pub(crate) fn as_slice(&self) -> &[Term] {
        &self.0
    }
}

/// What an index notes of a record beside its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    /// The record's time, in seconds since the Unix epoch.
    pub(crate) time: u32,
    pub(crate) terms: Terms,
}

impl Noted {
    /// The same of a record that was rendered before; `None` if it is no record.
    pub(crate) fn of(line: &[u8]) -> Option<Self> {
        let record = Recorded::read(line)?;
        let mut terms = Terms::default();
        Attribute::each(&record, |attribute, value| terms.add(attribute, value));
        Some(Self {
            time: u32::try_from(record.seconds()).unwrap_or(u32::MAX),
            terms,
        })
    }
}
