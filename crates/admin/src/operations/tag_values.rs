//! `TagValues`: which value a tag has on each of some keys, so that their use can be told by it.

use serde::Serialize;
use trent_api::shape::{Length, Member, Shape, Structure};
use trent_api::{ApiError, FromValue, Input, Shaped, Value};
use trent_audit::json::Object;
use trent_service::{Call, Effect, Facts, Operation, Row, Target, action};

use super::explain::NAME;
use super::{on_the_deployment, reading};
use crate::Operator;
use crate::answer::Answer;

/// The operation.
pub(crate) struct TagValues;

/// Which tag of which keys.
pub(crate) struct TagValuesRequest {
    tag_key: String,
    keys: Vec<String>,
}

/// The keys that are there.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TaggedKeys {
    keys: Vec<TaggedKey>,
}

/// A key, and the tag's value if it has one.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TaggedKey {
    key: String,
    tag_value: Option<String>,
}

static TAG: Shape = Shape::text(1, 128);
static KEYS: Shape = Shape::List {
    element: &NAME,
    length: Some(Length { min: 1, max: 1000 }),
};

impl Shaped for TagValuesRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "TagValuesRequest",
        members: &[
            Member::required("TagKey", "tagKey", &TAG),
            Member::required("Keys", "keys", &KEYS),
        ],
    };
}

impl FromValue for TagValuesRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self {
            tag_key: fields.required(0)?,
            keys: fields.required(1)?,
        })
    }
}

impl Input for TagValuesRequest {}

impl Operation for TagValues {
    type Service = Operator;
    type Input = TagValuesRequest;
    type Output = Answer<TaggedKeys>;
    type Resolved = ();

    const ROW: &'static Row<()> = &reading("TagValues", action!("trent:TagValues"));

    async fn resolve(_: &Operator, _: &Call, _: &TagValuesRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a TagValuesRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        _: &Call,
        input: &TagValuesRequest,
        (): &(),
    ) -> Result<Effect<Self::Output>, ApiError> {
        let mut keys = Vec::new();
        for key in &input.keys {
            if let Some(tag_value) = operator.tags.tag_value(key, &input.tag_key).await? {
                let key = key.clone();
                keys.push(TaggedKey { key, tag_value });
            }
        }
        Ok(Effect::reply(Answer(TaggedKeys { keys })))
    }

    fn describe(_: &Call, input: &TagValuesRequest, _: Option<&()>) -> Facts {
        let mut parameters = Object::new();
        parameters
            .string("tagKey", &input.tag_key)
            .integer("keys", i64::try_from(input.keys.len()).unwrap_or(i64::MAX));
        Facts {
            request_parameters: Some(parameters.finish()),
            ..Facts::default()
        }
    }
}
