use trent_names::{AccountId, KeyId, Partition};

use super::*;
use crate::identity::{KeyAddress, MaterialId};
use crate::import::Material;
use crate::spec::KeyType;

const CURVES: [KeySpec; 5] = [
    KeySpec::EccNistP256,
    KeySpec::EccNistP384,
    KeySpec::EccNistP521,
    KeySpec::EccSecgP256k1,
    KeySpec::Sm2,
];

/// SM2 keys are offered there only, all others there as well.
const CHINA: Partition = Partition::AwsCn;

fn imported(spec: KeySpec, encoded: &[u8]) -> Result<MaterialId, Unfit> {
    let address = KeyAddress {
        partition: CHINA,
        account: AccountId::parse("111122223333").expect("an account"),
        key: KeyId::from_random_bytes([7; 16], false),
    };
    Material::read(spec, CHINA, &encoded.to_vec().into()).map(|material| material.id(&address))
}

fn seq(parts: &[&[u8]]) -> Vec<u8> {
    der::value(SEQUENCE, parts).to_vec()
}

fn int(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number.first().is_none_or(|first| first & 0x80 != 0) {
        &[0]
    } else {
        &[]
    };
    der::value(INTEGER, &[sign, number]).to_vec()
}

fn pkcs8(version: u8, algorithm: &[u8], key: &[u8], more: &[u8]) -> Vec<u8> {
    seq(&[
        &int(&[version]),
        &seq(&[algorithm]),
        &der::value(OCTET_STRING, &[key]),
        more,
    ])
}

/// A pair on a curve: its scalar, its point.
struct OnCurve {
    curve: &'static [u8],
    scalar: Vec<u8>,
    x: Vec<u8>,
    y: Vec<u8>,
}

impl OnCurve {
    fn generate(spec: KeySpec) -> Self {
        let pair = PrivateKey::generate(spec).expect("a pair");
        let encoded = pair.to_pkcs8().expect("PKCS#8");
        let info = Info::parse(encoded.expose()).expect("PKCS#8");
        let key = EcKey::parse(info.key).expect("a key");
        let length = scalar_len(spec);
        let public = pair.public_key().expect("a public key");
        let (x, y) = public[public.len() - 2 * length..].split_at(length);
        Self {
            curve: pair::named_curve(spec).expect("a curve"),
            scalar: key.scalar.to_vec(),
            x: x.to_vec(),
            y: y.to_vec(),
        }
    }

    fn parity(&self) -> u8 {
        self.y[self.y.len() - 1] & 1
    }

    fn uncompressed(&self) -> Vec<u8> {
        [&[4], &self.x[..], &self.y].concat()
    }

    fn plain(&self) -> Vec<u8> {
        pkcs8(0, self.curve, &ec_key(&self.scalar, None, None), &[])
    }
}

/// An `ECPrivateKey`.
fn ec_key(scalar: &[u8], parameters: Option<&[u8]>, point: Option<&[u8]>) -> Vec<u8> {
    let parameters = parameters.map(|it| der::value(EC_PARAMETERS, &[it]).to_vec());
    let point = point.map(|it| der::value(EC_POINT, &[&der::value(BIT_STRING, &[&[0], it])]).to_vec());
    seq(&[
        &int(&[1]),
        &der::value(OCTET_STRING, &[scalar]),
        &parameters.unwrap_or_default(),
        &point.unwrap_or_default(),
    ])
}

/// SPK-409, SPK-432, SPK-433
#[test]
fn the_same_key_of_a_curve_is_the_same_in_every_encoding() {
    for spec in CURVES {
        let pair = OnCurve::generate(spec);
        let id = imported(spec, &pair.plain()).expect("the scalar alone");
        let compressed = [&[2 | pair.parity()], &pair.x[..]].concat();
        let both = [&[6 | pair.parity()], &pair.x[..], &pair.y].concat();
        let named = der::split(pair.curve).expect("two identifiers").2;
        let attributes = der::value(ATTRIBUTES, &[&seq(&[&int(&[5])])]);
        let public = der::value(PUBLIC_KEY, &[&[0], &pair.uncompressed()]);
        let with_point = |point: &[u8]| pkcs8(0, pair.curve, &ec_key(&pair.scalar, None, Some(point)), &[]);
        let key = ec_key(&pair.scalar, Some(named), Some(&pair.uncompressed()));
        let indefinite = |content: &[u8]| [&[SEQUENCE, 0x80], content, &[0, 0]].concat();
        let in_pieces = [
            &[0x24, 0x80][..],
            &der::value(4, &[&key[..9]]),
            &der::value(4, &[&key[9..]]),
            &[0, 0],
        ];
        let encodings = [
            ("uncompressed", with_point(&pair.uncompressed())),
            ("compressed", with_point(&compressed)),
            ("both at once", with_point(&both)),
            ("parameters", pkcs8(0, pair.curve, &key, &[])),
            ("attributes", pkcs8(0, pair.curve, &key, &attributes)),
            (
                "version 2",
                pkcs8(1, pair.curve, &key, &[&attributes[..], &public].concat()),
            ),
            (
                "BER",
                indefinite(&[&int(&[0])[..], &indefinite(pair.curve), &in_pieces.concat()].concat()),
            ),
        ];
        for (encoding, encoded) in encodings {
            assert_eq!(imported(spec, &encoded), Ok(id), "{spec}, {encoding}");
        }
        let other = OnCurve::generate(spec);
        assert_ne!(imported(spec, &other.plain()), Ok(id), "{spec}");
        let read = read(spec, &with_point(&compressed)).expect("a key");
        let public = read.pair.public_key().expect("a public key");
        assert!(
            public.ends_with(&pair.uncompressed()),
            "{spec}: it is handed out uncompressed"
        );
    }
}

/// SPK-435
#[test]
fn a_point_that_is_not_the_scalars_is_refused() {
    for spec in CURVES {
        let (pair, other) = (OnCurve::generate(spec), OnCurve::generate(spec));
        let mut points = vec![
            other.uncompressed(),
            [&[2 | (1 ^ pair.parity())], &pair.x[..]].concat(),
            [&[6 | (1 ^ pair.parity())], &pair.x[..], &pair.y].concat(),
            pair.uncompressed()[..pair.x.len()].to_vec(),
            vec![0],
            Vec::new(),
        ];
        points.push([&[5], &points[0][1..]].concat());
        for point in points {
            let encoded = pkcs8(0, pair.curve, &ec_key(&pair.scalar, None, Some(&point)), &[]);
            assert_eq!(
                imported(spec, &encoded),
                Err(Unfit::Inconsistent),
                "{spec} {point:02x?}"
            );
            let public = der::value(PUBLIC_KEY, &[&[0], &point]);
            let encoded = pkcs8(1, pair.curve, &ec_key(&pair.scalar, None, None), &public);
            assert_eq!(
                imported(spec, &encoded),
                Err(Unfit::Inconsistent),
                "{spec} {point:02x?}"
            );
        }
        let length = scalar_len(spec);
        for scalar in [
            vec![0; length],
            vec![0xff; length],
            [&[1][..], &vec![0; length]].concat(),
        ] {
            let encoded = pkcs8(0, pair.curve, &ec_key(&scalar, None, None), &[]);
            assert_eq!(
                imported(spec, &encoded),
                Err(Unfit::Inconsistent),
                "{spec} {scalar:02x?}"
            );
        }
    }
}

/// SPK-432, SPK-433, SPK-436
#[test]
fn another_curve_or_one_that_is_spelled_out_is_refused() {
    for spec in CURVES {
        let pair = OnCurve::generate(spec);
        for other in CURVES.into_iter().filter(|other| *other != spec) {
            assert_eq!(imported(other, &pair.plain()), Err(Unfit::AnotherKind(other)), "{spec}");
            let named = der::split(pair::named_curve(other).expect("a curve"))
                .expect("two identifiers")
                .2;
            let encoded = pkcs8(0, pair.curve, &ec_key(&pair.scalar, Some(named), None), &[]);
            assert_eq!(
                imported(spec, &encoded),
                Err(Unfit::AnotherKind(spec)),
                "{spec} in {other}"
            );
        }
        let ec_public_key = &pair.curve[..9];
        let explicit = [ec_public_key, &seq(&[&int(&[1]), &seq(&[])])].concat();
        let encoded = pkcs8(0, &explicit, &ec_key(&pair.scalar, None, None), &[]);
        assert_eq!(imported(spec, &encoded), Err(Unfit::AnotherKind(spec)), "{spec}");
        let inside = ec_key(&pair.scalar, Some(&seq(&[&int(&[1]), &seq(&[])])), None);
        assert_eq!(
            imported(spec, &pkcs8(0, pair.curve, &inside, &[])),
            Err(Unfit::AnotherKind(spec)),
            "{spec}"
        );
        assert_eq!(
            imported(KeySpec::Rsa2048, &pair.plain()),
            Err(Unfit::AnotherKind(KeySpec::Rsa2048))
        );
    }
}

/// SPK-436
#[test]
fn what_is_not_plain_pkcs8_is_refused() {
    for spec in [KeySpec::EccNistP256, KeySpec::Rsa2048, KeySpec::Sm2] {
        let encoded = PrivateKey::generate(spec).expect("a pair").to_pkcs8().expect("PKCS#8");
        let encoded = encoded.expose();
        let info = Info::parse(encoded).expect("PKCS#8");
        let encrypted = seq(&[&seq(&[info.algorithm]), &der::value(OCTET_STRING, &[info.key])]);
        let pem = b"-----BEGIN PRIVATE KEY-----\nMIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBqz9Z1\n";
        let cases: [(&str, Vec<u8>); 8] = [
            ("the key without PKCS#8: SEC1, PKCS#1", info.key.to_vec()),
            ("PEM", pem.to_vec()),
            ("encrypted", encrypted),
            ("more behind it", [encoded, &[0]].concat()),
            ("cut off", encoded[..encoded.len() - 1].to_vec()),
            ("nothing", Vec::new()),
            ("version 3", pkcs8(2, info.algorithm, info.key, &[])),
            ("more inside", pkcs8(0, info.algorithm, info.key, &int(&[1]))),
        ];
        for (what, encoded) in cases {
            assert_eq!(imported(spec, &encoded), Err(Unfit::Encoding), "{spec}, {what}");
        }
    }
}

fn rsa(spec: KeySpec) -> Vec<Vec<u8>> {
    let encoded = PrivateKey::generate(spec).expect("a pair").to_pkcs8().expect("PKCS#8");
    let info = Info::parse(encoded.expose()).expect("PKCS#8");
    let mut fields = Values::of_sequence(info.key).expect("a key");
    std::iter::from_fn(|| fields.unsigned().map(<[u8]>::to_vec)).collect()
}

fn rsa_pkcs8(numbers: &[Vec<u8>], more: &[u8]) -> Vec<u8> {
    let numbers: Vec<_> = numbers.iter().map(|number| int(number)).collect();
    let numbers: Vec<_> = numbers.iter().map(Vec::as_slice).collect();
    pkcs8(0, RSA_ENCRYPTION, &seq(&[&numbers.concat(), more]), &[])
}

/// SPK-431, SPK-435, SPK-436
#[test]
fn an_rsa_key_is_of_its_size_and_its_parts_belong_together() {
    let numbers = rsa(KeySpec::Rsa2048);
    assert_eq!(numbers.len(), 9, "version and eight numbers");
    let id = imported(KeySpec::Rsa2048, &rsa_pkcs8(&numbers, &[])).expect("a key");
    for spec in [KeySpec::Rsa3072, KeySpec::Rsa4096] {
        assert_eq!(imported(spec, &rsa_pkcs8(&numbers, &[])), Err(Unfit::AnotherKind(spec)));
    }
    let with = |place: usize, number: &[u8]| {
        let mut changed = numbers.clone();
        changed[place] = number.to_vec();
        imported(KeySpec::Rsa2048, &rsa_pkcs8(&changed, &[]))
    };
    assert_eq!(with(1, &[3]).err(), Some(Unfit::AnotherKind(KeySpec::Rsa2048)));
    for place in [1, 3, 4, 5, 6, 7, 8] {
        let mut number = numbers[place].clone();
        let last = number.len() - 1;
        number[last] ^= 4;
        assert_eq!(with(place, &number), Err(Unfit::Inconsistent), "number {place}");
    }
    // Exponents that are too small, even, or too long; the largest that is too small comes last.
    for exponent in [&[][..], &[1], &[3], &[1, 0, 0], &[1, 0, 2], &[0xff; 33], &[0xff, 0xff]] {
        assert_eq!(with(2, exponent), Err(Unfit::Exponent), "{exponent:02x?}");
    }
    assert_eq!(with(2, &[1, 0, 3]), Err(Unfit::Inconsistent));
    let mut shorter = numbers[1].clone();
    let first = shorter.iter_mut().find(|byte| **byte != 0).expect("a modulus");
    *first &= 0x7f;
    assert_eq!(with(1, &shorter), Err(Unfit::AnotherKind(KeySpec::Rsa2048)));
    for prime in [4, 5] {
        assert_eq!(with(prime, &[]), Err(Unfit::Primes));
    }
    let mut stripped = numbers.clone();
    for number in &mut stripped[4..] {
        number.clear();
    }
    assert_eq!(
        imported(KeySpec::Rsa2048, &rsa_pkcs8(&stripped, &[])),
        Err(Unfit::Primes)
    );
    let mut several = numbers.clone();
    several[0] = vec![1];
    assert_eq!(
        imported(KeySpec::Rsa2048, &rsa_pkcs8(&several, &seq(&[]))),
        Err(Unfit::Primes)
    );
    assert_eq!(
        imported(KeySpec::Rsa2048, &rsa_pkcs8(&numbers, &seq(&[]))),
        Err(Unfit::Primes)
    );
    let public = seq(&[&int(&numbers[1]), &int(&numbers[2])]);
    let inner: Vec<_> = numbers.iter().flat_map(|number| int(number)).collect();
    let version_2 = |public: &[u8]| {
        let public = der::value(PUBLIC_KEY, &[&[0], public]);
        imported(KeySpec::Rsa2048, &pkcs8(1, RSA_ENCRYPTION, &seq(&[&inner]), &public))
    };
    assert_eq!(version_2(&public), Ok(id));
    assert_eq!(
        version_2(&seq(&[&int(&numbers[1]), &int(&[3])])),
        Err(Unfit::Inconsistent)
    );
}

/// SPK-429, SPK-430
#[test]
fn keys_without_halves_have_their_exact_length() {
    let expected = |spec: KeySpec, partition| match spec.as_str() {
        "HMAC_224" => 28,
        "HMAC_256" => 32,
        "HMAC_384" => 48,
        "HMAC_512" => 64,
        _ if partition == CHINA => 16,
        _ => 32,
    };
    for partition in [Partition::Aws, CHINA] {
        for &spec in KeySpec::ALL
            .iter()
            .filter(|spec| spec.key_type() != KeyType::Asymmetric)
        {
            let expected = expected(spec, partition);
            for found in [0, 1, 15, 16, 28, 31, 32, 33, 48, 64, 65, 128] {
                let read = Material::read(spec, partition, &Secret::zeroed(found)).map(|it| it.bytes().len());
                let refused = Unfit::Length { spec, expected, found };
                assert_eq!(
                    read,
                    if found == expected { Ok(found) } else { Err(refused) },
                    "{spec} {partition}"
                );
            }
        }
    }
    for spec in [KeySpec::MlDsa44, KeySpec::EccNistEdwards25519, KeySpec::MlKem512] {
        let read = Material::read(spec, Partition::Aws, &Secret::zeroed(32));
        assert_eq!(read.err(), Some(Unfit::Spec(spec)));
    }
    let outside_china = Material::read(KeySpec::Sm2, Partition::Aws, &Secret::zeroed(32));
    assert_eq!(outside_china.err(), Some(Unfit::Spec(KeySpec::Sm2)));
}
