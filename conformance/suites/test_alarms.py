"""The alert rules: checked by Prometheus's own tools, and alarms that real use sets off."""

import datetime
import json
import os
import pathlib
import re
import subprocess
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from harness.clients import boto3_client, refused
from harness.imports import Importer
from harness.metrics import Alertmanager, Mailbox, Prometheus, Webhook, numbers, program, within
from harness.server import ALICE, BOB, Server, free_port

DEPLOY = pathlib.Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus/trent.rules.yml"
PENDING = 'trent_audit_filter_matches_total{filter="key-pending-deletion"}'


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A server whose metrics are fetched, and which counts records that fit a filter of the operator's own."""
    address = f"127.0.0.1:{free_port()}"
    settings = (
        f'[metrics]\nlisten = "{address}"\n'
        '[[metrics.filters]]\nname = "aliases"\n'
        """pattern = '{ $.eventName = "*Alias" && $.errorCode NOT EXISTS }'\n"""
    )
    running = Server(tmp_path_factory.mktemp("watched"), settings=settings).start()
    running.metrics = address
    yield running
    assert running.stop() == 0


def run(tool, *arguments):
    done = subprocess.run([program(tool), *map(str, arguments)], cwd=RULES.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_are_rules():
    assert "rules found" in run("promtool", "check", "rules", RULES)
    run("amtool", "check-config", DEPLOY / "prometheus/alertmanager.yml")


# MON-7, MON-8, MON-225: a metric, a period, a threshold, for how long; one alert however long it lasts.
# MON-227, MON-424, SPK-534, SPK-535, SPK-536, SPK-543: the smallest value of a minute below thirty days, key by key,
# keys that come later included, and nothing once the metric is gone.
# KEY-369: one attempt to use a key that is disabled or pending deletion, key by key, the first of all included.
# MON-233: a share of a request quota, of each account by itself.
# MON-303, MON-422: one attempt to use a key that is pending deletion is enough, none is good.
def test_alarms_fire_when_a_state_lasts_and_once():
    run("promtool", "test", "rules", RULES.parent / "trent.test.yml")


def test_rules_and_dashboard_ask_for_metrics_that_exist(watched):
    found = numbers(watched)
    samples = set()
    for family in found.families:
        samples |= {family + suffix for suffix in ("", "_total", "_bucket", "_sum", "_count", "_info")}
    dashboard = (DEPLOY / "grafana/trent.json").read_text()
    asked = set(re.findall(r"\btrent_[a-z_]+", RULES.read_text() + dashboard))
    assert asked and asked <= samples, asked - samples
    panels = json.loads(dashboard)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 10


# MON-302, MON-304, MON-229: by the recipe's filter of records, which needs the whole message; what works on such keys,
# and what is refused for other reasons, does not count.
def test_what_is_refused_because_a_key_is_pending_deletion_is_counted(watched):
    kms = boto3_client(watched, ALICE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    disabled = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=disabled)

    def counted():
        found = numbers(watched)
        by_account = found.sum("trent_audit_filter_account_matches_total", filter="key-pending-deletion")
        assert found.sum("trent_audit_filter_matches_total", filter="key-pending-deletion") == by_account
        return found.sum("trent_audit_filter_account_matches_total", filter="key-pending-deletion", account=ALICE.id)

    before = counted()
    policy = kms.get_key_policy(KeyId=key)["Policy"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    kms.describe_key(KeyId=key)
    kms.list_keys()
    kms.get_key_policy(KeyId=key)
    kms.put_key_policy(KeyId=key, Policy=policy)
    kms.list_resource_tags(KeyId=key)
    kms.list_grants(KeyId=key)
    kms.cancel_key_deletion(KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with refused("DisabledException"):
        kms.encrypt(KeyId=disabled, Plaintext=b"x")
    with refused("NotFoundException"):
        kms.encrypt(KeyId="00000000-0000-0000-0000-000000000000", Plaintext=b"x")
    assert counted() == before
    attempts = [
        lambda: kms.encrypt(KeyId=key, Plaintext=b"x"),
        lambda: kms.decrypt(CiphertextBlob=sealed),
        lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
        lambda: kms.enable_key(KeyId=key),
        lambda: kms.update_key_description(KeyId=key, Description="x"),
    ]
    for number, attempt in enumerate(attempts, 1):
        with refused("KMSInvalidStateException"):
            attempt()
        assert counted() == before + number


# MON-306: what is done with a public key outside the service does not show.
def test_the_use_of_a_public_key_elsewhere_is_not_seen(watched):
    kms = boto3_client(watched, ALICE)
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    signature = kms.sign(KeyId=key, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    public = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    name = PENDING.split("{")[0]
    before = numbers(watched).sum(name)
    public.verify(signature, b"m", ec.ECDSA(hashes.SHA256()))
    assert numbers(watched).sum(name) == before
    with refused("KMSInvalidStateException"):
        kms.verify(KeyId=key, Message=b"m", Signature=signature, SigningAlgorithm="ECDSA_SHA_256")
    assert numbers(watched).sum(name) == before + 1


# MON-423
def test_a_primary_that_waits_for_its_replicas_is_pending_as_well(watched):
    kms, west = boto3_client(watched, ALICE), boto3_client(watched, ALICE, "us-west-2")
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key, ReplicaRegion="us-west-2")

    def is_there():
        try:
            return west.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
        except west.exceptions.NotFoundException:
            return False

    within(30, is_there)
    within(30, lambda: kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    name = PENDING.split("{")[0]
    before = numbers(watched).sum(name, filter="key-pending-deletion")
    with refused("KMSInvalidStateException"):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    assert numbers(watched).sum(name, filter="key-pending-deletion") == before + 1


# MON-302
def test_a_filter_of_ones_own_counts_what_fits(watched):
    kms = boto3_client(watched, BOB)
    key = kms.create_key()["KeyMetadata"]["KeyId"]

    def counted():
        found = numbers(watched)
        return found.sum("trent_audit_filter_account_matches_total", filter="aliases", account=BOB.id)

    before = counted()
    kms.create_alias(AliasName="alias/filtered", TargetKeyId=key)
    kms.delete_alias(AliasName="alias/filtered")
    with refused("NotFoundException"):
        kms.delete_alias(AliasName="alias/filtered")
    kms.list_aliases()
    assert counted() == before + 2


def test_a_filter_that_is_none_is_refused(tmp_path):
    settings = "[[metrics.filters]]\nname = \"wrong\"\npattern = '{ $.eventName }'\n"
    checked = Server(tmp_path / "server", settings=settings).run("config", "check")
    assert checked.returncode != 0 and "metrics.filters" in checked.stdout + checked.stderr


# KEY-369: for each key by itself, of any account; what fails for other reasons, or works, is none.
def test_refused_use_is_counted_by_key(watched):
    kms, other = boto3_client(watched, ALICE), boto3_client(watched, BOB)
    disabled, pending, well = [kms.create_key()["KeyMetadata"] for _ in range(3)]
    theirs = other.create_key()["KeyMetadata"]
    name = "trent_audit_filter_key_matches_total"

    def counted(filter, key):
        found = numbers(watched).all(name, filter=filter, key_id=key["KeyId"])
        assert all(it["account"] == key["AWSAccountId"] and it["region"] == "us-east-1" for _, it, _ in found)
        return sum(value for _, _, value in found)

    kms.disable_key(KeyId=disabled["KeyId"])
    other.disable_key(KeyId=theirs["KeyId"])
    kms.schedule_key_deletion(KeyId=pending["KeyId"], PendingWindowInDays=7)
    kms.encrypt(KeyId=well["KeyId"], Plaintext=b"x")
    kms.describe_key(KeyId=disabled["KeyId"])
    with refused("AccessDeniedException"):
        other.encrypt(KeyId=disabled["Arn"], Plaintext=b"x")
    attempts = [
        (2, "key-disabled", "DisabledException", kms, disabled),
        (1, "key-disabled", "DisabledException", other, theirs),
        (3, "key-pending-deletion", "KMSInvalidStateException", kms, pending),
    ]
    for number, filter, error, client, key in attempts:
        assert counted(filter, key) == 0
        for done in range(number):
            with refused(error):
                client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
            assert counted(filter, key) == done + 1
    # Of two keys, the one that the refusal is about.
    sealed = kms.encrypt(KeyId=well["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    with refused("DisabledException"):
        kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=disabled["KeyId"])
    assert counted("key-disabled", disabled) == 3
    assert not numbers(watched).all(name, key_id=well["KeyId"])


# KEY-369: the first attempt sets it off, and the message says which key it is.
# SPK-537: the ready-made alarms come by mail and by webhook, as the example configuration has it.
def test_alarms_come_by_mail_and_by_webhook(watched, tmp_path):
    kms = boto3_client(watched, ALICE)
    disabled = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=disabled)
    importer = Importer(kms, tmp_path)
    soon_over = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(days=20)
    expiring = importer.imported("SYMMETRIC_DEFAULT", os.urandom(32), ValidTo=soon_over)
    webhook, mailbox = Webhook(), Mailbox()
    example = (DEPLOY / "prometheus/alertmanager.yml").read_text()
    manager = Alertmanager(tmp_path / "alertmanager", webhook, example=example, mailbox=mailbox)
    prometheus = Prometheus(tmp_path / "prometheus", [watched.metrics], [RULES], alertmanager=manager)
    wanted = {"TrentUnusableKeyUsed": disabled, "TrentKeyMaterialExpiring": expiring}
    with webhook.running(), mailbox.running(), manager.running(), prometheus.running():
        prometheus.wait_for("trent_keys_counted_timestamp_seconds", lambda at: at > 0)
        with refused("DisabledException"):
            kms.encrypt(KeyId=disabled, Plaintext=b"x")

        def told():
            alerts = [alert for message in webhook.told for alert in message["alerts"]]
            return {(alert["labels"]["alertname"], alert["labels"].get("key_id")) for alert in alerts}

        within(90, lambda: wanted.items() <= told())
        within(90, lambda: all(any(of in mail and key in mail for mail in mailbox.mails) for of, key in wanted.items()))


# MON-8: the state lasts for many evaluations, and one message tells of it.
# MON-9, MON-226: the channel is a webhook, which is told when the alarm begins.
# MON-300, MON-301, REF-120: the alarm comes with the product, as rules.
# MON-305: the message tells of the alarm, and names neither key nor operation.
def test_use_of_a_key_pending_deletion_is_told_once_without_naming_it(watched, tmp_path):
    kms = boto3_client(watched, ALICE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    name = "TrentKeyPendingDeletionUsed"
    firing = f'ALERTS{{alertname="{name}",alertstate="firing"}}'
    webhook = Webhook()
    manager = Alertmanager(tmp_path / "alertmanager", webhook)
    prometheus = Prometheus(tmp_path / "prometheus", [watched.metrics], [RULES], alertmanager=manager)
    with webhook.running(), manager.running(), prometheus.running():
        prometheus.wait_for(PENDING, lambda count: count >= 0)
        time.sleep(3)
        assert prometheus.value(firing) is None, "what came before is no attempt"
        with refused("KMSInvalidStateException"):
            kms.encrypt(KeyId=key, Plaintext=b"x")
        prometheus.wait_for(firing, lambda count: count == 1)
        within(30, lambda: webhook.told)
        # Many evaluations later it is told no second time.
        time.sleep(15)
        assert prometheus.value(firing) == 1
        states = prometheus.value(f"count_over_time({firing}[1m])")
    told = [alert for message in webhook.told for alert in message["alerts"] if alert["labels"]["alertname"] == name]
    assert [alert["status"] for alert in told] == ["firing"]
    text = json.dumps(told)
    assert key not in text and "Encrypt" not in text
    # Which key it was, the trail says, which is there without anybody having asked for it.
    records = (watched.data / "audit").rglob("*.jsonl")
    assert any(f"{key} is pending deletion." in record.read_text() for record in records)
    assert states > 10
