//! The authorities that are believed without anybody vouching for them: that of AWS, and those that the operator names.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};

use crate::certificate::Certificate;
use crate::error::CertificateFault;

/// The root of the commercial partition of AWS, "AWS Nitro Enclaves Root G1", valid until 2049; `NitroTPM`'s too.
const NITRO_ENCLAVES_G1: &[u8] = include_bytes!("aws_nitro_enclaves_root_g1.der");

/// The SHA-256 digest of a certificate in DER, by which people compare them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, der).as_ref());
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// A root.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    der: Vec<u8>,
    pub(crate) certificate: Certificate,
    pub(crate) fingerprint: Fingerprint,
}

impl Root {
    fn new(der: Vec<u8>) -> Result<Self, CertificateFault> {
        let certificate = Certificate::parse(&der)?;
        certificate.check_authority(0)?;
        certificate.check_issued_by(&certificate)?;
        Ok(Self {
            fingerprint: Fingerprint::of(&der),
            certificate,
            der,
        })
    }
}

/// The roots that are trusted.
#[derive(Clone, Debug)]
pub struct Roots {
    aws: Root,
    further: Vec<Root>,
}

impl Default for Roots {
    /// The root of AWS alone.
    fn default() -> Self {
        let aws = Root::new(NITRO_ENCLAVES_G1.to_vec()).expect("the certificate that comes with the crate is one");
        Self {
            aws,
            further: Vec::new(),
        }
    }
}

impl Roots {
    /// These roots and one more: a certificate in DER, self-signed, of an authority, with a key on P-384. Whether it is
    /// valid is looked at when a document leads to it.
    pub fn and(mut self, der: Vec<u8>) -> Result<Self, CertificateFault> {
        self.further.push(Root::new(der)?);
        Ok(self)
    }

    /// The roots that are not that of AWS.
    pub fn further(&self) -> impl Iterator<Item = Fingerprint> {
        self.further.iter().map(|root| root.fingerprint)
    }

    /// The root that is this certificate, byte for byte.
    pub(crate) fn find(&self, der: &[u8]) -> Option<&Root> {
        std::iter::once(&self.aws)
            .chain(&self.further)
            .find(|root| root.der == der)
    }

    /// Whether a root is that of AWS.
    pub(crate) fn is_aws(&self, root: &Root) -> bool {
        root.fingerprint == self.aws.fingerprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AUTHZ-193
    #[test]
    fn the_root_that_is_trusted_by_itself_is_that_of_aws() {
        let roots = Roots::default();
        assert_eq!(
            roots.aws.fingerprint.to_string(),
            "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b"
        );
        assert_eq!(roots.further().count(), 0);
        assert!(roots.find(NITRO_ENCLAVES_G1).is_some_and(|root| roots.is_aws(root)));
        assert!(roots.find(&NITRO_ENCLAVES_G1[1..]).is_none());
    }
}
