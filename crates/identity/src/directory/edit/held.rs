//! What users, groups and roles hold: inline policies, attached policies, and the boundary.

use trent_store::Key;

use super::super::builtin;
use super::super::entity_error::{Entity, EntityError, Quota, Remaining};
use super::super::principals::{
    GroupRecord, HeldPolicies, InlinePolicy, LinkRecord, PolicyRecord, PolicyReference, Usage, UserRecord, usage_prefix,
};
use super::Edit;
use crate::rules::{self, PolicyArn};
use crate::unique_id::UniqueId;

/// Who holds policies, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder<'a> {
    /// A user.
    User(&'a str),
    /// A group.
    Group(&'a str),
    /// A role.
    Role(&'a str),
}

impl Holder<'_> {
    /// Most characters of all its inline policies.
    const fn inline_size(&self) -> usize {
        match self {
            Self::User(_) => rules::USER_POLICY_SIZE,
            Self::Group(_) => rules::GROUP_POLICY_SIZE,
            Self::Role(_) => rules::ROLE_POLICY_SIZE,
        }
    }
}

impl HeldPolicies {
    /// Refuses to let go of a principal that still has policies.
    pub(super) fn check_empty(&self) -> Result<(), EntityError> {
        if !self.inline.is_empty() {
            return Err(EntityError::DeleteConflict(Remaining::InlinePolicies));
        }
        if !self.attached.is_empty() {
            return Err(EntityError::DeleteConflict(Remaining::AttachedPolicies));
        }
        Ok(())
    }
}

impl Edit<'_> {
    /// Writes an inline policy, in the place of the one that has its name.
    pub async fn put_inline_policy(
        &mut self,
        holder: Holder<'_>,
        name: &str,
        document: &str,
    ) -> Result<(), EntityError> {
        rules::policy_name(name)?;
        rules::document(document)?;
        let (_, held) = self.held(holder).await?;
        let others = held.inline.iter().filter(|policy| policy.name != name);
        let size: usize = others.map(|policy| rules::policy_size(&policy.document)).sum();
        Quota::InlinePolicySize.check(size + rules::policy_size(document), holder.inline_size())?;
        held.inline.retain(|policy| policy.name != name);
        let at = held.inline.partition_point(|policy| policy.name.as_str() < name);
        held.inline.insert(
            at,
            InlinePolicy {
                name: name.to_owned(),
                document: document.to_owned(),
            },
        );
        Ok(())
    }

    /// Deletes an inline policy.
    pub async fn delete_inline_policy(&mut self, holder: Holder<'_>, name: &str) -> Result<(), EntityError> {
        let (_, held) = self.held(holder).await?;
        let before = held.inline.len();
        held.inline.retain(|policy| policy.name != name);
        if held.inline.len() == before {
            return Err(EntityError::no_such(Entity::InlinePolicy, name));
        }
        Ok(())
    }

    /// Attaches a managed policy; nothing happens if it is attached already.
    pub async fn attach_policy(&mut self, holder: Holder<'_>, arn: &str) -> Result<(), EntityError> {
        let reference = self.refer(arn).await?;
        let (id, held) = self.held(holder).await?;
        if held
            .attached
            .iter()
            .any(|attached| attached.id == reference.id && attached.arn == arn)
        {
            return Ok(());
        }
        Quota::AttachedPolicies.check(held.attached.len() + 1, rules::ATTACHED_POLICIES)?;
        held.attached.push(reference.clone());
        self.link(&reference, Usage::Attached, &id).await
    }

    /// Detaches a managed policy.
    pub async fn detach_policy(&mut self, holder: Holder<'_>, arn: &str) -> Result<(), EntityError> {
        let (id, held) = self.held(holder).await?;
        let at = held.attached.iter().position(|attached| attached.arn == arn);
        let at = at.ok_or_else(|| EntityError::no_such(Entity::Attachment, arn))?;
        let reference = held.attached.remove(at);
        self.unlink(&reference, Usage::Attached, &id).await
    }

    /// Makes a managed policy the permissions boundary of a user or role.
    pub async fn set_boundary(&mut self, holder: Holder<'_>, arn: &str) -> Result<(), EntityError> {
        let reference = self.refer(arn).await?;
        let (id, boundary) = self.boundary(holder).await?;
        let before = boundary.replace(reference.clone());
        if let Some(before) = before {
            self.unlink(&before, Usage::Boundary, &id).await?;
        }
        self.link(&reference, Usage::Boundary, &id).await
    }

    /// Takes the permissions boundary of a user or role away.
    pub async fn clear_boundary(&mut self, holder: Holder<'_>) -> Result<(), EntityError> {
        let (id, boundary) = self.boundary(holder).await?;
        let before = boundary.take().ok_or_else(|| match holder {
            Holder::User(name) | Holder::Role(name) | Holder::Group(name) => {
                EntityError::no_such(Entity::Boundary, name)
            }
        })?;
        self.unlink(&before, Usage::Boundary, &id).await
    }

    async fn held(&mut self, holder: Holder<'_>) -> Result<(UniqueId, &mut HeldPolicies), EntityError> {
        Ok(match holder {
            Holder::User(name) => {
                let (id, record) = self.named::<UserRecord>(name).await?;
                (id, &mut record.policies)
            }
            Holder::Group(name) => {
                let (id, record) = self.named::<GroupRecord>(name).await?;
                (id, &mut record.policies)
            }
            Holder::Role(name) => {
                let (id, record) = self.own_role(name).await?;
                (id, &mut record.policies)
            }
        })
    }

    async fn boundary(&mut self, holder: Holder<'_>) -> Result<(UniqueId, &mut Option<PolicyReference>), EntityError> {
        match holder {
            Holder::User(name) => {
                let (id, record) = self.named::<UserRecord>(name).await?;
                Ok((id, &mut record.boundary))
            }
            Holder::Role(name) => {
                let (id, record) = self.own_role(name).await?;
                Ok((id, &mut record.boundary))
            }
            Holder::Group(name) => Err(EntityError::no_such(Entity::Boundary, name)),
        }
    }

    /// A managed policy that this account may use, as its users remember it.
    async fn refer(&mut self, arn: &str) -> Result<PolicyReference, EntityError> {
        if PolicyArn::parse(arn)?.account.is_none() {
            let known = builtin::find(arn).ok_or_else(|| EntityError::no_such(Entity::Policy, arn))?;
            if !known.is_attachable() {
                return Err(EntityError::NotAttachable(arn.to_owned()));
            }
            return Ok(PolicyReference {
                arn: arn.to_owned(),
                id: None,
                edition: known.edition,
            });
        }
        let id = self.find_policy(arn).await?;
        let edition = self.record::<PolicyRecord>(&id).await?.edition;
        Ok(PolicyReference {
            arn: arn.to_owned(),
            id: Some(id),
            edition,
        })
    }

    pub(super) async fn link(
        &mut self,
        policy: &PolicyReference,
        usage: Usage,
        user: &UniqueId,
    ) -> Result<(), EntityError> {
        self.count(policy, usage, 1).await?;
        let key = self.usage_key(policy, usage, user);
        let link = LinkRecord { since: self.now };
        Ok(self.links.set(&self.directory.store, &key, Some(link)).await?)
    }

    async fn unlink(&mut self, policy: &PolicyReference, usage: Usage, user: &UniqueId) -> Result<(), EntityError> {
        self.count(policy, usage, -1).await?;
        let key = self.usage_key(policy, usage, user);
        Ok(self.links.set(&self.directory.store, &key, None).await?)
    }

    fn usage_key(&self, policy: &PolicyReference, usage: Usage, user: &UniqueId) -> Key<LinkRecord> {
        usage_prefix(self.account, policy, usage).part(user.as_str().as_bytes())
    }

    async fn count(&mut self, policy: &PolicyReference, usage: Usage, by: i64) -> Result<(), EntityError> {
        let Some(id) = &policy.id else { return Ok(()) };
        let record = self.record::<PolicyRecord>(id).await?;
        let count = match usage {
            Usage::Attached => &mut record.attachments,
            Usage::Boundary => &mut record.boundaries,
        };
        *count = count.saturating_add_signed(by);
        Ok(())
    }
}
