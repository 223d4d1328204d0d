"""Imported key material over time: the guide's procedure at a shell, sets that last a day, expiry, restarts."""

import base64
import datetime
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest
from harness import trail
from harness.clients import boto3_client, environment, refused
from harness.imports import ALGORITHMS, WRAPPING_SPECS, Importer, material, taken, wrapped
from harness.server import ALICE, BINARY, clean_environment

AWS = pathlib.Path(sys.executable).parent / "aws"
HOUR = datetime.timedelta(hours=1)


def now():
    return datetime.datetime.now(datetime.UTC)


@pytest.fixture
def importer(kms, tmp_path):
    return Importer(kms, tmp_path)


@pytest.fixture
def at_shell(server, tmp_path):
    """Runs lines of the guide with the AWS CLI and OpenSSL; what they printed."""

    def run(script):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=clean_environment(**environment(server, ALICE), PATH=f"{AWS.parent}:{os.environ['PATH']}"),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


# SPK-438, SPK-446, SPK-455, SPK-491, SPK-513
@pytest.mark.parametrize("expires", [True, False])
def test_the_guides_procedure_at_a_shell(at_shell, tmp_path, expires):
    made = at_shell("aws kms create-key --origin EXTERNAL")["KeyMetadata"]
    key, arn = made["KeyId"], made["Arn"]
    assert made["KeyState"] == "PendingImport" and not made["Enabled"]
    assert made["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
    assert "ExpirationModel" not in made and "ValidTo" not in made
    set_ = at_shell(
        f"aws kms get-parameters-for-import --key-id {key} "
        "--wrapping-algorithm RSA_AES_KEY_WRAP_SHA_256 --wrapping-key-spec RSA_3072"
    )
    assert set_["KeyId"] == arn
    (tmp_path / "PublicKey.b64").write_text(set_["PublicKey"])
    (tmp_path / "importtoken.b64").write_text(set_["ImportToken"])
    at_shell(
        "openssl enc -d -base64 -A -in PublicKey.b64 -out WrappingPublicKey.bin\n"
        "openssl enc -d -base64 -A -in importtoken.b64 -out ImportToken.bin\n"
        "openssl rand -out PlaintextKeyMaterial.bin 32"
    )
    public = (tmp_path / "WrappingPublicKey.bin").read_bytes()
    plain = (tmp_path / "PlaintextKeyMaterial.bin").read_bytes()
    wrapped(tmp_path, "RSA_AES_KEY_WRAP_SHA_256", public, plain)
    date = (now() + 24 * HOUR).replace(microsecond=0)
    model = "KEY_MATERIAL_DOES_NOT_EXPIRE"
    if expires:
        # In a zone of its own, as the guide's example has it.
        zone = datetime.timezone(datetime.timedelta(hours=-8))
        model = f"KEY_MATERIAL_EXPIRES --valid-to {date.astimezone(zone).isoformat()}"
    answer = at_shell(
        f"aws kms import-key-material --key-id {key} "
        "--encrypted-key-material fileb://EncryptedKeyMaterial.bin --import-token fileb://ImportToken.bin "
        f"--expiration-model {model}"
    )
    described = at_shell(f"aws kms describe-key --key-id {key}")["KeyMetadata"]
    assert answer == {"KeyId": arn, "KeyMaterialId": described["CurrentKeyMaterialId"]}
    assert described["KeyState"] == "Enabled"
    assert described["ExpirationModel"] == model.split()[0]
    if expires:
        assert datetime.datetime.fromtimestamp(described["ValidTo"], datetime.UTC) == date
    deleted = at_shell(f"aws kms delete-imported-key-material --key-id {key}")
    assert deleted == answer


# SPK-493
@pytest.mark.parametrize("spec", ["SYMMETRIC_DEFAULT", "HMAC_384", "RSA_2048", "ECC_NIST_P521"])
def test_the_wrap_command_needs_no_openssl(kms, importer, tmp_path, spec):
    plain, key = material(tmp_path, spec), importer.key(spec)
    for algorithm in ALGORITHMS:
        for wrapping in WRAPPING_SPECS:
            if not taken(spec, algorithm, wrapping):
                continue
            parameters = importer.parameters(key, algorithm, wrapping)
            (tmp_path / "public.der").write_bytes(parameters["PublicKey"])
            command = ["wrap", "--public-key", "public.der", "--algorithm", algorithm, "--material", "-"]
            done = subprocess.run([BINARY, *command], input=plain, cwd=tmp_path, capture_output=True, check=False)
            assert done.returncode == 0 and b"for a test" in done.stderr, done
            kms.import_key_material(
                KeyId=key,
                ImportToken=parameters["ImportToken"],
                EncryptedKeyMaterial=done.stdout,
                ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
            )
    for command in (
        ["wrap", "--public-key", "public.der", "--algorithm", "RSAES_PKCS1_V1_5", "--material", "-"],
        ["wrap", "--public-key", "public.der", "--algorithm", "SM2PKE", "--material", "-"],
        ["wrap", "--public-key", "/dev/null", "--algorithm", "RSAES_OAEP_SHA_256", "--material", "-"],
        ["wrap", "--public-key", "public.der", "--algorithm", "nothing", "--material", "-"],
    ):
        done = subprocess.run([BINARY, *command], input=plain, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 1 and not done.stdout, done


@pytest.fixture
def dev(dev_server, tmp_path):
    """A development server whose clock moves: `advance("24h")`."""
    seed = tmp_path / "seed.json"
    keys = [{"id": ALICE.access_key_id, "secret": ALICE.secret}]
    seed.write_text(json.dumps({"accounts": [{"id": ALICE.id, "access_keys": keys}]}))
    server = dev_server(seed=seed, arguments=["--data-dir", str(tmp_path / "dev0" / "data")])

    def advance(by):
        done = server.run("clock", "advance", by)
        assert done.returncode == 0, done

    server.advance = advance
    return server


# SPK-447, SPK-449, SPK-456
def test_a_set_lasts_a_day(dev, tmp_path):
    importer = Importer(boto3_client(dev, ALICE), tmp_path)
    key, plain = importer.key("SYMMETRIC_DEFAULT"), os.urandom(32)
    request = importer.request(key, plain)
    importer.kms.import_key_material(**request)
    dev.advance("23h")
    newer = importer.request(key, plain, algorithm="RSAES_OAEP_SHA_256", wrapping="RSA_4096")
    importer.kms.import_key_material(**request)
    dev.advance("1h")
    with refused("ExpiredImportTokenException"):
        importer.kms.import_key_material(**request)
    importer.kms.import_key_material(**newer)


# SPK-515, SPK-523, SPK-524, KEY-111
@pytest.mark.parametrize("spec", ["SYMMETRIC_DEFAULT", "HMAC_256", "ECC_NIST_P256"])
def test_material_expires_and_comes_back(dev, tmp_path, spec):
    kms = boto3_client(dev, ALICE)
    importer, plain = Importer(kms, tmp_path), material(tmp_path, spec)
    key = importer.key(spec)
    policy = kms.get_key_policy(KeyId=key)["Policy"]
    kms.create_alias(AliasName="alias/stays", TargetKeyId=key)
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "stays", "TagValue": "too"}])
    status = kms.get_parameters_for_import
    valid_to = status(KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_1", WrappingKeySpec="RSA_2048")["ParametersValidTo"]
    kms.import_key_material(**importer.request(key, plain, ValidTo=valid_to))

    def use():
        if spec == "SYMMETRIC_DEFAULT":
            return kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
        if spec == "HMAC_256":
            return kms.generate_mac(KeyId=key, Message=b"message", MacAlgorithm="HMAC_SHA_256")["Mac"]
        return kms.sign(KeyId=key, Message=b"message", SigningAlgorithm="ECDSA_SHA_256")["Signature"]

    made = use()
    dev.advance("25h")
    with refused("KMSInvalidStateException", f"{kms.describe_key(KeyId=key)['KeyMetadata']['Arn']} is pending import."):
        use()
    described = kms.describe_key(KeyId="alias/stays")["KeyMetadata"]
    assert (described["KeyState"], described["Enabled"]) == ("PendingImport", False)
    assert (described["ExpirationModel"], described["ValidTo"]) == ("KEY_MATERIAL_EXPIRES", valid_to)
    assert kms.get_key_policy(KeyId=key)["Policy"] == policy
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "stays", "TagValue": "too"}]
    with refused("IncorrectKeyMaterialException"):
        kms.import_key_material(**importer.request(key, material(tmp_path, spec)))
    kms.import_key_material(**importer.request(key, plain))
    if spec == "SYMMETRIC_DEFAULT":
        assert kms.decrypt(CiphertextBlob=made)["Plaintext"] == b"secret"
    elif spec == "HMAC_256":
        assert use() == made


def events(server, name):
    return trail.records(server, eventName=name)


def settled(found, limit=20):
    """What is found, once it is."""
    deadline = time.monotonic() + limit
    while not (answer := found()):
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.1)
    return answer


# SPK-516, SPK-517, MON-98, MON-172, MON-176
def test_expiry_happens_on_its_own_and_over_a_crash(own_server, tmp_path):
    kms = boto3_client(own_server, ALICE)
    importer = Importer(kms, tmp_path)
    first, second = importer.key("SYMMETRIC_DEFAULT"), importer.key("SYMMETRIC_DEFAULT")
    requests = [importer.request(key, os.urandom(32), ValidTo=now() + 2 * HOUR) for key in (first, second)]
    for request in requests:
        request["ValidTo"] = now() + datetime.timedelta(seconds=2)
        kms.import_key_material(**request)
    (event,) = settled(lambda: [it for it in events(own_server, "DeleteExpiredKeyMaterial") if first in str(it)])
    assert event["eventType"] == "AwsServiceEvent" and event["serviceEventDetails"] == {"keyId": first}
    assert "requestID" not in event and event["responseElements"] is None
    assert event["resources"][0]["ARN"].endswith(first)
    imported = [it for it in events(own_server, "ImportKeyMaterial") if first in str(it["requestParameters"])]
    assert imported[0]["requestParameters"]["expirationModel"] == "KEY_MATERIAL_EXPIRES"
    assert imported[0]["requestParameters"]["validTo"]
    settled(lambda: [it for it in events(own_server, "DeleteExpiredKeyMaterial") if second in str(it)])
    third = importer.key("SYMMETRIC_DEFAULT")
    request = importer.request(third, os.urandom(32), ValidTo=now() + 2 * HOUR)
    request["ValidTo"] = now() + datetime.timedelta(seconds=2)
    kms.import_key_material(**request)
    own_server.kill()
    time.sleep(2.5)
    own_server.start()
    with refused("KMSInvalidStateException"):
        kms.encrypt(KeyId=third, Plaintext=b"x")
    (event,) = settled(lambda: [it for it in events(own_server, "DeleteExpiredKeyMaterial") if third in str(it)])
    assert kms.describe_key(KeyId=third)["KeyMetadata"]["KeyState"] == "PendingImport"


# SPK-408, SPK-448
def test_sets_and_fingerprints_outlive_a_restart(own_server, tmp_path):
    kms = boto3_client(own_server, ALICE)
    importer, plain = Importer(kms, tmp_path), os.urandom(32)
    key = importer.imported("SYMMETRIC_DEFAULT", plain)
    sealed = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    again = importer.request(key, plain)
    other = importer.request(key, os.urandom(32))
    kms.delete_imported_key_material(KeyId=key)
    own_server.kill()
    own_server.start()
    with refused("IncorrectKeyMaterialException"):
        kms.import_key_material(**other)
    kms.import_key_material(**again)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"secret"


# SPK-411, SPK-417
def test_material_and_wrapping_keys_show_nowhere(own_server, tmp_path):
    kms = boto3_client(own_server, ALICE)
    importer, plain = Importer(kms, tmp_path), os.urandom(32)
    request = importer.request(importer.key("HMAC_256"), plain)
    kms.import_key_material(**request)
    own_server.stop()
    kept = [path.read_bytes() for path in own_server.data.rglob("*") if path.is_file()]
    kept.append(own_server.log.read_bytes())
    assert len(kept) > 2
    for form in (plain, plain.hex().encode(), base64.b64encode(plain), base64.b64encode(request["ImportToken"])[:40]):
        assert not any(form in content for content in kept)
