"""Roles through the wire: assumed by real users with the real client, and what their sessions may do with keys."""

import json

import pytest
from harness.clients import boto3_client, refused
from harness.identities import User, allowed, fresh, policy, statement
from harness.server import ALICE
from test_sts import client


@pytest.fixture(scope="module")
def iam(server):
    return boto3_client(server, ALICE, service="iam")


@pytest.fixture(scope="module")
def user(server, iam):
    """A user that may assume any role and tag its sessions, and nothing else."""
    made = User(server, iam, ALICE, fresh("assumer"))
    made.may(statement(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]))
    return made


@pytest.fixture
def role(server, iam, user):
    """Makes roles that trust the user: `role(*statements, trust={...conditions})`."""

    def make(*statements, trust=None, **more):
        allowed = {
            "Effect": "Allow",
            "Principal": {"AWS": user.arn},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            **({"Condition": trust} if trust else {}),
        }
        name = fresh("role")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy(allowed)), **more)["Role"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="only", PolicyDocument=json.dumps(policy(*statements)))
        return made

    return make


def session(user, role, **more):
    return user.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="session", **more)["Credentials"]


# AUTHZ-31, POL-60
def test_a_session_may_what_its_role_may(server, kms, user, role, key):
    may_describe = role(statement("kms:DescribeKey"))
    credentials = session(user, may_describe)
    calling = client(server, "kms", credentials)
    assert calling.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Arn"] == key["Arn"]
    arn = f"arn:aws:sts::{ALICE.id}:assumed-role/{may_describe['RoleName']}/session"
    assert client(server, "sts", credentials).get_caller_identity()["Arn"] == arn
    rest = f"kms:Encrypt on resource: {key['Arn']} because no identity-based policy allows the kms:Encrypt action"
    with refused("AccessDeniedException", f"User: {arn} is not authorized to perform: {rest}"):
        calling.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    # The user itself may nothing with the key.
    assert not allowed(user.client().describe_key, KeyId=key["KeyId"])


def test_session_policies_only_take_away(server, user, role, key):
    everything = role(statement("kms:*"))
    narrow = json.dumps(policy(statement(["kms:DescribeKey", "iam:*"])))
    calling = client(server, "kms", session(user, everything, Policy=narrow))
    assert allowed(calling.describe_key, KeyId=key["KeyId"])
    assert not allowed(calling.encrypt, KeyId=key["KeyId"], Plaintext=b"x")


def test_an_external_id_and_tags_are_conditions_of_trust(server, user, role, key):
    trusting = role(
        statement("kms:DescribeKey", **{"StringEquals": {"aws:PrincipalTag/team": "red"}}),
        trust={"StringEquals": {"sts:ExternalId": "42"}},
    )
    for more in ({}, {"ExternalId": "43"}):
        with refused("AccessDenied", status=403):
            session(user, trusting, **more)
    for team, passes in (("red", True), ("blue", False)):
        tags = [{"Key": "team", "Value": team}]
        calling = client(server, "kms", session(user, trusting, ExternalId="42", Tags=tags))
        assert allowed(calling.describe_key, KeyId=key["KeyId"]) is passes, team


def test_a_boundary_limits_a_roles_sessions(server, iam, user, role, key):
    boundary = iam.create_policy(
        PolicyName=fresh("boundary"), PolicyDocument=json.dumps(policy(statement("kms:DescribeKey")))
    )["Policy"]["Arn"]
    calling = client(server, "kms", session(user, role(statement("kms:*"), PermissionsBoundary=boundary)))
    assert allowed(calling.describe_key, KeyId=key["KeyId"])
    assert not allowed(calling.encrypt, KeyId=key["KeyId"], Plaintext=b"x")


def test_a_chained_session_lasts_an_hour_at_most(server, iam, user, role):
    first = role(statement("sts:AssumeRole"), MaxSessionDuration=7200)
    assert session(user, first, DurationSeconds=7200)
    with refused("ValidationError"):
        session(user, first, DurationSeconds=7201)
    trust = policy({"Effect": "Allow", "Principal": {"AWS": first["Arn"]}, "Action": "sts:AssumeRole"})
    iam.create_role(
        RoleName=(name := fresh("second")), AssumeRolePolicyDocument=json.dumps(trust), MaxSessionDuration=7200
    )
    chained = client(server, "sts", session(user, first))
    ask = {"RoleArn": f"arn:aws:iam::{ALICE.id}:role/{name}", "RoleSessionName": "chained"}
    assert chained.assume_role(**ask)["Credentials"]
    with refused("ValidationError"):
        chained.assume_role(**ask, DurationSeconds=3601)


# POL-57
def test_sessions_and_key_policies_do_not_outlive_the_role(server, kms, iam, user, role):
    doomed = role()
    name = doomed["RoleName"]
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}, "Action": "kms:*", "Resource": "*"}
    named = {**own, "Principal": {"AWS": doomed["Arn"]}, "Action": "kms:Encrypt"}
    key = kms.create_key(Policy=json.dumps(policy(own, named)))["KeyMetadata"]
    before = client(server, "kms", session(user, doomed))
    assert allowed(before.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    trust = json.dumps(doomed["AssumeRolePolicyDocument"])
    iam.delete_role(RoleName=name)
    with refused("UnrecognizedClientException"):
        before.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    again = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]
    assert again["Arn"] == doomed["Arn"]
    newcomer = client(server, "kms", session(user, again))
    assert not allowed(newcomer.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    shown = json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])["Statement"][1]["Principal"]["AWS"]
    assert shown == doomed["RoleId"]


def test_iam_takes_the_sessions_of_roles_alone(server, user, role):
    administrator = role(statement("iam:*"))
    assert client(server, "iam", session(user, administrator)).list_users()["Users"]
    own = boto3_client(server, ALICE, service="sts").get_session_token()["Credentials"]
    with refused("InvalidClientTokenId", "The security token included in the request is invalid.", 403):
        client(server, "iam", own).list_users()
