//! Everything that can be seen of a key is what the model says.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::model::{Kind, State};
use super::{REGIONS, Simulation, model};
use crate::world::text;

fn millis(date: &Value) -> i64 {
    let seconds = date.as_f64().unwrap_or_else(|| panic!("{date} is no date"));
    #[expect(clippy::cast_possible_truncation, reason = "dates have few digits")]
    let millis = (seconds * 1000.0).round() as i64;
    millis
}

/// Compares a date. Where a crash may have put it off a little, the model takes it over.
fn agree(ours: &mut i64, theirs: &Value, slack: i64, what: &str) {
    let theirs = millis(theirs);
    assert!(
        (*ours - theirs).abs() <= slack,
        "{what}: the model says {ours}, the service {theirs}"
    );
    *ours = theirs;
}

fn name(state: State) -> &'static str {
    match state {
        State::Enabled => "Enabled",
        State::Disabled => "Disabled",
        State::PendingDeletion => "PendingDeletion",
        State::PendingReplicaDeletion => "PendingReplicaDeletion",
        State::PendingImport => "PendingImport",
        State::Updating => "Updating",
    }
}

impl Simulation {
    /// Compares the keys of a set, whose dates may be apart by so many milliseconds.
    pub(super) async fn compare(&mut self, index: usize, slack: i64) {
        let now = self.now();
        self.sets[index].expire(now);
        for region in 0..REGIONS.len() {
            let id = self.sets[index].id.clone();
            let own = json!({ "KeyId": id });
            if !self.sets[index].keys.contains_key(&region) {
                self.send(region, "DescribeKey", own, Err(model::NOT_FOUND)).await;
                continue;
            }
            let told = self.send(region, "DescribeKey", own.clone(), Ok(())).await;
            let status = self.send(region, "GetKeyRotationStatus", own.clone(), Ok(())).await;
            self.compare_metadata(index, region, &told.unwrap_or_default()["KeyMetadata"], slack);
            self.compare_status(index, region, &status.unwrap_or_default(), slack);
            if self.sets[index].kind != Kind::Mac {
                self.compare_materials(index, region, slack).await;
                self.compare_secrets(index, region).await;
            }
            let key = self.sets[index].keys[&region].clone();
            for (operation, member, count) in [
                ("ListAliases", "Aliases", key.aliases.len()),
                ("ListGrants", "Grants", key.grants.len()),
                ("ListResourceTags", "Tags", usize::from(key.tagged)),
            ] {
                let told = self
                    .send(region, operation, own.clone(), Ok(()))
                    .await
                    .unwrap_or_default();
                assert_eq!(told[member].as_array().map(Vec::len), Some(count), "{operation} {id}");
            }
        }
    }

    fn compare_metadata(&mut self, index: usize, region: usize, told: &Value, slack: i64) {
        let set = &mut self.sets[index];
        let key = set.keys[&region].clone();
        let what = format!("{} in {}: {told}\n{set:#?}", set.id, REGIONS[region]);
        assert_eq!(told["KeyState"], name(key.state), "{what}");
        assert_eq!(told["Enabled"], key.state == State::Enabled, "{what}");
        let waits = key.deletion.filter(|_| key.state == State::PendingReplicaDeletion);
        assert_eq!(
            told["PendingDeletionWindowInDays"].as_i64(),
            waits.map(|(days, _)| days),
            "{what}"
        );
        let current = set.kind != Kind::Mac && key.state != State::PendingImport && set.current(region).is_some();
        // Material can go while a key waits for its end, which its state does not tell.
        if set.kind != Kind::Imported || !key.state.ends() {
            assert_eq!(told.get("CurrentKeyMaterialId").is_some(), current, "{what}");
        }
        let configuration = &told["MultiRegionConfiguration"];
        if set.multi {
            let shared = set.view(region);
            let is_primary = region == shared.primary;
            let kind = if is_primary { "PRIMARY" } else { "REPLICA" };
            assert_eq!(configuration["MultiRegionKeyType"], kind, "{what}");
            assert_eq!(configuration["PrimaryKey"]["Region"], REGIONS[shared.primary], "{what}");
            let replicas: BTreeSet<_> = shared.replicas.iter().map(|replica| REGIONS[*replica]).collect();
            let listed = configuration["ReplicaKeys"].as_array().expect("a list").iter();
            let listed: BTreeSet<_> = listed.map(|replica| text(&replica["Region"])).collect();
            assert_eq!(listed, replicas, "{what}");
        } else {
            assert_eq!(*configuration, Value::Null, "{what}");
        }
        match set.dates(region).0.filter(|_| key.state == State::PendingDeletion) {
            Some(date) => agree(date, &told["DeletionDate"], slack, &what),
            None => assert_eq!(told["DeletionDate"], Value::Null, "{what}"),
        }
    }

    fn compare_status(&mut self, index: usize, region: usize, told: &Value, slack: i64) {
        let set = &mut self.sets[index];
        let (ends, kind) = (set.keys[&region].state.ends(), set.kind);
        let what = format!("{} in {}: {told}\n{set:#?}", set.id, REGIONS[region]);
        let shared = set.dates(region).1;
        // A rotation to material that has expired is told of until the material is removed.
        if kind != Kind::Imported || self.runner {
            let asked = !told["OnDemandRotationStartDate"].is_null();
            assert_eq!(asked, shared.asked.is_some(), "runner {}: {what}", self.runner);
        }
        let calendar = shared.calendar.as_mut().filter(|_| !ends);
        assert_eq!(told["KeyRotationEnabled"], calendar.is_some(), "{what}");
        if let Some((days, next)) = calendar {
            assert_eq!(told["RotationPeriodInDays"], *days, "{what}");
            agree(next, &told["NextRotationDate"], slack, &what);
        }
    }

    async fn compare_materials(&mut self, index: usize, region: usize, slack: i64) {
        let id = self.sets[index].id.clone();
        if self.sets[index].kind == Kind::Imported && !self.runner {
            // What has expired is not used any more, but may be listed until it is removed.
            return;
        }
        let request = json!({"KeyId": id, "IncludeKeyMaterial": "ALL_KEY_MATERIAL", "Limit": 1000});
        let told = self
            .send(region, "ListKeyRotations", request, Ok(()))
            .await
            .unwrap_or_default();
        let listed = told["Rotations"].as_array().expect("a list");
        let set = &mut self.sets[index];
        let what = format!("{id} in {}: {told:#}\n{set:#?}", REGIONS[region]);
        let (current, imported) = (set.current(region), set.kind == Kind::Imported);
        let shared = set.dates(region).1;
        assert_eq!(listed.len(), shared.materials.len(), "{what}");
        for (material, told) in shared.materials.iter_mut().zip(listed) {
            let state = if material.waits {
                "PENDING_ROTATION"
            } else if Some(material.number) == current {
                "CURRENT"
            } else {
                "NON_CURRENT"
            };
            assert_eq!(told["KeyMaterialState"], state, "{what}");
            if imported {
                let held = if material.held { "IMPORTED" } else { "PENDING_IMPORT" };
                assert_eq!(told["ImportState"], held, "{what}");
            }
            match &mut material.rotated {
                Some((date, on_demand)) => {
                    let kind = if *on_demand { "ON_DEMAND" } else { "AUTOMATIC" };
                    assert_eq!(told["RotationType"], kind, "{what}");
                    agree(date, &told["RotationDate"], slack, &what);
                }
                None => assert_eq!(told["RotationDate"], Value::Null, "{what}"),
            }
            let theirs = text(&told["KeyMaterialId"]).to_owned();
            let known = self
                .materials
                .entry((id.clone(), material.number))
                .or_insert_with(|| theirs.clone());
            assert_eq!(*known, theirs, "{what}");
        }
    }

    /// A few of the ciphertexts, those of the newest material among them.
    async fn compare_secrets(&mut self, index: usize, region: usize) {
        let numbers: Vec<_> = self.sets[index].secrets.keys().copied().collect();
        let Some(newest) = numbers.last() else { return };
        let (one, other) = (self.random.below(numbers.len()), self.random.below(numbers.len()));
        for number in BTreeSet::from([numbers[one], numbers[other], *newest]) {
            self.decrypt(index, region, number).await;
        }
    }
}
