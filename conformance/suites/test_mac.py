"""Message authentication codes through the wire."""

import base64
import json

import pytest
from harness.clients import refused

SIZES = {"224": 28, "256": 32, "384": 48, "512": 64}


@pytest.fixture(scope="module", params=SIZES)
def bits(request):
    return request.param


@pytest.fixture(scope="module")
def hmac_key(kms, bits):
    return kms.create_key(KeySpec=f"HMAC_{bits}", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]


def arguments(key, bits, message=b"message"):
    return {"KeyId": key["KeyId"], "Message": message, "MacAlgorithm": f"HMAC_SHA_{bits}"}


# SPK-171, SPK-174, SPK-175
def test_a_tag_is_whole_and_verifies(kms, hmac_key, bits):
    asked = arguments(hmac_key, bits)
    answer = kms.generate_mac(**asked)
    assert (answer["KeyId"], answer["MacAlgorithm"]) == (hmac_key["Arn"], f"HMAC_SHA_{bits}")
    assert len(answer["Mac"]) == SIZES[bits]
    assert kms.generate_mac(**asked)["Mac"] == answer["Mac"]
    verified = kms.verify_mac(**asked, Mac=answer["Mac"])
    assert verified["MacValid"] is True and verified["KeyId"] == hmac_key["Arn"]
    for wrong in (answer["Mac"][:-1], answer["Mac"] + b"\0", bytes(SIZES[bits])):
        with refused("KMSInvalidMacException"):
            kms.verify_mac(**asked, Mac=wrong)
    with refused("KMSInvalidMacException"):
        kms.verify_mac(**arguments(hmac_key, bits, b"messagf"), Mac=answer["Mac"])


# SPK-189
def test_a_key_has_the_one_algorithm_of_its_spec(kms, hmac_key, bits):
    assert hmac_key["MacAlgorithms"] == [f"HMAC_SHA_{bits}"]
    for other in SIZES.keys() - {bits}:
        said = f"Algorithm HMAC_SHA_{other} is incompatible with key spec HMAC_{bits}."
        with refused("InvalidKeyUsageException", said):
            kms.generate_mac(**arguments(hmac_key, other))


# SPK-184
def test_a_json_web_token(kms):
    """The signing input and the tag are all that a token needs, whichever of the three algorithms it names."""
    for bits in ("256", "384", "512"):
        key = kms.create_key(KeySpec=f"HMAC_{bits}", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
        parts = [{"alg": f"HS{bits}", "typ": "JWT"}, {"sub": "alice", "iat": 1700000000}]
        text = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
        tag = kms.generate_mac(**arguments(key, bits, text))["Mac"]
        token = text + b"." + base64.urlsafe_b64encode(tag).rstrip(b"=")
        signed, _, signature = token.rpartition(b".")
        tag = base64.urlsafe_b64decode(signature + b"==")
        assert kms.verify_mac(**arguments(key, bits, signed), Mac=tag)["MacValid"] is True
        with refused("KMSInvalidMacException"):
            kms.verify_mac(**arguments(key, bits, signed.replace(b"J", b"K", 1)), Mac=tag)
