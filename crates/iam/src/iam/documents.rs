//! Policy documents in requests: what must hold before one is stored.

use trent_api::{ApiError, iam};
use trent_identity::{Presence, PrincipalDirectory};
use trent_policy::{Malformed, Measure, Named, Policy, PolicyKind, Problem, Rules, VersionRule};
use trent_service::internal;

use super::tenant::Tenant;

/// An inline policy: the quota is on all of a holder's together, which the directory counts.
const INLINE_POLICY: Rules = Rules::written(131_072, Measure::VisibleCharacters, VersionRule::Any);

/// Checks a managed policy.
pub(crate) fn check_managed(text: &str) -> Result<(), ApiError> {
    check(text, PolicyKind::Identity, &Rules::MANAGED_POLICY).map(drop)
}

/// Checks a policy of one user, group or role.
pub(crate) fn check_inline(text: &str) -> Result<(), ApiError> {
    check(text, PolicyKind::Identity, &INLINE_POLICY).map(drop)
}

/// Checks a trust policy; the users and roles that it names must exist, as far as this deployment can know.
pub(crate) async fn check_trust(tenant: &Tenant<'_>, text: &str) -> Result<(), ApiError> {
    let policy = check(text, PolicyKind::Trust, &Rules::TRUST_POLICY)?;
    for principal in policy.principals() {
        let missing = match principal {
            Named::Arn { arn, .. } => {
                let presence = tenant.directory.presence(arn).await.map_err(internal)?;
                (presence == Presence::Missing).then(|| arn.to_string())
            }
            // What is left of a principal that was deleted names nobody any more.
            Named::UniqueId(id) => Some(id.to_string()),
            _ => None,
        };
        if let Some(missing) = missing {
            return Err(iam::error::malformed_policy_document(format!(
                "Invalid principal in policy: \"AWS\":\"{missing}\""
            )));
        }
    }
    Ok(())
}

fn check(text: &str, kind: PolicyKind, rules: &Rules) -> Result<Policy, ApiError> {
    Policy::parse(text, kind, rules).map_err(|error| refused(&error, kind))
}

fn refused(error: &Malformed, kind: PolicyKind) -> ApiError {
    match error.problem {
        Problem::TooLarge { limit, .. } if kind == PolicyKind::Trust => {
            iam::error::limit_exceeded(format!("Cannot exceed quota for ACLSizePerRole: {limit}"))
        }
        Problem::TooLarge { .. } => iam::error::limit_exceeded(error.service_message(kind)),
        _ => iam::error::malformed_policy_document(error.service_message(kind)),
    }
}
