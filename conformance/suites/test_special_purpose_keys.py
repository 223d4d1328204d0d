"""What is said of keys in general, over the kinds of key there are."""

import base64
import json
import os
import pathlib
import subprocess
import sys

import pytest
from harness.clients import boto3_client, environment, refused
from harness.pairs import Keys, signed
from harness.raw import Raw
from harness.server import ALICE, Account, clean_environment

ONE_OF_EACH = [
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
    ("HMAC_256", "GENERATE_VERIFY_MAC"),
    ("RSA_2048", "ENCRYPT_DECRYPT"),
    ("RSA_2048", "SIGN_VERIFY"),
    ("ECC_NIST_P256", "SIGN_VERIFY"),
    ("ECC_NIST_P256", "KEY_AGREEMENT"),
    ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY"),
    ("ML_DSA_44", "SIGN_VERIFY"),
    ("ML_KEM_512", "ENCAPSULATE_DECAPSULATE"),
]


@pytest.fixture(scope="module")
def keys(kms):
    return Keys(kms)


# SPK-7
@pytest.mark.parametrize(("spec", "usage"), ONE_OF_EACH)
def test_nothing_changes_what_a_key_is(kms, spec, usage):
    """Every operation that changes a key leaves these as they were."""
    made = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
    key = made["KeyId"]
    kms.update_key_description(KeyId=key, Description="other")
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "kind", "TagValue": "other"}])
    kms.put_key_policy(KeyId=key, Policy=kms.get_key_policy(KeyId=key)["Policy"])
    kms.disable_key(KeyId=key)
    kms.enable_key(KeyId=key)
    told = kms.describe_key(KeyId=key)["KeyMetadata"]
    fixed = ("KeySpec", "KeyUsage", "Origin", "MultiRegion", "CreationDate", "KeyManager")
    assert [told[name] for name in fixed] == [made[name] for name in fixed]


# SPK-59
@pytest.mark.parametrize("member", ["AliasName", "Alias", "Aliases"])
def test_a_key_is_created_without_an_alias(server, kms, member):
    raw = Raw(server, ALICE)
    answer = raw.call("CreateKey", {member: "alias/made-with-the-key", "Description": "x"})
    raw.close()
    key = json.loads(answer.body)["KeyMetadata"]["KeyId"]
    assert kms.list_aliases(KeyId=key)["Aliases"] == []


# KEY-93, KEY-98, SPK-5
def test_random_bytes_need_no_key(own_server):
    kms = boto3_client(own_server, ALICE)
    assert kms.list_keys()["Keys"] == []
    first, second = (kms.generate_random(NumberOfBytes=32)["Plaintext"] for _ in range(2))
    assert len(first) == len(second) == 32 and first != second
    assert kms.list_keys()["Keys"] == []


# SPK-8, SPK-141
def test_no_answer_holds_a_private_key(server, kms, keys):
    """What is public of a pair is told; what the store keeps of the other half is in no answer and in no file."""
    for spec, usage in ONE_OF_EACH:
        answers = [keys.get(spec, usage), kms.describe_key(KeyId=keys.id(spec, usage))]
        if usage != "GENERATE_VERIFY_MAC" and spec != "SYMMETRIC_DEFAULT":
            answers.append(kms.get_public_key(KeyId=keys.id(spec, usage)))
        for answer in answers:
            members = {*answer, *answer.get("KeyMetadata", {})} - {"CurrentKeyMaterialId"}
            assert not [name for name in members if "Private" in name or "Material" in name]
    # PKCS#8 begins so, whatever the algorithm: version 0 and the object identifier of a sort of key.
    signs = [bytes.fromhex(text) for text in ("020100301306072a8648ce3d0201", "020100300d06092a864886f70d010101")]
    for path in server.data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(sign in content for sign in signs), path


# SPK-15
def test_both_sides_of_symmetric_encryption_need_credentials(server, kms, key):
    nobody = boto3_client(server, Account(ALICE.id, "AKIAIOSFODNN7NOBODY0", "wrong"))
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    with refused("UnrecognizedClientException"):
        nobody.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    with refused("UnrecognizedClientException"):
        nobody.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "c"})


# KEY-26, SPK-11
def test_others_use_the_public_half_and_the_server_alone_the_private_one(kms, keys):
    """Signatures are made by calls alone: who may not call Sign has no signature, who has the public key verifies."""
    key = keys.id("ECC_NIST_P256", "SIGN_VERIFY")
    signature = signed(keys, "ECC_NIST_P256", "ECDSA_SHA_256", b"message")
    request = {"KeyId": key, "Message": b"message", "SigningAlgorithm": "ECDSA_SHA_256"}
    assert kms.verify(Signature=signature, **request)["SignatureValid"]
    kms.disable_key(KeyId=key)
    for call in (lambda: kms.sign(**request), lambda: kms.verify(Signature=signature, **request)):
        with refused("DisabledException"):
            call()
    with refused("DisabledException"):
        kms.get_public_key(KeyId=key)
    kms.enable_key(KeyId=key)


# REF-71, REF-73
@pytest.mark.parametrize(
    ("more", "code"),
    [({"MultiRegion": True}, "UnsupportedOperationException"), ({"Origin": "EXTERNAL"}, "ValidationException")],
)
def test_what_no_custom_key_store_can_hold_is_refused(kms, more, code):
    before = len(kms.list_keys(Limit=1000)["Keys"])
    with refused(code):
        kms.create_key(CustomKeyStoreId="cks-1234567890abcdef0", **{"Origin": "AWS_CLOUDHSM", **more})
    assert len(kms.list_keys(Limit=1000)["Keys"]) == before


# KEY-99
def test_the_command_line_does_all_cryptography(server, kms, keys, tmp_path):
    """Each cryptographic operation once, by the AWS CLI."""
    program = pathlib.Path(sys.executable).parent / "aws"

    def aws(operation, **arguments):
        words = [word for name, value in arguments.items() for word in (f"--{name.replace('_', '-')}", value)]
        done = subprocess.run(
            [sys.executable, str(program), "kms", operation, *words],
            env=clean_environment(**environment(server, ALICE)),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def file(content):
        path = tmp_path / os.urandom(8).hex()
        path.write_bytes(content)
        return f"fileb://{path}"

    def decoded(text):
        return file(base64.b64decode(text))

    symmetric = keys.id("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    message = file(b"message")
    sealed = aws("encrypt", key_id=symmetric, plaintext=message)
    blob = decoded(sealed["CiphertextBlob"])
    assert base64.b64decode(aws("decrypt", ciphertext_blob=blob)["Plaintext"]) == b"message"
    aws("re-encrypt", ciphertext_blob=blob, destination_key_id=symmetric)
    aws("generate-data-key", key_id=symmetric, key_spec="AES_256")
    aws("generate-data-key-without-plaintext", key_id=symmetric, key_spec="AES_256")
    aws("generate-data-key-pair", key_id=symmetric, key_pair_spec="ECC_NIST_P256")
    aws("generate-data-key-pair-without-plaintext", key_id=symmetric, key_pair_spec="ECC_NIST_P256")
    aws("generate-random", number_of_bytes="16")
    with_ = {
        "key_id": keys.id("ECC_NIST_P256", "SIGN_VERIFY"),
        "signing_algorithm": "ECDSA_SHA_256",
        "message": message,
    }
    assert aws("verify", signature=decoded(aws("sign", **with_)["Signature"]), **with_)["SignatureValid"]
    with_ = {"key_id": keys.id("HMAC_256", "GENERATE_VERIFY_MAC"), "mac_algorithm": "HMAC_SHA_256", "message": message}
    assert aws("verify-mac", mac=decoded(aws("generate-mac", **with_)["Mac"]), **with_)["MacValid"]
    key = keys.id("ECC_NIST_P256", "KEY_AGREEMENT")
    peer = decoded(aws("get-public-key", key_id=key)["PublicKey"])
    aws("derive-shared-secret", key_id=key, key_agreement_algorithm="ECDH", public_key=peer)
