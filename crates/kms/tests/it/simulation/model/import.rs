//! What becomes of imported material.

use super::{INCORRECT, INVALID_STATE, Kind, Material, Refused, Set, State, UNSUPPORTED};

impl Set {
    /// Whether material can be imported now.
    pub(crate) fn prepare_import(&self, region: usize) -> Result<(), Refused> {
        let state = self.state(region)?;
        if self.kind != Kind::Imported {
            return Err(UNSUPPORTED);
        }
        let accepted = [State::Enabled, State::Disabled, State::PendingImport];
        state.among(&accepted).map_err(|_| INVALID_STATE)
    }

    pub(crate) fn import(
        &mut self,
        region: usize,
        number: usize,
        new: bool,
        expires: Option<i64>,
    ) -> Result<(), Refused> {
        self.prepare_import(region)?;
        let known = self
            .shared
            .materials
            .iter()
            .position(|material| material.number == number);
        let first = self.shared.materials.is_empty();
        let at = match known {
            Some(_) if new => return Err(INCORRECT),
            Some(at) => at,
            None if !new => return Err(INCORRECT),
            None if self.shared.materials.iter().any(|material| material.waits) => return Err(INVALID_STATE),
            None => {
                self.make(None);
                self.shared.materials.len() - 1
            }
        };
        let material = &mut self.shared.materials[at];
        if known.is_none() {
            material.number = number;
            material.waits = !first;
        }
        material.held = true;
        material.expires = expires;
        if !self.lacks_material() && self.key(region).state == State::PendingImport {
            self.key(region).state = State::Enabled;
        }
        Ok(())
    }

    /// Deletes the current material.
    pub(crate) fn delete_material(&mut self, region: usize) -> Result<(), Refused> {
        let state = self.state(region)?;
        if self.kind != Kind::Imported {
            return Err(UNSUPPORTED);
        }
        state.among(&[
            State::Enabled,
            State::Disabled,
            State::PendingDeletion,
            State::PendingReplicaDeletion,
            State::PendingImport,
        ])?;
        if let Some(number) = self.current(region) {
            self.drop_material(region, |material| material.number == number);
        }
        Ok(())
    }

    fn drop_material(&mut self, region: usize, goes: impl Fn(&Material) -> bool) {
        let had = self.shared.materials.len();
        self.shared
            .materials
            .retain(|material| !(material.waits && material.held && goes(material)));
        if self.shared.materials.len() < had {
            self.shared.asked = None;
        }
        for material in self.shared.materials.iter_mut().filter(|material| goes(material)) {
            material.held = false;
        }
        let lacks = self.lacks_material();
        let key = self.key(region);
        if lacks && matches!(key.state, State::Enabled | State::Disabled) {
            key.state = State::PendingImport;
        }
    }

    /// Material is of no use from its date on, whoever removes it and when.
    pub(crate) fn expire(&mut self, now: i64) {
        let expired = move |material: &Material| material.held && material.expires.is_some_and(|at| at <= now);
        let region = self.shared.primary;
        if self.kind == Kind::Imported && self.shared.materials.iter().any(expired) {
            self.drop_material(region, expired);
        }
    }
}
