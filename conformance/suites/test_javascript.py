"""The AWS SDK for JavaScript: its own test run, pointed at the server."""

import pathlib
import subprocess

from harness.clients import environment
from harness.server import ALICE, clean_environment

FOLDER = pathlib.Path(__file__).parents[1] / "js"


def test_the_javascript_sdk(server):
    done = subprocess.run(
        ["node", "--test", "--test-reporter=spec"],
        env=clean_environment(**environment(server, ALICE)),
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\u2139 fail 0" in done.stdout and "\u2139 pass 0\n" not in done.stdout, done.stdout
