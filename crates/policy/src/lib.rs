//! The IAM policy language and the decision: who may do what, and why.
//!
//! - [`Policy::parse`] reads a document, checks it by the rules of its [`PolicyKind`] and compiles it: patterns are
//!   split, operators resolved, numbers, dates and networks parsed once.
//! - [`decide`] answers a [`Request`] from the [`Policies`] that apply to it, and allocates nothing. Condition keys are
//!   looked up through [`Context`], only when a policy names them.
//! - [`explain`] is the same walk with every question and answer written down; [`Decision::refusal`] words a refusal as
//!   the service does.
//! - [`Explanation`] is that walk as data of its own, with the smallest change that would allow what is refused.
//! - [`simulate`] decides a scenario written in JSON; [`run_suite`] compares decisions with what is expected of them.
//! - [`lint`](mod@lint) finds what an author may not have meant.
//!
//! Pure: no I/O, no clock, no randomness. No input makes it panic, and its time grows with its input and no faster.
//! The rules are those of the IAM User Guide and the KMS developer guide; where they are silent, `docs/policies.md` says
//! what was decided.

mod condition;
mod context;
mod decision;
mod draft;
mod effect;
mod error;
mod explanation;
mod json;
mod kind;
pub mod lint;
mod operator;
mod parse;
mod pattern;
mod policy;
mod principal;
mod request;
mod rewrite;
mod simulate;
mod statement;
mod statements;
mod value;

pub use condition::Condition;
pub use context::{ConditionKey, Context, NoContext, Values};
pub use decision::{
    Attached, Basis, Code, Decision, Grant, Grantee, Level, Outcome, Policies, Question, Reason, Step, Subject, Trace,
    decide, explain,
};
pub use effect::Effect;
pub use error::{JsonProblem, Malformed, Problem, TemplateError};
pub use explanation::{
    Asked, Change, Explanation, Ground, Near, Prospect, Remedy, Step as ExplainedStep, grounds, prospect,
};
pub use kind::{Measure, PolicyKind, Rules, VersionRule};
pub use operator::{Comparison, Operator, Quantifier, Test};
pub use policy::{Policy, Version};
pub use principal::Named;
#[doc(hidden)]
pub use request::lowered;
pub use request::{Action, Principal, Request, Resource};
pub use rewrite::replace_principals;
pub use simulate::{CaseResult, NoSuite, Surroundings, run_suite, simulate, unreadable};
pub use statement::Statement;
