"""The AWS SDK for Rust: conformance/rust, pointed at the server."""

import os
import pathlib
import re
import subprocess

from harness.clients import environment
from harness.server import ALICE, clean_environment

PROGRAM = os.environ.get("TRENT_RUST_CLIENT") or str(
    pathlib.Path(__file__).parents[2] / "target/debug/trent-conformance"
)


def test_the_rust_sdk(server):
    done = subprocess.run(
        [PROGRAM],
        env=clean_environment(**environment(server, ALICE), TRENT_ENDPOINT=server.endpoint),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^[1-9]\d* passed, 0 failed$", done.stdout, re.M), done.stdout
