//! Development seeds: the same world each time.

use serde_json::json;
use trent_identity::Seed;
use trent_kms::seed::SeedError;

use crate::world::{ACCOUNT, ELSEWHERE, NO_KEY, REGION, ROOT, START, Who, World, base64, key_arn, region, text};

/// Applies a seed file to a world.
pub(crate) async fn apply(world: &World, file: &str) -> Result<Vec<String>, SeedError> {
    let seed = Seed::parse(file, &trent_identity::declaration::no_files).expect("the file is well formed");
    trent_kms::seed::apply(&world.kms, &seed.keys, &region(REGION), START).await
}

fn one_key(more: &str) -> String {
    format!("[[keys]]\naccount = \"{ACCOUNT}\"\nid = \"{NO_KEY}\"\n{more}\n")
}

#[tokio::test]
async fn a_declared_key_is_as_declared() {
    let world = World::new().await;
    let file = one_key(
        r#"description = "orders"
           enabled = false
           aliases = ["alias/orders", "alias/again"]
           tags = { team = "payments" }
           policy = { Version = "2012-10-17", Statement = [{ Sid = "declared", Effect = "Allow", Principal = "*", Action = "kms:*", Resource = "*" }] }"#,
    );
    assert_eq!(apply(&world, &file).await.expect("it applies"), [key_arn(NO_KEY)]);
    let metadata = world.describe("alias/orders").await;
    assert_eq!(metadata["KeyId"], NO_KEY);
    assert_eq!(metadata["Description"], "orders");
    assert_eq!(metadata["KeyState"], "Disabled");
    let tags = world.ok("ListResourceTags", json!({ "KeyId": NO_KEY })).await;
    assert_eq!(tags["Tags"], json!([{"TagKey": "team", "TagValue": "payments"}]));
    let aliases = world.ok("ListAliases", json!({ "KeyId": NO_KEY })).await;
    assert_eq!(aliases["Aliases"].as_array().map(Vec::len), Some(2));
    let policy = world.ok("GetKeyPolicy", json!({ "KeyId": NO_KEY })).await;
    assert!(text(&policy["Policy"]).contains("declared"));
    assert_eq!(world.ok("ListKeys", json!({})).await["Keys"][0]["KeyId"], NO_KEY);
}

/// Fixed material opens in one world what it encrypted in another.
#[tokio::test]
async fn fixed_material_is_the_same_in_every_world() {
    let file = one_key(&format!("material = \"{}\"", base64(&[9; 32])));
    let (one, two) = (World::new().await, World::new().await);
    for world in [&one, &two] {
        apply(world, &file).await.expect("it applies");
    }
    let sealed = one.encrypt(NO_KEY, b"from the other world").await;
    let opened = two.ok("Decrypt", json!({ "CiphertextBlob": sealed })).await;
    assert_eq!(opened["Plaintext"], json!(base64(b"from the other world")));
    let random = World::new().await;
    apply(&random, &one_key("")).await.expect("it applies");
    let refusal = random.refused("Decrypt", json!({ "CiphertextBlob": sealed })).await;
    assert_eq!(refusal.code, "InvalidCiphertextException");
}

#[tokio::test]
async fn a_seed_is_applied_once_and_brings_nothing_back() {
    let world = World::new().await;
    let file = one_key("aliases = [\"alias/a\"]");
    apply(&world, &file).await.expect("it applies");
    world.ok("DisableKey", json!({ "KeyId": NO_KEY })).await;
    world.ok("DeleteAlias", json!({"AliasName": "alias/a"})).await;
    assert_eq!(apply(&world, &file).await.expect("it applies again"), [] as [String; 0]);
    assert_eq!(world.describe(NO_KEY).await["KeyState"], "Disabled");
}

#[tokio::test]
async fn keys_go_to_their_region() {
    let world = World::new().await;
    let file = one_key(&format!("region = \"{ELSEWHERE}\""));
    apply(&world, &file).await.expect("it applies");
    let there = Who {
        region: ELSEWHERE,
        ..ROOT
    };
    world.ok_as(there, "DescribeKey", json!({ "KeyId": NO_KEY })).await;
    assert_eq!(world.ok("ListKeys", json!({})).await["Keys"], json!([]));
}

/// Row by row, what a file declares and the rule that it breaks.
#[tokio::test]
async fn what_operations_would_refuse_a_seed_refuses_too() {
    let world = World::new().await;
    let key = world.key().await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/taken", "TargetKeyId": key}))
        .await;
    let many: Vec<String> = (0..51).map(|number| format!("\"alias/{number}\"")).collect();
    let rows = [
        ("region = \"ap-south-1\"".to_owned(), "Region ap-south-1 is not served"),
        (
            format!("description = \"{}\"", "x".repeat(8193)),
            "at most 8192 characters",
        ),
        (format!("aliases = [{}]", many.join(", ")), "at most 50 aliases"),
        ("aliases = [\"alias/taken\"]".to_owned(), "alias/taken already exists"),
        (
            "tags = { \"aws:x\" = \"\" }".to_owned(),
            "Tags beginning with aws: are reserved",
        ),
        (
            format!("tags = {{ {} = \"\" }}", "k".repeat(129)),
            "1 to 128 characters",
        ),
        ("policy = { Statement = [] }".to_owned(), "Version is missing"),
    ];
    for (declared, expected) in rows {
        let error = apply(&world, &one_key(&declared))
            .await
            .expect_err(expected)
            .to_string();
        assert!(error.contains(expected) && error.contains(NO_KEY), "{error}");
    }
    let multi_region = one_key("").replace(NO_KEY, "mrk-1234abcd12ab34cd56ef1234567890ab");
    let error = apply(&world, &multi_region).await.expect_err("not offered").to_string();
    assert!(error.contains("multi-Region keys are not supported"), "{error}");
    assert_eq!(
        world.ok("ListKeys", json!({})).await["Keys"].as_array().map(Vec::len),
        Some(1)
    );
}
