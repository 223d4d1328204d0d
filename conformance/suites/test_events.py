"""Events as an event bus has them, from what happens to keys to those who are told: by rules, to webhooks, files,
programs and the standard output."""

import datetime
import json
import re
import subprocess

import pytest
from harness import trail
from harness.authorities import Authority
from harness.clients import boto3_client
from harness.imports import Importer
from harness.receivers import SECRET, Receiver, is_signed, soon
from harness.server import ALICE, BINARY, DevServer, Server, clean_environment
from harness.sinks import lines_of, whole_lines

HERE, THERE = "us-east-1", "us-west-2"
ROTATION, EXPIRATION, DELETION = (
    "KMS CMK Rotation",
    "KMS Imported Key Material Expiration",
    "KMS CMK Deletion",
)
OWN = {"source": ["aws.kms"], "detail-type": [{"prefix": "KMS "}]}
BY_CALL = "AWS API Call via CloudTrail"


def table(kind, **members):
    """A table of the configuration."""
    shown = "".join(f"{name} = {json.dumps(value)}\n" for name, value in members.items())
    return f"\n[[events.{kind}]]\n{shown}"


def target(name, **members):
    return table("targets", name=name, **members)


def rule(name, pattern, *targets, **members):
    return table("rules", name=name, pattern=json.dumps(pattern), targets=list(targets), **members)


class Bus(DevServer):
    """A development server whose clock moves, with targets and rules."""

    def __init__(self, folder, settings):
        Server.__init__(self, folder, settings=settings)
        self.seed = None
        self.arguments = ["--config", str(self.config)]

    def advance(self, days):
        done = self.run("clock", "advance", f"{days * 24}h" if days else "1s")
        assert done.returncode == 0, done.stderr

    @property
    def records(self):
        return trail.records(self)

    def service_events(self, key, name):
        """The records of what the service did to a key by itself."""
        return [r for r in self.records if r["eventName"] == name and r["resources"][0]["ARN"].endswith(key)]


def secret_file(folder):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "webhook.secret"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return str(path)


@pytest.fixture(scope="module")
def receiver():
    return Receiver()


@pytest.fixture(scope="module")
def bus(tmp_path_factory, receiver):
    """A bus that tells a receiver, a file and a program of the service's own events, and files of calls."""
    folder = tmp_path_factory.mktemp("events")
    program = folder / "on-event"
    program.write_text(f"#!/bin/sh\ncat >> {folder}/program.jsonl\n")
    program.chmod(0o700)
    tagging = {"eventName": ["TagResource", "UntagResource"]}
    aliases = {"eventName": [{"wildcard": "*Alias"}]}
    settings = (
        target("hook", url=receiver.url, secret_file=secret_file(folder))
        + target("file", file=f"{folder}/own.jsonl")
        + target("changes", file=f"{folder}/changes.jsonl")
        + target("all", file=f"{folder}/all.jsonl")
        + target("program", command=str(program))
        + target("silent", file=f"{folder}/silent.jsonl")
        + rule("own", OWN, "hook", "file", "program")
        + rule("tags", {"source": ["aws.kms"], "detail": tagging}, "changes")
        + rule("aliases", {"source": ["aws.kms"], "detail": aliases}, "changes")
        + rule("all", {"account": [ALICE.id]}, "all", state="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
        + rule("off", {"account": [ALICE.id]}, "silent", state="DISABLED")
    )
    server = Bus(folder / "server", settings)
    server.folder_of_targets = folder
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def kms(bus):
    return boto3_client(bus, ALICE)


def lines(bus, name):
    return lines_of(bus.folder_of_targets / f"{name}.jsonl")


def new_key(kms, **asked):
    return kms.create_key(**asked)["KeyMetadata"]


def check_form(event, detail_type, key, region=HERE):
    """The event, member by member and in its order."""
    assert list(event) == [
        "version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail",
    ]  # fmt: skip
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", event["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"])
    del event["id"], event["time"]
    assert event == {
        "version": "0",
        "detail-type": detail_type,
        "source": "aws.kms",
        "account": ALICE.id,
        "region": region,
        "resources": [f"arn:aws:kms:{region}:{ALICE.id}:key/{key}"],
        "detail": {"key-id": key},
    }


# MON-237, MON-240, MON-241, MON-242, MON-244, MON-248, MON-249, MON-425, KEY-424, REF-118
def test_each_rotation_is_an_event(bus, kms, receiver):
    key = new_key(kms)["KeyId"]
    kms.rotate_key_on_demand(KeyId=key)
    bus.advance(0)
    soon(lambda: len(receiver.about(key)) == 1)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    bus.advance(91)
    events = soon(lambda: len(found := receiver.about(key)) == 2 and found)
    records = bus.service_events(key, "RotateKey")
    assert [r["serviceEventDetails"]["rotationType"] for r in records] == ["ON_DEMAND", "AUTOMATIC"]
    assert [event["time"] for event in events] == [record["eventTime"] for record in records]
    for event in events:
        check_form(event, ROTATION, key)


# MON-237, MON-249, KEY-424
def test_the_yearly_rotation_of_a_services_key_is_an_event(bus, kms, receiver):
    key = kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]
    assert key["KeyManager"] == "AWS"
    bus.advance(366)
    [event] = soon(lambda: receiver.about(key["KeyId"]))
    assert len(bus.service_events(key["KeyId"], "RotateKey")) == 1
    check_form(event, ROTATION, key["KeyId"])


# MON-425
def test_a_rotation_of_a_multi_region_key_is_an_event_in_each_region(bus, kms, receiver):
    key = new_key(kms, MultiRegion=True)["KeyId"]
    kms.replicate_key(KeyId=key, ReplicaRegion=THERE)
    there = boto3_client(bus, ALICE, THERE)
    soon(lambda: there.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled")
    kms.rotate_key_on_demand(KeyId=key)
    bus.advance(0)
    events = soon(lambda: len(found := receiver.about(key)) == 2 and found)
    regions = sorted(event["region"] for event in events)
    assert regions == [HERE, THERE]
    for event in events:
        check_form(event, ROTATION, key, event["region"])


# MON-238, MON-240, MON-248, SPK-518, REF-118
def test_the_expiry_of_imported_material_is_an_event(bus, kms, receiver, tmp_path):
    importer = Importer(kms, tmp_path)
    key = new_key(kms, Origin="EXTERNAL")["KeyId"]
    ends = datetime.datetime.fromtimestamp(soon_after(kms, key), datetime.UTC) + datetime.timedelta(days=2)
    kms.import_key_material(**importer.request(key, bytes(range(32)), ValidTo=ends))
    assert receiver.about(key) == []
    bus.advance(3)
    [event] = soon(lambda: receiver.about(key))
    [record] = bus.service_events(key, "DeleteExpiredKeyMaterial")
    assert event["time"] == record["eventTime"]
    check_form(event, EXPIRATION, key)


def soon_after(kms, key):
    """The time of the server's clock, a moment ago."""
    return kms.describe_key(KeyId=key)["KeyMetadata"]["CreationDate"].timestamp()


# MON-239, MON-240, MON-245, MON-248, REF-118
def test_the_end_of_a_key_is_an_event_and_nothing_before_it_is(bus, kms, receiver):
    key = new_key(kms)["KeyId"]
    kms.disable_key(KeyId=key)
    kms.enable_key(KeyId=key)
    kms.put_key_policy(KeyId=key, Policy=kms.get_key_policy(KeyId=key)["Policy"])
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    kms.cancel_key_deletion(KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    bus.advance(6)
    assert receiver.about(key) == []
    bus.advance(2)
    [event] = soon(lambda: receiver.about(key))
    [record] = bus.service_events(key, "DeleteKey")
    assert event["time"] == record["eventTime"]
    check_form(event, DELETION, key)
    # Whoever wants the other steps matches the records of the calls.
    steps = {"CreateKey", "DisableKey", "EnableKey", "PutKeyPolicy", "ScheduleKeyDeletion", "CancelKeyDeletion"}

    def told():
        return {event["detail"].get("eventName") for event in lines(bus, "all") if key in json.dumps(event)}

    soon(lambda: steps <= told())


# MON-10, MON-236, MON-246
def test_a_match_goes_to_each_target_of_its_rule(bus, kms, receiver):
    key = new_key(kms)["KeyId"]
    kms.rotate_key_on_demand(KeyId=key)
    bus.advance(0)
    [event] = soon(lambda: receiver.about(key))
    for name in ("file", "program"):
        at = "own" if name == "file" else name
        soon(lambda at=at: event in lines(bus, at))
    kinds = {event["detail-type"] for event in lines(bus, "all") if event["detail-type"].startswith("KMS ")}
    assert kinds <= {ROTATION, EXPIRATION, DELETION}
    assert lines(bus, "silent") == [], "a rule that is disabled sends nothing"


# MON-10, MON-245, MON-246, REF-118, KEY-242, AUTHZ-215
def test_calls_are_routed_by_what_their_records_say(bus, kms):
    key = new_key(kms)
    name = f"alias/{key['KeyId']}"
    kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "Team", "TagValue": "x"}])
    kms.untag_resource(KeyId=key["KeyId"], TagKeys=["Team"])
    kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    kms.update_alias(AliasName=name, TargetKeyId=new_key(kms)["KeyId"])
    kms.describe_key(KeyId=key["KeyId"])
    kms.delete_alias(AliasName=name)

    def told():
        return [event for event in lines(bus, "changes") if key["KeyId"] in json.dumps(event)]

    expected = ["TagResource", "UntagResource", "CreateAlias", "UpdateAlias", "DeleteAlias"]
    soon(lambda: [event["detail"]["eventName"] for event in told()] == expected)
    by_id = {record["eventID"]: record for record in bus.records}
    for event in told():
        assert (event["source"], event["detail-type"]) == ("aws.kms", BY_CALL)
        assert event["resources"] == []
        assert event["detail"] == by_id[event["detail"]["eventID"]]
    # Calls that change nothing come to who asks for them alone.
    soon(lambda: any(event["detail"].get("eventName") == "DescribeKey" for event in lines(bus, "all")))
    assert all(event["detail"]["eventName"] != "DescribeKey" for event in lines(bus, "changes"))


# MON-246, AUTHZ-215
def test_a_rule_watches_the_tags_and_aliases_that_it_names(tmp_path):
    watched = {
        "$or": [
            {"eventName": ["TagResource"], "requestParameters": {"tags": {"tagKey": ["Team"]}}},
            {"eventName": ["UntagResource"], "requestParameters": {"tagKeys": ["Team"]}},
            {
                "eventName": ["UpdateAlias", "DeleteAlias"],
                "requestParameters": {"aliasName": [{"prefix": "alias/prod"}]},
            },
        ]
    }
    out = tmp_path / "watched.jsonl"
    settings = target("watch", file=str(out)) + rule("watch", {"detail": watched}, "watch")
    server = Bus(tmp_path / "server", settings).start()
    try:
        kms = boto3_client(server, ALICE)
        key, other = new_key(kms)["KeyId"], new_key(kms)["KeyId"]
        for tag in ("Team", "Cost"):
            kms.tag_resource(KeyId=key, Tags=[{"TagKey": tag, "TagValue": "x"}])
            kms.untag_resource(KeyId=key, TagKeys=[tag])
        for alias in ("alias/prod-1", "alias/test-1"):
            kms.create_alias(AliasName=alias, TargetKeyId=key)
            kms.update_alias(AliasName=alias, TargetKeyId=other)
            kms.delete_alias(AliasName=alias)
        expected = ["TagResource", "UntagResource", "UpdateAlias", "DeleteAlias"]
        soon(lambda: len(lines_of(out)) >= 4)
        told = [line["detail"] for line in lines_of(out)]
        assert [detail["eventName"] for detail in told] == expected
        assert "Cost" not in json.dumps(told) and "alias/test" not in json.dumps(told)
    finally:
        server.stop()


def test_each_request_is_signed_and_carries_the_events_id(bus, kms, receiver):
    key = new_key(kms)["KeyId"]
    kms.rotate_key_on_demand(KeyId=key)
    bus.advance(0)
    soon(lambda: receiver.about(key))
    for path, headers, body, _ in receiver.requests:
        assert path == "/events"
        assert is_signed(headers, body)
        assert not is_signed(headers, body + b" ")
        assert {name.lower(): value for name, value in headers.items()}["webhook-id"] == json.loads(body)["id"]


# MON-239, MON-243, MON-426
def test_a_deletion_is_told_of_whatever_happens_on_the_way(tmp_path):
    receiver, well = Receiver(), tmp_path / "well.jsonl"
    settings = (
        target("hook", url=receiver.url, secret_file=secret_file(tmp_path))
        + target("well", file=str(well))
        + rule("own", OWN, "hook", "well")
    )
    server = Bus(tmp_path / "server", settings).start()
    kms = boto3_client(server, ALICE)
    key = new_key(kms)["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    # Nobody is there when the key goes, and somebody else is told all the same.
    receiver.close()
    server.advance(8)
    soon(lambda: key in json.dumps(lines_of(well)))
    server.kill()
    server.start()
    # Then somebody is there who takes nothing, and the server is killed again.
    receiver.status = 503
    receiver.open()
    soon(lambda: len(receiver.requests) >= 2)
    assert receiver.about(key) == []
    server.kill()
    receiver.status = 204
    server.start()
    [event] = soon(lambda: receiver.about(key))
    ids = {json.loads(body)["id"] for _, _, body, _ in receiver.requests}
    assert ids == {event["id"]}, "it is the same event each time"
    bodies = {body for _, _, body, _ in receiver.requests}
    assert len(bodies) == 1
    assert {line["id"] for line in lines_of(well)} == ids
    assert server.stop() == 0


def test_one_that_is_out_of_reach_keeps_nobody_waiting_and_misses_nothing(tmp_path):
    ill, well = Receiver(), Receiver()
    settings = (
        target("ill", url=ill.url, secret_file=secret_file(tmp_path))
        + target("well", url=well.url, secret_file=secret_file(tmp_path))
        + rule("creations", {"detail": {"eventName": ["CreateKey"]}}, "ill", "well")
    )
    server = Bus(tmp_path / "server", settings).start()
    try:
        kms = boto3_client(server, ALICE)
        ill.close()
        made = [new_key(kms)["KeyId"] for _ in range(20)]

        def told(receiver):
            return [event["detail"]["responseElements"]["keyMetadata"]["keyId"] for event in receiver.events]

        soon(lambda: told(well) == made)
        ill.open()
        soon(lambda: told(ill) == made)
    finally:
        server.stop()


def test_a_redirect_is_not_followed(tmp_path):
    elsewhere, receiver = Receiver(), Receiver(status=307)
    receiver.headers["Location"] = elsewhere.url
    settings = target("hook", url=receiver.url, secret_file=secret_file(tmp_path)) + rule(
        "creations", {"detail": {"eventName": ["CreateKey"]}}, "hook"
    )
    server = Bus(tmp_path / "server", settings).start()
    try:
        new_key(boto3_client(server, ALICE))
        soon(lambda: len(receiver.requests) >= 2)
        receiver.status = 200
        soon(lambda: receiver.events)
        assert elsewhere.requests == []
    finally:
        server.stop()


def test_a_receiver_behind_tls_is_believed_by_its_certificate(tmp_path):
    right, other = Authority(tmp_path, "right"), Authority(tmp_path, "other")
    receiver, secret = Receiver(tls=right.server()), secret_file(tmp_path)
    settings = (
        target("right", url=receiver.url, secret_file=secret, ca_file=str(right.file))
        + target("wrong", url=receiver.url + "?wrong", secret_file=secret, ca_file=str(other.file))
        + rule("creations", {"detail": {"eventName": ["CreateKey"]}}, "right", "wrong")
    )
    server = Bus(tmp_path / "server", settings).start()
    try:
        new_key(boto3_client(server, ALICE))
        soon(lambda: receiver.events)
        soon(lambda: "events/wrong" in server.log.read_text())
        assert all("wrong" not in path for path, *_ in receiver.requests)
    finally:
        server.stop()


def test_events_go_to_the_standard_output(tmp_path):
    settings = target("out", stdout=True) + rule("creations", {"detail": {"eventName": ["CreateKey"]}}, "out")
    server = Bus(tmp_path / "server", settings).start()
    try:
        key = new_key(boto3_client(server, ALICE))["KeyId"]

        def printed():
            return [json.loads(line) for line in whole_lines(server.log) if line.startswith('{"version":"0"')]

        [event] = soon(printed)
        assert event["detail"]["responseElements"]["keyMetadata"]["keyId"] == key
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (target("a", url="http://example.com/x", secret_file="/x"), "http://example.com/x"),
        (target("a", url="http://127.0.0.1/x"), "`secret_file` is missing"),
        (target("a", file="/x", stdout=True), "one of `url`, `file`, `command` and `stdout = true`"),
        (target("a", file="/x", ca_file="/y"), "are for a `url`"),
        (target("a", file="/x") + target("a", file="/y"), "two have the name `a`"),
        (target("a b", file="/x"), "a name has"),
        (rule("r", {"source": ["aws.kms"]}, "nobody"), "there is no target `nobody`"),
        (target("a", file="/x") + rule("r", {"source": "aws.kms"}, "a"), "it is no event pattern: at `source`"),
        (target("a", file="/x") + rule("r", {"source": ["x"]}, "a", state="ON"), "`ON` is not one of"),
        (target("a", file="/x") + rule("r", {"source": ["x"]}, "a", retries=3), "there is no setting"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_at_the_start(tmp_path, settings, said):
    server = Server(tmp_path, settings=settings)
    checked = server.run("config", "check")
    assert checked.returncode != 0
    assert said in checked.stdout + checked.stderr


def test_a_secret_that_is_none_is_refused_and_not_repeated(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    settings = target("hook", url="http://127.0.0.1:1/", secret_file=str(secret)) + rule("r", OWN, "hook")
    server = Bus(tmp_path / "server", settings)
    started = subprocess.run(
        [BINARY, "serve", "--dev", "--config", str(server.config)],
        env=clean_environment(), cwd=server.folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert started.returncode != 0
    assert "line 1 is no secret" in started.stderr and "hunter2" not in started.stderr
