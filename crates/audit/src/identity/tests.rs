use serde_json::{Value, json};

use super::*;

fn account() -> AccountId {
    AccountId::parse("111122223333").expect("an account")
}

fn shown(identity: &UserIdentity) -> Value {
    serde_json::from_slice(identity.as_bytes()).expect("JSON")
}

/// MON-62
#[test]
fn a_roles_session_tells_of_its_role() {
    let account = account();
    let session = SessionContext {
        created_millis: 1_415_062_347_999,
        issuer: Some(SessionIssuer {
            kind: "Role",
            principal_id: "AROAEXAMPLE",
            arn: "arn:aws:iam::111122223333:role/team/app",
            account: &account,
            user_name: Some("app"),
        }),
        federated_provider: Some("arn:aws:iam::111122223333:oidc-provider/id.example"),
        source_identity: Some("alice"),
    };
    let identity = UserIdentity::principal(&IdentifiedPrincipal {
        kind: "AssumedRole",
        principal_id: "AROAEXAMPLE:deploy",
        arn: "arn:aws:sts::111122223333:assumed-role/app/deploy",
        account: &account,
        access_key_id: "ASIAEXAMPLE",
        user_name: None,
        session: Some(session),
    });
    assert_eq!(
        shown(&identity),
        json!({
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:deploy",
            "arn": "arn:aws:sts::111122223333:assumed-role/app/deploy",
            "accountId": "111122223333",
            "accessKeyId": "ASIAEXAMPLE",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROAEXAMPLE",
                    "arn": "arn:aws:iam::111122223333:role/team/app",
                    "accountId": "111122223333",
                    "userName": "app",
                },
                "webIdFederationData": {
                    "federatedProvider": "arn:aws:iam::111122223333:oidc-provider/id.example",
                    "attributes": {},
                },
                "attributes": { "creationDate": "2014-11-04T00:52:27Z", "mfaAuthenticated": "false" },
                "sourceIdentity": "alice",
            },
        })
    );
}

/// MON-22
#[test]
fn who_is_of_another_account_has_neither_name_nor_access_key() {
    let named = UserIdentity::of_another_account("AIDAEXAMPLE", &account(), None);
    assert_eq!(
        shown(&named),
        json!({ "type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": "111122223333" })
    );
    let through = UserIdentity::of_another_account("AIDAEXAMPLE", &account(), Some("s3.amazonaws.com"));
    assert_eq!(shown(&through)["invokedBy"], "s3.amazonaws.com");
}
