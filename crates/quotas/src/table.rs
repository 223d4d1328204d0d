//! The guide's tables of quotas (guide, "Quotas"), one row each.

use crate::{Amount, Kind};

/// A quota as data.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// The code in Service Quotas, where it is public.
    pub(crate) code: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: Amount,
    /// The Regions that have another value.
    pub(crate) regional: &'static [(&'static [&'static str], Amount)],
    pub(crate) adjustable: bool,
    /// The operations that are charged to it.
    pub(crate) operations: &'static [&'static str],
    /// The spec of the data key pairs that are.
    pub(crate) pair: Option<&'static str>,
}

const PAIRS: &[&str] = &["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"];

const SYMMETRIC: &[&str] = &[
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GenerateRandom",
    "ReEncrypt",
    "VerifyMac",
];

/// The Regions with more symmetric operations than others.
const FASTER: &[(&[&str], Amount)] = &[
    (
        &[
            "us-east-2",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-northeast-1",
            "eu-central-1",
            "eu-west-2",
        ],
        Amount::whole(10_000),
    ),
    (&["us-east-1", "us-west-2", "eu-west-1"], Amount::whole(50_000)),
];

const fn resource(name: &'static str, code: &'static str, kind: Kind, default: u64, adjustable: bool) -> Row {
    Row {
        name,
        code,
        kind,
        default: Amount::whole(default),
        regional: &[],
        adjustable,
        operations: &[],
        pair: None,
    }
}

const fn shared(name: &'static str, code: &'static str, default: u64, operations: &'static [&'static str]) -> Row {
    Row {
        name,
        code,
        kind: Kind::Rate,
        default: Amount::whole(default),
        regional: &[],
        adjustable: true,
        operations,
        pair: None,
    }
}

const fn own(name: &'static str, operation: &'static [&'static str; 1], code: &'static str, default: u64) -> Row {
    shared(name, code, default, operation)
}

const fn pair(name: &'static str, spec: &'static str, code: &'static str, thousandths: u64) -> Row {
    Row {
        default: Amount::thousandths(thousandths),
        pair: Some(spec),
        ..shared(name, code, 0, PAIRS)
    }
}

/// The row of an operation with a quota of its own.
macro_rules! own {
    ($operation:literal, $code:literal, $default:literal) => {
        own(concat!($operation, " request rate"), &[$operation], $code, $default)
    };
}

/// The row of data key pairs of a spec.
macro_rules! pair {
    ($spec:literal, $code:literal, $thousandths:literal) => {
        pair(
            concat!("GenerateDataKeyPair (", $spec, ") request rate"),
            $spec,
            $code,
            $thousandths,
        )
    };
}

/// All quotas. The first ones have constants in [`crate::Quota`], in this order.
pub(crate) const ROWS: &[Row] = &[
    resource("AWS KMS keys", "L-C2F1777E", Kind::Count, 100_000, true),
    resource("Aliases per KMS key", "L-340F62FB", Kind::Count, 50, true),
    resource("Grants per KMS key", "T-GRANTS-PER-KEY", Kind::Count, 50_000, true),
    resource(
        "Key policy document size",
        "T-KEY-POLICY-SIZE",
        Kind::Size,
        32_768,
        false,
    ),
    resource("Custom key stores", "L-F33DCFEB", Kind::Count, 10, true),
    // Twenty-five, as the service's interface says today; the guide's ten are older.
    resource(
        "On-demand rotations per KMS key",
        "T-ON-DEMAND-ROTATIONS",
        Kind::Count,
        25,
        false,
    ),
    shared(
        "State changes per KMS key request rate",
        "T-STATE-CHANGES-PER-KEY",
        5,
        &["CancelKeyDeletion", "DisableKey", "EnableKey", "ScheduleKeyDeletion"],
    ),
    Row {
        regional: FASTER,
        ..shared(
            "Cryptographic operations (symmetric) request rate",
            "L-6E3AF000",
            5500,
            SYMMETRIC,
        )
    },
    shared(
        "Cryptographic operations (RSA) request rate",
        "L-2AC98190",
        500,
        &["Decrypt", "Encrypt", "ReEncrypt", "Sign", "Verify"],
    ),
    shared(
        "Cryptographic operations (ECC and SM2) request rate",
        "L-DC14942D",
        300,
        &[
            "Decrypt",
            "DeriveSharedSecret",
            "Encrypt",
            "ReEncrypt",
            "Sign",
            "Verify",
        ],
    ),
    shared(
        "Cryptographic operations (SM2) request rate",
        "T-CRYPTOGRAPHIC-SM2",
        300,
        &[
            "Decrypt",
            "DeriveSharedSecret",
            "Encrypt",
            "ReEncrypt",
            "Sign",
            "Verify",
        ],
    ),
    shared(
        "Cryptographic operations (ML-DSA and ML-KEM) request rate",
        "T-CRYPTOGRAPHIC-ML",
        300,
        &["Decapsulate", "Encapsulate", "Sign", "Verify"],
    ),
    shared("Other operations request rate", "T-OTHER", 100, &[]),
    own!("CancelKeyDeletion", "L-635264CC", 5),
    own!("ConnectCustomKeyStore", "L-705B9E79", 5),
    own!("CreateAlias", "L-F7504F73", 5),
    own!("CreateCustomKeyStore", "L-08932E37", 5),
    own!("CreateGrant", "L-0428A42E", 50),
    own!("CreateKey", "L-32B67F4A", 5),
    own!("DeleteAlias", "L-1F75ADD1", 15),
    own!("DeleteCustomKeyStore", "L-E99520CB", 5),
    own!("DeleteImportedKeyMaterial", "L-1233BF9B", 5),
    own!("DescribeCustomKeyStores", "L-E20AA94C", 5),
    own!("DescribeKey", "L-FAE8F084", 2000),
    own!("DisableKey", "L-6B8C93BD", 5),
    own!("DisableKeyRotation", "L-CE1DB614", 5),
    own!("DisconnectCustomKeyStore", "L-9F1FCF6D", 5),
    own!("EnableKey", "L-BD96F100", 5),
    own!("EnableKeyRotation", "L-BE799B67", 15),
    pair!("ECC_NIST_P256", "L-D2EEB5E0", 100_000),
    pair!("ECC_NIST_P384", "L-16B46EF0", 100_000),
    pair!("ECC_NIST_P521", "L-1D966DA0", 100_000),
    pair!("ECC_SECG_P256K1", "T-DATA-KEY-PAIR-ECC-SECG-P256K1", 100_000),
    pair!("RSA_2048", "T-DATA-KEY-PAIR-RSA-2048", 1000),
    pair!("RSA_3072", "T-DATA-KEY-PAIR-RSA-3072", 500),
    pair!("RSA_4096", "T-DATA-KEY-PAIR-RSA-4096", 100),
    pair!("SM2", "T-DATA-KEY-PAIR-SM2", 25_000),
    own!("GetKeyPolicy", "T-GET-KEY-POLICY", 1000),
    own!("GetKeyRotationStatus", "T-GET-KEY-ROTATION-STATUS", 1000),
    Row {
        default: Amount::thousandths(250),
        ..own!("GetParametersForImport", "T-GET-PARAMETERS-FOR-IMPORT", 0)
    },
    own!("GetPublicKey", "T-GET-PUBLIC-KEY", 2000),
    own!("ImportKeyMaterial", "T-IMPORT-KEY-MATERIAL", 5),
    own!("ListAliases", "T-LIST-ALIASES", 500),
    own!("ListGrants", "T-LIST-GRANTS", 100),
    own!("ListKeyPolicies", "T-LIST-KEY-POLICIES", 100),
    own!("ListKeyRotations", "T-LIST-KEY-ROTATIONS", 100),
    own!("ListKeys", "T-LIST-KEYS", 500),
    own!("ListResourceTags", "T-LIST-RESOURCE-TAGS", 2000),
    own!("ListRetirableGrants", "T-LIST-RETIRABLE-GRANTS", 100),
    own!("PutKeyPolicy", "T-PUT-KEY-POLICY", 15),
    own!("ReplicateKey", "T-REPLICATE-KEY", 5),
    own!("RetireGrant", "T-RETIRE-GRANT", 30),
    own!("RevokeGrant", "T-REVOKE-GRANT", 30),
    own!("RotateKeyOnDemand", "T-ROTATE-KEY-ON-DEMAND", 5),
    own!("ScheduleKeyDeletion", "T-SCHEDULE-KEY-DELETION", 15),
    own!("TagResource", "T-TAG-RESOURCE", 10),
    own!("UntagResource", "T-UNTAG-RESOURCE", 5),
    own!("UpdateAlias", "T-UPDATE-ALIAS", 5),
    own!("UpdateCustomKeyStore", "T-UPDATE-CUSTOM-KEY-STORE", 5),
    own!("UpdateKeyDescription", "T-UPDATE-KEY-DESCRIPTION", 5),
    own!("UpdatePrimaryRegion", "T-UPDATE-PRIMARY-REGION", 5),
];
