"""What the service does by itself uses no key for anybody's data: it makes, moves and destroys material."""

import datetime
import json
import os
import pathlib
import re

from harness import trail
from harness.clients import boto3_client, until
from harness.imports import Importer
from harness.server import ALICE

CRATES = pathlib.Path(__file__).parents[2] / "crates"
# The keystore's functions that work on somebody's data with a key.
USES = {
    "decapsulate", "decrypt", "derive_shared_secret", "encapsulate", "encrypt", "generate_data_key",
    "generate_data_key_pair", "generate_data_key_without_plaintext", "generate_mac", "re_encrypt", "sign", "verify",
    "verify_mac",
}  # fmt: skip
# Those that make material and move it from Region to Region.
UPKEEP = {"new_material", "receive", "send"}
CALL = re.compile(r"keystore(?:\(\))?\s*\.\s*(\w+)\s*\(")
# What operations share: it is called by operations alone, as the first test says.
SHARED = {"kms/src/cryptography.rs"}


def sources(folder=""):
    """(path below `crates`, text) of the product's sources, tests left out."""
    for path in sorted(CRATES.joinpath(folder).glob("**/*.rs")):
        name = path.relative_to(CRATES).as_posix()
        if "/src/" in name and not name.startswith("keystore/") and not name.endswith("tests.rs"):
            yield name, path.read_text().partition("#[cfg(test)]")[0]


# REF-88
def test_keys_are_used_in_operations_and_nowhere_else():
    """An operation runs for an admitted caller, behind the policies; nothing that runs by itself can reach one."""
    users = {name for name, text in sources() if USES & set(CALL.findall(text))}
    operations = {name for name in users if name.startswith("kms/src/operations/")}
    assert users - operations == SHARED, users
    assert len(operations) == 12, "each of the keystore's functions has an operation that uses it"
    shared = re.findall(r"pub\(crate\) async fn (\w+)", (CRATES / "kms/src/cryptography.rs").read_text())
    call = re.compile(rf"(?<![\w:.])(?:cryptography::)?(?:{'|'.join(shared)})\(")
    callers = {name for name, text in sources("kms") if name not in SHARED and call.search(text)}
    assert shared and all(name.startswith("kms/src/operations/") for name in callers), callers
    upkeep = {use for _, text in sources("kms/src/lifecycle") for use in CALL.findall(text)}
    assert upkeep == UPKEEP


# REF-88
def test_a_year_of_upkeep_is_no_use_of_a_key(dev_server, tmp_path):
    """Rotations, an expiry and a deletion: nobody asked, so no record tells of a use, and no key was used."""
    seed = tmp_path / "seed.json"
    keys = [{"id": ALICE.access_key_id, "secret": ALICE.secret}]
    seed.write_text(json.dumps({"accounts": [{"id": ALICE.id, "access_keys": keys}]}))
    server = dev_server(seed=seed, arguments=["--data-dir", str(tmp_path / "dev0" / "data")])
    kms = boto3_client(server, ALICE)
    rotating, going = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    importer = Importer(kms, tmp_path)
    expiring = importer.key("SYMMETRIC_DEFAULT")
    date = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=30)
    kms.import_key_material(**importer.request(expiring, os.urandom(32), ValidTo=date))
    kms.enable_key_rotation(KeyId=rotating, RotationPeriodInDays=90)
    kms.schedule_key_deletion(KeyId=going, PendingWindowInDays=7)
    for past in range(1, 5):
        done = server.run("clock", "advance", "91d")
        assert done.returncode == 0, done
        assert len(kms.list_key_rotations(KeyId=rotating)["Rotations"]) == past
    until(kms, expiring, KeyState="PendingImport")
    events = trail.until(
        lambda: {it["eventName"] for it in trail.records(server) if it["eventType"] == "AwsServiceEvent"},
        lambda names: names >= {"RotateKey", "DeleteKey", "DeleteExpiredKeyMaterial"},
    )
    assert events == {"RotateKey", "DeleteKey", "DeleteExpiredKeyMaterial"}
    for key in (rotating, expiring):
        assert kms.get_key_last_usage(KeyId=key)["KeyLastUsage"] == {}
