//! `UntagResource`: removes tags from a key.

use trent_api::{ApiError, Empty, kms, protocol};
use trent_policy::{ConditionKey, Values};
use trent_service::{Access, Call, Effect, Facts, Operation, Row, Target, action};

use crate::Kms;
use crate::conditions;
use crate::facts::{Parameters, key_changed};
use crate::records::KeyRecord;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;
use crate::tags::Tags;

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "UntagResource",
    action: action!("kms:UntagResource"),
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

/// The key and those of its tags that are to go.
pub struct Tagging {
    key: KeyTarget,
    tags: Tags,
}

impl Operation for UntagResource {
    type Service = Kms;
    type Input = kms::UntagResourceRequest;
    type Output = Empty;
    type Resolved = Tagging;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Tagging, ApiError> {
        if input.tag_keys.is_empty() {
            return Err(protocol::validation("TagKeys must not be empty"));
        }
        let key = reference::resolve(service, call, &ROW, &input.key_id).await?;
        let mut tags = key.tags().cloned().unwrap_or_default();
        tags.retain(|tag_key, _| input.tag_keys.contains(tag_key));
        Ok(Tagging { key, tags })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, tagging: &'a Tagging) -> Vec<Target<'a>> {
        vec![tagging.key.target(&ROW)]
    }

    fn condition<'a>(
        input: &'a Self::Input,
        tagging: &'a Tagging,
        _: &Target<'_>,
        key: &'a ConditionKey,
    ) -> Values<'a> {
        // The request has no values: policies see those that would go. The keys are those of the request, there or not.
        match key.lower() {
            "aws:tagkeys" => Values::Strings(&input.tag_keys),
            _ => conditions::of_tags(&tagging.tags, key),
        }
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        tagging: &Tagging,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = tagging.key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        let mut tags = key.record.tags.clone();
        tags.retain(|tag_key, _| !input.tag_keys.contains(tag_key));
        if tags == key.record.tags {
            return Ok(Effect {
                response_elements: Some(key_changed(key)),
                ..Effect::reply(Empty)
            });
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

    fn describe(_: &Call, input: &Self::Input, tagging: Option<&Tagging>) -> Facts {
        Parameters::default()
            .text("keyId", input.key_id.as_str())
            .list("tagKeys", input.tag_keys.iter().map(String::as_str))
            .about(tagging.map(|tagging| &tagging.key))
    }
}
