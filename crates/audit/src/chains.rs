//! What the store knows of the trail: the first key of every chain, and an anchor, a place that the file must reach.
//!
//! The keys are written before their chains begin, so the store can check every line of the file. The anchor is renewed
//! from time to time with what is on the disk by then; a file that ends before it was cut.

use std::collections::HashMap;

use minicbor::{Decode, Encode};
use tokio::sync::Mutex;
use trent_crypto::{Key256, record::Class};
use trent_store::{CommitError, Everywhere, GlobalStore, Key, Kind, LivesIn, Record, Sealed, StoreError, kinds};
use uuid::Uuid;
use zeroize::Zeroize;

use crate::chain::{Head, Header, Mac, Point, Reached};

/// Chains read at once.
const PAGE: usize = 256;

/// A chain: what its header was authenticated under. Its key is the chain's id.
#[derive(Encode, Decode)]
struct ChainRecord {
    #[cbor(n(0), with = "minicbor::bytes")]
    key: [u8; 32],
}

impl Drop for ChainRecord {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl Record for ChainRecord {
    const KIND: Kind = kinds::AUDIT_CHAIN;
    const CLASS: Class = Class::Audit;
    const VERSION: u8 = 1;
}

impl LivesIn<Everywhere> for ChainRecord {}

/// How far the trail is known to reach, and where a start begins to check it.
#[derive(Encode, Decode)]
struct AnchorRecord {
    /// The id of the file.
    #[cbor(n(0), with = "minicbor::bytes")]
    trail: [u8; 16],
    /// The anchor before this one; none in a new file.
    #[n(1)]
    start: Option<PointRecord>,
    #[n(2)]
    head: PointRecord,
}

#[derive(Encode, Decode)]
struct PointRecord {
    #[cbor(n(0), with = "minicbor::bytes")]
    chain: [u8; 16],
    #[n(1)]
    batch: u64,
    #[n(2)]
    sequence: u64,
    #[cbor(n(3), with = "minicbor::bytes")]
    mac: [u8; 16],
    #[n(4)]
    offset: u64,
    #[cbor(n(5), with = "minicbor::bytes")]
    key: [u8; 32],
}

impl Drop for PointRecord {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl Record for AnchorRecord {
    const KIND: Kind = kinds::AUDIT_ANCHOR;
    const CLASS: Class = Class::Audit;
    const VERSION: u8 = 1;
}

impl LivesIn<Everywhere> for AnchorRecord {}

/// Where the records that are kept begin.
#[derive(Encode, Decode)]
struct FloorRecord {
    /// The number of the last record that is not kept.
    #[n(0)]
    sequence: u64,
    /// The mac of the chain line after it, which the segment behind repeats.
    #[cbor(n(1), with = "minicbor::bytes")]
    mac: [u8; 16],
}

impl Record for FloorRecord {
    const KIND: Kind = kinds::AUDIT_FLOOR;
    const CLASS: Class = Class::Audit;
    const VERSION: u8 = 1;
}

impl LivesIn<Everywhere> for FloorRecord {}

impl From<&Point> for PointRecord {
    fn from(point: &Point) -> Self {
        Self {
            chain: *point.head.chain.as_bytes(),
            batch: point.head.batch,
            sequence: point.head.sequence,
            mac: point.head.mac.0,
            offset: point.offset,
            key: *point.key.expose(),
        }
    }
}

impl From<&PointRecord> for Point {
    fn from(record: &PointRecord) -> Self {
        Self {
            head: Head {
                chain: Uuid::from_bytes(record.chain),
                batch: record.batch,
                sequence: record.sequence,
                mac: Mac(record.mac),
            },
            offset: record.offset,
            key: Key256::new(record.key),
        }
    }
}

/// The one anchor there is.
fn anchor_key() -> Key<AnchorRecord> {
    Key::new().part(b"latest")
}

fn floor_key() -> Key<FloorRecord> {
    Key::new().part(b"latest")
}

fn chain_key(chain: Uuid) -> Key<ChainRecord> {
    Key::new().part(chain.as_bytes())
}

/// An anchor as it was read.
pub(crate) struct Anchor {
    pub(crate) trail: Uuid,
    pub(crate) start: Option<Point>,
    pub(crate) head: Point,
}

/// Where the records that are kept begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Floor {
    /// The number of the last record that is not kept.
    pub(crate) sequence: u64,
    pub(crate) mac: Mac,
}

impl Floor {
    /// Of a trail of which everything is kept.
    const NOTHING: Self = Self {
        sequence: 0,
        mac: Mac::NONE,
    };
}

/// All chains that the store knows, the anchor and the floor: what a trail's files are checked against.
pub struct Chains {
    keys: HashMap<Uuid, Key256>,
    pub(crate) anchor: Option<Anchor>,
    pub(crate) floor: Floor,
}

impl Default for Chains {
    fn default() -> Self {
        Self {
            keys: HashMap::new(),
            anchor: None,
            floor: Floor::NOTHING,
        }
    }
}

impl Chains {
    /// Reads them.
    pub async fn load(store: &Sealed) -> Result<Self, StoreError> {
        let store = store.global();
        let anchor = store.get(&anchor_key()).await?.map(|stored| Anchor {
            trail: Uuid::from_bytes(stored.value.trail),
            start: stored.value.start.as_ref().map(Point::from),
            head: Point::from(&stored.value.head),
        });
        let floor = store.get(&floor_key()).await?.map(|stored| Floor {
            sequence: stored.value.sequence,
            mac: Mac(stored.value.mac),
        });
        let mut chains = Self {
            keys: HashMap::new(),
            anchor,
            floor: floor.unwrap_or(Floor::NOTHING),
        };
        let mut last = None;
        loop {
            let page = store.range(&Key::<ChainRecord>::new(), last.as_ref(), PAGE).await?;
            for (key, stored) in &page.items {
                let id = key.parts().pop().and_then(|part| <[u8; 16]>::try_from(part).ok());
                let id = id.ok_or_else(|| StoreError::BadRecord {
                    key: format!("{key:?}"),
                    reason: "it does not name a chain".into(),
                })?;
                chains.insert(Uuid::from_bytes(id), Key256::new(stored.value.key));
            }
            last = page.items.into_iter().next_back().map(|(key, _)| key);
            if !page.more || last.is_none() {
                return Ok(chains);
            }
        }
    }

    /// These chains with an anchor that was read earlier: what a trail that is being written had reached before its files
    /// were looked at.
    #[must_use]
    pub fn anchored_as(self, earlier: Self) -> Self {
        Self {
            keys: self.keys,
            anchor: earlier.anchor,
            floor: self.floor,
        }
    }

    pub(crate) fn insert(&mut self, chain: Uuid, key: Key256) {
        self.keys.insert(chain, key);
    }

    pub(crate) fn key(&self, chain: Uuid) -> Option<&Key256> {
        self.keys.get(&chain)
    }
}

/// Makes a new chain's key known, durably.
pub(crate) async fn register(store: &GlobalStore, chain: Uuid, key: &Key256) -> Result<(), CommitError> {
    let mut txn = store.txn();
    txn.insert(&chain_key(chain), &ChainRecord { key: *key.expose() });
    store.commit(txn).await?;
    Ok(())
}

/// Notes that the records before a segment are no longer kept: those that its header comes after.
pub(crate) async fn note_floor(store: &GlobalStore, kept: &Header) -> Result<(), CommitError> {
    let mut txn = store.txn();
    let record = FloorRecord {
        sequence: kept.sequence,
        mac: kept.after.0,
    };
    txn.put(&floor_key(), &record);
    store.commit(txn).await?;
    Ok(())
}

/// The anchor of the trail that this process writes.
pub(crate) struct Anchors {
    store: GlobalStore,
    /// The newest anchor, with the segment that it is in.
    latest: Mutex<Option<(Uuid, Point)>>,
}

impl Anchors {
    pub(crate) fn new(store: GlobalStore, latest: Option<(Uuid, Point)>) -> Self {
        Self {
            store,
            latest: Mutex::new(latest),
        }
    }

    pub(crate) fn store(&self) -> &GlobalStore {
        &self.store
    }

    /// Moves the anchor on to what is on the disk.
    pub(crate) async fn advance(&self, reached: Reached) -> Result<(), CommitError> {
        let Reached { segment, point, .. } = reached;
        let mut latest = self.latest.lock().await;
        let before = latest
            .as_ref()
            .filter(|(before, _)| *before == segment)
            .map(|(_, point)| point);
        if before.is_some_and(|before| before.head == point.head) {
            return Ok(());
        }
        let record = AnchorRecord {
            trail: *segment.as_bytes(),
            start: before.map(PointRecord::from),
            head: PointRecord::from(&point),
        };
        let mut txn = self.store.txn();
        txn.put(&anchor_key(), &record);
        self.store.commit(txn).await?;
        *latest = Some((segment, point));
        Ok(())
    }
}
