//! `ListQuotas`: what an account may have, and how often it may ask; and how much of that it has used up.

use serde::Serialize;
use trent_api::shape::{Member, Structure};
use trent_api::{ApiError, FromValue, Input, Shaped, Value};
use trent_audit::json::Object;
use trent_names::{AccountId, Region};
use trent_quotas::{Kind, Quota};
use trent_service::{Call, Effect, Facts, Operation, Row, Target, action};

use super::explain::NAME;
use super::{on_the_deployment, reading};
use crate::Operator;
use crate::answer::Answer;
use crate::quota_names::{Subject, quota_of};

/// The operation.
pub(crate) struct ListQuotas;

/// Whose quotas, and which: all, unless one is named.
pub(crate) struct ListQuotasRequest {
    account: Option<String>,
    region: Option<String>,
    quota: Option<String>,
}

/// The quotas in the order of the table.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListedQuotas {
    region: String,
    quotas: Vec<ListedQuota>,
}

/// One quota, as Service Quotas would tell of it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListedQuota {
    quota_code: &'static str,
    quota_name: &'static str,
    /// What is in force, in words: a number or `unlimited`.
    value: String,
    default_value: String,
    unit: &'static str,
    adjustable: bool,
    /// What there is of it, where an account is named and that is counted by account: keys, or requests of the interval
    /// that is not over yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<u64>,
    /// Requests since the server started.
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<u64>,
    /// Those of them that were throttled.
    #[serde(skip_serializing_if = "Option::is_none")]
    throttled: Option<u64>,
}

impl Shaped for ListQuotasRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "ListQuotasRequest",
        members: &[
            Member::optional("AccountId", "accountId", &NAME),
            Member::optional("Region", "region", &NAME),
            Member::optional("Quota", "quota", &NAME),
        ],
    };
}

impl FromValue for ListQuotasRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self {
            account: fields.optional(0)?,
            region: fields.optional(1)?,
            quota: fields.optional(2)?,
        })
    }
}

impl Input for ListQuotasRequest {}

impl Operation for ListQuotas {
    type Service = Operator;
    type Input = ListQuotasRequest;
    type Output = Answer<ListedQuotas>;
    type Resolved = Subject<Option<AccountId>>;

    const ROW: &'static Row<()> = &reading("ListQuotas", action!("trent:ListQuotas"));

    async fn resolve(operator: &Operator, call: &Call, input: &ListQuotasRequest) -> Result<Self::Resolved, ApiError> {
        let (account, region) = (input.account.as_deref(), input.region.as_deref());
        Subject::parse(operator, call, account, region)
    }

    fn targets<'a>(_: &'a Call, _: &'a ListQuotasRequest, _: &'a Self::Resolved) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        _: &Call,
        input: &ListQuotasRequest,
        of: &Self::Resolved,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let wanted = input.quota.as_deref().map(quota_of).transpose()?;
        let mut quotas = Vec::new();
        for quota in Quota::all().filter(|quota| wanted.is_none_or(|wanted| wanted == *quota)) {
            quotas.push(listed(operator, quota, of.account, &of.region).await?);
        }
        Ok(Effect::reply(Answer(ListedQuotas {
            region: of.region.to_string(),
            quotas,
        })))
    }

    fn describe(_: &Call, input: &ListQuotasRequest, _: Option<&Self::Resolved>) -> Facts {
        let mut parameters = Object::new();
        for (name, value) in [
            ("accountId", &input.account),
            ("region", &input.region),
            ("quota", &input.quota),
        ] {
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

async fn listed(
    operator: &Operator,
    quota: Quota,
    account: Option<AccountId>,
    region: &Region,
) -> Result<ListedQuota, ApiError> {
    let applied = operator.request_quotas.quotas().applied();
    let mut listed = ListedQuota {
        quota_code: quota.code(),
        quota_name: quota.name(),
        value: applied.value(quota, account, region).to_string(),
        default_value: quota.default_in(region).to_string(),
        unit: match quota.kind() {
            Kind::Count => "Count",
            Kind::Size => "Bytes",
            Kind::Rate => "Count/Second",
        },
        adjustable: quota.is_adjustable(),
        usage: None,
        requests: None,
        throttled: None,
    };
    match account {
        Some(account) if quota == Quota::KEYS => {
            listed.usage = Some(operator.inventory.keys_of(account, region).await?);
        }
        Some(account) if quota.kind() == Kind::Rate => {
            let used = operator.request_quotas.usage(account, region, quota);
            listed.usage = Some(used.used);
            listed.requests = Some(used.requests);
            listed.throttled = Some(used.throttled);
        }
        _ => {}
    }
    Ok(listed)
}
