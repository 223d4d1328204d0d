//! When something is next to be done to a key by itself: a pure function of its record.

use trent_names::{AccountId, KeyId};
use trent_store::Job;

use crate::records::{KeyRecord, subject_of, subject_parts};
use crate::state::KeyState;

impl KeyRecord {
    /// The earliest moment, in milliseconds since the Unix epoch, at which something is to be done to the key.
    pub fn due(&self) -> Option<i64> {
        [
            self.deletion_due(),
            self.rotation_due(),
            self.on_demand_due(),
            self.expiry_due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// When its waiting period ends.
    pub fn deletion_due(&self) -> Option<i64> {
        let pending = self.state == KeyState::PendingDeletion;
        self.deletion.filter(|_| pending)?.at
    }

    /// When the first of its imported materials expires.
    pub fn expiry_due(&self) -> Option<i64> {
        let held = self.materials.iter().filter(|material| material.wrapped.is_some());
        held.filter_map(|material| material.imported.as_ref()?.expires).min()
    }

    /// What the runner has to do for the key, if anything.
    pub(crate) fn job(&self) -> Option<Job> {
        Some(Job {
            // No entry is older than the epoch.
            due: self.due()?.max(0),
            subject: subject_of(self.account, self.id),
        })
    }
}

/// The key that a job is about.
pub(crate) fn key_of(job: &Job) -> Option<(AccountId, KeyId)> {
    subject_parts(&job.subject)
}

#[cfg(test)]
mod tests {
    use trent_crypto::spec::{KeySpec, KeyUsage};

    use super::*;
    use crate::keys::fixture;
    use crate::records::{AutomaticRotation, Deletion, Imported, MaterialRecord};

    const NOW: i64 = 1_800_000_000_000;

    #[test]
    fn the_earliest_of_what_the_state_lets_happen_is_due() {
        let mut record = fixture::record(KeySpec::DEFAULT, KeyUsage::EncryptDecrypt);
        assert_eq!(record.due(), None);
        record.rotation = Some(AutomaticRotation {
            period_days: 90,
            next: NOW + 5,
        });
        assert_eq!(record.due(), Some(NOW + 5));
        record.on_demand = Some(NOW + 3);
        assert_eq!(record.due(), Some(NOW + 3));
        record.deletion = Some(Deletion {
            window_days: 7,
            at: Some(NOW + 9),
        });
        assert_eq!(record.due(), Some(NOW + 3), "a key that is not pending is not deleted");
        record.state = KeyState::PendingDeletion;
        assert_eq!(record.due(), Some(NOW + 9), "and one that is does not rotate");
        record.state = KeyState::Disabled;
        assert_eq!(record.due(), None);
        let id = trent_crypto::identity::MaterialId([1; 32]);
        record.materials = vec![MaterialRecord {
            imported: Some(Imported {
                expires: Some(NOW + 1),
                description: None,
            }),
            ..MaterialRecord::new(id, vec![1], NOW)
        }];
        assert_eq!(record.due(), Some(NOW + 1), "material expires in every state");
        record.materials[0].wrapped = None;
        assert_eq!(record.due(), None);
    }

    #[test]
    fn a_job_names_its_key() {
        let mut record = fixture::record(KeySpec::DEFAULT, KeyUsage::EncryptDecrypt);
        assert_eq!(record.job(), None);
        record.on_demand = Some(NOW);
        let job = record.job().expect("a job");
        assert_eq!(key_of(&job), Some((record.account, record.id)));
        assert_eq!(
            key_of(&Job {
                due: 1,
                subject: vec![1, 2, 3]
            }),
            None
        );
    }
}
