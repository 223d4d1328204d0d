"""Disks that are really full or read-only, not only said to be."""

import subprocess
import time
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from harness.clients import boto3_client
from harness.disk import Disk
from harness.server import ALICE, Server


class OnDisk(Server):
    """A server whose data folder is on a disk of its own."""

    def command(self):
        return self.disk.command(*super().command())


@pytest.fixture
def small(tmp_path):
    """A stopped server with one key, on a disk that has half a mebibyte left."""
    server = Server(tmp_path / "server").start()
    server.key = boto3_client(server, ALICE).create_key()["KeyMetadata"]["KeyId"]
    assert server.stop() == 0
    moved = tmp_path / "moved"
    server.data.rename(moved)
    with Disk(server.data, "64m") as disk:
        disk.run("cp", "-a", f"{moved}/.", str(server.data))
        disk.leave(512)
        server.__class__, server.disk = OnDisk, disk
        yield server
        server.stop()


def test_a_full_disk_fails_requests_until_there_is_room_and_loses_nothing(small):
    small.start()
    kms = boto3_client(small, ALICE)
    acknowledged, failures = {}, []
    for _ in range(2000):
        try:
            key = kms.create_key(Description="x" * 8000)["KeyMetadata"]
            acknowledged[key["KeyId"]] = key
        except ClientError as error:
            failures.append(error.response["ResponseMetadata"]["HTTPStatusCode"])
            if len(failures) == 5:
                break
    assert failures == [500] * 5, failures
    assert "No space left on device" in small.log.read_text()

    # With room again it goes on, at the latest after a restart.
    small.disk.remount("size=64m")
    small.kill()
    small.start()
    kms = boto3_client(small, ALICE)
    for key_id, metadata in acknowledged.items():
        assert kms.describe_key(KeyId=key_id)["KeyMetadata"] == metadata
    assert kms.create_key()["KeyMetadata"]["Enabled"]


def test_a_read_only_disk_is_refused_at_start_with_the_reason(small):
    small.disk.remount("ro")
    done = subprocess.run(small.command(), capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "panicked" not in said, said
    assert "read-only file system" in said.lower(), said


def health(server):
    """The status that the server's health answers with."""
    try:
        with urllib.request.urlopen(f"{server.endpoint}/_trent/health", timeout=10) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


# MON-30
def test_without_room_for_a_record_nothing_is_answered(small):
    """And who watches the server is told: by its health and by its log."""
    small.disk.remount("size=64m")
    small.start()
    kms = boto3_client(small, ALICE)
    sealed = kms.encrypt(KeyId=small.key, Plaintext=b"before")["CiphertextBlob"]
    small.disk.leave(0)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            kms.encrypt(KeyId=small.key, Plaintext=b"x" * 4096, EncryptionContext={"pad": "y" * 4000})
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 500
            # It tries again by itself, and may find room for less.
            if health(small) == 503:
                break
    else:
        raise AssertionError("a trail without room took records for 30 s")
    # No record, no answer: what needs none of the disk's room is refused too.
    with pytest.raises(ClientError):
        kms.decrypt(CiphertextBlob=sealed)
    assert "the audit trail cannot be written; requests fail until it can" in small.log.read_text()
    small.disk.remount("size=64m")
    small.kill()
    small.start()
    assert boto3_client(small, ALICE).decrypt(CiphertextBlob=sealed)["Plaintext"] == b"before"
