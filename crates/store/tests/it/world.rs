//! What the tests above the engines share: record types, keys and sealed stores.

use std::{path::Path, sync::Arc};

use minicbor::{Decode, Encode};
use trent_crypto::{
    record::{Class, RecordSealer},
    root::RootKeys,
    secret::Key256,
};
use trent_names::Region;
use trent_store::{Engine, Everywhere, InRegion, Key, Kind, LivesIn, OpenError, Options, Record, RegionStore, Sealed};

/// Something that a caller owns in a Region.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Thing {
    #[n(0)]
    pub name: String,
    #[n(1)]
    pub count: u64,
}

impl Record for Thing {
    const KIND: Kind = Kind(0xF0);
    const CLASS: Class = Class::Resource;
    const VERSION: u8 = 1;
}

impl LivesIn<InRegion> for Thing {}
impl LivesIn<Everywhere> for Thing {}

/// The same place as a [`Thing`], as a later version would write it: with one field more.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct LaterThing {
    #[n(0)]
    pub name: String,
    #[n(1)]
    pub count: u64,
    #[n(2)]
    pub restriction: Option<String>,
}

impl Record for LaterThing {
    const KIND: Kind = Thing::KIND;
    const CLASS: Class = Thing::CLASS;
    const VERSION: u8 = 1;
}

impl LivesIn<InRegion> for LaterThing {}

/// Something that decides access.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Rule {
    #[n(0)]
    pub allow: bool,
}

impl Record for Rule {
    const KIND: Kind = Kind(0xF1);
    const CLASS: Class = Class::Policy;
    const VERSION: u8 = 1;
}

impl LivesIn<InRegion> for Rule {}

pub fn thing(name: &str, count: u64) -> Thing {
    Thing {
        name: name.into(),
        count,
    }
}

pub fn key<R: Record>(name: &str) -> Key<R> {
    Key::new().part(name.as_bytes())
}

pub fn sealer(seed: u8) -> RecordSealer {
    RecordSealer::new(&RootKeys::first(
        Key256::new([seed; 32]),
        Key256::new([seed ^ 0xFF; 32]),
    ))
}

pub fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

pub fn here(store: &Sealed) -> RegionStore {
    store.region(&region("us-east-1"))
}

pub async fn open(engine: impl Engine + 'static) -> Result<Sealed, OpenError> {
    open_with(Arc::new(engine), Options::default()).await
}

pub async fn open_with(engine: Arc<dyn Engine>, options: Options) -> Result<Sealed, OpenError> {
    Sealed::open(engine, sealer(1), options).await
}

pub fn head_file(path: &Path) -> Options {
    Options {
        head_file: Some(path.to_owned()),
        ..Options::default()
    }
}
