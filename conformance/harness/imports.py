"""Key material as its owner makes it: by the guide's own OpenSSL commands, wrapped by its own OpenSSL commands."""

import shutil
import subprocess

from harness import secrets
from harness.pairs import HMAC, NIST, RSA

CURVES = {
    "ECC_NIST_P256": "P-256",
    "ECC_NIST_P384": "P-384",
    "ECC_NIST_P521": "P-521",
    "ECC_SECG_P256K1": "secp256k1",
    "SM2": "sm2",
}
BYTES = {"SYMMETRIC_DEFAULT": 32, "HMAC_224": 28, "HMAC_256": 32, "HMAC_384": 48, "HMAC_512": 64}
ECC = (*NIST, "ECC_SECG_P256K1")
SPECS = ("SYMMETRIC_DEFAULT", *HMAC, *RSA, *ECC)

DIRECT = ("RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1")
HYBRID = ("RSA_AES_KEY_WRAP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1")
ALGORITHMS = (*DIRECT, *HYBRID, "RSAES_PKCS1_V1_5", "SM2PKE")
WRAPPING_SPECS = (*RSA, "SM2")


def usage(spec):
    """A usage that keys of a spec may have."""
    if spec == "SYMMETRIC_DEFAULT":
        return "ENCRYPT_DECRYPT"
    return "GENERATE_VERIFY_MAC" if spec in HMAC else "SIGN_VERIFY"


def taken(spec, algorithm, wrapping, china=False):
    """Whether the guide's table has the wrapping; symmetric and HMAC keys take the hybrid algorithms too."""
    if algorithm == "SM2PKE":
        return china and wrapping == "SM2" and (spec in (*RSA, *ECC, "SM2"))
    if wrapping not in RSA or algorithm not in (*DIRECT, *HYBRID):
        return False
    if algorithm in HYBRID:
        return not china and spec != "SM2"
    return spec not in RSA and (spec, wrapping) != ("ECC_NIST_P521", "RSA_2048") and (china or spec != "SM2")


def shell(folder, script):
    """Runs a procedure of the guide as it is written; what the last command printed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def material(folder, spec, length=None):
    """New material of a spec, made by the guide's command for it."""
    if spec in BYTES:
        shell(folder, f"openssl rand -out PlaintextKeyMaterial.bin {length or BYTES[spec]}")
    else:
        if spec in RSA:
            algorithm = f"-algorithm rsa -pkeyopt rsa_keygen_bits:{spec[4:]}"
        else:
            algorithm = f"-algorithm ec -pkeyopt ec_paramgen_curve:{CURVES[spec]}"
        shell(
            folder,
            f"openssl genpkey {algorithm} | openssl pkcs8 -topk8 -outform der -nocrypt > PlaintextKeyMaterial.bin",
        )
    return (folder / "PlaintextKeyMaterial.bin").read_bytes()


OAEP = r"""
openssl pkeyutl \
    -encrypt \
    -in {plain} \
    -out {out} \
    -inkey WrappingPublicKey.bin \
    -keyform DER \
    -pubin \
    -pkeyopt rsa_padding_mode:oaep \
    -pkeyopt rsa_oaep_md:{md} \
    -pkeyopt rsa_mgf1_md:{md}
"""
# The guide's own, or what writes the same digits where it is missing.
DIGITS = "xxd -p" if shutil.which("xxd") else "od -An -v -tx1"
WRAP_PAD = r"""
openssl rand -out aes-key.bin 32
openssl enc -id-aes256-wrap-pad \
    -K "$({digits} < aes-key.bin | tr -d ' \n')" \
    -iv A65959A6 \
    -in PlaintextKeyMaterial.bin \
    -out key-material-wrapped.bin
"""


def wrapped(folder, algorithm, public_key, plain):
    """Material, wrapped by the guide's commands for an algorithm."""
    secrets.note("imported key material", plain)
    (folder / "WrappingPublicKey.bin").write_bytes(public_key)
    (folder / "PlaintextKeyMaterial.bin").write_bytes(plain)
    md = "sha1" if algorithm.endswith("SHA_1") else "sha256"
    if algorithm in DIRECT:
        shell(folder, OAEP.format(plain="PlaintextKeyMaterial.bin", out="EncryptedKeyMaterial.bin", md=md))
    else:
        shell(
            folder, WRAP_PAD.format(digits=DIGITS) + OAEP.format(plain="aes-key.bin", out="aes-key-wrapped.bin", md=md)
        )
        shell(folder, "cat aes-key-wrapped.bin key-material-wrapped.bin > EncryptedKeyMaterial.bin")
    return (folder / "EncryptedKeyMaterial.bin").read_bytes()


class Importer:
    """Imports material into new keys of one client."""

    def __init__(self, kms, folder):
        self.kms = kms
        self.folder = folder

    def key(self, spec, use=None):
        made = self.kms.create_key(Origin="EXTERNAL", KeySpec=spec, KeyUsage=use or usage(spec))
        return made["KeyMetadata"]["KeyId"]

    def parameters(self, key, algorithm, wrapping):
        return self.kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec=wrapping)

    def request(self, key, plain, algorithm="RSA_AES_KEY_WRAP_SHA_256", wrapping="RSA_2048", **more):
        """What imports material; without a date unless one is given."""
        parameters = self.parameters(key, algorithm, wrapping)
        if "ValidTo" not in more:
            more.setdefault("ExpirationModel", "KEY_MATERIAL_DOES_NOT_EXPIRE")
        return {
            "KeyId": key,
            "ImportToken": parameters["ImportToken"],
            "EncryptedKeyMaterial": wrapped(self.folder, algorithm, parameters["PublicKey"], plain),
            **more,
        }

    def imported(self, spec, plain, use=None, **more):
        """A new key with this material; its id."""
        key = self.key(spec, use)
        self.kms.import_key_material(**self.request(key, plain, **more))
        return key
