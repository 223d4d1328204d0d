"""The tables of operations and kinds of keys, cell by cell: by type, and by special feature."""

import pathlib
import re

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization
from harness.clients import boto3_client, refused, until
from harness.imports import Importer, material
from harness.server import ALICE, Server

HERE, THERE = "us-east-1", "eu-west-1"
CHAPTER = pathlib.Path(__file__).parents[2] / "docs/spec/07-reference-security-quotas-integrations.md"
TYPES = {
    "SYM": ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
    "HMAC": ("HMAC_256", "GENERATE_VERIFY_MAC"),
    "AE": ("RSA_2048", "ENCRYPT_DECRYPT"),
    "AS": ("ECC_NIST_P256", "SIGN_VERIFY"),
}
# What is asked of a kind of key that can never do it, and of one that is for something else.
NEVER = {"UnsupportedOperationException", "InvalidKeyUsageException"}
OAEP = "RSAES_OAEP_SHA_256"
# Operations that need a feature, by the condition in their row.
OF_IMPORT = {"DeleteImportedKeyMaterial", "GetParametersForImport", "ImportKeyMaterial"}
OF_REGIONS = {"ReplicateKey", "UpdatePrimaryRegion"}


def rows(first, last, columns):
    """The rows of a table: each operation with its cells."""
    for line in CHAPTER.read_text().splitlines():
        found = re.match(r"\| REF-(\d+) \[\w+\] \| (.*)", line)
        if found and first <= int(found[1]) <= last:
            operations, *cells = [cell.strip() for cell in found[2].split("|")]
            for operation in operations.split(" (")[0].split(", "):
                yield operation, dict(zip(columns, cells, strict=False))


BY_TYPE = [
    (operation, kind, cells[kind]) for operation, cells in rows(1, 44, ["SYM", "HMAC", "AE", "AS"]) for kind in TYPES
]
BY_FEATURE = [
    (operation, feature, cells[feature])
    for operation, cells in rows(48, 69, ["MR", "IMP", "CKS"])
    for feature in ("MR", "IMP")
]


@pytest.fixture(scope="module")
def regions(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("features") / "server", regions=[HERE, THERE]).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def here(regions):
    return boto3_client(regions, ALICE, HERE)


@pytest.fixture(scope="module")
def there(regions):
    return boto3_client(regions, ALICE, THERE)


class Subject:
    """A new key of a kind, and what is asked about it."""

    def __init__(self, here, there, folder, kind, feature=None):
        self.kms, self.there, self.folder, self.kind = here, there, folder, kind
        self.spec, self.usage = TYPES[kind]
        more = {"MultiRegion": True} if feature == "MR" else {"Origin": "EXTERNAL"} if feature == "IMP" else {}
        made = here.create_key(KeySpec=self.spec, KeyUsage=self.usage, **more)["KeyMetadata"]
        self.key, self.account = made["KeyId"], made["AWSAccountId"]
        if feature == "IMP":
            self.importer = Importer(here, folder)
            self.material = material(folder, self.spec)
            here.import_key_material(**self.importer.request(self.key, self.material))

    def ask(self, operation):
        """Prepares what the operation needs and calls it on the key; its reply."""
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
        return getattr(self.kms, name)(**getattr(self, name, self.plain)())

    def plain(self):
        return {"KeyId": self.key}

    def root(self):
        return f"arn:aws:iam::{self.account}:root"

    def alias(self):
        return f"alias/of-{self.key}"

    def cancel_key_deletion(self):
        self.kms.schedule_key_deletion(KeyId=self.key)
        return self.plain()

    def create_key(self):
        return {}

    def create_alias(self):
        return {"AliasName": self.alias(), "TargetKeyId": self.key}

    def delete_alias(self):
        self.kms.create_alias(**self.create_alias())
        return {"AliasName": self.alias()}

    def update_alias(self):
        other = self.kms.create_key(KeySpec=self.spec, KeyUsage=self.usage)["KeyMetadata"]["KeyId"]
        self.kms.create_alias(AliasName=self.alias(), TargetKeyId=other)
        return self.create_alias()

    def create_grant(self):
        return {"KeyId": self.key, "GranteePrincipal": self.root(), "Operations": ["DescribeKey"]}

    def revoke_grant(self):
        return {"KeyId": self.key, "GrantId": self.kms.create_grant(**self.create_grant())["GrantId"]}

    def retire_grant(self):
        return {"GrantToken": self.kms.create_grant(**self.create_grant())["GrantToken"]}

    def list_retirable_grants(self):
        return {"RetiringPrincipal": self.root()}

    def put_key_policy(self):
        return {"KeyId": self.key, "Policy": self.kms.get_key_policy(KeyId=self.key)["Policy"]}

    def tag_resource(self):
        return {"KeyId": self.key, "Tags": [{"TagKey": "kind", "TagValue": self.kind}]}

    def untag_resource(self):
        return {"KeyId": self.key, "TagKeys": ["kind"]}

    def update_key_description(self):
        return {"KeyId": self.key, "Description": "other"}

    def algorithm(self):
        return OAEP if self.kind == "AE" else "SYMMETRIC_DEFAULT"

    def encrypt(self):
        return {"KeyId": self.key, "Plaintext": b"x", "EncryptionAlgorithm": self.algorithm()}

    def sealed(self):
        """A ciphertext of the key, or where it makes none, bytes."""
        encrypts = self.kind in ("SYM", "AE")
        return self.kms.encrypt(**self.encrypt())["CiphertextBlob"] if encrypts else bytes(200)

    def decrypt(self):
        return {"KeyId": self.key, "CiphertextBlob": self.sealed(), "EncryptionAlgorithm": self.algorithm()}

    def re_encrypt(self):
        algorithm = self.algorithm()
        return {
            "SourceKeyId": self.key,
            "CiphertextBlob": self.sealed(),
            "SourceEncryptionAlgorithm": algorithm,
            "DestinationKeyId": self.key,
            "DestinationEncryptionAlgorithm": algorithm,
        }

    def generate_data_key(self):
        return {"KeyId": self.key, "KeySpec": "AES_256"}

    generate_data_key_without_plaintext = generate_data_key

    def generate_data_key_pair(self):
        return {"KeyId": self.key, "KeyPairSpec": "ECC_NIST_P256"}

    generate_data_key_pair_without_plaintext = generate_data_key_pair

    def generate_mac(self):
        return {"KeyId": self.key, "Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}

    def verify_mac(self):
        request = self.generate_mac()
        return {**request, "Mac": self.kms.generate_mac(**request)["Mac"] if self.kind == "HMAC" else bytes(32)}

    def sign(self):
        return {"KeyId": self.key, "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}

    def verify(self):
        request = self.sign()
        return {**request, "Signature": self.kms.sign(**request)["Signature"] if self.kind == "AS" else bytes(70)}

    def get_parameters_for_import(self):
        return {"KeyId": self.key, "WrappingAlgorithm": "RSA_AES_KEY_WRAP_SHA_256", "WrappingKeySpec": "RSA_2048"}

    def import_key_material(self):
        if hasattr(self, "importer"):
            return self.importer.request(self.key, self.material)
        expires = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
        return {"KeyId": self.key, "ImportToken": bytes(100), "EncryptedKeyMaterial": bytes(100), **expires}

    def replicate_key(self):
        return {"KeyId": self.key, "ReplicaRegion": THERE}

    def update_primary_region(self):
        if self.kms.describe_key(KeyId=self.key)["KeyMetadata"]["MultiRegion"]:
            self.kms.replicate_key(**self.replicate_key())
            until(self.there, self.key, KeyState="Enabled")
        return {"KeyId": self.key, "PrimaryRegion": THERE}


def outcome(subject, operation):
    """The reply, or the code of the refusal."""
    try:
        return subject.ask(operation)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400, error
        return error.response["Error"]["Code"]


# REF-1, REF-7, REF-10, REF-12, REF-21, REF-23
# REF-31, REF-34, REF-40, REF-43, REF-44
@pytest.mark.parametrize(("operation", "kind", "cell"), BY_TYPE)
def test_an_operation_on_a_type_of_key(here, there, tmp_path, operation, kind, cell):
    """What a row makes depend on a feature is done to a key with the feature, and refused of one without."""
    plain = Subject(here, there, tmp_path, kind)
    reply = outcome(plain, operation)
    if operation in OF_IMPORT | OF_REGIONS:
        assert reply == "UnsupportedOperationException"
        feature = "IMP" if operation in OF_IMPORT else "MR"
        reply = outcome(Subject(here, there, tmp_path, kind, feature), operation)
    if not cell.startswith("Y"):
        assert reply in NEVER
        return
    assert not isinstance(reply, str), reply
    if operation == "GetKeyRotationStatus":
        assert reply["KeyRotationEnabled"] is False


# REF-48..REF-52, REF-53, REF-54, REF-55, REF-56
# REF-57..REF-63
# REF-64, REF-65, REF-66, REF-67, REF-68, REF-69
# REF-70, REF-72, REF-74, REF-78
@pytest.mark.parametrize(("operation", "feature", "cell"), BY_FEATURE)
def test_an_operation_on_a_key_with_a_special_feature(here, there, tmp_path, operation, feature, cell):
    """Multi-Region keys and keys with imported material, of the type that the operation is for. Of what keys in custom
    key stores take, the rows of the catalogue are compared with the same table where they stand."""
    kind = {"GenerateMac": "HMAC", "VerifyMac": "HMAC"}.get(operation, "SYM")
    kind = "AS" if operation in ("Sign", "Verify", "GetPublicKey") else kind
    subject = Subject(here, there, tmp_path, kind, feature)
    reply = outcome(subject, operation)
    if operation in OF_IMPORT and feature == "MR":
        assert reply == "UnsupportedOperationException", "its material was made here"
    elif operation in OF_REGIONS and feature == "IMP":
        assert reply == "UnsupportedOperationException", "it is of one Region"
    elif operation == "RotateKeyOnDemand" and feature == "IMP":
        # Today's service rotates to material that was imported for it.
        assert reply == "KMSInvalidStateException"
    elif cell.startswith("Y"):
        assert not isinstance(reply, str), reply
        if operation == "GetKeyRotationStatus":
            assert reply["KeyRotationEnabled"] is False
    else:
        assert reply in NEVER


# SPK-178
@pytest.mark.parametrize("operation", ["enable_key_rotation", "disable_key_rotation"])
def test_hmac_keys_do_not_rotate_by_themselves(here, operation):
    key = here.create_key(KeySpec="HMAC_384", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    with refused("UnsupportedOperationException"):
        getattr(here, operation)(KeyId=key)
    assert here.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False


# SPK-82
@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P384", "ECC_SECG_P256K1"])
def test_the_public_key_of_imported_material_is_derived_from_it(here, tmp_path, spec):
    plain = material(tmp_path, spec)
    key = Importer(here, tmp_path).imported(spec, plain)
    private = serialization.load_der_private_key(plain, None)
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    assert here.get_public_key(KeyId=key)["PublicKey"] == private.public_key().public_bytes(*form)
