//! Users.

use super::super::entity_error::{EntityError, Remaining};
use super::super::principals::{HeldPolicies, Tag, UserRecord};
use super::super::records::AccessKeyStatus;
use super::tags::checked;
use super::{Edit, Holder};
use crate::rules;
use crate::unique_id::UniqueId;

/// A user to be made.
#[derive(Clone, Debug, Default)]
pub struct NewUser {
    /// Its name.
    pub name: String,
    /// Its path; `/` if empty.
    pub path: String,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
}

impl Edit<'_> {
    /// Makes a user. It has no permissions and no credentials yet.
    pub async fn create_user(&mut self, new: NewUser) -> Result<(UniqueId, UserRecord), EntityError> {
        rules::user_name(&new.name)?;
        let record = UserRecord {
            path: path(new.path)?,
            created_at: self.now,
            policies: HeldPolicies::default(),
            boundary: None,
            groups: Vec::new(),
            tags: checked(new.tags)?,
            access_keys: Vec::new(),
            last_serial: 0,
            sessions_valid_after: None,
            name: new.name,
        };
        let name = record.name.clone();
        let id = self.make(record).await?;
        if let Some(arn) = new.boundary {
            self.set_boundary(Holder::User(&name), &arn).await?;
        }
        let record = self.record::<UserRecord>(&id).await?.clone();
        Ok((id, record))
    }

    /// Gives a user another name or another path. It stays the same user.
    pub async fn update_user(
        &mut self,
        name: &str,
        new_name: Option<&str>,
        new_path: Option<&str>,
    ) -> Result<(), EntityError> {
        let id = self.find::<UserRecord>(name).await?;
        if let Some(new) = new_name {
            rules::user_name(new)?;
            self.rename::<UserRecord>(&id, name, new).await?;
            new.clone_into(&mut self.record::<UserRecord>(&id).await?.name);
        }
        if let Some(new) = new_path {
            self.record::<UserRecord>(&id).await?.path = path(new.to_owned())?;
        }
        Ok(())
    }

    /// Deletes a user that has no access keys, groups and policies any more.
    pub async fn delete_user(&mut self, name: &str) -> Result<(), EntityError> {
        let (id, user) = self.named::<UserRecord>(name).await?;
        let mut keys = user.access_keys.iter();
        if keys.any(|key| key.status != AccessKeyStatus::Retired) {
            return Err(EntityError::DeleteConflict(Remaining::AccessKeys));
        }
        if !user.groups.is_empty() {
            return Err(EntityError::DeleteConflict(Remaining::Memberships));
        }
        user.policies.check_empty()?;
        if user.boundary.is_some() {
            self.clear_boundary(Holder::User(name)).await?;
        }
        self.unmake::<UserRecord>(&id, name).await
    }
}

/// A path that the caller chose, or left out.
pub(super) fn path(text: String) -> Result<String, EntityError> {
    if text.is_empty() {
        return Ok("/".to_owned());
    }
    rules::path(&text)?;
    Ok(text)
}
