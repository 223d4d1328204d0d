//! Typed transactions: writes and preconditions on records of one place.

use bytes::Bytes;
use trent_crypto::record::Class;
use zeroize::Zeroizing;

use crate::{
    key::Key,
    place::Place,
    record::{self, LivesIn, Record},
    revision::Revision,
};

/// What has to hold for a key before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Nothing: whatever is there is replaced.
    Any,
    Absent,
    At(Revision),
}

/// What happens to a key.
pub(crate) enum Action {
    /// Only the condition is checked.
    Require,
    Put {
        class: Class,
        plaintext: Zeroizing<Vec<u8>>,
    },
    Delete,
}

/// One operation of a typed transaction.
pub(crate) struct Operation {
    pub(crate) key: Bytes,
    pub(crate) condition: Condition,
    pub(crate) action: Action,
}

/// A transaction over the records of one place: all of it happens, or none.
pub struct ScopedTxn<P> {
    place: P,
    prefix: Bytes,
    operations: Vec<Operation>,
}

impl<P: Place> ScopedTxn<P> {
    pub(crate) fn new(place: P, prefix: Bytes) -> Self {
        Self {
            place,
            prefix,
            operations: Vec::new(),
        }
    }

    /// Writes a record whatever was there before.
    pub fn put<R: LivesIn<P>>(&mut self, key: &Key<R>, record: &R) -> &mut Self {
        self.write(key, record, Condition::Any)
    }

    /// Writes a record that must not exist yet.
    pub fn insert<R: LivesIn<P>>(&mut self, key: &Key<R>, record: &R) -> &mut Self {
        self.write(key, record, Condition::Absent)
    }

    /// Replaces a record that was read at revision `at` and must not have changed since.
    pub fn update<R: LivesIn<P>>(&mut self, key: &Key<R>, record: &R, at: Revision) -> &mut Self {
        self.write(key, record, Condition::At(at))
    }

    /// Removes a record that was read at revision `at` and must not have changed since.
    pub fn delete<R: LivesIn<P>>(&mut self, key: &Key<R>, at: Revision) -> &mut Self {
        self.push(key, Condition::At(at), Action::Delete)
    }

    /// Removes a record if it is there.
    pub fn remove<R: LivesIn<P>>(&mut self, key: &Key<R>) -> &mut Self {
        self.push(key, Condition::Any, Action::Delete)
    }

    /// Requires that a record has not changed since it was read at revision `at`.
    pub fn require<R: LivesIn<P>>(&mut self, key: &Key<R>, at: Revision) -> &mut Self {
        self.push(key, Condition::At(at), Action::Require)
    }

    /// Requires that a record does not exist.
    pub fn require_absent<R: LivesIn<P>>(&mut self, key: &Key<R>) -> &mut Self {
        self.push(key, Condition::Absent, Action::Require)
    }

    /// Whether nothing is written and nothing required.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// How many operations it has.
    pub(crate) fn len(&self) -> usize {
        self.operations.len()
    }

    pub(crate) fn place(&self) -> &P {
        &self.place
    }

    pub(crate) fn into_operations(self) -> Vec<Operation> {
        self.operations
    }

    fn write<R: LivesIn<P>>(&mut self, key: &Key<R>, record: &R, condition: Condition) -> &mut Self {
        let plaintext = Zeroizing::new(record::encode(record));
        self.push(
            key,
            condition,
            Action::Put {
                class: <R as Record>::CLASS,
                plaintext,
            },
        )
    }

    fn push<R: LivesIn<P>>(&mut self, key: &Key<R>, condition: Condition, action: Action) -> &mut Self {
        self.operations.push(Operation {
            key: key.raw(&self.prefix),
            condition,
            action,
        });
        self
    }
}
