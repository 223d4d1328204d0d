"""Grants through the wire: what they allow another account, their tokens, and the conditions on making them."""

import concurrent.futures
import json
import pathlib
import subprocess
import sys

import pytest
from botocore.exceptions import ClientError
from harness.clients import all_pages, boto3_client, environment, refused
from harness.identities import TRUST, User, fresh, statement
from harness.server import ALICE, BOB, clean_environment

HIDDEN = (
    "because the resource does not exist in this Region, no resource-based policies allow access, "
    "or a resource-based policy explicitly denies access"
)
AWS = pathlib.Path(sys.executable).parent / "aws"
ALICE_ROOT = f"arn:aws:iam::{ALICE.id}:root"
BOB_ROOT = f"arn:aws:iam::{BOB.id}:root"


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def allowed(call, **arguments):
    """Whether a call is allowed; it may fail for want of permission only."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException", error
        return False
    return True


# POL-27, POL-330, POL-366, POL-438, REF-448
def test_a_grant_lets_another_account_in_until_it_is_retired(kms, other, key):
    ask = {"KeyId": key, "KeySpec": "AES_256"}
    denial = f"User: {BOB_ROOT} is not authorized to perform: kms:GenerateDataKey on resource: {key} {HIDDEN}"
    with refused("AccessDeniedException", denial):
        other.generate_data_key(**ask)
    grant = kms.create_grant(KeyId=key, GranteePrincipal=BOB_ROOT, Operations=["GenerateDataKey", "Decrypt"])
    assert set(grant) - {"ResponseMetadata"} == {"GrantId", "GrantToken"}
    made = other.generate_data_key(**ask, GrantTokens=[grant["GrantToken"]])
    assert other.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == made["Plaintext"]
    assert not allowed(other.describe_key, KeyId=key)
    assert not allowed(other.encrypt, KeyId=key, Plaintext=b"x")
    listed = all_pages(kms, "list_grants", "Grants", KeyId=key)
    assert [grant["GrantId"]] == [entry["GrantId"] for entry in listed]
    assert grant["GrantToken"] not in json.dumps(listed, default=str)
    kms.retire_grant(GrantToken=grant["GrantToken"])
    with refused("AccessDeniedException", denial):
        other.generate_data_key(**ask)
    with refused("InvalidGrantTokenException"):
        other.generate_data_key(**ask, GrantTokens=[grant["GrantToken"]])


# POL-422, POL-423, POL-424, AUTHZ-264
def test_a_listed_grant_shows_all_of_it(kms, key):
    made = kms.create_grant(
        KeyId=key.rsplit("/", 1)[1],
        GranteePrincipal=BOB_ROOT,
        RetiringPrincipal=ALICE_ROOT,
        Operations=["RetireGrant", "Encrypt", "DescribeKey"],
        Constraints={"EncryptionContextSubset": {"aws:ebs:id": "vol-5cccfb4e"}},
        Name="volume/vol-5cccfb4e",
    )
    (entry,) = kms.list_grants(KeyId=key, GrantId=made["GrantId"], GranteePrincipal=BOB_ROOT)["Grants"]
    assert entry.pop("CreationDate").timestamp() > 1_600_000_000
    assert entry == {
        "KeyId": key,
        "GrantId": made["GrantId"],
        "Name": "volume/vol-5cccfb4e",
        "GranteePrincipal": BOB_ROOT,
        "RetiringPrincipal": ALICE_ROOT,
        "IssuingAccount": ALICE_ROOT,
        "Operations": ["Encrypt", "RetireGrant", "DescribeKey"],
        "Constraints": {"EncryptionContextSubset": {"aws:ebs:id": "vol-5cccfb4e"}},
    }


# POL-389, POL-392
@pytest.mark.parametrize("kind", ["EncryptionContextEquals", "EncryptionContextSubset"])
def test_constraints_are_met_by_the_context(kms, other, key, kind):
    kms.create_grant(
        KeyId=key,
        GranteePrincipal=BOB_ROOT,
        Operations=["Encrypt", "DescribeKey"],
        Constraints={kind: {"Department": "IT"}},
    )
    for context, passes in (
        ({"Department": "IT"}, True),
        ({"Department": "IT", "Purpose": "Test"}, kind == "EncryptionContextSubset"),
        ({"department": "IT"}, False),
        ({"Department": "it"}, False),
        ({}, False),
    ):
        assert allowed(other.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context) is passes, context
    assert allowed(other.describe_key, KeyId=key)


# POL-385, POL-386, POL-340, POL-341, POL-368
def test_what_is_no_grant_is_refused(kms, key):
    good = {"KeyId": key, "GranteePrincipal": BOB_ROOT, "Operations": ["Encrypt"]}
    pairs = {str(number): "v" for number in range(9)}
    for change, code in (
        ({"Operations": ["Sign"]}, "ValidationException"),
        ({"Operations": ["ScheduleKeyDeletion"]}, "ValidationException"),
        ({"Operations": []}, "ValidationException"),
        ({"Constraints": {"EncryptionContextSubset": pairs}}, "ValidationException"),
        ({"Constraints": {"EncryptionContextEquals": {"k": "v" * 385}}}, "ValidationException"),
        ({"GranteePrincipal": f"arn:aws:iam::{BOB.id}:user/nobody"}, "InvalidArnException"),
        ({"GranteePrincipal": "dynamodb.us-east-1.amazonaws.com"}, "InvalidArnException"),
        ({"GranteePrincipal": f"arn:aws:iam::{BOB.id}:group/people"}, "InvalidArnException"),
        ({"GrantTokens": ["bogus"]}, "InvalidGrantTokenException"),
    ):
        with refused(code):
            kms.create_grant(**{**good, **change})
    with refused("DryRunOperationException", status=412):
        kms.create_grant(**good, DryRun=True)
    assert kms.list_grants(KeyId=key)["Grants"] == []


# POL-363, POL-371
def test_what_a_grant_must_and_may_say(server, kms, key, alias_name):
    careless = boto3_client(server, ALICE, parameter_validation=False)
    needed = {"KeyId": key, "GranteePrincipal": BOB_ROOT, "Operations": ["Encrypt"]}
    for member in needed:
        with refused("ValidationException"):
            careless.create_grant(**{name: value for name, value in needed.items() if name != member})
    for principal in ("GranteePrincipal", "RetiringPrincipal"):
        with refused("SerializationException"):
            careless.create_grant(**{**needed, principal: [BOB_ROOT, ALICE_ROOT]})
        with refused("ValidationException"):
            kms.create_grant(**{**needed, principal: "x" * 257})
    for member, value in (("Name", "spaced out"), ("Name", "x" * 257), ("GrantTokens", ["x"] * 11)):
        with refused("ValidationException"):
            kms.create_grant(**{**needed, member: value})
    kms.create_alias(AliasName=alias_name, TargetKeyId=key)
    with pytest.raises(ClientError) as caught:
        kms.create_grant(**{**needed, "KeyId": alias_name})
    assert caught.value.response["Error"]["Code"] in ("NotFoundException", "InvalidArnException")
    kms.delete_alias(AliasName=alias_name)
    first = kms.create_grant(**needed, Name="first")["GrantToken"]
    every = {"Constraints": {"EncryptionContextEquals": {"a": "1"}}, "GrantTokens": [first], "Name": "All:of_them/-1"}
    made = kms.create_grant(**needed, **every, RetiringPrincipal=ALICE_ROOT, DryRun=False)["GrantId"]
    (entry,) = kms.list_grants(KeyId=key, GrantId=made)["Grants"]
    assert (entry["GranteePrincipal"], entry["RetiringPrincipal"]) == (BOB_ROOT, ALICE_ROOT)


# POL-372, POL-373
def test_a_name_makes_retries_idempotent(kms, key):
    request = {"KeyId": key, "GranteePrincipal": BOB_ROOT, "Operations": ["Encrypt"]}
    assert kms.create_grant(**request)["GrantId"] != kms.create_grant(**request)["GrantId"]
    first, second = (kms.create_grant(**request, Name="once") for _ in range(2))
    assert first["GrantId"] == second["GrantId"]
    assert first["GrantToken"] != second["GrantToken"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: kms.create_grant(**request, Name="raced")["GrantId"], range(24)))
    assert len(set(made)) == 1
    assert len(all_pages(kms, "list_grants", "Grants", KeyId=key)) == 4


# POL-439, POL-449, POL-456
def test_many_at_once_lose_nothing(kms, key):
    request = {"KeyId": key, "GranteePrincipal": BOB_ROOT, "Operations": ["Encrypt"]}
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda _: kms.create_grant(**request)["GrantId"], range(120)))
        listed = all_pages(kms, "list_grants", "Grants", KeyId=key)
        assert sorted(made) == sorted(entry["GrantId"] for entry in listed)
        list(pool.map(lambda grant: kms.revoke_grant(KeyId=key, GrantId=grant), made[:60]))
        list(pool.map(lambda grant: kms.retire_grant(KeyId=key, GrantId=grant), made[60:]))
    assert kms.list_grants(KeyId=key)["Grants"] == []
    with refused("NotFoundException"):
        kms.revoke_grant(KeyId=key, GrantId=made[0])


def key_on_condition(kms, actions, **condition):
    """A key on which the account may do everything else, and these actions on condition."""
    principal = {"AWS": ALICE_ROOT}
    rest = {"Effect": "Allow", "Principal": principal, "NotAction": actions, "Resource": "*"}
    ruled = {"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*", "Condition": condition}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [rest, ruled]})
    return kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]


CREATION = [
    # AUTHZ-66, AUTHZ-144, POL-417
    (
        {"StringEquals": {"kms:GrantConstraintType": "EncryptionContextEquals"}},
        [
            ({"Constraints": {"EncryptionContextEquals": {"a": "1"}}}, True),
            ({"Constraints": {"EncryptionContextSubset": {"a": "1"}}}, False),
            ({}, False),
        ],
    ),
    # AUTHZ-68, AUTHZ-147, POL-419
    (
        {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "ReEncryptTo"]}},
        [
            ({"Operations": ["Encrypt"]}, True),
            ({"Operations": ["ReEncryptTo"]}, True),
            ({"Operations": ["Encrypt", "ReEncryptTo"]}, True),
            ({"Operations": ["Encrypt", "Decrypt"]}, False),
        ],
    ),
    # AUTHZ-148
    (
        {"ForAnyValue:StringEquals": {"kms:GrantOperations": ["Encrypt", "ReEncryptTo"]}},
        [
            ({"Operations": ["Encrypt", "Decrypt"]}, True),
            ({"Operations": ["Decrypt"]}, False),
        ],
    ),
    # AUTHZ-69, AUTHZ-150, POL-420
    (
        {"StringEquals": {"kms:GranteePrincipal": BOB_ROOT}},
        [
            ({}, True),
            ({"GranteePrincipal": ALICE_ROOT}, False),
        ],
    ),
    # AUTHZ-151, POL-421, AUTHZ-82
    (
        {"StringEquals": {"kms:RetiringPrincipal": ALICE_ROOT}},
        [
            ({"RetiringPrincipal": ALICE_ROOT}, True),
            ({"RetiringPrincipal": BOB_ROOT}, False),
            ({}, False),
        ],
    ),
    # AUTHZ-137, AUTHZ-63
    (
        {"StringEquals": {"kms:EncryptionContext:Department": "IT"}},
        [
            ({"Constraints": {"EncryptionContextEquals": {"department": "IT"}}}, True),
            ({"Constraints": {"EncryptionContextSubset": {"Department": "IT", "b": "2"}}}, True),
            ({"Constraints": {"EncryptionContextSubset": {"b": "2"}}}, False),
            ({}, False),
        ],
    ),
    # AUTHZ-67, POL-418
    ({"Bool": {"kms:GrantIsForAWSResource": "true"}}, [({}, False)]),
    ({"Bool": {"kms:GrantIsForAWSResource": "false"}}, [({}, True)]),
]


# POL-338
@pytest.mark.parametrize(("condition", "rows"), CREATION)
def test_policies_set_conditions_on_making_grants(kms, condition, rows):
    key = key_on_condition(kms, ["kms:CreateGrant"], **condition)
    for change, passes in rows:
        request = {"KeyId": key, "GranteePrincipal": BOB_ROOT, "Operations": ["Encrypt"], **change}
        assert allowed(kms.create_grant, **request) is passes, change


# AUTHZ-146
def test_grants_for_services_are_not_for_direct_calls(kms):
    for direct in (True, False):
        condition = {"Bool": {"kms:GrantIsForAWSResource": str(not direct).lower()}}
        key = key_on_condition(kms, ["kms:ListGrants", "kms:RevokeGrant"], **condition)
        made = kms.create_grant(KeyId=key, GranteePrincipal=BOB_ROOT, Operations=["Encrypt"])
        assert allowed(kms.list_grants, KeyId=key) is direct
        assert allowed(kms.revoke_grant, KeyId=key, GrantId=made["GrantId"]) is direct


# POL-395, POL-412, POL-413, POL-416, REF-449
def test_another_account_passes_on_no_more_than_it_was_given(kms, other, key):
    kms.create_grant(KeyId=key, GranteePrincipal=BOB_ROOT, Operations=["Encrypt", "CreateGrant"])
    child = {"KeyId": key, "GranteePrincipal": f"arn:aws:iam::{BOB.id}:root"}
    assert not allowed(other.create_grant, **child, Operations=["Encrypt", "Decrypt"])
    made = other.create_grant(**child, Operations=["Encrypt"])
    (entry,) = kms.list_grants(KeyId=key, GrantId=made["GrantId"])["Grants"]
    assert entry["IssuingAccount"] == BOB_ROOT
    assert not allowed(other.list_grants, KeyId=key)
    assert not allowed(other.revoke_grant, KeyId=key, GrantId=made["GrantId"])
    other.retire_grant(KeyId=key, GrantId=made["GrantId"])


# POL-415, POL-425, POL-451
def test_an_account_sees_and_retires_what_it_may(kms, other, key):
    made = kms.create_grant(KeyId=key, GranteePrincipal=ALICE_ROOT, RetiringPrincipal=BOB_ROOT, Operations=["Encrypt"])
    mine = all_pages(other, "list_retirable_grants", "Grants", RetiringPrincipal=BOB_ROOT)
    assert made["GrantId"] in [entry["GrantId"] for entry in mine]
    assert not allowed(kms.list_retirable_grants, RetiringPrincipal=BOB_ROOT)
    other.retire_grant(GrantToken=made["GrantToken"])
    mine = all_pages(other, "list_retirable_grants", "Grants", RetiringPrincipal=BOB_ROOT)
    assert made["GrantId"] not in [entry["GrantId"] for entry in mine]


# POL-503, POL-504
def test_a_grant_names_its_operations_in_full_and_its_constraints_as_the_interface_does(kms, key):
    ask = {"KeyId": key, "GranteePrincipal": ALICE_ROOT}
    for wrong in ("ReEncrypt*", "ReEncrypt", "kms:Encrypt", "*"):
        with refused("ValidationException"):
            kms.create_grant(**ask, Operations=[wrong])
    constraints = {"EncryptionContextEquals": {"a": "1"}}
    made = kms.create_grant(**ask, Operations=["ReEncryptFrom", "ReEncryptTo"], Constraints=constraints)
    (entry,) = kms.list_grants(KeyId=key, GrantId=made["GrantId"])["Grants"]
    assert (entry["Operations"], entry["Constraints"]) == (["ReEncryptFrom", "ReEncryptTo"], constraints)


# REF-470, AUTHZ-403
def test_the_command_line_tries_a_grant_to_a_role(server, iam, kms, key):
    role = iam.create_role(RoleName=fresh("role"), AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    user = User(server, iam, ALICE, fresh("user"))
    ask = ["create-grant", "--key-id", key.rsplit("/", 1)[1], "--grantee-principal", role, "--operations", "Decrypt"]

    def aws(*arguments):
        run = subprocess.run(
            [AWS, "kms", *arguments],
            env=clean_environment(**environment(server, user.credentials)),
            capture_output=True,
            text=True,
            timeout=120,
        )
        return run.returncode, run.stdout, run.stderr

    code, printed, errors = aws(*ask, "--dry-run")
    assert code != 0 and printed == "" and "(AccessDeniedException)" in errors
    user.may(statement("kms:CreateGrant", key))
    code, printed, errors = aws(*ask, "--dry-run")
    assert code != 0 and printed == ""
    assert "(DryRunOperationException)" in errors and "The request would have succeeded" in errors
    assert kms.list_grants(KeyId=key)["Grants"] == []
    code, printed, errors = aws(*ask, "--no-dry-run")
    assert code == 0, errors
    assert [entry["GrantId"] for entry in kms.list_grants(KeyId=key)["Grants"]] == [json.loads(printed)["GrantId"]]


# POL-377, POL-438, AUTHZ-410
def test_the_command_line_makes_and_uses_grants(server, kms, other, key):
    def aws(account, *arguments):
        run = subprocess.run(
            [AWS, "kms", *arguments, "--output", "text"],
            env=clean_environment(**environment(server, account)),
            capture_output=True,
            text=True,
            timeout=120,
        )
        return run.returncode, run.stdout.strip(), run.stderr

    grant = [
        "create-grant",
        "--key-id",
        key,
        "--grantee-principal",
        BOB_ROOT,
        "--operations",
        "GenerateDataKey",
        "Decrypt",
    ]
    constraint = ["--constraints", "EncryptionContextSubset={Department=IT}"]
    code, _, errors = aws(ALICE, *grant, *constraint, "--dry-run")
    assert code != 0 and "DryRunOperationException" in errors
    assert kms.list_grants(KeyId=key)["Grants"] == []
    code, token, errors = aws(ALICE, *grant, *constraint, "--query", "GrantToken")
    assert code == 0, errors
    use = ["generate-data-key", "--key-id", key, "--key-spec", "AES_256", "--grant-tokens", token, "--query", "KeyId"]
    assert aws(BOB, *use, "--encryption-context", "Department=IT")[:2] == (0, key)
    code, _, errors = aws(BOB, *use)
    assert code != 0 and "AccessDeniedException" in errors
    assert aws(ALICE, "retire-grant", "--grant-token", token)[0] == 0
    assert kms.list_grants(KeyId=key)["Grants"] == []


# POL-333
def test_grants_outlive_a_restart(own_server):
    alice, bob = (boto3_client(own_server, account) for account in (ALICE, BOB))
    key = alice.create_key()["KeyMetadata"]["Arn"]
    made = alice.create_grant(KeyId=key, GranteePrincipal=BOB_ROOT, Operations=["Encrypt"])
    own_server.kill()
    own_server.start()
    bob.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[made["GrantToken"]])
    bob.encrypt(KeyId=key, Plaintext=b"x")
    alice.retire_grant(GrantToken=made["GrantToken"])
    own_server.kill()
    own_server.start()
    assert not allowed(bob.encrypt, KeyId=key, Plaintext=b"x")
