//! Ending sessions. Their tokens are kept nowhere, so each principal says since when its sessions count.

use super::super::entity_error::EntityError;
use super::super::principals::{ProviderRecord, RoleRecord, UserRecord};
use super::Edit;

/// Whose sessions end: those that it has, and those that it issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionHolder<'a> {
    /// Everybody of the account.
    Account,
    /// A user, by name.
    User(&'a str),
    /// A role, by name.
    Role(&'a str),
    /// An OIDC provider, by its URL without `https://`.
    Provider(&'a str),
}

impl Edit<'_> {
    /// Ends every session that was issued up to now. Sessions issued from the next millisecond on work.
    pub async fn revoke_sessions(&mut self, holder: SessionHolder<'_>) -> Result<(), EntityError> {
        let from = self.now.saturating_add(1);
        let valid_after = match holder {
            SessionHolder::Account => &mut self.account_record().await?.sessions_valid_after,
            SessionHolder::User(name) => &mut self.named::<UserRecord>(name).await?.1.sessions_valid_after,
            SessionHolder::Role(name) => &mut self.named::<RoleRecord>(name).await?.1.sessions_valid_after,
            SessionHolder::Provider(name) => &mut self.named::<ProviderRecord>(name).await?.1.sessions_valid_after,
        };
        // Never earlier than it was: a clock that was set back revives nothing.
        *valid_after = (*valid_after).max(Some(from));
        Ok(())
    }
}
