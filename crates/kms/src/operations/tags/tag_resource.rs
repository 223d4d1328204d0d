//! `TagResource`: adds tags to a key or replaces their values.

use trent_api::{ApiError, Empty, kms, protocol};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target};

use crate::Kms;
use crate::conditions;
use crate::facts::{Parameters, key_changed};
use crate::records::KeyRecord;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;
use crate::tags::{self, refused};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "TagResource",
    action: "kms:TagResource",
    access: Access::Tagging,
    across_accounts: false,
    grant: None,
    quota: "TagResource",
    condition_keys: conditions::TAGGING,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::NotPendingDeletion),
};

/// The operation.
pub struct TagResource;

impl Operation for TagResource {
    type Service = Kms;
    type Input = kms::TagResourceRequest;
    type Output = Empty;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        if input.tags.is_empty() {
            return Err(protocol::validation("Tags must not be empty"));
        }
        reference::resolve(service, call, &ROW, &input.key_id).await
    }

    fn targets(_: &Call, _: &Self::Input, key: &KeyTarget) -> Vec<Target> {
        vec![key.target(ROW.action)]
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        key: &KeyTarget,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = key.authorized(call, ROW.action)?;
        ROW.rules.check(ROW.name, key)?;
        let requested = input
            .tags
            .iter()
            .map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str()));
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        let record = KeyRecord {
            tags: tags::merge(&key.record.tags, requested).map_err(refused)?,
            ..key.record.clone()
        };
        space.update(&mut txn, key, &record);
        Ok(Effect {
            response_elements: Some(key_changed(key)),
            ..Effect::change(txn, Empty)
        })
    }

    fn describe(_: &Call, input: &Self::Input, key: Option<&KeyTarget>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .pairs(
                "tags",
                ("tagKey", "tagValue"),
                input
                    .tags
                    .iter()
                    .map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str())),
            )
            .about(key)
    }
}
