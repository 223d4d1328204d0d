//! Roles as those who want to assume them meet them.

use std::sync::Arc;
use std::time::Duration;

use trent_names::PrincipalArn;
use trent_policy::Policy;

use super::known::{KnownRole, Live, Party};
use super::principals::Tag;
use super::{Directory, EntityError};

/// A role as whoever wants to assume it meets it.
pub struct AssumableRole {
    party: Party,
    known: Arc<KnownRole>,
}

impl AssumableRole {
    /// The role by account and unique id.
    pub fn party(&self) -> &Party {
        &self.party
    }

    /// Who may assume it.
    pub fn trust_policy(&self) -> &Policy {
        self.known.trust.policy()
    }

    /// Its longest session.
    pub fn max_session(&self) -> Duration {
        Duration::from_secs(self.known.max_session_seconds.into())
    }

    /// Its tags.
    pub fn tags(&self) -> &[Tag] {
        &self.known.tags
    }
}

impl Directory {
    /// A role by its ARN, path included; `None` if there is no such role or its account is suspended.
    pub async fn assumable_role(&self, arn: &PrincipalArn) -> Result<Option<AssumableRole>, EntityError> {
        if !matches!(arn, PrincipalArn::Role { .. }) {
            return Ok(None);
        }
        let Some(party) = self.party_of(arn).await? else {
            return Ok(None);
        };
        Ok(match self.live(&party).await? {
            Some(Live::Role(known)) => Some(AssumableRole { party, known }),
            _ => None,
        })
    }
}
