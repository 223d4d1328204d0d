//! The seal that is a passphrase: what it takes, what it opens, and what it refuses.

use trent_keystore::seal::{SHORTEST_PASSPHRASE, described};
use trent_keystore::{KeyFileSeal, Keyring, KeyringError, PassphraseSeal, SealError, Secret};

const PASSPHRASE: &[u8] = b"correct horse battery staple";

fn seal(passphrase: &[u8]) -> PassphraseSeal {
    PassphraseSeal::new(Secret::new(passphrase.to_vec())).expect("a passphrase")
}

fn refusal(opened: Result<Keyring, KeyringError>) -> SealError {
    match opened.err() {
        Some(KeyringError::Seal(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_passphrase_opens_what_it_sealed_and_no_other_does() {
    let (keyring, sealed) = Keyring::create(&seal(PASSPHRASE)).expect("a keyring");
    let opened = Keyring::open(&seal(PASSPHRASE), &sealed).expect("opens");
    let same = |keyring: &Keyring| keyring.record_sealer().blind("d", b"n");
    assert_eq!(same(&opened), same(&keyring));
    let wrong = refusal(Keyring::open(&seal(b"correct horse battery stapler"), &sealed));
    assert!(matches!(wrong, SealError::WrongPassphrase));
}

#[test]
fn the_head_tells_kind_and_id_and_the_cost_of_a_guess() {
    let (_, sealed) = Keyring::create(&seal(PASSPHRASE)).expect("a keyring");
    let (kind, id) = described(&sealed).expect("a known seal");
    assert_eq!((kind, id.len()), ("passphrase", 32));
    // 64 MiB, three passes, four lanes.
    assert_eq!(sealed[..13], [2, 0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 4]);
    let (_, other) = Keyring::create(&seal(PASSPHRASE)).expect("a keyring");
    assert_ne!(sealed[13..45], other[13..45], "each wrapping has a salt of its own");
    assert_eq!(described(&[]), None);
    assert_eq!(described(&[9; 80]), None);
    assert_eq!(described(&sealed[..50]), None);
}

#[test]
fn what_was_altered_opens_nothing_and_costs_no_fortune() {
    let (_, sealed) = Keyring::create(&seal(PASSPHRASE)).expect("a keyring");
    let altered = |at: usize, value: u8| {
        let mut altered = sealed.clone();
        altered[at] ^= value;
        refusal(Keyring::open(&seal(PASSPHRASE), &altered))
    };
    // The memory, the passes and the lanes: more than anybody pays.
    for at in [1, 5, 9] {
        assert!(matches!(altered(at, 0xFF), SealError::Damaged), "{at}");
    }
    assert!(matches!(altered(8, 1), SealError::WrongPassphrase), "a pass less");
    assert!(matches!(altered(20, 1), SealError::WrongPassphrase), "another salt");
    assert!(
        matches!(altered(sealed.len() - 1, 1), SealError::Damaged),
        "another tag"
    );
    for length in [1, 12, 44, 45, 60] {
        let cut = refusal(Keyring::open(&seal(PASSPHRASE), &sealed[..length]));
        assert!(matches!(cut, SealError::Damaged), "{length}: {cut:?}");
    }
}

#[test]
fn a_seal_of_another_kind_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = KeyFileSeal::create(&folder.path().join("seal"), &folder.path().join("data")).expect("a seal");
    let (_, by_file) = Keyring::create(&file).expect("a keyring");
    let (_, by_passphrase) = Keyring::create(&seal(PASSPHRASE)).expect("a keyring");
    assert_eq!(described(&by_file), Some(("key-file", file.fingerprint().to_string())));
    for opened in [
        Keyring::open(&file, &by_passphrase),
        Keyring::open(&seal(PASSPHRASE), &by_file),
    ] {
        assert!(matches!(refusal(opened), SealError::OtherKind { .. }));
    }
}

#[test]
fn a_new_passphrase_is_no_short_one() {
    let of = |length| Secret::new(vec![b'x'; length]);
    assert!(PassphraseSeal::chosen(of(SHORTEST_PASSPHRASE)).is_ok());
    let short = PassphraseSeal::chosen(of(SHORTEST_PASSPHRASE - 1)).err();
    assert!(matches!(short, Some(SealError::ShortPassphrase(SHORTEST_PASSPHRASE))));
    assert!(matches!(
        PassphraseSeal::new(of(0)).err(),
        Some(SealError::NoPassphrase)
    ));
}
