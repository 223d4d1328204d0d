//! Sessions: what their tokens give, when they end, and what becomes of those that were tampered with.

use std::time::Duration;

use trent_identity::directory::principals::RoleRecord;
use trent_identity::directory::{Holder, NewProvider, SessionHolder};
use trent_identity::session::{IssuedSession, NewSession, SessionError, SessionKind};
use trent_identity::{AuthenticationError, Authenticator as _, Caller, Party, PrincipalKind, Times};

use crate::principals::{ALLOW, alice, arn, commit, edit, policy, role, tag};
use crate::wire::{Signer, Wire};
use crate::world::{ACCESS_KEY, NOW, SECRET, SIGNER, World, account, ask};

const INVALID: AuthenticationError = AuthenticationError::SessionToken;

pub(crate) fn root() -> Party {
    Party {
        account: account(),
        id: None,
    }
}

pub(crate) fn new(kind: SessionKind, principal: Party, issuer: Party, name: Option<&str>) -> NewSession {
    NewSession {
        kind,
        principal,
        issuer,
        name: name.map(str::to_owned),
        source_identity: None,
        policies: Vec::new(),
        policy_arns: Vec::new(),
        tags: Vec::new(),
        transitive_tag_keys: Vec::new(),
        federated_provider: None,
        claims: Vec::new(),
        lifetime: Duration::from_mins(15),
    }
}

/// A world with the role `app`, and the role as a party.
pub(crate) async fn with_role() -> (World, Party) {
    let world = World::new().await;
    let mut change = edit(&world).await;
    let (id, _) = change
        .create_role(trent_identity::directory::NewRole {
            path: "/service/".to_owned(),
            tags: vec![tag("team", "own"), tag("stage", "test")],
            ..role("app")
        })
        .await
        .expect("a role");
    change
        .put_inline_policy(Holder::Role("app"), "own", ALLOW)
        .await
        .expect("inline");
    commit(&world, change).await;
    let party = Party {
        account: account(),
        id: Some(id),
    };
    (world, party)
}

pub(crate) async fn issue(world: &World, new: NewSession) -> IssuedSession {
    world.directory.issue_session(new, NOW).await.expect("a session")
}

fn signed(session: &IssuedSession, token: Option<&str>) -> Wire {
    let wire = Wire::kms(b"{}");
    let wire = match token {
        Some(token) => wire.header("x-amz-security-token", token),
        None => wire,
    };
    Signer {
        access_key_id: session.access_key_id.as_str(),
        secret: str::from_utf8(session.secret.expose()).expect("ASCII"),
        ..SIGNER
    }
    .in_header(wire)
}

pub(crate) async fn call(world: &World, session: &IssuedSession) -> Result<Caller, AuthenticationError> {
    world.authenticate(&signed(session, Some(&session.token))).await
}

/// POL-35, POL-40, POL-45, POL-46
#[tokio::test]
async fn a_roles_session_has_what_the_role_has_and_its_own_name() {
    let (world, role) = with_role().await;
    let session = issue(
        &world,
        NewSession {
            source_identity: Some("alice".to_owned()),
            tags: vec![tag("Team", "session"), tag("cost", "1")],
            transitive_tag_keys: vec!["cost".to_owned()],
            ..new(SessionKind::Role, role.clone(), root(), Some("deploy"))
        },
    )
    .await;
    assert!(session.access_key_id.is_temporary());
    let caller = call(&world, &session).await.expect("authenticated");
    assert_eq!(
        caller.principal.to_string(),
        "arn:aws:sts::111122223333:assumed-role/app/deploy"
    );
    assert_eq!(caller.unique_id, format!("{}:deploy", role.id.as_ref().expect("an id")));
    assert_eq!((caller.kind, caller.is_root), (PrincipalKind::AssumedRole, false));
    let facts = caller.session.as_ref().expect("a session");
    assert_eq!(
        facts.principal_arn.to_string(),
        "arn:aws:iam::111122223333:role/service/app"
    );
    assert_eq!(
        (facts.issued_at, facts.expires_at),
        (NOW, NOW + Duration::from_mins(15))
    );
    assert_eq!(facts.source_identity.as_deref(), Some("alice"));
    assert_eq!((&facts.issuer, &facts.principal), (&root(), &role));
    assert_eq!(facts.transitive_tag_keys, ["cost"]);
    let entitlements = &caller.entitlements;
    assert_eq!(entitlements.policies.len(), 1);
    assert!(entitlements.session_policies.is_empty());
    assert_eq!(
        entitlements.tags,
        [tag("stage", "test"), tag("Team", "session"), tag("cost", "1")]
    );
    // The next request is answered from memory, with the same caller.
    assert_eq!(call(&world, &session).await.expect("authenticated"), caller);
}

/// POL-66
#[tokio::test]
async fn session_policies_are_carried_and_read_live() {
    let (world, role) = with_role().await;
    let mut change = edit(&world).await;
    change.create_policy(policy("limit")).await.expect("a policy");
    commit(&world, change).await;
    let session = issue(
        &world,
        NewSession {
            policies: vec![ALLOW.to_owned()],
            policy_arns: vec![arn("limit"), "arn:aws:iam::aws:policy/AdministratorAccess".to_owned()],
            ..new(SessionKind::Role, role, root(), Some("deploy"))
        },
    )
    .await;
    assert!(
        session
            .packed_percent
            .is_some_and(|percent| (1..=100).contains(&percent))
    );
    let policies = |caller: &Caller| caller.entitlements.session_policies.clone();
    let found = policies(&call(&world, &session).await.expect("authenticated"));
    assert_eq!(
        found
            .iter()
            .map(|policy| policy.document.is_withheld())
            .collect::<Vec<_>>(),
        [false; 3]
    );
    let mut change = edit(&world).await;
    change
        .delete_policy(&arn("limit"))
        .await
        .expect("nobody has it attached");
    commit(&world, change).await;
    let found = policies(&call(&world, &session).await.expect("authenticated"));
    assert_eq!(
        found
            .iter()
            .map(|policy| policy.document.is_withheld())
            .collect::<Vec<_>>(),
        [false, true, false]
    );
}

/// POL-49
#[tokio::test]
async fn federated_users_and_own_sessions() {
    let world = World::new().await;
    let (id, _) = alice(&world).await;
    let party = Party {
        account: account(),
        id: Some(id.clone()),
    };
    let federated = issue(
        &world,
        new(SessionKind::Federated, party.clone(), party.clone(), Some("bob")),
    )
    .await;
    let caller = call(&world, &federated).await.expect("authenticated");
    assert_eq!(
        caller.principal.to_string(),
        "arn:aws:sts::111122223333:federated-user/bob"
    );
    assert_eq!(
        (caller.unique_id.as_str(), caller.kind),
        ("111122223333:bob", PrincipalKind::FederatedUser)
    );
    // Without session policies a federated user has nothing, which is not the same as being unrestricted.
    let [policy] = &caller.entitlements.session_policies[..] else {
        panic!("one policy")
    };
    assert!(policy.document.text().contains(r#""NotAction":"*""#));

    let own = issue(&world, new(SessionKind::Own, party.clone(), party, None)).await;
    let caller = call(&world, &own).await.expect("authenticated");
    assert_eq!(caller.principal.to_string(), "arn:aws:iam::111122223333:user/alice");
    assert_eq!(
        (caller.unique_id.as_str(), caller.kind),
        (id.as_str(), PrincipalKind::User)
    );

    let own = issue(&world, new(SessionKind::Own, root(), root(), None)).await;
    let caller = call(&world, &own).await.expect("authenticated");
    assert!(caller.is_root && caller.session.is_some());
}

/// POL-34, POL-40
#[tokio::test]
async fn an_expired_session_is_told_so() {
    let (world, role) = with_role().await;
    let session = issue(&world, new(SessionKind::Role, role, root(), Some("deploy"))).await;
    let later = |minutes: u64| NOW + Duration::from_mins(minutes);
    let stamped = |date: &'static str| {
        let wire = Wire::kms(b"{}").header("x-amz-security-token", &session.token);
        Signer {
            access_key_id: session.access_key_id.as_str(),
            secret: str::from_utf8(session.secret.expose()).expect("ASCII"),
            date,
            date_header: ("x-amz-date", date),
            ..SIGNER
        }
        .in_header(wire)
    };
    assert!(
        world
            .authenticate_at(&stamped("20260101T003400Z"), later(14))
            .await
            .is_ok()
    );
    let error = world
        .authenticate_at(&stamped("20260101T003500Z"), later(15))
        .await
        .expect_err("expired");
    assert_eq!(error, AuthenticationError::ExpiredToken);
    assert_eq!(
        (error.code(), error.query_code(), error.status()),
        ("ExpiredTokenException", "ExpiredToken", 400)
    );
    assert_eq!(error.message(), "The security token included in the request is expired");
    // A policy clock that runs ahead ends it, while the signature is of the machine's time.
    let at = |minutes| Times {
        machine: later(1),
        policy: later(minutes),
    };
    let wire = stamped("20260101T002100Z");
    let headers = wire.borrowed_headers();
    let request = wire.borrowed(&headers);
    assert!(world.verifying.authenticate(&request, at(14)).await.is_ok());
    let expired = world.verifying.authenticate(&request, at(15)).await;
    assert_eq!(expired, Err(AuthenticationError::ExpiredToken));
}

/// POL-57: a session ends with the role, the account, the one who issued it, and when its holder ends it.
#[tokio::test]
async fn sessions_end_at_once_with_what_they_depend_on() {
    let (world, role_party) = with_role().await;
    let (alice_id, _) = alice(&world).await;
    let alice = Party {
        account: account(),
        id: Some(alice_id),
    };
    let begin = || {
        issue(
            &world,
            new(SessionKind::Role, role_party.clone(), alice.clone(), Some("deploy")),
        )
    };

    let session = begin().await;
    assert!(call(&world, &session).await.is_ok());
    let mut change = edit(&world).await;
    change
        .revoke_sessions(SessionHolder::Role("app"))
        .await
        .expect("revoked");
    commit(&world, change).await;
    assert_eq!(call(&world, &session).await, Err(INVALID));
    // Sessions of the time after are good.
    let next = NOW + Duration::from_millis(1);
    let again = world
        .directory
        .issue_session(
            new(SessionKind::Role, role_party.clone(), alice.clone(), Some("deploy")),
            next,
        )
        .await
        .expect("a session");
    assert!(call(&world, &again).await.is_ok());
    // A clock that was set back brings no old session back.
    let mut change = world
        .directory
        .edit(account(), NOW.saturating_sub(Duration::from_hours(1)))
        .await
        .expect("the account");
    change
        .revoke_sessions(SessionHolder::Role("app"))
        .await
        .expect("revoked");
    commit(&world, change).await;
    assert_eq!(call(&world, &session).await, Err(INVALID));

    // The issuer ends the sessions that it issued.
    let mut change = world.directory.edit(account(), next).await.expect("the account");
    change
        .revoke_sessions(SessionHolder::User("alice"))
        .await
        .expect("revoked");
    commit(&world, change).await;
    assert_eq!(call(&world, &again).await, Err(INVALID));

    // The role is deleted, and another one takes its name.
    let later = NOW + Duration::from_millis(2);
    let session = world
        .directory
        .issue_session(
            new(SessionKind::Role, role_party.clone(), alice.clone(), Some("deploy")),
            later,
        )
        .await
        .expect("a session");
    assert!(call(&world, &session).await.is_ok());
    let mut change = edit(&world).await;
    change
        .delete_inline_policy(Holder::Role("app"), "own")
        .await
        .expect("deleted");
    change.delete_role("app").await.expect("deleted");
    commit(&world, change).await;
    assert_eq!(call(&world, &session).await, Err(INVALID));
    let mut change = edit(&world).await;
    change.create_role(role("app")).await.expect("a newcomer");
    commit(&world, change).await;
    assert_eq!(call(&world, &session).await, Err(INVALID));
    assert!(world.directory.find::<RoleRecord>(account(), "app").await.is_ok());
    let refused = world
        .directory
        .issue_session(new(SessionKind::Role, role_party, root(), Some("deploy")), NOW)
        .await;
    assert!(matches!(refused, Err(SessionError::NoSuchPrincipal)));
}

#[tokio::test]
async fn a_session_ends_with_the_provider_that_vouched() {
    let (world, role) = with_role().await;
    let mut change = edit(&world).await;
    let provider = NewProvider {
        url: "https://ci.example.com".to_owned(),
        ..NewProvider::default()
    };
    let (id, _) = change.create_provider(provider).await.expect("a provider");
    commit(&world, change).await;
    let issuer = Party {
        account: account(),
        id: Some(id),
    };
    let session = issue(
        &world,
        NewSession {
            federated_provider: Some("arn:aws:iam::111122223333:oidc-provider/ci.example.com".to_owned()),
            ..new(SessionKind::Role, role, issuer, Some("build"))
        },
    )
    .await;
    let caller = call(&world, &session).await.expect("authenticated");
    assert!(
        caller
            .session
            .as_ref()
            .is_some_and(|session| session.federated_provider.is_some())
    );
    let mut change = edit(&world).await;
    change.delete_provider("ci.example.com").await.expect("deleted");
    commit(&world, change).await;
    assert_eq!(call(&world, &session).await, Err(INVALID));
}

/// REF-106: whatever is done to a token, the answer is the same.
#[tokio::test]
async fn every_tampered_token_is_refused_alike() {
    let (world, role) = with_role().await;
    let session = issue(&world, new(SessionKind::Role, role.clone(), root(), Some("deploy"))).await;
    let other = issue(&world, new(SessionKind::Role, role.clone(), root(), Some("other"))).await;
    let (elsewhere, foreign_role) = with_role().await;
    let foreign = issue(&elsewhere, new(SessionKind::Role, foreign_role, root(), Some("deploy"))).await;
    assert!(call(&world, &session).await.is_ok());

    let token = session.token.as_str();
    let mut tampered = vec![
        String::new(),
        "x".to_owned(),
        "é".to_owned(),
        other.token.clone(),
        foreign.token.clone(),
        format!("{token}A"),
        format!("{token}{token}"),
        format!(" {token}x"),
        "A".repeat(9_000),
    ];
    tampered.extend((1..token.len()).map(|length| token[..length].to_owned()));
    for at in 0..token.len() {
        let other = if token.as_bytes()[at] == b'A' { 'B' } else { 'A' };
        tampered.push(format!("{}{other}{}", &token[..at], &token[at + 1..]));
    }
    for bad in tampered {
        let outcome = world.authenticate(&signed(&session, Some(&bad))).await;
        assert_eq!(outcome, Err(INVALID), "{bad}");
    }
    assert_eq!(
        world.authenticate(&signed(&session, None)).await,
        Err(AuthenticationError::UnknownAccessKey)
    );
    assert_eq!(INVALID.message(), AuthenticationError::UnknownAccessKey.message());
    // A good token with another secret, and the good one after all that.
    let forged = Signer {
        access_key_id: session.access_key_id.as_str(),
        secret: SECRET,
        ..SIGNER
    }
    .in_header(Wire::kms(b"{}").header("x-amz-security-token", token));
    assert_eq!(
        world.authenticate(&forged).await,
        Err(AuthenticationError::SignatureMismatch)
    );
    assert!(call(&world, &session).await.is_ok());
}

#[tokio::test]
async fn a_long_term_key_comes_without_a_token() {
    let (world, role) = with_role().await;
    let session = issue(&world, new(SessionKind::Role, role, root(), Some("deploy"))).await;
    for token in ["x", session.token.as_str()] {
        let wire = SIGNER.in_header(Wire::kms(b"{}").header("x-amz-security-token", token));
        assert_eq!(world.authenticate(&wire).await, Err(INVALID));
    }
    assert_eq!(SIGNER.access_key_id, ACCESS_KEY);
    assert!(world.authenticate(&SIGNER.in_header(Wire::kms(b"{}"))).await.is_ok());
}

#[tokio::test]
async fn a_development_server_knows_its_own_sessions() {
    let (world, role) = with_role().await;
    let session = issue(&world, new(SessionKind::Role, role, root(), Some("deploy"))).await;
    let caller = ask(&world.dev, &signed(&session, Some(&session.token)), NOW)
        .await
        .expect("authenticated");
    assert_eq!(caller.kind, PrincipalKind::AssumedRole);
    let foreign = ask(&world.dev, &signed(&session, Some("testing")), NOW)
        .await
        .expect("anybody");
    assert!(foreign.is_root);
}
