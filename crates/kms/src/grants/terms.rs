//! The terms of a grant: what it allows, under which conditions, on which keys, and what whoever has it may pass on
//! (guide, "Grant operations", "Grant constraints", "Granting `CreateGrant` permission").

use std::collections::{BTreeMap, BTreeSet};

use trent_api::kms::{GrantConstraints, GrantOperation};
use trent_api::{ApiError, protocol};
use trent_crypto::spec::KeySpec;

use crate::eligibility::{Origins, Takes};
use crate::records::KeyRecord;
use crate::records::grants::Constraints;

/// Most pairs in one constraint.
const MAX_PAIRS: usize = 8;

/// The longest value of a pair, in characters.
const MAX_VALUE: usize = 384;

/// The longest that the pairs of one constraint are together, in characters, as for every encryption context.
const MAX_CONTEXT: usize = 8192;

/// A set of grant operations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Operations(u32);

impl Operations {
    /// The operations that have no encryption context: a constraint on one says nothing about them.
    const WITHOUT_CONTEXT: Self =
        Self(bit(GrantOperation::DescribeKey) | bit(GrantOperation::RetireGrant) | bit(GrantOperation::CreateGrant));

    /// These operations.
    pub(crate) fn of<'a>(operations: impl IntoIterator<Item = &'a GrantOperation>) -> Self {
        Self(operations.into_iter().fold(0, |all, operation| all | bit(*operation)))
    }

    /// Those that have an encryption context.
    pub(crate) const fn with_context(self) -> Self {
        Self(self.0 & !Self::WITHOUT_CONTEXT.0)
    }

    /// Those that have none.
    pub(crate) const fn without_context(self) -> Self {
        Self(self.0 & Self::WITHOUT_CONTEXT.0)
    }

    /// Whether there is none.
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether one is among them.
    pub(crate) const fn has(self, operation: GrantOperation) -> bool {
        self.0 & bit(operation) != 0
    }

    /// Whether all of these are among them.
    pub(crate) const fn have_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

const fn bit(operation: GrantOperation) -> u32 {
    1 << operation as u32
}

/// Pairs of an encryption context, in order. Small: a key may have many grants.
pub(crate) type Pairs = Box<[(Box<str>, Box<str>)]>;

/// What a grant allows and under which conditions, as it is held in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The operations.
    pub(crate) operations: Operations,
    /// The encryption context must be this one.
    pub(crate) equals: Option<Pairs>,
    /// The encryption context must have these pairs.
    pub(crate) subset: Option<Pairs>,
    /// The request must be made on behalf of this resource.
    pub(crate) source: Option<Box<str>>,
}

impl Terms {
    /// The terms of a grant of these operations with these constraints.
    pub(crate) fn of(operations: &BTreeSet<GrantOperation>, constraints: &Constraints) -> Self {
        let pairs = |map: &BTreeMap<String, String>| {
            let pairs = map
                .iter()
                .map(|(key, value)| (key.as_str().into(), value.as_str().into()));
            pairs.collect()
        };
        Self {
            operations: Operations::of(operations),
            equals: constraints.equals.as_ref().map(pairs),
            subset: constraints.subset.as_ref().map(pairs),
            source: constraints.source_arn.as_deref().map(Box::from),
        }
    }

    /// Whether they say anything about the encryption context.
    pub(crate) const fn have_context(&self) -> bool {
        self.equals.is_some() || self.subset.is_some()
    }

    /// Whether a request with this encryption context meets the constraints. Keys are compared with case (POL-384).
    pub(crate) fn admit_context(&self, context: Option<&BTreeMap<String, String>>) -> bool {
        let size = context.map_or(0, BTreeMap::len);
        let has = |pairs: &Pairs| {
            pairs
                .iter()
                .all(|(key, value)| context.and_then(|context| context.get(&**key)).map(String::as_str) == Some(value))
        };
        self.equals
            .as_ref()
            .is_none_or(|pairs| pairs.len() == size && has(pairs))
            && self.subset.as_ref().is_none_or(has)
    }

    /// Whether a request on behalf of this resource meets the constraints.
    pub(crate) fn admit_source(&self, source: Option<&str>) -> bool {
        self.source.is_none() || self.source.as_deref() == source
    }

    /// Whether a grant with these terms lets its grantee make one with the terms of `child`: nothing more, and under
    /// conditions that are no looser.
    pub(crate) fn let_delegate(&self, child: &Self) -> bool {
        self.operations.have_all(child.operations) && self.constraints_are_kept_by(child)
    }

    /// Whether whatever meets the constraints of `child` meets these as well, told from the pairs alone.
    fn constraints_are_kept_by(&self, child: &Self) -> bool {
        let equals = self.equals.is_none() || self.equals == child.equals;
        let subset = self.subset.as_ref().is_none_or(|pairs| {
            let stricter =
                |of: &Option<Pairs>| of.as_ref().is_some_and(|of| pairs.iter().all(|pair| of.contains(pair)));
            stricter(&child.equals) || stricter(&child.subset)
        });
        equals && subset && (self.source.is_none() || self.source == child.source)
    }
}

impl Constraints {
    /// Those of a request; an empty map is none.
    pub(crate) fn of_request(request: Option<&GrantConstraints>) -> Self {
        let pairs = |map: &Option<BTreeMap<String, String>>| map.clone().filter(|map| !map.is_empty());
        request.map_or_else(Self::default, |request| Self {
            equals: pairs(&request.encryption_context_equals),
            subset: pairs(&request.encryption_context_subset),
            source_arn: request.source_arn.clone(),
        })
    }

    /// As the wire has them; none if there is none.
    pub(crate) fn on_the_wire(&self) -> Option<GrantConstraints> {
        (*self != Self::default()).then(|| GrantConstraints {
            encryption_context_equals: self.equals.clone(),
            encryption_context_subset: self.subset.clone(),
            source_arn: self.source_arn.clone(),
        })
    }
}

/// Accepts the operations and constraints of a new grant on a key.
pub(crate) fn check(
    operations: &BTreeSet<GrantOperation>,
    constraints: &Constraints,
    key: &KeyRecord,
) -> Result<(), ApiError> {
    if let Some(operation) = operations.iter().find(|operation| !is_possible(**operation, key)) {
        return Err(protocol::validation(format!(
            "Grant operation {operation} is not supported for a key with key spec {} and key usage {}.",
            key.spec, key.usage
        )));
    }
    let on_context = constraints.equals.is_some() || constraints.subset.is_some();
    if on_context && key.spec != KeySpec::SymmetricDefault {
        return Err(protocol::validation(
            "Encryption context constraints are supported on symmetric encryption keys only.",
        ));
    }
    for pairs in constraints.equals.iter().chain(&constraints.subset) {
        check_pairs(pairs)?;
    }
    Ok(())
}

fn check_pairs(pairs: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let long = |text: &String| text.chars().count() > MAX_VALUE;
    let length: usize = pairs
        .iter()
        .map(|(key, value)| key.chars().count() + value.chars().count())
        .sum();
    if pairs.len() > MAX_PAIRS {
        Err(protocol::validation(format!(
            "A grant constraint can have at most {MAX_PAIRS} encryption context pairs."
        )))
    } else if pairs.values().any(long) {
        Err(protocol::validation(format!(
            "An encryption context value in a grant constraint can have at most {MAX_VALUE} characters."
        )))
    } else if length > MAX_CONTEXT {
        Err(protocol::validation(format!(
            "The encryption context of a grant constraint can have at most {MAX_CONTEXT} characters."
        )))
    } else {
        Ok(())
    }
}

/// Whether a key of this kind can do what the operation names.
fn is_possible(operation: GrantOperation, key: &KeyRecord) -> bool {
    let (takes, origin) = needs(operation);
    takes.accepts(key.spec, key.usage) && origin.accepts(key.origin)
}

/// The keys that an operation takes, as its row says; the row is above this file, and a test compares the two.
const fn needs(operation: GrantOperation) -> (Takes, Origins) {
    use GrantOperation::{
        CreateGrant, Decapsulate, Decrypt, DeriveSharedSecret, DescribeKey, Encapsulate, Encrypt, GenerateDataKey,
        GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext, GenerateDataKeyWithoutPlaintext, GenerateMac,
        GetPublicKey, ReEncryptFrom, ReEncryptTo, RetireGrant, Sign, Verify, VerifyMac,
    };
    let takes = match operation {
        CreateGrant | DescribeKey | RetireGrant => Takes::AnyKey,
        Encrypt | Decrypt | ReEncryptFrom | ReEncryptTo => Takes::Encryption,
        GenerateDataKey | GenerateDataKeyWithoutPlaintext => Takes::SymmetricEncryption,
        GenerateDataKeyPair | GenerateDataKeyPairWithoutPlaintext => {
            return (Takes::SymmetricEncryption, Origins::Kept);
        }
        GenerateMac | VerifyMac => Takes::Mac,
        Sign | Verify => Takes::Signing,
        GetPublicKey => Takes::Asymmetric,
        DeriveSharedSecret => Takes::Agreement,
        Encapsulate | Decapsulate => Takes::Encapsulation,
    };
    (takes, Origins::Any)
}

#[cfg(test)]
mod tests;
