//! `AdvanceClock`: moves the policy clock of a development server on, so that what takes time can be seen at once. What falls
//! due by that is done before it answers.
//!
//! Signatures keep the machine's clock, and so do clients.

use std::time::Duration;

use trent_api::shape::{Member, Shape, Structure};
use trent_api::{ApiError, Encode, FromValue, Input, ObjectWriter, Output, Shaped, Timestamp, Value, protocol};
use trent_audit::json::Object;
use trent_service::{Call, Clock as _, Effect, Facts, Operation, Row, Target, action};

use super::{changing, on_the_deployment};
use crate::Operator;

/// The operation.
pub(crate) struct AdvanceClock;

/// How far.
pub(crate) struct AdvanceClockRequest {
    seconds: i32,
}

/// What time it is then.
pub(crate) struct AdvanceClockResponse {
    now: String,
}

static SECONDS: Shape = Shape::Integer {
    min: 1,
    max: i32::MAX as i64,
};

impl Shaped for AdvanceClockRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "AdvanceClockRequest",
        members: &[Member::required("Seconds", "seconds", &SECONDS)],
    };
}

impl FromValue for AdvanceClockRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self {
            seconds: fields.required(0)?,
        })
    }
}

impl Input for AdvanceClockRequest {}

impl Encode for AdvanceClockResponse {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut object = ObjectWriter::begin(out);
        object.required("Now", &self.now);
        object.end();
    }
}

impl Output for AdvanceClockResponse {
    fn write(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }
}

impl Operation for AdvanceClock {
    type Service = Operator;
    type Input = AdvanceClockRequest;
    type Output = AdvanceClockResponse;
    type Resolved = ();

    const ROW: &'static Row<()> = &changing("AdvanceClock", action!("trent:AdvanceClock"));

    async fn resolve(_: &Operator, _: &Call, _: &AdvanceClockRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a AdvanceClockRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        _: &Call,
        input: &AdvanceClockRequest,
        (): &(),
    ) -> Result<Effect<AdvanceClockResponse>, ApiError> {
        let clock = operator.clock.as_ref().ok_or_else(|| {
            protocol::validation("The clock of a production server is its machine's: only a development server's moves")
        })?;
        // No record of the store says what time it is, so there is nothing that a transaction could hold.
        clock.advance(Duration::from_secs(u64::try_from(input.seconds).unwrap_or_default()));
        operator.upkeep.settle().await;
        let millis = i64::try_from(clock.now().as_millis()).unwrap_or(i64::MAX);
        Ok(Effect::reply(AdvanceClockResponse {
            now: Timestamp::from_millis(millis).to_string(),
        }))
    }

    fn describe(_: &Call, input: &AdvanceClockRequest, _: Option<&()>) -> Facts {
        let mut parameters = Object::new();
        parameters.integer("seconds", input.seconds.into());
        Facts {
            request_parameters: Some(parameters.finish()),
            ..Facts::default()
        }
    }
}
