"""Import in a Region in China: SM4 and SM2 keys, RSA keys under SM2, and what is not offered there."""

import subprocess

import pytest
from harness.clients import boto3_client, refused
from harness.imports import ALGORITHMS, ECC, SPECS, WRAPPING_SPECS, Importer, material, taken, usage, wrapped
from harness.pairs import RSA
from harness.server import ALICE, BINARY, Server

REGION = "cn-north-1"
ALL = (*SPECS, "SM2")
CELLS = [(s, a, w) for s in ALL for a in ALGORITHMS for w in WRAPPING_SPECS if taken(s, a, w, china=True)]


@pytest.fixture(scope="module")
def china(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("china"), regions=[REGION]).start()
    yield boto3_client(running, ALICE, REGION)
    assert running.stop() == 0


@pytest.fixture(scope="module")
def materials(tmp_path_factory):
    """One material of each spec; a symmetric key has 16 bytes."""
    folder = tmp_path_factory.mktemp("materials")
    return {spec: material(folder, spec, 16 if spec == "SYMMETRIC_DEFAULT" else None) for spec in ALL}


def sealed(folder, algorithm, public_key, plain):
    if algorithm != "SM2PKE":
        return wrapped(folder, algorithm, public_key, plain)
    (folder / "public.der").write_bytes(public_key)
    command = [BINARY, "wrap", "--public-key", "public.der", "--algorithm", algorithm, "--material", "-"]
    done = subprocess.run(command, input=plain, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done
    return done.stdout


# SPK-429, SPK-433, SPK-460, SPK-465, SPK-470
# SPK-467, SPK-468, SPK-474, SPK-477, SPK-490
@pytest.mark.parametrize(("spec", "algorithm", "wrapping"), CELLS)
def test_every_material_is_imported_by_every_wrapping(china, materials, tmp_path, spec, algorithm, wrapping):
    importer = Importer(china, tmp_path)
    key = importer.key(spec)
    parameters = importer.parameters(key, algorithm, wrapping)
    china.import_key_material(
        KeyId=key,
        ImportToken=parameters["ImportToken"],
        EncryptedKeyMaterial=sealed(tmp_path, algorithm, parameters["PublicKey"], materials[spec]),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )
    assert china.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    if spec in (*RSA, *ECC, "SM2"):
        (tmp_path / "private.der").write_bytes(materials[spec])
        command = ["openssl", "pkey", "-inform", "DER", "-in", "private.der", "-pubout", "-outform", "DER"]
        public = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
        assert china.get_public_key(KeyId=key)["PublicKey"] == public
    if spec == "SYMMETRIC_DEFAULT":
        blob = china.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
        assert china.decrypt(CiphertextBlob=blob)["Plaintext"] == b"secret"


# SPK-474, SPK-475, SPK-476
@pytest.mark.parametrize("spec", ALL)
def test_every_other_wrapping_is_refused(china, tmp_path, spec):
    importer = Importer(china, tmp_path)
    key = importer.key(spec)
    for algorithm in ALGORITHMS:
        for wrapping in WRAPPING_SPECS:
            if not taken(spec, algorithm, wrapping, china=True):
                with refused("UnsupportedOperationException"):
                    importer.parameters(key, algorithm, wrapping)


# SPK-412
def test_sm2_signatures_go_both_ways(china, materials, tmp_path):
    importer, plain = Importer(china, tmp_path), materials["SM2"]
    key = importer.imported("SM2", plain, algorithm="RSAES_OAEP_SHA_256", wrapping="RSA_4096")
    (tmp_path / "private.der").write_bytes(plain)
    (tmp_path / "message").write_bytes(b"message")
    terms = "-rawin -digest sm3 -pkeyopt distid:1234567812345678 -in message".split()
    own = ["-keyform", "DER", "-inkey", "private.der"]
    run = {"cwd": tmp_path, "capture_output": True, "check": True}
    made = subprocess.run(["openssl", "pkeyutl", "-sign", *own, *terms], **run).stdout
    request = {"KeyId": key, "Message": b"message", "SigningAlgorithm": "SM2DSA"}
    assert china.verify(Signature=made, **request)["SignatureValid"]
    (tmp_path / "signature").write_bytes(china.sign(**request)["Signature"])
    subprocess.run(["openssl", "pkeyutl", "-verify", *own, *terms, "-sigfile", "signature"], **run)
    assert usage("SM2") == "SIGN_VERIFY"


# SPK-429
def test_a_symmetric_key_has_sixteen_bytes_there(china, tmp_path):
    importer = Importer(china, tmp_path)
    key = importer.key("SYMMETRIC_DEFAULT")
    with refused("IncorrectKeyMaterialException"):
        china.import_key_material(
            **importer.request(key, bytes(32), algorithm="RSAES_OAEP_SHA_256", wrapping="RSA_2048")
        )
