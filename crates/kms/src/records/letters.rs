//! What the Regions of a multi-Region key write to each other.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use trent_audit::UserIdentity;
use trent_audit::json::Fragment;
use trent_crypto::identity::MaterialId;
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_names::{AccountId, KeyId, Region};
use trent_service::{Call, OnBehalf};
use uuid::Uuid;

use super::lifecycle::{AutomaticRotation, Rotated, Standing};
use super::{Origin, text};

/// What a letter says, and of which key. The key has this id in both Regions.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Note {
    /// The account that owns the key.
    #[cbor(n(0), with = "text")]
    pub(crate) account: AccountId,
    /// The key's id.
    #[cbor(n(1), with = "text")]
    pub(crate) key: KeyId,
    /// What there is to say of it.
    #[n(2)]
    pub(crate) says: Says,
}

/// What there is to say.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Says {
    /// A primary: make a replica.
    #[n(0)]
    Found(#[n(0)] Founding),
    /// A primary: here is what we share. As it is written; what is shared is put in when the letter is carried.
    #[n(1)]
    Share,
    /// The same as it is carried.
    #[n(2)]
    Shared(#[n(0)] Shared),
    /// A key that was the primary when it wanted to share: somebody else tells that now.
    #[n(3)]
    Ask(#[cbor(n(0), with = "text")] Region),
    /// A replica: what it has.
    #[n(4)]
    Report(#[n(0)] Report),
    /// The replica of this Region was deleted.
    #[n(5)]
    Gone(#[cbor(n(0), with = "text")] Region),
    /// A primary: become the primary.
    #[n(6)]
    Offer,
    /// The replica will, and waits.
    #[n(7)]
    Accept,
    /// The replica cannot.
    #[n(8)]
    Decline,
    /// What was the primary is a replica: the receiver is the primary.
    #[n(9)]
    Cede(#[n(0)] Ceded),
}

/// What a replica begins with.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Founding {
    #[cbor(n(0), with = "text")]
    pub(crate) spec: KeySpec,
    #[cbor(n(1), with = "text")]
    pub(crate) usage: KeyUsage,
    #[n(2)]
    pub(crate) origin: Origin,
    #[n(3)]
    pub(crate) created: i64,
    #[n(4)]
    pub(crate) description: String,
    #[n(5)]
    pub(crate) policy: String,
    #[n(6)]
    pub(crate) policy_principals: Option<BTreeMap<String, String>>,
    #[n(7)]
    pub(crate) tags: BTreeMap<String, String>,
    /// The primary's Region.
    #[cbor(n(8), with = "text")]
    pub(crate) primary: Region,
    /// The Regions of the replicas, this one among them.
    #[cbor(n(9), with = "text::set")]
    pub(crate) replicas: BTreeSet<Region>,
    /// Who asked for it.
    #[n(10)]
    pub(crate) asked: Option<Asked>,
}

/// A call that is carried out in two Regions, as the record of the second one is to tell of it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Asked {
    /// The `userIdentity` of that record.
    #[n(0)]
    identity: ByteVec,
    /// The call's request id.
    #[cbor(n(1), with = "minicbor::bytes")]
    request: [u8; 16],
    /// What the record shows as the request, where that is not known from the key.
    #[n(2)]
    parameters: Option<ByteVec>,
}

impl Asked {
    /// Whoever makes a call, and what the record of the other Region shows as their request.
    pub(crate) fn by(call: &Call, parameters: Option<Fragment>) -> Self {
        let OnBehalf {
            identity,
            request_id,
            parameters,
        } = OnBehalf::of(call, parameters);
        Self {
            identity: identity.as_bytes().to_vec().into(),
            request: request_id.into_bytes(),
            parameters: parameters.map(|shown| shown.as_bytes().to_vec().into()),
        }
    }

    /// The same for the record itself.
    pub(crate) fn on_behalf(self) -> OnBehalf {
        OnBehalf {
            identity: UserIdentity::of(Vec::from(self.identity)),
            request_id: Uuid::from_bytes(self.request),
            parameters: self.parameters.map(|shown| Fragment::from_finished(shown.into())),
        }
    }
}

/// Everything that the keys of a set share, as one edition of the primary has it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Shared {
    #[n(0)]
    pub(crate) edition: u64,
    #[cbor(n(1), with = "text")]
    pub(crate) primary: Region,
    #[cbor(n(2), with = "text::set")]
    pub(crate) replicas: BTreeSet<Region>,
    #[n(3)]
    pub(crate) rotation: Option<AutomaticRotation>,
    #[n(4)]
    pub(crate) on_demand: Option<i64>,
    #[n(5)]
    pub(crate) public_key: Option<ByteVec>,
    /// The key under which the materials are, sealed to the receiver.
    #[n(6)]
    pub(crate) transfer_key: ByteVec,
    /// Every material, oldest first.
    #[n(7)]
    pub(crate) materials: Vec<SharedMaterial>,
}

/// One material of a set.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct SharedMaterial {
    #[cbor(n(0), with = "text")]
    pub(crate) id: MaterialId,
    /// None of imported material, which its owner imports into each Region.
    #[n(1)]
    pub(crate) sealed: Option<ByteVec>,
    #[n(2)]
    pub(crate) created: i64,
    #[n(3)]
    pub(crate) rotated: Option<Rotated>,
    #[n(4)]
    pub(crate) standing: Option<Standing>,
}

/// What a replica has.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Report {
    /// Its Region. The letter may come by way of another one, which was the primary's.
    #[cbor(n(0), with = "text")]
    pub(crate) region: Region,
    /// The edition that it has; zero before it has any.
    #[n(1)]
    pub(crate) edition: u64,
    /// Whether it has the newest material of that edition.
    #[n(2)]
    pub(crate) complete: bool,
}

/// What a new primary takes over.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Ceded {
    #[n(0)]
    pub(crate) edition: u64,
    #[cbor(n(1), with = "text::set")]
    pub(crate) replicas: BTreeSet<Region>,
    /// The replicas that lack the newest material.
    #[cbor(n(2), with = "text::set")]
    pub(crate) lacking: BTreeSet<Region>,
    /// Who asked for it.
    #[n(3)]
    pub(crate) asked: Option<Asked>,
}

impl Note {
    /// What `says` has to say of a key, written down.
    pub(crate) fn of(account: AccountId, key: KeyId, says: Says) -> Vec<u8> {
        let note = Self { account, key, says };
        minicbor::to_vec(note).expect("encoding into memory cannot fail")
    }
}
