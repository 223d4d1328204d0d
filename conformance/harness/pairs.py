"""Keys of every kind: which there are, and one of each that tests share."""

import functools
import hashlib

RSA = ("RSA_2048", "RSA_3072", "RSA_4096")
NIST = ("ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521")
ML_DSA = ("ML_DSA_44", "ML_DSA_65", "ML_DSA_87")
ML_KEM = ("ML_KEM_512", "ML_KEM_768", "ML_KEM_1024")
HMAC = ("HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512")
SPECS = ("SYMMETRIC_DEFAULT", *HMAC, *RSA, *NIST, "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519", *ML_DSA, *ML_KEM)

PKCS1 = tuple(f"RSASSA_PKCS1_V1_5_SHA_{bits}" for bits in (256, 384, 512))
PSS = tuple(f"RSASSA_PSS_SHA_{bits}" for bits in (256, 384, 512))
OAEP = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")

# What a key of a spec does with each usage that it may have: the guide's tables, written down once more by hand.
ALGORITHMS = {
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"): ("SYMMETRIC_DEFAULT",),
    **{(spec, "GENERATE_VERIFY_MAC"): (f"HMAC_SHA_{spec[5:]}",) for spec in HMAC},
    **{(spec, "ENCRYPT_DECRYPT"): OAEP for spec in RSA},
    **{(spec, "SIGN_VERIFY"): (*PKCS1, *PSS) for spec in RSA},
    ("ECC_NIST_P256", "SIGN_VERIFY"): ("ECDSA_SHA_256",),
    ("ECC_NIST_P384", "SIGN_VERIFY"): ("ECDSA_SHA_384",),
    ("ECC_NIST_P521", "SIGN_VERIFY"): ("ECDSA_SHA_512",),
    ("ECC_SECG_P256K1", "SIGN_VERIFY"): ("ECDSA_SHA_256",),
    ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY"): ("ED25519_SHA_512", "ED25519_PH_SHA_512"),
    **{(spec, "KEY_AGREEMENT"): ("ECDH",) for spec in NIST},
    **{(spec, "SIGN_VERIFY"): ("ML_DSA_SHAKE_256",) for spec in ML_DSA},
    **{(spec, "ENCAPSULATE_DECAPSULATE"): ("ML_KEM",) for spec in ML_KEM},
}

# Every signing key with every algorithm that it has.
SIGNATURES = [
    (spec, algorithm) for (spec, usage), all_ in ALGORITHMS.items() if usage == "SIGN_VERIFY" for algorithm in all_
]


class Keys:
    """One key of each spec and usage, made when it is first asked for."""

    def __init__(self, kms):
        self.kms = kms

    @functools.cache  # noqa: B019 - as long as the session
    def get(self, spec, usage):
        return self.kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]

    def id(self, spec, usage):
        return self.get(spec, usage)["KeyId"]

    @functools.cache  # noqa: B019
    def public(self, spec, usage):
        """The public key, as its DER."""
        return self.kms.get_public_key(KeyId=self.id(spec, usage))["PublicKey"]


def digest(algorithm, message):
    """The digest that a signing algorithm takes in a message's place."""
    return hashlib.new("sha" + algorithm.rpartition("_")[2], message).digest()


def signed(keys, spec, algorithm, message):
    """A signature over a message by the shared key, in the way that the algorithm takes it."""
    request = {"Message": message}
    if algorithm == "ED25519_PH_SHA_512":
        request = {"Message": digest(algorithm, message), "MessageType": "DIGEST"}
    key = keys.id(spec, "SIGN_VERIFY")
    return keys.kms.sign(KeyId=key, SigningAlgorithm=algorithm, **request)["Signature"]
