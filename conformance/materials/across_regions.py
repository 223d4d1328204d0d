"""Encrypts with the AWS Encryption SDK in one Region and decrypts in another, under keyrings of a multi-Region key.

across_regions.py KEY_HERE KEY_THERE: the ARNs of the two related keys. The server and who calls come from the
environment. Prints what was shown, a line each.
"""

import sys

import aws_encryption_sdk
import boto3
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import CreateAwsKmsMrkKeyringInput

TEXT = b"The quick brown fox jumps over the lazy dog" * 100
CONTEXT = {"purpose": "backup"}


def main(*keys):
    providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
    policy = aws_encryption_sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    sdk = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy)
    keyrings = []
    for arn in keys:
        client = boto3.client("kms", region_name=arn.split(":")[3])
        keyrings.append(
            providers.create_aws_kms_mrk_keyring(CreateAwsKmsMrkKeyringInput(kms_key_id=arn, kms_client=client))
        )
    for number, (writer, reader) in enumerate((keyrings, reversed(keyrings))):
        sealed, _ = sdk.encrypt(source=TEXT, keyring=writer, encryption_context=CONTEXT)
        assert TEXT not in sealed
        opened, _ = sdk.decrypt(source=sealed, keyring=reader, encryption_context=CONTEXT)
        assert opened == TEXT
        print("there" if number == 0 else "back", "ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
