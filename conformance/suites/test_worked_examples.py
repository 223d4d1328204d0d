"""The guide's worked examples with real clients: Alice in her own account.

Every case is asked as a dry run and in earnest, which must agree, and is explained by the id of its request.
"""

import contextlib
import json

import pytest
from harness.clients import boto3_client
from harness.decisions import DENIED, codes, explained, made, outcome, root, to
from harness.identities import User, policy, statement
from harness.server import ALICE, BOB, OPERATORS_OWN, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of the examples' own: they name their users and roles."""
    running = Server(tmp_path_factory.mktemp("examples")).start()
    yield running
    running.stop()


DELEGATING = to(root(ALICE), "kms:*", Sid="Delegate to IAM policies")
ELSEWHERE = to(root(BOB), "kms:*")
OWN, ALICES = "the key", f"arn:aws:iam::{ALICE.id}:user/Alice"
ALLOW_ON_KEY = statement("kms:Encrypt", OWN)

FIXTURE_A = [
    # AUTHZ-299, AUTHZ-405
    pytest.param([DELEGATING], [], False, ["NO_IAM_POLICY_ALLOWS", "NO_GRANT_ALLOWS"], id="A0"),
    # AUTHZ-300
    pytest.param([DELEGATING], [ALLOW_ON_KEY], False, ["ALLOWED_BY_IAM_POLICY", "TRUSTED_OWN_ACCOUNT"], id="A1"),
    # AUTHZ-301
    pytest.param(
        [DELEGATING, to(ALICES, "kms:Encrypt")],
        [],
        False,
        ["ALLOWED_BY_KEY_POLICY", "TRUSTED_OWN_ACCOUNT"],
        id="A2",
    ),
    # AUTHZ-302
    pytest.param([DELEGATING], [], True, ["ALLOWED_BY_GRANT", "TRUSTED_OWN_ACCOUNT"], id="A3"),
    # AUTHZ-303
    pytest.param([ELSEWHERE], [ALLOW_ON_KEY], False, ["KEY_POLICY_DOES_NOT_ENABLE_IAM", "NO_GRANT_ALLOWS"], id="A4"),
    # AUTHZ-304
    pytest.param(
        [DELEGATING, to(ALICES, "kms:Encrypt", "Deny")], [ALLOW_ON_KEY], False, ["EXPLICIT_DENY_KEY_POLICY"], id="A5"
    ),
    # AUTHZ-305
    pytest.param([DELEGATING], [statement("kms:Encrypt", effect="Deny")], True, ["EXPLICIT_DENY_IAM_POLICY"], id="A6"),
]


@pytest.fixture(scope="module")
def alices_account(server):
    return boto3_client(server, ALICE)


@pytest.fixture(scope="module")
def alice(server):
    return User(server, boto3_client(server, ALICE, service="iam"), ALICE, "Alice")


def give(user, key, *statements):
    """These statements as the user's only policy; "the key" in them is this key."""
    with contextlib.suppress(user.iam.exceptions.NoSuchEntityException):
        user.iam.delete_user_policy(UserName=user.name, PolicyName="only")
    if statements:
        user.may(*({**it, "Resource": key["Arn"] if it["Resource"] == OWN else it["Resource"]} for it in statements))


# AUTHZ-405, AUTHZ-411, KEY-142, KEY-143, POL-11
@pytest.mark.parametrize(("key_policy", "iam_policy", "granted", "path"), FIXTURE_A)
def test_alice_in_her_own_account(server, alices_account, alice, key_policy, iam_policy, granted, path):
    key = made(alices_account, *key_policy)
    give(alice, key, *iam_policy)
    if granted:
        alices_account.create_grant(KeyId=key["KeyId"], GranteePrincipal=alice.arn, Operations=["Encrypt"])
    passes = path[-1] == "TRUSTED_OWN_ACCOUNT"
    said, answer = outcome(alice.client(), "Encrypt", KeyId=key["KeyId"], Plaintext=b"x")
    assert said == ("allow" if passes else DENIED)
    explanation = explained(server, answer)
    assert (explanation["Decision"] == "Allow") is passes
    assert explanation["Code"] == path[0]
    assert codes(explanation)[-len(path) :] == path


# AUTHZ-308, POL-187
def test_alice_makes_keys_by_an_iam_policy_alone(server, alices_account, alice):
    key = made(alices_account, DELEGATING, to(alice.arn, "kms:*"))
    give(alice, key)
    said, answer = outcome(alice.client(), "CreateKey")
    assert said == DENIED, "what a key's policy allows does not make keys"
    assert explained(server, answer)["Code"] == "NO_IAM_POLICY_ALLOWS"
    give(alice, key, statement("kms:CreateKey", OWN))
    assert outcome(alice.client(), "CreateKey")[0] == DENIED, "nor does the ARN of a key"
    give(alice, key, statement("kms:CreateKey"))
    said, answer = outcome(alice.client(), "CreateKey")
    assert said == "allow"
    assert explained(server, answer)["Code"] == "ALLOWED_BY_IAM_POLICY"


# AUTHZ-277
def test_a_denial_in_an_iam_policy_decides_and_is_told_by_its_name(server, alices_account, alice):
    key = made(alices_account, DELEGATING, to(alice.arn, "kms:*"))
    deny = {"Sid": "NotThis", **statement("kms:Encrypt", effect="Deny")}
    path, because = ("EXPLICIT_DENY_IAM_POLICY", "1c"), "Explicitly denied by IAM policy {} statement NotThis."

    def told(calling):
        said, answer = outcome(calling, "Encrypt", KeyId=key["Arn"], Plaintext=b"x")
        explanation = explained(server, answer)
        assert said == DENIED and (explanation["Code"], explanation["Steps"][-1]["Number"]) == path
        return explanation["Reason"]

    give(alice, key, statement("kms:*"), deny)
    assert told(alice.client()) == because.format("only")
    give(alice, key, statement("kms:*"))
    assert outcome(alice.client(), "Encrypt", KeyId=key["Arn"], Plaintext=b"x")[0] == "allow"
    document = json.dumps(policy(statement("kms:*"), deny))
    bound = alice.iam.create_policy(PolicyName="bound", PolicyDocument=document)["Policy"]["Arn"]
    alice.iam.put_user_permissions_boundary(UserName="Alice", PermissionsBoundary=bound)
    reason = told(alice.client())
    alice.iam.delete_user_permissions_boundary(UserName="Alice")
    assert reason == because.format(bound)


# AUTHZ-266
def test_a_grant_is_reported_for_as_long_as_it_allows(server, alices_account, alice):
    key = made(alices_account, DELEGATING)
    give(alice, key)

    def reported():
        done = server.run("who-can", "kms:Encrypt", "--key", key["Arn"], "--json")
        assert done.returncode == 0, done.stderr
        return {it["Principal"] for it in json.loads(done.stdout)["Principals"]}

    grant = {"GranteePrincipal": alice.arn, "RetiringPrincipal": alice.arn, "Operations": ["Encrypt"]}
    for end in ("revoke_grant", "retire_grant"):
        assert alice.arn not in reported()
        token = alices_account.create_grant(KeyId=key["KeyId"], **grant)
        assert outcome(alice.client(), "Encrypt", KeyId=key["Arn"], Plaintext=b"x")[0] == "allow"
        assert alice.arn in reported()
        getattr(alices_account if end == "revoke_grant" else alice.client(), end)(
            KeyId=key["Arn"], GrantId=token["GrantId"]
        )
        assert outcome(alice.client(), "Encrypt", KeyId=key["Arn"], Plaintext=b"x")[0] == DENIED
    assert alice.arn not in reported()


GUARDED = f"""
[[accounts]]
id = "{ALICE.id}"
name = "alice"

[organization]
id = "o-a1b2c3d4e5"
root = "r-ab12"
management_account = "{OPERATORS_OWN}"
without_full_access = ["{ALICE.id}"]

[[organization.accounts]]
id = "{ALICE.id}"

[[organization.service_control_policies]]
name = "storage"
targets = ["{ALICE.id}"]
document = '{json.dumps(policy(statement("s3:*")))}'
"""


# AUTHZ-306
def test_an_organization_that_does_not_allow_it_stops_alice(own_server):
    kms = boto3_client(own_server, ALICE)
    alice = User(own_server, boto3_client(own_server, ALICE, service="iam"), ALICE, "Alice")
    key = made(kms, DELEGATING, to(alice.arn, "kms:Encrypt"))
    assert outcome(alice.client(), "Encrypt", KeyId=key["KeyId"], Plaintext=b"x")[0] == "allow"
    file = own_server.folder / "guarded.toml"
    file.write_text(GUARDED)
    applied = own_server.run("apply", str(file))
    assert applied.returncode == 0, applied.stderr
    said, answer = outcome(alice.client(), "Encrypt", KeyId=key["KeyId"], Plaintext=b"x")
    assert said == DENIED
    assert explained(own_server, answer)["Code"] == "NOT_ALLOWED_BY_ORG_POLICY"
