//! A platform of the tests' own: a root, two authorities below it, the certificate that signs, and the documents that its
//! key signs. Each part can be made wrong by itself.

#![allow(clippy::unwrap_used, reason = "what is encoded goes into memory")]

use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};
use minicbor::Encoder;
use minicbor::data::Tag;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P384_SHA384, SignatureAlgorithm,
};
use time::OffsetDateTime;

/// When the documents of these tests are made: the clock of a new world stands there too.
pub(crate) const NOW: Duration = Duration::from_millis(1_700_000_000_123);
/// The protected header of ES384.
pub(crate) const ES384: &[u8] = b"\xa1\x01\x38\x22";

/// How many certificates a chain has, the root and the signer among them.
pub(crate) const CERTIFICATES: usize = 4;

/// A platform.
pub(crate) struct Platform {
    /// The certificates as they sign each other, the root first.
    pub(crate) certificates: Vec<Vec<u8>>,
    signer: EcdsaKeyPair,
}

impl Platform {
    /// A platform with which all is well.
    pub(crate) fn new() -> Self {
        Self::with(|_, _| {})
    }

    /// A platform whose certificates are changed before they are signed; the root has number 0.
    pub(crate) fn with(change: impl Fn(usize, &mut CertificateParams)) -> Self {
        Self::on([&PKCS_ECDSA_P384_SHA384; CERTIFICATES], change)
    }

    /// A platform whose keys are of these algorithms. The last one signs documents, so it is P-384 there.
    pub(crate) fn on(
        algorithms: [&'static SignatureAlgorithm; CERTIFICATES],
        change: impl Fn(usize, &mut CertificateParams),
    ) -> Self {
        let mut certificates: Vec<Vec<u8>> = Vec::new();
        let mut above: Option<Issuer<'static, KeyPair>> = None;
        let mut signer = None;
        for (at, algorithm) in algorithms.into_iter().enumerate() {
            let key = KeyPair::generate_for(algorithm).expect("a key is generated");
            let mut params = params(at);
            change(at, &mut params);
            let certificate = match &above {
                None => params.self_signed(&key),
                Some(above) => params.signed_by(&key, above),
            };
            certificates.push(certificate.expect("a certificate is signed").der().to_vec());
            if at + 1 == CERTIFICATES {
                let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, key.serialized_der());
                signer = Some(key.expect("the last key is on P-384"));
            } else {
                above = Some(Issuer::new(params, key));
            }
        }
        Self {
            certificates,
            signer: signer.expect("there is a last certificate"),
        }
    }

    /// Its root.
    pub(crate) fn root(&self) -> Vec<u8> {
        self.certificates[0].clone()
    }

    /// A document of an enclave in which nothing is wrong, for a recipient with this key.
    pub(crate) fn statement(&self, public_key: &[u8]) -> Statement {
        let (signer, authorities) = self.certificates.split_last().expect("there is a signer");
        let registers = (0..5).map(|index| (index, vec![0xa0 + u8::try_from(index).expect("small"); 48]));
        Statement(vec![
            (
                "module_id",
                Item::Text("i-0123456789abcdef0-enc0123456789abcdef".to_owned()),
            ),
            ("digest", Item::Text("SHA384".to_owned())),
            (
                "timestamp",
                Item::Number(u64::try_from(NOW.as_millis()).expect("small")),
            ),
            ("pcrs", Item::Registers(registers.collect())),
            ("certificate", Item::Bytes(signer.clone())),
            ("cabundle", Item::List(authorities.to_vec())),
            ("public_key", Item::Bytes(public_key.to_vec())),
            ("user_data", Item::Null),
            ("nonce", Item::Bytes(b"once".to_vec())),
        ])
    }

    /// Signs a document, as the platform does.
    pub(crate) fn sign(&self, statement: &Statement) -> Vec<u8> {
        let payload = statement.encode();
        message(None, ES384, &payload, &self.signature(ES384, &payload))
    }

    /// The signature over a payload under a protected header.
    pub(crate) fn signature(&self, header: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut signed = Encoder::new(Vec::new());
        signed
            .array(4)
            .unwrap()
            .str("Signature1")
            .unwrap()
            .bytes(header)
            .unwrap();
        signed.bytes(&[]).unwrap().bytes(payload).unwrap();
        let signature = self.signer.sign(&SystemRandom::new(), signed.writer());
        signature.expect("a message is signed").as_ref().to_vec()
    }
}

fn params(at: usize) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, format!("link-{at}.example"));
    params.distinguished_name = name;
    let now = OffsetDateTime::from_unix_timestamp(NOW.as_secs().try_into().expect("small")).expect("a date");
    params.not_before = now - Duration::from_mins(10);
    params.not_after = now + Duration::from_hours(3);
    if at + 1 == CERTIFICATES {
        params.is_ca = IsCa::NoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    } else {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    }
    params
}

/// The members of a document, to be changed before they are signed.
#[derive(Clone)]
pub(crate) struct Statement(pub(crate) Vec<(&'static str, Item)>);

/// The value of a member.
#[derive(Clone)]
pub(crate) enum Item {
    Text(String),
    Number(u64),
    Negative(i64),
    Bytes(Vec<u8>),
    List(Vec<Vec<u8>>),
    Registers(Vec<(i64, Vec<u8>)>),
    Null,
    /// Written as it stands.
    Raw(Vec<u8>),
}

impl Statement {
    /// With another value for a member, which is added if it is not there.
    pub(crate) fn with(mut self, name: &'static str, item: Item) -> Self {
        match self.0.iter_mut().find(|(member, _)| *member == name) {
            Some((_, value)) => *value = item,
            None => self.0.push((name, item)),
        }
        self
    }

    /// Without a member.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(member, _)| *member != name);
        self
    }

    /// As bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut into = Encoder::new(Vec::new());
        into.map(self.0.len() as u64).unwrap();
        for (name, item) in &self.0 {
            into.str(name).unwrap();
            item.encode(&mut into);
        }
        into.into_writer()
    }
}

impl Item {
    fn encode(&self, into: &mut Encoder<Vec<u8>>) {
        match self {
            Self::Text(text) => into.str(text).unwrap(),
            Self::Number(number) => into.u64(*number).unwrap(),
            Self::Negative(number) => into.i64(*number).unwrap(),
            Self::Bytes(bytes) => into.bytes(bytes).unwrap(),
            Self::List(list) => {
                into.array(list.len() as u64).unwrap();
                for bytes in list {
                    into.bytes(bytes).unwrap();
                }
                into
            }
            Self::Registers(registers) => {
                into.map(registers.len() as u64).unwrap();
                for (index, value) in registers {
                    into.i64(*index).unwrap().bytes(value).unwrap();
                }
                into
            }
            Self::Null => into.null().unwrap(),
            Self::Raw(bytes) => {
                into.writer_mut().extend_from_slice(bytes);
                into
            }
        };
    }
}

/// A message of these parts.
pub(crate) fn message(tag: Option<u64>, header: &[u8], payload: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut into = Encoder::new(Vec::new());
    if let Some(tag) = tag {
        into.tag(Tag::new(tag)).unwrap();
    }
    into.array(4).unwrap().bytes(header).unwrap().map(0).unwrap();
    into.bytes(payload).unwrap().bytes(signature).unwrap();
    into.into_writer()
}

/// The key of a recipient: the private one, and the public one as documents have it.
pub(crate) fn recipient(size: KeySize) -> (PrivateDecryptingKey, Vec<u8>) {
    let key = PrivateDecryptingKey::generate(size).expect("a key is generated");
    let public: PublicKeyX509Der<'_> = key.public_key().as_der().expect("a key has a form");
    (key, public.as_ref().to_vec())
}
