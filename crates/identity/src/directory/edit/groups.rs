//! Groups and who is in them. A user's own record lists its groups; the group only counts its members.

use super::super::entity_error::{Entity, EntityError, Quota, Remaining};
use super::super::principals::{GroupRecord, HeldPolicies, LinkRecord, UserRecord, members_prefix};
use super::Edit;
use super::users::path;
use crate::rules;
use crate::unique_id::UniqueId;

impl Edit<'_> {
    /// Makes a group.
    pub async fn create_group(&mut self, name: &str, at: &str) -> Result<(UniqueId, GroupRecord), EntityError> {
        rules::group_name(name)?;
        let record = GroupRecord {
            name: name.to_owned(),
            path: path(at.to_owned())?,
            created_at: self.now,
            policies: HeldPolicies::default(),
            members: 0,
        };
        let id = self.make(record.clone()).await?;
        Ok((id, record))
    }

    /// Gives a group another name or another path.
    pub async fn update_group(
        &mut self,
        name: &str,
        new_name: Option<&str>,
        new_path: Option<&str>,
    ) -> Result<(), EntityError> {
        let id = self.find::<GroupRecord>(name).await?;
        if let Some(new) = new_name {
            rules::group_name(new)?;
            self.rename::<GroupRecord>(&id, name, new).await?;
            new.clone_into(&mut self.record::<GroupRecord>(&id).await?.name);
        }
        if let Some(new) = new_path {
            self.record::<GroupRecord>(&id).await?.path = path(new.to_owned())?;
        }
        Ok(())
    }

    /// Deletes a group that has no members and policies any more.
    pub async fn delete_group(&mut self, name: &str) -> Result<(), EntityError> {
        let (id, group) = self.named::<GroupRecord>(name).await?;
        if group.members > 0 {
            return Err(EntityError::DeleteConflict(Remaining::Members));
        }
        group.policies.check_empty()?;
        self.unmake::<GroupRecord>(&id, name).await
    }

    /// Puts a user into a group; nothing happens if it is there already.
    pub async fn add_user_to_group(&mut self, group: &str, user: &str) -> Result<(), EntityError> {
        let group = self.find::<GroupRecord>(group).await?;
        let (user, record) = self.named::<UserRecord>(user).await?;
        if record.groups.contains(&group) {
            return Ok(());
        }
        Quota::GroupsPerUser.check(record.groups.len() + 1, rules::GROUPS_OF_A_USER)?;
        record.groups.push(group.clone());
        self.record::<GroupRecord>(&group).await?.members += 1;
        let key = members_prefix(self.account, &group).part(user.as_str().as_bytes());
        let link = LinkRecord { since: self.now };
        Ok(self.links.set(&self.directory.store, &key, Some(link)).await?)
    }

    /// Takes a user out of a group.
    pub async fn remove_user_from_group(&mut self, group: &str, user: &str) -> Result<(), EntityError> {
        let group = self.find::<GroupRecord>(group).await?;
        let (id, record) = self.named::<UserRecord>(user).await?;
        if !record.groups.contains(&group) {
            return Err(EntityError::no_such(Entity::User, user));
        }
        record.groups.retain(|other| *other != group);
        let members = &mut self.record::<GroupRecord>(&group).await?.members;
        *members = members.saturating_sub(1);
        let key = members_prefix(self.account, &group).part(id.as_str().as_bytes());
        Ok(self.links.set(&self.directory.store, &key, None).await?)
    }
}
