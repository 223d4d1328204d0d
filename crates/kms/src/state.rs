//! The states of a key, and which of them an operation accepts (guide, "Key states of AWS KMS keys").

use minicbor::{Decode, Encode};
use trent_api::{ApiError, kms};

/// The state of a key. Every key has exactly one; only `Enabled` counts as enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum KeyState {
    /// Usable.
    #[n(0)]
    Enabled,
    /// Switched off by its owner.
    #[n(1)]
    Disabled,
    /// In its waiting period.
    #[n(2)]
    PendingDeletion,
    /// A multi-Region primary that waits for its replicas to be gone.
    #[n(3)]
    PendingReplicaDeletion,
    /// Without key material, which its owner is to import.
    #[n(4)]
    PendingImport,
    /// In a custom key store that is disconnected.
    #[n(5)]
    Unavailable,
    /// A replica on its way.
    #[n(6)]
    Creating,
    /// A multi-Region key whose primary Region is changing.
    #[n(7)]
    Updating,
}

impl KeyState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Enabled,
        Self::Disabled,
        Self::PendingDeletion,
        Self::PendingReplicaDeletion,
        Self::PendingImport,
        Self::Unavailable,
        Self::Creating,
        Self::Updating,
    ];

    /// The state on the wire.
    pub fn on_the_wire(self) -> kms::KeyState {
        match self {
            Self::Enabled => kms::KeyState::Enabled,
            Self::Disabled => kms::KeyState::Disabled,
            Self::PendingDeletion => kms::KeyState::PendingDeletion,
            Self::PendingReplicaDeletion => kms::KeyState::PendingReplicaDeletion,
            Self::PendingImport => kms::KeyState::PendingImport,
            Self::Unavailable => kms::KeyState::Unavailable,
            Self::Creating => kms::KeyState::Creating,
            Self::Updating => kms::KeyState::Updating,
        }
    }

    /// The error of an operation that the state rules out.
    pub(crate) fn error(self, arn: &str) -> ApiError {
        let invalid = |state: &str| kms::error::kms_invalid_state(format!("{arn} is {state}"));
        match self {
            Self::Enabled => invalid("enabled."),
            Self::Disabled => kms::error::disabled(format!("{arn} is disabled.")),
            Self::PendingDeletion => invalid("pending deletion."),
            Self::PendingReplicaDeletion => invalid("pending replica deletion."),
            Self::PendingImport => invalid("pending import."),
            Self::Unavailable => invalid("unavailable. You cannot perform this operation on an unavailable KMS key."),
            Self::Creating => invalid("creating."),
            Self::Updating => invalid("updating."),
        }
    }
}

/// The states that an operation accepts; each other one has its own error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum States {
    /// All of them: looking at a key, replacing its policy, removing an alias or a grant.
    Every,
    /// Those in which a key works: all cryptography.
    InUse,
    /// Only `Enabled`.
    EnabledOnly,
    /// All but the two that end in deletion: aliases, tags, description.
    NotPendingDeletion,
    /// Those between which the owner switches.
    Switchable,
    /// Those in which grants can be added.
    Grantable,
    /// Those in which deletion can be scheduled.
    Deletable,
    /// Only the two that end in deletion: cancelling it.
    PendingDeletion,
    /// Those in which key material can be imported.
    Importable,
    /// Those in which a key is prepared for import.
    ImportPreparable,
    /// Those in which imported material can be deleted.
    MaterialDeletable,
}

impl States {
    /// Whether a key in `state` is accepted.
    pub const fn accept(self, state: KeyState) -> bool {
        use KeyState::{
            Creating, Disabled, Enabled, PendingDeletion, PendingImport, PendingReplicaDeletion, Unavailable, Updating,
        };
        match self {
            Self::Every => true,
            Self::InUse => matches!(state, Enabled | Updating),
            Self::EnabledOnly => matches!(state, Enabled),
            Self::NotPendingDeletion => !matches!(state, PendingDeletion | PendingReplicaDeletion),
            Self::Switchable => matches!(state, Enabled | Disabled | Unavailable),
            Self::Grantable => matches!(state, Enabled | Unavailable | Updating),
            Self::Deletable => matches!(state, Enabled | Disabled | PendingImport | Unavailable | Creating),
            Self::PendingDeletion => matches!(state, PendingDeletion | PendingReplicaDeletion),
            Self::Importable => matches!(state, Enabled | Disabled | PendingImport | Updating),
            Self::ImportPreparable => matches!(state, Enabled | Disabled | PendingImport),
            Self::MaterialDeletable => {
                matches!(
                    state,
                    Enabled | Disabled | PendingDeletion | PendingReplicaDeletion | PendingImport
                )
            }
        }
    }

    /// Accepts the state of the key with this ARN, or says why not.
    pub fn check(self, state: KeyState, arn: &str) -> Result<(), ApiError> {
        match self {
            accepted if accepted.accept(state) => Ok(()),
            Self::PendingDeletion => Err(kms::error::kms_invalid_state(format!("{arn} is not pending deletion."))),
            _ => Err(state.error(arn)),
        }
    }
}

#[cfg(test)]
mod tests;
