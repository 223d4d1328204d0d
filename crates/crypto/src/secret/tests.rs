use super::*;

#[test]
fn secrets_hold_what_they_are_given() {
    let mut secret = Secret::zeroed(3);
    assert_eq!(secret.expose(), [0; 3]);
    secret.expose_mut()[1] = 7;
    assert_eq!((secret.len(), secret.is_empty()), (3, false));
    assert!(secret == Secret::from(vec![0, 7, 0]));
    assert!(secret == Secret::from(Zeroizing::new(vec![0, 7, 0])));
    assert!(secret != Secret::new(vec![0, 7, 1]));
    assert_eq!(*secret.into_bytes(), [0, 7, 0]);
    assert!(Secret::new(Vec::new()).is_empty());
}

#[test]
fn a_key_has_exactly_32_bytes() {
    let bytes: Vec<u8> = (0..33).collect();
    assert!(Key256::from_slice(&bytes).is_none());
    assert!(Key256::from_slice(&bytes[..31]).is_none());
    let key = Key256::from_slice(&bytes[..32]).expect("32 bytes");
    assert_eq!(key.expose()[..], bytes[..32]);
    assert!(key == key.clone());
    assert!(key != Key256::new([0; 32]));
}

#[test]
fn equality_compares_every_byte_and_the_length() {
    assert!(equal(b"abc", b"abc"));
    assert!(equal(b"", b""));
    for other in [&b"abd"[..], b"bbc", b"ab", b"abcd", b""] {
        assert!(!equal(b"abc", other));
    }
}
