//! The privileges that IAM publishes for KMS, row by row: the requirements' own table is read, and each row is compared
//! with the catalogue. Where the guide's permissions reference says more, the guide binds.

use std::collections::BTreeSet;

use trent_kms::Kms;
use trent_kms::rules::{Naming, Rules};
use trent_policy::{Action, Policy, PolicyKind, Rules as PolicyRules};
use trent_service::{Catalogue, Row};

use crate::permissions::{Decided, Listed, On, as_listed, guide, user};
use crate::world::ACCOUNT;

/// The chapter that has the table.
const CHAPTER: &str = include_str!("../../../../docs/spec/03-policies-and-grants.md");

/// The page of the book that has the table for users.
const PAGE: &str = include_str!("../../../../docs/keys/permissions.md");

/// What every action on a key takes by the guide, whether the table has it or not.
const OF_THE_KEY: [&str; 9] = [
    "kms:CustomerMasterKeySpec",
    "kms:CustomerMasterKeyUsage",
    "kms:KeySpec",
    "kms:KeyUsage",
    "kms:KeyOrigin",
    "kms:MultiRegion",
    "kms:MultiRegionKeyType",
    "kms:ResourceAliases",
    "aws:ResourceTag/${TagKey}",
];

/// A row of the table.
#[derive(Debug)]
struct Privilege {
    action: &'static str,
    level: &'static str,
    resource: &'static str,
    condition_keys: BTreeSet<String>,
}

fn table() -> Vec<Privilege> {
    let section = CHAPTER
        .split("## 13. ")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next());
    let rows = section.expect("the chapter has the section").lines();
    let rows = rows.filter(|line| line.starts_with("| POL-"));
    rows.map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let mut condition_keys = BTreeSet::new();
        for name in cells[5].split(',').map(|name| name.trim().trim_matches('`')) {
            match name {
                "C" => condition_keys.extend(["kms:CallerAccount", "kms:ViaService"].map(str::to_owned)),
                "-" => {}
                name => condition_keys.extend([format!("kms:{name}")]),
            }
        }
        Privilege {
            action: cells[2],
            level: cells[3],
            resource: cells[4],
            condition_keys,
        }
    })
    .collect()
}

impl Privilege {
    /// The operation that asks for the privilege; the one privilege that no operation asks for has none.
    fn row(&self) -> Option<&'static Row<Rules>> {
        let operation = match self.action {
            "ReEncryptFrom" | "ReEncryptTo" => "ReEncrypt",
            action => action,
        };
        let entry = Kms::catalogue().iter().find(|entry| entry.row.name == operation);
        entry.map(|entry| entry.row)
    }

    /// What the guide says that the operation is authorized on.
    fn on(&self) -> BTreeSet<On> {
        let rows = guide().into_iter().filter(|listed| {
            let action = listed.action.unwrap_or(listed.operation);
            action == self.action && (listed.operation == action || action.starts_with("ReEncrypt"))
        });
        rows.map(|listed| listed.on).collect()
    }
}

/// The one privilege that no operation asks for: the service's own, which policies can name all the same.
fn as_an_action_alone(privilege: &Privilege) {
    assert_eq!(privilege.action, "SynchronizeMultiRegionKey");
    let actions = trent_kms::actions::actions();
    let known = actions
        .iter()
        .find(|known| known.action.as_str() == "kms:SynchronizeMultiRegionKey");
    let known = known.expect("policies can name it");
    assert_eq!(
        (known.access_level, privilege.resource),
        (privilege.level, "key"),
        "{privilege:?}"
    );
    assert!(known.is_on_key() && known.operation.is_none() && known.grant.is_none());
    let keys: BTreeSet<String> = known.condition_keys.iter().map(|&key| key.to_owned()).collect();
    assert!(privilege.condition_keys.is_subset(&keys), "{keys:?}");
}

/// POL-271, POL-272, POL-273, POL-274, POL-275, POL-276, POL-277, POL-278, POL-279, POL-280, POL-281, POL-282
/// POL-283, POL-284, POL-285, POL-286, POL-287, POL-288, POL-289, POL-290, POL-291, POL-292, POL-293, POL-294
/// POL-295, POL-296, POL-297, POL-298, POL-299, POL-300, POL-301, POL-302, POL-303, POL-304, POL-305, POL-306
/// POL-307, POL-308, POL-309, POL-310, POL-311, POL-312, POL-313, POL-314, POL-315, POL-316, POL-317, POL-318
/// POL-319, POL-320, POL-321, POL-322, POL-323, POL-324, POL-325, POL-326, POL-327, POL-508
#[test]
fn the_catalogue_has_every_privilege_as_it_is_published() {
    let table = table();
    assert_eq!(table.len(), 55);
    for privilege in &table {
        let Some(row) = privilege.row() else {
            as_an_action_alone(privilege);
            continue;
        };
        assert_eq!(row.access.as_str(), privilege.level, "{privilege:?}");
        let on: &[On] = match (privilege.resource, privilege.action) {
            // The table says key; whose grants are listed is told by no key.
            ("key", "ListRetirableGrants") | ("none (`*`)", _) => &[On::Everything],
            ("key", _) => &[On::Key],
            ("alias + key", _) => &[On::Key, On::Alias],
            other => panic!("{other:?}"),
        };
        assert_eq!(privilege.on(), on.iter().copied().collect(), "{privilege:?}");
        // These name an alias or a grant; or a key, whose aliases they list, without being authorized on it.
        let by_other_means = [
            "CreateAlias",
            "DeleteAlias",
            "UpdateAlias",
            "RetireGrant",
            "ListAliases",
        ];
        if !by_other_means.contains(&privilege.action) {
            let named = row.rules.naming != Naming::None;
            assert_eq!(named, on.contains(&On::Key), "{privilege:?}");
        }

        let keys: BTreeSet<String> = row.condition_keys.iter().map(|&key| key.to_owned()).collect();
        let missing: Vec<_> = privilege.condition_keys.difference(&keys).collect();
        assert!(missing.is_empty(), "{privilege:?} lacks {missing:?}");
        let of_the_key: Vec<_> = OF_THE_KEY.iter().filter(|&&key| keys.contains(key)).collect();
        match privilege.action {
            "RetireGrant" => assert_eq!(of_the_key, [&"kms:ResourceAliases", &"aws:ResourceTag/${TagKey}"]),
            "CreateKey" => assert_eq!(of_the_key.len(), 8, "a key to be made has no alias"),
            _ if on.contains(&On::Key) => assert_eq!(of_the_key.len(), 9, "{privilege:?}"),
            _ => assert!(of_the_key.is_empty(), "{privilege:?}"),
        }
        let by_the_guide: BTreeSet<String> = guide()
            .iter()
            .filter(|listed| listed.operation == row.name && listed.on != On::Alias)
            .flat_map(Listed::keys)
            .collect();
        for more in keys.difference(&privilege.condition_keys) {
            let known = as_listed(more).is_none_or(|key| by_the_guide.contains(&key));
            assert!(known, "{privilege:?} has {more}, which neither reference lists");
        }
    }
}

/// POL-270
#[test]
fn there_is_no_privilege_to_re_encrypt() {
    let actions: BTreeSet<&str> = table().iter().map(|privilege| privilege.action).collect();
    assert!(!actions.contains("ReEncrypt"));
    let rows = guide().into_iter().filter(|listed| listed.operation == "ReEncrypt");
    let asked: Vec<_> = rows.map(|listed| listed.action().as_str().to_owned()).collect();
    assert_eq!(asked, ["kms:ReEncryptFrom", "kms:ReEncryptTo"]);
}

/// A pattern is matched when a request is decided: it covers what no operation was called when the policy was written.
///
/// POL-92
#[test]
fn a_pattern_covers_operations_that_come_later() {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"kms:Get*","Resource":"*",
            "Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:user/alice"}}}}}}"#
    );
    let policy = Policy::parse(&text, PolicyKind::Resource, &PolicyRules::KEY_POLICY).expect("a policy");
    let alice = user(ACCOUNT, None);
    let decided = |action: &str| {
        let listed = guide().into_iter().find(|listed| listed.operation == "GetKeyPolicy");
        let later = Decided {
            listed: listed.expect("the guide lists it"),
            action: Box::leak(Box::new(Action::new(action))),
        };
        later.allowed(&alice, &policy)
    };
    assert!(decided("kms:GetNobodyKnowsWhatYet"));
    assert!(!decided("kms:PutNobodyKnowsWhatYet"));
    let built_or_not = Kms::catalogue().iter().map(|entry| entry.row);
    for row in built_or_not.filter(|row| !row.name.starts_with("ReEncrypt")) {
        assert_eq!(
            decided(row.action.as_str()),
            row.name.starts_with("Get"),
            "{}",
            row.name
        );
    }
}

/// A row of the page.
fn written(listed: &Listed) -> String {
    let row = listed.row();
    let on = match listed.on {
        On::Key => "key",
        On::Alias => "alias",
        On::Everything => "`*`",
    };
    let by = match (listed.operation, listed.by_key_policy) {
        ("RetireGrant", _) => "the grant",
        (_, true) => "key policy, IAM",
        (_, false) => "IAM",
    };
    let across = listed.on == On::Key && row.across_accounts;
    let all: &[&str] = if listed.on == On::Alias {
        &[]
    } else {
        row.condition_keys
    };
    let every = ["kms:CallerAccount", "kms:ViaService"].into_iter().chain(OF_THE_KEY);
    let on_a_key = every.clone().all(|key| all.contains(&key));
    let others = all
        .iter()
        .filter(|&&key| !(on_a_key && every.clone().any(|it| it == key)));
    let mut keys: Vec<String> = others.map(|key| format!("`{key}`")).collect();
    if on_a_key {
        keys.insert(0, "of the key".to_owned());
    }
    format!(
        "| {} | `{}` | {} | {on} | {by} | {} | {} |",
        listed.operation,
        listed.action().as_str(),
        row.access.as_str(),
        if across { "yes" } else { "no" },
        keys.join(", "),
    )
}

/// The page lists what is asked for: the guide's rows and those of newer operations, with what the catalogue says.
///
/// POL-76, POL-495
#[test]
fn the_page_of_the_book_lists_every_permission() {
    let listed = guide();
    let known: BTreeSet<&str> = listed.iter().map(|listed| listed.operation).collect();
    let newer = Kms::catalogue().iter().map(|entry| entry.row.name);
    let newer = newer.filter(|name| !known.contains(name)).map(Listed::newer);
    let mut expected: Vec<String> = listed.iter().map(written).chain(newer.map(|it| written(&it))).collect();
    expected.sort_unstable();
    let found: Vec<&str> = PAGE.lines().filter(|line| line.contains("| `kms:")).collect();
    assert_eq!(found, expected, "the page should have:\n{}", expected.join("\n"));
    let rows = Kms::catalogue().iter().map(|entry| entry.row);
    let otherwise = rows.filter(|row| row.action.as_str() != format!("kms:{}", row.name));
    let otherwise: Vec<&str> = otherwise.map(|row| row.name).collect();
    assert_eq!(
        otherwise,
        ["ReEncrypt"],
        "every other action is called like its operation"
    );
}
