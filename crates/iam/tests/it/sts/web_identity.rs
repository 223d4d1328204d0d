//! Sessions for whom an OIDC provider vouches.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use trent_identity::directory::{Holder, NewProvider, SessionHolder};
use trent_service::Clock as _;

use super::idp::{Idp, NAME, URL, encoded};
use super::world::{ACCOUNT, Answer, OTHER, World, allow, nothing, role_arn};

/// A world whose account trusts an issuer for the audience `app`, and has a role for the subject `alice` of it.
async fn world(idp: &Idp) -> World {
    let world = World::with_issuers(idp.issuers()).await;
    world
        .edit(async |edit| {
            edit.create_provider(NewProvider {
                url: URL.to_owned(),
                client_ids: vec!["app".to_owned()],
                ..NewProvider::default()
            })
            .await
            .expect("a provider");
        })
        .await;
    let only = json!({"StringEquals": {format!("{NAME}:sub"): "alice", format!("{NAME}:aud"): "app"}});
    world.role("app", &trusting(&only), &allow(&json!("kms:Encrypt"))).await;
    world
}

fn provider_arn() -> String {
    format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{NAME}")
}

fn trusting(condition: &Value) -> Value {
    let actions = [
        "sts:AssumeRoleWithWebIdentity",
        "sts:TagSession",
        "sts:SetSourceIdentity",
    ];
    json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"Federated": provider_arn()}, "Action": actions, "Condition": condition,
    }})
}

/// The claims of a good token.
fn claims(world: &World) -> Value {
    let now = world.clock.now().as_secs();
    json!({"iss": URL, "sub": "alice", "aud": ["other", "app"], "iat": now, "exp": now + 600})
}

async fn assume(world: &World, role: &str, token: &str) -> Answer {
    let members = [
        ("RoleArn", role),
        ("RoleSessionName", "work"),
        ("WebIdentityToken", token),
    ];
    world.ask_unsigned("AssumeRoleWithWebIdentity", &members).await
}

/// POL-56
#[tokio::test]
async fn who_is_vouched_for_gets_a_session_of_a_role_that_trusts_the_provider() {
    let idp = Idp::new();
    let world = world(&idp).await;
    let key = world.kms_key().await;
    let claims = claims(&world);
    for token in [idp.token(&claims), idp.rsa_token(&claims)] {
        let answer = assume(&world, &role_arn("app"), &token).await;
        assert_eq!(answer.get("SubjectFromWebIdentityToken"), "alice");
        assert_eq!(answer.get("Audience"), "app");
        assert_eq!(answer.get("Provider"), provider_arn());
        let session = answer.key();
        let caller = world.ask(&session, "GetCallerIdentity", &[]).await;
        assert_eq!(
            caller.get("Arn"),
            format!("arn:aws:sts::{ACCOUNT}:assumed-role/app/work")
        );
        assert!(world.may(&session, "Encrypt", &key).await);
        assert!(!world.may(&session, "DescribeKey", &key).await);
    }
    let records = world.records().await;
    let record = records
        .iter()
        .find(|record| record["eventName"] == "AssumeRoleWithWebIdentity");
    let record = record.expect("a record");
    assert_eq!(record["userIdentity"]["type"], "Unknown");
    assert_eq!(
        record["additionalEventData"]["webIdentity"],
        json!({"identityProvider": URL, "subject": "alice", "audience": "app"})
    );
    assert_eq!(record["resources"][0]["ARN"], role_arn("app"));
    assert!(
        !record.to_string().contains(&encoded(claims.to_string())),
        "the token is in the record"
    );
}

/// Whoever is not trusted is refused, and told neither why nor whether the role exists.
#[tokio::test]
async fn a_role_must_trust_the_provider_and_the_claims() {
    let idp = Idp::new();
    let world = world(&idp).await;
    let mut other = claims(&world);
    other["sub"] = json!("bob");
    world
        .role("of-users", &super::world::trusting(ACCOUNT), &nothing())
        .await;
    let good = claims(&world);
    for (role, claims) in [("app", &other), ("of-users", &good), ("nowhere", &good)] {
        let refused = assume(&world, &role_arn(role), &idp.token(claims)).await;
        assert_eq!(
            (refused.status, refused.refusal()),
            (
                403,
                (
                    "AccessDenied",
                    "Not authorized to perform sts:AssumeRoleWithWebIdentity"
                )
            ),
            "{role}"
        );
    }
    let records = world.records().await;
    let refused = records.iter().filter(|record| record["errorCode"] == "AccessDenied");
    assert_eq!(refused.count(), 3, "who is known is recorded");
}

#[tokio::test]
async fn a_token_must_be_the_issuers_and_of_now() {
    let idp = Idp::new();
    let world = world(&idp).await;
    let now = world.clock.now().as_secs();
    let changed = |name: &str, value: Value| {
        let mut claims = claims(&world);
        claims[name] = value;
        idp.token(&claims)
    };
    let good = changed("jti", json!("1"));
    let (signed, _) = good.rsplit_once('.').expect("a signature");
    let stranger = Idp::new();
    for (token, code, message) in [
        (
            "nonsense".to_owned(),
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT.",
        ),
        (
            format!("{signed}.{}", encoded([7; 64])),
            "InvalidIdentityToken",
            "The signature of the ID Token",
        ),
        (
            stranger.token(&claims(&world)),
            "InvalidIdentityToken",
            "The signature of the ID Token",
        ),
        (
            stranger.rsa_token(&claims(&world)),
            "InvalidIdentityToken",
            "The signature of the ID Token",
        ),
        (
            changed("iss", json!("https://elsewhere.example.com")),
            "InvalidIdentityToken",
            "No OpenIDConnect provider found",
        ),
        (
            changed("aud", json!("other")),
            "InvalidIdentityToken",
            "Incorrect token audience",
        ),
        (
            changed("exp", json!(now)),
            "ExpiredTokenException",
            "Token expired: current date/time 1764000000 must be",
        ),
        (
            changed("nbf", json!(now + 3_600)),
            "IDPRejectedClaim",
            "The ID Token is not valid yet",
        ),
        (
            changed("iat", json!(now + 3_600)),
            "IDPRejectedClaim",
            "The ID Token is not valid yet",
        ),
    ] {
        let refused = assume(&world, &role_arn("app"), &token).await;
        let (found, text) = refused.refusal();
        assert_eq!(found, code, "{text}");
        assert!(text.starts_with(message), "{text}");
    }
    let records = world.records().await;
    assert!(
        records
            .iter()
            .all(|record| record["eventName"] != "AssumeRoleWithWebIdentity"),
        "who is not known cannot write into the trail"
    );
    assert_eq!(assume(&world, &role_arn("app"), &good).await.status, 200);
    // Another account has no such provider, whatever its roles say; nor has one that is not here.
    let theirs = format!("arn:aws:iam::{OTHER}:role/app");
    let refused = assume(&world, &theirs, &good).await;
    assert!(
        refused.refusal().1.starts_with("No OpenIDConnect provider found"),
        "{refused:?}"
    );
}

/// The operator's list is what counts: a provider that only an account knows is believed nothing.
#[tokio::test]
async fn an_account_cannot_add_an_issuer_by_itself() {
    let idp = Idp::new();
    let world = world(&idp).await;
    let own = "https://evil.example.com";
    world
        .edit(async |edit| {
            edit.create_provider(NewProvider {
                url: own.to_owned(),
                client_ids: vec!["app".to_owned()],
                ..NewProvider::default()
            })
            .await
            .expect("a provider");
        })
        .await;
    let mut claims = claims(&world);
    claims["iss"] = json!(own);
    let refused = assume(&world, &role_arn("app"), &idp.token(&claims)).await;
    assert!(
        refused.refusal().1.starts_with("No OpenIDConnect provider found"),
        "{refused:?}"
    );
}

/// A key that leaves the issuer's file is no key any more, and one that comes is; no restart is needed.
#[tokio::test]
async fn the_issuers_keys_are_those_of_its_file_now() {
    let idp = Idp::new();
    let world = world(&idp).await;
    let role = role_arn("app");
    let token = idp.token(&claims(&world));
    assert_eq!(assume(&world, &role, &token).await.status, 200);
    idp.publish(&[idp.rsa_key()]);
    assert!(
        assume(&world, &role, &token)
            .await
            .refusal()
            .1
            .starts_with("Couldn't retrieve verification key")
    );
    assert_eq!(assume(&world, &role, &idp.rsa_token(&claims(&world))).await.status, 200);
    fs::remove_file(idp.file()).expect("removed");
    assert_eq!(assume(&world, &role, &token).await.refusal().0, "InvalidIdentityToken");
    idp.publish(&[idp.p256_key()]);
    assert_eq!(assume(&world, &role, &token).await.status, 200);
}

/// AUTHZ-132: what the provider said of the holder is asked for in later requests too, by the provider's name.
#[tokio::test]
async fn claims_can_be_asked_for_by_key_policies() {
    let idp = Idp::new();
    let world = world(&idp).await;
    let session = assume(&world, &role_arn("app"), &idp.token(&claims(&world)))
        .await
        .key();
    let made = world.kms(&world.root, "CreateKey", &json!({})).await.expect("a key");
    let key = made["KeyMetadata"]["KeyId"].as_str().expect("an id").to_owned();
    let mut wanted = allow(&json!("kms:Encrypt"));
    wanted["Statement"]["Condition"] =
        json!({"StringEquals": {"kms:EncryptionContext:sub": format!("${{{NAME}:sub}}")}});
    world
        .edit(async |edit| {
            let holder = Holder::Role("app");
            edit.put_inline_policy(holder, "own", &wanted.to_string())
                .await
                .expect("a policy");
        })
        .await;
    let arn = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{key}");
    for (subject, allowed) in [("alice", true), ("bob", false)] {
        let body = json!({"KeyId": arn, "Plaintext": "eA==", "EncryptionContext": {"sub": subject}});
        assert_eq!(
            world.kms(&session, "Encrypt", &body).await.is_ok(),
            allowed,
            "{subject}"
        );
    }
}

#[tokio::test]
async fn tags_and_source_identity_come_with_the_token() {
    let idp = Idp::new();
    let world = world(&idp).await;
    let key = world.kms_key().await;
    let mut tagged = claims(&world);
    tagged["https://aws.amazon.com/tags"] =
        json!({"principal_tags": {"team": ["red"]}, "transitive_tag_keys": ["team"]});
    tagged["https://aws.amazon.com/source_identity"] = json!("alice");
    let mut by_tag = allow(&json!("kms:Encrypt"));
    by_tag["Statement"]["Condition"] = json!({"StringEquals": {"aws:PrincipalTag/team": "red", "aws:SourceIdentity": "alice",
            "aws:FederatedProvider": provider_arn()}});
    let asked = json!({"StringEquals": {"aws:RequestTag/team": "red", "sts:SourceIdentity": "alice"}});
    let role = world.role("tagged", &trusting(&asked), &by_tag).await;
    let session = assume(&world, &role, &idp.token(&tagged)).await;
    assert_eq!(session.get("SourceIdentity"), "alice");
    assert!(world.may(&session.key(), "Encrypt", &key).await);
    assert_eq!(assume(&world, &role, &idp.token(&claims(&world))).await.status, 403);
    tagged["https://aws.amazon.com/tags"] = json!({"principal_tags": {"team": ["red", "blue"]}});
    let refused = assume(&world, &role, &idp.token(&tagged)).await;
    assert_eq!((refused.status, refused.refusal().0), (403, "IDPRejectedClaim"));
}

#[tokio::test]
async fn the_sessions_of_a_provider_end_with_it() {
    let idp = Idp::new();
    let world = world(&idp).await;
    let begin = async || {
        assume(&world, &role_arn("app"), &idp.token(&claims(&world)))
            .await
            .key()
    };
    let works = async |key| world.ask(key, "GetCallerIdentity", &[]).await.status == 200;
    let first = begin().await;
    assert!(works(&first).await);
    world
        .edit(async |edit| {
            edit.revoke_sessions(SessionHolder::Provider(NAME))
                .await
                .expect("revoked");
        })
        .await;
    assert!(!works(&first).await);
    world.wait(Duration::from_secs(1));
    let second = begin().await;
    assert!(works(&second).await);
    world
        .edit(async |edit| edit.delete_provider(NAME).await.expect("deleted"))
        .await;
    assert!(!works(&second).await);
}
