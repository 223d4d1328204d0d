//! `ScheduleKeyDeletion`: starts the waiting period after which a key is deleted.

use std::ops::RangeInclusive;

use trent_api::{ApiError, Timestamp, kms, protocol};
use trent_audit::json::Object;
use trent_names::{AccountId, KeyId};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::charges;
use crate::conditions;
use crate::facts::Parameters;
use crate::keys::Key;
use crate::records::{self, KeyRecord};
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::{KeyState, States};

/// The waiting period of a request that does not say one, in days.
const DEFAULT_WINDOW: i32 = 30;

/// The waiting periods that there are, in days.
const WINDOWS: RangeInclusive<i32> = 7..=30;

/// Milliseconds in a day.
const DAY: i64 = 86_400_000;

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
    window: i32,
    days: String,
}

impl Operation for ScheduleKeyDeletion {
    type Service = Kms;
    type Input = kms::ScheduleKeyDeletionRequest;
    type Output = kms::ScheduleKeyDeletionResponse;
    type Resolved = Deletion;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Deletion, ApiError> {
        let window = input.pending_window_in_days.unwrap_or(DEFAULT_WINDOW);
        Ok(Deletion {
            window,
            days: window.to_string(),
            key: reference::resolve(service, call, &ROW, &input.key_id).await?,
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

    async fn prepare(
        service: &Kms,
        call: &Call,
        _: &Self::Input,
        deletion: &Deletion,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = deletion.key.authorized()?;
        check_window(deletion.window)?;
        ROW.rules.check(ROW.name, key)?;
        let record = pending(key, deletion.window, call.now_millis());
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        space.update(&mut txn, key, &record);
        let at = record.deletion.and_then(|deletion| deletion.at);
        let mut shown = Object::new();
        shown
            .string("keyId", &key.arn)
            .string("keyState", record.state.on_the_wire().as_str());
        if let Some(at) = at {
            shown.string("deletionDate", &Timestamp::from_millis(at).in_words());
        }
        shown.integer("pendingWindowInDays", deletion.window.into());
        Ok(Effect {
            response_elements: Some(shown.finish()),
            ..Effect::change(
                txn,
                kms::ScheduleKeyDeletionResponse {
                    key_id: Some(key.arn.as_str().to_owned()),
                    deletion_date: at.map(Timestamp::from_millis),
                    key_state: Some(record.state.on_the_wire()),
                    pending_window_in_days: Some(deletion.window),
                },
            )
        })
    }

    fn changes_state_of(deletion: &Deletion) -> Option<(AccountId, KeyId)> {
        charges::owned(&deletion.key)
    }

    fn describe(_: &Call, input: &Self::Input, deletion: Option<&Deletion>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .number(
                "pendingWindowInDays",
                deletion
                    .map(|deletion| deletion.window)
                    .or(input.pending_window_in_days),
            )
            .about(deletion.map(|deletion| &deletion.key))
    }
}

/// The interface model allows any number of days up to a year (guide, "Waiting period": 7 to 30).
fn check_window(days: i32) -> Result<(), ApiError> {
    if WINDOWS.contains(&days) {
        return Ok(());
    }
    Err(protocol::validation(format!(
        "PendingWindowInDays must be between {} and {}",
        WINDOWS.start(),
        WINDOWS.end()
    )))
}

/// The key in its waiting period. That of a primary with replicas begins when the last of them is gone.
fn pending(key: &Key, window_days: i32, now: i64) -> KeyRecord {
    let waits = key.has_replicas();
    let end = now.saturating_add(i64::from(window_days).saturating_mul(DAY));
    KeyRecord {
        state: if waits {
            KeyState::PendingReplicaDeletion
        } else {
            KeyState::PendingDeletion
        },
        deletion: Some(records::Deletion {
            window_days,
            at: (!waits).then_some(end),
        }),
        ..key.record.clone()
    }
}
