"""Data key pairs through the wire, used with another library."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)
from harness.clients import refused

CURVES = {
    "ECC_NIST_P256": "secp256r1",
    "ECC_NIST_P384": "secp384r1",
    "ECC_NIST_P521": "secp521r1",
    "ECC_SECG_P256K1": "secp256k1",
}
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def halves(kms, key, spec):
    made = kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec=spec)
    assert made["KeyId"] == key["Arn"] and made["KeyPairSpec"] == spec
    assert made["KeyMaterialId"] == key["CurrentKeyMaterialId"]
    opened = kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"])["Plaintext"]
    assert opened == made["PrivateKeyPlaintext"]
    private, public = load_der_private_key(opened, None), load_der_public_key(made["PublicKey"])
    assert private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == made["PublicKey"]
    return private, public


# KEY-114, KEY-117, KEY-119
@pytest.mark.parametrize("spec", ["RSA_2048", "RSA_3072"])
def test_a_pair_of_rsa_encrypts_and_signs_elsewhere(kms, key, spec):
    private, public = halves(kms, key, spec)
    assert public.key_size == int(spec[-4:])
    assert private.decrypt(public.encrypt(b"secret", OAEP), OAEP) == b"secret"
    public.verify(private.sign(b"x", padding.PKCS1v15(), hashes.SHA256()), b"x", padding.PKCS1v15(), hashes.SHA256())


# KEY-114, KEY-117, KEY-119
@pytest.mark.parametrize("spec", CURVES)
def test_a_pair_of_a_curve_signs_elsewhere(kms, key, spec):
    private, public = halves(kms, key, spec)
    assert public.curve.name == CURVES[spec]
    public.verify(private.sign(b"x", ec.ECDSA(hashes.SHA256())), b"x", ec.ECDSA(hashes.SHA256()))


def test_a_pair_of_an_edwards_curve_signs_elsewhere(kms, key):
    private, public = halves(kms, key, "ECC_NIST_EDWARDS25519")
    public.verify(private.sign(b"x"), b"x")


# KEY-115
def test_without_plaintext_there_is_none(kms, key):
    context = {"purpose": "test"}
    made = kms.generate_data_key_pair_without_plaintext(
        KeyId=key["KeyId"], KeyPairSpec="ECC_NIST_P256", EncryptionContext=context
    )
    members = {"PrivateKeyCiphertextBlob", "PublicKey", "KeyId", "KeyPairSpec", "KeyMaterialId", "ResponseMetadata"}
    assert set(made) == members
    opened = kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"], EncryptionContext=context)["Plaintext"]
    private = load_der_private_key(opened, None)
    assert private.public_key() == load_der_public_key(made["PublicKey"])
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"])


# KEY-95
def test_a_key_pair_wraps_no_key_pair(kms):
    rsa = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]
    said = f"{rsa['Arn']} key usage is ENCRYPT_DECRYPT which is not valid for GenerateDataKeyPair."
    with refused("InvalidKeyUsageException", said):
        kms.generate_data_key_pair(KeyId=rsa["KeyId"], KeyPairSpec="RSA_2048")


def test_what_is_not_offered_here(kms, key):
    with refused("UnsupportedOperationException", "KeyPairSpec SM2 is not supported in this Region."):
        kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec="SM2")
