"""A deployment of Regions in China: SM2 keys, checked by OpenSSL, and symmetric keys of SM4."""

import base64
import hashlib
import os
import subprocess
from typing import ClassVar

import pytest
from asn1crypto.core import Integer, OctetString, Sequence
from harness.clients import boto3_client, refused
from harness.pairs import RSA, Keys
from harness.server import ALICE, BINARY, Server, clean_environment
from harness.verifiers import OpenSsl, raw

MESSAGE = b"The quick brown fox jumps over the lazy dog"
DEFAULT_ID = b"1234567812345678"
REGION = "cn-north-1"


class Ciphertext(Sequence):
    """GM/T 0009, 7.2: the point, the digest C3, the ciphertext C2."""

    _fields: ClassVar = [("x", Integer), ("y", Integer), ("c3", OctetString), ("c2", OctetString)]


@pytest.fixture(scope="module")
def china(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("china"), regions=[REGION]).start()
    yield boto3_client(running, ALICE, REGION)
    assert running.stop() == 0


@pytest.fixture(scope="module")
def keys(china):
    return Keys(china)


@pytest.fixture
def openssl(tmp_path):
    return OpenSsl(tmp_path)


def believed(openssl, spki, message, signature, identity):
    key = ["-keyform", "DER", "-pubin", "-inkey", openssl.file("key.der", spki)]
    text = ["-rawin", "-digest", "sm3", "-in", openssl.file("message", message)]
    identity = ["-pkeyopt", f"distid:{identity.decode()}"] if identity is not None else []
    signature = ["-sigfile", openssl.file("signature", signature)]
    return openssl.run("pkeyutl", "-verify", *key, *text, *identity, *signature).returncode == 0


P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)


def sm3(content):
    return hashlib.new("sm3", content).digest()


def digest(spki, message, identity):
    """GM/T 0003.2, 5.5 and 6.1: the digest that is signed, with an identity of the caller's own."""
    point = raw(spki)[1:]
    numbers = b"".join(number.to_bytes(32, "big") for number in (A, B, *G))
    za = sm3((len(identity) * 8).to_bytes(2, "big") + identity + numbers + point)
    return sm3(za + message)


# SPK-23, SPK-45, SPK-46, SPK-149
@pytest.mark.parametrize(
    ("usage", "field", "algorithm"),
    [
        ("ENCRYPT_DECRYPT", "EncryptionAlgorithms", "SM2PKE"),
        ("SIGN_VERIFY", "SigningAlgorithms", "SM2DSA"),
        ("KEY_AGREEMENT", "KeyAgreementAlgorithms", "ECDH"),
    ],
)
def test_an_sm2_key_has_one_usage(keys, usage, field, algorithm):
    made = keys.get("SM2", usage)
    assert (made["KeySpec"], made["CustomerMasterKeySpec"], made[field]) == ("SM2", "SM2", [algorithm])
    for other in {"EncryptionAlgorithms", "SigningAlgorithms", "KeyAgreementAlgorithms"} - {field}:
        assert other not in made
    with refused("ValidationException", "KeyUsage GENERATE_VERIFY_MAC is not compatible with KeySpec SM2"):
        keys.kms.create_key(KeySpec="SM2", KeyUsage="GENERATE_VERIFY_MAC")


# SPK-148, SPK-52, KEY-24
def test_sm2_is_offered_in_china_alone(kms, china):
    with refused("UnsupportedOperationException"):
        kms.create_key(KeySpec="SM2", KeyUsage="SIGN_VERIFY")
    with refused("UnsupportedOperationException"):
        kms.generate_data_key_pair(KeyId=kms.create_key()["KeyMetadata"]["KeyId"], KeyPairSpec="SM2")
    with refused("UnsupportedOperationException"):
        china.create_key(KeySpec="ML_KEM_768", KeyUsage="ENCAPSULATE_DECAPSULATE")
    assert china.create_key(KeySpec=RSA[0], KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"].startswith("arn:aws-cn:kms:")


# SPK-151, SPK-152, SPK-156
def test_openssl_believes_a_signature_with_the_default_identity(keys, openssl):
    key, spki = keys.id("SM2", "SIGN_VERIFY"), keys.public("SM2", "SIGN_VERIFY")
    signature = keys.kms.sign(KeyId=key, Message=MESSAGE, SigningAlgorithm="SM2DSA")["Signature"]
    assert believed(openssl, spki, MESSAGE, signature, DEFAULT_ID)
    assert not believed(openssl, spki, MESSAGE, signature, b"somebody")
    assert not believed(openssl, spki, MESSAGE, signature, b"")
    assert not believed(openssl, spki, MESSAGE + b".", signature, DEFAULT_ID)
    told = keys.kms.verify(KeyId=key, Message=MESSAGE, Signature=signature, SigningAlgorithm="SM2DSA")
    assert told["SignatureValid"] is True


# SPK-153, SPK-154, SPK-157
@pytest.mark.parametrize("identity", [b"somebody", b"s" * 40, b"s" * 300])
def test_a_callers_own_identity_is_in_the_digest(keys, openssl, identity):
    key, spki = keys.id("SM2", "SIGN_VERIFY"), keys.public("SM2", "SIGN_VERIFY")
    request = {"KeyId": key, "MessageType": "DIGEST", "SigningAlgorithm": "SM2DSA"}
    signature = keys.kms.sign(Message=digest(spki, MESSAGE, identity), **request)["Signature"]
    assert believed(openssl, spki, MESSAGE, signature, identity)
    assert not believed(openssl, spki, MESSAGE, signature, DEFAULT_ID)
    with refused("KMSInvalidSignatureException"):
        keys.kms.verify(KeyId=key, Message=MESSAGE, Signature=signature, SigningAlgorithm="SM2DSA")
    with refused("ValidationException", "Digest is invalid length for algorithm SM2DSA."):
        keys.kms.sign(**request | {"Message": MESSAGE[:31]})


# SPK-150, SPK-158, SPK-159, SPK-162
def test_what_openssl_encrypted_is_decrypted(keys, openssl):
    key, spki = keys.id("SM2", "ENCRYPT_DECRYPT"), keys.public("SM2", "ENCRYPT_DECRYPT")
    where = ["-keyform", "DER", "-pubin", "-inkey", openssl.file("key.der", spki)]
    request = {"KeyId": key, "EncryptionAlgorithm": "SM2PKE"}
    for size in (1, 32, 1000):
        plain = os.urandom(size)
        sealed = openssl.run("pkeyutl", "-encrypt", *where, "-in", openssl.file("plain", plain)).stdout
        assert keys.kms.decrypt(CiphertextBlob=sealed, **request)["Plaintext"] == plain
        parts = Ciphertext.load(sealed)
        point = b"\x04" + b"".join(parts[name].native.to_bytes(32, "big") for name in ("x", "y"))
        for other in (
            point + parts["c2"].native + parts["c3"].native,
            point + parts["c3"].native + parts["c2"].native,
            sealed[:-1] + bytes([sealed[-1] ^ 1]),
        ):
            with refused("InvalidCiphertextException"):
                keys.kms.decrypt(CiphertextBlob=other, **request)
    plain = os.urandom(1024)
    sealed = keys.kms.encrypt(Plaintext=plain, **request)["CiphertextBlob"]
    parts = Ciphertext.load(sealed, strict=True)
    assert (len(parts["c3"].native), len(parts["c2"].native)) == (32, 1024)
    assert keys.kms.decrypt(CiphertextBlob=sealed, **request)["Plaintext"] == plain
    with refused("ValidationException"):
        keys.kms.encrypt(Plaintext=plain + b".", **request)


# SPK-161
def test_the_form_of_a_ciphertext_shows_with_asn1parse(keys, openssl):
    sealed = keys.kms.encrypt(KeyId=keys.id("SM2", "ENCRYPT_DECRYPT"), Plaintext=MESSAGE, EncryptionAlgorithm="SM2PKE")[
        "CiphertextBlob"
    ]
    shown = openssl.run("asn1parse", "-inform", "DER", "-in", openssl.file("ciphertext.der", sealed))
    assert shown.returncode == 0 and shown.stdout.count(b"INTEGER") == 2


def offline(tmp_path, *arguments, **files):
    """`trent sm2`, far from any server."""
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return subprocess.run(
        [BINARY, "sm2", *arguments], cwd=tmp_path, env=clean_environment(), capture_output=True, timeout=30, check=False
    )


# SPK-160
@pytest.mark.parametrize("identity", [None, b"somebody", b"s" * 300])
def test_signatures_are_checked_without_a_server(keys, tmp_path, identity):
    spki = keys.public("SM2", "SIGN_VERIFY")
    named = [] if identity is None else ["--distinguishing-id", identity.decode()]
    files = {"key.der": spki, "message": MESSAGE}
    made = offline(tmp_path, "digest", "--public-key", "key.der", *named, "message", **files)
    assert made.stdout == digest(spki, MESSAGE, identity or DEFAULT_ID)
    request = {"KeyId": keys.id("SM2", "SIGN_VERIFY"), "SigningAlgorithm": "SM2DSA"}
    files["signature"] = keys.kms.sign(Message=made.stdout, MessageType="DIGEST", **request)["Signature"]
    verify = ["verify", "--public-key", "key.der", "--signature", "signature"]
    assert offline(tmp_path, *verify, *named, "message", **files).returncode == 0
    assert offline(tmp_path, *verify, "--distinguishing-id", "another", "message", **files).returncode == 2
    assert offline(tmp_path, *verify, *named, "message", **files | {"message": b"another"}).returncode == 2
    assert offline(tmp_path, *verify, *named, "message", **files | {"signature": b"none"}).returncode == 2
    broken = offline(tmp_path, *verify, *named, "message", **files | {"key.der": spki[:-1]})
    assert broken.returncode == 1 and b"key.der: it is not the public key of an SM2 key" in broken.stderr
    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(spki) + b"-----END PUBLIC KEY-----\n"
    assert offline(tmp_path, *verify, *named, "message", **files | {"key.der": pem}).returncode == 0


# SPK-160, SPK-155
def test_what_was_encrypted_without_a_server_is_decrypted(keys, tmp_path):
    request = {"KeyId": keys.id("SM2", "ENCRYPT_DECRYPT"), "EncryptionAlgorithm": "SM2PKE"}
    spki = keys.public("SM2", "ENCRYPT_DECRYPT")
    encrypt = ["encrypt", "--public-key", "key.der", "plain"]
    for plain in (b"x", MESSAGE, os.urandom(1024)):
        sealed = offline(tmp_path, *encrypt, **{"key.der": spki, "plain": plain}).stdout
        assert keys.kms.decrypt(CiphertextBlob=sealed, **request)["Plaintext"] == plain
    for plain in (b"", os.urandom(1025)):
        refusal = offline(tmp_path, *encrypt, **{"key.der": spki, "plain": plain})
        assert refusal.returncode == 1 and b"SM2PKE encrypts 1 to 1024 bytes" in refusal.stderr
    long = offline(tmp_path, "digest", "--public-key", "key.der", "--distinguishing-id", "i" * 8192, "plain")
    assert long.returncode == 1 and b"at most 8191 bytes" in long.stderr


# SPK-143
def test_two_sm2_keys_agree(keys):
    key = keys.id("SM2", "KEY_AGREEMENT")
    peer = keys.kms.create_key(KeySpec="SM2", KeyUsage="KEY_AGREEMENT")["KeyMetadata"]["KeyId"]

    def agreed(mine, other):
        offered = keys.kms.get_public_key(KeyId=other)["PublicKey"]
        request = {"KeyId": mine, "KeyAgreementAlgorithm": "ECDH", "PublicKey": offered}
        return keys.kms.derive_shared_secret(**request)["SharedSecret"]

    assert agreed(key, peer) == agreed(peer, key) and len(agreed(key, peer)) == 32


# SPK-3
def test_symmetric_keys_work_there_too(china):
    key = china.create_key()["KeyMetadata"]
    assert (key["KeySpec"], key["EncryptionAlgorithms"]) == ("SYMMETRIC_DEFAULT", ["SYMMETRIC_DEFAULT"])
    context = {"purpose": "test"}
    sealed = china.encrypt(KeyId=key["KeyId"], Plaintext=MESSAGE, EncryptionContext=context)["CiphertextBlob"]
    assert china.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] == MESSAGE
    with refused("InvalidCiphertextException"):
        china.decrypt(CiphertextBlob=sealed)
    pair = china.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec="SM2")
    assert china.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"])["Plaintext"] == pair["PrivateKeyPlaintext"]
