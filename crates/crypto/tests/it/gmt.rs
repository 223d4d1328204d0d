//! SM2 against the vectors of `docs/sm2.md`: the example of its standard (GM/T 0003.5) and what OpenSSL 3.0 made.

use serde_json::Value;
use trent_crypto::pair::{Message, PairError, PrivateKey, encrypt, sm2, verify};
use trent_crypto::spec::{EncryptionAlgorithm, KeySpec, SigningAlgorithm};

const PAGE: &str = include_str!("../../../../docs/sm2.md");

const SM2DSA: SigningAlgorithm = SigningAlgorithm::Sm2Dsa;
const SM2PKE: EncryptionAlgorithm = EncryptionAlgorithm::Sm2Pke;

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).expect("hexadecimal digits")
}

fn vectors() -> Value {
    let block = PAGE.split("```json\n").nth(1).expect("a JSON block");
    serde_json::from_str(block.split("```").next().expect("an end")).expect("JSON")
}

/// The hexadecimal digits of a member, as bytes.
fn member(vector: &Value, name: &str) -> Vec<u8> {
    bytes(vector[name].as_str().expect(name))
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a [u8] {
    vector[name].as_str().expect(name).as_bytes()
}

fn each(name: &str) -> Vec<Value> {
    vectors()[name].as_array().expect(name).clone()
}

fn public_key() -> Vec<u8> {
    member(&vectors(), "public_key")
}

fn key() -> PrivateKey {
    PrivateKey::read(KeySpec::Sm2, &member(&vectors(), "private_key").into()).expect("a private key")
}

fn accepted(message: Message<'_>, signature: &[u8]) -> Result<(), PairError> {
    verify(KeySpec::Sm2, &public_key(), SM2DSA, message, signature)
}

#[test]
fn the_examples_key_is_read_and_written() {
    let key = key();
    assert_eq!(key.public_key(), Ok(public_key()));
    let pkcs8 = key.to_pkcs8().expect("its encoding");
    assert_eq!(pkcs8.expose(), member(&vectors(), "private_key"));
    let bare = PrivateKey::read(KeySpec::Sm2, &member(&vectors(), "private_key_alone").into()).expect("a private key");
    assert_eq!(bare.public_key(), Ok(public_key()));
    // Another key's public half beside the private one.
    let mut mixed = member(&vectors(), "private_key");
    let last = mixed.len() - 1;
    mixed[last] ^= 1;
    let refused = PrivateKey::read(KeySpec::Sm2, &mixed.into()).err();
    assert_eq!(refused, Some(PairError::Unreadable));
}

/// In the default name the message verifies, in another its digest alone; one id is so long that both bytes of its length
/// count. SPK-151, SPK-153, SPK-154, SPK-157, SPK-163
#[test]
fn the_signatures_verify_in_their_names() {
    for vector in each("signatures") {
        let (id, message) = (text(&vector, "distinguishing_id"), text(&vector, "message"));
        let digest = sm2::digest(&public_key(), id, message).expect("a digest");
        assert_eq!(digest[..], member(&vector, "digest"));
        let signature = member(&vector, "signature");
        assert_eq!(accepted(Message::Digest(&digest), &signature), Ok(()));
        let raw = accepted(Message::Raw(message), &signature);
        let default = id == sm2::DEFAULT_DISTINGUISHING_ID;
        assert_eq!(raw.is_ok(), default, "{vector}");
        let other = [message, b" "].concat();
        assert_eq!(accepted(Message::Raw(&other), &signature), Err(PairError::Refused));
        assert_eq!(accepted(Message::Digest(&[7; 32]), &signature), Err(PairError::Refused));
    }
}

/// SPK-154, SPK-155, SPK-549
#[test]
fn a_distinguishing_id_has_as_many_bytes_as_its_length_can_tell() {
    let digest = |length: usize| sm2::digest(&public_key(), &vec![b'a'; length], b"");
    assert_eq!(sm2::MAX_DISTINGUISHING_ID, 8191);
    assert!(digest(sm2::MAX_DISTINGUISHING_ID).is_ok());
    assert_eq!(digest(8192), Err(PairError::TooLong));
    assert_eq!(digest(8192 + 8192), Err(PairError::TooLong));
    // The id is not a part of the message.
    let one = sm2::digest(&public_key(), b"a", b"b");
    assert_ne!(one, sm2::digest(&public_key(), b"", b"ab"));
}

/// SPK-134, SPK-151, SPK-153
#[test]
fn a_message_and_its_digest_have_one_signature() {
    let key = key();
    let message = b"what is signed";
    let digest = sm2::digest(&public_key(), sm2::DEFAULT_DISTINGUISHING_ID, message).expect("a digest");
    let forms = [Message::Raw(message), Message::Digest(&digest)];
    for signed in forms {
        let signature = key.sign(SM2DSA, signed).expect("a signature");
        assert_eq!(signature[0], 0x30);
        for verified in forms {
            assert_eq!(accepted(verified, &signature), Ok(()));
        }
        assert_ne!(key.sign(SM2DSA, signed), Ok(signature), "the nonce is random");
    }
    for length in [0, 31, 33, 64] {
        let short = vec![1; length];
        let refused = key.sign(SM2DSA, Message::Digest(&short));
        assert_eq!(refused, Err(PairError::DigestLength), "{length}");
        let refused = accepted(Message::Digest(&short), &member(&each("signatures")[0], "signature"));
        assert_eq!(refused, Err(PairError::DigestLength), "{length}");
    }
}

#[test]
fn only_canonical_signatures_verify() {
    let valid = member(&each("signatures")[0], "signature");
    let message = Message::Raw(b"message digest");
    let padded = [&[0x30, 0x47, 0x02, 0x22, 0x00], &valid[4..]].concat();
    let long_length = [&[0x30, 0x81, 0x46], &valid[2..]].concat();
    let trailing = [&valid[..], &[0]].concat();
    let raw = [&valid[5..37], &valid[40..]].concat();
    let negative = [&[0x30, 0x45, 0x02, 0x20], &valid[5..]].concat();
    let zero = bytes("3006020100020100");
    for other in [
        padded,
        long_length,
        trailing,
        raw,
        negative,
        zero,
        vec![],
        vec![0x30; 4096],
    ] {
        assert_eq!(
            accepted(message, &other),
            Err(PairError::Refused),
            "{}",
            hex::encode(&other)
        );
    }
}

/// Coordinates with the highest bit and with zero bytes before them are among these. SPK-150, SPK-158, SPK-159, SPK-162
#[test]
fn the_ciphertexts_decrypt_in_one_form() {
    let key = key();
    for vector in each("ciphertexts") {
        let ciphertext = member(&vector, "ciphertext");
        let plaintext = key.decrypt(SM2PKE, &ciphertext).expect("a plaintext");
        assert_eq!(plaintext.expose(), text(&vector, "plaintext"));
        // The same number with a zero before it.
        let mut padded = ciphertext.clone();
        padded[1] += 1;
        padded[3] += 1;
        padded.insert(4, 0);
        assert_eq!(key.decrypt(SM2PKE, &padded).err(), Some(PairError::Refused));
        for raw in ["c1_c2_c3", "c1_c3_c2"] {
            if !vector[raw].is_null() {
                assert_eq!(
                    key.decrypt(SM2PKE, &member(&vector, raw)).err(),
                    Some(PairError::Refused)
                );
            }
        }
    }
}

/// SPK-158
#[test]
fn a_ciphertext_has_the_encoding_that_is_decrypted() {
    let key = key();
    for length in [1, 2, 31, 32, 33, 1024] {
        let plaintext = vec![0xa5; length];
        let ciphertext = encrypt(KeySpec::Sm2, &public_key(), SM2PKE, &plaintext).expect("a ciphertext");
        assert_eq!(ciphertext[0], 0x30);
        // An octet string of the plaintext's length comes last, behind one of 32 bytes.
        let rest = &ciphertext[..ciphertext.len() - length];
        let header: &[u8] = match length {
            0..128 => &[0x04, u8::try_from(length).expect("short")],
            _ => &[0x04, 0x82, 0x04, 0x00],
        };
        let rest = rest.strip_suffix(header).expect("the header of C2");
        assert_eq!(rest[rest.len() - 34..rest.len() - 32], [0x04, 0x20]);
        let decrypted = key.decrypt(SM2PKE, &ciphertext).expect("the plaintext");
        assert_eq!(decrypted.expose(), plaintext);
    }
    let long = vec![1; 1025];
    let refused = encrypt(KeySpec::Sm2, &public_key(), SM2PKE, &long);
    assert_eq!(refused, Err(PairError::TooLong));
    let refused = encrypt(KeySpec::Sm2, &public_key(), SM2PKE, b"");
    assert_eq!(refused, Err(PairError::WrongAlgorithm));
}

#[test]
fn the_examples_point_is_agreed_on() {
    let vector = &vectors()["agreement"];
    let peer = [&public_key()[..26], &member(vector, "point")].concat();
    let secret = key().agree(&peer).expect("a secret");
    assert_eq!(secret.expose(), member(vector, "shared_secret"));
}

/// SPK-146
#[test]
fn no_peer_of_another_kind_is_agreed_with() {
    let own = key();
    let prefix = &public_key()[..26];
    let zero = [&[4][..], &[0; 64]].concat();
    let mut off = public_key()[26..].to_vec();
    off[64] ^= 1;
    // p and one more: not the coordinate of a field element.
    let p = bytes("fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff");
    let outside = [&[4][..], &p, &off[33..]].concat();
    let compressed = [&[3][..], &off[1..33]].concat();
    for point in [vec![0], vec![], zero, off, outside, compressed] {
        let peer = [prefix, &point].concat();
        assert_eq!(own.agree(&peer).err(), Some(PairError::InvalidPublicKey), "{point:?}");
    }
    let p256 = PrivateKey::generate(KeySpec::EccNistP256).expect("a pair");
    let peer = p256.public_key().expect("a public key");
    assert_eq!(own.agree(&peer).err(), Some(PairError::InvalidPublicKey));
    assert_eq!(p256.agree(&public_key()).err(), Some(PairError::InvalidPublicKey));
    for length in 0..public_key().len() {
        let cut = &public_key()[..length];
        assert_eq!(own.agree(cut).err(), Some(PairError::InvalidPublicKey));
    }
}
