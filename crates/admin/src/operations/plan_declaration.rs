//! `PlanDeclaration`: what applying a declaration would change, and whether it can be applied. Changes nothing.

use trent_api::shape::Structure;
use trent_api::{ApiError, Encode, FromValue, Input, ObjectWriter, Output, Shaped, Value};
use trent_identity::declaration::plan::plan;
use trent_service::{Call, Effect, Facts, Operation, Row, Target, action};

use super::{on_the_deployment, reading};
use crate::Operator;
use crate::declaration::{ALONE, Declaration, Line, refusal};

/// The operation.
pub(crate) struct PlanDeclaration;

/// The declaration.
pub(crate) struct PlanDeclarationRequest(Declaration);

/// What it would change.
pub(crate) struct PlanDeclarationResponse {
    changes: Vec<Line>,
    notes: Vec<String>,
}

impl Shaped for PlanDeclarationRequest {
    const SHAPE: &'static Structure = &ALONE;
}

impl FromValue for PlanDeclarationRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self(Declaration {
            text: fields.required(0)?,
            files: fields.optional(1)?,
        }))
    }
}

impl Input for PlanDeclarationRequest {}

impl Encode for PlanDeclarationResponse {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut object = ObjectWriter::begin(out);
        object.required("Changes", &self.changes);
        object.required("Notes", &self.notes);
        object.end();
    }
}

impl Output for PlanDeclarationResponse {
    fn write(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }
}

impl Operation for PlanDeclaration {
    type Service = Operator;
    type Input = PlanDeclarationRequest;
    type Output = PlanDeclarationResponse;
    type Resolved = ();

    const ROW: &'static Row<()> = &reading("PlanDeclaration", action!("trent:PlanDeclaration"));

    async fn resolve(_: &Operator, _: &Call, _: &PlanDeclarationRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a PlanDeclarationRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        call: &Call,
        input: &PlanDeclarationRequest,
        (): &(),
    ) -> Result<Effect<PlanDeclarationResponse>, ApiError> {
        let bootstrap = input.0.parse()?;
        let plan = plan(&operator.directory, &bootstrap, call.now).await.map_err(refusal)?;
        let lines = plan.changes.into_iter().map(|(scope, change)| Line::new(scope, change));
        Ok(Effect::reply(PlanDeclarationResponse {
            changes: lines.collect(),
            notes: plan.notes.iter().map(ToString::to_string).collect(),
        }))
    }

    /// The declaration holds secrets; its record does not repeat it.
    fn describe(_: &Call, _: &PlanDeclarationRequest, _: Option<&()>) -> Facts {
        Facts::default()
    }
}
