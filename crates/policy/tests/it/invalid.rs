//! What the linter says of documents that cannot be saved.

use crate::lint::{allow, findings_of, own, with};
use crate::support::{KEY, ROOT, document};
use serde_json::json;
use trent_policy::PolicyKind;
use trent_policy::lint::{Severity, rule_facts};

/// Whatever is refused when it is saved, and nothing else, is an error.
///
/// POL-248
#[test]
fn only_invalid_documents_are_errors() {
    assert!(rule_facts().all(|rule| rule.severity < Severity::Error));
    for (kind, statements) in [
        (PolicyKind::Resource, json!([allow(json!("kms:*"), "*")])),
        (PolicyKind::Identity, json!([own()])),
        (PolicyKind::Identity, json!([allow(json!("Decrypt"), "*")])),
    ] {
        let findings = findings_of(kind, &document(&statements), false);
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].code, findings[0].severity), ("INVALID", Severity::Error));
    }
}

/// POL-248
#[test]
fn a_document_is_as_large_as_its_kind_may_be() {
    let everybody = json!({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole", "Resource": "*"});
    for (kind, limit) in [
        (PolicyKind::Resource, 32_768),
        (PolicyKind::Trust, 2_048),
        (PolicyKind::Session, 2_048),
        (PolicyKind::Endpoint, 20_480),
    ] {
        let mut statement = everybody.clone();
        let members = statement.as_object_mut().unwrap();
        match kind {
            PolicyKind::Trust => drop(members.remove("Resource")),
            PolicyKind::Session => drop(members.remove("Principal")),
            _ => {}
        }
        let invalid = |length: usize| {
            let mut document = document(&statement);
            document["Id"] = json!("");
            let rest = document.to_string().len();
            document["Id"] = json!("x".repeat(length - rest));
            let findings = findings_of(kind, &document, false);
            findings.iter().any(|finding| finding.code == "INVALID")
        };
        assert!(!invalid(limit) && invalid(limit + 1), "{kind:?}");
    }
}

#[test]
fn what_makes_a_condition_optional_is_advised_against() {
    let condition = json!({"ForAllValues:StringEquals": {"kms:EncryptionContext:Project": "Alpha"}});
    let statement = with(allow(json!("kms:Decrypt"), KEY), "Condition", condition);
    let findings = findings_of(PolicyKind::Identity, &document(&statement), false);
    assert_eq!(findings[0].advice, "Leave ForAllValues out: the key has one value.");
}
