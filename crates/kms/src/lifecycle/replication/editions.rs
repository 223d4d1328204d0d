//! What the keys of a set share, and how a change of it is made known: in the transaction that makes it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use minicbor::bytes::ByteVec;
use trent_names::Region;
use trent_store::RegionTxn;

use crate::lifecycle::rotation;
use crate::records::letters::{Ceded, Note, Report, Says};
use crate::records::{KeyRecord, MaterialRecord, Origin, Related, RotationKind, Standing};

impl KeyRecord {
    pub(super) fn edition(&self) -> u64 {
        self.related.as_ref().map_or(0, |related| related.edition)
    }

    /// Whether the replicas are sent the material. What was imported its owner imports everywhere.
    pub(super) fn sends_material(&self) -> bool {
        self.origin == Origin::AwsKms
    }

    /// The public half, which goes where the private one goes.
    pub(super) fn shared_public_key(&self) -> Option<&ByteVec> {
        self.public_key.as_ref().filter(|_| self.sends_material())
    }

    /// Whether the newest material is here, as it is unless its owner has yet to import it.
    fn is_complete(&self) -> bool {
        self.materials.last().is_none_or(|newest| newest.wrapped.is_some())
    }
}

/// Writes the letters that a change of a key entails, and gives the record as it is to be stored. A primary whose shared
/// properties change has a new edition, which every replica is sent; a replica whose imported material comes or goes tells
/// the primary.
pub(crate) fn follow<'r>(txn: &mut RegionTxn, before: &KeyRecord, after: &'r KeyRecord) -> Cow<'r, KeyRecord> {
    let Some(related) = &after.related else {
        return Cow::Borrowed(after);
    };
    let note = |says| Note::of(after.account, after.id, says);
    if let Some(primary) = &after.replica_of {
        let same_edition = before.edition() == after.edition();
        if same_edition && before.is_complete() != after.is_complete() {
            let report = report(txn.region(), after);
            txn.post(primary, note(Says::Report(report)));
        }
        return Cow::Borrowed(after);
    }
    if before.replica_of.is_none() && shares_the_same(before, after) {
        return Cow::Borrowed(after);
    }
    for replica in &related.replicas {
        txn.post(replica, note(Says::Share));
    }
    let related = Related {
        edition: related.edition + 1,
        confirmed: [].into(),
        lacking: related.lacking.intersection(&related.replicas).cloned().collect(),
        ..Related::clone(related)
    };
    Cow::Owned(KeyRecord {
        related: Some(Box::new(related)),
        ..after.clone()
    })
}

/// Writes the letter that the deletion of a key entails: a primary is told of a replica's. A primary goes before its replicas
/// only where a restore brings back a set as it was before another primary was chosen; then one of them is the primary.
pub(crate) fn farewell(txn: &mut RegionTxn, record: &KeyRecord) {
    let letter = match &record.replica_of {
        Some(primary) => Some((primary.clone(), Says::Gone(txn.region().clone()))),
        None => record.related.as_ref().and_then(|related| {
            to_the_next(Ceded {
                edition: related.edition,
                replicas: related.replicas.clone(),
                lacking: related.lacking.clone(),
                asked: None,
            })
        }),
    };
    if let Some((to, says)) = letter {
        txn.post(&to, Note::of(record.account, record.id, says));
    }
}

/// What makes the first of the replicas that are left the primary of the others, and its Region.
pub(super) fn to_the_next(mut ceded: Ceded) -> Option<(Region, Says)> {
    let next = ceded.replicas.pop_first()?;
    ceded.lacking.remove(&next);
    // Nobody asked for this one.
    ceded.asked = None;
    Some((next, Says::Cede(ceded)))
}

/// What a replica has to report.
pub(super) fn report(region: &Region, record: &KeyRecord) -> Report {
    Report {
        region: region.clone(),
        edition: record.edition(),
        complete: record.is_complete(),
    }
}

fn shares_the_same(one: &KeyRecord, other: &KeyRecord) -> bool {
    fn replicas(record: &KeyRecord) -> Option<&BTreeSet<Region>> {
        record.related.as_ref().map(|related| &related.replicas)
    }
    let materials = |record: &KeyRecord| -> Vec<_> {
        let shared = |material: &MaterialRecord| (material.id, material.rotated, material.standing);
        record.materials.iter().map(shared).collect()
    };
    replicas(one) == replicas(other)
        && one.rotation == other.rotation
        && one.on_demand == other.on_demand
        && one.shared_public_key() == other.shared_public_key()
        && materials(one) == materials(other)
}

/// Lets the newest material of a primary be used once every replica has it; how the key was rotated by that, if it was.
/// Imported material still waits for its rotation then.
pub(super) fn release_material(record: &mut KeyRecord, now: i64) -> Option<RotationKind> {
    let related = record.related.as_ref()?;
    let everywhere = related.replicas.is_subset(&related.confirmed) && related.lacking.is_disjoint(&related.replicas);
    if !everywhere {
        return None;
    }
    let pending = |material: &&mut MaterialRecord| material.standing == Some(Standing::PendingMultiRegion);
    match record.materials.last_mut().filter(pending) {
        Some(imported) if imported.rotated.is_none() => {
            imported.standing = Some(Standing::PendingRotation);
            None
        }
        _ => rotation::complete(record, now),
    }
}

#[cfg(test)]
mod tests;
