use std::collections::BTreeSet;

use trent_crypto::identity::MaterialId;
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_names::Region;

use super::calendar::{DAY, YEAR};
use super::*;
use crate::keys::fixture;
use crate::records::{AutomaticRotation, Imported, Related};

const NOW: i64 = 1_800_000_000_000;

fn material(number: u8) -> MaterialRecord {
    MaterialRecord::new(MaterialId([number; 32]), vec![number], 0)
}

fn fresh(number: u8) -> WrappedMaterial {
    WrappedMaterial {
        id: MaterialId([number; 32]),
        bytes: vec![number],
    }
}

/// A key with one material that rotates each year and whose day is here.
fn record() -> KeyRecord {
    let mut record = fixture::record(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt);
    record.materials = vec![material(1)];
    record.rotation = Some(AutomaticRotation {
        period_days: YEAR,
        next: NOW,
    });
    record
}

fn current(record: &KeyRecord) -> u8 {
    record.current().expect("a material").id.0[0]
}

#[test]
fn what_is_due_is_done_once() {
    let record = record();
    assert_eq!(due(&record, NOW - 1), None);
    assert_eq!(due(&record, NOW), Some(RotationKind::Automatic));
    let (after, done) = rotated(&record, RotationKind::Automatic, Some(fresh(2)), NOW + 7);
    assert!(done);
    assert_eq!((current(&after), after.materials[0].clone()), (2, material(1)));
    assert_eq!(after.rotation.map(|it| it.next), Some(NOW + 365 * DAY));
    let at = after.materials[1].rotated.expect("how it came");
    assert_eq!((at.at, at.how), (NOW + 7, RotationKind::Automatic));
    assert_eq!(due(&after, NOW + 7), None);
}

/// KEY-416
#[test]
fn a_rotation_on_demand_leaves_the_calendar_alone() {
    let mut record = record();
    record.rotation = Some(AutomaticRotation {
        period_days: 730,
        next: NOW + 4 * DAY,
    });
    record.on_demand = Some(NOW);
    assert_eq!(due(&record, NOW), Some(RotationKind::OnDemand));
    let (after, done) = rotated(&record, RotationKind::OnDemand, Some(fresh(2)), NOW);
    assert!(done);
    assert_eq!((after.on_demand, after.rotation), (None, record.rotation));
    assert_eq!(due(&after, NOW + 4 * DAY), Some(RotationKind::Automatic));
    let (again, _) = rotated(&after, RotationKind::Automatic, Some(fresh(3)), NOW + 4 * DAY);
    assert_eq!(again.rotation.map(|it| it.next), Some(NOW + (4 + 730) * DAY));
    assert_eq!((again.rotations_on_demand(), current(&again)), (1, 3));
}

/// KEY-368, KEY-399, KEY-401
#[test]
fn only_enabled_keys_rotate() {
    for state in KeyState::ALL {
        let mut record = record();
        record.state = state;
        record.on_demand = Some(NOW);
        let rotates = state == KeyState::Enabled;
        assert_eq!(due(&record, NOW).is_some(), rotates, "{state:?}");
        assert_eq!(record.due().is_some(), rotates, "{state:?}");
    }
}

#[test]
fn a_replica_does_not_rotate_by_itself() {
    let mut record = record();
    record.replica_of = Region::parse("us-east-1").ok();
    record.on_demand = Some(NOW);
    assert_eq!((due(&record, NOW), record.due()), (None, None));
}

/// KEY-378
#[test]
fn a_key_with_replicas_encrypts_with_its_new_material_once_that_is_everywhere() {
    let mut record = record();
    record.on_demand = Some(NOW);
    let replicas = BTreeSet::from([Region::parse("eu-central-1").expect("a Region")]);
    record.related = Some(Box::new(Related {
        replicas,
        ..Related::default()
    }));
    let (mut waiting, done) = rotated(&record, RotationKind::OnDemand, Some(fresh(2)), NOW);
    assert!(!done);
    assert_eq!((current(&waiting), waiting.on_demand), (1, Some(NOW)));
    assert_eq!(due(&waiting, NOW), None, "nor does it rotate again meanwhile");
    assert_eq!(complete(&mut waiting, NOW + 9), Some(RotationKind::OnDemand));
    assert_eq!((current(&waiting), waiting.on_demand), (2, None));
    assert_eq!(waiting.materials[1].rotated.map(|it| it.at), Some(NOW + 9));
    assert_eq!(complete(&mut waiting, NOW), None);
    assert_eq!(
        due(&waiting, NOW + 9),
        Some(RotationKind::Automatic),
        "what waited for that"
    );
}

#[test]
fn imported_material_takes_the_place_of_the_current_one() {
    let mut record = record();
    record.origin = Origin::External;
    record.rotation = None;
    record.on_demand = Some(NOW);
    let imported = |number, standing| MaterialRecord {
        imported: Some(Imported::default()),
        standing,
        ..material(number)
    };
    record.materials = vec![imported(1, None), imported(2, Some(Standing::PendingRotation))];
    assert_eq!(current(&record), 1);
    let (after, done) = rotated(&record, RotationKind::OnDemand, None, NOW);
    assert!(done);
    assert_eq!(
        (current(&after), after.on_demand, after.pending_rotation()),
        (2, None, None)
    );
    // Nothing to rotate to: deleted after it was asked for.
    record.materials.pop();
    let (after, done) = rotated(&record, RotationKind::OnDemand, None, NOW);
    assert!(!done);
    assert_eq!(
        (current(&after), after.on_demand, after.materials),
        (1, None, record.materials)
    );
}
