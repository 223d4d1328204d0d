"""kill -9 at every durable step of the trail and of what is recorded in it: syncs, new names, cuts and removals of the
trail's segments and indexes, of the store and of what waits between them. The next server goes on, the trail verifies,
what was acknowledged is recorded once, and no change is without its record, nor a record without its change."""

import collections
import json
import time

import pytest
from harness.clients import boto3_client
from harness.fate import Mortal, library
from harness.server import ALICE
from harness.trail import records, until

SMALL = '[audit]\nsegment_size = "{}KiB"\n'


@pytest.fixture(scope="module")
def fate(tmp_path_factory):
    return library(tmp_path_factory.mktemp("fate"))


def segments(server):
    return sorted((server.data / "audit").glob("trail-*.jsonl"))


@pytest.fixture
def full(fate, tmp_path):
    """A stopped server, put back as often as needed: its next start closes a segment and removes the oldest."""
    server = Mortal(tmp_path / "server", fate, settings=SMALL.format(8))
    server.environment["FATE_NAMES"] = "1"
    server.start()
    kms = boto3_client(server, ALICE)
    server.key = kms.create_key()["KeyMetadata"]["KeyId"]
    for _ in range(100):
        if len(segments(server)) >= 3:
            break
        for _ in range(10):
            kms.encrypt(KeyId=server.key, Plaintext=b"x")
        time.sleep(0.2)
    for _ in range(4):
        kms.encrypt(KeyId=server.key, Plaintext=b"x")
    server.before = {it["KeyId"] for it in kms.list_keys()["Keys"]}
    server.saved()
    kept = server.copy / "data" / "audit"
    # The index of a closed segment is made anew by the next server.
    sorted(kept.glob("trail-*.jsonl"))[1].with_suffix(".index").unlink(missing_ok=True)
    keep = sum(it.stat().st_size for it in kept.glob("*.jsonl")) - 1024
    config = server.copy / server.config.name
    config.write_text(config.read_text().replace(SMALL.format(8), SMALL.format(1) + f'keep_size = "{keep}B"\n'))
    yield server
    if not server.is_dead:
        server.stop()


class Asked:
    """Calls that are made until the server is dead, and what was acknowledged of them."""

    def __init__(self, server):
        self.server = server
        self.kms = boto3_client(server, ALICE)
        self.requests, self.keys = [], []

    def make(self):
        for number in range(2):
            made = self.call("create_key", Description=f"key {number}")
            if made:
                self.keys.append(made["KeyMetadata"]["KeyId"])
            self.call("encrypt", KeyId=self.server.key, Plaintext=b"x")

    def call(self, name, **arguments):
        answer = None if self.server.is_dead else self.server.asked(lambda: getattr(self.kms, name)(**arguments))
        if answer:
            self.requests.append(answer["ResponseMetadata"]["RequestId"])
        return answer


def check(server, asked):
    """What must be so whenever the server was killed."""
    kms = boto3_client(server, ALICE)
    keys = {it["KeyId"] for it in kms.list_keys()["Keys"]} - server.before
    assert keys >= set(asked.keys)
    assert kms.encrypt(KeyId=server.key, Plaintext=b"x")
    # Soon after the start, whatever was done of it before.
    until(lambda: segments(server)[0].name != f"trail-{1:020}.jsonl")
    assert server.stop() == 0
    verified = server.run("audit", "verify", "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    told = json.loads(verified.stdout)
    assert told["Intact"] and told["Unanchored"] == 0
    assert told["NoLongerKept"] > 0
    found = records(server)
    times = collections.Counter(it["requestID"] for it in found if "requestID" in it)
    assert [times[it] for it in asked.requests] == [1] * len(asked.requests)
    assert len({it["eventID"] for it in found}) == len(found)
    made = [it["resources"][0]["ARN"].rpartition("/")[2] for it in found if it["eventName"] == "CreateKey"]
    assert sorted(set(made) - server.before) == sorted(keys)
    assert len(set(made)) == len(made)
    assert not list((server.data / "audit").glob("*.next"))


# MON-30
def test_no_kill_tears_the_trail_from_what_was_done(full):
    server = full
    steps, died_at_start, was_killed = 0, 0, True
    while was_killed:
        server.restored()
        server.dies_after(steps)
        asked = Asked(server)
        if server.starts():
            asked.make()
            if not server.is_dead:
                server.rests()
            if not server.is_dead:
                server.stop()
        else:
            died_at_start += 1
        was_killed = server.process.returncode != 0
        server.lives()
        server.start()
        check(server, asked)
        steps += 1
    assert len(asked.requests) == 4, "the last one was not disturbed"
    assert died_at_start > 10 and steps > died_at_start + 5, (died_at_start, steps)
