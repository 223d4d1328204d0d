use proptest::prelude::*;
use trent_names::{AccountId, Partition};

use super::*;
use crate::identity::KeyAddress;

const SALT_OF_TESTS: [u8; 32] = [3; 32];

fn key(fill: u8) -> Key256 {
    Key256::new([fill; 32])
}

fn identity() -> KeyIdentity {
    KeyAddress {
        partition: Partition::Aws,
        account: AccountId::parse("111122223333").expect("an account"),
        key: KeyId::from_bytes([7; 16], false),
    }
    .material(MaterialId([5; 32]))
}

fn material() -> MaterialKey {
    MaterialKey::bind(identity(), &key(1))
}

fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
    pairs.iter().copied().collect()
}

fn sealed(context: &EncryptionContext) -> Vec<u8> {
    seal(&material(), context, b"plaintext", SALT_OF_TESTS)
}

/// Opens with the right key and identity.
fn open(bytes: &[u8], context: &EncryptionContext) -> Result<Vec<u8>, CiphertextError> {
    let opened = Parsed::parse(bytes)?.open(&material(), context)?;
    Ok(opened.expose().to_vec())
}

#[test]
fn the_layout_is_the_documented_one() {
    let bytes = sealed(&EncryptionContext::none());
    assert_eq!(bytes.len(), 115 + 9 + 16);
    assert_eq!(OVERHEAD, 131);
    assert_eq!(bytes[..3], [1, 1, 0]);
    assert_eq!(bytes[3..19], [7; 16]);
    assert_eq!(bytes[19..51], [5; 32]);
    assert_eq!(bytes[51..83], SALT_OF_TESTS);
    let parsed = Parsed::parse(&bytes).expect("parses");
    assert_eq!((parsed.version, parsed.suite), (VERSION, Suite::Derived));
    assert_eq!((parsed.key, parsed.material), (identity().key, identity().material));
}

/// KEY-128
#[test]
fn only_the_exact_context_opens() {
    let original = context(&[("Department", "Finance"), ("Purpose", "Test")]);
    let bytes = sealed(&original);
    assert_eq!(open(&bytes, &original), Ok(b"plaintext".to_vec()));
    let others = [
        context(&[]),
        context(&[("Department", "Finance")]),
        context(&[("Department", "Finance"), ("Purpose", "Test"), ("More", "")]),
        context(&[("department", "Finance"), ("Purpose", "Test")]),
        context(&[("Department", "finance"), ("Purpose", "Test")]),
        context(&[("Department", "Test"), ("Purpose", "Finance")]),
        context(&[("Department", "Finance "), ("Purpose", "Test")]),
        context(&[("DepartmentF", "inance"), ("Purpose", "Test")]),
    ];
    for other in others {
        assert_eq!(open(&bytes, &other), Err(CiphertextError::Forged), "{other:?}");
    }
}

/// KEY-130
#[test]
fn a_ciphertext_without_context_opens_without_one() {
    let bytes = sealed(&EncryptionContext::none());
    assert_eq!(open(&bytes, &context(&[])), Ok(b"plaintext".to_vec()));
    assert_eq!(open(&bytes, &context(&[("", "")])), Err(CiphertextError::Forged));
}

/// KEY-127
#[test]
fn the_context_leaves_no_trace_in_the_ciphertext() {
    let long = "a value that is easy to find ".repeat(40);
    let with = sealed(&context(&[("key of the context", &long)]));
    let without = sealed(&EncryptionContext::none());
    // The context changes the tag and nothing else.
    let tag = with.len() - TAG;
    assert_eq!(with.len(), without.len());
    assert_eq!(with[..tag], without[..tag]);
    assert_ne!(with[tag..], without[tag..]);
}

#[test]
fn every_flipped_bit_is_refused_with_the_error_of_its_field() {
    let context = context(&[("a", "b")]);
    let bytes = sealed(&context);
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let error = open(&flipped, &context).expect_err("refused");
        match bit / 8 {
            0 => assert_eq!(error, CiphertextError::UnknownVersion(flipped[0])),
            1 => assert_eq!(error, CiphertextError::UnknownSuite(flipped[1])),
            2 if flipped[2] == 1 => {
                assert_eq!(error, CiphertextError::OtherKey(KeyId::from_bytes([7; 16], true)));
            }
            2 => assert_eq!(error, CiphertextError::UnknownKeyKind(flipped[2])),
            3..19 => assert!(matches!(error, CiphertextError::OtherKey(_))),
            19..51 => assert!(matches!(error, CiphertextError::OtherMaterial(_))),
            51..115 => assert_eq!(error, CiphertextError::Commitment),
            _ => assert_eq!(error, CiphertextError::Forged),
        }
    }
}

#[test]
fn every_shortened_ciphertext_is_truncated_or_forged() {
    let bytes = sealed(&EncryptionContext::none());
    for length in 0..bytes.len() {
        let expected = if length < OVERHEAD {
            CiphertextError::Truncated
        } else {
            CiphertextError::Forged
        };
        let opened = open(&bytes[..length], &EncryptionContext::none());
        assert_eq!(opened, Err(expected), "{length}");
    }
    let longer = [&bytes[..], &[0]].concat();
    let opened = open(&longer, &EncryptionContext::none());
    assert_eq!(opened, Err(CiphertextError::Forged));
}

#[test]
fn a_ciphertext_is_committed_to_key_and_identity() {
    let bytes = sealed(&EncryptionContext::none());
    let parsed = Parsed::parse(&bytes).expect("parses");
    let none = EncryptionContext::none();
    let open =
        |identity: &KeyIdentity, material: &Key256| parsed.open(&MaterialKey::bind(*identity, material), &none).err();
    assert_eq!(open(&identity(), &key(1)), None);
    assert_eq!(open(&identity(), &key(2)), Some(CiphertextError::Commitment));
    let account = AccountId::parse("444455556666").expect("an account");
    let elsewhere = [
        KeyIdentity { account, ..identity() },
        KeyIdentity {
            partition: Partition::AwsCn,
            ..identity()
        },
    ];
    for identity in elsewhere {
        assert_eq!(open(&identity, &key(1)), Some(CiphertextError::Commitment));
    }
    let other = KeyIdentity {
        key: KeyId::from_bytes([7; 16], true),
        ..identity()
    };
    assert_eq!(open(&other, &key(1)), Some(CiphertextError::OtherKey(identity().key)));
    let other = KeyIdentity {
        material: MaterialId([6; 32]),
        ..identity()
    };
    assert_eq!(
        open(&other, &key(1)),
        Some(CiphertextError::OtherMaterial(MaterialId([5; 32])))
    );
}

/// The commitment is half of what the derivation gives: rewriting it, however plausibly, is noticed before decryption.
#[test]
fn a_commitment_taken_from_another_message_is_refused() {
    let none = EncryptionContext::none();
    let other = seal(&material(), &none, b"plaintext", [4; 32]);
    let mut mixed = sealed(&none);
    mixed[83..115].copy_from_slice(&other[83..115]);
    assert_eq!(open(&mixed, &none), Err(CiphertextError::Commitment));
    // Salt and commitment together: the body was made under another message key.
    mixed[51..83].copy_from_slice(&other[51..83]);
    assert_eq!(open(&mixed, &none), Err(CiphertextError::Forged));
}

#[test]
fn the_commitment_is_not_the_key() {
    let message = MessageKeys::derive(&material(), &SALT_OF_TESTS);
    let MessageKeys::Aes256(bytes) = &message else {
        panic!("the material is of AES");
    };
    assert_ne!(&bytes[..32], message.commitment());
    assert_eq!(&bytes[32..], message.commitment());
}

#[test]
fn each_salt_makes_another_message() {
    let none = EncryptionContext::none();
    let one = sealed(&none);
    let two = seal(&material(), &none, b"plaintext", [4; 32]);
    assert_ne!(one[83..], two[83..]);
}

fn sm4_material() -> MaterialKey {
    let identity = KeyIdentity {
        partition: Partition::AwsCn,
        ..identity()
    };
    MaterialKey::bind_secret(identity, &vec![1; 16].into()).expect("a material of SM4")
}

/// KEY-24, SPK-2, SPK-3
#[test]
fn the_partition_decides_on_the_cipher() {
    let none = EncryptionContext::none();
    let sealed = seal(&sm4_material(), &none, b"plaintext", SALT_OF_TESTS);
    assert_eq!(sealed.len(), OVERHEAD + 9);
    assert_eq!(sealed[..3], [1, 4, 0]);
    let parsed = Parsed::parse(&sealed).expect("parses");
    assert_eq!(parsed.suite, Suite::DerivedSm4);
    let opened = parsed.open(&sm4_material(), &none);
    assert!(opened.is_ok_and(|it| it.expose() == b"plaintext"));
    // No material of the one length serves where the other is the cipher's.
    let china = *sm4_material().identity();
    let bound = |identity, length| MaterialKey::bind_secret(identity, &vec![1; length].into()).is_ok();
    for length in [0, 15, 16, 17, 24, 31, 32, 33] {
        assert_eq!(bound(china, length), length == 16, "{length}");
        assert_eq!(bound(identity(), length), length == 32, "{length}");
    }
    let secret = MaterialKey::bind_secret(identity(), &vec![1; 32].into()).expect("a material of AES");
    assert!(secret.key() == material().key());
}

#[test]
fn a_ciphertext_of_the_other_cipher_is_refused() {
    let none = EncryptionContext::none();
    let mut sealed = seal(&sm4_material(), &none, b"plaintext", SALT_OF_TESTS);
    sealed[1] = 1;
    let parsed = Parsed::parse(&sealed).expect("parses");
    assert_eq!(
        parsed.open(&sm4_material(), &none).err(),
        Some(CiphertextError::Commitment)
    );
    let aes = MaterialKey::bind(*sm4_material().identity(), &key(1));
    assert_eq!(parsed.open(&aes, &none).err(), Some(CiphertextError::Commitment));
}

#[test]
fn every_flipped_bit_of_a_ciphertext_of_sm4_is_refused() {
    let context = context(&[("a", "b")]);
    let sealed = seal(&sm4_material(), &context, b"plaintext", SALT_OF_TESTS);
    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let opened = Parsed::parse(&flipped).and_then(|parsed| parsed.open(&sm4_material(), &context));
        assert!(opened.is_err(), "bit {bit}");
    }
    let opened = Parsed::parse(&sealed).and_then(|parsed| parsed.open(&sm4_material(), &EncryptionContext::none()));
    assert_eq!(opened.err(), Some(CiphertextError::Forged));
}

proptest! {
    /// KEY-128
    #[test]
    fn whatever_is_sealed_opens(
        plaintext in prop::collection::vec(any::<u8>(), 0..600),
        pairs in prop::collection::btree_map(any::<String>(), any::<String>(), 0..4),
        other in prop::collection::btree_map(any::<String>(), any::<String>(), 0..4),
        material: [u8; 32],
        salt: [u8; 32],
        id: [u8; 16],
        multi_region: bool,
    ) {
        let identity = KeyIdentity { key: KeyId::from_bytes(id, multi_region), ..identity() };
        let context = EncryptionContext::from(&pairs);
        let material = MaterialKey::bind(identity, &Key256::new(material));
        let bytes = seal(&material, &context, &plaintext, salt);
        prop_assert_eq!(bytes.len(), plaintext.len() + OVERHEAD);
        let parsed = Parsed::parse(&bytes).expect("parses");
        let opened = parsed.open(&material, &context).map(|it| it.expose().to_vec());
        prop_assert_eq!(opened, Ok(plaintext));
        if pairs != other {
            let opened = parsed.open(&material, &EncryptionContext::from(&other));
            prop_assert_eq!(opened.err(), Some(CiphertextError::Forged));
        }
    }

    #[test]
    fn arbitrary_bytes_never_open_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(open(&bytes, &EncryptionContext::none()).is_err());
        let headed = [&[1, 1, 0][..], &[7; 16], &[5; 32], &bytes].concat();
        prop_assert!(open(&headed, &EncryptionContext::none()).is_err());
    }
}
