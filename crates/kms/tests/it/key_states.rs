//! Every operation on a key in every state, through the pipeline: the specification's table, cell by cell. The states that
//! clients cannot bring a key into for long are put into its record.

use serde_json::{Value, json};
use trent_kms::Kms;
use trent_kms::records::{Imported, KeyRecord, Origin};
use trent_kms::state::KeyState;
use trent_service::Catalogue;

use crate::grants::user;
use crate::imports::{MATERIAL, QUICK};
use crate::multi_region_changes::set;
use crate::world::{ELSEWHERE, FAR, OPEN, ROOT, World, base64, key_arn, text};

/// The chapter that has the table.
const CHAPTER: &str = include_str!("../../../../docs/spec/02-audit-metrics-events-deletion.md");

/// The table's columns, the third of which is two states.
const COLUMNS: [&[KeyState]; 7] = [
    &[KeyState::Enabled],
    &[KeyState::Disabled],
    &[KeyState::PendingDeletion, KeyState::PendingReplicaDeletion],
    &[KeyState::PendingImport],
    &[KeyState::Unavailable],
    &[KeyState::Creating],
    &[KeyState::Updating],
];

/// The operations that only keys in multi-Region sets have.
const OF_SETS: [&str; 2] = ["ReplicateKey", "UpdatePrimaryRegion"];

/// The operations that only keys for imported material have.
const OF_IMPORT: [&str; 3] = [
    "GetParametersForImport",
    "ImportKeyMaterial",
    "DeleteImportedKeyMaterial",
];

struct Row {
    operation: &'static str,
    cells: Vec<&'static str>,
}

impl Row {
    /// Each cell, with each state that its column is about and each origin of keys that can be in that state.
    fn cells(&self) -> impl Iterator<Item = (KeyState, Origin, &'static str)> {
        let columns = COLUMNS.iter().zip(&self.cells);
        let states = columns.flat_map(|(states, cell)| states.iter().map(move |state| (*state, *cell)));
        states
            // Key pairs, HMAC keys and multi-Region keys are in no custom key store.
            .filter(|(state, cell)| !(*cell == "N/A" && *state == KeyState::Unavailable))
            .flat_map(|(state, cell)| origins(state).iter().map(move |origin| (state, *origin, cell)))
    }
}

fn table() -> Vec<Row> {
    let section = CHAPTER.split("### 14.2").nth(1).expect("the table's section");
    let rows = section.lines().filter_map(|line| {
        let cells: Vec<_> = line.strip_prefix("| MON-")?.split('|').map(str::trim).collect();
        Some(Row {
            operation: cells[1].split(" (").next()?,
            cells: cells[2..9].to_vec(),
        })
    });
    rows.collect()
}

/// The rows of these operations.
fn rows_of(operations: &[&str]) -> Vec<Row> {
    let rows = table().into_iter().filter(|row| operations.contains(&row.operation));
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.len(), operations.len());
    rows
}

/// The state in which an accepted operation leaves a key.
fn afterwards(operation: &str, state: KeyState) -> KeyState {
    let waits = state == KeyState::PendingImport;
    match operation {
        "EnableKey" => KeyState::Enabled,
        "DisableKey" | "CancelKeyDeletion" => KeyState::Disabled,
        "ScheduleKeyDeletion" => KeyState::PendingDeletion,
        "ImportKeyMaterial" if waits => KeyState::Enabled,
        "DeleteImportedKeyMaterial" if matches!(state, KeyState::Enabled | KeyState::Disabled) => {
            KeyState::PendingImport
        }
        "UpdatePrimaryRegion" => KeyState::Updating,
        _ => state,
    }
}

/// What a cell says of a key of this origin: none if it is accepted, else code and message behind the key's ARN.
fn refusal(operation: &str, cell: &str, state: KeyState, origin: Origin) -> Option<(&'static str, String)> {
    let has = |note: u32| cell.contains(&format!("[{note}]"));
    let invalid = |text: &str| Some(("KMSInvalidStateException", text.to_owned()));
    let name = origin.as_str();
    let unsupported = Some((
        "UnsupportedOperationException",
        format!("origin is {name} which is not valid for this operation."),
    ));
    let imported = origin == Origin::External;
    let by_calendar = matches!(operation, "EnableKeyRotation" | "DisableKeyRotation");
    match operation {
        _ if by_calendar && imported => return unsupported,
        _ if OF_IMPORT.contains(&operation) && !imported => return unsupported,
        // Today's service answers for imported material as well.
        "GetKeyRotationStatus" | "ListKeyRotations" if imported => return None,
        "RotateKeyOnDemand" if imported && cell.starts_with('?') => {
            return invalid("No available key material pending rotation for the key: ");
        }
        // Custom key stores make no key pairs, in whatever state.
        "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" if state == KeyState::Unavailable => {
            return unsupported;
        }
        _ => {}
    }
    if cell.starts_with("N/A") || has(5) || has(6) {
        return invalid("is pending import.");
    }
    let ending = if state == KeyState::PendingDeletion {
        "is pending deletion."
    } else {
        "is pending replica deletion."
    };
    match () {
        () if cell.starts_with("ok") => None,
        () if cell.starts_with('?') && !has(10) => None,
        () if has(1) => Some(("DisabledException", "is disabled.".to_owned())),
        () if has(2) || has(3) || has(8) || has(10) => invalid(ending),
        () if has(4) => invalid("is not pending deletion."),
        () if has(11) => invalid("is unavailable. You cannot perform this operation on an unavailable KMS key."),
        () if has(14) => invalid("is creating."),
        () if has(15) => invalid("is updating."),
        () if has(7) => unsupported,
        () => panic!("{operation}: the cell `{cell}` is new"),
    }
}

/// A key in use and what requests about it take.
struct Subject {
    key: String,
    other: String,
    grant: String,
    foreign: String,
    made: String,
}

impl Subject {
    async fn new(world: &World, operation: &str) -> Self {
        let key = match operation {
            "GenerateMac" | "VerifyMac" => world.key_for("HMAC_256", "GENERATE_VERIFY_MAC").await,
            "Sign" | "Verify" | "GetPublicKey" => world.key_for("ECC_NIST_P256", "SIGN_VERIFY").await,
            "DeriveSharedSecret" => world.key_for("ECC_NIST_P256", "KEY_AGREEMENT").await,
            _ => world.key().await,
        };
        let other = world.key().await;
        for (name, target) in [("of", &key), ("other", &other)] {
            let alias = json!({"AliasName": format!("alias/{name}-{key}"), "TargetKeyId": target});
            world.ok("CreateAlias", alias).await;
        }
        let grant = json!({"KeyId": key, "GranteePrincipal": user("alice"), "Operations": ["DescribeKey"]});
        let grant = text(&world.ok("CreateGrant", grant).await["GrantId"]).to_owned();
        let made = match operation {
            "Decrypt" | "ReEncrypt" => world.encrypt(&key, b"x").await,
            "VerifyMac" => text(&world.ok("GenerateMac", mac(&key)).await["Mac"]).to_owned(),
            "Verify" => text(&world.ok("Sign", signed(&key)).await["Signature"]).to_owned(),
            "DeriveSharedSecret" => text(&world.public_key(&key).await).to_owned(),
            _ => String::new(),
        };
        Self {
            foreign: world.encrypt(&other, b"x").await,
            key,
            other,
            grant,
            made,
        }
    }

    /// The operation: each way in which the key can take part in it.
    fn requests(&self, operation: &str) -> Vec<Value> {
        let Self { key, other, made, .. } = self;
        let with = |mut request: Value| {
            request["KeyId"] = json!(key);
            vec![request]
        };
        match operation {
            "CreateAlias" => vec![json!({"AliasName": format!("alias/new-{key}"), "TargetKeyId": key})],
            "UpdateAlias" => vec![json!({"AliasName": format!("alias/other-{key}"), "TargetKeyId": key})],
            "DeleteAlias" => vec![json!({"AliasName": format!("alias/of-{key}")})],
            "CreateGrant" => with(json!({"GranteePrincipal": user("bob"), "Operations": ["DescribeKey"]})),
            "RetireGrant" | "RevokeGrant" => with(json!({"GrantId": self.grant})),
            "Encrypt" => with(json!({"Plaintext": base64(b"x")})),
            "Decrypt" => vec![json!({"CiphertextBlob": made})],
            "ReEncrypt" => vec![
                json!({"CiphertextBlob": made, "DestinationKeyId": other}),
                json!({"CiphertextBlob": self.foreign, "DestinationKeyId": key}),
            ],
            "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => with(json!({"KeySpec": "AES_256"})),
            "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" => {
                with(json!({"KeyPairSpec": "ECC_NIST_P256"}))
            }
            "GenerateMac" => vec![mac(key)],
            "VerifyMac" => {
                let mut request = mac(key);
                request["Mac"] = json!(made);
                vec![request]
            }
            "Sign" => vec![signed(key)],
            "Verify" => {
                let mut request = signed(key);
                request["Signature"] = json!(made);
                vec![request]
            }
            "DeriveSharedSecret" => with(json!({"KeyAgreementAlgorithm": "ECDH", "PublicKey": made})),
            "GetKeyPolicy" => with(json!({"PolicyName": "default"})),
            "PutKeyPolicy" => with(json!({"Policy": OPEN})),
            "TagResource" => with(json!({"Tags": [{"TagKey": "a", "TagValue": "b"}]})),
            "UntagResource" => with(json!({"TagKeys": ["a"]})),
            "UpdateKeyDescription" => with(json!({"Description": "described"})),
            _ => with(json!({})),
        }
    }
}

fn mac(key: &str) -> Value {
    json!({"KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": base64(b"message")})
}

fn signed(key: &str) -> Value {
    json!({"KeyId": key, "SigningAlgorithm": "ECDSA_SHA_256", "Message": base64(b"message")})
}

/// The origins of the keys that can be in a state.
fn origins(state: KeyState) -> &'static [Origin] {
    match state {
        KeyState::PendingImport => &[Origin::External],
        KeyState::Unavailable => &[Origin::AwsCloudhsm, Origin::ExternalKeyStore],
        _ => &[Origin::AwsKms, Origin::External],
    }
}

/// MON-316, MON-330, MON-390, MON-393, MON-394, MON-396, MON-400, MON-414, MON-415
/// MON-331, MON-332, MON-333, MON-334, MON-335, MON-336, MON-337, MON-340, MON-341, MON-344
/// MON-345, MON-346, MON-347, MON-348, MON-349, MON-350, MON-352, MON-353, MON-354, MON-355
/// MON-356, MON-357, MON-358, MON-359, MON-360, MON-361, MON-362, MON-363, MON-364, MON-366
/// MON-368, MON-369, MON-370, MON-371, MON-372, MON-373, MON-374, MON-376, MON-377, MON-378
/// MON-379, MON-380, MON-381, MON-382, MON-383, MON-384, MON-386, MON-387, MON-388
/// KEY-324, KEY-331
#[tokio::test]
async fn every_cell_of_the_table() {
    let rows = table();
    assert_eq!(rows.len(), 42);
    let world = World::new().await;
    let mut checked = 0;
    let special = |row: &&Row| OF_SETS.contains(&row.operation) || OF_IMPORT.contains(&row.operation);
    for row in rows.iter().filter(|row| !special(row)) {
        let entry = Kms::catalogue().iter().find(|entry| entry.row.name == row.operation);
        assert!(entry.is_some_and(trent_service::Entry::is_built), "{}", row.operation);
        for (state, origin, cell) in row.cells() {
            cell_holds(&world, row.operation, cell, state, origin).await;
            checked += 1;
        }
    }
    assert!(checked > 500, "{checked} cells");
}

/// Key agreement came after the table: it is to a key what signing is.
///
/// MON-398
#[tokio::test]
async fn key_agreement_takes_the_states_that_signing_takes() {
    let world = World::new().await;
    for row in rows_of(&["Sign"]) {
        for (state, origin, cell) in row.cells() {
            cell_holds(&world, "DeriveSharedSecret", cell, state, origin).await;
        }
    }
}

/// MON-338, MON-339, MON-351, MON-365, MON-367
#[tokio::test]
async fn every_cell_of_the_rows_of_import() {
    let world = World::new().await;
    for row in rows_of(&OF_IMPORT) {
        for (state, origin, cell) in row.cells() {
            let imported = origin == Origin::External;
            let key = if imported {
                world.external().await
            } else {
                world.key().await
            };
            if imported && state != KeyState::PendingImport {
                world.import(&key, &MATERIAL, json!({})).await;
            }
            let request = match row.operation {
                "ImportKeyMaterial" if imported => world.importing(&key, &MATERIAL, json!({})).await,
                "ImportKeyMaterial" => {
                    json!({"KeyId": key, "ImportToken": base64(b"x"), "EncryptedKeyMaterial": base64(b"x"),
                                              "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"})
                }
                "GetParametersForImport" => {
                    json!({"KeyId": key, "WrappingAlgorithm": QUICK.0, "WrappingKeySpec": QUICK.1})
                }
                _ => json!({"KeyId": key}),
            };
            put(&world, &key, state, |record| record.origin = origin).await;
            answers(&world, &key, row.operation, &request, cell, state, origin).await;
        }
    }
}

/// MON-375, MON-385
#[tokio::test]
async fn every_cell_of_the_rows_of_sets() {
    let world = World::new().await;
    for row in rows_of(&OF_SETS) {
        for (state, origin, cell) in row.cells() {
            let key = set(&world, &[ELSEWHERE]).await;
            let change = json!({"KeyId": key, "PrimaryRegion": ELSEWHERE});
            if state == KeyState::Updating {
                world.ok("UpdatePrimaryRegion", change.clone()).await;
            }
            put(&world, &key, state, |record| {
                record.origin = origin;
                if origin == Origin::External {
                    record.materials[0].imported = Some(Imported::default());
                }
            })
            .await;
            let request = match row.operation {
                "ReplicateKey" => json!({"KeyId": key, "ReplicaRegion": FAR}),
                _ => change,
            };
            answers(&world, &key, row.operation, &request, cell, state, origin).await;
        }
    }
}

async fn cell_holds(world: &World, operation: &str, cell: &str, state: KeyState, origin: Origin) {
    let subject = Subject::new(world, operation).await;
    put(world, &subject.key, state, |record| {
        record.origin = origin;
        if origin == Origin::External {
            record.materials[0].imported = Some(Imported::default());
        }
    })
    .await;
    for request in subject.requests(operation) {
        answers(world, &subject.key, operation, &request, cell, state, origin).await;
    }
}

/// Puts a key into a state and changes it otherwise.
async fn put(world: &World, key: &str, state: KeyState, change: impl FnOnce(&mut KeyRecord)) {
    if matches!(state, KeyState::PendingDeletion | KeyState::PendingReplicaDeletion) {
        world.ok("ScheduleKeyDeletion", json!({"KeyId": key})).await;
    }
    let put = |record: &mut KeyRecord| {
        record.state = state;
        change(record);
    };
    world.alter(key, put).await;
}

/// The answer is the cell's, and so is the state in which the key is afterwards.
async fn answers(
    world: &World,
    key: &str,
    operation: &str,
    request: &Value,
    cell: &str,
    state: KeyState,
    origin: Origin,
) {
    let arn = key_arn(key);
    let expected = refusal(operation, cell, state, origin).map(|(code, text)| match text.strip_suffix(": ") {
        Some(before) => (code.to_owned(), format!("{before}: {arn}.")),
        None => (code.to_owned(), format!("{arn} {text}")),
    });
    let answer = match operation {
        // The reply waits for the replica. In the other states no letter may arrive: it could end the state.
        "ReplicateKey" if state == KeyState::Enabled => world.send_connected(ROOT, operation, request).await,
        _ => world.send(ROOT, operation, request).await,
    };
    let answered = answer.err().map(|it| (it.code, it.message.unwrap_or_default()));
    assert_eq!(answered, expected, "{operation} {state:?} {origin:?} {request}");
    let switched = matches!(operation, "EnableKey" | "DisableKey");
    if switched && state == KeyState::Unavailable {
        // What it is switched to shows when it is available again: for the custom key stores to say.
        return;
    }
    let expected = match expected {
        None => afterwards(operation, state),
        Some(_) => state,
    };
    let metadata = world.describe(key).await;
    assert_eq!(
        metadata["KeyState"],
        json!(format!("{expected:?}")),
        "{operation} {state:?} {origin:?}"
    );
    assert_eq!(metadata["Enabled"], json!(expected == KeyState::Enabled));
}
