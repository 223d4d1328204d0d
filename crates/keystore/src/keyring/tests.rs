use trent_crypto::root::RootError;

use super::*;

fn key(fill: u8) -> Key256 {
    Key256::new([fill; 32])
}

fn generation(id: u32, fill: u8) -> Generation {
    Generation {
        id: GenerationId(id),
        key: key(fill),
    }
}

fn root() -> RootKeys {
    RootKeys::new(key(1), vec![generation(1, 2), generation(258, 3)], GenerationId(258)).expect("valid")
}

#[test]
fn the_content_is_the_documented_one() {
    let mut expected = vec![1];
    expected.extend_from_slice(&[1; 32]);
    expected.extend_from_slice(&[0, 0, 1, 2, 0, 2]);
    expected.extend_from_slice(&[0, 0, 0, 1]);
    expected.extend_from_slice(&[2; 32]);
    expected.extend_from_slice(&[0, 0, 1, 2]);
    expected.extend_from_slice(&[3; 32]);
    let content = encode(&root());
    assert_eq!(content.expose(), expected);
    let decoded = decode(&expected).expect("decodes");
    assert_eq!(encode(&decoded).expose(), expected);
}

#[test]
fn incomplete_and_overlong_content_is_malformed() {
    let content = encode(&root());
    for length in 0..content.len() {
        let decoded = decode(&content.expose()[..length]);
        assert!(matches!(decoded, Err(KeyringError::Malformed)), "{length}");
    }
    let longer = [content.expose(), &[0]].concat();
    assert!(matches!(decode(&longer), Err(KeyringError::Malformed)));
}

#[test]
fn a_newer_format_and_contradictions_are_named() {
    let mut content = encode(&root()).expose().to_vec();
    content[0] = 2;
    assert!(matches!(decode(&content), Err(KeyringError::UnknownFormat(2))));
    content[0] = 1;
    content[36] = 3;
    let decoded = decode(&content);
    assert!(matches!(decoded, Err(KeyringError::Root(RootError::ActiveMissing(_)))));
}
