"""The end of keys through the wire: the waiting period, its cancellation, deletion when its time has come."""

import datetime
import json
import pathlib
import subprocess
import sys

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from harness.clients import boto3_client, environment, refused
from harness.identities import User, allowed, fresh, statement
from harness.imports import Importer, material
from harness.raw import Raw
from harness.server import ALICE, DevServer, clean_environment

AWS = pathlib.Path(sys.executable).parent / "aws"
DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A development server whose clock moves: `advance("168h")`."""
    folder = tmp_path_factory.mktemp("deletion")
    server = DevServer(folder / "server", arguments=["--data-dir", str(folder / "server" / "data")])
    server.start()

    def advance(by):
        done = server.run("clock", "advance", by)
        assert done.returncode == 0, done.stderr

    server.advance = advance
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client(world):
    return boto3_client(world, ALICE)


def new_key(client, **asked):
    return client.create_key(**asked)["KeyMetadata"]


# MON-264, MON-265, MON-268, KEY-57
@pytest.mark.parametrize("days", [None, 7, 30])
def test_the_waiting_period(client, days):
    key = new_key(client)
    asked = {} if days is None else {"PendingWindowInDays": days}
    reply = client.schedule_key_deletion(KeyId=key["KeyId"], **asked)
    assert reply["KeyId"] == key["Arn"]
    assert reply["KeyState"] == "PendingDeletion"
    assert reply["PendingWindowInDays"] == (days or 30)
    told = client.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert told["DeletionDate"] == reply["DeletionDate"]
    waits = reply["DeletionDate"] - key["CreationDate"]
    assert datetime.timedelta(0) <= waits - (days or 30) * DAY < datetime.timedelta(minutes=5)
    assert not told["Enabled"]
    with refused("KMSInvalidStateException", f"{key['Arn']} is pending deletion."):
        client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


# MON-264
@pytest.mark.parametrize("days", [1, 6, 31, 365])
def test_no_other_waiting_period(client, days):
    with refused("ValidationException"):
        client.schedule_key_deletion(KeyId=new_key(client)["KeyId"], PendingWindowInDays=days)


# MON-298, KEY-437
def test_an_alias_does_not_name_what_is_deleted(client):
    key = new_key(client)
    client.create_alias(AliasName="alias/kept", TargetKeyId=key["KeyId"])
    for name in ["alias/kept", key["Arn"].split(":key/")[0] + ":alias/kept"]:
        for operation in (client.schedule_key_deletion, client.cancel_key_deletion):
            with pytest.raises(ClientError):
                operation(KeyId=name)
    assert client.describe_key(KeyId="alias/kept")["KeyMetadata"]["KeyState"] == "Enabled"


# MON-266, MON-270
def test_a_cancelled_deletion_leaves_the_key_disabled(client):
    key = new_key(client)
    sealed = client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    with refused("KMSInvalidStateException", f"{key['Arn']} is not pending deletion."):
        client.cancel_key_deletion(KeyId=key["KeyId"])
    client.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    assert client.cancel_key_deletion(KeyId=key["KeyId"])["KeyId"] == key["Arn"]
    told = client.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert told["KeyState"] == "Disabled" and "DeletionDate" not in told
    client.enable_key(KeyId=key["KeyId"])
    assert client.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"


# MON-262, MON-267, MON-271, MON-273, KEY-180, MON-416
@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"},
        {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"},
    ],
    ids=["symmetric", "signing", "hmac"],
)
def test_a_deleted_key_is_gone_with_all_that_belonged_to_it(world, client, kind):
    key = new_key(client, **kind)
    alias = f"alias/gone-{key['KeyId']}"
    client.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    root = f"arn:aws:iam::{key['AWSAccountId']}:root"
    grant = client.create_grant(
        KeyId=key["KeyId"], GranteePrincipal=root, RetiringPrincipal=root, Operations=["DescribeKey"], Name="gone"
    )
    client.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    world.advance("167h")
    assert client.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    world.advance("1h")
    for name in (key["KeyId"], key["Arn"], alias):
        with pytest.raises(client.exceptions.NotFoundException):
            client.describe_key(KeyId=name)
    with pytest.raises(client.exceptions.NotFoundException):
        client.cancel_key_deletion(KeyId=key["KeyId"])
    assert key["KeyId"] not in [each["KeyId"] for each in client.list_keys(Limit=1000)["Keys"]]
    assert alias not in [each["AliasName"] for each in client.list_aliases(Limit=100)["Aliases"]]
    retirable = client.list_retirable_grants(RetiringPrincipal=root, Limit=100)["Grants"]
    assert grant["GrantId"] not in [each["GrantId"] for each in retirable]
    client.create_alias(AliasName=alias, TargetKeyId=new_key(client)["KeyId"])


# MON-297
def test_the_cli_walks_the_guide(world, client):
    key = new_key(client)

    def kms(*arguments):
        done = subprocess.run(
            [AWS, "kms", *arguments, "--output", "json"],
            env=clean_environment(**environment(world, ALICE)),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return json.loads(done.stdout)

    scheduled = kms("schedule-key-deletion", "--key-id", key["KeyId"], "--pending-window-in-days", "10")
    assert set(scheduled) == {"KeyId", "DeletionDate", "KeyState", "PendingWindowInDays"}
    assert kms("cancel-key-deletion", "--key-id", key["KeyId"]) == {"KeyId": key["Arn"]}


def test_the_operator_sees_what_was_destroyed_and_whether_the_clock_is_believed(own_server):
    status = own_server.run("status", "--json")
    assert "ClockHeld" not in json.loads(status.stdout)
    done = own_server.run("destruction", "status")
    assert done.returncode == 0 and "No key was deleted for good so far." in done.stdout, done
    assert json.loads(own_server.run("destruction", "status", "--json").stdout) == {"DestroyedKeys": []}
    assert own_server.run("clock", "confirm").returncode == 0


# MON-272, MON-412
def test_a_key_of_a_service_is_not_the_accounts_to_delete(client):
    managed = client.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]
    assert managed["KeyManager"] == "AWS"
    with refused("AccessDeniedException"):
        client.schedule_key_deletion(KeyId=managed["KeyId"])
    assert client.describe_key(KeyId=managed["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled"


# MON-263
def test_no_operation_deletes_a_key_at_once_and_time_alone_none(world, client):
    """DeleteKey is an event of the trail, nothing that can be called; a key that nobody scheduled stays for years."""
    key = new_key(client)["KeyId"]
    raw = Raw(world, ALICE)
    answer = raw.call("DeleteKey", {"KeyId": key})
    raw.close()
    assert answer.code == "UnknownOperationException"
    client.disable_key(KeyId=key)
    world.advance("P3650D")
    assert client.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"


# MON-274
def test_the_same_material_in_another_key_opens_nothing_of_the_first(world, client, tmp_path):
    importer = Importer(client, tmp_path)
    plain = material(tmp_path, "SYMMETRIC_DEFAULT")
    first, second = (importer.imported("SYMMETRIC_DEFAULT", plain) for _ in range(2))
    sealed = client.encrypt(KeyId=first, Plaintext=b"x")["CiphertextBlob"]
    client.schedule_key_deletion(KeyId=first, PendingWindowInDays=7)
    world.advance("P7D")
    for named in ({}, {"KeyId": second}):
        with pytest.raises(ClientError):
            client.decrypt(CiphertextBlob=sealed, **named)


# MON-276
def test_a_public_key_outside_goes_on_working_and_nothing_opens_what_it_made(client):
    key = new_key(client, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyId"]
    public = serialization.load_der_public_key(client.get_public_key(KeyId=key)["PublicKey"])
    client.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    hashing = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    sealed = public.encrypt(b"x", hashing)
    request = {"KeyId": key, "CiphertextBlob": sealed, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    with refused("KMSInvalidStateException"):
        client.decrypt(**request)
    client.cancel_key_deletion(KeyId=key)
    client.enable_key(KeyId=key)
    assert client.decrypt(**request)["Plaintext"] == b"x"


# MON-275
def test_a_data_key_in_hand_is_as_good_as_before(client):
    key = new_key(client)["KeyId"]
    made = client.generate_data_key(KeyId=key, KeySpec="AES_256")
    sealed = AESGCM(made["Plaintext"]).encrypt(bytes(12), b"data", None)
    client.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert AESGCM(made["Plaintext"]).decrypt(bytes(12), sealed, None) == b"data"
    with refused("KMSInvalidStateException"):
        client.decrypt(CiphertextBlob=made["CiphertextBlob"])


# MON-285, MON-286, MON-287, MON-411
def test_who_may_schedule_and_who_may_cancel(server, kms, iam):
    """Two permissions, each on its own; a wildcard has both; a policy can ask for a long waiting period."""
    user = User(server, iam, ALICE, fresh("deleter"))
    their = user.client()

    def outcome(operation, **more):
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        if operation == "cancel_key_deletion":
            kms.schedule_key_deletion(KeyId=key)
        return allowed(getattr(their, operation), KeyId=key, **more)

    for actions, schedules, cancels in [
        ("kms:ScheduleKeyDeletion", True, False),
        ("kms:CancelKeyDeletion", False, True),
        ("kms:*", True, True),
        ("*", True, True),
    ]:
        user.may(statement(actions))
        assert (outcome("schedule_key_deletion"), outcome("cancel_key_deletion")) == (schedules, cancels), actions
    window = {"NumericGreaterThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "21"}}
    user.may(statement("kms:ScheduleKeyDeletion", **window))
    for days, granted in [(7, False), (20, False), (21, True), (30, True)]:
        assert outcome("schedule_key_deletion", PendingWindowInDays=days) is granted, days
    assert outcome("schedule_key_deletion"), "left out it is 30"
