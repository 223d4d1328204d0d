"""What policies say of multi-Region keys, and what a Region that is away takes along: two Regions and real users."""

import json
import os
import time

import pytest
from harness.clients import boto3_client, refused
from harness.identities import User, allowed, fresh, own, policy, statement, to
from harness.imports import Importer
from harness.raw import Raw
from harness.server import ALICE, Server

HERE, THERE = REGIONS = ("us-east-1", "eu-west-1")


@pytest.fixture(scope="module")
def regions(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("permissions") / "server", regions=list(REGIONS)).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def here(regions):
    return boto3_client(regions, ALICE, HERE)


@pytest.fixture(scope="module")
def there(regions):
    return boto3_client(regions, ALICE, THERE)


@pytest.fixture
def user(regions):
    return User(regions, boto3_client(regions, ALICE, service="iam"), ALICE, fresh("user"))


def until(kms, key, *states):
    deadline = time.monotonic() + 20
    while (state := kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]) not in states:
        assert time.monotonic() < deadline, state
        time.sleep(0.01)


def replicated(here, there, state="Enabled", **made):
    key = here.create_key(MultiRegion=True, **made)["KeyMetadata"]["KeyId"]
    here.replicate_key(KeyId=key, ReplicaRegion=THERE)
    until(there, key, state)
    return key


# SPK-265
def test_a_replica_of_an_imported_key_is_given_its_material_by_who_may_import(here, there, user, tmp_path):
    plain = os.urandom(32)
    key = here.create_key(MultiRegion=True, Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    here.import_key_material(**Importer(here, tmp_path).request(key, plain))
    replicate = [statement("kms:ReplicateKey"), statement("kms:CreateKey")]
    user.may(*replicate)
    user.client().replicate_key(KeyId=key, ReplicaRegion=THERE)
    until(there, key, "PendingImport")
    request = Importer(there, tmp_path).request(key, plain)
    wrapping = {"KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    for more, passes in (
        ([], (False, False)),
        ([statement("kms:GetParametersForImport")], (True, False)),
        (
            [statement("kms:ImportKeyMaterial", effect="Allow", StringEquals={"aws:RequestedRegion": HERE})],
            (False, False),
        ),
        ([statement(["kms:GetParametersForImport", "kms:ImportKeyMaterial"])], (True, True)),
    ):
        user.may(*replicate, *more)
        client = user.client(region=THERE)
        assert allowed(client.get_parameters_for_import, **wrapping) == passes[0], more
        assert allowed(client.import_key_material, **request) == passes[1], more
    assert there.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    # The replica's key policy gives the permissions as well as an IAM policy.
    there.delete_imported_key_material(KeyId=key)
    user.may(*replicate)
    importing = to(user.arn, statement(["kms:GetParametersForImport", "kms:ImportKeyMaterial"]))
    there.put_key_policy(KeyId=key, Policy=json.dumps(policy(own(), importing)))
    client = user.client(region=THERE)
    client.import_key_material(**Importer(client, tmp_path).request(key, plain))
    assert there.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


# SPK-266, SPK-541
def test_what_it_takes_to_delete_the_keys_of_a_set(regions, here, there, user):
    key = replicated(here, there)
    calls = {
        "ScheduleKeyDeletion": ("schedule_key_deletion", {"PendingWindowInDays": 7}),
        "CancelKeyDeletion": ("cancel_key_deletion", {}),
        "EnableKey": ("enable_key", {}),
        "DisableKey": ("disable_key", {}),
        "DescribeKey": ("describe_key", {}),
    }
    for granted in calls:
        user.may(statement(f"kms:{granted}"))
        client = user.client(region=THERE)
        for name, (call, arguments) in calls.items():
            assert allowed(getattr(client, call), KeyId=key, **arguments) == (name == granted), (name, granted)
    # The name that the guide prints beside the real one is neither an operation nor an action.
    answer = Raw(regions, ALICE, HERE).call("UpdateReplicaRegion", {"KeyId": key, "PrimaryRegion": THERE})
    assert (answer.status, answer.code) == (400, "UnknownOperationException")
    there.enable_key(KeyId=key)
    user.may(statement("kms:UpdateReplicaRegion"))
    assert not allowed(user.client().update_primary_region, KeyId=key, PrimaryRegion=THERE)
    user.may(statement("kms:UpdatePrimaryRegion"))
    assert allowed(user.client().update_primary_region, KeyId=key, PrimaryRegion=THERE)


# SPK-267
def test_the_keys_of_a_set_have_policies_of_their_own(here, there, user):
    using = policy(own(), to(user.arn, statement("kms:Encrypt")))
    key = replicated(here, there, Policy=json.dumps(using))
    kms = {region: user.client(region=region) for region in REGIONS}
    assert allowed(kms[HERE].encrypt, KeyId=key, Plaintext=b"x")
    assert not allowed(kms[THERE].encrypt, KeyId=key, Plaintext=b"x")
    there.put_key_policy(KeyId=key, Policy=json.dumps(using))
    here.put_key_policy(KeyId=key, Policy=json.dumps(policy(own())))
    assert not allowed(kms[HERE].encrypt, KeyId=key, Plaintext=b"x")
    # What is synchronized later brings no policy along.
    here.enable_key_rotation(KeyId=key)
    deadline = time.monotonic() + 20
    while not there.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]:
        assert time.monotonic() < deadline
    assert allowed(kms[THERE].encrypt, KeyId=key, Plaintext=b"x")
    here.update_primary_region(KeyId=key, PrimaryRegion=THERE)
    until(here, key, "Enabled")
    assert allowed(kms[THERE].encrypt, KeyId=key, Plaintext=b"x")
    assert not allowed(kms[HERE].encrypt, KeyId=key, Plaintext=b"x")


# SPK-269
def test_iam_policies_are_for_every_region_unless_they_say_which(here, there, user):
    key = replicated(here, there)
    kms = {region: user.client(region=region) for region in REGIONS}

    def encrypts():
        return {region for region in REGIONS if allowed(kms[region].encrypt, KeyId=key, Plaintext=b"x")}

    user.may(statement("kms:Encrypt"))
    assert encrypts() == {HERE, THERE}
    user.may(statement("kms:Encrypt", StringEquals={"aws:RequestedRegion": THERE}))
    assert encrypts() == {THERE}
    user.may(statement("kms:Encrypt"))
    # Only where the key's own policy leaves it to the account.
    root = to(f"arn:aws:iam::{ALICE.id}:root", statement(["kms:Describe*", "kms:Put*", "kms:Get*"]))
    there.put_key_policy(KeyId=key, Policy=json.dumps(policy(root)), BypassPolicyLockoutSafetyCheck=True)
    assert encrypts() == {HERE}


# SPK-282
def test_a_denial_of_multi_region_keys_is_of_everything_about_them(here, there, user):
    key, single = replicated(here, there), here.create_key()["KeyMetadata"]["KeyId"]
    sealed = {name: here.encrypt(KeyId=name, Plaintext=b"x")["CiphertextBlob"] for name in (key, single)}
    user.may(
        statement("kms:*"),
        statement("iam:CreateServiceLinkedRole"),
        statement("kms:*", effect="Deny", Bool={"kms:MultiRegion": "true"}),
    )
    calls = {
        "encrypt": {"Plaintext": b"x"},
        "generate_data_key": {"KeySpec": "AES_256"},
        "describe_key": {},
        "get_key_policy": {},
        "put_key_policy": {"Policy": json.dumps(policy(own()))},
        "update_key_description": {"Description": "changed"},
        "tag_resource": {"Tags": [{"TagKey": "a", "TagValue": "b"}]},
        "list_grants": {},
        "create_grant": {"GranteePrincipal": user.arn, "Operations": ["Decrypt"]},
        "enable_key_rotation": {},
        "get_key_rotation_status": {},
        "disable_key": {},
        "enable_key": {},
        "schedule_key_deletion": {"PendingWindowInDays": 7},
    }
    for region in REGIONS:
        client = user.client(region=region)
        for name, arguments in calls.items():
            assert not allowed(getattr(client, name), KeyId=key, **arguments), (region, name)
        assert not allowed(client.decrypt, CiphertextBlob=sealed[key]), region
        assert not allowed(client.create_key, MultiRegion=True), region
    client = user.client()
    for name, arguments in {
        "replicate_key": {"ReplicaRegion": THERE},
        "update_primary_region": {"PrimaryRegion": THERE},
    }.items():
        assert not allowed(getattr(client, name), KeyId=key, **arguments), name
    # Single-Region keys are as they were.
    assert allowed(client.create_key)
    assert allowed(client.decrypt, CiphertextBlob=sealed[single])
    for name, arguments in calls.items():
        assert allowed(getattr(client, name), KeyId=single, **arguments), name


# SPK-369
def test_primaries_with_imported_material_take_what_every_primary_takes(here, user):
    imported = {"MultiRegion": True, "Origin": "EXTERNAL"}
    role = statement("iam:CreateServiceLinkedRole")
    for statements, makes in (
        ([statement("kms:CreateKey")], (False, False)),
        ([statement("kms:CreateKey"), role], (True, True)),
        ([statement("kms:CreateKey", StringEquals={"kms:KeyOrigin": "EXTERNAL"}), role], (True, False)),
        ([statement("kms:CreateKey", StringEquals={"kms:KeyOrigin": "AWS_KMS"}), role], (False, True)),
        ([statement("kms:CreateKey", StringEquals={"kms:MultiRegionKeyType": "PRIMARY"}), role], (True, True)),
        ([statement("kms:CreateKey", StringEquals={"kms:MultiRegionKeyType": "REPLICA"}), role], (False, False)),
    ):
        user.may(*statements)
        kms = user.client()
        assert (allowed(kms.create_key, **imported), allowed(kms.create_key, MultiRegion=True)) == makes, statements


# SPK-255
def test_synchronization_happens_and_is_nothing_to_ask_for(regions, here, there):
    key = replicated(here, there)
    for answer in (Raw(regions, ALICE, region).call("SynchronizeMultiRegionKey", {"KeyId": key}) for region in REGIONS):
        assert (answer.status, answer.code) == (400, "UnknownOperationException")
    here.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    deadline = time.monotonic() + 20
    while there.get_key_rotation_status(KeyId=key).get("RotationPeriodInDays") != 100:
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


# SPK-214
def test_the_backup_region_goes_on_without_the_primarys(tmp_path):
    both = Server(tmp_path / "server", regions=list(REGIONS)).start()
    here, there = (boto3_client(both, ALICE, region) for region in REGIONS)
    key = replicated(here, there)
    old = here.encrypt(KeyId=key, Plaintext=b"before")["CiphertextBlob"]
    assert both.stop() == 0
    configuration = both.config.read_text()
    both.config.write_text(configuration.replace(json.dumps(list(REGIONS)), json.dumps([THERE])))
    assert both.config.read_text() != configuration
    both.start()
    with pytest.raises(Exception):  # noqa: B017  (whatever a Region that is not there answers)
        here.describe_key(KeyId=key)
    assert there.decrypt(CiphertextBlob=old)["Plaintext"] == b"before"
    new = there.encrypt(KeyId=key, Plaintext=b"meanwhile")["CiphertextBlob"]
    there.update_key_description(KeyId=key, Description="alone")
    assert both.stop() == 0
    both.config.write_text(configuration)
    both.start()
    assert here.decrypt(CiphertextBlob=new)["Plaintext"] == b"meanwhile"
    primary = here.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]
    assert primary["PrimaryKey"]["Region"] == HERE
    # The set is one again: what the primary shares reaches the other Region.
    here.enable_key_rotation(KeyId=key)
    deadline = time.monotonic() + 20
    while not there.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]:
        assert time.monotonic() < deadline, "it did not come"
    with refused("UnsupportedOperationException"):
        there.disable_key_rotation(KeyId=key)
    assert both.stop() == 0
