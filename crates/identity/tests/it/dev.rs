//! The development server: any credential will do, but one that the directory knows must be right.

use std::time::Duration;

use trent_identity::{AuthenticationError, Caller};

use crate::wire::{Signer, Wire};
use crate::world::{ACCESS_KEY, ACCOUNT, NOW, SIGNER, World, access_key, account, ask};

async fn as_whom(world: &World, wire: &Wire) -> Result<Caller, AuthenticationError> {
    ask(&world.dev, wire, NOW).await
}

fn signed_by(access_key_id: &str) -> Wire {
    Signer {
        access_key_id,
        secret: "anything",
        ..SIGNER
    }
    .in_header(Wire::kms(b"{}"))
}

#[tokio::test]
async fn any_credential_acts_as_root_of_the_account_that_it_names() {
    let world = World::new().await;
    for (id, expected) in [
        ("444455556666", "444455556666"),
        ("test", "000000000000"),
        ("AKIAUNKNOWNUNKNOWN00", "000000000000"),
        ("44445555666", "000000000000"),
        ("4444555566667", "000000000000"),
    ] {
        let caller = as_whom(&world, &signed_by(id)).await.expect(id);
        assert_eq!((caller.account.as_str(), caller.is_root), (expected, true));
        assert_eq!(caller.principal.to_string(), format!("arn:aws:iam::{expected}:root"));
        assert_eq!(
            (caller.access_key_id.as_str(), caller.region.as_str()),
            (id, "us-east-1")
        );
    }
}

/// Neither the signature nor the age nor a session token of such a credential is looked at.
#[tokio::test]
async fn an_unknown_credential_is_parsed_and_not_verified() {
    let world = World::new().await;
    let mut other_body = signed_by("test");
    other_body.body = b"{\"Limit\":1}".to_vec();
    let token = Signer {
        access_key_id: "test",
        ..SIGNER
    }
    .in_header(Wire::kms(b"{}").header("x-amz-security-token", "t"));
    let old = Signer {
        date: "20200101T000000Z",
        date_header: ("x-amz-date", "20200101T000000Z"),
        access_key_id: "test",
        ..SIGNER
    };
    let presigned = Signer {
        access_key_id: "test",
        secret: "x",
        ..SIGNER
    }
    .in_query(Wire::kms(b"{}"), &[]);
    for wire in [other_body, token, old.in_header(Wire::kms(b"{}")), presigned] {
        assert!(as_whom(&world, &wire).await.is_ok(), "{wire:?}");
    }
    for (wire, code) in [
        (Wire::kms(b"{}"), "MissingAuthenticationTokenException"),
        (
            Wire::kms(b"{}").header("authorization", "AWS4-HMAC-SHA256 Credential=test"),
            "IncompleteSignatureException",
        ),
        (
            Signer {
                region: "mars-north-1",
                ..SIGNER
            }
            .in_header(Wire::kms(b"{}"))
            .authorization(ACCESS_KEY, "test"),
            "InvalidSignatureException",
        ),
        (
            signed_by("test").header("x-amz-later", "1"),
            "InvalidSignatureException",
        ),
    ] {
        assert_eq!(as_whom(&world, &wire).await.expect_err(code).code(), code);
    }
}

#[tokio::test]
async fn a_known_credential_is_verified() {
    let world = World::new().await;
    let caller = as_whom(&world, &SIGNER.in_header(Wire::kms(b"{}")))
        .await
        .expect("authenticated");
    assert_eq!(caller.account.as_str(), ACCOUNT);
    assert_eq!(
        as_whom(&world, &signed_by(ACCESS_KEY)).await,
        Err(AuthenticationError::SignatureMismatch)
    );
    let stale = ask(
        &world.dev,
        &SIGNER.in_header(Wire::kms(b"{}")),
        NOW + Duration::from_secs(301),
    )
    .await;
    assert!(matches!(stale, Err(AuthenticationError::Expired { .. })));
    let mut change = world.directory.change(account()).await.expect("the account");
    change.set_active(&access_key(), false).expect("its key");
    world.directory.commit(change.plan(())).await.expect("committed");
    let deactivated = as_whom(&world, &SIGNER.in_header(Wire::kms(b"{}"))).await;
    assert_eq!(deactivated, Err(AuthenticationError::UnknownAccessKey));
}
