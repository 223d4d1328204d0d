"""Envelope encryption: a file of any size, encrypted here under a data key that the server made."""

import os
import sys

import boto3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

kms = boto3.client("kms")


def encrypt_file(path, key_id, context):
    """Writes `path`.sealed: the encrypted data key, a nonce, and the encrypted content."""
    data_key = kms.generate_data_key(KeyId=key_id, KeySpec="AES_256", EncryptionContext=context)
    nonce = os.urandom(12)
    with open(path, "rb") as source:
        content = AESGCM(data_key["Plaintext"]).encrypt(nonce, source.read(), None)
    # The plaintext key has done its work: drop it at once. Only the encrypted copy is kept, beside the data.
    del data_key["Plaintext"]
    wrapped = data_key["CiphertextBlob"]
    with open(path + ".sealed", "wb") as target:
        target.write(len(wrapped).to_bytes(2, "big") + wrapped + nonce + content)


def decrypt_file(path, context):
    """Returns the content. The server needs no key id: the encrypted data key says which key it was."""
    with open(path + ".sealed", "rb") as source:
        size = int.from_bytes(source.read(2), "big")
        wrapped, nonce, content = source.read(size), source.read(12), source.read()
    data_key = kms.decrypt(CiphertextBlob=wrapped, EncryptionContext=context)["Plaintext"]
    try:
        return AESGCM(data_key).decrypt(nonce, content, None)
    finally:
        del data_key


def move_to_another_key(path, new_key_id, context):
    """Protects the same data with another KMS key: only the small encrypted data key changes."""
    with open(path + ".sealed", "rb") as source:
        size = int.from_bytes(source.read(2), "big")
        wrapped, rest = source.read(size), source.read()
    moved = kms.re_encrypt(
        CiphertextBlob=wrapped,
        SourceEncryptionContext=context,
        DestinationKeyId=new_key_id,
        DestinationEncryptionContext=context,
    )["CiphertextBlob"]
    with open(path + ".sealed", "wb") as target:
        target.write(len(moved).to_bytes(2, "big") + moved + rest)


if __name__ == "__main__":
    old = kms.create_key(Description="envelope example")["KeyMetadata"]["KeyId"]
    new = kms.create_key(Description="envelope example, its successor")["KeyMetadata"]["KeyId"]
    context = {"document": "example"}
    path = os.path.join(sys.argv[1] if len(sys.argv) > 1 else ".", "document.bin")
    with open(path, "wb") as file:
        file.write(os.urandom(1_000_000))
    encrypt_file(path, old, context)
    move_to_another_key(path, new, context)
    kms.disable_key(KeyId=old)
    with open(path, "rb") as file:
        assert decrypt_file(path, context) == file.read()
    print("1,000,000 bytes came back")
