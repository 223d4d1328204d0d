"""JSON Web Tokens signed through the server and checked by PyJWT, and with a MAC checked by the server itself."""

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key
from harness.clients import refused
from harness.pairs import Keys

SIGNED = {
    "RS256": ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256"),
    "RS384": ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_384"),
    "RS512": ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512"),
    "PS256": ("RSA_2048", "RSASSA_PSS_SHA_256"),
    "ES256": ("ECC_NIST_P256", "ECDSA_SHA_256"),
    "ES384": ("ECC_NIST_P384", "ECDSA_SHA_384"),
    "ES512": ("ECC_NIST_P521", "ECDSA_SHA_512"),
    "ES256K": ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
    "EdDSA": ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512"),
}


@pytest.fixture(scope="module")
def keys(kms):
    return Keys(kms)


def encoded(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def unsigned(algorithm, **claims):
    """Header and claims: what a token's signature is made of."""
    header = {"alg": algorithm, "typ": "JWT"}
    return b".".join(encoded(json.dumps(part).encode()) for part in (header, claims))


def joined(signature, size):
    """An ECDSA signature as tokens have it (RFC 7518, 3.4): both numbers, each as long as a coordinate."""
    return b"".join(number.to_bytes(size, "big") for number in decode_dss_signature(signature))


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_token_is_believed(keys, name):
    spec, algorithm = SIGNED[name]
    text = unsigned(name, sub="alice", exp=int(time.time()) + 60)
    key = keys.id(spec, "SIGN_VERIFY")
    signature = keys.kms.sign(KeyId=key, Message=text, SigningAlgorithm=algorithm)["Signature"]
    public = load_der_public_key(keys.public(spec, "SIGN_VERIFY"))
    if name.startswith("ES"):
        signature = joined(signature, (public.key_size + 7) // 8)
    token = (text + b"." + encoded(signature)).decode()
    assert jwt.decode(token, public, algorithms=[name])["sub"] == "alice"
    header, _, tail = token.split(".")
    forged = encoded(json.dumps({"sub": "mallory"}).encode()).decode()
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(f"{header}.{forged}.{tail}", public, algorithms=[name])


# SPK-184, SPK-177, SPK-183
@pytest.mark.parametrize("bits", ["256", "384", "512"])
def test_a_token_with_a_mac_is_checked_by_who_made_it(keys, bits):
    text = unsigned(f"HS{bits}", sub="alice", exp=int(time.time()) + 60)
    request = {"KeyId": keys.id(f"HMAC_{bits}", "GENERATE_VERIFY_MAC"), "MacAlgorithm": f"HMAC_SHA_{bits}"}
    mac = keys.kms.generate_mac(Message=text, **request)["Mac"]
    assert len(mac) == int(bits) // 8
    assert keys.kms.verify_mac(Message=text, Mac=mac, **request)["MacValid"]
    forged = unsigned(f"HS{bits}", sub="mallory", exp=int(time.time()) + 60)
    with refused("KMSInvalidMacException"):
        keys.kms.verify_mac(Message=forged, Mac=mac, **request)
