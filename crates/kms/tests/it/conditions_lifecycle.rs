//! Conditions on what happens to keys in their lives, in the guide's own examples: imports, waiting periods, rotation,
//! copies in other Regions, custom key stores.

use serde_json::{Value, json};
use trent_kms::records::Origin;

use crate::ruled::{account, allow, check, check_as, deny, key_under, key_with, passes, user_allowed, user_with};
use crate::world::{ACCOUNT, ELSEWHERE, OTHER, REGION, ROOT, World, base64, region};

/// A multi-Region key's id.
const MULTI_REGION: &str = "mrk-1234abcd12ab34cd56ef1234567890ab";

const EXPIRES: &str = "KEY_MATERIAL_EXPIRES";
const DOES_NOT_EXPIRE: &str = "KEY_MATERIAL_DOES_NOT_EXPIRE";

fn import(model: Option<&str>, valid_to: Option<f64>) -> Value {
    let mut request = json!({"ImportToken": base64(b"x"), "EncryptedKeyMaterial": base64(b"x")});
    if let Some(model) = model {
        request["ExpirationModel"] = json!(model);
    }
    if let Some(valid_to) = valid_to {
        request["ValidTo"] = json!(valid_to);
    }
    request
}

/// AUTHZ-138, AUTHZ-139
#[tokio::test]
async fn how_imported_material_expires() {
    let date = Some(1_546_257_599.0);
    let never = json!({"StringEquals": {"kms:ExpirationModel": DOES_NOT_EXPIRE}});
    let unsaid = json!({"Null": {"kms:ExpirationModel": true}});
    for (condition, allowed) in [(never, [true, false, false]), (unsaid, [false, false, true])] {
        let requests = [
            import(Some(DOES_NOT_EXPIRE), None),
            import(Some(EXPIRES), date),
            import(None, date),
        ];
        let rows = requests.into_iter().zip(allowed);
        let rows: Vec<_> = rows
            .map(|(request, allowed)| ("ImportKeyMaterial", request, allowed))
            .collect();
        check(allow(&["kms:ImportKeyMaterial"], condition), &rows).await;
    }
}

/// AUTHZ-140
#[tokio::test]
async fn a_date_goes_with_material_that_expires_and_with_no_other() {
    let world = World::new().await;
    let key = world.key().await;
    let date = Some(1_546_257_599.0);
    for (model, valid_to, accepted) in [
        (None, date, true),
        (None, None, false),
        (Some(EXPIRES), date, true),
        (Some(EXPIRES), None, false),
        (Some(DOES_NOT_EXPIRE), None, true),
        (Some(DOES_NOT_EXPIRE), date, false),
    ] {
        let mut request = import(model, valid_to);
        request["KeyId"] = json!(key);
        let answer = world.ask(ROOT, "ImportKeyMaterial", &request).await;
        let code = answer.as_ref().map_err(|error| error.code);
        assert_eq!(
            code,
            if accepted { Ok(&()) } else { Err("ValidationException") },
            "{request}"
        );
    }
}

/// AUTHZ-141, AUTHZ-86
#[tokio::test]
async fn until_when_imported_material_is_valid() {
    let until = json!({"NumericLessThanEquals": {"kms:ValidTo": "1546257599.0"}});
    let rows = [
        ("ImportKeyMaterial", import(None, Some(1_546_257_599.0)), true),
        ("ImportKeyMaterial", import(None, Some(1_546_257_598.9)), true),
        ("ImportKeyMaterial", import(None, Some(1_546_257_599.5)), false),
        ("ImportKeyMaterial", import(Some(DOES_NOT_EXPIRE), None), false),
    ];
    check(allow(&["kms:ImportKeyMaterial"], until), &rows).await;
}

/// AUTHZ-142, AUTHZ-143
#[tokio::test]
async fn how_material_is_wrapped_for_an_import() {
    let request = |algorithm: &str, spec: &str| {
        let parameters = json!({"WrappingAlgorithm": algorithm, "WrappingKeySpec": spec});
        ("GetParametersForImport", parameters)
    };
    let rows = [
        ("RSAES_OAEP_SHA_1", false),
        ("RSAES_OAEP_SHA_256", true),
        ("RSA_AES_KEY_WRAP_SHA_256", true),
    ]
    .map(|(algorithm, allowed)| (request(algorithm, "RSA_2048"), allowed));
    let rows = rows.map(|((operation, request), allowed)| (operation, request, allowed));
    let not_sha_1 = json!({"StringNotEquals": {"kms:WrappingAlgorithm": "RSAES_OAEP_SHA_1"}});
    check(allow(&["kms:GetParametersForImport"], not_sha_1), &rows).await;
    let rows = [("RSA_2048", false), ("RSA_3072", false), ("RSA_4096", true)]
        .map(|(spec, allowed)| (request("RSAES_OAEP_SHA_256", spec), allowed));
    let rows = rows.map(|((operation, request), allowed)| (operation, request, allowed));
    let long = json!({"StringEquals": {"kms:WrappingKeySpec": "RSA_4096"}});
    check(allow(&["kms:GetParametersForImport"], long), &rows).await;
}

/// A period that the request leaves out is the one that it will be.
///
/// AUTHZ-173, AUTHZ-174, KEY-395, MON-411
#[tokio::test]
async fn how_often_a_key_rotates_and_how_long_its_deletion_waits() {
    let days = |member: &str, days: Option<i32>| days.map_or(json!({}), |days| json!({member: days}));
    let rows = [
        (Some(90), false),
        (Some(180), false),
        (Some(181), true),
        (Some(2560), true),
        (None, true),
    ];
    let rows = rows.map(|(period, allowed)| ("EnableKeyRotation", days("RotationPeriodInDays", period), allowed));
    let short = json!({"NumericLessThanEquals": {"kms:RotationPeriodInDays": "180"}});
    check(deny(&["kms:EnableKeyRotation"], short), &rows).await;
    let rows = [
        (Some(7), false),
        (Some(21), false),
        (Some(22), true),
        (Some(30), true),
        (None, true),
    ];
    let rows = rows.map(|(window, allowed)| ("ScheduleKeyDeletion", days("PendingWindowInDays", window), allowed));
    let short = json!({"NumericLessThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "21"}});
    check(deny(&["kms:ScheduleKeyDeletion"], short), &rows).await;
}

/// AUTHZ-161, AUTHZ-162
#[tokio::test]
async fn where_a_key_is_copied_and_moved_to() {
    let world = World::new().await;
    let single = world.key().await;
    world.install(&single, REGION, MULTI_REGION, |_| ()).await;
    let moving = |to: &str, allowed| ("UpdatePrimaryRegion", json!({"PrimaryRegion": to}), allowed);
    // To where the key is already: whoever may move it is told so.
    for pattern in [json!("us-w*"), json!([REGION, "eu-central-1"])] {
        let user = user_allowed(
            &["kms:UpdatePrimaryRegion"],
            &json!({"StringLike": {"kms:PrimaryRegion": pattern}}),
        );
        let rows = [moving(REGION, true), moving("us-east-1", false)];
        check_as(&world, user, MULTI_REGION, &rows).await;
    }
    let copying = |to: &str, allowed| ("ReplicateKey", json!({"ReplicaRegion": to}), allowed);
    let listed = json!({"StringEquals": {"kms:ReplicaRegion": ["us-east-1", "eu-west-3", "ap-southeast-2"]}});
    let user = user_with(&json!([
        {"Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*"},
        {"Effect": "Allow", "Action": ["kms:ReplicateKey", "kms:UpdatePrimaryRegion"], "Resource": "*",
         "Condition": listed}
    ]));
    let rows = [
        copying("us-east-1", true),
        copying("eu-west-3", true),
        copying("eu-central-1", false),
        moving("us-east-1", false),
    ];
    check_as(&world, user, MULTI_REGION, &rows).await;
}

/// The replica is made in its own Region, by whoever may make keys there.
///
/// AUTHZ-394
#[tokio::test]
async fn a_copy_needs_permission_on_the_key_and_to_make_keys_where_the_copy_is() {
    let world = World::new().await;
    let single = world.key().await;
    world.install(&single, REGION, MULTI_REGION, |_| ()).await;
    let arn = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{MULTI_REGION}");
    let there = |resource: &str| format!("arn:aws:kms:{ELSEWHERE}:{ACCOUNT}:{resource}");
    let statement = |action: &str, resource: &str| json!({"Effect": "Allow", "Action": action, "Resource": resource});
    let replicate = statement("kms:ReplicateKey", &arn);
    let tags = json!([{"TagKey": "Purpose", "TagValue": "Test"}]);
    let mut in_its_region = statement("kms:CreateKey", "*");
    in_its_region["Condition"] = json!({"StringEquals": {"aws:RequestedRegion": ELSEWHERE,
        "kms:MultiRegionKeyType": "REPLICA", "kms:KeySpec": "SYMMETRIC_DEFAULT"}});
    let mut in_the_region_of_the_key = statement("kms:CreateKey", "*");
    in_the_region_of_the_key["Condition"] = json!({"StringEquals": {"aws:RequestedRegion": REGION}});
    let all_of_its_region = statement("kms:CreateKey", &there("*"));
    let everything_beside_the_key = statement("kms:CreateKey", &format!("arn:aws:kms:{REGION}:{ACCOUNT}:*"));
    let tagging = statement("kms:TagResource", &there("key/*"));
    for (statements, plain, tagged) in [
        (json!([replicate]), false, false),
        (json!([in_its_region]), false, false),
        (json!([replicate, in_the_region_of_the_key]), false, false),
        (json!([replicate, everything_beside_the_key]), false, false),
        (json!([replicate, in_its_region]), true, false),
        (json!([replicate, all_of_its_region]), true, false),
        (json!([replicate, in_its_region, tagging]), true, true),
    ] {
        let request = |tags: Option<&Value>| {
            let mut request = json!({"ReplicaRegion": ELSEWHERE});
            request["Tags"] = tags.cloned().unwrap_or(json!(null));
            request
        };
        let rows = [
            ("ReplicateKey", request(None), plain),
            ("ReplicateKey", request(Some(&tags)), tagged),
        ];
        check_as(&world, user_with(&statements), MULTI_REGION, &rows).await;
    }
}

/// AUTHZ-395
#[tokio::test]
async fn a_new_primary_needs_permission_on_both_keys() {
    let world = World::new().await;
    let single = world.key().await;
    world.install(&single, REGION, MULTI_REGION, |_| ()).await;
    let replica = |record: &mut trent_kms::records::KeyRecord| record.replica_of = Some(region(REGION));
    world.install(&single, ELSEWHERE, MULTI_REGION, replica).await;
    let arns = [REGION, ELSEWHERE].map(|place| format!("arn:aws:kms:{place}:{ACCOUNT}:key/{MULTI_REGION}"));
    for (arns, allowed) in [(&arns[..1], false), (&arns[1..], false), (&arns[..], true)] {
        let user = user_with(&json!([{"Effect": "Allow", "Action": "kms:UpdatePrimaryRegion", "Resource": arns}]));
        let rows = [("UpdatePrimaryRegion", json!({"PrimaryRegion": ELSEWHERE}), allowed)];
        check_as(&world, user, MULTI_REGION, &rows).await;
    }
    // Each key is asked for in its own Region.
    for (regions, allowed) in [
        (json!([REGION]), false),
        (json!([ELSEWHERE]), false),
        (json!([REGION, ELSEWHERE]), true),
    ] {
        let user = user_with(
            &json!([{"Effect": "Allow", "Action": "kms:UpdatePrimaryRegion", "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": regions}}}]),
        );
        let rows = [("UpdatePrimaryRegion", json!({"PrimaryRegion": ELSEWHERE}), allowed)];
        check_as(&world, user, MULTI_REGION, &rows).await;
    }
}

/// AUTHZ-104, AUTHZ-58
#[tokio::test]
async fn custom_key_stores_are_for_accounts_to_limit() {
    let world = World::new().await;
    let store = json!({"CustomKeyStoreId": "cks-1234567890abcdef0"});
    for (account, allowed) in [(ACCOUNT, true), (OTHER, false)] {
        let user = user_allowed(
            &["kms:*CustomKeyStore*"],
            &json!({"StringEquals": {"kms:CallerAccount": account}}),
        );
        for (operation, request) in [
            ("ConnectCustomKeyStore", store.clone()),
            ("CreateCustomKeyStore", json!({"CustomKeyStoreName": "example"})),
            ("DeleteCustomKeyStore", store.clone()),
            ("DescribeCustomKeyStores", json!({})),
            ("DisconnectCustomKeyStore", store.clone()),
            ("UpdateCustomKeyStore", store.clone()),
        ] {
            assert_eq!(passes(&world, user, operation, &request).await, allowed, "{operation}");
        }
    }
}

/// Managing a key stays with its account, whatever its policy says and whatever another account allows.
///
/// AUTHZ-219
#[tokio::test]
async fn another_account_schedules_no_deletion_and_sets_no_tag() {
    let world = World::new().await;
    let shared = json!({"Effect": "Allow", "Principal": {"AWS": OTHER}, "Resource": "*",
                        "Action": ["kms:ScheduleKeyDeletion", "kms:TagResource", "kms:DescribeKey", "kms:ListKeys"]});
    let key = key_under(&world, json!([account(json!({"Action": "kms:*"})), shared])).await;
    let arn = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}");
    let user = crate::world::Who {
        account: OTHER,
        ..user_with(&json!([{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]))
    };
    let rows = [
        ("DescribeKey", json!({}), true),
        ("ScheduleKeyDeletion", json!({}), false),
        (
            "TagResource",
            json!({"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
            false,
        ),
    ];
    check_as(&world, user, &arn, &rows).await;
    let listed = world.ok_as(user, "ListKeys", json!({})).await;
    assert_eq!(listed["Keys"], json!([]));
}

/// KEY-239
#[tokio::test]
async fn rotation_of_the_keys_with_an_alias() {
    let world = World::new().await;
    let key = world.key().await;
    let restricted = json!({"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/restricted*"}});
    let user = user_with(&json!([{
        "Effect": "Allow",
        "Action": ["kms:EnableKeyRotation", "kms:DisableKeyRotation", "kms:GetKeyRotationStatus"],
        "Resource": format!("arn:aws:kms:*:{ACCOUNT}:key/*"), "Condition": restricted
    }]));
    for aliased in [false, true, false] {
        let rows = ["EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus"];
        let rows = rows.map(|operation| (operation, json!({}), aliased));
        if aliased {
            let alias = json!({"AliasName": "alias/restricted-project", "TargetKeyId": key});
            world.ok("CreateAlias", alias).await;
        }
        check_as(&world, user, &key, &rows).await;
        if aliased {
            world
                .ok("DeleteAlias", json!({"AliasName": "alias/restricted-project"}))
                .await;
        }
    }
}

/// KEY-349
#[tokio::test]
async fn keys_with_imported_material_may_be_kept_from_tags() {
    let world = World::new().await;
    let tagging = ["kms:TagResource", "kms:UntagResource"];
    let imported = json!({"StringEquals": {"kms:KeyOrigin": "EXTERNAL"}});
    for (origin, allowed) in [(Origin::AwsKms, true), (Origin::External, false)] {
        let key = key_with(&world, &deny(&tagging, imported.clone())).await;
        world.alter(&key, |record| record.origin = origin).await;
        let rows = [
            (
                "TagResource",
                json!({"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
                allowed,
            ),
            ("UntagResource", json!({"TagKeys": ["a"]}), allowed),
        ];
        check_as(&world, ROOT, &key, &rows).await;
    }
}
