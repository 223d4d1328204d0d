//! Key policies as decisions take them. Most keys have one of a few texts: each is compiled and kept once, for as long as a
//! key has it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use trent_policy::Policy;

use crate::policy;
use crate::records::KeyRecord;

/// Texts that no key has any more are looked for when there are so many, at least.
const SWEEP_AT: usize = 64;

/// A key policy, compiled.
pub(crate) struct Compiled {
    /// As it was submitted.
    pub(crate) text: Arc<str>,
    pub(crate) policy: Policy,
    denials: OnceLock<Policy>,
}

impl Compiled {
    fn of(key: &str, record: &KeyRecord) -> Arc<Self> {
        Arc::new(Self {
            text: Arc::clone(&record.policy),
            policy: policy::compiled(key, record),
            denials: OnceLock::new(),
        })
    }

    /// What it denies, without what it allows.
    pub(crate) fn denials(&self) -> &Policy {
        self.denials.get_or_init(|| self.policy.denials())
    }
}

/// The policies that the keys of a Region have.
#[derive(Default)]
pub(crate) struct Policies(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_text: HashMap<Arc<str>, Weak<Compiled>>,
    /// How many there were when those that no key has were last taken out.
    swept: usize,
}

impl Policies {
    /// The policy of the key with this ARN.
    pub(crate) fn of(&self, key: &str, record: &KeyRecord) -> Arc<Compiled> {
        if record.policy_principals.is_some() {
            // Whom it names is bound to who they are: the same text may mean others elsewhere.
            return Compiled::of(key, record);
        }
        let known = self.kept().by_text.get(&*record.policy).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let compiled = Compiled::of(key, record);
            self.kept().keep(&compiled);
            compiled
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Each change is one call of the map's own: a panic elsewhere leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, compiled: &Arc<Compiled>) {
        if self.by_text.len() >= SWEEP_AT.max(2 * self.swept) {
            self.by_text.retain(|_, policy| policy.strong_count() > 0);
            self.swept = self.by_text.len();
        }
        self.by_text
            .insert(Arc::clone(&compiled.text), Arc::downgrade(compiled));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trent_crypto::spec::{KeySpec, KeyUsage};

    use crate::keys::fixture;

    fn with(policy: &str) -> KeyRecord {
        KeyRecord {
            policy: policy.into(),
            ..fixture::record(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt)
        }
    }

    fn allowing(action: usize) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":"*","Action":"kms:A{action}","Resource":"*"}}}}"#
        )
    }

    #[test]
    fn a_text_is_kept_once_and_as_long_as_a_key_has_it() {
        let policies = Policies::default();
        let (one, other) = (with(&allowing(1)), with(&allowing(2)));
        let first = policies.of("a", &one);
        assert!(Arc::ptr_eq(&first, &policies.of("b", &one)));
        assert!(!Arc::ptr_eq(&first, &policies.of("c", &other)));
        drop(first);
        for action in 0..10 * SWEEP_AT {
            drop(policies.of("d", &with(&allowing(action))));
        }
        assert!(policies.kept().by_text.len() <= SWEEP_AT);
    }

    #[test]
    fn a_policy_that_names_somebody_is_its_keys_own() {
        let policies = Policies::default();
        let named = KeyRecord {
            policy_principals: Some([("arn".to_owned(), "AIDA".to_owned())].into()),
            ..with(&allowing(1))
        };
        assert!(!Arc::ptr_eq(&policies.of("a", &named), &policies.of("b", &named)));
        assert!(policies.kept().by_text.is_empty());
    }
}
