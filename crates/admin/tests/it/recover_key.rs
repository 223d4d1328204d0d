//! `RecoverKey`.

use serde_json::json;

use crate::world::{CLOSED, OWNER, SHARED, World, root};

/// POL-59
#[tokio::test]
async fn a_key_that_nobody_can_manage_goes_back_to_its_account() {
    let world = World::new().await;
    let managers = async || {
        let input = json!({"Action": "kms:PutKeyPolicy", "Key": CLOSED});
        let answer = world.ask("WhoCan", input).await.expect("an answer");
        let principals = answer["Principals"].as_array().expect("a list").clone();
        principals
            .iter()
            .map(|holder| holder["Principal"].as_str().expect("an ARN").to_owned())
            .collect::<Vec<_>>()
    };
    assert!(managers().await.is_empty());
    let refused = world.ask_as(1001, "RecoverKey", json!({"Key": CLOSED})).await;
    assert!(refused.is_err(), "this is for the operator alone");
    assert!(managers().await.is_empty());
    world
        .ask("RecoverKey", json!({"Key": CLOSED}))
        .await
        .expect("it is done");
    assert_eq!(managers().await, [root(OWNER)]);
    let again = world.ask("RecoverKey", json!({"Key": CLOSED})).await;
    let said = again.expect_err("it is in good hands");
    assert!(
        said.starts_with(&format!("{} can replace the policy of ", root(OWNER))),
        "{said}"
    );
}

#[tokio::test]
async fn a_key_that_somebody_manages_is_left_alone() {
    let world = World::new().await;
    for key in [SHARED, "alias/shared", "1234abcd-12ab-34cd-56ef-000000000000"] {
        assert!(world.ask("RecoverKey", json!({"Key": key})).await.is_err(), "{key}");
    }
    let alias = format!("arn:aws:kms:us-east-1:{OWNER}:alias/shared");
    let said = world
        .ask("RecoverKey", json!({"Key": alias}))
        .await
        .expect_err("an alias");
    assert_eq!(said, format!("{alias} is no key"));
}
