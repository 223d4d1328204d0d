//! The messages of multi-Region keys: material on its way to another Region.

use trent_crypto::KeyAddress;
use trent_crypto::spec::KeySpec;
use trent_names::Region;

use super::{Wrapped, WrappedMaterial};

/// Seal materials of a key to another Region.
pub struct SendRequest {
    /// The key, here and there.
    pub address: KeyAddress,
    /// What kind of key it is.
    pub spec: KeySpec,
    /// The destruction key of the key here.
    pub destruction_key: Wrapped,
    /// The materials, as they are wrapped here.
    pub materials: Vec<WrappedMaterial>,
    /// The Region that alone can open them.
    pub to: Region,
}

/// Materials on their way, sealed to a Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipment {
    /// A key of this shipment's own, wrapped for the Region and the key.
    pub transfer_key: Wrapped,
    /// The materials, each wrapped by the transfer key.
    pub materials: Vec<WrappedMaterial>,
}

/// Take materials that were sealed to a Region.
pub struct ReceiveRequest {
    /// The key.
    pub address: KeyAddress,
    /// What kind of key it is.
    pub spec: KeySpec,
    /// The Region that they arrived in.
    pub at: Region,
    /// The destruction key of the key there; none if it has none yet.
    pub destruction_key: Option<Wrapped>,
    /// What arrived.
    pub shipment: Shipment,
}

/// Materials that arrived, as the store keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The destruction key: the one that there was, or a new one.
    pub destruction_key: Wrapped,
    /// The materials, wrapped by it.
    pub materials: Vec<WrappedMaterial>,
}
