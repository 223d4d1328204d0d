"""The metrics endpoint: who may read it, what it counts, and Prometheus reading it."""

import http.client
import pathlib
import re

import pytest
from harness.clients import boto3_client, refused
from harness.identities import User, fresh, statement
from harness.metrics import Numbers, Prometheus, fetch, fetch_over, numbers, within
from harness.server import ALICE, BOB, Server, free_port

PAGE = pathlib.Path(__file__).parents[2] / "docs/operating/metrics.md"
TOKEN = "a-token-of-the-tests-own"


@pytest.fixture(scope="module")
def scraped(tmp_path_factory):
    """A server with an address for metrics that anybody on this machine may read."""
    address = f"127.0.0.1:{free_port()}"
    settings = f'[metrics]\nlisten = "{address}"\n'
    running = Server(tmp_path_factory.mktemp("scraped"), settings=settings).start()
    running.metrics = address
    yield running
    assert running.stop() == 0


def test_page_and_endpoint_name_the_same_metrics(scraped):
    status, kind, text = fetch(scraped.metrics)
    assert status == 200
    assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    documented = re.findall(r"^\| `(trent_[a-z_]+)` \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(Numbers(text).families)
    assert len(set(documented)) == len(documented)


def test_accounts_listeners_do_not_have_the_numbers(scraped):
    assert fetch(scraped.endpoint.removeprefix("http://"))[0] == 404
    status, text = fetch_over(scraped.data / "operator.sock")
    assert status == 200 and Numbers(text).families


def test_nothing_but_metrics_and_health_is_at_their_address(scraped):
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.ListKeys"}
    asked = [("POST", "/", 404), ("GET", "/", 404), ("POST", "/_trent/metrics", 404), ("GET", "/_trent/health", 200)]
    for method, path, status in asked:
        connection = http.client.HTTPConnection(scraped.metrics, timeout=10)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        assert answer.status == status and b"trent_" not in answer.read(), (method, path)


@pytest.mark.parametrize("header", [("Origin", "http://127.0.0.1"), ("Host", "attacker.example")])
def test_web_pages_are_refused(scraped, header):
    connection = http.client.HTTPConnection(scraped.metrics, timeout=10)
    connection.putrequest("GET", "/_trent/metrics", skip_host=header[0] == "Host")
    connection.putheader(*header)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 403 and b"trent_" not in answer.read()


def test_where_a_token_is_set_it_must_be_shown(tmp_path):
    address = f"127.0.0.1:{free_port()}"
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    settings = f'[metrics]\nlisten = "{address}"\ntoken_file = "{token}"\n'
    server = Server(tmp_path / "server", settings=settings).start()
    try:
        for shown in (None, "", TOKEN[:-1], TOKEN + "x"):
            status, _, text = fetch(address, shown)
            assert status == 401 and "trent_" not in text, shown
        assert fetch(address, TOKEN)[0] == 200
    finally:
        server.stop()


def test_an_address_that_others_reach_needs_a_token(tmp_path):
    server = Server(tmp_path / "server", settings='[metrics]\nlisten = "0.0.0.0:0"\n')
    checked = server.run("config", "check")
    assert checked.returncode != 0 and "metrics.token_file" in checked.stdout + checked.stderr


# AUTHZ-408, REF-468: a dry run counts as a call of its operation, and can be told apart.
# SPK-206: the use of HMAC keys shows as their operations.
def test_calls_are_counted_by_operation_and_outcome(scraped):
    kms = boto3_client(scraped, ALICE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    mac = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]

    def calls(operation, outcome="success", dry_run="false"):
        labels = {"service": "kms", "operation": operation, "outcome": outcome, "dry_run": dry_run}
        return counted.sum("trent_requests_total", **labels)

    def of(operation):
        kinds = [("success", "false"), ("success", "true"), ("denied", "true"), ("rejected", "false")]
        return [calls(operation, *kind) for kind in kinds]

    counted = numbers(scraped)
    before = of("Encrypt"), of("GenerateMac"), of("VerifyMac")
    times = counted.sum("trent_request_duration_seconds_count", operation="Encrypt", outcome="success")
    for _ in range(3):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    with refused("DryRunOperationException", status=412):
        kms.encrypt(KeyId=key, Plaintext=b"x", DryRun=True)
    with refused("AccessDeniedException"):
        boto3_client(scraped, BOB).encrypt(
            KeyId=kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"], Plaintext=b"x", DryRun=True
        )
    kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    made = kms.generate_mac(KeyId=mac, MacAlgorithm="HMAC_SHA_256", Message=b"m")["Mac"]
    for _ in range(2):
        kms.verify_mac(KeyId=mac, MacAlgorithm="HMAC_SHA_256", Message=b"m", Mac=made)
    counted = numbers(scraped)
    after = of("Encrypt"), of("GenerateMac"), of("VerifyMac")
    grown = [[new - old for new, old in zip(*pair, strict=True)] for pair in zip(after, before, strict=True)]
    assert grown == [[3, 1, 1, 1], [1, 0, 0, 0], [2, 0, 0, 0]]
    assert counted.sum("trent_request_duration_seconds_count", operation="Encrypt", outcome="success") == times + 4
    for sample in counted.all(
        "trent_request_duration_seconds_bucket", operation="Encrypt", outcome="success", le="+Inf"
    ):
        assert sample[2] == times + 4
    assert counted.sum("trent_quota_requests_total", quota="cryptographic") >= sum(map(sum, after))


def test_the_calls_of_every_service_are_counted(scraped):
    calls = {
        ("kms", "kms"): "list_keys",
        ("iam", "iam"): "list_users",
        ("sts", "sts"): "get_caller_identity",
        ("cloudtrail", "cloudtrail"): "lookup_events",
        ("cloudwatch", "monitoring"): "list_metrics",
    }
    before = numbers(scraped)
    for (client, _), call in calls.items():
        getattr(boto3_client(scraped, ALICE, service=client), call)()
    after = numbers(scraped)
    for (_, service), call in calls.items():
        labels = {"service": service, "operation": "".join(map(str.title, call.split("_"))), "outcome": "success"}
        grown = [found.sum("trent_requests_total", **labels) for found in (before, after)]
        assert grown[1] == grown[0] + 1, labels
    # Those that no client of AWS knows, and the operator's.
    assert {"permissions", "forward-access", "operator"} <= {
        labels["service"] for _, labels, _ in after.all("trent_requests_total")
    }


def test_who_cannot_be_identified_is_counted_apart(scraped):
    before = numbers(scraped).sum("trent_requests_total", operation="ListKeys", outcome="unauthenticated")
    stranger = ALICE.__class__(ALICE.id, ALICE.access_key_id, "not-the-secret")
    with pytest.raises(Exception, match="InvalidSignature"):
        boto3_client(scraped, stranger).list_keys()
    after = numbers(scraped).sum("trent_requests_total", operation="ListKeys", outcome="unauthenticated")
    assert after == before + 1


# AUTHZ-297
def test_denials_are_counted_by_decision_action_and_account(scraped):
    kms = boto3_client(scraped, ALICE)
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    iam = boto3_client(scraped, ALICE, service="iam")
    user = User(scraped, iam, ALICE, fresh("user"))
    user.may(statement("kms:Sign", effect="Deny"))

    def denied(**labels):
        return counted.sum("trent_denials_total", **labels)

    foreign = {"account": BOB.id, "action": "kms:Encrypt"}
    forbidden = {"account": ALICE.id, "action": "kms:Sign", "decision": "EXPLICIT_DENY_IAM_POLICY"}
    counted = numbers(scraped)
    before = denied(**foreign), denied(**forbidden)
    for _ in range(2):
        with refused("AccessDeniedException"):
            boto3_client(scraped, BOB).encrypt(KeyId=arn, Plaintext=b"x")
    with refused("AccessDeniedException"):
        user.client().sign(KeyId=arn, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")
    counted = numbers(scraped)
    assert (denied(**foreign), denied(**forbidden)) == (before[0] + 2, before[1] + 1)
    decisions = {labels["decision"] for _, labels, _ in counted.all("trent_denials_total", **foreign)}
    assert len(decisions) == 1 and decisions.pop().isupper()


# REF-506: the server can be watched by its metrics.
def test_the_parts_of_the_server_are_measured(scraped):
    kms = boto3_client(scraped, ALICE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.encrypt(KeyId=key, Plaintext=b"x")
    kms.encrypt(KeyId=key, Plaintext=b"x")
    found = numbers(scraped)
    assert found.sum("trent_audit_writable") == 1 and found.sum("trent_store_writable") == 1
    for grown in (
        "trent_store_commit_duration_seconds_count",
        "trent_store_size_bytes",
        "trent_store_revision",
        "trent_audit_sync_duration_seconds_count",
        "trent_audit_durable_sequence",
        "trent_audit_last_sync_timestamp_seconds",
        "trent_cache_hits_total",
        "trent_cache_misses_total",
        "trent_cache_entries",
        "trent_connections_total",
        "trent_connections_open",
    ):
        assert found.sum(grown) > 0, grown
    assert found.sum("trent_audit_waiting_bytes") == 0
    assert re.search(r'^trent_build_info\{version="\d', found.text, re.MULTILINE)


def test_keys_are_counted_by_state(own_server):
    kms = boto3_client(own_server, ALICE, "us-west-2")
    keys = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(3)]
    kms.disable_key(KeyId=keys[0])
    kms.schedule_key_deletion(KeyId=keys[1], PendingWindowInDays=7)

    def states():
        found = numbers(own_server).all("trent_keys", region="us-west-2")
        return {labels["state"]: value for _, labels, value in found if value}

    within(30, lambda: states() == {"Enabled": 1, "Disabled": 1, "PendingDeletion": 1})
    assert numbers(own_server).sum("trent_keys_scheduled", region="us-west-2") == 1


# MON-223: in an open format, as the real monitoring system reads it.
def test_prometheus_scrapes_the_endpoint(scraped, tmp_path):
    kms = boto3_client(scraped, ALICE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    with Prometheus(tmp_path / "prometheus", [scraped.metrics]).running() as prometheus:
        prometheus.wait_for('up{job="trent"}', lambda up: up == 1)
        successes = 'trent_requests_total{operation="Encrypt",outcome="success",dry_run="false"}'
        before = prometheus.value(successes)
        for _ in range(5):
            kms.encrypt(KeyId=key, Plaintext=b"x")
        prometheus.wait_for(successes, lambda count: count == before + 5)
        slow = 'histogram_quantile(0.99, sum by (le) (trent_request_duration_seconds_bucket{operation="Encrypt"}))'
        assert prometheus.wait_for(slow, lambda seconds: seconds > 0) < 10
        # What Prometheus keeps of a target that it could read in full.
        assert prometheus.value('scrape_samples_scraped{job="trent"}') > 100


# KEY-425: a rotation shows among the metrics.
def test_what_the_service_does_by_itself_is_counted(own_server):
    kms = boto3_client(own_server, ALICE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]

    def rotations():
        return numbers(own_server).sum("trent_service_events_total", event="RotateKey")

    assert rotations() == 0
    kms.rotate_key_on_demand(KeyId=key)
    within(20, lambda: rotations() == 1)
    events = {labels["event"] for _, labels, _ in numbers(own_server).all("trent_service_events_total")}
    assert {"RotateKey", "DeleteKey", "DeleteExpiredKeyMaterial"} <= events
    within(20, lambda: numbers(own_server).all("trent_upkeep_overdue_seconds") == [])
