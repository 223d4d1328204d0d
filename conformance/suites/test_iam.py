"""Users, groups, roles and policies through the real IAM clients, and what they change for KMS calls."""

import datetime
import json
import pathlib
import subprocess
import sys
import uuid

import pytest
from botocore.exceptions import ClientError
from harness.clients import all_pages, boto3_client, environment, refused
from harness.server import ALICE, BOB, Account, clean_environment

AWS = pathlib.Path(sys.executable).parent / "aws"
POWER_USER = "arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
NOBODY_ALLOWS = "because no identity-based policy allows the"
UNKNOWN_KEY = "The security token included in the request is invalid."
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}, "Action": "sts:AssumeRole"}
    ],
}


def statement(actions, resource="*", effect="Allow", **condition):
    made = {"Effect": effect, "Action": actions, "Resource": resource}
    return {**made, "Condition": condition} if condition else made


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def fresh(kind):
    return f"{kind}-{uuid.uuid4().hex[:10]}"


class User:
    """A user with an access key, and the clients that call with it."""

    def __init__(self, server, iam, account, name, path="/"):
        self.server, self.iam, self.name = server, iam, name
        self.arn = iam.create_user(UserName=name, Path=path)["User"]["Arn"]
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self.key_id = key["AccessKeyId"]
        self.credentials = Account(account.id, self.key_id, key["SecretAccessKey"])

    def client(self, service="kms", region="us-east-1"):
        return boto3_client(self.server, self.credentials, region, service=service)

    def may(self, *statements, name="only"):
        """Gives the user an inline policy of these statements, in the place of the one before."""
        self.iam.put_user_policy(UserName=self.name, PolicyName=name, PolicyDocument=json.dumps(policy(*statements)))

    def denied(self, action, arn, why=None):
        why = why or f"{NOBODY_ALLOWS} {action} action"
        text = f"User: {self.arn} is not authorized to perform: {action} on resource: {arn} {why}"
        code, status = ("AccessDeniedException", 400) if action.startswith("kms:") else ("AccessDenied", 403)
        return refused(code, text, status)


@pytest.fixture(scope="module")
def iam(server):
    """IAM as the root user of the first account."""
    return boto3_client(server, ALICE, service="iam")


@pytest.fixture(scope="module")
def others_iam(server):
    """IAM as the root user of the second account."""
    return boto3_client(server, BOB, service="iam")


@pytest.fixture
def user(server, iam):
    return User(server, iam, ALICE, fresh("user"))


@pytest.fixture
def managed(iam):
    """Makes managed policies of these statements and answers their ARNs."""

    def make(*statements, **more):
        document = json.dumps(policy(*statements))
        return iam.create_policy(PolicyName=fresh("policy"), PolicyDocument=document, **more)["Policy"]["Arn"]

    return make


def allowed(call, **arguments):
    """Whether policies let a call through."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"), error
        return False
    return True


# --- what a user may do with keys ---


# POL-493, POL-222, POL-494
def test_a_user_has_what_its_policies_give_and_nothing_else(kms, key, user):
    other = kms.create_key()["KeyMetadata"]
    client = user.client()
    with user.denied("kms:Encrypt", key["Arn"]):
        client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    with user.denied("kms:GenerateRandom", "*"):
        client.generate_random(NumberOfBytes=8)
    user.may(statement(["kms:Encrypt", "kms:Decrypt"], key["Arn"]), statement("kms:GenerateRandom"))
    sealed = client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert client.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    assert len(client.generate_random(NumberOfBytes=8)["Plaintext"]) == 8
    with user.denied("kms:Encrypt", other["Arn"]):
        client.encrypt(KeyId=other["KeyId"], Plaintext=b"x")
    with user.denied("kms:DisableKey", key["Arn"]):
        client.disable_key(KeyId=key["KeyId"])


# POL-8, POL-223
def test_iam_policies_count_for_a_key_only_as_long_as_its_policy_says_so(kms, key, user):
    user.may(statement("kms:*"))
    client = user.client()
    client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    own = statement("kms:*")
    root = {**own, "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}}
    only_root = {**root, "Condition": {"StringEquals": {"aws:PrincipalType": "Account"}}}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(only_root)))
    because = "because no resource-based policy allows the kms:Encrypt action"
    with user.denied("kms:Encrypt", key["Arn"], because):
        client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(root)))
    client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


# POL-17
def test_one_policy_counts_in_every_region(kms, west, user):
    keys = {"us-east-1": kms.create_key()["KeyMetadata"], "us-west-2": west.create_key()["KeyMetadata"]}
    user.may(statement("kms:DescribeKey", f"arn:aws:kms:*:{ALICE.id}:key/*"))
    for region, key in keys.items():
        client = user.client(region=region)
        assert client.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Arn"] == key["Arn"]
        assert not allowed(client.get_key_policy, KeyId=key["KeyId"])


def test_a_group_gives_its_members_what_it_has_for_as_long_as_they_are_in_it(iam, key, user):
    group = fresh("group")
    iam.create_group(GroupName=group, Path="/teams/")
    document = json.dumps(policy(statement("kms:DescribeKey", key["Arn"])))
    iam.put_group_policy(GroupName=group, PolicyName="look", PolicyDocument=document)
    client = user.client()
    assert not allowed(client.describe_key, KeyId=key["KeyId"])
    iam.add_user_to_group(GroupName=group, UserName=user.name)
    assert allowed(client.describe_key, KeyId=key["KeyId"])
    assert [u["UserName"] for u in iam.get_group(GroupName=group)["Users"]] == [user.name]
    assert [g["GroupName"] for g in iam.list_groups_for_user(UserName=user.name)["Groups"]] == [group]
    with refused("DeleteConflict", status=409):
        iam.delete_group(GroupName=group)
    iam.remove_user_from_group(GroupName=group, UserName=user.name)
    assert not allowed(client.describe_key, KeyId=key["KeyId"])
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first.", 409):
        iam.delete_group(GroupName=group)
    iam.delete_group_policy(GroupName=group, PolicyName="look")
    iam.delete_group(GroupName=group)
    with refused("NoSuchEntity", f"The group with name {group} cannot be found.", 404):
        iam.get_group(GroupName=group)


def test_a_boundary_limits_and_gives_nothing(iam, key, user, managed):
    bound = managed(statement(["kms:DescribeKey", "kms:GetKeyPolicy"]))
    client = user.client()
    iam.put_user_permissions_boundary(UserName=user.name, PermissionsBoundary=bound)
    assert not allowed(client.describe_key, KeyId=key["KeyId"])
    user.may(statement("kms:*"))
    assert allowed(client.describe_key, KeyId=key["KeyId"])
    because = "because no permissions boundary allows the kms:Encrypt action"
    with user.denied("kms:Encrypt", key["Arn"], because):
        client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    shown = iam.get_user(UserName=user.name)["User"]["PermissionsBoundary"]
    assert shown == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": bound} or shown == {
        "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
        "PermissionsBoundaryArn": bound,
    }
    with refused("DeleteConflict", status=409):
        iam.delete_policy(PolicyArn=bound)
    iam.delete_user_permissions_boundary(UserName=user.name)
    assert allowed(client.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    with refused("NoSuchEntity", status=404):
        iam.delete_user_permissions_boundary(UserName=user.name)


# POL-60
def test_another_version_of_a_managed_policy_counts_at_once(iam, key, user, managed):
    arn = managed(statement("kms:DescribeKey"))
    iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
    client = user.client()
    assert allowed(client.describe_key, KeyId=key["KeyId"])
    document = json.dumps(policy(statement("kms:GetKeyPolicy")))
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)["PolicyVersion"]
    assert (made["VersionId"], made["IsDefaultVersion"]) == ("v2", False)
    assert allowed(client.describe_key, KeyId=key["KeyId"])
    for version, describes in (("v2", False), ("v1", True), ("v2", False)):
        iam.set_default_policy_version(PolicyArn=arn, VersionId=version)
        assert allowed(client.describe_key, KeyId=key["KeyId"]) is describes, version
        assert allowed(client.get_key_policy, KeyId=key["KeyId"]) is not describes, version
    iam.detach_user_policy(UserName=user.name, PolicyArn=arn)
    assert not allowed(client.get_key_policy, KeyId=key["KeyId"])


def test_a_deactivated_key_is_refused_until_it_is_active_again(iam, key, user):
    user.may(statement("kms:DescribeKey"))
    client = user.client()
    client.describe_key(KeyId=key["KeyId"])
    iam.update_access_key(UserName=user.name, AccessKeyId=user.key_id, Status="Inactive")
    with refused("UnrecognizedClientException", UNKNOWN_KEY):
        client.describe_key(KeyId=key["KeyId"])
    with refused("InvalidClientTokenId", UNKNOWN_KEY, 403):
        user.client("iam").get_user()
    assert [k["Status"] for k in iam.list_access_keys(UserName=user.name)["AccessKeyMetadata"]] == ["Inactive"]
    iam.update_access_key(UserName=user.name, AccessKeyId=user.key_id, Status="Active")
    client.describe_key(KeyId=key["KeyId"])


# POL-57
def test_whoever_takes_the_name_of_a_deleted_user_has_nothing_of_it(server, iam, key, user):
    user.may(statement("kms:*"))
    client = user.client()
    client.describe_key(KeyId=key["KeyId"])
    with refused("DeleteConflict", "Cannot delete entity, must delete access keys first.", 409):
        iam.delete_user(UserName=user.name)
    iam.delete_access_key(UserName=user.name, AccessKeyId=user.key_id)
    with refused("UnrecognizedClientException", UNKNOWN_KEY):
        client.describe_key(KeyId=key["KeyId"])
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first.", 409):
        iam.delete_user(UserName=user.name)
    iam.delete_user_policy(UserName=user.name, PolicyName="only")
    before = iam.get_user(UserName=user.name)["User"]["UserId"]
    iam.delete_user(UserName=user.name)
    with refused("UnrecognizedClientException", UNKNOWN_KEY):
        client.describe_key(KeyId=key["KeyId"])
    again = User(server, iam, ALICE, user.name)
    assert iam.get_user(UserName=user.name)["User"]["UserId"] != before
    assert not allowed(again.client().describe_key, KeyId=key["KeyId"])


# AUTHZ-221, POL-50
def test_a_user_of_another_account_needs_both_sides(server, kms, key, others_iam):
    stranger = User(server, others_iam, BOB, fresh("stranger"))
    client = stranger.client()
    give = {**statement(["kms:Encrypt", "kms:DescribeKey"]), "Principal": {"AWS": f"arn:aws:iam::{BOB.id}:root"}}
    own = {**statement("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(own, give)))
    assert not allowed(client.encrypt, KeyId=key["Arn"], Plaintext=b"x")
    stranger.may(statement("kms:*", key["Arn"]))
    assert allowed(client.encrypt, KeyId=key["Arn"], Plaintext=b"x")
    assert not allowed(client.decrypt, CiphertextBlob=kms.encrypt(KeyId=key["Arn"], Plaintext=b"x")["CiphertextBlob"])
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(own)))
    assert not allowed(client.encrypt, KeyId=key["Arn"], Plaintext=b"x")


# AUTHZ-390, POL-15
def test_an_alias_needs_permission_on_itself_and_on_its_key(kms, key, user, alias_name):
    alias = f"arn:aws:kms:us-east-1:{ALICE.id}:{alias_name}"
    client = user.client()
    both = ["kms:CreateAlias", "kms:DeleteAlias"]
    for on_alias, on_key in ((False, False), (True, False), (False, True), (True, True)):
        statements = [statement(both, alias)] * on_alias + [statement(both, key["Arn"])] * on_key
        user.may(*(statements or [statement("kms:ListAliases")]))
        makes = allowed(client.create_alias, AliasName=alias_name, TargetKeyId=key["KeyId"])
        assert makes is (on_alias and on_key), (on_alias, on_key)
    user.may(statement(both, alias))
    assert not allowed(client.delete_alias, AliasName=alias_name)
    user.may(statement(both, key["Arn"]))
    assert not allowed(client.delete_alias, AliasName=alias_name)
    user.may(statement(both, [alias, key["Arn"]]))
    assert allowed(client.delete_alias, AliasName=alias_name)


# AUTHZ-391
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


# AUTHZ-99, AUTHZ-101
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


# POL-262, POL-264
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
