"""The service-linked role of multi-Region keys, as IAM shows it to the account that has it."""

import json

import pytest
from harness.clients import all_pages, boto3_client, refused
from harness.identities import TRUST, User, allowed, fresh, policy, statement
from harness.server import ALICE, BOB, Server

HERE, THERE = "us-east-1", "eu-west-1"
NAME = "AWSServiceRoleForKeyManagementServiceMultiRegionKeys"
SERVICE = "mrk.kms.amazonaws.com"
PATH = f"/aws-service-role/{SERVICE}/"
ARN = f"arn:aws:iam::{ALICE.id}:role{PATH}{NAME}"
POLICY = "AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy"
POLICY_ARN = f"arn:aws:iam::aws:policy/aws-service-role/{POLICY}"
PROTECTED = f"Cannot perform the operation on the protected role '{NAME}' - this role is only modifiable by AWS"


@pytest.fixture(scope="module")
def regions(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("roles") / "server", regions=[HERE, THERE]).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def iam(regions):
    """IAM of an account that has made a primary."""
    client = boto3_client(regions, ALICE, service="iam")
    boto3_client(regions, ALICE, HERE).create_key()
    with refused("NoSuchEntity", status=404):
        client.get_role(RoleName=NAME)
    boto3_client(regions, ALICE, HERE).create_key(MultiRegion=True)
    return client


def lasting(iam):
    """The role without the time at which it was asked for."""
    return {name: value for name, value in iam.get_role(RoleName=NAME)["Role"].items() if name != "RoleLastUsed"}


# SPK-288, SPK-289, SPK-290
def test_the_account_sees_the_role_its_trust_and_its_one_permission(regions, iam):
    role = iam.get_role(RoleName=NAME)["Role"]
    assert (role["Arn"], role["Path"], role["RoleName"]) == (ARN, PATH, NAME)
    trusted = {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}
    assert role["AssumeRolePolicyDocument"]["Statement"] == [trusted]
    assert "LastUsedDate" not in role["RoleLastUsed"]
    assert [found["Arn"] for found in iam.list_roles(PathPrefix="/aws-service-role/")["Roles"]] == [ARN]
    assert NAME in {found["RoleName"] for found in all_pages(iam, "list_roles", "Roles")}
    attached = iam.list_attached_role_policies(RoleName=NAME)["AttachedPolicies"]
    assert attached == [{"PolicyName": POLICY, "PolicyArn": POLICY_ARN}]
    assert iam.list_role_policies(RoleName=NAME)["PolicyNames"] == []
    shown = iam.get_policy(PolicyArn=POLICY_ARN)["Policy"]
    document = iam.get_policy_version(PolicyArn=POLICY_ARN, VersionId=shown["DefaultVersionId"])["PolicyVersion"]
    allows = {"Effect": "Allow", "Action": "kms:SynchronizeMultiRegionKey", "Resource": "*"}
    assert document["Document"]["Statement"] == [allows]
    holders = iam.list_entities_for_policy(PolicyArn=POLICY_ARN)["PolicyRoles"]
    assert [holder["RoleName"] for holder in holders] == [NAME]
    # What the role may do is decided as of any other.
    names = ["SynchronizeMultiRegionKey", "CreateKey", "ReplicateKey", "ScheduleKeyDeletion", "Decrypt"]
    simulated = iam.simulate_principal_policy(PolicySourceArn=ARN, ActionNames=[f"kms:{name}" for name in names])
    decisions = [answer["EvalDecision"] for answer in simulated["EvaluationResults"]]
    assert decisions == ["allowed"] + ["implicitDeny"] * 4


# SPK-288, SPK-547
def test_another_primary_leaves_the_role_as_it_is(regions, iam):
    before = lasting(iam)
    for region in (HERE, THERE):
        boto3_client(regions, ALICE, region).create_key(MultiRegion=True)
    assert lasting(iam) == before
    with refused("NoSuchEntity", status=404):
        boto3_client(regions, BOB, service="iam").get_role(RoleName=NAME)


# SPK-290, AUTHZ-241
def test_nobody_assumes_the_role(regions, iam):
    user = User(regions, iam, ALICE, fresh("user"))
    user.may(statement("sts:AssumeRole"))
    administrator = User(regions, iam, ALICE, fresh("user"))
    administrator.may(statement("*"))
    for who in (user, administrator):
        assert not allowed(who.client("sts").assume_role, RoleArn=ARN, RoleSessionName="me")
    stranger = boto3_client(regions, BOB, service="sts")
    assert not allowed(stranger.assume_role, RoleArn=ARN, RoleSessionName="me")


# SPK-292
def test_the_role_is_neither_made_nor_changed_nor_deleted_by_users(regions, iam):
    before = lasting(iam)
    own = iam.create_policy(PolicyName=fresh("policy"), PolicyDocument=json.dumps(policy(statement("kms:*"))))
    own = own["Policy"]["Arn"]
    document = json.dumps(policy(statement("kms:*")))
    calls = {
        "delete_role": {},
        "update_assume_role_policy": {"PolicyDocument": json.dumps(TRUST)},
        "update_role": {"MaxSessionDuration": 7200},
        "put_role_policy": {"PolicyName": "more", "PolicyDocument": document},
        "delete_role_policy": {"PolicyName": "more"},
        "attach_role_policy": {"PolicyArn": own},
        "detach_role_policy": {"PolicyArn": POLICY_ARN},
        "put_role_permissions_boundary": {"PermissionsBoundary": own},
        "delete_role_permissions_boundary": {},
    }
    for name, arguments in calls.items():
        with refused("UnmodifiableEntity", PROTECTED):
            getattr(iam, name)(RoleName=NAME, **arguments)
    for name in (NAME, NAME.lower()):
        for path in ("/", PATH):
            with refused("InvalidInput"):
                iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(TRUST))
    with refused("AccessDenied", status=403):
        iam.create_policy_version(PolicyArn=POLICY_ARN, PolicyDocument=document)
    assert lasting(iam) == before


# SPK-292
def test_the_description_is_the_accounts_to_edit(iam):
    before = lasting(iam)
    iam.update_role_description(RoleName=NAME, Description="Keeps our copies in step")
    after = lasting(iam)
    assert after == {**before, "Description": "Keeps our copies in step"}
    iam.update_role(RoleName=NAME, Description=before["Description"])
    assert lasting(iam) == before


# SPK-288
def test_a_restart_and_a_crash_leave_the_role_and_the_key(tmp_path):
    server = Server(tmp_path / "server", regions=[HERE, THERE]).start()
    kms, iam = boto3_client(server, ALICE, HERE), boto3_client(server, ALICE, service="iam")
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    before = lasting(iam)
    server.kill()
    server.start()
    kms, iam = boto3_client(server, ALICE, HERE), boto3_client(server, ALICE, service="iam")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["MultiRegion"]
    assert lasting(iam) == before
    assert server.stop() == 0
