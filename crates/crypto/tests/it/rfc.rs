//! HMAC, Ed25519 and Ed25519ph against the examples of their RFCs.

use trent_crypto::mac;
use trent_crypto::pair::{Message, PairError, PrivateKey, verify};
use trent_crypto::spec::{KeySpec, MacAlgorithm, SigningAlgorithm};

/// Key, message, tags by SHA-224, SHA-256, SHA-384 and SHA-512.
const HMAC: [[&str; 6]; 6] = [
    [
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
        "4869205468657265",
        "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
        "\
         87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914e\
         eb61f1702e696c203a126854",
    ],
    [
        "4a656665",
        "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
        "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        "\
         164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a3\
         4d4a6b4b636e070a38bce737",
    ],
    [
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
        "7fb3cb3588c6c1f6ffa9694d7d6ad2649365b0c1f65d69d1ec8333ea",
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
        "\
         fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337\
         bee8942674278859e13292fb",
    ],
    [
        "0102030405060708090a0b0c0d0e0f10111213141516171819",
        "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
        "6c11506874013cac6a2abc1bb382627cec6a90d86efc012de7afec5a",
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb",
        "\
         b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741\
         120c4f2de2adebeb10a298dd",
    ],
    [
        "\
         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "\
         54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b657920466972\
         7374",
        "95e9a0db962095adaebe9b2d6f0dbce2d499f112f2d2b7273fa6870e",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
        "\
         80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73\
         f63f0aec8b915a985d786598",
    ],
    [
        "\
         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "\
         5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a65206b657920616e\
         642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865206b6579206e6565647320746f206265\
         20686173686564206265666f7265206265696e6720757365642062792074686520484d414320616c676f726974686d2e",
        "3a854166ac5d9f023f54d517d0b39dbd946770db9c2b95c9f6f565d1",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e",
        "\
         e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb\
         6de0446065c97440fa8c6a58",
    ],
];

/// Seed, public key, message, signature.
const ED25519: [[&str; 4]; 4] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "\
         e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0\
         595bbe24655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "\
         92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eae\
         b4302aeeb00d291612bb0c00",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "\
         6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9\
         716ed28dc027beceea1ec40a",
    ],
    [
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "\
         ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423\
         643ce80e2a9ac94fa54ca49f",
        "\
         dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c\
         138ac17ad9bef1177331a704",
    ],
];

const SPEC: KeySpec = KeySpec::EccNistEdwards25519;
const ED25519_SHA_512: SigningAlgorithm = SigningAlgorithm::Ed25519Sha512;
const ED25519_PH_SHA_512: SigningAlgorithm = SigningAlgorithm::Ed25519PhSha512;

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).expect("hexadecimal digits")
}

/// RFC 4231. SPK-170, SPK-171
#[test]
fn hmac() {
    for [key, message, tags @ ..] in HMAC {
        let (key, message) = (bytes(key).into(), bytes(message));
        for (&algorithm, tag) in MacAlgorithm::ALL.iter().zip(tags) {
            assert_eq!(
                hex::encode(mac::generate(algorithm, &key, &message)),
                tag,
                "{algorithm}"
            );
            assert!(mac::verify(algorithm, &key, &message, &bytes(tag)), "{algorithm}");
        }
    }
}

/// RFC 8032, 7.1.
#[test]
fn ed25519() {
    for [seed, public, message, expected] in ED25519 {
        let key = PrivateKey::read(SPEC, &bytes(seed).into()).expect("a private key");
        let info = key.public_key().expect("a public key");
        assert_eq!(hex::encode(&info), format!("302a300506032b6570032100{public}"));
        let message = bytes(message);
        let signature = key.sign(ED25519_SHA_512, Message::Raw(&message));
        assert_eq!(signature.map(hex::encode), Ok(expected.to_owned()));
        let found = verify(SPEC, &info, ED25519_SHA_512, Message::Raw(&message), &bytes(expected));
        assert_eq!(found, Ok(()));
    }
}

/// RFC 8032, 7.3: the digest of "abc" by SHA-512.
#[test]
fn ed25519ph() {
    let [seed, _, digest, other] = ED25519[3];
    let (digest, other) = (bytes(digest), bytes(other));
    let expected = "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61\
                    e636062aaad11c2a26083406";
    let key = PrivateKey::read(SPEC, &bytes(seed).into()).expect("a private key");
    let info = key.public_key().expect("a public key");
    let signature = key.sign(ED25519_PH_SHA_512, Message::Digest(&digest));
    assert_eq!(signature.map(hex::encode), Ok(expected.to_owned()));
    let accepted = |algorithm, message, signature: &[u8]| verify(SPEC, &info, algorithm, message, signature);
    let expected = bytes(expected);
    assert_eq!(
        accepted(ED25519_PH_SHA_512, Message::Digest(&digest), &expected),
        Ok(())
    );
    // The two algorithms do not take each other's signatures of the same bytes.
    let crossed = accepted(ED25519_SHA_512, Message::Raw(&digest), &expected);
    assert_eq!(crossed, Err(PairError::Refused));
    let crossed = accepted(ED25519_PH_SHA_512, Message::Digest(&digest), &other);
    assert_eq!(crossed, Err(PairError::Refused));
}
