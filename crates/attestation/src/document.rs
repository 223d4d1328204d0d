//! The document in the message: its members, their types and sizes, as AWS describes them for enclaves ("Verifying the
//! root of trust") and for `NitroTPM` ("Validate a `NitroTPM` Attestation Document").

use std::collections::BTreeMap;
use std::time::Duration;

use minicbor::Decoder;
use minicbor::data::Type;

use crate::error::{DocumentFault, Member};

/// The longest certificate, public key, user data and nonce, in bytes. Where AWS has two figures, the larger one.
const MAX_BYTES: usize = 1024;
/// How many registers there can be.
const REGISTERS: u8 = 32;
/// The lengths of registers, in bytes.
const REGISTER_BYTES: [usize; 3] = [32, 48, 64];

/// What vouches for a document's registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// A Nitro enclave.
    Enclave,
    /// The TPM of an instance.
    NitroTpm,
}

/// What a document says, believed in nothing yet.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    pub(crate) module_id: &'a str,
    /// Since the Unix epoch; milliseconds are kept.
    pub(crate) made: Duration,
    pub(crate) platform: Platform,
    pub(crate) registers: BTreeMap<u8, &'a [u8]>,
    pub(crate) certificate: &'a [u8],
    /// The authorities, from the root on.
    pub(crate) authorities: Vec<&'a [u8]>,
    pub(crate) public_key: Option<&'a [u8]>,
}

/// The members as they are found.
#[derive(Default)]
struct Found<'a> {
    seen: Vec<Member>,
    module_id: Option<&'a str>,
    made: Option<Duration>,
    digest: Option<&'a str>,
    enclave: Option<BTreeMap<u8, &'a [u8]>>,
    tpm: Option<BTreeMap<u8, &'a [u8]>>,
    certificate: Option<&'a [u8]>,
    authorities: Option<Vec<&'a [u8]>>,
    public_key: Option<&'a [u8]>,
}

impl<'a> Document<'a> {
    /// Reads a document. Nothing that is unknown is skipped, so nothing nests deeper than documents do.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, DocumentFault> {
        let mut from = Decoder::new(bytes);
        let structure = |_| DocumentFault::Structure;
        let mut entries = Entries(from.map().map_err(structure)?);
        let mut found = Found::default();
        while entries.next(&mut from).map_err(structure)? {
            let name = from.str().map_err(structure)?;
            let member = Member::named(name).ok_or(DocumentFault::UnknownMember)?;
            if found.seen.contains(&member) {
                return Err(DocumentFault::Duplicate(member));
            }
            found.seen.push(member);
            found.read(member, &mut from)?;
        }
        if from.position() != bytes.len() {
            return Err(DocumentFault::Trailing);
        }
        found.complete()
    }
}

impl<'a> Found<'a> {
    fn read(&mut self, member: Member, from: &mut Decoder<'a>) -> Result<(), DocumentFault> {
        let wrong = |_| DocumentFault::Type(member);
        match member {
            Member::ModuleId => self.module_id = Some(from.str().map_err(wrong)?),
            Member::Timestamp => self.made = Some(Duration::from_millis(from.u64().map_err(wrong)?)),
            Member::Digest => self.digest = Some(from.str().map_err(wrong)?),
            Member::Pcrs => self.enclave = Some(registers(member, from)?),
            Member::NitrotpmPcrs => self.tpm = Some(registers(member, from)?),
            Member::Certificate => self.certificate = Some(sized(member, from, 1)?),
            Member::Cabundle => {
                let mut entries = Entries(from.array().map_err(wrong)?);
                let mut authorities = Vec::new();
                while entries.next(from).map_err(wrong)? {
                    authorities.push(sized(member, from, 1)?);
                }
                self.authorities = Some(authorities);
            }
            Member::PublicKey => self.public_key = optional(member, from, 1)?,
            Member::UserData | Member::Nonce => {
                optional(member, from, 0)?;
            }
        }
        Ok(())
    }

    fn complete(self) -> Result<Document<'a>, DocumentFault> {
        let missing = DocumentFault::Missing;
        let module_id = self.module_id.ok_or(missing(Member::ModuleId))?;
        if module_id.is_empty() {
            return Err(DocumentFault::Size(Member::ModuleId));
        }
        let made = self.made.ok_or(missing(Member::Timestamp))?;
        if made.is_zero() {
            return Err(DocumentFault::NoTime);
        }
        if self.digest.ok_or(missing(Member::Digest))? != "SHA384" {
            return Err(DocumentFault::Digest);
        }
        let (platform, registers) = match (self.enclave, self.tpm) {
            (Some(registers), None) => (Platform::Enclave, registers),
            (None, Some(registers)) => (Platform::NitroTpm, registers),
            (Some(_), Some(_)) => return Err(DocumentFault::BothPlatforms),
            (None, None) => return Err(missing(Member::Pcrs)),
        };
        let authorities = self.authorities.ok_or(missing(Member::Cabundle))?;
        if authorities.is_empty() {
            return Err(DocumentFault::Size(Member::Cabundle));
        }
        Ok(Document {
            module_id,
            made,
            platform,
            registers,
            certificate: self.certificate.ok_or(missing(Member::Certificate))?,
            authorities,
            public_key: self.public_key,
        })
    }
}

fn registers<'a>(member: Member, from: &mut Decoder<'a>) -> Result<BTreeMap<u8, &'a [u8]>, DocumentFault> {
    let wrong = |_| DocumentFault::Type(member);
    let mut entries = Entries(from.map().map_err(wrong)?);
    let mut registers = BTreeMap::new();
    while entries.next(from).map_err(wrong)? {
        let index = from.u64().map_err(wrong)?;
        let index = u8::try_from(index).ok().filter(|index| *index < REGISTERS);
        let index = index.ok_or(DocumentFault::Register)?;
        let register = from.bytes().map_err(wrong)?;
        if !REGISTER_BYTES.contains(&register.len()) {
            return Err(DocumentFault::Size(member));
        }
        if registers.insert(index, register).is_some() {
            return Err(DocumentFault::DuplicateRegister);
        }
    }
    if registers.is_empty() {
        return Err(DocumentFault::Size(member));
    }
    Ok(registers)
}

fn sized<'a>(member: Member, from: &mut Decoder<'a>, least: usize) -> Result<&'a [u8], DocumentFault> {
    let bytes = from.bytes().map_err(|_| DocumentFault::Type(member))?;
    if (least..=MAX_BYTES).contains(&bytes.len()) {
        Ok(bytes)
    } else {
        Err(DocumentFault::Size(member))
    }
}

/// A member that may be absent. The platform writes null for one that nobody gave it, whatever the description says.
fn optional<'a>(member: Member, from: &mut Decoder<'a>, least: usize) -> Result<Option<&'a [u8]>, DocumentFault> {
    if from.datatype().map_err(|_| DocumentFault::Type(member))? == Type::Null {
        from.null().map_err(|_| DocumentFault::Type(member))?;
        return Ok(None);
    }
    sized(member, from, least).map(Some)
}

/// What is left of a map or an array: so many entries, or all until a break.
struct Entries(Option<u64>);

impl Entries {
    /// Whether there is another one, to be read next.
    fn next(&mut self, from: &mut Decoder<'_>) -> Result<bool, minicbor::decode::Error> {
        match &mut self.0 {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None => {
                let ends = from.datatype()? == Type::Break;
                if ends {
                    from.set_position(from.position() + 1);
                }
                Ok(!ends)
            }
        }
    }
}
