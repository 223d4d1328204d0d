//! When access keys and roles were used last: noted in memory as requests come, written down now and then.
//!
//! A note costs a request nothing but the look at a clock's hand; see [`crate::signing_keys::Signatory`]. What is not
//! written down when a server stops is lost: it is a hint for people who clean up, and decides nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use trent_names::Region;
use trent_store::Key;

use super::principals::LastUseRecord;
use super::{Directory, EntityError, Planned};

/// A use is written down only if the one written before is older than this: milliseconds.
pub(crate) const RESOLUTION: u64 = 15 * 60 * 1_000;

/// Uses in one transaction.
const AT_ONCE: usize = 50;

/// Uses that are kept until they are written; more are forgotten.
const KEPT: usize = 10_000;

/// Uses that are not yet written down, by access key id or unique id of a role.
#[derive(Default)]
pub(super) struct Pending(Mutex<HashMap<Box<str>, LastUseRecord>>);

impl Directory {
    /// Notes a use.
    pub(crate) fn note_use(&self, subject: &str, at: u64, region: &Region, service: &str) {
        let mut pending = self.usage.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() < KEPT || pending.contains_key(subject) {
            let record = LastUseRecord {
                at,
                region: region.as_str().to_owned(),
                service: service.to_owned(),
            };
            pending.insert(subject.into(), record);
        }
    }

    /// Some of the uses that are not written down yet, as a transaction to be committed; `None` if there are none. A
    /// server asks now and then, until there are none. What was noted is forgotten with this, committed or not.
    pub async fn plan_last_uses(&self) -> Result<Option<Planned<usize>>, EntityError> {
        let taken: Vec<(Box<str>, LastUseRecord)> = {
            let mut pending = self.usage.0.lock().unwrap_or_else(PoisonError::into_inner);
            let some: Vec<Box<str>> = pending.keys().take(AT_ONCE).cloned().collect();
            some.into_iter()
                .filter_map(|subject| pending.remove_entry(&subject))
                .collect()
        };
        if taken.is_empty() {
            return Ok(None);
        }
        let mut transaction = self.store.txn();
        let mut written = 0;
        for (subject, record) in taken {
            let key = self.last_use_key(&subject);
            let before = self.store.get(&key).await?.map(|stored| stored.value.at);
            if before.is_none_or(|before| before.saturating_add(RESOLUTION) <= record.at) {
                transaction.put(&key, &record);
                written += 1;
            }
        }
        Ok(Some(Planned {
            transaction,
            output: written,
        }))
    }

    pub(super) fn last_use_key(&self, subject: &str) -> Key<LastUseRecord> {
        Key::new().part(&self.store.blind::<LastUseRecord>(subject.as_bytes()))
    }
}
