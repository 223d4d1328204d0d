//! AWS managed keys: there by name from the start, made when first asked for, and not the account's to change.

use serde_json::{Value, json};
use trent_kms::managed::SERVICES;
use trent_kms::policy;

use crate::permissions::{Decided, On, guide, user};
use crate::world::{ACCOUNT, OPEN, REGION, ROOT, STRANGER, World, alias_arn, base64, key_arn, text};

/// KEY-15, KEY-201, KEY-189
#[tokio::test]
async fn predefined_aliases_are_listed_without_a_key() {
    let world = World::new().await;
    let listed = world.ok("ListAliases", json!({"Limit": 100})).await;
    let expected: Vec<Value> = SERVICES
        .iter()
        .map(|service| {
            let name = format!("alias/aws/{}", service.name);
            json!({"AliasName": name, "AliasArn": alias_arn(&name)})
        })
        .collect();
    assert_eq!(listed["Aliases"], json!(expected));
    for name in ["s3", "dynamodb", "redshift", "ebs"] {
        assert!(SERVICES.iter().any(|service| service.name == name), "{name}");
    }
    let unused = world
        .refused("Encrypt", json!({"KeyId": "alias/aws/s3", "Plaintext": base64(b"x")}))
        .await;
    let message = format!("Alias {} is not found.", alias_arn("alias/aws/s3"));
    assert_eq!(unused.pair(), ("NotFoundException", message.as_str()));
    let unknown = world
        .refused("DescribeKey", json!({"KeyId": "alias/aws/nothing"}))
        .await;
    assert_eq!(unknown.code, "NotFoundException");
}

/// KEY-15, KEY-5, KEY-14
#[tokio::test]
async fn describing_a_predefined_alias_makes_its_key_once() {
    let world = World::new().await;
    let made = world.describe("alias/aws/s3").await;
    assert_eq!(made["KeyManager"], "AWS");
    assert_eq!(made["KeyState"], "Enabled");
    assert_eq!(made["AWSAccountId"], ACCOUNT);
    let id = text(&made["KeyId"]);
    for name in ["alias/aws/s3", &alias_arn("alias/aws/s3"), id, &key_arn(id)] {
        assert_eq!(world.describe(name).await, made, "{name}");
    }
    assert_eq!(
        world.ok("ListKeys", json!({})).await["Keys"].as_array().map(Vec::len),
        Some(1)
    );
    let listed = world.ok("ListAliases", json!({"Limit": 100})).await;
    let aliases = listed["Aliases"].as_array().expect("a list");
    assert_eq!(aliases.len(), SERVICES.len(), "the alias is not listed twice");
    let alias = aliases.iter().find(|alias| alias["AliasName"] == "alias/aws/s3");
    assert_eq!(alias.expect("it is listed")["TargetKeyId"], json!(id));
    let theirs = world
        .ok_as(STRANGER, "DescribeKey", json!({"KeyId": "alias/aws/s3"}))
        .await;
    assert_ne!(theirs["KeyMetadata"]["KeyId"], json!(id), "each account has its own");
    assert_eq!(world.describe(&world.key().await).await["KeyManager"], "CUSTOMER");
}

/// What the two classes of keys that an account sees are to it. What counts towards its quotas is another matter.
///
/// KEY-6, KEY-7
#[tokio::test]
async fn an_account_manages_its_own_keys_and_looks_at_those_of_services() {
    let world = World::new().await;
    let own = world.key().await;
    let managed = text(&world.describe("alias/aws/s3").await["KeyId"]).to_owned();
    for (key, manager, manages) in [(&own, "CUSTOMER", true), (&managed, "AWS", false)] {
        assert_eq!(world.describe(key).await["KeyManager"], manager);
        let status = world.ok("GetKeyRotationStatus", json!({"KeyId": key})).await;
        assert_eq!(
            status["KeyRotationEnabled"],
            json!(!manages),
            "one is rotated in any case"
        );
        for (operation, mut request) in [
            ("DisableKey", json!({})),
            ("EnableKey", json!({})),
            ("UpdateKeyDescription", json!({"Description": "mine"})),
            ("PutKeyPolicy", json!({"Policy": OPEN})),
            ("EnableKeyRotation", json!({})),
        ] {
            request["KeyId"] = json!(key);
            let asked = world.send(ROOT, operation, &request).await;
            assert_eq!(asked.is_ok(), manages, "{operation} of {manager}");
        }
        let status = world.ok("GetKeyRotationStatus", json!({"KeyId": key})).await;
        assert_eq!(status["RotationPeriodInDays"], 365, "unless it says otherwise");
        // Whoever else asks is refused, or has one of their own.
        for operation in ["DescribeKey", "GetKeyPolicy"] {
            let asked = world.send(STRANGER, operation, &json!({"KeyId": key_arn(key)})).await;
            assert_eq!(asked.expect_err("another account").code, "AccessDeniedException");
        }
        let use_it = json!({"KeyId": key_arn(key), "Plaintext": base64(b"x")});
        let asked = world.refused_as(STRANGER, "Encrypt", use_it).await;
        assert_eq!(asked.code, "AccessDeniedException");
    }
}

/// KEY-16, KEY-8
#[tokio::test]
async fn its_policy_and_tags_can_be_read_and_no_key_of_the_service_itself_is_seen() {
    let world = World::new().await;
    let id = text(&world.describe("alias/aws/ebs").await["KeyId"]).to_owned();
    assert_eq!(
        world.ok("ListResourceTags", json!({ "KeyId": id })).await,
        json!({"Tags": [], "Truncated": false})
    );
    let policy = world.ok("GetKeyPolicy", json!({ "KeyId": id })).await;
    let policy: Value = serde_json::from_str(text(&policy["Policy"])).expect("a policy is JSON");
    assert_eq!(policy["Id"], "auto-ebs-1");
    let through = &policy["Statement"][0]["Condition"]["StringEquals"];
    assert_eq!(through["kms:ViaService"], json!(format!("ec2.{REGION}.amazonaws.com")));
    assert_eq!(through["kms:CallerAccount"], ACCOUNT);
    let listed = world.ok("ListKeys", json!({})).await;
    assert_eq!(listed["Keys"], json!([{"KeyId": id, "KeyArn": key_arn(&id)}]));
}

/// Whatever a statement of such a policy lets anybody do with the key, it lets the service do alone; the account looks
/// and takes grants back.
///
/// AUTHZ-178
#[tokio::test]
async fn the_policy_of_each_confines_it_to_its_service() {
    let world = World::new().await;
    for service in SERVICES {
        let id = text(&world.describe(&format!("alias/aws/{}", service.name)).await["KeyId"]).to_owned();
        let policy = world.ok("GetKeyPolicy", json!({ "KeyId": id })).await;
        let policy: Value = serde_json::from_str(text(&policy["Policy"])).expect("a policy is JSON");
        let statements = policy["Statement"].as_array().expect("a list");
        let (through, direct): (Vec<_>, Vec<_>) = statements.iter().partition(|it| it["Condition"].is_object());
        assert!(!through.is_empty());
        for statement in through {
            let only = &statement["Condition"]["StringEquals"]["kms:ViaService"];
            assert_eq!(*only, json!(format!("{}.{REGION}.amazonaws.com", service.via)));
        }
        let actions = direct.iter().flat_map(|it| it["Action"].as_array().expect("a list"));
        for action in actions {
            let looking = ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"];
            assert!(looking.contains(&text(action)), "{action} directly: {}", service.name);
        }
    }
}

/// KEY-14, KEY-211: row by row, what the account cannot do with the key of a service.
#[tokio::test]
async fn the_account_neither_changes_nor_uses_it() {
    let world = World::new().await;
    let before = world.describe("alias/aws/s3").await;
    let id = text(&before["KeyId"]);
    let own = world.key().await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/own", "TargetKeyId": own}))
        .await;
    let blob = world.encrypt(&own, b"x").await;
    let rows = [
        ("EnableKey", json!({ "KeyId": id })),
        ("DisableKey", json!({ "KeyId": id })),
        ("UpdateKeyDescription", json!({"KeyId": id, "Description": "mine"})),
        ("PutKeyPolicy", json!({"KeyId": id, "Policy": OPEN})),
        (
            "TagResource",
            json!({"KeyId": id, "Tags": [{"TagKey": "k", "TagValue": "v"}]}),
        ),
        ("UntagResource", json!({"KeyId": id, "TagKeys": ["k"]})),
        ("CreateAlias", json!({"AliasName": "alias/mine", "TargetKeyId": id})),
        ("UpdateAlias", json!({"AliasName": "alias/own", "TargetKeyId": id})),
        ("Encrypt", json!({"KeyId": id, "Plaintext": base64(b"x")})),
        ("Encrypt", json!({"KeyId": "alias/aws/s3", "Plaintext": base64(b"x")})),
        ("Decrypt", json!({"KeyId": id, "CiphertextBlob": blob})),
        ("ReEncrypt", json!({"CiphertextBlob": blob, "DestinationKeyId": id})),
        ("GenerateDataKey", json!({"KeyId": id, "KeySpec": "AES_256"})),
        (
            "GenerateDataKeyWithoutPlaintext",
            json!({"KeyId": id, "KeySpec": "AES_256"}),
        ),
    ];
    for (operation, request) in rows {
        let refusal = world.refused(operation, request).await;
        assert_eq!(refusal.code, "AccessDeniedException", "{operation}");
    }
    assert_eq!(world.describe(id).await, before);
}

/// What changes a key of a service is decided by its policy, which lets nobody of the account: the operations that are
/// not built yet included.
///
/// KEY-11, KEY-10
#[tokio::test]
async fn no_action_that_changes_it_is_the_accounts() {
    let world = World::new().await;
    let id = text(&world.describe("alias/aws/s3").await["KeyId"]).to_owned();
    let policy = world.ok("GetKeyPolicy", json!({ "KeyId": id })).await;
    let policy = policy::parse(text(&policy["Policy"])).expect("a policy");
    let everything = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}"#;
    let alice = user(ACCOUNT, Some(everything.to_owned()));
    let mut allowed = Vec::new();
    for listed in guide().into_iter().filter(|listed| listed.on == On::Key) {
        let decided = Decided {
            action: Box::leak(Box::new(listed.action())),
            listed,
        };
        if decided.allowed(&alice, &policy) {
            allowed.push(decided.listed.operation);
        }
    }
    let looking = "DescribeKey GetKeyPolicy GetKeyRotationStatus GetParametersForImport GetPublicKey ListGrants \
                   ListKeyPolicies ListKeyRotations ListResourceTags RevokeGrant";
    // Retiring is for the grant to say.
    allowed.retain(|operation| *operation != "RetireGrant");
    assert_eq!(allowed, looking.split_whitespace().collect::<Vec<_>>());
}
