"""A disk that is full, read-only, broken or slow while the server runs: requests fail and its health says so; once the
disk is well again the trail verifies, what was acknowledged is in it, and no change is without its record."""

import errno
import json
import time
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from harness.clients import boto3_client
from harness.fate import Mortal, library
from harness.server import ALICE
from harness.trail import records, until


@pytest.fixture(scope="module")
def fate(tmp_path_factory):
    return library(tmp_path_factory.mktemp("fate"))


class Busy:
    """A server with a key, and calls whose acknowledged ones are kept."""

    def __init__(self, folder, fate):
        self.server = Mortal(folder, fate).start()
        self.kms = boto3_client(self.server, ALICE)
        self.acknowledged, self.keys = [], []
        self.key = self.create()["KeyMetadata"]["KeyId"]

    def call(self, name, **arguments):
        """The answer, or the status of the refusal."""
        try:
            answer = getattr(self.kms, name)(**arguments)
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]
        self.acknowledged.append(answer["ResponseMetadata"]["RequestId"])
        return answer

    def create(self):
        made = self.call("create_key")
        if isinstance(made, dict):
            self.keys.append(made["KeyMetadata"]["KeyId"])
        return made

    def encrypt(self):
        return self.call("encrypt", KeyId=self.key, Plaintext=b"x")

    @property
    def health(self):
        try:
            with urllib.request.urlopen(f"{self.server.endpoint}/_trent/health", timeout=30) as reply:
                return reply.status
        except urllib.error.HTTPError as error:
            return error.code

    def check(self):
        """What must be so once the disk is well."""
        listed = {it["KeyId"] for it in self.kms.list_keys()["Keys"]}
        assert listed >= set(self.keys)
        assert isinstance(self.encrypt(), dict)
        assert self.server.stop() == 0
        verified = self.server.run("audit", "verify", "--json")
        assert verified.returncode == 0 and json.loads(verified.stdout)["Intact"], verified.stdout + verified.stderr
        found = records(self.server)
        asked = [it.get("requestID") for it in found]
        assert all(asked.count(request) == 1 for request in self.acknowledged)
        made = [it for it in found if it["eventName"] == "CreateKey" and "errorCode" not in it]
        assert sorted(it["resources"][0]["ARN"].rpartition("/")[2] for it in made) == sorted(listed)


@pytest.fixture
def busy(fate, tmp_path):
    made = Busy(tmp_path / "server", fate)
    yield made
    made.server.has_a_disk()
    made.server.stop()


# MON-30, MON-401: it fails closed, calls that change nothing included, and health says so.
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EIO], ids=errno.errorcode.get)
def test_a_disk_that_fails_fails_requests_and_nothing_is_lost(busy, error):
    assert isinstance(busy.encrypt(), dict)
    busy.server.has_a_disk(error=error)
    assert [busy.encrypt(), busy.create(), busy.encrypt()] == [500] * 3
    assert busy.health == 503
    busy.server.has_a_disk()
    busy.server.kill()
    busy.server.start()
    assert busy.health == 200
    assert isinstance(busy.create(), dict)
    busy.check()


# MON-30, MON-401
def test_a_disk_that_does_not_answer_fails_requests_until_it_does(busy):
    assert isinstance(busy.encrypt(), dict)
    busy.server.has_a_disk(slower=12)
    start = time.monotonic()
    assert busy.encrypt() == 500
    assert 4 < time.monotonic() - start < 12
    # By now nobody waits for the disk to find out.
    assert busy.health == 503
    assert busy.encrypt() == busy.create() == 500
    assert "the audit trail's disk does not answer; requests fail until it does" in busy.server.log.read_text()
    busy.server.has_a_disk()
    until(lambda: busy.health == 200)
    assert isinstance(busy.create(), dict)
    busy.check()


# MON-30
def test_a_slow_disk_is_waited_for(busy):
    busy.server.has_a_disk(slower=0.5)
    start = time.monotonic()
    assert isinstance(busy.encrypt(), dict)
    assert time.monotonic() - start > 0.4, "the reply came before its record was durable"
    assert isinstance(busy.create(), dict)
    assert busy.health == 200
    busy.server.has_a_disk()
    busy.check()
