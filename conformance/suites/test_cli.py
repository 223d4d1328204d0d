"""The AWS command line interface, as a person at a shell uses it."""

import base64
import json
import pathlib
import subprocess
import sys
import time

import pytest
from harness.clients import environment
from harness.identities import User, allowed, fresh, key_under, statement, to
from harness.server import ALICE, clean_environment

AWS = pathlib.Path(sys.executable).parent / "aws"


@pytest.fixture
def aws(server, tmp_path):
    """Runs `aws kms ...` and answers what it printed."""

    def run(*arguments, fails=None):
        done = subprocess.run(
            [AWS, "kms", *arguments],
            env=clean_environment(**environment(server, ALICE)),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if fails:
            assert done.returncode != 0 and fails in done.stderr, done
        else:
            assert done.returncode == 0, done.stderr
        return done.stdout

    return run


# KEY-372
def test_enabling_and_disabling_print_nothing(aws, kms, key):
    assert aws("disable-key", "--key-id", key["KeyId"]) == ""
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Disabled"
    assert aws("enable-key", "--key-id", key["KeyId"]) == ""
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled"


# KEY-312
def test_a_policy_prints_as_readable_json(aws, key):
    text = aws("get-key-policy", "--policy-name", "default", "--key-id", key["KeyId"], "--output", "text")
    document, _, name = text.rstrip("\n").rpartition("\t")
    assert name == "default", text
    assert json.loads(document)["Id"] == "key-default-1"
    assert len(document.splitlines()) > 5, "printed as it is stored, in lines that a person can read"


# KEY-204
def test_queries_over_the_alias_list(aws, key, alias_name):
    managed = aws("list-aliases", "--query", "Aliases[?starts_with(AliasName, `alias/aws/`)]", "--output", "json")
    names = [a["AliasName"] for a in json.loads(managed)]
    assert "alias/aws/s3" in names and all(n.startswith("alias/aws/") for n in names)
    assert aws("create-alias", "--alias-name", alias_name, "--target-key-id", key["KeyId"]) == ""
    query = ("list-aliases", "--query", f"Aliases[?AliasName==`{alias_name}`]", "--output", "json")
    assert [a["TargetKeyId"] for a in json.loads(aws(*query))] == [key["KeyId"]]
    assert aws("delete-alias", "--alias-name", alias_name) == ""
    assert json.loads(aws(*query)) == []


def test_a_file_is_encrypted_and_decrypted(aws, key, tmp_path):
    secret = bytes(range(256)) * 8
    (tmp_path / "plain").write_bytes(secret)
    context = ("--encryption-context", "file=plain,owner=me")
    sealed = aws(
        "encrypt", "--key-id", key["Arn"], "--plaintext", "fileb://plain", *context,
        "--query", "CiphertextBlob", "--output", "text",
    )  # fmt: skip
    (tmp_path / "sealed").write_bytes(base64.b64decode(sealed))
    opened = aws("decrypt", "--ciphertext-blob", "fileb://sealed", *context, "--query", "Plaintext", "--output", "text")
    assert base64.b64decode(opened) == secret
    aws("decrypt", "--ciphertext-blob", "fileb://sealed", fails="InvalidCiphertextException")
    aws("decrypt", "--ciphertext-blob", "fileb://plain", fails="InvalidCiphertextException")


def test_a_key_is_made_described_and_tagged(aws):
    made = json.loads(aws("create-key", "--description", "made by the CLI", "--tags", "TagKey=Team,TagValue=Blue"))
    key_id = made["KeyMetadata"]["KeyId"]
    described = json.loads(aws("describe-key", "--key-id", key_id))
    assert described == made and described["KeyMetadata"]["Description"] == "made by the CLI"
    assert json.loads(aws("list-resource-tags", "--key-id", key_id))["Tags"] == [{"TagKey": "Team", "TagValue": "Blue"}]
    assert aws("tag-resource", "--key-id", key_id, "--tags", "TagKey=Stage,TagValue=test") == ""
    assert aws("untag-resource", "--key-id", key_id, "--tag-keys", "Team") == ""
    assert json.loads(aws("list-resource-tags", "--key-id", key_id))["Tags"] == [
        {"TagKey": "Stage", "TagValue": "test"}
    ]
    assert aws("update-key-description", "--key-id", key_id, "--description", "changed") == ""
    ids = aws("list-keys", "--query", "Keys[].KeyId", "--output", "text").split()
    assert key_id in ids
    paged = json.loads(aws("list-keys", "--page-size", "1", "--max-items", "2", "--output", "json"))
    assert len(paged["Keys"]) == 2 and paged["NextToken"]


# KEY-9
def test_the_whole_life_of_a_key(server, iam, aws, alias_name, tmp_path):
    """From its creation to the end of its waiting period, in which it is had back once."""
    key = json.loads(aws("create-key"))["KeyMetadata"]
    of_key = ("--key-id", key["KeyId"])
    arn = {"KeyId": key["Arn"]}

    def state():
        return aws("describe-key", *of_key, "--query", "KeyMetadata.KeyState", "--output", "text").strip()

    assert state() == "Enabled"
    assert aws("create-alias", "--alias-name", alias_name, "--target-key-id", key["KeyId"]) == ""
    policy = json.loads(aws("get-key-policy", *of_key))["Policy"]
    (tmp_path / "policy.json").write_text(policy)
    assert aws("put-key-policy", *of_key, "--policy", "file://policy.json") == ""
    (tmp_path / "plain").write_bytes(b"kept")
    encrypt = ("encrypt", "--key-id", alias_name, "--plaintext", "fileb://plain")
    sealed = json.loads(aws(*encrypt))["CiphertextBlob"]
    (tmp_path / "sealed").write_bytes(base64.b64decode(sealed))
    decrypt = ("decrypt", "--ciphertext-blob", "fileb://sealed", "--query", "Plaintext", "--output", "text")

    user = User(server, iam, ALICE, fresh("reader"))
    grant = json.loads(aws("create-grant", *of_key, "--grantee-principal", user.arn, "--operations", "Decrypt"))
    opened = user.client().decrypt(CiphertextBlob=base64.b64decode(sealed), GrantTokens=[grant["GrantToken"]])
    assert opened["Plaintext"] == b"kept"
    listed = json.loads(aws("list-grants", *of_key))["Grants"]
    assert [each["GrantId"] for each in listed] == [grant["GrantId"]]
    assert aws("revoke-grant", *of_key, "--grant-id", grant["GrantId"]) == ""

    assert aws("enable-key-rotation", *of_key, "--rotation-period-in-days", "90") == ""
    assert json.loads(aws("rotate-key-on-demand", *of_key)) == arn
    told = json.loads(aws("get-key-rotation-status", *of_key))
    assert told["KeyRotationEnabled"] and told["RotationPeriodInDays"] == 90
    deadline = time.monotonic() + 30
    while not json.loads(aws("list-key-rotations", *of_key))["Rotations"]:
        assert time.monotonic() < deadline, "it is not rotated"
    assert base64.b64decode(aws(*decrypt)) == b"kept"

    assert aws("disable-key", *of_key) == "" and state() == "Disabled"
    aws(*decrypt, fails="DisabledException")
    assert aws("enable-key", *of_key) == "" and state() == "Enabled"
    schedule = ("schedule-key-deletion", *of_key, "--pending-window-in-days", "7")
    assert json.loads(aws(*schedule))["KeyState"] == state() == "PendingDeletion"
    aws(*decrypt, fails="is pending deletion.")
    aws(*schedule, fails="is pending deletion.")
    assert json.loads(aws("cancel-key-deletion", *of_key)) == arn
    assert state() == "Disabled"
    assert aws("enable-key", *of_key) == ""
    assert base64.b64decode(aws(*decrypt)) == b"kept"
    assert aws("delete-alias", "--alias-name", alias_name) == ""
    assert json.loads(aws(*schedule))["PendingWindowInDays"] == 7


# MON-291
def test_administrators_are_let_delete_a_key_by_editing_its_policy(server, kms, iam, aws, tmp_path):
    """The policy goes into a file, is edited there and put back: with the two permissions, and without them again."""
    user = User(server, iam, ALICE, fresh("administrator"))
    managing = ["kms:Create*", "kms:Describe*", "kms:Enable*", "kms:Disable*", "kms:Delete*"]
    administrators = {"Sid": "Allow access for Key Administrators", **to(user.arn, statement(managing))}
    key = key_under(kms, administrators)["KeyId"]
    their, file = user.client(), tmp_path / "policy.json"
    deleting = ["kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"]
    assert not allowed(their.schedule_key_deletion, KeyId=key), "kms:Delete* is not it"
    for granted in (True, False):
        text = aws("get-key-policy", "--key-id", key, "--query", "Policy", "--output", "text")
        document = json.loads(text)
        document["Statement"][1]["Action"] = managing + deleting * granted
        file.write_text(json.dumps(document))
        assert aws("put-key-policy", "--key-id", key, "--policy", "file://policy.json") == ""
        assert allowed(their.schedule_key_deletion, KeyId=key) is granted
        assert allowed(their.cancel_key_deletion, KeyId=key) is granted


def test_an_error_reads_as_the_service_writes_it(aws):
    aws(
        "describe-key", "--key-id", "nonsense",
        fails="An error occurred (NotFoundException) when calling the DescribeKey operation: Invalid keyId 'nonsense'",
    )  # fmt: skip
