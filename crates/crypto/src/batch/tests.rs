use super::*;

const FIRST: &str = "2f75c8a8d8d4a79bb4e4457f608f8e7a";
const SECOND_ATTEMPT: &str = "6dd2b3ec12652b0fb87f80c628c84909";
const NEXT_KEY: &str = "5f5062f804b804e4a2129231a76a6c9ffe73db08a60118900ffafa1684335ada";
const EMPTY_UNDER_NEXT: &str = "1e1112f2968a4b1a8928ca3709be7e87";

fn key() -> BatchKey {
    BatchKey::new(Key256::new([0x42; 32]))
}

/// The values were computed apart from this code: HMAC-SHA-256 for the derivations, and another GCM for the tags.
#[test]
fn the_tags_of_a_chain_are_fixed() {
    let mut first = key();
    let tag = first.tag(b"one batch");
    assert_eq!((tag.attempt, hex::encode(tag.tag)), (0, FIRST.to_owned()));
    let again = first.tag(b"one batch");
    assert_eq!((again.attempt, hex::encode(again.tag)), (1, SECOND_ATTEMPT.to_owned()));
    first.advance();
    assert_eq!(hex::encode(first.to_key().expose()), NEXT_KEY);
    let tag = first.tag(b"");
    assert_eq!((tag.attempt, hex::encode(tag.tag)), (0, EMPTY_UNDER_NEXT.to_owned()));
}

#[test]
fn a_tag_verifies_for_its_batch_key_and_attempt_alone() {
    let batch = b"some records\n";
    let tag = key().tag(batch);
    assert!(key().verify(&tag, batch));
    let mut next = key();
    next.advance();
    assert!(!next.verify(&tag, batch));
    assert!(!key().verify(&BatchTag { attempt: 1, ..tag }, batch));
    assert!(!key().verify(&tag, b"some record\n"));
    for byte in 0..TAG {
        let mut flipped = tag;
        flipped.tag[byte] ^= 1;
        assert!(!key().verify(&flipped, batch), "byte {byte}");
    }
    for byte in 0..batch.len() {
        let mut flipped = *batch;
        flipped[byte] ^= 1;
        assert!(!key().verify(&tag, &flipped), "byte {byte}");
    }
}

#[test]
fn a_kept_key_verifies_what_comes_after_it() {
    let mut log = key();
    log.advance();
    let mut kept = BatchKey::new(log.to_key());
    log.advance();
    let tag = log.tag(b"third");
    kept.advance();
    assert!(kept.verify(&tag, b"third"));
}
