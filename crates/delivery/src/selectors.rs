//! What sinks are without, as it was when they were last begun: so that a change of it can be recorded.

use minicbor::{Decode, Encode};
use trent_crypto::record::Class;
use trent_store::{CommitError, Everywhere, GlobalStore, Key, Kind, LivesIn, Record, Sealed, StoreError, kinds};

/// The sources whose events a sink does not get.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct SelectorsRecord {
    #[n(0)]
    excluded_sources: Vec<String>,
}

impl Record for SelectorsRecord {
    const KIND: Kind = kinds::SINK_SELECTORS;
    const CLASS: Class = Class::Audit;
    const VERSION: u8 = 1;
}

impl LivesIn<Everywhere> for SelectorsRecord {}

/// What the sinks of a deployment are without.
pub struct Selectors {
    store: GlobalStore,
}

impl Selectors {
    /// As a store has it.
    pub fn new(store: &Sealed) -> Self {
        Self { store: store.global() }
    }

    /// What a sink was without when it was last begun.
    pub async fn known(&self, sink: &str) -> Result<Vec<String>, StoreError> {
        let known = self.store.get(&self.key(sink)).await?;
        Ok(known.map(|known| known.value.excluded_sources).unwrap_or_default())
    }

    /// Notes what it is without from now on.
    pub async fn note(&self, sink: &str, excluded_sources: &[String]) -> Result<(), CommitError> {
        let mut txn = self.store.txn();
        let record = SelectorsRecord {
            excluded_sources: excluded_sources.to_vec(),
        };
        txn.put(&self.key(sink), &record);
        self.store.commit(txn).await.map(drop)
    }

    fn key(&self, sink: &str) -> Key<SelectorsRecord> {
        Key::new().part(&self.store.blind::<SelectorsRecord>(sink.as_bytes()))
    }
}
