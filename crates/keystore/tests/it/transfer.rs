//! Material between Regions: the same there as here, and nobody's on its way.

use std::sync::Arc;

use trent_crypto::MaterialId;
use trent_crypto::spec::{KeySpec, MacAlgorithm, SigningAlgorithm};
use trent_crypto::wrap::WrapError;
use trent_keystore::{
    DecryptRequest, KeyAddress, KeyHandle, Keystore, KeystoreError, MacRequest, Materials, ReceiveRequest, Received,
    Scheme, Secret, SendRequest, Shipment, SignRequest, SignedMessage, SoftwareKeystore, VerifyRequest, Wrapped,
    WrappedMaterial,
};
use trent_names::{KeyId, Region};

use crate::support::{address, context, encrypt, keyring, now};

/// A key's materials, as they are sent.
fn listed(key: &KeyHandle) -> Vec<WrappedMaterial> {
    let wrapped = |(id, wrapped): &(MaterialId, Wrapped)| WrappedMaterial {
        id: *id,
        bytes: wrapped.as_bytes().to_vec(),
    };
    key.materials.iter().map(wrapped).collect()
}

fn region(name: &str) -> Region {
    Region::parse(name).expect("a Region")
}

fn multi_region() -> KeyAddress {
    KeyAddress {
        key: KeyId::from_random_bytes([5; 16], true),
        ..address()
    }
}

fn made(keystore: &SoftwareKeystore, spec: KeySpec) -> Arc<KeyHandle> {
    let key = now(keystore.create(multi_region(), spec)).expect("a key");
    Arc::new(KeyHandle::new(multi_region(), spec, key))
}

fn send(keystore: &SoftwareKeystore, key: &KeyHandle, to: &str) -> Shipment {
    let request = SendRequest {
        address: key.address,
        spec: key.spec,
        destruction_key: key.destruction_key.clone(),
        materials: listed(key),
        to: region(to),
    };
    now(keystore.send(request)).expect("the key is whole")
}

fn receive(
    keystore: &SoftwareKeystore,
    spec: KeySpec,
    at: &str,
    shipment: Shipment,
) -> Result<Received, KeystoreError> {
    now(keystore.receive(ReceiveRequest {
        address: multi_region(),
        spec,
        at: region(at),
        destruction_key: None,
        shipment,
    }))
}

/// The key as the other Region has it.
fn copied(keystore: &SoftwareKeystore, key: &KeyHandle) -> Arc<KeyHandle> {
    let shipment = send(keystore, key, "eu-west-1");
    let received = receive(keystore, key.spec, "eu-west-1", shipment).expect("it is for this Region");
    assert_ne!(received.destruction_key, key.destruction_key);
    Arc::new(KeyHandle {
        destruction_key: received.destruction_key,
        materials: received
            .materials
            .into_iter()
            .map(|it| (it.id, Wrapped::from(&*it.bytes)))
            .collect(),
        ..key.clone()
    })
}

/// SPK-212, SPK-237, SPK-240
#[test]
fn a_copy_decrypts_what_the_key_encrypted_and_the_reverse() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = made(&keystore, KeySpec::SymmetricDefault);
    let copy = copied(&keystore, &key);
    for (from, to) in [(&key, &copy), (&copy, &key)] {
        let request = DecryptRequest {
            key: Arc::clone(to).into(),
            scheme: Scheme::Symmetric(context(&[("a", "b")])),
            ciphertext: encrypt(&keystore, from, b"across"),
        };
        let opened = now(keystore.decrypt(request)).expect("it is the same key");
        assert_eq!(opened.expose(), b"across");
    }
}

/// SPK-217
#[test]
fn a_copy_signs_and_authenticates_as_the_key_does() {
    let keystore = SoftwareKeystore::new(&keyring());
    let mac = made(&keystore, KeySpec::Hmac256);
    let tag = |key: &Arc<KeyHandle>| {
        now(keystore.generate_mac(MacRequest {
            key: Arc::clone(key).into(),
            algorithm: MacAlgorithm::HmacSha256,
            message: Secret::new(b"message".to_vec()),
        }))
    };
    assert_eq!(tag(&mac), tag(&copied(&keystore, &mac)));

    let pair = made(&keystore, KeySpec::EccNistP256);
    let message = || SignedMessage::Raw(b"message".to_vec());
    let algorithm = SigningAlgorithm::EcdsaSha256;
    let signature = now(keystore.sign(SignRequest {
        key: copied(&keystore, &pair).into(),
        algorithm,
        message: message(),
    }));
    let verified = now(keystore.verify(VerifyRequest {
        key: pair.into(),
        algorithm,
        message: message(),
        signature: signature.expect("the copy signs"),
    }));
    assert_eq!(verified, Ok(()));
}

/// SPK-317
#[test]
fn a_shipment_opens_in_its_region_for_its_key_only() {
    let keystore = SoftwareKeystore::new(&keyring());
    let spec = KeySpec::SymmetricDefault;
    let key = made(&keystore, spec);
    let shipment = send(&keystore, &key, "eu-west-1");
    let forged = Some(KeystoreError::Wrapped(WrapError::Forged));
    assert_eq!(receive(&keystore, spec, "eu-west-2", shipment.clone()).err(), forged);
    let other = now(keystore.receive(ReceiveRequest {
        address: address(),
        spec,
        at: region("eu-west-1"),
        destruction_key: None,
        shipment: shipment.clone(),
    }));
    assert_eq!(other.err(), forged);
    let elsewhere = SoftwareKeystore::new(&keyring());
    assert!(receive(&elsewhere, spec, "eu-west-1", shipment.clone()).is_err());
    // Neither what wraps the materials here nor the transfer key of another shipment opens them.
    let next = send(&keystore, &key, "eu-west-1");
    let mixed = Shipment {
        transfer_key: next.transfer_key,
        materials: shipment.materials.clone(),
    };
    assert_eq!(receive(&keystore, spec, "eu-west-1", mixed).err(), forged);
    let own = Shipment {
        transfer_key: key.destruction_key.clone(),
        materials: listed(&key),
    };
    assert!(receive(&keystore, spec, "eu-west-1", own).is_err());
}

/// SPK-361
#[test]
fn a_key_without_material_arrives_with_a_destruction_key_of_its_own() {
    let keystore = SoftwareKeystore::new(&keyring());
    let spec = KeySpec::SymmetricDefault;
    let key = made(&keystore, spec);
    let empty = KeyHandle {
        materials: Materials::default(),
        ..(*key).clone()
    };
    let shipment = send(&keystore, &empty, "eu-west-1");
    let received = receive(&keystore, spec, "eu-west-1", shipment).expect("it is for this Region");
    assert!(received.materials.is_empty());
    assert_ne!(received.destruction_key, key.destruction_key);
}
