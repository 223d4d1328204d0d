"""The seals: what unlocks the store, what a wrong one gets, how one follows another, and that nothing that is written
tells a key."""

import os
import pty
import select
import subprocess
import time

import pytest
from harness.clients import boto3_client
from harness.fate import Mortal, library
from harness.imports import Importer
from harness.server import ALICE, BINARY, Server, clean_environment

MATERIAL = bytes(range(100, 132))
FIRST = "correct horse battery staple"
SECOND = "a second passphrase, quite another"


@pytest.fixture(scope="module")
def fate(tmp_path_factory):
    return library(tmp_path_factory.mktemp("fate"))


def private(path, text):
    path.write_text(text)
    path.chmod(0o600)
    return path


class Kept:
    """A key with imported material, and something that it encrypted."""

    def __init__(self, server):
        self.server = server
        kms = boto3_client(server, ALICE)
        self.key = Importer(kms, server.folder).imported("SYMMETRIC_DEFAULT", MATERIAL)
        self.sealed = kms.encrypt(KeyId=self.key, Plaintext=b"kept")["CiphertextBlob"]

    def is_there(self):
        kms = boto3_client(self.server, ALICE)
        return kms.decrypt(CiphertextBlob=self.sealed, KeyId=self.key)["Plaintext"] == b"kept"


def seals(server):
    """The settings of each seal, the first one's and those that can follow it."""
    one, two = (private(server.folder / name, f"{text}\n") for name, text in (("one", FIRST), ("two", SECOND)))
    return {
        "file": {"key_file": server.seal},
        "another file": {"key_file": server.folder / "elsewhere" / "other.key"},
        "passphrase": {"kind": "passphrase", "key_file": server.seal, "passphrase_file": one},
        "another passphrase": {"kind": "passphrase", "key_file": server.seal, "passphrase_file": two},
    }


def migrate(server, seal):
    """Migrates to the seal with these settings."""
    if "kind" in seal:
        return server.run("seal", "migrate", "--to", "passphrase", "--passphrase-file", str(seal["passphrase_file"]))
    return server.run("seal", "migrate", "--to", "file", "--key-file", str(seal["key_file"]))


def refusal(server):
    """What a server that does not start says."""
    refused = subprocess.run(
        server.command(),
        env=clean_environment(**server.environment),
        cwd=server.folder,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert refused.returncode == 1, refused.stderr
    return refused.stderr


@pytest.mark.parametrize("kind", ["file", "passphrase"])
def test_a_store_opens_with_its_seal_after_a_stop_and_after_a_kill(tmp_path, kind):
    server = Server(tmp_path / "server")
    server.sealed_by(**seals(server)[kind])
    server.start()
    try:
        kept = Kept(server)
        assert server.stop() == 0
        server.start()
        assert kept.is_there()
        server.kill()
        server.start()
        assert kept.is_there()
        status = server.run("seal", "status").stdout
        assert status.startswith(f"Seal: {'key-file' if kind == 'file' else kind} ")
        assert "Root generation 1: active, " in status
    finally:
        server.stop()


def files(server):
    """What stands in every file of the data folder and the seal's, but in the store's, whose pages its opening moves,
    and the lock, which names the process."""
    found = [file for folder in (server.data, server.seal.parent) for file in folder.rglob("*") if file.is_file()]
    return {file: file.read_bytes() for file in found if file.name not in {"store.redb", "lock"}}


def test_a_wrong_secret_opens_nothing_and_changes_nothing(tmp_path):
    server = Server(tmp_path / "server")
    of = seals(server)
    server.sealed_by(**of["passphrase"])
    server.start()
    kept = Kept(server)
    assert server.stop() == 0
    before = files(server)
    for wrong, why in [
        (of["another passphrase"], "this is the wrong passphrase"),
        (of["file"], "the seal's key file"),
        ({**of["passphrase"], "passphrase_file": private(server.folder / "none", "\n")}, "passphrase is empty"),
        ({**of["passphrase"], "passphrase_file": server.folder / "nowhere"}, "cannot be read"),
        ({"kind": "passphrase", "key_file": server.seal}, "there is no terminal"),
    ]:
        server.sealed_by(**wrong)
        assert why in refusal(server)
    open_to_all = server.folder / "one"
    open_to_all.chmod(0o644)
    server.sealed_by(**of["passphrase"])
    assert "only its owner may have access" in refusal(server)
    open_to_all.chmod(0o600)
    assert files(server) == before
    server.start()
    try:
        assert kept.is_there()
    finally:
        server.stop()


def test_a_new_passphrase_is_not_a_short_one(tmp_path):
    server = Server(tmp_path / "server")
    short = private(server.folder / "short", "fourteen bytes")
    server.sealed_by(kind="passphrase", key_file=server.seal, passphrase_file=short)
    refused = server.run("init")
    assert refused.returncode == 1
    assert "15 bytes at least" in refused.stderr
    assert not server.data.exists()


def test_the_passphrase_may_be_a_credential_of_the_service(tmp_path):
    server = Server(tmp_path / "server")
    server.sealed_by(kind="passphrase", key_file=server.seal)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "trent-seal-passphrase").write_text(FIRST)
    server.environment["CREDENTIALS_DIRECTORY"] = str(credentials)
    server.start()
    try:
        assert Kept(server).is_there()
    finally:
        server.stop()


def test_the_passphrase_is_asked_for_and_not_shown(tmp_path):
    server = Server(tmp_path / "server")
    server.sealed_by(kind="passphrase", key_file=server.seal)
    for answers, code, said in [
        ([FIRST, SECOND], 1, b"the two passphrases differ"),
        ([FIRST, FIRST], 0, b"Its seal is a passphrase"),
    ]:
        ended, output = at_a_terminal(server, answers, "init", "--config", str(server.config))
        assert ended == code, output
        assert said in output
        assert FIRST.encode() not in output


def at_a_terminal(server, answers, *arguments):
    """Runs a command in a terminal and types a line for each prompt; its exit code and what the terminal showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(server.folder)
        os.execve(BINARY, [BINARY, *arguments], clean_environment())
    output, typed = b"", 0
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                got = os.read(terminal, 4096)
            except OSError:
                break
            if not got:
                break
            output += got
        if output.count(b": ") > typed and output.endswith(b": ") and typed < len(answers):
            # The echo is switched off before the prompt is read, not before it is shown.
            time.sleep(0.2)
            os.write(terminal, answers[typed].encode() + b"\n")
            typed += 1
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("file", "passphrase"),
        ("passphrase", "file"),
        ("file", "another file"),
        ("passphrase", "another passphrase"),
    ],
)
def test_another_seal_follows_and_the_old_one_opens_the_store_no_more(tmp_path, before, after):
    server = Server(tmp_path / "server")
    of = seals(server)
    server.sealed_by(**of[before])
    server.start()
    kept = Kept(server)
    running = migrate(server, of[after])
    assert running.returncode == 1, "a running server's store is its own"
    assert server.stop() == 0

    done = migrate(server, of[after])
    assert done.returncode == 0, done.stderr
    assert "under its new seal" in done.stdout
    again = migrate(server, of[after])
    assert again.returncode == 0, again.stderr
    assert "already" in again.stdout
    assert "seal" in refusal(server)
    server.sealed_by(**of[after])
    server.start()
    try:
        assert kept.is_there()
        destroyed = server.run("destruction", "status")
        assert destroyed.returncode == 0, destroyed.stderr
    finally:
        server.stop()
    assert "MigrateSeal" in (server.data / "audit" / "trail.jsonl").read_text()


@pytest.mark.parametrize(
    ("before", "after"), [("file", "passphrase"), ("file", "another file"), ("passphrase", "file")]
)
def test_a_migration_that_is_killed_anywhere_leaves_a_store_that_opens(tmp_path, fate, before, after):
    """A kill at each durable step: the old seal opens the store or the new one does, and the same command ends it."""
    server = Mortal(tmp_path / "server", fate)
    of = seals(server)
    server.sealed_by(**of[before])
    server.start()
    kept = Kept(server)
    server.saved()
    died = 0
    for steps in range(60):
        server.restored()
        server.sealed_by(**of[before])
        server.dies_after(steps)
        server.environment.update(server.fate, FATE_AHEAD="0")
        ended = migrate(server, of[after])
        server.lives()
        if ended.returncode == 0:
            break
        assert ended.returncode == -9, ended.stderr
        died += 1
        again = migrate(server, of[after])
        assert again.returncode == 0, f"after {steps} steps: {again.stderr}"
        server.sealed_by(**of[after])
        server.start()
        assert kept.is_there(), f"after {steps} steps"
        assert server.stop() == 0
    else:
        raise AssertionError("the migration never ended")
    assert died > 3


@pytest.mark.parametrize("kind", ["file", "passphrase"])
def test_no_key_is_written_in_the_clear(tmp_path, kind):
    """REF-84: known key material and the secret of the seal, as they are and in hexadecimal, in the store, a backup,
    the trail and the most talkative log."""
    server = Server(tmp_path / "server", environment={"TRENT_LOG_LEVEL": "trace"})
    server.sealed_by(**seals(server)[kind])
    server.start()
    try:
        kept = Kept(server)
        backup = server.folder / "backup"
        online = server.run("backup", str(backup))
        assert online.returncode == 0, online.stderr
        server.kill()
        server.start()
        assert kept.is_there()
    finally:
        server.stop()
    secrets = [MATERIAL, FIRST.encode()]
    if server.seal.exists():
        secrets.append(bytes.fromhex(server.seal.read_text().split()[1]))
    written = [file for file in server.data.rglob("*") if file.is_file() and not file.is_socket()]
    for file in [*written, backup, server.log]:
        content = file.read_bytes()
        for secret in secrets:
            assert secret not in content, file
            assert secret.hex().encode() not in content.lower(), file
    assert any(file.stat().st_size > 0 for file in written)
