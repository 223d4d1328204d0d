//! `ScheduleKeyDeletion`: starts the waiting period after which a key is deleted.

use trent_api::{ApiError, kms};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Guarded, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;

/// The waiting period of a request that does not say one, in days.
const DEFAULT_WINDOW: i32 = 30;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "ScheduleKeyDeletion",
    action: action!("kms:ScheduleKeyDeletion"),
    access: Access::Write,
    across_accounts: false,
    grant: None,
    quota: "ScheduleKeyDeletion",
    condition_keys: conditions::DELETION,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::Deletable),
};

/// The operation.
pub struct ScheduleKeyDeletion;

/// The key, and how many days it waits.
pub struct Deletion {
    key: KeyTarget,
    days: String,
}

impl Guarded for ScheduleKeyDeletion {
    type Service = Kms;
    type Input = kms::ScheduleKeyDeletionRequest;
    type Resolved = Deletion;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Deletion, ApiError> {
        Ok(Deletion {
            key: reference::resolve(service, call, &ROW, &input.key_id).await?,
            days: input.pending_window_in_days.unwrap_or(DEFAULT_WINDOW).to_string(),
        })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, deletion: &'a Deletion) -> Vec<Target<'a>> {
        vec![deletion.key.target(&ROW)]
    }

    fn condition<'a>(_: &'a Self::Input, deletion: &'a Deletion, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        match key.lower() {
            "kms:schedulekeydeletionpendingwindowindays" => Values::One(&deletion.days),
            _ => Values::Absent,
        }
    }
}
