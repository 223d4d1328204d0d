//! Grants of a scenario: those whose constraints the request meets.

use serde::Deserialize;

use super::Invalid;
use crate::decision::{Grant, Grantee};
use crate::principal::{Fit, Named};
use crate::request::Request;

/// A grant on the key that the request is about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct GrantText {
    id: String,
    /// An ARN, an account, or `service:NAME`.
    grantee: String,
    /// Grant operations, such as `Decrypt`.
    operations: Vec<String>,
}

impl GrantText {
    /// The grant, if it covers the request.
    pub(super) fn covering(&self, request: &Request<'_>) -> Result<Option<Grant<'_>>, Invalid> {
        let named = match self.grantee.strip_prefix("service:") {
            Some(service) => Some(Named::Service(service.into())),
            None => Named::aws(&self.grantee).filter(|named| *named != Named::Everyone),
        };
        let named = named.ok_or_else(|| Invalid::scenario(format!("{} can have no grant", self.grantee)))?;
        let asked = request.action.lower().strip_prefix("kms:").unwrap_or_default();
        let listed = self
            .operations
            .iter()
            .any(|operation| operation.eq_ignore_ascii_case(asked));
        let grantee = match named.fits(&request.principal) {
            Fit::None => return Ok(None),
            Fit::Account => Grantee::Account,
            Fit::Broad => Grantee::Role,
            Fit::Exact => Grantee::Caller,
        };
        Ok(listed.then_some(Grant { id: &self.id, grantee }))
    }
}
