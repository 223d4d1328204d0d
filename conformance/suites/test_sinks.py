"""Sinks of the trail: what is recorded arrives where it is to be, whatever happens on the way."""

import contextlib
import gzip
import json
import re
import socket
import threading
import time

import pytest
from harness import trail
from harness.buckets import Bucket
from harness.clients import boto3_client
from harness.metrics import numbers
from harness.receivers import soon
from harness.server import ALICE, BOB, Server
from harness.sinks import (
    HERE,
    THERE,
    create_keys,
    ids,
    lines_of,
    log_files,
    records_in,
    records_of,
    running,
    sink,
    validate,
    whole_lines,
)


# MON-11, REF-121
def test_every_record_is_a_line_of_a_file_and_of_the_standard_output(tmp_path):
    out = tmp_path / "records.jsonl"
    with running(tmp_path, sink("file", file=str(out)) + sink("out", stdout=True)) as server:
        create_keys(server, 3)
        create_keys(server, 2, BOB, THERE)
        new = soon(lambda: len(found := [r for r in server.records if r["eventName"] == "CreateKey"]) == 5 and found)
        soon(lambda: ids(lines_of(out))[-5:] == ids(new))

        def printed():
            return [json.loads(line) for line in whole_lines(server.log) if line.startswith('{"eventVersion"')]

        soon(lambda: printed()[-5:] == new)


# MON-402: the chained trail is the truth, which whoever checks it finds whole; beside it the same records lie in the
# files of CloudTrail and go to a collector.
def test_the_trail_is_the_truth_and_sinks_have_the_same(tmp_path):
    folder, collector = tmp_path / "logs", Collector()
    files = sink("files", cloudtrail=str(folder), interval="1s", accounts=[ALICE.id])
    with running(tmp_path, files + sink("siem", syslog=f"tcp://127.0.0.1:{collector.port}")) as server:
        create_keys(server, 3)

        def created(found):
            return [record for record in found if record["eventName"] == "CreateKey"]

        soon(lambda: len(created(server.records)) == 3)
        wanted = created(server.records)

        def filed():
            found = created(records_in(log_files(folder)))
            # The names of files do not tell in which order they were written in a minute.
            return sorted(found, key=lambda record: ids(wanted).index(record["eventID"]))

        soon(lambda: filed() == wanted)
        soon(lambda: created(map(check_message, collector.messages)) == wanted)
        verified = server.run("audit", "verify", "--json")
        assert verified.returncode == 0 and json.loads(verified.stdout)["Intact"]


# MON-28, MON-187, MON-193, MON-197, MON-198
def test_a_sink_gets_what_its_owner_wants_and_the_trail_has_all(tmp_path):
    files = {name: tmp_path / f"{name}.jsonl" for name in ("bobs", "there", "nokms", "all")}
    settings = (
        sink("bobs", file=str(files["bobs"]), accounts=[BOB.id])
        + sink("there", file=str(files["there"]), regions=[THERE])
        + sink("nokms", file=str(files["nokms"]), exclude_management_event_sources=["kms.amazonaws.com"])
        + sink("all", file=str(files["all"]))
    )
    with running(tmp_path, settings) as server:
        create_keys(server, 1)
        create_keys(server, 1, ALICE, THERE)
        [last] = create_keys(server, 1, BOB, THERE)
        boto3_client(server, ALICE, service="sts").get_caller_identity()
        boto3_client(server, BOB, service="iam").list_users()
        soon(lambda: any(record["eventName"] == "ListUsers" for record in lines_of(files["all"])))
        everything = lines_of(files["all"])
        assert last in json.dumps(everything)
        assert ids(everything) == ids(server.records)[-len(everything) :]
        for name, wanted in {
            "bobs": lambda record: record.get("recipientAccountId") == BOB.id,
            "there": lambda record: record["awsRegion"] == THERE,
            "nokms": lambda record: record["eventSource"] != "kms.amazonaws.com",
        }.items():
            expected = [record for record in everything if wanted(record)]
            assert expected
            soon(lambda name=name, expected=expected: lines_of(files[name]) == expected)


# MON-193, MON-194, MON-196, MON-197, MON-198
def test_what_a_sink_is_without_is_told_in_it(tmp_path):
    out = tmp_path / "records.jsonl"
    without = sink("one", file=str(out), exclude_management_event_sources=["kms.amazonaws.com"])
    settings = sink("one", file=str(out))
    with running(tmp_path, settings) as server:
        whole = server.config.read_text()
        for text, number in [(whole.replace(settings, without), 1), (whole, 2)]:
            assert server.stop() == 0
            server.config.write_text(text)
            server.start()
            create_keys(server, 1)
            boto3_client(server, ALICE, service="sts").get_caller_identity()

            def told():
                return [r for r in lines_of(out) if r["eventName"] == "PutEventSelectors"]

            soon(lambda number=number: len(told()) == number)
            excluded = "kms.amazonaws.com" if number == 1 else ""
            changes = ["trail: one", f"excludeManagementEventSources: {excluded}"]
            assert told()[-1]["responseElements"]["changes"] == changes
            soon(lambda number=number: [r["eventName"] for r in lines_of(out)].count("GetCallerIdentity") == number)
            # What looks into the trail, or protects a key by it, has all of them.
            looked_up = boto3_client(server, ALICE, service="cloudtrail").lookup_events(
                LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateKey"}]
            )
            assert len(looked_up["Events"]) == number
        soon(lambda: [r["eventName"] for r in lines_of(out)].count("CreateKey") == 1)
        made = [record["eventID"] for record in server.records if record["eventName"] == "CreateKey"]
        assert [r["eventID"] for r in lines_of(out) if r["eventName"] == "CreateKey"] == made[1:], (
            "what was left out stays out"
        )
        # Nothing else was changed, so nothing else is told.
        server.stop()
        server.start()
        create_keys(server, 1)
        soon(lambda: [r["eventName"] for r in lines_of(out)].count("CreateKey") == 2)
        assert len(told()) == 2


# REF-121
def test_a_sink_that_is_out_of_reach_misses_nothing_and_holds_up_nobody(tmp_path):
    ill, well = tmp_path / "later" / "ill.jsonl", tmp_path / "well.jsonl"
    settings = sink("ill", file=str(ill)) + sink("well", file=str(well))
    with running(tmp_path, settings) as server:
        create_keys(server, 5)
        soon(lambda: len([r for r in lines_of(well) if r["eventName"] == "CreateKey"]) == 5)
        soon(lambda: "audit/ill" in server.log.read_text())
        server.kill()
        server.start()
        create_keys(server, 5)
        soon(lambda: len({r["eventID"] for r in lines_of(well) if r["eventName"] == "CreateKey"}) == 10)
        ill.parent.mkdir()
        wanted = [record["eventID"] for record in server.records if record["eventName"] == "CreateKey"]
        soon(lambda: [r["eventID"] for r in lines_of(ill) if r["eventName"] == "CreateKey"] == wanted)


def sizes_of(server):
    """How long each of the trail's files is, the oldest first."""
    return {path.name: len(text) for path, text in trail.files(server).items()}


def size_of(server):
    return sum(sizes_of(server).values())


def restart(server):
    """What need not be kept is removed at the start."""
    assert server.stop() == 0
    server.start()


# REF-121
def test_the_trail_waits_for_a_sink_and_tells_what_it_misses(tmp_path):
    ill, well = tmp_path / "later" / "ill.jsonl", tmp_path / "well.jsonl"
    keeping = '\n[audit]\nsegment_size = "32KiB"\nkeep_size = "128KiB"\n'
    settings = keeping + sink("ill", file=str(ill)) + sink("well", file=str(well))
    with running(tmp_path, settings) as server:

        def grow(size):
            """Records until the trail is this large, in many segments."""
            while size_of(server) < size:
                boto3_client(server, ALICE).create_key(Description="x" * 8192)
                sizes = sizes_of(server)
                if sizes["trail.jsonl"] > 32 << 10:
                    soon(lambda sizes=sizes: len(sizes_of(server)) > len(sizes))

        def about(outlet, metric):
            return numbers(server).sum(f"trent_delivery_{metric}", outlet=outlet)

        def first_file():
            return next(iter(sizes_of(server)))

        grow(200 << 10)
        first = first_file()
        restart(server)
        soon(lambda: about("audit/ill", "failing_seconds") > 0)
        soon(lambda: about("audit/well", "waiting_records") == 0)
        assert first_file() == first, "there is too much, and somebody is still to get it"
        created = [record for record in server.records if record["eventName"] == "CreateKey"]
        assert about("audit/ill", "waiting_records") >= len(created)
        assert about("audit/well", "failing_seconds") == 0
        said = server.run("status").stdout
        assert re.search(r"Delivery audit/ill: \d+ records wait, failing for \d+ s: .*No such file", said), said
        assert "Delivery audit/well: 0 records wait\n" in said, said

        grow(600 << 10)
        restart(server)
        soon(lambda: size_of(server) <= 256 << 10)

        def told():
            """From which record to which one are told to be missed, one row for each time that some were removed."""
            records = trail.records(server, eventName="RemoveUndeliveredRecords")
            changes = [change for record in records for change in record["responseElements"]["changes"]]
            rows = [re.fullmatch(r"audit/ill: records (\d+) to (\d+)", change) for change in changes]
            return [(int(row[1]), int(row[2])) for row in rows]

        # It is told once all that goes is gone.
        soon(lambda: (rows := told()) and rows[-1][1] == int(re.search(r"\d{20}", first_file())[0]) - 1)
        missed = about("audit/ill", "missed_records_total")
        assert missed == sum(last - first + 1 for first, last in told())
        assert first_file() != first and about("audit/well", "missed_records_total") == 0
        assert "records were removed before they were delivered" in server.log.read_text()
        assert f"{int(missed)} were removed before they were delivered" in server.run("status").stdout
        # Memory has a page of what is gone, and the rest is there still.
        ill.parent.mkdir()
        for outlet in ("audit/ill", "audit/well"):
            soon(lambda outlet=outlet: about(outlet, "waiting_records") == 0)
        everything, delivered = ids(lines_of(well)), ids(lines_of(ill))
        assert delivered == [event for event in everything if event in set(delivered)]
        assert len(everything) - len(delivered) == missed
        # That some are missing is not forgotten.
        restart(server)
        assert about("audit/ill", "missed_records_total") == missed
        verified = server.run("audit", "verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr


class Collector:
    """A collector of syslog messages over TCP, each with its length in front."""

    def __init__(self, port=0):
        self.received = b""
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                while chunk := connection.recv(65536):
                    self.received += chunk

    @property
    def messages(self):
        found, rest = [], self.received
        while match := re.match(rb"(\d+) ", rest):
            end = match.end() + int(match[1])
            if end > len(rest):
                break
            found.append(rest[match.end() : end].decode())
            rest = rest[end:]
        return found


MESSAGE = re.compile(r"<(\d+)>1 (\S+) (\S+) trent (\d+) (\S+) - (\{.*\})$", re.DOTALL)


def check_message(message):
    priority, time, _, _, operation, record = MESSAGE.match(message).groups()
    record = json.loads(record)
    assert time == record["eventTime"] and operation == record["eventName"]
    assert int(priority) == 13 * 8 + (4 if "errorCode" in record else 6)
    return record


# MON-11, REF-121
def test_records_are_messages_to_collectors(tmp_path):
    stream = Collector()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    local = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    local.bind(str(tmp_path / "log.sock"))
    settings = (
        sink("tcp", syslog=f"tcp://127.0.0.1:{stream.port}", accounts=[ALICE.id])
        + sink("udp", syslog=f"udp://127.0.0.1:{datagrams.getsockname()[1]}", accounts=[ALICE.id])
        + sink("unix", syslog=f"unix://{tmp_path}/log.sock", accounts=[ALICE.id])
    )
    with running(tmp_path, settings) as server:
        kms = boto3_client(server, ALICE)
        kms.create_key()
        with contextlib.suppress(kms.exceptions.NotFoundException):
            kms.describe_key(KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")
        expected = records_of(server, ALICE, 2)
        soon(lambda: [check_message(message) for message in stream.messages][-2:] == expected)
        for collector in (datagrams, local):
            collector.settimeout(20)
            received = []
            while not received or received[-1] != expected[-1]:
                received.append(check_message(collector.recv(65536).decode()))
            assert received[-2:] == expected


# MON-5, MON-186, MON-187
def test_log_files_are_laid_out_as_tools_expect_them(tmp_path):
    folder = tmp_path / "logs"
    with running(tmp_path, sink("files", cloudtrail=str(folder), interval="1s")) as server:
        create_keys(server, 3)
        create_keys(server, 2, BOB, THERE)
        for account, region, number in [(ALICE, HERE, 3), (BOB, THERE, 2)]:

            def filed(account=account, region=region):
                found = records_in(log_files(folder, account.id, region))
                return [record for record in found if record["eventName"] == "CreateKey"]

            soon(lambda filed=filed, number=number: len(filed()) == number)
            of_trail = [
                r for r in server.records if r["eventName"] == "CreateKey" and r["recipientAccountId"] == account.id
            ]
            assert filed() == of_trail
            for file in log_files(folder, account.id, region):
                assert re.fullmatch(
                    rf"{account.id}_CloudTrail_{region}_\d{{8}}T\d{{4}}Z_[0-9a-f]{{16}}\.json\.gz", file.name
                )
                day = re.search(r"/(\d{4})/(\d\d)/(\d\d)/", str(file))
                assert "".join(day.groups()) in file.name
        # What waits for its file at a crash is in one afterwards.
        create_keys(server, 2)
        server.kill()
        server.start()
        wanted = {r["eventID"] for r in server.records if r["eventName"] == "CreateKey" and r["awsRegion"] == HERE}
        soon(lambda: wanted <= set(ids(records_in(log_files(folder)))))


# MON-5, MON-6
def test_the_aws_cli_validates_log_files_and_digests(tmp_path):
    folder = tmp_path / "logs"
    settings = sink("files", cloudtrail=str(folder), bucket="logs", interval="1s", digest_interval="2s")

    def digests():
        return sorted(folder.glob(f"AWSLogs/{ALICE.id}/CloudTrail-Digest/{HERE}/*/*/*/*.json.gz"))

    with running(tmp_path, settings) as server:
        for number in (1, 2, 3):
            create_keys(server, 1)
            soon(lambda number=number: len(digests()) >= number)
            # The chain goes on over a restart.
            if number == 1:
                server.kill()
                server.start()
    bucket = Bucket(folder, "logs")
    code, said = validate(bucket, "files")
    assert code == 0, said
    covered = [json.loads(gzip.decompress(digest.read_bytes()))["logFiles"] for digest in digests()]
    number = sum(map(len, covered))
    assert f"{len(digests())}/{len(digests())} digest files valid" in said, said
    assert f"{number}/{number} log files valid" in said, said
    # A record is changed, a log file removed, a digest changed, a digest removed: each is found.
    first = folder / covered[0][0]["s3Object"]
    for file, said_then in [
        (first, "hash value doesn't match"),
        (digests()[1], "INVALID"),
    ]:
        kept = file.read_bytes()
        file.write_bytes(gzip.compress(gzip.decompress(kept).replace(b"111122223333", b"111122223334", 1)))
        code, said = validate(bucket, "files")
        assert code != 0 and said_then in said, said
        file.unlink()
        code, said = validate(bucket, "files")
        assert code != 0 and "not found" in said, said
        file.write_bytes(kept)
    assert validate(bucket, "files")[0] == 0


# MON-6
def test_each_record_is_in_one_log_file_and_each_log_file_in_one_digest_whatever_is_killed(tmp_path):
    folder = tmp_path / "logs"
    settings = sink("files", cloudtrail=str(folder), bucket="logs", interval="1s", digest_interval="1s")

    def digests():
        return sorted(folder.glob("AWSLogs/*/CloudTrail-Digest/*/*/*/*/*.json.gz"))

    def named():
        every = [json.loads(gzip.decompress(digest.read_bytes()))["logFiles"] for digest in digests()]
        return [file["s3Object"] for files in every for file in files]

    def written():
        return sorted(str(file.relative_to(folder)) for file in folder.glob("AWSLogs/*/CloudTrail/*/*/*/*/*.json.gz"))

    with running(tmp_path, settings) as server:
        for kill in range(8):
            # As soon as one more of the log files is there, or of the digests.
            made = digests if kill % 2 else written
            before = len(made())
            create_keys(server, 2)
            create_keys(server, 1, BOB, THERE)
            deadline = time.monotonic() + 30
            while len(made()) == before:
                assert time.monotonic() < deadline
            server.kill()
            server.start()
        wanted = {record["eventID"] for record in server.records if record["eventName"] == "CreateKey"}
        assert len(wanted) == 24
        soon(lambda: wanted <= set(ids(records_in(folder / file for file in written()))))
        soon(lambda: sorted(named()) == written())
        filed = ids(records_in(folder / file for file in written()))
        assert len(filed) == len(set(filed))
    assert not list(folder.glob("**/*.unfinished"))
    code, said = validate(Bucket(folder, "logs"), "files")
    assert code == 0, said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (sink("a"), "one of `file`, `stdout = true`, `syslog`, `cloudtrail`, `s3` and `otlp`"),
        (sink("a", file="/x", syslog="udp://h:1"), "one of `file`"),
        (sink("a", file="/x", interval="1s"), "`interval` is for `cloudtrail` and `s3`"),
        (sink("a", syslog="udp://h:1", headers_file="/x"), "`headers_file` is for `otlp`"),
        (sink("a", otlp="http://collector.example.com:4318"), "is no address of a collector"),
        (sink("a", s3="https://s3.example.com", bucket="b"), "`credentials_file` is missing"),
        (sink("a", syslog="h:514"), "is no collector"),
        (sink("a", file="/x", accounts=["12"]), "12"),
        (sink("a", file="/x", exclude_management_event_sources=["kms"]), "`kms` is no source of events"),
        (sink("a", file="/x", event_names=["Encrypt"]), "there is no setting"),
        (sink("a", file="/x") + sink("a", file="/y"), "two have the name `a`"),
    ],
)
# MON-193: there is no way to exclude single operations.
def test_what_cannot_be_obeyed_is_refused_at_the_start(tmp_path, settings, said):
    checked = Server(tmp_path, settings=settings).run("config", "check")
    assert checked.returncode != 0
    assert said in checked.stdout + checked.stderr
