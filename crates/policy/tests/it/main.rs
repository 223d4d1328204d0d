//! The language and the decision, from outside: tables for every rule, the guide's worked examples, a second evaluator
//! that shares nothing with the first, hostile documents, and the promise to allocate nothing.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::semicolon_if_nothing_returned,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod agreement;
mod allocation;
mod callers;
mod conditions;
mod decisions;
mod derived;
mod elements;
mod explaining;
mod explanation;
mod grants;
mod guide;
mod hostile;
mod invalid;
mod language;
mod limits;
mod lint;
mod messages;
mod naive;
mod remedies;
mod simulation;
mod suites;
mod support;
mod variables;
