//! Replies of the Query protocol, byte by byte against committed ones. The conformance suite reads the same files with the
//! public client library and compares what it understands with `fixtures/replies/expected.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use trent_api::{Empty, Output, Protocol, SecretText, Target, Timestamp, iam, protocol, sts};

const REQUEST_ID: &str = "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE";
const CREATED: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn reply(protocol: Protocol, operation: &str, output: &impl Output) -> Vec<u8> {
    let target = Target {
        operation,
        request_id: &REQUEST_ID,
    };
    protocol.encode(target, output).to_vec()
}

fn user() -> iam::User {
    iam::User {
        path: "/division/".into(),
        user_name: "alice".into(),
        user_id: "AIDACKCEVSQ6C2EXAMPLE".into(),
        arn: "arn:aws:iam::111122223333:user/division/alice".into(),
        create_date: CREATED,
        password_last_used: None,
        permissions_boundary: Some(iam::AttachedPermissionsBoundary {
            permissions_boundary_type: Some(iam::PermissionsBoundaryAttachmentType::PermissionsBoundaryPolicy),
            permissions_boundary_arn: Some("arn:aws:iam::111122223333:policy/boundary".into()),
        }),
        tags: Some(vec![iam::Tag {
            key: "a <b> & 'c' \"d\"".into(),
            value: "line 1\r\nline 2\t\u{0}\u{1b} Würde 中 🔑 ]]>".into(),
        }]),
    }
}

/// Every reply by the name of its file, `service.Operation.xml`.
fn replies() -> Vec<(&'static str, Vec<u8>)> {
    let simulated = iam::SimulatePolicyResponse {
        evaluation_results: Some(vec![iam::EvaluationResult {
            eval_action_name: "kms:Decrypt".into(),
            eval_resource_name: Some("*".into()),
            eval_decision: iam::PolicyEvaluationDecisionType::ImplicitDeny,
            matched_statements: Some(Vec::new()),
            missing_context_values: Some(vec!["aws:SourceIp".into(), "kms:ViaService".into()]),
            organizations_decision_detail: Some(iam::OrganizationsDecisionDetail {
                allowed_by_organizations: Some(true),
            }),
            permissions_boundary_decision_detail: None,
            eval_decision_details: Some(BTreeMap::from([(
                "IAM Policy".to_owned(),
                iam::PolicyEvaluationDecisionType::ExplicitDeny,
            )])),
            resource_specific_results: None,
        }]),
        is_truncated: Some(false),
        marker: None,
    };
    let summary = iam::GetAccountSummaryResponse {
        summary_map: Some(BTreeMap::from([
            (iam::SummaryKeyType::Users, 2),
            (iam::SummaryKeyType::UsersQuota, 5000),
        ])),
    };
    let assumed = sts::AssumeRoleResponse {
        credentials: Some(sts::Credentials {
            access_key_id: "ASIAIOSFODNN7EXAMPLE".into(),
            secret_access_key: SecretText::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into()),
            session_token: "AQoD//+==".into(),
            expiration: Timestamp::from_millis(1_700_003_600_250),
        }),
        packed_policy_size: Some(6),
        ..Default::default()
    };
    let identity = sts::GetCallerIdentityResponse {
        user_id: Some("111122223333".into()),
        account: Some("111122223333".into()),
        arn: Some("arn:aws:iam::111122223333:root".into()),
    };
    let users = iam::ListUsersResponse {
        users: vec![user(), user()],
        is_truncated: Some(true),
        marker: Some("next&".into()),
    };
    let none = iam::ListUsersResponse {
        users: Vec::new(),
        is_truncated: Some(false),
        marker: None,
    };
    vec![
        (
            "iam.GetUser.xml",
            reply(iam::PROTOCOL, "GetUser", &iam::GetUserResponse { user: user() }),
        ),
        ("iam.ListUsers.xml", reply(iam::PROTOCOL, "ListUsers", &users)),
        ("iam.ListUsers.empty.xml", reply(iam::PROTOCOL, "ListUsers", &none)),
        ("iam.DeleteUser.xml", reply(iam::PROTOCOL, "DeleteUser", &Empty)),
        (
            "iam.UpdateRole.xml",
            reply(iam::PROTOCOL, "UpdateRole", &iam::UpdateRoleResponse {}),
        ),
        (
            "iam.GetAccountSummary.xml",
            reply(iam::PROTOCOL, "GetAccountSummary", &summary),
        ),
        (
            "iam.SimulateCustomPolicy.xml",
            reply(iam::PROTOCOL, "SimulateCustomPolicy", &simulated),
        ),
        ("sts.AssumeRole.xml", reply(sts::PROTOCOL, "AssumeRole", &assumed)),
        (
            "sts.GetCallerIdentity.xml",
            reply(sts::PROTOCOL, "GetCallerIdentity", &identity),
        ),
        (
            "iam.GetUser.error.xml",
            iam::PROTOCOL.encode_error(
                &REQUEST_ID,
                &iam::error::no_such_entity("The user with name <a> cannot be found."),
            ),
        ),
        (
            "sts.AssumeRole.error.xml",
            sts::PROTOCOL.encode_error(&REQUEST_ID, &sts::PROTOCOL.spell(protocol::internal_failure())),
        ),
    ]
}

/// With `TRENT_WRITE_FIXTURES` set, writes the files instead: look at the difference before you commit it.
#[test]
fn replies_are_as_committed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/replies");
    for (name, written) in replies() {
        let file = folder.join(name);
        if std::env::var_os("TRENT_WRITE_FIXTURES").is_some() {
            fs::write(&file, &written).expect("written");
        }
        let committed = fs::read(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(String::from_utf8(written), String::from_utf8(committed), "{name}");
    }
}

#[test]
fn modelled_errors_have_their_names_and_statuses() {
    for (error, code, status) in [
        (iam::error::no_such_entity(""), "NoSuchEntity", 404),
        (iam::error::entity_already_exists(""), "EntityAlreadyExists", 409),
        (iam::error::delete_conflict(""), "DeleteConflict", 409),
        (
            iam::error::malformed_policy_document(""),
            "MalformedPolicyDocument",
            400,
        ),
        (iam::error::limit_exceeded(""), "LimitExceeded", 409),
        (iam::error::invalid_input(""), "InvalidInput", 400),
        (iam::error::service_failure(""), "ServiceFailure", 500),
        (iam::error::policy_evaluation(""), "PolicyEvaluation", 500),
        (sts::error::expired_token(""), "ExpiredTokenException", 400),
        (sts::error::packed_policy_too_large(""), "PackedPolicyTooLarge", 400),
        (sts::error::idp_rejected_claim(""), "IDPRejectedClaim", 403),
        (iam::PROTOCOL.spell(protocol::access_denied("")), "AccessDenied", 403),
        (iam::PROTOCOL.spell(protocol::throttling("")), "Throttling", 400),
    ] {
        assert_eq!((error.code, error.status), (code, status));
    }
}

#[test]
fn a_form_is_checked_for_what_it_is_for() {
    let refused = |document: &str| {
        let error = iam::PROTOCOL.check_target(document.as_bytes()).expect_err("refused");
        (error.code, error.status, error.message().to_owned())
    };
    assert_eq!(iam::PROTOCOL.check_target(b"Action=GetUser&Version=2010-05-08"), Ok(()));
    assert_eq!(
        refused("Action=GetUser&Version=2011-06-15"),
        (
            "InvalidAction",
            400,
            "Could not find operation GetUser for version 2011-06-15".into()
        )
    );
    assert_eq!(
        refused("Action=GetUser"),
        (
            "InvalidAction",
            400,
            "Could not find operation GetUser for version NO_VERSION_SPECIFIED".into()
        )
    );
    assert_eq!(refused("Version=2010-05-08").0, "MissingAction");
    assert_eq!(refused("Action=&Version=2010-05-08").0, "MissingAction");
    assert_eq!(refused("Action=%4").0, "MalformedQueryString");
    assert_eq!(
        iam::PROTOCOL.unknown_operation("Fly").message(),
        "Could not find operation Fly for version 2010-05-08"
    );
}
