//! The Query protocol: what the public client library sends is read as the same input in JSON is, and what is wrong with
//! a form is said as the service says it.

use serde::Deserialize;
use serde_json::Value;
use trent_api::query::{self, percent_encoded};
use trent_api::{ApiError, iam, sts};

/// A request that the client library wrote; see `fixtures/make_requests.py`.
#[derive(Deserialize)]
struct Request {
    service: String,
    operation: String,
    input: Value,
    body: String,
}

fn requests() -> Vec<Request> {
    serde_json::from_str(include_str!("../fixtures/requests.json")).expect("the fixtures are JSON")
}

/// Reads a request as the input of its operation, from the form and from the same input in JSON.
macro_rules! compare {
    ($request:ident, $($service:ident { $($input:ident,)+ })+) => {
        match ($request.service.as_str(), format!("{}Request", $request.operation).as_str()) {
            $($((stringify!($service), stringify!($input)) => {
                let json = serde_json::to_vec(&$request.input).expect("JSON");
                let expected = trent_api::decode::<$service::$input>(&json).expect("a valid input");
                let read = query::decode::<$service::$input>($request.body.as_bytes());
                assert_eq!(read.as_ref(), Ok(&expected), "{}", $request.operation);
            })+)+
            (service, input) => panic!("{service} has no {input}"),
        }
    };
}

#[test]
#[expect(clippy::too_many_lines, reason = "a line for each operation")]
fn every_operation_reads_what_the_client_library_sends() {
    let requests = requests();
    for (service, version, operations) in [
        ("iam", "2010-05-08", iam::OPERATIONS),
        ("sts", "2011-06-15", sts::OPERATIONS),
    ] {
        for operation in operations {
            let of_operation = |request: &&Request| request.service == service && request.operation == operation.name;
            let own: Vec<_> = requests.iter().filter(of_operation).collect();
            assert!(!own.is_empty(), "no request of {}", operation.name);
            for request in own {
                let form = query::Form::parse(request.body.as_bytes()).expect("a form");
                assert_eq!(form.get("Action"), Some(operation.name));
                assert_eq!(form.get("Version"), Some(version));
            }
        }
    }
    for request in requests {
        compare!(request,
            iam {
                AddClientIDToOpenIDConnectProviderRequest,
                AddUserToGroupRequest,
                AttachGroupPolicyRequest,
                AttachRolePolicyRequest,
                AttachUserPolicyRequest,
                CreateAccessKeyRequest,
                CreateAccountAliasRequest,
                CreateGroupRequest,
                CreateOpenIDConnectProviderRequest,
                CreatePolicyRequest,
                CreatePolicyVersionRequest,
                CreateRoleRequest,
                CreateUserRequest,
                DeleteAccessKeyRequest,
                DeleteAccountAliasRequest,
                DeleteGroupRequest,
                DeleteGroupPolicyRequest,
                DeleteOpenIDConnectProviderRequest,
                DeletePolicyRequest,
                DeletePolicyVersionRequest,
                DeleteRoleRequest,
                DeleteRolePermissionsBoundaryRequest,
                DeleteRolePolicyRequest,
                DeleteUserRequest,
                DeleteUserPermissionsBoundaryRequest,
                DeleteUserPolicyRequest,
                DetachGroupPolicyRequest,
                DetachRolePolicyRequest,
                DetachUserPolicyRequest,
                GetAccessKeyLastUsedRequest,
                GetAccountAuthorizationDetailsRequest,
                GetAccountSummaryRequest,
                GetContextKeysForCustomPolicyRequest,
                GetContextKeysForPrincipalPolicyRequest,
                GetGroupRequest,
                GetGroupPolicyRequest,
                GetOpenIDConnectProviderRequest,
                GetPolicyRequest,
                GetPolicyVersionRequest,
                GetRoleRequest,
                GetRolePolicyRequest,
                GetUserRequest,
                GetUserPolicyRequest,
                ListAccessKeysRequest,
                ListAccountAliasesRequest,
                ListAttachedGroupPoliciesRequest,
                ListAttachedRolePoliciesRequest,
                ListAttachedUserPoliciesRequest,
                ListEntitiesForPolicyRequest,
                ListGroupPoliciesRequest,
                ListGroupsRequest,
                ListGroupsForUserRequest,
                ListInstanceProfilesForRoleRequest,
                ListOpenIDConnectProviderTagsRequest,
                ListOpenIDConnectProvidersRequest,
                ListPoliciesRequest,
                ListPolicyTagsRequest,
                ListPolicyVersionsRequest,
                ListRolePoliciesRequest,
                ListRoleTagsRequest,
                ListRolesRequest,
                ListUserPoliciesRequest,
                ListUserTagsRequest,
                ListUsersRequest,
                PutGroupPolicyRequest,
                PutRolePermissionsBoundaryRequest,
                PutRolePolicyRequest,
                PutUserPermissionsBoundaryRequest,
                PutUserPolicyRequest,
                RemoveClientIDFromOpenIDConnectProviderRequest,
                RemoveUserFromGroupRequest,
                SetDefaultPolicyVersionRequest,
                SimulateCustomPolicyRequest,
                SimulatePrincipalPolicyRequest,
                TagOpenIDConnectProviderRequest,
                TagPolicyRequest,
                TagRoleRequest,
                TagUserRequest,
                UntagOpenIDConnectProviderRequest,
                UntagPolicyRequest,
                UntagRoleRequest,
                UntagUserRequest,
                UpdateAccessKeyRequest,
                UpdateAssumeRolePolicyRequest,
                UpdateGroupRequest,
                UpdateOpenIDConnectProviderThumbprintRequest,
                UpdateRoleRequest,
                UpdateRoleDescriptionRequest,
                UpdateUserRequest,
            }
            sts {
                AssumeRoleRequest,
                AssumeRoleWithWebIdentityRequest,
                DecodeAuthorizationMessageRequest,
                GetAccessKeyInfoRequest,
                GetCallerIdentityRequest,
                GetFederationTokenRequest,
                GetSessionTokenRequest,
            }
        );
    }
}

fn form(pairs: &[(&str, &str)]) -> Vec<u8> {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
        .collect();
    pairs.join("&").into_bytes()
}

fn tag_user(pairs: &[(&str, &str)]) -> Result<iam::TagUserRequest, ApiError> {
    query::decode(&form(&[&[("UserName", "alice")], pairs].concat()))
}

#[test]
fn every_violation_is_reported_as_the_service_words_it() {
    let error =
        query::decode::<iam::CreateUserRequest>(&form(&[("UserName", "a b"), ("Path", "no")])).expect_err("invalid");
    assert_eq!((error.code, error.status), ("ValidationError", 400));
    assert_eq!(
        error.message(),
        "2 validation errors detected: Value 'no' at 'path' failed to satisfy constraint: Member must satisfy regular \
         expression pattern: (\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F); Value 'a b' at 'userName' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+"
    );
    let error = query::decode::<iam::GetRoleRequest>(b"").expect_err("invalid");
    assert_eq!(
        error.message(),
        "1 validation error detected: Value null at 'roleName' failed to satisfy constraint: Member must not be null"
    );
    let error = tag_user(&[("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "!")]).expect_err("invalid");
    assert_eq!(
        error.message(),
        "1 validation error detected: Value '!' at 'tags.1.member.value' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"
    );
    let error = query::decode::<iam::ListUsersRequest>(b"MaxItems=1001").expect_err("invalid");
    assert_eq!(
        error.message(),
        "1 validation error detected: Value '1001' at 'maxItems' failed to satisfy constraint: Member must have value \
         less than or equal to 1000"
    );
}

#[test]
fn secrets_are_not_repeated() {
    let request = form(&[
        ("RoleArn", "arn:aws:iam::111122223333:role/r"),
        ("RoleSessionName", "s"),
        ("WebIdentityToken", "abc"),
    ]);
    let error = query::decode::<sts::AssumeRoleWithWebIdentityRequest>(&request).expect_err("too short");
    assert!(error.message().contains("'webIdentityToken'"), "{error}");
    assert!(!error.message().contains("abc"), "{error}");
}

#[test]
fn elements_are_numbered_from_one_without_a_gap() {
    let at = |number: &str| {
        tag_user(&[
            (&format!("Tags.member.{number}.Key"), "k"),
            (&format!("Tags.member.{number}.Value"), "v"),
        ])
    };
    assert_eq!(at("1").expect("a tag").tags.len(), 1);
    for number in [
        "0",
        "2",
        "01",
        "+1",
        "-1",
        "1000000",
        "18446744073709551617",
        "",
        "x",
        "1.5",
    ] {
        let error = at(number).expect_err("no such element");
        assert!(
            matches!(error.code, "MalformedInput" | "ValidationError"),
            "{number}: {error}"
        );
    }
    let gap = [1, 2, 4].map(|at| (format!("TagKeys.member.{at}"), "k"));
    let gap: Vec<_> = gap.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let error = query::decode::<iam::UntagUserRequest>(&form(&gap)).expect_err("a gap");
    assert_eq!((error.code, error.status), ("MalformedInput", 400));
}

#[test]
fn a_value_where_its_shape_has_none_is_malformed() {
    for (pairs, what) in [
        (&[("UserName.1", "alice")][..], "a scalar with a path beyond"),
        (&[("UserName", "alice"), ("UserName.x", "y")], "both"),
        (&[("Tags", "x")], "a list with a value"),
        (&[("Tags.1.Key", "x")], "a list without its member"),
        (&[("Tags.member", "x")], "a list's member with a value"),
        (&[("Tags.member.1", "x")], "a structure with a value"),
        (
            &[("Tags.member.1.Key", "k"), ("Tags.entry.1.Key", "k")],
            "two kinds of element",
        ),
    ] {
        let error = query::decode::<iam::CreateUserRequest>(&form(pairs)).expect_err(what);
        assert_eq!(error.code, "MalformedInput", "{what}");
    }
    for (name, value) in [
        ("MaxItems", "ten"),
        ("MaxItems", ""),
        ("OnlyAttached", "yes"),
        ("OnlyAttached", "1"),
    ] {
        let error = query::decode::<iam::ListPoliciesRequest>(&form(&[(name, value)])).expect_err(value);
        assert_eq!(error.code, "MalformedInput", "{name}={value}");
    }
}

#[test]
fn unknown_names_are_passed_over_and_empty_lists_are_there() {
    let request = form(&[
        ("Action", "CreateUser"),
        ("Version", "x"),
        ("UserName", "alice"),
        ("Tags", ""),
        ("Nothing.1", "?"),
    ]);
    let read: iam::CreateUserRequest = query::decode(&request).expect("a request");
    assert_eq!(read.user_name, "alice");
    assert_eq!(read.tags, Some(Vec::new()));
    assert_eq!(read.path, None);
}

mod borrowed_shapes {
    //! Kinds of members that no served operation of IAM or STS takes, on shapes of KMS that do.

    use super::form;
    use trent_api::{Blob, kms, query};

    #[test]
    fn maps_and_bytes_are_read() {
        let request = form(&[
            ("KeyId", "k"),
            ("Plaintext", "AQID"),
            ("EncryptionContext.entry.1.key", "a.b"),
            ("EncryptionContext.entry.1.value", ""),
            ("EncryptionContext.entry.2.value", "2"),
            ("EncryptionContext.entry.2.key", "c"),
        ]);
        let read: kms::EncryptRequest = query::decode(&request).expect("a request");
        assert_eq!(read.plaintext, Blob::new(vec![1, 2, 3]));
        let context = read.encryption_context.expect("a map");
        assert_eq!(
            context.into_iter().collect::<Vec<_>>(),
            [("a.b".into(), String::new()), ("c".into(), "2".into())]
        );
    }

    #[test]
    fn maps_and_bytes_that_are_none_are_malformed() {
        for pairs in [
            &[("EncryptionContext.entry.1.key", "a")][..],
            &[("EncryptionContext.entry.1.value", "a")],
            &[("EncryptionContext", "a")],
            &[
                ("EncryptionContext.entry.1.key.x", "a"),
                ("EncryptionContext.entry.1.value", "a"),
            ],
            &[
                ("EncryptionContext.entry.1.key", "a"),
                ("EncryptionContext.entry.1.value", "1"),
                ("EncryptionContext.entry.2.key", "a"),
                ("EncryptionContext.entry.2.value", "2"),
            ],
            &[("Plaintext", "!")],
        ] {
            let error = query::decode::<kms::EncryptRequest>(&form(pairs)).expect_err("malformed");
            assert_eq!(error.code, "MalformedInput", "{pairs:?}");
        }
    }

    #[test]
    fn times_are_read() {
        let request = |time| {
            form(&[
                ("KeyId", "k"),
                ("ImportToken", "AA=="),
                ("EncryptedKeyMaterial", "AA=="),
                ("ValidTo", time),
            ])
        };
        let read: kms::ImportKeyMaterialRequest = query::decode(&request("2026-01-01T00:00:00Z")).expect("a request");
        assert_eq!(
            read.valid_to.map(trent_api::Timestamp::as_millis),
            Some(1_767_225_600_000)
        );
        let error = query::decode::<kms::ImportKeyMaterialRequest>(&request("soon")).expect_err("no time");
        assert_eq!(error.code, "MalformedInput");
    }
}
