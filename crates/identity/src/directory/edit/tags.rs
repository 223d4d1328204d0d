//! Tags of users, roles, managed policies and OIDC providers.

use super::super::entity_error::{EntityError, Quota};
use super::super::principals::{PolicyRecord, ProviderRecord, RoleRecord, Tag, UserRecord};
use super::Edit;
use crate::rules;

/// What has tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tagged<'a> {
    /// A user, by name.
    User(&'a str),
    /// A role, by name.
    Role(&'a str),
    /// A managed policy, by ARN.
    Policy(&'a str),
    /// An OIDC provider, by its URL without `https://`.
    Provider(&'a str),
}

impl Edit<'_> {
    /// Adds tags, each in the place of the one that has its key in any case.
    pub async fn tag(&mut self, tagged: Tagged<'_>, tags: Vec<Tag>) -> Result<(), EntityError> {
        let new = checked(tags)?;
        let tags = self.tags(tagged).await?;
        tags.retain(|old| !new.iter().any(|new| same_key(&new.key, &old.key)));
        Quota::Tags.check(tags.len() + new.len(), rules::TAGS)?;
        tags.extend(new);
        tags.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(())
    }

    /// Removes the tags of these keys, as far as they are there.
    pub async fn untag(&mut self, tagged: Tagged<'_>, keys: &[String]) -> Result<(), EntityError> {
        let tags = self.tags(tagged).await?;
        tags.retain(|tag| !keys.iter().any(|key| same_key(key, &tag.key)));
        Ok(())
    }

    async fn tags(&mut self, tagged: Tagged<'_>) -> Result<&mut Vec<Tag>, EntityError> {
        Ok(match tagged {
            Tagged::User(name) => &mut self.named::<UserRecord>(name).await?.1.tags,
            Tagged::Role(name) => &mut self.named::<RoleRecord>(name).await?.1.tags,
            Tagged::Policy(arn) => {
                let id = self.find_policy(arn).await?;
                &mut self.record::<PolicyRecord>(&id).await?.tags
            }
            Tagged::Provider(name) => &mut self.named::<ProviderRecord>(name).await?.1.tags,
        })
    }
}

fn same_key(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// The tags that something is made with, in order.
pub(super) fn checked(mut tags: Vec<Tag>) -> Result<Vec<Tag>, EntityError> {
    rules::tags(tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))?;
    Quota::Tags.check(tags.len(), rules::TAGS)?;
    tags.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(tags)
}
