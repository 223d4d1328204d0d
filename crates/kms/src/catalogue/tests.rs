use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use trent_api::kms::OPERATIONS;
use trent_service::{Access, Row};

use super::ENTRIES;
use crate::rules::{Naming, Rules};

fn rows() -> impl Iterator<Item = &'static Row<Rules>> {
    ENTRIES.iter().map(|entry| entry.row)
}

fn file_name(operation: &str) -> String {
    let mut name = String::new();
    for letter in operation.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// The operation files under `src/operations/<family>/`, by name without `.rs`.
fn files() -> BTreeMap<String, String> {
    let operations = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/operations");
    let mut files = BTreeMap::new();
    for family in fs::read_dir(operations).expect("the folder of operations") {
        let family = family.expect("a family").path();
        if !family.is_dir() {
            continue;
        }
        for file in fs::read_dir(family).expect("the folder of a family") {
            let file = file.expect("a file").path();
            let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
            if name != "mod" {
                let text = fs::read_to_string(&file).expect("source text");
                assert!(files.insert(name, text).is_none(), "{} is there twice", file.display());
            }
        }
    }
    files
}

#[test]
fn each_operation_has_its_file_and_each_file_its_operation() {
    let mut files = files();
    for entry in ENTRIES {
        let name = entry.row.name;
        let text = files
            .remove(&file_name(name))
            .unwrap_or_else(|| panic!("{name} has no file"));
        assert!(
            text.contains(&format!("name: \"{name}\",")),
            "the row of {name} is in its file"
        );
        assert_eq!(text.contains("impl Operation for"), entry.is_built(), "{name}");
    }
    assert!(files.is_empty(), "files of no operation: {:?}", files.keys());
}

#[test]
fn the_catalogue_is_the_interface_model() {
    let mut listed: Vec<_> = rows().map(|row| row.name).collect();
    let mut modelled: Vec<_> = OPERATIONS.iter().map(|operation| operation.name).collect();
    listed.sort_unstable();
    modelled.sort_unstable();
    assert_eq!(listed.len(), 56);
    assert_eq!(listed, modelled);
}

#[test]
fn rows_agree_with_the_interface_model() {
    for row in rows() {
        let modelled = OPERATIONS.iter().find(|operation| operation.name == row.name);
        let modelled = modelled.expect("the catalogue is the model");
        let has = |member: &str| modelled.input.members.iter().any(|it| it.name == member);
        let fails_with = |code: &str| modelled.errors.iter().any(|it| it.code == code);
        assert_eq!(row.dry_run, has("DryRun"), "{}", row.name);
        assert_eq!(row.dry_run, fails_with("DryRunOperationException"), "{}", row.name);
        if row.rules.naming == Naming::KeyOrAlias {
            assert!(has("GrantTokens"), "{} can be allowed by a grant", row.name);
        }
        let expected = match row.name {
            "ReEncrypt" => "kms:ReEncryptFrom".to_owned(),
            name => format!("kms:{name}"),
        };
        assert_eq!(row.action.as_str(), expected);
        assert!(
            row.across_accounts || row.grant.is_none(),
            "{}: a grant reaches across accounts",
            row.name
        );
    }
}

/// What a grant can permit is what takes grant tokens.
///
/// POL-344
#[test]
fn grant_operations_take_grant_tokens() {
    for row in rows() {
        let modelled = OPERATIONS.iter().find(|operation| operation.name == row.name);
        let members = modelled.expect("the catalogue is the model").input.members;
        let token = members
            .iter()
            .any(|member| matches!(member.name, "GrantTokens" | "GrantToken"));
        assert_eq!(row.grant.is_some(), token, "{}", row.name);
    }
}

/// The columns of the guide's permissions reference that rows repeat: across accounts or not, and the access level.
#[test]
fn rows_agree_with_the_permissions_reference() {
    let across: Vec<_> = rows().filter(|row| row.across_accounts).map(|row| row.name).collect();
    let expected = "Decapsulate DeriveSharedSecret Encapsulate Decrypt Encrypt GenerateDataKey GenerateDataKeyPair \
                    GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext ReEncrypt CreateGrant ListGrants \
                    RetireGrant RevokeGrant DescribeKey GenerateMac VerifyMac GetKeyRotationStatus GetPublicKey Sign Verify";
    assert_eq!(across, expected.split_whitespace().collect::<Vec<_>>());
    let with = |access| {
        rows()
            .filter(move |row| row.access == access)
            .map(|row| row.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        with(Access::List),
        [
            "ListAliases",
            "ListGrants",
            "ListRetirableGrants",
            "ListKeys",
            "ListKeyPolicies",
            "ListKeyRotations"
        ]
    );
    assert_eq!(
        with(Access::PermissionsManagement),
        ["CreateGrant", "RetireGrant", "RevokeGrant", "PutKeyPolicy"]
    );
    assert_eq!(with(Access::Tagging), ["TagResource", "UntagResource"]);
}
