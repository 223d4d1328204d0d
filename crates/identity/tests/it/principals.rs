//! Users, groups, roles and policies: what makes them, what they give their holders, and what a store that lies can do.

use std::time::Duration;

use proptest::prelude::*;
use trent_identity::directory::principals::{PolicyRecord, RoleRecord, Tag, UserRecord};
use trent_identity::directory::{Entity, Holder, IssuedAccessKey, NewPolicy, NewRole, NewUser, Quota, Remaining};
use trent_identity::{
    AccessKeyId, AuthenticationError, Caller, Edit, EntityError, IdKind, PrincipalKind, UniqueId, rules,
};
use trent_names::PrincipalArn;
use trent_store::kinds;

use crate::directory::{overwrite, raw};
use crate::wire::{Signer, Wire};
use crate::world::{ACCOUNT, NOW, SIGNER, World, account};

pub(crate) const ALLOW: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}"#;
pub(crate) const DENY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"kms:*","Resource":"*"}]}"#;

pub(crate) fn user(name: &str) -> NewUser {
    NewUser {
        name: name.to_owned(),
        ..NewUser::default()
    }
}

pub(crate) fn role(name: &str) -> NewRole {
    NewRole {
        name: name.to_owned(),
        trust_policy: ALLOW.to_owned(),
        ..NewRole::default()
    }
}

pub(crate) fn policy(name: &str) -> NewPolicy {
    NewPolicy {
        name: name.to_owned(),
        document: ALLOW.to_owned(),
        ..NewPolicy::default()
    }
}

pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:policy/{name}")
}

pub(crate) fn tag(key: &str, value: &str) -> Tag {
    Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

pub(crate) async fn edit(world: &World) -> Edit<'_> {
    world.directory.edit(account(), NOW).await.expect("the account")
}

pub(crate) async fn commit(world: &World, edit: Edit<'_>) {
    world.directory.commit(edit.plan(())).await.expect("committed");
}

/// A user with an access key.
pub(crate) async fn alice(world: &World) -> (UniqueId, IssuedAccessKey) {
    let mut change = edit(world).await;
    let (id, _) = change.create_user(user("alice")).await.expect("a user");
    let key = change.issue_access_key("alice").await.expect("a key");
    commit(world, change).await;
    (id, key)
}

pub(crate) async fn call(world: &World, key: &IssuedAccessKey) -> Result<Caller, AuthenticationError> {
    let secret = str::from_utf8(key.secret.expose()).expect("ASCII");
    let signer = Signer {
        access_key_id: key.id.as_str(),
        secret,
        ..SIGNER
    };
    world.authenticate(&signer.in_header(Wire::kms(b"{}"))).await
}

/// What the caller's identity policies are called, and their texts.
async fn policies(world: &World, key: &IssuedAccessKey) -> Vec<(String, String)> {
    let caller = call(world, key).await.expect("authenticated");
    let policies = caller.entitlements.policies.iter();
    policies
        .map(|policy| (policy.name.to_string(), policy.document.text().to_owned()))
        .collect()
}

/// POL-35, POL-43, POL-58
#[tokio::test]
async fn a_user_calls_under_its_own_name_and_has_nothing_at_first() {
    let world = World::new().await;
    let mut change = edit(&world).await;
    let new = NewUser {
        path: "/ops/".to_owned(),
        tags: vec![tag("team", "payments")],
        ..user("Alice")
    };
    let (id, record) = change.create_user(new).await.expect("a user");
    let key = change.issue_access_key("alice").await.expect("names have no case");
    commit(&world, change).await;

    let caller = call(&world, &key).await.expect("authenticated");
    assert_eq!(caller.principal.to_string(), "arn:aws:iam::111122223333:user/ops/Alice");
    assert_eq!((caller.unique_id.as_str(), caller.is_root), (id.as_str(), false));
    assert_eq!((caller.kind, caller.kind.as_str()), (PrincipalKind::User, "User"));
    assert_eq!((caller.account, &caller.session), (account(), &None));
    assert_eq!(caller.access_key_id, key.id.as_str());
    assert!(caller.entitlements.policies.is_empty());
    assert_eq!(
        (&caller.entitlements.boundary, &caller.entitlements.session_policies),
        (&None, &Vec::new())
    );
    assert_eq!(caller.entitlements.tags, record.tags);
    assert_eq!((id.kind(), id.as_str().len()), (IdKind::User, 21));
}

/// POL-44, POL-61, POL-121, POL-225
#[tokio::test]
async fn policies_of_the_user_and_its_groups_combine_and_changes_count_at_once() {
    let world = World::new().await;
    let (_, key) = alice(&world).await;
    assert_eq!(policies(&world, &key).await, []);

    let mut change = edit(&world).await;
    change
        .put_inline_policy(Holder::User("alice"), "own", ALLOW)
        .await
        .expect("an inline policy");
    change.create_policy(policy("shared")).await.expect("a policy");
    change
        .attach_policy(Holder::User("alice"), &arn("shared"))
        .await
        .expect("attached");
    change.create_group("ops", "/").await.expect("a group");
    change
        .put_inline_policy(Holder::Group("ops"), "of ops".replace(' ', "-").as_str(), DENY)
        .await
        .expect("inline");
    change
        .attach_policy(Holder::Group("ops"), "arn:aws:iam::aws:policy/AdministratorAccess")
        .await
        .expect("attached");
    change.add_user_to_group("ops", "alice").await.expect("a member");
    change.add_user_to_group("ops", "alice").await.expect("twice is once");
    commit(&world, change).await;
    let names = |found: Vec<(String, String)>| found.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(
        names(policies(&world, &key).await),
        [
            "own",
            &arn("shared"),
            "of-ops",
            "arn:aws:iam::aws:policy/AdministratorAccess"
        ]
    );

    // A new version of a managed policy.
    let mut change = edit(&world).await;
    assert_eq!(
        change
            .create_policy_version(&arn("shared"), DENY, true)
            .await
            .expect("a version"),
        2
    );
    commit(&world, change).await;
    assert_eq!(policies(&world, &key).await[1], (arn("shared"), DENY.to_owned()));

    // Back to the first.
    let mut change = edit(&world).await;
    change
        .set_default_policy_version(&arn("shared"), 1)
        .await
        .expect("in force");
    commit(&world, change).await;
    assert_eq!(policies(&world, &key).await[1].1, ALLOW);

    // Detached, and out of the group.
    let mut change = edit(&world).await;
    change
        .detach_policy(Holder::User("alice"), &arn("shared"))
        .await
        .expect("detached");
    change.remove_user_from_group("ops", "alice").await.expect("no member");
    commit(&world, change).await;
    assert_eq!(names(policies(&world, &key).await), ["own"]);

    let mut change = edit(&world).await;
    change
        .delete_inline_policy(Holder::User("alice"), "own")
        .await
        .expect("deleted");
    commit(&world, change).await;
    assert_eq!(policies(&world, &key).await, []);
}

/// POL-63
#[tokio::test]
async fn a_boundary_stands_in_the_record_of_the_user() {
    let world = World::new().await;
    let (_, key) = alice(&world).await;
    let mut change = edit(&world).await;
    change.create_policy(policy("limit")).await.expect("a policy");
    change
        .set_boundary(Holder::User("alice"), &arn("limit"))
        .await
        .expect("bounded");
    change
        .set_boundary(Holder::User("alice"), &arn("limit"))
        .await
        .expect("once more");
    commit(&world, change).await;
    let boundary = call(&world, &key)
        .await
        .expect("authenticated")
        .entitlements
        .boundary
        .clone();
    assert_eq!(boundary.expect("a boundary").document.text(), ALLOW);
    let mut change = edit(&world).await;
    assert!(matches!(
        change.delete_policy(&arn("limit")).await,
        Err(EntityError::DeleteConflict(Remaining::Boundaries))
    ));
    change.clear_boundary(Holder::User("alice")).await.expect("cleared");
    assert!(matches!(
        change.clear_boundary(Holder::User("alice")).await,
        Err(EntityError::NoSuch {
            entity: Entity::Boundary,
            ..
        })
    ));
    change.delete_policy(&arn("limit")).await.expect("nobody uses it");
    commit(&world, change).await;
    assert_eq!(
        call(&world, &key).await.expect("authenticated").entitlements.boundary,
        None
    );
}

/// POL-41
#[tokio::test]
async fn two_access_keys_can_be_rotated_and_a_deactivated_one_is_refused_at_once() {
    let world = World::new().await;
    let (_, first) = alice(&world).await;
    let mut change = edit(&world).await;
    let second = change.issue_access_key("alice").await.expect("a second key");
    assert!(matches!(
        change.issue_access_key("alice").await,
        Err(EntityError::LimitExceeded {
            quota: Quota::AccessKeys,
            limit: 2
        })
    ));
    commit(&world, change).await;
    assert!(call(&world, &first).await.is_ok() && call(&world, &second).await.is_ok());
    for active in [false, true, false] {
        let mut change = edit(&world).await;
        change
            .set_access_key_active("alice", first.id.as_str(), active)
            .await
            .expect("its key");
        commit(&world, change).await;
        assert_eq!(call(&world, &first).await.is_ok(), active);
    }
    let mut change = edit(&world).await;
    change
        .delete_access_key("alice", first.id.as_str())
        .await
        .expect("deleted");
    commit(&world, change).await;
    assert_eq!(
        call(&world, &first).await.expect_err("gone"),
        AuthenticationError::UnknownAccessKey
    );
    assert!(call(&world, &second).await.is_ok());
    let owner = world
        .directory
        .access_key_owner(second.id.as_str())
        .await
        .expect("an answer");
    assert_eq!(owner.and_then(|owner| owner.id).map(|id| id.kind()), Some(IdKind::User));

    // An id that was chosen elsewhere does not come back.
    let mut change = edit(&world).await;
    let id = AccessKeyId::parse("AKIACHOSENCHOSENCHOS").expect("an id");
    let secret = || trent_crypto::Secret::new(b"a secret of forty characters, or nearly!".to_vec());
    change
        .import_access_key("alice", &id, secret())
        .await
        .expect("imported");
    change.delete_access_key("alice", id.as_str()).await.expect("deleted");
    assert!(matches!(
        change.import_access_key("alice", &id, secret()).await,
        Err(EntityError::AccessKeyRetired(_))
    ));
    let temporary = AccessKeyId::parse("ASIACHOSENCHOSENCHOS").expect("an id");
    assert!(change.import_access_key("alice", &temporary, secret()).await.is_err());
}

#[tokio::test]
async fn the_last_use_of_an_access_key_is_written_down_now_and_then() {
    let world = World::new().await;
    let (_, key) = alice(&world).await;
    assert_eq!(
        world.directory.last_use(key.id.as_str()).await.expect("an answer"),
        None
    );
    call(&world, &key).await.expect("authenticated");
    call(&world, &key).await.expect("authenticated");
    let planned = world.directory.plan_last_uses().await.expect("a plan").expect("a use");
    assert_eq!(world.directory.commit(planned).await.expect("committed"), 1);
    assert!(world.directory.plan_last_uses().await.expect("a plan").is_none());
    let last = world
        .directory
        .last_use(key.id.as_str())
        .await
        .expect("an answer")
        .expect("a use");
    assert_eq!(
        (u128::from(last.at), last.region.as_str(), last.service.as_str()),
        (NOW.as_millis(), "us-east-1", "kms")
    );
}

/// POL-57: whoever takes the name of a deleted user or role is somebody else.
#[tokio::test]
async fn a_newcomer_of_the_same_name_is_somebody_else() {
    let world = World::new().await;
    let (first, old) = alice(&world).await;
    let name = PrincipalArn::parse("arn:aws:iam::111122223333:user/alice").expect("an ARN");
    let found = world
        .directory
        .party_of(&name)
        .await
        .expect("an answer")
        .expect("alice");
    assert_eq!(found.id, Some(first.clone()));

    let mut change = edit(&world).await;
    let refused = change.delete_user("alice").await;
    assert!(matches!(
        refused,
        Err(EntityError::DeleteConflict(Remaining::AccessKeys))
    ));
    change
        .delete_access_key("alice", old.id.as_str())
        .await
        .expect("deleted");
    change.delete_user("alice").await.expect("deleted");
    commit(&world, change).await;
    assert_eq!(world.directory.party_of(&name).await.expect("an answer"), None);
    assert!(world.directory.entitlements(&found).await.expect("an answer").is_none());

    let (second, new) = alice(&world).await;
    assert_ne!(first, second);
    assert!(call(&world, &new).await.is_ok());
    assert_eq!(
        call(&world, &old).await.expect_err("gone"),
        AuthenticationError::UnknownAccessKey
    );
    assert!(world.directory.entitlements(&found).await.expect("an answer").is_none());
    let elsewhere = PrincipalArn::parse("arn:aws:iam::111122223333:user/path/alice").expect("an ARN");
    assert_eq!(world.directory.party_of(&elsewhere).await.expect("an answer"), None);
}

#[tokio::test]
async fn renamed_and_moved_users_stay_who_they_are() {
    let world = World::new().await;
    let (id, key) = alice(&world).await;
    let mut change = edit(&world).await;
    change.create_user(user("bob")).await.expect("a user");
    let taken = change.update_user("alice", Some("BOB"), None).await;
    assert!(matches!(
        taken,
        Err(EntityError::Exists {
            entity: Entity::User,
            ..
        })
    ));
    change
        .update_user("alice", Some("carol"), Some("/x/"))
        .await
        .expect("renamed");
    commit(&world, change).await;
    let caller = call(&world, &key).await.expect("authenticated");
    assert_eq!(caller.principal.to_string(), "arn:aws:iam::111122223333:user/x/carol");
    assert_eq!(caller.unique_id, id.as_str());
    assert!(world.directory.find::<UserRecord>(account(), "alice").await.is_err());
    assert_eq!(
        world
            .directory
            .find::<UserRecord>(account(), "Carol")
            .await
            .expect("found")
            .0,
        id
    );
}

#[tokio::test]
async fn nobody_of_a_suspended_account_is_admitted() {
    let world = World::new().await;
    let (_, key) = alice(&world).await;
    for suspended in [true, false] {
        let mut change = edit(&world).await;
        change.set_suspended(suspended).await.expect("the account");
        commit(&world, change).await;
        assert_eq!(call(&world, &key).await.is_err(), suspended);
        assert_eq!(
            world.authenticate(&SIGNER.in_header(Wire::kms(b"{}"))).await.is_err(),
            suspended
        );
    }
}

#[tokio::test]
async fn of_two_changes_to_one_user_one_wins() {
    let world = World::new().await;
    alice(&world).await;
    let mut first = edit(&world).await;
    let mut second = edit(&world).await;
    first
        .put_inline_policy(Holder::User("alice"), "a", ALLOW)
        .await
        .expect("inline");
    second
        .put_inline_policy(Holder::User("alice"), "b", ALLOW)
        .await
        .expect("inline");
    commit(&world, first).await;
    assert!(world.directory.commit(second.plan(())).await.is_err());
}

/// A group, a policy or a user's own record that the store withholds, or an old policy that it brings back, takes access
/// away and never gives any.
#[tokio::test]
async fn a_store_that_withholds_what_restricts_gives_no_access() {
    let world = World::new().await;
    let (_, key) = alice(&world).await;
    let mut change = edit(&world).await;
    change.create_policy(policy("limit")).await.expect("a policy");
    change.create_group("denied", "/").await.expect("a group");
    change
        .put_inline_policy(Holder::Group("denied"), "deny", DENY)
        .await
        .expect("inline");
    change.add_user_to_group("denied", "alice").await.expect("a member");
    commit(&world, change).await;
    let (place, old) = raw(&world.sealed, kinds::MANAGED_POLICY).await.remove(0);
    let mut change = edit(&world).await;
    change
        .create_policy_version(&arn("limit"), DENY, true)
        .await
        .expect("a version");
    change
        .set_boundary(Holder::User("alice"), &arn("limit"))
        .await
        .expect("bounded");
    commit(&world, change).await;
    let seen = call(&world, &key).await.expect("authenticated");
    assert_eq!(
        seen.entitlements.boundary.as_ref().map(|b| b.document.is_withheld()),
        Some(false)
    );

    overwrite(&world.sealed, place.clone(), Some(old)).await;
    let seen = call(&world, &key).await.expect("authenticated");
    assert_eq!(
        seen.entitlements.boundary.as_ref().map(|b| b.document.is_withheld()),
        Some(true)
    );
    overwrite(&world.sealed, place, None).await;
    let seen = call(&world, &key).await.expect("authenticated");
    assert_eq!(
        seen.entitlements.boundary.as_ref().map(|b| b.document.is_withheld()),
        Some(true)
    );

    for (key, _) in raw(&world.sealed, kinds::GROUP).await {
        overwrite(&world.sealed, key, None).await;
    }
    let seen = call(&world, &key).await.expect("authenticated");
    assert!(
        seen.entitlements
            .policies
            .iter()
            .all(|policy| policy.document.is_withheld())
    );
    assert_eq!(seen.entitlements.policies.len(), 1);

    for (key, _) in raw(&world.sealed, kinds::USER).await {
        overwrite(&world.sealed, key, None).await;
    }
    assert_eq!(
        call(&world, &key).await.expect_err("gone"),
        AuthenticationError::UnknownAccessKey
    );
}

#[tokio::test]
async fn all_that_is_made_comes_back_as_it_was() {
    let world = World::new().await;
    let mut change = world
        .directory
        .edit(account(), Duration::from_millis(1_500))
        .await
        .expect("the account");
    let (policy_id, made_policy) = change.create_policy(policy("p")).await.expect("a policy");
    let new = NewRole {
        description: "runs it".to_owned(),
        max_session_seconds: Some(7_200),
        ..role("app")
    };
    let (role_id, made_role) = change.create_role(new).await.expect("a role");
    commit(&world, change).await;
    assert_eq!(
        world
            .directory
            .by_id::<PolicyRecord>(account(), &policy_id)
            .await
            .expect("an answer"),
        Some(made_policy)
    );
    let stored = world
        .directory
        .by_id::<RoleRecord>(account(), &role_id)
        .await
        .expect("an answer")
        .expect("a role");
    assert_eq!(stored, made_role);
    assert_eq!((stored.created_at, stored.max_session_seconds), (1_500, 7_200));
    assert_eq!(
        world
            .directory
            .by_id::<UserRecord>(account(), &role_id)
            .await
            .expect("an answer"),
        None
    );
}

proptest! {
    /// Names, paths and ARNs of any kind are accepted or refused; what is accepted is made up of what may be in it.
    #[test]
    fn rules_never_panic(text in "\\PC{0,80}") {
        for rule in [rules::user_name, rules::role_name, rules::group_name, rules::policy_name, rules::session_name] {
            if rule(&text).is_ok() {
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/' && byte != b':'));
            }
        }
        if rules::path(&text).is_ok() {
            prop_assert!(text.starts_with('/') && text.ends_with('/'));
        }
        let _ = (rules::PolicyArn::parse(&text), rules::provider_name(&text), UniqueId::parse(&text));
        let _ = (rules::tag_key(&text), rules::document(&text), rules::account_alias(&text));
    }
}
