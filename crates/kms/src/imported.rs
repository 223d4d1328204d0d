//! Imported material in a key's record: what an import, a deletion and an expiry make of it (guide, "Importing key
//! material").
//!
//! A material's id stays when the material goes, so that the same one, and no other, can be imported in its place. What
//! waits for a rotation is not the key's yet, and goes with its id.

use trent_crypto::identity::MaterialId;
use trent_crypto::spec::KeyType;
use trent_keystore::ImportedMaterial;

use crate::records::{Imported, KeyRecord, MaterialRecord, Origin, Standing};
use crate::state::KeyState;

/// One import, as it was asked for.
pub(crate) struct Import {
    /// What the keystore has made of the material.
    pub(crate) material: ImportedMaterial,
    /// Whether it is said to be new to the key, or to be known.
    pub(crate) is_new: Option<bool>,
    /// The id that it is said to have.
    pub(crate) expected: Option<MaterialId>,
    /// What its owner calls it; if nothing, what it was called before.
    pub(crate) description: Option<String>,
    /// When it expires, in milliseconds since the Unix epoch, if it does.
    pub(crate) expires: Option<i64>,
}

/// Why a material is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotTaken {
    /// It is none of those that the key has or had.
    #[error("the key material is not the one that was imported into the key before")]
    Unknown,
    /// It is one of those, and was said to be new.
    #[error("the key material is already associated with the key")]
    Known,
    /// It has another id than the one that was named.
    #[error("the key material does not have the KeyMaterialId of the request")]
    OtherId,
    /// Another new material waits for a rotation.
    #[error("another key material already waits for a rotation")]
    OneWaits,
}

impl KeyRecord {
    /// Whether one of the materials that belong to the key is missing, or there is none yet. What waits for a rotation
    /// does not belong to it.
    pub fn lacks_material(&self) -> bool {
        let mut own = self.own_materials().peekable();
        own.peek().is_none() || own.any(|material| material.wrapped.is_none())
    }

    /// The state of a key that is to have this one and may wait for material instead.
    pub(crate) fn unless_lacking(&self, state: KeyState) -> KeyState {
        if self.origin == Origin::External && self.lacks_material() {
            KeyState::PendingImport
        } else {
            state
        }
    }

    /// The materials that belong to the key, and to no other rotation that is still to come.
    pub(crate) fn own_materials(&self) -> impl Iterator<Item = &MaterialRecord> {
        self.materials.iter().filter(|material| material.standing.is_none())
    }

    /// Takes imported material, new or known. The state changes with the last of what was missing.
    pub(crate) fn take(&mut self, import: Import, now: i64) -> Result<(), NotTaken> {
        let id = import.material.id();
        if import.expected.is_some_and(|expected| expected != id) {
            return Err(NotTaken::OtherId);
        }
        let known = self.materials.iter().position(|material| material.id == id);
        let is_new = import.is_new.unwrap_or(self.materials.is_empty());
        match (is_new, known) {
            (true, Some(_)) => return Err(NotTaken::Known),
            (false, None) => return Err(NotTaken::Unknown),
            // What is new to a multi-Region key comes to its primary first.
            (true, None) if self.replica_of.is_some() => return Err(NotTaken::Unknown),
            (true, None) if self.materials.iter().any(|material| material.standing.is_some()) => {
                return Err(NotTaken::OneWaits);
            }
            _ => {}
        }
        let at = known.unwrap_or_else(|| {
            let standing = self.standing_of_new();
            self.materials.push(MaterialRecord {
                standing,
                ..MaterialRecord::new(id, Vec::new(), now)
            });
            self.materials.len() - 1
        });
        let Some(material) = self.materials.get_mut(at) else {
            return Err(NotTaken::Unknown);
        };
        let before = material.imported.take().unwrap_or_default();
        material.wrapped = Some(import.material.material.bytes.into());
        material.imported = Some(Imported {
            expires: import.expires,
            description: import.description.or(before.description),
        });
        if self.spec.key_type() == KeyType::Asymmetric {
            self.public_key = import.material.public_key.map(Into::into);
        }
        if self.state == KeyState::PendingImport && !self.lacks_material() {
            self.state = KeyState::Enabled;
        }
        Ok(())
    }

    /// What keeps new material from encrypting: nothing, if it is the key's first.
    fn standing_of_new(&self) -> Option<Standing> {
        let has_replicas = self
            .related
            .as_ref()
            .is_some_and(|related| !related.replicas.is_empty());
        match (self.materials.is_empty(), has_replicas) {
            (true, _) => None,
            (false, true) => Some(Standing::PendingMultiRegion),
            (false, false) => Some(Standing::PendingRotation),
        }
    }

    /// Drops the material of an id; whether there was any.
    pub(crate) fn drop_material(&mut self, id: MaterialId) -> bool {
        self.drop_materials(|material| material.id == id, |imported| imported.expires = None)
    }

    /// Drops what has expired by a moment, in milliseconds since the Unix epoch; whether there was any. The date stays,
    /// and says that it has passed.
    pub(crate) fn expire(&mut self, now: i64) -> bool {
        let has_expired = |material: &MaterialRecord| {
            let expires = material.imported.as_ref().and_then(|imported| imported.expires);
            expires.is_some_and(|expires| expires <= now)
        };
        self.drop_materials(has_expired, |_| ())
    }

    /// What waits for a rotation goes with its id, but for a replica's: that id is the primary's to take back.
    fn drop_materials(&mut self, goes: impl Fn(&MaterialRecord) -> bool, mut mark: impl FnMut(&mut Imported)) -> bool {
        let is_replica = self.replica_of.is_some();
        let mut any = false;
        let mut waiting_went = false;
        self.materials.retain_mut(|material| {
            if material.wrapped.is_none() || !goes(material) {
                return true;
            }
            any = true;
            if material.standing.is_some() && !is_replica {
                waiting_went = true;
                return false;
            }
            material.wrapped = None;
            material.imported.as_mut().map(&mut mark);
            true
        });
        if waiting_went {
            self.on_demand = None;
        }
        if any {
            self.miss_material();
        }
        any
    }

    /// A key that is used, or could be, waits for the material that is missing.
    fn miss_material(&mut self) {
        if !self.lacks_material() {
            return;
        }
        self.public_key = None;
        if matches!(self.state, KeyState::Enabled | KeyState::Disabled) {
            self.state = KeyState::PendingImport;
        }
    }

    /// The key as it is once the material that has expired has been removed.
    pub(crate) fn expired(&self, now: i64) -> Self {
        let mut gone = self.clone();
        gone.expire(now);
        gone
    }

    /// The key as it is once its material is no longer used, whether it has been removed yet or not.
    pub(crate) fn past_expiry(&self, now: i64) -> Self {
        let gone = self.expired(now);
        Self {
            state: gone.state,
            public_key: gone.public_key,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests;
