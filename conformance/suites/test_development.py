"""Development mode: a declared world, credentials that are believed, and a delay like a replicated service's."""

import base64
import json
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from harness.clients import boto3_client, refused
from harness.raw import Raw, exchange
from harness.server import ALICE, Account

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = "0987dcba-09fe-87dc-65ba-ab0987654321"
MATERIAL = base64.b64encode(bytes(range(32))).decode()

SEED = {
    "accounts": [{"id": ALICE.id, "access_keys": [{"id": "test", "secret": "test"}]}],
    "keys": [
        {
            "account": ALICE.id,
            "region": "us-east-1",
            "id": KEY,
            "description": "declared",
            "aliases": ["alias/declared"],
            "tags": {"Team": "Blue"},
            "material": MATERIAL,
            "policy": {
                "Version": "2012-10-17",
                "Id": "declared",
                "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}],
            },
        },
        {"account": ALICE.id, "region": "us-east-1", "id": OTHER, "enabled": False},
    ],
}
TESTER = Account(ALICE.id, "test", "test")


@pytest.fixture
def seed(tmp_path):
    path = tmp_path / "seed.json"
    path.write_text(json.dumps(SEED))
    return path


def test_the_declared_world_is_there_each_time(dev_server, seed):
    sealed = None
    for _ in range(2):
        kms = boto3_client(dev_server(seed=seed), TESTER)
        metadata = kms.describe_key(KeyId="alias/declared")["KeyMetadata"]
        assert (metadata["KeyId"], metadata["Description"], metadata["KeyState"]) == (KEY, "declared", "Enabled")
        assert kms.list_resource_tags(KeyId=KEY)["Tags"] == [{"TagKey": "Team", "TagValue": "Blue"}]
        assert json.loads(kms.get_key_policy(KeyId=KEY)["Policy"])["Id"] == "declared"
        assert kms.describe_key(KeyId=OTHER)["KeyMetadata"]["KeyState"] == "Disabled"
        if sealed is None:
            sealed = kms.encrypt(KeyId=KEY, Plaintext=b"fixed material")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"fixed material"


def test_a_named_credential_is_verified_and_any_other_believed(dev_server, seed):
    server = dev_server(seed=seed)
    with refused("InvalidSignatureException"):
        boto3_client(server, Account(ALICE.id, "test", "wrong")).list_keys()
    anybody = boto3_client(server, Account("", "AKIAANYBODYANYBODY00", "whatever"))
    assert anybody.create_key()["KeyMetadata"]["AWSAccountId"] == "000000000000"
    by_number = boto3_client(server, Account("", "777788889999", "whatever"))
    assert by_number.create_key()["KeyMetadata"]["AWSAccountId"] == "777788889999"
    declared = f"arn:aws:kms:us-east-1:{ALICE.id}:key/"
    assert by_number.describe_key(KeyId=declared + KEY)["KeyMetadata"]["KeyId"] == KEY, "its policy names everybody"
    with refused("AccessDeniedException"):
        by_number.describe_key(KeyId=declared + OTHER)


def test_every_reply_says_that_this_is_development(dev_server):
    server = dev_server()
    answer = boto3_client(server, TESTER).list_keys()
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-trent-mode"] == "dev"


def test_a_web_page_and_an_unknown_host_are_refused(dev_server):
    server = dev_server()
    for header in ("Host: attacker.example", "Host: localhost\r\nOrigin: http://localhost"):
        received = exchange(
            server,
            f"POST / HTTP/1.1\r\n{header}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode(),
        )
        assert received.startswith(b"HTTP/1.1 403"), received


# REF-475, REF-474, REF-476
def test_a_replication_delay_is_imitated_and_ridden_over(dev_server, seed):
    """A new key is unknown for a while, with an error that the client may retry, never an internal one."""
    server = dev_server(seed=seed, arguments=["--replication-delay", "1500ms"])
    kms = boto3_client(server, TESTER)
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    began = time.monotonic()
    with refused("NotFoundException"):
        kms.describe_key(KeyId=key_id)
    while True:
        try:
            kms.describe_key(KeyId=key_id)
            break
        except ClientError as error:
            assert error.response["Error"]["Code"] in ("NotFoundException", "KMSInvalidStateException")
            assert time.monotonic() - began < 10, "the delay has a bound"
            time.sleep(0.1)
    assert time.monotonic() - began > 0.5
    kms.disable_key(KeyId=KEY)
    assert kms.encrypt(KeyId=KEY, Plaintext=b"x")["KeyId"], "the change has not spread yet"
    time.sleep(2)
    with refused("DisabledException"):
        kms.encrypt(KeyId=KEY, Plaintext=b"x")


# REF-476
def test_an_sdk_with_its_own_retries_needs_no_other(dev_server):
    """The SDK retries nothing that it must not, and reads code and status of every refusal."""
    server = dev_server(arguments=["--replication-delay", "500ms"])
    kms = boto3.client(
        "kms",
        region_name="us-east-1",
        endpoint_url=server.endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": "standard", "total_max_attempts": 4}),
    )
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    with pytest.raises(ClientError) as caught:
        kms.describe_key(KeyId=key_id)
    metadata = caught.value.response["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 400 and metadata["RetryAttempts"] == 0 and metadata["RequestId"]


# KEY-2
def test_declared_material_shows_nowhere(dev_server, seed, tmp_path):
    """The material is known here, so that every reply and every log line can be searched for it."""
    config = tmp_path / "loud.toml"
    config.write_text('[log]\nlevel = "trace"\n')
    server = dev_server(seed=seed, arguments=["--config", str(config)])
    raw = Raw(server, TESTER)
    said = b""
    for operation, document in (
        ("DescribeKey", {"KeyId": KEY}),
        ("GetKeyPolicy", {"KeyId": KEY}),
        ("Encrypt", {"KeyId": KEY, "Plaintext": "eA=="}),
        ("GenerateDataKey", {"KeyId": KEY, "KeySpec": "AES_256"}),
        ("Decrypt", {"KeyId": KEY, "CiphertextBlob": MATERIAL}),
        ("GetPublicKey", {"KeyId": KEY}),
        ("CreateKey", {}),
    ):
        said += raw.call(operation, document).body
    server.stop()
    said += server.log.read_bytes()
    material = bytes(range(32))
    for form in (material, MATERIAL.encode(), material.hex().encode(), str(list(material))[1:40].encode()):
        assert form not in said


def test_only_a_development_servers_clock_moves(server):
    done = server.run("clock", "advance", "1m")
    assert done.returncode == 1 and "The clock of a production server is its machine's" in done.stderr, done
