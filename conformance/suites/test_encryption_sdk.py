"""The main job: the AWS Encryption SDK protects real files with keys of this server."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import aws_encryption_sdk
import botocore.session
import pytest
from aws_encryption_sdk import CommitmentPolicy
from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError
from harness.clients import boto3_client, environment
from harness.server import ALICE, clean_environment

CLI = pathlib.Path(sys.executable).parent / "aws-encryption-cli"
CONTEXT = {"purpose": "backup", "owner": "payroll"}


@pytest.fixture
def documents(tmp_path):
    """A directory of real files: nested folders, text and binary, an empty file, one of several frames."""
    folder = tmp_path / "documents"
    (folder / "reports" / "2026").mkdir(parents=True)
    shutil.copy(__file__, folder / "program.py")
    shutil.copy(sys.executable, folder / "reports" / "binary")
    (folder / "reports" / "2026" / "large.bin").write_bytes(os.urandom(3 << 20))
    (folder / "reports" / "2026" / "notes.txt").write_text("δοκιμή\n" * 100)
    (folder / "empty").write_bytes(b"")
    return folder


def content(folder):
    return {p.relative_to(folder): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def cli(server, *arguments):
    return subprocess.run(
        [CLI, *arguments],
        env=clean_environment(**environment(server, ALICE)),
        capture_output=True,
        text=True,
        timeout=240,
    )


def encrypt(server, key, source, target, tmp_path):
    target.mkdir()
    return cli(
        server, "--encrypt", "--recursive", "--input", str(source), "--output", str(target), "--suffix", ".sealed",
        "--wrapping-keys", f"key={key}", "--encryption-context", *(f"{k}={v}" for k, v in CONTEXT.items()),
        "--metadata-output", str(tmp_path / "encrypt.json"), "--overwrite-metadata",
        "--commitment-policy", "require-encrypt-require-decrypt",
    )  # fmt: skip


def decrypt(server, key, source, target, tmp_path, context=CONTEXT):
    target.mkdir()
    return cli(
        server, "--decrypt", "--recursive", "--input", str(source), "--output", str(target), "--suffix", "",
        "--wrapping-keys", f"key={key}", "--encryption-context", *(f"{k}={v}" for k, v in context.items()),
        "--metadata-output", str(tmp_path / "decrypt.json"), "--overwrite-metadata",
        "--commitment-policy", "require-encrypt-require-decrypt",
    )  # fmt: skip


def test_a_directory_survives_a_crash_between_encrypt_and_decrypt(own_server, documents, tmp_path):
    """The files are encrypted, the server is killed and started again, and every byte comes back."""
    key = boto3_client(own_server, ALICE).create_key()["KeyMetadata"]["Arn"]
    sealed, opened = tmp_path / "sealed", tmp_path / "opened"
    done = encrypt(own_server, key, documents, sealed, tmp_path)
    assert done.returncode == 0, done.stderr
    before, after = content(documents), content(sealed)
    assert len(after) == len(before)
    for name, text in before.items():
        hidden = after[name.with_name(name.name + ".sealed")]
        assert len(hidden) > len(text) and (len(text) < 16 or text[:4096] not in hidden)
    for line in (tmp_path / "encrypt.json").read_text().splitlines():
        written = json.loads(line)["header"]["encryption_context"]
        assert CONTEXT.items() <= written.items()

    own_server.kill()
    own_server.start()

    done = decrypt(own_server, key, sealed, opened, tmp_path)
    assert done.returncode == 0, done.stderr
    names = {p.with_name(p.name.removesuffix(".sealed")): data for p, data in content(opened).items()}
    assert names == before


def test_a_wrong_context_and_a_flipped_byte_decrypt_nothing(server, kms, documents, tmp_path):
    key = kms.create_key()["KeyMetadata"]["Arn"]
    sealed = tmp_path / "sealed"
    assert encrypt(server, key, documents, sealed, tmp_path).returncode == 0

    wrong = tmp_path / "wrong"
    done = decrypt(server, key, sealed, wrong, tmp_path, {**CONTEXT, "owner": "someone else"})
    assert done.returncode != 0 or content(wrong) == {}
    assert all(data == b"" for data in content(wrong).values()), "nothing was decrypted under a wrong context"

    victim = sealed / "program.py.sealed"
    damaged = bytearray(victim.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    shutil.rmtree(sealed)
    sealed.mkdir()
    victim.write_bytes(damaged)
    flipped = tmp_path / "flipped"
    done = decrypt(server, key, sealed, flipped, tmp_path)
    assert done.returncode != 0, "a flipped byte went unnoticed"
    assert pathlib.Path(__file__).read_bytes() not in content(flipped).values()


class Library:
    """The Encryption SDK as a library, its own KMS clients pointed at the server."""

    def __init__(self, server, *keys):
        self.client = aws_encryption_sdk.EncryptionSDKClient(
            commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
        )
        session = botocore.session.Session()
        session.set_credentials(ALICE.access_key_id, ALICE.secret)
        self.provider = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=keys, botocore_session=session)

    def encrypt(self, text, context):
        sealed, _ = self.client.encrypt(source=text, key_provider=self.provider, encryption_context=context)
        return sealed

    def decrypt(self, sealed):
        return self.client.decrypt(source=sealed, key_provider=self.provider)


@pytest.fixture
def library(server, monkeypatch):
    for name, value in environment(server, ALICE).items():
        monkeypatch.setenv(name, value)
    return lambda *keys: Library(server, *keys)


def test_the_library_round_trip_carries_its_context(library, key):
    sdk = library(key["Arn"])
    sealed = sdk.encrypt(b"confidential", CONTEXT)
    opened, header = sdk.decrypt(sealed)
    assert opened == b"confidential" and CONTEXT.items() <= header.encryption_context.items()


# KEY-123
def test_either_of_two_keys_opens_a_message_made_for_both(library, kms, key):
    second = kms.create_key()["KeyMetadata"]
    sealed = library(key["Arn"], second["Arn"]).encrypt(b"for two", CONTEXT)
    for arn in (key["Arn"], second["Arn"]):
        assert library(arn).decrypt(sealed)[0] == b"for two"
    kms.disable_key(KeyId=key["KeyId"])
    assert library(second["Arn"]).decrypt(sealed)[0] == b"for two"
    # With its key disabled the wrapped data key is of no use.
    with pytest.raises(AWSEncryptionSDKClientError):
        library(key["Arn"]).decrypt(sealed)


def test_every_region_of_a_damaged_message_is_noticed(library, key):
    sdk = library(key["Arn"])
    sealed = sdk.encrypt(b"x" * 100, CONTEXT)
    for at in range(0, len(sealed), 37):
        damaged = bytearray(sealed)
        damaged[at] ^= 0x20
        with pytest.raises(Exception) as caught:
            sdk.decrypt(bytes(damaged))
        assert not isinstance(caught.value, AssertionError)
