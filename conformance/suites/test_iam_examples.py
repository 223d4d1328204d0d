"""What single policies give and take: more of the guide's examples, each with what it must not allow."""

import json

import pytest
from harness.clients import all_pages, boto3_client, refused
from harness.identities import POWER_USER, User, allowed, fresh, policy, statement
from harness.server import ALICE

ROOT = {**statement("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}}
TAGS = [{"TagKey": "a", "TagValue": "b"}]


def by_name(user, actions):
    """A key policy's statement that names the user."""
    return {**statement(actions), "Principal": {"AWS": user.arn}}


def calls(client, key):
    """A call of every operation on a key and of those without one, except what would stop the others from working."""
    on_key = {"KeyId": key["KeyId"]}
    yield "kms:DescribeKey", client.describe_key, on_key
    yield "kms:GetKeyPolicy", client.get_key_policy, on_key
    yield "kms:ListGrants", client.list_grants, on_key
    yield "kms:ListKeyPolicies", client.list_key_policies, on_key
    yield "kms:ListResourceTags", client.list_resource_tags, on_key
    yield "kms:EnableKey", client.enable_key, on_key
    yield "kms:DisableKey", client.disable_key, on_key
    yield "kms:EnableKey", client.enable_key, on_key
    yield "kms:UpdateKeyDescription", client.update_key_description, {**on_key, "Description": "x"}
    yield "kms:TagResource", client.tag_resource, {**on_key, "Tags": TAGS}
    yield "kms:UntagResource", client.untag_resource, {**on_key, "TagKeys": ["a"]}
    yield "kms:Encrypt", client.encrypt, {**on_key, "Plaintext": b"x"}
    yield "kms:GenerateDataKey", client.generate_data_key, {**on_key, "KeySpec": "AES_256"}
    yield "kms:CreateGrant", client.create_grant, {**on_key, "GranteePrincipal": ROOT["Principal"]["AWS"], **ENCRYPT}
    yield "kms:PutKeyPolicy", client.put_key_policy, {**on_key, "Policy": json.dumps(policy(ROOT))}
    yield "kms:CreateKey", client.create_key, {}
    yield "kms:GenerateRandom", client.generate_random, {"NumberOfBytes": 8}
    yield "kms:ListAliases", client.list_aliases, {}
    yield "kms:ListKeys", client.list_keys, {}


ENCRYPT = {"Operations": ["Encrypt"]}


def may(client, key):
    """The actions that the caller is allowed."""
    return {action for action, call, arguments in calls(client, key) if allowed(call, **arguments)}


@pytest.fixture
def everything(kms, key):
    return {action for action, _, _ in calls(kms, key)}


# POL-226
def test_lists_and_single_values_mean_the_same(key, user):
    one = {"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": key["Arn"]}
    for document in (
        {"Version": "2012-10-17", "Statement": one},
        {"Version": "2012-10-17", "Statement": [one]},
        {"Version": "2012-10-17", "Statement": [{**one, "Action": [one["Action"]], "Resource": [one["Resource"]]}]},
        {"Version": "2012-10-17", "Statement": {**one, "Action": ["kms:DescribeKey", "s3:GetObject"]}},
        {"Version": "2012-10-17", "Statement": {**one, "Resource": ["arn:aws:s3:::bucket", key["Arn"]]}},
    ):
        user.iam.put_user_policy(UserName=user.name, PolicyName="only", PolicyDocument=json.dumps(document))
        assert may(user.client(), key) == {"kms:DescribeKey"}, document


# POL-227
def test_a_policy_to_list_lists_and_does_nothing_else(kms, key, user):
    user.may(statement(["kms:ListKeys", "kms:ListAliases"]))
    client = user.client()
    assert may(client, key) == {"kms:ListKeys", "kms:ListAliases"}
    listed = {entry["KeyId"] for entry in all_pages(client, "list_keys", "Keys")}
    assert key["KeyId"] in listed
    assert listed == {entry["KeyId"] for entry in all_pages(kms, "list_keys", "Keys")}


# POL-228
def test_actions_of_several_services_stand_in_one_policy(key, user):
    others = ["tag:GetResources", "iam:CreateServiceLinkedRole"]
    user.may(statement(["kms:ListKeys", "iam:ListUsers", "iam:ListRoles", *others]), statement("kms:DescribeKey"))
    assert may(user.client(), key) == {"kms:ListKeys", "kms:DescribeKey"}
    iam = user.client("iam")
    assert allowed(iam.list_users) and allowed(iam.list_roles)
    assert not allowed(iam.list_groups)
    user.may(statement(["iam:ListUsers", "iam:ListRoles", "iam:ListGroups", *others]))
    assert allowed(iam.list_groups) and not may(user.client(), key)


# POL-236, POL-240
def test_a_denial_on_everything_is_stronger_than_every_allowance(kms, key, user, everything):
    four = ["kms:CreateKey", "kms:PutKeyPolicy", "kms:CreateGrant", "kms:ScheduleKeyDeletion"]
    named = by_name(user, "kms:*")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(ROOT, named)))
    kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=user.arn, Operations=["CreateGrant", "Encrypt"])
    user.may(statement("kms:*"), statement(four, effect="Deny"))
    assert may(user.client(), key) == everything - set(four)
    because = "with an explicit deny in an identity-based policy"
    for arn, call in (("*", "create_key"), (key["Arn"], "put_key_policy")):
        arguments = {} if arn == "*" else {"KeyId": key["KeyId"], "Policy": json.dumps(policy(ROOT))}
        action = "kms:CreateKey" if arn == "*" else "kms:PutKeyPolicy"
        with user.denied(action, arn, because):
            getattr(user.client(), call)(**arguments)


# POL-242, KEY-158, KEY-159
def test_a_policy_to_make_keys_makes_keys_without_tags_and_names(kms, user, alias_name):
    user.may(statement("kms:CreateKey"))
    client = user.client()
    before = {k["KeyId"] for k in all_pages(kms, "list_keys", "Keys")}
    with user.denied("kms:TagResource", f"arn:aws:kms:us-east-1:{ALICE.id}:key/*"):
        client.create_key(Tags=TAGS)
    assert {k["KeyId"] for k in all_pages(kms, "list_keys", "Keys")} == before
    made = client.create_key()["KeyMetadata"]
    assert not allowed(client.create_alias, AliasName=alias_name, TargetKeyId=made["KeyId"])
    user.may(statement(["kms:CreateKey", "kms:CreateAlias"]))
    assert allowed(client.create_alias, AliasName=alias_name, TargetKeyId=made["KeyId"])
    # The permission is for every kind of key.
    for spec, usage in (
        ("RSA_2048", "SIGN_VERIFY"),
        ("HMAC_256", "GENERATE_VERIFY_MAC"),
        ("ECC_NIST_P256", "SIGN_VERIFY"),
    ):
        assert allowed(client.create_key, KeySpec=spec, KeyUsage=usage)


# POL-247
def test_a_denial_of_switching_off_is_stronger_than_a_key_policy_that_names_the_user(kms, key, user, everything):
    denied = ["kms:DisableKey", "kms:ScheduleKeyDeletion"]
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(ROOT, by_name(user, "kms:*"))))
    user.may(statement("kms:*"), statement(denied, effect="Deny"))
    assert may(user.client(), key) == everything - {"kms:DisableKey"}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(ROOT, by_name(user, "kms:*"))))
    with user.denied("kms:DisableKey", key["Arn"], "with an explicit deny in an identity-based policy"):
        user.client().disable_key(KeyId=key["KeyId"])


# POL-267, KEY-143
def test_a_power_user_may_what_others_give_it_too(iam, kms, key, user):
    iam.attach_user_policy(UserName=user.name, PolicyArn=POWER_USER)
    client = user.client()
    before = may(client, key)
    assert not before & {"kms:Encrypt", "kms:PutKeyPolicy", "kms:DisableKey", "kms:GenerateDataKey"}
    user.may(statement("kms:UpdateKeyDescription"))
    assert may(client, key) == before | {"kms:UpdateKeyDescription"}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(ROOT, by_name(user, "kms:Encrypt"))))
    assert may(client, key) == before | {"kms:UpdateKeyDescription", "kms:Encrypt"}
    kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=user.arn, Operations=["GenerateDataKey"])
    assert allowed(client.generate_data_key, KeyId=key["KeyId"], KeySpec="AES_256")


# KEY-4
def test_a_key_belongs_to_its_account_and_its_maker_has_it_by_policy_or_grant_alone(server, iam, kms, user):
    friend = User(server, iam, ALICE, fresh("friend"))
    user.may(statement(["kms:CreateKey", "kms:Encrypt"]))
    client = user.client()
    alone = {**ROOT, "Condition": {"StringEquals": {"aws:PrincipalType": "Account"}}}
    document = json.dumps(policy(alone, by_name(friend, "kms:Encrypt")))
    made = client.create_key(Policy=document, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]
    assert made["AWSAccountId"] == ALICE.id
    encrypt = {"KeyId": made["KeyId"], "Plaintext": b"x"}
    assert allowed(friend.client().encrypt, **encrypt)
    assert not allowed(client.encrypt, **encrypt) and not allowed(client.describe_key, KeyId=made["KeyId"])
    grant = kms.create_grant(KeyId=made["KeyId"], GranteePrincipal=user.arn, Operations=["Encrypt"])["GrantId"]
    assert allowed(client.encrypt, **encrypt)
    kms.revoke_grant(KeyId=made["KeyId"], GrantId=grant)
    assert not allowed(client.encrypt, **encrypt)
    kms.put_key_policy(KeyId=made["KeyId"], Policy=json.dumps(policy(ROOT)))
    assert allowed(client.encrypt, **encrypt), "IAM, once the key policy leaves it to the account"


# KEY-10, KEY-11, KEY-325, KEY-367, POL-197
def test_an_account_looks_at_the_keys_of_services_and_changes_nothing(iam, kms, user, alias_name):
    managed = kms.describe_key(KeyId="alias/aws/kinesis")["KeyMetadata"]
    client, on_key = user.client(), {"KeyId": managed["KeyId"]}
    for call in (client.describe_key, client.get_key_policy):
        assert not allowed(call, **on_key), "permission is needed to look at it"
    user.may(statement("kms:*"))
    own = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=alias_name, TargetKeyId=own)
    assert client.describe_key(**on_key)["KeyMetadata"] == managed
    assert client.list_key_policies(**on_key)["PolicyNames"] == ["default"]
    assert managed["KeyId"] in {entry["KeyId"] for entry in all_pages(client, "list_keys", "Keys")}
    listed = {entry["AliasName"]: entry.get("TargetKeyId") for entry in all_pages(client, "list_aliases", "Aliases")}
    assert listed["alias/aws/kinesis"] == managed["KeyId"]
    text = client.get_key_policy(**on_key)["Policy"]
    for caller in (client, kms):
        for call, arguments in (
            (caller.update_key_description, {**on_key, "Description": "mine"}),
            (caller.put_key_policy, {**on_key, "Policy": text}),
            (
                caller.put_key_policy,
                {**on_key, "Policy": json.dumps(policy(ROOT)), "BypassPolicyLockoutSafetyCheck": True},
            ),
            (caller.enable_key, on_key),
            (caller.disable_key, on_key),
            (caller.tag_resource, {**on_key, "Tags": TAGS}),
            (caller.untag_resource, {**on_key, "TagKeys": ["a"]}),
            (caller.create_alias, {"AliasName": f"{alias_name}-b", "TargetKeyId": managed["KeyId"]}),
            (caller.update_alias, {"AliasName": alias_name, "TargetKeyId": managed["KeyId"]}),
        ):
            assert not allowed(call, **arguments), call
    assert client.describe_key(**on_key)["KeyMetadata"] == managed
    assert client.get_key_policy(**on_key)["Policy"] == text
    assert client.list_resource_tags(**on_key)["Tags"] == []


# AUTHZ-228, AUTHZ-237
def test_how_a_key_of_another_account_is_named(server, kms, other, alias_name):
    stranger = boto3_client(server, ALICE)
    give = {**statement("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}}
    own = {**statement("kms:*"), "Principal": {"AWS": "arn:aws:iam::444455556666:root"}}
    key = other.create_key(Policy=json.dumps(policy(own, give)))["KeyMetadata"]
    other.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    alias = key["Arn"].rsplit(":", 1)[0] + f":{alias_name}"
    sealed = stranger.encrypt(KeyId=alias, Plaintext=b"x")["CiphertextBlob"]
    for named in (key["Arn"], alias):
        assert stranger.describe_key(KeyId=named)["KeyMetadata"]["AWSAccountId"] == key["AWSAccountId"] != ALICE.id
        stranger.encrypt(KeyId=named, Plaintext=b"x")
        stranger.decrypt(KeyId=named, CiphertextBlob=sealed)
        stranger.re_encrypt(SourceKeyId=named, CiphertextBlob=sealed, DestinationKeyId=named)
        stranger.generate_data_key(KeyId=named, KeySpec="AES_256")
        stranger.generate_data_key_without_plaintext(KeyId=named, KeySpec="AES_256")
    grant = {"GranteePrincipal": ROOT["Principal"]["AWS"], **ENCRYPT}
    made = stranger.create_grant(KeyId=key["Arn"], **grant)["GrantId"]
    assert stranger.list_grants(KeyId=key["Arn"])["Grants"]
    for call, arguments in (
        (stranger.create_grant, grant),
        (stranger.list_grants, {}),
        (stranger.revoke_grant, {"GrantId": made}),
    ):
        with pytest.raises(kms.exceptions.ClientError) as caught:
            call(KeyId=alias, **arguments)
        assert caught.value.response["Error"]["Code"] in ("InvalidArnException", "NotFoundException"), call
    stranger.revoke_grant(KeyId=key["Arn"], GrantId=made)
    with refused("NotFoundException"):
        stranger.describe_key(KeyId=alias_name)
