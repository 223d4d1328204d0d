//! Whoever a decision is about: a principal of an account, or a service as itself.

use trent_identity::{Caller, ServiceCaller};
use trent_names::AccountId;

/// Whoever asks for something.
#[derive(Debug, Clone, Copy)]
pub enum Asking<'a> {
    /// A principal of an account.
    Principal(&'a Caller),
    /// A service, as itself.
    Service(&'a ServiceCaller),
}

impl Asking<'_> {
    /// The account that it belongs to; a service belongs to none.
    pub fn account(self) -> Option<AccountId> {
        match self {
            Self::Principal(caller) => Some(caller.account),
            Self::Service(_) => None,
        }
    }

    /// What a refusal calls it.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Principal(caller) => caller.principal.to_string(),
            Self::Service(service) => service.name().to_owned(),
        }
    }

    /// Whether its registration lets it reach a resource of this account at all. A service as itself acts in the accounts
    /// that it serves; one that only names a user stays in the user's own.
    pub(crate) fn reaches(self, owner: Option<AccountId>) -> bool {
        match (self, owner) {
            (_, None) => true,
            (Self::Service(service), Some(owner)) => service.service.serves(owner),
            (Self::Principal(caller), Some(owner)) => {
                owner == caller.account || !caller.via.as_ref().is_some_and(|via| via.is_asserted())
            }
        }
    }
}

impl<'a> From<&'a Caller> for Asking<'a> {
    fn from(caller: &'a Caller) -> Self {
        Self::Principal(caller)
    }
}

impl<'a> From<&'a ServiceCaller> for Asking<'a> {
    fn from(service: &'a ServiceCaller) -> Self {
        Self::Service(service)
    }
}
