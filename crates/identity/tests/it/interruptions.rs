//! Applying a bootstrap file that takes several transactions: whatever is left undone is done by the next application.

use std::fmt::Write as _;

use proptest::prelude::*;
use trent_identity::Directory;
use trent_identity::declaration::plan::Plan;
use trent_identity::directory::principals::{PolicyRecord, RoleRecord, UserRecord};

use crate::plans::{apply, apply_some, parsed};
use crate::world::{ACCOUNT, account, empty_directory};

/// A world of `users` users, each in two of `groups` groups, and as many roles, with `policies` attached to each.
fn large(users: usize, groups: usize, policies: usize, prune: bool) -> String {
    let mut text = format!("[[accounts]]\nid = \"{ACCOUNT}\"\nprune = {prune}\n");
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}"#;
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
    let arns: Vec<_> = (0..policies)
        .map(|at| format!("\"arn:aws:iam::{ACCOUNT}:policy/p{at}\""))
        .collect();
    let arns = arns.join(",");
    for at in 0..policies {
        write!(
            text,
            "[[accounts.policies]]\nname = \"p{at}\"\ndocument = '{document}'\n"
        )
        .expect("text");
    }
    for at in 0..groups {
        write!(
            text,
            "[[accounts.groups]]\nname = \"g{at}\"\nattached_policies = [{arns}]\n"
        )
        .expect("text");
    }
    for at in 0..users {
        let of = if groups == 0 {
            String::new()
        } else {
            format!("\"g{}\"", at % groups)
        };
        write!(
            text,
            "[[accounts.users]]\nname = \"u{at}\"\ngroups = [{of}]\nattached_policies = [{arns}]\n\
             inline_policies.all = '{document}'\ntags = {{ number = \"{at}\" }}\n"
        )
        .expect("text");
        write!(
            text,
            "[[accounts.roles]]\nname = \"r{at}\"\nattached_policies = [{arns}]\ntrust_policy = '{trust}'\n"
        )
        .expect("text");
    }
    text
}

/// What can be seen of an account, unique ids and times aside.
async fn seen(directory: &Directory) -> String {
    let mut all = Vec::new();
    let users = directory
        .list::<UserRecord>(account(), "", None, 1000)
        .await
        .expect("users");
    for (_, user) in users.items {
        let groups = directory.groups_of(account(), &user).await.expect("groups");
        let groups: Vec<_> = groups
            .into_iter()
            .map(|(_, group)| (group.name, group.members))
            .collect();
        let attached: Vec<_> = user.policies.attached.iter().map(|policy| policy.arn.clone()).collect();
        all.push(format!(
            "{} {:?} {groups:?} {attached:?} {:?}",
            user.name, user.tags, user.policies.inline
        ));
    }
    let roles = directory
        .list::<RoleRecord>(account(), "", None, 1000)
        .await
        .expect("roles");
    all.extend(
        roles
            .items
            .into_iter()
            .map(|(_, role)| format!("{} {}", role.name, role.policies.attached.len())),
    );
    let policies = directory
        .list::<PolicyRecord>(account(), "", None, 1000)
        .await
        .expect("policies");
    all.extend(policies.items.into_iter().map(|(_, policy)| {
        let number = policy.versions.len();
        format!("{} {number} {}", policy.name, policy.attachments)
    }));
    all.sort();
    format!("{all:#?} {:?}", directory.roster(account()).await.expect("a roster"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever was there before, a second application changes nothing, and one that was interrupted after any of its
    /// transactions comes to the same when it is applied again.
    #[test]
    fn an_application_can_be_interrupted_and_repeated(
        before in (0..6_usize, 0..3_usize, 0..4_usize),
        after in (0..16_usize, 0..4_usize, 0..6_usize),
        prune in any::<bool>(),
        interruption in 0..6_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let before = parsed(&large(before.0, before.1, before.2, false));
            let after = parsed(&large(after.0, after.1, after.2, prune));
            let (_one, whole) = empty_directory().await;
            apply(&whole, &before).await.expect("applied");
            apply(&whole, &after).await.expect("applied");
            assert_eq!(apply(&whole, &after).await.expect("applied"), Plan::default());

            let (_other, pieces) = empty_directory().await;
            apply(&pieces, &before).await.expect("applied");
            apply_some(&pieces, &after, interruption).await.expect("applied in part");
            apply(&pieces, &after).await.expect("applied");
            assert_eq!(seen(&pieces).await, seen(&whole).await);
        });
    }
}

#[tokio::test]
async fn a_large_account_takes_several_transactions() {
    let (_sealed, directory) = empty_directory().await;
    let bootstrap = parsed(&large(60, 4, 5, true));
    assert!(!apply_some(&directory, &bootstrap, 8).await.expect("applied in part"));
    assert!(apply_some(&directory, &bootstrap, 80).await.expect("applied"));
    assert_eq!(directory.roster(account()).await.expect("a roster").users, 60);
}
