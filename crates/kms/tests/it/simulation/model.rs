//! The rules of the guide about the life of keys, once more and smaller: related keys in a few Regions, a clock that is
//! handed in, no store. Written from the numbered requirements, not from the code that it is compared with.

mod by_itself;
mod import;

use std::collections::{BTreeMap, BTreeSet};

/// The milliseconds of a day.
pub(crate) const DAY: i64 = 86_400_000;

/// How an operation is refused: the error's name.
pub(crate) type Refused = &'static str;

pub(crate) const NOT_FOUND: Refused = "NotFoundException";
pub(crate) const INVALID_STATE: Refused = "KMSInvalidStateException";
pub(crate) const UNSUPPORTED: Refused = "UnsupportedOperationException";
const DISABLED: Refused = "DisabledException";
const CONFLICT: Refused = "ConflictException";
const INCORRECT: Refused = "IncorrectKeyMaterialException";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Enabled,
    Disabled,
    PendingDeletion,
    PendingReplicaDeletion,
    PendingImport,
    Updating,
}

impl State {
    fn refusal(self) -> Refused {
        if self == Self::Disabled {
            DISABLED
        } else {
            INVALID_STATE
        }
    }

    /// Accepts these states and refuses others in their own way.
    fn among(self, accepted: &[Self]) -> Result<(), Refused> {
        if accepted.contains(&self) {
            Ok(())
        } else {
            Err(self.refusal())
        }
    }

    pub(crate) fn ends(self) -> bool {
        matches!(self, Self::PendingDeletion | Self::PendingReplicaDeletion)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Symmetric,
    Mac,
    Imported,
}

/// One key material. Materials that are made here are told apart by a number, imported ones by the byte that they consist
/// of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Material {
    pub(crate) number: usize,
    /// When and how it became the current one; whether somebody asked for it.
    pub(crate) rotated: Option<(i64, bool)>,
    pub(crate) held: bool,
    pub(crate) expires: Option<i64>,
    /// Waits for a rotation on demand.
    pub(crate) waits: bool,
}

/// What related keys share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared {
    pub(crate) materials: Vec<Material>,
    /// The period in days, and the next date.
    pub(crate) calendar: Option<(i64, i64)>,
    pub(crate) asked: Option<i64>,
    pub(crate) primary: usize,
    pub(crate) replicas: BTreeSet<usize>,
}

/// One key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) state: State,
    /// The waiting period in days, and its end once it has begun.
    pub(crate) deletion: Option<(i64, Option<i64>)>,
    pub(crate) aliases: Vec<String>,
    pub(crate) grants: Vec<String>,
    pub(crate) tagged: bool,
    /// What the primary shared last.
    told: Shared,
}

/// A key, or a primary and its replicas, by the numbers of their Regions.
#[derive(Debug, Clone)]
pub(crate) struct Set {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) multi: bool,
    pub(crate) shared: Shared,
    pub(crate) keys: BTreeMap<usize, Key>,
    /// A ciphertext of each material.
    pub(crate) secrets: BTreeMap<usize, String>,
    /// A rotation whose material is not in every Region yet; whether somebody asked for it.
    coming: Option<bool>,
    moving: Option<usize>,
    /// Replicas that are gone, of which the primary has not heard.
    left: BTreeSet<usize>,
    made: usize,
}

impl Set {
    pub(crate) fn new(id: String, kind: Kind, multi: bool, region: usize) -> Self {
        let mut set = Self {
            id,
            kind,
            multi,
            shared: Shared {
                primary: region,
                ..Shared::default()
            },
            keys: BTreeMap::new(),
            secrets: BTreeMap::new(),
            coming: None,
            moving: None,
            left: BTreeSet::new(),
            made: 0,
        };
        let state = if kind == Kind::Imported {
            State::PendingImport
        } else {
            set.make(None);
            State::Enabled
        };
        set.found(region, state);
        set
    }

    fn found(&mut self, region: usize, state: State) {
        let key = Key {
            state,
            deletion: None,
            aliases: Vec::new(),
            grants: Vec::new(),
            tagged: false,
            told: self.shared.clone(),
        };
        self.keys.insert(region, key);
    }

    fn make(&mut self, rotated: Option<(i64, bool)>) {
        self.made += 1;
        self.shared.materials.push(Material {
            number: self.made,
            rotated,
            held: true,
            expires: None,
            waits: false,
        });
    }

    /// What a key knows of what the set shares.
    pub(crate) fn view(&self, region: usize) -> &Shared {
        match self.keys.get(&region) {
            Some(key) if region != self.shared.primary => &key.told,
            _ => &self.shared,
        }
    }

    /// The dates of a key that a crash may have moved a little.
    pub(crate) fn dates(&mut self, region: usize) -> (Option<&mut i64>, &mut Shared) {
        if region != self.shared.primary {
            let key = self.keys.get_mut(&region).expect("it is there");
            return (key.deletion.as_mut().and_then(|(_, at)| at.as_mut()), &mut key.told);
        }
        let key = self.keys.get_mut(&region).expect("it is there");
        (key.deletion.as_mut().and_then(|(_, at)| at.as_mut()), &mut self.shared)
    }

    /// The number of the material that encrypts.
    pub(crate) fn current(&self, region: usize) -> Option<usize> {
        let own = self.view(region).materials.iter().rfind(|material| !material.waits);
        own.map(|material| material.number)
    }

    fn state(&self, region: usize) -> Result<State, Refused> {
        self.keys.get(&region).map(|key| key.state).ok_or(NOT_FOUND)
    }

    fn key(&mut self, region: usize) -> &mut Key {
        self.keys.get_mut(&region).expect("it is there")
    }

    /// Changes what nobody but the caller decides about a key, if it is there.
    pub(crate) fn change(&mut self, region: usize, change: impl FnOnce(&mut Key)) {
        if let Some(key) = self.keys.get_mut(&region) {
            change(key);
        }
    }

    fn is_replica(&self, region: usize) -> bool {
        region != self.shared.primary
    }

    fn lacks_material(&self) -> bool {
        let mut own = self
            .shared
            .materials
            .iter()
            .filter(|material| !material.waits)
            .peekable();
        own.peek().is_none() || own.any(|material| !material.held)
    }

    pub(crate) fn switch(&mut self, region: usize, on: bool) -> Result<(), Refused> {
        self.state(region)?
            .among(&[State::Enabled, State::Disabled])
            .map_err(|_| INVALID_STATE)?;
        self.key(region).state = if on { State::Enabled } else { State::Disabled };
        Ok(())
    }

    pub(crate) fn schedule(&mut self, region: usize, days: i64, now: i64) -> Result<(), Refused> {
        self.state(region)?
            .among(&[State::Enabled, State::Disabled, State::PendingImport])?;
        let waits = !self.is_replica(region) && !self.shared.replicas.is_empty();
        let key = self.key(region);
        (key.state, key.deletion) = if waits {
            (State::PendingReplicaDeletion, Some((days, None)))
        } else {
            (State::PendingDeletion, Some((days, Some(now + days * DAY))))
        };
        Ok(())
    }

    pub(crate) fn cancel(&mut self, region: usize, now: i64) -> Result<(), Refused> {
        if !self.state(region)?.ends() {
            return Err(INVALID_STATE);
        }
        let lacks = self.kind == Kind::Imported && self.lacks_material();
        let key = self.key(region);
        if matches!(key.deletion, Some((_, Some(at))) if at <= now) {
            return Err(NOT_FOUND);
        }
        key.deletion = None;
        key.state = if lacks { State::PendingImport } else { State::Disabled };
        Ok(())
    }

    /// What an operation that changes how a key rotates demands.
    fn rotatable(&self, region: usize, kinds: &[Kind]) -> Result<(), Refused> {
        let state = self.state(region)?;
        if self.is_replica(region) || !kinds.contains(&self.kind) {
            return Err(UNSUPPORTED);
        }
        state.among(&[State::Enabled, State::Updating])
    }

    pub(crate) fn set_calendar(&mut self, region: usize, days: Option<i64>, now: i64) -> Result<(), Refused> {
        self.rotatable(region, &[Kind::Symmetric])?;
        if self.shared.calendar.map(|(period, _)| period) != days {
            self.shared.calendar = days.map(|days| (days, now + days * DAY));
        }
        Ok(())
    }

    pub(crate) fn rotate(&mut self, region: usize, now: i64) -> Result<(), Refused> {
        self.rotatable(region, &[Kind::Symmetric, Kind::Imported])?;
        let close = self.shared.calendar.is_some_and(|(_, next)| next - now <= 20 * 60_000);
        if self.shared.asked.is_some() || self.coming.is_some() || close {
            return Err(CONFLICT);
        }
        let rotated = self.shared.materials.iter().filter_map(|material| material.rotated);
        if rotated.filter(|(_, on_demand)| *on_demand).count() >= 25 {
            return Err("LimitExceededException");
        }
        if self.kind == Kind::Imported && !self.shared.materials.iter().any(|material| material.waits) {
            return Err(INVALID_STATE);
        }
        self.shared.asked = Some(now);
        Ok(())
    }

    pub(crate) fn replicate(&mut self, region: usize, there: usize) -> Result<(), Refused> {
        let state = self.state(region)?;
        if !self.multi || self.is_replica(region) {
            return Err(UNSUPPORTED);
        }
        state.among(&[State::Enabled])?;
        if there == region || self.shared.replicas.contains(&there) {
            return Err("AlreadyExistsException");
        }
        self.shared.replicas.insert(there);
        self.found(there, State::Enabled);
        Ok(())
    }

    pub(crate) fn change_primary(&mut self, region: usize, there: usize) -> Result<(), Refused> {
        let state = self.state(region)?;
        if !self.multi || self.is_replica(region) {
            return Err(UNSUPPORTED);
        }
        state.among(&[State::Enabled, State::Updating])?;
        if self.moving == Some(there) {
            return Ok(());
        }
        state.among(&[State::Enabled])?;
        if there == region {
            return Err("ValidationException");
        }
        self.state(there)?.among(&[State::Enabled])?;
        self.moving = Some(there);
        self.key(region).state = State::Updating;
        Ok(())
    }

    /// Aliases, tags and the like, which only the end of a key rules out.
    pub(crate) fn touch(&self, region: usize) -> Result<(), Refused> {
        if self.state(region)?.ends() {
            Err(INVALID_STATE)
        } else {
            Ok(())
        }
    }

    /// Cryptography, and new grants.
    pub(crate) fn using(&self, region: usize) -> Result<(), Refused> {
        self.state(region)?.among(&[State::Enabled, State::Updating])
    }
}
