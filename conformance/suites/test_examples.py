"""The examples of the book, run as they are printed there."""

import pathlib
import re
import subprocess
import sys

import pytest
from harness import trail
from harness.clients import boto3_client, environment
from harness.server import ALICE, clean_environment

FOLDER = pathlib.Path(__file__).parents[1] / "examples"
BOOK = pathlib.Path(__file__).parents[2] / "docs"
# Where the SDK for JavaScript is installed, from which a program on standard input finds it.
MODULES = pathlib.Path(__file__).parents[1] / "js"
EXAMPLES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".py", ".sh", ".mjs"))
# The accounts, keys and access keys that documentation uses: they belong to nobody.
ACCOUNTS = {"111122223333", "444455556666", "777766665555", "000000000000"}
KEYS = {
    "1234abcd-12ab-34cd-56ef-1234567890ab",
    "0987dcba-09fe-87dc-65ba-ab0987654321",
    "mrk-1234abcd12ab34cd56ef1234567890ab",
}


def run(example, folder, variables):
    """Runs an example as a reader does who has the tools on the path."""
    path = f"{pathlib.Path(sys.executable).parent}:{clean_environment()['PATH']}"
    program = FOLDER / example
    command, given = {
        ".py": ([sys.executable, str(program)], None),
        ".sh": (["sh", str(program)], None),
        ".mjs": (["node", "--input-type=module", "-"], program.read_text()),
    }[program.suffix]
    done = subprocess.run(
        command,
        env={**clean_environment(**variables), "PATH": path},
        cwd=MODULES if given else folder,
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# KEY-122, KEY-123, KEY-140, KEY-145
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs_unchanged(server, tmp_path, example):
    assert run(example, tmp_path, environment(server, ALICE)).strip()


# KEY-145
@pytest.mark.parametrize("example", [name for name in EXAMPLES if name.startswith("working_with_keys")])
def test_working_with_keys_is_the_whole_of_it(own_server, tmp_path, example):
    """What the example has done to its key, the server tells."""
    run(example, tmp_path, environment(own_server, ALICE))
    kms = boto3_client(own_server, ALICE)
    told = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    key = next(each["KeyId"] for each in told if kms.list_resource_tags(KeyId=each["KeyId"])["Tags"])
    assert [tag["TagKey"] for tag in kms.list_resource_tags(KeyId=key)["Tags"]] == ["Stage"]
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180
    jobs = set(
        "CreateKey ListKeys DescribeKey CreateAlias DeleteAlias TagResource Encrypt Decrypt EnableKeyRotation "
        "GetKeyRotationStatus RotateKeyOnDemand DisableKey EnableKey ScheduleKeyDeletion CancelKeyDeletion".split()
    )

    def not_done():
        return jobs - {record["eventName"] for record in trail.records(own_server)}

    trail.until(not_done, lambda missing: not missing)


# KEY-145
def test_the_book_names_nobodys_accounts_and_keys():
    for page in [*FOLDER.iterdir(), *(page for page in BOOK.rglob("*.md") if page.parent != BOOK / "spec")]:
        if page.is_dir():
            continue
        text = page.read_text()
        assert set(re.findall(r"(?<![\w.])\d{12}(?![\w.])", text)) <= ACCOUNTS, page
        named = re.findall(r"(?:key/|--key-id |--key )((?:mrk-)?[0-9a-f]{8}[0-9a-f-]{24,})", text)
        assert set(named) <= KEYS, page
        access_keys = re.findall(r"\bA[KS]IA[A-Z0-9]{12,}", text)
        assert all("EXAMPLE" in each for each in access_keys), page


def test_every_example_stands_in_the_book():
    pages = "".join(p.read_text() for p in BOOK.rglob("*.md"))
    for example in FOLDER.iterdir():
        if example.name in EXAMPLES:
            assert f"conformance/examples/{example.name}}}}}" in pages, example.name
