//! The guide's worked examples: Alice in one account, Bob and the role Engineering across two, the default key policy,
//! the statements for administrators, users and services.

use crate::support::{ACCOUNT, ALICE, KEY, OTHER_ACCOUNT, ROLE, ROOT, SESSION, World, iam, to};
use serde_json::{Value, json};
use trent_policy::{Grant, Grantee, Outcome};

fn grant() -> Grant<'static> {
    Grant {
        id: "grant-1",
        grantee: Grantee::Caller,
    }
}

fn only_key(action: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": KEY})
}

fn deny(principal: &str) -> Value {
    json!({"Effect": "Deny", "Principal": {"AWS": principal}, "Action": "kms:Encrypt", "Resource": "*"})
}

/// AUTHZ-299, AUTHZ-300, AUTHZ-301, AUTHZ-302, AUTHZ-303
#[test]
fn alice_in_her_own_account() {
    let delegating = World::new(ALICE).key_policy(&to(&json!(ROOT)));
    assert_eq!(delegating.code(), "NO_IAM_POLICY_ALLOWS");
    assert_eq!(delegating.outcome(), Outcome::ImplicitDeny);
    let by_iam = delegating.clone().identity(&only_key("kms:Encrypt"));
    assert_eq!((by_iam.allowed(), by_iam.code()), (true, "ALLOWED_BY_IAM_POLICY"));
    let named = World::new(ALICE).key_policy(&json!([to(&json!(ROOT)), to(&json!(ALICE))]));
    assert_eq!((named.allowed(), named.code()), (true, "ALLOWED_BY_KEY_POLICY"));
    let granted = delegating.grant(grant());
    assert_eq!((granted.allowed(), granted.code()), (true, "ALLOWED_BY_GRANT"));
    let not_enabled = World::new(ALICE)
        .key_policy(&to(&json!("arn:aws:iam::111122223333:user/Other")))
        .identity(&only_key("kms:Encrypt"));
    assert_eq!(
        (not_enabled.allowed(), not_enabled.code()),
        (false, "KEY_POLICY_DOES_NOT_ENABLE_IAM")
    );
}

/// AUTHZ-304, AUTHZ-305, AUTHZ-306, AUTHZ-307, AUTHZ-308
#[test]
fn what_takes_alices_permission_away() {
    let denied = World::new(ALICE)
        .key_policy(&json!([to(&json!(ROOT)), deny(ALICE)]))
        .identity(&only_key("kms:Encrypt"));
    assert_eq!(
        (denied.outcome(), denied.code()),
        (Outcome::ExplicitDeny, "EXPLICIT_DENY_KEY_POLICY")
    );
    let denied = World::new(ALICE)
        .key_policy(&to(&json!(ROOT)))
        .grant(grant())
        .identity(&iam("Deny", "kms:Encrypt"));
    assert_eq!(
        (denied.outcome(), denied.code()),
        (Outcome::ExplicitDeny, "EXPLICIT_DENY_IAM_POLICY")
    );
    let named = World::new(ALICE).key_policy(&to(&json!(ALICE)));
    let guarded = named.clone().scp(&iam("Allow", "s3:*"));
    assert_eq!(
        (guarded.outcome(), guarded.code()),
        (Outcome::ImplicitDeny, "NOT_ALLOWED_BY_ORG_POLICY")
    );
    let by_iam = World::new(ALICE)
        .key_policy(&to(&json!(ROOT)))
        .identity(&only_key("kms:Encrypt"));
    let through =
        by_iam.endpoint(&json!({"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}));
    assert_eq!(
        (through.outcome(), through.code()),
        (Outcome::ImplicitDeny, "NOT_ALLOWED_BY_VPC_ENDPOINT_POLICY")
    );
    let creates = World::new(ALICE)
        .resource("*", ACCOUNT)
        .action("kms:CreateKey")
        .identity(&iam("Allow", "kms:CreateKey"));
    assert!(creates.allowed());
}

const SEVEN: [&str; 7] = [
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:DescribeKey",
];
const FOREIGN_KEY: &str = "arn:aws:kms:us-west-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn shared() -> Value {
    json!({"Sid": "Allow account 1 to use this KMS key", "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": SEVEN, "Resource": "*"})
}

fn own() -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "kms:*", "Resource": "*"})
}

fn inline() -> Value {
    json!({"Effect": "Allow", "Action": SEVEN, "Resource": FOREIGN_KEY})
}

fn abroad(caller: &str) -> World {
    World::new(caller).resource(FOREIGN_KEY, OTHER_ACCOUNT)
}

/// AUTHZ-309, AUTHZ-310, AUTHZ-311, AUTHZ-312, AUTHZ-313
#[test]
fn bob_as_engineering_in_another_account() {
    let engineering = abroad(SESSION).key_policy(&json!([own(), shared()]));
    for action in SEVEN {
        let world = engineering.clone().action(action).identity(&inline());
        assert!(world.allowed(), "{action}");
        world.decide(|decision| assert_eq!(decision.reasons().count(), 2, "the use and the trust"));
    }
    let bob = abroad("arn:aws:iam::111122223333:user/bob").key_policy(&json!([own(), shared()]));
    assert_eq!((bob.allowed(), bob.code()), (false, "NO_IAM_POLICY_ALLOWS"));
    assert_eq!(
        (engineering.allowed(), engineering.code()),
        (false, "NO_IAM_POLICY_ALLOWS")
    );
    let unshared = abroad(SESSION).key_policy(&own()).identity(&inline());
    assert_eq!(
        (unshared.allowed(), unshared.code()),
        (false, "KEY_POLICY_DOES_NOT_ENABLE_IAM")
    );
}

/// AUTHZ-314, AUTHZ-315, AUTHZ-223, AUTHZ-219
#[test]
fn permissions_across_accounts_are_an_intersection() {
    let world = abroad(SESSION)
        .key_policy(&json!([own(), shared()]))
        .identity(&iam("Allow", "kms:*"));
    assert!(world.allowed());
    let more = world.clone().action("kms:GenerateDataKeyPair");
    assert_eq!((more.allowed(), more.code()), (false, "KEY_POLICY_DOES_NOT_ENABLE_IAM"));
    let mut manages = abroad(SESSION)
        .action("kms:DisableKey")
        .key_policy(&to(&json!(ROOT)))
        .identity(&iam("Allow", "kms:*"));
    manages.cross_account = false;
    assert_eq!(
        (manages.allowed(), manages.code()),
        (false, "CROSS_ACCOUNT_OPERATION_NOT_SUPPORTED")
    );
    manages.cross_account = true;
    assert!(manages.allowed(), "but for the operation itself");
}

/// AUTHZ-316, AUTHZ-317, AUTHZ-318, AUTHZ-321, AUTHZ-289
#[test]
fn a_named_principal_of_another_account_needs_its_own_account() {
    let named = abroad(SESSION).key_policy(&json!([own(), to(&json!(ROLE))]));
    let trusted = named.clone().identity(&inline());
    assert_eq!((trusted.allowed(), trusted.code()), (true, "ALLOWED_BY_KEY_POLICY"));
    assert_eq!((named.allowed(), named.code()), (false, "KEY_TRUST_NOT_ESTABLISHED"));
    assert!(named.grant(grant()).allowed());
    let sibling = abroad("arn:aws:sts::111122223333:assumed-role/Other/s");
    let sibling = sibling.key_policy(&json!([own(), shared()])).identity(&inline());
    assert!(sibling.allowed(), "the key policy names the account");
}

/// AUTHZ-220, AUTHZ-222, AUTHZ-224, POL-117
#[test]
fn both_sides_are_needed_across_accounts() {
    let eve = "arn:aws:iam::444455556666:user/Eve";
    for (policy, iam_policy, expected) in [
        (Some(to(&json!("444455556666"))), true, true),
        (Some(to(&json!("444455556666"))), false, false),
        (Some(to(&json!(eve))), true, true),
        (Some(to(&json!(eve))), false, false),
        (Some(to(&json!("arn:aws:iam::444455556666:user/Adam"))), true, false),
        (Some(to(&json!(ROOT))), true, false),
        (None, true, false),
    ] {
        let mut world = World::new(eve);
        if let Some(policy) = &policy {
            world = world.key_policy(policy);
        }
        if iam_policy {
            world = world.identity(&only_key("kms:Encrypt"));
        }
        assert_eq!(world.allowed(), expected, "{policy:?} {iam_policy}");
    }
}

/// POL-112, AUTHZ-102, AUTHZ-225, AUTHZ-291
#[test]
fn everybody_means_ones_own_account_and_others_with_their_accounts_word() {
    let everybody = |caller: &str| World::new(caller).key_policy(&to(&json!("*")));
    assert!(everybody(ALICE).allowed());
    let eve = everybody("arn:aws:iam::444455556666:user/Eve");
    assert_eq!(eve.code(), "KEY_TRUST_NOT_ESTABLISHED");
    assert!(eve.identity(&only_key("kms:*")).allowed());
    assert!(!everybody("*").allowed(), "nobody known");
}

/// AUTHZ-103
#[test]
fn a_service_managed_keys_policy() {
    let policy = json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Resource": "*",
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"],
        "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": "ec2.us-west-2.amazonaws.com"}}});
    for (caller, account, via, expected) in [
        (ALICE, ACCOUNT, "ec2.us-west-2.amazonaws.com", true),
        (ALICE, ACCOUNT, "ec2.us-east-1.amazonaws.com", false),
        (ALICE, ACCOUNT, "", false),
        (
            "arn:aws:iam::444455556666:user/Eve",
            OTHER_ACCOUNT,
            "ec2.us-west-2.amazonaws.com",
            false,
        ),
    ] {
        let mut given = json!({"kms:CallerAccount": account});
        if !via.is_empty() {
            given["kms:ViaService"] = json!(via);
        }
        let world = World::new(caller)
            .key_policy(&policy)
            .identity(&iam("Allow", "kms:*"))
            .context(&given);
        assert_eq!(world.allowed(), expected, "{caller} via {via}");
    }
}

/// AUTHZ-55, AUTHZ-54, AUTHZ-290, POL-119, POL-219
#[test]
fn a_service_on_its_own_behalf() {
    let policy = json!({"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "kms:GenerateDataKey", "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:cloudtrail:us-west-2:111122223333:trail/finance"},
                      "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:111122223333:trail/*"}}});
    let trail = |name: &str| format!("arn:aws:cloudtrail:us-west-2:111122223333:trail/{name}");
    for (caller, source, context, expected) in [
        (
            "cloudtrail.amazonaws.com",
            trail("finance"),
            Some(trail("finance")),
            true,
        ),
        ("cloudtrail.amazonaws.com", trail("finance"), Some(trail("other")), true),
        (
            "cloudtrail.amazonaws.com",
            trail("other"),
            Some(trail("finance")),
            false,
        ),
        ("cloudtrail.amazonaws.com", trail("finance"), None, false),
        (
            "cloudtrail.amazonaws.com",
            trail("finance"),
            Some("arn:aws:cloudtrail:us-west-2:444455556666:trail/x".into()),
            false,
        ),
        ("config.amazonaws.com", trail("finance"), Some(trail("finance")), false),
        (ALICE, trail("finance"), Some(trail("finance")), false),
    ] {
        let mut given = json!({"aws:SourceArn": source});
        if let Some(context) = &context {
            given["kms:EncryptionContext:aws:cloudtrail:arn"] = json!(context);
        }
        let world = World::new(caller)
            .action("kms:GenerateDataKey")
            .key_policy(&policy)
            .context(&given);
        assert_eq!(world.allowed(), expected, "{caller} {given}");
    }
}

/// POL-123, POL-136, AUTHZ-258, AUTHZ-259, AUTHZ-260
#[test]
fn the_console_policy() {
    let admins = "arn:aws:iam::111122223333:role/ExampleAdminRole";
    let users = "arn:aws:iam::111122223333:role/ExampleUserRole";
    let policy = json!([
        {"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"},
        {"Sid": "Allow access for Key Administrators", "Effect": "Allow", "Principal": {"AWS": [admins]}, "Resource": "*",
         "Action": ["kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*", "kms:Revoke*", "kms:Disable*",
                    "kms:Get*", "kms:Delete*", "kms:TagResource", "kms:UntagResource", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"]},
        {"Sid": "Allow use of the key", "Effect": "Allow", "Principal": {"AWS": users}, "Resource": "*",
         "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]},
        {"Sid": "Allow attachment of persistent resources", "Effect": "Allow", "Principal": {"AWS": users}, "Resource": "*",
         "Action": ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"], "Condition": {"Bool": {"kms:GrantIsForAWSResource": true}}},
    ]);
    let can = |role: &str, action: &str, given: Value| {
        World::new(role)
            .action(action)
            .key_policy(&policy)
            .context(&given)
            .allowed()
    };
    for (action, admin, user) in [
        ("kms:DisableKey", true, false),
        ("kms:CreateGrant", true, false),
        ("kms:PutKeyPolicy", true, false),
        ("kms:DeleteImportedKeyMaterial", true, false),
        ("kms:UpdatePrimaryRegion", true, false),
        ("kms:ReplicateKey", false, false),
        ("kms:DescribeKey", true, true),
        ("kms:Decrypt", false, true),
        ("kms:Encrypt", false, true),
        ("kms:GenerateDataKey", false, true),
        ("kms:GenerateDataKeyPairWithoutPlaintext", false, true),
        ("kms:ReEncryptFrom", false, true),
        ("kms:ReEncryptTo", false, true),
        ("kms:Sign", false, false),
        ("kms:GenerateMac", false, false),
    ] {
        assert_eq!(can(admins, action, json!({})), admin, "administrators and {action}");
        assert_eq!(can(users, action, json!({})), user, "users and {action}");
    }
    assert!(can(
        users,
        "kms:CreateGrant",
        json!({"kms:GrantIsForAWSResource": "true"})
    ));
    assert!(!can(
        users,
        "kms:CreateGrant",
        json!({"kms:GrantIsForAWSResource": "false"})
    ));
    let third = World::new("arn:aws:iam::111122223333:role/Third")
        .action("kms:DescribeKey")
        .key_policy(&policy);
    assert!(!third.allowed());
    assert!(third.identity(&iam("Allow", "kms:DescribeKey")).allowed());
}

/// POL-122, AUTHZ-155
#[test]
fn alice_describes_symmetric_keys_only() {
    let policy = json!({"Effect": "Allow", "Principal": {"AWS": ALICE}, "Action": "kms:DescribeKey", "Resource": "*",
        "Condition": {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}});
    let on = |spec: &str| {
        World::new(ALICE)
            .action("kms:DescribeKey")
            .key_policy(&policy)
            .context(&json!({"kms:KeySpec": spec}))
    };
    assert!(on("SYMMETRIC_DEFAULT").allowed());
    assert!(!on("RSA_2048").allowed());
}

/// AUTHZ-20, AUTHZ-292, AUTHZ-396, POL-237
#[test]
fn operations_without_a_key_are_for_iam_policies() {
    for action in [
        "kms:CreateKey",
        "kms:ListKeys",
        "kms:GenerateRandom",
        "kms:DescribeCustomKeyStores",
    ] {
        let world = World::new(ALICE).action(action).resource("*", ACCOUNT);
        assert!(
            !world.clone().key_policy(&to(&json!(ALICE))).grant(grant()).allowed(),
            "{action}"
        );
        assert!(world.clone().identity(&iam("Allow", action)).allowed(), "{action}");
        assert!(
            !world.clone().identity(&only_key(action)).allowed(),
            "a key is not everything"
        );
        let conditional = json!({"Effect": "Allow", "Action": action, "Resource": "*", "Condition": {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}});
        assert!(!world.identity(&conditional).allowed(), "{action}");
    }
}

/// POL-230, AUTHZ-207, AUTHZ-392, POL-235
#[test]
fn aliases_and_keys_are_two_resources() {
    let alias = "arn:aws:kms:us-east-1:111122223333:alias/x";
    let on_alias = json!({"Effect": "Allow", "Action": "kms:*", "Resource": alias});
    let key = World::new(ALICE)
        .action("kms:CreateAlias")
        .key_policy(&to(&json!(ROOT)));
    let alias_half = World::new(ALICE).action("kms:CreateAlias").resource(alias, ACCOUNT);
    assert!(!key.clone().identity(&on_alias).allowed());
    assert!(key.identity(&only_key("kms:CreateAlias")).allowed());
    assert!(alias_half.clone().identity(&on_alias).allowed());
    assert!(!alias_half.clone().identity(&only_key("kms:*")).allowed());
    assert!(!alias_half.grant(grant()).allowed(), "grants are on keys");
}

/// AUTHZ-111, AUTHZ-393, AUTHZ-397
#[test]
fn actions_match_by_wildcard_and_without_case() {
    for (pattern, action, expected) in [
        ("kms:*", "kms:ReEncryptFrom", true),
        ("kms:ReEncrypt*", "kms:ReEncryptTo", true),
        ("kms:ReEncrypt", "kms:ReEncryptTo", false),
        ("kms:GenerateDataKey*", "kms:GenerateDataKeyPairWithoutPlaintext", true),
        ("kms:generatedatakey", "kms:GenerateDataKey", true),
        ("KMS:Encrypt", "kms:Encrypt", true),
        ("kms:?ncrypt", "kms:Encrypt", true),
        ("kms:Get*", "kms:GetSomethingNew", true),
        ("kms:Delete*", "kms:ScheduleKeyDeletion", false),
        ("s3:*", "kms:Encrypt", false),
        ("kms:Unknown", "kms:Encrypt", false),
        ("*", "kms:Encrypt", true),
        ("*:Encrypt", "kms:Encrypt", true),
    ] {
        let world = World::new(ALICE)
            .action(action)
            .key_policy(&to(&json!(ROOT)))
            .identity(&iam("Allow", pattern));
        assert_eq!(world.allowed(), expected, "{pattern} {action}");
    }
    let not = json!({"Effect": "Allow", "NotAction": ["iam:*", "kms:Decrypt"], "Resource": "*"});
    let world = World::new(ALICE).key_policy(&to(&json!(ROOT))).identity(&not);
    assert!(world.clone().allowed());
    assert!(!world.action("kms:decrypt").allowed());
}
