"""The guide's worked examples with real clients: Bob and the role Engineering, and a key of another account.

Every case is asked as a dry run and in earnest, which must agree, and is explained by the id of its request.
"""

import contextlib
import json

import pytest
from harness.clients import boto3_client, refused
from harness.decisions import DENIED, codes, explain, explained, made, outcome, root, to
from harness.identities import User, policy, statement
from harness.server import ALICE, BOB, Server
from test_sts import client

ENGINEERING = f"arn:aws:iam::{ALICE.id}:role/Engineering"
# A refusal by the second account's policies does not tell the first which it was.
HIDDEN = (
    "because the resource does not exist in this Region, no resource-based policies allow access, "
    "or a resource-based policy explicitly denies access"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of the examples' own: they name their users and roles."""
    running = Server(tmp_path_factory.mktemp("examples")).start()
    yield running
    running.stop()


SEVEN = [
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:DescribeKey",
]
THEIRS = to(root(BOB), "kms:*")
FOR_ACCOUNT = to(root(ALICE), SEVEN, Sid="Allow account 1 to use this KMS key")
FOR_ROLE = to(ENGINEERING, SEVEN)


class Roles:
    """Bob, whom the role trusts, and sessions of roles whose inline policies the cases change."""

    def __init__(self, server):
        self.server, self.iam = server, boto3_client(server, ALICE, service="iam")
        self.bob = User(server, self.iam, ALICE, "bob")
        for name in ("Engineering", "Research"):
            self.add(name)

    def add(self, name):
        trust = policy(to(self.bob.arn, "sts:AssumeRole"))
        del trust["Statement"][0]["Resource"]
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))

    def give(self, name, *statements):
        """These statements as the role's only policy; none takes it away."""
        with contextlib.suppress(self.iam.exceptions.NoSuchEntityException):
            self.iam.delete_role_policy(RoleName=name, PolicyName="only")
        if statements:
            document = json.dumps(policy(*statements))
            self.iam.put_role_policy(RoleName=name, PolicyName="only", PolicyDocument=document)

    def session(self, name, user=None, **more):
        arn = f"arn:aws:iam::{ALICE.id}:role/{name}"
        answer = (user or self.bob).client("sts").assume_role(RoleArn=arn, RoleSessionName="bobs", **more)
        return client(self.server, "kms", answer["Credentials"])


@pytest.fixture(scope="module")
def bobs_account(server):
    """The account of the key; in the example it is Bob's role that is abroad."""
    return boto3_client(server, BOB)


@pytest.fixture(scope="module")
def roles(server):
    made = Roles(server)
    # Bob may assume roles through the trust policies that name him, and nothing else.
    made.bob.iam.put_user_policy(
        UserName="bob", PolicyName="unrelated", PolicyDocument=json.dumps(policy(statement("s3:*")))
    )
    return made


def encrypt(calling, key):
    return outcome(calling, "Encrypt", KeyId=key["Arn"], Plaintext=b"x")


# AUTHZ-309, AUTHZ-310, AUTHZ-311, AUTHZ-405, REF-459
def test_bob_uses_a_key_of_another_account_through_a_role(server, roles, bobs_account):
    key = made(bobs_account, THEIRS, FOR_ACCOUNT)
    roles.give("Engineering", statement(SEVEN, key["Arn"]))
    engineering = roles.session("Engineering")
    said, answer = encrypt(engineering, key)
    assert said == "allow"
    explanation = explained(server, answer)
    assert explanation["Code"] == "ALLOWED_BY_IAM_POLICY"
    assert codes(explanation)[-1] == "TRUSTED_BY_IAM_POLICY"
    sealed = engineering.encrypt(KeyId=key["Arn"], Plaintext=b"x")["CiphertextBlob"]
    for operation, arguments in (
        ("Decrypt", {"CiphertextBlob": sealed}),
        ("ReEncrypt", {"CiphertextBlob": sealed, "DestinationKeyId": key["Arn"]}),
        ("GenerateDataKey", {"KeyId": key["Arn"], "KeySpec": "AES_256"}),
        ("GenerateDataKeyWithoutPlaintext", {"KeyId": key["Arn"], "KeySpec": "AES_256"}),
        ("DescribeKey", {"KeyId": key["Arn"]}),
    ):
        assert outcome(engineering, operation, **arguments)[0] == "allow", operation
    bob = roles.bob.client()
    said, answer = encrypt(bob, key)
    assert said == DENIED
    assert explained(server, answer)["Code"] == "NO_IAM_POLICY_ALLOWS"
    for operation, arguments in (
        ("Decrypt", {"CiphertextBlob": sealed}),
        ("ReEncrypt", {"CiphertextBlob": sealed, "DestinationKeyId": key["Arn"]}),
        ("GenerateDataKey", {"KeyId": key["Arn"], "KeySpec": "AES_256"}),
        ("DescribeKey", {"KeyId": key["Arn"]}),
    ):
        assert outcome(bob, operation, **arguments)[0] == DENIED, operation


IN_BOTH = [
    # AUTHZ-312
    pytest.param([THEIRS, FOR_ACCOUNT], False, False, "NO_IAM_POLICY_ALLOWS", id="B3"),
    # AUTHZ-313
    pytest.param([THEIRS], True, False, "KEY_POLICY_DOES_NOT_ENABLE_IAM", id="B4"),
    # AUTHZ-316
    pytest.param([THEIRS, FOR_ROLE], True, False, "ALLOWED_BY_KEY_POLICY", id="B7"),
    # AUTHZ-317
    pytest.param([THEIRS, FOR_ROLE], False, False, "KEY_TRUST_NOT_ESTABLISHED", id="B8"),
    # AUTHZ-318, POL-10
    pytest.param([THEIRS, FOR_ROLE], False, True, "ALLOWED_BY_KEY_POLICY", id="B9"),
]


# AUTHZ-405, KEY-143, POL-10
@pytest.mark.parametrize(("key_policy", "inline", "granted", "code"), IN_BOTH)
def test_both_accounts_must_agree_or_a_grant_must(server, roles, bobs_account, key_policy, inline, granted, code):
    key = made(bobs_account, *key_policy)
    roles.give("Engineering", *([statement(SEVEN, key["Arn"])] if inline else []))
    if granted:
        bobs_account.create_grant(KeyId=key["KeyId"], GranteePrincipal=ENGINEERING, Operations=["Encrypt"])
    said, answer = encrypt(roles.session("Engineering"), key)
    explanation = explained(server, answer)
    assert (said, explanation["Code"]) == ("allow" if code.startswith("ALLOWED") else DENIED, code)
    if granted:
        assert codes(explanation)[-1] == "TRUSTED_BY_GRANT"


# AUTHZ-314, AUTHZ-315, AUTHZ-219
def test_what_the_key_policy_does_not_give_or_cannot_give_abroad_stays_there(server, roles, bobs_account):
    both = ["kms:DisableKey", "kms:TagResource", "kms:ScheduleKeyDeletion"]
    key = made(bobs_account, THEIRS, to(root(ALICE), [*SEVEN, *both]))
    roles.give(
        "Engineering",
        statement([*SEVEN, *both, "kms:ListGrants", "kms:UpdateKeyDescription"], key["Arn"]),
        statement("kms:ListKeys"),
    )
    engineering = roles.session("Engineering")
    said, answer = outcome(engineering, "ListGrants", KeyId=key["Arn"])
    assert said == DENIED
    assert explained(server, answer)["Code"] == "KEY_POLICY_DOES_NOT_ENABLE_IAM"
    tags = [{"TagKey": "a", "TagValue": "b"}]
    for operation, arguments in (("DisableKey", {}), ("TagResource", {"Tags": tags})):
        said, answer = outcome(engineering, operation, KeyId=key["Arn"], **arguments)
        assert said == DENIED, operation
        assert explained(server, answer)["Code"] == "CROSS_ACCOUNT_OPERATION_NOT_SUPPORTED"
    said, _ = outcome(engineering, "ScheduleKeyDeletion", KeyId=key["Arn"])
    assert said in (DENIED, "UnknownOperationException"), "and the same once it is served"
    metadata = bobs_account.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert metadata["KeyState"] == "Enabled" and not bobs_account.list_resource_tags(KeyId=key["KeyId"])["Tags"]
    listed = {entry["KeyId"] for page in engineering.get_paginator("list_keys").paginate() for entry in page["Keys"]}
    assert key["KeyId"] not in listed


# AUTHZ-319
def test_a_bare_key_id_is_looked_for_at_home(roles, bobs_account):
    key = made(bobs_account, THEIRS, FOR_ACCOUNT)
    roles.give("Engineering", statement("kms:*"))
    said, _ = outcome(roles.session("Engineering"), "Encrypt", KeyId=key["KeyId"], Plaintext=b"x")
    assert said == "NotFoundException"


# AUTHZ-320
def test_only_whom_the_role_trusts_assumes_it(server, roles):
    alice = User(server, roles.iam, ALICE, "Alice")
    alice.may(statement("sts:AssumeRole"))
    with refused("AccessDenied", status=403):
        roles.session("Engineering", alice)


# AUTHZ-321
def test_another_role_of_the_account_has_the_same_rights_if_it_has_the_same_policy(roles, bobs_account):
    key = made(bobs_account, THEIRS, FOR_ACCOUNT)
    research = roles.session("Research")
    assert encrypt(research, key)[0] == DENIED
    roles.give("Research", statement(SEVEN, key["Arn"]))
    assert encrypt(research, key)[0] == "allow"
    only_one = made(bobs_account, THEIRS, FOR_ROLE)
    roles.give("Research", statement(SEVEN, only_one["Arn"]))
    assert encrypt(research, only_one)[0] == DENIED, "where the key policy names the one role, the other has nothing"


def test_a_stranger_is_told_the_same_whatever_the_reason(roles, bobs_account):
    roles.give("Engineering", statement("kms:*"))
    engineering = roles.session("Engineering")
    arn = f"arn:aws:sts::{ALICE.id}:assumed-role/Engineering/bobs"
    for statements in ([THEIRS], [THEIRS, FOR_ACCOUNT, to(ENGINEERING, "kms:Encrypt", "Deny")]):
        key = made(bobs_account, *statements)
        told = f"User: {arn} is not authorized to perform: kms:Encrypt on resource: {key['Arn']} {HIDDEN}"
        with refused(DENIED, told):
            engineering.encrypt(KeyId=key["Arn"], Plaintext=b"x")


# AUTHZ-277
def test_a_denial_in_a_session_policy_decides(server, roles, bobs_account):
    key = made(bobs_account, THEIRS, FOR_ACCOUNT)
    roles.give("Engineering", statement(SEVEN, key["Arn"]))
    narrow = policy(statement("kms:*"), statement("kms:Encrypt", effect="Deny"))
    session = roles.session("Engineering", Policy=json.dumps(narrow))
    said, answer = encrypt(session, key)
    # What a session was begun with is not kept: of its denials the record tells.
    assert (said, explain(server, answer)["Recorded"]["Decision"]) == (DENIED, "EXPLICIT_DENY_IAM_POLICY")
    assert outcome(session, "DescribeKey", KeyId=key["Arn"])[0] == "allow"
