//! When keys were used last.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ELSEWHERE, ROOT, START, STRANGER, Who, World, base64, key_arn, text};

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).expect("a date of this age")
}

async fn last(world: &World, key: &str) -> Value {
    world.ok("GetKeyLastUsage", json!({"KeyId": key})).await
}

#[tokio::test]
async fn a_key_tells_of_its_last_cryptographic_operation_and_its_record() {
    let world = World::new().await;
    world.kms.write_last_uses(millis(START)).await.expect("uses are noted");
    let key = world.key().await;
    let unused = json!({
        "KeyId": key, "KeyLastUsage": {}, "TrackingStartDate": START.as_secs_f64(), "KeyCreationDate": START.as_secs_f64(),
    });
    assert_eq!(last(&world, &key_arn(&key)).await, unused);
    for (operation, request) in [
        ("DescribeKey", json!({})),
        ("Encrypt", json!({"Plaintext": base64(b"x"), "DryRun": true})),
        ("Encrypt", json!({"Plaintext": ""})),
        (
            "Sign",
            json!({"Message": base64(b"x"), "SigningAlgorithm": "ECDSA_SHA_256"}),
        ),
    ] {
        let mut request = request;
        request["KeyId"] = json!(key);
        let done = world.send(ROOT, operation, &request).await;
        assert_eq!(done.is_ok(), operation == "DescribeKey");
    }
    assert_eq!(
        last(&world, &key).await,
        unused,
        "only what succeeded with the key counts"
    );
    world.pass(Duration::from_secs(5)).await;
    let ciphertext = world.encrypt(&key, b"x").await;
    let used = last(&world, &key).await;
    let record = world.last_record("Encrypt").await;
    assert_eq!(
        used["KeyLastUsage"],
        json!({
            "Operation": "Encrypt", "Timestamp": (START + Duration::from_secs(5)).as_secs_f64(),
            "CloudTrailEventId": record["eventID"], "KmsRequestId": record["requestID"],
        })
    );
    world.ok("Decrypt", json!({"CiphertextBlob": ciphertext})).await;
    assert_eq!(last(&world, &key).await["KeyLastUsage"]["Operation"], "Decrypt");
}

#[tokio::test]
async fn re_encryption_is_a_use_of_both_keys_and_other_keys_are_told_apart() {
    let world = World::new().await;
    let (from, to, other) = (world.key().await, world.key().await, world.key().await);
    let ciphertext = world.encrypt(&from, b"x").await;
    world
        .ok(
            "ReEncrypt",
            json!({"CiphertextBlob": ciphertext, "DestinationKeyId": to}),
        )
        .await;
    for key in [&from, &to] {
        assert_eq!(last(&world, key).await["KeyLastUsage"]["Operation"], "ReEncrypt");
    }
    assert_eq!(last(&world, &other).await["KeyLastUsage"], json!({}));
    let abroad = Who {
        region: ELSEWHERE,
        ..ROOT
    };
    let there = world.key_of(abroad).await;
    let request = json!({"KeyId": there, "NumberOfBytes": 8});
    world.ok_as(abroad, "GenerateDataKeyWithoutPlaintext", request).await;
    let used = world.ok_as(abroad, "GetKeyLastUsage", json!({"KeyId": there})).await;
    assert_eq!(used["KeyLastUsage"]["Operation"], "GenerateDataKeyWithoutPlaintext");
    let refused = world
        .refused_as(STRANGER, "GetKeyLastUsage", json!({"KeyId": key_arn(&from)}))
        .await;
    assert_eq!(refused.code, "AccessDeniedException");
}

#[tokio::test]
async fn uses_are_written_in_batches_and_found_again() {
    let world = World::new().await;
    world.kms.write_last_uses(millis(START)).await.expect("uses are noted");
    let mut keys = Vec::new();
    for _ in 0..130 {
        let key = world.key().await;
        world.encrypt(&key, b"x").await;
        keys.push(key);
    }
    let before = world.store.revision();
    let told = last(&world, &keys[0]).await;
    assert_eq!(world.store.revision(), before, "using and asking writes nothing");
    let restarted = world.restarted();
    assert_eq!(
        last(&restarted, &keys[0]).await["KeyLastUsage"],
        json!({}),
        "a crash loses what was not written"
    );
    world
        .kms
        .write_last_uses(millis(START))
        .await
        .expect("they are written");
    let restarted = world.restarted();
    assert_eq!(last(&restarted, &keys[0]).await, told);
    for key in &keys {
        assert_eq!(last(&restarted, key).await["KeyLastUsage"]["Operation"], "Encrypt");
    }
    let written = world.store.revision();
    world.kms.write_last_uses(millis(START)).await.expect("nothing is left");
    assert_eq!(world.store.revision(), written);
    assert_eq!(text(&told["KeyId"]), keys[0]);
}

/// What was made with a key is not kept, and nobody counts it: a use writes nothing, the note of the last one replaces the
/// one before, and the trail has no ciphertext.
///
/// MON-283
#[tokio::test]
async fn neither_ciphertexts_nor_their_number_are_kept() {
    let world = World::new().await;
    world.kms.write_last_uses(millis(START)).await.expect("uses are noted");
    let key = world.key().await;
    let metadata = world.describe(&key).await;
    let mut made = Vec::new();
    for uses in [1, 20] {
        for _ in 0..uses {
            made.push(world.encrypt(&key, b"counted by nobody").await);
        }
        let before = world.store.revision();
        world.kms.write_last_uses(millis(START)).await.expect("uses are noted");
        assert_eq!(world.store.revision().0, before.0 + 1, "one note, of however many uses");
        let told = last(&world, &key).await;
        let members = |value: &Value| value.as_object().expect("members").keys().cloned().collect::<Vec<_>>();
        let expected = ["KeyCreationDate", "KeyId", "KeyLastUsage", "TrackingStartDate"];
        assert_eq!(members(&told), expected);
        let expected = ["CloudTrailEventId", "KmsRequestId", "Operation", "Timestamp"];
        assert_eq!(members(&told["KeyLastUsage"]), expected);
        assert_eq!(world.describe(&key).await, metadata);
    }
    let trail = Value::from(world.records().await).to_string();
    assert!(trail.contains(&key) && !made.iter().any(|ciphertext| trail.contains(ciphertext)));
}

#[tokio::test]
async fn a_key_that_is_older_than_its_notes_says_so() {
    let world = World::new().await;
    let key = world.key().await;
    world.pass(Duration::from_hours(24)).await;
    let begun = START + Duration::from_hours(24);
    world.kms.write_last_uses(millis(begun)).await.expect("uses are noted");
    world.pass(Duration::from_hours(24)).await;
    let told = last(&world, &key).await;
    assert_eq!(told["TrackingStartDate"], json!(begun.as_secs_f64()));
    assert_eq!(told["KeyCreationDate"], json!(START.as_secs_f64()));
}
