//! The messages of imported key material.

use trent_crypto::spec::{KeySpec, Wrapping};
use trent_crypto::{KeyAddress, MaterialId};
use trent_names::Region;

use super::{Wrapped, WrappedMaterial};

/// Make a wrapping key for the import of material into one KMS key.
pub struct ImportParametersRequest {
    /// The KMS key.
    pub key: KeyAddress,
    /// The Region that the KMS key is in.
    pub region: Region,
    /// How the material will be wrapped.
    pub wrapping: Wrapping,
    /// Until when it can be imported, in milliseconds since the Unix epoch.
    pub expires: i64,
}

/// A wrapping key, which goes with one token.
pub struct ImportParameters {
    /// The public half: `SubjectPublicKeyInfo`, DER.
    pub public_key: Vec<u8>,
    /// The private half and what it is for, sealed. Nothing of it is kept here.
    pub token: Vec<u8>,
}

/// Import material that was wrapped.
pub struct ImportRequest {
    /// The KMS key.
    pub key: KeyAddress,
    /// The Region that the KMS key is in.
    pub region: Region,
    /// What kind of key it is.
    pub spec: KeySpec,
    /// Its destruction key.
    pub destruction_key: Wrapped,
    /// The token of the wrapping key.
    pub token: Vec<u8>,
    /// The material, wrapped.
    pub wrapped: Vec<u8>,
    /// When the call is made, in milliseconds since the Unix epoch.
    pub now: i64,
}

/// Material that was imported: what the store keeps of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedMaterial {
    /// The material. Its id is the same whenever the same material is imported into the same KMS key.
    pub material: WrappedMaterial,
    /// The public half of a key pair: `SubjectPublicKeyInfo`, DER.
    pub public_key: Option<Vec<u8>>,
}

impl ImportedMaterial {
    /// The id of the material.
    pub const fn id(&self) -> MaterialId {
        self.material.id
    }
}
