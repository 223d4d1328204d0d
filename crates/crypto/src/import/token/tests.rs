use trent_names::{AccountId, KeyId, Partition};

use super::*;

fn address(key: u8, multi_region: bool) -> KeyAddress {
    KeyAddress {
        partition: Partition::Aws,
        account: AccountId::parse("111122223333").expect("an account"),
        key: KeyId::from_random_bytes([key; 16], multi_region),
    }
}

fn region(name: &str) -> Region {
    Region::parse(name).expect("a Region")
}

fn token(wrapping: Wrapping) -> ImportToken {
    let (key, region) = (address(7, true), region("us-east-1"));
    ImportToken::new(
        &key,
        &region,
        wrapping,
        1_700_000_000_123,
        Secret::new(b"private".to_vec()),
    )
}

/// SPK-448, SPK-451
#[test]
fn a_token_says_what_it_was_made_for() {
    for &algorithm in WrappingAlgorithm::ALL {
        for &spec in WrappingKeySpec::ALL {
            let wrapping = Wrapping { algorithm, spec };
            let read = ImportToken::parse(token(wrapping).encode().expose()).expect("a token");
            assert_eq!((read.wrapping, read.expires), (wrapping, 1_700_000_000_123));
            assert_eq!(read.private_key().expose(), b"private");
            assert!(read.is_for(&address(7, true), &region("us-east-1")));
            assert!(!read.is_for(&address(7, true), &region("us-west-2")));
            assert!(!read.is_for(&address(7, false), &region("us-east-1")));
            assert!(!read.is_for(&address(8, true), &region("us-east-1")));
            let of_another = KeyAddress {
                account: AccountId::parse("444455556666").expect("an account"),
                ..address(7, true)
            };
            assert!(!read.is_for(&of_another, &region("us-east-1")));
        }
    }
}

#[test]
fn what_is_no_token_is_not_read() {
    let wrapping = Wrapping {
        algorithm: WrappingAlgorithm::Sm2Pke,
        spec: WrappingKeySpec::Sm2,
    };
    let bytes = token(wrapping).encode();
    let private = b"private".len();
    for end in 0..bytes.len() - private {
        assert!(ImportToken::parse(&bytes.expose()[..end]).is_none(), "{end} bytes");
    }
    for (place, wrong) in [(0, 2), (6, 2), (7, 6), (8, 4), (17, 0xff)] {
        let mut changed = bytes.expose().to_vec();
        changed[place] = wrong;
        assert!(ImportToken::parse(&changed).is_none(), "byte {place}");
    }
}
