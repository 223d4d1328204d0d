//! The linter: each rule finds what it is about, and leaves alone what is as it should be.

use serde_json::{Value, json};
use trent_policy::PolicyKind;
use trent_policy::lint::{Finding, KnownAction, ResourceType, Setting, Severity, Vocabulary, lint, rule_facts};
use trent_policy::{Action, action};

use crate::support::{ACCOUNT, KEY, OTHER_ACCOUNT, ROOT, document};

const OF_KEYS: &[&str] = &[
    "kms:CallerAccount",
    "kms:KeySpec",
    "kms:ResourceAliases",
    "aws:ResourceTag/${TagKey}",
    "kms:ViaService",
];
const OF_CIPHERTEXTS: &[&str] = &[
    "kms:CallerAccount",
    "kms:KeySpec",
    "kms:ResourceAliases",
    "aws:ResourceTag/${TagKey}",
    "kms:ViaService",
    "kms:EncryptionAlgorithm",
    "kms:EncryptionContext:${EncryptionContextKey}",
    "kms:EncryptionContextKeys",
    "kms:GrantOperations",
];

/// A few actions that stand for all.
fn actions() -> Vec<KnownAction> {
    let action =
        |action: &'static Action, access_level, across_accounts, condition_keys: &'static [&'static str]| KnownAction {
            action,
            operation: Some(&action.as_str()[4..]),
            access_level,
            resources: match condition_keys.contains(&"kms:ResourceAliases") {
                true if action.as_str().ends_with("Alias") => &[ResourceType::Key, ResourceType::Alias],
                true => &[ResourceType::Key],
                false => &[],
            },
            across_accounts,
            cryptographic: condition_keys.contains(&"kms:EncryptionAlgorithm"),
            grant: None,
            condition_keys,
        };
    macro_rules! of {
        ($name:literal) => {{
            static ACTION: Action = action!($name);
            &ACTION
        }};
    }
    vec![
        action(of!("kms:CreateKey"), "Write", false, &["kms:KeySpec"]),
        action(of!("kms:ListRetirableGrants"), "List", false, &[]),
        action(of!("kms:CreateAlias"), "Write", false, OF_KEYS),
        action(of!("kms:Decrypt"), "Write", true, OF_CIPHERTEXTS),
        action(of!("kms:DescribeKey"), "Read", true, OF_KEYS),
        action(of!("kms:EnableKey"), "Write", false, OF_KEYS),
        action(of!("kms:Encrypt"), "Write", true, OF_CIPHERTEXTS),
        action(of!("kms:GetPublicKey"), "Read", true, OF_KEYS),
        action(of!("kms:PutKeyPolicy"), "Permissions management", false, OF_KEYS),
        action(of!("kms:RetireGrant"), "Permissions management", true, OF_KEYS),
        action(of!("kms:ScheduleKeyDeletion"), "Write", false, OF_KEYS),
        action(of!("kms:TagResource"), "Tagging", false, OF_KEYS),
    ]
}

pub fn findings_of(kind: PolicyKind, document: &Value, symmetric: bool) -> Vec<Finding> {
    let actions = actions();
    let can = |known: &KnownAction| known.operation != Some("GetPublicKey");
    let setting = Setting {
        kind,
        account: Some(ACCOUNT.parse().unwrap()),
        key_can: symmetric.then_some(&can),
        vocabulary: Vocabulary {
            actions: &actions,
            is_service: &|name| name == "s3",
        },
    };
    lint(&document.to_string(), &setting)
}

fn codes(kind: PolicyKind, statements: Value) -> Vec<&'static str> {
    let findings = findings_of(kind, &document(&statements), false);
    findings.into_iter().map(|finding| finding.code).collect()
}

/// A key policy as it should be, and one statement more.
fn key(statement: Value) -> Vec<&'static str> {
    codes(PolicyKind::Resource, json!([own(), statement]))
}

pub fn own() -> Value {
    json!({"Sid": "Own", "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"})
}

fn iam(statement: Value) -> Vec<&'static str> {
    codes(PolicyKind::Identity, json!([statement]))
}

pub fn allow(actions: Value, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resource})
}

fn to(principal: Value, actions: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"})
}

pub fn with(mut statement: Value, element: &str, value: Value) -> Value {
    statement[element] = value;
    statement
}

const NOTHING: [&str; 0] = [];

#[test]
fn what_is_as_it_should_be_has_no_findings() {
    assert_eq!(codes(PolicyKind::Resource, json!([own()])), NOTHING);
    assert_eq!(iam(allow(json!(["kms:Decrypt", "kms:TagResource"]), KEY)), NOTHING);
    let everything = allow(json!("*"), "*");
    for limiting in [
        PolicyKind::PermissionsBoundary,
        PolicyKind::ServiceControl,
        PolicyKind::Session,
    ] {
        assert_eq!(
            codes(limiting, json!([everything])),
            NOTHING,
            "{limiting:?} gives nothing"
        );
    }
}

/// POL-111
#[test]
fn everybody_without_a_condition() {
    let open = to(json!("*"), json!("kms:Decrypt"));
    assert_eq!(key(open.clone()), ["EVERYBODY"]);
    assert_eq!(key(to(json!({"AWS": "*"}), json!("kms:Decrypt"))), ["EVERYBODY"]);
    let limited = with(
        open.clone(),
        "Condition",
        json!({"StringEquals": {"kms:CallerAccount": ACCOUNT}}),
    );
    assert_eq!(key(limited), NOTHING);
    assert_eq!(key(with(open, "Effect", json!("Deny"))), NOTHING);
    let trust = json!([{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]);
    assert_eq!(codes(PolicyKind::Trust, trust), ["EVERYBODY"]);
}

/// POL-217
#[test]
fn a_service_that_is_tied_to_nothing() {
    let service = to(json!({"Service": "cloudtrail.amazonaws.com"}), json!("kms:Decrypt"));
    assert_eq!(key(service.clone()), ["CONFUSED_DEPUTY"]);
    for name in [
        "aws:SourceArn",
        "aws:SourceAccount",
        "kms:EncryptionContext:aws:cloudtrail:arn",
    ] {
        let tied = json!({"StringEquals": {name: "x"}});
        assert_eq!(key(with(service.clone(), "Condition", tied)), NOTHING, "{name}");
    }
    let elsewhere = json!({"StringEquals": {"kms:CallerAccount": ACCOUNT}});
    assert_eq!(key(with(service, "Condition", elsewhere)), ["CONFUSED_DEPUTY"]);
}

/// POL-134, POL-252
#[test]
fn a_key_policy_without_the_account() {
    let alone = |statement: Value| codes(PolicyKind::Resource, json!([statement]));
    let missing = ["ACCOUNT_STATEMENT_MISSING"];
    assert_eq!(
        alone(to(
            json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:user/Alice")}),
            json!("kms:*")
        )),
        missing
    );
    assert_eq!(alone(to(json!({"AWS": OTHER_ACCOUNT}), json!("kms:*"))), missing);
    assert_eq!(alone(to(json!({"AWS": ROOT}), json!("kms:Decrypt"))), missing);
    assert_eq!(alone(to(json!({"AWS": ACCOUNT}), json!("kms:*"))), NOTHING);
    let findings = findings_of(
        PolicyKind::Resource,
        &document(&to(json!({"AWS": OTHER_ACCOUNT}), json!("kms:*"))),
        false,
    );
    assert!(
        findings[0].why.contains("nobody can manage the key any more"),
        "{findings:?}"
    );
}

/// POL-252, AUTHZ-226
#[test]
fn resources_that_name_no_key() {
    let decrypt = |resource: &str| allow(json!("kms:Decrypt"), resource);
    let alias = format!("arn:aws:kms:us-east-1:{ACCOUNT}:alias/x");
    assert_eq!(iam(decrypt(&alias)), ["ALIAS_AS_KEY"]);
    assert_eq!(iam(allow(json!("kms:CreateAlias"), &alias)), NOTHING);
    assert_eq!(iam(with(decrypt(&alias), "Effect", json!("Deny"))), ["ALIAS_AS_KEY"]);
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    assert_eq!(
        iam(decrypt(&format!("arn:aws:kms:us-east-1:{ACCOUNT}:{id}"))),
        ["NOT_A_KEY"]
    );
    let invalid = findings_of(PolicyKind::Identity, &document(&decrypt(id)), false);
    assert_eq!((invalid[0].code, invalid[0].severity), ("INVALID", Severity::Error));
    assert!(invalid[0].advice.contains("by its ARN"));
    let mut nothing = to(json!({"AWS": ROOT}), json!("kms:Decrypt"));
    nothing.as_object_mut().unwrap().remove("Resource");
    assert_eq!(key(nothing), ["RESOURCE_MISSING"]);
    assert_eq!(
        key(with(
            to(json!({"AWS": ROOT}), json!("kms:Decrypt")),
            "Resource",
            json!(KEY)
        )),
        ["RESOURCE_IN_KEY_POLICY"]
    );
}

/// POL-249, POL-251, POL-265, AUTHZ-226
#[test]
fn what_an_iam_policy_gives_over_keys_that_it_does_not_name() {
    let over = |actions: Value, resource: &str| iam(allow(actions, resource));
    let own = format!("arn:aws:kms:*:{ACCOUNT}:key/*");
    assert_eq!(over(json!("kms:DescribeKey"), "*"), ["EVERY_ACCOUNT"]);
    assert_eq!(
        over(json!("kms:DescribeKey"), "arn:aws:kms:*:*:key/*"),
        ["EVERY_ACCOUNT"]
    );
    assert_eq!(over(json!("kms:DescribeKey"), &own), ["KEYS_NOT_NAMED"]);
    assert_eq!(over(json!("kms:DescribeKey"), KEY), NOTHING);
    assert_eq!(over(json!("kms:ListRetirableGrants"), "*"), ["NO_NARROWER_RESOURCE"]);
    for sensitive in ["kms:Decrypt", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"] {
        assert_eq!(
            over(json!(sensitive), &own),
            ["SENSITIVE_OVER_MANY_KEYS"],
            "{sensitive}"
        );
    }
    assert_eq!(over(json!("kms:TagResource"), &own), ["TAGS_AND_ALIASES"]);
    assert_eq!(over(json!("kms:CreateAlias"), &own), ["TAGS_AND_ALIASES"]);
    assert_eq!(over(json!("kms:EnableKey"), "*"), ["KEYS_NOT_NAMED"]);
    let tagged = json!({"StringEquals": {"aws:ResourceTag/team": "blue"}});
    assert_eq!(
        iam(with(allow(json!("kms:Decrypt"), &own), "Condition", tagged)),
        NOTHING
    );
    let ours = json!({"StringEquals": {"aws:ResourceAccount": ACCOUNT}});
    assert_eq!(
        iam(with(allow(json!("kms:DescribeKey"), "*"), "Condition", ours)),
        ["KEYS_NOT_NAMED"]
    );
    assert_eq!(iam(with(allow(json!("kms:*"), "*"), "Effect", json!("Deny"))), NOTHING);
    let all_but = json!({"Effect": "Allow", "Action": "kms:EnableKey", "NotResource": KEY});
    assert_eq!(iam(all_but), ["KEYS_NOT_NAMED"]);
}

/// POL-250
#[test]
fn keys_of_every_kind() {
    let create = allow(json!("kms:CreateKey"), "*");
    assert_eq!(iam(create.clone()), ["CREATE_KEY_UNCONDITIONED"]);
    let elsewhere = json!({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}});
    assert_eq!(
        iam(with(create.clone(), "Condition", elsewhere)),
        ["CREATE_KEY_UNCONDITIONED"]
    );
    let limited = json!({"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}});
    assert_eq!(iam(with(create, "Condition", limited)), NOTHING);
}

/// POL-252
#[test]
fn actions_that_are_not_what_they_seem() {
    let us = json!({"AWS": ROOT});
    assert_eq!(
        key(to(us.clone(), json!("kms:RetireGrant"))),
        ["RETIRE_GRANT_IN_KEY_POLICY"]
    );
    assert_eq!(key(to(us.clone(), json!("kms:CreateKey"))), ["NOT_IN_KEY_POLICIES"]);
    assert_eq!(
        key(to(us.clone(), json!(["kms:Create*", "kms:Re*", "kms:*"]))),
        ["RETIRE_GRANT_IN_KEY_POLICY"]
    );
    assert_eq!(key(to(us.clone(), json!("kms:Decrpyt"))), ["UNKNOWN_ACTION"]);
    assert_eq!(iam(allow(json!(["kms:Nothing*", "s3:Get"]), KEY)), ["UNKNOWN_ACTION"]);
    let of_key = json!([own(), to(us, json!("kms:GetPublicKey"))]);
    let symmetric = findings_of(PolicyKind::Resource, &document(&of_key), true);
    assert_eq!(symmetric[0].code, "NOT_OF_THIS_KEY");
    assert_eq!(codes(PolicyKind::Resource, of_key), NOTHING);
}

/// AUTHZ-22
#[test]
fn several_values_need_a_set_operator() {
    let limited = |operator: &str, name: &str| {
        let condition = json!({operator: {name: "x"}});
        iam(with(allow(json!("kms:Decrypt"), KEY), "Condition", condition))
    };
    for name in [
        "kms:EncryptionContextKeys",
        "kms:GrantOperations",
        "kms:ResourceAliases",
        "aws:TagKeys",
    ] {
        assert_eq!(limited("StringEquals", name), ["SET_OPERATOR_MISSING"], "{name}");
        assert_eq!(limited("ForAnyValue:StringEquals", name), NOTHING, "{name}");
        assert_eq!(limited("ForAllValues:StringLike", name), NOTHING, "{name}");
    }
    let absent = json!({"Null": {"kms:ResourceAliases": "true"}});
    assert_eq!(
        iam(with(allow(json!("kms:Decrypt"), KEY), "Condition", absent)),
        NOTHING
    );
    assert_eq!(limited("StringEquals", "kms:KeySpec"), NOTHING);
}

/// AUTHZ-112
#[test]
fn algorithms_are_limited_here_only() {
    let limited = with(
        to(json!({"AWS": ROOT}), json!("kms:Encrypt")),
        "Condition",
        json!({"StringEquals": {"kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}}),
    );
    assert_eq!(key(limited.clone()), ["ALGORITHM_ONLY_HERE"]);
    let symmetric = findings_of(PolicyKind::Resource, &document(&json!([own(), limited])), true);
    assert!(symmetric.is_empty(), "a symmetric key has no public key: {symmetric:?}");
}

/// POL-252
#[test]
fn conditions_that_requests_never_meet() {
    let spec = json!({"StringEquals": {"kms:KeySpec": "RSA_2048"}});
    let limited = |actions: Value| iam(with(allow(actions, "*"), "Condition", spec.clone()));
    assert_eq!(
        limited(json!("kms:ListRetirableGrants")),
        ["NO_NARROWER_RESOURCE", "CONDITION_NEVER_PRESENT"]
    );
    assert_eq!(
        limited(json!(["kms:ListRetirable*", "kms:ListRetirableGrants"])),
        ["NO_NARROWER_RESOURCE", "CONDITION_NEVER_PRESENT"],
        "named twice is named"
    );
    assert_eq!(limited(json!("kms:CreateKey")), NOTHING);
    let typo = json!({"StringEquals": {"kms:KeySpek": "RSA_2048"}});
    assert_eq!(
        iam(with(allow(json!("kms:Decrypt"), KEY), "Condition", typo)),
        ["CONDITION_NEVER_PRESENT"]
    );
    for nameless in ["kms:EncryptionKontext:Project", "kms:EncryptionContext:"] {
        let condition = json!({"StringEquals": {nameless: "Alpha"}});
        let found = iam(with(allow(json!("kms:Decrypt"), KEY), "Condition", condition));
        assert_eq!(found, ["CONDITION_NEVER_PRESENT"], "{nameless}");
    }
    let tagged = json!({"StringEquals": {"aws:ResourceTag/team": "blue"}});
    let found = iam(with(allow(json!("kms:ListRetirableGrants"), "*"), "Condition", tagged));
    assert_eq!(found, ["NO_NARROWER_RESOURCE", "CONDITION_NEVER_PRESENT"]);
    let of_all = json!({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}});
    assert_eq!(
        iam(with(allow(json!("kms:Decrypt"), KEY), "Condition", of_all)),
        NOTHING
    );
}

/// POL-487
#[test]
fn services_do_not_come_from_the_network_of_whom_they_call_for() {
    let found = ["NETWORK_KEEPS_SERVICES_OUT"];
    let limited = |effect: &str, actions: Value, condition: Value| {
        let statement = with(to(json!({"AWS": ROOT}), actions), "Condition", condition);
        with(statement, "Effect", json!(effect))
    };
    let use_it = || json!(["kms:Encrypt", "kms:Decrypt"]);
    for (effect, condition, keeps_out) in [
        ("Allow", json!({"StringEquals": {"aws:sourceVpce": "vpce-1"}}), true),
        ("Allow", json!({"StringLike": {"aws:SourceVpc": "vpc-*"}}), true),
        ("Allow", json!({"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}), true),
        ("Allow", json!({"StringEquals": {"aws:VpceAccount": ACCOUNT}}), true),
        ("Allow", json!({"Null": {"aws:SourceVpce": "false"}}), true),
        ("Deny", json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}), true),
        ("Deny", json!({"NotIpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}), true),
        ("Deny", json!({"Null": {"aws:SourceVpce": "true"}}), true),
        // A request without the key is let through.
        (
            "Allow",
            json!({"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}),
            false,
        ),
        ("Allow", json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}), false),
        ("Deny", json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}}), false),
        ("Deny", json!({"Null": {"aws:SourceVpce": "false"}}), false),
        // Services were thought of.
        (
            "Deny",
            json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "Bool": {"aws:ViaAWSService": "false"}}),
            false,
        ),
        ("Allow", json!({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}), false),
    ] {
        let expected: &[&str] = if keeps_out { &found } else { &NOTHING };
        assert_eq!(
            key(limited(effect, use_it(), condition.clone())),
            expected,
            "{effect} {condition}"
        );
    }
    let condition = json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}});
    let managing = limited("Allow", json!("kms:ScheduleKeyDeletion"), condition.clone());
    assert_eq!(key(managing), NOTHING, "services do not manage keys");
    assert_eq!(
        iam(with(allow(json!("kms:Decrypt"), KEY), "Condition", condition)),
        found
    );
}

/// AUTHZ-181
#[test]
fn services_are_called_as_they_are_known() {
    let via = |name: &str| {
        let condition = json!({"StringLike": {"kms:ViaService": name}});
        iam(with(allow(json!("kms:Decrypt"), KEY), "Condition", condition))
    };
    for known in [
        "s3.us-east-1.amazonaws.com",
        "s3.*.amazonaws.com",
        "*.us-east-1.amazonaws.com",
        "s3.*",
        "*",
    ] {
        assert_eq!(via(known), NOTHING, "{known}");
    }
    for unknown in [
        "s4.us-east-1.amazonaws.com",
        "s3.amazonaws.com",
        "s3",
        "s3.us-east-1.example.com",
    ] {
        assert_eq!(via(unknown), ["UNKNOWN_SERVICE"], "{unknown}");
    }
}

#[test]
fn a_finding_tells_where_it_is() {
    let text = "{\"Version\": \"2012-10-17\",\n \"Statement\": [\n  {\"Sid\": \"Look\", \"Effect\": \"Allow\",\n   \"Action\": \"kms:Decrypt\",\n   \
                \"Resource\": \"arn:aws:kms:us-east-1:111122223333:alias/x\"}]}";
    let actions = actions();
    let setting = Setting {
        kind: PolicyKind::Identity,
        account: None,
        key_can: None,
        vocabulary: Vocabulary {
            actions: &actions,
            is_service: &|_| true,
        },
    };
    let [found] = lint(text, &setting).try_into().unwrap();
    assert_eq!(
        (found.line, found.statement, found.sid.as_deref()),
        (5, Some(0), Some("Look"))
    );
    let shown = found.to_string();
    assert!(
        shown.starts_with("warning ALIAS_AS_KEY, statement \"Look\": kms:Decrypt is done to keys, and arn:"),
        "{shown}"
    );
    assert_eq!(shown.lines().count(), 3);
}

/// The largest documents of the most unlucky shape take no time that anybody would notice.
#[test]
fn the_work_is_bounded_by_the_document() {
    let names: Vec<String> = (0..1_500).map(|n| format!("kms:x{n}*")).collect();
    let keys: serde_json::Map<String, Value> = (0..500).map(|n| (format!("kms:y{n}"), json!("v"))).collect();
    let condition = json!({"StringEquals": keys});
    let statement = with(to(json!({"AWS": ROOT}), json!(names)), "Condition", condition);
    let begun = std::time::Instant::now();
    let findings = findings_of(PolicyKind::Resource, &document(&json!([own(), statement])), false);
    assert_eq!(
        findings
            .iter()
            .filter(|finding| finding.code == "UNKNOWN_ACTION")
            .count(),
        1_500
    );
    assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
}

#[test]
fn the_documentation_has_every_rule() {
    let page = include_str!("../../../../docs/operating/linting.md");
    for rule in rule_facts() {
        let row = format!("| `{}` | {} |", rule.code, rule.severity.as_str());
        assert!(page.contains(&row), "{row}");
    }
    let with_severity = |line: &&str| line.contains("` | warning |") || line.contains("` | note |");
    let rows = page.lines().filter(with_severity).count();
    assert_eq!(rule_facts().count(), rows, "and no other");
}
