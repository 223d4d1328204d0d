"""No way out for key material: what accounts are answered, what the operator is told, what is written anywhere.

The material is imported, so that the tests know it; everything that comes out of the server is searched for it.
"""

import base64
import http.client
import json
import os
import pathlib
import shutil
import socket

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from harness.clients import boto3_client, until
from harness.imports import Importer, material
from harness.model import MODEL
from harness.record_scene import Scene
from harness.record_table import EXTERNAL, TABLE
from harness.secrets import forms
from harness.server import ALICE, Server

ROWS = [pytest.param(name, row, id=f"{name}-{at}") for name, rows in TABLE.items() for at, row in enumerate(rows)]
# Everything binary that replies have. Of it, only data keys, private data keys, derived secrets and random bytes are
# secret, and none of them is a KMS key's material.
BINARY = {
    "CiphertextBlob", "CiphertextForRecipient", "ImportToken", "Mac", "Plaintext", "PrivateKeyCiphertextBlob",
    "PrivateKeyPlaintext", "PublicKey", "SharedSecret", "SharedSecretCiphertextBlob", "Signature",
}  # fmt: skip
SPECS = ("SYMMETRIC_DEFAULT", "HMAC_256", "ECC_NIST_P256", "RSA_2048")


def secret_of(spec, plain):
    """What of the material is nobody's to know: all of it, or the private numbers of a pair."""
    if spec in ("SYMMETRIC_DEFAULT", "HMAC_256"):
        return [plain]
    key = serialization.load_der_private_key(plain, None)
    numbers = key.private_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return [it.to_bytes((it.bit_length() + 7) // 8, "big") for it in (numbers.d, numbers.p, numbers.q)]
    return [numbers.private_value.to_bytes(32, "big")]


def found(secrets, text):
    """The secrets that a text has: as they are, as base64 or as hexadecimal digits."""
    return [it for it in secrets if it in text or any(form in text for form in forms(it) if len(form) >= 16)]


class Searched:
    """A client whose replies are searched, before anything is made of them and decoded."""

    def __init__(self, client):
        self.client, self.body = client, b""
        client.meta.events.register("before-parse.kms", self.note)

    def note(self, response_dict, **_):
        self.body = response_dict["body"]

    def call(self, operation, sent):
        """The answer or the error, and all that it has: its bytes, and what they have in base64."""
        try:
            answer = self.client._make_api_call(operation, sent)
        except ClientError as error:
            answer = error.response
        return answer, self.body + b"\n" + b"\n".join(decoded(json.loads(self.body or b"null")))


def decoded(document):
    """Every text of a document that may be base64, decoded."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        return [it for value in document for it in decoded(value)]
    try:
        return [base64.b64decode(document, validate=True)] if isinstance(document, str) else []
    except ValueError:
        return []


class Vault:
    """A server that logs all it can, with keys whose material is known."""

    def __init__(self, folder):
        self.server = Server(folder / "server", settings='\n[log]\nlevel = "trace"\n').start()
        self.folder = folder / "material"
        self.folder.mkdir()
        self.owner, self.away = (
            boto3_client(self.server, ALICE, region, parameter_validation=False)
            for region in ("us-east-1", "us-west-2")
        )
        self.importer = Importer(self.owner, self.folder)
        self.plain = {spec: material(self.folder, spec) for spec in SPECS}
        self.secrets = [it for spec, plain in self.plain.items() for it in secret_of(spec, plain)]

    def scene(self, row):
        """What a row is about, with material that is known wherever material can be imported."""
        spec = row.key.get("KeySpec", "SYMMETRIC_DEFAULT")
        importable = spec in self.plain and row.key != EXTERNAL and row.sent.get("KeyId") != "{replicated}"
        kind = {**row.key, **(EXTERNAL if importable else {})}
        made = Scene(self.owner, self.away, f"arn:aws:iam::{ALICE.id}:root", kind)
        if importable:
            self.owner.import_key_material(**self.importer.request(made.key, self.plain[spec]))
        made.material = self.plain["SYMMETRIC_DEFAULT"]
        return made


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    made = Vault(tmp_path_factory.mktemp("vault"))
    yield made
    assert made.server.stop() == 0


def test_the_search_finds_what_is_there(vault):
    """A data key is a secret that does leave, to whom it is made for: in the reply, and nowhere else."""
    row = TABLE["GenerateDataKey"][0]
    answer, text = Searched(vault.owner).call("GenerateDataKey", vault.scene(row).filled(row.sent))
    assert found([answer["Plaintext"]], text) == [answer["Plaintext"]]
    for form in forms(b"\xff" * 32):
        assert found([b"\xff" * 32], b"..." + form + b"...")


# REF-107, REF-87
@pytest.mark.parametrize(("operation", "row"), ROWS)
def test_no_reply_has_material_of_a_key(vault, operation, row):
    scene = vault.scene(row)
    sent = scene.filled(row.sent)
    for more in ({}, row.invalid):
        _, text = Searched(vault.owner).call(operation, {**sent, **more})
        assert text and not found(vault.secrets, text), operation


# REF-107
def test_replies_have_nothing_binary_but_what_may_leave():
    def binary(shape, name=""):
        if shape.type_name == "structure":
            return {it for member, inner in shape.members.items() for it in binary(inner, member)}
        if shape.type_name == "list":
            return binary(shape.member, name)
        return {name} if shape.type_name == "blob" else set()

    shapes = [MODEL.operation_model(name).output_shape for name in MODEL.operation_names]
    assert {it for shape in shapes if shape for it in binary(shape)} <= BINARY


# REF-107
def test_keys_are_named_by_identifiers_alone(vault):
    """Neither a ciphertext nor the id of its material stands for a key."""
    key = vault.importer.imported("SYMMETRIC_DEFAULT", vault.plain["SYMMETRIC_DEFAULT"])
    sealed = vault.owner.encrypt(KeyId=key, Plaintext=b"x")
    arn, alias = sealed["KeyId"], f"alias/{key}"
    vault.owner.create_alias(AliasName=alias, TargetKeyId=key)
    names = {key, arn, alias, arn.replace(f"key/{key}", alias)}
    described = [vault.owner.describe_key(KeyId=name)["KeyMetadata"] for name in names]
    assert {it["Arn"] for it in described} == {arn}
    for name in (base64.b64encode(sealed["CiphertextBlob"]).decode(), described[0]["CurrentKeyMaterialId"]):
        answer, _ = Searched(vault.owner).call("Encrypt", {"KeyId": name, "Plaintext": b"x"})
        assert answer["Error"]["Code"] in ("NotFoundException", "ValidationException"), name


def by_socket(server, path):
    """What the operator's socket answers to a plain request."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(server.data / "operator.sock"))
        request = http.client.HTTPConnection("localhost")
        request.sock = connection
        request.request("GET", path)
        return request.getresponse().read()


def everything_of(folder):
    """(path, contents) of every file below a folder."""
    for place, _, names in os.walk(folder):
        for path in (pathlib.Path(place) / name for name in names):
            if path.is_file():
                yield path, path.read_bytes()


# REF-87
def test_the_operator_is_told_no_material(vault):
    """Every command about a running server, its metrics and its health, and all that they print."""
    key = vault.importer.imported("SYMMETRIC_DEFAULT", vault.plain["SYMMETRIC_DEFAULT"])
    answer = vault.owner.encrypt(KeyId=key, Plaintext=b"x")
    arn, request = answer["KeyId"], answer["ResponseMetadata"]["RequestId"]
    root = f"arn:aws:iam::{ALICE.id}:root"
    server = vault.server
    question = ("--principal", root, "--action", "kms:Decrypt", "--key", arn)
    for command in (
        ("status",), ("status", "--json"), ("config", "check"), ("destruction", "status", "--json"),
        ("explain", *question), ("explain", *question, "--json"), ("explain", "--request", request, "--json"),
        ("who-can", "kms:Decrypt", "--key", arn, "--json"), ("key", "recover", arn),
        ("audit", "verify", "--json"), ("audit", "tail"), ("audit", "search", "--key", arn), ("audit", "export"),
        ("audit", "usage", "--key", arn), ("clock", "confirm"), ("apply", str(server.folder / "accounts.toml")),
        ("sessions", "revoke", "--account", ALICE.id, "--role", "nobody"),
    ):  # fmt: skip
        done = server.run(*command)
        said = done.stdout + done.stderr
        assert said and "Usage:" not in said, command
        assert not found(vault.secrets, said.encode()), command
    for path in ("/_trent/metrics", "/_trent/health", "/"):
        assert not found(vault.secrets, by_socket(server, path)), path


# REF-87
def test_disaster_recovery_needs_the_seal_and_shows_no_material(vault, tmp_path):
    """Backup, restore and a start from it: nothing that is written or said has material, and nothing opens unsealed."""
    key = vault.importer.imported("SYMMETRIC_DEFAULT", vault.plain["SYMMETRIC_DEFAULT"])
    sealed = vault.owner.encrypt(KeyId=key, Plaintext=b"recovered")["CiphertextBlob"]
    server, copy = vault.server, tmp_path / "backup"
    said = server.run("backup", str(copy))
    assert said.returncode == 0, said.stderr
    there = Server(tmp_path / "there", settings='\n[log]\nlevel = "trace"\n')
    without = there.run("restore", str(copy))
    assert without.returncode == 1 and not there.data.exists(), without
    there.seal.parent.mkdir()
    for name in (server.seal.name, f"{server.seal.name}.destroyed"):
        if (server.seal.parent / name).exists():
            shutil.copy(server.seal.parent / name, there.seal.parent / name)
    restored = there.run("restore", str(copy))
    assert restored.returncode == 0, restored.stderr
    there.start()
    assert boto3_client(there, ALICE).decrypt(CiphertextBlob=sealed)["Plaintext"] == b"recovered"
    assert there.stop() == 0
    for done in (said, without, restored):
        assert not found(vault.secrets, (done.stdout + done.stderr).encode())
    assert not found(vault.secrets, copy.read_bytes())
    for folder in (server.folder, there.folder):
        files = dict(everything_of(folder))
        assert len(files) > 5 and b"DEBUG" in files[folder / "server.log"], sorted(files)
        for path, contents in files.items():
            assert not found(vault.secrets, contents), path


# REF-96
def test_a_replica_gets_its_material_without_anybody_seeing_it(vault):
    """What replicating answers names keys and says nothing of material; a replica of imported material waits for its
    owner to import it there, too."""
    row = TABLE["ReplicateKey"][0]
    scene = vault.scene(row)
    answer, text = Searched(vault.owner).call("ReplicateKey", scene.filled(row.sent))
    assert answer["ReplicaKeyMetadata"]["Arn"] == scene.replica_arn and not found(vault.secrets, text)
    members = MODEL.operation_model("ReplicateKey").output_shape.members
    assert set(members) == {"ReplicaKeyMetadata", "ReplicaPolicy", "ReplicaTags"}
    assert until(vault.away, scene.key, KeyState="PendingImport")["Origin"] == "EXTERNAL"
