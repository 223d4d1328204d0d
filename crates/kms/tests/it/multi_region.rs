//! Multi-Region keys: primaries, replicas, and what they share.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, ELSEWHERE, FAR, OPEN, REGION, ROOT, USER, Who, World, base64, text};

/// The root user in the Region of a replica.
const THERE: Who = Who {
    region: ELSEWHERE,
    ..ROOT
};

fn arn(region: &str, id: &str) -> String {
    format!("arn:aws:kms:{region}:{ACCOUNT}:key/{id}")
}

fn place(region: &str, id: &str) -> Value {
    json!({"Arn": arn(region, id), "Region": region})
}

async fn primary(world: &World) -> String {
    primary_of(world, json!({})).await
}

async fn primary_of(world: &World, mut request: Value) -> String {
    request["MultiRegion"] = json!(true);
    let made = world.ok("CreateKey", request).await;
    text(&made["KeyMetadata"]["KeyId"]).to_owned()
}

async fn replica(world: &World, id: &str) -> Value {
    let request = json!({"KeyId": id, "ReplicaRegion": ELSEWHERE});
    world.replicate(ROOT, request).await
}

async fn metadata(world: &World, who: Who, id: &str) -> Value {
    world.ok_as(who, "DescribeKey", json!({ "KeyId": id })).await["KeyMetadata"].take()
}

/// SPK-209, SPK-210, SPK-294, SPK-295, KEY-56
#[tokio::test]
async fn a_primary_is_a_key_with_an_id_of_its_kind_and_no_replicas() {
    let world = World::new().await;
    let single = metadata(&world, ROOT, &world.key().await).await;
    assert!(single.get("MultiRegionConfiguration").is_none());
    let made = world.ok("CreateKey", json!({"MultiRegion": true})).await["KeyMetadata"].take();
    let id = text(&made["KeyId"]).to_owned();
    let digits = id.strip_prefix("mrk-").expect("the prefix of multi-Region keys");
    assert!(digits.len() == 32 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')));
    assert_eq!(made["MultiRegion"], json!(true));
    assert_eq!(
        made["MultiRegionConfiguration"],
        json!({"MultiRegionKeyType": "PRIMARY", "PrimaryKey": place(REGION, &id), "ReplicaKeys": []})
    );
    assert_eq!(metadata(&world, ROOT, &id).await, made);
    for member in ["KeySpec", "KeyUsage", "Origin", "KeyState", "Enabled", "Description"] {
        assert_eq!(made[member], single[member], "{member}");
    }
}

/// SPK-239, SPK-301, SPK-303, SPK-304, SPK-305, SPK-540
#[tokio::test]
async fn a_replica_has_its_own_properties_and_is_creating_at_first() {
    let world = World::new().await;
    let tags = json!([{"TagKey": "a", "TagValue": "b"}]);
    let id = primary_of(&world, json!({"Description": "the first", "Tags": tags})).await;
    let reply = replica(&world, &id).await;
    let made = &reply["ReplicaKeyMetadata"];
    assert_eq!(
        (&made["KeyState"], &made["Enabled"]),
        (&json!("Creating"), &json!(false))
    );
    assert_eq!(
        (&made["Arn"], &made["KeyId"]),
        (&json!(arn(ELSEWHERE, &id)), &json!(id))
    );
    assert_eq!((&made["Description"], &reply["ReplicaTags"]), (&json!(""), &json!([])));
    assert!(text(&reply["ReplicaPolicy"]).contains("Enable IAM User Permissions"));
    let members: Vec<_> = reply.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["ReplicaKeyMetadata", "ReplicaPolicy", "ReplicaTags"]);
    assert_eq!(
        made["MultiRegionConfiguration"],
        json!({"MultiRegionKeyType": "REPLICA", "PrimaryKey": place(REGION, &id),
               "ReplicaKeys": [place(ELSEWHERE, &id)]})
    );
    let there = metadata(&world, THERE, &id).await;
    assert_eq!(there["KeyState"], "Enabled");
    assert_eq!(
        there["CurrentKeyMaterialId"],
        metadata(&world, ROOT, &id).await["CurrentKeyMaterialId"]
    );
}

/// SPK-299, SPK-268
#[tokio::test]
async fn a_replica_is_made_with_what_the_request_says() {
    let world = World::new().await;
    let id = primary(&world).await;
    let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": ACCOUNT},
                        "Action": "kms:*", "Resource": "*"}})
    .to_string();
    let tags = json!([{"TagKey": "team", "TagValue": "blue"}]);
    let request = json!({"KeyId": arn(REGION, &id), "ReplicaRegion": ELSEWHERE, "Policy": policy,
                         "Description": "a copy", "Tags": tags});
    let reply = world.replicate(ROOT, request).await;
    assert_eq!(
        (&reply["ReplicaPolicy"], &reply["ReplicaTags"]),
        (&json!(policy), &tags)
    );
    assert_eq!(metadata(&world, THERE, &id).await["Description"], "a copy");
    let kept = world.ok_as(THERE, "ListResourceTags", json!({"KeyId": id})).await;
    assert_eq!(kept["Tags"], tags);
    let kept = world.ok_as(THERE, "GetKeyPolicy", json!({"KeyId": id})).await;
    assert_eq!(kept["Policy"], policy);
}

/// POL-128
#[tokio::test]
async fn a_replica_begins_with_the_default_policy_whatever_its_primary_has() {
    let world = World::new().await;
    let default = text(&world.ok("GetKeyPolicy", json!({"KeyId": world.key().await})).await["Policy"]).to_owned();
    let id = primary_of(&world, json!({"Policy": OPEN})).await;
    replica(&world, &id).await;
    let policy = async |who| text(&world.ok_as(who, "GetKeyPolicy", json!({"KeyId": id})).await["Policy"]).to_owned();
    assert_eq!(
        (policy(ROOT).await, policy(THERE).await),
        (OPEN.to_owned(), default.clone())
    );
    let other = OPEN.replace("kms:*", "*");
    for (changed, kept, before) in [(THERE, ROOT, OPEN), (ROOT, THERE, other.as_str())] {
        world
            .ok_as(changed, "PutKeyPolicy", json!({"KeyId": id, "Policy": other}))
            .await;
        world.deliver().await;
        assert_eq!(
            (policy(changed).await, policy(kept).await.as_str()),
            (other.clone(), before)
        );
    }
}

/// SPK-306, SPK-307
#[tokio::test]
async fn a_replica_that_is_creating_can_be_managed_and_not_used() {
    let world = World::new().await;
    let id = primary(&world).await;
    replica(&world, &id).await;
    world
        .alter_in(ELSEWHERE, &id, |record| {
            record.state = trent_kms::state::KeyState::Creating;
        })
        .await;
    let message = format!("{} is creating.", arn(ELSEWHERE, &id));
    for (operation, mut request) in [
        ("Encrypt", json!({"Plaintext": "AAAA"})),
        ("GenerateDataKey", json!({"KeySpec": "AES_256"})),
        ("DisableKey", json!({})),
        (
            "CreateGrant",
            json!({"GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:root"), "Operations": ["Decrypt"]}),
        ),
    ] {
        request["KeyId"] = json!(id);
        let refusal = world.refused_as(THERE, operation, request).await;
        assert_eq!(
            refusal.pair(),
            ("KMSInvalidStateException", message.as_str()),
            "{operation}"
        );
    }
    world
        .ok_as(
            THERE,
            "UpdateKeyDescription",
            json!({"KeyId": id, "Description": "soon"}),
        )
        .await;
    world
        .ok_as(
            THERE,
            "CreateAlias",
            json!({"AliasName": "alias/soon", "TargetKeyId": id}),
        )
        .await;
    world.ok_as(THERE, "ScheduleKeyDeletion", json!({"KeyId": id})).await;
}

/// SPK-212, SPK-213, SPK-221, SPK-230
#[tokio::test]
async fn ciphertexts_go_between_regions_whatever_state_the_other_key_is_in() {
    let world = World::new().await;
    let id = primary(&world).await;
    replica(&world, &id).await;
    let here = world.encrypt(&id, b"from here").await;
    world.ok("DisableKey", json!({"KeyId": id})).await;
    let opened = world.ok_as(THERE, "Decrypt", json!({"CiphertextBlob": here})).await;
    assert_eq!(opened["Plaintext"], base64(b"from here"));
    assert_eq!(opened["KeyId"], arn(ELSEWHERE, &id));
    let made = world
        .ok_as(THERE, "GenerateDataKey", json!({"KeyId": id, "KeySpec": "AES_256"}))
        .await;
    world.ok("EnableKey", json!({"KeyId": id})).await;
    let opened = world
        .ok("Decrypt", json!({"CiphertextBlob": made["CiphertextBlob"]}))
        .await;
    assert_eq!(
        (&opened["Plaintext"], &opened["KeyId"]),
        (&made["Plaintext"], &json!(arn(REGION, &id)))
    );
}

/// SPK-216, SPK-225
#[tokio::test]
async fn sets_do_not_open_for_each_other() {
    let world = World::new().await;
    let (one, other) = (primary(&world).await, primary(&world).await);
    replica(&world, &one).await;
    replica(&world, &other).await;
    let ciphertext = world.encrypt(&one, b"of one").await;
    let request = json!({"KeyId": other, "CiphertextBlob": ciphertext});
    assert_eq!(
        world.refused_as(THERE, "Decrypt", request).await.code,
        "IncorrectKeyException"
    );
}

/// SPK-83, SPK-192, SPK-217, SPK-358, SPK-180
#[tokio::test]
async fn key_pairs_and_mac_keys_are_the_same_everywhere() {
    let world = World::new().await;
    let pair = primary_of(&world, json!({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"})).await;
    replica(&world, &pair).await;
    let public = world.ok("GetPublicKey", json!({"KeyId": pair})).await;
    let there = world.ok_as(THERE, "GetPublicKey", json!({"KeyId": pair})).await;
    assert_eq!(public["PublicKey"], there["PublicKey"]);
    let sign = json!({"KeyId": pair, "Message": base64(b"m"), "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"});
    let signed = world.ok("Sign", sign.clone()).await;
    assert_eq!(signed["Signature"], world.ok_as(THERE, "Sign", sign).await["Signature"]);

    let mac = primary_of(
        &world,
        json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}),
    )
    .await;
    replica(&world, &mac).await;
    let request = json!({"KeyId": mac, "Message": base64(b"m"), "MacAlgorithm": "HMAC_SHA_256"});
    let tag = world.ok("GenerateMac", request.clone()).await;
    assert_eq!(tag["Mac"], world.ok_as(THERE, "GenerateMac", request).await["Mac"]);
}

/// SPK-247, SPK-248, SPK-250, SPK-257, SPK-258
#[tokio::test]
async fn what_is_a_keys_own_stays_its_own() {
    let world = World::new().await;
    let id = primary(&world).await;
    replica(&world, &id).await;
    let before = metadata(&world, THERE, &id).await;
    let policy = world.ok_as(THERE, "GetKeyPolicy", json!({"KeyId": id})).await;
    world
        .ok("UpdateKeyDescription", json!({"KeyId": id, "Description": "changed"}))
        .await;
    world
        .ok(
            "TagResource",
            json!({"KeyId": id, "Tags": [{"TagKey": "a", "TagValue": "b"}]}),
        )
        .await;
    world
        .ok("CreateAlias", json!({"AliasName": "alias/here", "TargetKeyId": id}))
        .await;
    world
        .ok("PutKeyPolicy", json!({"KeyId": id, "Policy": crate::world::OPEN}))
        .await;
    let grant =
        json!({"KeyId": id, "GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:root"), "Operations": ["Decrypt"]});
    world.ok("CreateGrant", grant).await;
    world.ok("DisableKey", json!({"KeyId": id})).await;
    world.deliver().await;
    assert_eq!(metadata(&world, THERE, &id).await, before);
    assert_eq!(world.ok_as(THERE, "GetKeyPolicy", json!({"KeyId": id})).await, policy);
    for (list, member) in [
        ("ListResourceTags", "Tags"),
        ("ListAliases", "Aliases"),
        ("ListGrants", "Grants"),
    ] {
        let listed = world.ok_as(THERE, list, json!({"KeyId": id})).await;
        assert_eq!(listed[member], json!([]), "{list}");
    }
}

/// SPK-246, SPK-259, SPK-328, SPK-329, SPK-330, SPK-331, SPK-539
#[tokio::test]
async fn every_key_of_a_set_tells_of_all() {
    let world = World::new().await;
    let id = primary(&world).await;
    replica(&world, &id).await;
    world.replicate(ROOT, json!({"KeyId": id, "ReplicaRegion": FAR})).await;
    for (own, kind) in [(REGION, "PRIMARY"), (ELSEWHERE, "REPLICA"), (FAR, "REPLICA")] {
        let who = Who { region: own, ..ROOT };
        assert_eq!(
            metadata(&world, who, &id).await["MultiRegionConfiguration"],
            json!({"MultiRegionKeyType": kind, "PrimaryKey": place(REGION, &id),
                   "ReplicaKeys": [place(FAR, &id), place(ELSEWHERE, &id)]}),
            "{own}"
        );
        let listed = world.ok_as(who, "ListKeys", json!({})).await;
        assert_eq!(listed["Keys"], json!([{"KeyArn": arn(own, &id), "KeyId": id}]));
    }
}

/// SPK-309, SPK-310, SPK-311, SPK-313, REF-78
#[tokio::test]
async fn replicas_that_cannot_be_are_refused() {
    let world = World::new().await;
    let (id, single) = (primary(&world).await, world.key().await);
    replica(&world, &id).await;
    let not_primary = |region: &str, id: &str| format!("{} is not a multi-region primary key.", arn(region, id));
    let refused = |who, key: &str, to: &str| {
        let request = json!({"KeyId": key, "ReplicaRegion": to});
        let world = &world;
        async move { world.refused_as(who, "ReplicateKey", request).await }
    };
    let refusal = refused(ROOT, &single, ELSEWHERE).await;
    assert_eq!(
        refusal.pair(),
        ("UnsupportedOperationException", not_primary(REGION, &single).as_str())
    );
    let refusal = refused(THERE, &id, FAR).await;
    assert_eq!(
        refusal.pair(),
        ("UnsupportedOperationException", not_primary(ELSEWHERE, &id).as_str())
    );
    for there in [REGION, ELSEWHERE] {
        assert_eq!(
            refused(ROOT, &id, there).await.code,
            "AlreadyExistsException",
            "{there}"
        );
    }
    for nowhere in ["cn-north-1", "us-gov-west-1", "eu-west-9"] {
        assert_eq!(
            refused(ROOT, &id, nowhere).await.code,
            "ValidationException",
            "{nowhere}"
        );
    }
    world.ok_as(THERE, "ScheduleKeyDeletion", json!({"KeyId": id})).await;
    assert_eq!(refused(ROOT, &id, ELSEWHERE).await.code, "AlreadyExistsException");
}

/// SPK-260, SPK-291, KEY-160
#[tokio::test]
async fn a_primary_takes_the_permission_to_make_the_role() {
    let world = World::new().await;
    let only = Who {
        iam: Some("kms:CreateKey"),
        ..USER
    };
    world.ok_as(only, "CreateKey", json!({})).await;
    let refusal = world.refused_as(only, "CreateKey", json!({"MultiRegion": true})).await;
    let (code, message) = refusal.pair();
    assert_eq!(code, "AccessDeniedException");
    assert!(message.contains("iam:CreateServiceLinkedRole"), "{message}");
    let both = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:CreateKey","Resource":"*"},
        {"Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":
         "arn:aws:iam::*:role/aws-service-role/mrk.kms.amazonaws.com/*",
         "Condition":{"StringEquals":{"iam:AWSServiceName":"mrk.kms.amazonaws.com"}}}]}"#;
    world
        .ok_as(
            Who {
                iam: Some(both),
                ..USER
            },
            "CreateKey",
            json!({"MultiRegion": true}),
        )
        .await;
}

/// SPK-274
#[tokio::test]
async fn a_refusal_for_either_region_leaves_no_replica() {
    let world = World::new().await;
    let id = primary(&world).await;
    let half = Who {
        iam: Some("kms:ReplicateKey"),
        ..USER
    };
    let request = json!({"KeyId": id, "ReplicaRegion": ELSEWHERE});
    assert_eq!(
        world.refused_as(half, "ReplicateKey", request).await.code,
        "AccessDeniedException"
    );
    world.deliver().await;
    let missing = world.refused_as(THERE, "DescribeKey", json!({"KeyId": id})).await;
    assert_eq!(missing.code, "NotFoundException");
    let configuration = &metadata(&world, ROOT, &id).await["MultiRegionConfiguration"];
    assert_eq!(configuration["ReplicaKeys"], json!([]));
}
