"""Other people's implementations, each with what it can check of what the server made.

A verifier loads a public key from its DER; `verifies` says whether a signature is the key's for a message, or `None` if
the implementation does not know the algorithm.
"""

import hashlib
import subprocess
from typing import ClassVar

import ecdsa
import nacl.exceptions
import nacl.signing
from asn1crypto.core import Any, OctetBitString, Sequence
from Crypto.Hash import SHA256, SHA384, SHA512
from Crypto.PublicKey import ECC
from Crypto.PublicKey import RSA as CryptoRSA
from Crypto.Signature import DSS, eddsa, pkcs1_15, pss
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import load_der_public_key
from dilithium_py.ml_dsa import ML_DSA_44, ML_DSA_65, ML_DSA_87

HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES = {
    "ECC_NIST_P256": ecdsa.NIST256p,
    "ECC_NIST_P384": ecdsa.NIST384p,
    "ECC_NIST_P521": ecdsa.NIST521p,
    "ECC_SECG_P256K1": ecdsa.SECP256k1,
}


class PublicKeyInfo(Sequence):
    """A public key of any algorithm, known to the library or not (RFC 5280, 4.1)."""

    _fields: ClassVar = [("algorithm", Any), ("key", OctetBitString)]


def bits(algorithm):
    return algorithm.rpartition("_")[2]


def raw(spki):
    """The bytes inside a public key's bit string."""
    return PublicKeyInfo.load(spki)["key"].native


class OpenSsl:
    """The `openssl` program, of whatever version the system has."""

    name = "openssl"

    def __init__(self, folder):
        self.folder = folder

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def run(self, *arguments):
        return subprocess.run(["openssl", *arguments], capture_output=True, timeout=30, check=False)

    def verifies(self, spec, algorithm, spki, message, signature):
        key = ["-keyform", "DER", "-pubin", "-inkey", self.file("key.der", spki)]
        signature = ["-sigfile", self.file("signature", signature)]
        if algorithm == "ED25519_SHA_512":
            text = ["-rawin", "-in", self.file("message", message)]
            return self.run("pkeyutl", "-verify", *key, *text, *signature).returncode == 0
        if spec.startswith(("RSA_", "ECC_")) and algorithm != "ED25519_PH_SHA_512":
            digest = hashlib.new("sha" + bits(algorithm), message).digest()
            options = ["-pkeyopt", "digest:sha" + bits(algorithm)]
            if algorithm.startswith("RSASSA_PSS"):
                options += ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"]
            text = ["-in", self.file("digest", digest)]
            return self.run("pkeyutl", "-verify", *key, *text, *signature, *options).returncode == 0
        return None

    def encrypted(self, algorithm, spki, plaintext):
        md = "sha1" if algorithm == "RSAES_OAEP_SHA_1" else "sha256"
        options = ["rsa_padding_mode:oaep", f"rsa_oaep_md:{md}", f"rsa_mgf1_md:{md}"]
        options = [word for option in options for word in ("-pkeyopt", option)]
        key = ["-keyform", "DER", "-pubin", "-inkey", self.file("key.der", spki)]
        done = self.run("pkeyutl", "-encrypt", *key, "-in", self.file("plain", plaintext), *options)
        assert done.returncode == 0, done.stderr
        return done.stdout


class Cryptography:
    """Python's `cryptography`, with the OpenSSL that it brings."""

    name = "cryptography"

    def verifies(self, spec, algorithm, spki, message, signature):
        key = load_der_public_key(spki)
        try:
            if spec.startswith("RSA_"):
                chosen = HASHES[bits(algorithm)]
                pad = padding.PKCS1v15()
                if "PSS" in algorithm:
                    pad = padding.PSS(padding.MGF1(chosen), padding.PSS.DIGEST_LENGTH)
                key.verify(signature, message, pad, chosen)
            elif algorithm.startswith("ECDSA"):
                key.verify(signature, message, ec.ECDSA(HASHES[bits(algorithm)]))
            elif algorithm in ("ED25519_SHA_512", "ML_DSA_SHAKE_256"):
                key.verify(signature, message)
            else:
                return None
        except InvalidSignature:
            return False
        return True

    def encrypted(self, algorithm, spki, plaintext):
        chosen = hashes.SHA1() if algorithm == "RSAES_OAEP_SHA_1" else hashes.SHA256()
        pad = padding.OAEP(padding.MGF1(chosen), chosen, None)
        return load_der_public_key(spki).encrypt(plaintext, pad)


class PyCryptodome:
    """PyCryptodome, which is its own implementation."""

    name = "pycryptodome"
    hashes: ClassVar = {"256": SHA256, "384": SHA384, "512": SHA512}

    def verifies(self, spec, algorithm, spki, message, signature):
        chosen = self.hashes[bits(algorithm)]
        try:
            if spec.startswith("RSA_"):
                scheme = pss if "PSS" in algorithm else pkcs1_15
                scheme.new(CryptoRSA.import_key(spki)).verify(chosen.new(message), signature)
            elif spec.startswith("ECC_NIST_P"):
                DSS.new(ECC.import_key(spki), "fips-186-3", "der").verify(chosen.new(message), signature)
            elif algorithm == "ED25519_PH_SHA_512":
                eddsa.new(ECC.import_key(spki), "rfc8032").verify(SHA512.new(message), signature)
            elif algorithm == "ED25519_SHA_512":
                eddsa.new(ECC.import_key(spki), "rfc8032").verify(message, signature)
            else:
                return None
        except ValueError:
            return False
        return True


class Nacl:
    """libsodium, by PyNaCl."""

    name = "pynacl"

    def verifies(self, spec, algorithm, spki, message, signature):
        if algorithm != "ED25519_SHA_512":
            return None
        try:
            nacl.signing.VerifyKey(raw(spki)).verify(message, signature)
        except (nacl.exceptions.BadSignatureError, ValueError):
            return False
        return True


class PythonEcdsa:
    """The `ecdsa` package: elliptic curves in Python alone."""

    name = "ecdsa"

    def verifies(self, spec, algorithm, spki, message, signature):
        if spec not in CURVES:
            return None
        key = ecdsa.VerifyingKey.from_der(spki)
        assert key.curve == CURVES[spec]
        chosen = getattr(hashlib, "sha" + bits(algorithm))
        try:
            return key.verify(signature, message, chosen, sigdecode=ecdsa.util.sigdecode_der)
        except (ecdsa.BadSignatureError, ecdsa.der.UnexpectedDER):
            return False


class Dilithium:
    """`dilithium-py`: FIPS 204 in Python alone."""

    name = "dilithium-py"
    sets: ClassVar = {"ML_DSA_44": ML_DSA_44, "ML_DSA_65": ML_DSA_65, "ML_DSA_87": ML_DSA_87}

    def verifies(self, spec, algorithm, spki, message, signature):
        if spec not in self.sets:
            return None
        return self.sets[spec].verify(raw(spki), message, signature)


def all_verifiers(folder):
    return [OpenSsl(folder), Cryptography(), PyCryptodome(), Nacl(), PythonEcdsa(), Dilithium()]
