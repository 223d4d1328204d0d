//! Entitlements, put together from records that are in memory.
//!
//! A principal's record lists what it holds and what restricts it. What the list names and the store does not give, or
//! gives older than it was when it was listed, is replaced by a document that denies everything: a store that withholds
//! a record takes access away and gives none.

use std::sync::Arc;

use trent_names::AccountId;
use trent_store::StoreError;

use super::principals::PolicyReference;
use super::{Directory, builtin};
use crate::document::Document;
use crate::entitlements::{AppliedPolicy, Entitlements, Holdings, KnownPolicies, PolicySource};

impl Directory {
    /// The entitlements of whoever holds these, outside any session.
    pub(crate) async fn gather(&self, account: AccountId, holdings: Holdings<'_>) -> Result<Entitlements, StoreError> {
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
    pub(crate) async fn entitlements_of_account(&self, account: AccountId) -> Result<Entitlements, StoreError> {
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
