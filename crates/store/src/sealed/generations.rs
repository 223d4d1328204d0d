//! Which root generations the records are sealed by.

use std::collections::BTreeMap;

use trent_crypto::root::GenerationId;

use super::Sealed;
use crate::attest::RESERVED_PREFIX;
use crate::engine::{MAX_PAGE, Range};
use crate::error::StoreError;
use crate::key::printable;

impl Sealed {
    /// How many records each root generation has sealed. Reads the whole store, as it is at one revision.
    pub async fn sealed_by(&self) -> Result<BTreeMap<GenerationId, u64>, StoreError> {
        let snapshot = self.engine().snapshot().await?;
        let mut records = BTreeMap::new();
        let mut after = None;
        loop {
            let page = snapshot.range(&Range::everything(after, MAX_PAGE)).await?;
            for (key, stored) in page.items.iter().filter(|(key, _)| !key.starts_with(RESERVED_PREFIX)) {
                let envelope = self.0.sealer.peek(&stored.value);
                let envelope = envelope.map_err(|error| StoreError::BadRecord {
                    key: printable(key),
                    reason: error.to_string(),
                })?;
                *records.entry(envelope.generation).or_default() += 1;
            }
            match page.items.last() {
                Some((last, _)) if page.more => after = Some(last.clone()),
                _ => return Ok(records),
            }
        }
    }
}
