//! How keys of ML-DSA (RFC 9881) and ML-KEM (RFC 9935) are written: under NIST's object identifiers, without parameters.

/// The end of an object identifier below 2.16.840.1.101.3.4: the arc of the algorithms, the parameter set.
pub(super) type Identifier = [u8; 2];

/// What stands before a public key of `length` bytes in its `SubjectPublicKeyInfo`.
pub(super) fn public_prefix([arc, set]: Identifier, length: usize) -> [u8; 22] {
    let [bits_high, bits_low] = two_bytes(1 + length);
    let [all_high, all_low] = two_bytes(13 + 5 + length);
    [
        0x30, 0x82, all_high, all_low, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, arc, set,
        0x03, 0x82, bits_high, bits_low, 0x00,
    ]
}

/// What stands before a seed of `length` bytes in PKCS#8: `[0] IMPLICIT OCTET STRING`.
pub(super) fn seed_prefix([arc, set]: Identifier, length: u8) -> [u8; 22] {
    [
        0x30,
        20 + length,
        0x02,
        0x01,
        0x00,
        0x30,
        0x0b,
        0x06,
        0x09,
        0x60,
        0x86,
        0x48,
        0x01,
        0x65,
        0x03,
        0x04,
        arc,
        set,
        0x04,
        2 + length,
        0x80,
        length,
    ]
}

fn two_bytes(length: usize) -> [u8; 2] {
    u16::try_from(length).expect("keys are short").to_be_bytes()
}
