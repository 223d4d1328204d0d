//! What can only take away: boundaries, session policies, organizations, endpoints.

use crate::support::{ALICE, ROLE, ROOT, SESSION, World, iam, to};
use serde_json::{Value, json};

fn all_of_kms(world: World) -> World {
    world.key_policy(&to(&json!(ROOT))).identity(&iam("Allow", "kms:*"))
}

/// POL-63, POL-66, AUTHZ-281
#[test]
fn identity_permissions_are_an_intersection() {
    let world = all_of_kms(World::new(SESSION));
    let wide = iam("Allow", "kms:Enc*");
    let narrow = iam("Allow", "kms:Decrypt");
    for (boundary, session, expected) in [
        (None, None, "ALLOWED_BY_IAM_POLICY"),
        (Some(&wide), None, "ALLOWED_BY_IAM_POLICY"),
        (Some(&narrow), None, "NOT_ALLOWED_BY_BOUNDARY"),
        (None, Some(&wide), "ALLOWED_BY_IAM_POLICY"),
        (None, Some(&narrow), "NOT_ALLOWED_BY_SESSION_POLICY"),
        (Some(&wide), Some(&wide), "ALLOWED_BY_IAM_POLICY"),
        (Some(&narrow), Some(&wide), "NOT_ALLOWED_BY_BOUNDARY"),
    ] {
        let mut world = world.clone();
        if let Some(boundary) = boundary {
            world = world.boundary(boundary);
        }
        if let Some(session) = session {
            world = world.session(session);
        }
        assert_eq!(world.code(), expected);
    }
    let nothing = World::new(SESSION)
        .key_policy(&to(&json!(ROOT)))
        .boundary(&wide)
        .session(&wide);
    assert!(!nothing.allowed(), "they give nothing");
}

#[test]
fn session_policies_act_together_and_boundaries_each() {
    let world = all_of_kms(World::new(SESSION));
    let (encrypt, decrypt) = (iam("Allow", "kms:Encrypt"), iam("Allow", "kms:Decrypt"));
    assert!(world.clone().session(&decrypt).session(&encrypt).allowed());
    assert!(!world.clone().session(&decrypt).session(&iam("Allow", "s3:*")).allowed());
    assert!(!world.clone().session(&encrypt).session(&iam("Deny", "kms:*")).allowed());
    assert!(!world.clone().boundary(&decrypt).boundary(&encrypt).allowed());
    assert!(world.boundary(&encrypt).boundary(&encrypt).allowed());
}

/// POL-64, AUTHZ-289
#[test]
fn a_key_policy_that_names_the_very_caller_reaches_past_both() {
    let narrow = iam("Allow", "s3:*");
    let federated = "arn:aws:sts::111122223333:federated-user/f";
    for (caller, named, past) in [
        (ALICE, json!(ALICE), true),
        (SESSION, json!(SESSION), true),
        (federated, json!(federated), true),
        (SESSION, json!(ROLE), false),
        (SESSION, json!("*"), false),
        (ALICE, json!("*"), false),
        (ALICE, json!(ROOT), false),
    ] {
        let world = World::new(caller)
            .key_policy(&to(&named))
            .identity(&iam("Allow", "kms:*"));
        assert!(world.allowed());
        assert_eq!(
            world.clone().boundary(&narrow).allowed(),
            past,
            "{caller} named {named}"
        );
        assert_eq!(world.clone().session(&narrow).allowed(), past, "{caller} named {named}");
        assert!(!world.clone().boundary(&iam("Deny", "kms:*")).allowed());
        assert!(!world.session(&iam("Deny", "kms:*")).allowed());
    }
    let abroad = World::new("arn:aws:iam::444455556666:user/Eve");
    let abroad = abroad
        .key_policy(&to(&json!("arn:aws:iam::444455556666:user/Eve")))
        .identity(&iam("Allow", "kms:*"));
    assert!(abroad.allowed());
    assert!(!abroad.boundary(&narrow).allowed(), "not across accounts");
}

/// POL-65
#[test]
fn every_level_of_an_organization_must_allow() {
    let world = all_of_kms(World::new(ALICE));
    let (full, some, other) = (
        iam("Allow", "*"),
        iam("Allow", "kms:Encrypt"),
        iam("Allow", "kms:Decrypt"),
    );
    assert!(world.clone().scp(&full).scp(&some).allowed());
    assert!(!world.clone().scp(&full).scp(&other).allowed());
    assert!(!world.clone().scp(&other).scp(&full).allowed());
    assert!(
        !World {
            service_control: vec![vec![]],
            ..world.clone()
        }
        .allowed(),
        "a level with nothing"
    );
    let root = World::new(ROOT).key_policy(&to(&json!(ROOT)));
    assert!(!root.scp(&other).allowed(), "the root user too");
    let mut two = world.clone().scp(&other);
    two.service_control[0].extend(world.scp(&some).service_control.remove(0));
    assert!(two.allowed(), "one policy of a level is enough");
}

/// AUTHZ-275, AUTHZ-279
#[test]
fn resource_control_policies_bind_everybody() {
    let allow =
        |principal: &str| json!({"Effect": "Allow", "Principal": principal, "Action": "kms:Encrypt", "Resource": "*"});
    let eve = "arn:aws:iam::444455556666:user/Eve";
    let world = |caller: &str| {
        World::new(caller)
            .key_policy(&to(&json!([ROOT, eve])))
            .identity(&iam("Allow", "kms:*"))
    };
    for caller in [ALICE, eve] {
        assert!(world(caller).rcp(&allow("*")).allowed());
        assert_eq!(
            world(caller).action("kms:Decrypt").rcp(&allow("*")).code(),
            "NOT_ALLOWED_BY_ORG_POLICY"
        );
        let outsiders = json!([allow("*"), {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}}]);
        let given = json!({"aws:PrincipalAccount": caller.split(':').nth(4).unwrap()});
        assert_eq!(world(caller).rcp(&outsiders).context(&given).allowed(), caller == ALICE);
    }
    let service = "logs.amazonaws.com";
    let for_service = json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "kms:*", "Resource": "*"});
    let world = World::new(service).key_policy(&for_service);
    assert!(
        world
            .clone()
            .scp(&iam("Deny", "*"))
            .boundary(&iam("Deny", "*"))
            .allowed(),
        "a service is in no account"
    );
    assert!(
        !world
            .rcp(&json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}))
            .allowed()
    );
}

fn through(principal: Value, action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource})
}

/// POL-67, POL-471, POL-472, POL-473, POL-475
#[test]
fn an_endpoint_policy_is_one_more_gate() {
    let world = all_of_kms(World::new(ALICE));
    for (policy, expected) in [
        (through(json!("*"), "*", "*"), true),
        (through(json!({"AWS": ALICE}), "kms:Encrypt", "*"), true),
        (
            through(
                json!({"AWS": "111122223333"}),
                "kms:*",
                "arn:aws:kms:us-east-1:111122223333:key/*",
            ),
            true,
        ),
        (
            through(json!({"AWS": "arn:aws:iam::111122223333:user/Bob"}), "kms:*", "*"),
            false,
        ),
        (through(json!("*"), "kms:Decrypt", "*"), false),
        (
            through(json!("*"), "kms:*", "arn:aws:kms:us-east-1:444455556666:key/*"),
            false,
        ),
    ] {
        assert_eq!(world.clone().endpoint(&policy).allowed(), expected, "{policy}");
        let nothing_else = World::new(ALICE).endpoint(&policy);
        assert!(!nothing_else.allowed(), "it gives nothing");
    }
}

/// POL-476, POL-477, POL-478, POL-511
#[test]
fn endpoint_policies_of_the_guide() {
    let lists = World::new(ALICE)
        .action("kms:ListKeys")
        .resource("*", "111122223333")
        .identity(&iam("Allow", "kms:*"));
    assert!(
        !lists
            .clone()
            .endpoint(&through(json!("*"), "kms:ListKeys", crate::support::KEY))
            .allowed()
    );
    assert!(lists.endpoint(&through(json!("*"), "kms:ListKeys", "*")).allowed());
    let deny = json!({"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "arn:aws:kms:*:111122223333:key/*",
        "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}});
    let both = json!([through(json!("*"), "*", "*"), deny]);
    let local = all_of_kms(World::new(ALICE)).context(&json!({"aws:PrincipalAccount": "111122223333"}));
    assert!(local.clone().endpoint(&both).allowed());
    assert!(!local.clone().endpoint(&deny).allowed(), "only denials allow nothing");
    let foreign = local.context(&json!({"aws:PrincipalAccount": "444455556666"}));
    assert!(!foreign.endpoint(&both).allowed());
}

/// POL-485
#[test]
fn conditions_on_the_network() {
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": ["kms:Encrypt", "kms:GenerateDataKey*"], "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:sourceVpce": "vpce-1"}}});
    let world = World::new(ALICE)
        .key_policy(&json!([to(&json!(ROOT)), deny]))
        .identity(&iam("Allow", "kms:*"));
    for (given, expected) in [
        (json!({"aws:SourceVpce": "vpce-1"}), true),
        (json!({"aws:SourceVpce": "vpce-2"}), false),
        (json!({}), false),
    ] {
        assert_eq!(world.clone().context(&given).allowed(), expected);
        assert!(world.clone().action("kms:DescribeKey").context(&given).allowed());
    }
    let mut deny = iam("Deny", "kms:*");
    deny["Condition"] = json!({"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}});
    let world = all_of_kms(World::new(ALICE)).identity(&deny);
    assert!(world.clone().context(&json!({"aws:SourceIp": "203.0.113.9"})).allowed());
    assert!(
        !world
            .clone()
            .context(&json!({"aws:SourceIp": "198.51.100.9"}))
            .allowed()
    );
    assert!(
        !world.context(&json!({"aws:SourceVpce": "vpce-1"})).allowed(),
        "without an address"
    );
}

/// POL-238, POL-239, POL-244, POL-245, POL-233
#[test]
fn resources_of_iam_policies() {
    let key = |region: &str, account: &str, id: &str| format!("arn:aws:kms:{region}:{account}:key/{id}");
    let policy =
        |resource: Value| json!({"Effect": "Allow", "Action": ["kms:Encrypt", "kms:Decrypt"], "Resource": resource});
    for (resource, region, account, id, expected) in [
        (
            json!([
                key("us-east-1", "111122223333", "a"),
                key("us-east-1", "111122223333", "b")
            ]),
            "us-east-1",
            "111122223333",
            "b",
            true,
        ),
        (
            json!([
                key("us-east-1", "111122223333", "a"),
                key("us-east-1", "111122223333", "b")
            ]),
            "us-east-1",
            "111122223333",
            "c",
            false,
        ),
        (
            json!(key("*", "111122223333", "*")),
            "eu-west-1",
            "111122223333",
            "c",
            true,
        ),
        (
            json!(key("us-west-2", "111122223333", "*")),
            "us-east-1",
            "111122223333",
            "c",
            false,
        ),
        (
            json!(key("*", "111122223333", "*")),
            "us-east-1",
            "444455556666",
            "c",
            false,
        ),
        (json!("*"), "us-east-1", "444455556666", "c", true),
    ] {
        let arn = key(region, account, id);
        let shared = to(&json!(["111122223333", "444455556666"]));
        let world = World::new(ALICE)
            .resource(&arn, account)
            .key_policy(&shared)
            .identity(&policy(resource.clone()));
        assert_eq!(world.allowed(), expected, "{resource} {arn}");
        assert!(!world.action("kms:DescribeKey").allowed());
    }
}
