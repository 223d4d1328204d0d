"""Every key spec with every usage under every cryptographic operation and algorithm: what works, works, and everything
else is refused in its own words. The table is `harness.pairs.ALGORITHMS`, written by hand from the guide's tables."""

import os

import botocore.session
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from harness.clients import refused
from harness.pairs import ALGORITHMS, NIST, SPECS, Keys, digest

MODEL = botocore.session.get_session().get_service_model("kms")
USAGES = MODEL.shape_for("KeyUsageType").enum
SIGNING = MODEL.shape_for("SigningAlgorithmSpec").enum
ENCRYPTION = MODEL.shape_for("EncryptionAlgorithmSpec").enum
MACS = MODEL.shape_for("MacAlgorithmSpec").enum
CURVES = {"ECC_NIST_P256": ec.SECP256R1(), "ECC_NIST_P384": ec.SECP384R1(), "ECC_NIST_P521": ec.SECP521R1()}
MESSAGE = os.urandom(32)


@pytest.fixture(scope="module")
def keys(kms):
    return Keys(kms)


@pytest.fixture(scope="module")
def helper(kms):
    """A symmetric key to encrypt from and to."""
    return kms.create_key()["KeyMetadata"]["KeyId"]


def test_the_tables_know_every_value_of_the_model():
    assert {*SPECS, "SM2"} == set(MODEL.shape_for("KeySpec").enum)
    named = {algorithm for algorithms in ALGORITHMS.values() for algorithm in algorithms}
    assert named | {"SM2PKE", "SM2DSA"} == {*SIGNING, *ENCRYPTION, *MACS, "ECDH", "ML_KEM"}


# SPK-19, SPK-20, SPK-21, SPK-22, SPK-24
# SPK-25, SPK-26, SPK-58, SPK-10
@pytest.mark.parametrize("spec", SPECS)
def test_a_spec_has_its_usages_and_no_others(kms, spec):
    before = kms.list_keys(Limit=1000)["Keys"]
    for usage in USAGES:
        if (spec, usage) in ALGORITHMS:
            continue
        with refused("ValidationException", f"KeyUsage {usage} is not compatible with KeySpec {spec}"):
            kms.create_key(KeySpec=spec, KeyUsage=usage)
    if spec != "SYMMETRIC_DEFAULT":
        message = "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
        with refused("ValidationException", message):
            kms.create_key(KeySpec=spec)
    assert kms.list_keys(Limit=1000)["Keys"] == before


FIELDS = {
    "ENCRYPT_DECRYPT": "EncryptionAlgorithms",
    "SIGN_VERIFY": "SigningAlgorithms",
    "GENERATE_VERIFY_MAC": "MacAlgorithms",
    "KEY_AGREEMENT": "KeyAgreementAlgorithms",
    "ENCAPSULATE_DECAPSULATE": "EncapsulationAlgorithms",
}


# SPK-34, SPK-35, SPK-36, SPK-37, SPK-38
# SPK-39, SPK-40, SPK-41, SPK-42, SPK-43
# SPK-44, SPK-47, SPK-50, SPK-128, SPK-143
@pytest.mark.parametrize(("spec", "usage"), ALGORITHMS)
def test_metadata_names_the_algorithms_of_the_usage_alone(keys, spec, usage):
    made = keys.get(spec, usage)
    assert (made["KeySpec"], made["KeyUsage"], made["KeyState"]) == (spec, usage, "Enabled")
    told = keys.kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    for metadata in (made, told):
        lists = {name: metadata[name] for name in FIELDS.values() if name in metadata}
        assert lists == {FIELDS[usage]: list(ALGORITHMS[spec, usage])}


def requests(keys, spec, usage, helper):
    """Every cryptographic request that can be made of a key: operation, algorithm, usage that it takes, arguments. What
    another operation makes first (a ciphertext, a signature) is right where the key can make it, else any bytes."""
    kms, key = keys.kms, keys.id(spec, usage)
    algorithms = ALGORITHMS[spec, usage]

    def made(operation, field, algorithm, fallback, **arguments):
        if algorithm not in algorithms:
            return fallback
        return getattr(kms, operation)(KeyId=key, **arguments)[field]

    for algorithm in ENCRYPTION:
        with_ = {"EncryptionAlgorithm": algorithm}
        yield "Encrypt", algorithm, "ENCRYPT_DECRYPT", {"KeyId": key, "Plaintext": MESSAGE, **with_}
        sealed = made("encrypt", "CiphertextBlob", algorithm, MESSAGE, Plaintext=MESSAGE, **with_)
        yield "Decrypt", algorithm, "ENCRYPT_DECRYPT", {"KeyId": key, "CiphertextBlob": sealed, **with_}
        source = {"SourceKeyId": key, "SourceEncryptionAlgorithm": algorithm, "CiphertextBlob": sealed}
        yield "ReEncrypt", algorithm, "ENCRYPT_DECRYPT", {**source, "DestinationKeyId": helper}
        plain = kms.encrypt(KeyId=helper, Plaintext=MESSAGE)["CiphertextBlob"]
        destination = {"DestinationKeyId": key, "DestinationEncryptionAlgorithm": algorithm}
        yield "ReEncrypt", algorithm, "ENCRYPT_DECRYPT", {**destination, "CiphertextBlob": plain}
    for algorithm in SIGNING:
        message = {"Message": MESSAGE, "SigningAlgorithm": algorithm}
        if algorithm == "ED25519_PH_SHA_512":
            message |= {"Message": digest(algorithm, MESSAGE), "MessageType": "DIGEST"}
        yield "Sign", algorithm, "SIGN_VERIFY", {"KeyId": key, **message}
        signature = made("sign", "Signature", algorithm, MESSAGE, **message)
        yield "Verify", algorithm, "SIGN_VERIFY", {"KeyId": key, "Signature": signature, **message}
    for algorithm in MACS:
        message = {"Message": MESSAGE, "MacAlgorithm": algorithm}
        yield "GenerateMac", algorithm, "GENERATE_VERIFY_MAC", {"KeyId": key, **message}
        mac = made("generate_mac", "Mac", algorithm, MESSAGE, **message)
        yield "VerifyMac", algorithm, "GENERATE_VERIFY_MAC", {"KeyId": key, "Mac": mac, **message}
    peer = ec.generate_private_key(CURVES.get(spec, CURVES["ECC_NIST_P256"])).public_key()
    peer = peer.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    agreement = {"KeyAgreementAlgorithm": "ECDH", "PublicKey": peer}
    yield "DeriveSharedSecret", "ECDH", "KEY_AGREEMENT", {"KeyId": key, **agreement}
    with_ = {"EncapsulationAlgorithm": "ML_KEM"}
    yield "Encapsulate", "ML_KEM", "ENCAPSULATE_DECAPSULATE", {"KeyId": key, **with_}
    sealed = made("encapsulate", "SharedSecretCiphertextBlob", "ML_KEM", MESSAGE, **with_)
    with_ = with_ | {"SharedSecretCiphertextBlob": sealed}
    yield "Decapsulate", "ML_KEM", "ENCAPSULATE_DECAPSULATE", {"KeyId": key, **with_}
    symmetric = "SYMMETRIC_DEFAULT"
    for operation in ("GenerateDataKey", "GenerateDataKeyWithoutPlaintext"):
        yield operation, symmetric, "ENCRYPT_DECRYPT", {"KeyId": key, "KeySpec": "AES_256"}
    for operation in ("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"):
        yield operation, symmetric, "ENCRYPT_DECRYPT", {"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"}


def call(kms, operation, arguments):
    method = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")
    return getattr(kms, method)(**arguments)


# REF-5, REF-13, REF-14, REF-15, REF-16
# REF-17, REF-18, REF-30, REF-35, REF-41
# REF-42, REF-47, REF-77, SPK-4, SPK-27
# SPK-28, SPK-53, SPK-139, SPK-172, SPK-189
@pytest.mark.parametrize(("spec", "usage"), ALGORITHMS)
def test_a_key_does_what_its_type_does_and_nothing_else(keys, helper, spec, usage):
    arn = keys.get(spec, usage)["Arn"]
    for operation, algorithm, taken, arguments in requests(keys, spec, usage, helper):
        if usage != taken:
            message = f"{arn} key usage is {usage} which is not valid for {operation}."
            with refused("InvalidKeyUsageException", message):
                call(keys.kms, operation, arguments)
        elif algorithm in ALGORITHMS[spec, usage]:
            call(keys.kms, operation, arguments)
        else:
            message = f"Algorithm {algorithm} is incompatible with key spec {spec}."
            with refused("InvalidKeyUsageException", None if operation.startswith("GenerateDataKey") else message):
                call(keys.kms, operation, arguments)


# REF-22, SPK-77, SPK-80
@pytest.mark.parametrize(("spec", "usage"), ALGORITHMS)
def test_every_pair_and_nothing_else_has_a_public_key(keys, spec, usage):
    made = keys.get(spec, usage)
    if spec == "SYMMETRIC_DEFAULT" or spec.startswith("HMAC"):
        with refused("UnsupportedOperationException"):
            keys.kms.get_public_key(KeyId=made["KeyId"])
        return
    told = keys.kms.get_public_key(KeyId=made["KeyId"])
    assert (told["KeyId"], told["KeySpec"], told["KeyUsage"]) == (made["Arn"], spec, usage)
    lists = {name: told[name] for name in FIELDS.values() if name in told}
    assert lists == {FIELDS[usage]: list(ALGORITHMS[spec, usage])}
    assert told.get("CustomerMasterKeySpec") == made.get("CustomerMasterKeySpec")
    assert told["PublicKey"][0] == 0x30


# SPK-144, SPK-146
@pytest.mark.parametrize("spec", NIST)
def test_a_peer_on_another_curve_is_refused(keys, spec):
    key = keys.id(spec, "KEY_AGREEMENT")
    for other, curve in CURVES.items():
        peer = ec.generate_private_key(curve).public_key()
        peer = peer.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if other == spec:
            continue
        with refused("ValidationException"):
            keys.kms.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=peer)
