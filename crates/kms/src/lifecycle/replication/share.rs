//! What the keys of a set share: put into a letter at the primary, taken out of it at a replica.

use minicbor::bytes::ByteVec;
use trent_api::ApiError;
use trent_crypto::KeyAddress;
use trent_keystore::{ReceiveRequest, SendRequest, Shipment, Wrapped, WrappedMaterial};
use trent_names::Region;
use trent_service::internal;

use crate::Kms;
use crate::keys::Key;
use crate::records::letters::{Says, Shared, SharedMaterial};
use crate::records::{KeyRecord, MaterialRecord};
use crate::state::KeyState;

/// What a key has to tell a Region that shares with it, from the key as it is now. A later state than that of which the
/// letter was written is as good: the letters of the changes between follow.
pub(super) async fn filled_in(kms: &Kms, from: &Region, to: &Region, key: &Key) -> Result<Says, ApiError> {
    let record = &key.record;
    if let Some(primary) = &record.replica_of {
        return Ok(Says::Ask(primary.clone()));
    }
    let is_sent = record.sends_material();
    let materials = record.materials.iter().filter_map(|material| {
        let bytes = material.wrapped.as_ref().filter(|_| is_sent)?;
        Some(WrappedMaterial {
            id: material.id,
            bytes: bytes.to_vec(),
        })
    });
    let request = SendRequest {
        address: address(from, record),
        spec: record.spec,
        destruction_key: Wrapped::from(&**record.destruction_key),
        materials: materials.collect(),
        to: to.clone(),
    };
    let shipment = kms.keystore().send(request).await.map_err(internal)?;
    let sealed = |material: &MaterialRecord| {
        let mut sent = shipment.materials.iter();
        let sent = sent.find(|sent| sent.id == material.id)?;
        Some(ByteVec::from(sent.bytes.clone()))
    };
    let materials = record.materials.iter().map(|material| SharedMaterial {
        id: material.id,
        sealed: sealed(material),
        created: material.created,
        rotated: material.rotated,
        standing: material.standing,
    });
    Ok(Says::Shared(Shared {
        edition: record.edition(),
        primary: from.clone(),
        replicas: record.related.clone().unwrap_or_default().replicas,
        rotation: record.rotation,
        on_demand: record.on_demand,
        public_key: record.shared_public_key().cloned(),
        materials: materials.collect(),
        transfer_key: shipment.transfer_key.as_bytes().to_vec().into(),
    }))
}

/// A replica with what the primary shares with it.
pub(super) async fn taken_over(kms: &Kms, at: &Region, key: &Key, shared: Shared) -> Result<KeyRecord, ApiError> {
    let mut record = key.record.clone();
    let wrapped = unpacked(kms, at, &mut record, &shared).await?;
    let mut materials = Vec::with_capacity(shared.materials.len());
    for material in shared.materials {
        let known = record.materials.iter().position(|known| known.id == material.id);
        let known = known.map(|place| record.materials.remove(place));
        let arrived = wrapped.iter().find(|wrapped| wrapped.id == material.id);
        let arrived = arrived.map(|wrapped| ByteVec::from(wrapped.bytes.clone()));
        materials.push(MaterialRecord {
            id: material.id,
            wrapped: known.as_ref().and_then(|known| known.wrapped.clone()).or(arrived),
            created: material.created,
            rotated: material.rotated,
            imported: known.and_then(|known| known.imported),
            standing: material.standing,
        });
    }
    record.materials = materials;
    record.rotation = shared.rotation;
    record.on_demand = shared.on_demand;
    if record.sends_material() {
        record.public_key = shared.public_key;
    }
    let same_primary = record.replica_of.as_ref() == Some(&shared.primary);
    record.replica_of = Some(shared.primary);
    let mut related = record.related.take().unwrap_or_default();
    related.replicas = shared.replicas;
    related.edition = shared.edition;
    // An offer ends with the primary that made it.
    let accepted = same_primary && related.moving.as_ref() == Some(at);
    let state = match record.state {
        KeyState::Creating => KeyState::Enabled,
        // Whoever was the primary hears of the new one for the first time; who is to become it waits on.
        KeyState::Updating if !accepted => {
            related.moving = None;
            KeyState::Enabled
        }
        state => state,
    };
    record.state = match state {
        // Imported material is not sent; and what was imported for a rotation may be gone again when that comes.
        KeyState::Enabled | KeyState::Disabled => record.unless_lacking(state),
        state => state,
    };
    record.related = Some(related);
    Ok(record)
}

/// Opens the materials that a replica does not have yet and wraps them under its own destruction key.
async fn unpacked(
    kms: &Kms,
    at: &Region,
    record: &mut KeyRecord,
    shared: &Shared,
) -> Result<Vec<WrappedMaterial>, ApiError> {
    let lacking = |material: &&SharedMaterial| {
        let mut known = record.materials.iter();
        !known.any(|known| known.id == material.id && known.wrapped.is_some())
    };
    let materials = shared.materials.iter().filter(lacking).filter_map(|material| {
        Some(WrappedMaterial {
            id: material.id,
            bytes: material.sealed.as_ref()?.to_vec(),
        })
    });
    let materials: Vec<_> = materials.collect();
    let held = record.destruction_key.to_vec();
    if materials.is_empty() && !held.is_empty() {
        return Ok(materials);
    }
    let request = ReceiveRequest {
        address: address(at, record),
        spec: record.spec,
        at: at.clone(),
        destruction_key: (!held.is_empty()).then(|| Wrapped::from(&*held)),
        shipment: Shipment {
            transfer_key: Wrapped::from(&**shared.transfer_key),
            materials,
        },
    };
    let received = kms.keystore().receive(request).await.map_err(internal)?;
    record.destruction_key = received.destruction_key.as_bytes().to_vec().into();
    Ok(received.materials)
}

fn address(region: &Region, record: &KeyRecord) -> KeyAddress {
    KeyAddress {
        partition: region.partition(),
        account: record.account,
        key: record.id,
    }
}
