//! What the store keeps of an organization: its units, the policies attached to them, and each account's place.
//!
//! An account's own record says which organization it is in, under which unit, and what is attached to it; a unit's
//! record says what is attached to the unit and what is above. What such a list names and the store does not give
//! denies everything; see [`super::placement`].

use minicbor::{Decode, Encode};
use trent_crypto::record::Class;
use trent_store::{Everywhere, GlobalStore, Key, Kind, LivesIn, Record, kinds};

/// The organization of the deployment; there is at most one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OrganizationRecord {
    /// Its id, `o-...`.
    #[n(0)]
    pub id: String,
    /// Its root, `r-...`.
    #[n(1)]
    pub root: String,
    /// The account that its policies do not limit.
    #[n(2)]
    pub management_account: String,
}

/// The root of an organization or a unit below it. Its key is its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct UnitRecord {
    /// The organization.
    #[n(0)]
    pub organization: String,
    /// Its name.
    #[n(1)]
    pub name: String,
    /// What is above it; nothing above the root.
    #[n(2)]
    pub parent: Option<String>,
    /// The policies attached to it.
    #[n(3)]
    pub attached: AttachedControls,
}

/// An account's place in an organization, part of the account's record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Membership {
    /// The organization.
    #[n(0)]
    pub organization: String,
    /// The unit that the account is in, or the root.
    #[n(1)]
    pub parent: String,
    /// Whether it is the management account, which policies of the organization do not limit.
    #[n(2)]
    pub management: bool,
    /// The policies attached to the account.
    #[n(3)]
    pub attached: AttachedControls,
}

/// The policies attached to a root, a unit or an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AttachedControls {
    /// Whether the service control policy `FullAWSAccess` is. `RCPFullAWSAccess` is attached everywhere, always.
    #[n(0)]
    pub full_access: bool,
    /// Service control policies.
    #[n(1)]
    pub service: Vec<ControlReference>,
    /// Resource control policies.
    #[n(2)]
    pub resource: Vec<ControlReference>,
}

/// A policy as those know it whom it is attached to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ControlReference {
    /// Its name.
    #[n(0)]
    pub name: String,
    /// Its edition when it was attached: an older one is not believed.
    #[n(1)]
    pub edition: u64,
}

/// The two kinds of policies that an organization has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum ControlKind {
    /// Limits the principals of accounts.
    #[n(0)]
    Service,
    /// Limits what is done to the resources of accounts.
    #[n(1)]
    Resource,
}

/// A service or resource control policy.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ControlPolicyRecord {
    /// Which it is.
    #[n(0)]
    pub kind: ControlKind,
    /// Its name.
    #[n(1)]
    pub name: String,
    /// The document.
    #[n(2)]
    pub document: String,
    /// Grows with every change of the document.
    #[n(3)]
    pub edition: u64,
}

impl AttachedControls {
    /// Those of one kind.
    pub fn of(&self, kind: ControlKind) -> &[ControlReference] {
        match kind {
            ControlKind::Service => &self.service,
            ControlKind::Resource => &self.resource,
        }
    }

    /// Whether the same policies are attached, whatever their editions were then.
    pub(crate) fn same_names(&self, other: &Self) -> bool {
        let same = |one: &[ControlReference], other: &[ControlReference]| {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.name == other.name)
        };
        self.full_access == other.full_access
            && same(&self.service, &other.service)
            && same(&self.resource, &other.resource)
    }
}

macro_rules! stored {
    ($($record:ty, $kind:ident;)*) => {$(
        impl Record for $record {
            const KIND: Kind = kinds::$kind;
            const CLASS: Class = Class::Policy;
            const VERSION: u8 = 1;
        }

        impl LivesIn<Everywhere> for $record {}
    )*};
}

stored! {
    OrganizationRecord, ORGANIZATION;
    UnitRecord, ORGANIZATIONAL_UNIT;
    ControlPolicyRecord, CONTROL_POLICY;
}

pub(crate) fn organization_key() -> Key<OrganizationRecord> {
    Key::new().part(b"organization")
}

pub(crate) fn unit_key(id: &str) -> Key<UnitRecord> {
    Key::new().part(id.as_bytes())
}

pub(crate) fn policy_key(store: &GlobalStore, kind: ControlKind, name: &str) -> Key<ControlPolicyRecord> {
    let kind: &[u8] = match kind {
        ControlKind::Service => b"service",
        ControlKind::Resource => b"resource",
    };
    Key::new()
        .part(kind)
        .part(&store.blind::<ControlPolicyRecord>(name.as_bytes()))
}
