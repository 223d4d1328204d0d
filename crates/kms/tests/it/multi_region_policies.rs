//! The policies that the book prints for multi-Region keys, and how the guide misprints them.

use serde_json::{Value, json};
use trent_kms::lint::{Subject, findings};
use trent_policy::{Policy, PolicyKind, Rules};

use crate::world::{ACCOUNT, ROOT, USER, Who, World, text};

/// The page of the book.
const PAGE: &str = include_str!("../../../../docs/keys/multi-region.md");

const SUBJECT: Subject = Subject {
    kind: PolicyKind::Identity,
    account: None,
    key: None,
};

fn printed() -> Vec<&'static str> {
    let blocks = PAGE.split("```json\n").skip(1);
    blocks.filter_map(|block| block.split("\n```").next()).collect()
}

/// A statement of the page as the whole of a policy.
fn document(statement: &str) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#)
}

fn parses(text: &str) -> bool {
    Policy::parse(text, PolicyKind::Identity, &Rules::MANAGED_POLICY).is_ok()
}

/// SPK-287
#[tokio::test]
async fn what_the_guide_misprints_is_refused_and_the_book_prints_it_right() {
    for misprinted in [
        r#"{"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Condition": {"Bool": "kms:MultiRegion": true}}"#,
        r#"{"Effect": "Allow", "Action": "kms:ScheduleKeyDeletion", "Resource": "*",
            "Condition": {"StringEquals": "kms:MultiRegionKeyType": "REPLICA"}}"#,
        r#"{"Effect": "Allow", "Action": "kms:Describe*",
            "Resource": {"arn:aws:kms:*::111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"}}"#,
        r#"{"Effect": "Allow", "Action": "kms:ScheduleKeyDeletion",
            "Resource": {"arn:aws:kms:us-west-2:111122223333:key/*"}}"#,
        // With the missing parts of the JSON guessed, too.
        r#"{"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Condition": {"Bool": "kms:MultiRegion"}}"#,
        r#"{"Effect": "Allow", "Action": "kms:Describe*", "Resource": {"AWS": "arn:aws:kms:*:111122223333:key/*"}}"#,
    ] {
        assert!(!parses(&document(misprinted)), "{misprinted}");
    }
    // An ARN with a colon too many names no key, and whoever looks the policy over is told so.
    let colon = |colons: &str| {
        document(&format!(
            r#"{{"Effect": "Allow", "Action": "kms:DescribeKey",
                "Resource": "arn:aws:kms:*{colons}111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"}}"#
        ))
    };
    let told = |text: &str| findings(text, &SUBJECT).iter().any(|found| found.code == "NOT_A_KEY");
    assert!(told(&colon("::")) || !parses(&colon("::")));
    assert!(parses(&colon(":")) && !told(&colon(":")));
    let printed = printed();
    assert_eq!(printed.len(), 3, "the page has the three statements");
    for statement in printed {
        let text = document(statement);
        assert!(parses(&text), "{statement}");
        assert!(!told(&text), "{statement}");
    }
}

/// The first of them does what the page says.
#[tokio::test]
async fn the_printed_denial_denies_multi_region_keys_alone() {
    let world = World::new().await;
    let made = world.ok("CreateKey", json!({"MultiRegion": true})).await;
    let (multi, single) = (text(&made["KeyMetadata"]["KeyId"]).to_owned(), world.key().await);
    let denial: Value = serde_json::from_str(printed()[0]).expect("JSON");
    let allow = json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*"});
    let both = json!({"Version": "2012-10-17", "Statement": [allow, denial]}).to_string();
    let who = Who {
        iam: Some(both.leak()),
        ..USER
    };
    world.ok_as(who, "DescribeKey", json!({ "KeyId": single })).await;
    let refusal = world.refused_as(who, "DescribeKey", json!({ "KeyId": multi })).await;
    assert_eq!(refusal.code, "AccessDeniedException");
    world.ok_as(ROOT, "DescribeKey", json!({ "KeyId": multi })).await;
    assert_eq!(who.account, ACCOUNT);
}
