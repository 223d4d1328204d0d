"""What servers write beside their replies: no secret, which the end of the run looks for, and whose request it was."""

import base64
import dataclasses
import gzip
import json

import pytest
from botocore.exceptions import ClientError
from harness import secrets
from harness.clients import boto3_client
from harness.identities import User, fresh, statement
from harness.raw import Raw, exchange
from harness.server import ALICE, Server

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


CRATES = ("trent_server", "trent_service", "trent_identity", "trent_policy", "trent_kms", "trent_iam", "trent_audit")
ENDS = {"answered", "a request was refused before any operation"}
OF_CONNECTIONS = {"a connection broke", "a silent connection is closed"}


def test_every_log_line_of_a_request_carries_its_id(tmp_path):
    """Of whatever kind the request is: answered, invalid, denied, not signed, signed wrongly, or none at all."""
    levels = ",".join(f"{crate}=trace" for crate in CRATES)
    environment = {"TRENT_LOG_FORMAT": "json", "TRENT_LOG_LEVEL": f"info,{levels}"}
    server = Server(tmp_path / "server", environment=environment).start()
    try:
        kms = boto3_client(server, ALICE)
        nobody = User(server, boto3_client(server, ALICE, service="iam"), ALICE, fresh("user"))
        stranger = boto3_client(server, dataclasses.replace(ALICE, secret="not the secret of this key"))
        key = kms.create_key()
        asked = [key["ResponseMetadata"]["RequestId"]]
        for client, name, arguments in (
            (nobody.client(), "describe_key", {"KeyId": key["KeyMetadata"]["KeyId"]}),
            (kms, "describe_key", {"KeyId": "no such key"}),
            (stranger, "list_keys", {}),
        ):
            with pytest.raises(ClientError) as refused:
                getattr(client, name)(**arguments)
            asked.append(refused.value.response["ResponseMetadata"]["RequestId"])
        by_hand = Raw(server, ALICE)
        asked.append(by_hand.call("NoSuchOperation", {}).headers["x-amzn-requestid"])
        asked.append(by_hand.call("ListKeys", b"{").headers["x-amzn-requestid"])
        asked.append(by_hand.send({"Host": by_hand.address.netloc}, b"").headers["x-amzn-requestid"])
        exchange(server, b"nothing like a request\r\n\r\n")
    finally:
        assert server.stop() == 0
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    of_requests = [it for it in lines if it["target"].startswith(CRATES) and it["message"] not in OF_CONNECTIONS]
    without = [it for it in of_requests if "request_id" not in it]
    assert not without, without
    told = {it["request_id"] for it in of_requests if it["message"] in ENDS}
    assert told >= set(asked), set(asked) - told
    said = {it["message"] for it in of_requests}
    assert said >= {"answered", "refused", "authentication failed"}, said
