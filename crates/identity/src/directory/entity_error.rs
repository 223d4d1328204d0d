//! Why something cannot be done to a user, a group, a role, a policy, a provider or their account: one variant per case,
//! so that whoever answers a request can word each.

use trent_keystore::KeystoreError;
use trent_names::AccountId;
use trent_store::{CommitError, StoreError};

use crate::access_key::AccessKeyId;
use crate::rules::InvalidInput;
use crate::unique_id::IdKind;

/// Kinds of things that have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    /// An account.
    Account,
    /// A user.
    User,
    /// A group.
    Group,
    /// A role.
    Role,
    /// A managed policy.
    Policy,
    /// An OIDC provider.
    Provider,
    /// A policy inside a user, group or role.
    InlinePolicy,
    /// A version of a managed policy.
    PolicyVersion,
    /// The attachment of a managed policy.
    Attachment,
    /// The permissions boundary of a user or role.
    Boundary,
    /// An access key of a user.
    AccessKey,
    /// The alias of an account.
    AccountAlias,
}

/// What an account or something in it has as many of as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Users of the account.
    Users,
    /// Groups of the account.
    Groups,
    /// Roles of the account.
    Roles,
    /// Managed policies of the account.
    Policies,
    /// OIDC providers of the account.
    Providers,
    /// Groups that a user is in.
    GroupsPerUser,
    /// Managed policies attached to one user, group or role.
    AttachedPolicies,
    /// Versions of a managed policy.
    PolicyVersions,
    /// Access keys of a user.
    AccessKeys,
    /// Tags.
    Tags,
    /// Characters of a managed policy.
    PolicySize,
    /// Characters of the inline policies of one user, group or role.
    InlinePolicySize,
    /// Characters of a trust policy.
    TrustPolicySize,
    /// Audiences of an OIDC provider.
    ClientIds,
    /// Thumbprints of an OIDC provider.
    Thumbprints,
}

/// What has to go before something can be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remaining {
    /// Access keys.
    AccessKeys,
    /// Memberships of a user.
    Memberships,
    /// Members of a group.
    Members,
    /// Policies inside it.
    InlinePolicies,
    /// Managed policies attached to it.
    AttachedPolicies,
    /// Principals that it is attached to.
    Attachments,
    /// Principals that it bounds.
    Boundaries,
    /// Versions that are not in force.
    Versions,
    /// It is the version in force.
    InForce,
}

/// Why a change or a look-up is refused.
#[derive(Debug, thiserror::Error)]
pub enum EntityError {
    /// There is no such account.
    #[error("there is no account {0}")]
    NoSuchAccount(AccountId),
    /// There is no such thing.
    #[error("there is no {entity:?} `{name}`")]
    NoSuch {
        /// What it would be.
        entity: Entity,
        /// How it was named.
        name: String,
    },
    /// The policy belongs to a service-linked role.
    #[error("`{0}` belongs to a service-linked role")]
    NotAttachable(String),
    /// The name is taken.
    #[error("there is a {entity:?} `{name}` already")]
    Exists {
        /// What has it.
        entity: Entity,
        /// The name.
        name: String,
    },
    /// An access key of this id was retired, and does not come back.
    #[error("access key {0} was retired and cannot be used again")]
    AccessKeyRetired(AccessKeyId),
    /// There are as many as there may be.
    #[error("{quota:?}: at most {limit}")]
    LimitExceeded {
        /// Of what.
        quota: Quota,
        /// How many there may be.
        limit: u64,
    },
    /// It cannot be deleted yet.
    #[error("{0:?} remain")]
    DeleteConflict(Remaining),
    /// It comes with the product.
    #[error("`{0}` comes with the product and cannot be changed")]
    Unmodifiable(String),
    /// It is a service-linked role.
    #[error("`{0}` is a service-linked role, which its service alone changes")]
    ServiceLinked(String),
    /// A value that the caller chose is not legal.
    #[error(transparent)]
    Invalid(#[from] InvalidInput),
    /// A record contradicts another.
    #[error("the directory is damaged: {0}")]
    Damaged(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The change was not stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The keystore failed.
    #[error(transparent)]
    Keystore(#[from] KeystoreError),
}

impl EntityError {
    pub(super) fn no_such(entity: Entity, name: impl Into<String>) -> Self {
        let name = name.into();
        Self::NoSuch { entity, name }
    }

    pub(super) fn exists(entity: Entity, name: impl Into<String>) -> Self {
        let name = name.into();
        Self::Exists { entity, name }
    }
}

impl Quota {
    /// Refuses `count` if it is more than `limit`.
    pub(super) fn check(self, count: usize, limit: usize) -> Result<(), EntityError> {
        if count <= limit {
            return Ok(());
        }
        let limit = limit as u64;
        Err(EntityError::LimitExceeded { quota: self, limit })
    }
}

impl From<IdKind> for Entity {
    fn from(kind: IdKind) -> Self {
        match kind {
            IdKind::User => Self::User,
            IdKind::Group => Self::Group,
            IdKind::Role => Self::Role,
            IdKind::Policy => Self::Policy,
            IdKind::Provider => Self::Provider,
        }
    }
}
