//! `GetKeyLastUsage`: when and for what a key was last used.
//!
//! A key of which no use is known has an empty answer, and the date since which uses are noted says how much that tells.

use trent_api::{ApiError, Timestamp, kms};
use trent_audit::EventId;
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};
use uuid::Uuid;

use crate::Kms;
use crate::conditions;
use crate::facts::Parameters;
use crate::last_use;
use crate::records::uses::LastUseRecord;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "GetKeyLastUsage",
    action: action!("kms:GetKeyLastUsage"),
    access: Access::Read,
    across_accounts: false,
    grant: None,
    quota: "GetKeyLastUsage",
    condition_keys: conditions::KEY,
    read_only: true,
    dry_run: false,
    rules: Rules::manage(States::Every),
};

/// The operation.
pub struct GetKeyLastUsage;

impl Operation for GetKeyLastUsage {
    type Service = Kms;
    type Input = kms::GetKeyLastUsageRequest;
    type Output = kms::GetKeyLastUsageResponse;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        reference::resolve(service, call, &ROW, &input.key_id).await
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, key: &'a KeyTarget) -> Vec<Target<'a>> {
        vec![key.target(&ROW)]
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        _: &Self::Input,
        key: &KeyTarget,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let space = service.space(&call.region)?;
        let record = &key.record;
        let last = last_use::of(space, record.account, record.id).await?;
        let since = last_use::since(space).await?.unwrap_or_else(|| call.now_millis());
        Ok(Effect::reply(kms::GetKeyLastUsageResponse {
            key_id: Some(record.id.to_string()),
            key_last_usage: Some(last.as_ref().map(shown).unwrap_or_default()),
            tracking_start_date: Some(Timestamp::from_millis(since.max(record.created))),
            key_creation_date: Some(Timestamp::from_millis(record.created)),
        }))
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default().text("keyId", input.key_id.as_str()).about(key)
    }
}

fn shown(last: &LastUseRecord) -> kms::KeyLastUsageData {
    kms::KeyLastUsageData {
        operation: kms::KeyLastUsageTrackingOperation::parse(&last.operation),
        timestamp: Some(Timestamp::from_millis(last.at)),
        cloud_trail_event_id: Some(EventId::from_bytes(*last.event).to_string()),
        kms_request_id: Some(Uuid::from_bytes(*last.request).to_string()),
    }
}
