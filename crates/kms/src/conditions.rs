//! The condition keys that apply to operations, as the guide's permissions reference groups them: data for rows, and the
//! values that requests of several operations give them.

use std::collections::BTreeMap;

use trent_api::kms::{EncryptionAlgorithmSpec, MessageType, SigningAlgorithmSpec};
use trent_policy::{ConditionKey, Values};

use crate::cryptography::algorithm_name;

macro_rules! on_a_key {
    ($($more:literal),* $(,)?) => {
        &[
            "kms:CallerAccount",
            "kms:CustomerMasterKeySpec",
            "kms:CustomerMasterKeyUsage",
            "kms:KeySpec",
            "kms:KeyUsage",
            "kms:KeyOrigin",
            "kms:MultiRegion",
            "kms:MultiRegionKeyType",
            "kms:ResourceAliases",
            "aws:ResourceTag/${TagKey}",
            "kms:ViaService",
            $($more),*
        ]
    };
}

macro_rules! with_context {
    ($($more:literal),* $(,)?) => {
        on_a_key![
            "kms:EncryptionAlgorithm",
            "kms:RequestAlias",
            "kms:EncryptionContext:${EncryptionContextKey}",
            "kms:EncryptionContextKeys",
            $($more),*
        ]
    };
}

/// A list of condition keys.
pub type Conditions = &'static [&'static str];

/// No condition key of the service applies.
pub const NONE: Conditions = &[];
/// Custom key stores have only the caller's account.
pub const CALLER_ACCOUNT: Conditions = &["kms:CallerAccount"];
/// Any operation on a key.
pub const KEY: Conditions = on_a_key![];
/// Operations that name the key by alias too.
pub const KEY_BY_ALIAS: Conditions = on_a_key!["kms:RequestAlias"];
/// Encryption under a symmetric key.
pub const ENCRYPTION: Conditions = with_context![];
/// Decryption and data keys, whose result may be sealed to an attested recipient.
pub const FOR_RECIPIENT: Conditions = with_context![
    "kms:RecipientAttestation:ImageSha384",
    "kms:RecipientAttestation:PCR${Index}",
    "kms:RecipientAttestation:NitroTPMPCR${Index}",
];
/// Re-encryption.
pub const RE_ENCRYPTION: Conditions = with_context!["kms:ReEncryptOnSameKey"];
/// Data key pairs.
pub const DATA_KEY_PAIR: Conditions = with_context!["kms:DataKeyPairSpec"];
/// Data key pairs that may be sealed to an attested recipient.
pub const DATA_KEY_PAIR_FOR_RECIPIENT: Conditions = with_context![
    "kms:DataKeyPairSpec",
    "kms:RecipientAttestation:ImageSha384",
    "kms:RecipientAttestation:PCR${Index}",
    "kms:RecipientAttestation:NitroTPMPCR${Index}",
];
/// Random bytes for an attested recipient.
pub const RANDOM: Conditions = &[
    "kms:RecipientAttestation:ImageSha384",
    "kms:RecipientAttestation:PCR${Index}",
    "kms:RecipientAttestation:NitroTPMPCR${Index}",
];
/// Signatures.
pub const SIGNING: Conditions = on_a_key!["kms:MessageType", "kms:RequestAlias", "kms:SigningAlgorithm"];
/// Message authentication codes.
pub const MAC: Conditions = on_a_key!["kms:MacAlgorithm", "kms:RequestAlias"];
/// Key agreement.
pub const AGREEMENT: Conditions = on_a_key![
    "kms:KeyAgreementAlgorithm",
    "kms:RequestAlias",
    "kms:RecipientAttestation:ImageSha384",
    "kms:RecipientAttestation:PCR${Index}",
    "kms:RecipientAttestation:NitroTPMPCR${Index}",
];
/// Creating a key: the key that is asked for, and its tags.
pub const CREATE_KEY: Conditions = &[
    "kms:BypassPolicyLockoutSafetyCheck",
    "kms:CallerAccount",
    "kms:CustomerMasterKeySpec",
    "kms:CustomerMasterKeyUsage",
    "kms:KeySpec",
    "kms:KeyUsage",
    "kms:KeyOrigin",
    "kms:MultiRegion",
    "kms:MultiRegionKeyType",
    "kms:ViaService",
    "aws:RequestTag/${TagKey}",
    "aws:ResourceTag/${TagKey}",
    "aws:TagKeys",
];
/// Replacing a policy.
pub const PUT_POLICY: Conditions = on_a_key!["kms:BypassPolicyLockoutSafetyCheck"];
/// Changing tags.
pub const TAGGING: Conditions = on_a_key!["aws:RequestTag/${TagKey}", "aws:TagKeys"];
/// Creating a grant.
pub const CREATE_GRANT: Conditions = on_a_key![
    "kms:EncryptionContext:${EncryptionContextKey}",
    "kms:EncryptionContextKeys",
    "kms:GrantConstraintType",
    "kms:GranteePrincipal",
    "kms:GrantIsForAWSResource",
    "kms:GrantOperations",
    "kms:RetiringPrincipal",
];
/// Listing and revoking grants.
pub const GRANT: Conditions = on_a_key!["kms:GrantIsForAWSResource"];
/// Retiring a grant.
pub const RETIRE_GRANT: Conditions = &["kms:ResourceAliases", "aws:ResourceTag/${TagKey}"];
/// Scheduling deletion.
pub const DELETION: Conditions = on_a_key!["kms:ScheduleKeyDeletionPendingWindowInDays"];
/// Switching rotation on.
pub const ROTATION: Conditions = on_a_key!["kms:RotationPeriodInDays"];
/// Preparing an import.
pub const WRAPPING: Conditions = on_a_key!["kms:WrappingAlgorithm", "kms:WrappingKeySpec"];
/// Importing key material.
pub const IMPORT: Conditions = on_a_key!["kms:ExpirationModel", "kms:ValidTo"];
/// Replicating a key.
pub const REPLICA_REGION: Conditions = on_a_key!["kms:ReplicaRegion"];
/// Moving the primary.
pub const PRIMARY_REGION: Conditions = on_a_key!["kms:PrimaryRegion"];

/// What a request that encrypts or decrypts tells policies.
pub(crate) struct Encryption<'a> {
    /// The key's identifier, if there is one.
    pub(crate) named: Option<&'a str>,
    /// The encryption context.
    pub(crate) context: Option<&'a BTreeMap<String, String>>,
    /// The algorithm that is asked for; the symmetric one if none is.
    pub(crate) algorithm: Option<EncryptionAlgorithmSpec>,
}

impl<'a> Encryption<'a> {
    /// The values of a condition key.
    pub(crate) fn values(&self, key: &'a ConditionKey) -> Values<'a> {
        match key.lower() {
            "kms:encryptionalgorithm" => Values::One(algorithm_name(self.algorithm)),
            "kms:encryptioncontextkeys" => self.context.map_or(Values::Absent, Values::Names),
            _ => match (key.suffix("kms:encryptioncontext:"), self.context) {
                (Some(name), Some(map)) => Values::Under { map, name },
                (Some(_), None) => Values::Absent,
                (None, _) => self.named.map_or(Values::Absent, |named| by_alias(named, key)),
            },
        }
    }
}

/// What a request that signs or verifies tells policies.
pub(crate) struct Signing<'a> {
    /// The key's identifier.
    pub(crate) named: &'a str,
    /// What kind of message it brings; the message itself if it does not say.
    pub(crate) message: Option<MessageType>,
    /// The algorithm that is asked for.
    pub(crate) algorithm: SigningAlgorithmSpec,
}

impl<'a> Signing<'a> {
    /// The values of a condition key.
    pub(crate) fn values(&self, key: &ConditionKey) -> Values<'a> {
        match key.lower() {
            "kms:messagetype" => Values::One(self.message.unwrap_or(MessageType::Raw).as_str()),
            "kms:signingalgorithm" => Values::One(self.algorithm.as_str()),
            _ => by_alias(self.named, key),
        }
    }
}

/// What a request that may name the key by an alias tells policies: the alias's name, however the alias is spelled.
pub(crate) fn by_alias<'a>(named: &'a str, key: &ConditionKey) -> Values<'a> {
    if key.lower() != "kms:requestalias" {
        return Values::Absent;
    }
    let resource = named.splitn(6, ':').nth(5).unwrap_or(named);
    Values::optional(Some(resource).filter(|resource| resource.starts_with("alias/")))
}

/// What a request with tags tells policies.
pub(crate) fn of_tags<'a>(tags: &'a BTreeMap<String, String>, key: &'a ConditionKey) -> Values<'a> {
    match key.suffix("aws:requesttag/") {
        Some(name) => Values::Under { map: tags, name },
        None if key.lower() == "aws:tagkeys" => Values::Names(tags),
        None => Values::Absent,
    }
}

/// What a request that brings a key policy tells policies: whether it goes without the check for a lockout, if it says
/// so at all.
pub(crate) fn lockout_check(bypassed: Option<bool>, key: &ConditionKey) -> Values<'static> {
    match bypassed {
        Some(bypassed) if key.lower() == "kms:bypasspolicylockoutsafetycheck" => Values::boolean(bypassed),
        _ => Values::Absent,
    }
}
