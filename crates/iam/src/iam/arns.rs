//! ARNs that requests name, read: always of the caller's own partition. Under the ARN of another one the same thing would
//! be something else to policies, and what they deny could be reached by it.

use trent_api::{ApiError, iam};
use trent_identity::rules::PolicyArn;
use trent_names::AccountId;

use super::tenant::Tenant;

/// The ARN of a managed policy, of whatever account.
pub(crate) fn policy<'a>(tenant: &Tenant<'_>, text: &'a str) -> Result<PolicyArn<'a>, ApiError> {
    fields(tenant, text).ok_or_else(|| invalid(text))?;
    PolicyArn::parse(text).map_err(|_| invalid(text))
}

/// The account and the name of an OIDC provider: `arn:aws:iam::111122223333:oidc-provider/name`.
pub(crate) fn provider<'a>(tenant: &Tenant<'_>, text: &'a str) -> Result<(AccountId, &'a str), ApiError> {
    let read = || {
        let (account, resource) = fields(tenant, text)?;
        let name = resource
            .strip_prefix("oidc-provider/")
            .filter(|name| !name.is_empty())?;
        Some((AccountId::parse(account).ok()?, name))
    };
    read().ok_or_else(|| invalid(text))
}

/// The account of a user, group or role.
pub(crate) fn owner(tenant: &Tenant<'_>, text: &str) -> Result<AccountId, ApiError> {
    let owner = || AccountId::parse(fields(tenant, text)?.0).ok();
    owner().ok_or_else(|| invalid(text))
}

/// The account and the rest of an ARN of IAM in the caller's partition.
fn fields<'a>(tenant: &Tenant<'_>, text: &'a str) -> Option<(&'a str, &'a str)> {
    let (partition, rest) = text.strip_prefix("arn:")?.split_once(':')?;
    let here = partition == tenant.partition().as_str();
    rest.strip_prefix("iam::")?.split_once(':').filter(|_| here)
}

fn invalid(text: &str) -> ApiError {
    iam::error::invalid_input(format!("ARN {text} is not valid."))
}
