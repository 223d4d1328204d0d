"""Whatever a released binary wrote is opened and decrypted for ever: see golden/README.md."""

import base64
import json
import pathlib
import tarfile

import pytest
from golden.make import state
from harness.clients import boto3_client
from harness.server import ALICE, BOB, Server

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"
SETS = sorted(p.parent for p in GOLDEN.glob("*/expected.json"))


def test_there_is_a_set():
    assert SETS


def unpack(golden, folder):
    with tarfile.open(golden / "world.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    for path in (folder / "seal").rglob("*"):
        path.chmod(0o600)
    (folder / "seal").chmod(0o700)


def holds_what_is_expected(server, golden):
    for part in json.loads((golden / "expected.json").read_text()):
        account = {a.id: a for a in (ALICE, BOB)}[part["account"]]
        kms = boto3_client(server, account, part["region"])
        assert state(kms) == part["state"]
        for sealed in part["ciphertexts"]:
            opened = kms.decrypt(
                CiphertextBlob=base64.b64decode(sealed["ciphertext"]), EncryptionContext=sealed["context"]
            )
            assert opened["Plaintext"] == base64.b64decode(sealed["plaintext"])


@pytest.mark.parametrize("golden", SETS, ids=lambda p: p.name)
def test_the_store_opens_and_every_ciphertext_decrypts(golden, tmp_path):
    server = Server(tmp_path / "old")
    unpack(golden, server.folder)
    server.start()
    try:
        holds_what_is_expected(server, golden)
    finally:
        server.stop()


@pytest.mark.parametrize("golden", SETS, ids=lambda p: p.name)
def test_the_backup_is_restored_on_a_new_machine(golden, tmp_path):
    server = Server(tmp_path / "new")
    unpack(golden, tmp_path / "old")
    server.seal.parent.mkdir(mode=0o700)
    server.seal.write_bytes((tmp_path / "old" / "seal" / server.seal.name).read_bytes())
    server.seal.chmod(0o600)
    done = server.run("restore", str(golden / "backup"))
    assert done.returncode == 0, done.stderr
    assert server.run("restore", "--release").returncode == 0
    server.start()
    try:
        holds_what_is_expected(server, golden)
    finally:
        server.stop()


@pytest.mark.parametrize("golden", SETS, ids=lambda p: p.name)
def test_the_trail_verifies_and_goes_on_and_one_that_was_changed_is_refused(golden, tmp_path):
    server = Server(tmp_path / "old")
    unpack(golden, server.folder)
    trail = server.data / "audit" / "trail.jsonl"
    kept = trail.read_bytes()
    # A record of the last batch: the keys in the store say that it is not what was written.
    position = kept.rindex(b'"eventVersion"')
    trail.write_bytes(kept[:position] + b"x" + kept[position + 1 :])
    assert "audit trail" in server.run("serve").stderr
    trail.write_bytes(kept)
    server.start()
    server.stop()
    # It is old enough to be a closed segment by now.
    segments = [trail, *trail.parent.glob("trail-*.jsonl")]
    assert any(segment.read_bytes().startswith(kept) for segment in segments)
    assert server.run("audit", "verify").returncode == 0
