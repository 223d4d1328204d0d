//! The row type of a catalogue: everything that is fixed about one operation, written down once.
//!
//! Dispatch, authorization, throttling, audit, documentation and generated tests all read rows; none of
//! them has a second list. `R` is what only the owning service has to say about an operation (for KMS: the
//! key usages and key states that it accepts).

use trent_policy::Action;

use crate::target::{Resource, Target};

/// One operation of a service, as data.
#[derive(Debug)]
pub struct Row<R: 'static> {
    /// The operation's name on the wire, for example `Encrypt`.
    pub name: &'static str,
    /// The IAM action that permits it, for example `kms:Encrypt`.
    pub action: Action,
    /// The access level of the service authorization reference.
    pub access: Access,
    /// Whether a principal of another account can ever be allowed to call it.
    pub across_accounts: bool,
    /// The grant operation that can permit it, if any; most often its own name.
    pub grant: Option<&'static str>,
    /// The request-quota group that a call is charged to.
    pub quota: &'static str,
    /// The service's condition keys that apply to it.
    pub condition_keys: &'static [&'static str],
    /// The audit record's `readOnly`.
    pub read_only: bool,
    /// Whether the input has a `DryRun` member.
    pub dry_run: bool,
    /// What the owning service adds.
    pub rules: R,
}

impl<R> Row<R> {
    /// What the operation itself has to be allowed, on a resource.
    pub const fn on<'a>(&'static self, resource: Resource<'a>) -> Target<'a> {
        Target {
            action: &self.action,
            resource,
            across_accounts: self.across_accounts,
            condition_keys: self.condition_keys,
            owner: None,
            through: None,
        }
    }
}

/// The access levels of the service authorization reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Lists resources.
    List,
    /// Reads a resource.
    Read,
    /// Changes or uses a resource.
    Write,
    /// Changes who may do what.
    PermissionsManagement,
    /// Changes tags only.
    Tagging,
}

impl Access {
    /// The level's name as the service authorization reference prints it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::List => "List",
            Self::Read => "Read",
            Self::Write => "Write",
            Self::PermissionsManagement => "Permissions management",
            Self::Tagging => "Tagging",
        }
    }
}
