"""What can be wrong with a deployment: each case ends in a clear message, never in silent loss."""

import json
import random
import resource
import shutil
import signal
import subprocess
import time
import urllib.request

import pytest
from botocore.exceptions import ClientError
from golden.make import state
from harness.clients import boto3_client, refused
from harness.server import ALICE, BINARY, Account, Server, clean_environment
from harness.trail import open_segment


def refuses_to_start(server, *words):
    """The process ends with an error whose text has these words."""
    done = subprocess.run(
        server.command(), env=clean_environment(), cwd=server.folder, capture_output=True, text=True, timeout=60
    )
    said = done.stdout + done.stderr
    assert done.returncode not in (0, -signal.SIGABRT, 101), said
    assert "panicked" not in said, said
    for word in words:
        assert word in said.lower(), said


@pytest.fixture
def filled(tmp_path):
    """A stopped server with keys and a ciphertext in it."""
    server = Server(tmp_path / "server").start()
    kms = boto3_client(server, ALICE)
    sealed = []
    for number in range(5):
        key = kms.create_key(Tags=[{"TagKey": "n", "TagValue": str(number)}])["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=f"alias/fault-{number}", TargetKeyId=key)
        sealed.append(kms.encrypt(KeyId=key, Plaintext=b"still here")["CiphertextBlob"])
    server.expected, server.sealed = state(kms), sealed
    assert server.stop() == 0
    yield server
    server.stop()


def is_whole(server):
    kms = boto3_client(server, ALICE)
    assert state(kms) == server.expected
    for sealed in server.sealed:
        assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"still here"


def test_a_stopped_server_starts_again_with_everything(filled):
    filled.start()
    is_whole(filled)


def test_a_missing_or_wrong_seal(filled, tmp_path):
    good = filled.seal.read_bytes()
    filled.seal.unlink()
    refuses_to_start(filled, "seal")
    assert not filled.seal.exists(), "a new seal was made in place of the missing one"
    other = Server(tmp_path / "other").start()
    other.stop()
    filled.seal.write_bytes(other.seal.read_bytes())
    filled.seal.chmod(0o600)
    refuses_to_start(filled, "seal")
    filled.seal.write_bytes(good[:-8])
    refuses_to_start(filled, "seal")
    filled.seal.write_bytes(good)
    filled.seal.chmod(0o644)
    refuses_to_start(filled, "seal")
    filled.seal.chmod(0o600)
    filled.start()
    is_whole(filled)


def test_two_processes_do_not_share_a_store(filled):
    filled.start()
    second = Server.__new__(Server)
    second.__dict__.update(filled.__dict__)
    second.config = filled.folder / "second.toml"
    second.config.write_text(filled.config.read_text().replace(str(filled.port), "0"))
    refuses_to_start(second)
    is_whole(filled)


def test_an_older_copy_of_the_store_is_refused_until_the_operator_insists(filled, tmp_path):
    older = tmp_path / "older"
    shutil.copytree(filled.data, older)
    filled.start()
    kms = boto3_client(filled, ALICE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key)
    assert filled.stop() == 0
    shutil.rmtree(filled.data)
    shutil.copytree(older, filled.data)
    refuses_to_start(filled, "older")
    filled.arguments = ["--accept-rollback"]
    filled.start()
    is_whole(filled)


def files_of(server):
    return [p for p in server.data.rglob("*") if p.is_file() and p.stat().st_size and "audit" not in p.parts]


def test_a_flipped_byte_is_never_believed(filled, tmp_path):
    """At random places of the store: the server refuses to start, or everything is as it was."""
    chance = random.Random(20)
    original = tmp_path / "original"
    shutil.copytree(filled.data, original)
    refused = 0
    for _ in range(30):
        victim = chance.choice(files_of(filled))
        content = bytearray(victim.read_bytes())
        used = [at for at in range(0, len(content), 512) if any(content[at : at + 512])]
        at = min(len(content) - 1, chance.choice(used) + chance.randrange(512))
        content[at] ^= 1 << chance.randrange(8)
        victim.write_bytes(content)
        try:
            filled.start()
            is_whole(filled)
            filled.stop()
        except AssertionError as error:
            assert "did not start" in str(error), error
            assert "panicked" not in str(error), error
            refused += 1
        finally:
            filled.stop()
            shutil.rmtree(filled.data)
            shutil.copytree(original, filled.data)
    assert refused, "no flipped byte was noticed"


def test_what_is_no_store_is_not_opened(filled):
    for path in files_of(filled):
        path.write_bytes(b"something else entirely" * 1000)
    refuses_to_start(filled)


def test_a_full_disk_fails_requests_and_loses_nothing(filled):
    """No file may grow any more: changes are refused, what was acknowledged stays, and it goes on with room."""
    largest = max(p.stat().st_size for p in files_of(filled))

    def no_more_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + (64 << 10), largest + (64 << 10)))

    with filled.log.open("ab") as log:
        filled.process = subprocess.Popen(
            filled.command(),
            env=clean_environment(),
            cwd=filled.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=no_more_room,
        )
    wait_until_healthy(filled)
    kms = boto3_client(filled, ALICE)
    acknowledged, failed = {}, 0
    for _ in range(4000):
        try:
            key = kms.create_key(Description="x" * 8000)["KeyMetadata"]
            acknowledged[key["KeyId"]] = key
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500, error
            failed += 1
            if failed > 5:
                break
    assert failed, "the disk never filled"
    filled.kill()
    filled.start()
    kms = boto3_client(filled, ALICE)
    for key_id, metadata in acknowledged.items():
        assert kms.describe_key(KeyId=key_id)["KeyMetadata"] == metadata
    assert kms.create_key()["KeyMetadata"]["Enabled"]


def wait_until_healthy(server):
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{server.endpoint}/_trent/health", timeout=2):
                return
        except OSError:
            assert server.process.poll() is None, server.log.read_text()
            time.sleep(0.1)
    raise AssertionError(server.log.read_text())


def test_a_backup_is_restored_on_a_new_machine_and_holds_no_seal(filled, tmp_path):
    filled.start()
    backup = tmp_path / "backup"
    done = filled.run("backup", str(backup))
    assert done.returncode == 0, done.stderr
    assert filled.seal.read_bytes() not in backup.read_bytes()
    assert filled.run("backup", str(backup)).returncode != 0, "an existing file was overwritten"
    filled.stop()

    new = Server(tmp_path / "new")
    new.expected, new.sealed = filled.expected, filled.sealed
    assert new.run("restore", str(backup)).returncode != 0, "restored without the seal"
    new.seal.parent.mkdir(mode=0o700, exist_ok=True)
    new.seal.unlink(missing_ok=True)
    shutil.copy(filled.seal, new.seal)
    new.seal.chmod(0o600)
    damaged = bytearray(backup.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "damaged").write_bytes(damaged)
    assert new.run("restore", str(tmp_path / "damaged")).returncode != 0
    done = new.run("restore", str(backup))
    assert done.returncode == 0, done.stderr
    assert new.run("restore", str(backup)).returncode != 0, "an existing data folder was overwritten"
    assert "quarantine" in done.stdout, "it is not known which keys were destroyed since"
    assert new.run("restore", "--release").returncode == 0
    new.start()
    is_whole(new)
    new.stop()


def test_a_lost_root_credential_is_replaced_and_the_old_one_retired(filled):
    done = filled.run("account", "replace-root-key", ALICE.id, "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    values = [v for v in made.values() if isinstance(v, str)]
    key_id = next(v for v in values if v.startswith("AKIA"))
    secret = next(v for v in values if len(v) == 40 and not v.startswith("AKIA"))
    filled.start()
    with refused("UnrecognizedClientException"):
        boto3_client(filled, ALICE).list_keys()
    assert boto3_client(filled, Account(ALICE.id, key_id, secret)).list_keys()["Keys"]
    filled.stop()
    trail = open_segment(filled.data)
    assert key_id in trail and secret not in trail


def test_the_version_and_a_broken_configuration(filled):
    done = subprocess.run([BINARY, "--version"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stdout.startswith("trent ")
    assert filled.run("config", "check").returncode == 0
    filled.config.write_text(filled.config.read_text().replace("listen =", "lisen ="))
    done = filled.run("config", "check")
    assert done.returncode != 0 and "listen" in done.stdout + done.stderr
    refuses_to_start(filled, "listen")
