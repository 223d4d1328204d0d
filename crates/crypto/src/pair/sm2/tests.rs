//! What the public interface cannot ask: the crate's own decryption and digest beside those that are written here.

use sm2::dsa::VerifyingKey;
use sm2::dsa::signature::Verifier as _;
use sm2::pkcs8::der::asn1::{OctetStringRef, UintRef};
use sm2::pke::{DecryptingKey, Mode};

use super::*;

#[test]
fn the_crate_decrypts_what_is_encrypted_and_verifies_what_is_signed() {
    let key = PrivateKey::generate().expect("a pair");
    let public = key.public_key();
    let ciphertext = encrypt(&public, EncryptionAlgorithm::Sm2Pke, b"plaintext").expect("a ciphertext");
    let theirs = DecryptingKey::new_with_mode(key.0.to_nonzero_scalar(), Mode::C1C3C2);
    assert_eq!(theirs.decrypt_der(&ciphertext).expect("a plaintext"), b"plaintext");

    let signature = key
        .sign(SigningAlgorithm::Sm2Dsa, Message::Raw(b"message"))
        .expect("a signature");
    let signature = Signature::from_der(&signature).expect("DER");
    let id = str::from_utf8(DEFAULT_DISTINGUISHING_ID).expect("ASCII");
    let theirs = VerifyingKey::new(id, key.0.public_key()).expect("a key");
    assert!(theirs.verify(b"message", &signature).is_ok());
    let theirs = VerifyingKey::new("another", key.0.public_key()).expect("a key");
    assert!(theirs.verify(b"message", &signature).is_err());
}

/// What an encryptor that checks nothing makes of a plaintext: the key stream, the ciphertext.
fn encrypted(key: &PrivateKey, ephemeral: &PrivateKey, plaintext: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let shared = ephemeral.multiply(key.0.public_key().as_affine());
    let (x, y) = shared.split_at(LEN);
    let mut stream = vec![0; plaintext.len()];
    derive(&shared, &mut stream);
    let c2: Vec<u8> = stream.iter().zip(plaintext).map(|(one, other)| one ^ other).collect();
    let c3 = Sm3::new()
        .chain_update(x)
        .chain_update(plaintext)
        .chain_update(y)
        .finalize();
    let point = ephemeral.0.public_key().to_sec1_point(false);
    let (x1, y1) = point.as_bytes()[1..].split_at(LEN);
    let integer = |bytes| UintRef::new(bytes).and_then(|it| it.to_der()).expect("an integer");
    let string = |bytes| OctetStringRef::new(bytes).and_then(|it| it.to_der()).expect("a string");
    let content = [integer(x1), integer(y1), string(&c3), string(&c2)].concat();
    let length = u8::try_from(content.len()).expect("a short ciphertext");
    (stream, [&[0x30, length], &content[..]].concat())
}

fn decrypted(key: &PrivateKey, ciphertext: &[u8]) -> Result<Vec<u8>, PairError> {
    let plaintext = key.decrypt(EncryptionAlgorithm::Sm2Pke, ciphertext)?;
    Ok(plaintext.expose().to_vec())
}

/// GM/T 0003.4, 7.1, step B4: a key stream of zeroes alone would have left the plaintext as it is.
#[test]
fn a_key_stream_of_zeroes_is_refused_and_no_other() {
    let key = PrivateKey::generate().expect("a pair");
    let (mut zero, mut repeated) = (false, false);
    while !(zero && repeated) {
        let ephemeral = PrivateKey::generate().expect("a pair");
        let (stream, ciphertext) = encrypted(&key, &ephemeral, b"x");
        zero |= stream == [0];
        let expected = if stream == [0] {
            Err(PairError::Refused)
        } else {
            Ok(b"x".to_vec())
        };
        assert_eq!(decrypted(&key, &ciphertext), expected, "{stream:?}");
        let (stream, ciphertext) = encrypted(&key, &ephemeral, b"xy");
        repeated |= stream[0] == stream[1] && stream[0] != 0;
        let expected = if stream == [0, 0] {
            Err(PairError::Refused)
        } else {
            Ok(b"xy".to_vec())
        };
        assert_eq!(decrypted(&key, &ciphertext), expected, "{stream:?}");
    }
}

#[test]
fn nothing_and_too_much_are_no_plaintexts() {
    let key = PrivateKey::generate().expect("a pair");
    let ephemeral = PrivateKey::generate().expect("a pair");
    let (_, nothing) = encrypted(&key, &ephemeral, b"");
    assert_eq!(decrypted(&key, &nothing), Err(PairError::Refused));
    let theirs = EncryptingKey::new(key.0.public_key());
    for length in [1024, 1025] {
        let plaintext = vec![9; length];
        let ciphertext = theirs.encrypt_der(&mut SystemRng, &plaintext).expect("a ciphertext");
        let expected = if length <= 1024 {
            Ok(plaintext)
        } else {
            Err(PairError::Refused)
        };
        assert_eq!(decrypted(&key, &ciphertext), expected, "{length}");
    }
}
