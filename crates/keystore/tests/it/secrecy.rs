//! What leaves the keystore is wrapped or encrypted, and no type that holds a secret can be printed.

use std::sync::Arc;

use trent_crypto::ciphertext::{CiphertextError, Parsed};
use trent_crypto::spec::KeySpec;
use trent_crypto::{Key256, MaterialKey};
use trent_keystore::{
    DataKey, DecryptRequest, EncryptRequest, KeyAddress, KeyFileSeal, KeyHandle, Keyring, Keystore, NewCredential,
    ReEncryptRequest, ReceiveRequest, Secret, SendRequest, SoftwareKeystore,
};
use trent_names::{KeyId, Region};

use crate::support::{Counting, address, context, encrypt, keyring, new_key, now};

/// Does not compile if the type implements the trait: two blanket implementations would then fit, and the call would be
/// ambiguous.
macro_rules! assert_not_implemented {
    ($trait:path: $($type:ty),+ $(,)?) => {
        $({
            trait Ambiguous<A> { fn check() {} }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct Implements;
            impl<T: ?Sized + $trait> Ambiguous<Implements> for T {}
            <$type as Ambiguous<_>>::check();
        })+
    };
}

#[test]
fn secrets_cannot_be_printed() {
    assert_not_implemented!(std::fmt::Debug:
        Keyring, KeyFileSeal, SoftwareKeystore, NewCredential, DataKey, EncryptRequest, DecryptRequest,
        ReEncryptRequest);
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Everything that the keystore gives out about a key, searched for the key's material and for its destruction key.
///
/// KEY-2
#[test]
fn nothing_that_leaves_the_keystore_shows_key_material() {
    // The first random bytes of a key are its destruction key.
    let keystore = SoftwareKeystore::with_randomness(&keyring(), Arc::new(Counting::default()));
    let destruction_key = [1; 32];
    let material: Vec<u8> = (100..132).collect();
    let key = now(keystore.import_fixed(address(), Secret::new(material.clone()))).expect("a key");
    let handle = Arc::new(KeyHandle::new(address(), KeySpec::SymmetricDefault, key.clone()));
    let ciphertext = encrypt(&keystore, &handle, b"plaintext");
    let data_key = now(keystore.generate_data_key(trent_keystore::GenerateDataKeyRequest {
        key: Arc::clone(&handle).into(),
        context: context(&[]),
        length: 64,
    }))
    .expect("a data key");
    let printed = format!("{key:?} {handle:?}");
    let outputs = [
        key.destruction_key.as_bytes(),
        &key.material.bytes,
        &key.material.id.0[..],
        &ciphertext,
        &data_key.ciphertext,
        data_key.plaintext.expose(),
        printed.as_bytes(),
    ];
    for output in outputs {
        for secret in [&material[..], &destruction_key] {
            assert!(!holds(output, secret));
            assert!(!holds(output, hex::encode(secret).as_bytes()));
            assert!(!holds(output, format!("{secret:?}").as_bytes()));
        }
    }
}

/// What a Region sends to another, and what that stores of it, searched for the material and for what wraps it.
///
/// REF-96
#[test]
fn nothing_that_goes_between_regions_shows_key_material() {
    let keystore = SoftwareKeystore::new(&keyring());
    let material: Vec<u8> = (100..132).collect();
    let address = KeyAddress {
        key: KeyId::from_random_bytes([5; 16], true),
        ..address()
    };
    let key = now(keystore.import_fixed(address, Secret::new(material.clone()))).expect("a key");
    let region = Region::parse("eu-west-1").expect("a Region");
    let shipment = now(keystore.send(SendRequest {
        address,
        spec: KeySpec::SymmetricDefault,
        destruction_key: key.destruction_key.clone(),
        materials: vec![key.material.clone()],
        to: region.clone(),
    }))
    .expect("it is sent");
    let received = now(keystore.receive(ReceiveRequest {
        address,
        spec: KeySpec::SymmetricDefault,
        at: region,
        destruction_key: None,
        shipment: shipment.clone(),
    }))
    .expect("it is received");
    let sent = shipment.materials.iter().chain(&received.materials);
    let blobs: Vec<&[u8]> = sent.map(|it| &*it.bytes).collect();
    assert_eq!(blobs.len(), 2);
    let keys = [shipment.transfer_key.as_bytes(), received.destruction_key.as_bytes()];
    for output in blobs.iter().copied().chain(keys) {
        assert!(!holds(output, &material));
        assert!(!holds(output, hex::encode(&material).as_bytes()));
    }
    // It is wrapped anew on its way and again where it arrives.
    assert!(blobs[0] != &*key.material.bytes && blobs[1] != &*key.material.bytes && blobs[0] != blobs[1]);
}

/// The id of generated material is public, so it must not be the material.
///
/// KEY-2
#[test]
fn the_id_of_generated_material_opens_nothing() {
    let keystore = SoftwareKeystore::new(&keyring());
    let key = new_key(&keystore, address());
    let ciphertext = encrypt(&keystore, &key, b"plaintext");
    let guess = MaterialKey::bind(address().material(key.current), &Key256::new(key.current.0));
    let opened = Parsed::parse(&ciphertext).and_then(|parsed| parsed.open(&guess, &context(&[("a", "b")])));
    assert_eq!(
        opened.map(|plaintext| plaintext.len()),
        Err(CiphertextError::Commitment)
    );
}
