//! The result's line.

use serde::Serialize;
use serde_json::Value;

use super::Invalid;
use crate::decision::{Basis, Decision, Reason, Trace};
use crate::request::Request;

/// A result: a decision, or why there is none.
#[derive(Serialize)]
pub(super) struct Answer {
    id: Option<Value>,
    #[serde(flatten)]
    body: Body,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Body {
    Decided(Decided),
    Failed { error: Failure },
}

#[derive(Serialize)]
struct Failure {
    code: &'static str,
    message: String,
}

/// A decision, written down.
#[derive(Serialize)]
pub(super) struct Decided {
    decision: &'static str,
    reasons: Vec<Written>,
}

/// A reason, written down.
#[derive(Serialize)]
#[serde(untagged)]
enum Written {
    /// How the decision came about, in a code and a sentence.
    Summary { code: &'static str, message: String },
    /// A statement that applies.
    Statement {
        #[serde(rename = "policyType")]
        kind: &'static str,
        policy: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        target: Option<String>,
        statement: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        sid: Option<String>,
        line: u32,
        effect: &'static str,
    },
}

impl Answer {
    pub(super) fn new(id: Option<Value>, answer: Result<Decided, Invalid>) -> Self {
        let body = match answer {
            Ok(decided) => Body::Decided(decided),
            Err(Invalid { code, message }) => Body::Failed {
                error: Failure { code, message },
            },
        };
        Self { id, body }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| r#"{"id":null,"error":{"code":"InternalFailure"}}"#.to_owned())
    }
}

impl Decided {
    /// The summary, then the statements that decided, then the others that apply.
    pub(super) fn new(decision: &Decision<'_>, trace: &Trace<'_>, request: &Request<'_>) -> Self {
        let mut reasons = vec![Written::Summary {
            code: decision.code.as_str(),
            message: decision.explanation(request),
        }];
        let mut seen: Vec<*const crate::Statement> = Vec::new();
        let deciding = decision.reasons().filter_map(|basis| match basis {
            Basis::Statement(reason) => Some(reason),
            _ => None,
        });
        for reason in deciding.chain(trace.statements.iter().copied()) {
            let statement = std::ptr::from_ref(reason.statement);
            if !seen.contains(&statement) {
                seen.push(statement);
                reasons.push(Written::of(&reason));
            }
        }
        Self {
            decision: decision.outcome.as_str(),
            reasons,
        }
    }
}

impl Written {
    fn of(reason: &Reason<'_>) -> Self {
        Self::Statement {
            kind: reason.kind.as_str(),
            policy: reason.policy.to_owned(),
            target: reason.target.map(str::to_owned),
            statement: reason.statement.index(),
            sid: reason.statement.sid().map(str::to_owned),
            line: reason.statement.line(),
            effect: reason.statement.effect().as_str(),
        }
    }
}
