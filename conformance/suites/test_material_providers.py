"""The AWS Encryption SDK's keyrings of key pairs: RSA, and ECDH between two keys of the server."""

import pathlib
import subprocess

from harness.clients import environment
from harness.server import ALICE, clean_environment

ROOT = pathlib.Path(__file__).parents[2]
PYTHON = ROOT / ".venv/materials/bin/python"
PROGRAM = ROOT / "conformance/materials/protect.py"


def test_the_keyrings_of_rsa_and_ecdh_keys(server, kms):
    made = [("RSA_2048", "ENCRYPT_DECRYPT"), ("ECC_NIST_P256", "KEY_AGREEMENT"), ("ECC_NIST_P256", "KEY_AGREEMENT")]
    arns = [kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"] for spec, usage in made]
    done = subprocess.run(
        [str(PYTHON), str(PROGRAM), *arns],
        env=clean_environment(**environment(server, ALICE)),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"rsa ok", "ecdh ok"} <= set(done.stdout.splitlines())
