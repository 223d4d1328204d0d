"""Resource quotas: what counts, that no two calls get the last place, and values that the operator sets."""

import concurrent.futures
import json
import re
import time

import pytest
from botocore.exceptions import ClientError
from harness import trail
from harness.clients import all_pages, boto3_client, refused, until
from harness.identities import User, allowed, fresh, own, policy, statement, to
from harness.metrics import numbers
from harness.server import ALICE, BOB, Server

REGIONS = [f"eu-test-{number}" for number in range(1, 13)]
CLIENTS = 32


def overridden(quota, value, **more):
    """An entry of the configuration."""
    members = {"quota": quota, "value": value, **more}
    return "[[quotas.overrides]]\n" + "".join(f'{name} = "{text}"\n' for name, text in members.items())


SETTINGS = "".join(
    [
        overridden("AWS KMS keys", "6"),
        overridden("Aliases per KMS key", "3"),
        overridden("Grants per KMS key", "40"),
        overridden("AWS KMS keys", "60", region="eu-many-1"),
    ]
)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A server whose accounts may have little."""
    regions = [*REGIONS, "eu-many-1"]
    running = Server(tmp_path_factory.mktemp("small"), settings=SETTINGS, regions=regions).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def unused():
    """Regions that no test has had yet."""
    return iter(REGIONS)


@pytest.fixture
def region(unused):
    return next(unused)


@pytest.fixture
def kms(small, region):
    return boto3_client(small, ALICE, region)


def made(kms, **kind):
    return kms.create_key(**kind)["KeyMetadata"]["KeyId"]


def keys_of(kms):
    return {key["KeyId"] for key in all_pages(kms, "list_keys", "Keys")}


def full(most=6):
    return refused("LimitExceededException", f"The account has the maximum of {most} KMS keys in this Region.")


def quota(server, name, *arguments, account=ALICE):
    """What the operator is told of a quota."""
    told = server.run("quotas", "get", name, "--json", *(["--account", account.id] if account else []), *arguments)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)["Quotas"][0]


def set_quota(server, name, value, *arguments, account=ALICE):
    command = ["set", name, value] if value is not None else ["reset", name]
    done = server.run("quotas", *command, "--account", account.id, *arguments)
    assert done.returncode == 0, done.stderr


# REF-141, REF-142, REF-144, REF-150, REF-151, REF-152, KEY-18
def test_all_keys_of_customers_count_whatever_their_kind_and_state(small, kms, region):
    # A key that a service manages is not theirs.
    kms.describe_key(KeyId="alias/aws/ebs")
    made(kms)
    made(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    made(kms, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    made(kms, Origin="EXTERNAL")
    kms.disable_key(KeyId=made(kms))
    kms.schedule_key_deletion(KeyId=made(kms), PendingWindowInDays=7)
    before = keys_of(kms)
    with full():
        kms.create_key()
    kms.describe_key(KeyId="alias/aws/s3")
    assert len(keys_of(kms) - before) == 1 and quota(small, "AWS KMS keys", "--region", region)["Usage"] == 6
    # Another account, and another Region, have room.
    made(boto3_client(small, BOB, region))
    assert made(boto3_client(small, ALICE, "eu-many-1"))


def rotate(kms, key):
    """Rotates a key, once the rotation before is over."""
    while True:
        try:
            return kms.rotate_key_on_demand(KeyId=key)
        except kms.exceptions.ConflictException:
            time.sleep(0.02)


# KEY-380
def test_a_rotated_key_counts_once(small, kms, region):
    key = made(kms)
    for _ in range(2):
        rotate(kms, key)
    assert quota(small, "AWS KMS keys", "--region", region)["Usage"] == 1
    for _ in range(5):
        made(kms)
    with full():
        kms.create_key()


# SPK-223, SPK-319, REF-526
def test_a_replica_counts_in_its_own_region(small, kms, region, unused):
    elsewhere = next(unused)
    there = boto3_client(small, ALICE, elsewhere)
    primaries = [made(kms, MultiRegion=True) for _ in range(2)]
    for _ in range(5):
        made(there)
    kms.replicate_key(KeyId=primaries[0], ReplicaRegion=elsewhere)
    until(there, primaries[0], KeyState="Enabled")
    assert quota(small, "AWS KMS keys", "--region", elsewhere)["Usage"] == 6
    assert quota(small, "AWS KMS keys", "--region", region)["Usage"] == 2
    with full():
        kms.replicate_key(KeyId=primaries[1], ReplicaRegion=elsewhere)
    configuration = kms.describe_key(KeyId=primaries[1])["KeyMetadata"]["MultiRegionConfiguration"]
    assert configuration["ReplicaKeys"] == []
    assert primaries[1] not in keys_of(there)
    with full():
        there.create_key()


def at_once(server, account, region, call):
    """What many clients get who call at the same moment."""

    def one(number):
        client = boto3_client(server, account, region)
        try:
            return call(client, number)
        except ClientError as error:
            return error.response["Error"]["Code"]

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(one, range(CLIENTS * 3)))


# REF-152
def test_no_two_calls_get_the_last_place_for_a_key(small):
    answers = at_once(small, BOB, "eu-many-1", lambda kms, _: kms.create_key()["KeyMetadata"]["KeyId"])
    assert answers.count("LimitExceededException") == CLIENTS * 3 - 60, answers
    bob = boto3_client(small, BOB, "eu-many-1")
    assert keys_of(bob) == {answer for answer in answers if answer != "LimitExceededException"}
    assert quota(small, "AWS KMS keys", "--region", "eu-many-1", account=BOB)["Usage"] == 60


# REF-146, REF-158, REF-142, POL-335
def test_no_two_calls_get_the_last_place_for_a_grant(small, kms, region):
    key = made(kms)

    def grant(client, number):
        asked = {
            "GranteePrincipal": f"arn:aws:iam::{BOB.id}:root",
            "Operations": ["Decrypt"],
            "Name": f"grant-{number}",
        }
        return client.create_grant(KeyId=key, **asked)["GrantId"]

    answers = at_once(small, ALICE, region, grant)
    granted = [answer for answer in answers if answer != "LimitExceededException"]
    assert len(granted) == 40 and len(set(granted)) == 40
    assert {grant["GrantId"] for grant in all_pages(kms, "list_grants", "Grants", KeyId=key)} == set(granted)
    more = {"KeyId": key, "GranteePrincipal": f"arn:aws:iam::{BOB.id}:root", "Operations": ["Decrypt"]}
    with refused("LimitExceededException", "The key has the maximum of 40 grants."):
        kms.create_grant(**more)
    kms.revoke_grant(KeyId=key, GrantId=granted[0])
    kms.create_grant(**more)
    with refused("LimitExceededException"):
        kms.create_grant(**more)
    kms.retire_grant(KeyId=key, GrantId=granted[1])
    kms.create_grant(**more)
    with refused("LimitExceededException"):
        kms.create_grant(**more)
    # Other keys have grants of their own.
    kms.create_grant(**{**more, "KeyId": made(kms)})


# REF-145, REF-153, REF-154
def test_aliases_of_a_key_are_limited(kms):
    one, other = made(kms), made(kms)
    prefix = fresh("alias/quota")
    for number in range(3):
        kms.create_alias(AliasName=f"{prefix}-{number}", TargetKeyId=one)
    kms.create_alias(AliasName=f"{prefix}-other", TargetKeyId=other)
    arn = kms.describe_key(KeyId=one)["KeyMetadata"]["Arn"]
    text = f"{arn} has the maximum of 3 aliases"
    with refused("LimitExceededException", text):
        kms.create_alias(AliasName=f"{prefix}-more", TargetKeyId=one)
    with refused("LimitExceededException", text):
        kms.update_alias(AliasName=f"{prefix}-other", TargetKeyId=one)
    kms.update_alias(AliasName=f"{prefix}-0", TargetKeyId=one)
    kms.update_alias(AliasName=f"{prefix}-0", TargetKeyId=other)
    kms.update_alias(AliasName=f"{prefix}-other", TargetKeyId=one)
    # An alias that the service ties to a key that it manages is none of the customer's.
    for service in ("s3", "ebs", "rds", "lambda"):
        kms.describe_key(KeyId=f"alias/aws/{service}")


# REF-155
def test_all_aliases_of_an_account_are_not(kms):
    prefix = fresh("alias/many")
    kinds = [made(kms) for _ in range(6)]
    for number in range(18):
        kms.create_alias(AliasName=f"{prefix}-{number}", TargetKeyId=kinds[number % 6])
    assert len(kms.list_aliases()["Aliases"]) >= 18


def document(size):
    """A key policy of so many bytes, some of them of letters that have two."""
    tagged = {"aws:PrincipalTag/team": "\u00e9"}
    made = policy(own(), to(ALICE.id, statement("kms:DescribeKey", StringEquals=tagged)))
    missing = size - len(json.dumps(made, ensure_ascii=False).encode())
    tagged["aws:PrincipalTag/team"] += "a" * missing
    text = json.dumps(made, ensure_ascii=False)
    assert len(text.encode()) == size
    return text


# REF-147, REF-160, POL-80
def test_a_key_policy_has_at_most_32768_bytes(small, kms, unused):
    fits, large = (document(size) for size in (32_768, 32_769))
    elsewhere = next(unused)
    key = made(kms, Policy=fits, MultiRegion=True)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=fits)
    before = keys_of(kms)
    with refused("LimitExceededException"):
        kms.create_key(Policy=large)
    with refused("LimitExceededException"):
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=large)
    with refused("LimitExceededException"):
        kms.replicate_key(KeyId=key, ReplicaRegion=elsewhere, Policy=large)
    kms.replicate_key(KeyId=key, ReplicaRegion=elsewhere, Policy=fits)
    assert keys_of(kms) == before
    assert kms.get_key_policy(KeyId=key)["Policy"] == fits
    # It is not adjustable.
    done = small.run("quotas", "set", "Key policy document size", "40000", "--account", ALICE.id)
    assert done.returncode == 1 and "is not adjustable" in done.stderr


# REF-149, REF-163, KEY-418
def test_a_key_rotates_on_demand_so_often_and_no_more(small, kms):
    key = made(kms)
    # The number of today's interface.
    for _ in range(25):
        rotate(kms, key)
    for _ in range(2):
        with refused("LimitExceededException"):
            rotate(kms, key)
    done = small.run("quotas", "set", "On-demand rotations per KMS key", "40", "--account", ALICE.id)
    assert done.returncode == 1 and "is not adjustable" in done.stderr
    kms.rotate_key_on_demand(KeyId=made(kms))


# AUTHZ-172
def test_a_key_with_too_many_aliases_is_not_used_by_them(small, kms, region):
    key = made(kms)
    names = [fresh("alias/by-name") for _ in range(3)]
    for name in names:
        kms.create_alias(AliasName=name, TargetKeyId=key)
    iam = boto3_client(small, ALICE, REGIONS[0], "iam")
    by_alias, otherwise, careless = (User(small, iam, ALICE, fresh("user")) for _ in range(3))
    aliased = {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/by-name*"}}
    by_alias.may(statement("kms:Encrypt", **aliased))
    otherwise.may(statement("kms:Encrypt"))
    careless.may(statement("kms:Encrypt", **{"ForAllValues:StringLike": {"kms:ResourceAliases": "alias/by-name*"}}))

    def may():
        users = (by_alias, otherwise, careless)
        clients = [user.client(region=region) for user in users]
        return [allowed(client.encrypt, KeyId=key, Plaintext=b"x") for client in clients]

    assert may() == [True, True, True]
    set_quota(small, "Aliases per KMS key", "2", "--region", region)
    assert may() == [False, True, False]
    with refused("LimitExceededException"):
        kms.create_alias(AliasName=fresh("alias/by-name"), TargetKeyId=key)
    kms.delete_alias(AliasName=names[0])
    assert may() == [True, True, True]
    kms.delete_alias(AliasName=names[1])
    set_quota(small, "Aliases per KMS key", None, "--region", region)
    kms.create_alias(AliasName=names[1], TargetKeyId=key)
    kms.create_alias(AliasName=names[0], TargetKeyId=key)
    assert may() == [True, True, True]


# REF-165, REF-167, REF-222
def test_the_operator_lists_and_sets_quotas(own_server):
    server, kms = own_server, boto3_client(own_server, ALICE)
    told = json.loads(server.run("quotas", "list", "--json").stdout)["Quotas"]
    by_name = {it["QuotaName"]: it for it in told}
    assert len({it["QuotaCode"] for it in told}) == len(told) == len(by_name)
    keys = by_name["AWS KMS keys"]
    assert keys == {
        "QuotaCode": "L-C2F1777E",
        "QuotaName": "AWS KMS keys",
        "Value": "100000",
        "DefaultValue": "100000",
        "Unit": "Count",
        "Adjustable": True,
    }
    # Request quotas are off.
    rate = by_name["Cryptographic operations (symmetric) request rate"]
    assert (rate["Value"], rate["DefaultValue"], rate["Unit"]) == ("unlimited", "50000", "Count/Second")
    west = json.loads(server.run("quotas", "list", "--json", "--region", "us-west-2").stdout)
    assert west["Region"] == "us-west-2"
    lines = server.run("quotas", "list").stdout.splitlines()
    assert len(lines) == len(told) + 1
    assert any(re.match(r"CreateKey request rate +L-32B67F4A +unlimited +5 +-  yes", line) for line in lines)

    made(kms), made(kms)
    set_quota(server, "L-C2F1777E", "2")
    assert quota(server, "AWS KMS keys")["Value"] == "2" and quota(server, "AWS KMS keys")["Usage"] == 2
    assert quota(server, "AWS KMS keys", account=BOB)["Value"] == "100000"
    assert quota(server, "AWS KMS keys", "--region", "us-west-2")["Value"] == "100000"
    with full(2):
        kms.create_key()
    made(boto3_client(server, BOB)), made(boto3_client(server, ALICE, "us-west-2"))
    # Requests too, and at once.
    set_quota(server, "DescribeKey", "0.003")
    key = made(boto3_client(server, ALICE, "us-west-2"))
    for _ in range(3):
        with refused("NotFoundException"):
            kms.describe_key(KeyId=key)
    with refused("ThrottlingException"):
        kms.describe_key(KeyId=key)
    used = quota(server, "DescribeKey")
    assert (used["Value"], used["Usage"], used["Requests"], used["Throttled"]) == ("0.003", 3, 4, 1)
    # What was set stays set.
    assert server.stop() == 0
    server.start()
    assert quota(server, "AWS KMS keys")["Value"] == "2"
    with full(2):
        kms.create_key()
    set_quota(server, "AWS KMS keys", None)
    made(kms)
    deeds = [it["requestParameters"] for it in trail.records(server, eventName="SetQuota")]
    assert {"quota": "L-C2F1777E", "accountId": ALICE.id, "value": "2"} in deeds
    for arguments, text in (
        (["set", "No such quota", "5", "--account", ALICE.id], "There is no quota No such quota."),
        (["set", "CreateKey", "many", "--account", ALICE.id], "`many` is not a quota's value"),
        (["set", "AWS KMS keys", "0.5", "--account", ALICE.id], "is a whole number"),
        (["set", "CreateKey", "5"], "Say --account"),
        (["get", "CreateKey", "--region", "mars-1-1"], "is not a Region name"),
        (["get", "CreateKey", "--region", "eu-none-1"], "is not served"),
    ):
        done = server.run("quotas", *arguments)
        assert done.returncode == 1 and text in done.stderr, (arguments, done.stderr)


# REF-257, SPK-18, MON-233
def test_what_is_used_of_quotas_is_told_by_account_and_kind_of_key(tmp_path):
    server = Server(tmp_path / "server", settings='[quotas]\nprofile = "aws"\n').start()
    try:
        kms = boto3_client(server, ALICE)
        rsa = made(kms, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
        symmetric = made(kms)
        for _ in range(3):
            kms.sign(KeyId=rsa, Message=b"m", SigningAlgorithm="RSASSA_PSS_SHA_256")
        for _ in range(2):
            kms.encrypt(KeyId=symmetric, Plaintext=b"x")
        told = numbers(server)
        of = {"account": ALICE.id, "region": "us-east-1"}
        for name, requests, limit in (
            ("Cryptographic operations (RSA) request rate", 3, 500),
            ("Cryptographic operations (symmetric) request rate", 2, 50000),
            ("CreateKey request rate", 2, 5),
        ):
            assert told.sum("trent_account_quota_requests_total", **of, quota=name) == requests
            assert told.sum("trent_account_quota_throttled_total", **of, quota=name) == 0
            assert told.sum("trent_account_quota_limit", **of, quota=name) == limit
    finally:
        server.stop()
