//! Which of the principals that a policy names exist.
//!
//! A policy that names a user or a role which is not there is refused when it is saved (IAM User Guide, "AWS JSON policy
//! elements: Principal"). What other accounts have, of whom this deployment knows nothing, is taken on trust.

use async_trait::async_trait;
use trent_names::PrincipalArn;

use crate::directory::{Directory, DirectoryError};

/// What is known of a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is here.
    Here,
    /// Its account is here, and has no such principal.
    Missing,
    /// It belongs to an account that this deployment does not have.
    Elsewhere,
}

/// Whoever knows the principals of the accounts.
#[async_trait]
pub trait PrincipalDirectory: Send + Sync + 'static {
    /// What is known of a principal.
    async fn presence(&self, principal: &PrincipalArn) -> Result<Presence, DirectoryError>;
}

/// The directory of accounts, each of which has its root user and nobody else. Federated users come and go: any of an
/// account that is here may come.
#[async_trait]
impl PrincipalDirectory for Directory {
    async fn presence(&self, principal: &PrincipalArn) -> Result<Presence, DirectoryError> {
        if !self.has_account(principal.account()).await? {
            return Ok(Presence::Elsewhere);
        }
        Ok(match principal {
            PrincipalArn::Root { .. } | PrincipalArn::FederatedUser { .. } => Presence::Here,
            PrincipalArn::User { .. } | PrincipalArn::Role { .. } | PrincipalArn::AssumedRole { .. } => {
                Presence::Missing
            }
        })
    }
}
