"""What the record of each operation says: the tables of sections 4.1 to 4.5, row by row.

A text in braces stands for something of the scene that a request is made in (`record_scene`); `{answer.X}` for a member
of the reply. `sent` is the request, `shown` the record's `requestParameters`, `reply` its `responseElements`, `about`
its resources in their order, `beside` its `additionalEventData`. What a request brings besides must not be there.
"""

import dataclasses
import json

from harness.decisions import root, to
from harness.identities import policy
from harness.server import ALICE


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of the tables, or one of several that an operation has."""

    ids: str
    sent: dict
    shown: dict | None
    reply: dict | None = None
    about: tuple = ("{arn}",)
    beside: dict | None = None
    # Made by the call, so known to nobody before.
    makes: tuple = ()
    # What breaks a constraint of the interface.
    invalid: dict = dataclasses.field(default_factory=lambda: {"KeyId": ""})
    read_only: bool = False
    # The kind of key.
    key: dict = dataclasses.field(default_factory=dict)
    # The records of the same request that other Regions have.
    elsewhere: int = 0


KEY, ITSELF = {"keyId": "{key}"}, {"keyId": "{arn}"}
ON_KEY = {"KeyId": "{key}"}
CONTEXT = {"Department": "Engineering", "aws:ebs:id": "vol-abcde12345abc1234"}
SYMMETRIC = "SYMMETRIC_DEFAULT"
EXTERNAL = {"Origin": "EXTERNAL"}
SIGNING = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}
AGREEMENT = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"}
MAC = {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}
KEM = {"KeySpec": "ML_KEM_768", "KeyUsage": "ENCAPSULATE_DECAPSULATE"}
PRIMARY = {"MultiRegion": True}
POLICY = json.dumps(policy(to(root(ALICE), "kms:*")), indent=2)
TAGS = [{"TagKey": "Project", "TagValue": "Alpha"}, {"TagKey": "Stage", "TagValue": "Test"}]
TAGS_SHOWN = [{"tagKey": "Project", "tagValue": "Alpha"}, {"tagKey": "Stage", "tagValue": "Test"}]
WRAPPING = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}


def using(ids, sent, shown, **more):
    """A cryptographic operation with a key: whatever it answers is not in the record."""
    return Row(ids, {**ON_KEY, **sent}, {**KEY, **shown}, read_only=True, **more)


def reading(ids, sent=None, shown=None, **more):
    return Row(ids, {**ON_KEY, **(sent or {})}, {**KEY, **(shown or {})}, read_only=True, **more)


def changing(ids, sent=None, shown=None, reply=ITSELF, **more):
    return Row(ids, {**ON_KEY, **(sent or {})}, {**KEY, **(shown or {})}, reply, **more)


# What CreateKey writes of a request that leaves everything out.
DEFAULTS = {
    "description": "",
    "keyUsage": "ENCRYPT_DECRYPT",
    "customerMasterKeySpec": SYMMETRIC,
    "keySpec": SYMMETRIC,
    "origin": "AWS_KMS",
    "bypassPolicyLockoutSafetyCheck": False,
    "multiRegion": False,
    "tags": [],
}
METADATA = {
    "aWSAccountId": ALICE.id,
    "keyId": "{answer.KeyId}",
    "arn": "{answer.Arn}",
    "creationDate": "{answer.CreationDate}",
    "enabled": True,
    "description": "",
    "keyUsage": "ENCRYPT_DECRYPT",
    "keyState": "Enabled",
    "origin": "AWS_KMS",
    "keyManager": "CUSTOMER",
    "customerMasterKeySpec": SYMMETRIC,
    "keySpec": SYMMETRIC,
    "encryptionAlgorithms": [SYMMETRIC],
    "multiRegion": False,
}
SIGNERS = {name: value for name, value in METADATA.items() if name != "encryptionAlgorithms"} | {
    "description": "Signs",
    "keyUsage": "SIGN_VERIFY",
    "customerMasterKeySpec": "ECC_NIST_P256",
    "keySpec": "ECC_NIST_P256",
    "signingAlgorithms": ["ECDSA_SHA_256"],
}


def creating(ids, sent, shown, metadata, **more):
    reply = {"keyMetadata": metadata}
    invalid = {"Tags": [{"TagKey": "", "TagValue": ""}]}
    return Row(ids, sent, {**DEFAULTS, **shown}, reply, (), makes=("{answer.Arn}",), invalid=invalid, **more)


IN_SET = {
    "multiRegionKeyType": "REPLICA",
    "primaryKey": {"arn": "{arn}", "region": "us-east-1"},
    "replicaKeys": [{"arn": "{replica_arn}", "region": "us-west-2"}],
}
REPLICA = METADATA | {
    "enabled": False,
    "description": "",
    "keyState": "Creating",
    "multiRegion": True,
    "multiRegionConfiguration": IN_SET,
}

MANAGEMENT = {
    "CreateKey": [
        creating("MON-100 MON-72 MON-73", {}, {}, METADATA),
        creating("MON-100", EXTERNAL, {"origin": "EXTERNAL"}, METADATA | {
            "enabled": False, "keyState": "PendingImport", "origin": "EXTERNAL",
        }),
        creating("MON-100 MON-76 POL-185", {**SIGNING, "Description": "Signs", "Policy": POLICY, "Tags": TAGS}, {
            "description": "Signs", "keyUsage": "SIGN_VERIFY", "keySpec": "ECC_NIST_P256",
            "customerMasterKeySpec": "ECC_NIST_P256", "policy": POLICY, "tags": TAGS_SHOWN,
        }, SIGNERS),
    ],
    "DescribeKey": [
        reading("MON-103"),
        Row("MON-70 REF-280", {"KeyId": "{taken_alias_arn}"}, {"keyId": "{taken_alias_arn}"}, read_only=True),
    ],
    "EnableKey": [changing("MON-104")],
    "DisableKey": [changing("MON-105")],
    "UpdateKeyDescription": [changing("MON-106", {"Description": "new"}, {"description": "new"}, None)],
    "ScheduleKeyDeletion": [
        changing("MON-107", {"PendingWindowInDays": 7}, {"pendingWindowInDays": 7}, {
            **ITSELF, "keyState": "PendingDeletion", "deletionDate": "{answer.DeletionDate}",
            "pendingWindowInDays": 7,
        }),
        Row("MON-108", {"KeyId": "{replicated}"}, {**KEY, "pendingWindowInDays": 30}, {
            **ITSELF, "keyState": "PendingReplicaDeletion", "pendingWindowInDays": 30,
        }, key=PRIMARY),
    ],
    "CancelKeyDeletion": [Row("MON-110", {"KeyId": "{scheduled}"}, KEY, ITSELF)],
    "GetKeyPolicy": [reading("MON-111", {}, {"policyName": "default"})],
    "PutKeyPolicy": [
        changing("MON-112 POL-208", {"Policy": POLICY},
                 {"policyName": "default", "policy": POLICY, "bypassPolicyLockoutSafetyCheck": False}, None),
        changing("MON-112 POL-185", {"Policy": POLICY, "BypassPolicyLockoutSafetyCheck": True},
                 {"policyName": "default", "policy": POLICY, "bypassPolicyLockoutSafetyCheck": True}, None),
    ],
    "TagResource": [changing("MON-113 KEY-340", {"Tags": TAGS}, {"tags": TAGS_SHOWN})],
    "UntagResource": [changing("MON-114 KEY-340", {"TagKeys": ["row", "other"]}, {"tagKeys": ["row", "other"]})],
    "GetPublicKey": [reading("MON-115 SPK-84", key=SIGNING)],
    "ListKeys": [
        Row("MON-116", {}, None, about=(), invalid={"Limit": 0}, read_only=True),
        Row("MON-116 MON-77", {"Limit": 1, "Marker": "{keys_marker}"}, {"limit": 1, "marker": "{keys_marker}"},
            about=(), invalid={"Limit": 0}, read_only=True),
    ],
    "ListKeyPolicies": [reading("MON-117", {"Limit": 5}, {"limit": 5})],
    "ListResourceTags": [reading("MON-118 KEY-340", {"Limit": 1, "Marker": "{tags_marker}"},
                                 {"limit": 1, "marker": "{tags_marker}"})],
    "GetKeyLastUsage": [reading("REF-114")],
}  # fmt: skip

ROTATION = {
    "EnableKeyRotation": [
        changing("MON-119"),
        changing("MON-119", {"RotationPeriodInDays": 180}, {"rotationPeriodInDays": 180}),
    ],
    "DisableKeyRotation": [changing("MON-120", reply=None)],
    "GetKeyRotationStatus": [reading("MON-121")],
    "ListKeyRotations": [reading("MON-122", {"Limit": 3}, {"limit": 3})],
    # As the reply has it.
    "RotateKeyOnDemand": [changing("MON-123 MON-407", reply={"keyId": "{answer.KeyId}"})],
    "ReplicateKey": [
        changing("MON-124 MON-86", {"ReplicaRegion": "us-west-2"}, {
            "replicaRegion": "us-west-2", "bypassPolicyLockoutSafetyCheck": False, "description": "",
        }, {"replicaKeyMetadata": REPLICA, "replicaPolicy": "{answer.ReplicaPolicy}"}, key=PRIMARY, elsewhere=1),
        changing("MON-124 POL-185", {
            "ReplicaRegion": "us-west-2", "Description": "twin", "Policy": POLICY, "Tags": TAGS,
            "BypassPolicyLockoutSafetyCheck": True,
        }, {
            "replicaRegion": "us-west-2", "description": "twin", "policy": POLICY, "tags": TAGS_SHOWN,
            "bypassPolicyLockoutSafetyCheck": True,
        }, {"replicaKeyMetadata": {**REPLICA, "description": "twin"}, "replicaPolicy": POLICY}, key=PRIMARY,
            elsewhere=1),
    ],
    "UpdatePrimaryRegion": [Row("MON-126", {"KeyId": "{replicated}", "PrimaryRegion": "us-west-2"},
                                {**KEY, "primaryRegion": "us-west-2"}, ITSELF, key=PRIMARY, elsewhere=1)],
}  # fmt: skip

IMPORT = {
    "GetParametersForImport": [reading("MON-128", WRAPPING, {
        "wrappingAlgorithm": "RSAES_OAEP_SHA_256", "wrappingKeySpec": "RSA_2048",
    }, key=EXTERNAL)],
    "ImportKeyMaterial": [
        changing("MON-129", {
            "ImportToken": "{token}", "EncryptedKeyMaterial": "{wrapped}",
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        }, {"expirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"},
            {"keyId": "{arn}", "keyMaterialId": "{answer.KeyMaterialId}"}, key=EXTERNAL),
        changing("MON-129 MON-74 MON-409", {
            "ImportToken": "{token}", "EncryptedKeyMaterial": "{wrapped}", "ValidTo": "{valid_to}",
        }, {"expirationModel": "KEY_MATERIAL_EXPIRES", "validTo": "{valid_to_in_words}"},
            {"keyId": "{arn}", "keyMaterialId": "{answer.KeyMaterialId}"}, key=EXTERNAL),
    ],
    "DeleteImportedKeyMaterial": [Row("MON-130", {"KeyId": "{imported}"}, KEY,
                                      {"keyId": "{arn}", "keyMaterialId": "{answer.KeyMaterialId}"}, key=EXTERNAL)],
}  # fmt: skip

GRANT = {"GranteePrincipal": "{grantee}", "Operations": ["Decrypt", "Encrypt"], "Name": "records"}
ALIASES_AND_GRANTS = {
    "CreateAlias": [Row("MON-131 MON-84", {"AliasName": "{alias}", "TargetKeyId": "{key}"},
                        {"aliasName": "{alias}", "targetKeyId": "{key}"}, ITSELF, ("{arn}", "{alias_arn}"),
                        invalid={"AliasName": ""})],
    "UpdateAlias": [Row("MON-132 MON-84", {"AliasName": "{other_alias}", "TargetKeyId": "{arn}"},
                        {"aliasName": "{other_alias}", "targetKeyId": "{arn}"}, ITSELF, ("{other_alias_arn}", "{arn}"),
                        invalid={"AliasName": ""})],
    "DeleteAlias": [Row("MON-133 MON-84", {"AliasName": "{taken_alias}"}, {"aliasName": "{taken_alias}"}, ITSELF,
                        ("{taken_alias_arn}", "{arn}"), invalid={"AliasName": ""})],
    "ListAliases": [
        Row("MON-134", {}, None, about=(), read_only=True),
        Row("MON-134 MON-77", {"Limit": 1, "Marker": "{aliases_marker}"}, {"limit": 1, "marker": "{aliases_marker}"},
            about=(), read_only=True),
        Row("MON-134", {"KeyId": "{key}"}, KEY, about=(), read_only=True),
    ],
    "CreateGrant": [
        changing("MON-135 MON-75", {**GRANT, "Constraints": {"EncryptionContextSubset": CONTEXT},
                                    "RetiringPrincipal": "{grantee}"}, {
            "granteePrincipal": "{grantee}", "retiringPrincipal": "{grantee}", "name": "records",
            "operations": ["Decrypt", "Encrypt"], "constraints": {"encryptionContextSubset": CONTEXT},
        }, {"grantId": "{answer.GrantId}", "keyId": "{arn}"}, beside={"policyFindings": [{"code": "GRANT_BY_SUBSET"}]}),
        changing("MON-135 MON-75", {**GRANT, "Constraints": {"EncryptionContextEquals": CONTEXT}}, {
            "granteePrincipal": "{grantee}", "name": "records", "operations": ["Decrypt", "Encrypt"],
            "constraints": {"encryptionContextEquals": CONTEXT},
        }, {"grantId": "{answer.GrantId}", "keyId": "{arn}"}),
    ],
    "ListGrants": [
        reading("MON-136"),
        reading("MON-136 MON-77", {"Limit": 1, "Marker": "{grants_marker}"}, {"limit": 1, "marker": "{grants_marker}"}),
    ],
    "ListRetirableGrants": [Row("MON-137", {"RetiringPrincipal": "{grantee}", "Limit": 2},
                                {"retiringPrincipal": "{grantee}", "limit": 2}, about=(), invalid={"Limit": 0},
                                read_only=True)],
    "RetireGrant": [
        Row("MON-138 MON-95", {"KeyId": "{arn}", "GrantId": "{grant}"}, None, beside={"grantId": "{grant}"}),
        Row("MON-138 MON-95", {"GrantToken": "{grant_token}"}, None, beside={"grantId": "{grant}"},
            invalid={"GrantToken": ""}),
    ],
    "RevokeGrant": [changing("MON-139", {"GrantId": "{grant}"}, {"grantId": "{grant}"}, None)],
}  # fmt: skip

IN_CONTEXT = {"encryptionContext": CONTEXT}
DATA_KEY = {"EncryptionContext": CONTEXT, "KeySpec": "AES_256"}
DATA_PAIR = {"EncryptionContext": CONTEXT, "KeyPairSpec": "ECC_NIST_P256"}
SIGNED = {"Message": "{message}", "SigningAlgorithm": "ECDSA_SHA_256"}
SIGNED_SHOWN = {"messageType": "RAW", "signingAlgorithm": "ECDSA_SHA_256"}
TAGGED = {"Message": "{message}", "MacAlgorithm": "HMAC_SHA_256"}
CRYPTOGRAPHY = {
    "Encrypt": [
        using("MON-140 MON-75 KEY-137", {"Plaintext": "{message}", "EncryptionContext": CONTEXT},
              {**IN_CONTEXT, "encryptionAlgorithm": SYMMETRIC}),
        Row("MON-70 KEY-243", {"KeyId": "{taken_alias}", "Plaintext": "{message}"},
            {"keyId": "{taken_alias}", "encryptionAlgorithm": SYMMETRIC}, read_only=True),
    ],
    "Decrypt": [
        Row("MON-141 MON-71", {"CiphertextBlob": "{bare}"}, {"encryptionAlgorithm": SYMMETRIC}, read_only=True,
            invalid={"CiphertextBlob": b""}),
        using("MON-141 KEY-137 REF-327", {"CiphertextBlob": "{ciphertext}", "EncryptionContext": CONTEXT},
              {**IN_CONTEXT, "encryptionAlgorithm": SYMMETRIC}),
    ],
    "ReEncrypt": [Row("MON-142 MON-85", {
        "CiphertextBlob": "{ciphertext}", "SourceKeyId": "{key}", "SourceEncryptionContext": CONTEXT,
        "DestinationKeyId": "{other}", "DestinationEncryptionContext": {"moved": "yes"},
    }, {
        "sourceKeyId": "{key}", "sourceEncryptionContext": CONTEXT, "sourceEncryptionAlgorithm": SYMMETRIC,
        "destinationKeyId": "{other}", "destinationEncryptionContext": {"moved": "yes"},
        "destinationEncryptionAlgorithm": SYMMETRIC,
    }, about=("{arn}", "{other_arn}"), read_only=True, invalid={"CiphertextBlob": b""})],
    "GenerateDataKey": [
        using("MON-143 KEY-137", DATA_KEY, {**IN_CONTEXT, "keySpec": "AES_256"}),
        using("MON-143 REF-327", {"NumberOfBytes": 32}, {"numberOfBytes": 32}),
        Row("KEY-245 KEY-243", {"KeyId": "{taken_alias}", "KeySpec": "AES_256"},
            {"keyId": "{taken_alias}", "keySpec": "AES_256"}, read_only=True),
    ],
    "GenerateDataKeyWithoutPlaintext": [
        using("MON-144", DATA_KEY, {**IN_CONTEXT, "keySpec": "AES_256"}),
        using("MON-144", {"NumberOfBytes": 64}, {"numberOfBytes": 64}),
    ],
    "GenerateDataKeyPair": [using("MON-145", DATA_PAIR, {**IN_CONTEXT, "keyPairSpec": "ECC_NIST_P256"})],
    "GenerateDataKeyPairWithoutPlaintext": [
        using("MON-146", DATA_PAIR, {**IN_CONTEXT, "keyPairSpec": "ECC_NIST_P256"}),
    ],
    "GenerateRandom": [Row("MON-147 MON-78 REF-327", {"NumberOfBytes": 32}, None, about=(), read_only=True,
                           invalid={"NumberOfBytes": 0})],
    "Sign": [using("MON-148", SIGNED, SIGNED_SHOWN, key=SIGNING)],
    "Verify": [using("MON-149", {**SIGNED, "Signature": "{signature}"}, SIGNED_SHOWN, key=SIGNING)],
    "GenerateMac": [using("MON-150", TAGGED, {"macAlgorithm": "HMAC_SHA_256"}, key=MAC)],
    "VerifyMac": [using("MON-151", {**TAGGED, "Mac": "{mac}"}, {"macAlgorithm": "HMAC_SHA_256"}, key=MAC)],
    "DeriveSharedSecret": [using("MON-152", {"KeyAgreementAlgorithm": "ECDH", "PublicKey": "{peer}"},
                                 {"keyAgreementAlgorithm": "ECDH"}, key=AGREEMENT)],
    "Encapsulate": [using("REF-114", {"EncapsulationAlgorithm": "ML_KEM"},
                          {"encapsulationAlgorithm": "ML_KEM"}, key=KEM)],
    "Decapsulate": [using("REF-114", {
        "EncapsulationAlgorithm": "ML_KEM", "SharedSecretCiphertextBlob": "{encapsulated}",
    }, {"encapsulationAlgorithm": "ML_KEM"}, key=KEM)],
}  # fmt: skip

TABLE = {**MANAGEMENT, **ROTATION, **IMPORT, **ALIASES_AND_GRANTS, **CRYPTOGRAPHY}
