//! `VerifyTrail`: has every line of the trail checked, and tells how far that is until it has come to its end.

use std::sync::Arc;

use serde::Serialize;
use trent_api::shape::{Member, Shape, Structure};
use trent_api::{ApiError, ErrorShape, FromValue, Input, Shaped, Value, protocol};
use trent_audit::json::Object;
use trent_service::{Call, Effect, Facts, Operation, Row, Target, action, internal};
use uuid::Uuid;

use super::{on_the_deployment, reading};
use crate::Operator;
use crate::answer::Answer;
use crate::verification::Run;

/// There is no such run, or no trail that could be checked.
const NOTHING_TO_VERIFY: ErrorShape = ErrorShape::modelled("NothingToVerifyException", 400);

/// The operation.
pub(crate) struct VerifyTrail;

/// Which run, or how to begin one.
pub(crate) struct VerifyTrailRequest {
    /// A run that was begun.
    run: Option<String>,
    /// The number of the last record that is known to be gone.
    after: Option<String>,
}

/// How far a run is.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Verifying {
    run: String,
    done: u64,
    total: u64,
    outcome: Option<serde_json::Value>,
}

static RUN: Shape = Shape::text(36, 36);
static NUMBER: Shape = Shape::text(1, 20);

impl Shaped for VerifyTrailRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "VerifyTrailRequest",
        members: &[
            Member::optional("Run", "run", &RUN),
            Member::optional("After", "after", &NUMBER),
        ],
    };
}

impl FromValue for VerifyTrailRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self {
            run: fields.optional(0)?,
            after: fields.optional(1)?,
        })
    }
}

impl Input for VerifyTrailRequest {}

impl Operation for VerifyTrail {
    type Service = Operator;
    type Input = VerifyTrailRequest;
    type Output = Answer<Verifying>;
    type Resolved = ();

    const ROW: &'static Row<()> = &reading("VerifyTrail", action!("trent:VerifyTrail"));

    async fn resolve(_: &Operator, _: &Call, _: &VerifyTrailRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a VerifyTrailRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        _: &Call,
        input: &VerifyTrailRequest,
        (): &(),
    ) -> Result<Effect<Self::Output>, ApiError> {
        let run = match &input.run {
            Some(id) => under_way(operator, id)?,
            None => begun(operator, input.after.as_deref()).await?,
        };
        let outcome = run.outcome().await;
        let progress = run.progress();
        Ok(Effect::reply(Answer(Verifying {
            run: run.id.to_string(),
            done: progress.done,
            total: progress.total,
            outcome,
        })))
    }

    fn describe(_: &Call, input: &VerifyTrailRequest, _: Option<&()>) -> Facts {
        let mut parameters = Object::new();
        for (name, value) in [("run", &input.run), ("after", &input.after)] {
            if let Some(value) = value {
                parameters.string(name, value);
            }
        }
        Facts {
            request_parameters: (!parameters.is_empty()).then(|| parameters.finish()),
            ..Facts::default()
        }
    }
}

fn under_way(operator: &Operator, id: &str) -> Result<Arc<Run>, ApiError> {
    let run = Uuid::try_parse(id).ok().and_then(|id| operator.verification.find(&id));
    run.ok_or_else(|| NOTHING_TO_VERIFY.with("There is no such run any more"))
}

async fn begun(operator: &Operator, after: Option<&str>) -> Result<Arc<Run>, ApiError> {
    let after = after.unwrap_or("0").parse();
    let after = after.map_err(|_| protocol::validation("After is no number"))?;
    let path = operator.trail.path();
    let path = path.ok_or_else(|| NOTHING_TO_VERIFY.with("This server keeps its trail in memory"))?;
    let begun = operator.verification.begin(path, &operator.store, after).await;
    begun.map_err(internal)
}
