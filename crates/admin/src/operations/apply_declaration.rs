//! `ApplyDeclaration`: brings about as much of a declaration as one transaction holds, and says where to go on.
//!
//! Whoever applies a declaration calls this until it answers that all of it is there. Each call is one transaction with
//! one record, so nothing of it is half done, and a caller that stops in between has only to begin again.

use trent_api::shape::{Member, Shape, Structure};
use trent_api::{ApiError, Encode, FromValue, Input, ObjectWriter, Output, Shaped, Value};
use trent_audit::json::Object;
use trent_identity::declaration::plan::{Position, next};
use trent_service::{Call, Changes, Effect, Facts, Operation, Row, Target, action};

use super::{changing, on_the_deployment};
use crate::Operator;
use crate::declaration::{DECLARATION, Declaration, FILES, Line, refusal};

/// The operation.
pub(crate) struct ApplyDeclaration;

/// The declaration, and how much of it is known to be there.
pub(crate) struct ApplyDeclarationRequest {
    declaration: Declaration,
    position: i32,
}

/// What was done.
pub(crate) struct ApplyDeclarationResponse {
    changes: Vec<Line>,
    position: i32,
    complete: bool,
}

static POSITION: Shape = Shape::Integer {
    min: 0,
    max: i32::MAX as i64,
};

impl Shaped for ApplyDeclarationRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "ApplyDeclarationRequest",
        members: &[
            DECLARATION,
            FILES,
            Member {
                name: "Position",
                path: "position",
                required: false,
                shape: &POSITION,
            },
        ],
    };
}

impl FromValue for ApplyDeclarationRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self {
            declaration: Declaration {
                text: fields.required(0)?,
                files: fields.optional(1)?,
            },
            position: fields.optional(2)?.unwrap_or_default(),
        })
    }
}

impl Input for ApplyDeclarationRequest {}

impl Encode for ApplyDeclarationResponse {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut object = ObjectWriter::begin(out);
        object.required("Changes", &self.changes);
        object.required("Position", &self.position);
        object.required("Complete", &self.complete);
        object.end();
    }
}

impl Output for ApplyDeclarationResponse {
    fn write(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }
}

impl Operation for ApplyDeclaration {
    type Service = Operator;
    type Input = ApplyDeclarationRequest;
    type Output = ApplyDeclarationResponse;
    type Resolved = ();

    const ROW: &'static Row<()> = &changing("ApplyDeclaration", action!("trent:ApplyDeclaration"));

    async fn resolve(_: &Operator, _: &Call, _: &ApplyDeclarationRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a ApplyDeclarationRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        call: &Call,
        input: &ApplyDeclarationRequest,
        (): &(),
    ) -> Result<Effect<ApplyDeclarationResponse>, ApiError> {
        let bootstrap = input.declaration.parse()?;
        let position = Position(usize::try_from(input.position).unwrap_or_default());
        let batch = next(&operator.directory, &bootstrap, position, call.now).await;
        let Some(batch) = batch.map_err(refusal)? else {
            return Ok(Effect::reply(ApplyDeclarationResponse {
                changes: Vec::new(),
                position: input.position,
                complete: true,
            }));
        };
        let mut elements = Object::new();
        let (scope, changes) = (batch.scope.to_string(), batch.changes);
        let told: Vec<String> = changes.iter().map(ToString::to_string).collect();
        elements.string("scope", &scope);
        elements.strings("changes", told.iter().map(String::as_str));
        Ok(Effect {
            changes: Changes::Global(batch.transaction),
            response_elements: Some(elements.finish()),
            ..Effect::reply(ApplyDeclarationResponse {
                changes: changes
                    .into_iter()
                    .map(|change| Line::new(batch.scope, change))
                    .collect(),
                position: i32::try_from(batch.next.0).unwrap_or_default(),
                complete: false,
            })
        })
    }

    /// The declaration holds secrets; its record tells what was changed.
    fn describe(_: &Call, _: &ApplyDeclarationRequest, _: Option<&()>) -> Facts {
        Facts::default()
    }
}
