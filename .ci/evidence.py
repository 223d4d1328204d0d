#!/usr/bin/env python3
"""Evidence about a binary: what is in it (CycloneDX) and what it was built from (an in-toto statement with the SLSA
predicate), as two JSON files. Neither is signed: whoever built the binary signs them, with a key that others know.

    python3 .ci/evidence.py target/release/trent --features otlp,s3 --out evidence
"""

import argparse
import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = re.compile(r"(?P<name>\S+) v(?P<version>\S+)[^|]*\|(?P<licence>.*)")
COMMIT = re.compile(r"\(commit ([0-9a-f]{12,40})[,)]")


def output(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def packages(features):
    """(name, version) and licence of each package that the build takes, tests and their like left out."""
    command = ["cargo", "tree", "--locked", "-p", "trent", "-e", "normal,build", "--prefix", "none", "--no-dedupe"]
    lines = output(*command, "--features", features, "--format", "{p}|{l}").splitlines()
    found = [PACKAGE.fullmatch(line.removesuffix(" (*)")) for line in lines]
    return {(it["name"], it["version"]): it["licence"] for it in found}


def checksums():
    """The SHA-256 of each package as the lock file has it; the project's own have none."""
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    return {(it["name"], it["version"]): it.get("checksum") for it in locked}


def components(features):
    known = checksums()
    for (name, version), licence in sorted(packages(features).items()):
        purl = f"pkg:cargo/{name}@{version}"
        made = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
        if licence:
            # The older form of the same.
            made["licenses"] = [{"expression": re.sub(r"\s*/\s*", " OR ", licence)}]
        if checksum := known[name, version]:
            made["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        yield made


def bill_of_materials(binary, version, features):
    own = {"type": "application", "name": "trent", "version": version}
    own["hashes"] = [{"alg": "SHA-256", "content": sha256(binary)}]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": own},
        "components": list(components(features)),
    }


def provenance(binary, commit, features, builder):
    compiler = dict(line.split(": ", 1) for line in output("rustc", "-vV").splitlines()[1:])
    built = datetime.datetime.fromtimestamp(binary.stat().st_mtime, datetime.UTC)
    sources = [{"name": "source", "digest": {"gitCommit": commit}}]
    sources.append({"name": "Cargo.lock", "digest": {"sha256": sha256(ROOT / "Cargo.lock")}})
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": binary.name, "digest": {"sha256": sha256(binary)}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "cargo build --locked -p trent",
                "externalParameters": {"features": sorted(filter(None, features.split(",")))},
                "internalParameters": {"rustc": compiler["release"], "host": compiler["host"]},
                "resolvedDependencies": sources,
            },
            "runDetails": {
                "builder": {"id": builder},
                "metadata": {"finishedOn": f"{built:%Y-%m-%dT%H:%M:%SZ}"},
            },
        },
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--features", default="", help="those that it was built with")
    parser.add_argument("--commit", help="what it was built from, if it does not say so itself, as debug builds do not")
    parser.add_argument("--builder", default="unnamed", help="who built it, and where")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("evidence"))
    given = parser.parse_args()
    said = subprocess.run([given.binary.resolve(), "--version"], capture_output=True, text=True, check=True).stdout
    own = COMMIT.search(said)
    if own and given.commit and not given.commit.startswith(own[1]):
        sys.exit(f"{given.binary} was built from {own[1]}, not from {given.commit}")
    commit = given.commit or (own and own[1])
    if not commit:
        sys.exit(f"{given.binary} does not say what it was built from: name it with --commit")
    given.out.mkdir(parents=True, exist_ok=True)
    for name, document in (
        ("sbom.cdx.json", bill_of_materials(given.binary, said.split()[1], given.features)),
        ("provenance.json", provenance(given.binary, commit, given.features, given.builder)),
    ):
        (given.out / name).write_text(json.dumps(document, indent=2) + "\n")
        print(given.out / name)


if __name__ == "__main__":
    main()
