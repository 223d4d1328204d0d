use proptest::prelude::*;

use super::*;
use crate::root::Generation;

const SALT: [u8; 32] = [3; 32];

fn key(fill: u8) -> Key256 {
    Key256::new([fill; 32])
}

fn sealer() -> RecordSealer {
    RecordSealer::new(&RootKeys::first(key(1), key(2)))
}

fn two_generations(active: u32) -> RecordSealer {
    let generation = |id, fill| Generation {
        id: GenerationId(id),
        key: key(fill),
    };
    let generations = vec![generation(1, 2), generation(2, 4)];
    RecordSealer::new(&RootKeys::new(key(1), generations, GenerationId(active)).expect("valid"))
}

fn sealed() -> Vec<u8> {
    sealer().seal(Class::Policy, b"key", 0x0102_0304_0506_0708, b"content", SALT)
}

#[test]
fn a_record_opens_where_it_was_written() {
    let opened = sealer().open(Class::Policy, b"key", &sealed());
    assert_eq!(opened, Ok((0x0102_0304_0506_0708, b"content".to_vec())));
}

#[test]
fn an_empty_record_opens() {
    let sealed = sealer().seal(Class::Audit, b"", 0, b"", SALT);
    assert_eq!(sealer().open(Class::Audit, b"", &sealed), Ok((0, Vec::new())));
}

#[test]
fn the_layout_is_the_documented_one() {
    let sealed = sealed();
    assert_eq!(
        hex::encode(&sealed[..14]),
        "01000000010301020304050607 08".replace(' ', "")
    );
    assert_eq!(sealed[14..46], SALT);
    assert_eq!(sealed.len(), 46 + 7 + 16);
}

#[test]
fn the_head_is_readable() {
    let envelope = Envelope {
        format: 1,
        generation: GenerationId(1),
        class: Class::Policy,
        version: 0x0102_0304_0506_0708,
    };
    assert_eq!(sealer().peek(&sealed()), Ok(envelope));
}

#[test]
fn classes_have_fixed_numbers() {
    let numbers: Vec<u8> = Class::ALL.iter().map(|class| *class as u8).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    for class in Class::ALL {
        assert_eq!(Class::from_byte(class as u8), Some(class));
    }
    assert_eq!((Class::from_byte(0), Class::from_byte(8)), (None, None));
    assert_eq!(Class::Material as u8, 1);
    assert_eq!(Class::Credentials as u8, 2);
    assert_eq!(Class::Policy as u8, 3);
    assert_eq!(Class::Audit as u8, 4);
    assert_eq!(Class::Tokens as u8, 5);
    assert_eq!(Class::Markers as u8, 6);
    assert_eq!(Class::Resource as u8, 7);
}

#[test]
fn a_moved_record_does_not_open() {
    let sealed = sealed();
    for place in [&b"kez"[..], b"ke", b"key2", b""] {
        assert_eq!(sealer().open(Class::Policy, place, &sealed), Err(RecordError::Forged));
    }
}

#[test]
fn a_record_of_another_class_is_named_so() {
    for class in Class::ALL {
        let sealed = sealer().seal(class, b"key", 1, b"content", SALT);
        for expected in Class::ALL {
            let opened = sealer().open(expected, b"key", &sealed);
            if class == expected {
                assert_eq!(opened, Ok((1, b"content".to_vec())));
            } else {
                assert_eq!(opened, Err(RecordError::WrongClass { expected, found: class }));
                // Nor does a record open whose class was rewritten.
                let mut rewritten = sealed.clone();
                rewritten[5] = expected as u8;
                let opened = sealer().open(expected, b"key", &rewritten);
                assert_eq!(opened, Err(RecordError::Forged));
            }
        }
    }
}

#[test]
fn classes_do_not_share_keys() {
    let body = |class| sealer().seal(class, b"key", 1, b"content", SALT)[46..53].to_vec();
    let bodies: std::collections::BTreeSet<_> = Class::ALL.into_iter().map(body).collect();
    assert_eq!(bodies.len(), Class::ALL.len());
}

#[test]
fn every_flipped_bit_is_refused_with_the_error_of_its_field() {
    let sealed = sealed();
    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let error = sealer().open(Class::Policy, b"key", &flipped).expect_err("refused");
        match bit / 8 {
            0 => assert_eq!(error, RecordError::UnknownFormat(flipped[0])),
            1..5 => assert!(matches!(error, RecordError::UnknownGeneration(_))),
            5 => assert!(matches!(
                error,
                RecordError::UnknownClass(_) | RecordError::WrongClass { .. }
            )),
            _ => assert_eq!(error, RecordError::Forged),
        }
    }
}

#[test]
fn a_shortened_record_is_truncated_or_forged() {
    let sealed = sealed();
    for length in 0..46 + 16 {
        let opened = sealer().open(Class::Policy, b"key", &sealed[..length]);
        assert_eq!(opened, Err(RecordError::Truncated), "{length}");
    }
    for length in 46 + 16..sealed.len() {
        let opened = sealer().open(Class::Policy, b"key", &sealed[..length]);
        assert_eq!(opened, Err(RecordError::Forged), "{length}");
    }
}

#[test]
fn an_older_generation_still_opens_and_the_active_one_seals() {
    let sealed = sealed();
    let opened = two_generations(2).open(Class::Policy, b"key", &sealed);
    assert_eq!(opened.map(|(_, content)| content), Ok(b"content".to_vec()));

    assert_eq!(two_generations(2).active_generation(), GenerationId(2));
    let newer = two_generations(2).seal(Class::Policy, b"key", 1, b"content", SALT);
    let generation = two_generations(2).peek(&newer).map(|it| it.generation);
    assert_eq!(generation, Ok(GenerationId(2)));
    assert!(two_generations(1).open(Class::Policy, b"key", &newer).is_ok());
    let without = sealer().open(Class::Policy, b"key", &newer);
    assert_eq!(without, Err(RecordError::UnknownGeneration(GenerationId(2))));
    // A record whose generation was rewritten does not open under the other one.
    let mut rewritten = sealed;
    rewritten[4] = 2;
    let opened = two_generations(2).open(Class::Policy, b"key", &rewritten);
    assert_eq!(opened, Err(RecordError::Forged));
}

#[test]
fn other_root_keys_open_nothing() {
    let other = RecordSealer::new(&RootKeys::first(key(1), key(5)));
    assert_eq!(other.open(Class::Policy, b"key", &sealed()), Err(RecordError::Forged));
}

#[test]
fn blinded_names_are_stable_across_generations_and_apart_between_domains() {
    let sealer = sealer();
    let name = sealer.blind("alias", b"alias/one");
    assert_eq!(name, two_generations(2).blind("alias", b"alias/one"));
    assert_ne!(name, sealer.blind("alias", b"alias/two"));
    assert_ne!(name, sealer.blind("alia", b"salias/one"));
    assert_ne!(
        name,
        RecordSealer::new(&RootKeys::first(key(9), key(2))).blind("alias", b"alias/one")
    );
    // Nor is it one of the other digests of the same bytes.
    assert_ne!(name, sealer.element(b"alias", b"alias/one"));
    assert_ne!(sealer.blind("", b"x"), sealer.attest(b"x"));
    assert_ne!(sealer.element(b"", b"x"), sealer.attest(b"x"));
}

#[test]
fn elements_depend_on_key_and_value_and_their_border() {
    let sealer = sealer();
    let element = sealer.element(b"ab", b"cd");
    assert_eq!(element, two_generations(2).element(b"ab", b"cd"));
    for (key, value) in [(&b"a"[..], &b"bcd"[..]), (b"abc", b"d"), (b"ab", b"ce"), (b"ac", b"cd")] {
        assert_ne!(element, sealer.element(key, value));
    }
}

#[test]
fn attestations_verify_and_nothing_else_does() {
    let sealer = sealer();
    let attestation = sealer.attest(b"head");
    assert!(sealer.verify(b"head", &attestation));
    assert!(two_generations(2).verify(b"head", &attestation));
    assert!(!sealer.verify(b"heae", &attestation));
    assert!(!sealer.verify(b"head", &attestation[..31]));
    assert!(!sealer.verify(b"head", &[]));
    let other = RecordSealer::new(&RootKeys::first(key(9), key(2)));
    assert!(!other.verify(b"head", &attestation));
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens(
        class in prop::sample::select(&Class::ALL[..]),
        place in prop::collection::vec(any::<u8>(), 0..80),
        version: u64,
        content in prop::collection::vec(any::<u8>(), 0..300),
        salt: [u8; 32],
    ) {
        let sealed = sealer().seal(class, &place, version, &content, salt);
        prop_assert_eq!(sealer().open(class, &place, &sealed), Ok((version, content)));
    }

    #[test]
    fn arbitrary_bytes_never_open_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(sealer().open(Class::Policy, b"key", &bytes).is_err());
        let formatted = [&[1, 0, 0, 0, 1, 3][..], &bytes].concat();
        prop_assert!(sealer().open(Class::Policy, b"key", &formatted).is_err());
    }
}
