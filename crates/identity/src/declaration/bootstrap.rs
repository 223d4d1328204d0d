//! The bootstrap file: the accounts that a deployment has, and what is in them.
//!
//! ```toml
//! [[accounts]]
//! id = "111122223333"
//! name = "payments"
//!
//! [[accounts.access_keys]]
//! id = "AKIAIOSFODNN7EXAMPLE"
//! secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
//!
//! [[accounts.users]]
//! name = "alice"
//! inline_policies.encrypt = { file = "policies/encrypt.json" }
//! ```
//!
//! Applying it, which [`super::plan`] does, brings about what it declares and nothing else, so it may be applied at every
//! start. It never brings back what was taken away since: a deactivated access key stays deactivated, a retired one
//! stays retired.

use serde::Deserialize;

use super::access_keys::Rules;
use super::accounts::{self, DeclaredAccount, RawAccount};
use super::documents::ReadFile;
use super::organization::{self, DeclaredOrganization, RawOrganization};
use super::services::{self, DeclaredService, RawService};
use super::{DeclarationError, Source};

/// What production asks of credentials that come from a file: no guessable secrets, ids as the service has them.
const RULES: Rules = Rules {
    shortest_access_key_id: 16,
    shortest_secret: 40,
};

/// A bootstrap file, read and checked.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Bootstrap {
    /// The accounts, in the order of the file.
    pub accounts: Vec<DeclaredAccount>,
    /// The organization that they are in, if the file says anything about it.
    pub organization: Option<DeclaredOrganization>,
    /// All registered services, if the file says anything about them.
    pub services: Option<Vec<DeclaredService>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBootstrap {
    #[serde(default)]
    accounts: Vec<RawAccount>,
    organization: Option<RawOrganization>,
    services: Option<Vec<RawService>>,
}

impl Bootstrap {
    /// Reads a bootstrap file; `files` reads those that its policies stand in.
    pub fn parse(text: &str, files: ReadFile<'_>) -> Result<Self, DeclarationError> {
        let source = Source::Toml(text);
        let raw: RawBootstrap = source.read()?;
        let locate = |misplaced| source.locate(misplaced);
        let organization = raw.organization.map(|raw| organization::validate(raw, files));
        let services = raw.services.map(|raw| services::validate(raw, RULES));
        Ok(Self {
            accounts: accounts::validate(raw.accounts, RULES, files).map_err(locate)?,
            services: services.transpose().map_err(locate)?,
            organization: organization.transpose().map_err(locate)?,
        })
    }
}
