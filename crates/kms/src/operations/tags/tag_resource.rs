//! `TagResource`: adds tags to a key or replaces their values.

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
use crate::tags::{self, Tags, refused};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "TagResource",
    action: action!("kms:TagResource"),
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

/// The key and the tags that it is to have.
pub struct Tagging {
    key: KeyTarget,
    tags: Tags,
}

impl Operation for TagResource {
    type Service = Kms;
    type Input = kms::TagResourceRequest;
    type Output = Empty;
    type Resolved = Tagging;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<Tagging, ApiError> {
        if input.tags.is_empty() {
            return Err(protocol::validation("Tags must not be empty"));
        }
        let tags = input.tags.iter();
        Ok(Tagging {
            key: reference::resolve(service, call, &ROW, &input.key_id).await?,
            tags: tags.map(|tag| (tag.tag_key.clone(), tag.tag_value.clone())).collect(),
        })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, tagging: &'a Tagging) -> Vec<Target<'a>> {
        vec![tagging.key.target(&ROW)]
    }

    fn condition<'a>(_: &'a Self::Input, tagging: &'a Tagging, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        conditions::of_tags(&tagging.tags, key)
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        tagging: &Tagging,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = tagging.key.authorized()?;
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

    fn describe(_: &Call, input: &Self::Input, tagging: Option<&Tagging>) -> Facts {
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
            .about(tagging.map(|tagging| &tagging.key))
    }
}
