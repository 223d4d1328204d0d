//! The signed message around a document: a `COSE_Sign1` (RFC 9052, section 4.2), tagged or not, by ES384 and nothing else.

use minicbor::data::{Tag, Type};
use minicbor::{Decoder, Encoder};

use crate::error::Sign1Fault;

/// The tag of such a message.
const TAG: Tag = Tag::new(18);
/// The label of the algorithm among the headers, and ES384 (RFC 9053, section 2.1).
const ALGORITHM: i64 = 1;
const ES384: i64 = -35;
/// The largest payload, in bytes.
const MAX_PAYLOAD: usize = 16_384;
/// Two numbers below the order of P-384.
const SIGNATURE_BYTES: usize = 96;

/// A message, taken apart and believed in nothing.
pub(crate) struct Sign1<'a> {
    protected: &'a [u8],
    /// What is signed.
    pub(crate) payload: &'a [u8],
    /// The signature: both numbers, big-endian, one after the other.
    pub(crate) signature: &'a [u8],
}

impl<'a> Sign1<'a> {
    /// Takes a message apart.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Sign1Fault> {
        let mut from = Decoder::new(bytes);
        let structure = |_| Sign1Fault::Structure;
        if from.datatype().map_err(structure)? == Type::Tag && from.tag().map_err(structure)? != TAG {
            return Err(Sign1Fault::Tag);
        }
        if from.array().map_err(structure)? != Some(4) {
            return Err(Sign1Fault::Structure);
        }
        let protected = from.bytes().map_err(structure)?;
        only_es384(protected)?;
        // What stands there could be changed by anybody, so nothing may.
        if from.map().map_err(structure)? != Some(0) {
            return Err(Sign1Fault::Unprotected);
        }
        let payload = from.bytes().map_err(structure)?;
        if payload.is_empty() || payload.len() > MAX_PAYLOAD {
            return Err(Sign1Fault::PayloadSize);
        }
        let signature = from.bytes().map_err(structure)?;
        if signature.len() != SIGNATURE_BYTES {
            return Err(Sign1Fault::SignatureSize);
        }
        if from.position() != bytes.len() {
            return Err(Sign1Fault::Trailing);
        }
        Ok(Self {
            protected,
            payload,
            signature,
        })
    }

    /// The bytes that the signature is over: `Sig_structure`, without data from elsewhere (RFC 9052, section 4.4).
    pub(crate) fn signed(&self) -> Vec<u8> {
        let mut into = Encoder::new(Vec::with_capacity(self.payload.len() + 32));
        into.array(4)
            .and_then(|into| into.str("Signature1"))
            .and_then(|into| into.bytes(self.protected))
            .and_then(|into| into.bytes(&[]))
            .and_then(|into| into.bytes(self.payload))
            .expect("a vector takes whatever is written");
        into.into_writer()
    }
}

fn only_es384(header: &[u8]) -> Result<(), Sign1Fault> {
    let mut from = Decoder::new(header);
    let malformed = |_| Sign1Fault::Header;
    if from.map().map_err(malformed)? != Some(1) || from.i64().map_err(malformed)? != ALGORITHM {
        return Err(Sign1Fault::Header);
    }
    if from.i64().map_err(malformed)? != ES384 {
        return Err(Sign1Fault::Algorithm);
    }
    if from.position() != header.len() {
        return Err(Sign1Fault::Header);
    }
    Ok(())
}
