//! Applying a bootstrap file: what a plan says, and that a second application changes nothing.

use trent_identity::declaration::no_files;
use trent_identity::declaration::plan::{self, ApplyError, Note, Plan, Position};
use trent_identity::directory::principals::{PolicyRecord, ProviderRecord, RoleRecord, UserRecord};
use trent_identity::directory::{AccessKeyStatus, Planned};
use trent_identity::{AuthenticationError, Bootstrap, Directory, VerifyingAuthenticator};

use crate::wire::{Signer, Wire};
use crate::world::{ACCOUNT, NOW, SIGNER, access_key, account, ask, empty_directory, realm};

const ROOT: &str = r#"
[[accounts]]
id = "111122223333"
name = "payments"

[[accounts.access_keys]]
id = "AKIAIOSFODNN7EXAMPLE"
secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
"#;

const WORLD: &str = r#"
[[accounts]]
id = "111122223333"
alias = "payments"

[[accounts.policies]]
name = "use-keys"
path = "/kms/"
description = "Uses keys"
tags = { team = "crypto" }
document = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}}'

[[accounts.groups]]
name = "operators"
attached_policies = ["arn:aws:iam::111122223333:policy/kms/use-keys"]

[[accounts.users]]
name = "alice"
path = "/staff/"
tags = { team = "crypto", level = "2" }
groups = ["operators"]
permissions_boundary = "arn:aws:iam::aws:policy/AdministratorAccess"
attached_policies = ["arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser"]

[accounts.users.inline_policies.encrypt]
Version = "2012-10-17"
Statement = [{ Effect = "Allow", Action = "kms:Encrypt", Resource = "*" }]

[[accounts.users.access_keys]]
id = "AKIAI44QH8DHBEXAMPLE"
secret = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"

[[accounts.roles]]
name = "deploy"
description = "Deploys"
max_session_seconds = 7200
trust_policy = { Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { AWS = "111122223333" }, Action = "sts:AssumeRole" }] }

[[accounts.oidc_providers]]
url = "https://issuer.example.com/"
client_ids = ["deployment"]
"#;

pub(crate) fn parsed(text: &str) -> Bootstrap {
    Bootstrap::parse(text, &no_files).expect("a good file")
}

/// Applies at most `transactions` transactions; tells whether all of it is there.
pub(crate) async fn apply_some(
    directory: &Directory,
    bootstrap: &Bootstrap,
    transactions: usize,
) -> Result<bool, ApplyError> {
    let mut position = Position::default();
    for _ in 0..transactions {
        let Some(batch) = plan::next(directory, bootstrap, position, NOW).await? else {
            return Ok(true);
        };
        assert!(!batch.changes.is_empty());
        position = batch.next;
        let planned = Planned {
            transaction: batch.transaction,
            output: (),
        };
        directory.commit(planned).await?;
    }
    Ok(false)
}

pub(crate) async fn apply(directory: &Directory, bootstrap: &Bootstrap) -> Result<Plan, ApplyError> {
    let planned = plan::plan(directory, bootstrap, NOW).await?;
    assert!(apply_some(directory, bootstrap, usize::MAX).await?);
    Ok(planned)
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.changes.iter().map(|(_, change)| change.to_string()).collect()
}

#[tokio::test]
async fn a_plan_says_what_is_done_and_a_second_one_says_nothing() {
    let (_sealed, directory) = empty_directory().await;
    let bootstrap = parsed(WORLD);
    let planned = plan::plan(&directory, &bootstrap, NOW).await.expect("a plan");
    assert!(
        !directory.has_account(account()).await.expect("an answer"),
        "a plan changes nothing"
    );
    assert_eq!(planned, apply(&directory, &bootstrap).await.expect("applied"));
    assert_eq!(
        lines(&planned),
        [
            "+ account 111122223333",
            "~ account: alias payments",
            "+ policy use-keys",
            "+ group operators",
            "+ group operators: attached policy use-keys",
            "+ user alice",
            "+ user alice: inline policy encrypt",
            "+ user alice: attached policy AWSKeyManagementServicePowerUser",
            "+ user alice: group operators",
            "+ user alice: access key AKIAI44QH8DHBEXAMPLE",
            "+ role deploy",
            "+ OIDC provider issuer.example.com",
        ]
    );
    assert_eq!(apply(&directory, &bootstrap).await.expect("applied"), Plan::default());

    let (_, alice) = directory.find::<UserRecord>(account(), "alice").await.expect("made");
    assert_eq!(
        (alice.path.as_str(), alice.tags.len(), alice.groups.len()),
        ("/staff/", 2, 1)
    );
    assert!(alice.boundary.is_some() && alice.policies.attached.len() == 1);
    let (_, role) = directory.find::<RoleRecord>(account(), "deploy").await.expect("made");
    assert_eq!((role.max_session_seconds, role.description.as_str()), (7200, "Deploys"));
    let found = directory.find::<ProviderRecord>(account(), "issuer.example.com").await;
    assert_eq!(found.expect("made").1.client_ids, ["deployment"]);
    assert_eq!(
        directory.account_of_alias("payments").await.expect("an answer"),
        Some(account())
    );

    let verifying = VerifyingAuthenticator::new(directory.clone(), realm())
        .await
        .expect("an authenticator");
    let signer = Signer {
        access_key_id: "AKIAI44QH8DHBEXAMPLE",
        secret: "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
        ..SIGNER
    };
    let caller = ask(&verifying, &signer.in_header(Wire::kms(b"{}")), NOW)
        .await
        .expect("alice");
    assert_eq!(
        caller.principal.to_string(),
        "arn:aws:iam::111122223333:user/staff/alice"
    );
    assert_eq!(caller.entitlements.policies.len(), 3);
}

#[tokio::test]
async fn what_is_declared_otherwise_is_changed_and_the_rest_is_left_alone() {
    let (_sealed, directory) = empty_directory().await;
    apply(&directory, &parsed(WORLD)).await.expect("applied");
    let mut edit = directory.edit(account(), NOW).await.expect("the account");
    let bob = trent_identity::directory::NewUser {
        name: "bob".to_owned(),
        ..Default::default()
    };
    edit.create_user(bob).await.expect("a user");
    edit.add_user_to_group("operators", "bob").await.expect("a member");
    directory.commit(edit.plan(())).await.expect("committed");

    let changed = WORLD
        .replace("kms:Decrypt", "kms:Describe*")
        .replace("level = \"2\"", "level = \"3\"")
        .replace("/staff/", "/people/")
        .replace("7200", "3600")
        .replace("kms:Encrypt", "kms:Encrypt*")
        .replace("\"deployment\"", "\"deployment\", \"tests\"");
    let planned = apply(&directory, &parsed(&changed)).await.expect("applied");
    assert_eq!(
        lines(&planned),
        [
            "~ policy use-keys: new version",
            "~ user alice: path /people/",
            "~ user alice: tags level",
            "~ user alice: inline policy encrypt",
            "~ role deploy: sessions of 3600 seconds",
            "+ OIDC provider issuer.example.com: client id tests",
        ]
    );
    let (_, policy) = directory
        .find::<PolicyRecord>(account(), "use-keys")
        .await
        .expect("there");
    assert_eq!((policy.default_version, policy.versions.len()), (2, 2));

    // A policy keeps five versions; the oldest goes for the sixth.
    for action in ["kms:A", "kms:B", "kms:C", "kms:D"] {
        let changed = WORLD.replace("kms:Decrypt", action);
        apply(&directory, &parsed(&changed)).await.expect("applied");
    }
    let (_, policy) = directory
        .find::<PolicyRecord>(account(), "use-keys")
        .await
        .expect("there");
    let numbers: Vec<_> = policy.versions.iter().map(|version| version.number).collect();
    assert_eq!((numbers, policy.default_version), (vec![2, 3, 4, 5, 6], 6));

    // Only an account that is to be pruned loses what is not declared.
    let text = WORLD
        .replace("alias = \"payments\"", "prune = true")
        .replace("kms:Decrypt", "kms:D");
    let text = text.replace("tags = { team = \"crypto\", level = \"2\" }\n", "");
    let planned = apply(&directory, &parsed(&text)).await.expect("applied");
    assert_eq!(
        lines(&planned),
        [
            "- account: alias payments",
            "- user alice: tags level, team",
            "- OIDC provider issuer.example.com: client id tests",
            "- user bob: group operators",
            "- user bob",
        ]
    );
    let nothing = format!("[[accounts]]\nid = \"{ACCOUNT}\"\nprune = true\n");
    apply(&directory, &parsed(&nothing)).await.expect("applied");
    let roster = directory.roster(account()).await.expect("a roster");
    assert_eq!(
        (
            roster.users,
            roster.groups,
            roster.roles,
            roster.policies,
            roster.providers
        ),
        (0, 0, 0, 0, 0)
    );
}

#[tokio::test]
async fn what_was_taken_away_since_is_not_given_back() {
    let (_sealed, directory) = empty_directory().await;
    let bootstrap = parsed(ROOT);
    apply(&directory, &bootstrap).await.expect("applied");
    assert_eq!(
        directory.account(account()).await.expect("made").record.name,
        "payments"
    );
    let verifying = VerifyingAuthenticator::new(directory.clone(), realm())
        .await
        .expect("an authenticator");
    let wire = SIGNER.in_header(Wire::kms(b"{}"));
    assert!(ask(&verifying, &wire, NOW).await.is_ok());

    let mut change = directory.change(account()).await.expect("the account");
    change.set_active(&access_key(), false).expect("its key");
    directory.commit(change.plan(())).await.expect("committed");
    assert_eq!(apply(&directory, &bootstrap).await.expect("applied"), Plan::default());
    assert_eq!(
        ask(&verifying, &wire, NOW).await,
        Err(AuthenticationError::UnknownAccessKey)
    );

    let mut change = directory.change(account()).await.expect("the account");
    change.retire(&access_key()).expect("its key");
    directory.commit(change.plan(())).await.expect("committed");
    let planned = apply(&directory, &bootstrap).await.expect("applied");
    assert_eq!(planned.notes, [Note::AccessKeyStaysRetired(account(), access_key())]);
    assert!(planned.changes.is_empty());
    assert_eq!(
        ask(&verifying, &wire, NOW).await,
        Err(AuthenticationError::UnknownAccessKey)
    );
    let entries = directory
        .account(account())
        .await
        .expect("the account")
        .record
        .root_access_keys;
    assert_eq!(entries[0].status, AccessKeyStatus::Retired);

    // The same for a user.
    apply(&directory, &parsed(WORLD)).await.expect("applied");
    let mut edit = directory.edit(account(), NOW).await.expect("the account");
    edit.delete_access_key("alice", "AKIAI44QH8DHBEXAMPLE")
        .await
        .expect("its key");
    directory.commit(edit.plan(())).await.expect("committed");
    let planned = apply(&directory, &parsed(WORLD)).await.expect("applied");
    assert_eq!((planned.changes.len(), planned.notes.len()), (0, 1));
    assert_eq!(
        planned.notes[0].to_string(),
        "access key AKIAI44QH8DHBEXAMPLE of account 111122223333 was retired and stays retired"
    );
}

#[tokio::test]
async fn an_access_key_keeps_its_secret_whatever_the_file_says() {
    let (_sealed, directory) = empty_directory().await;
    for text in [ROOT, WORLD] {
        apply(&directory, &parsed(text)).await.expect("applied");
        let changed = text
            .replace("wJalrXUtnFEMI", "aJalrXUtnFEMI")
            .replace("je7MtGbClwBF", "ae7MtGbClwBF");
        let error = apply(&directory, &parsed(&changed)).await.expect_err("refused");
        assert!(matches!(&error, ApplyError::OtherSecret { .. }));
        let said = error.to_string();
        let expected = "another secret than it has: give the new one a new id";
        assert!(
            said.starts_with("the file gives access key AKIA") && said.ends_with(expected),
            "{said}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_with_its_field_and_nothing_is_done() {
    let (_sealed, directory) = empty_directory().await;
    apply(&directory, &parsed(ROOT)).await.expect("applied");
    for (from, to, expected) in [
        (
            "groups = [\"operators\"]",
            "groups = [\"nobody\"]",
            "accounts[0].users[0].groups[0]: there is no Group `nobody`",
        ),
        (
            "policy/kms/use-keys\"]",
            "policy/use-keys\"]",
            "accounts[0].groups[0].attached_policies[0]: there is no Policy `arn:aws:iam::111122223333:policy/use-keys`",
        ),
        (
            "AKIAI44QH8DHBEXAMPLE",
            "AKIAIOSFODNN7EXAMPLE",
            "accounts[0].users[0].access_keys: there is a AccessKey `AKIAIOSFODNN7EXAMPLE` already",
        ),
    ] {
        let error = plan::plan(&directory, &parsed(&WORLD.replace(from, to)), NOW).await;
        assert_eq!(error.expect_err(expected).to_string(), expected);
    }
    apply(&directory, &parsed(WORLD)).await.expect("applied");
    for (from, to, expected) in [
        (
            "path = \"/kms/\"",
            "",
            "accounts[0].policies[0].path: it is `/kms/` and cannot be changed",
        ),
        (
            "Uses keys",
            "Keys",
            "accounts[0].policies[0].description: it is `Uses keys` and cannot be changed",
        ),
        (
            "name = \"alice\"",
            "name = \"Alice\"",
            "accounts[0].users[0].name: it is `alice` and cannot be changed",
        ),
    ] {
        let text = WORLD.replace(from, to).replace("/kms/use-keys", "/use-keys");
        let error = plan::plan(&directory, &parsed(&text), NOW)
            .await
            .expect_err(expected)
            .to_string();
        assert!(error.starts_with(expected), "{error:?} should start with {expected:?}");
    }
}

/// AUTHZ-227, POL-118: a declaration says in which Regions an account is not enabled, and one that says nothing changes
/// nothing.
#[tokio::test]
async fn regions_are_disabled_and_enabled_as_declared() {
    let (_sealed, directory) = empty_directory().await;
    let with = |regions: &str| ROOT.replace("name =", &format!("disabled_regions = {regions}\nname ="));
    for (text, done) in [
        (ROOT.to_owned(), None),
        (
            with(r#"["us-west-2", "eu-west-1"]"#),
            Some("~ account: not enabled in eu-west-1, us-west-2"),
        ),
        (with(r#"["eu-west-1", "us-west-2"]"#), None),
        (ROOT.to_owned(), None),
        (with(r#"["eu-west-1"]"#), Some("~ account: not enabled in eu-west-1")),
        (with("[]"), Some("~ account: enabled in every Region")),
        (with(r#"["eu-west-1"]"#), Some("~ account: not enabled in eu-west-1")),
        (
            ROOT.replace("name =", "prune = true\nname ="),
            Some("~ account: enabled in every Region"),
        ),
    ] {
        let planned = apply(&directory, &parsed(&text)).await.expect("applied");
        let lines = lines(&planned).into_iter().filter(|line| line.contains("enabled"));
        assert_eq!(lines.collect::<Vec<_>>(), Vec::from_iter(done), "{text}");
    }
}
