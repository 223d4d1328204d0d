"""Multi-Region keys: one server that serves two Regions, and real clients in both."""

import json
import pathlib
import re
import subprocess
import sys
import threading
import time

import pytest
from harness.clients import boto3_client, environment, refused, until
from harness.identities import User, fresh, statement
from harness.server import ALICE, BOB, Server, clean_environment

HERE, THERE = "us-east-1", "eu-west-1"
AWS = pathlib.Path(sys.executable).parent / "aws"
ROOT = pathlib.Path(__file__).parents[2]
PYTHON = ROOT / ".venv/materials/bin/python"
PROGRAM = ROOT / "conformance/materials/across_regions.py"


@pytest.fixture(scope="module")
def regions(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("two-regions") / "server", regions=[HERE, THERE]).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def here(regions):
    return boto3_client(regions, ALICE, HERE)


@pytest.fixture(scope="module")
def there(regions):
    return boto3_client(regions, ALICE, THERE)


def replicated(here, there, **made):
    key = here.create_key(MultiRegion=True, **made)["KeyMetadata"]["KeyId"]
    here.replicate_key(KeyId=key, ReplicaRegion=THERE)
    until(there, key, KeyState="Enabled")
    return key


def role(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"]


# SPK-208, SPK-211, SPK-294, SPK-298, SPK-300
def test_a_replica_is_there_when_the_call_answers_and_enabled_soon(here, there):
    made = here.create_key(MultiRegion=True)["KeyMetadata"]
    key = made["KeyId"]
    assert re.fullmatch("mrk-[0-9a-f]{32}", key)
    reply = here.replicate_key(KeyId=key, ReplicaRegion=THERE, Description="a copy")
    assert reply["ReplicaKeyMetadata"]["KeyState"] == "Creating"
    assert there.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "a copy"
    replica = until(there, key, KeyState="Enabled")
    assert replica["Arn"] == made["Arn"].replace(HERE, THERE)
    assert replica["MultiRegionConfiguration"]["ReplicaKeys"] == [{"Arn": replica["Arn"], "Region": THERE}]
    primary = here.describe_key(KeyId=key)["KeyMetadata"]
    assert primary["MultiRegionConfiguration"]["ReplicaKeys"] == [{"Arn": replica["Arn"], "Region": THERE}]
    with refused("AlreadyExistsException"):
        here.replicate_key(KeyId=key, ReplicaRegion=THERE)


# SPK-213, SPK-227
def test_one_region_decrypts_what_the_other_encrypted(here, there):
    key = replicated(here, there)
    made = there.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext={"a": "b"})
    opened = here.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == made["Plaintext"]
    assert opened["KeyId"] == made["KeyId"].replace(THERE, HERE)
    single = there.create_key()["KeyMetadata"]["KeyId"]
    moved = there.re_encrypt(
        CiphertextBlob=here.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"], DestinationKeyId=single
    )
    assert there.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == b"x"


# SPK-337, SPK-344, SPK-351, SPK-379
def test_the_command_line_changes_the_primary(regions, here, there):
    def aws(region, *words):
        done = subprocess.run(
            [AWS, "kms", *words, "--region", region],
            env=clean_environment(**environment(regions, ALICE)),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    key = json.loads(aws(HERE, "create-key", "--multi-region"))["KeyMetadata"]["KeyId"]
    aws(HERE, "replicate-key", "--key-id", key, "--replica-region", THERE)
    until(there, key, KeyState="Enabled")
    assert aws(HERE, "update-primary-region", "--key-id", key, "--primary-region", THERE) == ""
    for region in (HERE, THERE):
        deadline = time.monotonic() + 20
        while True:
            told = json.loads(aws(region, "describe-key", "--key-id", key))["KeyMetadata"]
            if told["KeyState"] == "Enabled" or time.monotonic() > deadline:
                break
        assert told["MultiRegionConfiguration"]["PrimaryKey"]["Region"] == THERE
    replicas = told["MultiRegionConfiguration"]["ReplicaKeys"]
    assert [replica["Region"] for replica in replicas] == [HERE]
    for replica in replicas:
        aws(replica["Region"], "schedule-key-deletion", "--key-id", key, "--pending-window-in-days", "7")
    aws(THERE, "schedule-key-deletion", "--key-id", key, "--pending-window-in-days", "7")
    assert there.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingReplicaDeletion"


# SPK-215, SPK-342
def test_use_goes_on_while_the_primary_changes(here, there):
    key = replicated(here, there)
    failures, ended = [], threading.Event()

    def work(writer, reader):
        while not ended.is_set():
            try:
                sealed = writer.encrypt(KeyId=key, Plaintext=b"records")["CiphertextBlob"]
                assert reader.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"records"
            except Exception as failure:
                failures.append(failure)

    workers = [threading.Thread(target=work, args=pair) for pair in ((here, there), (there, here))]
    for worker in workers:
        worker.start()
    try:
        for old, new, region in ((here, there, THERE), (there, here, HERE)) * 3:
            old.update_primary_region(KeyId=key, PrimaryRegion=region)
            for kms in (old, new):
                until(kms, key, KeyState="Enabled")
            assert (role(new, key), role(old, key)) == ("PRIMARY", "REPLICA")
    finally:
        ended.set()
        for worker in workers:
            worker.join()
    assert failures == []


# SPK-317, SPK-347
def test_a_kill_at_any_moment_leaves_one_primary(tmp_path):
    running = Server(tmp_path / "server", regions=[HERE, THERE]).start()
    try:
        here, there = (boto3_client(running, ALICE, region) for region in (HERE, THERE))
        key = replicated(here, there)
        sealed = here.encrypt(KeyId=key, Plaintext=b"kept")["CiphertextBlob"]
        for turn in range(6):
            primary, replica, region = (here, there, THERE) if role(here, key) == "PRIMARY" else (there, here, HERE)
            primary.update_primary_region(KeyId=key, PrimaryRegion=region)
            time.sleep(turn * 0.002)
            running.kill()
            running.start()
            for kms in (here, there):
                until(kms, key, KeyState="Enabled")
            assert (role(replica, key), role(primary, key)) == ("PRIMARY", "REPLICA")
            for kms in (here, there):
                assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"kept"
    finally:
        running.stop()


# SPK-226
def test_the_encryption_sdk_reads_in_one_region_what_it_wrote_in_the_other(regions, here, there):
    key = replicated(here, there)
    arns = [kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"] for kms in (here, there)]
    done = subprocess.run(
        [str(PYTHON), str(PROGRAM), *arns],
        env=clean_environment(**environment(regions, ALICE)),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split("\n")[:2] == ["there ok", "back ok"]


# SPK-281, SPK-283, SPK-284, SPK-285, SPK-286
def test_policies_tell_kinds_and_regions_of_keys_apart(regions, here, there):
    user = User(regions, boto3_client(regions, ALICE, service="iam"), ALICE, fresh("replicator"))
    user.may(
        statement("kms:*"),
        statement("iam:CreateServiceLinkedRole"),
        statement("kms:CreateKey", effect="Deny", Bool={"kms:MultiRegion": "true"}),
    )
    kms = boto3_client(regions, user.credentials, HERE)
    kms.create_key()
    with refused("AccessDeniedException"):
        kms.create_key(MultiRegion=True)
    key = here.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    user.may(
        statement(["kms:CreateKey", "kms:DescribeKey"]),
        statement("kms:ReplicateKey", StringEquals={"kms:ReplicaRegion": "eu-west-3"}),
        statement("kms:UpdatePrimaryRegion", StringEquals={"kms:PrimaryRegion": THERE}),
        statement("kms:ScheduleKeyDeletion", StringEquals={"kms:MultiRegionKeyType": "REPLICA"}),
    )
    with refused("AccessDeniedException"):
        kms.replicate_key(KeyId=key, ReplicaRegion=THERE)
    here.replicate_key(KeyId=key, ReplicaRegion=THERE)
    until(there, key, KeyState="Enabled")
    with refused("AccessDeniedException"):
        kms.schedule_key_deletion(KeyId=key)
    kms.update_primary_region(KeyId=key, PrimaryRegion=THERE)
    until(here, key, KeyState="Enabled")
    assert kms.schedule_key_deletion(KeyId=key)["KeyState"] == "PendingDeletion"


# SPK-312
def test_a_region_that_an_account_is_not_enabled_in_takes_no_replica(regions, there):
    declared = (regions.folder / "accounts.toml").read_text()
    changed = regions.folder / "disabled.toml"
    changed.write_text(declared.replace('name = "bob"\n', f'name = "bob"\ndisabled_regions = ["{THERE}"]\n'))
    assert regions.run("apply", str(changed)).returncode == 0
    kms = boto3_client(regions, BOB, HERE)
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    with refused("UnsupportedOperationException"):
        kms.replicate_key(KeyId=key, ReplicaRegion=THERE)
    configuration = kms.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]
    assert configuration["ReplicaKeys"] == []


# SPK-232, SPK-238
def test_a_replica_is_no_source(here, there):
    key = replicated(here, there)
    for call, more in (
        (there.replicate_key, {"ReplicaRegion": HERE}),
        (there.update_primary_region, {"PrimaryRegion": HERE}),
    ):
        with refused("UnsupportedOperationException"):
            call(KeyId=key, **more)


# SPK-219, SPK-220, SPK-231
def test_nothing_is_replicated_that_nobody_replicates(here, there):
    managed = here.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]
    assert managed["MultiRegion"] is False and "MultiRegionConfiguration" not in managed
    key = here.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    sealed = here.encrypt(KeyId=key, Plaintext=b"alone")["CiphertextBlob"]
    assert here.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"alone"
    with refused("NotFoundException"):
        there.describe_key(KeyId=key)


# SPK-241, SPK-242, SPK-243, SPK-253, REF-70
@pytest.mark.parametrize(
    ("spec", "usage"),
    [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
        ("HMAC_384", "GENERATE_VERIFY_MAC"),
        ("ECC_NIST_P256", "SIGN_VERIFY"),
        ("ECC_NIST_P384", "KEY_AGREEMENT"),
    ],
)
def test_replicas_are_keys_of_the_same_kind(here, there, spec, usage):
    key = replicated(here, there, KeySpec=spec, KeyUsage=usage)
    primary, replica = (kms.describe_key(KeyId=key)["KeyMetadata"] for kms in (here, there))
    own = {"Arn", "CreationDate", "MultiRegionConfiguration"}
    assert {k: v for k, v in primary.items() if k not in own} == {k: v for k, v in replica.items() if k not in own}
    assert replica["CreationDate"] > primary["CreationDate"]


# SPK-249, SPK-251, SPK-252, SPK-270
def test_grants_aliases_and_tags_are_of_one_key(regions, here, there):
    key = replicated(here, there)
    user = User(regions, boto3_client(regions, ALICE, service="iam"), ALICE, fresh("grantee"))
    there.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Encrypt"])
    assert boto3_client(regions, user.credentials, THERE).encrypt(KeyId=key, Plaintext=b"x")
    with refused("AccessDeniedException"):
        boto3_client(regions, user.credentials, HERE).encrypt(KeyId=key, Plaintext=b"x")
    there.create_alias(AliasName="alias/there-only", TargetKeyId=key)
    there.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    assert here.list_grants(KeyId=key)["Grants"] == []
    assert here.list_aliases(KeyId=key)["Aliases"] == []
    assert here.list_resource_tags(KeyId=key)["Tags"] == []


# SPK-261, SPK-262, SPK-272, SPK-273
def test_what_it_takes_to_replicate(regions, here, there):
    user = User(regions, boto3_client(regions, ALICE, service="iam"), ALICE, fresh("replicator"))
    kms = boto3_client(regions, user.credentials, HERE)
    replicate, create, tag = (statement(f"kms:{name}") for name in ("ReplicateKey", "CreateKey", "TagResource"))
    create_there = statement("kms:CreateKey", StringEquals={"aws:RequestedRegion": THERE})
    tags = {"Tags": [{"TagKey": "a", "TagValue": "b"}]}
    for statements, more, passes in (
        ([create], {}, False),
        ([replicate], {}, False),
        ([replicate, create_there], tags, False),
        ([replicate, create_there], {}, True),
        ([replicate, create, tag], tags, True),
    ):
        user.may(*statements)
        key = here.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
        if passes:
            kms.replicate_key(KeyId=key, ReplicaRegion=THERE, **more)
            continue
        with refused("AccessDeniedException"):
            kms.replicate_key(KeyId=key, ReplicaRegion=THERE, **more)
        with refused("NotFoundException"):
            there.describe_key(KeyId=key)


# SPK-264, SPK-271, SPK-275
def test_a_new_primary_takes_permission_on_both_keys(regions, here, there):
    user = User(regions, boto3_client(regions, ALICE, service="iam"), ALICE, fresh("mover"))
    kms = boto3_client(regions, user.credentials, HERE)
    key = replicated(here, there)
    arn = f"arn:aws:kms:{{}}:{ALICE.id}:key/{key}"
    for region in (HERE, THERE):
        user.may(statement("kms:UpdatePrimaryRegion", arn.format(region)))
        with refused("AccessDeniedException"):
            kms.update_primary_region(KeyId=key, PrimaryRegion=THERE)
        assert (role(here, key), role(there, key)) == ("PRIMARY", "REPLICA")
    user.may(statement("kms:UpdatePrimaryRegion", arn.format("*")))
    kms.update_primary_region(KeyId=key, PrimaryRegion=THERE)
    until(here, key, KeyState="Enabled")
    assert role(there, key) == "PRIMARY"


# SPK-308, SPK-349
def test_another_account_neither_replicates_nor_moves_a_key(regions, here, there):
    key = replicated(here, there)
    arn = here.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    shared = {"Effect": "Allow", "Principal": {"AWS": [ALICE.id, BOB.id]}, "Action": "kms:*", "Resource": "*"}
    for kms in (here, there):
        kms.put_key_policy(KeyId=key, Policy=json.dumps({"Version": "2012-10-17", "Statement": shared}))
    bob = boto3_client(regions, BOB, HERE)
    assert bob.encrypt(KeyId=arn, Plaintext=b"x")
    with refused("AccessDeniedException"):
        bob.replicate_key(KeyId=arn, ReplicaRegion=THERE)
    with refused("AccessDeniedException"):
        bob.update_primary_region(KeyId=arn, PrimaryRegion=THERE)


# SPK-314, SPK-374, SPK-385
def test_only_a_primary_that_is_enabled_is_replicated(here, there):
    key = here.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    here.disable_key(KeyId=key)
    with refused("DisabledException"):
        here.replicate_key(KeyId=key, ReplicaRegion=THERE)
    here.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with refused("KMSInvalidStateException"):
        here.replicate_key(KeyId=key, ReplicaRegion=THERE)
    key = replicated(here, there)
    there.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with refused("KMSInvalidStateException"):
        there.encrypt(KeyId=key, Plaintext=b"x")
    there.cancel_key_deletion(KeyId=key)
    assert there.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    there.enable_key(KeyId=key)
    assert there.encrypt(KeyId=key, Plaintext=b"x")
