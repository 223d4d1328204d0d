//! `SetQuota`: gives an account another value of a quota in a Region, or takes that back.

use std::sync::Arc;

use trent_api::shape::{Member, Structure};
use trent_api::{ApiError, Empty, FromValue, Input, Shaped, Value, protocol};
use trent_audit::json::Object;
use trent_names::AccountId;
use trent_quotas::{Amount, Override};
use trent_service::{Call, Changes, Effect, Facts, Operation, Row, Target, action, granted_quotas};

use super::explain::NAME;
use super::{changing, on_the_deployment};
use crate::Operator;
use crate::quota_names::{Subject, quota_of};

/// The operation.
pub(crate) struct SetQuota;

/// Which quota of whom, and its value; without one, what the configuration says is in force again.
pub(crate) struct SetQuotaRequest {
    quota: String,
    account: String,
    region: Option<String>,
    value: Option<String>,
}

impl Shaped for SetQuotaRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "SetQuotaRequest",
        members: &[
            Member::required("Quota", "quota", &NAME),
            Member::required("AccountId", "accountId", &NAME),
            Member::optional("Region", "region", &NAME),
            Member::optional("Value", "value", &NAME),
        ],
    };
}

impl FromValue for SetQuotaRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self {
            quota: fields.required(0)?,
            account: fields.required(1)?,
            region: fields.optional(2)?,
            value: fields.optional(3)?,
        })
    }
}

impl Input for SetQuotaRequest {}

impl Operation for SetQuota {
    type Service = Operator;
    type Input = SetQuotaRequest;
    type Output = Empty;
    type Resolved = Subject<AccountId>;

    const ROW: &'static Row<()> = &changing("SetQuota", action!("trent:SetQuota"));

    async fn resolve(operator: &Operator, call: &Call, input: &SetQuotaRequest) -> Result<Self::Resolved, ApiError> {
        Subject::of_account(operator, call, &input.account, input.region.as_deref())
    }

    fn targets<'a>(_: &'a Call, _: &'a SetQuotaRequest, _: &'a Self::Resolved) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        _: &Call,
        input: &SetQuotaRequest,
        of: &Self::Resolved,
    ) -> Result<Effect<Empty>, ApiError> {
        let refused = |error: &dyn std::fmt::Display| protocol::validation(error.to_string());
        let quota = quota_of(&input.quota)?;
        let value = match &input.value {
            Some(text) => Some(text.parse::<Amount>().map_err(|error| refused(&error))?),
            None => None,
        };
        let (account, region) = (of.account, of.region.clone());
        // What no override may be cannot be set here either; taking back needs no value, and the quota may be any.
        Override::new(
            quota,
            Some(account),
            Some(region.clone()),
            value.unwrap_or(Amount::UNLIMITED),
        )
        .map_err(|error| refused(&error))?;
        let txn = granted_quotas::setting(&operator.store, (quota, account, &region), value);
        let quotas = Arc::clone(operator.request_quotas.quotas());
        Ok(Effect {
            changes: Changes::Global(txn),
            seen: Some(Box::pin(async move {
                quotas.change(|applied| applied.grant(quota, account, region.clone(), value));
            })),
            ..Effect::reply(Empty)
        })
    }

    fn describe(_: &Call, input: &SetQuotaRequest, _: Option<&Self::Resolved>) -> Facts {
        let mut parameters = Object::new();
        parameters
            .string("quota", &input.quota)
            .string("accountId", &input.account);
        for (name, value) in [("region", &input.region), ("value", &input.value)] {
            if let Some(value) = value {
                parameters.string(name, value);
            }
        }
        Facts {
            request_parameters: Some(parameters.finish()),
            ..Facts::default()
        }
    }
}
