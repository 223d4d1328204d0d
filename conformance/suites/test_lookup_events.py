"""Looking up what was recorded, with the clients of CloudTrail."""

import datetime
import json
import pathlib
import subprocess
import sys
import time

import pytest
from botocore.exceptions import ClientError
from harness.clients import boto3_client, environment, refused
from harness.identities import User, fresh, statement
from harness.server import ALICE, BOB, Account, Server, clean_environment

AWS = pathlib.Path(sys.executable).parent / "aws"


@pytest.fixture(scope="module")
def trail(server):
    """CloudTrail as the root user of the first account."""
    return boto3_client(server, ALICE, service="cloudtrail")


def looked_up(trail, attribute=None, value=None, **more):
    """The events of an attribute, all pages of them."""
    if attribute:
        more["LookupAttributes"] = [{"AttributeKey": attribute, "AttributeValue": value}]
    pages = trail.get_paginator("lookup_events").paginate(**more)
    return [event for page in pages for event in page["Events"]]


def names(events):
    return [event["EventName"] for event in events]


def once_there(trail, count, attribute, value):
    """The events of an attribute once there are so many: those of changes come right behind their replies."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        events = looked_up(trail, attribute, value)
        if len(events) >= count:
            return events
        time.sleep(0.02)
    raise AssertionError(f"{names(events)} are not {count} events")


@pytest.fixture
def used(kms, trail, key):
    """A key that was made, used and changed, and its five events, the latest first."""
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=sealed)
    kms.disable_key(KeyId=key["KeyId"])
    with pytest.raises(ClientError):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    return key, once_there(trail, 5, "ResourceName", key["Arn"])


# MON-410: of a call that changes nothing at once; of one that changes something too, as the book has it.
def test_an_event_is_found_within_five_seconds(trail, kms, key):
    for call in (kms.describe_key, kms.disable_key):
        request = call(KeyId=key["KeyId"])["ResponseMetadata"]["RequestId"]
        answered = time.monotonic()
        while not any(request in event["CloudTrailEvent"] for event in looked_up(trail, "ResourceName", key["Arn"])):
            assert time.monotonic() - answered < 5, call
            time.sleep(0.05)


# MON-185: nobody has switched anything on, neither for this account nor for any.
def test_an_account_has_its_events_from_its_first_call_on(own_server, tmp_path):
    made = Account("888877776666", "AKIANEWACCOUNTEXAMPL", "nEwAcCoUnT/00123456789abcdefghijEXAMPLEK")
    declared = tmp_path / "new.toml"
    declared.write_text(
        f'[[accounts]]\nid = "{made.id}"\nname = "new"\n'
        f'[[accounts.access_keys]]\nid = "{made.access_key_id}"\nsecret = "{made.secret}"\n'
    )
    declared.chmod(0o600)
    applied = own_server.run("apply", str(declared))
    assert applied.returncode == 0, applied.stdout + applied.stderr
    key = boto3_client(own_server, made).create_key()
    events = once_there(
        boto3_client(own_server, made, service="cloudtrail"), 1, "ResourceName", key["KeyMetadata"]["Arn"]
    )
    assert names(events) == ["CreateKey"]
    record = json.loads(events[0]["CloudTrailEvent"])
    assert record["requestID"] == key["ResponseMetadata"]["RequestId"]
    assert record["recipientAccountId"] == made.id
    # The same can be taken away as a file.
    exported = own_server.run("audit", "export", "--account", made.id, "--region", "us-east-1")
    assert exported.returncode == 0, exported.stderr
    found = [json.loads(line) for line in exported.stdout.splitlines()]
    assert record["eventID"] in {it["eventID"] for it in found}
    assert {it["recipientAccountId"] for it in found} == {made.id}


# MON-188, MON-190, MON-191, REF-116
def test_the_life_of_a_key_is_looked_up_by_its_arn_or_id(trail, used):
    """Whatever named the key, and the use of a ciphertext that named none: everything about it, in order."""
    key, events = used
    lived = ["CreateKey", "Encrypt", "Decrypt", "DisableKey", "Encrypt"]
    assert sorted(names(events)) == sorted(lived)
    assert names(looked_up(trail, "ResourceName", key["KeyId"])) == names(events)
    times = [event["EventTime"] for event in events]
    assert max(times) - min(times) < datetime.timedelta(minutes=1)
    for event in events:
        assert {"ResourceType": "AWS::KMS::Key", "ResourceName": key["Arn"]} in event["Resources"]
        assert {"ResourceType": "AWS::KMS::Key", "ResourceName": key["KeyId"]} in event["Resources"]
    assert not looked_up(trail, "ResourceName", key["KeyId"][:-1])


# MON-188
def test_an_event_tells_of_its_record_and_has_it_whole(trail, used):
    _, events = used
    for event in events:
        record = json.loads(event["CloudTrailEvent"])
        assert event["EventId"] == record["eventID"]
        assert event["EventName"] == record["eventName"]
        assert event["EventSource"] == record["eventSource"] == "kms.amazonaws.com"
        assert event["AccessKeyId"] == record["userIdentity"]["accessKeyId"] == ALICE.access_key_id
        assert event["ReadOnly"] == json.dumps(record["readOnly"])
        assert event["EventTime"].astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") == record["eventTime"]
        assert event["Username"] == "root"
        assert (record["recipientAccountId"], record["awsRegion"]) == (ALICE.id, "us-east-1")
        assert looked_up(trail, "EventId", event["EventId"]) == [event]


# MON-188, MON-189
def test_every_attribute_finds_the_events_that_have_it(server, iam, trail, kms):
    user = User(server, iam, ALICE, fresh("user"))
    user.may(statement("kms:*"))
    key = user.client().create_key()["KeyMetadata"]
    user.client().describe_key(KeyId=key["KeyId"])
    user.client().disable_key(KeyId=key["KeyId"])
    own = once_there(trail, 3, "Username", user.name)
    assert sorted(names(own)) == ["CreateKey", "DescribeKey", "DisableKey"]
    for attribute, value, expected in [
        ("AccessKeyId", user.key_id, own),
        ("EventName", "DisableKey", [event for event in own if event["EventName"] == "DisableKey"]),
        ("ReadOnly", "true", [event for event in own if event["EventName"] == "DescribeKey"]),
        ("ReadOnly", "false", [event for event in own if event["EventName"] != "DescribeKey"]),
        ("EventSource", "kms.amazonaws.com", own),
        ("ResourceType", "AWS::KMS::Key", own),
    ]:
        found = looked_up(trail, attribute, value)
        assert [event for event in found if event.get("AccessKeyId") == user.key_id] == expected, attribute
        if attribute == "EventName":
            assert set(names(found)) == {value}
        if attribute == "ReadOnly":
            assert {event["ReadOnly"] for event in found} == {value}
    made = looked_up(trail, "EventName", "CreateUser")
    assert not made or made[0]["EventSource"] == "iam.amazonaws.com"
    assert not looked_up(trail, "Username", "nobody")


# MON-190
def test_what_lists_keys_is_about_none(trail, kms, key):
    kms.list_keys()
    [event] = looked_up(trail, "EventName", "ListKeys", PaginationConfig={"MaxItems": 1})
    assert not event["Resources"]


# MON-188
def test_only_the_callers_account_and_region_are_looked_into(server, trail, used):
    key, events = used
    for account, region in [(BOB, "us-east-1"), (ALICE, "us-west-2")]:
        elsewhere = boto3_client(server, account, region, service="cloudtrail")
        assert not looked_up(elsewhere, "ResourceName", key["Arn"])
        assert not looked_up(elsewhere, "EventId", events[0]["EventId"])
    for account in (ALICE, BOB):
        found = boto3_client(server, account, service="cloudtrail").lookup_events()["Events"]
        assert found
        assert {json.loads(event["CloudTrailEvent"])["recipientAccountId"] for event in found} == {account.id}


# MON-188
def test_pages_follow_each_other_without_gap_or_repetition(trail, kms, key):
    for _ in range(12):
        kms.describe_key(KeyId=key["KeyId"])
    asked = {"LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": key["Arn"]}]}
    everything = once_there(trail, 13, "ResourceName", key["Arn"])
    seen, token = [], None
    while True:
        page = trail.lookup_events(MaxResults=5, **asked, **({"NextToken": token} if token else {}))
        assert len(page["Events"]) <= 5
        seen += page["Events"]
        token = page.get("NextToken")
        # What is added meanwhile comes before the first page.
        kms.describe_key(KeyId=key["KeyId"])
        if not token:
            break
    assert seen == everything
    assert len(trail.lookup_events()["Events"]) == 50


# MON-188
def test_a_range_of_time_has_both_of_its_ends(trail, used):
    key, events = used
    time_of = events[0]["EventTime"]
    second = datetime.timedelta(seconds=1)
    within = looked_up(trail, "ResourceName", key["Arn"], StartTime=time_of, EndTime=time_of)
    assert within == [event for event in events if event["EventTime"] == time_of]
    assert not looked_up(trail, "ResourceName", key["Arn"], StartTime=time_of + second)
    assert not looked_up(trail, "ResourceName", key["Arn"], EndTime=events[-1]["EventTime"] - second)
    assert looked_up(trail, "ResourceName", key["Arn"], StartTime=time_of - datetime.timedelta(days=1000)) == events


# MON-188
def test_what_cannot_be_looked_up_is_refused_by_its_own_error(server, trail):
    lookup = trail.lookup_events
    by = [{"AttributeKey": "EventName", "AttributeValue": "Encrypt"}]
    now = datetime.datetime.now(datetime.UTC)
    with refused("InvalidTimeRangeException"):
        lookup(StartTime=now, EndTime=now - datetime.timedelta(seconds=2))
    with refused("InvalidLookupAttributesException"):
        lookup(LookupAttributes=[*by, {"AttributeKey": "Username", "AttributeValue": "x"}])
    with refused("InvalidLookupAttributesException"):
        lookup(LookupAttributes=[{"AttributeKey": "Colour", "AttributeValue": "x"}])
    with refused("InvalidLookupAttributesException"):
        lookup(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "x" * 2001}])
    with refused("InvalidMaxResultsException"):
        lookup(MaxResults=51)
    with refused("InvalidEventCategoryException"):
        lookup(EventCategory="data")
    assert lookup(EventCategory="insight")["Events"] == []
    token = lookup(LookupAttributes=by, MaxResults=1)["NextToken"]
    assert lookup(LookupAttributes=by, MaxResults=2, NextToken=token)["Events"]
    others = boto3_client(server, BOB, service="cloudtrail")
    for client, attributes, given in [
        (trail, by, "x"),
        (trail, by, token[:-8] + "AAAAAAA="),
        (trail, [], token),
        (trail, [{"AttributeKey": "EventName", "AttributeValue": "Decrypt"}], token),
        (others, by, token),
    ]:
        with refused("InvalidNextTokenException"):
            client.lookup_events(LookupAttributes=attributes, NextToken=given)


# MON-188
def test_looking_up_needs_permission_and_is_recorded(server, iam, trail):
    user = User(server, iam, ALICE, fresh("user"))
    theirs = user.client("cloudtrail")
    with pytest.raises(ClientError) as denied:
        theirs.lookup_events()
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "cloudtrail:LookupEvents" in denied.value.response["Error"]["Message"]
    user.may(statement("cloudtrail:LookupEvents"))
    attributes = [{"AttributeKey": "EventName", "AttributeValue": "Encrypt"}]
    theirs.lookup_events(LookupAttributes=attributes, MaxResults=3)
    events = once_there(trail, 2, "Username", user.name)
    assert names(events) == ["LookupEvents"] * 2
    allowed, refusal = (json.loads(event["CloudTrailEvent"]) for event in events)
    assert allowed["eventSource"] == "cloudtrail.amazonaws.com"
    assert allowed["requestParameters"] == {
        "lookupAttributes": [{"attributeKey": "EventName", "attributeValue": "Encrypt"}],
        "maxResults": 3,
    }
    assert "errorCode" not in allowed
    assert refusal["errorCode"] == "AccessDenied" or refusal["errorCode"] == "AccessDeniedException"


# MON-188
def test_segments_and_restarts_make_no_difference(tmp_path):
    """Small segments: what is looked up is in many files, some with and some without their index."""
    server = Server(tmp_path / "server", settings='[audit]\nsegment_size = "8KiB"\n').start()
    try:
        kms = boto3_client(server, ALICE)
        trail = boto3_client(server, ALICE, service="cloudtrail")
        key = kms.create_key()["KeyMetadata"]
        for _ in range(3):
            for _ in range(20):
                kms.describe_key(KeyId=key["KeyId"])
            time.sleep(1.2)
        folder = server.data / "audit"
        closed = sorted(folder.glob("trail-*.jsonl"))
        assert len(closed) >= 2
        assert len(once_there(trail, 61, "ResourceName", key["Arn"])) == 61
        server.stop()
        for index in folder.glob("*.index"):
            index.unlink()
        server.start()
        trail = boto3_client(server, ALICE, service="cloudtrail")
        events = looked_up(trail, "ResourceName", key["Arn"])
        assert len({event["EventId"] for event in events}) == 61
        assert list(folder.glob("*.index"))
    finally:
        server.stop()


# MON-188
def test_the_cli_looks_up_events(server, kms, key, tmp_path):
    kms.describe_key(KeyId=key["KeyId"])
    done = subprocess.run(
        [
            AWS,
            "cloudtrail",
            "lookup-events",
            "--lookup-attributes",
            f"AttributeKey=ResourceName,AttributeValue={key['KeyId']}",
            "--query",
            "Events[0].[EventName,Username]",
            "--output",
            "text",
        ],
        env={**clean_environment(**environment(server, ALICE)), "AWS_ENDPOINT_URL_CLOUDTRAIL": server.endpoint},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() in (["DescribeKey", "root"], ["CreateKey", "root"])
