use trent_crypto::identity::MaterialId;
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_names::Region;

use super::*;
use crate::keys::fixture;
use crate::records::{Origin, Rotated};

const NOW: i64 = 1_800_000_000_000;

fn region(name: &str) -> Region {
    Region::parse(name).expect("a Region")
}

/// A primary with two replicas that was rotated to a material that none of them is known to have.
fn rotated() -> KeyRecord {
    let mut record = fixture::record(KeySpec::DEFAULT, KeyUsage::EncryptDecrypt);
    record.materials = [1, 2]
        .map(|id| MaterialRecord::new(MaterialId([id; 32]), vec![id], 0))
        .into();
    record.materials[1].standing = Some(Standing::PendingMultiRegion);
    record.materials[1].rotated = Some(Rotated {
        at: 0,
        how: RotationKind::OnDemand,
    });
    record.on_demand = Some(0);
    record.related = Some(Box::new(Related {
        replicas: ["eu-west-1", "eu-west-2"].map(region).into(),
        edition: 7,
        ..Related::default()
    }));
    record
}

fn current(record: &KeyRecord) -> u8 {
    record.current().expect("a material").id.0[0]
}

fn confirm(record: &mut KeyRecord, from: &str) {
    record.related.as_mut().expect("a set").confirmed.insert(region(from));
    release_material(record, NOW);
}

/// SPK-354, SPK-356, KEY-406
#[test]
fn a_new_material_encrypts_once_every_replica_has_it() {
    let mut record = rotated();
    release_material(&mut record, NOW);
    confirm(&mut record, "eu-west-1");
    assert_eq!(
        (current(&record), record.on_demand),
        (1, Some(0)),
        "one Region has not answered"
    );
    confirm(&mut record, "eu-west-2");
    assert_eq!((current(&record), record.on_demand), (2, None));
    assert_eq!(record.materials[1].rotated.map(|rotated| rotated.at), Some(NOW));
}

/// SPK-371
#[test]
fn imported_material_waits_for_its_rotation_once_every_replica_has_it() {
    let mut record = rotated();
    record.origin = Origin::External;
    record.materials[1].rotated = None;
    record
        .related
        .as_mut()
        .expect("a set")
        .lacking
        .insert(region("eu-west-2"));
    confirm(&mut record, "eu-west-1");
    confirm(&mut record, "eu-west-2");
    assert_eq!(
        record.materials[1].standing,
        Some(Standing::PendingMultiRegion),
        "it is not imported there"
    );
    record.related.as_mut().expect("a set").lacking.clear();
    release_material(&mut record, NOW);
    assert_eq!(record.materials[1].standing, Some(Standing::PendingRotation));
    assert_eq!(current(&record), 1);
}

#[test]
fn the_last_replicas_end_releases_what_waited_for_it() {
    let mut record = rotated();
    record.related.as_mut().expect("a set").replicas.clear();
    release_material(&mut record, NOW);
    assert_eq!(current(&record), 2);
}

#[test]
fn what_keys_share_is_told_apart_from_what_is_their_own() {
    let before = rotated();
    let mut own = before.clone();
    own.description = "changed".into();
    own.state = crate::state::KeyState::Disabled;
    own.related
        .as_mut()
        .expect("a set")
        .confirmed
        .insert(region("eu-west-1"));
    own.materials[0].wrapped = None;
    assert!(shares_the_same(&before, &own));
    let mut shared = before.clone();
    shared.materials[1].standing = None;
    assert!(!shares_the_same(&before, &shared));
    let mut shared = before.clone();
    shared.related.as_mut().expect("a set").replicas.clear();
    assert!(!shares_the_same(&before, &shared));
}
