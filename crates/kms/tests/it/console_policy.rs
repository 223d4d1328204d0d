//! The composed key policy, decided: for every action on a key, those of operations that are not built included, what
//! it allows to whom.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_kms::actions::actions;
use trent_kms::console_policy::{Composition, compose};
use trent_kms::lint::{Subject, findings};
use trent_kms::policy::default_policy;
use trent_names::{AccountId, Partition, PrincipalArn};
use trent_policy::{Attached, Policies, Policy, PolicyKind, Principal, Request, Resource, Rules, decide};

use crate::world::{ACCOUNT, NO_KEY, OTHER, REGION};

const ADMINISTRATOR: &str = "arn:aws:iam::111122223333:role/KMSKeyAdmins";
const USER: &str = "arn:aws:iam::111122223333:user/Alice";

fn account(text: &str) -> AccountId {
    AccountId::parse(text).expect("an account")
}

fn composed(spec: &str, usage: &str, change: impl FnOnce(&mut Composition<'_>)) -> String {
    let (administrators, users): ([PrincipalArn; 1], [PrincipalArn; 1]) = (
        [ADMINISTRATOR.parse().expect("a role")],
        [USER.parse().expect("a user")],
    );
    let mut composition = Composition {
        partition: Partition::Aws,
        account: account(ACCOUNT),
        spec: KeySpec::parse(spec).expect(spec),
        usage: KeyUsage::parse(usage).expect(usage),
        imported: false,
        multi_region: false,
        administrators: &administrators,
        administrators_may_delete: true,
        users: &users,
        other_accounts: &[],
    };
    change(&mut composition);
    compose(&composition)
}

fn symmetric() -> String {
    composed("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", |_| ())
}

/// The actions that the policy alone allows somebody, on the key or on none, with this context.
fn allowed(policy: &str, who: &str, context: &[(&str, &str)]) -> BTreeSet<&'static str> {
    let policy = Policy::parse(policy, PolicyKind::Resource, &Rules::KEY_POLICY).expect("a policy");
    let arn: PrincipalArn = who.parse().expect(who);
    let key = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{NO_KEY}");
    let scope = format!("arn:aws:kms:{REGION}:{ACCOUNT}:*");
    let context: BTreeMap<String, Vec<String>> = context
        .iter()
        .map(|(name, value)| (name.to_lowercase(), vec![(*value).to_owned()]))
        .collect();
    let is_allowed = |known: &trent_policy::lint::KnownAction| {
        let request = Request {
            principal: match &arn {
                PrincipalArn::Root { account, .. } => Principal::Root { account: *account },
                PrincipalArn::User { .. } => Principal::User { arn: &arn, id: None },
                _ => Principal::RoleSession {
                    role: Some(&arn),
                    session: None,
                    id: None,
                },
            },
            action: known.action,
            resource: if known.is_on_key() {
                Resource::Key {
                    arn: &key,
                    account: account(ACCOUNT),
                }
            } else {
                Resource::None { scope: &scope }
            },
            cross_account: known.across_accounts,
        };
        let policies = Policies {
            resource: known.is_on_key().then_some(Attached {
                name: "default",
                policy: &policy,
            }),
            ..Policies::default()
        };
        decide(&request, &policies, &context).is_allowed()
    };
    let all = actions();
    all.iter()
        .filter(|known| is_allowed(known))
        .map(|known| &known.action.as_str()[4..])
        .collect()
}

fn names(text: &'static str) -> BTreeSet<&'static str> {
    text.split_whitespace().collect()
}

/// Each entry of the administrators' statement, alone. Deleting keys is an entry of its own: `kms:Delete*` is not it.
///
/// MON-290, POL-140, POL-141, POL-142, POL-143, POL-144
/// POL-145, POL-146, POL-147, POL-148, POL-149
/// POL-150, POL-151, POL-152, POL-153, POL-154
#[test]
fn each_entry_allows_what_it_stands_for() {
    let table = [
        ("kms:Create*", "CreateAlias CreateGrant"),
        ("kms:Describe*", "DescribeKey"),
        ("kms:Enable*", "EnableKey EnableKeyRotation"),
        (
            "kms:List*",
            "ListGrants ListKeyPolicies ListKeyRotations ListResourceTags",
        ),
        ("kms:Put*", "PutKeyPolicy"),
        ("kms:Update*", "UpdateAlias UpdateKeyDescription UpdatePrimaryRegion"),
        ("kms:Revoke*", "RevokeGrant"),
        ("kms:Disable*", "DisableKey DisableKeyRotation"),
        (
            "kms:Get*",
            "GetKeyLastUsage GetKeyPolicy GetKeyRotationStatus GetParametersForImport GetPublicKey",
        ),
        ("kms:Delete*", "DeleteAlias DeleteImportedKeyMaterial"),
        ("kms:TagResource", "TagResource"),
        ("kms:UntagResource", "UntagResource"),
        ("kms:ScheduleKeyDeletion", "ScheduleKeyDeletion"),
        ("kms:CancelKeyDeletion", "CancelKeyDeletion"),
        ("kms:RotateKeyOnDemand", "RotateKeyOnDemand"),
    ];
    let document: Value = serde_json::from_str(&symmetric()).expect("JSON");
    let entries: Vec<_> = table.iter().map(|(entry, _)| json!(entry)).collect();
    let administrators = &document["Statement"][1];
    assert_eq!(administrators["Sid"], "Allow access for Key Administrators");
    assert_eq!(administrators["Action"], json!(entries));
    assert_eq!(administrators["Resource"], "*");
    for (entry, expected) in table {
        let policy = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": {"AWS": ADMINISTRATOR}, "Action": entry, "Resource": "*"}});
        assert_eq!(
            allowed(&policy.to_string(), ADMINISTRATOR, &[]),
            names(expected),
            "{entry}"
        );
    }
}

/// POL-152, POL-153, POL-510, KEY-234
#[test]
fn administrators_manage_the_key_and_do_not_use_it() {
    let with = allowed(&symmetric(), ADMINISTRATOR, &[]);
    for known in actions() {
        let name = &known.action.as_str()[4..];
        assert!(!(known.cryptographic && with.contains(name)), "{name}");
    }
    for name in [
        "CreateAlias",
        "DeleteAlias",
        "UpdateAlias",
        "TagResource",
        "UntagResource",
        "PutKeyPolicy",
    ] {
        assert!(with.contains(name), "{name}");
    }
    let without = composed("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", |it| {
        it.administrators_may_delete = false;
    });
    let lost: BTreeSet<_> = with
        .difference(&allowed(&without, ADMINISTRATOR, &[]))
        .copied()
        .collect();
    assert_eq!(lost, names("ScheduleKeyDeletion CancelKeyDeletion"));
    let more = composed("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", |it| {
        (it.imported, it.multi_region) = (true, true);
    });
    let gained: BTreeSet<_> = allowed(&more, ADMINISTRATOR, &[]).difference(&with).copied().collect();
    assert_eq!(gained, names("ImportKeyMaterial ReplicateKey"));
}

/// SPK-276
#[test]
fn administrators_of_multi_region_keys_alone_are_given_what_moves_them() {
    let entries = |multi_region: bool, spec: &str, usage: &str| {
        let policy = composed(spec, usage, |it| it.multi_region = multi_region);
        let document: Value = serde_json::from_str(&policy).expect("JSON");
        let actions = document["Statement"][1]["Action"].as_array().expect("a list").clone();
        let named = ["kms:ReplicateKey", "kms:UpdatePrimaryRegion"].map(|name| json!(name));
        named.map(|name| actions.contains(&name))
    };
    for (spec, usage) in [("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"), ("RSA_2048", "SIGN_VERIFY")] {
        assert_eq!(entries(true, spec, usage), [true; 2], "{spec}");
        assert_eq!(entries(false, spec, usage), [false; 2], "{spec}");
    }
}

/// What users of a key of each type may do with it, themselves.
///
/// POL-167, POL-168, POL-169, POL-170, POL-171
/// POL-172, POL-173, POL-174, SPK-197
#[test]
fn users_have_what_the_type_of_key_is_for() {
    for (spec, usage, expected) in [
        (
            "SYMMETRIC_DEFAULT",
            "ENCRYPT_DECRYPT",
            "Encrypt Decrypt ReEncryptFrom ReEncryptTo DescribeKey GenerateDataKey GenerateDataKeyPair \
             GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext",
        ),
        (
            "RSA_2048",
            "ENCRYPT_DECRYPT",
            "Encrypt Decrypt ReEncryptFrom ReEncryptTo DescribeKey GetPublicKey",
        ),
        ("RSA_2048", "SIGN_VERIFY", "DescribeKey GetPublicKey Sign Verify"),
        ("HMAC_256", "GENERATE_VERIFY_MAC", "DescribeKey GenerateMac VerifyMac"),
        (
            "ECC_NIST_P256",
            "KEY_AGREEMENT",
            "DeriveSharedSecret DescribeKey GetPublicKey",
        ),
    ] {
        let policy = composed(spec, usage, |_| ());
        assert_eq!(allowed(&policy, USER, &[]), names(expected), "{spec} {usage}");
    }
    let pair = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": USER},
        "Action": ["kms:ReEncryptFrom", "kms:ReEncryptTo"], "Resource": "*"}});
    assert_eq!(
        allowed(&pair.to_string(), USER, &[]),
        names("ReEncryptFrom ReEncryptTo"),
        "without the wildcard"
    );
}

/// POL-177, POL-178
#[test]
fn users_make_grants_through_services_alone() {
    let policy = symmetric();
    let grants = names("CreateGrant ListGrants RevokeGrant");
    let direct = allowed(&policy, USER, &[("kms:GrantIsForAWSResource", "false")]);
    assert!(direct.is_disjoint(&grants));
    let through = allowed(&policy, USER, &[("kms:GrantIsForAWSResource", "true")]);
    assert_eq!(through.difference(&direct).copied().collect::<BTreeSet<_>>(), grants);
    let mut narrowed: Value = serde_json::from_str(&policy).expect("JSON");
    narrowed["Statement"][3]["Condition"]["StringEquals"] = json!({"kms:ViaService": "ec2.us-west-2.amazonaws.com"});
    let narrowed = narrowed.to_string();
    let via = |service: &str| {
        let context = [("kms:GrantIsForAWSResource", "true"), ("kms:ViaService", service)];
        allowed(&narrowed, USER, &context).is_superset(&grants)
    };
    assert!(via("ec2.us-west-2.amazonaws.com") && !via("rds.us-west-2.amazonaws.com"));
}

/// SPK-198
#[test]
fn hmac_keys_have_no_statement_for_services() {
    let sids = |policy: &str| -> Vec<String> {
        let document: Value = serde_json::from_str(policy).expect("JSON");
        let statements = document["Statement"].as_array().expect("a list").iter();
        statements
            .map(|statement| statement["Sid"].as_str().expect("a Sid").to_owned())
            .collect()
    };
    let four = [
        "Enable IAM User Permissions",
        "Allow access for Key Administrators",
        "Allow use of the key",
        "Allow attachment of persistent resources",
    ];
    assert_eq!(sids(&symmetric()), four);
    let hmac = composed("HMAC_256", "GENERATE_VERIFY_MAC", |_| ());
    assert_eq!(sids(&hmac), four[..3]);
    let served = allowed(&hmac, USER, &[("kms:GrantIsForAWSResource", "true")]);
    assert!(served.is_disjoint(&names("CreateGrant ListGrants RevokeGrant")));
    let nobody = composed("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", |it| {
        (it.administrators, it.users) = (&[], &[]);
    });
    assert_eq!(sids(&nobody), four[..1]);
}

/// SPK-199, KEY-154
#[test]
fn the_default_of_the_api_leaves_everything_to_the_account() {
    let default = default_policy(Partition::Aws, account(ACCOUNT));
    assert_ne!(default, symmetric());
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let everything: BTreeSet<_> = actions()
        .iter()
        .filter(|known| known.is_on_key())
        .map(|known| &known.action.as_str()[4..])
        .collect();
    for policy in [&default, &symmetric()] {
        assert!(allowed(policy, &root, &[]).is_superset(&everything));
        assert_eq!(allowed(policy, "arn:aws:iam::111122223333:user/Bob", &[]), names(""));
    }
    assert_eq!(allowed(&default, USER, &[]), names(""), "no MAC, and nothing else");
}

#[test]
fn other_accounts_are_users_beside_the_own() {
    let others: &'static [AccountId] = Box::leak(Box::new([account(OTHER)]));
    let policy = composed("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", |it| it.other_accounts = others);
    let document: Value = serde_json::from_str(&policy).expect("JSON");
    let both = json!([USER, format!("arn:aws:iam::{OTHER}:root")]);
    assert_eq!(document["Statement"][2]["Principal"]["AWS"], both);
    assert_eq!(document["Statement"][3]["Principal"]["AWS"], both);
    assert_eq!(
        (&document["Id"], &document["Version"]),
        (&json!("key-consolepolicy-3"), &json!("2012-10-17"))
    );
}

#[test]
fn the_linter_finds_nothing_in_it() {
    for (spec, usage) in [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
        ("HMAC_256", "GENERATE_VERIFY_MAC"),
        ("RSA_2048", "SIGN_VERIFY"),
    ] {
        let subject = Subject {
            kind: PolicyKind::Resource,
            account: Some(account(ACCOUNT)),
            key: Some((KeySpec::parse(spec).expect(spec), KeyUsage::parse(usage).expect(usage))),
        };
        let found = findings(&composed(spec, usage, |_| ()), &subject);
        assert!(found.is_empty(), "{found:?}");
    }
}
