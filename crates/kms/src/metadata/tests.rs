use trent_api::{Encode, kms};
use trent_crypto::spec::KeySpec;

use crate::keys::fixture;
use crate::records::Origin;

/// The names of the members of a key's metadata that list algorithms, and those algorithms.
fn algorithms(metadata: &kms::KeyMetadata) -> Vec<(String, Vec<String>)> {
    let mut json = Vec::new();
    metadata.encode(&mut json);
    let json: serde_json::Value = serde_json::from_slice(&json).expect("metadata is JSON");
    let members = json.as_object().expect("an object").iter();
    let members = members.filter(|(name, _)| name.ends_with("Algorithms"));
    let texts = |list: &serde_json::Value| {
        let list = list.as_array().expect("a list").iter();
        list.map(|it| it.as_str().expect("a name").to_owned()).collect()
    };
    members.map(|(name, list)| (name.clone(), texts(list))).collect()
}

/// Each usage has the one list that belongs to it, for every spec of the table; the interface model knows every name.
#[test]
fn a_key_lists_the_algorithms_of_its_usage_and_no_others() {
    for spec in KeySpec::ALL {
        for usage in spec.usages() {
            let key = fixture::key(*spec, usage);
            let metadata = super::of(&key).expect("the model knows every spec");
            let listed = algorithms(&metadata);
            let expected = match usage.as_str() {
                "ENCRYPT_DECRYPT" => "EncryptionAlgorithms",
                "SIGN_VERIFY" => "SigningAlgorithms",
                "GENERATE_VERIFY_MAC" => "MacAlgorithms",
                "KEY_AGREEMENT" => "KeyAgreementAlgorithms",
                _ => "EncapsulationAlgorithms",
            };
            assert_eq!(listed.len(), 1, "{spec} {usage}: {listed:?}");
            assert_eq!(listed[0].0, expected, "{spec} {usage}");
            assert!(!listed[0].1.is_empty());
            let older = metadata
                .customer_master_key_spec
                .map(kms::CustomerMasterKeySpec::as_str);
            assert_eq!(older, spec.is_customer_master_key_spec().then_some(spec.as_str()));
        }
    }
}

#[test]
fn a_key_without_material_names_none() {
    let key = fixture::with(
        KeySpec::SymmetricDefault,
        KeySpec::SymmetricDefault.default_usage().expect("it has one"),
        |record| {
            record.origin = Origin::External;
        },
    );
    let metadata = super::of(&key).expect("the model knows every origin");
    assert_eq!(metadata.current_key_material_id, None);
    assert_eq!(metadata.origin, Some(kms::OriginType::External));
}
