//! One step by chance: an operation on some key, a while that passes, a pause, or a crash.

use std::time::Duration;

use serde_json::{Value, json};
use trent_service::Clock as _;

use super::model::{DAY, Kind, Refused, Set};
use super::{REGIONS, Simulation};
use crate::imports::{QUICK, request, wrapped};
use crate::world::{ACCOUNT, base64, text};

/// How many keys and sets of keys there are at most.
const MOST: usize = 10;

/// The spans of time that pass, in seconds; each by less than two minutes more.
const SPANS: [u64; 9] = [
    1,
    300,
    19 * 60,
    3_600,
    86_400,
    7 * 86_400,
    31 * 86_400,
    95 * 86_400,
    900 * 86_400,
];

impl Simulation {
    /// Takes a step, on the server and in the model.
    pub(super) async fn step(&mut self) {
        let drawn = self.random.below(1000);
        if self.sets.is_empty() || (drawn < 30 && self.sets.len() < MOST) {
            return self.create().await;
        }
        let index = self.random.below(self.sets.len());
        let now = self.now();
        self.sets[index].expire(now);
        let keys: Vec<_> = self.sets[index].keys.keys().copied().collect();
        let region = if self.random.one_in(12) {
            self.random.below(REGIONS.len())
        } else {
            keys[self.random.below(keys.len())]
        };
        match drawn {
            0..130 => self.switch(index, region).await,
            130..150 => self.schedule(index, region).await,
            150..190 => self.cancel(index, region).await,
            190..240 => self.set_calendar(index, region).await,
            240..290 => self.rotate(index, region).await,
            290..294 => self.import(region).await,
            294..300 => self.delete_material(index, region).await,
            300..330 => self.replicate(index, region).await,
            330..370 => self.change_primary(index, region).await,
            370..410 => self.alias(index, region).await,
            410..440 => self.tag(index, region).await,
            440..490 => self.grant(index, region).await,
            490..690 => self.encrypt(index, region).await,
            690..880 => self.decrypt_one(index, region).await,
            880..975 => self.pass().await,
            975..995 => self.pause().await,
            _ => self.crash().await,
        }
    }

    /// Sends a request about a key that may move other things.
    async fn ask(&mut self, region: usize, operation: &str, request: Value, expected: Result<(), Refused>) {
        self.send(region, operation, request, expected).await;
        self.work().await;
    }

    fn id(&self, index: usize) -> String {
        self.sets[index].id.clone()
    }

    fn name(&mut self) -> usize {
        self.names += 1;
        self.names
    }

    async fn create(&mut self) {
        let region = self.random.below(REGIONS.len());
        let (kind, request) = match self.random.below(6) {
            0 => (
                Kind::Mac,
                json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}),
            ),
            1 => (Kind::Imported, json!({"Origin": "EXTERNAL"})),
            2 => (Kind::Symmetric, json!({})),
            _ => (Kind::Symmetric, json!({"MultiRegion": true})),
        };
        let multi = request["MultiRegion"] == true;
        let reply = self
            .send(region, "CreateKey", request, Ok(()))
            .await
            .unwrap_or_default();
        let id = text(&reply["KeyMetadata"]["KeyId"]).to_owned();
        self.sets.push(Set::new(id, kind, multi, region));
    }

    async fn switch(&mut self, index: usize, region: usize) {
        let on = !self.random.one_in(3);
        let expected = self.sets[index].switch(region, on);
        let operation = if on { "EnableKey" } else { "DisableKey" };
        self.ask(region, operation, json!({"KeyId": self.id(index)}), expected)
            .await;
    }

    async fn schedule(&mut self, index: usize, region: usize) {
        let days = [7, 8, 30][self.random.below(3)];
        let now = self.now();
        let expected = self.sets[index].schedule(region, days, now);
        let request = json!({"KeyId": self.id(index), "PendingWindowInDays": days});
        self.ask(region, "ScheduleKeyDeletion", request, expected).await;
    }

    async fn cancel(&mut self, index: usize, region: usize) {
        let now = self.now();
        let expected = self.sets[index].cancel(region, now);
        self.ask(region, "CancelKeyDeletion", json!({"KeyId": self.id(index)}), expected)
            .await;
    }

    async fn set_calendar(&mut self, index: usize, region: usize) {
        let days = [None, Some(90), Some(91), Some(365), Some(2560)][self.random.below(5)];
        let now = self.now();
        let expected = self.sets[index].set_calendar(region, days, now);
        let (operation, request) = match days {
            Some(days) => (
                "EnableKeyRotation",
                json!({"KeyId": self.id(index), "RotationPeriodInDays": days}),
            ),
            None => ("DisableKeyRotation", json!({"KeyId": self.id(index)})),
        };
        self.ask(region, operation, request, expected).await;
    }

    async fn rotate(&mut self, index: usize, region: usize) {
        let now = self.now();
        let expected = self.sets[index].rotate(region, now);
        self.ask(region, "RotateKeyOnDemand", json!({"KeyId": self.id(index)}), expected)
            .await;
    }

    /// Imports into some key that takes it, the first, the same or another material.
    async fn import(&mut self, region: usize) {
        self.runner = true;
        self.work().await;
        let imported = |set: &Set| set.kind == Kind::Imported;
        let takers: Vec<_> = (0..self.sets.len())
            .filter(|index| imported(&self.sets[*index]))
            .collect();
        let Some(index) = takers
            .get(self.random.below(takers.len() + 1))
            .or(takers.first())
            .copied()
        else {
            return;
        };
        let region = self.sets[index].keys.keys().next().copied().unwrap_or(region);
        let id = self.id(index);
        let prepared = self.sets[index].prepare_import(region);
        let asked = json!({"KeyId": id, "WrappingAlgorithm": QUICK.0, "WrappingKeySpec": QUICK.1});
        let Some(parameters) = self.send(region, "GetParametersForImport", asked, prepared).await else {
            return;
        };
        let number = self.random.below(6);
        let material = [u8::try_from(number).expect("a byte"); 32];
        let mut request = request(&id, &parameters, &wrapped(&parameters, QUICK, &material));
        let new = self.random.one_in(2);
        let kind = if new {
            "NEW_KEY_MATERIAL"
        } else {
            "EXISTING_KEY_MATERIAL"
        };
        request["ImportType"] = json!(kind);
        let mut expires = None;
        if self.random.one_in(2) {
            let at = self.now() / 1000 * 1000 + DAY * 20;
            expires = Some(at);
            request["ExpirationModel"] = json!("KEY_MATERIAL_EXPIRES");
            request["ValidTo"] = json!(at / 1000);
        }
        let expected = self.sets[index].import(region, number, new, expires);
        self.ask(region, "ImportKeyMaterial", request, expected).await;
    }

    async fn delete_material(&mut self, index: usize, region: usize) {
        let expected = self.sets[index].delete_material(region);
        let request = json!({"KeyId": self.id(index)});
        self.ask(region, "DeleteImportedKeyMaterial", request, expected).await;
    }

    /// The reply to this operation waits for the other Region, which must be heard of.
    async fn replicate(&mut self, index: usize, region: usize) {
        let id = self.id(index);
        self.mail = true;
        self.work().await;
        let Some(index) = self.sets.iter().position(|set| set.id == id) else {
            return;
        };
        let there = self.random.below(REGIONS.len());
        let expected = self.sets[index].replicate(region, there);
        let request = json!({"KeyId": id, "ReplicaRegion": REGIONS[there]});
        self.ask(region, "ReplicateKey", request, expected).await;
    }

    async fn change_primary(&mut self, index: usize, region: usize) {
        let there = self.random.below(REGIONS.len());
        let expected = self.sets[index].change_primary(region, there);
        let request = json!({"KeyId": self.id(index), "PrimaryRegion": REGIONS[there]});
        self.ask(region, "UpdatePrimaryRegion", request, expected).await;
    }

    async fn alias(&mut self, index: usize, region: usize) {
        let id = self.id(index);
        let aliases = self.sets[index].keys.get(&region).map(|key| key.aliases.clone());
        if let Some([first, _, _, ..]) = aliases.as_deref() {
            self.send(region, "DeleteAlias", json!({ "AliasName": first }), Ok(()))
                .await;
            self.sets[index].change(region, |key| drop(key.aliases.remove(0)));
            return;
        }
        let name = format!("alias/a{}", self.name());
        let expected = self.sets[index].touch(region);
        self.sets[index].change(region, |key| key.aliases.extend(expected.map(|()| name.clone())));
        let request = json!({"AliasName": name, "TargetKeyId": id});
        self.send(region, "CreateAlias", request, expected).await;
    }

    async fn tag(&mut self, index: usize, region: usize) {
        let id = self.id(index);
        let expected = self.sets[index].touch(region);
        let on = self.random.one_in(2);
        if expected.is_ok() {
            self.sets[index].change(region, |key| key.tagged = on);
        }
        let (operation, request) = if on {
            let tags = json!([{"TagKey": "t", "TagValue": "v"}]);
            ("TagResource", json!({"KeyId": id, "Tags": tags}))
        } else {
            ("UntagResource", json!({"KeyId": id, "TagKeys": ["t"]}))
        };
        self.send(region, operation, request, expected).await;
    }

    async fn grant(&mut self, index: usize, region: usize) {
        let id = self.id(index);
        let grants = self.sets[index].keys.get(&region).map(|key| key.grants.clone());
        if let Some([first, _, ..]) = grants.as_deref() {
            let request = json!({"KeyId": id, "GrantId": first});
            self.send(region, "RevokeGrant", request, Ok(())).await;
            self.sets[index].change(region, |key| drop(key.grants.remove(0)));
            return;
        }
        let expected = self.sets[index].using(region);
        let grantee = format!("arn:aws:iam::{ACCOUNT}:root");
        let request = json!({"KeyId": id, "GranteePrincipal": grantee, "Operations": ["DescribeKey"],
                             "Name": format!("g{}", self.name())});
        if let Some(reply) = self.send(region, "CreateGrant", request, expected).await {
            let grant = text(&reply["GrantId"]).to_owned();
            self.sets[index].change(region, |key| key.grants.push(grant));
        }
    }

    async fn encrypt(&mut self, index: usize, region: usize) {
        let id = self.id(index);
        let expected = self.sets[index].using(region);
        if self.sets[index].kind == Kind::Mac {
            let request = json!({"KeyId": id, "Message": base64(b"m"), "MacAlgorithm": "HMAC_SHA_256"});
            self.send(region, "GenerateMac", request, expected).await;
            return;
        }
        let request = json!({"KeyId": id, "Plaintext": base64(id.as_bytes())});
        if let Some(reply) = self.send(region, "Encrypt", request, expected).await {
            let number = self.sets[index].current(region).expect("it has material");
            let secret = text(&reply["CiphertextBlob"]).to_owned();
            self.sets[index].secrets.insert(number, secret);
            self.decrypt(index, region, number).await;
        }
    }

    async fn decrypt_one(&mut self, index: usize, region: usize) {
        let numbers: Vec<_> = self.sets[index].secrets.keys().copied().collect();
        if !numbers.is_empty() {
            let number = numbers[self.random.below(numbers.len())];
            self.decrypt(index, region, number).await;
        }
    }

    /// Opens the ciphertext of a material, which tells by which material it was made.
    pub(super) async fn decrypt(&mut self, index: usize, region: usize, number: usize) {
        let set = &self.sets[index];
        let id = set.id.clone();
        let request = json!({"KeyId": id, "CiphertextBlob": set.secrets[&number]});
        let Some(reply) = self.send(region, "Decrypt", request, set.using(region)).await else {
            return;
        };
        assert_eq!(reply["Plaintext"], base64(id.as_bytes()));
        let told = text(&reply["KeyMaterialId"]).to_owned();
        let known = self.materials.entry((id, number)).or_insert_with(|| told.clone());
        assert_eq!(*known, told, "material {number} of {}", self.sets[index].id);
    }

    async fn pass(&mut self) {
        let span = SPANS[self.random.below(SPANS.len())] * 1000 + self.random.next() % 120_000;
        self.world
            .clock
            .set(self.world.clock.now() + Duration::from_millis(span));
        self.work().await;
    }

    /// Has the service do nothing for a while by itself, or no Region hear of another; or ends that.
    async fn pause(&mut self) {
        self.mail = !self.random.one_in(3);
        self.runner = !self.random.one_in(3);
        self.work().await;
    }
}
