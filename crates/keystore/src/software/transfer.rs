//! Material between Regions: wrapped anew on both sides, and never in the clear outside of this.

use trent_crypto::material::MaterialSecret;
use trent_crypto::spec::{KeySpec, KeyType};
use trent_crypto::{Key256, KeyAddress, MaterialKey};

use super::vault::Vault;
use crate::error::KeystoreError;
use crate::messages::{ReceiveRequest, Received, SendRequest, Shipment, Wrapped, WrappedMaterial};

impl Vault {
    pub(super) fn send(&self, request: &SendRequest) -> Result<Shipment, KeystoreError> {
        let SendRequest { address, spec, to, .. } = request;
        let destruction_key = self
            .root
            .unwrap_destruction_key(address, request.destruction_key.as_bytes())?;
        let transfer_key = self.fresh_key()?;
        let materials = self.rewrap(*address, *spec, &request.materials, &destruction_key, &transfer_key)?;
        let wrapped = self.root.wrap_transfer_key(to, address, &transfer_key, self.fresh()?);
        Ok(Shipment {
            transfer_key: Wrapped::from(&*wrapped),
            materials,
        })
    }

    pub(super) fn receive(&self, request: &ReceiveRequest) -> Result<Received, KeystoreError> {
        let ReceiveRequest { address, spec, at, .. } = request;
        let shipment = &request.shipment;
        let transfer_key = self
            .root
            .unwrap_transfer_key(at, address, shipment.transfer_key.as_bytes())?;
        let (destruction_key, wrapped) = if let Some(wrapped) = &request.destruction_key {
            (
                self.root.unwrap_destruction_key(address, wrapped.as_bytes())?,
                wrapped.clone(),
            )
        } else {
            let new = self.fresh_key()?;
            let wrapped = self.root.wrap_destruction_key(address, &new, self.fresh()?);
            (new, Wrapped::from(&*wrapped))
        };
        Ok(Received {
            materials: self.rewrap(*address, *spec, &shipment.materials, &transfer_key, &destruction_key)?,
            destruction_key: wrapped,
        })
    }

    /// Unwraps materials and wraps them under another key.
    fn rewrap(
        &self,
        address: KeyAddress,
        spec: KeySpec,
        materials: &[WrappedMaterial],
        from: &Key256,
        to: &Key256,
    ) -> Result<Vec<WrappedMaterial>, KeystoreError> {
        let rewrapped = materials.iter().map(|material| {
            let identity = address.material(material.id);
            let iv = self.fresh()?;
            let bytes = match spec.key_type() {
                KeyType::Symmetric => MaterialKey::unwrap(from, identity, &material.bytes)?.wrap(to, iv),
                KeyType::Hmac | KeyType::Asymmetric => {
                    MaterialSecret::unwrap(from, identity, &material.bytes)?.wrap(to, iv)
                }
            };
            Ok(WrappedMaterial { id: material.id, bytes })
        });
        rewrapped.collect()
    }
}
