//! `KeyMetadata`: what `DescribeKey` tells about a key, and `CreateKey` about a new one; its members that other replies
//! have too.

use trent_api::{ApiError, Timestamp, kms};
use trent_audit::json::Object;
use trent_crypto::spec::Algorithms;
use trent_names::{KeyArn, Region};
use trent_service::internal;

use crate::keys::Key;
use crate::records::{KeyRecord, Manager};
use crate::state::KeyState;

/// The metadata of a key. Which members are there depends on the key; those that do not apply are absent.
pub(crate) fn of(key: &Key) -> Result<kms::KeyMetadata, ApiError> {
    let record = &key.record;
    let algorithms = Listed::of(key)?;
    let imported = Expiration::of(record);
    Ok(kms::KeyMetadata {
        aws_account_id: Some(record.account.to_string()),
        key_id: record.id.to_string(),
        arn: Some(key.arn.as_str().to_owned()),
        creation_date: Some(Timestamp::from_millis(record.created)),
        enabled: Some(record.state == KeyState::Enabled),
        description: Some(record.description.clone()),
        key_usage: Some(usage(key)?),
        key_state: Some(record.state.on_the_wire()),
        origin: Some(origin(key)?),
        key_manager: Some(match record.manager {
            Manager::Customer => kms::KeyManagerType::Customer,
            Manager::Aws => kms::KeyManagerType::Aws,
        }),
        key_spec: Some(spec(key)?),
        customer_master_key_spec: older_spec(key),
        multi_region: Some(record.id.is_multi_region()),
        multi_region_configuration: configuration(key)?,
        current_key_material_id: key.current_material(),
        expiration_model: imported.model,
        valid_to: imported.valid_to.map(Timestamp::from_millis),
        deletion_date: record.deletion_due().map(Timestamp::from_millis),
        pending_deletion_window_in_days: waiting_window(key),
        encryption_algorithms: algorithms.encryption,
        signing_algorithms: algorithms.signing,
        mac_algorithms: algorithms.mac,
        key_agreement_algorithms: algorithms.agreement,
        encapsulation_algorithms: algorithms.encapsulation,
        ..kms::KeyMetadata::default()
    })
}

/// What every key of a multi-Region set tells of the set, and what the key itself is in it.
fn configuration(key: &Key) -> Result<Option<kms::MultiRegionConfiguration>, ApiError> {
    let record = &key.record;
    if !record.id.is_multi_region() {
        return Ok(None);
    }
    let own = KeyArn::parse(&key.arn).map_err(internal)?;
    let replicas = record.related.iter().flat_map(|related| &related.replicas);
    Ok(Some(kms::MultiRegionConfiguration {
        multi_region_key_type: Some(match record.replica_of {
            Some(_) => kms::MultiRegionKeyType::Replica,
            None => kms::MultiRegionKeyType::Primary,
        }),
        primary_key: Some(in_region(record.replica_of.as_ref().unwrap_or(&own.region), record)),
        replica_keys: Some(replicas.map(|region| in_region(region, record)).collect()),
    }))
}

/// The key of a set in a Region.
fn in_region(region: &Region, record: &KeyRecord) -> kms::MultiRegionKey {
    kms::MultiRegionKey {
        arn: Some(KeyArn::new(region.clone(), record.account, record.id).to_string()),
        region: Some(region.to_string()),
    }
}

/// What is told of the expiry of imported material.
#[derive(Default)]
struct Expiration {
    model: Option<kms::ExpirationModelType>,
    /// The earliest of the key's materials.
    valid_to: Option<i64>,
}

impl Expiration {
    /// Material that was deleted is not told of; material that has expired still is, with the date that has passed.
    fn of(record: &KeyRecord) -> Self {
        let told = record.own_materials().filter_map(|material| {
            let imported = material.imported.as_ref()?;
            let is_told = material.wrapped.is_some() || imported.expires.is_some();
            is_told.then_some(imported.expires)
        });
        told.fold(Self::default(), |so_far, expires| match expires {
            Some(at) => Self {
                model: Some(kms::ExpirationModelType::KeyMaterialExpires),
                valid_to: Some(so_far.valid_to.map_or(at, |earlier| earlier.min(at))),
            },
            None => Self {
                model: so_far
                    .model
                    .or(Some(kms::ExpirationModelType::KeyMaterialDoesNotExpire)),
                ..so_far
            },
        })
    }
}

/// The waiting period of a primary key that it has not begun yet.
fn waiting_window(key: &Key) -> Option<i32> {
    let waits = key.record.state == KeyState::PendingReplicaDeletion;
    Some(key.record.deletion.filter(|_| waits)?.window_days)
}

/// The algorithms of a key, in the list of its usage; there are no others.
#[derive(Default)]
pub(crate) struct Listed {
    pub(crate) encryption: Option<Vec<kms::EncryptionAlgorithmSpec>>,
    pub(crate) signing: Option<Vec<kms::SigningAlgorithmSpec>>,
    pub(crate) mac: Option<Vec<kms::MacAlgorithmSpec>>,
    pub(crate) agreement: Option<Vec<kms::KeyAgreementAlgorithmSpec>>,
    pub(crate) encapsulation: Option<Vec<kms::EncapsulationAlgorithmSpec>>,
}

impl Listed {
    /// The algorithms of a key.
    pub(crate) fn of(key: &Key) -> Result<Self, ApiError> {
        let algorithms = key.record.spec.algorithms(key.record.usage).ok_or_else(|| {
            internal(format_args!(
                "{} has a spec and a usage that do not go together",
                key.arn
            ))
        })?;
        let mut listed = Self::default();
        match algorithms {
            Algorithms::Encryption(list) => {
                listed.encryption = Some(all(list, |it| kms::EncryptionAlgorithmSpec::parse(it.as_str()))?);
            }
            Algorithms::Signing(list) => {
                listed.signing = Some(all(list, |it| kms::SigningAlgorithmSpec::parse(it.as_str()))?);
            }
            Algorithms::Mac(list) => listed.mac = Some(all(list, |it| kms::MacAlgorithmSpec::parse(it.as_str()))?),
            Algorithms::KeyAgreement(list) => {
                listed.agreement = Some(all(list, |it| kms::KeyAgreementAlgorithmSpec::parse(it.as_str()))?);
            }
            Algorithms::Encapsulation(list) => {
                listed.encapsulation = Some(all(list, |it| kms::EncapsulationAlgorithmSpec::parse(it.as_str()))?);
            }
        }
        Ok(listed)
    }
}

fn all<A, T>(list: &[A], on_the_wire: impl Fn(&A) -> Option<T>) -> Result<Vec<T>, ApiError> {
    list.iter().map(|it| modelled(on_the_wire(it))).collect()
}

/// The spec of a key on the wire.
pub(crate) fn spec(key: &Key) -> Result<kms::KeySpec, ApiError> {
    modelled(kms::KeySpec::parse(key.record.spec.as_str()))
}

/// The spec as the older member has it, if it has it.
pub(crate) fn older_spec(key: &Key) -> Option<kms::CustomerMasterKeySpec> {
    kms::CustomerMasterKeySpec::parse(key.record.spec.as_str())
}

/// The usage of a key on the wire.
pub(crate) fn usage(key: &Key) -> Result<kms::KeyUsageType, ApiError> {
    modelled(kms::KeyUsageType::parse(key.record.usage.as_str()))
}

/// The origin of a key on the wire.
pub(crate) fn origin(key: &Key) -> Result<kms::OriginType, ApiError> {
    modelled(kms::OriginType::parse(key.record.origin.as_str()))
}

/// The tables of specs and the interface model name the same things; a test walks them all.
fn modelled<T>(value: Option<T>) -> Result<T, ApiError> {
    value.ok_or_else(|| internal("a value of the table of specs is missing from the interface model"))
}

/// The metadata of a new key as the record of its creation shows it.
pub(crate) fn audited(metadata: &kms::KeyMetadata) -> Object {
    let mut shown = Object::new();
    let spec = metadata.key_spec.map(kms::KeySpec::as_str).unwrap_or_default();
    shown
        .string("aWSAccountId", metadata.aws_account_id.as_deref().unwrap_or_default())
        .string("keyId", &metadata.key_id)
        .string("arn", metadata.arn.as_deref().unwrap_or_default());
    if let Some(created) = metadata.creation_date {
        shown.string("creationDate", &created.in_words());
    }
    shown
        .boolean("enabled", metadata.enabled.unwrap_or(false))
        .string("description", metadata.description.as_deref().unwrap_or_default());
    let mut text = |name, value: Option<&str>| {
        if let Some(value) = value {
            shown.string(name, value);
        }
    };
    text("keyUsage", metadata.key_usage.map(kms::KeyUsageType::as_str));
    text("keyState", metadata.key_state.map(kms::KeyState::as_str));
    text("origin", metadata.origin.map(kms::OriginType::as_str));
    text("keyManager", metadata.key_manager.map(kms::KeyManagerType::as_str));
    // Both names of the one thing, whatever replies say of newer specs.
    text("customerMasterKeySpec", Some(spec));
    text("keySpec", Some(spec));
    audit_algorithms(&mut shown, metadata);
    shown.boolean("multiRegion", metadata.multi_region.unwrap_or(false));
    if let Some(configuration) = &metadata.multi_region_configuration {
        shown.object("multiRegionConfiguration", audited_configuration(configuration));
    }
    shown
}

/// The one list of algorithms that the key has.
fn audit_algorithms(shown: &mut Object, metadata: &kms::KeyMetadata) {
    if let Some(list) = &metadata.encryption_algorithms {
        shown.strings("encryptionAlgorithms", list.iter().map(|it| it.as_str()));
    }
    if let Some(list) = &metadata.signing_algorithms {
        shown.strings("signingAlgorithms", list.iter().map(|it| it.as_str()));
    }
    if let Some(list) = &metadata.mac_algorithms {
        shown.strings("macAlgorithms", list.iter().map(|it| it.as_str()));
    }
    if let Some(list) = &metadata.key_agreement_algorithms {
        shown.strings("keyAgreementAlgorithms", list.iter().map(|it| it.as_str()));
    }
    if let Some(list) = &metadata.encapsulation_algorithms {
        shown.strings("encapsulationAlgorithms", list.iter().map(|it| it.as_str()));
    }
}

fn audited_configuration(configuration: &kms::MultiRegionConfiguration) -> Object {
    let key = |key: &kms::MultiRegionKey| {
        let mut shown = Object::new();
        shown
            .string("arn", key.arn.as_deref().unwrap_or_default())
            .string("region", key.region.as_deref().unwrap_or_default());
        shown
    };
    let mut shown = Object::new();
    if let Some(kind) = configuration.multi_region_key_type {
        shown.string("multiRegionKeyType", kind.as_str());
    }
    if let Some(primary) = &configuration.primary_key {
        shown.object("primaryKey", key(primary));
    }
    shown.objects("replicaKeys", configuration.replica_keys.iter().flatten().map(key));
    shown
}

#[cfg(test)]
mod tests;
