//! `Simulate`: a scenario decided, with no look at what is stored.

use serde_json::value::RawValue;
use trent_api::shape::{Member, Shape, Structure};
use trent_api::{ApiError, FromValue, Input, Shaped, Timestamp, Value};
use trent_policy::{Surroundings, simulate};
use trent_service::{Call, Effect, Facts, Operation, Row, Target, action, internal};

use super::{Inquiries, asking, on_nothing};
use crate::answer::Answer;

/// The operation.
pub(crate) struct Simulate;

/// A scenario, as text.
pub(crate) struct SimulateRequest {
    scenario: String,
}

/// As many characters as fit into a request.
static SCENARIO: Shape = Shape::text(1, 1 << 20);

impl Shaped for SimulateRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "SimulateRequest",
        members: &[Member::required("Scenario", "scenario", &SCENARIO)],
    };
}

impl FromValue for SimulateRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self {
            scenario: fields.required(0)?,
        })
    }
}

impl Input for SimulateRequest {}

impl Operation for Simulate {
    type Service = Inquiries;
    type Input = SimulateRequest;
    type Output = Answer<Box<RawValue>>;
    type Resolved = ();

    const ROW: &'static Row<()> = &asking("Simulate", action!("trent:Simulate"));

    async fn resolve(_: &Inquiries, _: &Call, _: &SimulateRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a SimulateRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_nothing(Self::ROW)
    }

    async fn prepare(
        _: &Inquiries,
        call: &Call,
        input: &SimulateRequest,
        (): &(),
    ) -> Result<Effect<Self::Output>, ApiError> {
        let seconds = i64::try_from(call.now.as_secs()).unwrap_or(i64::MAX);
        let (scenario, region) = (input.scenario.clone(), call.region.to_string());
        // A large one takes a while, and others use the thread too.
        let decided = tokio::task::spawn_blocking(move || {
            let (time, epoch) = (Timestamp::from_seconds(seconds).to_string(), seconds.to_string());
            let surroundings = Surroundings {
                time: Some(&time),
                epoch: Some(&epoch),
                region: Some(&region),
            };
            simulate(&scenario, &surroundings)
        });
        let decided = RawValue::from_string(decided.await.map_err(internal)?).map_err(internal)?;
        Ok(Effect::reply(Answer(decided)))
    }

    fn describe(_: &Call, _: &SimulateRequest, _: Option<&()>) -> Facts {
        Facts::default()
    }
}
