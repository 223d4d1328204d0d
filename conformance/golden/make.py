#!/usr/bin/env python3
"""Makes a golden set with the binary as it is now: make.py NAME. Refuses to overwrite one."""

import base64
import json
import os
import pathlib
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from harness.clients import all_pages, boto3_client  # noqa: E402
from harness.server import ALICE, BOB, REGIONS, Server  # noqa: E402

CONTEXTS = [
    {},
    {"purpose": "golden"},
    {"b": "2", "a": "1", "": "", "unicode": "\u03a9\u2248\U0001f511", "long": "x" * 300},
]


def text(data):
    return base64.b64encode(data).decode()


def plainly(document):
    """A reply as JSON, without what belongs to the request."""
    document.pop("ResponseMetadata", None)
    return json.loads(json.dumps(document, default=str, sort_keys=True))


def ciphertexts(kms, key):
    made = []
    for context in CONTEXTS:
        for size in (1, 32, 4096):
            plain = os.urandom(size)
            sealed = kms.encrypt(KeyId=key, Plaintext=plain, EncryptionContext=context)["CiphertextBlob"]
            made.append({"context": context, "plaintext": text(plain), "ciphertext": text(sealed)})
        data_key = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
        made.append(
            {
                "context": context,
                "plaintext": text(data_key["Plaintext"]),
                "ciphertext": text(data_key["CiphertextBlob"]),
            }
        )
    return made


def populate(server, account, region):
    """Fills one Region of one account and answers what is in it."""
    kms = boto3_client(server, account, region)
    sealed = []
    for number in range(3):
        tags = [{"TagKey": f"tag{n}", "TagValue": "v" * n} for n in range(number)]
        key = kms.create_key(Description=f"golden {number}", Tags=tags)["KeyMetadata"]["KeyId"]
        for n in range(number):
            kms.create_alias(AliasName=f"alias/golden-{number}-{n}", TargetKeyId=key)
        sealed += ciphertexts(kms, key)
    kms.describe_key(KeyId="alias/aws/s3")
    disabled = kms.create_key(Description="disabled")["KeyMetadata"]["KeyId"]
    policy = json.loads(kms.get_key_policy(KeyId=disabled)["Policy"])
    kms.put_key_policy(KeyId=disabled, Policy=json.dumps({**policy, "Id": "golden"}, indent=2))
    kms.disable_key(KeyId=disabled)
    return {"account": account.id, "region": region, "state": state(kms), "ciphertexts": sealed}


def state(kms):
    """Everything that the API tells of one Region of one account."""
    keys = {}
    for listed in all_pages(kms, "list_keys", "Keys"):
        key = listed["KeyId"]
        keys[key] = {
            "metadata": plainly(kms.describe_key(KeyId=key)["KeyMetadata"]),
            "policy": kms.get_key_policy(KeyId=key)["Policy"],
            "tags": all_pages(kms, "list_resource_tags", "Tags", KeyId=key),
        }
    return {"keys": keys, "aliases": [plainly(a) for a in all_pages(kms, "list_aliases", "Aliases")]}


def main():
    target = HERE / sys.argv[1]
    target.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder).start()
        try:
            parts = [populate(server, account, region) for account in (ALICE, BOB) for region in REGIONS]
            done = server.run("backup", str(target / "backup"))
            assert done.returncode == 0, done.stderr
        finally:
            code = server.stop()
        assert code == 0, server.log.read_text()
        with tarfile.open(target / "world.tar.gz", "w:gz") as archive:
            for part in (server.data, server.seal.parent):
                archive.add(part, part.name, filter=lambda entry: entry if entry.isfile() or entry.isdir() else None)
    (target / "expected.json").write_text(json.dumps(parts, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
