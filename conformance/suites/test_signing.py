"""Signatures through the wire: what is signed here verifies elsewhere; what does not verify is refused."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key
from harness.clients import refused

MESSAGE = b"what is signed"
HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
ECDSA = [
    ("ECC_NIST_P256", "ECDSA_SHA_256"),
    ("ECC_NIST_P384", "ECDSA_SHA_384"),
    ("ECC_NIST_P521", "ECDSA_SHA_512"),
    ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
]


def made(kms, spec):
    return kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]


def public_key(kms, key):
    return load_der_public_key(kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])


@pytest.fixture(scope="module")
def rsa(kms):
    return made(kms, "RSA_2048")


# SPK-118..SPK-123, SPK-126, SPK-133
@pytest.mark.parametrize("bits", HASHES)
def test_signatures_of_rsa_verify_elsewhere(kms, rsa, bits):
    algorithm = HASHES[bits]()
    ways = {
        f"RSASSA_PSS_SHA_{bits}": padding.PSS(padding.MGF1(algorithm), algorithm.digest_size),
        f"RSASSA_PKCS1_V1_5_SHA_{bits}": padding.PKCS1v15(),
    }
    for name, way in ways.items():
        answer = kms.sign(KeyId=rsa["KeyId"], Message=MESSAGE, SigningAlgorithm=name)
        assert (answer["KeyId"], answer["SigningAlgorithm"]) == (rsa["Arn"], name)
        assert len(answer["Signature"]) == 256
        public_key(kms, rsa).verify(answer["Signature"], MESSAGE, way, algorithm)
        verified = kms.verify(KeyId=rsa["KeyId"], Message=MESSAGE, SigningAlgorithm=name, Signature=answer["Signature"])
        assert verified["SignatureValid"] is True and verified["KeyId"] == rsa["Arn"]


# SPK-135, SPK-136, SPK-137, SPK-138
@pytest.mark.parametrize(("spec", "name"), ECDSA)
def test_signatures_of_curves_verify_elsewhere(kms, spec, name):
    key, algorithm = made(kms, spec), HASHES[name[-3:]]()
    digest = hashlib.new(algorithm.name, MESSAGE).digest()
    for kind, message in (("RAW", MESSAGE), ("DIGEST", digest)):
        arguments = {"KeyId": key["KeyId"], "Message": message, "MessageType": kind, "SigningAlgorithm": name}
        signature = kms.sign(**arguments)["Signature"]
        public_key(kms, key).verify(signature, MESSAGE, ec.ECDSA(algorithm))
        public_key(kms, key).verify(signature, digest, ec.ECDSA(utils.Prehashed(algorithm)))
        assert kms.verify(**arguments, Signature=signature)["SignatureValid"] is True


def test_signatures_of_edwards_curves_verify_elsewhere(kms):
    key = made(kms, "ECC_NIST_EDWARDS25519")
    signature = kms.sign(KeyId=key["KeyId"], Message=MESSAGE, SigningAlgorithm="ED25519_SHA_512")["Signature"]
    public_key(kms, key).verify(signature, MESSAGE)


# SPK-133
def test_a_signature_that_does_not_verify_is_an_error(kms, rsa):
    arguments = {"KeyId": rsa["KeyId"], "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
    signature = kms.sign(**arguments, Message=MESSAGE)["Signature"]
    for message, wrong in ((b"another", signature), (MESSAGE, signature[:-1]), (MESSAGE, b"none")):
        with refused("KMSInvalidSignatureException"):
            kms.verify(**arguments, Message=message, Signature=wrong)


# SPK-131
def test_a_digest_has_the_length_of_its_algorithm(kms, rsa):
    arguments = {"KeyId": rsa["KeyId"], "MessageType": "DIGEST", "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
    with refused("ValidationException", "Digest is invalid length for algorithm RSASSA_PSS_SHA_256."):
        kms.sign(**arguments, Message=b"x" * 31)


# SPK-139, SPK-27
def test_the_key_decides_what_it_is_for(kms, rsa, key):
    p384 = made(kms, "ECC_NIST_P384")
    with refused("InvalidKeyUsageException", "Algorithm ECDSA_SHA_256 is incompatible with key spec ECC_NIST_P384."):
        kms.sign(KeyId=p384["KeyId"], Message=MESSAGE, SigningAlgorithm="ECDSA_SHA_256")
    for wrong, usage, operation, arguments in (
        (key, "ENCRYPT_DECRYPT", "sign", {"Message": MESSAGE, "SigningAlgorithm": "ECDSA_SHA_256"}),
        (rsa, "SIGN_VERIFY", "encrypt", {"Plaintext": b"x", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}),
    ):
        said = f"{wrong['Arn']} key usage is {usage} which is not valid for {operation.title()}."
        with refused("InvalidKeyUsageException", said):
            getattr(kms, operation)(KeyId=wrong["KeyId"], **arguments)


# SPK-80
def test_the_public_key_comes_with_its_configuration(kms, rsa):
    answer = kms.get_public_key(KeyId=rsa["KeyId"])
    members = {"KeyId", "KeySpec", "CustomerMasterKeySpec", "KeyUsage", "SigningAlgorithms", "PublicKey"}
    assert set(answer) == members | {"ResponseMetadata"}
    assert answer["KeyId"] == rsa["Arn"] and answer["SigningAlgorithms"] == rsa["SigningAlgorithms"]
    assert answer["KeySpec"] == answer["CustomerMasterKeySpec"] == "RSA_2048"
    assert public_key(kms, rsa).key_size == 2048


# SPK-79
def test_another_account_signs_once_both_sides_allow_it(kms, other, rsa):
    arguments = {"KeyId": rsa["Arn"], "Message": MESSAGE, "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
    with refused("AccessDeniedException"):
        other.sign(**arguments)
    with refused("AccessDeniedException"):
        other.get_public_key(KeyId=rsa["Arn"])
