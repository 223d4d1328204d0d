//! Multi-Region keys over mail that is lost, repeated and late, with steps that end half-way: never two primaries, none lost
//! for good, every ciphertext opens wherever a key is in use, and what was promised of its rotation is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use trent_kms::{Courier, Delivery};
use trent_names::{AccountId, KeyId};
use trent_store::Destroyed;
use trent_store::mail::{Carrier, Letter, Undelivered};

use crate::world::{ACCOUNT, ELSEWHERE, FAR, REGION, ROOT, Who, World, base64, region, text};

const REGIONS: [&str; 3] = [REGION, ELSEWHERE, FAR];

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).expect("less than the bound")
    }
}

/// Loses letters, and the answers to them as a crash after the receiver's step would, and brings old ones again.
struct Post {
    courier: Arc<Courier>,
    random: Mutex<Random>,
    old: Mutex<Vec<Letter>>,
}

impl Post {
    fn draw(&self, bound: usize) -> usize {
        self.random.lock().expect("nobody panicked").below(bound)
    }
}

#[async_trait]
impl Carrier for Post {
    async fn carry(&self, letter: Letter) -> Result<(), Undelivered> {
        let lost = |reason: &str| Undelivered {
            to: letter.to.clone(),
            reason: reason.to_owned(),
        };
        let again = {
            let old = self.old.lock().expect("nobody panicked");
            let drawn = self.draw(3 * old.len() + 1);
            old.get(drawn).cloned()
        };
        if let Some(again) = again {
            let _ = self.courier.carry(again).await;
        }
        if self.draw(3) == 0 {
            return Err(lost("on its way"));
        }
        self.courier.carry(letter.clone()).await?;
        self.old.lock().expect("nobody panicked").push(letter.clone());
        if self.draw(3) == 0 {
            return Err(lost("its answer"));
        }
        Ok(())
    }
}

fn at(region: &'static str) -> Who {
    Who { region, ..ROOT }
}

async fn keys(world: &World, id: &str) -> BTreeMap<&'static str, Value> {
    let mut keys = BTreeMap::new();
    for region in REGIONS {
        if let Ok(mut reply) = world.send(at(region), "DescribeKey", &json!({ "KeyId": id })).await {
            keys.insert(region, reply["KeyMetadata"].take());
        }
    }
    keys
}

fn primaries(keys: &BTreeMap<&'static str, Value>) -> Vec<&'static str> {
    let is_primary = |key: &Value| key["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY";
    keys.iter()
        .filter(|(_, key)| is_primary(key))
        .map(|(region, _)| *region)
        .collect()
}

/// Every key that is in use opens everything that any of them ever encrypted.
async fn open_all(world: &World, keys: &BTreeMap<&'static str, Value>, ciphertexts: &[Value], seed: u64) {
    for (region, key) in keys {
        if matches!(text(&key["KeyState"]), "Enabled" | "Updating") {
            for ciphertext in ciphertexts {
                let request = json!({ "CiphertextBlob": ciphertext });
                world
                    .send(at(region), "Decrypt", &request)
                    .await
                    .unwrap_or_else(|refusal| {
                        panic!("seed {seed}: {region}: {refusal:?}");
                    });
            }
        }
    }
}

async fn run(seed: u64) {
    let world = World::new().await;
    let mut random = Random(seed);
    let post = Arc::new(Post {
        courier: Arc::clone(&world.courier),
        random: Mutex::new(Random(seed + 1_000_000)),
        old: Mutex::default(),
    });
    let delivery = Delivery::new(Arc::clone(&world.kms), &world.store, post);
    let made = world.ok("CreateKey", json!({"MultiRegion": true})).await;
    let id = text(&made["KeyMetadata"]["KeyId"]).to_owned();
    let mut ciphertexts = Vec::new();
    // What was promised: the period of rotation, and a rotation for each that was asked for.
    let (mut period, mut rotations) = (None, 0);
    for _ in 0..60 {
        let here = REGIONS[random.below(3)];
        let there = REGIONS[random.below(3)];
        let days = 90 + random.below(1000);
        let (operation, request) = match random.below(9) {
            0 => ("ReplicateKey", json!({"KeyId": id, "ReplicaRegion": there})),
            1 | 2 => ("UpdatePrimaryRegion", json!({"KeyId": id, "PrimaryRegion": there})),
            3 => ("DisableKey", json!({"KeyId": id})),
            4 => ("RotateKeyOnDemand", json!({"KeyId": id})),
            5 => ("EnableKeyRotation", json!({"KeyId": id, "RotationPeriodInDays": days})),
            6 => ("DisableKeyRotation", json!({"KeyId": id})),
            _ => ("EnableKey", json!({"KeyId": id})),
        };
        let sending = world.send(at(here), operation, &request);
        let (reply, ()) = tokio::join!(sending, async {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            for _ in 0..random.below(4) {
                delivery.settle().await;
            }
        });
        match (operation, reply) {
            ("RotateKeyOnDemand", Ok(_)) => rotations += 1,
            ("EnableKeyRotation", Ok(_)) => period = Some(days),
            ("DisableKeyRotation", Ok(_)) => period = None,
            _ => {}
        }
        if random.below(2) == 0 {
            world.pass(std::time::Duration::from_secs(1)).await;
        }
        if let Ok(reply) = world
            .send(at(here), "Encrypt", &json!({"KeyId": id, "Plaintext": "AAAA"}))
            .await
        {
            ciphertexts.push(reply["CiphertextBlob"].clone());
        }
        let keys = keys(&world, &id).await;
        assert!(primaries(&keys).len() <= 1, "seed {seed}: {keys:#?}");
        open_all(&world, &keys, &ciphertexts, seed).await;
    }
    world.deliver().await;
    for region in keys(&world, &id).await.into_keys() {
        world.ok_as(at(region), "EnableKey", json!({ "KeyId": id })).await;
    }
    world.pass(std::time::Duration::ZERO).await;
    world.deliver().await;
    let keys = keys(&world, &id).await;
    assert_eq!(primaries(&keys).len(), 1, "seed {seed}: {keys:#?}");
    for region in keys.keys() {
        let status = world
            .ok_as(at(region), "GetKeyRotationStatus", json!({ "KeyId": id }))
            .await;
        assert_eq!(
            status.get("RotationPeriodInDays"),
            period.map(|days| json!(days)).as_ref(),
            "seed {seed}: {region}"
        );
        let listed = world
            .ok_as(at(region), "ListKeyRotations", json!({ "KeyId": id }))
            .await;
        let listed = listed["Rotations"].as_array().map(Vec::len);
        assert_eq!(listed, Some(rotations), "seed {seed}: {region}");
    }
    let all = |key: &Value| {
        let configuration = &key["MultiRegionConfiguration"];
        (
            configuration["PrimaryKey"].clone(),
            configuration["ReplicaKeys"].clone(),
            key["CurrentKeyMaterialId"].clone(),
        )
    };
    let (primary, replicas, current) = all(&keys[primaries(&keys)[0]]);
    assert_eq!(replicas.as_array().map(Vec::len), Some(keys.len() - 1), "seed {seed}");
    for (region, key) in &keys {
        assert_eq!(
            all(key),
            (primary.clone(), replicas.clone(), current.clone()),
            "seed {seed}: {region}"
        );
        assert!(
            matches!(text(&key["KeyState"]), "Enabled" | "Disabled"),
            "seed {seed}: {region}: {key}"
        );
    }
    open_all(&world, &keys, &ciphertexts, seed).await;
}

/// SPK-215, SPK-224, SPK-347, SPK-355, REF-126
#[tokio::test]
async fn one_primary_comes_out_of_every_accident() {
    for seed in 0..24 {
        run(seed).await;
    }
}

fn destroyed(in_region: &str, id: &str) -> Destroyed {
    Destroyed {
        region: region(in_region),
        account: AccountId::parse(ACCOUNT).expect("an account"),
        key: KeyId::parse(id).expect("a key id"),
        at: 0,
    }
}

/// A backup from before the end of a replica, and from before another primary was chosen.
#[tokio::test]
async fn a_set_that_a_restore_brings_back_in_part_has_a_primary_and_knows_its_replicas() {
    for gone in [&[ELSEWHERE][..], &[REGION], &[REGION, ELSEWHERE], &[ELSEWHERE, REGION]] {
        for moving in [false, true] {
            let world = World::new().await;
            let made = world.ok("CreateKey", json!({"MultiRegion": true})).await;
            let id = text(&made["KeyMetadata"]["KeyId"]).to_owned();
            for there in [ELSEWHERE, FAR] {
                let request = json!({"KeyId": id, "ReplicaRegion": there});
                world.replicate(ROOT, request).await;
            }
            let ciphertext = world.encrypt(&id, b"kept").await;
            if moving {
                let request = json!({"KeyId": id, "PrimaryRegion": ELSEWHERE});
                world.ok("UpdatePrimaryRegion", request).await;
            }
            for region in gone {
                let was_there = world.runner().destroy(&destroyed(region, &id)).await;
                assert!(was_there.expect("a store"), "{gone:?}");
            }
            world.deliver().await;
            let keys = keys(&world, &id).await;
            assert_eq!(keys.len(), 3 - gone.len(), "{gone:?}");
            assert_eq!(primaries(&keys).len(), 1, "{gone:?} {moving}: {keys:#?}");
            for (region, key) in &keys {
                assert_eq!(key["KeyState"], "Enabled", "{gone:?} {moving}: {region}");
                let replicas = key["MultiRegionConfiguration"]["ReplicaKeys"].as_array().map(Vec::len);
                assert_eq!(replicas, Some(keys.len() - 1), "{gone:?} {moving}: {region}");
                let opened = world
                    .ok_as(at(region), "Decrypt", json!({ "CiphertextBlob": ciphertext }))
                    .await;
                assert_eq!(opened["Plaintext"], base64(b"kept"));
            }
        }
    }
}
