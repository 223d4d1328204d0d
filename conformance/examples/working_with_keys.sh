#!/bin/sh
# Working with keys at the command line: create, list, describe, name, tag, use, rotate, disable and delete one.
set -e

key=$(aws kms create-key --description "Protects the archive" --query KeyMetadata.KeyId --output text)
aws kms list-keys --query "Keys[].KeyId" --output text
aws kms create-alias --alias-name alias/example-archive --target-key-id "$key"
aws kms list-aliases --key-id "$key" --query "Aliases[].AliasName" --output text

# Encrypt a file of up to 4,096 bytes, and decrypt it.
echo "the combination is 12-34-56" > note.txt
aws kms encrypt --key-id alias/example-archive --plaintext fileb://note.txt \
    --encryption-context file=note.txt --query CiphertextBlob --output text | base64 --decode > note.sealed
aws kms decrypt --ciphertext-blob fileb://note.sealed \
    --encryption-context file=note.txt --query Plaintext --output text | base64 --decode

aws kms tag-resource --key-id "$key" --tags TagKey=Stage,TagValue=test
aws kms list-resource-tags --key-id "$key" --query "Tags[].TagValue" --output text

# Rotate: every 180 days from now on, and once more whenever it is asked for.
aws kms enable-key-rotation --key-id "$key" --rotation-period-in-days 180
aws kms get-key-rotation-status --key-id "$key" --query NextRotationDate --output text
aws kms rotate-key-on-demand --key-id "$key"

aws kms disable-key --key-id "$key"
aws kms describe-key --key-id "$key" --query KeyMetadata.KeyState --output text
aws kms enable-key --key-id "$key"
aws kms delete-alias --alias-name alias/example-archive

# There is no way to delete a key at once: it waits for 7 to 30 days, in which it can be had back, disabled.
aws kms schedule-key-deletion --key-id "$key" --pending-window-in-days 7 --query DeletionDate --output text
aws kms cancel-key-deletion --key-id "$key"
aws kms describe-key --key-id "$key" --query KeyMetadata.KeyState --output text
