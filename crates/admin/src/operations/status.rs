//! `Status`: what the deployment is and how it is.

use trent_api::shape::Structure;
use trent_api::{ApiError, Encode, FromValue, Input, ObjectWriter, Output, Shaped, Timestamp, Value};
use trent_service::{Call, Effect, Facts, Operation, Row, Target, action};

use super::delivery_status::DeliveryStatus;
use super::{on_the_deployment, reading};
use crate::Operator;

/// The operation.
pub(crate) struct Status;

/// It takes nothing.
pub(crate) struct StatusRequest;

/// What it answers.
pub(crate) struct StatusResponse {
    version: String,
    mode: String,
    boundary: String,
    regions: Vec<String>,
    started: Timestamp,
    revision: String,
    audit_mode: String,
    audit_healthy: bool,
    clock_held: Option<String>,
    deliveries: Vec<DeliveryStatus>,
}

impl Shaped for StatusRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "StatusRequest",
        members: &[],
    };
}

impl FromValue for StatusRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        value.into_fields().map(|_| Self)
    }
}

impl Input for StatusRequest {}

impl Encode for StatusResponse {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut object = ObjectWriter::begin(out);
        object.required("Version", &self.version);
        object.required("Mode", &self.mode);
        object.required("Boundary", &self.boundary);
        object.required("Regions", &self.regions);
        object.required("Started", &self.started);
        object.required("StoreRevision", &self.revision);
        object.required("AuditMode", &self.audit_mode);
        object.required("AuditHealthy", &self.audit_healthy);
        object.optional("ClockHeld", self.clock_held.as_ref());
        object.required("Deliveries", &self.deliveries);
        object.end();
    }
}

impl Output for StatusResponse {
    fn write(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }
}

impl Operation for Status {
    type Service = Operator;
    type Input = StatusRequest;
    type Output = StatusResponse;
    type Resolved = ();

    const ROW: &'static Row<()> = &reading("Status", action!("trent:Status"));

    async fn resolve(_: &Operator, _: &Call, _: &StatusRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a StatusRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        _: &Call,
        _: &StatusRequest,
        (): &(),
    ) -> Result<Effect<StatusResponse>, ApiError> {
        let facts = &operator.facts;
        let started = i64::try_from(facts.started.as_millis()).unwrap_or(i64::MAX);
        Ok(Effect::reply(StatusResponse {
            version: facts.version.clone(),
            mode: operator.mode.to_string(),
            boundary: facts.boundary.clone(),
            regions: facts.regions.clone(),
            started: Timestamp::from_millis(started),
            revision: operator.store.revision().0.to_string(),
            audit_mode: match operator.trail.mode() {
                trent_audit::Mode::Durable => "durable",
                trent_audit::Mode::Discarding => "discarding",
                trent_audit::Mode::Buffered { .. } => "buffered",
            }
            .to_owned(),
            audit_healthy: operator.trail.healthy(),
            clock_held: operator.guard.held().map(|held| held.to_string()),
            deliveries: DeliveryStatus::of_all(operator),
        }))
    }

    fn describe(_: &Call, _: &StatusRequest, _: Option<&()>) -> Facts {
        Facts::default()
    }
}
