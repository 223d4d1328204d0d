"""Users, groups, roles, access keys and the account, through the real IAM client."""

import datetime
import json

from harness import trail
from harness.clients import all_pages, boto3_client, refused
from harness.identities import (
    ADMINISTRATOR,
    POWER_USER,
    TRUST,
    UNKNOWN_KEY,
    User,
    fresh,
    policy,
    statement,
)
from harness.server import ALICE, BOB, Account


# POL-38
def test_a_new_account_has_its_root_user_and_nobody_else(own_server):
    root = boto3_client(own_server, ALICE, service="iam")
    assert not root.list_users()["Users"] and not root.list_roles()["Roles"]
    me = root.get_user()["User"]
    assert me["Arn"] == f"arn:aws:iam::{ALICE.id}:root"
    for name in ("root", me["UserName"], ALICE.id):
        with refused("NoSuchEntity", status=404):
            root.delete_user(UserName=name)
    root.create_user(UserName="first")
    assert [u["UserName"] for u in root.list_users()["Users"]] == ["first"]


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
    trail.until(lambda: trail.text(server), lambda written: second["AccessKeyId"] in written)
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


def test_development_mode_has_users_in_the_accounts_that_it_declares(dev_server, tmp_path):
    seed = tmp_path / "seed.toml"
    seed.write_text(f'[[accounts]]\nid = "{ALICE.id}"\n')
    server = dev_server(seed=seed)
    declared, other = (boto3_client(server, Account(i, i, "x"), service="iam") for i in (ALICE.id, BOB.id))
    user = User(server, declared, ALICE, "ada")
    user.may(statement("kms:CreateKey"))
    assert user.client().create_key()["KeyMetadata"]["AWSAccountId"] == ALICE.id
    told = f"There is no account {BOB.id}. In development mode, declare it in the seed file."
    for call in (other.get_user, other.get_account_summary, other.list_access_keys, other.create_access_key):
        with refused("NoSuchEntity", told, 404):
            call()
    with refused("NoSuchEntity", told, 404):
        other.create_user(UserName="ada")
    assert other.list_users()["Users"] == []
