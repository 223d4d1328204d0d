//! `Explain`: why somebody may or may not do something, and what would change it. Nothing is done and nothing changes.

use std::collections::BTreeMap;

use serde::Serialize;
use trent_api::shape::{Member, Shape, Structure};
use trent_api::{ApiError, FromValue, Input, Shaped, Value, protocol};
use trent_audit::json::Object;
use trent_policy::Explanation;
use trent_service::{Call, Effect, Facts, Operation, Part, Rehearsal, Rehearse, Row, Target, action};

use super::{on_the_deployment, reading};
use crate::Operator;
use crate::answer::Answer;
use crate::questions::{Described, explain, notes};

/// The decisions, as explanations name them.
const ALLOW: &str = "Allow";
const REFUSE: &str = "ImplicitDeny";

/// The operation.
pub(crate) struct Explain;

/// Who would do what.
pub(crate) struct ExplainRequest {
    principal: String,
    action: String,
    key: Option<String>,
    region: Option<String>,
    context: Option<Vec<String>>,
    encryption_context: Option<BTreeMap<String, String>>,
    via_service: Option<String>,
    vpc_endpoint: Option<String>,
}

/// The explanation of a request: one of each permission that it needs.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Explained {
    /// The outcome of the whole: that of the first permission that is refused.
    decision: String,
    pub(crate) explanations: Vec<Explanation>,
    pub(crate) notes: Vec<String>,
}

impl Explained {
    pub(crate) fn of(service: &dyn Rehearse, rehearsal: &Rehearsal, parts: &[Box<dyn Part>]) -> Self {
        let explanations = parts.iter().map(|part| explain(rehearsal, &**part)).collect();
        Self::new(explanations, notes(service, rehearsal, parts))
    }

    pub(crate) fn new(explanations: Vec<Explanation>, notes: Vec<String>) -> Self {
        Self {
            decision: overall(&explanations),
            explanations,
            notes,
        }
    }

    pub(crate) fn is_allowed(&self) -> bool {
        self.decision == ALLOW
    }

    /// Says that the whole is refused, for a reason that no explanation gives.
    pub(crate) fn refuse(&mut self) {
        REFUSE.clone_into(&mut self.decision);
    }

    /// Adds what else the same request needs.
    pub(crate) fn and(&mut self, more: Self) {
        self.explanations.extend(more.explanations);
        for note in more.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        self.decision = overall(&self.explanations);
    }
}

fn overall(explanations: &[Explanation]) -> String {
    let refused = explanations.iter().find(|explanation| explanation.decision != ALLOW);
    refused.map_or(ALLOW, |explanation| &explanation.decision).to_owned()
}

impl ExplainRequest {
    /// The request that it describes.
    pub(crate) fn described(&self) -> Result<Described, ApiError> {
        let mut described = Described {
            principal: self.principal.clone(),
            action: self.action.clone(),
            key: self.key.clone(),
            region: self.region.clone(),
            encryption_context: self.encryption_context.clone(),
            via_service: self.via_service.clone(),
            vpc_endpoint: self.vpc_endpoint.clone(),
            ..Described::default()
        };
        for pair in self.context.iter().flatten() {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| protocol::validation(format!("{pair} is no condition key with its value, KEY=VALUE")))?;
            described.give(key, value);
        }
        Ok(described)
    }

    /// What is recorded of it.
    pub(crate) fn facts(&self) -> Facts {
        let mut parameters = Object::new();
        parameters
            .string("principal", &self.principal)
            .string("action", &self.action);
        if let Some(key) = &self.key {
            parameters.string("key", key);
        }
        Facts {
            request_parameters: Some(parameters.finish()),
            ..Facts::default()
        }
    }
}

pub(super) static NAME: Shape = Shape::text(1, 2048);
static NAMES: Shape = Shape::List {
    element: &Shape::text(1, 4096),
    length: None,
};
static PAIRS: Shape = Shape::TextMap;

impl Shaped for ExplainRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "ExplainRequest",
        members: &[
            Member::required("Principal", "principal", &NAME),
            Member::required("Action", "action", &NAME),
            Member::optional("Key", "key", &NAME),
            Member::optional("Region", "region", &NAME),
            Member::optional("Context", "context", &NAMES),
            Member::optional("EncryptionContext", "encryptionContext", &PAIRS),
            Member::optional("ViaService", "viaService", &NAME),
            Member::optional("VpcEndpoint", "vpcEndpoint", &NAME),
        ],
    };
}

impl FromValue for ExplainRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self {
            principal: fields.required(0)?,
            action: fields.required(1)?,
            key: fields.optional(2)?,
            region: fields.optional(3)?,
            context: fields.optional(4)?,
            encryption_context: fields.optional(5)?,
            via_service: fields.optional(6)?,
            vpc_endpoint: fields.optional(7)?,
        })
    }
}

impl Input for ExplainRequest {}

impl Operation for Explain {
    type Service = Operator;
    type Input = ExplainRequest;
    type Output = Answer<Explained>;
    type Resolved = ();

    const ROW: &'static Row<()> = &reading("Explain", action!("trent:Explain"));

    async fn resolve(_: &Operator, _: &Call, _: &ExplainRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a ExplainRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        call: &Call,
        input: &ExplainRequest,
        (): &(),
    ) -> Result<Effect<Self::Output>, ApiError> {
        let questions = &operator.questions;
        let (rehearsal, parts) = questions.rehearse(call, input.described()?).await?;
        Ok(Effect::reply(Answer(Explained::of(
            &*questions.service,
            &rehearsal,
            &parts,
        ))))
    }

    fn describe(_: &Call, input: &ExplainRequest, _: Option<&()>) -> Facts {
        input.facts()
    }
}
