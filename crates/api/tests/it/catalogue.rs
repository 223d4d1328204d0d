//! The table of operations and the errors, against the model.

use crate::model::{model, text};
use trent_api::kms::{OPERATIONS, error};
use trent_api::shape::Structure;
use trent_api::{MessageKey, protocol};

fn same_members(structure: &Structure, model: &crate::model::Model) {
    let expected = model.members(structure.name);
    assert_eq!(structure.members.len(), expected.len(), "{}", structure.name);
    for (member, facts) in structure.members.iter().zip(expected) {
        assert_eq!(member.name, text(facts, "name"));
        assert_eq!(
            member.required,
            facts["required"] == true,
            "{}.{}",
            structure.name,
            member.name
        );
    }
}

#[test]
fn all_56_operations_are_there_as_the_model_has_them() {
    let model = model();
    assert_eq!(OPERATIONS.len(), 56);
    assert_eq!(OPERATIONS.len(), model.operations.len());
    for (row, facts) in OPERATIONS.iter().zip(&model.operations) {
        assert_eq!(row.name, text(facts, "name"));
        assert_eq!(row.input.name, text(facts, "input"));
        assert_eq!(row.output.map(|output| output.name), facts["output"].as_str());
        let errors: Vec<_> = facts["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .filter_map(|e| e.as_str())
            .collect();
        assert_eq!(row.errors.iter().map(|error| error.code).collect::<Vec<_>>(), errors);
        same_members(row.input, &model);
        row.output.into_iter().for_each(|output| same_members(output, &model));
    }
}

#[test]
fn every_modelled_error_has_its_status() {
    let model = model();
    assert_eq!(error::ALL.len(), model.errors.len());
    for error in error::ALL {
        assert_eq!(u64::from(error.status), model.errors[error.code], "{}", error.code);
        assert_eq!(error.message_key, MessageKey::Lower);
    }
    let faults: Vec<_> = error::ALL
        .iter()
        .filter(|e| e.status >= 500)
        .map(|e| (e.code, e.status))
        .collect();
    assert_eq!(
        faults,
        [
            ("DependencyTimeoutException", 503),
            ("KMSInternalException", 500),
            ("KeyUnavailableException", 500)
        ]
    );
}

/// REF-476: what a retrier needs, the error's name and the status, is in every reply.
#[test]
fn errors_of_the_framework_spell_their_message_with_a_capital() {
    let body = |error: trent_api::ApiError| String::from_utf8(error.to_json()).expect("UTF-8");
    assert_eq!(
        body(error::not_found("a")),
        r#"{"__type":"NotFoundException","message":"a"}"#
    );
    assert_eq!(
        body(error::kms_invalid_state("a")),
        r#"{"__type":"KMSInvalidStateException","message":"a"}"#
    );
    assert_eq!(
        body(error::invalid_ciphertext("")),
        r#"{"__type":"InvalidCiphertextException","message":""}"#
    );
    assert_eq!(
        body(protocol::validation("a")),
        r#"{"__type":"ValidationException","message":"a"}"#
    );
    assert_eq!(
        body(protocol::throttling("a")),
        r#"{"__type":"ThrottlingException","message":"a"}"#
    );
    assert_eq!(
        body(protocol::access_denied("a")),
        r#"{"__type":"AccessDeniedException","Message":"a"}"#
    );
    let serialization = protocol::serialization(Some("a".into()));
    assert_eq!(
        body(serialization),
        r#"{"__type":"SerializationException","Message":"a"}"#
    );
    assert_eq!(
        body(protocol::unknown_operation()),
        r#"{"__type":"UnknownOperationException"}"#
    );
    assert_eq!(protocol::throttling("a").status, 400);
    assert_eq!(protocol::internal_failure().status, 500);
}
