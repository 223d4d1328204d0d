//! Keys for tests of rules: any spec, usage, origin and state, with no material behind them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_names::{AccountId, KeyId, Region};
use trent_store::{Revision, Stored};

use super::policies::Policies;
use super::{Home, Key};
use crate::records::{KeyRecord, Manager, Origin};
use crate::state::KeyState;

/// An enabled key without material.
pub(crate) fn key(spec: KeySpec, usage: KeyUsage) -> Key {
    with(spec, usage, |_| ())
}

/// The same after a change of its record.
pub(crate) fn with(spec: KeySpec, usage: KeyUsage, change: impl FnOnce(&mut KeyRecord)) -> Key {
    let mut value = record(spec, usage);
    change(&mut value);
    of(value)
}

/// The key with this record.
pub(crate) fn of(value: KeyRecord) -> Key {
    let region = Region::parse("us-east-1").expect("a Region");
    let stored = Stored {
        value,
        revision: Revision::ZERO,
        version: 0,
    };
    let home = Home {
        region,
        quotas: Arc::default(),
    };
    Key::new(&Arc::new(home), &Policies::default(), stored)
}

/// The record of an enabled key without material.
pub(crate) fn record(spec: KeySpec, usage: KeyUsage) -> KeyRecord {
    KeyRecord {
        account: AccountId::ZERO,
        id: KeyId::from_bytes([0; 16], false),
        manager: Manager::Customer,
        spec,
        usage,
        origin: Origin::AwsKms,
        state: KeyState::Enabled,
        description: String::new(),
        created: 0,
        policy: "".into(),
        tags: BTreeMap::new(),
        aliases: BTreeSet::new(),
        destruction_key: Vec::new().into(),
        materials: Vec::new(),
        policy_principals: None,
        replica_of: None,
        deletion: None,
        rotation: None,
        related: None,
        on_demand: None,
        public_key: None,
    }
}
