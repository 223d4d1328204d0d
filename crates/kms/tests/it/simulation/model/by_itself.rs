//! What the service does by itself: letters between Regions, deletions, rotations.

use super::{DAY, Key, Kind, Set, State};

impl Set {
    /// Regions hear of each other.
    pub(crate) fn deliver(&mut self, now: i64) {
        let primary = self.shared.primary;
        for gone in std::mem::take(&mut self.left) {
            self.shared.replicas.remove(&gone);
            if let Some(key) = self.keys.get_mut(&primary)
                && self.shared.replicas.is_empty()
                && key.state == State::PendingReplicaDeletion
            {
                key.state = State::PendingDeletion;
                key.deletion = key.deletion.map(|(days, _)| (days, Some(now + days * DAY)));
            }
        }
        if let Some(on_demand) = self.coming.take() {
            self.complete(now, on_demand);
        }
        if let Some(there) = self.moving.take() {
            self.key(primary).state = State::Enabled;
            if self.state(there) == Ok(State::Enabled) {
                self.shared.replicas.remove(&there);
                self.shared.replicas.insert(primary);
                self.shared.primary = there;
            }
        }
        let shared = self.shared.clone();
        for key in self.keys.values_mut() {
            key.told.clone_from(&shared);
        }
    }

    fn complete(&mut self, now: i64, on_demand: bool) {
        self.make(Some((now, on_demand)));
        if on_demand {
            self.shared.asked = None;
        }
    }

    /// The service does what is due; the keys that are gone.
    pub(crate) fn settle(&mut self, now: i64) -> Vec<(usize, Key)> {
        self.expire(now);
        let over =
            |key: &Key| key.state == State::PendingDeletion && matches!(key.deletion, Some((_, Some(at))) if at <= now);
        let regions = self.keys.iter().filter(|(_, key)| over(key)).map(|(region, _)| *region);
        let mut gone = Vec::new();
        for region in regions.collect::<Vec<_>>() {
            gone.extend(self.keys.remove(&region).map(|key| (region, key)));
            if self.is_replica(region) {
                self.left.insert(region);
            }
        }
        while self.state(self.shared.primary) == Ok(State::Enabled) && self.coming.is_none() && self.rotate_one(now) {}
        gone
    }

    fn rotate_one(&mut self, now: i64) -> bool {
        let on_demand = self.shared.asked.is_some();
        if self.kind == Kind::Imported {
            let waiting = self.shared.materials.iter_mut().find(|material| material.waits);
            if let Some(material) = waiting.filter(|_| on_demand) {
                material.waits = false;
                material.rotated = Some((now, true));
                self.shared.asked = None;
            }
            return false;
        }
        match &mut self.shared.calendar {
            _ if on_demand => {}
            Some((days, next)) if *next <= now => {
                // A day late begins anew; less leaves the days as they were.
                let from = if now - *next > DAY { now } else { *next };
                *next = from + *days * DAY;
            }
            _ => return false,
        }
        if self.shared.replicas.is_empty() {
            self.complete(now, on_demand);
        } else {
            self.coming = Some(on_demand);
        }
        true
    }

    /// Everything that happens by itself, until nothing does; the keys that are gone.
    pub(crate) fn work(&mut self, now: i64) -> Vec<(usize, Key)> {
        let mut gone = Vec::new();
        for _ in 0..3 {
            self.deliver(now);
            gone.extend(self.settle(now));
        }
        self.deliver(now);
        gone
    }
}
