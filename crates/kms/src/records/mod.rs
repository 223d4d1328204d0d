//! What the store keeps for keys and aliases.
//!
//! A key is one record: its state, policy, tags, aliases and wrapped material together. Whatever can restrict the use of
//! a key is therefore there whenever the key is; nothing that is missing can widen access, and a change of any part has
//! the whole key as its precondition.

pub mod grants;
pub(crate) mod letters;
mod lifecycle;
pub mod rosters;
mod text;
pub mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use trent_crypto::identity::MaterialId;
use trent_crypto::record::Class;
use trent_crypto::spec::{KeySpec, KeyUsage};
use trent_names::{AccountId, AliasName, KeyId, Region};
use trent_store::{InRegion, Key, Kind, LivesIn, Record, kinds};

pub use self::lifecycle::{AutomaticRotation, Deletion, Imported, Related, Rotated, RotationKind, Standing};
use crate::state::KeyState;

/// A key of one account in one Region.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KeyRecord {
    /// The account that owns the key.
    #[cbor(n(0), with = "text")]
    pub account: AccountId,
    /// The key's id, unique in its account and Region.
    #[cbor(n(1), with = "text")]
    pub id: KeyId,
    /// Who manages the key.
    #[n(2)]
    pub manager: Manager,
    /// What kind of material the key has. Never changes.
    #[cbor(n(3), with = "text")]
    pub spec: KeySpec,
    /// What the key is for. Never changes.
    #[cbor(n(4), with = "text")]
    pub usage: KeyUsage,
    /// Where the material comes from. Never changes.
    #[n(5)]
    pub origin: Origin,
    /// The state.
    #[n(6)]
    pub state: KeyState,
    /// The description; may be empty.
    #[n(7)]
    pub description: String,
    /// When the key was created, in milliseconds since the Unix epoch.
    #[n(8)]
    pub created: i64,
    /// The key policy, as it was submitted.
    #[cbor(n(9), with = "text::shared")]
    pub policy: Arc<str>,
    /// The tags by tag key.
    #[n(10)]
    pub tags: BTreeMap<String, String>,
    /// The names of the aliases that point here. The alias records hold the rest about them.
    #[cbor(n(11), with = "text::set")]
    pub aliases: BTreeSet<AliasName>,
    /// The key's own key, wrapped by a root generation; it wraps the materials.
    #[n(12)]
    pub destruction_key: ByteVec,
    /// Every material that the key ever had, oldest first; the [current](KeyRecord::current) one encrypts.
    #[n(13)]
    pub materials: Vec<MaterialRecord>,
    /// Whom the key policy means: the unique ids of the users and roles that it names, by the ARNs that they had when
    /// it was put. None if it names none.
    #[n(14)]
    pub policy_principals: Option<BTreeMap<String, String>>,
    /// The Region of the primary key, if this is a replica of it. A multi-Region key that has none is the primary.
    #[cbor(n(15), with = "text::optional", has_nil)]
    pub replica_of: Option<Region>,
    /// The public half of an asymmetric key: `SubjectPublicKeyInfo`, DER. None of any other key, and of one without
    /// material.
    #[n(16)]
    pub public_key: Option<ByteVec>,
    /// That the key is to be deleted; there in the two states that end in deletion.
    #[n(17)]
    pub deletion: Option<Deletion>,
    /// The calendar of rotation, while automatic rotation is on. A key that is not in use keeps it and does not rotate.
    #[n(18)]
    pub rotation: Option<AutomaticRotation>,
    /// The copies of a multi-Region key. Most keys have none, and take no room for them.
    #[n(19)]
    pub related: Option<Box<Related>>,
    /// When a rotation on demand that has not been carried out yet was asked for, in milliseconds since the Unix epoch.
    #[n(20)]
    pub on_demand: Option<i64>,
}

impl KeyRecord {
    /// The material that encrypts: the newest one that does not wait for anything.
    pub fn current(&self) -> Option<&MaterialRecord> {
        self.materials.iter().rev().find(|material| material.standing.is_none())
    }
}

/// One key material.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct MaterialRecord {
    /// Its id.
    #[cbor(n(0), with = "text")]
    pub id: MaterialId,
    /// The material, wrapped by the key's destruction key. None of an imported material that was deleted or has expired:
    /// its id, by which the same material is known again, outlives it.
    #[n(1)]
    pub wrapped: Option<ByteVec>,
    /// When it was made, in milliseconds since the Unix epoch.
    #[n(2)]
    pub created: i64,
    /// How it came to be the current material; none of a key's first one.
    #[n(3)]
    pub rotated: Option<Rotated>,
    /// What is known of its import, if it was imported.
    #[n(4)]
    pub imported: Option<Imported>,
    /// Why it does not encrypt yet. None of a material that is, or was, the current one.
    #[n(5)]
    pub standing: Option<Standing>,
}

impl MaterialRecord {
    /// A material just made, which encrypts from now on.
    pub fn new(id: MaterialId, wrapped: Vec<u8>, created: i64) -> Self {
        Self {
            id,
            wrapped: Some(wrapped.into()),
            created,
            rotated: None,
            imported: None,
            standing: None,
        }
    }
}

/// Who manages a key: the members of `KeyManager`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Manager {
    /// The account's own people.
    #[n(0)]
    Customer,
    /// The service, on behalf of another service.
    #[n(1)]
    Aws,
}

/// Where the material of a key comes from: the members of `Origin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Origin {
    /// Generated here.
    #[n(0)]
    AwsKms,
    /// Imported by the owner.
    #[n(1)]
    External,
    /// Generated in an HSM cluster.
    #[n(2)]
    AwsCloudhsm,
    /// Kept by an external key manager.
    #[n(3)]
    ExternalKeyStore,
}

impl Origin {
    /// The origin on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwsKms => "AWS_KMS",
            Self::External => "EXTERNAL",
            Self::AwsCloudhsm => "AWS_CLOUDHSM",
            Self::ExternalKeyStore => "EXTERNAL_KEY_STORE",
        }
    }
}

/// That an account has a key: what listings walk, without opening every key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KeyEntry {
    /// The key's id.
    #[cbor(n(0), with = "text")]
    pub id: KeyId,
}

/// An alias of one account in one Region.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AliasRecord {
    /// The name with its `alias/` prefix; the record key has only its digest.
    #[cbor(n(0), with = "text")]
    pub name: AliasName,
    /// The key that it points at, in the same account and Region.
    #[cbor(n(1), with = "text")]
    pub target: KeyId,
    /// When it was created, in milliseconds since the Unix epoch.
    #[n(2)]
    pub created: i64,
    /// When it was last pointed at a key.
    #[n(3)]
    pub updated: i64,
}

impl Record for KeyRecord {
    const KIND: Kind = kinds::KEY;
    const CLASS: Class = Class::Resource;
    const VERSION: u8 = 1;
}

impl Record for KeyEntry {
    const KIND: Kind = kinds::KEY_BY_ACCOUNT;
    const CLASS: Class = Class::Resource;
    const VERSION: u8 = 1;
}

impl Record for AliasRecord {
    const KIND: Kind = kinds::ALIAS;
    const CLASS: Class = Class::Resource;
    const VERSION: u8 = 1;
}

impl LivesIn<InRegion> for KeyRecord {}
impl LivesIn<InRegion> for KeyEntry {}
impl LivesIn<InRegion> for AliasRecord {}

/// Where a key's record is: by its id first, because a ciphertext names the key and not its account.
pub fn key_address(account: AccountId, id: KeyId) -> Key<KeyRecord> {
    Key::new().part(&id_bytes(id)).part(account.as_str().as_bytes())
}

/// The id of the key whose record is there.
pub(crate) fn id_at(address: &Key<KeyRecord>) -> Option<KeyId> {
    let parts = address.parts();
    let (multi_region, id) = parts.first()?.split_first()?;
    Some(KeyId::from_bytes(id.try_into().ok()?, *multi_region == 1))
}

/// What precedes the records of all keys with this id.
pub fn keys_with_id(id: KeyId) -> Key<KeyRecord> {
    Key::new().part(&id_bytes(id))
}

/// Where the entry of an account's key is.
pub fn entry_address(account: AccountId, id: KeyId) -> Key<KeyEntry> {
    entries_of(account).part(&id_bytes(id))
}

/// What precedes the entries of all keys of an account.
pub fn entries_of(account: AccountId) -> Key<KeyEntry> {
    Key::new().part(account.as_str().as_bytes())
}

/// Where an alias is, by the digest of its name.
pub fn alias_address(account: AccountId, blinded_name: &[u8; 32]) -> Key<AliasRecord> {
    aliases_of(account).part(blinded_name)
}

/// What precedes all aliases of an account.
pub fn aliases_of(account: AccountId) -> Key<AliasRecord> {
    Key::new().part(account.as_str().as_bytes())
}

/// A key as jobs name it.
pub fn subject_of(account: AccountId, id: KeyId) -> Vec<u8> {
    [&id_bytes(id), account.as_str().as_bytes()].concat()
}

/// The key that [`subject_of`] names so.
pub fn subject_parts(subject: &[u8]) -> Option<(AccountId, KeyId)> {
    let (id, account) = subject.split_first_chunk::<17>()?;
    let ([kind], id) = id.split_first_chunk::<1>()?;
    let account = std::str::from_utf8(account).ok()?;
    Some((
        AccountId::parse(account).ok()?,
        KeyId::from_bytes(id.try_into().ok()?, *kind == 1),
    ))
}

fn id_bytes(id: KeyId) -> [u8; 17] {
    let mut bytes = [0; 17];
    bytes[0] = u8::from(id.is_multi_region());
    bytes[1..].copy_from_slice(&id.as_bytes());
    bytes
}
