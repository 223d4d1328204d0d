"""What the server does by itself, and what one call does in two Regions, as the records tell it."""

import os
import uuid

import pytest
from harness.clients import boto3_client, refused, until
from harness.imports import Importer
from harness.raw import Raw
from harness.record_table import DEFAULTS, METADATA
from harness.server import ALICE, DevServer
from harness.trail import Watched, call_record, check, in_words, of_request, records, resource
from harness.trail import until as until_found

HOME, AWAY = "us-east-1", "us-west-2"
INTERNAL = ["DeleteExpiredKeyMaterial", "DeleteKey", "SynchronizeMultiRegionKey", "RotateKey"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A development server whose clock moves."""
    folder = tmp_path_factory.mktemp("events")
    server = DevServer(folder / "server", arguments=["--data-dir", str(folder / "server" / "data")]).start()
    server.kms = boto3_client(server, ALICE)
    yield server
    server.stop()


def by_itself(owner):
    """What the records of everything that the server does by itself have in common."""
    return {
        "userIdentity": {"accountId": owner, "invokedBy": "AWS Internal"},
        "recipientAccountId": owner,
        "sourceIPAddress": "AWS Internal",
        "userAgent": "AWS Internal",
        "requestParameters": None,
        "readOnly": False,
    }


def advance(server, by):
    done = server.run("clock", "advance", by)
    assert done.returncode == 0, done.stderr


def events(server, name, arn, count=1):
    """The records of what the server did to a key by itself, once they are there."""

    def found():
        return [it for it in records(server, eventName=name) if it["resources"] == [resource(arn)]]

    return until_found(found, lambda seen: len(seen) >= count)


def check_event(server, record, name, arn, **members):
    # A key that is made now tells how far the clock was turned.
    now, owner = server.kms.create_key()["KeyMetadata"]["CreationDate"], arn.split(":")[4]
    members = {"eventType": "AwsServiceEvent", "resources": [resource(arn)], **by_itself(owner), **members}
    check(record, call_record(name, **members), now)


# MON-173, MON-174, MON-97, MON-52, MON-66, MON-408, MON-44
def test_rotations(world):
    key = world.kms.create_key()["KeyMetadata"]
    changed = {"keyId": key["Arn"]}
    world.kms.rotate_key_on_demand(KeyId=key["KeyId"])
    [event] = events(world, "RotateKey", key["Arn"])
    details = {"rotationType": "ON_DEMAND", "keyId": key["KeyId"]}
    check_event(world, event, "RotateKey", key["Arn"], responseElements=changed, serviceEventDetails=details)
    world.kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=90)
    advance(world, "2160h")
    event = events(world, "RotateKey", key["Arn"], 2)[1]
    details = {"rotationType": "AUTOMATIC", "keyId": key["KeyId"]}
    check_event(world, event, "RotateKey", key["Arn"], responseElements=changed, serviceEventDetails=details)


# MON-170, MON-177, MON-178, MON-408, MON-66, SPK-377
def test_the_end_of_a_key(world):
    key = world.kms.create_key()["KeyMetadata"]
    world.kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    world.kms.cancel_key_deletion(KeyId=key["KeyId"])
    world.kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    advance(world, "168h")
    [event] = events(world, "DeleteKey", key["Arn"])
    check_event(world, event, "DeleteKey", key["Arn"], responseElements={"keyId": key["Arn"]})
    with refused("NotFoundException"):
        world.kms.describe_key(KeyId=key["KeyId"])
    life = [it["eventName"] for it in records(world) if resource(key["Arn"]) in it["resources"]]
    ends = ["ScheduleKeyDeletion", "CancelKeyDeletion", "ScheduleKeyDeletion", "DeleteKey"]
    assert life == ["CreateKey", *ends], "nothing of it is gone with the key"


# MON-172, MON-176, MON-98
def test_the_end_of_imported_material(world, tmp_path):
    importer = Importer(world.kms, tmp_path)
    key = importer.key("SYMMETRIC_DEFAULT")
    arn = world.kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    day = world.kms.describe_key(KeyId=key)["KeyMetadata"]["CreationDate"].timestamp() + 86_400
    request = importer.request(key, os.urandom(32), ValidTo=day)
    world.kms.import_key_material(**request)
    advance(world, "48h")
    [event] = events(world, "DeleteExpiredKeyMaterial", arn)
    check_event(world, event, "DeleteExpiredKeyMaterial", arn, serviceEventDetails={"keyId": key})


# MON-18
@pytest.mark.parametrize("name", INTERNAL)
def test_what_the_server_does_by_itself_nobody_can_call(server, name):
    raw = Raw(server, ALICE)
    assert raw.call(name, {"KeyId": str(uuid.uuid4())}).code == "UnknownOperationException"


# MON-64, MON-124, MON-125, MON-126, MON-127, MON-175, MON-179, MON-86, MON-18, SPK-256, SPK-321, SPK-348
def test_one_call_in_two_regions(server, kms, west):
    client = Watched(kms)
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]
    arn, there = key["Arn"], key["Arn"].replace(HOME, AWAY)
    answer = client.call("ReplicateKey", {"KeyId": key["KeyId"], "ReplicaRegion": AWAY, "Description": "twin"})
    own, made = by_region(server, answer)
    assert own["eventName"] == "ReplicateKey" and own["resources"] == [resource(arn)]
    caller = {**own["userIdentity"], "invokedBy": "kms.amazonaws.com"}
    elsewhere = {
        "userIdentity": caller,
        "sourceIPAddress": "kms.amazonaws.com",
        "userAgent": "kms.amazonaws.com",
        "awsRegion": AWAY,
        "requestID": own["requestID"],
        "resources": [resource(there)],
        "readOnly": False,
    }
    replica = answer["ReplicaKeyMetadata"]
    in_set = {
        "multiRegionKeyType": "REPLICA",
        "primaryKey": {"arn": arn, "region": HOME},
        "replicaKeys": [{"arn": there, "region": AWAY}],
    }
    metadata = METADATA | {
        "keyId": key["KeyId"],
        "arn": there,
        "creationDate": in_words(replica["CreationDate"]),
        "description": "twin",
        "enabled": False,
        "keyState": "Creating",
        "multiRegion": True,
        "multiRegionConfiguration": in_set,
    }
    request = {**DEFAULTS, "description": "twin", "multiRegion": True}
    parameters = {"requestParameters": request, "responseElements": {"keyMetadata": metadata}}
    check(made, call_record("CreateKey", **elsewhere, **parameters))
    until(west, key["KeyId"], KeyState="Enabled")

    kms.enable_key_rotation(KeyId=key["KeyId"])
    synchronized = events(server, "SynchronizeMultiRegionKey", arn, 2)[-1]
    role = "aws-service-role/mrk.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceMultiRegionKeys"
    check(
        synchronized,
        call_record(
            "SynchronizeMultiRegionKey",
            **by_itself(ALICE.id),
            responseElements={"keyId": arn},
            additionalEventData={
                "servicePrincipal": "mrk.kms.amazonaws.com",
                "serviceLinkedRole": f"arn:aws:iam::{ALICE.id}:role/{role}",
            },
            requestID=str(uuid.UUID(synchronized["requestID"])),
            resources=[resource(arn)],
        ),
    )

    answer = client.call("UpdatePrimaryRegion", {"KeyId": key["KeyId"], "PrimaryRegion": AWAY})
    before, after = by_region(server, answer)
    assert before["requestParameters"] == {"keyId": key["KeyId"], "primaryRegion": AWAY}
    assert before["responseElements"] == {"keyId": arn} and before["resources"] == [resource(arn)]
    assert "invokedBy" not in before["userIdentity"] and before["eventID"] != after["eventID"]
    elsewhere |= {"requestID": before["requestID"], "responseElements": {"keyId": there}}
    request = {"keyId": there, "primaryRegion": AWAY}
    check(after, call_record("UpdatePrimaryRegion", **elsewhere, requestParameters=request))
    assert HOME not in str(after)


def by_region(server, answer):
    found = of_request(server, answer["ResponseMetadata"]["RequestId"], 2)
    return [next(it for it in found if it["awsRegion"] == region) for region in (HOME, AWAY)]
