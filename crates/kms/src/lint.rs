//! Policies looked over with what this service knows of its actions and keys: when a key policy is saved, for the audit
//! record, and on demand.

use trent_audit::json::{Fragment, Object};
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_names::{AccountId, integrated_services};
use trent_policy::PolicyKind;
use trent_policy::lint::{Finding, KnownAction, Setting, Severity, Vocabulary, lint};

use crate::actions;

/// Most findings that an audit record tells of; the linter itself tells all.
const RECORDED: usize = 20;

/// What is known about a policy beside its text.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// What it is attached to; a resource policy is a key policy.
    pub kind: PolicyKind,
    /// The account that it is in.
    pub account: Option<AccountId>,
    /// The type of the key that a key policy is for.
    pub key: Option<(KeySpec, KeyUsage)>,
}

/// What is doubtful about a policy.
pub fn findings(text: &str, subject: &Subject) -> Vec<Finding> {
    let actions = actions::actions();
    let (spec, usage) = subject.key.unzip();
    let can = |action: &KnownAction| match (spec, usage) {
        (Some(spec), Some(usage)) => actions::key_can(spec, usage, action),
        _ => true,
    };
    let setting = Setting {
        kind: subject.kind,
        account: subject.account,
        key_can: subject.key.is_some().then_some(&can),
        vocabulary: Vocabulary {
            actions: &actions,
            is_service: &integrated_services::is_known_prefix,
        },
    };
    lint(text, &setting)
}

/// What the audit record of saving a key policy tells of it: its warnings. One that is refused has none: the record has
/// the error.
pub(crate) fn of_key_policy(text: &str, account: Option<AccountId>) -> Option<Fragment> {
    let subject = Subject {
        kind: PolicyKind::Resource,
        account,
        key: None,
    };
    let warnings = findings(text, &subject);
    recorded(
        warnings
            .iter()
            .filter(|finding| finding.severity == Severity::Warning)
            .map(|finding| {
                let mut object = Object::new();
                object.string("code", finding.code);
                if let Some(statement) = finding.statement.and_then(|index| i64::try_from(index).ok()) {
                    object.integer("statement", statement);
                }
                object
            }),
    )
}

/// Findings as an audit record has them, if there are any.
pub(crate) fn recorded(findings: impl Iterator<Item = Object>) -> Option<Fragment> {
    let findings: Vec<_> = findings.take(RECORDED).collect();
    (!findings.is_empty()).then(|| {
        let mut object = Object::new();
        object.objects("policyFindings", findings);
        object.finish()
    })
}
