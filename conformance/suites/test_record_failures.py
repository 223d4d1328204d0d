"""Records of calls that failed, and of those that tried to make records say something else."""

import json
import uuid

import pytest
from harness.clients import boto3_client
from harness.raw import Raw
from harness.server import ALICE, Server
from harness.trail import Watched, call_record, check, of_request, records, resource, text

ROOT = {
    "type": "Root",
    "principalId": ALICE.id,
    "arn": f"arn:aws:iam::{ALICE.id}:root",
    "accountId": ALICE.id,
    "accessKeyId": ALICE.access_key_id,
}
SIGNING = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("failures")).start()
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def client(own):
    return Watched(boto3_client(own, ALICE, parameter_validation=False))


def failed(own, client, operation, sent, shown, *about, read_only=True):
    """A call that fails once its key is known; what its record says, and what the caller was told."""
    answer = client.call(operation, sent)
    error, request = answer["Error"], answer["ResponseMetadata"]["RequestId"]
    [record] = of_request(own, request)
    members = {
        "userIdentity": ROOT,
        "userAgent": client.user_agent,
        "requestID": request,
        "requestParameters": shown,
        "readOnly": read_only,
        "resources": [resource(arn) for arn in about],
        "errorCode": error["Code"],
        "errorMessage": error["Message"],
    }
    check(record, call_record(operation, **members))
    return error["Code"], error["Message"]


def new_key(client, **kind):
    return client.client.create_key(**kind)["KeyMetadata"]


# MON-162, MON-87
def test_another_key_than_the_one_that_encrypted(own, client):
    first, second = new_key(client), new_key(client)
    sealed = client.client.encrypt(KeyId=first["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    sent = {"CiphertextBlob": sealed, "KeyId": second["KeyId"]}
    shown = {"keyId": second["KeyId"], "encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    message = "The key ID in the request does not identify a CMK that can perform this operation."
    assert failed(own, client, "Decrypt", sent, shown, second["Arn"]) == ("IncorrectKeyException", message)


# MON-164, MON-87
def test_a_key_of_another_usage(own, client):
    key = new_key(client, **SIGNING)
    sent, shown = {"KeyId": key["KeyId"], "NumberOfBytes": 32}, {"keyId": key["KeyId"], "numberOfBytes": 32}
    code, _ = failed(own, client, "GenerateDataKeyWithoutPlaintext", sent, shown, key["Arn"])
    assert code == "InvalidKeyUsageException"


# MON-165, MON-307
@pytest.mark.parametrize("operation", ["Encrypt", "GenerateDataKey", "EnableKey", "CreateAlias"])
def test_a_key_that_is_pending_deletion(own, client, operation):
    key = new_key(client)
    client.client.schedule_key_deletion(KeyId=key["KeyId"])
    alias = f"alias/{uuid.uuid4()}"
    sent, shown, about, read_only = {
        "Encrypt": ({"Plaintext": b"x"}, {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}, [], True),
        "GenerateDataKey": ({"KeySpec": "AES_128"}, {"keySpec": "AES_128"}, [], True),
        "EnableKey": ({}, {}, [], False),
        "CreateAlias": (
            {"AliasName": alias},
            {"aliasName": alias},
            [key["Arn"].replace(f"key/{key['KeyId']}", alias)],
            False,
        ),
    }[operation]
    named = ("TargetKeyId", "targetKeyId") if operation == "CreateAlias" else ("KeyId", "keyId")
    sent, shown = {named[0]: key["KeyId"], **sent}, {named[1]: key["KeyId"], **shown}
    told = failed(own, client, operation, sent, shown, key["Arn"], *about, read_only=read_only)
    assert told == ("KMSInvalidStateException", f"{key['Arn']} is pending deletion.")


# MON-166
def test_every_exception_goes_by_its_name(own, client):
    """Each kind of refusal that a caller can bring about, and the record's word for it."""
    kms, key, signing = client.client, new_key(client), new_key(client, **SIGNING)
    disabled = new_key(client)
    kms.disable_key(KeyId=disabled["KeyId"])
    alias = f"alias/{uuid.uuid4()}"
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    by_name = {"KeyId": key["KeyId"]}
    absent = str(uuid.uuid4())
    cases = {
        "NotFoundException": ("DescribeKey", {"KeyId": absent}),
        "InvalidArnException": ("DescribeKey", {"KeyId": "arn:aws:kms:us-east-1:1:key/x"}),
        "DisabledException": ("Encrypt", {"KeyId": disabled["KeyId"], "Plaintext": b"x"}),
        "AlreadyExistsException": ("CreateAlias", {"AliasName": alias, "TargetKeyId": key["KeyId"]}),
        "NotAuthorizedException": ("CreateAlias", {"AliasName": "alias/aws/x", "TargetKeyId": key["KeyId"]}),
        "MalformedPolicyDocumentException": ("PutKeyPolicy", {**by_name, "Policy": "{"}),
        "InvalidCiphertextException": ("Decrypt", {"CiphertextBlob": b"nonsense"}),
        "InvalidKeyUsageException": ("Encrypt", {"KeyId": signing["KeyId"], "Plaintext": b"x"}),
        "KMSInvalidSignatureException": ("Verify", {
            "KeyId": signing["KeyId"], "Message": b"x", "Signature": b"x" * 64, "SigningAlgorithm": "ECDSA_SHA_256",
        }),
        "TagException": ("TagResource", {**by_name, "Tags": [{"TagKey": f"aws:{it}", "TagValue": ""} for it in "ab"]}),
        "UnsupportedOperationException": ("EnableKeyRotation", {"KeyId": signing["KeyId"]}),
        "ValidationException": ("ScheduleKeyDeletion", {**by_name, "PendingWindowInDays": 5}),
        "DryRunOperationException": ("Encrypt", {**by_name, "Plaintext": b"x", "DryRun": True}),
        "InvalidGrantTokenException": ("Encrypt", {**by_name, "Plaintext": b"x", "GrantTokens": ["x"]}),
        "InvalidMarkerException": ("ListKeys", {"Marker": "nonsense"}),
    }  # fmt: skip
    for code, case in cases.items():
        answer = client.call(*case)
        [record] = of_request(own, answer["ResponseMetadata"]["RequestId"])
        told = answer["Error"]["Code"], answer["Error"]["Message"]
        assert (record["errorCode"], record.get("errorMessage", "")) == told and told[0] == code, record
        assert record["responseElements"] is None and record["eventName"] == case[0]


# MON-169
@pytest.mark.parametrize("name", ["no key at all", "alias/none", str(uuid.uuid4()), "arn:aws:kms:us-east-1:1:key/x"])
def test_what_names_no_key_has_none_in_its_record(own, client, name):
    failed(own, client, "DescribeKey", {"KeyId": name}, {"keyId": name})


# MON-168
def test_a_dry_run_is_no_use_of_a_key(own, client):
    key = new_key(client)
    told = client.call("Encrypt", {"KeyId": key["KeyId"], "Plaintext": b"x", "DryRun": True})
    assert told["Error"]["Code"] == "DryRunOperationException"
    grant = {"GranteePrincipal": ROOT["arn"], "Operations": ["Decrypt"], "DryRun": True}
    assert client.call("CreateGrant", {"KeyId": key["KeyId"], **grant})["Error"]["Code"] == "DryRunOperationException"
    assert client.client.list_grants(KeyId=key["KeyId"])["Grants"] == []
    assert client.client.get_key_last_usage(KeyId=key["KeyId"])["KeyLastUsage"] == {}
    dry = [it for it in records(own, errorCode="DryRunOperationException") if it["resources"] == [resource(key["Arn"])]]
    assert [it["requestParameters"]["dryRun"] for it in dry] == [True, True]


FORGED = 'x"}\r\n{"eventVersion":"1.11","eventName":"Forged","requestID":"forged"}\r\n\u2028\u202e\x00\x1b[2J\x7f\\'
LOOKALIKE = {"eventID": "forged", "operatorOnly": "x", "eventVersion": FORGED, FORGED: "y", "": "empty"}


# MON-58
def test_nobody_writes_records_of_their_own(own, client):
    """Control characters, quotation marks, whole records inside of texts, and texts of megabytes."""
    key, huge = new_key(client), '\u0001\n"\\' * 20_000
    before = len(text(own).splitlines())
    raw, sent = Raw(own, ALICE), []
    context = {name: value for name, value in LOOKALIKE.items() if name}
    for operation, document in (
        ("Encrypt", {"KeyId": key["KeyId"], "Plaintext": "eA==", "EncryptionContext": context}),
        ("Encrypt", {"KeyId": FORGED, "Plaintext": "eA=="}),
        ("Encrypt", {"KeyId": key["KeyId"], "Plaintext": "eA==", "EncryptionContext": {"huge": huge[:8000]}}),
        ("DescribeKey", {"KeyId": huge}),
        ("UpdateKeyDescription", {"KeyId": key["KeyId"], "Description": FORGED + huge[:5000]}),
        ("PutKeyPolicy", {"KeyId": key["KeyId"], "Policy": huge[:32_000]}),
        ("TagResource", {"KeyId": key["KeyId"], "Tags": [{"TagKey": FORGED[:120], "TagValue": FORGED}]}),
        ("CreateAlias", {"AliasName": f"alias/{FORGED}", "TargetKeyId": key["KeyId"]}),
        ("ListGrants", {"KeyId": key["KeyId"], "Marker": FORGED}),
    ):
        agent = 'agent \x01\x7f" {}' + "x" * 5000
        body = json.dumps(document).encode()
        headers = raw.sign(f"TrentService.{operation}", body)
        answer = raw.send({**headers, "User-Agent": agent.replace("\x01", "").replace("\x7f", "")}, body)
        sent.append((operation, document, answer.headers["x-amzn-requestid"]))
    for operation, document, request in sent:
        [record] = of_request(own, request)
        assert record["eventName"] == operation and record["userIdentity"] == ROOT
        assert len(record["userAgent"]) < 1200 and "sha256" in record["userAgent"]
        shown = record["requestParameters"] or {}
        if document.get("EncryptionContext") == context:
            assert shown["encryptionContext"] == context
    written = text(own)
    new = written.split("\n")[before:]
    for line in filter(None, new):
        assert isinstance(json.loads(line), dict)
        assert line.isprintable() and len(line) < 250_000, line[:200]
    assert not records(own, eventName="Forged") and not records(own, requestID="forged")
    assert sum('"eventVersion":"1.11","userIdentity"' in line for line in new) == sum("eventID" in line for line in new)
