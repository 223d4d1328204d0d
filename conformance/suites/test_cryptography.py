"""Encrypting, decrypting, re-encrypting, data keys and random bytes."""

import base64
import itertools
import json
import os

import pytest
from harness.clients import refused
from harness.server import BOB

DRY_RUN = "The request would have succeeded, but the DryRun option is set."
WRONG_KEY = "The key ID in the request does not identify a CMK that can perform this operation."


@pytest.mark.parametrize("size", [1, 2, 15, 16, 17, 255, 4095, 4096])
def test_what_was_encrypted_is_decrypted(kms, key, size):
    plain = os.urandom(size)
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=plain)
    assert sealed["KeyId"] == key["Arn"] and sealed["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert plain not in sealed["CiphertextBlob"] or size < 3
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])
    assert opened["Plaintext"] == plain
    assert (opened["KeyId"], opened["EncryptionAlgorithm"]) == (key["Arn"], "SYMMETRIC_DEFAULT")
    assert kms.encrypt(KeyId=key["KeyId"], Plaintext=plain)["CiphertextBlob"] != sealed["CiphertextBlob"]


# KEY-102, KEY-105
def test_a_data_key_comes_in_plaintext_and_encrypted(kms, key):
    made = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256", EncryptionContext={"a": "b"})
    assert set(made) == {"CiphertextBlob", "Plaintext", "KeyId", "KeyMaterialId", "ResponseMetadata"}
    assert made["KeyId"] == key["Arn"] and made["KeyMaterialId"] == key["CurrentKeyMaterialId"]
    opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == made["Plaintext"] and len(made["Plaintext"]) == 32
    assert kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")["Plaintext"] != made["Plaintext"]
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=made["CiphertextBlob"])


# KEY-103
def test_a_data_key_without_plaintext_has_none(raw, kms, key):
    answer = raw.call("GenerateDataKeyWithoutPlaintext", {"KeyId": key["KeyId"], "KeySpec": "AES_256"}).document
    assert "Plaintext" not in answer and {"CiphertextBlob", "KeyId"} <= set(answer)
    assert len(kms.decrypt(CiphertextBlob=base64.b64decode(answer["CiphertextBlob"]))["Plaintext"]) == 32


# KEY-104, KEY-39
@pytest.mark.parametrize(
    ("asked", "size"),
    [({"KeySpec": "AES_128"}, 16), ({"KeySpec": "AES_256"}, 32)]
    + [({"NumberOfBytes": n}, n) for n in (1, 64, 1023, 1024)],
)
def test_the_length_of_a_data_key(kms, key, asked, size):
    made = kms.generate_data_key(KeyId=key["KeyId"], **asked)
    assert len(made["Plaintext"]) == size
    blind = kms.generate_data_key_without_plaintext(KeyId=key["KeyId"], **asked)
    assert len(kms.decrypt(CiphertextBlob=blind["CiphertextBlob"])["Plaintext"]) == size


# KEY-104
def test_length_and_spec_of_a_data_key_exclude_each_other(kms, key):
    for operation in (kms.generate_data_key, kms.generate_data_key_without_plaintext):
        for asked in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 32}):
            with refused("ValidationException"):
                operation(KeyId=key["KeyId"], **asked)


# KEY-108
def test_data_keys_are_random(kms, key):
    second = kms.create_key()["KeyMetadata"]["KeyId"]
    made = [
        kms.generate_data_key(KeyId=k, NumberOfBytes=1024)["Plaintext"]
        for k in (key["KeyId"], second)
        for _ in range(8)
    ]
    assert len(set(made)) == len(made)
    assert len({m[i : i + 16] for m in made for i in range(0, 1024, 16)}) == 64 * len(made)
    counts = [0] * 256
    for byte in itertools.chain(*made):
        counts[byte] += 1
    assert all(20 < c < 120 for c in counts), "16,384 uniform bytes hold each value about 64 times"


# KEY-106
def test_no_operation_knows_data_keys(kms, key, server):
    made = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
    operations = kms.meta.service_model.operation_names
    assert [o for o in operations if "DataKey" in o and not o.startswith("Generate")] == []
    kept = [p for p in server.folder.rglob("*") if p.is_file()]
    for form in (made["Plaintext"], base64.b64encode(made["Plaintext"]), made["Plaintext"].hex().encode()):
        assert not [p for p in kept if form in p.read_bytes()]


def test_no_answer_carries_key_material(raw, kms, key):
    for operation, document in (
        ("DescribeKey", {"KeyId": key["KeyId"]}),
        ("ListKeys", {}),
        ("GetKeyPolicy", {"KeyId": key["KeyId"]}),
        ("CreateKey", {}),
    ):
        text = raw.call(operation, document).body.decode()
        for value in strings(json.loads(text)):
            assert "PRIVATE KEY" not in value and value.lower() not in ("plaintext", "material")
    said = f"{key['Arn']} key spec is SYMMETRIC_DEFAULT which is not valid for GetPublicKey."
    with refused("UnsupportedOperationException", said):
        kms.get_public_key(KeyId=key["KeyId"])


def strings(document):
    if isinstance(document, dict):
        for name, value in document.items():
            yield name
            yield from strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from strings(value)
    elif isinstance(document, str):
        yield document


# KEY-126, KEY-128
def test_every_operation_with_a_symmetric_key_binds_its_context(kms, key):
    k, context = key["KeyId"], {"purpose": "test", "stage": "prod"}
    sealed = [
        kms.encrypt(KeyId=k, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"],
        kms.generate_data_key(KeyId=k, KeySpec="AES_128", EncryptionContext=context)["CiphertextBlob"],
        kms.generate_data_key_without_plaintext(KeyId=k, KeySpec="AES_128", EncryptionContext=context)[
            "CiphertextBlob"
        ],
    ]
    moved = kms.re_encrypt(
        CiphertextBlob=sealed[0],
        SourceEncryptionContext=context,
        DestinationKeyId=k,
        DestinationEncryptionContext={"purpose": "other"},
    )["CiphertextBlob"]
    for blob in sealed:
        assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"]
        with refused("InvalidCiphertextException"):
            kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=k, DestinationEncryptionContext=context)
        for wrong in (
            {},
            {"purpose": "test"},
            {**context, "extra": ""},
            {"Purpose": "test", "stage": "prod"},
            {"purpose": "Test", "stage": "prod"},
            {"purpose": "prod", "stage": "test"},
            {"purpose": "teststage", "": "prod"},
        ):
            with refused("InvalidCiphertextException"):
                kms.decrypt(CiphertextBlob=blob, EncryptionContext=wrong)
    assert kms.decrypt(CiphertextBlob=moved, EncryptionContext={"purpose": "other"})["Plaintext"] == b"x"


# KEY-128
def test_a_wrong_context_cannot_be_told_from_damage(raw, kms, key):
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    wrong = raw.call("Decrypt", {"CiphertextBlob": base64.b64encode(sealed).decode(), "EncryptionContext": {"a": "c"}})
    flipped = raw.call(
        "Decrypt", {"CiphertextBlob": base64.b64encode(damaged).decode(), "EncryptionContext": {"a": "b"}}
    )
    assert wrong.status == flipped.status == 400
    assert wrong.body == flipped.body and wrong.code == "InvalidCiphertextException" and not wrong.message


# KEY-129, KEY-130
def test_order_is_irrelevant_and_none_is_the_same_as_empty(raw, kms, key):
    pairs = [("z", "1"), ("a", "2"), ("ä", "3"), ("A", "4")]
    body = json.dumps({"KeyId": key["KeyId"], "Plaintext": "eA==", "EncryptionContext": dict(pairs)}).encode()
    sealed = raw.call("Encrypt", body).document["CiphertextBlob"]
    for order in itertools.permutations(pairs):
        opened = raw.call("Decrypt", {"CiphertextBlob": sealed, "EncryptionContext": dict(order)})
        assert opened.document["Plaintext"] == "eA=="
    without = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    empty = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext={})["CiphertextBlob"]
    for blob in (without, empty):
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
        assert kms.decrypt(CiphertextBlob=blob, EncryptionContext={})["Plaintext"] == b"x"


# KEY-127
def test_the_context_is_not_in_the_ciphertext(kms, key):
    secret = "context-value-that-would-show"
    small = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext={"k": "v"})["CiphertextBlob"]
    large = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext={"name": secret * 50})["CiphertextBlob"]
    assert len(small) == len(large)
    assert secret.encode() not in large and b"name" not in large


# KEY-132
@pytest.mark.parametrize("literal", ["10103.0", "1", "-1.50e3", "true", "false"])
def test_a_scalar_in_a_context_is_its_own_text(raw, kms, key, literal):
    body = f'{{"KeyId":"{key["KeyId"]}","Plaintext":"eA==","EncryptionContext":{{"n":{literal}}}}}'.encode()
    sealed = base64.b64decode(raw.call("Encrypt", body).document["CiphertextBlob"])
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"n": literal})["Plaintext"] == b"x"


# KEY-132
@pytest.mark.parametrize("literal", ["null", "[]", "{}", '["a"]'])
def test_what_is_no_scalar_is_no_context_value(raw, key, literal):
    body = f'{{"KeyId":"{key["KeyId"]}","Plaintext":"eA==","EncryptionContext":{{"n":{literal}}}}}'.encode()
    answer = raw.call("Encrypt", body)
    assert (answer.status, answer.code) == (400, "SerializationException")


# KEY-133
def test_a_context_is_any_unicode_byte_for_byte(kms, key):
    composed, decomposed = "\u00e9", "e\u0301"
    context = {composed: "Ω≈ç√", "emoji": "🔑\u0000\n", "": "", "long": "x" * 2000}
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] == b"x"
    other = {decomposed if k == composed else k: v for k, v in context.items()}
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=sealed, EncryptionContext=other)


# KEY-140
def test_a_file_that_was_moved_no_longer_decrypts(kms, key, tmp_path):
    """The page on encryption contexts: the path is rebuilt at decryption and only a fragment kept beside the data."""

    def seal(path, text):
        context = {"app": "invoices", "path": str(path)}
        path.write_bytes(kms.encrypt(KeyId=key["KeyId"], Plaintext=text, EncryptionContext=context)["CiphertextBlob"])

    def read(path):
        context = {"app": "invoices", "path": str(path)}
        return kms.decrypt(CiphertextBlob=path.read_bytes(), EncryptionContext=context)["Plaintext"]

    seal(tmp_path / "a", b"for a")
    seal(tmp_path / "b", b"for b")
    assert read(tmp_path / "a") == b"for a"
    (tmp_path / "a").rename(tmp_path / "b")
    with refused("InvalidCiphertextException"):
        read(tmp_path / "b")


# KEY-123
def test_data_moves_to_another_key_by_moving_its_data_key(kms, key):
    first = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
    second = kms.create_key()["KeyMetadata"]
    moved = kms.re_encrypt(CiphertextBlob=first["CiphertextBlob"], DestinationKeyId=second["Arn"])
    assert (moved["SourceKeyId"], moved["KeyId"]) == (key["Arn"], second["Arn"])
    assert moved["SourceEncryptionAlgorithm"] == moved["DestinationEncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    kms.disable_key(KeyId=key["KeyId"])
    opened = kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])
    assert (opened["Plaintext"], opened["KeyId"]) == (first["Plaintext"], second["Arn"])


# KEY-122
def test_layers_of_data_keys_nest(kms, key):
    from cryptography.fernet import Fernet

    outer = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
    inner = Fernet.generate_key()
    wrapped = Fernet(base64.urlsafe_b64encode(outer["Plaintext"])).encrypt(inner)
    document = Fernet(inner).encrypt(b"document")
    del outer["Plaintext"], inner
    top = kms.decrypt(CiphertextBlob=outer["CiphertextBlob"])["Plaintext"]
    assert Fernet(Fernet(base64.urlsafe_b64encode(top)).decrypt(wrapped)).decrypt(document) == b"document"


# KEY-124
def test_an_encrypted_data_key_is_of_no_use_to_others(kms, other, key):
    made = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
    assert BOB.id != key["AWSAccountId"]
    for call in (
        lambda: other.decrypt(CiphertextBlob=made["CiphertextBlob"]),
        lambda: other.decrypt(CiphertextBlob=made["CiphertextBlob"], KeyId=key["Arn"]),
    ):
        with refused("AccessDeniedException"):
            call()


# KEY-125
def test_symmetric_protection_and_key_pairs_combine(kms, key):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    signer = Ed25519PrivateKey.generate()
    seed = signer.private_bytes_raw()
    sealed_signer = kms.encrypt(KeyId=key["KeyId"], Plaintext=seed, EncryptionContext={"use": "sign"})["CiphertextBlob"]
    public = signer.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"report")["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=sealed_signer, EncryptionContext={"use": "sign"})["Plaintext"]
    signature = Ed25519PrivateKey.from_private_bytes(opened).sign(sealed)
    Ed25519PrivateKey.from_private_bytes(seed).public_key().verify(signature, sealed)
    assert public == signer.public_key().public_bytes_raw()
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"report"


def test_a_named_key_must_be_the_one_that_encrypted(kms, key):
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    second = kms.create_key()["KeyMetadata"]
    with refused("IncorrectKeyException", WRONG_KEY):
        kms.decrypt(CiphertextBlob=sealed, KeyId=second["KeyId"])
    with refused("IncorrectKeyException", WRONG_KEY):
        kms.re_encrypt(CiphertextBlob=sealed, SourceKeyId=second["KeyId"], DestinationKeyId=key["KeyId"])


def test_every_flipped_byte_of_a_ciphertext_is_refused(kms, key):
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"thirty-two bytes of plain text!!")["CiphertextBlob"]
    for at in range(len(sealed)):
        damaged = sealed[:at] + bytes([sealed[at] ^ 0x40]) + sealed[at + 1 :]
        with pytest.raises(kms.exceptions.ClientError) as caught:
            kms.decrypt(CiphertextBlob=damaged)
        answer = caught.value.response
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400, (at, answer)
        assert answer["Error"]["Code"] in ("InvalidCiphertextException", "AccessDeniedException"), (at, answer)
    for cut in (1, 10, len(sealed) - 1):
        with pytest.raises(kms.exceptions.ClientError):
            kms.decrypt(CiphertextBlob=sealed[:cut])


def test_a_dry_run_changes_nothing_and_says_so(kms, key):
    with refused("DryRunOperationException", DRY_RUN, status=412):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", DryRun=True)
    with refused("DryRunOperationException", DRY_RUN, status=412):
        kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256", DryRun=True)
    kms.disable_key(KeyId=key["KeyId"])
    with refused("DisabledException"):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", DryRun=True)


def test_random_bytes(kms):
    for size in (1, 32, 1024):
        assert len(kms.generate_random(NumberOfBytes=size)["Plaintext"]) == size
    assert kms.generate_random(NumberOfBytes=32)["Plaintext"] != kms.generate_random(NumberOfBytes=32)["Plaintext"]
    with refused("ValidationException", "NumberOfBytes is required."):
        kms.generate_random()
