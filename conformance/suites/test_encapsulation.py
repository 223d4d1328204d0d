"""Key encapsulation through the wire."""

import os

import pytest
from harness.clients import refused

LENGTHS = {"ML_KEM_512": 768, "ML_KEM_768": 1088, "ML_KEM_1024": 1568}


# REF-47
@pytest.mark.parametrize("spec", LENGTHS)
def test_an_encapsulated_secret_is_opened(kms, spec):
    key = kms.create_key(KeySpec=spec, KeyUsage="ENCAPSULATE_DECAPSULATE")["KeyMetadata"]
    assert key["EncapsulationAlgorithms"] == ["ML_KEM"]
    asked = {"KeyId": key["KeyId"], "EncapsulationAlgorithm": "ML_KEM"}
    made = kms.encapsulate(**asked)
    assert made["KeyId"] == key["Arn"] and len(made["SharedSecret"]) == 32
    sealed = made["SharedSecretCiphertextBlob"]
    assert len(sealed) == LENGTHS[spec]
    assert kms.decapsulate(**asked, SharedSecretCiphertextBlob=sealed)["SharedSecret"] == made["SharedSecret"]
    strange = kms.decapsulate(**asked, SharedSecretCiphertextBlob=os.urandom(len(sealed)))["SharedSecret"]
    assert len(strange) == 32 and strange != made["SharedSecret"]
    with refused("InvalidCiphertextException"):
        kms.decapsulate(**asked, SharedSecretCiphertextBlob=sealed[:-1])
    public = kms.get_public_key(KeyId=key["KeyId"])
    assert public["EncapsulationAlgorithms"] == ["ML_KEM"] and "SigningAlgorithms" not in public
