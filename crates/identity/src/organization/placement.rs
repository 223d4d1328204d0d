//! Where an account stands in its organization, and what limits it there.

use std::sync::Arc;

use super::records::ControlKind;
use crate::document::Document;

/// The service control policy that is attached unless it was taken away.
pub const FULL_ACCESS: &str = "FullAWSAccess";

/// The resource control policy that is attached everywhere.
pub const RESOURCE_FULL_ACCESS: &str = "RCPFullAWSAccess";

/// Units that an account can have above it, the root included: one more than the quota of nested units, and none is
/// followed further.
pub(crate) const MOST_UNITS: usize = 6;

/// An account's place in an organization.
#[derive(Debug, PartialEq, Eq)]
pub struct Placement {
    /// The organization's id.
    pub organization: String,
    /// The one path to the account's unit: `o-.../r-.../ou-.../`.
    pub paths: [String; 1],
    /// What limits the account's principals, from the root to the account; nothing limits the management account.
    pub service_control: Vec<ControlLevel>,
    /// What limits the use of the account's resources.
    pub resource_control: Vec<ControlLevel>,
}

/// What is attached to the root, to a unit or to the account.
#[derive(Debug, PartialEq, Eq)]
pub struct ControlLevel {
    /// The id of the root, the unit or the account.
    pub target: String,
    /// Its policies, of which one must allow.
    pub policies: Vec<ControlPolicy>,
}

/// A service or resource control policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlPolicy {
    /// Its name.
    pub name: Arc<str>,
    /// Which kind it is.
    pub kind: ControlKind,
    /// The document.
    pub document: Arc<Document>,
}

impl ControlPolicy {
    /// What decides.
    pub fn policy(&self) -> &trent_policy::Policy {
        match self.kind {
            ControlKind::Service => self.document.as_service_control_policy(),
            ControlKind::Resource => self.document.as_resource_control_policy(),
        }
    }

    /// In the place of a policy that is listed and that the store does not give: it denies everything.
    pub(crate) fn withheld(kind: ControlKind, name: &str) -> Self {
        Self {
            name: name.into(),
            kind,
            document: Arc::new(Document::withheld()),
        }
    }
}
