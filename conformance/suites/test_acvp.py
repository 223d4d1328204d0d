"""ML-KEM and ML-DSA against the test cases of NIST's ACVP, as two other implementations' sources come with them.

The cases are of the algorithms' inner functions: crates/crypto/examples/acvp.rs tells what is asked of which code.
"""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = ROOT / "target/debug/examples/acvp"
VECTORS = ROOT / ".venv/vectors"


@pytest.mark.parametrize(
    ("mode", "cases"),
    [
        ("ML-KEM-keyGen-FIPS203", 75),
        ("ML-KEM-encapDecap-FIPS203", 105),
        ("ML-DSA-keyGen-FIPS204", 75),
        ("ML-DSA-sigGen-FIPS204", 60),
        ("ML-DSA-sigVer-FIPS204", 45),
    ],
)
def test_the_cases_of_acvp(mode, cases):
    [file] = VECTORS.glob(f"*/assets/{mode}/internalProjection.json")
    done = subprocess.run([str(PROGRAM), str(file)], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(rf"{cases} passed, 0 failed\n", done.stdout), done.stdout
