//! What keeps an account's users, groups, roles and policies in order: what may not be deleted, quotas, tags, listings.

use trent_identity::directory::principals::{
    GroupRecord, PolicyReference, ProviderRecord, RoleRecord, RosterRecord, Usage, UserRecord,
};
use trent_identity::directory::{Entity, Holder, NewProvider, NewUser, Quota, Remaining, Tagged};
use trent_identity::{EntityError, rules};
use trent_names::AccountId;

use crate::principals::{ALLOW, DENY, alice, arn, commit, edit, policy, role, tag, user};
use crate::world::{NOW, World, account};

#[tokio::test]
async fn what_is_in_use_is_not_deleted() {
    let world = World::new().await;
    let mut change = edit(&world).await;
    change.create_user(user("alice")).await.expect("a user");
    change.create_group("ops", "/").await.expect("a group");
    change.create_role(role("app")).await.expect("a role");
    change.create_policy(policy("shared")).await.expect("a policy");
    change.add_user_to_group("ops", "alice").await.expect("a member");
    change
        .put_inline_policy(Holder::Role("app"), "p", ALLOW)
        .await
        .expect("inline");
    change
        .attach_policy(Holder::Role("app"), &arn("shared"))
        .await
        .expect("attached");
    change
        .attach_policy(Holder::Role("app"), &arn("shared"))
        .await
        .expect("twice is once");
    let conflict = |result: Result<(), EntityError>| match result {
        Err(EntityError::DeleteConflict(remaining)) => Some(remaining),
        _ => None,
    };
    assert_eq!(
        conflict(change.delete_user("alice").await),
        Some(Remaining::Memberships)
    );
    assert_eq!(conflict(change.delete_group("ops").await), Some(Remaining::Members));
    assert_eq!(
        conflict(change.delete_role("app").await),
        Some(Remaining::InlinePolicies)
    );
    change
        .delete_inline_policy(Holder::Role("app"), "p")
        .await
        .expect("deleted");
    assert_eq!(
        conflict(change.delete_role("app").await),
        Some(Remaining::AttachedPolicies)
    );
    assert_eq!(
        conflict(change.delete_policy(&arn("shared")).await),
        Some(Remaining::Attachments)
    );
    change
        .detach_policy(Holder::Role("app"), &arn("shared"))
        .await
        .expect("detached");
    change
        .create_policy_version(&arn("shared"), DENY, false)
        .await
        .expect("a version");
    assert_eq!(
        conflict(change.delete_policy(&arn("shared")).await),
        Some(Remaining::Versions)
    );
    assert_eq!(
        conflict(change.delete_policy_version(&arn("shared"), 1).await),
        Some(Remaining::InForce)
    );
    change.delete_policy_version(&arn("shared"), 2).await.expect("deleted");
    for _ in 0..4 {
        change
            .create_policy_version(&arn("shared"), DENY, false)
            .await
            .expect("a version");
    }
    assert!(matches!(
        change.create_policy_version(&arn("shared"), DENY, false).await,
        Err(EntityError::LimitExceeded {
            quota: Quota::PolicyVersions,
            limit: 5
        })
    ));
    for number in 3..=6 {
        change
            .delete_policy_version(&arn("shared"), number)
            .await
            .expect("numbers are not used twice");
    }
    change.delete_policy(&arn("shared")).await.expect("deleted");
    change.remove_user_from_group("ops", "alice").await.expect("no member");
    change.delete_group("ops").await.expect("deleted");
    change.delete_role("app").await.expect("deleted");
    change.delete_user("alice").await.expect("deleted");
    commit(&world, change).await;
    assert_eq!(
        world.directory.roster(account()).await.expect("a roster"),
        RosterRecord::default()
    );
}

#[tokio::test]
async fn what_is_missing_taken_or_too_much_is_named() {
    let world = World::new().await;
    let mut change = edit(&world).await;
    let missing =
        |entity| move |error: EntityError| matches!(error, EntityError::NoSuch { entity: e, .. } if e == entity);
    assert!(change.delete_user("x").await.is_err_and(missing(Entity::User)));
    assert!(change.delete_group("x").await.is_err_and(missing(Entity::Group)));
    assert!(change.delete_role("x").await.is_err_and(missing(Entity::Role)));
    assert!(
        change
            .delete_policy(&arn("x"))
            .await
            .is_err_and(missing(Entity::Policy))
    );
    assert!(change.delete_provider("x").await.is_err_and(missing(Entity::Provider)));
    assert!(
        change
            .attach_policy(Holder::User("x"), &arn("x"))
            .await
            .is_err_and(missing(Entity::Policy))
    );
    change.create_user(user("alice")).await.expect("a user");
    let attached = change.detach_policy(Holder::User("alice"), &arn("x")).await;
    assert!(attached.is_err_and(missing(Entity::Attachment)));
    assert!(
        change
            .delete_access_key("alice", "AKIA")
            .await
            .is_err_and(missing(Entity::AccessKey))
    );
    let again = change.create_user(user("ALICE")).await;
    assert!(matches!(
        again,
        Err(EntityError::Exists {
            entity: Entity::User,
            ..
        })
    ));
    let own = change
        .delete_policy("arn:aws:iam::aws:policy/AdministratorAccess")
        .await;
    assert!(matches!(own, Err(EntityError::Unmodifiable(_))));
    let long = format!("{{\"x\":\"{}\"}}", "y".repeat(2_048));
    let size = change.put_inline_policy(Holder::User("alice"), "p", &long).await;
    assert!(matches!(
        size,
        Err(EntityError::LimitExceeded {
            quota: Quota::InlinePolicySize,
            limit: 2_048
        })
    ));
    for at in 0..=rules::ATTACHED_POLICIES {
        let name = format!("p{at}");
        change.create_policy(policy(&name)).await.expect("a policy");
        let attached = change.attach_policy(Holder::User("alice"), &arn(&name)).await;
        assert_eq!(attached.is_ok(), at < rules::ATTACHED_POLICIES);
    }
    for at in 0..=rules::GROUPS_OF_A_USER {
        let name = format!("g{at}");
        change.create_group(&name, "/").await.expect("a group");
        let added = change.add_user_to_group(&name, "alice").await;
        assert_eq!(added.is_ok(), at < rules::GROUPS_OF_A_USER);
    }
    let tags = (0..51).map(|at| tag(&format!("k{at}"), "v")).collect();
    let tagged = change.tag(Tagged::User("alice"), tags).await;
    assert!(matches!(
        tagged,
        Err(EntityError::LimitExceeded {
            quota: Quota::Tags,
            limit: 50
        })
    ));
    let nobody = AccountId::parse("999999999999").expect("an id");
    assert!(matches!(
        world.directory.edit(nobody, NOW).await,
        Err(EntityError::NoSuchAccount(_))
    ));
}

#[tokio::test]
async fn tags_are_replaced_whatever_their_case() {
    let world = World::new().await;
    let mut change = edit(&world).await;
    change.create_role(role("app")).await.expect("a role");
    change
        .tag(Tagged::Role("app"), vec![tag("Team", "a"), tag("b", "c")])
        .await
        .expect("tagged");
    change
        .tag(Tagged::Role("app"), vec![tag("team", "z")])
        .await
        .expect("tagged");
    change
        .untag(Tagged::Role("app"), &["B".to_owned(), "none".to_owned()])
        .await
        .expect("untagged");
    commit(&world, change).await;
    let (_, record) = world
        .directory
        .find::<RoleRecord>(account(), "app")
        .await
        .expect("a role");
    assert_eq!(record.tags, [tag("team", "z")]);
}

#[tokio::test]
async fn listings_go_page_by_page_and_may_be_of_one_path() {
    let world = World::new().await;
    for batch in 0..3 {
        let mut change = edit(&world).await;
        change.create_group(&format!("g{batch}"), "/").await.expect("a group");
        for at in 0..5 {
            let name = format!("u{batch}-{at}");
            let path = if at % 2 == 0 { "/even/" } else { "/odd/" }.to_owned();
            change
                .create_user(NewUser { path, ..user(&name) })
                .await
                .expect("a user");
            change
                .add_user_to_group(&format!("g{batch}"), &name)
                .await
                .expect("a member");
        }
        commit(&world, change).await;
    }
    for (prefix, limit, expected) in [
        ("/", 4, 15),
        ("/even/", 2, 9),
        ("/odd/", 100, 6),
        ("/none/", 3, 0),
        ("/", 15, 15),
    ] {
        let mut names = Vec::new();
        let mut after = None;
        loop {
            let page = world
                .directory
                .list::<UserRecord>(account(), prefix, after.as_ref(), limit)
                .await
                .expect("a page");
            assert!(page.items.len() <= limit);
            names.extend(page.items.into_iter().map(|(_, user)| user.name));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), expected, "{prefix}");
    }
    let (group, record) = world
        .directory
        .find::<GroupRecord>(account(), "g1")
        .await
        .expect("a group");
    assert_eq!(record.members, 5);
    let first = world
        .directory
        .members(account(), &group, None, 3)
        .await
        .expect("a page");
    let rest = world
        .directory
        .members(account(), &group, first.next.as_ref(), 3)
        .await
        .expect("a page");
    assert_eq!((first.items.len(), rest.items.len(), rest.next), (3, 2, None));
    let groups = world
        .directory
        .groups_of(account(), &rest.items[0].1)
        .await
        .expect("groups");
    assert_eq!(groups[0].1.name, "g1");
}

#[tokio::test]
async fn who_uses_a_policy_is_listed() {
    let world = World::new().await;
    let (alice, _) = alice(&world).await;
    let mut change = edit(&world).await;
    let (id, record) = change.create_policy(policy("shared")).await.expect("a policy");
    change
        .attach_policy(Holder::User("alice"), &arn("shared"))
        .await
        .expect("attached");
    commit(&world, change).await;
    let reference = PolicyReference {
        arn: arn("shared"),
        id: Some(id),
        edition: record.edition,
    };
    for (usage, expected) in [(Usage::Attached, vec![(alice, ())]), (Usage::Boundary, vec![])] {
        let users = world
            .directory
            .users_of_policy(account(), &reference, usage, None, 10)
            .await;
        assert_eq!(users.expect("a page").items, expected);
    }
    let (_, _, stored) = world.directory.policy(&arn("shared")).await.expect("the policy");
    assert_eq!((stored.attachments, stored.boundaries), (1, 0));
    let wrong_case = world.directory.policy(&arn("Shared")).await;
    assert!(matches!(
        wrong_case,
        Err(EntityError::NoSuch {
            entity: Entity::Policy,
            ..
        })
    ));
}

#[tokio::test]
async fn providers_and_aliases_are_kept() {
    let world = World::new().await;
    let mut change = edit(&world).await;
    let new = NewProvider {
        url: "https://ci.example.com/".to_owned(),
        client_ids: vec!["sts.amazonaws.com".to_owned()],
        thumbprints: vec!["AB".repeat(20)],
        tags: Vec::new(),
    };
    change.create_provider(new).await.expect("a provider");
    change.add_client_id("ci.example.com", "other").await.expect("added");
    change
        .remove_client_id("ci.example.com", "sts.amazonaws.com")
        .await
        .expect("removed");
    change.set_account_alias("our-company").await.expect("an alias");
    change.set_account_alias("our-firm").await.expect("another");
    commit(&world, change).await;
    let (_, provider) = world
        .directory
        .find::<ProviderRecord>(account(), "ci.example.com")
        .await
        .expect("found");
    assert_eq!(
        (provider.client_ids, provider.thumbprints),
        (vec!["other".to_owned()], vec!["ab".repeat(20)])
    );
    assert_eq!(
        world.directory.account_of_alias("our-firm").await.expect("an answer"),
        Some(account())
    );
    assert_eq!(
        world
            .directory
            .account_of_alias("our-company")
            .await
            .expect("an answer"),
        None
    );
}
