//! One certificate: X.509 version 3, a key on P-384, signed by ECDSA with SHA-384 (RFC 5280, RFC 5480, RFC 5758).

use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Reader, SliceReader};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::name::Name;
use x509_cert::{Certificate as X509, TbsCertificate, Version};

use crate::error::CertificateFault;

const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
/// A point of P-384 with both its coordinates, and the byte that it begins with.
const POINT_BYTES: usize = 97;
const UNCOMPRESSED: u8 = 4;

/// A certificate, taken apart; who signed it is not known yet.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    issuer: Name,
    subject: Name,
    not_before: Duration,
    not_after: Duration,
    constraints: Option<BasicConstraints>,
    usage: Option<KeyUsage>,
    point: Vec<u8>,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

impl Certificate {
    /// Takes a certificate in DER apart.
    pub(crate) fn parse(der: &[u8]) -> Result<Self, CertificateFault> {
        let malformed = |_| CertificateFault::Malformed;
        let certificate = X509::from_der(der).map_err(malformed)?;
        let tbs = certificate.tbs_certificate();
        if tbs.version() != Version::V3 {
            return Err(CertificateFault::Version);
        }
        let algorithm = certificate.signature_algorithm();
        if algorithm != tbs.signature() || algorithm.oid != ECDSA_WITH_SHA384 || algorithm.parameters.is_some() {
            return Err(CertificateFault::Algorithm);
        }
        check_extensions(tbs)?;
        let signature = certificate.signature().as_bytes().ok_or(CertificateFault::Malformed)?;
        Ok(Self {
            issuer: tbs.issuer().clone(),
            subject: tbs.subject().clone(),
            not_before: tbs.validity().not_before.to_unix_duration(),
            not_after: tbs.validity().not_after.to_unix_duration(),
            constraints: tbs.get_extension().map_err(malformed)?.map(|(_, it)| it),
            usage: tbs.get_extension().map_err(malformed)?.map(|(_, it)| it),
            point: point(tbs)?,
            signed: signed_part(der).map_err(malformed)?.to_vec(),
            signature: signature.to_vec(),
        })
    }

    /// Whether it names the other as its issuer, and the other's key signed it.
    pub(crate) fn check_issued_by(&self, authority: &Self) -> Result<(), CertificateFault> {
        if self.issuer != authority.subject {
            return Err(CertificateFault::Issuer);
        }
        UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, &authority.point)
            .verify(&self.signed, &self.signature)
            .map_err(|_| CertificateFault::Signature)
    }

    /// Whether it is valid at a time, or at least will be soon: machines do not agree on the time to the second, and the
    /// platform's certificates are used as soon as they are made.
    pub(crate) fn check_validity(&self, now: Duration, skew: Duration) -> Result<(), CertificateFault> {
        if now.saturating_add(skew) < self.not_before {
            return Err(CertificateFault::NotYetValid);
        }
        // The last second belongs to it (RFC 5280, section 4.1.2.5).
        if now >= self.not_after.saturating_add(Duration::from_secs(1)) {
            return Err(CertificateFault::Expired);
        }
        Ok(())
    }

    /// Whether it may sign others, with this many authorities between it and the last one.
    pub(crate) fn check_authority(&self, below: usize) -> Result<(), CertificateFault> {
        let constraints = self.constraints.as_ref().filter(|constraints| constraints.ca);
        let constraints = constraints.ok_or(CertificateFault::NotAuthority)?;
        if constraints
            .path_len_constraint
            .is_some_and(|most| below > usize::from(most))
        {
            return Err(CertificateFault::PathLength);
        }
        self.check_usage(KeyUsage::key_cert_sign)
    }

    /// Whether it may sign documents, and no certificates.
    pub(crate) fn check_signer(&self) -> Result<(), CertificateFault> {
        let authority = |constraints: &BasicConstraints| constraints.ca || constraints.path_len_constraint.is_some();
        if self.constraints.as_ref().is_some_and(authority) {
            return Err(CertificateFault::Authority);
        }
        self.check_usage(KeyUsage::digital_signature)
    }

    fn check_usage(&self, wanted: fn(&KeyUsage) -> bool) -> Result<(), CertificateFault> {
        match &self.usage {
            Some(usage) if wanted(usage) => Ok(()),
            _ => Err(CertificateFault::KeyUsage),
        }
    }

    /// Whether its key signed a message; the signature is two numbers of 48 bytes each.
    pub(crate) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, &self.point);
        key.verify(message, signature).is_ok()
    }
}

/// Whether there is an extension that matters and is not understood, or one twice.
fn check_extensions(tbs: &TbsCertificate) -> Result<(), CertificateFault> {
    let extensions = tbs.extensions().map(Vec::as_slice).unwrap_or_default();
    for (at, extension) in extensions.iter().enumerate() {
        if extension.critical && ![BASIC_CONSTRAINTS, KEY_USAGE].contains(&extension.extn_id) {
            return Err(CertificateFault::Extension);
        }
        if extensions[..at]
            .iter()
            .any(|before| before.extn_id == extension.extn_id)
        {
            return Err(CertificateFault::DuplicateExtension);
        }
    }
    Ok(())
}

/// The key, as a point of P-384. Whether it lies on the curve is found out by whoever verifies with it.
fn point(tbs: &TbsCertificate) -> Result<Vec<u8>, CertificateFault> {
    let key = tbs.subject_public_key_info();
    let curve = key.algorithm.parameters.as_ref();
    let curve = curve.and_then(|parameters| parameters.decode_as::<ObjectIdentifier>().ok());
    if key.algorithm.oid != EC_PUBLIC_KEY || curve != Some(SECP384R1) {
        return Err(CertificateFault::Key);
    }
    match key.subject_public_key.as_bytes() {
        Some(point) if point.len() == POINT_BYTES && point[0] == UNCOMPRESSED => Ok(point.to_vec()),
        _ => Err(CertificateFault::Key),
    }
}

/// The part of a certificate that is signed, byte for byte.
fn signed_part(der: &[u8]) -> x509_cert::der::Result<&[u8]> {
    let mut certificate = SliceReader::new(der)?;
    certificate.sequence(|parts| {
        let signed = parts.tlv_bytes()?;
        // The algorithm and the signature, read already.
        parts.tlv_bytes()?;
        parts.tlv_bytes()?;
        Ok(signed)
    })
}
