//! `UntagResource`: removes tags from a key.

use trent_api::{ApiError, Empty, kms, protocol};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target};

use crate::Kms;
use crate::conditions;
use crate::facts::{Parameters, key_changed};
use crate::records::KeyRecord;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "UntagResource",
    action: "kms:UntagResource",
    access: Access::Tagging,
    across_accounts: false,
    grant: None,
    quota: "UntagResource",
    condition_keys: conditions::TAGGING,
    read_only: false,
    dry_run: false,
    rules: Rules::manage(States::NotPendingDeletion),
};

/// The operation.
pub struct UntagResource;

impl Operation for UntagResource {
    type Service = Kms;
    type Input = kms::UntagResourceRequest;
    type Output = Empty;
    type Resolved = KeyTarget;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<KeyTarget, ApiError> {
        if input.tag_keys.is_empty() {
            return Err(protocol::validation("TagKeys must not be empty"));
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
        let mut tags = key.record.tags.clone();
        tags.retain(|tag_key, _| !input.tag_keys.contains(tag_key));
        if tags == key.record.tags {
            return Ok(Effect::reply(Empty));
        }
        let space = service.space(&call.region)?;
        let mut txn = space.store.txn();
        let record = KeyRecord {
            tags,
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
            .list("tagKeys", input.tag_keys.iter().map(String::as_str))
            .about(key)
    }
}
