//! `WhoCan`: every principal that may do something with a key, and what lets it (developer guide, "Determining access to
//! KMS keys").

use serde::Serialize;
use trent_api::shape::{Member, Structure};
use trent_api::{ApiError, FromValue, Input, Shaped, Value};
use trent_audit::json::Object;
use trent_identity::Caller;
use trent_names::PrincipalArn;
use trent_policy::{ConditionKey, Ground, Policies, Prospect, decide, grounds, prospect};
use trent_service::{Call, Effect, Facts, Located, Operation, Part, Rehearsal, Row, Target, action};

use super::explain::NAME;
use super::{on_the_deployment, reading};
use crate::Operator;
use crate::answer::Answer;
use crate::candidates::Candidates;
use crate::questions::{Questions, region};

/// The operation.
pub(crate) struct WhoCan;

/// What with which key.
pub(crate) struct WhoCanRequest {
    /// Every action on a key if there is none.
    action: Option<String>,
    key: String,
    region: Option<String>,
}

/// Who can.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Access {
    key: String,
    actions: Vec<String>,
    /// Whoever can do at least one of them.
    principals: Vec<Holder>,
    /// Whom the key policy names and who is not here, so that no IAM policies say what they may do.
    elsewhere: Vec<String>,
    /// How many principals were asked about.
    considered: usize,
}

/// A principal and what it can do.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Holder {
    principal: String,
    access: Vec<Held>,
}

/// One action that a principal can do.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Held {
    action: String,
    /// Whether every request will do, or only one that meets conditions.
    conditional: bool,
    /// What lets it: statements, a grant, being the root user.
    paths: Vec<Ground>,
    /// The conditions that decide, for which the request would have to be known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    conditions: Vec<String>,
}

impl Access {
    /// Somebody who is let through whatever the request.
    pub(crate) fn unconditional(&self) -> Option<&str> {
        let sure = |holder: &&Holder| holder.access.iter().any(|held| !held.conditional);
        self.principals
            .iter()
            .find(sure)
            .map(|holder| holder.principal.as_str())
    }
}

impl Shaped for WhoCanRequest {
    const SHAPE: &'static Structure = &Structure {
        name: "WhoCanRequest",
        members: &[
            Member::optional("Action", "action", &NAME),
            Member::required("Key", "key", &NAME),
            Member::optional("Region", "region", &NAME),
        ],
    };
}

impl FromValue for WhoCanRequest {
    fn from_value(value: Value<'_>) -> Option<Self> {
        let mut fields = value.into_fields()?;
        Some(Self {
            action: fields.optional(0)?,
            key: fields.required(1)?,
            region: fields.optional(2)?,
        })
    }
}

impl Input for WhoCanRequest {}

impl WhoCanRequest {
    pub(crate) fn action(&self) -> Option<&str> {
        self.action.as_deref()
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// What is recorded of it.
    pub(crate) fn facts(&self) -> Facts {
        let mut parameters = Object::new();
        if let Some(action) = &self.action {
            parameters.string("action", action);
        }
        parameters.string("key", &self.key);
        Facts {
            request_parameters: Some(parameters.finish()),
            ..Facts::default()
        }
    }
}

impl Operation for WhoCan {
    type Service = Operator;
    type Input = WhoCanRequest;
    type Output = Answer<Access>;
    type Resolved = ();

    const ROW: &'static Row<()> = &reading("WhoCan", action!("trent:WhoCan"));

    async fn resolve(_: &Operator, _: &Call, _: &WhoCanRequest) -> Result<(), ApiError> {
        Ok(())
    }

    fn targets<'a>(_: &'a Call, _: &'a WhoCanRequest, (): &'a ()) -> Vec<Target<'a>> {
        on_the_deployment(Self::ROW)
    }

    async fn prepare(
        operator: &Operator,
        call: &Call,
        input: &WhoCanRequest,
        (): &(),
    ) -> Result<Effect<Self::Output>, ApiError> {
        let questions = &operator.questions;
        let region = region(call, input.region())?;
        let key = questions.service.locate(&input.key, None, &region).await?;
        let access = who_can(questions, call, input.action(), key, Audience::Operator).await?;
        Ok(Effect::reply(Answer(access)))
    }

    fn describe(_: &Call, input: &WhoCanRequest, _: Option<&()>) -> Facts {
        input.facts()
    }
}

/// Who is told about whom.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The operator, about everybody.
    Operator,
    /// The key's account, about its own.
    Owner,
}

/// Everybody who can do something with a key.
pub(crate) async fn who_can(
    questions: &Questions,
    call: &Call,
    action: Option<&str>,
    key: Located,
    audience: Audience,
) -> Result<Access, ApiError> {
    let service = &questions.service;
    let actions: Vec<String> = match action {
        Some(action) => vec![action.to_owned()],
        None => service.actions().into_iter().map(str::to_owned).collect(),
    };
    let owner = PrincipalArn::Root {
        partition: key.region.partition(),
        account: key.owner,
    };
    let rehearsal = |caller: &Caller, action: &str| {
        let mut rehearsal = Rehearsal::new(caller.clone(), key.region.clone(), call.now, action);
        rehearsal.resource = Some(key.arn.clone());
        rehearsal
    };
    let (mut holders, mut elsewhere, mut considered) = (Vec::new(), Vec::new(), 0);
    if let Some(first) = actions.first() {
        let asking = questions.caller(call, &owner, &key.region, first).await?;
        // Whether key and actions are there does not depend on who asks: what is wrong is told once.
        for action in &actions {
            service.parts(&rehearsal(&asking, action)).await?;
        }
        let named = service.named(&rehearsal(&asking, first)).await?;
        let candidates = match audience {
            Audience::Operator => Candidates::of(&questions.directory, &owner, named).await?,
            Audience::Owner => Candidates::within(&questions.directory, &owner, named).await?,
        };
        considered = candidates.here.len();
        elsewhere.extend(candidates.elsewhere);
        for principal in &candidates.here {
            // Somebody may have gone since the list was made.
            let Some(caller) = questions.find(call, principal, &key.region, first).await? else {
                continue;
            };
            let mut access = Vec::new();
            for action in &actions {
                let rehearsal = rehearsal(&caller, action);
                // The key lends each caller what is the caller's.
                let parts = service.parts(&rehearsal).await?;
                access.extend(parts.last().and_then(|part| held(&rehearsal, &**part, audience)));
            }
            if !access.is_empty() {
                holders.push(Holder {
                    principal: principal.to_string(),
                    access,
                });
            }
            // With many of them this takes a while, and others use the thread too.
            tokio::task::yield_now().await;
        }
    }
    Ok(Access {
        key: key.arn,
        actions,
        principals: holders,
        elsewhere,
        considered,
    })
}

/// What a rehearsed call finds open to its caller.
fn held(rehearsal: &Rehearsal, part: &dyn Part, audience: Audience) -> Option<Held> {
    let of_request = |key: &ConditionKey| Rehearsal::is_of_request(part, key);
    let (conditional, paths, conditions) = rehearsal.evaluate(part, |request, policies, context| {
        let Prospect {
            at_best,
            mut allowing,
            mut denying,
        } = prospect(request, policies, context, &of_request);
        let depends = !denying.is_empty();
        if audience == Audience::Owner {
            // What the organization's policies depend on is not the account's to see.
            let own = Policies {
                service_control: &[],
                resource_control: &[],
                ..*policies
            };
            Prospect { allowing, denying, .. } = prospect(request, &own, context, &of_request);
        }
        let decision = decide(request, policies, context);
        if decision.is_allowed() {
            Some((depends, grounds(&decision), denying))
        } else {
            Some((true, at_best?, allowing.into_iter().chain(denying).collect()))
        }
    })?;
    Some(Held {
        action: rehearsal.action.clone(),
        conditional,
        paths,
        conditions,
    })
}
