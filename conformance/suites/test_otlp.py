"""Collectors of OpenTelemetry: records of the trail as log records, requests as spans."""

import base64
import datetime
import json
import secrets as random
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from harness.authorities import Authority
from harness.clients import boto3_client
from harness.collectors import Collector
from harness.identities import fresh
from harness.receivers import soon
from harness.secrets import note
from harness.server import ALICE, BOB, Server
from harness.sinks import HERE, Recorded, create_keys, lines_of, records_of, running, sink


def created(logs):
    """The ids of the records of keys that were made, in the order in which they came."""
    return [log.id for log in logs if log.record["eventName"] == "CreateKey"]


def in_order(ids):
    """Each once, where it came first."""
    return list(dict.fromkeys(ids))


# MON-11, MON-402, REF-121
def test_records_are_log_records_of_a_collector(tmp_path):
    collector = Collector()
    with running(tmp_path, sink("otel", otlp=collector.url, accounts=[ALICE.id])) as server:
        create_keys(server, 2)
        create_keys(server, 1, BOB)
        kms = boto3_client(server, ALICE)
        with pytest.raises(ClientError):
            kms.describe_key(KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")
        wanted = records_of(server, ALICE, 3)
        soon(lambda: [log.record for log in collector.logs][-3:] == wanted)
        logs = collector.logs
        for log in logs:
            record = log.record
            assert log.resource["service.name"] == "trent" and log.resource["service.version"]
            when = datetime.datetime.fromisoformat(record["eventTime"])
            assert log.log.time_unix_nano == int(when.timestamp()) * 10**9
            assert log.log.observed_time_unix_nano >= log.log.time_unix_nano
            assert log.log.severity_text == ("WARN" if "errorCode" in record else "INFO")
            expected = {
                "log.record.uid": record["eventID"],
                "rpc.system": "aws-api",
                "rpc.service": record["eventSource"],
                "rpc.method": record["eventName"],
                "cloud.account.id": ALICE.id,
                "cloud.region": record["awsRegion"],
            }
            for attribute, member in (("aws.request_id", "requestID"), ("error.type", "errorCode")):
                if member in record:
                    expected[attribute] = record[member]
            assert log.attributes == expected
        assert logs[-1].attributes["error.type"] == "NotFoundException"


# REF-121
def test_a_collector_that_is_out_of_reach_gets_everything_and_each_record_with_its_id(tmp_path):
    collector = Collector()
    with running(tmp_path, sink("otel", otlp=collector.url)) as server:
        create_keys(server, 2)
        soon(lambda: len(created(collector.logs)) == 2)
        collector.close()
        create_keys(server, 3)
        soon(lambda: "audit/otel" in server.log.read_text())
        # What was not delivered survives the server.
        server.kill()
        server.start()
        create_keys(server, 1)
        # One that is there and says that it has nothing is no better.
        collector.status = 503
        collector.open()
        soon(lambda: "it answers 503" in server.run("status").stdout)
        collector.status = 200
        wanted = [record["eventID"] for record in server.records if record["eventName"] == "CreateKey"]
        assert len(wanted) == 6
        soon(lambda: set(created(collector.logs)) == set(wanted))
        assert in_order(created(collector.logs)) == wanted
        by_id = {}
        for log in collector.logs:
            assert by_id.setdefault(log.id, log.record) == log.record
        # What is sent again after a crash is what was sent before.
        server.kill()
        server.start()
        create_keys(server, 1)
        soon(lambda: len(set(created(collector.logs))) == 7)
        assert in_order(created(collector.logs))[:6] == wanted


def test_a_collector_is_believed_by_its_certificate_and_told_what_the_file_says(tmp_path):
    authority = Authority(tmp_path, "authority")
    collector = Collector(tls=authority.server())
    token = random.token_hex(16)
    note("a token for a collector", token)
    headers = tmp_path / "headers"
    headers.write_text(f"Authorization: Bearer {token}\n")
    settings = sink("otel", otlp=collector.url, ca_file=str(authority.file), headers_file=str(headers))
    with running(tmp_path, settings) as server:
        create_keys(server, 1)
        soon(lambda: created(collector.logs))
        assert {found["authorization"] for _, found, _, _ in collector.requests} == {f"Bearer {token}"}
        assert token not in server.log.read_text()
        checked = server.run("config", "check")
        assert checked.returncode == 0 and token not in checked.stdout


TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def spanned(collector, request):
    """The span of a request."""
    return soon(lambda: next((s for s in collector.spans if s.attributes["aws.request_id"] == request), None))


@pytest.fixture(scope="module")
def collector():
    return Collector()


@pytest.fixture(scope="module")
def server(tmp_path_factory, collector):
    settings = f'\n[traces]\notlp = "{collector.url}"\n'
    environment = {
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "TRENT_LOG_FORMAT": "json",
        "TRENT_LOG_LEVEL": "info,trent_server=debug,trent_service=debug",
    }
    server = Recorded(tmp_path_factory.mktemp("traces") / "server", settings=settings, environment=environment).start()
    yield server
    server.stop()


def calling_with(client, header):
    """The client, which says this of its trace."""

    def add(request, **_):
        request.headers["traceparent"] = header

    client.meta.events.register("before-send.*", add)
    return client


class TestSpans:
    def test_each_request_is_a_span_that_says_what_whose_and_how_it_ended(self, server, collector):
        kms = boto3_client(server, ALICE)
        made = kms.create_key()
        key = made["KeyMetadata"]["Arn"]
        span = spanned(collector, made["ResponseMetadata"]["RequestId"])
        request = span.attributes.pop("aws.request_id")
        assert span.name == "kms.amazonaws.com/CreateKey"
        assert span.attributes == {
            "rpc.system": "aws-api",
            "rpc.service": "kms.amazonaws.com",
            "rpc.method": "CreateKey",
            "cloud.account.id": ALICE.id,
            "cloud.region": HERE,
            "trent.resource": key,
            "http.response.status_code": 200,
        }
        assert span.resource["service.name"] == "trent"
        assert span.span.kind == span.span.SPAN_KIND_SERVER
        assert not span.parent
        assert span.span.end_time_unix_nano > span.span.start_time_unix_nano
        [record] = [record for record in server.records if record.get("requestID") == request]
        assert record["eventName"] == "CreateKey"
        encrypted = spanned(collector, kms.encrypt(KeyId=key, Plaintext=b"a message")["ResponseMetadata"]["RequestId"])
        assert encrypted.attributes["trent.resource"] == key
        assert encrypted.trace != span.trace

    def test_a_refused_request_is_a_span_with_its_error(self, server, collector):
        kms = boto3_client(server, ALICE)
        bob = boto3_client(server, BOB)
        key = kms.create_key()["KeyMetadata"]["Arn"]
        with pytest.raises(ClientError) as refused:
            bob.describe_key(KeyId=key)
        span = spanned(collector, refused.value.response["ResponseMetadata"]["RequestId"])
        assert span.attributes["error.type"] == "AccessDeniedException"
        assert span.attributes["http.response.status_code"] == 400
        assert span.attributes["cloud.account.id"] == BOB.id
        # A caller's mistake is no failure of the server.
        assert span.span.status.code == span.span.status.STATUS_CODE_UNSET
        with pytest.raises(ClientError) as refused:
            boto3_client(server, ALICE.__class__(ALICE.id, ALICE.access_key_id, "not the secret")).list_keys()
        span = spanned(collector, refused.value.response["ResponseMetadata"]["RequestId"])
        assert span.attributes["error.type"] == "InvalidSignatureException"
        assert "cloud.account.id" not in span.attributes

    def test_a_span_belongs_to_the_trace_of_whoever_calls(self, server, collector):
        kms = calling_with(boto3_client(server, ALICE), f"00-{TRACE}-{PARENT}-01")
        span = spanned(collector, kms.list_keys()["ResponseMetadata"]["RequestId"])
        assert (span.trace, span.parent) == (TRACE, PARENT)
        # Whoever says that the trace is not recorded is believed; what is no trace counts as none.
        silent = calling_with(boto3_client(server, ALICE), f"00-{TRACE[::-1]}-{PARENT}-00")
        unrecorded = silent.list_keys()["ResponseMetadata"]["RequestId"]
        wrong = calling_with(boto3_client(server, ALICE), "00-nonsense-01")
        span = spanned(collector, wrong.list_keys()["ResponseMetadata"]["RequestId"])
        assert not span.parent
        assert unrecorded not in {span.attributes["aws.request_id"] for span in collector.spans}

    def test_spans_say_nothing_secret_and_nothing_that_callers_made_up(self, server, collector):
        kms = boto3_client(server, ALICE)
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        secret = random.token_hex(16).encode()
        context = {"tenant": fresh("context")}
        sealed = kms.encrypt(KeyId=key, Plaintext=secret, EncryptionContext=context)
        opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context)
        spanned(collector, opened["ResponseMetadata"]["RequestId"])
        request = urllib.request.Request(
            server.endpoint,
            data=b"{}",
            headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.MadeUpByTheCaller"},
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        spanned(collector, refused.value.headers["x-amzn-RequestId"])
        with urllib.request.urlopen(f"{server.endpoint}/_trent/health", timeout=10):
            pass
        told = json.dumps([[span.name, span.attributes] for span in collector.spans])
        for unsaid in (secret.decode(), base64.b64encode(secret).decode(), ALICE.secret, context["tenant"], "MadeUp"):
            assert unsaid not in told
        asked = {record.get("requestID") for record in server.records}
        of_nobody = [span for span in collector.spans if span.attributes["aws.request_id"] not in asked]
        assert all("cloud.account.id" not in span.attributes for span in of_nobody)

    def test_log_lines_carry_the_ids_that_spans_have(self, server, collector):
        kms = boto3_client(server, ALICE)
        key = kms.create_key()["KeyMetadata"]["Arn"]
        reply = kms.list_keys()["ResponseMetadata"]["RequestId"]
        with pytest.raises(ClientError) as refused:
            boto3_client(server, BOB).describe_key(KeyId=key)
        requests = [reply, refused.value.response["ResponseMetadata"]["RequestId"]]
        for request in requests:
            spanned(collector, request)
        lines = lines_of(server.log)
        said = [(line["request_id"], line["message"]) for line in lines if line.get("request_id") in requests]
        assert said == [(requests[0], "answered"), (requests[1], "refused"), (requests[1], "answered")]
        # The log has its own filter: what spans are made of does not become lines.
        assert all("kms.amazonaws.com/ListKeys" not in json.dumps(line) for line in lines)

    def test_a_collector_that_is_out_of_reach_holds_up_nobody(self, server, collector):
        kms = boto3_client(server, ALICE)
        collector.close()
        kms.list_keys()
        soon(lambda: "spans cannot be sent" in server.log.read_text())
        for _ in range(20):
            kms.list_keys()
        collector.open()
        spanned(collector, kms.list_keys()["ResponseMetadata"]["RequestId"])
        soon(lambda: "spans are sent again" in server.log.read_text())


def test_the_last_spans_are_sent_before_the_server_ends(tmp_path):
    collector = Collector()
    settings = f'\n[traces]\notlp = "{collector.url}"\nshare = "1"\n'
    server = Server(tmp_path / "server", settings=settings, environment={"OTEL_BSP_SCHEDULE_DELAY": "60000"}).start()
    request = boto3_client(server, ALICE).list_keys()["ResponseMetadata"]["RequestId"]
    assert not collector.spans
    assert server.stop() == 0
    assert request in {span.attributes["aws.request_id"] for span in collector.spans}


def test_no_share_is_no_span_but_for_those_that_are_asked_for(tmp_path):
    collector = Collector()
    settings = f'\n[traces]\notlp = "{collector.url}"\nshare = "0"\n'
    server = Server(tmp_path / "server", settings=settings, environment={"OTEL_BSP_SCHEDULE_DELAY": "100"}).start()
    try:
        kms = boto3_client(server, ALICE)
        kms.list_keys()
        asked = calling_with(boto3_client(server, ALICE), f"00-{TRACE}-{PARENT}-01")
        span = spanned(collector, asked.list_keys()["ResponseMetadata"]["RequestId"])
        assert [span.name] == [span.name for span in collector.spans]
    finally:
        server.stop()
