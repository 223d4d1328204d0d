//! What the store keeps of users, groups, roles, managed policies and OIDC providers.
//!
//! A record's key is the account and the unique id, so nothing that names a principal by its id ever finds a later one
//! of the same name. What restricts a principal stands in its own record: its boundary, its groups, its policies and
//! those attached to it, and the time before which its sessions are void. What such a list names and the store does
//! not give denies everything; see [`crate::entitlements`].

use minicbor::{Decode, Encode};
use trent_crypto::record::Class;
use trent_names::{AccountId, Partition, PrincipalArn};
use trent_store::{Everywhere, Key, Kind, LivesIn, Record, kinds};

use super::records::AccessKeyEntry;
use crate::unique_id::{IdKind, UniqueId};

/// A tag of a principal or a session.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Tag {
    /// Its key, in the case in which it was given.
    #[n(0)]
    pub key: String,
    /// Its value.
    #[n(1)]
    pub value: String,
}

/// A policy that is part of one user, group or role.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct InlinePolicy {
    /// Its name.
    #[n(0)]
    pub name: String,
    /// The document.
    #[n(1)]
    pub document: String,
}

/// A managed policy as those know it who use it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PolicyReference {
    /// Its ARN.
    #[n(0)]
    pub arn: String,
    /// Its unique id; none if it comes with the product.
    #[n(1)]
    pub id: Option<UniqueId>,
    /// Its edition when it came into use here: an older one is not believed.
    #[n(2)]
    pub edition: u64,
}

/// The policies of a user, a group or a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct HeldPolicies {
    /// Its own, by name.
    #[n(0)]
    pub inline: Vec<InlinePolicy>,
    /// Managed ones.
    #[n(1)]
    pub attached: Vec<PolicyReference>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct UserRecord {
    /// The name.
    #[n(0)]
    pub name: String,
    /// The path.
    #[n(1)]
    pub path: String,
    /// When it was made: milliseconds since 1970, as all times here.
    #[n(2)]
    pub created_at: u64,
    /// Its policies.
    #[n(3)]
    pub policies: HeldPolicies,
    /// Its permissions boundary.
    #[n(4)]
    pub boundary: Option<PolicyReference>,
    /// The groups that it is in.
    #[n(5)]
    pub groups: Vec<UniqueId>,
    /// Its tags.
    #[n(6)]
    pub tags: Vec<Tag>,
    /// Its access keys, and retired ones whose ids were chosen elsewhere.
    #[n(7)]
    pub access_keys: Vec<AccessKeyEntry>,
    /// The serial of the access key made last.
    #[n(8)]
    pub last_serial: u64,
    /// Sessions issued before this time are refused.
    #[n(9)]
    pub sessions_valid_after: Option<u64>,
}

/// A group of users.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GroupRecord {
    /// The name.
    #[n(0)]
    pub name: String,
    /// The path.
    #[n(1)]
    pub path: String,
    /// When it was made.
    #[n(2)]
    pub created_at: u64,
    /// Its policies, which all of its members have.
    #[n(3)]
    pub policies: HeldPolicies,
    /// How many users are in it.
    #[n(4)]
    pub members: u64,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RoleRecord {
    /// The name.
    #[n(0)]
    pub name: String,
    /// The path.
    #[n(1)]
    pub path: String,
    /// When it was made.
    #[n(2)]
    pub created_at: u64,
    /// Its policies.
    #[n(3)]
    pub policies: HeldPolicies,
    /// Its permissions boundary.
    #[n(4)]
    pub boundary: Option<PolicyReference>,
    /// Its tags.
    #[n(5)]
    pub tags: Vec<Tag>,
    /// Who may assume it.
    #[n(6)]
    pub trust_policy: String,
    /// The description.
    #[n(7)]
    pub description: String,
    /// The longest session, in seconds.
    #[n(8)]
    pub max_session_seconds: u32,
    /// Sessions issued before this time are refused.
    #[n(9)]
    pub sessions_valid_after: Option<u64>,
    /// Who the principals of the trust policy are. One that is not listed is nobody.
    #[n(10)]
    pub trust_bindings: Option<Vec<TrustBinding>>,
}

/// Who a principal that a trust policy names is: whoever takes the name later is not meant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TrustBinding {
    /// The ARN that the policy names.
    #[n(0)]
    pub principal: String,
    /// The unique id of the user or role that had it when the policy was written; none if it is of an account that was
    /// not here then.
    #[n(1)]
    pub id: Option<UniqueId>,
}

/// A managed policy.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PolicyRecord {
    /// The name.
    #[n(0)]
    pub name: String,
    /// The path.
    #[n(1)]
    pub path: String,
    /// When it was made.
    #[n(2)]
    pub created_at: u64,
    /// When its versions changed last.
    #[n(3)]
    pub updated_at: u64,
    /// The description.
    #[n(4)]
    pub description: String,
    /// Its versions, oldest first.
    #[n(5)]
    pub versions: Vec<PolicyVersion>,
    /// The version in force.
    #[n(6)]
    pub default_version: u32,
    /// The version made last; numbers are never used twice.
    #[n(7)]
    pub last_version: u32,
    /// How many users, groups and roles it is attached to.
    #[n(8)]
    pub attachments: u64,
    /// How many users and roles it bounds.
    #[n(9)]
    pub boundaries: u64,
    /// Its tags.
    #[n(10)]
    pub tags: Vec<Tag>,
    /// Grows with every change of what is in force.
    #[n(11)]
    pub edition: u64,
}

/// A version of a managed policy.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PolicyVersion {
    /// Its number: `v1` is 1.
    #[n(0)]
    pub number: u32,
    /// The document.
    #[n(1)]
    pub document: String,
    /// When it was made.
    #[n(2)]
    pub created_at: u64,
}

/// An OIDC provider.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ProviderRecord {
    /// Its URL without `https://`, which is its name.
    #[n(0)]
    pub name: String,
    /// The audiences that it is trusted for.
    #[n(1)]
    pub client_ids: Vec<String>,
    /// Thumbprints of its certificates.
    #[n(2)]
    pub thumbprints: Vec<String>,
    /// When it was made.
    #[n(3)]
    pub created_at: u64,
    /// Its tags.
    #[n(4)]
    pub tags: Vec<Tag>,
    /// Sessions issued before this time are refused.
    #[n(5)]
    pub sessions_valid_after: Option<u64>,
}

/// How many of each an account has. Whatever makes or removes one writes this record too, so quotas hold when two
/// requests race.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RosterRecord {
    /// Users.
    #[n(0)]
    pub users: u64,
    /// Groups.
    #[n(1)]
    pub groups: u64,
    /// Roles.
    #[n(2)]
    pub roles: u64,
    /// Managed policies.
    #[n(3)]
    pub policies: u64,
    /// OIDC providers.
    #[n(4)]
    pub providers: u64,
}

/// Who has a name. It only finds a principal; the principal's own record must agree.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct NameRecord {
    /// The unique id.
    #[n(0)]
    pub id: UniqueId,
}

/// That two things belong together: both stand in its key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LinkRecord {
    /// Since when.
    #[n(0)]
    pub since: u64,
}

/// The account that has an alias.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AliasRecord {
    /// The account.
    #[n(0)]
    pub account: String,
}

/// When an access key or a role was used last, about.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LastUseRecord {
    /// When.
    #[n(0)]
    pub at: u64,
    /// In which Region.
    #[n(1)]
    pub region: String,
    /// For which service.
    #[n(2)]
    pub service: String,
}

/// What a policy link stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// The policy is attached.
    Attached,
    /// The policy is a permissions boundary.
    Boundary,
}

/// A record that belongs to an account, has a unique id and a name.
pub trait Named: LivesIn<Everywhere> + Clone + std::fmt::Debug {
    /// What it is.
    const OF: IdKind;

    /// Its name.
    fn name(&self) -> &str;

    /// Its path, if it has one.
    fn path(&self) -> Option<&str> {
        None
    }

    /// The record's key.
    fn key(account: AccountId, id: &UniqueId) -> Key<Self> {
        Key::new()
            .part(account.as_str().as_bytes())
            .part(id.as_str().as_bytes())
    }
}

impl UserRecord {
    /// The user's ARN.
    pub fn arn(&self, partition: Partition, account: AccountId) -> PrincipalArn {
        PrincipalArn::User {
            partition,
            account,
            path: self.path.as_str().into(),
            name: self.name.as_str().into(),
        }
    }
}

impl RoleRecord {
    /// The role's ARN.
    pub fn arn(&self, partition: Partition, account: AccountId) -> PrincipalArn {
        PrincipalArn::Role {
            partition,
            account,
            path: self.path.as_str().into(),
            name: self.name.as_str().into(),
        }
    }
}

impl GroupRecord {
    /// The group's ARN. A group is no principal.
    pub fn arn(&self, partition: Partition, account: AccountId) -> String {
        format!("arn:{partition}:iam::{account}:group{}{}", self.path, self.name)
    }
}

impl PolicyRecord {
    /// The policy's ARN.
    pub fn arn(&self, partition: Partition, account: AccountId) -> String {
        format!("arn:{partition}:iam::{account}:policy{}{}", self.path, self.name)
    }

    /// The version in force.
    pub fn in_force(&self) -> Option<&PolicyVersion> {
        self.version(self.default_version)
    }

    /// One version.
    pub fn version(&self, number: u32) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.number == number)
    }
}

impl ProviderRecord {
    /// The provider's ARN.
    pub fn arn(&self, partition: Partition, account: AccountId) -> String {
        format!("arn:{partition}:iam::{account}:oidc-provider/{}", self.name)
    }
}

macro_rules! stored {
    ($($record:ty, $kind:ident, $class:ident;)*) => {$(
        impl Record for $record {
            const KIND: Kind = kinds::$kind;
            const CLASS: Class = Class::$class;
            const VERSION: u8 = 1;
        }

        impl LivesIn<Everywhere> for $record {}
    )*};
}

stored! {
    UserRecord, USER, Policy;
    GroupRecord, GROUP, Policy;
    RoleRecord, ROLE, Policy;
    PolicyRecord, MANAGED_POLICY, Policy;
    ProviderRecord, OIDC_PROVIDER, Policy;
    RosterRecord, ROSTER, Policy;
    NameRecord, PRINCIPAL_NAME, Policy;
    LinkRecord, PRINCIPAL_LINK, Policy;
    AliasRecord, ACCOUNT_ALIAS, Policy;
    LastUseRecord, LAST_USE, Policy;
}

macro_rules! named {
    ($($record:ty, $kind:ident $(, $path:ident)?;)*) => {$(
        impl Named for $record {
            const OF: IdKind = IdKind::$kind;

            fn name(&self) -> &str {
                &self.name
            }

            $(fn path(&self) -> Option<&str> {
                Some(&self.$path)
            })?
        }
    )*};
}

named! {
    UserRecord, User, path;
    GroupRecord, Group, path;
    RoleRecord, Role, path;
    PolicyRecord, Policy, path;
    ProviderRecord, Provider;
}

pub(super) fn roster_key(account: AccountId) -> Key<RosterRecord> {
    Key::new().part(account.as_str().as_bytes())
}

/// The links of a group's members.
pub(super) fn members_prefix(account: AccountId, group: &UniqueId) -> Key<LinkRecord> {
    let key = Key::new().part(account.as_str().as_bytes());
    key.part(group.as_str().as_bytes())
}

/// The links of a policy's users. A policy that comes with the product is named by its ARN, which is public.
pub(super) fn usage_prefix(account: AccountId, policy: &PolicyReference, usage: Usage) -> Key<LinkRecord> {
    let name = policy.id.as_ref().map_or(policy.arn.as_str(), UniqueId::as_str);
    let usage: &[u8] = match usage {
        Usage::Attached => b"attached",
        Usage::Boundary => b"boundary",
    };
    let key = Key::new().part(account.as_str().as_bytes());
    key.part(name.as_bytes()).part(usage)
}
