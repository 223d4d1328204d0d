//! Everything stored that decides what a principal may do.

use std::sync::Arc;

use trent_policy::Policy;

use crate::directory::principals::{HeldPolicies, PolicyReference, Tag};
use crate::document::Document;
use crate::organization::Placement;
use crate::unique_id::UniqueId;

/// What decides what a principal may do, besides the resource's own policy. The root user has nothing of it but
/// the place of its account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entitlements {
    /// Its identity policies: inline, attached, and those of its groups.
    pub policies: Vec<AppliedPolicy>,
    /// Its permissions boundary, if it has one.
    pub boundary: Option<AppliedPolicy>,
    /// The policies of its session, none if it was begun without any. A federated user who was given none has one that
    /// permits nothing.
    pub session_policies: Vec<AppliedPolicy>,
    /// Its tags, those of its session in the place of its own.
    pub tags: Vec<Tag>,
    /// The place of its account in an organization, whose policies limit the root user as they limit everybody.
    pub organization: Option<Arc<Placement>>,
    /// The Regions in which nobody of its account is let do anything, the root user included.
    pub disabled_regions: Arc<[String]>,
}

/// A policy as it applies to a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedPolicy {
    /// Its name if it is inline, its ARN if it is managed.
    pub name: Arc<str>,
    /// How the principal comes by it.
    pub source: PolicySource,
    /// The document.
    pub document: Arc<Document>,
}

impl AppliedPolicy {
    /// What decides: the document, compiled as what it is to the principal.
    pub fn policy(&self) -> &Policy {
        match self.source {
            PolicySource::Boundary => self.document.as_boundary(),
            PolicySource::Session => self.document.as_session_policy(),
            PolicySource::Inline
            | PolicySource::Attached
            | PolicySource::GroupInline(_)
            | PolicySource::GroupAttached(_) => self.document.as_identity_policy(),
        }
    }
}

/// How a principal comes by a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicySource {
    /// It is the principal's own inline policy.
    Inline,
    /// It is attached to the principal.
    Attached,
    /// It is an inline policy of this group.
    GroupInline(Arc<str>),
    /// It is attached to this group.
    GroupAttached(Arc<str>),
    /// It is the permissions boundary.
    Boundary,
    /// It was passed when the session was begun.
    Session,
}

/// Policies of a user, group or role in memory.
pub(crate) struct KnownPolicies {
    pub(crate) inline: Vec<(Arc<str>, Arc<Document>)>,
    pub(crate) attached: Vec<PolicyReference>,
}

impl KnownPolicies {
    pub(crate) fn new(held: HeldPolicies) -> Self {
        let inline = held.inline.into_iter();
        Self {
            inline: inline
                .map(|policy| (policy.name.into(), Arc::new(Document::new(policy.document))))
                .collect(),
            attached: held.attached,
        }
    }
}

/// What is needed of a user or role to put its entitlements together.
pub(crate) struct Holdings<'a> {
    pub(crate) policies: &'a KnownPolicies,
    pub(crate) groups: &'a [UniqueId],
    pub(crate) boundary: Option<&'a PolicyReference>,
    pub(crate) tags: &'a [Tag],
}
