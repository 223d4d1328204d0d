//! The key policy that a console composes from who administers a key and who uses it (guide, "Default key policy when
//! you create a key with the console").
//!
//! What `CreateKey` gives a key without a policy is another one: [`crate::policy::default_policy`]. Both let the
//! account's IAM policies count.

use serde::Serialize;
use trent_crypto::spec::{KeySpec, KeyType, KeyUsage};
use trent_names::{AccountId, Partition, PrincipalArn};

use crate::operations::rotation::rotate_key_on_demand;

/// What administrators of every key may do. Patterns, so that operations to come are theirs too.
const ADMINISTRATION: [&str; 12] = [
    "kms:Create*",
    "kms:Describe*",
    "kms:Enable*",
    "kms:List*",
    "kms:Put*",
    "kms:Update*",
    "kms:Revoke*",
    "kms:Disable*",
    "kms:Get*",
    "kms:Delete*",
    "kms:TagResource",
    "kms:UntagResource",
];

/// What they may do besides if they may delete the key.
const DELETION: [&str; 2] = ["kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"];

/// What users may do about grants, as long as a service does it for them.
const GRANTS: [&str; 3] = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"];

/// What the policy is composed from.
#[derive(Debug, Clone)]
pub struct Composition<'a> {
    /// The partition of the key's account.
    pub partition: Partition,
    /// The account that the key is in.
    pub account: AccountId,
    /// The key's spec.
    pub spec: KeySpec,
    /// The key's usage, one that the spec has.
    pub usage: KeyUsage,
    /// Whether the key is made without material, which is then imported.
    pub imported: bool,
    /// Whether the key is a multi-Region key.
    pub multi_region: bool,
    /// Users and roles that administer the key; without any there is no such statement.
    pub administrators: &'a [PrincipalArn],
    /// Whether they may delete it.
    pub administrators_may_delete: bool,
    /// Users and roles that use the key; without any, and without other accounts, there are no such statements.
    pub users: &'a [PrincipalArn],
    /// Other accounts that use the key. Their own IAM policies say who in them may.
    pub other_accounts: &'a [AccountId],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    id: &'static str,
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: &'static str,
    effect: &'static str,
    principal: Principal,
    action: OneOrMany,
    resource: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Condition>,
}

#[derive(Serialize)]
struct Principal {
    #[serde(rename = "AWS")]
    aws: OneOrMany,
}

#[derive(Serialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Serialize)]
struct Condition {
    #[serde(rename = "Bool")]
    bool: ForServices,
}

#[derive(Serialize)]
struct ForServices {
    #[serde(rename = "kms:GrantIsForAWSResource")]
    grant_is_for_aws_resource: &'static str,
}

impl From<Vec<String>> for OneOrMany {
    fn from(mut names: Vec<String>) -> Self {
        match names.len() {
            1 => Self::One(names.remove(0)),
            _ => Self::Many(names),
        }
    }
}

impl Statement {
    fn allow(sid: &'static str, to: Vec<String>, actions: &[&str]) -> Self {
        let actions: Vec<_> = actions.iter().map(|action| (*action).to_owned()).collect();
        Self {
            sid,
            effect: "Allow",
            principal: Principal { aws: to.into() },
            action: actions.into(),
            resource: "*",
            condition: None,
        }
    }
}

/// Composes the policy: JSON, laid out in lines.
pub fn compose(composition: &Composition<'_>) -> String {
    let root = |account| PrincipalArn::Root {
        partition: composition.partition,
        account,
    };
    let own = vec![root(composition.account).to_string()];
    let mut statement = vec![Statement::allow("Enable IAM User Permissions", own, &["kms:*"])];
    let administrators: Vec<_> = composition.administrators.iter().map(PrincipalArn::to_string).collect();
    if !administrators.is_empty() {
        let actions = administration(composition);
        statement.push(Statement::allow(
            "Allow access for Key Administrators",
            administrators,
            &actions,
        ));
    }
    let accounts = composition
        .other_accounts
        .iter()
        .map(|account| root(*account).to_string());
    let users = || -> Vec<String> {
        let named = composition.users.iter().map(PrincipalArn::to_string);
        named.chain(accounts.clone()).collect()
    };
    if !users().is_empty() {
        statement.push(Statement::allow("Allow use of the key", users(), usage(composition)));
        // No service that works with grants uses HMAC keys.
        if composition.spec.key_type() != KeyType::Hmac {
            statement.push(Statement {
                condition: Some(Condition {
                    bool: ForServices {
                        grant_is_for_aws_resource: "true",
                    },
                }),
                ..Statement::allow("Allow attachment of persistent resources", users(), &GRANTS)
            });
        }
    }
    let document = Document {
        id: "key-consolepolicy-3",
        version: "2012-10-17",
        statement,
    };
    serde_json::to_string_pretty(&document).expect("texts and lists of texts become JSON")
}

/// What administrators of this key may do.
fn administration(composition: &Composition<'_>) -> Vec<&'static str> {
    let when = |condition: bool, actions: &'static [&'static str]| if condition { actions } else { &[] };
    let rotates = rotate_key_on_demand::ROW
        .rules
        .takes
        .accepts(composition.spec, composition.usage);
    [
        &ADMINISTRATION[..],
        when(composition.administrators_may_delete, &DELETION),
        when(rotates, &["kms:RotateKeyOnDemand"]),
        when(composition.imported, &["kms:ImportKeyMaterial"]),
        when(
            composition.multi_region,
            &["kms:ReplicateKey", "kms:UpdatePrimaryRegion"],
        ),
    ]
    .concat()
}

/// What users of this key may do.
fn usage(composition: &Composition<'_>) -> &'static [&'static str] {
    match (composition.usage, composition.spec.key_type()) {
        (KeyUsage::EncryptDecrypt, KeyType::Symmetric) => &[
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:DescribeKey",
        ],
        (KeyUsage::EncryptDecrypt, _) => &[
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncrypt*",
            "kms:DescribeKey",
            "kms:GetPublicKey",
        ],
        (KeyUsage::SignVerify, _) => &["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign", "kms:Verify"],
        (KeyUsage::GenerateVerifyMac, _) => &["kms:DescribeKey", "kms:GenerateMac", "kms:VerifyMac"],
        (KeyUsage::KeyAgreement, _) => &["kms:DeriveSharedSecret", "kms:DescribeKey", "kms:GetPublicKey"],
        (KeyUsage::EncapsulateDecapsulate, _) => &[
            "kms:Decapsulate",
            "kms:DescribeKey",
            "kms:Encapsulate",
            "kms:GetPublicKey",
        ],
    }
}
