//! A decision explained, as data of its own: each question of the flowchart with its answer and the statement that
//! gave it, every statement that applies, every `Allow` that its conditions kept from applying, and the smallest change
//! that would allow the request. Text and diagrams are renderings of it.

mod data;
mod mermaid;
mod operator;
mod remedy;
mod text;

use crate::context::{ConditionKey, Context};
use crate::decision::{self, Basis, Decision, Outcome, Policies, Question, Reason, decide, explain};
use crate::draft::{Draft, Missed};
use crate::effect::Effect;
use crate::request::{Request, Resource};

pub use data::{Change, Explanation, Ground, Near, Remedy, Step};

/// Whose question is explained, and what could be otherwise.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The caller, as an explanation names it.
    pub caller: &'a str,
    /// The caller as a policy would name it to mean it: for a session its role.
    pub named: &'a str,
    /// The grant operation that could permit the action, if there is one.
    pub grant: Option<&'a str>,
    /// Whether a condition key tells of the request, so that another request could have another value; what it tells of
    /// the caller or the resource is as it is.
    pub of_request: &'a dyn Fn(&ConditionKey) -> bool,
}

impl Explanation {
    /// Decides the request and explains the decision.
    pub fn of(request: &Request<'_>, policies: &Policies<'_>, context: &dyn Context, asked: &Asked<'_>) -> Self {
        let (decision, trace) = explain(request, policies, context);
        let draft = Draft::of(policies);
        let refused = decision.outcome != Outcome::Allow;
        let missed = if refused {
            draft.missed(request, context)
        } else {
            Vec::new()
        };
        let plan = refused.then(|| remedy::plan(request, draft, context, asked));
        Self {
            principal: asked.caller.to_owned(),
            action: request.action.as_str().to_owned(),
            resource: request.resource.arn().to_owned(),
            decision: decision.outcome.as_str().to_owned(),
            code: decision.code.as_str().to_owned(),
            reason: decision.explanation(request),
            steps: trace.steps.iter().map(|it| step(it, request, asked)).collect(),
            statements: trace.statements.iter().map(Ground::of_reason).collect(),
            near: missed.iter().map(|missed| near(missed, context)).collect(),
            possible: !matches!(plan, Some(None)),
            more: matches!(&plan, Some(Some(plan)) if plan.more),
            remedies: plan.flatten().map(|plan| plan.remedies).unwrap_or_default(),
            grant: asked
                .grant
                .filter(|_| refused && remedy::grant_would_do(request, policies, context))
                .map(str::to_owned),
        }
    }
}

fn step(step: &decision::Step<'_>, request: &Request<'_>, asked: &Asked<'_>) -> Step {
    let caller = request.principal;
    let reason = match (step.question, step.answer) {
        (Question::GrantAllows, false) => {
            let operation = asked.grant.unwrap_or("such an operation");
            Some(format!("No grant gives {caller} {operation} on this key."))
        }
        (Question::ResourceInCallersAccount, true) => Some("The key belongs to the caller's account.".to_owned())
            .filter(|_| matches!(request.resource, Resource::Key { .. })),
        (Question::IamAllowsUseOfForeignResource, true) => caller
            .account()
            .map(|account| format!("An IAM policy in account {account} explicitly allows use of this key.")),
        (Question::GrantAllowsUseOfForeignKey, true) => Some("A grant allows this caller to use the key.".to_owned()),
        _ => None,
    };
    Step {
        number: step.question.number().to_owned(),
        question: step.question.as_str().to_owned(),
        answer: step.answer,
        code: step.question.code(step.answer).map(str::to_owned),
        reason,
        ground: step.by.as_ref().map(Ground::of),
    }
}

/// What is open about a decision as long as the request is not known in full.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prospect {
    /// What the decision would rest on if it allowed once every open condition came out in the request's favour.
    pub at_best: Option<Vec<Ground>>,
    /// The open conditions of statements that would allow, as `StringEquals kms:ViaService`.
    pub allowing: Vec<String>,
    /// The open conditions of statements that would deny.
    pub denying: Vec<String>,
}

/// What another request of the same caller for the same resource could come to: one with values for the condition keys
/// that are `of_request` and absent here.
pub fn prospect(
    request: &Request<'_>,
    policies: &Policies<'_>,
    context: &dyn Context,
    of_request: &dyn Fn(&ConditionKey) -> bool,
) -> Prospect {
    let open = |key: &ConditionKey| of_request(key) && context.lookup(key).count() == 0;
    let draft = Draft::of(policies);
    let mut prospect = Prospect::default();
    for (effect, condition) in draft.open_conditions(request, context, &open) {
        let list = match effect {
            Effect::Allow => &mut prospect.allowing,
            Effect::Deny => &mut prospect.denying,
        };
        let written = operator::written(&condition);
        if !list.contains(&written) {
            list.push(written);
        }
    }
    prospect.at_best = draft.at_best(&open).ask(|policies| {
        let decision = decide(request, policies, context);
        decision.is_allowed().then(|| grounds(&decision))
    });
    prospect
}

/// What an outcome rests on.
pub fn grounds(decision: &Decision<'_>) -> Vec<Ground> {
    decision.reasons().map(|basis| Ground::of(&basis)).collect()
}

fn near(missed: &Missed, context: &dyn Context) -> Near {
    Near {
        ground: Ground::of_missed(missed),
        unmet: missed
            .statement
            .conditions
            .iter()
            .map(|condition| data::Unmet {
                operator: operator::name(condition.operator()),
                key: condition.key().as_str().to_owned(),
                present: context.lookup(condition.key()).count() > 0,
            })
            .collect(),
    }
}

impl Ground {
    fn of(basis: &Basis<'_>) -> Self {
        let named = |kind: &str, name: Option<&str>| Self {
            kind: kind.to_owned(),
            policy: name.map(str::to_owned),
            ..Self::default()
        };
        match basis {
            Basis::Statement(reason) => Self::of_reason(reason),
            Basis::Grant(id) => named("grant", Some(id)),
            Basis::RootUser => named("rootUser", None),
            Basis::Policy(name) => named("policy", Some(name)),
            Basis::Region(name) => named("region", Some(name)),
            Basis::Level(target) => Self {
                kind: "organization".to_owned(),
                target: Some((*target).to_owned()),
                ..Self::default()
            },
        }
    }

    fn of_reason(reason: &Reason<'_>) -> Self {
        Self {
            kind: reason.kind.as_str().to_owned(),
            policy: Some(reason.policy.to_owned()),
            target: reason.target.map(str::to_owned),
            statement: Some(reason.statement.index()),
            sid: reason.statement.sid().map(str::to_owned),
            line: Some(reason.statement.line()),
            effect: Some(reason.statement.effect().as_str().to_owned()),
        }
    }

    fn of_missed(missed: &Missed) -> Self {
        Self::of_reason(&Reason {
            kind: missed.kind,
            policy: &missed.policy,
            target: missed.target.as_deref(),
            statement: &missed.statement,
        })
    }
}
