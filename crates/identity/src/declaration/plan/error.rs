//! Why a declaration cannot be applied, with the field that asks for what cannot be.

use super::super::Path;
use crate::access_key::AccessKeyId;
use crate::directory::{DirectoryError, EntityError};

/// Why a declaration cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The store has another secret for this access key than the file.
    #[error("the file gives access key {id} of {whose} another secret than it has: give the new one a new id")]
    OtherSecret {
        /// The account or the service.
        whose: String,
        /// The access key.
        id: AccessKeyId,
    },
    /// What the declaration asks for cannot be done.
    #[error("{at}: {reason}")]
    Refused {
        /// The field of the declaration.
        at: String,
        /// Why not.
        reason: EntityError,
    },
    /// There is such a thing already, and it differs in what nothing can change.
    #[error("{at}: it is `{is}` and cannot be changed: remove what has it first, or declare it as it is")]
    Fixed {
        /// The field of the declaration.
        at: String,
        /// What it is.
        is: String,
    },
    /// The directory failed.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

impl ApplyError {
    /// Whether it is the store's or the keystore's fault and no fault of the declaration.
    pub const fn is_fault(&self) -> bool {
        match self {
            Self::Directory(_) => true,
            Self::Refused { reason, .. } => matches!(
                reason,
                EntityError::Damaged(_) | EntityError::Store(_) | EntityError::Commit(_) | EntityError::Keystore(_)
            ),
            Self::OtherSecret { .. } | Self::Fixed { .. } => false,
        }
    }

    pub(super) fn refused(path: &Path, reason: EntityError) -> Self {
        let at = path.to_string();
        Self::Refused { at, reason }
    }
}
