//! The levels of an organization as a decision takes them: from the root to the account, each with its policies.

use smallvec::SmallVec;
use trent_identity::organization::ControlLevel;
use trent_policy::{Attached, Level};

/// As many levels as there can be, and as many policies as they usually have: gathering them allocates nothing.
const LEVELS: usize = 8;
const POLICIES: usize = 16;

/// Levels, with the policies of all of them gathered in one place.
pub(crate) struct Levels<'c> {
    levels: &'c [ControlLevel],
    policies: SmallVec<[Attached<'c>; POLICIES]>,
}

impl<'c> Levels<'c> {
    /// These levels; none limit nothing.
    pub(crate) fn of(levels: Option<&'c [ControlLevel]>) -> Self {
        let levels = levels.unwrap_or_default();
        let policies = levels.iter().flat_map(|level| &level.policies);
        let policies = policies.map(|applied| Attached {
            name: &applied.name,
            policy: applied.policy(),
        });
        Self {
            levels,
            policies: policies.collect(),
        }
    }

    /// Each level with its own policies.
    pub(crate) fn levels(&self) -> SmallVec<[Level<'_>; LEVELS]> {
        let mut rest = &*self.policies;
        let levels = self.levels.iter().map(|level| {
            let (own, others) = rest.split_at(level.policies.len());
            rest = others;
            Level {
                target: &level.target,
                policies: own,
            }
        });
        levels.collect()
    }
}
