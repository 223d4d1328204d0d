//! Which of the principals that a policy names exist.
//!
//! A policy that names a user or a role which is not there is refused when it is saved (IAM User Guide, "AWS JSON policy
//! elements: Principal"). What other accounts have, of whom this deployment knows nothing, is taken on trust.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use trent_names::{AccountId, Partition, PrincipalArn};

use crate::directory::service_linked::ServiceLinkedRole;
use crate::directory::{Directory, EntityError, Live, Party, Planned};
use crate::organization::Placement;
use crate::unique_id::UniqueId;

/// What is known of a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// It is here; the unique id of the user or role, if it is one.
    Here(Option<UniqueId>),
    /// Its account is here, and has no such principal.
    Missing,
    /// It belongs to an account that this deployment does not have.
    Elsewhere,
}

/// Whoever knows the principals of the accounts.
#[async_trait]
pub trait PrincipalDirectory: Send + Sync + 'static {
    /// What is known of a principal.
    async fn presence(&self, principal: &PrincipalArn) -> Result<Presence, EntityError>;

    /// What the user or role of an account with this unique id is called now; `None` if it is gone.
    async fn called_now(
        &self,
        partition: Partition,
        account: AccountId,
        id: &str,
    ) -> Result<Option<PrincipalArn>, EntityError>;

    /// The change that gives an account a service-linked role. `None`: it has it, or there is no such account here.
    async fn missing_role(
        &self,
        role: &ServiceLinkedRole,
        partition: Partition,
        account: AccountId,
        now: Duration,
    ) -> Result<Option<Planned<UniqueId>>, EntityError>;

    /// Where an account stands in its organization; `None` if it is in none.
    async fn placement(&self, account: AccountId) -> Result<Option<Arc<Placement>>, EntityError>;
}

/// Federated users come and go: any of an account that is here may come, and so may any session of a role.
#[async_trait]
impl PrincipalDirectory for Directory {
    async fn presence(&self, principal: &PrincipalArn) -> Result<Presence, EntityError> {
        if !self.has_account(principal.account()).await? {
            return Ok(Presence::Elsewhere);
        }
        Ok(match self.party_of(principal).await? {
            Some(party) => Presence::Here(party.id),
            None => Presence::Missing,
        })
    }

    async fn called_now(
        &self,
        partition: Partition,
        account: AccountId,
        id: &str,
    ) -> Result<Option<PrincipalArn>, EntityError> {
        let Ok(id) = UniqueId::parse(id) else { return Ok(None) };
        let party = Party { account, id: Some(id) };
        Ok(match self.live(&party).await? {
            Some(Live::User(user)) => Some(user.arn(partition, account)),
            Some(Live::Role(role)) => Some(role.arn(partition, account)),
            Some(Live::Root | Live::Provider(_)) | None => None,
        })
    }

    async fn missing_role(
        &self,
        role: &ServiceLinkedRole,
        partition: Partition,
        account: AccountId,
        now: Duration,
    ) -> Result<Option<Planned<UniqueId>>, EntityError> {
        let mut edit = match self.edit(account, now).await {
            // In development mode, anybody is somebody of an account that was never declared.
            Err(EntityError::NoSuchAccount(_)) => return Ok(None),
            begun => begun?,
        };
        match edit.create_service_linked_role(role, partition).await {
            Ok((id, _)) => Ok(Some(edit.plan(id))),
            Err(EntityError::Exists { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn placement(&self, account: AccountId) -> Result<Option<Arc<Placement>>, EntityError> {
        Ok(Self::placement(self, account).await?)
    }
}
