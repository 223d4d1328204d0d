"""The examples of the book, run as they are printed there."""

import pathlib
import subprocess
import sys

import pytest
from harness.clients import environment
from harness.server import ALICE, clean_environment

FOLDER = pathlib.Path(__file__).parents[1] / "examples"
BOOK = pathlib.Path(__file__).parents[2] / "docs"


# KEY-122, KEY-123, KEY-140
@pytest.mark.parametrize("example", sorted(p.name for p in FOLDER.iterdir() if p.suffix in (".py", ".sh")))
def test_an_example_runs_unchanged(server, tmp_path, example):
    variables = environment(server, ALICE)
    path = f"{pathlib.Path(sys.executable).parent}:{clean_environment()['PATH']}"
    interpreter = [sys.executable] if example.endswith(".py") else ["sh"]
    done = subprocess.run(
        [*interpreter, str(FOLDER / example)],
        env={**clean_environment(**variables), "PATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()


def test_every_example_stands_in_the_book():
    pages = "".join(p.read_text() for p in BOOK.rglob("*.md"))
    for example in FOLDER.iterdir():
        if example.suffix in (".py", ".sh"):
            assert f"conformance/examples/{example.name}}}}}" in pages, example.name
