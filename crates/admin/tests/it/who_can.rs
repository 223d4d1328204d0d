//! `WhoCan`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::world::{CLOSED, OWNER, PARTNER, SHARED, World, root, user};

/// Who can, each with whether conditions decide.
fn holders(answer: &Value) -> BTreeMap<String, bool> {
    let principals = answer["Principals"].as_array().expect("a list").iter();
    principals
        .map(|holder| {
            let access = &holder["Access"][0];
            let name = holder["Principal"].as_str().expect("an ARN").to_owned();
            (name, access["Conditional"].as_bool().expect("a flag"))
        })
        .collect()
}

fn expected(holders: &[(String, bool)]) -> BTreeMap<String, bool> {
    holders.iter().cloned().collect()
}

/// AUTHZ-257
#[tokio::test]
async fn everybody_who_can_is_listed_with_the_way() {
    let world = World::new().await;
    let ask = async |action: &str| {
        let input = json!({"Action": action, "Key": SHARED});
        world.ask("WhoCan", input).await.expect("an answer")
    };
    let decrypt = ask("kms:Decrypt").await;
    assert_eq!(
        holders(&decrypt),
        expected(&[
            (root(OWNER), false),
            (user(OWNER, "Alice"), false),
            (root(PARTNER), true),
            (user(PARTNER, "Eve"), true),
        ]),
        "{decrypt:#}"
    );
    assert_eq!(decrypt["Considered"], 8);
    let eve = decrypt["Principals"].as_array().expect("a list").iter();
    let eve = eve
        .clone()
        .find(|holder| holder["Principal"] == user(PARTNER, "Eve"))
        .expect("listed");
    assert_eq!(
        eve["Access"][0]["Conditions"],
        json!(["StringEquals kms:EncryptionContext:Project"])
    );
    assert_eq!(eve["Access"][0]["Paths"][0]["Policy"], "use");
    let data_key = ask("kms:GenerateDataKey").await;
    assert_eq!(
        holders(&data_key),
        expected(&[(root(OWNER), true), (user(OWNER, "Alice"), true)]),
        "who is allowed may be denied, by where the request comes from"
    );
    let describe = ask("kms:DescribeKey").await;
    assert_eq!(holders(&describe), expected(&[(root(OWNER), false)]));
}

#[tokio::test]
async fn whom_the_policy_names_elsewhere_is_told() {
    let world = World::new().await;
    let input = json!({"Action": "kms:Decrypt", "Key": CLOSED});
    let answer = world.ask("WhoCan", input).await.expect("an answer");
    let app = format!("arn:aws:iam::{OWNER}:role/service/App");
    assert_eq!(holders(&answer), expected(&[(app, false)]), "not even the root user");
    let far = "arn:aws:iam::999999999999:user/Far";
    assert_eq!(
        answer["Elsewhere"],
        json!([root("999999999999"), far, "logs.amazonaws.com"])
    );
}

#[tokio::test]
async fn all_actions_make_a_matrix() {
    let world = World::new().await;
    let answer = world.ask("WhoCan", json!({"Key": SHARED})).await.expect("an answer");
    let actions = answer["Actions"].as_array().expect("a list");
    for action in [
        "kms:Encrypt",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
        "kms:PutKeyPolicy",
        "kms:CreateAlias",
    ] {
        assert!(actions.contains(&json!(action)), "{action}");
    }
    for action in ["kms:CreateKey", "kms:ListKeys", "kms:RetireGrant"] {
        assert!(
            !actions.contains(&json!(action)),
            "{action} is not a key policy's to give"
        );
    }
    let count = |name: &str| {
        let mut holders = answer["Principals"].as_array().expect("a list").iter();
        let holder = holders.find(|holder| holder["Principal"] == name);
        holder.map_or(0, |holder| holder["Access"].as_array().map_or(0, Vec::len))
    };
    assert_eq!(count(&root(OWNER)), actions.len());
    assert_eq!((count(&user(OWNER, "Alice")), count(&user(PARTNER, "Eve"))), (3, 2));
    assert_eq!(count(&user(OWNER, "Carol")), 0);
}

#[tokio::test]
async fn an_alias_needs_its_account() {
    let world = World::new().await;
    let ask = async |key: &str| world.ask("WhoCan", json!({"Action": "kms:Encrypt", "Key": key})).await;
    let message = "alias/shared may be in any account: name it by its ARN";
    assert_eq!(ask("alias/shared").await, Err(message.to_owned()));
    let arn = format!("arn:aws:kms:us-east-1:{OWNER}:alias/shared");
    assert_eq!(holders(&ask(&arn).await.expect("an answer")).len(), 4);
}
