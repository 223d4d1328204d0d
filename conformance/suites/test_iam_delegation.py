"""Who may do what in IAM itself, with the real client."""

import json

import pytest
from botocore.exceptions import ClientError
from harness.clients import all_pages, boto3_client, refused
from harness.identities import ADMINISTRATOR, POWER_USER, TRUST, User, allowed, fresh, policy, statement
from harness.server import ALICE, BOB


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


# POL-493
def test_nobody_but_the_root_user_has_the_account_without_a_policy(iam, user, key):
    root = boto3_client(user.server, ALICE, service="iam")
    assert root.get_user()["User"]["Arn"] == f"arn:aws:iam::{ALICE.id}:root"
    iam.attach_user_policy(UserName=user.name, PolicyArn=ADMINISTRATOR)
    client = user.client("iam")
    assert client.list_users()["Users"]
    assert allowed(user.client().describe_key, KeyId=key["KeyId"])
    name = fresh("made")
    client.create_user(UserName=name)
    client.create_group(GroupName=name)
    client.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    client.attach_user_policy(UserName=name, PolicyArn=POWER_USER)
    client.attach_group_policy(GroupName=name, PolicyArn=POWER_USER)
    client.attach_role_policy(RoleName=name, PolicyArn=POWER_USER)
    iam.detach_user_policy(UserName=user.name, PolicyArn=ADMINISTRATOR)
    assert not allowed(client.attach_user_policy, UserName=user.name, PolicyArn=ADMINISTRATOR)
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


def test_nothing_is_reached_under_the_arn_of_another_partition(iam, user, managed):
    own = managed(statement("kms:*"))
    for arn in (own, ADMINISTRATOR):
        elsewhere = arn.replace("arn:aws:", "arn:aws-cn:")
        invalid = f"ARN {elsewhere} is not valid."
        for call, arguments in (
            (iam.get_policy, {"PolicyArn": elsewhere}),
            (iam.attach_user_policy, {"UserName": user.name, "PolicyArn": elsewhere}),
            (iam.put_user_permissions_boundary, {"UserName": user.name, "PermissionsBoundary": elsewhere}),
            (iam.create_user, {"UserName": fresh("no"), "PermissionsBoundary": elsewhere}),
        ):
            with refused("InvalidInput", invalid):
                call(**arguments)
    entity = user.arn.replace("arn:aws:", "arn:aws-cn:")
    with refused("InvalidInput", f"ARN {entity} is not valid."):
        iam.simulate_principal_policy(PolicySourceArn=entity, ActionNames=["kms:Encrypt"])


def test_names_in_another_case_are_the_same_to_policies(iam, user):
    host, name = f"{fresh('id')}.example.com", fresh("other")
    arn = iam.create_open_id_connect_provider(Url=f"https://{host}")["OpenIDConnectProviderArn"]
    group = iam.create_group(GroupName=name)["Group"]["Arn"]
    iam.create_user(UserName=name)
    closed = [arn, group, f"arn:aws:iam::{ALICE.id}:user/{name}"]
    user.may(statement("iam:*"), statement("iam:*", closed, effect="Deny"))
    client = user.client("iam")
    assert not allowed(client.delete_open_id_connect_provider, OpenIDConnectProviderArn=arn.replace("id-", "ID-"))
    assert not allowed(client.delete_group, GroupName=name.upper())
    assert not allowed(client.create_access_key, UserName=name.upper())
    assert not allowed(client.simulate_principal_policy, PolicySourceArn=group, ActionNames=["kms:Encrypt"])
    with refused("NoSuchEntity", status=404):
        other = group.replace("group/", "group/elsewhere/")
        client.simulate_principal_policy(PolicySourceArn=other, ActionNames=["kms:Encrypt"])


# POL-39
def test_what_the_root_user_alone_may_do(iam, user):
    """Its own credentials are its own, and it lets those in again who locked themselves out."""
    iam.attach_user_policy(UserName=user.name, PolicyArn=ADMINISTRATOR)
    admin = user.client("iam")
    spare = iam.create_access_key()["AccessKey"]["AccessKeyId"]
    assert spare in {key["AccessKeyId"] for key in iam.list_access_keys()["AccessKeyMetadata"]}
    assert spare not in {key["AccessKeyId"] for key in admin.list_access_keys()["AccessKeyMetadata"]}
    for call, more in ((admin.update_access_key, {"Status": "Inactive"}), (admin.delete_access_key, {})):
        with refused("NoSuchEntity", f"The Access Key with id {spare} cannot be found.", 404):
            call(AccessKeyId=spare, **more)
    iam.delete_access_key(AccessKeyId=spare)
    user.may(statement("*", effect="Deny"))
    assert not allowed(admin.delete_user_policy, UserName=user.name, PolicyName="only")
    iam.delete_user_policy(UserName=user.name, PolicyName="only")
    assert allowed(admin.list_users)
