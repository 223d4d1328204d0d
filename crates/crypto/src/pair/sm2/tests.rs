//! What the public interface cannot ask: the crate's own decryption and digest beside those that are written here.

use sm2::dsa::VerifyingKey;
use sm2::dsa::signature::Verifier as _;
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
