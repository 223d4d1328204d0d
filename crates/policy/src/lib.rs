//! The IAM policy language and the decision.
mod condition;
mod context;
mod decision;
mod error;
mod json;
mod kind;
mod operator;
mod parse;
mod pattern;
mod policy;
mod principal;
mod request;
mod simulate;
mod statement;
mod value;

pub use condition::Condition;
pub use context::{ConditionKey, Context, NoContext, Values};
pub use decision::{
    Attached, Basis, Code, Decision, Grant, Grantee, Level, Outcome, Policies, Question, Reason, Step, Subject, Trace,
    decide, explain,
};
pub use error::{JsonProblem, Malformed, Problem, TemplateError};
pub use kind::{Measure, PolicyKind, Rules, VersionRule};
pub use operator::{Comparison, Operator, Quantifier, Test};
pub use policy::{Policy, Version};
pub use principal::Named;
#[doc(hidden)]
pub use request::lowered;
pub use request::{Action, Principal, Request, Resource};
pub use simulate::{Surroundings, simulate};
pub use statement::{Effect, Statement};
