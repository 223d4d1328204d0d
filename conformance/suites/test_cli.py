"""The AWS command line interface, as a person at a shell uses it."""

import base64
import json
import pathlib
import subprocess
import sys

import pytest
from harness.clients import environment
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


def test_the_life_of_a_key(aws):
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


def test_an_error_reads_as_the_service_writes_it(aws):
    aws(
        "describe-key", "--key-id", "nonsense",
        fails="An error occurred (NotFoundException) when calling the DescribeKey operation: Invalid keyId 'nonsense'",
    )  # fmt: skip
