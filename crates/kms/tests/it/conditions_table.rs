//! The master table of condition keys, row by row: it is read from the chapter, and each operation of the catalogue,
//! built or not, is asked for every key of it. The operations that a row lists have exactly the value that the request
//! or the key gives, and the others have none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::json;
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_kms::Kms;
use trent_kms::records::Origin;
use trent_names::AliasName;
use trent_policy::{ConditionKey, Context};
use trent_service::{Authorizer, Call, Catalogue, Denial, Resource, Target};

use crate::conditions_requests::{Names, complete, grantee, least, retiring};
use crate::world::{ACCOUNT, ELSEWHERE, REGION, ROOT, World, key_arn, region, text};

/// The chapter that has the table.
const CHAPTER: &str = include_str!("../../../../docs/spec/04-condition-keys-and-authorization.md");

/// Operations on a key that are newer than the chapter; the first two use it.
const NEWER: [&str; 3] = ["Encapsulate", "Decapsulate", "GetKeyLastUsage"];

/// A multi-Region key that is nothing else that keys are by default.
const KEY: &str = "mrk-1234abcd12ab34cd56ef1234567890ab";

/// A row of the table.
#[derive(Debug)]
struct Listed {
    key: &'static str,
    multivalued: bool,
    operations: BTreeSet<&'static str>,
}

impl Listed {
    /// The key as a policy would have it.
    fn asked(&self) -> ConditionKey {
        ConditionKey::new(&self.key.replace("context-key", "Purpose").replace("tag-key", "Purpose"))
    }
}

/// The operations that a line of the chapter lists.
fn operations_of(id: &str) -> BTreeSet<&'static str> {
    let line = CHAPTER.lines().find(|line| line.starts_with(&format!("- {id} ")));
    let (_, list) = line.and_then(|line| line.split_once(": ")).expect("a list");
    let list = list.split(" Not KEYOPs").next().unwrap_or(list);
    let words = list.split(|letter: char| !letter.is_alphanumeric());
    words.filter_map(operation).collect()
}

fn operation(name: &str) -> Option<&'static str> {
    let mut names = Kms::catalogue().iter().map(|entry| entry.row.name);
    names.find(|known| *known == name)
}

fn table() -> Vec<Listed> {
    let mut on_a_key = operations_of("AUTHZ-94");
    on_a_key.extend(NEWER);
    // It takes no other condition than these two (AUTHZ-372).
    let retiring = |key: &str| ["kms:ResourceAliases", "aws:ResourceTag/tag-key"].contains(&key);
    let mut rows: Vec<Listed> = Vec::new();
    for line in CHAPTER.lines().filter(|line| line.starts_with("| AUTHZ-")) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let key = cells[2].split('`').nth(1).unwrap_or_default();
        if cells.len() != 9 || !key.starts_with("kms:") || key.starts_with("kms:RecipientAttestation") {
            continue;
        }
        let mut operations = match cells[5] {
            "same eight as above" => rows.last().expect("a row above").operations.clone(),
            "as `kms:KeySpec`" | "as `kms:KeyUsage`" => on_a_key.iter().copied().chain(["CreateKey"]).collect(),
            listed => listed
                .split(|letter: char| !letter.is_alphanumeric())
                .filter_map(operation)
                .collect(),
        };
        if cells[5].contains("KEYOPs") {
            operations.extend(&on_a_key);
        }
        if cells[5].contains("cryptographic operations") {
            operations.extend(
                operations_of("AUTHZ-95")
                    .into_iter()
                    .filter(|name| *name != "GenerateRandom"),
            );
            operations.extend(data_keys());
            operations.extend(&NEWER[..2]);
        }
        if cells[5].contains("custom key store operations") {
            let names = Kms::catalogue().iter().map(|entry| entry.row.name);
            operations.extend(names.filter(|name| name.contains("CustomKeyStore")));
        }
        operations.retain(|name| *name != "RetireGrant" || retiring(key));
        rows.push(Listed {
            key,
            multivalued: cells[4] == "multi",
            operations,
        });
    }
    let of_tags = |key, multivalued, operations| Listed {
        key,
        multivalued,
        operations,
    };
    let tagging: BTreeSet<_> = ["CreateKey", "TagResource", "UntagResource"].into();
    rows.push(of_tags("aws:ResourceTag/tag-key", false, on_a_key));
    rows.push(of_tags("aws:RequestTag/tag-key", false, tagging.clone()));
    rows.push(of_tags("aws:TagKeys", true, tagging));
    rows
}

/// The chapter calls them "the four data-key operations".
fn data_keys() -> impl Iterator<Item = &'static str> {
    let names = Kms::catalogue().iter().map(|entry| entry.row.name);
    names.filter(|name| name.starts_with("GenerateDataKey"))
}

/// What one target of a request told.
struct Told {
    action: &'static str,
    arn: String,
    values: BTreeMap<&'static str, Vec<String>>,
}

impl Told {
    /// The operation that the action is called like; the two halves of `ReEncrypt` have names of their own.
    fn operation(&self) -> &'static str {
        match self.action.trim_start_matches("kms:") {
            "ReEncryptFrom" | "ReEncryptTo" => "ReEncrypt",
            name => name,
        }
    }

    /// Whether this is about the copy in the other Region, there or to be made.
    fn is_about_a_replica(&self, operation: &str) -> bool {
        self.arn.contains(ELSEWHERE) || (operation == "ReplicateKey" && self.action == "kms:CreateKey")
    }
}

/// Lets everything through and notes what policies could have asked.
struct Noting(Arc<Mutex<Vec<Told>>>);

impl Authorizer for Noting {
    fn authorize(&self, _: &Call, target: &Target<'_>, conditions: &dyn Context) -> Result<(), Denial> {
        let arn = match target.resource {
            Resource::Key { arn, .. } | Resource::Other { arn, .. } => arn,
            _ => "*",
        };
        let values = table().into_iter().map(|listed| {
            let mut values = Vec::new();
            conditions.lookup(&listed.asked()).any(|value| {
                values.push(value.to_owned());
                false
            });
            values.sort();
            (listed.key, values)
        });
        self.0.lock().expect("nobody panics with it").push(Told {
            action: target.action.as_str(),
            arn: arn.to_owned(),
            values: values.collect(),
        });
        Ok(())
    }
}

/// A world with a key of default properties, one that has an alias, and the multi-Region key with its replica.
struct Fixture {
    world: World,
    told: Arc<Mutex<Vec<Told>>>,
    plain: String,
    aliased: String,
    ciphertext: String,
    grants: [String; 2],
}

impl Fixture {
    async fn new() -> Self {
        let mut world = World::new().await;
        let (plain, aliased) = (world.key().await, world.key().await);
        let ciphertext = world.encrypt(&plain, b"x").await;
        let tag = json!([{"TagKey": "Purpose", "TagValue": "Stored"}]);
        for place in [REGION, ELSEWHERE] {
            let change = |record: &mut trent_kms::records::KeyRecord| {
                record.spec = KeySpec::parse("HMAC_384").expect("a spec");
                record.usage = KeyUsage::parse("GENERATE_VERIFY_MAC").expect("a usage");
                record.origin = Origin::External;
                record.tags.insert("Purpose".to_owned(), "Stored".to_owned());
                record.replica_of = (place == ELSEWHERE).then(|| region(REGION));
                if place == ELSEWHERE {
                    let names = ["alias/one", "alias/two"].map(|name| AliasName::parse(name).expect("an alias"));
                    record.aliases.extend(names);
                }
            };
            world.install(&plain, place, KEY, change).await;
        }
        for (name, key) in [("alias/one", KEY), ("alias/two", KEY), ("alias/plain", &aliased)] {
            world
                .ok("CreateAlias", json!({"AliasName": name, "TargetKeyId": key}))
                .await;
        }
        assert_eq!(world.ok("ListResourceTags", json!({"KeyId": KEY})).await["Tags"], tag);
        let mut grants = Vec::new();
        for key in [KEY, &plain] {
            let grant = json!({"KeyId": key, "GranteePrincipal": grantee(), "RetiringPrincipal": retiring(),
                               "Operations": ["DescribeKey"]});
            grants.push(text(&world.ok("CreateGrant", grant).await["GrantId"]).to_owned());
        }
        let told = Arc::default();
        world.decided_by(Noting(Arc::clone(&told)));
        Self {
            world,
            told,
            plain,
            aliased,
            ciphertext,
            grants: grants.try_into().expect("two of them"),
        }
    }

    /// What the targets of an operation tell, the alias's half of an operation left out: it tells nothing.
    async fn told(&self, operation: &str, everything: bool) -> Vec<Told> {
        let names = Names {
            key: if everything { KEY } else { &self.plain },
            alias: if everything { "alias/one" } else { "alias/plain" },
            destination: &self.aliased,
            grant: &self.grants[usize::from(!everything)],
            ciphertext: &self.ciphertext,
        };
        let request = if everything { complete } else { least }(operation, &names);
        let asked = self.world.ask(ROOT, operation, &request).await;
        assert!(asked.is_ok(), "{operation} {request}: {asked:?}");
        let told = std::mem::take(&mut *self.told.lock().expect("nobody panics with it"));
        let (aliases, others): (Vec<_>, Vec<_>) = told.into_iter().partition(|told| told.arn.contains(":alias/"));
        assert!(
            aliases.iter().all(|told| told.values.values().all(Vec::is_empty)),
            "{operation}"
        );
        // The tags of a key that is yet to be made are asked about together with it.
        let others = others.into_iter().filter(|told| !told.arn.ends_with("key/*"));
        others.collect()
    }
}

/// What a key of the table has where every parameter is given and the key is like no other.
fn complete_values(key: &str, operation: &str, told: &Told) -> Vec<String> {
    let making = operation == "CreateKey";
    let or = |making: bool, requested: &'static str, of_key: &'static str| if making { requested } else { of_key };
    let values: &[&str] = match key {
        "kms:CallerAccount" => &[ACCOUNT],
        "kms:BypassPolicyLockoutSafetyCheck" | "kms:MultiRegion" | "kms:ReEncryptOnSameKey" => &["true"],
        "kms:GrantIsForAWSResource" => &["false"],
        "kms:KeySpec" | "kms:CustomerMasterKeySpec" => &[or(making, "RSA_4096", "HMAC_384")],
        "kms:KeyUsage" | "kms:CustomerMasterKeyUsage" => &[or(making, "SIGN_VERIFY", "GENERATE_VERIFY_MAC")],
        "kms:KeyOrigin" => &["EXTERNAL"],
        "kms:MultiRegionKeyType" => &[or(told.is_about_a_replica(operation), "REPLICA", "PRIMARY")],
        "kms:DataKeyPairSpec" => &["ECC_NIST_P256"],
        "kms:EncryptionAlgorithm" => match told.action {
            "kms:ReEncryptTo" => &["RSAES_OAEP_SHA_1"],
            "kms:Encrypt" | "kms:Decrypt" | "kms:ReEncryptFrom" => &["RSAES_OAEP_SHA_256"],
            _ => &["SYMMETRIC_DEFAULT"],
        },
        "kms:EncryptionContext:context-key" => match told.action {
            "kms:ReEncryptFrom" => &["from"],
            "kms:ReEncryptTo" => &["to"],
            _ => &["test"],
        },
        "kms:EncryptionContextKeys" => &["Project", "Purpose"],
        "kms:ExpirationModel" => &["KEY_MATERIAL_EXPIRES"],
        "kms:ValidTo" => &["1546257599.500"],
        "kms:GrantConstraintType" => &["EncryptionContextEquals"],
        "kms:GrantOperations" => &["CreateGrant", "DescribeKey"],
        "kms:GranteePrincipal" => return vec![grantee()],
        "kms:RetiringPrincipal" => return vec![retiring()],
        "kms:MacAlgorithm" => &["HMAC_SHA_384"],
        "kms:MessageType" => &["DIGEST"],
        "kms:SigningAlgorithm" => &["RSASSA_PSS_SHA_512"],
        "kms:KeyAgreementAlgorithm" => &["ECDH"],
        "kms:PrimaryRegion" | "kms:ReplicaRegion" => &[ELSEWHERE],
        "kms:RequestAlias" => &["alias/one"],
        "kms:ResourceAliases" => &["alias/one", "alias/two"],
        "kms:RotationPeriodInDays" => &["180"],
        "kms:ScheduleKeyDeletionPendingWindowInDays" => &["21"],
        "kms:WrappingAlgorithm" => &["RSAES_OAEP_SHA_256"],
        "kms:WrappingKeySpec" => &["RSA_4096"],
        "aws:ResourceTag/tag-key" => &["Stored"],
        // The request has no value of a tag that is to go: it is the stored one.
        "aws:RequestTag/tag-key" => &[or(operation == "UntagResource", "Stored", "Test")],
        "aws:TagKeys" if operation == "UntagResource" => &["Project", "Purpose"],
        "aws:TagKeys" => &["Other", "Purpose"],
        // Nobody calls for anybody else.
        "kms:ViaService" => &[],
        other => panic!("{other} is new in the table"),
    };
    values.iter().map(|value| (*value).to_owned()).collect()
}

/// The same where nothing is given that can be left out, and the key is one by default.
fn least_values(key: &str, operation: &str, told: &Told, aliased: &str) -> Vec<String> {
    let replica = told.is_about_a_replica(operation);
    let values: &[&str] = match key {
        "kms:KeySpec" | "kms:CustomerMasterKeySpec" | "kms:EncryptionAlgorithm" => &["SYMMETRIC_DEFAULT"],
        "kms:KeyUsage" | "kms:CustomerMasterKeyUsage" => &["ENCRYPT_DECRYPT"],
        "kms:KeyOrigin" => &["AWS_KMS"],
        "kms:MultiRegion" if !replica => &["false"],
        "kms:MultiRegionKeyType" if !replica => &[],
        "kms:MessageType" => &["RAW"],
        "kms:RotationPeriodInDays" => &["365"],
        "kms:ScheduleKeyDeletionPendingWindowInDays" => &["30"],
        "kms:ReEncryptOnSameKey" => &["false"],
        "kms:ValidTo" => &["1546257599"],
        "kms:GrantOperations" => &["DescribeKey"],
        "kms:ResourceAliases" if told.arn.ends_with(aliased) => &["alias/plain"],
        "kms:BypassPolicyLockoutSafetyCheck"
        | "kms:EncryptionContext:context-key"
        | "kms:EncryptionContextKeys"
        | "kms:ExpirationModel"
        | "kms:GrantConstraintType"
        | "kms:RetiringPrincipal"
        | "kms:RequestAlias"
        | "kms:ResourceAliases"
        | "aws:ResourceTag/tag-key" => &[],
        "aws:RequestTag/tag-key" | "aws:TagKeys" if operation == "CreateKey" || replica => &[],
        "aws:RequestTag/tag-key" if operation == "UntagResource" => &[],
        other => return complete_values(other, operation, told),
    };
    values.iter().map(|value| (*value).to_owned()).collect()
}

/// AUTHZ-57, AUTHZ-58, AUTHZ-59, AUTHZ-60, AUTHZ-61, AUTHZ-62, AUTHZ-63, AUTHZ-64, AUTHZ-65, AUTHZ-66
/// AUTHZ-67, AUTHZ-68, AUTHZ-69, AUTHZ-70, AUTHZ-71, AUTHZ-72, AUTHZ-73, AUTHZ-74, AUTHZ-75, AUTHZ-76
/// AUTHZ-77, AUTHZ-78, AUTHZ-79, AUTHZ-80, AUTHZ-81, AUTHZ-82, AUTHZ-83, AUTHZ-84, AUTHZ-85, AUTHZ-86
/// AUTHZ-88, AUTHZ-89, AUTHZ-92, AUTHZ-33, AUTHZ-34, AUTHZ-35, AUTHZ-19, AUTHZ-94, AUTHZ-95, AUTHZ-96
/// POL-327, SPK-277, SPK-278, SPK-279, SPK-280
#[tokio::test]
async fn each_operation_has_the_keys_of_its_rows_with_what_it_was_given_and_no_others() {
    let fixture = Fixture::new().await;
    let table = table();
    assert_eq!(table.len(), 37, "34 rows of the table and three of tags");
    for entry in Kms::catalogue() {
        let operation = entry.row.name;
        for told in fixture.told(operation, true).await {
            for listed in &table {
                let has = listed.operations.contains(told.operation())
                    // The chapter has no row of its own for what a new key has: no tags yet.
                    && !(told.action == "kms:CreateKey" && listed.key.starts_with("aws:ResourceTag"));
                let expected = if has {
                    complete_values(listed.key, operation, &told)
                } else {
                    Vec::new()
                };
                let (key, action) = (listed.key, told.action);
                assert_eq!(told.values[key], expected, "{key} of {action} in {operation}");
            }
        }
    }
}

/// What a request leaves out counts as what it will be, but for two parameters whose absence policies ask for.
///
/// AUTHZ-18, POL-192, POL-184
#[tokio::test]
async fn what_a_request_leaves_out_has_the_value_that_it_will_have() {
    let fixture = Fixture::new().await;
    let table = table();
    for entry in Kms::catalogue() {
        let operation = entry.row.name;
        for told in fixture.told(operation, false).await {
            for listed in table
                .iter()
                .filter(|listed| listed.operations.contains(told.operation()))
            {
                if told.action == "kms:CreateKey" && listed.key.starts_with("aws:ResourceTag") {
                    continue;
                }
                let expected = least_values(listed.key, operation, &told, &key_arn(&fixture.aliased));
                let (key, action) = (listed.key, told.action);
                assert_eq!(told.values[key], expected, "{key} of {action} in {operation}");
            }
        }
    }
}

/// Where the table calls a key multi-valued, requests can give it several values, and nowhere else.
///
/// AUTHZ-21
#[tokio::test]
async fn only_multivalued_keys_have_several_values() {
    let fixture = Fixture::new().await;
    let mut several = BTreeSet::new();
    for entry in Kms::catalogue() {
        for told in fixture.told(entry.row.name, true).await {
            let with_several = told.values.iter().filter(|(_, values)| values.len() > 1);
            several.extend(with_several.map(|(key, _)| *key));
        }
    }
    let multivalued = table().into_iter().filter(|listed| listed.multivalued);
    assert_eq!(several, multivalued.map(|listed| listed.key).collect());
}
