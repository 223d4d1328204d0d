//! SM2 against the example of its standard (GM/T 0003.5, appendices A and C) and against what OpenSSL 3.0 made.

use trent_crypto::pair::{Message, PairError, PrivateKey, encrypt, sm2, verify};
use trent_crypto::spec::{EncryptionAlgorithm, KeySpec, SigningAlgorithm};

/// The example's private key as PKCS#8, without and with the public key.
const BARE: &str = "\
    3041020100301306072a8648ce3d020106082a811ccf5501822d0427302502010104203945208f7b2144b13f36e38ac6d39f95889393692860b5\
    1a42fb81ef4df7c5b8";
const PKCS8: &str = "\
    308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b02010104203945208f7b2144b13f36e38ac6d39f95889393692860\
    b51a42fb81ef4df7c5b8a1440342000409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6\
    ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
const PUBLIC: &str = "\
    3059301306072a8648ce3d020106082a811ccf5501822d0342000409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f350\
    20ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
const E: &str = "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640";
const SIGNATURE: &str = "\
    3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3022100b1b6aa29df212fd8763182bc0d421ca1bb90\
    38fd1f7f42d4840b69c485bbc1aa";
const CIPHERTEXT: &str = "\
    307c022004ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73022100e858f9d81e5430a57b36daab8f950a3c64e6ee\
    6a63094d99283aff767e124df0042059983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766041321886ca989ca9c7d58\
    087307ca93092d651efa";
/// The same ciphertext as C1 ‖ C2 ‖ C3 and as C1 ‖ C3 ‖ C2.
const RAW: [&str; 2] = [
    "0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d9928\
     3aff767e124df021886ca989ca9c7d58087307ca93092d651efa59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766",
    "0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d9928\
     3aff767e124df059983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd876621886ca989ca9c7d58087307ca93092d651efa",
];

const SM2DSA: SigningAlgorithm = SigningAlgorithm::Sm2Dsa;
const SM2PKE: EncryptionAlgorithm = EncryptionAlgorithm::Sm2Pke;

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).expect("hexadecimal digits")
}

fn key() -> PrivateKey {
    PrivateKey::read(KeySpec::Sm2, &bytes(PKCS8).into()).expect("a private key")
}

fn accepted(message: Message<'_>, signature: &[u8]) -> Result<(), PairError> {
    verify(KeySpec::Sm2, &bytes(PUBLIC), SM2DSA, message, signature)
}

#[test]
fn the_examples_key_is_read_and_written() {
    let key = key();
    assert_eq!(key.public_key(), Ok(bytes(PUBLIC)));
    assert_eq!(hex::encode(key.to_pkcs8().ok().expect("its encoding").expose()), PKCS8);
    let bare = PrivateKey::read(KeySpec::Sm2, &bytes(BARE).into()).expect("a private key");
    assert_eq!(bare.public_key(), Ok(bytes(PUBLIC)));
    // Another key's public half beside the private one.
    let mut mixed = bytes(PKCS8);
    let last = mixed.len() - 1;
    mixed[last] ^= 1;
    let refused = PrivateKey::read(KeySpec::Sm2, &mixed.into()).err();
    assert_eq!(refused, Some(PairError::Unreadable));
}

/// SPK-151, SPK-153, SPK-154
#[test]
fn the_examples_signature_verifies() {
    let digest = sm2::digest(&bytes(PUBLIC), b"1234567812345678", b"message digest");
    assert_eq!(digest.map(hex::encode), Ok(E.to_owned()));
    let signature = bytes(SIGNATURE);
    assert_eq!(accepted(Message::Raw(b"message digest"), &signature), Ok(()));
    assert_eq!(accepted(Message::Digest(&bytes(E)), &signature), Ok(()));
    let other = accepted(Message::Raw(b"message digesu"), &signature);
    assert_eq!(other, Err(PairError::Refused));
    let another = [7; 32];
    assert_eq!(accepted(Message::Digest(&another), &signature), Err(PairError::Refused));
}

/// SPK-157
#[test]
fn a_signature_in_another_name_verifies_by_its_digest() {
    let signature = bytes(
        "3045022100af80a56da6e6afa2f5f8235060433a2c6c1821ea85b8433a59530418cd6283f402204ef14827973d923c26c26680e07c03461b07d5\
         4250bee264137caf4c9e0dfcdb",
    );
    let message = b"a contract";
    let digest = sm2::digest(&bytes(PUBLIC), b"ALICE123@YAHOO.COM", message).expect("a digest");
    assert_eq!(accepted(Message::Digest(&digest), &signature), Ok(()));
    assert_eq!(accepted(Message::Raw(message), &signature), Err(PairError::Refused));
}

/// An id of 40 bytes: both bytes of the length count. SPK-154, SPK-163
#[test]
fn the_length_of_a_long_id_is_written_in_two_bytes() {
    let signature = bytes(
        "304502210099100126d932e24586c3d1e74db65dcf710b0eeab548f8085df42ad686f05124022031e3bf59c902e51bbf8b6675a275b5495990ea\
         2e707107a3692a1016e0ba6c78",
    );
    let id = b"0123456789abcdef0123456789abcdef01234567";
    let digest = sm2::digest(&bytes(PUBLIC), id, b"a contract").expect("a digest");
    assert_eq!(accepted(Message::Digest(&digest), &signature), Ok(()));
}

/// SPK-154, SPK-155
#[test]
fn a_distinguishing_id_has_as_many_bytes_as_its_length_can_tell() {
    let digest = |length: usize| sm2::digest(&bytes(PUBLIC), &vec![b'a'; length], b"");
    assert!(digest(sm2::MAX_DISTINGUISHING_ID).is_ok());
    assert_eq!(digest(8192), Err(PairError::TooLong));
    assert_eq!(digest(8192 + 8192), Err(PairError::TooLong));
    // The id is not a part of the message.
    let one = sm2::digest(&bytes(PUBLIC), b"a", b"b");
    assert_ne!(one, sm2::digest(&bytes(PUBLIC), b"", b"ab"));
}

/// SPK-134, SPK-151, SPK-153
#[test]
fn a_message_and_its_digest_have_one_signature() {
    let key = key();
    let message = b"what is signed";
    let digest = sm2::digest(&bytes(PUBLIC), sm2::DEFAULT_DISTINGUISHING_ID, message).expect("a digest");
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
        let refused = accepted(Message::Digest(&short), &bytes(SIGNATURE));
        assert_eq!(refused, Err(PairError::DigestLength), "{length}");
    }
}

#[test]
fn only_canonical_signatures_verify() {
    let valid = bytes(SIGNATURE);
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

/// SPK-150, SPK-158, SPK-159
#[test]
fn the_examples_ciphertext_decrypts() {
    let key = key();
    let plaintext = key.decrypt(SM2PKE, &bytes(CIPHERTEXT));
    assert_eq!(plaintext.ok().expect("a plaintext").expose(), b"encryption standard");
    let openssl = bytes(
        "307c02201dd3de5f9b5e8fb6ecd94897394b3652d319f1007897384ecc7b86028d8cf170022007d07329046d3be2fb7e464c901efbeb288ba866\
         f1de5d22d1445072808f35e5042037ca3ff1906a8fbbae8bc9443d63a0d35e31ebb119c088feaf77147e91151e3104142a4bc99a7bfab69b493a\
         36febcf7ab964a45f58d",
    );
    let plaintext = key.decrypt(SM2PKE, &openssl);
    assert_eq!(plaintext.ok().expect("a plaintext").expose(), b"plaintext of openssl");
    for raw in RAW {
        assert_eq!(key.decrypt(SM2PKE, &bytes(raw)).err(), Some(PairError::Refused));
    }
}

/// By OpenSSL: of x one byte is zero, of y two. SPK-158, SPK-162
#[test]
fn coordinates_that_begin_with_zeroes_are_shorter_integers() {
    for ciphertext in [
        "3079021f1f7e40e27e4bdd11d5bb9286623e072ea6fe618ad6960286b5d704684dcb43022058a6b9ccb460c05d70d6b4283f5d05ed2dbc684318\
         b89935bc1989a9a5ec532c04203d8889830b3dce08da1ac4d37e319c6fda46719c8463ac712ab7c266b28dbfba0412da89c67ecbe841babe020a\
         9c3e8b46424ba9",
        "30780220201c2770483ce549e0227f3d350f4a4aa149dc7c3c047e2ec0495faca9e06f97021e6d4cfba2cece95b7f2dd2b0d5d0bb52c413c86a6\
         1e91d357220b8ad356b00420bb931a3eb9b098c6e7083193ab7f3b2a424f6e14575bcedf22eadaa43d6d067104124d79c9949906699a52ffe74a\
         0dc3c7951ce4",
    ] {
        let plaintext = key().decrypt(SM2PKE, &bytes(ciphertext)).ok().expect("a plaintext");
        assert_eq!(plaintext.expose(), b"a short coordinate");
        // The same number with a zero before it.
        let mut padded = bytes(ciphertext);
        padded[1] += 1;
        padded[3] += 1;
        padded.insert(4, 0);
        assert_eq!(key().decrypt(SM2PKE, &padded).err(), Some(PairError::Refused));
    }
}

/// SPK-158
#[test]
fn a_ciphertext_has_the_encoding_that_is_decrypted() {
    let key = key();
    for length in [1, 2, 31, 32, 33, 1024] {
        let plaintext = vec![0xa5; length];
        let ciphertext = encrypt(KeySpec::Sm2, &bytes(PUBLIC), SM2PKE, &plaintext).expect("a ciphertext");
        assert_eq!(ciphertext[0], 0x30);
        // An octet string of the plaintext's length comes last, behind one of 32 bytes.
        let rest = &ciphertext[..ciphertext.len() - length];
        let header: &[u8] = match length {
            0..128 => &[0x04, u8::try_from(length).expect("short")],
            _ => &[0x04, 0x82, 0x04, 0x00],
        };
        let rest = rest.strip_suffix(header).expect("the header of C2");
        assert_eq!(rest[rest.len() - 34..rest.len() - 32], [0x04, 0x20]);
        let decrypted = key.decrypt(SM2PKE, &ciphertext).ok().expect("the plaintext");
        assert_eq!(decrypted.expose(), plaintext);
    }
    let long = vec![1; 1025];
    let refused = encrypt(KeySpec::Sm2, &bytes(PUBLIC), SM2PKE, &long);
    assert_eq!(refused, Err(PairError::TooLong));
    let refused = encrypt(KeySpec::Sm2, &bytes(PUBLIC), SM2PKE, b"");
    assert_eq!(refused, Err(PairError::WrongAlgorithm));
}

/// The example's point C1 times its private key.
#[test]
fn the_examples_point_is_agreed_on() {
    let peer = [&bytes(PUBLIC)[..26], &bytes(RAW[0])[..65]].concat();
    let secret = key().agree(&peer).ok().expect("a secret");
    let expected = "335e18d751e51f040e27d468138b7ab1dc86ad7f981d7d416222fd6ab3ed230d";
    assert_eq!(hex::encode(secret.expose()), expected);
}

/// SPK-146
#[test]
fn no_peer_of_another_kind_is_agreed_with() {
    let own = key();
    let prefix = &bytes(PUBLIC)[..26];
    let zero = [&[4][..], &[0; 64]].concat();
    let mut off = bytes(PUBLIC)[26..].to_vec();
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
    assert_eq!(p256.agree(&bytes(PUBLIC)).err(), Some(PairError::InvalidPublicKey));
    for length in 0..bytes(PUBLIC).len() {
        let cut = &bytes(PUBLIC)[..length];
        assert_eq!(own.agree(cut).err(), Some(PairError::InvalidPublicKey));
    }
}
