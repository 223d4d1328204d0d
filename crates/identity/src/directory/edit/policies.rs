//! Managed policies and their versions.

use super::super::entity_error::{Entity, EntityError, Quota, Remaining};
use super::super::principals::{Named, PolicyRecord, PolicyVersion, Tag};
use super::Edit;
use super::tags::checked;
use super::users::path;
use crate::rules::{self, PolicyArn};
use crate::unique_id::UniqueId;

/// A managed policy to be made.
#[derive(Clone, Debug, Default)]
pub struct NewPolicy {
    /// Its name.
    pub name: String,
    /// Its path; `/` if empty.
    pub path: String,
    /// Its description.
    pub description: String,
    /// Its first version.
    pub document: String,
    /// Its tags.
    pub tags: Vec<Tag>,
}

impl Edit<'_> {
    /// Makes a managed policy with its first version.
    pub async fn create_policy(&mut self, new: NewPolicy) -> Result<(UniqueId, PolicyRecord), EntityError> {
        rules::policy_name(&new.name)?;
        rules::description(&new.description)?;
        check(&new.document)?;
        let first = PolicyVersion {
            number: 1,
            document: new.document,
            created_at: self.now,
        };
        let record = PolicyRecord {
            path: path(new.path)?,
            name: new.name,
            created_at: self.now,
            updated_at: self.now,
            description: new.description,
            versions: vec![first],
            default_version: 1,
            last_version: 1,
            attachments: 0,
            boundaries: 0,
            tags: checked(new.tags)?,
            edition: 1,
        };
        let id = self.make(record.clone()).await?;
        Ok((id, record))
    }

    /// Adds a version to a managed policy, in force at once if `set_default`. Answers its number.
    pub async fn create_policy_version(
        &mut self,
        arn: &str,
        document: &str,
        set_default: bool,
    ) -> Result<u32, EntityError> {
        check(document)?;
        let now = self.now;
        let policy = self.policy(arn).await?;
        Quota::PolicyVersions.check(policy.versions.len() + 1, rules::POLICY_VERSIONS)?;
        policy.last_version += 1;
        let number = policy.last_version;
        policy.versions.push(PolicyVersion {
            number,
            document: document.to_owned(),
            created_at: now,
        });
        policy.updated_at = now;
        if set_default {
            policy.default_version = number;
            policy.edition += 1;
        }
        Ok(number)
    }

    /// Puts another version of a managed policy in force.
    pub async fn set_default_policy_version(&mut self, arn: &str, number: u32) -> Result<(), EntityError> {
        let now = self.now;
        let policy = self.policy(arn).await?;
        if policy.version(number).is_none() {
            return Err(no_version(number));
        }
        policy.default_version = number;
        policy.edition += 1;
        policy.updated_at = now;
        Ok(())
    }

    /// Deletes a version that is not in force.
    pub async fn delete_policy_version(&mut self, arn: &str, number: u32) -> Result<(), EntityError> {
        let now = self.now;
        let policy = self.policy(arn).await?;
        if policy.version(number).is_none() {
            return Err(no_version(number));
        }
        if policy.default_version == number {
            return Err(EntityError::DeleteConflict(Remaining::InForce));
        }
        policy.versions.retain(|version| version.number != number);
        policy.updated_at = now;
        Ok(())
    }

    /// Deletes a managed policy that nobody uses and that has one version left.
    pub async fn delete_policy(&mut self, arn: &str) -> Result<(), EntityError> {
        let id = self.find_policy(arn).await?;
        let policy = self.record::<PolicyRecord>(&id).await?;
        if policy.attachments > 0 {
            return Err(EntityError::DeleteConflict(Remaining::Attachments));
        }
        if policy.boundaries > 0 {
            return Err(EntityError::DeleteConflict(Remaining::Boundaries));
        }
        if policy.versions.len() > 1 {
            return Err(EntityError::DeleteConflict(Remaining::Versions));
        }
        let name = policy.name.clone();
        self.unmake::<PolicyRecord>(&id, &name).await
    }

    /// The managed policy of this account that an ARN names, path included.
    pub(super) async fn find_policy(&mut self, arn: &str) -> Result<UniqueId, EntityError> {
        let parsed = PolicyArn::parse(arn)?;
        let missing = || EntityError::no_such(Entity::Policy, arn);
        if parsed.account.is_none() {
            return Err(EntityError::Unmodifiable(arn.to_owned()));
        }
        if parsed.account != Some(self.account) {
            return Err(missing());
        }
        let found = self.find::<PolicyRecord>(parsed.name).await;
        let id = found.map_err(|error| match error {
            EntityError::NoSuch { .. } => missing(),
            error => error,
        })?;
        let key = PolicyRecord::key(self.account, &id);
        let policy = self.policies.get(&self.directory.store, &key).await?;
        match policy {
            // An ARN is exact, although names are not told apart by their case.
            Some(policy) if policy.path == parsed.path && policy.name == parsed.name => Ok(id),
            _ => Err(missing()),
        }
    }

    async fn policy(&mut self, arn: &str) -> Result<&mut PolicyRecord, EntityError> {
        let id = self.find_policy(arn).await?;
        self.record::<PolicyRecord>(&id).await
    }
}

fn check(document: &str) -> Result<(), EntityError> {
    rules::document(document)?;
    Quota::PolicySize.check(rules::policy_size(document), rules::MANAGED_POLICY_SIZE)
}

fn no_version(number: u32) -> EntityError {
    EntityError::no_such(Entity::PolicyVersion, format!("v{number}"))
}
