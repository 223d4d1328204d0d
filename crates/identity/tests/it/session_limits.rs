//! What a session may be: its kinds, its lifetime, its names, and how much it carries.

use std::time::Duration;

use trent_identity::Party;
use trent_identity::session::{NewSession, SessionError, SessionKind};
use trent_names::PrincipalArn;

use crate::principals::{arn, commit, edit, tag, user};
use crate::sessions::{call, issue, new, root, with_role};
use crate::world::{NOW, account};

#[tokio::test]
async fn what_a_session_may_not_be_is_refused() {
    let (world, role) = with_role().await;
    let base = || new(SessionKind::Role, role.clone(), root(), Some("deploy"));
    let mut change = edit(&world).await;
    let (alice, _) = change.create_user(user("alice")).await.expect("a user");
    commit(&world, change).await;
    let alice = Party {
        account: account(),
        id: Some(alice),
    };
    let refused = async |new: NewSession| world.directory.issue_session(new, NOW).await.err().expect("refused");
    let lifetime = |kind, principal: Party, issuer, minutes, name| NewSession {
        lifetime: Duration::from_mins(minutes),
        ..new(kind, principal, issuer, name)
    };
    let hour = 60;
    for (session, bounds) in [
        (
            lifetime(SessionKind::Role, role.clone(), root(), 14, Some("ab")),
            (900, 3_600),
        ),
        (
            lifetime(SessionKind::Role, role.clone(), root(), hour + 1, Some("ab")),
            (900, 3_600),
        ),
        (lifetime(SessionKind::Own, root(), root(), hour + 1, None), (900, 3_600)),
        (
            lifetime(SessionKind::Own, alice.clone(), alice.clone(), 36 * hour + 1, None),
            (900, 129_600),
        ),
    ] {
        let SessionError::Lifetime { min, max } = refused(session).await else {
            panic!("another error")
        };
        assert_eq!((min, max), bounds);
    }
    assert!(matches!(
        refused(new(SessionKind::Role, alice.clone(), root(), Some("ab"))).await,
        SessionError::WrongKind
    ));
    assert!(matches!(
        refused(new(SessionKind::Own, role.clone(), root(), None)).await,
        SessionError::WrongKind
    ));
    assert!(matches!(
        refused(NewSession {
            name: Some("a".to_owned()),
            ..base()
        })
        .await,
        SessionError::Invalid(_)
    ));
    let long = NewSession {
        policies: vec!["x".repeat(2_049)],
        ..base()
    };
    assert!(matches!(refused(long).await, SessionError::PolicyTooLong));
    let many = NewSession {
        policy_arns: vec![arn("x"); 11],
        ..base()
    };
    assert!(matches!(refused(many).await, SessionError::TooManyPolicyArns));
    let missing = NewSession {
        policy_arns: vec![arn("x")],
        ..base()
    };
    assert!(matches!(refused(missing).await, SessionError::NoSuchPolicy(_)));
    let tags = NewSession {
        tags: (0..51).map(|at| tag(&format!("k{at}"), "v")).collect(),
        ..base()
    };
    assert!(matches!(refused(tags).await, SessionError::TooManyTags));
    let transitive = NewSession {
        transitive_tag_keys: vec!["none".to_owned()],
        ..base()
    };
    assert!(matches!(refused(transitive).await, SessionError::NoSuchTag(_)));
    let packed = NewSession {
        tags: (0..50).map(|at| tag(&format!("k{at}"), &"v".repeat(200))).collect(),
        ..base()
    };
    let SessionError::PackedPolicyTooLarge { percent } = refused(packed).await else {
        panic!("another error")
    };
    assert!(percent > 200);
    let fits = NewSession {
        policies: vec!["x".repeat(2_048)],
        tags: vec![tag("a", "b")],
        ..base()
    };
    let issued = issue(&world, fits).await;
    assert!(call(&world, &issued).await.is_ok() && issued.token.len() < trent_identity::session::MAX_TOKEN);
    assert_eq!(
        world
            .directory
            .party_of(&PrincipalArn::parse("arn:aws:sts::111122223333:assumed-role/app/x").expect("an ARN"))
            .await
            .expect("an answer"),
        Some(role)
    );
}
