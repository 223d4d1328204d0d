//! Multi-Region keys with imported material: the same material in every Region, each time brought there by its owner.

use std::time::Duration;

use serde_json::{Value, json};
use trent_crypto::pair::PrivateKey;
use trent_crypto::spec::KeySpec;

use crate::imports::{MATERIAL, QUICK, request, wrapped};
use crate::multi_region_changes::{arn, at, metadata};
use crate::world::{ELSEWHERE, FAR, REGION, ROOT, Refusal, START, World, base64, text};

const HOUR: Duration = Duration::from_hours(1);
const REGIONS: [&str; 3] = [REGION, ELSEWHERE, FAR];
/// The next material of a key.
const SECOND: [u8; 32] = [0x77; 32];

async fn import(world: &World, region: &'static str, id: &str, material: &[u8], more: Value) -> Result<Value, Refusal> {
    let way = json!({"KeyId": id, "WrappingAlgorithm": QUICK.0, "WrappingKeySpec": QUICK.1});
    let parameters = world.ok_as(at(region), "GetParametersForImport", way).await;
    let mut request = request(id, &parameters, &wrapped(&parameters, QUICK, material));
    for (name, value) in more.as_object().expect("members") {
        request[name] = value.clone();
    }
    world.send(at(region), "ImportKeyMaterial", &request).await
}

async fn imported(world: &World, region: &'static str, id: &str, material: &[u8], more: Value) -> String {
    let reply = import(world, region, id, material, more).await;
    text(&reply.expect("the material is taken")["KeyMaterialId"]).to_owned()
}

async fn primary(world: &World) -> String {
    let asked = json!({"MultiRegion": true, "Origin": "EXTERNAL"});
    let made = world.ok("CreateKey", asked).await["KeyMetadata"].take();
    assert_eq!(
        (
            &made["KeyState"],
            &made["MultiRegionConfiguration"]["MultiRegionKeyType"]
        ),
        (&json!("PendingImport"), &json!("PRIMARY"))
    );
    text(&made["KeyId"]).to_owned()
}

/// A key with its first material in every Region; that material's id.
async fn set(world: &World) -> (String, String) {
    let id = primary(world).await;
    let material = imported(world, REGION, &id, &MATERIAL, json!({})).await;
    for region in [ELSEWHERE, FAR] {
        world
            .replicate(ROOT, json!({"KeyId": id, "ReplicaRegion": region}))
            .await;
        assert_eq!(imported(world, region, &id, &MATERIAL, json!({})).await, material);
    }
    world.deliver().await;
    (id, material)
}

async fn state(world: &World, region: &'static str, id: &str) -> String {
    text(&metadata(world, region, id).await["KeyState"]).to_owned()
}

async fn encrypt(world: &World, region: &'static str, id: &str) -> Value {
    let request = json!({"KeyId": id, "Plaintext": base64(b"a secret")});
    world.ok_as(at(region), "Encrypt", request).await["CiphertextBlob"].take()
}

async fn opens(world: &World, region: &'static str, ciphertext: &Value) {
    let request = json!({ "CiphertextBlob": ciphertext });
    let opened = world.ok_as(at(region), "Decrypt", request).await;
    assert_eq!(opened["Plaintext"], base64(b"a secret"), "{region}");
}

/// What is listed of a key's materials: id, state, whether it is imported.
async fn materials(world: &World, region: &'static str, id: &str) -> Vec<[String; 3]> {
    let request = json!({"KeyId": id, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let listed = world.ok_as(at(region), "ListKeyRotations", request).await;
    let entry = |entry: &Value| {
        ["KeyMaterialId", "KeyMaterialState", "ImportState"].map(|member| text(&entry[member]).to_owned())
    };
    listed["Rotations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(entry)
        .collect()
}

fn entry(id: &str, state: &str, import: &str) -> [String; 3] {
    [id, state, import].map(str::to_owned)
}

/// SPK-359, SPK-360, SPK-361, SPK-362, SPK-366
#[tokio::test]
async fn a_replica_waits_for_the_material_of_its_primary_and_takes_no_other() {
    let world = World::new().await;
    let id = primary(&world).await;
    let early = json!({"KeyId": id, "ReplicaRegion": ELSEWHERE});
    assert_eq!(
        world.refused("ReplicateKey", early.clone()).await.code,
        "KMSInvalidStateException"
    );
    let material = imported(&world, REGION, &id, &MATERIAL, json!({})).await;
    let made = world.replicate(ROOT, early).await;
    assert_eq!(made["ReplicaKeyMetadata"]["KeyState"], "Creating");
    let (told, of_primary) = (
        metadata(&world, ELSEWHERE, &id).await,
        metadata(&world, REGION, &id).await,
    );
    assert_eq!(
        (&told["KeyState"], &told["Enabled"]),
        (&json!("PendingImport"), &json!(false))
    );
    for member in ["KeyId", "KeySpec", "KeyUsage", "Origin"] {
        assert_eq!(told[member], of_primary[member], "{member}");
    }
    assert_eq!(
        materials(&world, ELSEWHERE, &id).await,
        [entry(&material, "CURRENT", "PENDING_IMPORT")]
    );
    for more in [
        json!({}),
        json!({"ImportType": "NEW_KEY_MATERIAL"}),
        json!({"ImportType": "EXISTING_KEY_MATERIAL"}),
    ] {
        let refusal = import(&world, ELSEWHERE, &id, &SECOND, more).await;
        let refusal = refusal.expect_err("it is not the primary's");
        assert_eq!(refusal.code, "IncorrectKeyMaterialException");
    }
    let request = json!({"KeyId": id, "Plaintext": "AAAA"});
    let refusal = world.refused_as(at(ELSEWHERE), "Encrypt", request).await;
    let said = format!("{} is pending import.", arn(ELSEWHERE, &id));
    assert_eq!(refusal.pair(), ("KMSInvalidStateException", said.as_str()));
    assert_eq!(imported(&world, ELSEWHERE, &id, &MATERIAL, json!({})).await, material);
    let told = metadata(&world, ELSEWHERE, &id).await;
    assert_eq!(
        (&told["KeyState"], &told["CurrentKeyMaterialId"]),
        (&json!("Enabled"), &json!(material))
    );
    for (one, other) in [(REGION, ELSEWHERE), (ELSEWHERE, REGION)] {
        opens(&world, other, &encrypt(&world, one, &id).await).await;
    }
}

/// SPK-364, SPK-365
#[tokio::test]
async fn the_material_of_each_region_has_its_own_end() {
    let world = World::new().await;
    let (id, _) = set(&world).await;
    let ciphertext = encrypt(&world, REGION, &id).await;
    for (region, hours) in [(ELSEWHERE, 2), (REGION, 4)] {
        let expires = json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": (START + HOUR * hours).as_secs()});
        imported(&world, region, &id, &MATERIAL, expires).await;
        world.deliver().await;
    }
    assert_eq!(metadata(&world, FAR, &id).await.get("ValidTo"), None);
    for (hours, states) in [
        (3, ["Enabled", "PendingImport", "Enabled"]),
        (2, ["PendingImport", "PendingImport", "Enabled"]),
    ] {
        world.pass(HOUR * hours).await;
        world.deliver().await;
        for (region, expected) in REGIONS.into_iter().zip(states) {
            assert_eq!(state(&world, region, &id).await, expected, "{region}");
        }
    }
    opens(&world, FAR, &ciphertext).await;
    imported(&world, REGION, &id, &MATERIAL, json!({})).await;
    world
        .ok_as(at(FAR), "DeleteImportedKeyMaterial", json!({ "KeyId": id }))
        .await;
    world.deliver().await;
    for (region, expected) in REGIONS.into_iter().zip(["Enabled", "PendingImport", "PendingImport"]) {
        assert_eq!(state(&world, region, &id).await, expected, "{region}");
    }
    opens(&world, REGION, &ciphertext).await;
}

/// SPK-365
#[tokio::test]
async fn a_replica_verifies_by_itself_when_its_primary_has_no_material() {
    let world = World::new().await;
    let asked =
        json!({"MultiRegion": true, "Origin": "EXTERNAL", "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"});
    let made = world.ok("CreateKey", asked).await;
    let id = text(&made["KeyMetadata"]["KeyId"]).to_owned();
    let pair = PrivateKey::generate(KeySpec::EccNistP256).expect("a pair");
    let pair = pair.to_pkcs8().expect("PKCS#8");
    imported(&world, REGION, &id, pair.expose(), json!({})).await;
    let public = world.ok("GetPublicKey", json!({ "KeyId": id })).await["PublicKey"].take();
    world
        .replicate(ROOT, json!({"KeyId": id, "ReplicaRegion": ELSEWHERE}))
        .await;
    imported(&world, ELSEWHERE, &id, pair.expose(), json!({})).await;
    world.ok("DeleteImportedKeyMaterial", json!({ "KeyId": id })).await;
    world.deliver().await;
    assert_eq!(state(&world, REGION, &id).await, "PendingImport");
    let told = world.ok_as(at(ELSEWHERE), "GetPublicKey", json!({ "KeyId": id })).await;
    assert_eq!(told["PublicKey"], public);
    let message = json!({"KeyId": id, "Message": base64(b"m"), "SigningAlgorithm": "ECDSA_SHA_256"});
    let signed = world.ok_as(at(ELSEWHERE), "Sign", message.clone()).await;
    let mut check = message;
    check["Signature"] = signed["Signature"].clone();
    let valid = world.ok_as(at(ELSEWHERE), "Verify", check).await;
    assert_eq!(valid["SignatureValid"], true);
}

/// SPK-367, MON-274
#[tokio::test]
async fn the_same_material_in_another_key_opens_nothing() {
    let world = World::new().await;
    let (one, other, single) = (primary(&world).await, primary(&world).await, world.external().await);
    let mut ids = Vec::new();
    for key in [&one, &other, &single] {
        ids.push(imported(&world, REGION, key, &MATERIAL, json!({})).await);
    }
    let ciphertext = encrypt(&world, REGION, &one).await;
    for deleted in [false, true] {
        for key in [&other, &single] {
            let request = json!({"KeyId": key, "CiphertextBlob": ciphertext});
            assert_eq!(world.refused("Decrypt", request).await.code, "IncorrectKeyException");
        }
        if !deleted {
            let week = json!({"KeyId": one, "PendingWindowInDays": 7});
            world.ok("ScheduleKeyDeletion", week).await;
            world.pass(HOUR * 24 * 7).await;
        }
    }
    let missing = world.refused("DescribeKey", json!({ "KeyId": one })).await;
    assert_eq!(missing.code, "NotFoundException");
}

/// SPK-371
#[tokio::test]
async fn new_material_is_rotated_to_once_it_is_in_every_region() {
    const WAITS: &str = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION";
    let world = World::new().await;
    let (id, first) = set(&world).await;
    let mut made = Vec::new();
    for region in REGIONS {
        made.push(encrypt(&world, region, &id).await);
    }
    let refusal = import(&world, FAR, &id, &SECOND, json!({"ImportType": "NEW_KEY_MATERIAL"})).await;
    assert_eq!(
        refusal.expect_err("the primary is first").code,
        "IncorrectKeyMaterialException"
    );
    let new = json!({"ImportType": "NEW_KEY_MATERIAL"});
    let second = imported(&world, REGION, &id, &SECOND, new).await;
    world.deliver().await;
    let rotate = json!({ "KeyId": id });
    let expected = |state: &str, import| [entry(&first, "CURRENT", "IMPORTED"), entry(&second, state, import)];
    for (region, import) in REGIONS
        .into_iter()
        .zip(["IMPORTED", "PENDING_IMPORT", "PENDING_IMPORT"])
    {
        assert_eq!(
            materials(&world, region, &id).await,
            expected(WAITS, import),
            "{region}"
        );
        assert_eq!(state(&world, region, &id).await, "Enabled", "{region}");
    }
    // One Region has it, and gives it back; then the other has it, and that is not all of them.
    let existing = || json!({"ImportType": "EXISTING_KEY_MATERIAL"});
    imported(&world, ELSEWHERE, &id, &SECOND, existing()).await;
    world.deliver().await;
    let drop = json!({"KeyId": id, "KeyMaterialId": second});
    world
        .ok_as(at(ELSEWHERE), "DeleteImportedKeyMaterial", drop.clone())
        .await;
    world.deliver().await;
    imported(&world, FAR, &id, &SECOND, existing()).await;
    world.deliver().await;
    assert_eq!(materials(&world, REGION, &id).await, expected(WAITS, "IMPORTED"));
    assert_eq!(
        materials(&world, ELSEWHERE, &id).await,
        expected(WAITS, "PENDING_IMPORT")
    );
    let refusal = world.refused("RotateKeyOnDemand", rotate.clone()).await;
    assert_eq!(refusal.code, "KMSInvalidStateException");
    imported(&world, ELSEWHERE, &id, &SECOND, existing()).await;
    world.deliver().await;
    for region in REGIONS {
        let listed = materials(&world, region, &id).await;
        assert_eq!(listed, expected("PENDING_ROTATION", "IMPORTED"), "{region}");
    }
    world.ok("RotateKeyOnDemand", rotate).await;
    world.pass(Duration::ZERO).await;
    world.deliver().await;
    for region in REGIONS {
        assert_eq!(
            materials(&world, region, &id).await,
            [
                entry(&first, "NON_CURRENT", "IMPORTED"),
                entry(&second, "CURRENT", "IMPORTED")
            ],
            "{region}"
        );
        made.push(encrypt(&world, region, &id).await);
    }
    for region in REGIONS {
        for ciphertext in &made {
            opens(&world, region, ciphertext).await;
        }
    }
    // A key lacks what it has encrypted with, in its own Region.
    let drop = json!({"KeyId": id, "KeyMaterialId": first});
    world.ok_as(at(FAR), "DeleteImportedKeyMaterial", drop).await;
    world.deliver().await;
    for (region, expected) in REGIONS.into_iter().zip(["Enabled", "Enabled", "PendingImport"]) {
        assert_eq!(state(&world, region, &id).await, expected, "{region}");
    }
}

#[tokio::test]
async fn what_the_primary_takes_back_before_its_rotation_is_gone_everywhere() {
    let world = World::new().await;
    let (id, first) = set(&world).await;
    let new = json!({"ImportType": "NEW_KEY_MATERIAL"});
    let second = imported(&world, REGION, &id, &SECOND, new).await;
    world.deliver().await;
    imported(&world, FAR, &id, &SECOND, json!({})).await;
    world.deliver().await;
    let drop = json!({"KeyId": id, "KeyMaterialId": second});
    world.ok("DeleteImportedKeyMaterial", drop).await;
    world.deliver().await;
    for region in REGIONS {
        let listed = materials(&world, region, &id).await;
        assert_eq!(listed, [entry(&first, "CURRENT", "IMPORTED")], "{region}");
        assert_eq!(state(&world, region, &id).await, "Enabled", "{region}");
    }
}

#[tokio::test]
async fn material_that_expires_while_the_primary_moves_is_missed_afterwards() {
    let world = World::new().await;
    let (id, _) = set(&world).await;
    let soon = json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": (START + HOUR).as_secs()});
    imported(&world, REGION, &id, &MATERIAL, soon).await;
    let to = |region: &str| json!({"KeyId": id, "PrimaryRegion": region});
    world.ok("UpdatePrimaryRegion", to(ELSEWHERE)).await;
    world.pass(HOUR).await;
    assert_eq!(state(&world, REGION, &id).await, "Updating");
    world.deliver().await;
    for (region, expected) in REGIONS.into_iter().zip(["PendingImport", "Enabled", "Enabled"]) {
        assert_eq!(state(&world, region, &id).await, expected, "{region}");
    }
    // Nor does a key become the primary whose material has expired and is still to be removed.
    let until = (START + HOUR * 2).as_secs();
    let soon = json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": until});
    imported(&world, FAR, &id, &MATERIAL, soon).await;
    world.clock.set(START + HOUR * 3);
    let refusal = world.refused_as(at(ELSEWHERE), "UpdatePrimaryRegion", to(FAR)).await;
    let said = format!("{} is pending import.", arn(FAR, &id));
    assert_eq!(refusal.pair(), ("KMSInvalidStateException", said.as_str()));
}
