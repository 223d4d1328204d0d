//! Everything stored that decides what a principal may do, put together from records that are in memory.
//!
//! A principal's record lists what it holds and what restricts it. What the list names and the store does not give, or
//! gives older than it was when it was listed, is replaced by a document that denies everything: a store that withholds
//! a record takes access away and gives none.

use std::sync::Arc;

use trent_policy::Policy;
use trent_store::StoreError;

use crate::directory::principals::{HeldPolicies, PolicyReference, Tag};
use crate::directory::{Directory, builtin};
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
    inline: Vec<(Arc<str>, Arc<Document>)>,
    attached: Vec<PolicyReference>,
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

impl Directory {
    /// The entitlements of whoever holds these, outside any session.
    pub(crate) async fn gather(
        &self,
        account: trent_names::AccountId,
        holdings: Holdings<'_>,
    ) -> Result<Entitlements, StoreError> {
        let mut policies = Vec::new();
        self.apply(holdings.policies, None, &mut policies).await?;
        for group in holdings.groups {
            match self.known_group(account, group).await? {
                Some(known) => self.apply(&known.policies, Some(&known.name), &mut policies).await?,
                None => policies.push(AppliedPolicy {
                    name: group.as_str().into(),
                    source: PolicySource::GroupInline(group.as_str().into()),
                    document: Arc::new(Document::withheld()),
                }),
            }
        }
        let boundary = match holdings.boundary {
            Some(reference) => Some(self.applied(reference, PolicySource::Boundary).await?),
            None => None,
        };
        Ok(Entitlements {
            policies,
            boundary,
            session_policies: Vec::new(),
            tags: holdings.tags.to_vec(),
            ..self.entitlements_of_account(account).await?
        })
    }

    /// What restricts everybody of an account, and all that its root user has.
    pub(crate) async fn entitlements_of_account(
        &self,
        account: trent_names::AccountId,
    ) -> Result<Entitlements, StoreError> {
        Ok(Entitlements {
            organization: self.placement(account).await?,
            disabled_regions: self.disabled_regions(account).await?,
            ..Entitlements::default()
        })
    }

    /// The policy of whoever may do everything.
    pub(crate) fn everything(&self) -> AppliedPolicy {
        let policy = self.builtin(builtin::ADMINISTRATOR.name);
        AppliedPolicy {
            name: builtin::ADMINISTRATOR.name.into(),
            source: PolicySource::Attached,
            document: policy.map_or_else(|| Arc::new(Document::withheld()), |known| Arc::clone(&known.document)),
        }
    }

    async fn apply(
        &self,
        known: &KnownPolicies,
        group: Option<&Arc<str>>,
        policies: &mut Vec<AppliedPolicy>,
    ) -> Result<(), StoreError> {
        for (name, document) in &known.inline {
            policies.push(AppliedPolicy {
                name: Arc::clone(name),
                source: group.map_or(PolicySource::Inline, |group| {
                    PolicySource::GroupInline(Arc::clone(group))
                }),
                document: Arc::clone(document),
            });
        }
        for reference in &known.attached {
            let source = group.map_or(PolicySource::Attached, |group| {
                PolicySource::GroupAttached(Arc::clone(group))
            });
            policies.push(self.applied(reference, source).await?);
        }
        Ok(())
    }

    /// The managed policy that a reference names.
    pub(crate) async fn applied(
        &self,
        reference: &PolicyReference,
        source: PolicySource,
    ) -> Result<AppliedPolicy, StoreError> {
        let document = match &reference.id {
            Some(id) => self
                .known_policy(&reference.arn, id)
                .await?
                .filter(|known| known.edition >= reference.edition),
            None => builtin::find(&reference.arn).and_then(|policy| self.builtin(policy.name)),
        };
        let document = document.map_or_else(|| Arc::new(Document::withheld()), |known| Arc::clone(&known.document));
        Ok(AppliedPolicy {
            name: reference.arn.as_str().into(),
            source,
            document,
        })
    }
}
