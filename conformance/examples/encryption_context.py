"""An encryption context that is rebuilt at decryption: a record moved to another place no longer decrypts."""

import boto3

kms = boto3.client("kms")
key_id = kms.create_key(Description="encryption context example")["KeyMetadata"]["KeyId"]


def context(tenant, path):
    """What the ciphertext is bound to. Only the tenant is stored beside it; the path is where it was found."""
    return {"app": "documents", "tenant": tenant, "path": path}


def store(shelf, tenant, path, text):
    sealed = kms.encrypt(KeyId=key_id, Plaintext=text, EncryptionContext=context(tenant, path))["CiphertextBlob"]
    shelf[path] = (tenant, sealed)


def load(shelf, path):
    tenant, sealed = shelf[path]
    return kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context(tenant, path))["Plaintext"]


shelf = {}
store(shelf, "tenant-1", "/salaries/alice", b"4,200")
store(shelf, "tenant-1", "/salaries/bob", b"2,900")
assert load(shelf, "/salaries/bob") == b"2,900"

# Somebody with access to the shelf, but not to the key, swaps two records.
shelf["/salaries/bob"] = shelf["/salaries/alice"]
try:
    load(shelf, "/salaries/bob")
except kms.exceptions.InvalidCiphertextException:
    print("the swap was noticed")
else:
    raise SystemExit("the swap went unnoticed")
