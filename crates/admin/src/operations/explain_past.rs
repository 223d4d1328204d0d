//! `ExplainPast`: a request that was made, looked up by its id in the audit trail and decided again as things are now; or
//! one that was turned away before anything was decided, as the security log tells of it.

use serde::Serialize;
use trent_api::shape::{Member, Shape, Structure};
use trent_api::{ApiError, ErrorShape, FromValue, Input, Shaped, Value, protocol};
use trent_audit::json::Object;
use trent_service::{Call, Effect, Facts, Operation, Row, Target, action, internal};
use uuid::Uuid;

use super::explain::Explained;
use super::{on_the_deployment, reading};
use crate::Operator;
use crate::answer::Answer;
use crate::past::{Past, PastRequest};
use crate::turned_away::TurnedAway;

/// The trail has no such request.
const NO_SUCH_REQUEST: ErrorShape = ErrorShape::modelled("NoSuchRequestException", 400);

/// The operation.
pub(crate) struct ExplainPast;

/// Which request.
pub(crate) struct ExplainPastRequest {
    request_id: String,
}

/// What was recorded, and what would be decided now.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ExplainedPast {
    recorded: Past,
    #[serde(flatten)]
    now: Explained,
}

static ID: Shape = Shape::text(36, 36);

impl Shaped for ExplainPastRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "ExplainPastRequest",
        members: &[Member::required("RequestId", "requestId", &ID)],
    };
}

impl FromValue for ExplainPastRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self {
            request_id: fields.required(0)?,
        })
    }
}

impl Input for ExplainPastRequest {}

impl Operation for ExplainPast {
    type Service = Operator;
    type Input = ExplainPastRequest;
    type Output = Answer<ExplainedPast>;
    type Resolved = ();

    const ROW: &'static Row<()> = &reading("ExplainPast", action!("trent:Explain"));

    async fn resolve(_: &Operator, _: &Call, _: &ExplainPastRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a ExplainPastRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        call: &Call,
        input: &ExplainPastRequest,
        (): &(),
    ) -> Result<Effect<Self::Output>, ApiError> {
        let request = match find(operator, &input.request_id).await? {
            Found::Recorded(request) => request,
            Found::TurnedAway(request) => {
                return Ok(Effect::reply(Answer(ExplainedPast {
                    recorded: request.past(),
                    now: request.explained(),
                })));
            }
        };
        let questions = &operator.questions;
        let mut now: Option<Explained> = None;
        for described in request.described(&*questions.service)? {
            let (rehearsal, parts) = questions.rehearse(call, described).await?;
            let explained = Explained::of(&*questions.service, &rehearsal, &parts);
            match &mut now {
                None => now = Some(explained),
                Some(all) => all.and(explained),
            }
        }
        let mut now = now.ok_or_else(|| protocol::validation("The request needed no permission"))?;
        now.notes.insert(
            0,
            "Decided by the policies of this moment, not by those of the time of the request.".to_owned(),
        );
        Ok(Effect::reply(Answer(ExplainedPast {
            recorded: request.past,
            now,
        })))
    }

    fn describe(_: &Call, input: &ExplainPastRequest, _: Option<&()>) -> Facts {
        let mut parameters = Object::new();
        parameters.string("requestId", &input.request_id);
        Facts {
            request_parameters: Some(parameters.finish()),
            ..Facts::default()
        }
    }
}

/// What is known of a request.
enum Found {
    Recorded(Box<PastRequest>),
    TurnedAway(TurnedAway),
}

/// Looks into the trail, and then into the security log.
async fn find(operator: &Operator, request_id: &str) -> Result<Found, ApiError> {
    let id =
        Uuid::try_parse(request_id).map_err(|_| protocol::validation(format!("{request_id} is no id of a request")))?;
    // What was answered may still be on its way to the file.
    operator.trail.flush().await.map_err(internal)?;
    let trail = operator.trail.clone();
    let found = tokio::task::spawn_blocking(move || trail.history().of_request(&id)).await;
    let record = found.map_err(internal)?.map_err(internal)?;
    if let Some(record) = record {
        return PastRequest::read(&record).map(|request| Found::Recorded(Box::new(request)));
    }
    let turned_away = match &operator.security_log {
        Some(log) => TurnedAway::find(log, id).await?,
        None => None,
    };
    turned_away.map(Found::TurnedAway).ok_or_else(|| {
        NO_SUCH_REQUEST.with(format!(
            "Neither the audit trail nor the security log has a record of request {id}"
        ))
    })
}
