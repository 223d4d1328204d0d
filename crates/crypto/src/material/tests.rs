use trent_names::{AccountId, KeyId, Partition};

use super::*;

const IV_OF_TESTS: [u8; 12] = [3; 12];

fn key(fill: u8) -> Key256 {
    Key256::new([fill; 32])
}

fn address() -> KeyAddress {
    KeyAddress {
        partition: Partition::Aws,
        account: AccountId::parse("111122223333").expect("an account"),
        key: KeyId::from_bytes([7; 16], false),
    }
}

fn identity() -> KeyIdentity {
    address().material(MaterialId([5; 32]))
}

/// The same identity with one member changed at a time, the material's id last.
fn neighbours() -> [KeyIdentity; 5] {
    let account = AccountId::parse("111122223334").expect("an account");
    [
        KeyIdentity {
            partition: Partition::AwsCn,
            ..identity()
        },
        KeyIdentity { account, ..identity() },
        KeyIdentity {
            key: KeyId::from_bytes([8; 16], false),
            ..identity()
        },
        KeyIdentity {
            key: KeyId::from_bytes([7; 16], true),
            ..identity()
        },
        KeyIdentity {
            material: MaterialId([6; 32]),
            ..identity()
        },
    ]
}

fn wrapped() -> Vec<u8> {
    MaterialKey::bind(identity(), &key(8)).wrap(&key(9), IV_OF_TESTS)
}

fn error(destruction_key: u8, identity: KeyIdentity, wrapped: &[u8]) -> Option<WrapError> {
    MaterialKey::unwrap(&key(destruction_key), identity, wrapped).err()
}

#[test]
fn one_material_makes_unrelated_keys_in_every_identity() {
    let mut made = vec![*MaterialKey::bind(identity(), &key(8)).key().expose()];
    made.push(*MaterialKey::bind(identity(), &key(9)).key().expose());
    made.push(*key(8).expose());
    made.extend(neighbours().map(|it| *MaterialKey::bind(it, &key(8)).key().expose()));
    let distinct: std::collections::BTreeSet<_> = made.iter().collect();
    assert_eq!(distinct.len(), made.len());
}

#[test]
fn a_material_opens_under_its_destruction_key() {
    let wrapped = wrapped();
    assert_eq!(wrapped.len(), 46 + 32 + 16);
    assert_eq!(wrapped[..2], [1, 1]);
    assert_eq!((&wrapped[2..34], &wrapped[34..46]), (&[5; 32][..], &IV_OF_TESTS[..]));
    let opened = MaterialKey::unwrap(&key(9), identity(), &wrapped).expect("opens");
    assert!(opened.key() == MaterialKey::bind(identity(), &key(8)).key());
    assert_eq!(opened.identity(), &identity());
    assert_eq!(error(10, identity(), &wrapped), Some(WrapError::Forged));
}

#[test]
fn a_material_opens_for_its_own_identity_only() {
    let [others @ .., renamed] = neighbours();
    for other in others {
        assert_eq!(error(9, other, &wrapped()), Some(WrapError::Forged), "{other:?}");
    }
    let original = WrapError::OtherMaterial(MaterialId([5; 32]));
    assert_eq!(error(9, renamed, &wrapped()), Some(original));
    let mut rewritten = wrapped();
    rewritten[2..34].copy_from_slice(&renamed.material.0);
    assert_eq!(error(9, renamed, &rewritten), Some(WrapError::Forged));
}

#[test]
fn every_flipped_bit_is_refused_with_the_error_of_its_field() {
    let wrapped = wrapped();
    for bit in 0..wrapped.len() * 8 {
        let mut flipped = wrapped.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let error = error(9, identity(), &flipped);
        match bit / 8 {
            0 => assert_eq!(error, Some(WrapError::UnknownFormat(flipped[0]))),
            // The kind of SM4, which is bound to the ciphertext as everything before it.
            1 if flipped[1] == 3 => assert_eq!(error, Some(WrapError::Forged)),
            1 => assert_eq!(error, Some(WrapError::UnknownKind(flipped[1]))),
            2..34 => assert!(matches!(error, Some(WrapError::OtherMaterial(_)))),
            _ => assert_eq!(error, Some(WrapError::Forged)),
        }
    }
}

#[test]
fn shortened_and_lengthened_wrappings_are_refused() {
    let wrapped = wrapped();
    for length in 0..wrapped.len() {
        let expected = if length < 46 + 16 {
            WrapError::Truncated
        } else {
            WrapError::Forged
        };
        assert_eq!(error(9, identity(), &wrapped[..length]), Some(expected), "{length}");
    }
    let longer = [&wrapped[..], &[0]].concat();
    assert_eq!(error(9, identity(), &longer), Some(WrapError::Forged));
}

#[test]
fn secrets_of_any_length_are_wrapped_apart_from_keys() {
    for length in [0, 28, 64, 2400] {
        let secret = Secret::new(vec![4; length]);
        let wrapped = MaterialSecret::new(identity(), secret.clone()).wrap(&key(9), IV_OF_TESTS);
        let open = |destruction_key, identity, wrapped: &[u8]| {
            MaterialSecret::unwrap(&key(destruction_key), identity, wrapped).map(|it| it.secret().clone())
        };
        assert!(open(9, identity(), &wrapped).is_ok_and(|found| found == secret));
        assert_eq!(open(8, identity(), &wrapped).err(), Some(WrapError::Forged));
        for other in neighbours() {
            assert!(open(9, other, &wrapped).is_err(), "{other:?}");
        }
        for at in 0..wrapped.len() {
            let mut flipped = wrapped.clone();
            flipped[at] ^= 1;
            assert!(open(9, identity(), &flipped).is_err(), "byte {at}");
            assert!(open(9, identity(), &wrapped[..at]).is_err(), "{at} bytes");
        }
        assert_eq!(error(9, identity(), &wrapped), Some(WrapError::UnknownKind(2)));
    }
    let of_a_key = MaterialSecret::unwrap(&key(9), identity(), &wrapped()).err();
    assert_eq!(of_a_key, Some(WrapError::UnknownKind(1)));
}
