"""The guide's examples of policies for users, each with what it must let through and what not."""

import json

import pytest
from botocore.exceptions import ClientError
from harness.clients import boto3_client, refused
from harness.identities import POWER_USER, TRUST, User, allowed, fresh, policy, statement
from harness.server import ALICE, BOB

KEYS = f"arn:aws:kms:*:{ALICE.id}:key/*"
ROOT = {**statement("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}}


def by_name(user, actions):
    """A key policy's statement that names the user."""
    return {**statement(actions), "Principal": {"AWS": user.arn}}


# POL-3, POL-4
def test_whoever_makes_a_key_has_nothing_of_it(kms, user):
    user.may(statement("kms:CreateKey"))
    client = user.client()
    only_root = {**ROOT, "Condition": {"StringEquals": {"aws:PrincipalType": "Account"}}}
    document = json.dumps(policy(only_root))
    made = client.create_key(Policy=document, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]
    assert not allowed(client.describe_key, KeyId=made["KeyId"])
    assert not allowed(client.encrypt, KeyId=made["KeyId"], Plaintext=b"x")
    user.may(statement("kms:*"))
    assert not allowed(client.describe_key, KeyId=made["KeyId"])
    assert kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]["AWSAccountId"] == ALICE.id


# POL-5, KEY-156
def test_whoever_may_make_keys_may_say_who_uses_them(server, iam, user):
    friend = User(server, iam, ALICE, fresh("friend"))
    user.may(statement("kms:CreateKey"))
    client = user.client()
    rights = [by_name(user, ["kms:PutKeyPolicy", "kms:Encrypt"]), by_name(friend, "kms:Decrypt")]
    made = client.create_key(Policy=json.dumps(policy(*rights)))["KeyMetadata"]
    sealed = client.encrypt(KeyId=made["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert friend.client().decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    assert not allowed(client.decrypt, CiphertextBlob=sealed)


# KEY-157, KEY-206
def test_what_has_no_key_is_permitted_on_everything_alone(key, user, alias_name):
    keyless = ["kms:CreateKey", "kms:GenerateRandom", "kms:ListAliases", "kms:ListKeys"]
    client = user.client()
    calls = [(client.create_key, {}), (client.generate_random, {"NumberOfBytes": 8})]
    calls += [(client.list_aliases, {}), (client.list_keys, {})]
    alias = f"arn:aws:kms:us-east-1:{ALICE.id}:{alias_name}"
    for resource, passes in (([key["Arn"], KEYS, alias], False), ("*", True)):
        user.may(statement(keyless, resource))
        for call, arguments in calls:
            assert allowed(call, **arguments) is passes, call


# KEY-162
def test_a_key_is_made_in_the_account_of_its_maker(server, others_iam):
    stranger = User(server, others_iam, BOB, fresh("stranger"))
    stranger.may(statement("kms:CreateKey"))
    made = stranger.client(region="us-west-2").create_key()["KeyMetadata"]
    assert made["Arn"].startswith(f"arn:aws:kms:us-west-2:{BOB.id}:key/")


# POL-62, POL-497
def test_a_key_policy_names_principals_and_no_group(iam, kms, key, user):
    group, role = fresh("group"), fresh("role")
    group_arn = iam.create_group(GroupName=group)["Group"]["Arn"]
    role_arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]

    def put(document):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=document)

    for principal in ({"AWS": user.arn}, {"AWS": role_arn}, {"AWS": BOB.id}, {"Service": "logs.amazonaws.com"}):
        put(json.dumps(policy(ROOT, {**statement("kms:DescribeKey"), "Principal": principal})))
    with refused("MalformedPolicyDocumentException"):
        put(json.dumps(policy(ROOT, {**statement("kms:DescribeKey"), "Principal": {"AWS": group_arn}})))
    with refused("MalformedPolicyDocumentException"):
        put(json.dumps(policy(ROOT, statement("kms:DescribeKey"))))
    version = iam.get_policy_version(PolicyArn=POWER_USER, VersionId="v1")["PolicyVersion"]
    for managed in (json.dumps(version["Document"]), POWER_USER):
        with refused("MalformedPolicyDocumentException"):
            put(managed)


# POL-241
def test_a_policy_to_look_and_not_to_touch(key, user):
    client = user.client()
    user.may(
        statement(
            [
                "kms:DescribeKey",
                "kms:GetKeyPolicy",
                "kms:ListAliases",
                "kms:ListKeyPolicies",
                "kms:ListKeys",
                "kms:ListResourceTags",
            ]
        )
    )
    on_key = {"KeyId": key["KeyId"]}
    for call in (client.describe_key, client.get_key_policy, client.list_key_policies, client.list_resource_tags):
        assert allowed(call, **on_key), call
    assert allowed(client.list_keys) and allowed(client.list_aliases)
    for call, arguments in (
        (client.disable_key, on_key),
        (client.put_key_policy, {**on_key, "Policy": json.dumps(policy(ROOT))}),
        (client.update_key_description, {**on_key, "Description": "x"}),
        (client.tag_resource, {**on_key, "Tags": [{"TagKey": "a", "TagValue": "b"}]}),
        (client.encrypt, {**on_key, "Plaintext": b"x"}),
        (client.generate_data_key, {**on_key, "KeySpec": "AES_256"}),
        (client.create_key, {}),
    ):
        assert not allowed(call, **arguments), call


# POL-243
def test_a_policy_to_make_keys_with_names_and_tags(kms, user, alias_name):
    user.may(
        statement("kms:TagResource", KEYS),
        statement("kms:CreateAlias", f"arn:aws:kms:*:{ALICE.id}:alias/*"),
        statement(["kms:CreateKey", "kms:ListKeys", "kms:ListAliases"]),
    )
    client = user.client()
    made = client.create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]
    assert allowed(client.list_keys) and allowed(client.list_aliases)
    assert not allowed(client.create_alias, AliasName=alias_name, TargetKeyId=made["KeyId"])
    kms.put_key_policy(KeyId=made["KeyId"], Policy=json.dumps(policy(ROOT, by_name(user, "kms:CreateAlias"))))
    assert allowed(client.create_alias, AliasName=alias_name, TargetKeyId=made["KeyId"])


# POL-246, POL-496
def test_a_policy_for_two_keys(kms, user):
    one, two, three = (kms.create_key()["KeyMetadata"] for _ in range(3))
    user.may(statement(["kms:Encrypt", "kms:Decrypt"], [one["Arn"], two["Arn"]]))
    client = user.client()
    for each, passes in ((one, True), (two, True), (three, False)):
        sealed = kms.encrypt(KeyId=each["KeyId"], Plaintext=b"x")["CiphertextBlob"]
        assert allowed(client.encrypt, KeyId=each["KeyId"], Plaintext=b"x") is passes
        assert allowed(client.decrypt, CiphertextBlob=sealed) is passes
    user.may(statement("kms:*"), statement("kms:Encrypt", one["Arn"], effect="Deny"))
    assert not allowed(client.encrypt, KeyId=one["KeyId"], Plaintext=b"x")
    assert allowed(client.encrypt, KeyId=two["KeyId"], Plaintext=b"x")


# KEY-346, KEY-348, KEY-351
def test_the_tags_of_a_request_are_told_to_both_kinds_of_policy(kms, key, user):
    client = user.client()
    both = ["kms:TagResource", "kms:UntagResource"]
    only = {"ForAllValues:StringEquals": {"aws:TagKeys": "Project"}}
    right = {"StringEquals": {"aws:RequestTag/Project": "Alpha"}}

    def tag(*pairs):
        tags = [{"TagKey": name, "TagValue": value} for name, value in pairs]
        return allowed(client.tag_resource, KeyId=key["KeyId"], Tags=tags)

    def by_iam(actions, condition):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(ROOT)))
        user.may({**statement(actions), "Condition": condition})

    def by_key_policy(actions, condition):
        user.may(statement("kms:ListKeys"))
        allow = {**by_name(user, actions), "Condition": condition}
        kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(ROOT, allow)))

    for give in (by_iam, by_key_policy):
        give(both, only)
        assert tag(("Project", "x")) and not tag(("Project", "x"), ("Other", "y"))
        assert not allowed(client.untag_resource, KeyId=key["KeyId"], TagKeys=["Project", "Other"])
        assert allowed(client.untag_resource, KeyId=key["KeyId"], TagKeys=["Project"])
        give("kms:TagResource", right)
        assert tag(("Project", "Alpha")) and not tag(("Project", "Beta")) and not tag(("Other", "Alpha"))


# KEY-354
def test_reserved_keys_and_those_without_a_type_are_refused(kms, user):
    use = ["kms:Encrypt", "kms:GenerateDataKey*", "kms:Decrypt", "kms:ReEncrypt*"]
    user.may(
        statement(use),
        statement(use, effect="Deny", StringEquals={"aws:ResourceTag/Type": "Reserved"}),
        statement(use, effect="Deny", Null={"aws:ResourceTag/Type": "true"}),
    )
    client = user.client()
    for tags, passes in (([("Type", "Reserved")], False), ([("Kind", "Free")], False), ([("Type", "Free")], True)):
        tags = [{"TagKey": name, "TagValue": value} for name, value in tags]
        key = kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"]
        assert allowed(client.encrypt, KeyId=key, Plaintext=b"x") is passes
        assert allowed(client.generate_data_key, KeyId=key, KeySpec="AES_256") is passes


# KEY-218
def test_a_key_of_another_account_is_named_by_an_arn(server, west, others_iam, alias_name):
    stranger = User(server, others_iam, BOB, fresh("stranger"))
    give = {**statement("kms:GenerateDataKey"), "Principal": {"AWS": f"arn:aws:iam::{BOB.id}:root"}}
    key = west.create_key(Policy=json.dumps(policy(ROOT, give)))["KeyMetadata"]
    west.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    client = stranger.client(region="us-west-2")
    alias = f"arn:aws:kms:us-west-2:{ALICE.id}:{alias_name}"
    assert not allowed(client.generate_data_key, KeyId=alias, KeySpec="AES_256")
    stranger.may(statement("kms:GenerateDataKey", key["Arn"]))
    for named in (alias, key["Arn"]):
        assert client.generate_data_key(KeyId=named, KeySpec="AES_256")["KeyId"] == key["Arn"]
    for named in (alias_name, key["KeyId"]):
        with pytest.raises(ClientError) as caught:
            client.generate_data_key(KeyId=named, KeySpec="AES_256")
        assert caught.value.response["Error"]["Code"] == "NotFoundException"


# AUTHZ-169
def test_an_alias_opens_keys_of_both_accounts_whose_policies_agree(server, kms, other, key, user, alias_name):
    aliases = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias_name}}
    arns = [KEYS, f"arn:aws:kms:*:{BOB.id}:key/*"]
    user.may({**statement("kms:GenerateDataKey", arns), "Condition": aliases})
    theirs_root = {**ROOT, "Principal": {"AWS": f"arn:aws:iam::{BOB.id}:root"}}
    give = {**statement("kms:GenerateDataKey"), "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}}
    theirs = other.create_key(Policy=json.dumps(policy(theirs_root, give)))["KeyMetadata"]
    closed = other.create_key(Policy=json.dumps(policy(theirs_root)))["KeyMetadata"]
    west = boto3_client(server, ALICE, "us-west-2")
    elsewhere = west.create_key()["KeyMetadata"]

    def may_use(arn):
        client = user.client(region=arn.split(":")[3])
        return allowed(client.generate_data_key, KeyId=arn, KeySpec="AES_256")

    for admin, named, opens in (
        (kms, key, True),
        (other, theirs, True),
        (west, elsewhere, True),
        (other, closed, False),
    ):
        assert not may_use(named["Arn"])
        admin.create_alias(AliasName=alias_name, TargetKeyId=named["KeyId"])
        assert may_use(named["Arn"]) is opens
        admin.delete_alias(AliasName=alias_name)
        assert not may_use(named["Arn"])
