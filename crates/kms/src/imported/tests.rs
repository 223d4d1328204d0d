use std::collections::BTreeSet;
use std::sync::Arc;

use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_keystore::{HoldsKey as _, WrappedMaterial};
use trent_names::Region;

use super::*;
use crate::keys::fixture;
use crate::records::{Origin, Related};

const NOW: i64 = 1_800_000_000_000;

fn id(number: u8) -> MaterialId {
    MaterialId([number; 32])
}

fn import(number: u8) -> Import {
    Import {
        material: ImportedMaterial {
            material: WrappedMaterial {
                id: id(number),
                bytes: vec![number],
            },
            public_key: None,
        },
        is_new: None,
        expected: None,
        description: None,
        expires: None,
    }
}

fn said(number: u8, is_new: bool) -> Import {
    Import {
        is_new: Some(is_new),
        ..import(number)
    }
}

fn until(number: u8, expires: i64) -> Import {
    Import {
        expires: Some(expires),
        ..import(number)
    }
}

fn record() -> KeyRecord {
    KeyRecord {
        origin: Origin::External,
        state: KeyState::PendingImport,
        ..fixture::record(KeySpec::DEFAULT, KeyUsage::EncryptDecrypt)
    }
}

fn with_first() -> KeyRecord {
    let mut record = record();
    record.take(import(1), NOW).expect("the first material");
    record
}

fn pending(record: &KeyRecord) -> Vec<(u8, Option<Standing>)> {
    let materials = record.materials.iter();
    materials
        .map(|material| (material.id.0[0], material.standing))
        .collect()
}

/// SPK-406, SPK-407, SPK-408, SPK-509
#[test]
fn the_first_material_is_the_keys_for_ever() {
    let mut record = record();
    assert!(record.lacks_material());
    assert_eq!(record.take(said(1, false), NOW), Err(NotTaken::Unknown));
    assert!(record.materials.is_empty(), "a failed import leaves no id");
    record.take(import(1), NOW).expect("the first material");
    assert_eq!(record.state, KeyState::Enabled);
    assert_eq!(record.take(import(2), NOW), Err(NotTaken::Unknown));
    assert!(record.drop_material(id(1)));
    assert_eq!((record.state, record.materials.len()), (KeyState::PendingImport, 1));
    assert_eq!(record.take(import(2), NOW), Err(NotTaken::Unknown));
    assert_eq!(record.take(said(1, true), NOW), Err(NotTaken::Known));
    record.take(import(1), NOW).expect("the same again");
    assert_eq!(record.state, KeyState::Enabled);
}

/// SPK-503
#[test]
fn a_disabled_key_stays_so_unless_it_waits_for_material() {
    let mut record = with_first();
    record.state = KeyState::Disabled;
    record.take(until(1, NOW + 5), NOW).expect("the same again");
    assert_eq!((record.state, record.expiry_due()), (KeyState::Disabled, Some(NOW + 5)));
    record.drop_material(id(1));
    assert_eq!(record.state, KeyState::PendingImport);
    record.take(import(1), NOW).expect("the same again");
    assert_eq!((record.state, record.expiry_due()), (KeyState::Enabled, None));
}

#[test]
fn an_id_that_is_named_must_be_the_materials() {
    let mut record = with_first();
    let named = |number| Import {
        expected: Some(id(number)),
        ..import(1)
    };
    assert_eq!(record.take(named(2), NOW), Err(NotTaken::OtherId));
    assert_eq!(record.take(named(1), NOW), Ok(()));
}

#[test]
fn a_description_stays_until_another_is_given() {
    let mut record = with_first();
    let called = |name: &str| Import {
        description: Some(name.to_owned()),
        ..import(1)
    };
    let description = |record: &KeyRecord| record.materials[0].imported.clone().and_then(|it| it.description);
    record.take(called("first"), NOW).expect("the same");
    record.drop_material(id(1));
    record.take(import(1), NOW).expect("the same");
    assert_eq!(description(&record).as_deref(), Some("first"));
    record.take(called("second"), NOW).expect("the same");
    assert_eq!(description(&record).as_deref(), Some("second"));
}

#[test]
fn new_material_waits_for_a_rotation_one_at_a_time() {
    let mut record = with_first();
    record.take(said(2, true), NOW).expect("new material");
    assert_eq!(pending(&record), [(1, None), (2, Some(Standing::PendingRotation))]);
    assert_eq!(record.current().map(|it| it.id), Some(id(1)));
    assert_eq!(record.take(said(3, true), NOW), Err(NotTaken::OneWaits));
    record.on_demand = Some(NOW);
    assert!(record.drop_material(id(2)));
    assert_eq!((record.state, record.on_demand), (KeyState::Enabled, None));
    assert_eq!(pending(&record), [(1, None)], "it was not the key's yet");
    record.related = Some(Box::new(Related {
        replicas: BTreeSet::from([Region::parse("eu-central-1").expect("a Region")]),
        ..Related::default()
    }));
    record.take(said(3, true), NOW).expect("other new material");
    assert_eq!(pending(&record), [(1, None), (3, Some(Standing::PendingMultiRegion))]);
}

/// SPK-362
#[test]
fn a_replica_takes_what_its_primary_has() {
    let mut replica = record();
    replica.replica_of = Some(Region::parse("us-east-1").expect("a Region"));
    assert_eq!(replica.take(import(1), NOW), Err(NotTaken::Unknown));
    replica.materials.push(MaterialRecord {
        wrapped: None,
        ..MaterialRecord::new(id(1), Vec::new(), NOW)
    });
    assert_eq!(replica.take(import(2), NOW), Err(NotTaken::Unknown));
    replica.take(import(1), NOW).expect("the primary's");
    assert_eq!(replica.state, KeyState::Enabled);
}

#[test]
fn a_key_needs_every_material_that_belongs_to_it() {
    let mut record = with_first();
    record.take(said(2, true), NOW).expect("new material");
    record.materials[1].standing = None;
    record.drop_material(id(1));
    assert_eq!(record.state, KeyState::PendingImport);
    record.drop_material(id(2));
    record.take(import(2), NOW).expect("one of them");
    assert_eq!(record.state, KeyState::PendingImport);
    record.take(import(1), NOW).expect("the other");
    assert_eq!(record.state, KeyState::Enabled);
}

/// SPK-515, SPK-516, SPK-528
#[test]
fn material_expires_at_its_date_and_the_date_stays() {
    let mut record = record();
    record.take(until(1, NOW + 10), NOW).expect("the first material");
    record
        .take(
            Import {
                is_new: Some(true),
                ..until(2, NOW + 20)
            },
            NOW,
        )
        .expect("new material");
    assert!(!record.expire(NOW + 9));
    let seen = record.past_expiry(NOW + 10);
    assert_eq!(seen.state, KeyState::PendingImport);
    assert_eq!(seen.materials, record.materials, "nothing is removed by looking");
    assert!(record.expire(NOW + 10));
    assert_eq!(record.state, KeyState::PendingImport);
    assert_eq!(record.expiry_due(), Some(NOW + 20));
    assert_eq!(
        record.materials[0].imported.as_ref().and_then(|it| it.expires),
        Some(NOW + 10)
    );
    assert!(record.expire(NOW + 20));
    assert_eq!((pending(&record), record.due()), (vec![(1, None)], None));
    assert!(!record.expire(NOW + 30), "it has expired once");
}

/// SPK-520
#[test]
fn a_key_that_is_to_be_deleted_loses_its_material_and_keeps_its_state() {
    for state in [KeyState::PendingDeletion, KeyState::PendingReplicaDeletion] {
        let mut record = with_first();
        record.state = state;
        assert!(record.drop_material(id(1)));
        assert!(!record.drop_material(id(1)), "there is none any more");
        assert_eq!((record.state, record.lacks_material()), (state, true));
    }
}

/// The id is the primary's to give and to take.
#[test]
fn a_replica_keeps_the_id_of_what_waits_for_a_rotation() {
    let mut primary = with_first();
    primary.take(said(2, true), NOW).expect("the next one");
    primary.on_demand = Some(NOW);
    let mut replica = KeyRecord {
        replica_of: Region::parse("us-east-1").ok(),
        ..primary.clone()
    };
    assert!(replica.drop_material(id(2)));
    assert_eq!(
        (replica.materials.len(), replica.state, replica.on_demand),
        (2, KeyState::Enabled, Some(NOW))
    );
    replica.take(said(2, false), NOW).expect("the same again");
    assert!(primary.drop_material(id(2)));
    assert_eq!((primary.materials.len(), primary.on_demand), (1, None));
}

/// Whatever the key waits for meanwhile: the change of the primary Region takes material along that has expired.
#[test]
fn material_that_has_expired_is_not_used_in_any_state() {
    let region = Region::parse("us-east-1").expect("a Region");
    for state in [KeyState::Enabled, KeyState::Updating] {
        let mut record = record();
        record.take(until(1, NOW + 10), NOW).expect("the first material");
        record.state = state;
        let key = || Arc::new(fixture::of(record.clone()));
        assert!(key().at(&region, NOW + 9).handle().is_ok(), "{state:?}");
        let expired = key().at(&region, NOW + 10);
        assert!(expired.handle().is_err(), "{state:?}");
        assert_eq!(expired.key_handle().materials.iter().count(), 0);
    }
}
