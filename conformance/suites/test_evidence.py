"""What is told of a binary: its parts with their checksums and licences, and what it was built from."""

import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest
from harness.server import BINARY

ROOT = pathlib.Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def evidence(folder, *arguments):
    script = [sys.executable, str(ROOT / ".ci/evidence.py"), *arguments, "--out", str(folder)]
    return subprocess.run(script, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evidence")
    said = ("--commit", COMMIT, "--features", "s3,otlp", "--builder", "the suites")
    done = evidence(folder, BINARY, *said)
    assert done.returncode == 0, done.stderr
    return [json.loads((folder / name).read_text()) for name in ("sbom.cdx.json", "provenance.json")]


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


# REF-124
def test_the_bill_of_materials_has_every_package_of_the_build_with_its_checksum(written):
    document = written[0]
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    own = document["metadata"]["component"]
    assert own["hashes"] == [{"alg": "SHA-256", "content": digest(BINARY)}]
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    checksums = {(it["name"], it["version"]): it.get("checksum") for it in locked}
    allowed = set(tomllib.loads((ROOT / "deny.toml").read_text())["licenses"]["allow"])
    parts = {it["name"]: it for it in document["components"]}
    for part in document["components"]:
        checksum = checksums[part["name"], part["version"]]
        assert part.get("hashes") == ([{"alg": "SHA-256", "content": checksum}] if checksum else None), part
        assert checksum or part["name"].startswith("trent"), part
        assert part["purl"] == f"pkg:cargo/{part['name']}@{part['version']}"
        if not part["name"].startswith("trent"):
            [licence] = part["licenses"]
            assert allowed & set(re.split(r" (?:OR|AND) |[()]", licence["expression"])), part
    assert {"aws-lc-rs", "aws-lc-sys", "redb", "tokio", "trent-crypto", "trent-policy"} <= set(parts)
    assert not {"proptest", "trent-conformance"} & set(parts), "what only tests take is in no binary"


# REF-124
def test_the_statement_of_origin_names_the_binary_and_its_sources(written):
    statement = written[1]
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [{"name": pathlib.Path(BINARY).name, "digest": {"sha256": digest(BINARY)}}]
    build = statement["predicate"]["buildDefinition"]
    assert build["externalParameters"] == {"features": ["otlp", "s3"]}
    assert {it["name"]: it["digest"] for it in build["resolvedDependencies"]} == {
        "source": {"gitCommit": COMMIT},
        "Cargo.lock": {"sha256": digest(ROOT / "Cargo.lock")},
    }
    assert statement["predicate"]["runDetails"]["builder"] == {"id": "the suites"}


def a_binary(folder, version):
    """Something that says which version it is."""
    made = folder / "trent"
    made.write_text(f"#!/bin/sh\necho '{version}'\n")
    made.chmod(0o755)
    return str(made)


# REF-124
def test_nothing_is_said_of_a_binary_that_is_of_another_commit(tmp_path):
    released = a_binary(tmp_path, "trent 0.1.0 (commit 0123456789ab, release)")
    assert evidence(tmp_path, released).returncode == 0
    named = json.loads((tmp_path / "provenance.json").read_text())["predicate"]["buildDefinition"]
    assert named["resolvedDependencies"][0]["digest"] == {"gitCommit": "0123456789ab"}
    other = evidence(tmp_path, released, "--commit", "f" * 40)
    assert other.returncode == 1 and "was built from 0123456789ab, not from" in other.stderr
    silent = evidence(tmp_path, a_binary(tmp_path, "trent 0.1.0 (debug)"))
    assert silent.returncode == 1 and "name it with --commit" in silent.stderr
