//! Roles.

use trent_names::{Partition, PrincipalArn};

use super::super::entity_error::{EntityError, Quota};
use super::super::principals::{HeldPolicies, PolicyReference, RoleRecord, Tag, TrustBinding, Usage, UserRecord};
use super::super::service_linked::ServiceLinkedRole;
use super::tags::checked;
use super::users::path;
use super::{Edit, Holder};
use crate::principals::{Presence, PrincipalDirectory};
use crate::rules::{self, InvalidInput};
use crate::trust;
use crate::unique_id::UniqueId;

/// A role to be made.
#[derive(Clone, Debug, Default)]
pub struct NewRole {
    /// Its name.
    pub name: String,
    /// Its path; `/` if empty.
    pub path: String,
    /// Who may assume it.
    pub trust_policy: String,
    /// Its description.
    pub description: String,
    /// Its longest session in seconds; an hour if the caller does not say.
    pub max_session_seconds: Option<u32>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
}

impl Edit<'_> {
    /// Makes a role. It has no permissions yet.
    pub async fn create_role(&mut self, new: NewRole) -> Result<(UniqueId, RoleRecord), EntityError> {
        rules::role_name(&new.name)?;
        rules::description(&new.description)?;
        check_trust(&new.trust_policy)?;
        let record = RoleRecord {
            path: path(new.path)?,
            created_at: self.now,
            policies: HeldPolicies::default(),
            boundary: None,
            tags: checked(new.tags)?,
            trust_bindings: Some(self.bindings(&new.trust_policy).await?),
            trust_policy: new.trust_policy,
            description: new.description,
            max_session_seconds: checked_seconds(new.max_session_seconds.unwrap_or(*rules::SESSION_SECONDS.start()))?,
            sessions_valid_after: None,
            name: new.name,
        };
        let name = record.name.clone();
        let id = self.make(record).await?;
        if let Some(arn) = new.boundary {
            self.set_boundary(Holder::Role(&name), &arn).await?;
        }
        let record = self.record::<RoleRecord>(&id).await?.clone();
        Ok((id, record))
    }

    /// Makes a service-linked role with its one policy, also in an account that has as many roles as it may make.
    pub async fn create_service_linked_role(
        &mut self,
        role: &ServiceLinkedRole,
        partition: Partition,
    ) -> Result<(UniqueId, RoleRecord), EntityError> {
        let policy = role.policy();
        let reference = PolicyReference {
            arn: policy.arn(partition),
            id: None,
            edition: policy.edition,
        };
        let record = RoleRecord {
            name: role.name.to_owned(),
            path: role.path(),
            created_at: self.now,
            policies: HeldPolicies {
                inline: Vec::new(),
                attached: vec![reference.clone()],
            },
            boundary: None,
            tags: Vec::new(),
            trust_policy: role.trust_policy(),
            description: role.description.to_owned(),
            max_session_seconds: *rules::SESSION_SECONDS.start(),
            sessions_valid_after: None,
            trust_bindings: Some(Vec::new()),
        };
        let id = self.make_beyond_quota(record.clone()).await?;
        self.link(&reference, Usage::Attached, &id).await?;
        Ok((id, record))
    }

    /// A role that the account may change: none that is a service's.
    pub(super) async fn own_role(&mut self, name: &str) -> Result<(UniqueId, &mut RoleRecord), EntityError> {
        let (id, role) = self.named::<RoleRecord>(name).await?;
        if rules::is_service_linked_role(&role.name) {
            return Err(EntityError::ServiceLinked(role.name.clone()));
        }
        Ok((id, role))
    }

    /// Gives a role another description or another longest session. Of a service-linked role, the description alone.
    pub async fn update_role(
        &mut self,
        name: &str,
        description: Option<&str>,
        max_session_seconds: Option<u32>,
    ) -> Result<(), EntityError> {
        let (_, role) = match max_session_seconds {
            Some(_) => self.own_role(name).await?,
            None => self.named::<RoleRecord>(name).await?,
        };
        if let Some(description) = description {
            rules::description(description)?;
            description.clone_into(&mut role.description);
        }
        if let Some(seconds) = max_session_seconds {
            role.max_session_seconds = checked_seconds(seconds)?;
        }
        Ok(())
    }

    /// Gives a role another trust policy.
    pub async fn update_trust_policy(&mut self, name: &str, document: &str) -> Result<(), EntityError> {
        check_trust(document)?;
        let bindings = self.bindings(document).await?;
        let (_, role) = self.own_role(name).await?;
        document.clone_into(&mut role.trust_policy);
        role.trust_bindings = Some(bindings);
        Ok(())
    }

    /// Who the principals of a trust policy are now. Those of this account are read as part of the change.
    async fn bindings(&mut self, document: &str) -> Result<Vec<TrustBinding>, EntityError> {
        let mut bindings = Vec::new();
        for principal in trust::named(document) {
            let id = if principal.account() == self.account {
                match self.own(&principal).await? {
                    Some(id) => Some(id),
                    None => continue,
                }
            } else {
                match self.directory.presence(&principal).await? {
                    Presence::Here(id) => id,
                    Presence::Elsewhere => None,
                    Presence::Missing => continue,
                }
            };
            bindings.push(TrustBinding {
                principal: principal.to_string(),
                id,
            });
        }
        Ok(bindings)
    }

    /// The unique id of a user or a role of this account, or of the role of a session.
    async fn own(&mut self, principal: &PrincipalArn) -> Result<Option<UniqueId>, EntityError> {
        let (partition, account) = (principal.partition(), self.account);
        let found = match principal {
            PrincipalArn::User { name, .. } => {
                let named = self.read::<UserRecord>(name).await;
                named.map(|(id, user)| (user.arn(partition, account) == *principal).then_some(id))
            }
            PrincipalArn::Role { name, .. } => {
                let named = self.read::<RoleRecord>(name).await;
                named.map(|(id, role)| (role.arn(partition, account) == *principal).then_some(id))
            }
            PrincipalArn::AssumedRole { role: name, .. } => {
                let named = self.read::<RoleRecord>(name).await;
                named.map(|(id, role)| (*role.name == **name).then_some(id))
            }
            // Federated users have no ids: they are who their account says they are.
            PrincipalArn::Root { .. } | PrincipalArn::FederatedUser { .. } => return Ok(None),
        };
        match found {
            Err(EntityError::NoSuch { .. }) => Ok(None),
            found => found,
        }
    }

    /// Deletes a role that has no policies any more. Its sessions end with it.
    pub async fn delete_role(&mut self, name: &str) -> Result<(), EntityError> {
        let (id, role) = self.own_role(name).await?;
        role.policies.check_empty()?;
        if role.boundary.is_some() {
            self.clear_boundary(Holder::Role(name)).await?;
        }
        self.unmake::<RoleRecord>(&id, name).await
    }
}

fn check_trust(document: &str) -> Result<(), EntityError> {
    rules::document(document)?;
    Quota::TrustPolicySize.check(rules::policy_size(document), rules::TRUST_POLICY_SIZE)
}

fn checked_seconds(seconds: u32) -> Result<u32, EntityError> {
    if rules::SESSION_SECONDS.contains(&seconds) {
        Ok(seconds)
    } else {
        Err(InvalidInput::SessionSeconds(seconds).into())
    }
}
