"""Accounts that are not enabled in every Region: whoever they are, nothing of them is let through there."""

import json

import pytest
from harness.clients import boto3_client, refused
from harness.identities import User, fresh, policy, statement
from harness.server import ALICE, BOB, Server

HERE, ELSEWHERE = "us-east-1", "us-west-2"
BECAUSE = f"because its account is not enabled in Region {ELSEWHERE}"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("regions") / "server").start()
    yield running
    assert running.stop() == 0


def apply(place, *regions, file="changed.toml"):
    """Declares in which Regions the second account is not enabled, on the running server."""
    declared = (place.folder / "accounts.toml").read_text()
    listed = json.dumps(list(regions))
    changed = place.folder / file
    changed.write_text(declared.replace('name = "bob"\n', f'name = "bob"\ndisabled_regions = {listed}\n'))
    return place.run("apply", str(changed))


@pytest.fixture(scope="module")
def shared(place):
    """A key in each Region that the second account may use."""
    own = {"Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}, **statement("kms:*")}
    other = {"Principal": {"AWS": f"arn:aws:iam::{BOB.id}:root"}, **statement(["kms:Encrypt", "kms:DescribeKey"])}
    document = json.dumps(policy(own, other))
    make = {region: boto3_client(place, ALICE, region) for region in (HERE, ELSEWHERE)}
    return {region: kms.create_key(Policy=document)["KeyMetadata"]["Arn"] for region, kms in make.items()}


@pytest.fixture
def disabled(place):
    done = apply(place, ELSEWHERE)
    assert done.returncode == 0 and f"account: not enabled in {ELSEWHERE}" in done.stdout, done
    yield
    done = apply(place)
    assert done.returncode == 0 and "account: enabled in every Region" in done.stdout, done


# POL-118, AUTHZ-227
def test_a_foreign_account_counts_only_where_it_is_enabled(place, shared, disabled):
    iam = boto3_client(place, BOB, service="iam")
    user = User(place, iam, BOB, fresh("elsewhere"))
    user.may(statement(["kms:*", "sts:*"]))
    for caller, arn in ((BOB, f"arn:aws:iam::{BOB.id}:root"), (user.credentials, user.arn)):
        here, there = (boto3_client(place, caller, region) for region in (HERE, ELSEWHERE))
        assert here.encrypt(KeyId=shared[HERE], Plaintext=b"x")["KeyId"] == shared[HERE]
        for action, call, arguments in (
            ("kms:Encrypt", there.encrypt, {"KeyId": shared[ELSEWHERE], "Plaintext": b"x"}),
            ("kms:DescribeKey", there.describe_key, {"KeyId": shared[ELSEWHERE]}),
            ("kms:CreateKey", there.create_key, {}),
            ("kms:ListKeys", there.list_keys, {}),
        ):
            text = f"User: {arn} is not authorized to perform: {action} {BECAUSE}"
            with refused("AccessDeniedException", text):
                call(**arguments)
        # Needs no permission, and an enabled account all the same.
        sts = boto3_client(place, caller, ELSEWHERE, service="sts")
        with refused("AccessDenied", f"User: {arn} is not authorized to perform: sts:GetCallerIdentity {BECAUSE}", 403):
            sts.get_caller_identity()
        assert boto3_client(place, caller, HERE, service="sts").get_caller_identity()["Arn"] == arn
    assert iam.list_users()["Users"], "IAM is of no Region"


# AUTHZ-227
def test_sessions_and_grants_count_no_more(place, shared, disabled):
    iam = boto3_client(place, BOB, service="iam")
    user = User(place, iam, BOB, fresh("elsewhere"))
    user.may(statement("*"))
    owner = boto3_client(place, ALICE, ELSEWHERE)
    owner.create_grant(KeyId=shared[ELSEWHERE], GranteePrincipal=user.arn, Operations=["GenerateDataKey"])
    session = boto3_client(place, user.credentials, HERE, service="sts").get_session_token()["Credentials"]
    there = user.client(region=ELSEWHERE)
    text = f"User: {user.arn} is not authorized to perform: kms:GenerateDataKey {BECAUSE}"
    with refused("AccessDeniedException", text):
        there.generate_data_key(KeyId=shared[ELSEWHERE], KeySpec="AES_256")
    there._request_signer._credentials.access_key = session["AccessKeyId"]
    there._request_signer._credentials.secret_key = session["SecretAccessKey"]
    there._request_signer._credentials.token = session["SessionToken"]
    with refused("AccessDeniedException", text):
        there.generate_data_key(KeyId=shared[ELSEWHERE], KeySpec="AES_256")
    assert apply(place).returncode == 0
    assert there.generate_data_key(KeyId=shared[ELSEWHERE], KeySpec="AES_256")["Plaintext"], "at once"
    assert apply(place, ELSEWHERE).returncode == 0


# AUTHZ-273
def test_it_is_explained_and_recorded(place, shared, disabled):
    question = ("explain", "--principal", f"arn:aws:iam::{BOB.id}:root", "--action", "kms:Encrypt", "--json", "--key")
    [there] = json.loads(place.run(*question, shared[ELSEWHERE]).stdout)["Explanations"]
    assert (there["Code"], there["Possible"]) == ("ACCOUNT_NOT_ENABLED_IN_REGION", False)
    assert there["Reason"] == f"Account {BOB.id} is not enabled in Region {ELSEWHERE}."
    assert [(step["Number"], step["Answer"]) for step in there["Steps"]] == [("0b", False)]
    [here] = json.loads(place.run(*question, shared[HERE]).stdout)["Explanations"]
    assert here["Decision"] == "Allow"
    kms = boto3_client(place, BOB, ELSEWHERE)
    with pytest.raises(kms.exceptions.ClientError) as caught:
        kms.encrypt(KeyId=shared[ELSEWHERE], Plaintext=b"x")
    request = caught.value.response["ResponseMetadata"]["RequestId"]
    past = json.loads(place.run("explain", "--json", "--request", request).stdout)
    assert past["Recorded"]["Decision"] == "ACCOUNT_NOT_ENABLED_IN_REGION"


def test_what_every_account_needs_cannot_be_taken(place):
    done = apply(place, HERE, file="wrong.toml")
    assert done.returncode == 1 and "disabled_regions[0]" in done.stderr and "no account is without it" in done.stderr
    assert "is declared twice" in apply(place, ELSEWHERE, ELSEWHERE, file="wrong.toml").stderr
    assert "disabled_regions[0]" in apply(place, "mars", file="wrong.toml").stderr
