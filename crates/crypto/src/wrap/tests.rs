use trent_names::{AccountId, KeyId, Partition, Region};

use super::*;
use crate::root::Generation;

const SALT: [u8; 32] = [3; 32];
const HEADER: usize = 38;

fn key(fill: u8) -> Key256 {
    Key256::new([fill; 32])
}

fn wrapper() -> RootWrapper {
    RootWrapper::new(&RootKeys::first(key(1), key(2)))
}

fn two_generations(active: u32) -> RootWrapper {
    let generation = |id, fill| Generation {
        id: GenerationId(id),
        key: key(fill),
    };
    let generations = vec![generation(1, 2), generation(2, 4)];
    RootWrapper::new(&RootKeys::new(key(1), generations, GenerationId(active)).expect("valid"))
}

fn address() -> KeyAddress {
    KeyAddress {
        partition: Partition::Aws,
        account: AccountId::parse("111122223333").expect("an account"),
        key: KeyId::from_bytes([7; 16], false),
    }
}

/// The same address with one member changed at a time.
fn neighbours() -> [KeyAddress; 4] {
    let account = AccountId::parse("111122223334").expect("an account");
    [
        KeyAddress {
            partition: Partition::AwsCn,
            ..address()
        },
        KeyAddress { account, ..address() },
        KeyAddress {
            key: KeyId::from_bytes([8; 16], false),
            ..address()
        },
        KeyAddress {
            key: KeyId::from_bytes([7; 16], true),
            ..address()
        },
    ]
}

fn region(name: &str) -> Region {
    Region::parse(name).expect("a Region")
}

fn wrapped_key() -> Vec<u8> {
    wrapper().wrap_destruction_key(&address(), &key(9), SALT)
}

#[test]
fn a_destruction_key_opens_for_its_own_kms_key_only() {
    let wrapped = wrapped_key();
    assert_eq!(wrapped.len(), HEADER + 32 + 16);
    assert_eq!(wrapped[..6], [1, 1, 0, 0, 0, 1]);
    assert_eq!(wrapped[6..HEADER], SALT);
    let opened = wrapper().unwrap_destruction_key(&address(), &wrapped);
    assert!(opened.is_ok_and(|opened| opened == key(9)));
    for other in neighbours() {
        let opened = wrapper().unwrap_destruction_key(&other, &wrapped);
        assert_eq!(opened.err(), Some(WrapError::Forged), "{other:?}");
    }
}

#[test]
fn every_flipped_bit_of_a_destruction_key_is_refused_with_the_error_of_its_field() {
    let wrapped = wrapped_key();
    for bit in 0..wrapped.len() * 8 {
        let mut flipped = wrapped.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let error = wrapper().unwrap_destruction_key(&address(), &flipped).err();
        match bit / 8 {
            0 => assert_eq!(error, Some(WrapError::UnknownFormat(flipped[0]))),
            1 => assert_eq!(error, Some(WrapError::WrongPurpose(flipped[1]))),
            2..6 => assert!(matches!(error, Some(WrapError::UnknownGeneration(_)))),
            _ => assert_eq!(error, Some(WrapError::Forged)),
        }
    }
}

#[test]
fn shortened_wrappings_are_refused() {
    let wrapped = wrapped_key();
    for length in 0..wrapped.len() {
        let expected = if length < HEADER + 16 {
            WrapError::Truncated
        } else {
            WrapError::Forged
        };
        let opened = wrapper().unwrap_destruction_key(&address(), &wrapped[..length]);
        assert_eq!(opened.err(), Some(expected), "{length}");
    }
}

#[test]
fn purposes_do_not_open_for_each_other() {
    let credential = wrapper().wrap_credential(&Secret::new(vec![9; 32]), SALT);
    let token = wrapper().wrap_token(Class::Markers, &[9; 32], SALT);
    let transfer = wrapper().wrap_transfer_key(&region("eu-west-1"), &address(), &key(9), SALT);
    let all = [wrapped_key(), credential, token, transfer];
    let open = |purpose: usize, bytes: &[u8]| match purpose {
        0 => wrapper()
            .unwrap_destruction_key(&address(), bytes)
            .map(|it| it.expose().to_vec()),
        1 => wrapper().unwrap_credential(bytes).map(|it| it.expose().to_vec()),
        2 => wrapper()
            .unwrap_token(Class::Markers, bytes)
            .map(|it| it.expose().to_vec()),
        _ => wrapper()
            .unwrap_transfer_key(&region("eu-west-1"), &address(), bytes)
            .map(|it| it.expose().to_vec()),
    };
    for (from, wrapped) in all.iter().enumerate() {
        assert_eq!(usize::from(wrapped[1]), from + 1);
        for to in 0..all.len() {
            if from == to {
                assert_eq!(open(to, wrapped), Ok(vec![9; 32]));
                continue;
            }
            assert_eq!(open(to, wrapped), Err(WrapError::WrongPurpose(wrapped[1])));
            let mut rewritten = wrapped.clone();
            rewritten[1] = u8::try_from(to + 1).expect("small");
            assert_eq!(open(to, &rewritten), Err(WrapError::Forged));
        }
    }
    // Each purpose has a key of its own: the same secret and salt give other bytes.
    assert_ne!(all[0][HEADER..], all[1][HEADER..]);
    assert_ne!(all[1][HEADER..], all[2][HEADER..]);
}

/// The purpose enters the derivation, not only the header that the tag covers.
#[test]
fn purposes_do_not_share_keys() {
    let keys = PurposeKeys::new(&key(2));
    let derived: std::collections::BTreeSet<[u8; 32]> = PURPOSES
        .into_iter()
        .map(|purpose| *keys.derive(purpose, &SALT).expose())
        .collect();
    assert_eq!(derived.len(), PURPOSES.len());
}

#[test]
fn an_empty_token_opens() {
    let token = wrapper().wrap_token(Class::Markers, b"", SALT);
    let opened = wrapper().unwrap_token(Class::Markers, &token);
    assert!(opened.is_ok_and(|opened| opened.is_empty()));
}

#[test]
fn tokens_of_one_class_are_not_tokens_of_another() {
    let token = wrapper().wrap_token(Class::Markers, b"page 2", SALT);
    let opened = wrapper().unwrap_token(Class::Markers, &token);
    assert!(opened.is_ok_and(|opened| opened.expose() == b"page 2"));
    let opened = wrapper().unwrap_token(Class::Tokens, &token);
    assert_eq!(opened.err(), Some(WrapError::Forged));
}

#[test]
fn an_older_generation_still_unwraps_and_the_active_one_wraps() {
    let wrapped = wrapped_key();
    assert!(two_generations(2).unwrap_destruction_key(&address(), &wrapped).is_ok());
    let newer = two_generations(2).wrap_destruction_key(&address(), &key(9), SALT);
    assert_eq!(newer[2..6], [0, 0, 0, 2]);
    assert!(two_generations(1).unwrap_destruction_key(&address(), &newer).is_ok());
    let without = wrapper().unwrap_destruction_key(&address(), &newer).err();
    assert_eq!(without, Some(WrapError::UnknownGeneration(GenerationId(2))));
    let foreign = RootWrapper::new(&RootKeys::first(key(1), key(5)));
    let opened = foreign.unwrap_destruction_key(&address(), &wrapped).err();
    assert_eq!(opened, Some(WrapError::Forged));
}

#[test]
fn a_transfer_key_opens_in_its_own_region_for_its_own_kms_key_only() {
    let to = region("eu-west-1");
    let wrapped = wrapper().wrap_transfer_key(&to, &address(), &key(9), SALT);
    let opened = wrapper().unwrap_transfer_key(&to, &address(), &wrapped);
    assert!(opened.is_ok_and(|opened| opened == key(9)));
    for other in ["eu-west-2", "us-east-1", "eu-west-11"] {
        let opened = wrapper().unwrap_transfer_key(&region(other), &address(), &wrapped);
        assert_eq!(opened.err(), Some(WrapError::Forged), "{other}");
    }
    for other in neighbours() {
        let opened = wrapper().unwrap_transfer_key(&to, &other, &wrapped);
        assert_eq!(opened.err(), Some(WrapError::Forged), "{other:?}");
    }
    for bit in 0..wrapped.len() * 8 {
        let mut flipped = wrapped.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(wrapper().unwrap_transfer_key(&to, &address(), &flipped).is_err());
    }
}
