//! `Explain`.

use serde_json::{Value, json};

use crate::world::{CLOSED, OWNER, PARTNER, SHARED, World, root, user};

fn step<'a>(explanation: &'a Value, number: &str) -> &'a Value {
    let steps = explanation["Steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["Number"] == number);
    step.unwrap_or_else(|| panic!("no step {number} in {explanation:#}"))
}

/// POL-21
#[tokio::test]
async fn the_statement_that_decided_is_told_with_its_policy_and_line() {
    let world = World::new().await;
    let allowed = world.explain(&user(OWNER, "Alice"), "kms:Encrypt", &json!({})).await;
    assert_eq!(
        (&allowed["Decision"], &allowed["Code"]),
        (&json!("Allow"), &json!("ALLOWED_BY_IAM_POLICY"))
    );
    let enabled = &step(&allowed, "4a")["By"];
    assert_eq!(
        (&enabled["Type"], &enabled["Sid"], &enabled["Line"]),
        (&json!("resource"), &json!("Own"), &json!(4))
    );
    let by = &step(&allowed, "4b")["By"];
    assert_eq!(
        (&by["Type"], &by["Policy"], &by["Sid"]),
        (&json!("identity"), &json!("use"), &json!("Use"))
    );
    let refused = world.explain(&user(OWNER, "Carol"), "kms:Encrypt", &json!({})).await;
    assert_eq!(refused["Code"], "NO_IAM_POLICY_ALLOWS");
    let change = &refused["Changes"][0];
    assert_eq!(
        (&change["Change"], &change["Type"]),
        (&json!("AddStatement"), &json!("identity"))
    );
    assert!(
        change["Add"]["Resource"]
            .as_str()
            .is_some_and(|arn| arn.ends_with(SHARED))
    );
    assert_eq!(refused["OrGrant"], "Encrypt");
}

/// POL-21
#[tokio::test]
async fn a_boundary_is_found_and_named() {
    let world = World::new().await;
    let bounded = world.explain(&user(OWNER, "Bounded"), "kms:Encrypt", &json!({})).await;
    assert_eq!(bounded["Code"], "NOT_ALLOWED_BY_BOUNDARY");
    let boundary = format!("arn:aws:iam::{OWNER}:policy/Narrow");
    assert_eq!(step(&bounded, "2c")["By"]["Policy"], boundary);
    let change = &bounded["Changes"][0];
    assert_eq!(
        (&change["Type"], &change["Policy"]),
        (&json!("permissionsBoundary"), &json!(boundary))
    );
}

/// AUTHZ-298, AUTHZ-220
#[tokio::test]
async fn both_sides_of_another_account_are_asked() {
    let world = World::new().await;
    let alpha = json!({"EncryptionContext": {"Project": "Alpha"}});
    let eve = world.explain(&user(PARTNER, "Eve"), "kms:Decrypt", &alpha).await;
    assert_eq!(eve["Decision"], "Allow", "{eve:#}");
    assert_eq!(step(&eve, "4a")["By"]["Sid"], "Partner");
    assert_eq!(step(&eve, "6b")["By"]["Policy"], "use");
    let idle = world.explain(&user(PARTNER, "Idle"), "kms:Decrypt", &alpha).await;
    assert_eq!(idle["Code"], "NO_IAM_POLICY_ALLOWS");
    let without = world.explain(&user(PARTNER, "Eve"), "kms:Decrypt", &json!({})).await;
    assert_eq!(
        without["NearMisses"][0]["Unmet"][0]["Key"],
        "kms:EncryptionContext:Project"
    );
    assert_eq!(without["Changes"][0]["Change"], "MeetConditions");
}

#[tokio::test]
async fn the_context_of_the_question_counts_where_the_action_has_it() {
    let world = World::new().await;
    let from = |address: &str| json!({"Context": [format!("aws:SourceIp={address}")]});
    let alice = user(OWNER, "Alice");
    let denied = world.explain(&alice, "kms:GenerateDataKey", &from("203.0.113.7")).await;
    assert_eq!(
        (&denied["Decision"], &step(&denied, "1d")["By"]["Sid"]),
        (&json!("ExplicitDeny"), &json!("NotFromAfar"))
    );
    let change = &denied["Changes"][0];
    assert_eq!(
        (&change["Change"], &change["Conditions"][0]),
        (&json!("RemoveStatement"), &json!("IpAddress aws:SourceIp"))
    );
    assert_eq!(
        world.explain(&alice, "kms:GenerateDataKey", &from("192.0.2.7")).await["Decision"],
        "Allow"
    );
    let input = json!({"Principal": alice, "Action": "kms:DescribeKey", "Key": "alias/shared",
        "Context": ["kms:EncryptionContext:Project=Alpha"]});
    let answer = world.ask("Explain", input).await.expect("an answer");
    let note = "kms:encryptioncontext:project is no condition key of kms:DescribeKey: it is absent from the request.";
    assert_eq!(answer["Notes"], json!([note]));
}

#[tokio::test]
async fn roles_and_their_sessions_are_asked_about() {
    let world = World::new().await;
    for principal in [
        format!("arn:aws:iam::{OWNER}:role/service/App"),
        format!("arn:aws:sts::{OWNER}:assumed-role/App/run-1"),
    ] {
        let input = json!({"Principal": principal, "Action": "kms:Decrypt", "Key": CLOSED});
        let answer = world.ask("Explain", input).await.expect("an answer");
        assert_eq!(answer["Decision"], "Allow", "{answer:#}");
        assert_eq!(step(&answer["Explanations"][0], "3")["By"]["Sid"], "App");
        assert_eq!(answer["Notes"].as_array().map(Vec::len), Some(1));
    }
}

/// AUTHZ-293
#[tokio::test]
async fn every_permission_of_an_operation_on_an_alias_is_asked() {
    let world = World::new().await;
    let ask = async |key: &str| {
        let input = json!({"Principal": root(OWNER), "Action": "kms:DeleteAlias", "Key": key});
        world.ask("Explain", input).await.expect("an answer")
    };
    let both = ask("alias/shared").await;
    let resources: Vec<_> = both["Explanations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| &it["Resource"])
        .collect();
    assert_eq!(resources.len(), 2, "{both:#}");
    assert!(resources[0].as_str().is_some_and(|arn| arn.ends_with(":alias/shared")));
    assert!(resources[1].as_str().is_some_and(|arn| arn.ends_with(SHARED)));
    let one = ask(SHARED).await;
    assert_eq!(
        one["Notes"],
        json!(["kms:DeleteAlias is needed on the alias as well: ask about the alias."])
    );
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused() {
    let world = World::new().await;
    let good = json!({"Principal": root(OWNER), "Action": "kms:Encrypt", "Key": SHARED});
    for (member, value, message) in [
        ("Principal", json!("Alice"), "Alice is no ARN of a principal"),
        (
            "Principal",
            json!(user(OWNER, "Nobody")),
            "There is no principal arn:aws:iam::111122223333:user/Nobody here",
        ),
        (
            "Principal",
            json!(root("999999999999")),
            "There is no principal arn:aws:iam::999999999999:root here",
        ),
        ("Action", json!("kms:Nothing"), "kms:Nothing is no action of KMS"),
        ("Action", json!("kms:ListKeys"), "kms:ListKeys is done to no key"),
        (
            "Action",
            json!("kms:RetireGrant"),
            "Who may retire a grant stands in the grant",
        ),
        ("Key", Value::Null, "kms:Encrypt is done to a key: say which"),
        ("Region", json!("eu-west-1"), "Region eu-west-1 is not served here"),
        (
            "Context",
            json!(["x"]),
            "x is no condition key with its value, KEY=VALUE",
        ),
    ] {
        let mut input = good.clone();
        input[member] = value;
        assert_eq!(world.ask("Explain", input).await, Err(message.to_owned()));
    }
    let unknown = json!({"Principal": root(OWNER), "Action": "kms:Encrypt", "Key": SHARED.replace('a', "b")});
    assert!(
        world
            .ask("Explain", unknown)
            .await
            .is_err_and(|message| message.starts_with("There is no key"))
    );
    let refused = world.ask_as(2000, "Explain", good).await;
    assert_eq!(
        refused,
        Err("User id 2000 is not the operator of this deployment".to_owned())
    );
}
