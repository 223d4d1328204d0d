"""What a user may do with keys, aliases and tags: the cases that the guide tells, with the real clients."""

import json

from harness.clients import all_pages
from harness.identities import POWER_USER, allowed, fresh, policy, statement
from harness.server import ALICE


# AUTHZ-390, POL-15, KEY-222
def test_an_alias_needs_permission_on_itself_and_on_its_key(kms, key, user, alias_name):
    alias = f"arn:aws:kms:us-east-1:{ALICE.id}:{alias_name}"
    client = user.client()
    both = ["kms:CreateAlias", "kms:DeleteAlias"]
    for on_alias, on_key in ((False, False), (True, False), (False, True), (True, True)):
        statements = [statement(both, alias)] * on_alias + [statement(both, key["Arn"])] * on_key
        user.may(*(statements or [statement("kms:ListAliases")]))
        makes = allowed(client.create_alias, AliasName=alias_name, TargetKeyId=key["KeyId"])
        assert makes is (on_alias and on_key), (on_alias, on_key)
    for on_alias, on_key in ((False, False), (True, False), (False, True), (True, True)):
        statements = [statement(both, alias)] * on_alias + [statement(both, key["Arn"])] * on_key
        user.may(*(statements or [statement("kms:ListAliases")]))
        assert allowed(client.delete_alias, AliasName=alias_name) is (on_alias and on_key), (on_alias, on_key)


# AUTHZ-391, KEY-223
def test_moving_an_alias_needs_permission_on_three_resources(kms, key, user, alias_name):
    target = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    needed = [f"arn:aws:kms:us-east-1:{ALICE.id}:{alias_name}", key["Arn"], target["Arn"]]
    client = user.client()
    for missing in needed:
        user.may(statement("kms:UpdateAlias", [arn for arn in needed if arn != missing]))
        assert not allowed(client.update_alias, AliasName=alias_name, TargetKeyId=target["KeyId"]), missing
    user.may(statement("kms:UpdateAlias", needed))
    assert allowed(client.update_alias, AliasName=alias_name, TargetKeyId=target["KeyId"])


# POL-188, POL-190, KEY-342, KEY-343
def test_making_a_key_with_tags_needs_permission_to_tag(kms, key, user):
    client = user.client()
    tags = [{"TagKey": "Purpose", "TagValue": "Test"}]
    create = statement("kms:CreateKey")
    tagging = ["kms:TagResource", "kms:UntagResource", "kms:ListResourceTags"]
    user.may(create, statement(tagging, f"arn:aws:kms:*:{ALICE.id}:key/*"))
    made = client.create_key(Tags=tags)["KeyMetadata"]
    assert client.list_resource_tags(KeyId=made["KeyId"])["Tags"] == tags
    before = {k["KeyId"] for k in all_pages(kms, "list_keys", "Keys")}
    user.may(create, statement(tagging, key["Arn"]))
    assert not allowed(client.create_key, Tags=tags)
    user.may(create)
    assert not allowed(client.create_key, Tags=tags)
    in_its_policy = {**statement("kms:*"), "Principal": {"AWS": [user.arn, f"arn:aws:iam::{ALICE.id}:root"]}}
    assert not allowed(client.create_key, Tags=tags, Policy=json.dumps(policy(in_its_policy)))
    assert {k["KeyId"] for k in all_pages(kms, "list_keys", "Keys")} == before, "no key is left behind"
    assert allowed(client.create_key)


def test_a_condition_says_which_keys_may_be_made(user):
    client = user.client()
    for spec, passes in (("SYMMETRIC_DEFAULT", True), ("RSA_2048", False)):
        user.may(statement("kms:CreateKey", StringEquals={"kms:KeySpec": spec}))
        assert allowed(client.create_key) is passes
        assert allowed(client.create_key, KeySpec="SYMMETRIC_DEFAULT") is passes


# AUTHZ-99
def test_an_identity_policy_denies_going_without_the_check_for_a_lockout(kms, key, user):
    bypass = {"kms:BypassPolicyLockoutSafetyCheck": "true"}
    user.may(statement("kms:*"), statement(["kms:CreateKey", "kms:PutKeyPolicy"], effect="Deny", Bool=bypass))
    client = user.client()
    document = kms.get_key_policy(KeyId=key["KeyId"])["Policy"]
    for flag, passes in (({"BypassPolicyLockoutSafetyCheck": True}, False), ({}, True)):
        assert allowed(client.create_key, **flag) is passes
        assert allowed(client.put_key_policy, KeyId=key["KeyId"], Policy=document, **flag) is passes
    assert allowed(client.create_key, BypassPolicyLockoutSafetyCheck=False)


# AUTHZ-200, AUTHZ-33, KEY-353
def test_the_tags_of_a_key_decide_as_they_are_now(kms, key, user):
    project = {"aws:ResourceTag/Project": "Alpha"}
    user.may(
        statement(
            ["kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt"],
            f"arn:aws:kms:us-east-1:{ALICE.id}:key/*",
            StringEquals=project,
        )
    )
    client = user.client()

    def may_use():
        return allowed(client.generate_data_key_without_plaintext, KeyId=key["KeyId"], KeySpec="AES_256")

    def tag(value):
        kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "Project", "TagValue": value}])

    assert not may_use()
    tag("Alpha")
    assert may_use()
    tag("Beta")
    assert not may_use()
    tag("Alpha")
    assert may_use()
    kms.untag_resource(KeyId=key["KeyId"], TagKeys=["Project"])
    assert not may_use()
    made = kms.create_key(Tags=[{"TagKey": "Project", "TagValue": "Alpha"}])["KeyMetadata"]
    assert allowed(client.generate_data_key_without_plaintext, KeyId=made["KeyId"], KeySpec="AES_256")


# AUTHZ-202
def test_an_identity_policy_denies_by_tag_in_every_region(kms, west, user):
    stop = statement("kms:*", effect="Deny", StringEquals={"aws:ResourceTag/Purpose": "Closed"})
    user.may(statement("kms:DescribeKey"), stop)
    tags = [{"TagKey": "Purpose", "TagValue": "Closed"}]
    for admin, region in ((kms, "us-east-1"), (west, "us-west-2")):
        client = user.client(region=region)
        closed, left = (admin.create_key(Tags=t)["KeyMetadata"] for t in (tags, []))
        assert not allowed(client.describe_key, KeyId=closed["KeyId"])
        assert allowed(client.describe_key, KeyId=left["KeyId"])


# AUTHZ-204
def test_an_identity_policy_keeps_hands_off_a_tag(key, user):
    restricted = {"ForAnyValue:StringEquals": {"aws:TagKeys": ["Restricted"]}}
    both = ["kms:TagResource", "kms:UntagResource"]
    user.may(statement(both), {**statement(both, effect="Deny"), "Condition": restricted})
    client = user.client()

    def tags(*names):
        return [{"TagKey": name, "TagValue": "v"} for name in names]

    assert not allowed(client.tag_resource, KeyId=key["KeyId"], Tags=tags("Restricted"))
    assert not allowed(client.tag_resource, KeyId=key["KeyId"], Tags=tags("Free", "Restricted"))
    assert not allowed(client.untag_resource, KeyId=key["KeyId"], TagKeys=["Restricted"])
    assert allowed(client.tag_resource, KeyId=key["KeyId"], Tags=tags("Free"))
    assert allowed(client.untag_resource, KeyId=key["KeyId"], TagKeys=["Free"])


# AUTHZ-42
def test_a_user_goes_by_its_name_in_policies(kms, key, user):
    mine = {"StringEquals": {"aws:ResourceTag/Owner": "${aws:username}"}}
    user.may({**statement("kms:DescribeKey"), "Condition": mine})
    client = user.client()
    assert not allowed(client.describe_key, KeyId=key["KeyId"])
    kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "Owner", "TagValue": user.name}])
    assert allowed(client.describe_key, KeyId=key["KeyId"])


# POL-264
def test_a_power_user(server, kms, iam, key, user, alias_name):
    iam.attach_user_policy(UserName=user.name, PolicyArn=POWER_USER)
    client, identities = user.client(), user.client("iam")
    own = {**statement("kms:*"), "Principal": {"AWS": user.arn}}
    mine = client.create_key(Policy=json.dumps(policy(own)))["KeyMetadata"]
    assert allowed(client.encrypt, KeyId=mine["KeyId"], Plaintext=b"x"), "it gave itself the right"
    client.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    client.delete_alias(AliasName=alias_name)
    client.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "a", "TagValue": "b"}])
    client.untag_resource(KeyId=key["KeyId"], TagKeys=["a"])
    for call in (client.describe_key, client.get_key_policy, client.list_resource_tags):
        assert allowed(call, KeyId=key["KeyId"]), call
    for call in (identities.list_users, identities.list_roles, identities.list_groups):
        assert allowed(call), call
    assert not allowed(identities.create_user, UserName=fresh("no"))
    assert not allowed(client.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    closed = kms.create_key(Policy=json.dumps(policy(root_alone())))["KeyMetadata"]
    assert not allowed(client.describe_key, KeyId=closed["KeyId"])


def root_alone():
    """A key policy's statement for the root user that leaves nothing to IAM policies."""
    return {
        **statement("kms:*", StringEquals={"aws:PrincipalType": "Account"}),
        "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"},
    }


# AUTHZ-213
def test_an_alias_takes_access_along_to_another_key(kms, key, user, alias_name):
    target = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    aliases = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": ["alias/ProjectAlpha", alias_name]}}
    user.may({**statement(["kms:List*", "kms:Describe*", "kms:Decrypt"]), "Condition": aliases})
    client = user.client()
    sealed = {each: kms.encrypt(KeyId=each, Plaintext=b"x")["CiphertextBlob"] for each in (key["Arn"], target["Arn"])}
    for aliased, bare in ((key, target), (target, key)):
        kms.update_alias(AliasName=alias_name, TargetKeyId=aliased["KeyId"])
        for each, passes in ((aliased, True), (bare, False)):
            assert allowed(client.describe_key, KeyId=each["KeyId"]) is passes
            assert allowed(client.decrypt, CiphertextBlob=sealed[each["Arn"]]) is passes
