"""Encryption with key pairs through the wire, from and to another library."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key
from harness.clients import refused

HASHES = {"RSAES_OAEP_SHA_1": hashes.SHA1, "RSAES_OAEP_SHA_256": hashes.SHA256}


@pytest.fixture(scope="module")
def rsa(kms):
    return kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]


# SPK-88, SPK-90, SPK-104, SPK-105
def test_what_another_library_encrypts_is_decrypted(kms, rsa):
    """The library knows nothing but what `GetPublicKey` tells."""
    answer = kms.get_public_key(KeyId=rsa["KeyId"])
    public = load_der_public_key(answer["PublicKey"])
    assert set(answer["EncryptionAlgorithms"]) == set(HASHES)
    for name in answer["EncryptionAlgorithms"]:
        algorithm = HASHES[name]()
        sealed = public.encrypt(b"secret", padding.OAEP(padding.MGF1(algorithm), algorithm, None))
        opened = kms.decrypt(KeyId=answer["KeyId"], CiphertextBlob=sealed, EncryptionAlgorithm=name)
        assert (opened["Plaintext"], opened["EncryptionAlgorithm"]) == (b"secret", name)
        assert "KeyMaterialId" not in opened
        for strange in (padding.OAEP(padding.MGF1(hashes.SHA512()), algorithm, None), padding.PKCS1v15()):
            with refused("InvalidCiphertextException"):
                kms.decrypt(KeyId=rsa["KeyId"], CiphertextBlob=public.encrypt(b"x", strange), EncryptionAlgorithm=name)


# SPK-107, SPK-116
def test_the_key_is_named_and_the_plaintext_fits(kms, rsa):
    asked = {"KeyId": rsa["KeyId"], "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    sealed = kms.encrypt(**asked, Plaintext=b"x" * 190)["CiphertextBlob"]
    assert len(sealed) == 256
    assert kms.decrypt(**asked, CiphertextBlob=sealed)["Plaintext"] == b"x" * 190
    said = "Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data larger than 190 bytes."
    with refused("ValidationException", said):
        kms.encrypt(**asked, Plaintext=b"x" * 191)
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=sealed, EncryptionAlgorithm="RSAES_OAEP_SHA_256")


# KEY-131
def test_there_is_no_context(kms, rsa):
    said = "EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs."
    with refused("ValidationException", said):
        kms.encrypt(
            KeyId=rsa["KeyId"],
            EncryptionAlgorithm="RSAES_OAEP_SHA_1",
            Plaintext=b"x",
            EncryptionContext={"a": "b"},
        )


# KEY-84
def test_ciphertexts_move_from_one_kind_of_key_to_the_other(kms, rsa, key):
    there = {"DestinationKeyId": rsa["KeyId"], "DestinationEncryptionAlgorithm": "RSAES_OAEP_SHA_1"}
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"moved")["CiphertextBlob"]
    moved = kms.re_encrypt(CiphertextBlob=sealed, **there)
    assert "DestinationKeyMaterialId" not in moved and moved["SourceKeyMaterialId"] == key["CurrentKeyMaterialId"]
    back = kms.re_encrypt(
        CiphertextBlob=moved["CiphertextBlob"],
        SourceKeyId=rsa["KeyId"],
        SourceEncryptionAlgorithm="RSAES_OAEP_SHA_1",
        DestinationKeyId=key["KeyId"],
    )
    assert kms.decrypt(CiphertextBlob=back["CiphertextBlob"])["Plaintext"] == b"moved"
