"""Working with keys: create, list, describe, alias, tag, use, rotate, disable and delete one."""

import boto3

# Where the server is and who calls comes from the environment:
# AWS_ENDPOINT_URL_KMS, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION.
kms = boto3.client("kms")

# Create. Without parameters this is a symmetric encryption key, enabled at once.
key = kms.create_key(
    Description="Protects the invoices",
    Tags=[{"TagKey": "Team", "TagValue": "Billing"}],
)["KeyMetadata"]
print("created", key["Arn"])

# Describe and list.
print("state", kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"])
for page in kms.get_paginator("list_keys").paginate():
    for listed in page["Keys"]:
        print("key", listed["KeyArn"])

# Give it a name, and use the key by that name.
kms.create_alias(AliasName="alias/example-invoices", TargetKeyId=key["KeyId"])
sealed = kms.encrypt(
    KeyId="alias/example-invoices",
    Plaintext=b"IBAN DE02 1203 0000 0000 2020 51",
    EncryptionContext={"customer": "4711"},
)["CiphertextBlob"]
opened = kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"customer": "4711"})
print("decrypted", opened["Plaintext"].decode())

# Tags are changed at any time.
kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "Stage", "TagValue": "production"}])
kms.untag_resource(KeyId=key["KeyId"], TagKeys=["Team"])
print("tags", kms.list_resource_tags(KeyId=key["KeyId"])["Tags"])

# Rotate: every 180 days from now on, and once more whenever it is asked for.
kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=180)
print("rotates on", kms.get_key_rotation_status(KeyId=key["KeyId"])["NextRotationDate"].date())
kms.rotate_key_on_demand(KeyId=key["KeyId"])

# Point the name at a new key: what the old key encrypted still decrypts.
successor = kms.create_key(Description="Protects the invoices from next year on")["KeyMetadata"]
kms.update_alias(AliasName="alias/example-invoices", TargetKeyId=successor["KeyId"])
assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"customer": "4711"})["KeyId"] == key["Arn"]

# A disabled key refuses to encrypt and decrypt until it is enabled again.
kms.disable_key(KeyId=key["KeyId"])
try:
    kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"customer": "4711"})
except kms.exceptions.DisabledException as refusal:
    print("refused", refusal.response["Error"]["Message"])
kms.enable_key(KeyId=key["KeyId"])

kms.delete_alias(AliasName="alias/example-invoices")

# There is no way to delete a key at once: it waits for 7 to 30 days, in which it can be had back, disabled.
waiting = kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
print("gone on", waiting["DeletionDate"].date())
kms.cancel_key_deletion(KeyId=key["KeyId"])
kms.enable_key(KeyId=key["KeyId"])
assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"customer": "4711"})["Plaintext"] == opened["Plaintext"]
