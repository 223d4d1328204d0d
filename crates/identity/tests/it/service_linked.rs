//! Service-linked roles: made by their service alone, seen by the account, changed by nobody.

use trent_identity::directory::principals::{RoleRecord, TrustBinding};
use trent_identity::directory::service_linked::MULTI_REGION_KEYS;
use trent_identity::directory::{Holder, Quota, Tagged};
use trent_identity::{Edit, EntityError, PrincipalDirectory, rules};
use trent_names::Partition;

use crate::plans::{apply, parsed};
use crate::principals::{ALLOW, arn, edit, policy, role, tag};
use crate::world::{ACCOUNT, NOW, World, account};

const NAME: &str = MULTI_REGION_KEYS.name;

/// A world whose account has the role.
async fn with_role() -> World {
    let world = World::new().await;
    let made = world
        .directory
        .missing_role(&MULTI_REGION_KEYS, Partition::Aws, account(), NOW)
        .await;
    let made = made.expect("the store reads").expect("it is missing");
    world.directory.commit(made).await.expect("it is made");
    world
}

async fn found(world: &World) -> RoleRecord {
    let (_, record) = world.directory.find(account(), NAME).await.expect("the role is there");
    record
}

fn is_protected<T>(outcome: Result<T, EntityError>) -> bool {
    matches!(outcome, Err(EntityError::ServiceLinked(name)) if name == NAME)
}

/// SPK-547
#[tokio::test]
async fn it_is_missing_once() {
    let world = with_role().await;
    let again = world
        .directory
        .missing_role(&MULTI_REGION_KEYS, Partition::Aws, account(), NOW)
        .await;
    assert!(again.expect("the store reads").is_none());
    let nobody = "999988887777".parse().expect("an account");
    let elsewhere = world
        .directory
        .missing_role(&MULTI_REGION_KEYS, Partition::Aws, nobody, NOW)
        .await;
    assert!(elsewhere.expect("the store reads").is_none());
}

/// SPK-292
#[tokio::test]
async fn nobody_changes_more_of_it_than_its_description() {
    let world = with_role().await;
    let before = found(&world).await;
    let mut own = edit(&world).await;
    own.create_policy(policy("reader")).await.expect("a policy");
    world.directory.commit(own.plan(())).await.expect("it is made");
    let (holder, attached) = (Holder::Role(NAME), before.policies.attached[0].arn.clone());
    let fresh = async || -> Edit<'_> { edit(&world).await };
    // Names of roles are told apart without regard to case.
    for name in [NAME, &NAME.to_lowercase()] {
        assert!(is_protected(fresh().await.delete_role(name).await));
        assert!(is_protected(fresh().await.update_trust_policy(name, ALLOW).await));
        assert!(is_protected(fresh().await.update_role(name, None, Some(7_200)).await));
    }
    assert!(is_protected(
        fresh().await.put_inline_policy(holder, "more", ALLOW).await
    ));
    assert!(is_protected(fresh().await.delete_inline_policy(holder, "more").await));
    assert!(is_protected(fresh().await.attach_policy(holder, &arn("reader")).await));
    assert!(is_protected(fresh().await.detach_policy(holder, &attached).await));
    assert!(is_protected(fresh().await.set_boundary(holder, &arn("reader")).await));
    assert!(is_protected(fresh().await.clear_boundary(holder).await));
    let taken = fresh().await.create_role(role(NAME)).await;
    assert!(matches!(taken, Err(EntityError::Invalid(_))));
    assert_eq!(found(&world).await, before);
    let mut described = fresh().await;
    described
        .update_role(NAME, Some("Ours to describe"), None)
        .await
        .expect("its description is the account's");
    described
        .tag(Tagged::Role(NAME), vec![tag("team", "blue")])
        .await
        .expect("and so are its tags");
    world.directory.commit(described.plan(())).await.expect("it is changed");
    let after = found(&world).await;
    assert_eq!(after.description, "Ours to describe");
    assert_eq!(
        (after.trust_policy, after.policies, after.name),
        (before.trust_policy, before.policies, before.name)
    );
    assert_eq!(after.trust_bindings, Some(Vec::<TrustBinding>::new()));
}

/// A service's own role counts among an account's, and is not kept out by their number.
#[tokio::test]
async fn an_account_that_is_full_has_room_for_it() {
    let world = World::new().await;
    for batch in 0..rules::ROLES / 40 {
        let mut full = edit(&world).await;
        for number in 0..40 {
            full.create_role(role(&format!("role-{batch}-{number}")))
                .await
                .expect("there is room");
        }
        world.directory.commit(full.plan(())).await.expect("they are made");
    }
    let mut full = edit(&world).await;
    let refused = full.create_role(role("one-more")).await;
    assert!(matches!(
        refused,
        Err(EntityError::LimitExceeded {
            quota: Quota::Roles,
            limit: rules::ROLES
        })
    ));
    full.create_service_linked_role(&MULTI_REGION_KEYS, Partition::Aws)
        .await
        .expect("there is room for it");
    world.directory.commit(full.plan(())).await.expect("it is made");
    let roster = world.directory.roster(account()).await.expect("a roster");
    assert_eq!(roster.roles, rules::ROLES + 1);
}

#[tokio::test]
async fn an_account_that_is_pruned_keeps_it() {
    let world = with_role().await;
    let nothing = format!("[[accounts]]\nid = \"{ACCOUNT}\"\nprune = true\n");
    apply(&world.directory, &parsed(&nothing)).await.expect("applied");
    assert_eq!(found(&world).await.name, NAME);
}
