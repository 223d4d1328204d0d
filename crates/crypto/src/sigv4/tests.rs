use super::*;

const SECRET: &[u8] = b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// The example in the documentation of Signature Version 4: date, Region and service as given there.
#[test]
fn the_chain_gives_the_documented_key() {
    let key = SigningKey::derive(SECRET, "20150830", "us-east-1", "iam");
    let expected = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9";
    assert_eq!(hex::encode(key.expose()), expected);
}

/// The string to sign of the same example, and its signature.
#[test]
fn the_key_signs_as_documented() {
    let key = SigningKey::derive(SECRET, "20150830", "us-east-1", "iam");
    let string_to_sign = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n\
                          f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";
    let expected = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    assert_eq!(hex::encode(key.sign(string_to_sign.as_bytes())), expected);
}

#[test]
fn every_part_of_the_scope_changes_the_key() {
    let base = SigningKey::derive(SECRET, "20150830", "us-east-1", "kms");
    for (secret, date, region, service) in [
        (&SECRET[1..], "20150830", "us-east-1", "kms"),
        (SECRET, "20150831", "us-east-1", "kms"),
        (SECRET, "20150830", "us-east-2", "kms"),
        (SECRET, "20150830", "us-east-1", "sts"),
    ] {
        let other = SigningKey::derive(secret, date, region, service);
        assert_ne!(other.expose(), base.expose());
        assert_ne!(other.sign(b"request"), base.sign(b"request"));
    }
}
