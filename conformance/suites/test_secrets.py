"""What the end of the run looks for: that it knows the secrets of the run, and finds one that was written."""

import base64
import gzip

import pytest
from harness import secrets
from harness.identities import User, fresh, statement
from harness.server import ALICE

SECRET = b"\x00hidden key material, 32 bytes\xff"


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A folder as a server has it, in which a text is written; answers what is found."""
    monkeypatch.setattr(secrets, "known", {})
    secrets.note("a data key", SECRET)
    secrets.note("a session token", "token/of+a/session==")

    def plant(name, text):
        file = tmp_path / "server" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = b"a line\nbefore " + text + b" behind\n"
        file.write_bytes(gzip.compress(lines) if name.endswith(".gz") else lines)
        return file, secrets.leaks([tmp_path / "server"], tmp_path)

    return plant


@pytest.mark.parametrize(
    "name", ["server.log", "data/audit/trail.jsonl", "data/audit/day/digest.json.gz", "events.jsonl"]
)
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (base64.b64encode(SECRET), "a data key"),
        (b'"' + base64.b64encode(SECRET).rstrip(b"=") + b'"', "a data key"),
        (base64.urlsafe_b64encode(SECRET), "a data key"),
        (SECRET.hex().encode(), "a data key"),
        (SECRET.hex().upper().encode(), "a data key"),
        (b"x-amz-security-token: token/of+a/session==", "a session token"),
    ],
)
def test_a_secret_that_was_written_is_found_and_not_told(planted, name, text, kind):
    file, found = planted(name, text)
    assert found == [f"{file}:2: {kind}"]


def test_what_is_no_secret_or_not_for_others_is_left_alone(planted):
    assert planted("server.log", b"nothing")[1] == []
    assert planted("seal/seal.key", SECRET)[1] == []


def test_the_secrets_of_the_run_are_known(server, kms, iam, raw):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.encrypt(KeyId=key, Plaintext=b"a message that nobody reads")
    assert secrets.known[b"a message that nobody reads"] == "a plaintext"
    data_key = kms.generate_data_key(KeyId=key, KeySpec="AES_256")["Plaintext"]
    assert secrets.known[data_key] == "a plaintext or data key"
    by_hand = raw.call("GenerateDataKey", {"KeyId": key, "KeySpec": "AES_256"}).document["Plaintext"]
    assert base64.b64decode(by_hand) in secrets.known
    user = User(server, iam, ALICE, fresh("user"))
    user.may(statement("kms:*"))
    made = iam.create_access_key(UserName=user.name)["AccessKey"]["SecretAccessKey"]
    assert secrets.known[made.encode()] == secrets.known[ALICE.secret.encode()] == "a secret access key"
    assert server.folder in secrets.folders
