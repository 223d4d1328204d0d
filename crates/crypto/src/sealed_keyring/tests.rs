use super::super::sealed_keyring as keyring;
use super::*;

const SALT: [u8; 32] = [3; 32];

fn key(fill: u8) -> Key256 {
    Key256::new([fill; 32])
}

fn error(seal: u8, sealed: &[u8]) -> Option<SealedKeyringError> {
    keyring::open(&key(seal), sealed).err()
}

#[test]
fn the_right_seal_opens() {
    let sealed = keyring::seal(&key(1), b"content", SALT);
    assert_eq!(sealed.len(), 49 + 7 + 16);
    assert!(keyring::open(&key(1), &sealed).is_ok_and(|it| it.expose() == b"content"));
}

#[test]
fn an_empty_content_opens() {
    let sealed = keyring::seal(&key(1), b"", SALT);
    assert!(keyring::open(&key(1), &sealed).is_ok_and(|it| it.is_empty()));
}

#[test]
fn another_seal_is_named_as_wrong() {
    let sealed = keyring::seal(&key(1), b"content", SALT);
    let (expected, found) = (fingerprint(&key(1)), fingerprint(&key(2)));
    assert_ne!(expected, found);
    assert_eq!(
        error(2, &sealed),
        Some(SealedKeyringError::WrongSeal { expected, found })
    );
    assert_eq!(expected.to_string(), hex::encode(&sealed[1..17]));
}

#[test]
fn every_flipped_bit_is_refused_with_the_error_of_its_field() {
    let sealed = keyring::seal(&key(1), b"content", SALT);
    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let error = error(1, &flipped).expect("refused");
        match bit / 8 {
            0 => assert_eq!(error, SealedKeyringError::UnknownFormat(flipped[0])),
            1..17 => assert!(matches!(error, SealedKeyringError::WrongSeal { .. })),
            _ => assert_eq!(error, SealedKeyringError::Damaged),
        }
    }
}

#[test]
fn a_shortened_or_lengthened_keyring_is_damaged() {
    let sealed = keyring::seal(&key(1), b"content", SALT);
    for length in 0..sealed.len() {
        assert_eq!(
            error(1, &sealed[..length]),
            Some(SealedKeyringError::Damaged),
            "{length}"
        );
    }
    let longer = [&sealed[..], &[0]].concat();
    assert_eq!(error(1, &longer), Some(SealedKeyringError::Damaged));
}
