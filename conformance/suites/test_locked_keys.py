"""A key whose policy names nobody who is left: what the account can do, and what the operator can."""

import json

from harness import trail
from harness.clients import boto3_client
from harness.identities import User, allowed, fresh, policy, statement
from harness.server import ALICE, BOB

OPEN = {**statement("kms:*"), "Principal": "*"}
SKIP = {"BypassPolicyLockoutSafetyCheck": True}


def locked(server, iam):
    """A key of which only a user knew, its ciphertext, and a new user under the name of the one that is gone."""
    user = User(server, iam, ALICE, fresh("gone"))
    user.may(statement("kms:CreateKey"))
    only = {**statement("kms:*"), "Principal": {"AWS": user.arn}}
    made = user.client().create_key(Policy=json.dumps(policy(only)))["KeyMetadata"]
    sealed = user.client().encrypt(KeyId=made["KeyId"], Plaintext=b"still there")["CiphertextBlob"]
    iam.delete_user_policy(UserName=user.name, PolicyName="only")
    iam.delete_access_key(UserName=user.name, AccessKeyId=user.key_id)
    iam.delete_user(UserName=user.name)
    return made["Arn"], sealed, User(server, iam, ALICE, user.name)


# POL-59
def test_the_operator_gives_a_key_that_nobody_can_manage_back_to_its_account(server, iam, kms):
    arn, sealed, namesake = locked(server, iam)
    theirs = boto3_client(server, BOB)
    for client in (kms, namesake.client(), theirs):
        assert not allowed(client.describe_key, KeyId=arn)
        assert not allowed(client.put_key_policy, KeyId=arn, Policy=json.dumps(policy(OPEN)), **SKIP)
    done = server.run("key", "recover", arn)
    assert (done.returncode, done.stdout) == (0, f"{arn} has the default key policy: its account decides about it.\n")
    assert json.loads(kms.get_key_policy(KeyId=arn)["Policy"])["Id"] == "key-default-1"
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"still there"
    for client in (namesake.client(), theirs):
        assert not allowed(client.describe_key, KeyId=arn)
    [record] = trail.until(
        lambda: [it for it in trail.records(server, eventName="RecoverKey") if arn in json.dumps(it)]
    )
    assert record["userIdentity"]["type"] == "Operator", record
    assert [(it["ARN"], it["accountId"]) for it in record["resources"]] == [(arn, ALICE.id)]


# POL-59
def test_a_key_that_somebody_can_manage_is_not_the_operators_to_touch(server, kms, key, user):
    alone = {**statement("kms:*"), "Principal": {"AWS": user.arn}}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(alone)), **SKIP)
    done = server.run("key", "recover", key["Arn"])
    assert done.returncode == 1
    assert f"{user.arn} can replace the policy of {key['Arn']}" in done.stderr, done.stderr
    assert user.client().describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Arn"] == key["Arn"]
    managed = kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]["Arn"]
    for name in (managed, key["Arn"].replace(key["KeyId"], "1234abcd-12ab-34cd-56ef-1234567890ab"), "nothing"):
        assert server.run("key", "recover", name).returncode == 1, name
