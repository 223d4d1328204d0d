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


# --- who may do what in IAM itself ---


def test_a_user_may_do_in_iam_what_its_policies_say(iam, user):
    client = user.client("iam")
    listing = f"arn:aws:iam::{ALICE.id}:user/"
    with user.denied("iam:ListUsers", listing):
        client.list_users()
    with user.denied("iam:CreateUser", f"arn:aws:iam::{ALICE.id}:user/team/x"):
        client.create_user(UserName="x", Path="/team/")
    with user.denied("iam:CreateAccessKey", user.arn):
        client.create_access_key()
    with user.denied("iam:PutUserPolicy", user.arn):
        client.put_user_policy(UserName=user.name, PolicyName="all", PolicyDocument=json.dumps(policy(statement("*"))))
    own = f"arn:aws:iam::{ALICE.id}:user/${{aws:username}}"
    user.may(statement(["iam:GetUser", "iam:*AccessKey*"], own))
    assert client.get_user()["User"]["Arn"] == user.arn
    made = client.create_access_key()["AccessKey"]
    assert made["UserName"] == user.name
    assert len(client.list_access_keys()["AccessKeyMetadata"]) == 2
    client.delete_access_key(AccessKeyId=made["AccessKeyId"])
    with user.denied("iam:GetUser", f"arn:aws:iam::{ALICE.id}:user/nobody"):
        client.get_user(UserName="nobody")


# POL-39
def test_nobody_but_the_root_user_has_the_account_without_a_policy(iam, user, key):
    root = boto3_client(user.server, ALICE, service="iam")
    assert root.get_user()["User"]["Arn"] == f"arn:aws:iam::{ALICE.id}:root"
    iam.attach_user_policy(UserName=user.name, PolicyArn=ADMINISTRATOR)
    client = user.client("iam")
    assert client.list_users()["Users"]
    assert allowed(user.client().describe_key, KeyId=key["KeyId"])
    name = fresh("made")
    client.create_user(UserName=name)
    client.delete_user(UserName=name)
    iam.detach_user_policy(UserName=user.name, PolicyArn=ADMINISTRATOR)
    assert not allowed(client.list_users)


def test_nobody_reaches_another_account(server, iam, others_iam, managed, user):
    arn = managed(statement("kms:*"))
    iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
    calls = [
        (others_iam.get_policy, {"PolicyArn": "ARN"}),
        (others_iam.delete_policy, {"PolicyArn": "ARN"}),
        (others_iam.list_entities_for_policy, {"PolicyArn": "ARN"}),
        (others_iam.get_policy_version, {"PolicyArn": "ARN", "VersionId": "v1"}),
        (others_iam.tag_policy, {"PolicyArn": "ARN", "Tags": [{"Key": "a", "Value": "b"}]}),
    ]
    for call, arguments in calls:
        told = set()
        for named in (arn, arn + "-not-there"):
            with pytest.raises(ClientError) as caught:
                call(**{**arguments, "PolicyArn": named})
            assert caught.value.response["Error"]["Code"] == "AccessDenied"
            told.add(caught.value.response["Error"]["Message"].replace(named, "ARN"))
        assert len(told) == 1, told
    with refused("NoSuchEntity", status=404):
        others_iam.get_user(UserName=user.name)
    with refused("NoSuchEntity", f"The Access Key with id {user.key_id} cannot be found.", 404):
        others_iam.get_access_key_last_used(AccessKeyId=user.key_id)
    with refused("NoSuchEntity", status=404):
        others_iam.update_access_key(AccessKeyId=user.key_id, Status="Inactive")
    stranger = User(server, others_iam, BOB, fresh("stranger"))
    with refused("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", 404):
        others_iam.attach_user_policy(UserName=stranger.name, PolicyArn=arn)
    assert user.name not in {u["UserName"] for u in all_pages(others_iam, "list_users", "Users")}


def test_conditions_of_iam_keep_a_delegate_within_bounds(iam, user, managed):
    bound = managed(statement("kms:Describe*"))
    free = managed(statement("kms:*"))
    users = f"arn:aws:iam::{ALICE.id}:user/*"
    user.may(
        statement(["iam:CreateUser", "iam:PutUserPolicy"], users, StringEquals={"iam:PermissionsBoundary": bound}),
        statement("iam:AttachUserPolicy", users, ArnEquals={"iam:PolicyARN": POWER_USER}),
        statement(["iam:TagUser", "iam:CreateUser"], users, StringEquals={"aws:RequestTag/Team": "blue"}),
        statement("iam:DeleteUser", users, StringEquals={"aws:ResourceTag/Team": "blue"}),
        statement("iam:GetUser", users, StringEquals={"iam:ResourceTag/Team": "blue"}),
    )
    client = user.client("iam")
    one, two = fresh("one"), fresh("two")
    assert not allowed(client.create_user, UserName=one)
    assert not allowed(client.create_user, UserName=one, PermissionsBoundary=free)
    client.create_user(UserName=one, PermissionsBoundary=bound)
    document = json.dumps(policy(statement("kms:*")))
    assert allowed(client.put_user_policy, UserName=one, PolicyName="p", PolicyDocument=document)
    assert not allowed(client.put_user_policy, UserName=user.name, PolicyName="p", PolicyDocument=document)
    assert not allowed(client.attach_user_policy, UserName=one, PolicyArn=ADMINISTRATOR)
    assert allowed(client.attach_user_policy, UserName=one, PolicyArn=POWER_USER)
    assert not allowed(client.delete_user, UserName=one)
    assert not allowed(client.get_user, UserName=one)
    blue, red = ([{"Key": "Team", "Value": colour}] for colour in ("blue", "red"))
    assert not allowed(client.create_user, UserName=two, Tags=red)
    client.create_user(UserName=two, Tags=blue)
    assert client.get_user(UserName=two)["User"]["Tags"] == blue
    assert not allowed(client.tag_user, UserName=two, Tags=red)
    assert allowed(client.tag_user, UserName=two, Tags=blue)
    client.delete_user(UserName=two)


def test_tags_at_creation_need_permission_to_tag(iam, user):
    users = f"arn:aws:iam::{ALICE.id}:user/*"
    client, name, tags = user.client("iam"), fresh("tagged"), [{"Key": "a", "Value": "b"}]
    user.may(statement("iam:CreateUser", users))
    with user.denied("iam:TagUser", f"arn:aws:iam::{ALICE.id}:user/{name}"):
        client.create_user(UserName=name, Tags=tags)
    with refused("NoSuchEntity", status=404):
        iam.get_user(UserName=name)
    user.may(statement(["iam:CreateUser", "iam:TagUser"], users))
    client.create_user(UserName=name, Tags=tags)


def test_renaming_needs_permission_on_both_names(iam, user):
    name, to = fresh("team"), fresh("other")
    iam.create_user(UserName=name)
    client = user.client("iam")
    arns = [f"arn:aws:iam::{ALICE.id}:user/{each}" for each in (name, to)]
    for may in (arns[:1], arns[1:]):
        user.may(statement("iam:UpdateUser", may))
        assert not allowed(client.update_user, UserName=name, NewUserName=to)
    user.may(statement("iam:UpdateUser", arns))
    client.update_user(UserName=name, NewUserName=to)
    assert iam.get_user(UserName=to)["User"]["Arn"] == arns[1]


# --- the operations themselves ---


# AUTHZ-263
def test_users_and_roles_are_listed_page_by_page_and_by_path(iam):
    path = f"/{fresh('path')}/"
    names = {fresh("n") for _ in range(5)}
    for name in names:
        iam.create_user(UserName=name, Path=path)
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.create_group(GroupName=name, Path=path)
    for operation, result, member in (
        ("list_users", "Users", "UserName"),
        ("list_roles", "Roles", "RoleName"),
        ("list_groups", "Groups", "GroupName"),
    ):
        found = all_pages(iam, operation, result, PathPrefix=path, PaginationConfig={"PageSize": 2})
        assert sorted(each[member] for each in found) == sorted(names)
    page = iam.list_users(PathPrefix=path, MaxItems=2)
    assert page["IsTruncated"] and len(page["Users"]) == 2
    for marker in ("nonsense", page["Marker"][:-2]):
        with refused("ValidationError", "Invalid Marker."):
            iam.list_users(PathPrefix=path, Marker=marker)
    with refused("ValidationError", "Invalid Marker."):
        iam.list_roles(Marker=page["Marker"])
    assert iam.list_users(PathPrefix=path, Marker=page["Marker"])["IsTruncated"] is False
    assert not iam.list_users(PathPrefix=path + "none/")["Users"]


def test_a_user_is_made_changed_and_deleted(iam):
    name = fresh("Ada")
    tags = [{"Key": "Cost", "Value": "1"}]
    made = iam.create_user(UserName=name, Path="/team/", Tags=tags)["User"]
    assert made["UserId"].startswith("AIDA") and made["Tags"] == tags
    assert made["Arn"] == f"arn:aws:iam::{ALICE.id}:user/team/{name}"
    age = datetime.datetime.now(datetime.UTC) - made["CreateDate"]
    assert abs(age.total_seconds()) < 60
    for taken in (name, name.lower()):
        with refused("EntityAlreadyExists", f"User with name {taken} already exists.", 409):
            iam.create_user(UserName=taken)
    iam.tag_user(UserName=name, Tags=[{"Key": "cost", "Value": "2"}, {"Key": "More", "Value": ""}])
    listed = iam.list_user_tags(UserName=name)["Tags"]
    assert sorted((t["Key"], t["Value"]) for t in listed) == [("More", ""), ("cost", "2")]
    iam.untag_user(UserName=name, TagKeys=["COST"])
    with refused("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."):
        iam.tag_user(UserName=name, Tags=[{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}])
    iam.update_user(UserName=name, NewUserName=name + "2", NewPath="/")
    after = iam.get_user(UserName=name + "2")["User"]
    assert (after["UserId"], after["Arn"]) == (made["UserId"], f"arn:aws:iam::{ALICE.id}:user/{name}2")
    iam.delete_user(UserName=name + "2")
    for call in (iam.get_user, iam.delete_user, iam.list_user_tags, iam.list_user_policies):
        with refused("NoSuchEntity", f"The user with name {name}2 cannot be found.", 404):
            call(UserName=name + "2")
    with refused("ValidationError"):
        iam.create_user(UserName="no spaces")


def test_an_access_key_comes_with_its_secret_once(server, iam, user):
    assert len(user.credentials.secret) == 40
    second = iam.create_access_key(UserName=user.name)["AccessKey"]
    with refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409):
        iam.create_access_key(UserName=user.name)
    listed = iam.list_access_keys(UserName=user.name)["AccessKeyMetadata"]
    assert {k["AccessKeyId"] for k in listed} == {user.key_id, second["AccessKeyId"]}
    assert all("SecretAccessKey" not in k for k in listed)
    trail = (server.data / "audit" / "trail.jsonl").read_text()
    assert second["AccessKeyId"] in trail
    for secret in (user.credentials.secret, second["SecretAccessKey"]):
        for file in [server.log, *(p for p in server.data.rglob("*") if p.is_file())]:
            assert secret.encode() not in file.read_bytes(), file
    with refused("NoSuchEntity", status=404):
        iam.delete_access_key(UserName=user.name, AccessKeyId="AKIAIOSFODNN7NOTHERE")


def test_the_root_user_has_access_keys_of_its_own(own_server):
    root = boto3_client(own_server, ALICE, service="iam")
    [first] = root.list_access_keys()["AccessKeyMetadata"]
    assert first["AccessKeyId"] == ALICE.access_key_id
    made = root.create_access_key()["AccessKey"]
    again = boto3_client(own_server, Account(ALICE.id, made["AccessKeyId"], made["SecretAccessKey"]), service="iam")
    again.update_access_key(AccessKeyId=first["AccessKeyId"], Status="Inactive")
    with refused("InvalidClientTokenId", UNKNOWN_KEY, 403):
        root.get_user()
    again.update_access_key(AccessKeyId=first["AccessKeyId"], Status="Active")
    with refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409):
        root.create_access_key()
    root.delete_access_key(AccessKeyId=made["AccessKeyId"])
    with refused("InvalidClientTokenId", UNKNOWN_KEY, 403):
        again.get_user()


def test_the_last_use_of_an_access_key_outlives_the_server(own_server):
    root = boto3_client(own_server, ALICE, service="iam")
    user = User(own_server, root, ALICE, "clockwork")
    unused = root.get_access_key_last_used(AccessKeyId=user.key_id)
    assert unused["UserName"] == "clockwork"
    assert unused["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    with refused("AccessDeniedException"):
        user.client(region="us-west-2").list_keys()
    assert own_server.stop() == 0
    own_server.start()
    used = root.get_access_key_last_used(AccessKeyId=user.key_id)["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("kms", "us-west-2")
    age = datetime.datetime.now(datetime.UTC) - used["LastUsedDate"]
    assert 0 <= age.total_seconds() < 120


def test_a_role_is_made_changed_and_deleted(iam, user):
    name = fresh("role")
    trust = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"AWS": user.arn}}]}
    made = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(TRUST),
        Description="Builds things",
        MaxSessionDuration=7200,
        Tags=[{"Key": "a", "Value": "b"}],
    )["Role"]
    assert made["RoleId"].startswith("AROA") and made["AssumeRolePolicyDocument"] == TRUST
    assert made["Arn"] == f"arn:aws:iam::{ALICE.id}:role/{name}"
    shown = iam.get_role(RoleName=name)["Role"]
    assert (shown["Description"], shown["MaxSessionDuration"], shown["RoleLastUsed"]) == ("Builds things", 7200, {})
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    iam.update_role(RoleName=name, Description="", MaxSessionDuration=3600)
    assert iam.update_role_description(RoleName=name, Description="Again")["Role"]["Description"] == "Again"
    shown = iam.get_role(RoleName=name)["Role"]
    assert (shown["AssumeRolePolicyDocument"], shown["MaxSessionDuration"]) == (trust, 3600)
    assert iam.list_role_tags(RoleName=name)["Tags"] == [{"Key": "a", "Value": "b"}]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy(statement("kms:*"))))
    assert iam.get_role_policy(RoleName=name, PolicyName="p")["PolicyDocument"] == policy(statement("kms:*"))
    iam.attach_role_policy(RoleName=name, PolicyArn=POWER_USER)
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=ADMINISTRATOR)
    assert iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"] == []
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first.", 409):
        iam.delete_role(RoleName=name)
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    with refused("DeleteConflict", "Cannot delete entity, must detach all policies first.", 409):
        iam.delete_role(RoleName=name)
    iam.detach_role_policy(RoleName=name, PolicyArn=POWER_USER)
    iam.delete_role_permissions_boundary(RoleName=name)
    iam.delete_role(RoleName=name)
    with refused("NoSuchEntity", f"The role with name {name} cannot be found.", 404):
        iam.get_role(RoleName=name)


def test_a_document_must_be_a_policy_of_its_kind(iam, user):
    nobody = {**TRUST["Statement"][0], "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:user/not-there"}}
    for document, message in (
        ("{", "Syntax errors in policy."),
        (
            json.dumps({**policy(statement("kms:*")), "Version": "2008-10-17"}),
            "Policy document must be version 2012-10-17 or greater.",
        ),
        (
            json.dumps(policy(statement("Encrypt"))),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            json.dumps(policy({**statement("kms:*"), "Principal": "*"})),
            "Policy document should not specify a principal.",
        ),
    ):
        with refused("MalformedPolicyDocument", message):
            iam.create_policy(PolicyName=fresh("bad"), PolicyDocument=document)
    with refused("MalformedPolicyDocument", "Syntax errors in policy."):
        user.iam.put_user_policy(UserName=user.name, PolicyName="p", PolicyDocument="[]")
    for trust, message in (
        (policy(statement("kms:*")), None),
        (policy(nobody), f'Invalid principal in policy: "AWS":"{nobody["Principal"]["AWS"]}"'),
    ):
        with refused("MalformedPolicyDocument", message):
            iam.create_role(RoleName=fresh("bad"), AssumeRolePolicyDocument=json.dumps(trust))
    long = json.dumps(policy(statement([f"kms:{'a' * 60}{n}" for n in range(120)])))
    with refused("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409):
        iam.create_policy(PolicyName=fresh("long"), PolicyDocument=long)
    with refused("LimitExceeded", f"Maximum policy size of 2048 bytes exceeded for user {user.name}", 409):
        iam.put_user_policy(UserName=user.name, PolicyName="p", PolicyDocument=long)


def test_a_managed_policy_has_versions_and_users(iam, user, managed):
    arn = managed(statement("kms:*"), Path="/team/", Description="Keys", Tags=[{"Key": "a", "Value": "b"}])
    assert arn.startswith(f"arn:aws:iam::{ALICE.id}:policy/team/")
    shown = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (shown["Description"], shown["Tags"], shown["DefaultVersionId"]) == (
        "Keys",
        [{"Key": "a", "Value": "b"}],
        "v1",
    )
    assert iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"] == policy(
        statement("kms:*")
    )
    document = json.dumps(policy(statement("kms:Get*")))
    for number in range(2, 6):
        made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)["PolicyVersion"]
        assert made["VersionId"] == f"v{number}"
    with refused("LimitExceeded", status=409):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)
    versions = all_pages(iam, "list_policy_versions", "Versions", PolicyArn=arn, PaginationConfig={"PageSize": 2})
    assert [v["VersionId"] for v in versions] == ["v5", "v4", "v3", "v2", "v1"]
    assert [v["IsDefaultVersion"] for v in versions] == [True, False, False, False, False]
    with refused("DeleteConflict", "Cannot delete the default version of a policy.", 409):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    with refused("NoSuchEntity", f"Policy {arn} version v9 does not exist or is not attachable.", 404):
        iam.set_default_policy_version(PolicyArn=arn, VersionId="v9")
    iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
    iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    attached = iam.list_attached_user_policies(UserName=user.name, PathPrefix="/team/")["AttachedPolicies"]
    assert attached == [{"PolicyName": arn.rsplit("/", 1)[1], "PolicyArn": arn}]
    users = iam.list_entities_for_policy(PolicyArn=arn)
    assert [u["UserName"] for u in users["PolicyUsers"]] == [user.name]
    assert users["PolicyGroups"] == users["PolicyRoles"] == []
    assert not iam.list_entities_for_policy(PolicyArn=arn, EntityFilter="Role")["PolicyUsers"]
    used = iam.list_policies(Scope="Local", OnlyAttached=True, PathPrefix="/team/")["Policies"]
    assert arn in {p["Arn"] for p in used}
    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", 409):
        iam.delete_policy(PolicyArn=arn)
    iam.detach_user_policy(UserName=user.name, PolicyArn=arn)
    with refused("NoSuchEntity", f"Policy {arn} was not found.", 404):
        iam.detach_user_policy(UserName=user.name, PolicyArn=arn)
    with refused("DeleteConflict", status=409):
        iam.delete_policy(PolicyArn=arn)
    for number in range(1, 5):
        iam.delete_policy_version(PolicyArn=arn, VersionId=f"v{number}")
    iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", f"Policy {arn} was not found.", 404):
        iam.get_policy(PolicyArn=arn)


def test_policies_that_come_with_the_product_are_read_and_not_changed(iam):
    shown = iam.get_policy(PolicyArn=ADMINISTRATOR)["Policy"]
    version = iam.get_policy_version(PolicyArn=ADMINISTRATOR, VersionId=shown["DefaultVersionId"])["PolicyVersion"]
    assert version["Document"] == policy(statement("*"))
    assert {p["PolicyName"] for p in iam.list_policies(Scope="AWS")["Policies"]} >= {"AdministratorAccess"}
    outside = refused("AccessDenied", "Policy is outside your own account.", 403)
    with outside:
        iam.create_policy_version(PolicyArn=ADMINISTRATOR, PolicyDocument=json.dumps(policy(statement("*"))))
    with refused("AccessDenied", "Policy is outside your own account.", 403):
        iam.delete_policy(PolicyArn=ADMINISTRATOR)
    with refused("NoSuchEntity", status=404):
        iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/NotThere")
    with refused("InvalidInput", "ARN arn:aws:iam::aws:user/none is not valid."):
        iam.get_policy(PolicyArn="arn:aws:iam::aws:user/none")


def test_a_provider_is_made_changed_and_deleted(iam):
    host = f"{fresh('id')}.example.com/realm"
    made = iam.create_open_id_connect_provider(
        Url=f"https://{host}", ClientIDList=["one"], Tags=[{"Key": "a", "Value": "b"}]
    )
    arn = made["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{ALICE.id}:oidc-provider/{host}"
    with refused("EntityAlreadyExists", f"Provider with url https://{host} already exists.", 409):
        iam.create_open_id_connect_provider(Url=f"https://{host}")
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="two")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="one")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["ab" * 20])
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["a"])
    shown = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (shown["Url"], shown["ClientIDList"], shown["ThumbprintList"]) == (host, ["two"], ["ab" * 20])
    tags = iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"]
    assert tags == shown["Tags"] == [{"Key": "c", "Value": "d"}]
    assert {"Arn": arn} in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    with refused("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", 404):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_an_account_has_one_alias_that_no_other_has(iam, others_iam):
    name = fresh("acme")
    iam.create_account_alias(AccountAlias=name)
    assert iam.list_account_aliases()["AccountAliases"] == [name]
    with refused("EntityAlreadyExists", f"The account alias {name} already exists.", 409):
        others_iam.create_account_alias(AccountAlias=name)
    iam.create_account_alias(AccountAlias=name + "2")
    assert iam.list_account_aliases()["AccountAliases"] == [name + "2"]
    others_iam.create_account_alias(AccountAlias=name)
    others_iam.delete_account_alias(AccountAlias=name)
    iam.delete_account_alias(AccountAlias=name + "2")
    assert iam.list_account_aliases()["AccountAliases"] == []
    with refused("NoSuchEntity", status=404):
        iam.delete_account_alias(AccountAlias=name)


def test_the_account_as_a_whole(own_server):
    iam = boto3_client(own_server, ALICE, service="iam")
    user = User(own_server, iam, ALICE, "ada", "/team/")
    user.may(statement("kms:*"))
    iam.create_group(GroupName="builders")
    iam.add_user_to_group(GroupName="builders", UserName="ada")
    iam.create_role(RoleName="builder", AssumeRolePolicyDocument=json.dumps(TRUST))
    document = json.dumps(policy(statement("kms:List*")))
    own = iam.create_policy(PolicyName="list", PolicyDocument=document)["Policy"]["Arn"]
    for arn in (own, POWER_USER):
        iam.attach_group_policy(GroupName="builders", PolicyArn=arn)
    counts = iam.get_account_summary()["SummaryMap"]
    of = {
        name: counts[name]
        for name in ("Users", "Groups", "Roles", "Policies", "AccountAccessKeysPresent", "UsersQuota")
    }
    assert of == {"Users": 1, "Groups": 1, "Roles": 1, "Policies": 1, "AccountAccessKeysPresent": 1, "UsersQuota": 5000}
    lists = {
        "UserDetailList": ["ada"],
        "GroupDetailList": ["builders"],
        "RoleDetailList": ["builder"],
        "Policies": ["AWSKeyManagementServicePowerUser", "list"],
    }
    for size in (1, 2, 100):
        seen = {name: [] for name in lists}
        for page in iam.get_paginator("get_account_authorization_details").paginate(
            PaginationConfig={"PageSize": size}
        ):
            for name, found in seen.items():
                found += [next(v for k, v in each.items() if k.endswith("Name")) for each in page[name]]
        assert {name: sorted(found) for name, found in seen.items()} == lists, size
    whole = iam.get_account_authorization_details(Filter=["User", "Group"])
    assert whole["RoleDetailList"] == whole["Policies"] == []
    [ada] = whole["UserDetailList"]
    assert ada["UserPolicyList"] == [{"PolicyName": "only", "PolicyDocument": policy(statement("kms:*"))}]
    assert ada["GroupList"] == ["builders"]
    assert {p["PolicyArn"] for p in whole["GroupDetailList"][0]["AttachedManagedPolicies"]} == {own, POWER_USER}


# --- rehearsals ---


# AUTHZ-262
def test_the_policies_of_a_principal_are_rehearsed(iam, key, user, managed):
    other = key["Arn"][:-4] + "0000"
    group = fresh("group")
    iam.create_group(GroupName=group)
    iam.add_user_to_group(GroupName=group, UserName=user.name)
    closed = json.dumps(policy(statement("kms:DisableKey", effect="Deny")))
    iam.put_group_policy(GroupName=group, PolicyName="closed", PolicyDocument=closed)
    user.may(statement(["kms:Encrypt", "kms:DisableKey"], key["Arn"]), statement("kms:ListKeys"))

    def rehearse(**more):
        asked = {"PolicySourceArn": user.arn, "ActionNames": ["kms:Encrypt", "kms:DisableKey"], **more}
        results = all_pages(iam, "simulate_principal_policy", "EvaluationResults", **asked)
        return [(r["EvalActionName"], r["EvalResourceName"], r["EvalDecision"]) for r in results], results

    found, results = rehearse(ResourceArns=[key["Arn"], other])
    assert found == [
        ("kms:Encrypt", key["Arn"], "allowed"),
        ("kms:Encrypt", other, "implicitDeny"),
        ("kms:DisableKey", key["Arn"], "explicitDeny"),
        ("kms:DisableKey", other, "explicitDeny"),
    ]
    [allows] = results[0]["MatchedStatements"]
    assert (allows["SourcePolicyId"], allows["SourcePolicyType"]) == (f"user_{user.name}_only", "user")
    [denies] = results[2]["MatchedStatements"]
    assert (denies["SourcePolicyId"], denies["SourcePolicyType"]) == (f"group_{group}_closed", "group")
    assert rehearse(ActionNames=["kms:ListKeys", "kms:*"])[0] == [
        ("kms:ListKeys", "*", "allowed"),
        ("kms:*", "*", "implicitDeny"),
    ]
    paged = {"PaginationConfig": {"PageSize": 1}, "ResourceArns": [key["Arn"], other]}
    assert rehearse(**paged)[0] == found
    inline = {"PolicyName": "closed", "AttachmentType": "group", "AttachmentName": group}
    without = [{"InlinePolicyIdentifier": inline}]
    assert rehearse(ResourceArns=[key["Arn"]], PolicyExclusionList=without)[0][1][2] == "allowed"
    bound = json.dumps(policy(statement("kms:Describe*")))
    _, [encrypt, _] = rehearse(ResourceArns=[key["Arn"]], PermissionsBoundaryPolicyInputList=[bound])
    assert encrypt["EvalDecision"] == "implicitDeny"
    assert encrypt["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    of_group = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{ALICE.id}:group/{group}", ActionNames=["kms:DisableKey"]
    )["EvaluationResults"]
    assert [r["EvalDecision"] for r in of_group] == ["explicitDeny"]
    with refused("NoSuchEntity", status=404):
        iam.simulate_principal_policy(PolicySourceArn=user.arn + "-not", ActionNames=["kms:Encrypt"])
    with refused("InvalidInput"):
        iam.simulate_principal_policy(PolicySourceArn=f"arn:aws:iam::{ALICE.id}:root", ActionNames=["kms:Encrypt"])


def test_a_rehearsal_is_for_those_who_may_and_of_their_own_account(iam, others_iam, user):
    client = user.client("iam")
    with user.denied("iam:SimulatePrincipalPolicy", user.arn):
        client.simulate_principal_policy(PolicySourceArn=user.arn, ActionNames=["kms:Encrypt"])
    user.may(statement("iam:SimulatePrincipalPolicy", user.arn))
    assert client.simulate_principal_policy(PolicySourceArn=user.arn, ActionNames=["kms:Encrypt"])["EvaluationResults"]
    for arn in (user.arn, user.arn + "-not-there"):
        assert not allowed(others_iam.simulate_principal_policy, PolicySourceArn=arn, ActionNames=["kms:Encrypt"])


def test_policies_that_a_request_brings_are_rehearsed(iam, key):
    context = {"StringEquals": {"kms:EncryptionContext:Stage": "Test"}}
    document = json.dumps(policy({**statement("kms:Encrypt", key["Arn"]), "Condition": context}))

    def decide(**more):
        asked = {"PolicyInputList": [document], "ActionNames": ["kms:Encrypt"], "ResourceArns": [key["Arn"]], **more}
        [result] = iam.simulate_custom_policy(**asked)["EvaluationResults"]
        return result

    nothing = decide()
    assert (nothing["EvalDecision"], nothing["MatchedStatements"]) == ("implicitDeny", [])
    assert nothing["MissingContextValues"] == ["kms:EncryptionContext:Stage"]
    stage = {"ContextKeyName": "kms:EncryptionContext:Stage", "ContextKeyType": "string", "ContextKeyValues": ["Test"]}
    given = decide(ContextEntries=[stage])
    assert (given["EvalDecision"], given["MissingContextValues"]) == ("allowed", [])
    assert given["MatchedStatements"][0]["SourcePolicyId"] == "PolicyInputList.1"
    assert decide(ContextEntries=[{**stage, "ContextKeyValues": ["Live"]}])["EvalDecision"] == "implicitDeny"
    stop = {"ServiceControlPolicyInputList": [json.dumps(policy(statement("*"), statement("kms:*", effect="Deny")))]}
    denied = decide(ContextEntries=[stage], OrderedOrganizationPolicyInputList=[stop])
    assert denied["EvalDecision"] == "explicitDeny"
    assert denied["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    caller = f"arn:aws:iam::{ALICE.id}:user/ada"
    key_policy = json.dumps(policy({**statement("kms:Encrypt"), "Principal": {"AWS": caller}}))
    assert decide(ResourcePolicy=key_policy, CallerArn=caller)["EvalDecision"] == "allowed"
    assert decide(ResourcePolicy=key_policy, CallerArn=caller + "2")["EvalDecision"] == "implicitDeny"
    with refused("InvalidInput", "Syntax errors in policy."):
        iam.simulate_custom_policy(PolicyInputList=["{"], ActionNames=["kms:Encrypt"])


def test_the_condition_keys_of_policies_are_told(iam, user):
    mine = {"StringEquals": {"aws:ResourceTag/Owner": "${aws:username}"}, "Bool": {"aws:SecureTransport": "true"}}
    user.may({**statement("kms:*"), "Condition": mine})
    more = json.dumps(policy(statement("kms:*", IpAddress={"aws:SourceIp": "10.0.0.0/8"})))
    keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[more])["ContextKeyNames"]
    assert keys == ["aws:SourceIp"]
    keys = iam.get_context_keys_for_principal_policy(PolicySourceArn=user.arn, PolicyInputList=[more])
    assert keys["ContextKeyNames"] == ["aws:ResourceTag/Owner", "aws:SecureTransport", "aws:SourceIp", "aws:username"]


# --- the command line ---


def test_the_command_line_sets_everything_up_from_nothing(own_server, tmp_path):
    def aws(*arguments, account=ALICE, fails=None):
        done = subprocess.run(
            [AWS, *arguments, "--output", "json"],
            env=clean_environment(**environment(own_server, account)),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if fails:
            assert done.returncode != 0 and fails in done.stderr, done
            return None
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    key = aws("kms", "create-key")["KeyMetadata"]["KeyId"]
    (tmp_path / "use.json").write_text(json.dumps(policy(statement(["kms:Encrypt", "kms:Decrypt"]))))
    (tmp_path / "trust.json").write_text(json.dumps(TRUST))
    arn = aws("iam", "create-policy", "--policy-name", "use-keys", "--policy-document", "file://use.json")["Policy"][
        "Arn"
    ]
    aws("iam", "create-group", "--group-name", "apps")
    aws("iam", "attach-group-policy", "--group-name", "apps", "--policy-arn", arn)
    aws("iam", "create-user", "--user-name", "app", "--tags", "Key=Team,Value=blue")
    made = aws("iam", "create-access-key", "--user-name", "app")["AccessKey"]
    app = Account(ALICE.id, made["AccessKeyId"], made["SecretAccessKey"])
    encrypt = ["kms", "encrypt", "--key-id", key, "--plaintext", "aGVsbG8="]
    aws(*encrypt, account=app, fails="no identity-based policy allows the kms:Encrypt action")
    aws("iam", "add-user-to-group", "--group-name", "apps", "--user-name", "app")
    assert aws(*encrypt, account=app)["CiphertextBlob"]
    aws("iam", "list-users", account=app, fails="AccessDenied")
    role = ["--role-name", "builder"]
    aws("iam", "create-role", *role, "--assume-role-policy-document", "file://trust.json")
    aws("iam", "put-role-policy", *role, "--policy-name", "use", "--policy-document", "file://use.json")
    assert aws("iam", "get-role-policy", *role, "--policy-name", "use")["PolicyDocument"] == json.loads(
        (tmp_path / "use.json").read_text()
    )
    assert [u["UserName"] for u in aws("iam", "list-users")["Users"]] == ["app"]
    source = f"arn:aws:iam::{ALICE.id}:user/app"
    results = aws("iam", "simulate-principal-policy", "--policy-source-arn", source, "--action-names", "kms:Encrypt")
    assert results["EvaluationResults"][0]["EvalDecision"] == "allowed"
    aws("iam", "get-user", "--user-name", "nobody", fails="(NoSuchEntity) when calling the GetUser operation")
