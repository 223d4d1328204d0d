//! Which key decrypts: the one that the request names, or the one that the ciphertext names.

use trent_api::{ApiError, kms, protocol};
use trent_crypto::ciphertext::Parsed;
use trent_crypto::spec::KeyType;
use trent_service::{Call, Row};

use crate::Kms;
use crate::keys::Key;
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;

/// What a request says about the ciphertext and the key that made it.
pub(crate) struct Source<'a> {
    /// The key that the request names, if it does.
    pub(crate) named: Option<&'a str>,
    /// The ciphertext.
    pub(crate) ciphertext: Option<&'a [u8]>,
    /// The grant tokens.
    pub(crate) tokens: Option<&'a [String]>,
    /// Whether a dry run asks for the permissions alone.
    pub(crate) ignored: bool,
}

impl<'a> Source<'a> {
    /// The ciphertext, unless the request is about the permissions alone.
    pub(crate) fn ciphertext_to_open(&self) -> Option<&'a [u8]> {
        if self.ignored { None } else { self.ciphertext }
    }
}

/// Whether `IGNORE_CIPHERTEXT` is in force; outside a dry run it means nothing.
pub(crate) fn is_ignored(dry_run: Option<bool>, modifiers: Option<&[kms::DryRunModifierType]>) -> bool {
    dry_run == Some(true)
        && modifiers.is_some_and(|modifiers| modifiers.contains(&kms::DryRunModifierType::IgnoreCiphertext))
}

/// Finds the key that is to decrypt. A ciphertext that is none of ours names no key at all; one that names a key which
/// is not here looks like a key that the caller may not use.
pub(crate) async fn resolve(
    service: &Kms,
    call: &Call,
    row: &Row<Rules>,
    source: &Source<'_>,
) -> Result<KeyTarget, ApiError> {
    let missing = |member: &str| {
        protocol::validation(format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    };
    if source.ciphertext.is_none() && !source.ignored {
        return Err(missing("ciphertextBlob"));
    }
    if let Some(named) = source.named {
        return reference::resolve_granted(service, call, row, named, source.tokens).await;
    }
    let ciphertext = source.ciphertext.ok_or_else(|| missing("keyId"))?;
    let parsed = Parsed::parse(ciphertext).map_err(|_| kms::error::INVALID_CIPHERTEXT.bare())?;
    let space = service.space(&call.region)?;
    let key = space.key_of_ciphertext(call.account(), parsed.key).await?;
    let key = key.map(|key| key.at(space.region(), call.now_millis()));
    let key = key.map_or(KeyTarget::UnknownCiphertext, |key| KeyTarget::OfCiphertext(key.into()));
    reference::with_grants(service, call, key, source.tokens).await
}

/// The material that the ciphertext names, once it is certain that it names this key. The ciphertext of a key pair names
/// nothing.
pub(crate) fn material(ciphertext: &[u8], key: &Key) -> Result<Option<String>, ApiError> {
    if key.record.spec.key_type() == KeyType::Asymmetric {
        return Ok(None);
    }
    let parsed = Parsed::parse(ciphertext).map_err(|_| kms::error::INVALID_CIPHERTEXT.bare())?;
    if parsed.key != key.record.id {
        return Err(kms::error::incorrect_key(
            "The key ID in the request does not identify a CMK that can perform this operation.",
        ));
    }
    Ok(Some(parsed.material.to_string()))
}
