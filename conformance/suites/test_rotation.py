"""Rotation, seen with real clients on a server whose clock they can turn."""

import datetime
import json
import pathlib
import subprocess
import sys

import pytest
from harness.clients import all_pages, boto3_client, environment, refused
from harness.server import ALICE, clean_environment

AWS = pathlib.Path(sys.executable).parent / "aws"
DAY = datetime.timedelta(days=1)
# The clock goes on while a test runs.
CLOSE = datetime.timedelta(minutes=2)


class World:
    """A development server and what its clock is told."""

    def __init__(self, server):
        self.server, self.kms = server, boto3_client(server, ALICE)

    def advance(self, days):
        """Lets days pass, or a second; answers once what is due by then is done."""
        done = self.server.run("clock", "advance", f"{days * 24}h" if days else "1s")
        assert done.returncode == 0, done

    def key(self, **options):
        return self.kms.create_key(**options)["KeyMetadata"]["KeyId"]

    def status(self, key):
        answer = self.kms.get_key_rotation_status(KeyId=key)
        del answer["ResponseMetadata"]
        return answer

    def rotations(self, key, **options):
        return all_pages(self.kms, "list_key_rotations", "Rotations", KeyId=key, **options)

    def material(self, key):
        return self.kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"]

    def rotate(self, key):
        """A rotation on demand, carried out."""
        before = len(self.rotations(key))
        self.kms.rotate_key_on_demand(KeyId=key)
        self.advance(0)
        assert len(self.rotations(key)) == before + 1

    def aws(self, *arguments, **more):
        done = subprocess.run(
            [AWS, "kms", *arguments],
            env=clean_environment(**{**environment(self.server, ALICE), **more}),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def world(dev_server, tmp_path):
    seed = tmp_path / "seed.json"
    keys = [{"id": ALICE.access_key_id, "secret": ALICE.secret}]
    seed.write_text(json.dumps({"accounts": [{"id": ALICE.id, "access_keys": keys}]}))
    return World(dev_server(seed=seed, arguments=["--data-dir", str(tmp_path / "dev0" / "data")]))


# KEY-375, KEY-374, KEY-379, KEY-435
def test_what_each_material_encrypted_is_decrypted(world):
    kms, key = world.kms, world.key()
    kms.create_alias(AliasName="alias/rotated", TargetKeyId=key)
    sealed = {}
    for plaintext in (b"c0", b"c1", b"c2"):
        ciphertext = kms.encrypt(KeyId=key, Plaintext=plaintext)["CiphertextBlob"]
        sealed[plaintext] = ciphertext, world.material(key)
        world.rotate(key)
    assert len({material for _, material in sealed.values()}) == 3
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    for plaintext, (ciphertext, material) in sealed.items():
        for named in ({}, {"KeyId": key}, {"KeyId": arn}, {"KeyId": "alias/rotated"}):
            answer = kms.decrypt(CiphertextBlob=ciphertext, **named)
            assert (answer["Plaintext"], answer["KeyMaterialId"], answer["KeyId"]) == (plaintext, material, arn)


# KEY-392, KEY-396, KEY-409, KEY-410, KEY-412
def test_a_key_rotates_by_the_calendar(world):
    kms, key = world.kms, world.key()
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    assert world.status(arn) == {"KeyId": arn, "KeyRotationEnabled": False}
    world.advance(73)
    kms.enable_key_rotation(KeyId=key)
    start = world.status(key)["NextRotationDate"]
    for year in range(3):
        status = world.status(key)
        assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 365)
        assert status["NextRotationDate"] == start + 365 * year * DAY
        material = world.material(key)
        world.advance(364)
        assert world.material(key) == material
        world.advance(1)
        assert world.material(key) != material
    rotations = world.rotations(key)
    assert [it["RotationType"] for it in rotations] == ["AUTOMATIC"] * 3
    for year, rotation in enumerate(rotations):
        assert abs(rotation["RotationDate"] - start - 365 * year * DAY) < CLOSE
    assert rotations[-1]["KeyMaterialId"] == world.material(key)
    kms.disable_key_rotation(KeyId=key)
    assert world.status(key) == {"KeyId": arn, "KeyRotationEnabled": False}


# KEY-416
def test_a_rotation_on_demand_leaves_the_calendar_as_it_is(world):
    key = world.key()
    world.kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=730)
    planned = world.status(key)["NextRotationDate"]
    world.advance(726)
    world.rotate(key)
    assert world.status(key)["NextRotationDate"] == planned
    world.advance(4)
    assert world.status(key)["NextRotationDate"] == planned + 730 * DAY
    assert [it["RotationType"] for it in world.rotations(key)] == ["ON_DEMAND", "AUTOMATIC"]


# KEY-400, KEY-402, MON-269
def test_a_key_that_comes_back_rotates_once_for_all_that_it_missed(world):
    kms, disabled, pending = world.kms, world.key(), world.key()
    for key in (disabled, pending):
        kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    kms.disable_key(KeyId=disabled)
    world.advance(85)
    kms.schedule_key_deletion(KeyId=pending, PendingWindowInDays=30)
    assert not world.status(pending)["KeyRotationEnabled"] and world.status(disabled)["KeyRotationEnabled"]
    world.advance(20)
    kms.cancel_key_deletion(KeyId=pending)
    assert world.status(pending)["RotationPeriodInDays"] == 90
    world.advance(300)
    for key in (disabled, pending):
        assert world.rotations(key) == []
        kms.enable_key(KeyId=key)
    world.advance(0)
    for key in (disabled, pending):
        [rotation] = world.rotations(key)
        assert abs(world.status(key)["NextRotationDate"] - rotation["RotationDate"] - 90 * DAY) < CLOSE


# KEY-421, KEY-422
def test_rotations_in_pages(world):
    key = world.key()
    assert world.rotations(key) == []
    for _ in range(3):
        world.rotate(key)
    everything = world.rotations(key, IncludeKeyMaterial="ALL_KEY_MATERIAL", PaginationConfig={"PageSize": 1})
    assert [it["KeyMaterialState"] for it in everything] == ["NON_CURRENT"] * 3 + ["CURRENT"]
    assert "RotationDate" not in everything[0]
    assert world.rotations(key, PaginationConfig={"PageSize": 2}) == everything[1:]


# KEY-413
def test_the_command_line_shows_the_date(world, tmp_path):
    key = world.key()
    assert world.aws("enable-key-rotation", "--key-id", key, "--rotation-period-in-days", "180") == ""
    # As it is on the wire, and as newer command lines show it unless they are told otherwise.
    config = tmp_path / "config"
    config.write_text("[default]\ncli_timestamp_format = iso8601\n")
    on_the_wire, shown = (
        json.loads(world.aws("get-key-rotation-status", "--key-id", key, **more))["NextRotationDate"]
        for more in ({}, {"AWS_CONFIG_FILE": str(config)})
    )
    date = world.status(key)["NextRotationDate"]
    assert on_the_wire == date.timestamp()
    assert datetime.datetime.fromisoformat(shown) == date and shown.endswith("+00:00")
    assert json.loads(world.aws("rotate-key-on-demand", "--key-id", key))["KeyId"].endswith(key)
    world.advance(0)
    [rotation] = json.loads(world.aws("list-key-rotations", "--key-id", key))["Rotations"]
    assert rotation["RotationType"] == "ON_DEMAND"
    assert world.aws("disable-key-rotation", "--key-id", key) == ""


# KEY-433, KEY-434
def test_a_key_that_is_replaced_by_hand(world):
    kms, old, new = world.kms, world.key(), world.key()
    kms.create_alias(AliasName="alias/TestKey", TargetKeyId=old)

    def alias():
        [found] = [it for it in kms.list_aliases()["Aliases"] if it["AliasName"] == "alias/TestKey"]
        return found

    before, sealed = alias(), kms.encrypt(KeyId="alias/TestKey", Plaintext=b"old")["CiphertextBlob"]
    world.advance(1)
    kms.update_alias(AliasName="alias/TestKey", TargetKeyId=new)
    after = alias()
    assert (before["TargetKeyId"], after["TargetKeyId"]) == (old, new)
    assert after["CreationDate"] == before["CreationDate"] < after["LastUpdatedDate"]
    assert kms.encrypt(KeyId="alias/TestKey", Plaintext=b"new")["KeyId"].endswith(new)
    assert kms.decrypt(CiphertextBlob=sealed)["KeyId"].endswith(old)


# KEY-376
def test_a_restart_forgets_no_material(own_server):
    kms = boto3_client(own_server, ALICE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"kept")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=key)
    own_server.kill()
    own_server.start()
    # What was asked for before the crash is done after it.
    deadline = datetime.datetime.now() + datetime.timedelta(seconds=30)
    while "OnDemandRotationStartDate" in kms.get_key_rotation_status(KeyId=key):
        assert datetime.datetime.now() < deadline
    [rotation] = kms.list_key_rotations(KeyId=key)["Rotations"]
    assert rotation["KeyMaterialState"] == "CURRENT"
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"kept"


def test_only_symmetric_keys_can_be_rotated(world):
    key = world.key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    with refused("UnsupportedOperationException"):
        world.kms.enable_key_rotation(KeyId=key)
    with refused("UnsupportedOperationException"):
        world.kms.rotate_key_on_demand(KeyId=key)
    assert not world.status(key)["KeyRotationEnabled"]
