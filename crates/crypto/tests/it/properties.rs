//! What holds for every message: what is made is accepted, and with one bit changed it is not.

use std::fmt;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use trent_crypto::ciphertext::{self, Parsed};
use trent_crypto::mac;
use trent_crypto::pair::{Message, PairError, PrivateKey, encapsulate, encrypt, verify};
use trent_crypto::spec::{
    Algorithms, Cipher, EncryptionAlgorithm, KeySpec, KeyType, KeyUsage, MacAlgorithm, MessageKind, SigningAlgorithm,
};
use trent_crypto::{EncryptionContext, KeyAddress, MaterialId, MaterialKey, Secret};
use trent_names::{AccountId, KeyId, Partition};

use crate::lattices::representative;

/// A key pair, its public key, and another public key of the spec.
struct Pair {
    spec: KeySpec,
    key: PrivateKey,
    public: Vec<u8>,
    others: Vec<u8>,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a pair of {}", self.spec)
    }
}

/// One of each spec: those of RSA take long to make.
static PAIRS: LazyLock<Vec<Pair>> = LazyLock::new(|| {
    let specs = KeySpec::ALL.iter().copied();
    let pairs = specs.filter(|spec| spec.key_type() == KeyType::Asymmetric);
    pairs
        .map(|spec| {
            let key = PrivateKey::generate(spec).expect("a pair");
            let public = key.public_key().expect("a public key");
            let other = PrivateKey::generate(spec).and_then(|key| key.public_key());
            let others = other.expect("another public key");
            Pair {
                spec,
                key,
                public,
                others,
            }
        })
        .collect()
});

fn pairs(usage: KeyUsage) -> impl Strategy<Value = &'static Pair> {
    let fitting: Vec<&Pair> = PAIRS
        .iter()
        .filter(|pair| pair.spec.usages().any(|it| it == usage))
        .collect();
    select(fitting)
}

fn any_pair() -> impl Strategy<Value = &'static Pair> {
    select(PAIRS.iter().collect::<Vec<_>>())
}

fn bytes(length: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), length)
}

/// A pair, an algorithm of its spec, a kind of message and bytes of that kind.
fn signing() -> impl Strategy<Value = (&'static Pair, SigningAlgorithm, MessageKind, Vec<u8>)> {
    pairs(KeyUsage::SignVerify).prop_flat_map(|pair| {
        let Some(Algorithms::Signing(algorithms)) = pair.spec.algorithms(KeyUsage::SignVerify) else {
            panic!("the spec signs");
        };
        let cases: Vec<(SigningAlgorithm, MessageKind)> = algorithms
            .iter()
            .flat_map(|&algorithm| MessageKind::ALL.iter().map(move |&kind| (algorithm, kind)))
            .filter(|(algorithm, kind)| algorithm.accepts(*kind))
            .collect();
        select(cases).prop_flat_map(move |(algorithm, kind)| {
            let message = match kind {
                MessageKind::Raw => bytes(0..600).boxed(),
                MessageKind::Digest => bytes(algorithm.digest_len().expect("a digest")).boxed(),
                MessageKind::ExternalMu => bytes(SigningAlgorithm::EXTERNAL_MU_LEN).boxed(),
            };
            message.prop_map(move |message| (pair, algorithm, kind, message))
        })
    })
}

fn encrypting() -> impl Strategy<Value = (&'static Pair, EncryptionAlgorithm, Vec<u8>)> {
    pairs(KeyUsage::EncryptDecrypt).prop_flat_map(|pair| {
        let Some(Algorithms::Encryption(algorithms)) = pair.spec.algorithms(KeyUsage::EncryptDecrypt) else {
            panic!("the spec encrypts");
        };
        select(algorithms).prop_flat_map(move |algorithm| {
            let longest = algorithm.max_plaintext(pair.spec).expect("a limit");
            bytes(1..=longest).prop_map(move |plaintext| (pair, algorithm, plaintext))
        })
    })
}

fn as_kind(kind: MessageKind, message: &[u8]) -> Message<'_> {
    match kind {
        MessageKind::Raw => Message::Raw(message),
        MessageKind::Digest => Message::Digest(message),
        MessageKind::ExternalMu => Message::ExternalMu(message),
    }
}

/// The same bytes but for one bit.
fn flipped(bytes: &[u8], bit: Index) -> Vec<u8> {
    let bit = bit.index(bytes.len() * 8);
    let mut flipped = bytes.to_vec();
    flipped[bit / 8] ^= 1 << (bit % 8);
    flipped
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// SPK-124, SPK-142
    #[test]
    fn a_signature_is_of_one_message_and_one_key(
        (pair, algorithm, kind, message) in signing(),
        bit: Index,
        other_bit: Index,
    ) {
        let message = &message[..];
        let verified = |public: &[u8], message: &[u8], signature: &[u8]| {
            verify(pair.spec, public, algorithm, as_kind(kind, message), signature)
        };
        let signature = pair.key.sign(algorithm, as_kind(kind, message)).expect("a signature");
        prop_assert_eq!(verified(&pair.public, message, &signature), Ok(()));
        let another = pair.key.sign(algorithm, as_kind(kind, message)).expect("a signature");
        prop_assert_eq!(verified(&pair.public, message, &another), Ok(()));

        let refused = Err(PairError::Refused);
        prop_assert_eq!(verified(&pair.public, message, &flipped(&signature, bit)), refused);
        prop_assert_eq!(verified(&pair.others, message, &signature), refused);
        prop_assert_eq!(verified(&pair.public, message, &signature[1..]), refused);
        prop_assert_eq!(verified(&pair.public, message, &[&signature[..], &[0]].concat()), refused);
        if !message.is_empty() {
            prop_assert_eq!(verified(&pair.public, &flipped(message, other_bit), &signature), refused);
        }
    }

    #[test]
    fn no_other_bytes_are_a_signature(
        (pair, algorithm, kind, message) in signing(),
        signature in bytes(0..6144),
        public in bytes(0..2700),
    ) {
        let found = verify(pair.spec, &pair.public, algorithm, as_kind(kind, &message), &signature);
        prop_assert_eq!(found, Err(PairError::Refused));
        for public in [public, [&pair.public[..], &[0]].concat(), pair.public[1..].to_vec()] {
            let found = verify(pair.spec, &public, algorithm, as_kind(kind, &message), &signature);
            prop_assert_eq!(found, Err(PairError::InvalidPublicKey));
        }
    }

    /// A message that an algorithm does not take is refused for its kind or its length.
    #[test]
    fn no_other_messages_are_signed(
        (pair, algorithm, ..) in signing(),
        kind in select(MessageKind::ALL),
        message in bytes(0..200),
    ) {
        let signed = pair.key.sign(algorithm, as_kind(kind, &message)).map(|_| ());
        let verified = verify(pair.spec, &pair.public, algorithm, as_kind(kind, &message), &[]);
        let length = match kind {
            MessageKind::Raw => Some(message.len()),
            MessageKind::Digest => algorithm.digest_len(),
            MessageKind::ExternalMu => Some(SigningAlgorithm::EXTERNAL_MU_LEN),
        };
        if !algorithm.accepts(kind) {
            prop_assert_eq!(signed, Err(PairError::WrongAlgorithm));
            prop_assert_eq!(verified, Err(PairError::WrongAlgorithm));
        } else if length == Some(message.len()) {
            prop_assert_eq!(signed, Ok(()));
            prop_assert_eq!(verified, Err(PairError::Refused));
        } else {
            prop_assert_eq!(signed, Err(PairError::DigestLength));
        }
    }

    #[test]
    fn a_message_and_its_representative_have_one_signature(
        spec in select(&[KeySpec::MlDsa44, KeySpec::MlDsa65, KeySpec::MlDsa87][..]),
        message in bytes(0..600),
    ) {
        let algorithm = SigningAlgorithm::MlDsaShake256;
        let pair = PAIRS.iter().find(|pair| pair.spec == spec).expect("a pair");
        let mu = representative(&pair.public, &[], &message);
        let forms = [Message::Raw(&message), Message::ExternalMu(&mu)];
        for signed in forms {
            let signature = pair.key.sign(algorithm, signed).expect("a signature");
            for verified in forms {
                prop_assert_eq!(verify(spec, &pair.public, algorithm, verified, &signature), Ok(()));
            }
        }
    }

    /// SPK-109, SPK-110, SPK-111
    #[test]
    fn a_ciphertext_is_of_one_plaintext_and_one_key((pair, algorithm, plaintext) in encrypting(), bit: Index) {
        let encrypted = |public: &[u8]| encrypt(pair.spec, public, algorithm, &plaintext).expect("a ciphertext");
        let ciphertext = encrypted(&pair.public);
        if let Some(length) = pair.spec.modulus_len() {
            prop_assert_eq!(ciphertext.len(), length);
        }
        prop_assert_ne!(&ciphertext, &encrypted(&pair.public));
        let decrypted = pair.key.decrypt(algorithm, &ciphertext);
        prop_assert!(decrypted.is_ok_and(|it| it.expose() == plaintext));

        let longer = [&ciphertext[..], &[0]].concat();
        for other in [&flipped(&ciphertext, bit), &encrypted(&pair.others), &longer, &ciphertext[1..].to_vec()] {
            prop_assert_eq!(pair.key.decrypt(algorithm, other).err(), Some(PairError::Refused));
        }
        // The other hash function of OAEP.
        let other = EncryptionAlgorithm::ALL.iter().find(|it| **it != algorithm && it.max_plaintext(pair.spec).is_some());
        if let Some(other) = other {
            prop_assert_eq!(pair.key.decrypt(*other, &ciphertext).err(), Some(PairError::Refused));
        }
    }

    #[test]
    fn no_other_bytes_are_a_ciphertext(
        (pair, algorithm, plaintext) in encrypting(),
        ciphertext in prop_oneof![bytes(0..6144), bytes(256), bytes(384), bytes(512)],
        public in bytes(0..700),
    ) {
        prop_assert_eq!(pair.key.decrypt(algorithm, &ciphertext).err(), Some(PairError::Refused));
        for public in [public, [&pair.public[..], &[0]].concat(), pair.public[1..].to_vec()] {
            let found = encrypt(pair.spec, &public, algorithm, &plaintext);
            prop_assert_eq!(found, Err(PairError::InvalidPublicKey));
        }
    }

    /// SPK-145, SPK-146
    #[test]
    fn a_secret_is_agreed_on_with_a_key_of_the_curve_alone(
        pair in pairs(KeyUsage::KeyAgreement),
        other in any_pair(),
        bit: Index,
        peer in bytes(0..200),
    ) {
        let mine = PrivateKey::generate(pair.spec).expect("a pair");
        let secret = mine.agree(&pair.public).expect("a secret");
        let others = pair.key.agree(&mine.public_key().expect("a public key"));
        prop_assert!(others.is_ok_and(|it| it == secret));
        let length = match pair.spec {
            KeySpec::EccNistP384 => 48,
            KeySpec::EccNistP521 => 66,
            _ => 32,
        };
        prop_assert_eq!(secret.len(), length);
        prop_assert!(mine.agree(&pair.others).is_ok_and(|it| it != secret));

        let refused = Some(PairError::InvalidPublicKey);
        prop_assert_eq!(mine.agree(&flipped(&pair.public, bit)).err(), refused);
        prop_assert_eq!(mine.agree(&pair.public[1..]).err(), refused);
        prop_assert_eq!(mine.agree(&[&pair.public[..], &[0]].concat()).err(), refused);
        prop_assert_eq!(mine.agree(&peer).err(), refused);
        if other.spec != pair.spec {
            prop_assert_eq!(mine.agree(&other.public).err(), refused);
        }
    }

    #[test]
    fn a_changed_encapsulation_gives_another_secret(
        pair in pairs(KeyUsage::EncapsulateDecapsulate),
        bit: Index,
        noise in bytes(0..2000),
    ) {
        let (secret, ciphertext) = encapsulate(pair.spec, &pair.public).expect("a secret");
        prop_assert!(pair.key.decapsulate(&ciphertext).is_ok_and(|it| it == secret));
        let changed = flipped(&ciphertext, bit);
        let other = pair.key.decapsulate(&changed).expect("another secret");
        prop_assert!(other != secret);
        prop_assert!(pair.key.decapsulate(&changed).is_ok_and(|again| again == other));
        if noise.len() != ciphertext.len() {
            prop_assert_eq!(pair.key.decapsulate(&noise).err(), Some(PairError::Refused));
        }
        let found = encapsulate(pair.spec, &noise).err();
        prop_assert_eq!(found, Some(PairError::InvalidPublicKey));
    }

    #[test]
    fn any_bytes_are_a_private_key_or_are_not(
        pair in any_pair(),
        noise in bytes(0..200),
        bit: Index,
    ) {
        let at_rest = pair.key.to_bytes().expect("bytes");
        let longer = [at_rest.expose(), &[0]].concat();
        prop_assert_eq!(PrivateKey::read(pair.spec, &longer.into()).err(), Some(PairError::Unreadable));
        for bytes in [noise, flipped(at_rest.expose(), bit), at_rest.expose()[1..].to_vec()] {
            match PrivateKey::read(pair.spec, &bytes.clone().into()) {
                Err(error) => prop_assert_eq!(error, PairError::Unreadable),
                // A key of what it was read from; its public half need not have been there.
                Ok(key) => {
                    let again = PrivateKey::read(pair.spec, &key.to_bytes().expect("bytes"));
                    prop_assert!(again.is_ok_and(|again| again.public_key() == key.public_key()));
                }
            }
        }
    }

    /// SPK-170, SPK-171, SPK-175, SPK-176
    #[test]
    fn a_tag_is_of_one_message_and_one_key(
        algorithm in select(MacAlgorithm::ALL),
        key in bytes(28..=64),
        message in bytes(1..600),
        bits: [Index; 3],
    ) {
        let secret = Secret::new(key.clone());
        let tag = mac::generate(algorithm, &secret, &message);
        prop_assert_eq!(tag.len(), algorithm.tag_len());
        prop_assert_eq!(&tag, &mac::generate(algorithm, &secret, &message));
        prop_assert!(mac::verify(algorithm, &secret, &message, &tag));
        prop_assert!(!mac::verify(algorithm, &secret, &flipped(&message, bits[0]), &tag));
        prop_assert!(!mac::verify(algorithm, &secret, &message, &flipped(&tag, bits[1])));
        prop_assert!(!mac::verify(algorithm, &flipped(&key, bits[2]).into(), &message, &tag));
        prop_assert!(!mac::verify(algorithm, &secret, &message, &tag[..tag.len() - 1]));
        prop_assert!(!mac::verify(algorithm, &secret, &message, &[&tag[..], &[0]].concat()));
    }

    /// SPK-167, SPK-169
    #[test]
    fn a_symmetric_ciphertext_is_of_one_key_and_one_context(
        china: bool,
        plaintext in bytes(0..4096),
        salt: [u8; 32],
        (name, value) in ("[a-z]{1,20}", "[a-z]{1,20}"),
        bits: [Index; 2],
    ) {
        let partition = if china { Partition::AwsCn } else { Partition::Aws };
        let address = |key| KeyAddress {
            partition,
            account: AccountId::parse("111122223333").expect("an account"),
            key: KeyId::from_bytes([key; 16], false),
        };
        let bound = |key, fill| {
            let secret = Secret::new(vec![fill; Cipher::of(partition).key_len()]);
            MaterialKey::bind_secret(address(key).material(MaterialId([5; 32])), &secret).expect("a material")
        };
        let material = bound(7, 1);
        let context: EncryptionContext = [(&name[..], &value[..])].into_iter().collect();
        let sealed = ciphertext::seal(&material, &context, &plaintext, salt);
        let open = |material: &MaterialKey, context: &EncryptionContext, bytes: &[u8]| {
            let opened = Parsed::parse(bytes).and_then(|parsed| parsed.open(material, context));
            opened.ok().map(|secret| secret.expose().to_vec())
        };
        prop_assert_eq!(open(&material, &context, &sealed), Some(plaintext));
        prop_assert_eq!(open(&material, &context, &flipped(&sealed, bits[0])), None);
        prop_assert_eq!(open(&bound(8, 1), &context, &sealed), None);
        prop_assert_eq!(open(&bound(7, 2), &context, &sealed), None);
        prop_assert_eq!(open(&material, &EncryptionContext::none(), &sealed), None);
        if let Ok(changed) = str::from_utf8(&flipped(value.as_bytes(), bits[1])) {
            let other: EncryptionContext = [(&name[..], changed)].into_iter().collect();
            prop_assert_eq!(open(&material, &other, &sealed), None);
        }
    }
}
