"""The operator's look at the trail: `trent audit`, beside what real clients did."""

import json
import subprocess

import pytest
from botocore.exceptions import ClientError
from harness import trail
from harness.clients import boto3_client, until
from harness.identities import User, fresh, statement
from harness.server import ALICE, BINARY, BOB, DevServer, Server, clean_environment

ROOT = f"arn:aws:iam::{ALICE.id}:root"
SMALL = '[audit]\nsegment_size = "8KiB"\n'


@pytest.fixture
def filled(tmp_path):
    """A server with small segments, some of them closed; and a key that was used."""
    server = Server(tmp_path / "server", settings=SMALL).start()
    kms = boto3_client(server, ALICE)
    key = kms.create_key()["KeyMetadata"]
    for number in range(2):
        for _ in range(12):
            kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext={"tenant": f"t{number}"})
        settled(server, number + 1)
    yield server, key
    server.stop()


def settled(server, closed):
    """Waits until so many segments are closed."""
    trail.until(lambda: segments(server), lambda found: len(found) >= closed)


def segments(server):
    return sorted((server.data / "audit").glob("trail-*.jsonl"))


def audit(server, *arguments, code=0):
    done = server.run("audit", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def verified(server, code=0, *arguments):
    return json.loads(audit(server, "verify", "--json", *arguments, code=code))


def records(text):
    return [json.loads(line) for line in text.splitlines()]


# MON-200
def test_a_whole_trail_is_intact_while_it_is_written_and_afterwards(filled):
    server, _ = filled
    running = verified(server)
    assert running["Intact"] and running["Files"] >= 3
    assert running["LastRecord"] >= 26 and running["NoLongerKept"] == 0
    assert "The trail is intact: records 1 to " in audit(server, "verify")
    server.stop()
    stopped = verified(server)
    assert stopped["Intact"]
    assert stopped["LastRecord"] > running["LastRecord"]
    # A stop tells the store where the trail ends.
    assert stopped["Unanchored"] == 0
    assert "nothing was cut off" in audit(server, "verify")


@pytest.mark.parametrize("running", [True, False])
def test_a_closed_segment_that_was_changed_is_named(filled, running):
    server, _ = filled
    if not running:
        server.stop()
    first, second = segments(server)[:2]
    whole = first.read_bytes()
    first.write_bytes(whole.replace(b'"tenant":"t0"', b'"tenant":"t1"', 1))
    fault = verified(server, 2)
    assert not fault["Intact"] and first.name in fault["Fault"] and "altered" in fault["Fault"]
    assert first.name in audit(server, "verify", code=2)

    lines = whole.splitlines(keepends=True)
    first.write_bytes(b"".join(lines[:3] + lines[4:]))
    assert first.name in verified(server, 2)["Fault"]
    first.write_bytes(b"".join([lines[0], lines[3], lines[4], lines[1], lines[2], *lines[5:]]))
    assert first.name in verified(server, 2)["Fault"]

    kept = second.read_bytes()
    first.write_bytes(kept)
    second.write_bytes(whole)
    assert "segment" in verified(server, 2)["Fault"]
    first.write_bytes(whole)
    second.unlink()
    assert "are missing" in verified(server, 2)["Fault"]
    second.write_bytes(kept)
    assert verified(server)["Intact"]


def test_the_first_line_that_is_not_as_it_was_is_named(filled):
    """The file, the line, the last record that is known to be right: whoever looks into it finds the place."""
    server, _ = filled
    server.stop()
    _, second = segments(server)[:2]
    lines = second.read_bytes().splitlines(keepends=True)
    batches = [number for number, line in enumerate(lines) if line.startswith(b'{"batch":')]
    record, batch = batches[1] - 1, batches[1]
    right = json.loads(lines[batches[0]])["last"]
    at = sum(map(len, lines[:batch]))
    for changed, of in ((record, b'"eventTime":"2'), (batch, b'"mac":"')):
        altered = lines[changed].replace(of, of[:-1] + b"0" if of.endswith(b"2") else of + b" ", 1)
        second.write_bytes(b"".join([*lines[:changed], altered, *lines[changed + 1 :]]))
        place = f"{second}, line {batch + 1} (byte {at}), behind record {right}: "
        told = audit(server, "verify", code=2)
        assert told.startswith(f"The trail is not what was written: {place}"), told
    second.write_bytes(b"".join(lines))
    assert verified(server)["Intact"]
    (server.data / "audit" / "trail.jsonl").unlink()
    assert verified(server, 2)["Fault"].endswith("trail.jsonl is missing")


def test_an_end_that_was_cut_off_behind_the_anchor_is_noticed(filled):
    server, _ = filled
    server.stop()
    last = server.data / "audit" / "trail.jsonl"
    lines = last.read_bytes().splitlines(keepends=True)
    last.write_bytes(b"".join(lines[:-2]))
    assert "it was cut" in verified(server, 2)["Fault"]


def test_segments_that_need_not_be_kept_are_removed_and_the_trail_is_intact(tmp_path):
    server = Server(tmp_path / "server", settings=SMALL.replace("8KiB", "2KiB") + 'keep_size = "1KiB"\n').start()
    try:
        kms = boto3_client(server, ALICE)
        for _ in range(8):
            kms.list_keys()
        settled(server, 1)
        server.stop()
        # At each start it is looked what is to be removed.
        server.start()
        trail.until(lambda: segments(server), lambda found: not found)
        told = verified(server)
        assert told["Intact"] and told["NoLongerKept"] >= 8
        assert "are no longer kept" in audit(server, "verify")
    finally:
        server.stop()


# MON-200, REF-340
def test_records_are_found_by_what_they_say(filled):
    server, key = filled
    everything = records(audit(server, "export"))
    times = [record["eventTime"] for record in everything]
    assert len(everything) >= 26 and times[0] <= times[-1]
    by_key = records(audit(server, "search", "--json", "--key", key["Arn"]))
    assert len(by_key) == 25
    assert {record["resources"][0]["ARN"] for record in by_key} == {key["Arn"]}
    assert by_key == records(audit(server, "search", "--json", "--key", key["KeyId"]))
    by_context = records(audit(server, "search", "--json", "--encryption-context", "tenant=t1"))
    assert [record["requestParameters"]["encryptionContext"] for record in by_context] == [{"tenant": "t1"}] * 12
    of_root = records(audit(server, "export", "--principal", ROOT, "--operation", "CreateKey"))
    assert [record["eventName"] for record in of_root] == ["CreateKey"]
    assert records(audit(server, "search", "--json", "--request", of_root[0]["requestID"])) == of_root
    assert not audit(server, "search", "--until", "2020-01-01T00:00:00Z")
    assert not audit(server, "search", "--principal", "nobody")
    assert len(records(audit(server, "search", "--json", "--limit", "3"))) == 3
    lines = audit(server, "tail", "-n", "2", "--key", key["Arn"]).splitlines()
    assert len(lines) == 2
    assert all("Encrypt" in line and ROOT in line and key["Arn"] in line and "ok" in line for line in lines)
    assert len(audit(server, "tail", "--since", "1h", "--key", key["Arn"]).splitlines()) == 25


# MON-200
def test_a_stopped_server_s_records_are_found_as_well(filled):
    server, key = filled
    server.stop()
    assert len(records(audit(server, "search", "--json", "--key", key["Arn"]))) == 25


# MON-200
def test_tail_follows_what_is_recorded(filled):
    server, key = filled
    following = subprocess.Popen(
        [BINARY, "audit", "tail", "--follow", "-n", "1", "--json", "--key", key["Arn"], "--config", str(server.config)],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert json.loads(following.stdout.readline())["eventName"] == "Encrypt"
        boto3_client(server, ALICE).disable_key(KeyId=key["KeyId"])
        assert json.loads(following.stdout.readline())["eventName"] == "DisableKey"
        boto3_client(server, ALICE).enable_key(KeyId=key["KeyId"])
        assert json.loads(following.stdout.readline())["eventName"] == "EnableKey"
    finally:
        following.kill()
        following.wait()


# MON-309, MON-310, MON-311, MON-314
def test_usage_tells_who_used_a_key_how_often_and_when(server, iam, kms):
    user = User(server, iam, ALICE, fresh("user"))
    user.may(statement("kms:*"))
    alias = f"alias/{fresh('usage')}"
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    theirs = user.client()
    sealed = [
        theirs.encrypt(KeyId=alias, Plaintext=b"x", EncryptionContext={"volume": str(number)})["CiphertextBlob"]
        for number in range(3)
    ]
    kms.decrypt(CiphertextBlob=sealed[0], EncryptionContext={"volume": "0"})
    with pytest.raises(ClientError):
        kms.decrypt(CiphertextBlob=sealed[0], EncryptionContext={"volume": "1"})
    with pytest.raises(ClientError):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", DryRun=True)
    kms.describe_key(KeyId=key["KeyId"])
    told = trail.until(
        lambda: json.loads(audit(server, "usage", "--json", "--key", key["Arn"])),
        lambda found: len(found["Management"]) >= 3,
    )
    uses = {(use["Principal"], use["Operation"]): use for use in told["Uses"]}
    assert set(uses) == {(user.arn, "Encrypt"), (ROOT, "Decrypt")}
    encrypted, decrypted = uses[user.arn, "Encrypt"], uses[ROOT, "Decrypt"]
    assert (encrypted["Count"], encrypted["Failed"]) == (3, 0)
    assert encrypted["LastEncryptionContext"] == {"volume": "2"}
    assert (decrypted["Count"], decrypted["Failed"]) == (1, 1)
    assert encrypted["First"] <= encrypted["Last"] <= decrypted["Last"]
    managed = {use["Operation"] for use in told["Management"]}
    assert managed == {"CreateKey", "CreateAlias", "DescribeKey"}
    assert told["DryRuns"] == 1
    assert told["RecordsSince"] <= encrypted["First"]
    text = audit(server, "usage", "--key", key["KeyId"])
    assert f"Records reach back to {told['RecordsSince']}" in text
    assert f"Encrypt by {user.arn} in us-east-1: 3 times (0 failed)" in text
    later = json.loads(audit(server, "usage", "--json", "--key", key["Arn"], "--to", "2020-01-01T00:00:00Z"))
    assert not later["Uses"] and later["RecordsSince"]
    assert server.run("audit", "usage", "--key", alias).returncode == 1


# SPK-229: by the id that the keys of all Regions share, in one answer, or by the ARN of one.
def test_the_use_of_a_multi_region_key_is_found_in_all_regions(server, kms, west):
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]
    kms.replicate_key(KeyId=key["KeyId"], ReplicaRegion="us-west-2")
    until(west, key["KeyId"], KeyState="Enabled")
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    for _ in range(2):
        west.decrypt(CiphertextBlob=sealed)

    def used(name):
        found = json.loads(audit(server, "usage", "--json", "--key", name))["Uses"]
        return {(use["Region"], use["Operation"]): use["Count"] for use in found}

    here, there = {("us-east-1", "Encrypt"): 1}, {("us-west-2", "Decrypt"): 2}
    assert used(key["KeyId"]) == {**here, **there}
    assert used(key["Arn"]) == here and used(key["Arn"].replace("us-east-1", "us-west-2")) == there
    found = records(audit(server, "search", "--json", "--key", key["KeyId"]))
    asked = [(it["awsRegion"], it["eventName"]) for it in found]
    assert asked.count(("us-west-2", "Decrypt")) == 2 and asked.count(("us-east-1", "Encrypt")) == 1
    assert f"Decrypt by {ROOT} in us-west-2: 2 times" in audit(server, "usage", "--key", key["KeyId"])


# KEY-333
def test_use_is_told_by_the_values_of_a_tag(own_server):
    kms, other = boto3_client(own_server, ALICE), boto3_client(own_server, BOB)

    def tagged(client, value=None):
        tags = [{"TagKey": "CostCenter", "TagValue": value}] if value else []
        return client.create_key(Tags=tags)["KeyMetadata"]["KeyId"]

    blue, red, none = [tagged(kms, "blue"), tagged(other, "blue")], tagged(kms, "red"), tagged(kms)
    for client, key in [(kms, blue[0]), (other, blue[1]), (kms, red), (kms, red), (kms, none)]:
        client.encrypt(KeyId=key, Plaintext=b"x")
    with pytest.raises(ClientError):
        kms.encrypt(KeyId=red, Plaintext=b"x", DryRun=True)
    with pytest.raises(ClientError):
        kms.decrypt(KeyId=red, CiphertextBlob=b"x")
    kms.list_keys()

    def groups(*more):
        told = json.loads(audit(own_server, "usage", "--by-tag", "CostCenter", "--json", *more))
        assert told["TagKey"] == "CostCenter"
        names = ("Keys", "Uses", "Management", "Failed", "DryRuns")
        return {group["TagValue"]: tuple(group[name] for name in names) for group in told["Groups"]}

    expected = {"blue": (2, 2, 2, 0, 0), "red": (1, 2, 1, 1, 1), None: (1, 1, 1, 0, 0)}
    trail.until(groups, lambda found: found == expected)
    assert groups("--to", "2020-01-01T00:00:00Z") == {}
    text = audit(own_server, "usage", "--by-tag", "CostCenter")
    assert '"blue": 2 keys, 2 uses, 2 calls of management, 0 failed, 0 dry runs' in text
    # What counts is what the keys have now.
    kms.tag_resource(KeyId=none, Tags=[{"TagKey": "CostCenter", "TagValue": "red"}])
    trail.until(groups, lambda found: found.get("red") == (2, 3, 3, 1, 1))
    assert own_server.run("audit", "usage").returncode == 2
    assert own_server.run("audit", "usage", "--key", red, "--by-tag", "CostCenter").returncode == 2


# MON-1: what today is compared with outlives any end of the server, of use and of management alike.
def test_what_was_done_before_a_crash_can_be_compared_with_what_is_done_now(own_server):
    kms = boto3_client(own_server, ALICE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]

    def counted():
        told = json.loads(audit(own_server, "usage", "--json", "--key", key))
        parts = {"data": told["Uses"], "control": told["Management"]}
        return {plane: {use["Operation"]: use["Count"] for use in uses} for plane, uses in parts.items()}

    for round in (1, 2):
        for _ in range(3):
            kms.encrypt(KeyId=key, Plaintext=b"x")
        kms.generate_data_key(KeyId=key, KeySpec="AES_256")
        kms.update_key_description(KeyId=key, Description=f"round {round}")
        kms.describe_key(KeyId=key)
        own_server.kill()
        own_server.start()
        expected = {
            "data": {"Encrypt": 3 * round, "GenerateDataKey": round},
            "control": {"CreateKey": 1, "UpdateKeyDescription": round, "DescribeKey": round},
        }
        # What was changed last may be in the store alone until a moment after the start.
        trail.until(counted, lambda found, expected=expected: found == expected)


def test_a_server_without_a_trail_is_for_measuring_in_development_alone(tmp_path):
    off = "DISCARD-EVERY-RECORD"
    server = Server(tmp_path / "server")
    server.prepare()
    server.environment["TRENT_AUDIT_MODE"] = off
    refused = server.run("serve")
    assert refused.returncode == 1 and f"audit.mode is {off}" in refused.stderr, refused.stderr
    development = DevServer(tmp_path / "dev")
    development.environment["TRENT_AUDIT_MODE"] = off
    development.start()
    try:
        kms = boto3_client(development, ALICE)
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        sealed = kms.encrypt(KeyId=key, Plaintext=b"unrecorded")["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"unrecorded"
        assert "nothing is recorded" in development.log.read_text()
    finally:
        assert development.stop() == 0
