//! What a row of the KMS catalogue says beyond the common part: how the key is named, and which keys an operation takes.

use trent_api::{ApiError, kms};

pub use crate::eligibility::{Origins, Takes};
use crate::keys::Key;
use crate::state::States;

/// What is fixed about an operation of KMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How the request may name the key.
    pub naming: Naming,
    /// The type and usage of key that the operation takes.
    pub takes: Takes,
    /// Where the key's material may come from.
    pub origin: Origins,
    /// The key states that the operation accepts.
    pub states: States,
}

impl Rules {
    /// The rules of an operation that is about no key.
    pub const WITHOUT_KEY: Self = Self {
        naming: Naming::None,
        takes: Takes::AnyKey,
        origin: Origins::Any,
        states: States::Every,
    };

    /// The rules of a management operation, by the states that it accepts.
    pub const fn manage(states: States) -> Self {
        Self {
            naming: Naming::Key,
            takes: Takes::AnyKey,
            origin: Origins::Any,
            states,
        }
    }

    /// The rules of a cryptographic operation, by the keys that it takes.
    pub const fn cryptographic(takes: Takes) -> Self {
        Self {
            naming: Naming::KeyOrAlias,
            takes,
            origin: Origins::Any,
            states: States::InUse,
        }
    }

    /// Checks a key in the order that binds every operation: type, origin, state, usage.
    pub fn check(&self, operation: &'static str, key: &Key) -> Result<(), ApiError> {
        check_type(self.takes, operation, key)?;
        check_origin(self.origin, key)?;
        self.states.check(key.record.state, &key.arn)?;
        check_usage(self.takes, operation, key)
    }
}

/// The forms in which a request may name the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// The operation is about no key, or finds it by other means.
    None,
    /// A key id or key ARN.
    Key,
    /// A key id, key ARN, alias name or alias ARN.
    KeyOrAlias,
}

/// What a type of key can never do is refused before anything else is looked at.
fn check_type(takes: Takes, operation: &'static str, key: &Key) -> Result<(), ApiError> {
    let spec = key.record.spec;
    if !matches!(takes, Takes::Asymmetric | Takes::Rotatable) || takes.accepts(spec, key.record.usage) {
        return Ok(());
    }
    Err(kms::error::unsupported_operation(format!(
        "{} key spec is {spec} which is not valid for {operation}.",
        key.arn
    )))
}

fn check_usage(takes: Takes, operation: &'static str, key: &Key) -> Result<(), ApiError> {
    if takes.accepts(key.record.spec, key.record.usage) {
        return Ok(());
    }
    Err(kms::error::invalid_key_usage(format!(
        "{} key usage is {} which is not valid for {operation}.",
        key.arn,
        key.record.usage.as_str()
    )))
}

fn check_origin(origins: Origins, key: &Key) -> Result<(), ApiError> {
    if origins.accepts(key.record.origin) {
        return Ok(());
    }
    Err(kms::error::unsupported_operation(format!(
        "{} origin is {} which is not valid for this operation.",
        key.arn,
        key.record.origin.as_str()
    )))
}

#[cfg(test)]
mod tests;
