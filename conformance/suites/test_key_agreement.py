"""Key agreement through the wire, with another library as the other party."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from harness.clients import refused

CURVES = {"ECC_NIST_P256": ec.SECP256R1, "ECC_NIST_P384": ec.SECP384R1, "ECC_NIST_P521": ec.SECP521R1}


def made(kms, spec, usage="KEY_AGREEMENT"):
    return kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]


def der(key):
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def derived(kms, key, peer):
    return kms.derive_shared_secret(KeyId=key["KeyId"], KeyAgreementAlgorithm="ECDH", PublicKey=peer)


# SPK-144, SPK-145
@pytest.mark.parametrize("spec", CURVES)
def test_both_parties_have_the_same_secret(kms, spec):
    key, peer = made(kms, spec), ec.generate_private_key(CURVES[spec]())
    answer = derived(kms, key, der(peer))
    assert set(answer) == {"KeyId", "SharedSecret", "KeyAgreementAlgorithm", "KeyOrigin", "ResponseMetadata"}
    assert (answer["KeyId"], answer["KeyAgreementAlgorithm"], answer["KeyOrigin"]) == (key["Arn"], "ECDH", "AWS_KMS")
    public = load_der_public_key(kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])
    assert answer["SharedSecret"] == peer.exchange(ec.ECDH(), public)


# SPK-146
def test_the_peers_key_is_checked(kms):
    key = made(kms, "ECC_NIST_P256")
    good = der(ec.generate_private_key(ec.SECP256R1()))
    for wrong in (
        der(ec.generate_private_key(ec.SECP384R1())),
        der(ec.generate_private_key(ec.SECP256K1())),
        der(rsa.generate_private_key(65537, 2048)),
        good[:-1],
        good[:-1] + bytes([good[-1] ^ 1]),
        b"none",
    ):
        with refused("ValidationException", "PublicKey is not a valid public key for key spec ECC_NIST_P256."):
            derived(kms, key, wrong)
    assert len(derived(kms, key, good)["SharedSecret"]) == 32
    signing = made(kms, "ECC_NIST_P256", "SIGN_VERIFY")
    said = f"{signing['Arn']} key usage is SIGN_VERIFY which is not valid for DeriveSharedSecret."
    with refused("InvalidKeyUsageException", said):
        derived(kms, signing, good)
