"""Key policies: stored as they were written, read back the same."""

import json

import pytest
from harness.clients import refused
from harness.server import ALICE

DEFAULT = {
    "Version": "2012-10-17",
    "Id": "key-default-1",
    "Statement": [
        {
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}


# KEY-311, KEY-153, POL-125, POL-507
def test_a_key_has_the_one_policy_named_default(kms, key):
    answer = kms.get_key_policy(KeyId=key["KeyId"])
    assert answer["PolicyName"] == "default"
    assert json.loads(answer["Policy"]) == DEFAULT
    assert kms.get_key_policy(KeyId=key["Arn"], PolicyName="default")["Policy"] == answer["Policy"]
    assert kms.list_key_policies(KeyId=key["KeyId"])["PolicyNames"] == ["default"]
    with pytest.raises(kms.exceptions.ClientError) as caught:
        kms.get_key_policy(KeyId=key["KeyId"], PolicyName="other")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


# KEY-312
def test_the_text_of_a_policy_is_kept_as_it_was_written(kms):
    text = json.dumps(DEFAULT, indent=4) + "\n"
    key_id = kms.create_key(Policy=text)["KeyMetadata"]["KeyId"]
    assert kms.get_key_policy(KeyId=key_id)["Policy"] == text
    other = json.dumps({**DEFAULT, "Id": "changed"}, indent=1)
    kms.put_key_policy(KeyId=key_id, Policy=other)
    assert kms.get_key_policy(KeyId=key_id)["Policy"] == other


# KEY-311
def test_the_policy_of_a_foreign_key_stays_unseen(other, key):
    with refused("AccessDeniedException"):
        other.get_key_policy(KeyId=key["Arn"])


def test_a_policy_that_is_none_is_refused(kms, key):
    for wrong in ("{", "[]", '"text"', "{}"):
        with refused("MalformedPolicyDocumentException"):
            kms.put_key_policy(KeyId=key["KeyId"], Policy=wrong)
    with refused("LimitExceededException"):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps({**DEFAULT, "Id": "x" * 32768}))
    assert json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"]) == DEFAULT
