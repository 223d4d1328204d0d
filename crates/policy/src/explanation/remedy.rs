//! The smallest change that would allow a request: found by making changes to a draft of the policies, one after the
//! other, each the one that the decision lacks, until the evaluator allows.

use serde_json::{Value, json};

use super::operator;
use super::{Asked, Change, Ground, Remedy};
use crate::context::Context;
use crate::decision::{Basis, Code, Decision, Grant, Grantee, Policies, decide};
use crate::draft::{Draft, Missed};
use crate::effect::Effect;
use crate::kind::PolicyKind;
use crate::request::{Principal, Request};

/// So many changes are looked for. A request may need more, where more statements deny it, but nobody reads them, and
/// each is a decision.
const MOST: usize = 64;

/// The name of a policy that is not there yet.
const NEW: &str = "";

/// What a decision lacks.
enum Lack {
    /// Nothing: it allows.
    Nothing,
    /// What no policy could give.
    Hopeless,
    /// That this `Deny` were not there.
    Denied {
        ground: Ground,
        index: usize,
        conditions: Vec<String>,
    },
    /// An `Allow` in a policy of this kind.
    Allow {
        kind: PolicyKind,
        target: Option<String>,
        policy: String,
        code: Code,
    },
}

/// Changes that together allow the request.
pub(super) struct Plan {
    pub(super) remedies: Vec<Remedy>,
    /// Whether still more is needed than these.
    pub(super) more: bool,
}

/// What would allow the request; `None` if nothing could.
pub(super) fn plan(
    request: &Request<'_>,
    mut draft: Draft<'_>,
    context: &dyn Context,
    asked: &Asked<'_>,
) -> Option<Plan> {
    let mut remedies: Vec<Remedy> = Vec::new();
    loop {
        let remedy = match draft.ask(|policies| lack(&decide(request, policies, context), request)) {
            Lack::Nothing => return Some(Plan { remedies, more: false }),
            Lack::Denied { .. } | Lack::Allow { .. } if remedies.len() == MOST => {
                return Some(Plan { remedies, more: true });
            }
            Lack::Hopeless => return None,
            Lack::Denied {
                ground,
                index,
                conditions,
            } => remove(&mut draft, ground, index, conditions),
            Lack::Allow {
                kind,
                target,
                policy,
                code,
            } => {
                if let Some((better, remedy)) = by_conditions(request, &draft, context, asked, (kind, code)) {
                    draft = better;
                    remedy
                } else {
                    add(&mut draft, request, asked, kind, target.as_deref(), &policy)
                }
            }
        };
        if remedies.contains(&remedy) {
            return None;
        }
        remedies.push(remedy);
    }
}

/// Whether a grant to the caller would allow the request as policies are.
pub(super) fn grant_would_do(request: &Request<'_>, policies: &Policies<'_>, context: &dyn Context) -> bool {
    let grantee = match request.principal {
        Principal::Root { .. } => Grantee::Account,
        Principal::RoleSession { .. } => Grantee::Role,
        _ => Grantee::Caller,
    };
    let grants = [Grant { id: NEW, grantee }];
    let policies = Policies {
        grants: &grants,
        ..*policies
    };
    decide(request, &policies, context).is_allowed()
}

fn lack(decision: &Decision<'_>, request: &Request<'_>) -> Lack {
    let allow = |kind, target: Option<&str>, policy: &str| Lack::Allow {
        kind,
        target: target.map(str::to_owned),
        policy: policy.to_owned(),
        code: decision.code,
    };
    match (decision.code, decision.basis[0]) {
        (Code::AllowedByKeyPolicy | Code::AllowedByIamPolicy | Code::AllowedByGrant, _) => Lack::Nothing,
        (
            Code::ExplicitDenyOrgPolicy
            | Code::ExplicitDenyVpcEndpointPolicy
            | Code::ExplicitDenyIamPolicy
            | Code::ExplicitDenyKeyPolicy,
            Some(Basis::Statement(reason)),
        ) => Lack::Denied {
            ground: Ground::of_reason(&reason),
            index: reason.statement.index(),
            conditions: written(reason.statement.conditions()),
        },
        (Code::NotAllowedByOrgPolicy, Some(Basis::Level(target))) => {
            let kind = decision.blame.unwrap_or(PolicyKind::ServiceControl);
            allow(kind, Some(target), NEW)
        }
        (Code::NotAllowedByVpcEndpointPolicy, Some(Basis::Policy(name))) => allow(PolicyKind::Endpoint, None, name),
        (Code::NotAllowedByBoundary, Some(Basis::Policy(name))) => allow(PolicyKind::PermissionsBoundary, None, name),
        (Code::NotAllowedBySessionPolicy, Some(Basis::Policy(name))) => allow(PolicyKind::Session, None, name),
        (Code::KeyPolicyDoesNotEnableIam | Code::NoResourcePolicyAllows, _) => allow(PolicyKind::Resource, None, NEW),
        (Code::NoIamPolicyAllows | Code::KeyTrustNotEstablished, _) if request.principal.account().is_some() => {
            allow(PolicyKind::Identity, None, NEW)
        }
        _ => Lack::Hopeless,
    }
}

fn remove(draft: &mut Draft<'_>, ground: Ground, index: usize, conditions: Vec<String>) -> Remedy {
    let kind = PolicyKind::named(&ground.kind);
    if let (Some(kind), Some(policy)) = (kind, &ground.policy) {
        draft.edit(kind, ground.target.as_deref(), policy, |statements| {
            statements.retain(|statement| statement.index != index || statement.effect == Effect::Allow);
        });
    }
    Remedy {
        change: Change::RemoveStatement,
        ground,
        addition: None,
        conditions,
    }
}

/// A statement that is there already and whose conditions another request would meet: the policies can stay.
fn by_conditions<'p>(
    request: &Request<'_>,
    draft: &Draft<'p>,
    context: &dyn Context,
    asked: &Asked<'_>,
    (kind, code): (PolicyKind, Code),
) -> Option<(Draft<'p>, Remedy)> {
    let helps = |missed: &Missed| {
        let right = missed.kind == kind || (code == Code::NoIamPolicyAllows && missed.kind == PolicyKind::Resource);
        let conditions = &missed.statement.conditions;
        right && conditions.iter().all(|condition| (asked.of_request)(condition.key()))
    };
    let mut farther = None;
    for missed in draft.missed(request, context).into_iter().filter(helps) {
        let mut met = draft.clone();
        met.edit(missed.kind, missed.target.as_deref(), &missed.policy, |statements| {
            let same = statements.iter_mut().find(|it| it.index == missed.statement.index);
            if let Some(statement) = same {
                statement.conditions = Box::default();
            }
        });
        let (allowed, reached) = met.ask(|policies| {
            let decision = decide(request, policies, context);
            (decision.is_allowed(), decision.code)
        });
        let remedy = Remedy {
            change: Change::MeetConditions,
            ground: Ground::of_missed(&missed),
            addition: None,
            conditions: written(&missed.statement.conditions),
        };
        if allowed {
            return Some((met, remedy));
        }
        if reached != code && farther.is_none() {
            farther = Some((met, remedy));
        }
    }
    farther
}

fn add(
    draft: &mut Draft<'_>,
    request: &Request<'_>,
    asked: &Asked<'_>,
    kind: PolicyKind,
    target: Option<&str>,
    policy: &str,
) -> Remedy {
    let statement = addition(request, asked, kind);
    let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    // A resource has one policy, whatever it is called.
    let there = match kind {
        PolicyKind::Resource => draft.resource.first().map_or(NEW, |(name, _)| name.as_str()).to_owned(),
        _ => policy.to_owned(),
    };
    draft.add(kind, target, &there, &document);
    Remedy {
        change: Change::AddStatement,
        ground: Ground {
            kind: kind.as_str().to_owned(),
            policy: Some(there).filter(|name| name != NEW),
            target: target.map(str::to_owned),
            ..Ground::default()
        },
        addition: Some(statement),
        conditions: Vec::new(),
    }
}

/// The statement that allows just this.
fn addition(request: &Request<'_>, asked: &Asked<'_>, kind: PolicyKind) -> Value {
    let action = request.action.as_str();
    match kind {
        PolicyKind::Resource | PolicyKind::Trust | PolicyKind::Endpoint => json!({
            "Effect": "Allow", "Principal": {"AWS": asked.named}, "Action": action, "Resource": "*",
        }),
        PolicyKind::ResourceControl => json!({
            "Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*",
        }),
        PolicyKind::ServiceControl => json!({"Effect": "Allow", "Action": action, "Resource": "*"}),
        PolicyKind::Identity | PolicyKind::PermissionsBoundary | PolicyKind::Session => json!({
            "Effect": "Allow", "Action": action, "Resource": request.resource.arn(),
        }),
    }
}

fn written(conditions: &[crate::Condition]) -> Vec<String> {
    conditions.iter().map(operator::written).collect()
}
