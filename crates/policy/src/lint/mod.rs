//! The linter: what a policy says that its author may not have meant.
//!
//! A document that a service would refuse has one finding, of severity `error`. Everything else is advice: a finding
//! never keeps a policy from being saved. The rules are a table (`rules`), each a small function over a document read in
//! two ways (`document`): as the author wrote it and as the evaluator understood it. What is known of actions and
//! services is lent by the caller, so that no table is written down twice.

mod document;
mod finding;
mod rules;
mod vocabulary;

use crate::kind::{PolicyKind, Rules};
use crate::policy::Policy;
use document::Document;

pub use finding::{Finding, Severity};
pub use rules::{RuleFacts, rule_facts};
pub use vocabulary::{KnownAction, ResourceType, Vocabulary};

use trent_names::AccountId;

/// What a policy is for, as far as it is known.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// What it is attached to. A resource policy is a key policy.
    pub kind: PolicyKind,
    /// The account that it is in.
    pub account: Option<AccountId>,
    /// Of a key policy: whether a key of its type can do an action at all, if the type is known.
    pub key_can: Option<&'a dyn Fn(&KnownAction) -> bool>,
    /// The actions and services that there are.
    pub vocabulary: Vocabulary<'a>,
}

/// Reads a document and says what is doubtful about it, in the order of its text.
pub fn lint(text: &str, setting: &Setting<'_>) -> Vec<Finding> {
    let policy = match Policy::parse(text, setting.kind, &rules_of(setting.kind)) {
        Ok(policy) => policy,
        Err(malformed) => return vec![Finding::invalid(&malformed, setting.kind)],
    };
    let Some(document) = Document::read(text, &policy) else {
        return Vec::new();
    };
    let mut findings = rules::findings(&document, setting);
    findings.sort_by_key(|finding| (finding.line, finding.statement));
    findings
}

/// What a document of this kind must keep to when it is saved. Of those that IAM keeps in two sizes, the larger.
const fn rules_of(kind: PolicyKind) -> Rules {
    match kind {
        PolicyKind::Resource => Rules::KEY_POLICY,
        PolicyKind::Trust => Rules::TRUST_POLICY,
        PolicyKind::Session => Rules::SESSION_POLICY,
        PolicyKind::Endpoint => Rules::ENDPOINT_POLICY,
        _ => Rules::SCENARIO,
    }
}
