//! Declared services compared with the registered ones.
//!
//! They are declared whole, and a step brings one service about with its access keys. A service that goes takes its keys
//! with it; one that comes again under the same name is another.

use std::collections::BTreeMap;
use std::time::Duration;

use trent_store::{GlobalTxn, Key, Revision, Stored};

use super::super::Path;
use super::super::access_keys::DeclaredAccessKey;
use super::super::services::DeclaredService;
use super::change::{Change, Kind};
use super::comparison::has_secret;
use super::error::ApplyError;
use crate::access_key::AccessKeyId;
use crate::directory::{
    AccessKeyEntry, AccessKeyOwner, AccessKeyRecord, AccessKeyStatus, Directory, DirectoryError, Entity, EntityError,
    milliseconds,
};
use crate::services::registration::{ServiceRecord, service_key};

/// Records that are listed at a time.
const PAGE: usize = 200;

/// Operations that a step adds to a transaction at most: the service, two new access keys and two that go.
pub(super) const MOST_OPERATIONS: usize = 5;

/// One service, and what happens to it.
pub(super) struct Step {
    pub(super) changes: Vec<Change>,
    key: Key<ServiceRecord>,
    read_at: Option<Revision>,
    /// `None` if it goes.
    record: Option<ServiceRecord>,
    added: Vec<(Key<AccessKeyRecord>, AccessKeyRecord)>,
    removed: Vec<Key<AccessKeyRecord>>,
}

impl Step {
    /// Adds the step to a transaction.
    pub(super) fn write(&self, transaction: &mut GlobalTxn) {
        match (&self.record, self.read_at) {
            (Some(record), Some(revision)) => transaction.update(&self.key, record, revision),
            (Some(record), None) => transaction.insert(&self.key, record),
            (None, Some(revision)) => transaction.delete(&self.key, revision),
            (None, None) => transaction,
        };
        for (key, record) in &self.added {
            transaction.insert(key, record);
        }
        for key in &self.removed {
            transaction.remove(key);
        }
    }
}

/// Compares. What goes comes first: what is new may take its names.
pub(super) async fn compare(
    directory: &Directory,
    declared: &[DeclaredService],
    now: Duration,
) -> Result<Vec<Step>, ApplyError> {
    let mut stored = all(directory).await?;
    let mut steps = Vec::new();
    for (at, service) in declared.iter().enumerate() {
        let path = Path::default().field("services").item(at);
        let known = stored.remove(service.name.as_str());
        steps.extend(one(directory, &path, service, known, now).await?);
    }
    let gone = stored.into_values().map(|(key, known)| {
        let removed = known.value.access_keys.iter();
        Step {
            changes: vec![told(Kind::Remove, format!("service {}", known.value.name))],
            removed: removed.map(|entry| directory.access_key_key(&entry.id)).collect(),
            key,
            read_at: Some(known.revision),
            record: None,
            added: Vec::new(),
        }
    });
    Ok(gone.chain(steps).collect())
}

/// What is to be done about one service; `None` if it is there as declared.
async fn one(
    directory: &Directory,
    path: &Path,
    declared: &DeclaredService,
    known: Option<(Key<ServiceRecord>, Stored<ServiceRecord>)>,
    now: Duration,
) -> Result<Option<Step>, ApplyError> {
    let name = declared.name.as_str();
    let (key, known) = match known {
        Some((key, stored)) => (key, Some(stored)),
        None => (service_key(directory.store(), name), None),
    };
    let begun = milliseconds(now);
    let before = known.as_ref().map(|stored| &stored.value);
    let mut record = ServiceRecord {
        name: name.to_owned(),
        via: declared.via.clone(),
        signing_name: declared.signing_name.clone(),
        regions: declared.regions.clone(),
        accounts: declared.accounts.clone(),
        actions: declared.actions.clone(),
        trusted_in: declared.trusted_in.clone(),
        access_keys: before.map(|record| record.access_keys.clone()).unwrap_or_default(),
        last_serial: before.map_or(begun, |record| record.last_serial),
        registered_at: before.map_or(begun, |record| record.registered_at),
    };
    let mut changes = Vec::new();
    match before {
        None => changes.push(told(Kind::Add, format!("service {name}"))),
        Some(before) if *before != record => changes.push(told(Kind::Alter, format!("service {name}"))),
        Some(_) => {}
    }
    let mut removed = Vec::new();
    record.access_keys.retain(|entry| {
        let stays = declared.access_keys.iter().any(|key| key.id.as_str() == entry.id);
        if !stays {
            changes.push(told(Kind::Remove, format!("access key {} of service {name}", entry.id)));
            removed.push(directory.access_key_key(&entry.id));
        }
        stays
    });
    let mut added = Vec::new();
    for (at, key) in declared.access_keys.iter().enumerate() {
        if record.access_keys.iter().any(|entry| entry.id == key.id.as_str()) {
            if !has_secret(directory, key).await? {
                let (whose, id) = (format!("service {name}"), key.id.clone());
                return Err(ApplyError::OtherSecret { whose, id });
            }
            continue;
        }
        record.last_serial += 1;
        changes.push(told(Kind::Add, format!("access key {} of service {name}", key.id)));
        added.push(access_key(directory, &path.field("access_keys").item(at), key, &record).await?);
        record.access_keys.push(AccessKeyEntry {
            id: key.id.as_str().to_owned(),
            serial: record.last_serial,
            status: AccessKeyStatus::Active,
            created_at: begun,
            imported: Some(true),
        });
    }
    Ok((!changes.is_empty()).then(|| Step {
        changes,
        key,
        read_at: known.map(|stored| stored.revision),
        record: Some(record),
        added,
        removed,
    }))
}

/// The record of an access key that nobody else has.
async fn access_key(
    directory: &Directory,
    path: &Path,
    declared: &DeclaredAccessKey,
    service: &ServiceRecord,
) -> Result<(Key<AccessKeyRecord>, AccessKeyRecord), ApplyError> {
    let id: &AccessKeyId = &declared.id;
    if directory
        .has_access_key(id.as_str())
        .await
        .map_err(DirectoryError::from)?
    {
        let (entity, name) = (Entity::AccessKey, id.to_string());
        return Err(ApplyError::refused(
            &path.field("id"),
            EntityError::Exists { entity, name },
        ));
    }
    let sealed = directory.keystore().seal_credential(declared.secret.clone()).await;
    let record = AccessKeyRecord {
        account: String::new(),
        owner: AccessKeyOwner::Service,
        serial: service.last_serial,
        credential: sealed.map_err(DirectoryError::from)?.0,
        user: None,
        service: Some(service.name.clone()),
    };
    Ok((directory.access_key_key(id.as_str()), record))
}

/// Every registered service by its name.
async fn all(
    directory: &Directory,
) -> Result<BTreeMap<String, (Key<ServiceRecord>, Stored<ServiceRecord>)>, ApplyError> {
    let (mut all, mut after) = (BTreeMap::new(), None);
    loop {
        let page = directory.store().range(&Key::new(), after.as_ref(), PAGE).await;
        let page = page.map_err(DirectoryError::from)?;
        after = page.items.last().map(|(key, _): &(Key<ServiceRecord>, _)| key.clone());
        all.extend(
            page.items
                .into_iter()
                .map(|(key, stored)| (stored.value.name.clone(), (key, stored))),
        );
        if !page.more {
            return Ok(all);
        }
    }
}

fn told(kind: Kind, what: String) -> Change {
    Change { kind, what }
}
