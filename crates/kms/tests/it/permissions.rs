//! The permissions reference, row by row: the requirements' own table is read, each row is compared with the catalogue
//! and then decided. Rows of operations that are not built are decided just the same: what is driven here is the
//! pipeline's step of authorization, which knows rows and no operations.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use trent_identity::entitlements::{AppliedPolicy, PolicySource};
use trent_identity::{Caller, Document, Entitlements, Identity, PrincipalKind};
use trent_kms::Kms;
use trent_kms::rules::Rules;
use trent_names::AccountId;
use trent_policy::{Action, NoContext, Policy, PolicyKind, Rules as PolicyRules};
use trent_service::{Access, Actor, Authorizer, ByPolicy, Call, Catalogue, Named, NoGrants, Resource, Row, Target};
use uuid::Uuid;

use crate::world::{ACCOUNT, NO_KEY, OTHER, REGION, region};

/// The chapter that has the table.
const CHAPTER: &str = include_str!("../../../../docs/spec/04-condition-keys-and-authorization.md");

const KEY_OPERATION: &[&str] = &[
    "kms:CallerAccount",
    "kms:KeySpec",
    "kms:KeyUsage",
    "kms:KeyOrigin",
    "kms:MultiRegion",
    "kms:MultiRegionKeyType",
    "kms:ResourceAliases",
    "aws:ResourceTag/tag-key",
    "kms:ViaService",
];

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) operation: &'static str,
    /// The action, if it is not called like the operation.
    pub(crate) action: Option<&'static str>,
    pub(crate) by_key_policy: bool,
    across_accounts: bool,
    pub(crate) on: On,
    condition_keys: &'static str,
    level: &'static str,
}

/// What an action is authorized on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum On {
    Key,
    Alias,
    Everything,
}

/// The rows of the guide's permissions reference.
pub(crate) fn guide() -> Vec<Listed> {
    let rows = CHAPTER.lines().filter(|line| line.starts_with("| AUTHZ-"));
    let rows = rows.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    // Other tables of the chapter are narrower, or have no yes and no in this column.
    let rows = rows.filter(|cells| cells.len() == 9 && matches!(cells[3].get(..3), Some("Key" | "IAM")));
    rows.map(|cells| {
        let named = cells[2].trim_start_matches("also: ");
        let action = named
            .split_once("kms:")
            .map(|(_, rest)| rest.split([' ', ')']).next().unwrap_or_default());
        Listed {
            operation: named.split([' ', '(']).next().unwrap_or_default(),
            action: action.filter(|action| !named.starts_with(action)),
            by_key_policy: cells[3].starts_with("Key"),
            across_accounts: cells[4].starts_with("Yes"),
            on: match cells[5].split_whitespace().next() {
                Some("KMS") => On::Key,
                Some("Alias") => On::Alias,
                _ => On::Everything,
            },
            condition_keys: cells[6],
            level: cells[7],
        }
    })
    .collect()
}

impl Listed {
    /// An operation that is newer than the guide; all of those are authorized on a key, whose policy has a say.
    pub(crate) fn newer(operation: &'static str) -> Self {
        Self {
            operation,
            action: None,
            by_key_policy: true,
            across_accounts: false,
            on: On::Key,
            condition_keys: "K9",
            level: "",
        }
    }

    pub(crate) fn row(&self) -> &'static Row<Rules> {
        // The second half of ReplicateKey is the permission to create the replica.
        let name = match self.action {
            Some("CreateKey") => "CreateKey",
            _ => self.operation,
        };
        let entry = Kms::catalogue().iter().find(|entry| entry.row.name == name);
        entry.unwrap_or_else(|| panic!("{name} is no operation")).row
    }

    pub(crate) fn action(&self) -> Action {
        Action::new(&format!("kms:{}", self.action.unwrap_or(self.operation)))
    }

    /// The condition keys, with the abbreviations written out.
    pub(crate) fn keys(&self) -> BTreeSet<String> {
        if self.condition_keys == "as CreateKey" {
            let create = guide().into_iter().find(|row| row.operation == "CreateKey");
            return create.expect("CreateKey is listed").keys();
        }
        let plain = self.condition_keys.split(" (").next().unwrap_or_default();
        let mut keys = BTreeSet::new();
        for name in plain.split([';', ',']).map(str::trim) {
            let expanded: &[&str] = match name {
                "K9" => KEY_OPERATION,
                "CRYPTO" => &["kms:EncryptionAlgorithm", "kms:RequestAlias"],
                "EC" => &["kms:EncryptionContext:context-key", "kms:EncryptionContextKeys"],
                "none" | "kms:RecipientAttestation:*" => &[],
                other => &[other],
            };
            keys.extend(expanded.iter().map(|key| (*key).to_owned()));
        }
        if self.operation == "ScheduleKeyDeletion" {
            keys.insert("kms:ScheduleKeyDeletionPendingWindowInDays".to_owned());
        }
        keys
    }
}

/// A condition key of a row as the table writes it; the keys that the table leaves out (AUTHZ-389) are none.
pub(crate) fn as_listed(key: &str) -> Option<String> {
    let left_out = key.starts_with("kms:CustomerMasterKey") || key.starts_with("kms:RecipientAttestation");
    let spelled = key
        .replace("${TagKey}", "tag-key")
        .replace("${EncryptionContextKey}", "context-key");
    (!left_out).then_some(spelled)
}

/// AUTHZ-324, AUTHZ-325, AUTHZ-389, AUTHZ-399
/// AUTHZ-329, AUTHZ-330, AUTHZ-331, AUTHZ-332, AUTHZ-333, AUTHZ-334, AUTHZ-335, AUTHZ-336, AUTHZ-337, AUTHZ-338
/// AUTHZ-339, AUTHZ-340, AUTHZ-341, AUTHZ-342, AUTHZ-343, AUTHZ-344, AUTHZ-345, AUTHZ-346, AUTHZ-347, AUTHZ-348
/// AUTHZ-349, AUTHZ-350, AUTHZ-351, AUTHZ-352, AUTHZ-353, AUTHZ-354, AUTHZ-355, AUTHZ-356, AUTHZ-357, AUTHZ-358
/// AUTHZ-359, AUTHZ-360, AUTHZ-361, AUTHZ-362, AUTHZ-363, AUTHZ-364, AUTHZ-365, AUTHZ-366, AUTHZ-367, AUTHZ-368
/// AUTHZ-369, AUTHZ-370, AUTHZ-371, AUTHZ-372, AUTHZ-373, AUTHZ-374, AUTHZ-375, AUTHZ-376, AUTHZ-377, AUTHZ-378
/// AUTHZ-379, AUTHZ-380, AUTHZ-381, AUTHZ-382, AUTHZ-383, AUTHZ-384, AUTHZ-385, AUTHZ-386, AUTHZ-387, AUTHZ-388
#[test]
fn the_catalogue_says_what_the_table_says() {
    let table = guide();
    assert_eq!(table.len(), 60);
    for listed in &table {
        let row = listed.row();
        let level = match listed.level {
            "Permissions mgmt" => Access::PermissionsManagement.as_str(),
            level => level,
        };
        assert_eq!(row.access.as_str(), level, "{listed:?}");
        if listed.on == On::Alias {
            // The alias's half of an operation has no condition keys and stays in its account whatever the row says.
            assert!(listed.keys().is_empty() && !listed.across_accounts, "{listed:?}");
            continue;
        }
        if listed.on == On::Key {
            assert_eq!(row.across_accounts, listed.across_accounts, "{listed:?}");
        }
        let keys: BTreeSet<String> = row.condition_keys.iter().filter_map(|key| as_listed(key)).collect();
        assert_eq!(keys, listed.keys(), "{listed:?}");
        let has = |key: &str| row.condition_keys.iter().any(|listed| listed.starts_with(key));
        assert_eq!(has("kms:CustomerMasterKeySpec"), has("kms:KeySpec"), "{listed:?}");
        assert_eq!(has("kms:CustomerMasterKeyUsage"), has("kms:KeyUsage"), "{listed:?}");
        let sealed = [
            "Decrypt",
            "GenerateDataKey",
            "GenerateDataKeyPair",
            "GenerateRandom",
            "DeriveSharedSecret",
        ];
        assert_eq!(
            has("kms:RecipientAttestation"),
            sealed.contains(&row.name),
            "{listed:?}"
        );
    }
}

/// A user with one identity policy, or none.
pub(crate) fn user(account: &str, policy: Option<String>) -> Call {
    let account = AccountId::parse(account).expect("an account");
    let policies = policy.map(|text| AppliedPolicy {
        name: "inline".into(),
        source: PolicySource::Inline,
        document: Arc::new(Document::new(text)),
    });
    let caller = Caller::from(Identity {
        principal: format!("arn:aws:iam::{account}:user/alice").parse().expect("a user"),
        is_root: false,
        kind: PrincipalKind::User,
        unique_id: "AIDACKCEVSQ6C2EXAMPLE".to_owned(),
        entitlements: Entitlements {
            policies: policies.into_iter().collect(),
            ..Entitlements::default()
        },
        ..Identity::clone(&Caller::root(account, "AKIAI44QH8DHBEXAMPLE", region(REGION), "kms"))
    });
    Call {
        request_id: Uuid::nil(),
        actor: Actor::Principal(caller),
        region: region(REGION),
        now: Duration::ZERO,
        source_ip: None,
        tls: None,
        through: None,
        referer: None,
        user_agent: String::new(),
        has_service_headers: false,
    }
}

fn identity_policy(action: &Action, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}}}"#
    )
}

/// A key policy that allows the action to this principal.
fn key_policy(action: &str, principal: &str) -> Policy {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"*",
            "Principal":{{"AWS":"{principal}"}}}}}}"#
    );
    Policy::parse(&text, PolicyKind::Resource, &PolicyRules::KEY_POLICY).expect("a policy")
}

fn key_arn() -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{NO_KEY}")
}

fn alias_arn() -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:alias/example")
}

fn alice(account: &str) -> String {
    format!("arn:aws:iam::{account}:user/alice")
}

/// One row, with its action for as long as targets need it.
pub(crate) struct Decided {
    pub(crate) listed: Listed,
    pub(crate) action: &'static Action,
}

impl Decided {
    pub(crate) fn allowed(&self, call: &Call, policy: &Policy) -> bool {
        let (key, alias) = (key_arn(), alias_arn());
        let account = AccountId::parse(ACCOUNT).expect("an account");
        let resource = match self.listed.on {
            On::Key => Resource::Key {
                arn: &key,
                account,
                named: Named::Itself,
                policy,
                grants: &NoGrants,
                attributes: &NoContext,
            },
            On::Alias => Resource::Other { arn: &alias, account },
            On::Everything => Resource::Any,
        };
        let target = Target {
            action: self.action,
            ..self.listed.row().on(resource)
        };
        ByPolicy.authorize(call, &target, &NoContext).is_ok()
    }

    /// The ARN that an identity policy names.
    fn resource(&self) -> String {
        match self.listed.on {
            On::Key => key_arn(),
            On::Alias => alias_arn(),
            On::Everything => "*".to_owned(),
        }
    }
}

fn decided() -> Vec<Decided> {
    let rows = guide().into_iter();
    // Who may retire a grant is for the grant to say.
    let rows = rows.filter(|listed| listed.operation != "RetireGrant");
    rows.map(|listed| Decided {
        action: Box::leak(Box::new(listed.action())),
        listed,
    })
    .collect()
}

/// AUTHZ-324, AUTHZ-327, AUTHZ-328, AUTHZ-392, AUTHZ-396
#[test]
fn the_listed_policy_type_allows_each_row_and_nothing_else_does() {
    let enabling = key_policy("kms:*", ACCOUNT);
    let elsewhere = key_policy("kms:*", OTHER);
    for row in decided() {
        let with = |resource: &str| user(ACCOUNT, Some(identity_policy(row.action, resource)));
        let without = user(ACCOUNT, None);
        let listed = &row.listed;
        assert!(row.allowed(&with(&row.resource()), &enabling), "{listed:?}: IAM allows");
        assert!(row.allowed(&with("*"), &enabling), "{listed:?}: IAM allows everywhere");
        assert!(!row.allowed(&without, &enabling), "{listed:?}: nothing allows");
        let other = user(ACCOUNT, Some(identity_policy(&Action::new("kms:Nothing"), "*")));
        assert!(!row.allowed(&other, &enabling), "{listed:?}: another action is allowed");
        let foreign = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000");
        assert!(
            !row.allowed(&with(&foreign), &enabling),
            "{listed:?}: another key's ARN"
        );

        let naming = key_policy("kms:*", &alice(ACCOUNT));
        assert_eq!(
            row.allowed(&without, &naming),
            listed.by_key_policy,
            "{listed:?}: the key policy names the caller"
        );
        if listed.on == On::Key {
            assert!(
                !row.allowed(&with("*"), &elsewhere),
                "{listed:?}: the key policy does not let IAM policies count"
            );
        }
        if listed.on == On::Everything {
            let account_wide = format!("arn:aws:kms:{REGION}:{ACCOUNT}:*");
            assert!(row.allowed(&with(&account_wide), &enabling), "{listed:?}");
        }
    }
}

/// AUTHZ-325, POL-512
#[test]
fn across_accounts_both_sides_must_allow_and_the_row_must() {
    // They are easily taken for each other.
    let abroad = |name: &str| guide().iter().any(|it| it.operation == name && it.across_accounts);
    assert!(abroad("GetKeyRotationStatus") && !abroad("GetKeyPolicy"));
    for row in decided() {
        let listed = &row.listed;
        if listed.on == On::Everything {
            continue;
        }
        let with = user(OTHER, Some(identity_policy(row.action, "*")));
        let without = user(OTHER, None);
        let naming = key_policy(row.action.as_str(), &alice(OTHER));
        assert_eq!(
            row.allowed(&with, &naming),
            listed.across_accounts,
            "{listed:?}: both allow"
        );
        assert!(
            !row.allowed(&without, &naming),
            "{listed:?}: the caller's side is missing"
        );
        let ours_only = key_policy("kms:*", ACCOUNT);
        assert!(!row.allowed(&with, &ours_only), "{listed:?}: the key's side is missing");
    }
}

/// Operations whose code is reached through the wire, and those that are decided here alone.
#[test]
fn every_operation_is_listed_or_newer_than_the_table() {
    let listed: BTreeSet<&str> = guide().iter().map(|listed| listed.operation).collect();
    let unlisted: Vec<&str> = Kms::catalogue()
        .iter()
        .map(|entry| entry.row.name)
        .filter(|name| !listed.contains(name))
        .collect();
    assert_eq!(unlisted, ["Decapsulate", "Encapsulate", "GetKeyLastUsage"]);
    let built = Kms::catalogue().iter().filter(|entry| entry.is_built()).count();
    println!(
        "{built} operations through the wire, {} in process",
        Kms::catalogue().len()
    );
}
