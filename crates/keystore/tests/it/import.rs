//! Material that comes from outside: its wrapping keys, its tokens, and what the keystore makes of it.

use std::sync::Arc;

use trent_crypto::import::{Unfit, UnwrapError, wrap};
use trent_crypto::pair::PrivateKey;
use trent_crypto::record::Class;
use trent_crypto::spec::{KeySpec, Wrapping, WrappingAlgorithm, WrappingKeySpec};
use trent_crypto::{Key256, MaterialId};
use trent_keystore::{
    ImportParameters, ImportParametersRequest, ImportRequest, ImportTokenError, ImportedMaterial, KeyAddress,
    KeyHandle, Keystore, KeystoreError, NewKey, Secret, SignRequest, SignedMessage, SoftwareKeystore, Wrapped,
};
use trent_names::{AccountId, KeyId, Region};

use crate::support::{address, decrypt, encrypt, keyring, now};

const NOW: i64 = 1_800_000_000_000;

const WAY: Wrapping = Wrapping {
    algorithm: WrappingAlgorithm::RsaAesKeyWrapSha256,
    spec: WrappingKeySpec::Rsa2048,
};

fn region() -> Region {
    Region::parse("us-east-1").expect("a Region")
}

fn parameters(keystore: &SoftwareKeystore) -> ImportParameters {
    let request = ImportParametersRequest {
        key: address(),
        region: region(),
        wrapping: WAY,
        expires: NOW + 1000,
    };
    now(keystore.import_parameters(request)).expect("a wrapping key")
}

fn wrapped(parameters: &ImportParameters, material: &[u8]) -> Vec<u8> {
    let material = Secret::new(material.to_vec());
    wrap(WAY, &parameters.public_key, &material, &Key256::new([9; 32])).expect("it wraps")
}

fn request(spec: KeySpec, destruction_key: &Wrapped, parameters: &ImportParameters, material: &[u8]) -> ImportRequest {
    ImportRequest {
        key: address(),
        region: region(),
        spec,
        destruction_key: destruction_key.clone(),
        token: parameters.token.clone(),
        wrapped: wrapped(parameters, material),
        now: NOW,
    }
}

fn handle(spec: KeySpec, destruction_key: &Wrapped, imported: ImportedMaterial) -> Arc<KeyHandle> {
    let key = NewKey {
        destruction_key: destruction_key.clone(),
        material: imported.material,
        public_key: imported.public_key,
    };
    Arc::new(KeyHandle::new(address(), spec, key))
}

#[test]
fn imported_material_works_and_is_the_same_each_time() {
    let keystore = SoftwareKeystore::new(&keyring());
    let empty = now(keystore.create_empty(address())).expect("a key");
    let set = parameters(&keystore);
    let spec = KeySpec::SymmetricDefault;
    let import = || now(keystore.import(request(spec, &empty, &set, &[7; 32]))).expect("imported");
    let (one, other) = (import(), import());
    assert_eq!(one.id(), other.id());
    assert_ne!(one.material.bytes, other.material.bytes, "each wrapping is another");
    let ciphertext = encrypt(&keystore, &handle(spec, &empty, one), b"plaintext");
    let opened = decrypt(&keystore, &handle(spec, &empty, other), &ciphertext);
    assert_eq!(opened.as_deref(), Ok(&b"plaintext"[..]));
    let fixed = now(keystore.import_fixed(address(), Secret::new(vec![7; 32]))).expect("a declared key");
    assert_eq!(fixed.material.id, import().id());
}

#[test]
fn an_imported_pair_has_its_public_half() {
    let keystore = SoftwareKeystore::new(&keyring());
    let empty = now(keystore.create_empty(address())).expect("a key");
    let spec = KeySpec::EccNistP256;
    let pair = PrivateKey::generate(spec).expect("a pair");
    let encoded = pair.to_pkcs8().expect("PKCS#8");
    let import = request(spec, &empty, &parameters(&keystore), encoded.expose());
    let imported = now(keystore.import(import)).expect("imported");
    assert_eq!(imported.public_key, pair.public_key().ok());
    let sign = SignRequest {
        key: handle(spec, &empty, imported).into(),
        algorithm: trent_crypto::spec::SigningAlgorithm::EcdsaSha256,
        message: SignedMessage::Raw(b"message".to_vec()),
    };
    assert!(now(keystore.sign(sign)).is_ok());
}

/// SPK-448, SPK-451
#[test]
fn a_token_is_good_for_its_key_until_its_time() {
    let keystore = SoftwareKeystore::new(&keyring());
    let empty = now(keystore.create_empty(address())).expect("a key");
    let (set, other) = (parameters(&keystore), parameters(&keystore));
    assert_ne!(set.public_key, other.public_key);
    let import = |change: &dyn Fn(&mut ImportRequest)| {
        let mut request = request(KeySpec::SymmetricDefault, &empty, &set, &[7; 32]);
        change(&mut request);
        now(keystore.import(request)).err()
    };
    let invalid = Some(KeystoreError::ImportToken(ImportTokenError::Invalid));
    let expired = Some(KeystoreError::ImportToken(ImportTokenError::Expired));
    assert_eq!(import(&|it| it.now = NOW + 999), None);
    assert_eq!(import(&|it| it.now = NOW + 1000), expired);
    assert_eq!(
        import(&|it| it.region = Region::parse("us-west-2").expect("a Region")),
        invalid
    );
    let changed: [fn(&mut KeyAddress); 2] = [
        |key| key.key = KeyId::from_random_bytes([7; 16], false),
        |key| key.account = AccountId::parse("444455556666").expect("an account"),
    ];
    for change in changed {
        assert_eq!(import(&|it| change(&mut it.key)), invalid);
    }
    for place in 0..set.token.len() {
        if place % 97 == 0 {
            assert_eq!(import(&|it| it.token[place] ^= 1), invalid, "byte {place}");
        }
    }
    assert_eq!(import(&|it| it.token.truncate(40)), invalid);
    let of_another_kind = now(keystore.seal_token(Class::Tokens, b"a token of another kind")).expect("a token");
    assert_eq!(import(&|it| it.token = of_another_kind.clone()), invalid);
    let of_another_keyring = parameters(&SoftwareKeystore::new(&keyring())).token;
    assert_eq!(import(&|it| it.token = of_another_keyring.clone()), invalid);
    let unwrap = Some(KeystoreError::Unwrap(UnwrapError));
    assert_eq!(
        import(&|it| it.token = other.token.clone()),
        unwrap,
        "the set does not belong together"
    );
    let unfit = import(&|it| it.wrapped = wrapped(&set, &[7; 31]));
    let (spec, expected, found) = (KeySpec::SymmetricDefault, 32, 31);
    assert_eq!(
        unfit,
        Some(KeystoreError::Unfit(Unfit::Length { spec, expected, found }))
    );
}

/// SPK-450
#[test]
fn no_token_tells_its_wrapping_key() {
    let keystore = SoftwareKeystore::new(&keyring());
    let set = parameters(&keystore);
    // The modulus is in the public key and, were it in the clear, in the private key too.
    let modulus = &set.public_key[40..140];
    assert!(!set.token.windows(modulus.len()).any(|part| part == modulus));
    assert!(set.token.len() < 2048);
}

/// SPK-408
#[test]
fn the_id_is_that_of_the_key_and_not_of_its_encoding() {
    let keystore = SoftwareKeystore::new(&keyring());
    let empty = now(keystore.create_empty(address())).expect("a key");
    let set = parameters(&keystore);
    let id = |spec: KeySpec, material: &[u8]| -> MaterialId {
        now(keystore.import(request(spec, &empty, &set, material)))
            .expect("imported")
            .id()
    };
    let encoded = PrivateKey::generate(KeySpec::EccNistP256)
        .expect("a pair")
        .to_pkcs8()
        .expect("PKCS#8");
    let der = encoded.expose();
    let ber = [&[0x30, 0x82, 0, 135], &der[3..]].concat();
    assert_eq!(id(KeySpec::EccNistP256, der), id(KeySpec::EccNistP256, &ber));
    assert_ne!(id(KeySpec::Hmac256, &[1; 32]), id(KeySpec::Hmac256, &[2; 32]));
}
