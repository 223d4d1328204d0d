//! Rotation: a key gets another material, which encrypts from then on, and keeps all that it had.
//!
//! By the calendar or because somebody asked, it is the same step. A key whose material is made here gets fresh material;
//! one whose material is imported takes the material that was imported for it. A multi-Region primary with replicas first
//! has its new material everywhere: until [`complete`] it encrypts nowhere.

pub(crate) mod calendar;

use std::sync::Arc;

use trent_api::ApiError;
use trent_audit::json::Object;
use trent_keystore::{Keystore, WrappedMaterial};
use trent_service::{ServiceEvent, internal};

use super::Step;
use crate::keys::{Key, KeySpace};
use crate::records::{KeyRecord, MaterialRecord, Origin, Rotated, RotationKind, Standing};
use crate::state::KeyState;

/// How many rotations on demand a key can have in its life.
pub(crate) const MOST_ON_DEMAND: usize = 25;

impl KeyRecord {
    /// Whether the key rotates as it stands: it is in use, it is no replica, which is given what its primary rotates to,
    /// and no material is on its way to other Regions.
    fn rotates(&self) -> bool {
        self.state == KeyState::Enabled && self.replica_of.is_none() && self.on_its_way().is_none()
    }

    /// When the key rotates by the calendar.
    pub fn rotation_due(&self) -> Option<i64> {
        Some(self.calendar().filter(|_| self.rotates())?.next)
    }

    /// When the rotation that was asked for is to be carried out: at once.
    pub fn on_demand_due(&self) -> Option<i64> {
        self.on_demand.filter(|_| self.rotates())
    }

    /// How many rotations on demand the key has had, and whoever asked for one that is still to come counted too.
    pub(crate) fn rotations_on_demand(&self) -> usize {
        let done = |material: &&MaterialRecord| {
            material.standing.is_none() && material.rotated.is_some_and(|it| it.how == RotationKind::OnDemand)
        };
        self.materials.iter().filter(done).count() + usize::from(self.on_demand.is_some())
    }

    /// The imported material that a rotation on demand would make the current one.
    pub(crate) fn pending_rotation(&self) -> Option<usize> {
        self.materials
            .iter()
            .position(|material| material.standing == Some(Standing::PendingRotation) && material.wrapped.is_some())
    }

    /// The material that the key was rotated to and that is not in every Region yet.
    pub(crate) fn on_its_way(&self) -> Option<usize> {
        self.materials
            .iter()
            .position(|material| material.standing == Some(Standing::PendingMultiRegion) && material.rotated.is_some())
    }

    /// Whether other Regions have a replica of the key.
    fn has_replicas(&self) -> bool {
        self.related
            .as_ref()
            .is_some_and(|related| !related.replicas.is_empty())
    }
}

/// The rotation of a key for which one is due, as one transaction; none if nothing is due any more.
pub(crate) async fn step(
    keystore: &dyn Keystore,
    space: &KeySpace,
    key: &Arc<Key>,
    now: i64,
) -> Result<Option<Step>, ApiError> {
    let Some(how) = due(&key.record, now) else {
        return Ok(None);
    };
    let fresh = match key.record.origin {
        Origin::External => None,
        Origin::AwsKms | Origin::AwsCloudhsm | Origin::ExternalKeyStore => {
            Some(keystore.new_material(key.handle()?).await.map_err(internal)?)
        }
    };
    let (record, done) = rotated(&key.record, how, fresh, now);
    let mut txn = space.store.txn();
    space.update(&mut txn, key, &record);
    let events = done.then(|| event(space, key, how, now)).into_iter().collect();
    Ok(Some(Step {
        events,
        ..Step::silent(txn)
    }))
}

/// Which rotation is due. One that was asked for comes first.
fn due(record: &KeyRecord, now: i64) -> Option<RotationKind> {
    let is_due = |at: Option<i64>| at.is_some_and(|at| at <= now);
    if is_due(record.on_demand_due()) {
        Some(RotationKind::OnDemand)
    } else {
        is_due(record.rotation_due()).then_some(RotationKind::Automatic)
    }
}

/// The record of a key after its rotation, and whether the new material encrypts already. The calendar goes on by what is
/// done by the calendar alone.
fn rotated(record: &KeyRecord, how: RotationKind, fresh: Option<WrappedMaterial>, now: i64) -> (KeyRecord, bool) {
    let mut after = record.clone();
    if how == RotationKind::Automatic {
        after.rotation = after.rotation.map(|calendar| calendar.carried_out(now));
    }
    let pending = after.pending_rotation();
    let material = match fresh {
        Some(fresh) => Some(MaterialRecord::new(fresh.id, fresh.bytes, now)),
        None => pending.map(|at| after.materials.remove(at)),
    };
    let Some(material) = material else {
        // What was imported for this rotation was deleted since: there is nothing to rotate to.
        after.on_demand = None;
        return (after, false);
    };
    let imported = material.imported.is_some();
    after.materials.push(MaterialRecord {
        rotated: Some(Rotated { at: now, how }),
        standing: Some(Standing::PendingMultiRegion),
        ..material
    });
    // Imported material that is not in every Region is not ready for rotation.
    let everywhere = imported || !after.has_replicas();
    if everywhere {
        complete(&mut after, now);
    }
    (after, everywhere)
}

/// Makes the material that a key was rotated to the current one, now that every Region has it; how it was rotated. None if
/// no material is on its way.
pub(crate) fn complete(record: &mut KeyRecord, now: i64) -> Option<RotationKind> {
    let at = record.on_its_way()?;
    let material = &mut record.materials[at];
    material.standing = None;
    let rotated = material.rotated.as_mut()?;
    rotated.at = now;
    let how = rotated.how;
    if how == RotationKind::OnDemand {
        record.on_demand = None;
    }
    Some(how)
}

/// What the record of a completed rotation says.
pub(crate) fn event(space: &KeySpace, key: &Key, how: RotationKind, now: i64) -> ServiceEvent {
    let mut details = Object::new();
    details
        .string("rotationType", how.as_str())
        .string("keyId", &key.record.id.to_string());
    let mut response = Object::new();
    response.string("keyId", &key.arn);
    ServiceEvent {
        name: "RotateKey",
        region: space.region().clone(),
        account: key.record.account,
        arn: key.arn.as_str().to_owned(),
        at: now,
        as_call: false,
        on_behalf: None,
        details: Some(details.finish()),
        additional: None,
        response: Some(response.finish()),
    }
}

#[cfg(test)]
mod tests;
