//! `KeyMetadata`: what `DescribeKey` tells about a key, and `CreateKey` about a new one.

use trent_api::{ApiError, Timestamp, kms};
use trent_audit::json::Object;
use trent_crypto::spec::Algorithms;
use trent_service::internal;

use crate::keys::Key;
use crate::records::Manager;
use crate::state::KeyState;

/// The metadata of a key. Which members are there depends on the key; those that do not apply are absent.
pub(crate) fn of(key: &Key) -> Result<kms::KeyMetadata, ApiError> {
    let record = &key.record;
    let algorithms = record.spec.algorithms(record.usage).ok_or_else(|| {
        internal(format_args!(
            "{} has a spec and a usage that do not go together",
            key.arn
        ))
    })?;
    let mut metadata = kms::KeyMetadata {
        aws_account_id: Some(record.account.to_string()),
        key_id: record.id.to_string(),
        arn: Some(key.arn.clone()),
        creation_date: Some(Timestamp::from_millis(record.created)),
        enabled: Some(record.state == KeyState::Enabled),
        description: Some(record.description.clone()),
        key_usage: Some(modelled(kms::KeyUsageType::parse(record.usage.as_str()))?),
        key_state: Some(record.state.on_the_wire()),
        origin: Some(modelled(kms::OriginType::parse(record.origin.as_str()))?),
        key_manager: Some(match record.manager {
            Manager::Customer => kms::KeyManagerType::Customer,
            Manager::Aws => kms::KeyManagerType::Aws,
        }),
        key_spec: Some(modelled(kms::KeySpec::parse(record.spec.as_str()))?),
        customer_master_key_spec: kms::CustomerMasterKeySpec::parse(record.spec.as_str()),
        multi_region: Some(record.id.is_multi_region()),
        current_key_material_id: key.current_material(),
        ..kms::KeyMetadata::default()
    };
    match algorithms {
        Algorithms::Encryption(list) => {
            let list = list
                .iter()
                .map(|it| modelled(kms::EncryptionAlgorithmSpec::parse(it.as_str())));
            metadata.encryption_algorithms = Some(list.collect::<Result<_, _>>()?);
        }
        Algorithms::Signing(list) => {
            let list = list
                .iter()
                .map(|it| modelled(kms::SigningAlgorithmSpec::parse(it.as_str())));
            metadata.signing_algorithms = Some(list.collect::<Result<_, _>>()?);
        }
        Algorithms::Mac(list) => {
            let list = list
                .iter()
                .map(|it| modelled(kms::MacAlgorithmSpec::parse(it.as_str())));
            metadata.mac_algorithms = Some(list.collect::<Result<_, _>>()?);
        }
        Algorithms::KeyAgreement(list) => {
            let list = list
                .iter()
                .map(|it| modelled(kms::KeyAgreementAlgorithmSpec::parse(it.as_str())));
            metadata.key_agreement_algorithms = Some(list.collect::<Result<_, _>>()?);
        }
        Algorithms::Encapsulation(list) => {
            let list = list
                .iter()
                .map(|it| modelled(kms::EncapsulationAlgorithmSpec::parse(it.as_str())));
            metadata.encapsulation_algorithms = Some(list.collect::<Result<_, _>>()?);
        }
    }
    Ok(metadata)
}

/// The tables of specs and the interface model name the same things; a test walks them all.
fn modelled<T>(value: Option<T>) -> Result<T, ApiError> {
    value.ok_or_else(|| internal("a value of the table of specs is missing from the interface model"))
}

/// The metadata of a new key as the record of its creation shows it.
pub(crate) fn audited(metadata: &kms::KeyMetadata) -> Object {
    let mut shown = Object::new();
    let mut text = |name, value: Option<&str>| {
        if let Some(value) = value {
            shown.string(name, value);
        }
    };
    text("aWSAccountId", metadata.aws_account_id.as_deref());
    text("keyId", Some(&metadata.key_id));
    text("arn", metadata.arn.as_deref());
    text("description", metadata.description.as_deref());
    text("keyUsage", metadata.key_usage.map(kms::KeyUsageType::as_str));
    text("keyState", metadata.key_state.map(kms::KeyState::as_str));
    text("origin", metadata.origin.map(kms::OriginType::as_str));
    text("keyManager", metadata.key_manager.map(kms::KeyManagerType::as_str));
    text("keySpec", metadata.key_spec.map(kms::KeySpec::as_str));
    text(
        "customerMasterKeySpec",
        metadata
            .customer_master_key_spec
            .map(kms::CustomerMasterKeySpec::as_str),
    );
    shown
        .boolean("enabled", metadata.enabled.unwrap_or(false))
        .boolean("multiRegion", metadata.multi_region.unwrap_or(false));
    shown
}

#[cfg(test)]
mod tests;
