//! Which request quotas an operation counts towards (guide, "Shared quotas for cryptographic operations").

use trent_api::kms;
use trent_names::{AccountId, KeyId};
use trent_quotas::{Charge, Charges, Quota};

use crate::reference::KeyTarget;

/// What a cryptographic operation with these keys is charged to: once for each kind of key. One that uses no key, or none
/// that is here, counts as one with a symmetric key.
pub(crate) fn of_keys<'a>(keys: impl IntoIterator<Item = Option<&'a KeyTarget>>) -> Charges {
    let mut charges = Charges::new();
    for key in keys {
        let key = key.and_then(KeyTarget::key);
        let quota = key.map_or(Quota::SYMMETRIC, |key| Quota::cryptographic(key.record.spec.as_str()));
        let charge = Charge::from(quota);
        if !charges.contains(&charge) {
            charges.push(charge);
        }
    }
    charges
}

/// What making a data key pair is charged to, whichever of the two operations makes it.
pub(crate) fn of_pair(spec: kms::DataKeyPairSpec) -> Charges {
    std::iter::once(Quota::data_key_pair(spec.as_str()).into()).collect()
}

/// A key with its owner, if it is here.
pub(crate) fn owned(key: &KeyTarget) -> Option<(AccountId, KeyId)> {
    key.key().map(|key| (key.record.account, key.record.id))
}
