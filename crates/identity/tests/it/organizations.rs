//! Organizations: what limits an account where it stands, and that nothing of it can be left out.

use std::sync::Arc;

use trent_identity::declaration::no_files;
use trent_identity::declaration::plan::{self, ApplyError, Plan, Position};
use trent_identity::directory::Planned;
use trent_identity::organization::records::{ControlPolicyRecord, UnitRecord};
use trent_identity::organization::{ControlLevel, Placement};
use trent_identity::{Bootstrap, Directory, VerifyingAuthenticator};
use trent_names::AccountId;
use trent_policy::Effect;
use trent_store::Key;

use crate::wire::Wire;
use crate::world::{NOW, SIGNER, account, ask, empty_directory, realm};

const WORLD: &str = r#"
[[accounts]]
id = "111122223333"
access_keys = [{ id = "AKIAIOSFODNN7EXAMPLE", secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" }]

[[accounts]]
id = "444455556666"

[organization]
id = "o-a1b2c3d4e5"
root = "r-ab12"
management_account = "444455556666"
without_full_access = ["111122223333"]

[[organization.units]]
id = "ou-ab12-11111111"
name = "Workloads"

[[organization.units]]
id = "ou-ab12-22222222"
name = "Payments"
parent = "ou-ab12-11111111"

[[organization.accounts]]
id = "111122223333"
parent = "ou-ab12-22222222"

[[organization.service_control_policies]]
name = "no-deletion"
targets = ["r-ab12", "ou-ab12-22222222"]
document = { Version = "2012-10-17", Statement = [{ Effect = "Deny", Action = "kms:ScheduleKeyDeletion", Resource = "*" }] }

[[organization.resource_control_policies]]
name = "no-strangers"
targets = ["ou-ab12-11111111"]
document = { Version = "2012-10-17", Statement = [{ Effect = "Deny", Principal = "*", Action = "kms:*", Resource = "*", Condition = { StringNotEquals = { "aws:PrincipalOrgID" = "o-a1b2c3d4e5" } } }] }
"#;

fn parsed(text: &str) -> Bootstrap {
    Bootstrap::parse(text, &no_files).expect("a good file")
}

async fn apply(directory: &Directory, text: &str) -> Result<Plan, ApplyError> {
    let bootstrap = parsed(text);
    let planned = plan::plan(directory, &bootstrap, NOW).await?;
    let mut position = Position::default();
    while let Some(batch) = plan::next(directory, &bootstrap, position, NOW).await? {
        position = batch.next;
        let planned = Planned {
            transaction: batch.transaction,
            output: (),
        };
        directory.commit(planned).await?;
    }
    Ok(planned)
}

async fn place(directory: &Directory, account: AccountId) -> Option<Arc<Placement>> {
    directory.placement(account).await.expect("an answer")
}

fn names(levels: &[ControlLevel]) -> Vec<(&str, Vec<&str>)> {
    levels
        .iter()
        .map(|level| {
            (
                level.target.as_str(),
                level.policies.iter().map(|one| &*one.name).collect(),
            )
        })
        .collect()
}

fn denies_everything(levels: &[ControlLevel]) -> bool {
    let statements = levels
        .iter()
        .flat_map(|level| &level.policies)
        .flat_map(|one| one.policy().statements());
    statements
        .into_iter()
        .any(|statement| statement.sid() == Some("PolicyIsMissing") && statement.effect() == Effect::Deny)
}

/// POL-65
#[tokio::test]
async fn an_account_is_limited_from_the_root_down_and_the_management_account_is_not() {
    let (_sealed, directory) = empty_directory().await;
    apply(&directory, WORLD).await.expect("applied");
    assert_eq!(apply(&directory, WORLD).await.expect("applied"), Plan::default());
    let found = place(&directory, account()).await.expect("a member");
    assert_eq!(found.paths, ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/"]);
    assert_eq!(
        names(&found.service_control),
        [
            ("r-ab12", vec!["FullAWSAccess", "no-deletion"]),
            ("ou-ab12-11111111", vec!["FullAWSAccess"]),
            ("ou-ab12-22222222", vec!["FullAWSAccess", "no-deletion"]),
            ("111122223333", vec![]),
        ]
    );
    assert_eq!(
        names(&found.resource_control)[..2],
        [
            ("r-ab12", vec!["RCPFullAWSAccess"]),
            ("ou-ab12-11111111", vec!["RCPFullAWSAccess", "no-strangers"]),
        ]
    );
    let management = AccountId::parse("444455556666").expect("an id");
    let found = place(&directory, management).await.expect("a member");
    assert_eq!(found.paths, ["o-a1b2c3d4e5/r-ab12/"]);
    assert!(found.service_control.is_empty() && found.resource_control.is_empty());
}

#[tokio::test]
async fn what_limits_an_account_limits_the_callers_that_are_known_already() {
    let (_sealed, directory) = empty_directory().await;
    let alone = &WORLD[..WORLD.find("[organization]").expect("a part")];
    apply(&directory, alone).await.expect("applied");
    let verifying = VerifyingAuthenticator::new(directory.clone(), realm())
        .await
        .expect("an authenticator");
    let wire = SIGNER.in_header(Wire::kms(b"{}"));
    let limits = async || {
        let caller = ask(&verifying, &wire, NOW).await.expect("the root user");
        let organization = caller.entitlements.organization.clone();
        organization.map_or(0, |place| {
            place.service_control.iter().map(|level| level.policies.len()).sum()
        })
    };
    assert_eq!(limits().await, 0);
    let planned = apply(&directory, WORLD).await.expect("applied");
    assert_eq!(planned.changes.len(), 8);
    assert_eq!(limits().await, 5);
    let moved = WORLD.replace("parent = \"ou-ab12-22222222\"", "parent = \"r-ab12\"");
    let planned = apply(&directory, &moved).await.expect("applied");
    assert_eq!(planned.changes[0].1.to_string(), "~ account 111122223333 in r-ab12");
    assert_eq!(limits().await, 2);
    let changed = moved.replace("kms:ScheduleKeyDeletion", "kms:Schedule*");
    let planned = apply(&directory, &changed).await.expect("applied");
    assert_eq!(planned.changes.len(), 1);
    assert_eq!(planned.changes[0].1.to_string(), "~ service control policy no-deletion");

    // What is not declared any more goes.
    let bare = &WORLD[..WORLD.find("without_full_access").expect("a part")];
    let planned = apply(&directory, bare).await.expect("applied");
    let lines: Vec<_> = planned.changes.iter().map(|(_, change)| change.to_string()).collect();
    for line in [
        "- account 111122223333",
        "- unit ou-ab12-11111111 (Workloads)",
        "- unit ou-ab12-22222222 (Payments)",
        "- service control policy no-deletion",
        "- resource control policy no-strangers",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line} in {lines:?}");
    }
    assert!(place(&directory, account()).await.is_none());
    assert_eq!(limits().await, 0);
}

#[tokio::test]
async fn a_unit_or_policy_that_is_missing_denies_everything() {
    let (_sealed, directory) = empty_directory().await;
    apply(&directory, WORLD).await.expect("applied");
    let found = place(&directory, account()).await.expect("a member");
    assert!(!denies_everything(&found.service_control) && !denies_everything(&found.resource_control));

    let store = directory.store();
    let mut transaction = store.txn();
    transaction.remove(&Key::<UnitRecord>::new().part(b"ou-ab12-11111111"));
    store.commit(transaction).await.expect("committed");
    let found = place(&directory, account()).await.expect("a member");
    assert!(denies_everything(&found.service_control) && denies_everything(&found.resource_control));

    // The next application puts it back.
    apply(&directory, WORLD).await.expect("applied");
    let found = place(&directory, account()).await.expect("a member");
    assert!(!denies_everything(&found.service_control));

    let all = store
        .range(&Key::<ControlPolicyRecord>::new(), None, 10)
        .await
        .expect("policies");
    let mut transaction = store.txn();
    for (key, _) in &all.items {
        transaction.remove(key);
    }
    store.commit(transaction).await.expect("committed");
    let found = place(&directory, account()).await.expect("a member");
    assert!(denies_everything(&found.service_control) && denies_everything(&found.resource_control));
}

#[test]
fn what_is_wrong_in_an_organization_is_said_with_its_field() {
    for (from, to, expected) in [
        (
            "\"o-a1b2c3d4e5\"\nroot",
            "\"o-A1\"\nroot",
            "line 10: organization.id: `o-A1` should be `o-` and 10 to 32",
        ),
        (
            "\"ou-ab12-11111111\"\nname",
            "\"ou-zz-11111111\"\nname",
            "line 16: organization.units[0].id: `ou-zz-11111111` should be `ou-ab12-`",
        ),
        (
            "name = \"Workloads\"",
            "name = \"W\"\nparent = \"ou-ab12-22222222\"",
            "line 18: organization.units[0].parent: the organization has no `ou-ab12-22222222`",
        ),
        (
            "targets = [\"r-ab12\", \"ou-ab12-22222222\"]",
            "targets = [\"r-abcd\"]",
            "line 30: organization.service_control_policies[0].targets[0]: the organization has no `r-abcd`",
        ),
        (
            "Effect = \"Deny\", Principal",
            "Effect = \"Allow\", Principal",
            "line 36: organization.resource_control_policies[0].document: a resource control policy denies",
        ),
        (
            "name = \"no-deletion\"",
            "name = \"FullAWSAccess\"",
            "line 29: organization.service_control_policies[0].name: `FullAWSAccess` is declared twice",
        ),
        (
            "id = \"111122223333\"\nparent",
            "id = \"1111\"\nparent",
            "line 25: organization.accounts[0].id: ",
        ),
    ] {
        let text = WORLD.replace(from, to);
        assert_ne!(text, WORLD, "{from}");
        let error = Bootstrap::parse(&text, &no_files).expect_err(expected).to_string();
        assert!(error.starts_with(expected), "{error:?} should start with {expected:?}");
    }
}

#[tokio::test]
async fn an_organization_keeps_its_id_and_takes_no_account_that_is_not_there() {
    let (_sealed, directory) = empty_directory().await;
    let absent = WORLD
        .replace(
            "[[organization.accounts]]\nid = \"1111",
            "[[organization.accounts]]\nid = \"9999",
        )
        .replace("without_full_access = [\"111122223333\"]\n", "");
    let error = apply(&directory, &absent).await.expect_err("refused").to_string();
    assert_eq!(error, "organization.accounts[0].id: there is no account 999922223333");
    apply(&directory, WORLD).await.expect("applied");
    let other = WORLD.replace("o-a1b2c3d4e5", "o-zzzzzzzzzz");
    let error = apply(&directory, &other).await.expect_err("refused").to_string();
    assert!(
        error.starts_with("organization.id: it is `o-a1b2c3d4e5` and cannot be changed"),
        "{error}"
    );
}
