//! Grants beside policies.

use crate::support::{ALICE, ROLE, ROOT, SESSION, World, iam, to};
use serde_json::json;
use trent_policy::{Grant, Grantee};

fn to_caller() -> Grant<'static> {
    Grant {
        id: "caller",
        grantee: Grantee::Caller,
    }
}

fn to_role() -> Grant<'static> {
    Grant {
        id: "role",
        grantee: Grantee::Role,
    }
}

fn to_account() -> Grant<'static> {
    Grant {
        id: "account",
        grantee: Grantee::Account,
    }
}

/// POL-13, AUTHZ-269
#[test]
fn a_grant_adds_and_never_denies() {
    for world in [World::new(ALICE), World::new(ALICE).key_policy(&to(&json!(ROOT)))] {
        assert!(!world.allowed());
        assert!(world.clone().grant(to_caller()).allowed());
    }
    let allowed = World::new(ALICE).key_policy(&to(&json!(ALICE)));
    assert!(allowed.clone().grant(to_account()).allowed());
    assert_eq!(allowed.grant(to_caller()).code(), "ALLOWED_BY_KEY_POLICY");
}

#[test]
fn a_grant_to_an_account_leaves_it_to_the_account() {
    for caller in [ALICE, "arn:aws:iam::444455556666:user/Eve"] {
        let world = World::new(caller).grant(to_account());
        assert!(!world.allowed());
        assert!(world.identity(&iam("Allow", "kms:Encrypt")).allowed());
    }
    assert!(
        World::new(ROOT).grant(to_account()).allowed(),
        "the root user is the account"
    );
}

/// AUTHZ-268, POL-28
#[test]
fn boundaries_and_session_policies_limit_grants_to_roles() {
    let narrow = iam("Allow", "s3:*");
    for (grant, expected) in [(to_caller(), true), (to_role(), false), (to_account(), false)] {
        let world = World::new(SESSION)
            .key_policy(&to(&json!(ROOT)))
            .identity(&iam("Allow", "kms:*"));
        let world = World {
            key_policy: None,
            ..world
        }
        .grant(grant);
        assert!(world.allowed(), "{grant:?}");
        assert_eq!(world.clone().boundary(&narrow).allowed(), expected, "{grant:?}");
        assert_eq!(world.clone().session(&narrow).allowed(), expected, "{grant:?}");
        assert!(
            !world.clone().session(&iam("Deny", "kms:*")).allowed(),
            "a denial always counts"
        );
        assert!(!world.scp(&narrow).allowed(), "and so does the organization");
    }
}

#[test]
fn a_grant_reaches_across_accounts_without_an_iam_policy() {
    let eve = World::new("arn:aws:sts::444455556666:assumed-role/R/s").key_policy(&to(&json!(ROOT)));
    assert!(eve.clone().grant(to_caller()).allowed());
    assert!(eve.clone().grant(to_role()).allowed());
    assert!(!eve.clone().grant(to_role()).boundary(&iam("Allow", "s3:*")).allowed());
    assert!(!eve.grant(to_role()).identity(&iam("Deny", "kms:*")).allowed());
}

#[test]
fn where_a_limit_stops_the_key_policy_it_is_the_grant_that_allows() {
    let narrow = iam("Allow", "s3:*");
    let world = World::new(SESSION)
        .key_policy(&to(&json!([ROLE, ROOT])))
        .identity(&iam("Allow", "kms:*"))
        .grant(to_caller());
    assert_eq!(world.code(), "ALLOWED_BY_KEY_POLICY");
    for limited in [world.clone().boundary(&narrow), world.session(&narrow)] {
        assert_eq!(limited.code(), "ALLOWED_BY_GRANT");
    }
}
