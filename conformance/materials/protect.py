"""Encrypts and decrypts with the AWS Encryption SDK under keyrings of RSA and ECDH keys of a server.

protect.py KEY_OF_RSA KEY_OF_ECDH KEY_OF_A_PEER: the ARNs of the keys. The server and who calls come from the
environment. Prints what was shown, a line each.
"""

import sys

import aws_encryption_sdk
import boto3
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import (
    CreateAwsKmsEcdhKeyringInput,
    CreateAwsKmsRsaKeyringInput,
    KmsEcdhStaticConfigurationsKmsPrivateKeyToStaticPublicKey,
    KmsPrivateKeyToStaticPublicKeyInput,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

TEXT = b"The quick brown fox jumps over the lazy dog" * 100
CONTEXT = {"purpose": "backup"}
# Keyrings of RSA keys take no suite that signs messages.
SUITE = aws_encryption_sdk.Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY


def shown(what, sdk, writer, reader):
    """What one keyring encrypted, the other decrypts; a damaged message neither."""
    sealed, _ = sdk.encrypt(source=TEXT, keyring=writer, encryption_context=CONTEXT, algorithm=SUITE)
    assert TEXT not in sealed
    opened, _ = sdk.decrypt(source=sealed, keyring=reader, encryption_context=CONTEXT)
    assert opened == TEXT
    damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    try:
        sdk.decrypt(source=damaged, keyring=reader, encryption_context=CONTEXT)
    except Exception as refusal:
        print(what, "refused damage:", type(refusal).__name__)
    else:
        raise AssertionError("a damaged message was decrypted")
    print(what, "ok")


def main(rsa_key, ours, peer):
    kms = boto3.client("kms")
    providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
    policy = aws_encryption_sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    sdk = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy)

    public = load_der_public_key(kms.get_public_key(KeyId=rsa_key)["PublicKey"])
    rsa = providers.create_aws_kms_rsa_keyring(
        CreateAwsKmsRsaKeyringInput(
            kms_key_id=rsa_key,
            kms_client=kms,
            encryption_algorithm="RSAES_OAEP_SHA_256",
            public_key=public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        )
    )
    shown("rsa", sdk, rsa, rsa)

    def agreement(mine, other):
        static = KmsPrivateKeyToStaticPublicKeyInput(
            sender_kms_identifier=mine,
            sender_public_key=kms.get_public_key(KeyId=mine)["PublicKey"],
            recipient_public_key=kms.get_public_key(KeyId=other)["PublicKey"],
        )
        return providers.create_aws_kms_ecdh_keyring(
            CreateAwsKmsEcdhKeyringInput(
                kms_client=kms,
                curve_spec="ECC_NIST_P256",
                key_agreement_scheme=KmsEcdhStaticConfigurationsKmsPrivateKeyToStaticPublicKey(static),
            )
        )

    shown("ecdh", sdk, agreement(ours, peer), agreement(peer, ours))


if __name__ == "__main__":
    main(*sys.argv[1:])
