//! Why a document is not believed: a variant for each way in which one can be wrong.

/// What is wrong with a document as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// It is not the signed message that it should be.
    #[error("{0}")]
    Sign1(#[from] Sign1Fault),
    /// The document in the message is not one.
    #[error("{0}")]
    Document(#[from] DocumentFault),
    /// Its chain of certificates does not begin with a root that is trusted here.
    #[error("its certificates do not lead to a root that is trusted here")]
    UnknownRoot,
    /// A certificate of its chain is not to be relied on. They are counted as they sign each other: the root is 0.
    #[error("certificate {at} of its chain {fault}")]
    Certificate {
        /// Which one.
        at: usize,
        /// What is wrong with it.
        fault: CertificateFault,
    },
    /// The key of its certificate did not sign it.
    #[error("its signature does not verify")]
    Signature,
    /// It was made too long ago ([`crate::MAX_AGE`]).
    #[error("it was made more than 5 minutes ago")]
    Stale,
    /// It says that it will be made ([`crate::CLOCK_SKEW`]).
    #[error("its timestamp lies in the future")]
    Future,
}

/// What is wrong with the signed message, a `COSE_Sign1` (RFC 9052, section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Sign1Fault {
    /// It has more bytes than any document.
    #[error("it is too large")]
    TooLarge,
    /// It is not an array of four in CBOR, or ends early.
    #[error("it is not a COSE_Sign1 message")]
    Structure,
    /// It has a CBOR tag that is not the one of such a message, which is 18.
    #[error("it has the tag of something other than a COSE_Sign1 message")]
    Tag,
    /// Its protected header is not a map of one algorithm.
    #[error("its protected header is not one algorithm")]
    Header,
    /// Its algorithm is not ES384.
    #[error("its signature algorithm is not ES384")]
    Algorithm,
    /// It has unprotected headers, which nobody signed.
    #[error("it has unprotected headers")]
    Unprotected,
    /// Its payload is empty or larger than any.
    #[error("its payload has not between 1 and 16384 bytes")]
    PayloadSize,
    /// Its signature is not as long as those of ES384 are.
    #[error("its signature has not 96 bytes")]
    SignatureSize,
    /// More follows it.
    #[error("more follows it")]
    Trailing,
}

/// A member of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// The enclave's id, or the TPM's.
    ModuleId,
    /// When it was made.
    Timestamp,
    /// What the registers are digests by.
    Digest,
    /// The registers of an enclave.
    Pcrs,
    /// The registers of a TPM.
    NitrotpmPcrs,
    /// Whose key signed it.
    Certificate,
    /// Who says so, from the root on.
    Cabundle,
    /// The recipient's key.
    PublicKey,
    /// Whatever the recipient wanted signed.
    UserData,
    /// Whatever makes it unlike others.
    Nonce,
}

impl Member {
    const ALL: [Self; 10] = [
        Self::ModuleId,
        Self::Timestamp,
        Self::Digest,
        Self::Pcrs,
        Self::NitrotpmPcrs,
        Self::Certificate,
        Self::Cabundle,
        Self::PublicKey,
        Self::UserData,
        Self::Nonce,
    ];

    /// The member of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|member| member.as_str() == name)
    }

    /// Its name in the document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ModuleId => "module_id",
            Self::Timestamp => "timestamp",
            Self::Digest => "digest",
            Self::Pcrs => "pcrs",
            Self::NitrotpmPcrs => "nitrotpm_pcrs",
            Self::Certificate => "certificate",
            Self::Cabundle => "cabundle",
            Self::PublicKey => "public_key",
            Self::UserData => "user_data",
            Self::Nonce => "nonce",
        }
    }
}

impl std::fmt::Display for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrong with the document in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentFault {
    /// It is not a map in CBOR, or ends early.
    #[error("its payload is not a map")]
    Structure,
    /// It has a member that documents do not have.
    #[error("it has a member that is unknown")]
    UnknownMember,
    /// A member is there twice.
    #[error("its member `{0}` is there twice")]
    Duplicate(Member),
    /// A member is not there.
    #[error("its member `{0}` is missing")]
    Missing(Member),
    /// A member is of another type than it should be.
    #[error("its member `{0}` is not of the type that it should be")]
    Type(Member),
    /// A member is shorter or longer than it may be, has fewer or more entries, or one of its entries is so.
    #[error("its member `{0}` is not of a size that it may have")]
    Size(Member),
    /// Its registers are not digests by SHA-384.
    #[error("its `digest` is not SHA384")]
    Digest,
    /// A register has a number that none has.
    #[error("it has a register above 31")]
    Register,
    /// A register is there twice.
    #[error("it has a register twice")]
    DuplicateRegister,
    /// It has the registers of an enclave and of a TPM.
    #[error("it is of an enclave and of a TPM")]
    BothPlatforms,
    /// It says that it was made at no time.
    #[error("its `timestamp` is 0")]
    NoTime,
    /// More follows it.
    #[error("more follows the map in its payload")]
    Trailing,
}

/// What is wrong with a certificate (RFC 5280).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// It is not a certificate in DER.
    #[error("is malformed")]
    Malformed,
    /// It is not of version 3.
    #[error("is not of version 3")]
    Version,
    /// It is not signed by ECDSA with SHA-384.
    #[error("is not signed by ECDSA with SHA-384")]
    Algorithm,
    /// Its key is not on the curve P-384.
    #[error("has a key that is not on P-384")]
    Key,
    /// It has an extension that must be understood and is not.
    #[error("has a critical extension that is unknown")]
    Extension,
    /// It has an extension twice.
    #[error("has an extension twice")]
    DuplicateExtension,
    /// It names another issuer than the certificate before it.
    #[error("names another issuer than the one before it")]
    Issuer,
    /// The key of the certificate before it did not sign it.
    #[error("is not signed by the one before it")]
    Signature,
    /// It is not valid yet.
    #[error("is not valid yet")]
    NotYetValid,
    /// It is no longer valid.
    #[error("has expired")]
    Expired,
    /// It signs others and is not the certificate of an authority.
    #[error("is not an authority's")]
    NotAuthority,
    /// More authorities follow it than it allows.
    #[error("does not allow that many authorities below it")]
    PathLength,
    /// Its key is for other uses.
    #[error("is for another use of its key")]
    KeyUsage,
    /// It signed the document and is the certificate of an authority.
    #[error("is an authority's")]
    Authority,
}

/// Why nothing can be sealed to a document's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// The document has none.
    #[error("it has no public key")]
    Missing,
    /// It is not an RSA key in a `SubjectPublicKeyInfo`.
    #[error("its public key is not an RSA key")]
    NotRsa,
    /// It has fewer than 2048 bits or more than 4096.
    #[error("its public key has not between 2048 and 4096 bits")]
    Size,
}
