//! The vectors of `docs/ciphertext-format.md`, which were computed with an independent implementation.

use serde_json::Value;
use trent_crypto::ciphertext::{self, Parsed};
use trent_crypto::record::{Class, RecordSealer};
use trent_crypto::root::RootKeys;
use trent_crypto::spec::Cipher;
use trent_crypto::wrap::RootWrapper;
use trent_crypto::{EncryptionContext, Key256, KeyAddress, MaterialId, MaterialKey, Secret, sealed_keyring};
use trent_names::{AccountId, KeyId, Partition};

const PAGE: &str = include_str!("../../../../docs/ciphertext-format.md");

/// The JSON block numbered `index` of the page.
fn block(index: usize) -> Value {
    let block = PAGE.split("```json\n").nth(index + 1).expect("a JSON block");
    let text = block.split("```").next().expect("an end");
    serde_json::from_str(text).expect("JSON")
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().expect(name)
}

fn bytes(vector: &Value, name: &str) -> Vec<u8> {
    hex::decode(text(vector, name)).expect(name)
}

fn array(vector: &Value, name: &str) -> [u8; 32] {
    bytes(vector, name).try_into().expect("32 bytes")
}

fn address(partition: &str, account: &str, key: &str) -> KeyAddress {
    KeyAddress {
        partition: Partition::parse(partition).expect("a partition"),
        account: AccountId::parse(account).expect("an account"),
        key: KeyId::parse(key).expect("a key id"),
    }
}

#[test]
fn the_documented_ciphertexts_are_made_and_opened() {
    let page = block(0);
    let vectors = page.as_array().expect("a list");
    assert_eq!(vectors.len(), 4);
    for vector in vectors {
        let address = address(
            text(vector, "partition"),
            text(vector, "account"),
            text(vector, "key_id"),
        );
        let identity = address.material(MaterialId(array(vector, "material_id")));
        let material = bytes(vector, "material");
        let material = match Key256::from_slice(&material) {
            Some(material) => MaterialKey::bind(identity, &material),
            None => MaterialKey::bind_secret(identity, &material.into()).expect("a material of SM4"),
        };
        let pairs = vector["encryption_context"].as_object().expect("pairs");
        let context: EncryptionContext = pairs
            .iter()
            .map(|(key, value)| (key, value.as_str().expect("a text")))
            .collect();
        let (plaintext, expected) = (bytes(vector, "plaintext"), bytes(vector, "ciphertext"));

        let sealed = ciphertext::seal(&material, &context, &plaintext, array(vector, "salt"));
        assert_eq!(hex::encode(sealed), hex::encode(&expected), "{}", vector["name"]);
        let opened = Parsed::parse(&expected).and_then(|parsed| parsed.open(&material, &context));
        assert!(opened.is_ok_and(|it| it.expose() == plaintext), "{}", vector["name"]);
    }
}

fn salt() -> [u8; 32] {
    std::array::from_fn(|at| 0x40 + u8::try_from(at).expect("small"))
}

fn key(fill: u8) -> Key256 {
    Key256::new([fill; 32])
}

#[test]
fn the_documented_wrappings_are_made_and_opened() {
    let vectors = block(1);
    let address = address("aws", "111122223333", "1234abcd-12ab-34cd-56ef-1234567890ab");
    let root = RootWrapper::new(&RootKeys::first(key(2), key(1)));

    let expected = bytes(&vectors, "destruction_key");
    assert_eq!(root.wrap_destruction_key(&address, &key(3), salt()), expected);
    assert!(
        root.unwrap_destruction_key(&address, &expected)
            .is_ok_and(|it| it == key(3))
    );

    let expected = bytes(&vectors, "credential");
    let secret = Secret::new(b"secret".to_vec());
    assert_eq!(root.wrap_credential(&secret, salt()), expected);
    assert!(root.unwrap_credential(&expected).is_ok_and(|it| it == secret));

    let expected = bytes(&vectors, "token");
    assert_eq!(root.wrap_token(Class::Markers, b"page 2", salt()), expected);
    assert!(
        root.unwrap_token(Class::Markers, &expected)
            .is_ok_and(|it| it.expose() == b"page 2")
    );

    let expected = bytes(&vectors, "material");
    let identity = address.material(MaterialId(salt().map(|byte| byte + 0x80)));
    let iv = *salt().first_chunk().expect("twelve bytes");
    let material = MaterialKey::bind(identity, &key(4));
    assert_eq!(material.wrap(&key(3), iv), expected);
    assert!(MaterialKey::unwrap(&key(3), identity, &expected).is_ok());

    let expected = text(&vectors, "imported_material_id");
    assert_eq!(MaterialId::of_imported(&address, &key(4)).to_string(), expected);
    let same = Secret::new(vec![4; 32]);
    assert_eq!(MaterialId::of_imported_secret(&address, &same).to_string(), expected);

    let expected = bytes(&vectors, "sealed_keyring");
    assert_eq!(sealed_keyring::seal(&key(1), b"content", salt()), expected);
    assert!(sealed_keyring::open(&key(1), &expected).is_ok_and(|it| it.expose() == b"content"));
}

#[test]
fn the_documented_material_of_sm4_is_wrapped_and_opened() {
    let vectors = block(1);
    let address = address("aws-cn", "111122223333", "1234abcd-12ab-34cd-56ef-1234567890ab");
    let secret = Secret::new(vec![4; 16]);
    let expected = bytes(&vectors, "sm4_material");
    let identity = address.material(MaterialId(salt().map(|byte| byte + 0x80)));
    let material = MaterialKey::bind_secret(identity, &secret).expect("a material of SM4");
    let iv = *salt().first_chunk().expect("twelve bytes");
    assert_eq!(material.wrap(&key(3), iv), expected);
    assert!(MaterialKey::unwrap(&key(3), identity, &expected).is_ok_and(|it| it.cipher() == Cipher::Sm4));
    let expected = text(&vectors, "imported_sm4_material_id");
    assert_eq!(MaterialId::of_imported_secret(&address, &secret).to_string(), expected);
}

#[test]
fn the_documented_records_and_digests_are_made() {
    let vectors = block(1);
    let sealer = RecordSealer::new(&RootKeys::first(key(2), key(1)));
    let expected = bytes(&vectors, "record");
    assert_eq!(
        sealer.seal(Class::Policy, b"record key", 7, b"content", salt()),
        expected
    );
    let opened = sealer.open(Class::Policy, b"record key", &expected);
    assert_eq!(opened, Ok((7, b"content".to_vec())));
    assert_eq!(sealer.blind("alias", b"alias/one")[..], bytes(&vectors, "blind"));
    assert_eq!(sealer.element(b"raw key", b"raw value")[..], bytes(&vectors, "element"));
    assert_eq!(sealer.attest(b"head")[..], bytes(&vectors, "attest"));
}
