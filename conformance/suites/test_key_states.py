"""Every operation on a key in every state that clients can bring one into: the specification's table, cell by cell.

`Creating` and `Updating` pass too quickly for a client to act in them, and nothing is ever `Unavailable` without custom
key stores. These columns are walked by the server's own tests, which put a key into any state.
"""

import os

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key
from harness.clients import boto3_client, until
from harness.server import ALICE, REGIONS
from harness.states import OK, expected, table

HOME, AWAY = REGIONS[:2]
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label=None)
TABLE = table()
SYMMETRIC = {}
MAC = {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}
PAIR = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}
KINDS = {"GenerateMac": MAC, "VerifyMac": MAC, "Sign": PAIR, "Verify": PAIR, "GetPublicKey": PAIR}
OF_SETS = ("ReplicateKey", "UpdatePrimaryRegion")
OF_IMPORT = ("GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial")
MESSAGE = {"Message": b"message"}
WITH_MAC = {**MESSAGE, "MacAlgorithm": "HMAC_SHA_256"}
WITH_PAIR = {**MESSAGE, "SigningAlgorithm": "ECDSA_SHA_256"}
POLICY = """{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}]}"""


class Subject:
    """A key of a kind, in use, with everything that requests about it need; then brought into a state."""

    def __init__(self, kms, away, kind, origin, operation, state):
        self.kms, self.away, self.origin, self.parameters = kms, away, origin, None
        options = {"Origin": origin, **({"MultiRegion": True} if operation in OF_SETS else {}), **kind}
        self.metadata = kms.create_key(**options)["KeyMetadata"]
        self.id, self.arn = self.metadata["KeyId"], self.metadata["Arn"]
        if origin == "EXTERNAL":
            self.material = os.urandom(32)
            self.import_material()
        self.other = kms.create_key()["KeyMetadata"]["KeyId"]
        self.alias, self.fresh = (f"alias/state-{number}-{self.id}" for number in (1, 2))
        kms.create_alias(AliasName=self.alias, TargetKeyId=self.id)
        kms.create_alias(AliasName=f"{self.alias}-other", TargetKeyId=self.other)
        kms.tag_resource(KeyId=self.id, Tags=[{"TagKey": "a", "TagValue": "b"}])
        grants = (kms.create_grant(KeyId=self.id, **self.grant()) for _ in range(2))
        self.grants = [made["GrantId"] for made in grants]
        self.made = {
            "Decrypt": lambda: kms.encrypt(KeyId=self.id, Plaintext=b"x")["CiphertextBlob"],
            "VerifyMac": lambda: kms.generate_mac(KeyId=self.id, **WITH_MAC)["Mac"],
            "Verify": lambda: kms.sign(KeyId=self.id, **WITH_PAIR)["Signature"],
        }.get({"ReEncrypt": "Decrypt"}.get(operation, operation), lambda: None)()
        # What another key encrypted, to be encrypted anew under this one.
        self.foreign = kms.encrypt(KeyId=self.other, Plaintext=b"x")["CiphertextBlob"]
        # With a replica it would wait for that one first.
        if operation == "UpdatePrimaryRegion" and state != "PendingDeletion":
            self.replicate()

    def grant(self):
        operation = {"ENCRYPT_DECRYPT": "Decrypt", "SIGN_VERIFY": "Sign", "GENERATE_VERIFY_MAC": "GenerateMac"}
        grantee = f"arn:aws:iam::{ALICE.id}:root"
        return {
            "GranteePrincipal": grantee,
            "Operations": [operation[self.metadata["KeyUsage"]]],
            "Name": os.urandom(8).hex(),
        }

    def prepare_import(self):
        self.parameters = self.kms.get_parameters_for_import(
            KeyId=self.id, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
        )

    def import_request(self):
        if self.parameters is None:
            return {
                "EncryptedKeyMaterial": b"x",
                "ImportToken": b"x",
                "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
            }
        wrapped = load_der_public_key(self.parameters["PublicKey"]).encrypt(self.material, OAEP)
        token = self.parameters["ImportToken"]
        return {
            "EncryptedKeyMaterial": wrapped,
            "ImportToken": token,
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        }

    def import_material(self):
        self.prepare_import()
        self.kms.import_key_material(KeyId=self.id, **self.import_request())

    def replicate(self):
        self.kms.replicate_key(KeyId=self.id, ReplicaRegion=AWAY)
        until(self.away, self.id, KeyState="Enabled" if self.origin == "AWS_KMS" else "PendingImport")

    def enter(self, state):
        if state == "Disabled":
            self.kms.disable_key(KeyId=self.id)
        elif state == "PendingDeletion":
            self.kms.schedule_key_deletion(KeyId=self.id)
        elif state == "PendingImport":
            self.kms.delete_imported_key_material(KeyId=self.id)
        elif state == "PendingReplicaDeletion":
            if not self.metadata["MultiRegion"]:
                return False
            if not self.kms.describe_key(KeyId=self.id)["KeyMetadata"]["MultiRegionConfiguration"]["ReplicaKeys"]:
                self.replicate()
            self.kms.schedule_key_deletion(KeyId=self.id)
        until(self.kms, self.id, KeyState=state)
        return True

    def requests(self, operation):
        """The operation, of this key: each way in which the key can take part in it."""
        key = {"KeyId": self.id}
        data_key, data_pair = {"KeySpec": "AES_256"}, {"KeyPairSpec": "ECC_NIST_P256"}
        algorithm = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
        arguments = {
            "CreateAlias": [{"AliasName": self.fresh, "TargetKeyId": self.id}],
            "UpdateAlias": [{"AliasName": f"{self.alias}-other", "TargetKeyId": self.id}],
            "DeleteAlias": [{"AliasName": self.alias}],
            "CreateGrant": [{**key, **self.grant()}],
            "RetireGrant": [{**key, "GrantId": self.grants[0]}],
            "RevokeGrant": [{**key, "GrantId": self.grants[1]}],
            "Encrypt": [{**key, "Plaintext": b"x"}],
            "Decrypt": [{"CiphertextBlob": self.made}],
            "ReEncrypt": [
                {"CiphertextBlob": self.made, "DestinationKeyId": self.other},
                {"CiphertextBlob": self.foreign, "DestinationKeyId": self.id},
            ],
            "GenerateDataKey": [{**key, **data_key}],
            "GenerateDataKeyWithoutPlaintext": [{**key, **data_key}],
            "GenerateDataKeyPair": [{**key, **data_pair}],
            "GenerateDataKeyPairWithoutPlaintext": [{**key, **data_pair}],
            "GenerateMac": [{**key, **WITH_MAC}],
            "VerifyMac": [{**key, **WITH_MAC, "Mac": self.made}],
            "Sign": [{**key, **WITH_PAIR}],
            "Verify": [{**key, **WITH_PAIR, "Signature": self.made}],
            "GetKeyPolicy": [{**key, "PolicyName": "default"}],
            "PutKeyPolicy": [{**key, "Policy": POLICY}],
            "GetParametersForImport": [{**key, **algorithm}],
            "ImportKeyMaterial": [{**key, **self.import_request()}],
            "ReplicateKey": [{**key, "ReplicaRegion": AWAY}],
            "UpdatePrimaryRegion": [{**key, "PrimaryRegion": AWAY}],
            "TagResource": [{**key, "Tags": [{"TagKey": "c", "TagValue": "d"}]}],
            "UntagResource": [{**key, "TagKeys": ["a"]}],
            "UpdateKeyDescription": [{**key, "Description": "described"}],
        }
        return arguments.get(operation, [key])


def answer(kms, operation, arguments):
    try:
        kms._make_api_call(operation, arguments)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return OK


@pytest.fixture(scope="module")
def away(server):
    return boto3_client(server, ALICE, AWAY)


def cells():
    for operation, states in TABLE.items():
        for state, cell in states.items():
            if state in ("Creating", "Updating", "Unavailable"):
                continue
            origins = ["AWS_KMS", "EXTERNAL"]
            if state == "PendingImport":
                origins = ["EXTERNAL"]
            elif operation in KINDS or operation in OF_SETS or state == "PendingReplicaDeletion":
                origins = ["AWS_KMS"]
            for origin in origins:
                # Only symmetric keys are imported here: what differs by their kind the suites of import show.
                if not (origin == "EXTERNAL" and operation in KINDS):
                    yield pytest.param(operation, state, cell, origin, id=f"{operation}-{state}-{origin}")


def test_the_table_is_there():
    assert len(TABLE) == 42 and TABLE["Encrypt"]["Updating"] == "ok"


# MON-399
@pytest.mark.parametrize(("operation", "state", "cell", "origin"), list(cells()))
def test_an_operation_in_a_state(kms, away, operation, state, cell, origin):
    kind = KINDS.get(operation, SYMMETRIC)
    if state == "PendingReplicaDeletion":
        kind = {**kind, "MultiRegion": True}
    subject = Subject(kms, away, kind, origin, operation, state)
    if origin == "EXTERNAL":
        subject.prepare_import()
    assert state == "Enabled" or subject.enter(state)
    requests = subject.requests(operation)
    if operation == "ListAliases":
        requests = [{"KeyId": subject.id}]
    for arguments in requests:
        due = expected(operation, state, cell, origin)
        if due is not OK:
            code, text = due
            due = code, text.format(arn=subject.arn) if "{arn}" in text else f"{subject.arn} {text}"
        assert answer(kms, operation, arguments) == due, arguments


# MON-383, MON-340
@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion"])
def test_an_alias_leaves_a_key_in_every_state(kms, away, state):
    subject = Subject(kms, away, SYMMETRIC, "AWS_KMS", "UpdateAlias", state)
    assert subject.enter(state)
    kms.update_alias(AliasName=subject.alias, TargetKeyId=subject.other)
    assert kms.describe_key(KeyId=subject.alias)["KeyMetadata"]["KeyId"] == subject.other
