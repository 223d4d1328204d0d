//! The calendar of automatic rotation: which day comes next. Pure arithmetic, in milliseconds since the Unix epoch, a day
//! being 24 hours whatever the calendar calls it (guide, "Rotating AWS KMS keys").

use crate::records::{AutomaticRotation, KeyRecord, Manager};

/// The rotation period where nobody says one, and that of AWS managed keys: a year, in days.
pub(crate) const YEAR: i32 = 365;

/// The milliseconds of a day.
pub(crate) const DAY: i64 = 24 * 60 * 60 * 1000;

/// A rotation that comes later than this after its day begins the calendar anew; one that is only a little late, as after a
/// restart, leaves it as it was, so that days do not wander.
const LATE: i64 = DAY;

impl AutomaticRotation {
    /// The calendar of a key whose rotation is switched on at `now`, or whose period is changed then.
    pub(crate) fn from_now(now: i64, period_days: i32) -> Self {
        Self {
            period_days,
            next: now.saturating_add(i64::from(period_days) * DAY),
        }
    }

    /// The calendar after the rotation that was due has been carried out at `now`. However many days were missed, there is
    /// one rotation for them.
    pub(crate) fn carried_out(self, now: i64) -> Self {
        let on_time = now.saturating_sub(self.next) <= LATE;
        Self::from_now(if on_time { self.next } else { now }, self.period_days)
    }
}

impl KeyRecord {
    /// The calendar by which the key rotates. That of an AWS managed key is nobody's to choose: each year after its last
    /// rotation or, before the first one, after it was made.
    pub(crate) fn calendar(&self) -> Option<AutomaticRotation> {
        let yearly = || {
            let last = self
                .materials
                .iter()
                .filter_map(|material| material.rotated)
                .map(|it| it.at)
                .max();
            AutomaticRotation::from_now(last.unwrap_or(self.created), YEAR)
        };
        match self.manager {
            Manager::Customer => self.rotation,
            Manager::Aws => Some(yearly()),
        }
    }
}

#[cfg(test)]
mod tests;
