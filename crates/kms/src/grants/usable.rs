//! The grants that a caller has on a key, as authorization is lent them.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use smallvec::SmallVec;
use trent_api::kms::GrantOperation;
use trent_policy::{Action, ConditionKey, Context, Grantee, Values};
use trent_service::{Covering, CoveringGrant, Grants};

use super::holdings::{Asked, Held, Holdings};
use super::terms::Terms;

/// The condition key that lends the whole encryption context.
static CONTEXT: LazyLock<ConditionKey> = LazyLock::new(|| ConditionKey::new("kms:EncryptionContextKeys"));
/// The condition key that says on whose behalf a request is made.
static SOURCE: LazyLock<ConditionKey> = LazyLock::new(|| ConditionKey::new("aws:SourceArn"));

/// The grants of a caller on a key; most often none, which takes no room.
#[derive(Clone, Default)]
pub struct Usable(Option<Arc<Inner>>);

#[derive(Clone, Default)]
struct Inner {
    lent: SmallVec<[Lent; 3]>,
    /// Those that the request's tokens name.
    named: SmallVec<[Named; 1]>,
    /// The terms of the grant that is to be made, if one is.
    child: Option<Terms>,
}

/// What a caller holds in one way of being the grantee.
#[derive(Clone)]
pub(crate) struct Lent {
    /// In which way.
    pub(crate) grantee: Grantee,
    /// The grants.
    pub(crate) holdings: Arc<Holdings>,
    /// The last change that this node knows of.
    pub(crate) limit: u64,
}

#[derive(Clone)]
struct Named {
    grantee: Grantee,
    grant: Arc<Held>,
}

impl Usable {
    /// These, if there are any.
    pub(crate) fn of(lent: SmallVec<[Lent; 3]>) -> Self {
        if lent.is_empty() {
            return Self::default();
        }
        Self(Some(Arc::new(Inner {
            lent,
            ..Inner::default()
        })))
    }

    /// Adds a grant that a token names.
    pub(crate) fn name(&mut self, grantee: Grantee, grant: Held) {
        let inner = Arc::make_mut(self.0.get_or_insert_default());
        inner.named.push(Named {
            grantee,
            grant: Arc::new(grant),
        });
    }

    /// Says what grant is to be made, which decides whether one of these permits to make it.
    pub(crate) fn set_child(&mut self, child: Terms) {
        if let Some(inner) = &mut self.0 {
            Arc::make_mut(inner).child = Some(child);
        }
    }
}

impl Grants for Usable {
    fn covering(&self, action: &Action, conditions: &dyn Context) -> Covering {
        let Some(inner) = &self.0 else {
            return Covering::new();
        };
        let operation = action.as_str().strip_prefix("kms:").and_then(GrantOperation::parse);
        let Some(operation) = operation else {
            return Covering::new();
        };
        let asked = Asked {
            operation,
            context: encryption_context(conditions),
            source: conditions.lookup(&SOURCE).single(),
            child: inner.child.as_ref(),
        };
        let lent = inner.lent.iter().filter_map(|lent| {
            let id = lent.holdings.covering(&asked, lent.limit)?;
            Some(CoveringGrant {
                id,
                grantee: lent.grantee,
            })
        });
        let named = inner.named.iter().filter(|named| asked.is_covered_by(&named.grant));
        let named = named.map(|named| CoveringGrant {
            id: Arc::clone(&named.grant.id),
            grantee: named.grantee,
        });
        lent.chain(named).collect()
    }
}

/// The encryption context of the request, which its condition key lends whole.
fn encryption_context(conditions: &dyn Context) -> Option<&BTreeMap<String, String>> {
    match conditions.lookup(&CONTEXT) {
        Values::Names(pairs) => Some(pairs),
        _ => None,
    }
}
