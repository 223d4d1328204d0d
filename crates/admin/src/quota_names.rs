//! How the operator names a quota, and whose it is.

use trent_api::{ApiError, ErrorShape, protocol};
use trent_names::{AccountId, Region};
use trent_quotas::Quota;
use trent_service::Call;

use crate::Operator;

/// There is no such quota.
const NO_SUCH_RESOURCE: ErrorShape = ErrorShape::modelled("NoSuchResourceException", 400);

/// An account, where one must or may be named, and a Region that is served.
pub(crate) struct Subject<A> {
    pub(crate) account: A,
    pub(crate) region: Region,
}

impl Subject<Option<AccountId>> {
    /// Reads what a request names; the Region is that of the call, unless it says another.
    pub(crate) fn parse(
        operator: &Operator,
        call: &Call,
        account: Option<&str>,
        region: Option<&str>,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            account: account.map(account_of).transpose()?,
            region: region_of(operator, call, region)?,
        })
    }
}

impl Subject<AccountId> {
    /// The same, of an account that must be named.
    pub(crate) fn of_account(
        operator: &Operator,
        call: &Call,
        account: &str,
        region: Option<&str>,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            account: account_of(account)?,
            region: region_of(operator, call, region)?,
        })
    }
}

/// The quota with this code or name.
pub(crate) fn quota_of(text: &str) -> Result<Quota, ApiError> {
    Quota::find(text).ok_or_else(|| NO_SUCH_RESOURCE.with(format!("There is no quota {text}.")))
}

fn account_of(text: &str) -> Result<AccountId, ApiError> {
    AccountId::parse(text).map_err(|error| protocol::validation(error.to_string()))
}

fn region_of(operator: &Operator, call: &Call, text: Option<&str>) -> Result<Region, ApiError> {
    let Some(text) = text else {
        return Ok(call.region.clone());
    };
    let region = Region::parse(text).map_err(|error| protocol::validation(error.to_string()))?;
    if operator.facts.regions.iter().any(|served| served == region.as_str()) {
        Ok(region)
    } else {
        Err(protocol::validation(format!(
            "Region {region} is not served by this deployment"
        )))
    }
}
