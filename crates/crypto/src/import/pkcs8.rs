//! Private keys as their owners export them: PKCS#8 (RFC 5208, and its second version, RFC 5958), with an RSA key
//! (RFC 8017) or a key of a named curve (RFC 5915) in it.
//!
//! ```text
//! PrivateKeyInfo ::= SEQUENCE { version, AlgorithmIdentifier, OCTET STRING, [0] attributes OPTIONAL, [1] publicKey OPTIONAL }
//! RSAPrivateKey  ::= SEQUENCE { 0, n, e, d, p, q, d mod (p-1), d mod (q-1), 1/q mod p }
//! ECPrivateKey   ::= SEQUENCE { 1, OCTET STRING scalar, [0] curve OPTIONAL, [1] BIT STRING point OPTIONAL }
//! ```
//!
//! The parts are taken out and put together again in the one form that [`pair`](crate::pair) reads, which checks that
//! they belong together; attributes are left behind.

use zeroize::Zeroizing;

use super::ber;
use super::der::{self, BIT_STRING, INTEGER, OCTET_STRING, SEQUENCE, Values, without_zeros};
use super::material::Unfit;
use crate::pair::{self, PrivateKey};
use crate::secret::Secret;
use crate::spec::KeySpec;

/// rsaEncryption (1.2.840.113549.1.1.1) with its parameters, NULL.
const RSA_ENCRYPTION: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

/// The smallest public exponent that is taken, and the longest, in bytes (FIPS 186-5, 5.4).
const SMALLEST_EXPONENT: [u8; 3] = [1, 0, 1];
const LONGEST_EXPONENT: usize = 32;

const ATTRIBUTES: u8 = 0xa0;
/// `[1] IMPLICIT BIT STRING`, the public key of the second version.
const PUBLIC_KEY: u8 = 0x81;
const EC_PARAMETERS: u8 = 0xa0;
const EC_POINT: u8 = 0xa1;

/// A private key, and what makes it the one that it is: numbers only, none of the encoding.
pub(super) struct Read {
    pub(super) pair: PrivateKey,
    pub(super) essence: Secret,
}

/// Reads the private key of a pair of a spec.
pub(super) fn read(spec: KeySpec, encoded: &[u8]) -> Result<Read, Unfit> {
    let whole = ber::to_der(encoded).ok_or(Unfit::Encoding)?;
    let info = Info::parse(&whole).ok_or(Unfit::Encoding)?;
    // The octets of the private key are an encoding of their own.
    let key = ber::to_der(info.key).ok_or(Unfit::Encoding)?;
    match pair::named_curve(spec) {
        Some(curve) => read_ecc(spec, curve, &info, &key),
        None => read_rsa(spec, &info, &key),
    }
}

struct Info<'d> {
    algorithm: &'d [u8],
    key: &'d [u8],
    public_key: Option<&'d [u8]>,
}

impl<'d> Info<'d> {
    fn parse(whole: &'d [u8]) -> Option<Self> {
        let mut fields = Values::of_sequence(whole)?;
        let version = fields.next(INTEGER)?;
        let algorithm = fields.next(SEQUENCE)?;
        let key = fields.next(OCTET_STRING)?;
        let _ = fields.next(ATTRIBUTES);
        let public_key = match version {
            [0] => None,
            [1] => fields.next(PUBLIC_KEY),
            _ => return None,
        };
        fields.is_done().then_some(())?;
        Some(Self {
            algorithm,
            key,
            public_key: match public_key {
                Some(bits) => Some(bits.strip_prefix(&[0])?),
                None => None,
            },
        })
    }
}

fn read_rsa(spec: KeySpec, info: &Info<'_>, key: &[u8]) -> Result<Read, Unfit> {
    if info.algorithm != RSA_ENCRYPTION {
        return Err(Unfit::AnotherKind(spec));
    }
    let mut fields = Values::of_sequence(key).ok_or(Unfit::Encoding)?;
    match fields.next(INTEGER) {
        Some([0]) => {}
        // There are more primes.
        Some([1]) => return Err(Unfit::Primes),
        _ => return Err(Unfit::Encoding),
    }
    let mut numbers = [&[][..]; 8];
    for number in &mut numbers {
        *number = fields.unsigned().ok_or(Unfit::Encoding)?;
    }
    if !fields.is_done() {
        return Err(Unfit::Primes);
    }
    let [modulus, exponent, _, p, q, ..] = numbers;
    if p.is_empty() || q.is_empty() {
        return Err(Unfit::Primes);
    }
    if !is_exponent(exponent) {
        return Err(Unfit::Exponent);
    }
    if spec.modulus_len() != Some(modulus.len()) || modulus.first().is_none_or(|first| first & 0x80 == 0) {
        return Err(Unfit::AnotherKind(spec));
    }
    if let Some(public) = info.public_key {
        let told = Values::of_sequence(public).and_then(|mut told| Some((told.unsigned()?, told.unsigned()?)));
        if told != Some((modulus, exponent)) {
            return Err(Unfit::Inconsistent);
        }
    }
    let (larger, smaller) = if is_larger(p, q) { (p, q) } else { (q, p) };
    let length = |part: &[u8]| u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes();
    let parts: [&[u8]; 6] = [
        &length(larger),
        larger,
        &length(smaller),
        smaller,
        &length(exponent),
        exponent,
    ];
    Ok(Read {
        pair: assemble(spec, RSA_ENCRYPTION, key)?,
        essence: Secret::new(parts.concat()),
    })
}

/// Whether an exponent, without leading zeros, is one that is taken.
fn is_exponent(exponent: &[u8]) -> bool {
    let is_odd = exponent.last().is_some_and(|last| last & 1 == 1);
    let is_large = exponent.len() > SMALLEST_EXPONENT.len()
        || (exponent.len() == SMALLEST_EXPONENT.len() && *exponent >= SMALLEST_EXPONENT[..]);
    is_odd && is_large && exponent.len() <= LONGEST_EXPONENT
}

/// Whether a number without leading zeros is larger than another.
fn is_larger(one: &[u8], other: &[u8]) -> bool {
    (one.len(), one) > (other.len(), other)
}

fn read_ecc(spec: KeySpec, curve: &[u8], info: &Info<'_>, key: &[u8]) -> Result<Read, Unfit> {
    if info.algorithm != curve {
        return Err(Unfit::AnotherKind(spec));
    }
    let parsed = EcKey::parse(key).ok_or(Unfit::Encoding)?;
    // The curve's own identifier stands behind that of the algorithm.
    let named = der::split(curve).map(|(_, _, named)| named);
    if parsed.parameters.is_some_and(|parameters| Some(parameters) != named) {
        return Err(Unfit::AnotherKind(spec));
    }
    let scalar = padded(parsed.scalar, scalar_len(spec)).ok_or(Unfit::Inconsistent)?;
    let canonical = der::value(
        SEQUENCE,
        &[
            &der::value(INTEGER, &[&[1]]),
            &der::value(OCTET_STRING, &[scalar.expose()]),
        ],
    );
    let pair = assemble(spec, curve, &canonical)?;
    let public = pair.public_key().map_err(|_| Unfit::Inconsistent)?;
    for point in [parsed.point, info.public_key].into_iter().flatten() {
        if !is_point(point, &public, scalar_len(spec)) {
            return Err(Unfit::Inconsistent);
        }
    }
    Ok(Read { pair, essence: scalar })
}

struct EcKey<'d> {
    scalar: &'d [u8],
    parameters: Option<&'d [u8]>,
    point: Option<&'d [u8]>,
}

impl<'d> EcKey<'d> {
    fn parse(key: &'d [u8]) -> Option<Self> {
        let mut fields = Values::of_sequence(key)?;
        (fields.next(INTEGER)? == [1]).then_some(())?;
        let scalar = fields.next(OCTET_STRING)?;
        let parameters = fields.next(EC_PARAMETERS);
        let point = match fields.next(EC_POINT) {
            None => None,
            Some(point) => match der::split(point)? {
                (BIT_STRING, bits, []) => Some(bits.strip_prefix(&[0])?),
                _ => return None,
            },
        };
        fields.is_done().then_some(Self {
            scalar,
            parameters,
            point,
        })
    }
}

/// Whether an encoded point is that of a public key: compressed, uncompressed, or both at once (X9.62, 4.3.6).
fn is_point(point: &[u8], public_key: &[u8], length: usize) -> bool {
    let Some(coordinates) = public_key
        .len()
        .checked_sub(2 * length)
        .and_then(|at| public_key.get(at..))
    else {
        return false;
    };
    let (x, y) = coordinates.split_at(length);
    let parity = y.last().map_or(0, |last| last & 1);
    match point.split_first() {
        Some((4, both)) => both == coordinates,
        Some((form @ (2 | 3), abscissa)) => abscissa == x && form & 1 == parity,
        Some((form @ (6 | 7), both)) => both == coordinates && form & 1 == parity,
        _ => false,
    }
}

/// The bytes of a scalar of the spec's curve.
fn scalar_len(spec: KeySpec) -> usize {
    match spec {
        KeySpec::EccNistP384 => 48,
        KeySpec::EccNistP521 => 66,
        _ => 32,
    }
}

/// A number at its full length; `None` if it is longer than that.
fn padded(number: &[u8], length: usize) -> Option<Secret> {
    let number = without_zeros(number);
    let mut whole = Secret::zeroed(length);
    let at = length.checked_sub(number.len())?;
    whole.expose_mut()[at..].copy_from_slice(number);
    Some(whole)
}

/// The private key in the form that the library reads, read by it.
fn assemble(spec: KeySpec, algorithm: &[u8], key: &[u8]) -> Result<PrivateKey, Unfit> {
    let fields: [Zeroizing<Vec<u8>>; 3] = [
        der::value(INTEGER, &[&[0]]),
        der::value(SEQUENCE, &[algorithm]),
        der::value(OCTET_STRING, &[key]),
    ];
    let whole = der::value(SEQUENCE, &[&fields[0], &fields[1], &fields[2]]);
    let whole = Secret::from(whole);
    PrivateKey::read(spec, &whole).map_err(|_| Unfit::Inconsistent)
}

#[cfg(test)]
mod tests;
