"""Request quotas: which calls count towards which, whose they are, and what becomes of those that come too soon.

Most quotas here are so many calls in a thousand seconds, so that what a test has used up stays used up: 0.011 a second
are eleven. Each test has a Region of its own, and so its own buckets.
"""

import concurrent.futures
import contextlib
import json
import time

import pytest
from botocore.exceptions import ClientError
from harness import trail
from harness.clients import boto3_client, refused
from harness.identities import TRUST, User, fresh, own, policy, statement, to
from harness.server import ALICE, BOB, Account, Server, free_port
from harness.services import Place

TOO_SOON = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
REGIONS = [f"eu-test-{number}" for number in range(1, 25)]
OTHERS = 2


def overridden(quota, value, **more):
    """An entry of the configuration."""
    members = {"quota": quota, "value": value, **more}
    return "[[quotas.overrides]]\n" + "".join(f'{name} = "{text}"\n' for name, text in members.items())


SETTINGS = "".join(
    [
        overridden("Cryptographic operations (symmetric)", "0.011"),
        overridden("Cryptographic operations (RSA)", "0.007"),
        overridden("Cryptographic operations (ECC and SM2)", "0.003"),
        overridden("GenerateDataKeyPair (ECC_NIST_P256)", "0.003"),
        overridden("CreateAlias", "0.003"),
        overridden("DescribeKey", "0.003"),
        overridden("UpdatePrimaryRegion", "0.003"),
        overridden("State changes per KMS key", "0.007"),
        overridden("CreateKey", "0.003", region="eu-full-1"),
        overridden("Cryptographic operations (symmetric)", "40", region="eu-steady-1"),
        overridden("Cryptographic operations (symmetric)", "20", region="eu-short-1"),
    ]
)


def throttled():
    return refused("ThrottlingException", TOO_SOON)


def use_up(call, calls):
    """Exactly so many calls are let through; the next one is not."""
    for _ in range(calls):
        call()
    with throttled():
        call()


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """A server with low request quotas, which two listeners serve."""
    further = f'[[listeners]]\naddress = "127.0.0.1:{free_port()}"\n'
    regions = [*REGIONS, "eu-full-1", "eu-steady-1", "eu-short-1"]
    running = Server(tmp_path_factory.mktemp("limited"), settings=further + SETTINGS, regions=regions).start()
    running.further = further.split('"')[1]
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
def kms(limited, region):
    return boto3_client(limited, ALICE, region)


def made(kms, **kind):
    return kms.create_key(**kind)["KeyMetadata"]["Arn"]


# KEY-100, REF-168, REF-170, REF-231, REF-232, REF-236, REF-251
def test_cryptographic_operations_with_symmetric_keys_share_a_quota(kms):
    key, mac = made(kms), made(kms, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    hmac = {"KeyId": mac, "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    tag = kms.generate_mac(**hmac)["Mac"]
    calls = [
        lambda: kms.encrypt(KeyId=key, Plaintext=b"x"),
        lambda: kms.decrypt(CiphertextBlob=blob),
        lambda: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key),
        lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
        lambda: kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256"),
        lambda: kms.generate_mac(**hmac),
        lambda: kms.verify_mac(**hmac, Mac=tag),
        lambda: kms.generate_random(NumberOfBytes=8),
    ]
    for call in calls:
        call()
    # Two before them and eight: one is left.
    kms.generate_random(NumberOfBytes=8)
    for call in calls:
        with throttled():
            call()


# REF-171, REF-172, REF-229, REF-230, REF-233, REF-234, REF-235, SPK-18
def test_other_kinds_of_keys_have_quotas_of_their_own(kms):
    symmetric = made(kms)
    rsa = made(kms, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    signing = made(kms, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    curve = made(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    use_up(lambda: kms.encrypt(KeyId=symmetric, Plaintext=b"x"), 11)

    encryption = {"KeyId": rsa, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    blob = kms.encrypt(**encryption, Plaintext=b"x")["CiphertextBlob"]
    kms.encrypt(**encryption, Plaintext=b"x")
    kms.decrypt(**encryption, CiphertextBlob=blob)
    of_rsa = {"KeyId": signing, "Message": b"m", "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
    signature = kms.sign(**of_rsa)["Signature"]
    for _ in range(3):
        kms.verify(**of_rsa, Signature=signature)
    with throttled():
        kms.verify(**of_rsa, Signature=signature)
    with throttled():
        kms.decrypt(**encryption, CiphertextBlob=blob)

    of_curve = {"KeyId": curve, "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms.sign(**of_curve)["Signature"]
    use_up(lambda: kms.verify(**of_curve, Signature=signature), 2)
    with throttled():
        kms.sign(**of_curve)

    pair = {"KeyId": symmetric, "KeyPairSpec": "ECC_NIST_P256"}
    kms.generate_data_key_pair(**pair)
    kms.generate_data_key_pair_without_plaintext(**pair)
    use_up(lambda: kms.generate_data_key_pair_without_plaintext(**pair), 1)
    with throttled():
        kms.generate_data_key_pair(**pair)
    kms.generate_data_key_pair(KeyId=symmetric, KeyPairSpec="ECC_NIST_P384")
    # Whatever was used up, keys can be managed.
    kms.disable_key(KeyId=symmetric)
    kms.enable_key(KeyId=symmetric)


# REF-228, REF-255, REF-259, REF-141
def test_each_quota_stands_alone_and_what_is_throttled_does_nothing(limited, kms, region):
    key, prefix = made(kms), fresh("alias/quota")
    for number in range(3):
        kms.create_alias(AliasName=f"{prefix}-{number}", TargetKeyId=key)
    with throttled():
        kms.create_alias(AliasName=f"{prefix}-too-soon", TargetKeyId=key)
    kms.create_key()
    kms.update_alias(AliasName=f"{prefix}-0", TargetKeyId=key)
    assert len(kms.list_aliases(KeyId=key)["Aliases"]) == 3
    # Another Region and another account have asked for nothing yet.
    elsewhere, other = boto3_client(limited, ALICE, REGIONS[-1]), boto3_client(limited, BOB, region)
    for client in (elsewhere, other):
        client.create_alias(AliasName=f"{prefix}-there", TargetKeyId=made(client))

    def told():
        found = trail.records(limited, eventName="CreateAlias", awsRegion=region)
        return [it for it in found if "errorCode" in it]

    (record,) = trail.until(told)
    assert (record["errorCode"], record["errorMessage"]) == ("ThrottlingException", TOO_SOON)
    assert record["requestParameters"]["aliasName"] == f"{prefix}-too-soon"
    assert record["recipientAccountId"] == ALICE.id


# REF-227, REF-226
def test_all_principals_and_all_listeners_draw_on_one_quota(limited, kms, region):
    iam = boto3_client(limited, ALICE, REGIONS[0], "iam")
    user = User(limited, iam, ALICE, fresh("user"))
    user.may(statement("*"))
    role = iam.create_role(RoleName=fresh("role"), AssumeRolePolicyDocument=trust())["Role"]
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="all", PolicyDocument=json_of(statement("kms:*")))
    key = made(kms)
    session = user.client("sts", region).assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"]
    assumed = boto3_client(limited, account_of(session), region)
    there = boto3_client(type("Elsewhere", (), {"endpoint": f"http://{limited.further}"}), ALICE, region)
    kms.describe_key(KeyId=key)
    user.client(region=region).describe_key(KeyId=key)
    assumed.describe_key(KeyId=key)
    for client in (kms, user.client(region=region), assumed, there):
        with throttled():
            client.describe_key(KeyId=key)


def trust():
    return json_of(*TRUST["Statement"])


def json_of(*statements):
    return json.dumps(policy(*statements))


def account_of(session):
    return Account(ALICE.id, session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])


# REF-241
def test_the_account_that_asks_is_charged_and_not_the_owner(limited, kms, region):
    document = json_of(own(), to(f"arn:aws:iam::{BOB.id}:root", statement("kms:Encrypt")))
    key = made(kms, Policy=document)
    bob = boto3_client(limited, BOB, region)
    use_up(lambda: bob.encrypt(KeyId=key, Plaintext=b"x"), 11)
    use_up(lambda: kms.encrypt(KeyId=key, Plaintext=b"x"), 11)

    # The owner has no record of what was refused before anybody looked at its key.
    def told():
        found = trail.records(limited, eventName="Encrypt", awsRegion=region)
        return [it["recipientAccountId"] for it in found if it.get("errorCode") == "ThrottlingException"]

    assert sorted(trail.until(told, lambda found: len(found) == OTHERS)) == sorted([ALICE.id, BOB.id])


# REF-237, REF-467, AUTHZ-407
def test_dry_runs_count_as_what_they_rehearse(kms):
    key = made(kms)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for _ in range(5):
        with refused("DryRunOperationException", status=412):
            kms.decrypt(CiphertextBlob=blob, DryRun=True)
        kms.decrypt(CiphertextBlob=blob)
    for arguments in ({"DryRun": True}, {}):
        with throttled():
            kms.decrypt(CiphertextBlob=blob, **arguments)


# Who asks in vain is charged as well: for keys that are not there, for others' keys, with requests that are wrong.
def test_calls_that_are_refused_count(limited, kms, region):
    with refused("NotFoundException"):
        kms.describe_key(KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")
    with refused("ValidationException"):
        kms.describe_key(KeyId="a" * 2049)
    foreign = made(boto3_client(limited, BOB, region))
    with refused("AccessDeniedException"):
        kms.describe_key(KeyId=foreign)
    for key in (foreign, "1234abcd-12ab-34cd-56ef-1234567890ab", "a" * 2049):
        with throttled():
            kms.describe_key(KeyId=key)


# REF-211, REF-238
def test_a_replica_counts_as_two_new_keys_in_its_own_region(limited, kms):
    there = boto3_client(limited, ALICE, "eu-full-1")
    primaries = [made(kms, MultiRegion=True) for _ in range(2)]
    kms.replicate_key(KeyId=primaries[0], ReplicaRegion="eu-full-1")
    with throttled():
        kms.replicate_key(KeyId=primaries[1], ReplicaRegion="eu-full-1")
    assert len(there.list_keys()["Keys"]) == 1
    use_up(there.create_key, 1)


# REF-221, REF-239
def test_another_primary_counts_in_both_regions(limited, kms, region, unused):
    elsewhere = next(unused)
    there = boto3_client(limited, ALICE, elsewhere)
    missing = "mrk-1234abcd12ab34cd56ef1234567890ab"

    def change(client, to):
        with refused("NotFoundException"):
            client.update_primary_region(KeyId=missing, PrimaryRegion=to)

    change(kms, elsewhere)
    change(there, region)
    change(kms, elsewhere)
    for client, to_region in ((kms, elsewhere), (there, region)):
        with throttled():
            client.update_primary_region(KeyId=missing, PrimaryRegion=to_region)
    # A change that one Region has no room for takes none in the other.
    third = next(unused)
    for _ in range(3):
        with throttled():
            boto3_client(limited, ALICE, third).update_primary_region(KeyId=missing, PrimaryRegion=region)
    fourth = next(unused)
    for _ in range(3):
        change(boto3_client(limited, ALICE, third), fourth)


# REF-253
def test_a_volley_of_changes_of_one_key_is_throttled(limited, kms, region):
    hot, cool = made(kms), made(kms)
    for _ in range(3):
        kms.disable_key(KeyId=hot)
        kms.enable_key(KeyId=hot)
    user = User(limited, boto3_client(limited, ALICE, REGIONS[0], "iam"), ALICE, fresh("user"))
    # Who may not change the key does not use up what others may.
    for _ in range(3):
        with refused("AccessDeniedException"):
            user.client(region=region).disable_key(KeyId=hot)
    kms.disable_key(KeyId=hot)
    for change in (kms.enable_key, kms.disable_key):
        with throttled():
            change(KeyId=hot)
    with throttled():
        kms.schedule_key_deletion(KeyId=hot, PendingWindowInDays=7)
    kms.disable_key(KeyId=cool)
    assert kms.describe_key(KeyId=hot)["KeyMetadata"]["KeyState"] == "Disabled"
    kms.tag_resource(KeyId=hot, Tags=[{"TagKey": "a", "TagValue": "b"}])


# REF-252: of what asks all the time, so many calls a second are let through as the quota says.
def test_the_rate_that_is_let_through_is_the_quotas(limited):
    def hammer(_):
        client, through = boto3_client(limited, ALICE, "eu-steady-1"), []
        while time.monotonic() < end:
            with contextlib.suppress(ClientError):
                client.generate_random(NumberOfBytes=1)
                through.append(time.monotonic())
        return through

    rate, seconds = 40, 6
    end = time.monotonic() + seconds
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        through = sorted(moment for part in pool.map(hammer, range(2)) for moment in part)
    # Whole intervals, the first and the last left out.
    counted = [moment for moment in through if 1 <= moment - through[0] < seconds - 1]
    expected = rate * (seconds - 2)
    assert abs(len(counted) - expected) <= expected * 0.05, len(counted)


# REF-256
@pytest.mark.parametrize("mode", ["standard", "adaptive"])
def test_clients_that_try_again_succeed_after_a_short_overload(limited, mode):
    def call(_):
        settings = {"retries": {"mode": mode, "total_max_attempts": 10}}
        client = boto3_client(limited, ALICE, "eu-short-1", **settings)
        return [client.generate_random(NumberOfBytes=1)["ResponseMetadata"]["RetryAttempts"] for _ in range(12)]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        retries = [count for counts in pool.map(call, range(4)) for count in counts]
    assert len(retries) == 48 and sum(retries) > 0


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A server with the published request quotas."""
    running = Server(tmp_path_factory.mktemp("published"), settings='[quotas]\nprofile = "aws"\n').start()
    yield running
    assert running.stop() == 0


# REF-224, REF-200, SPK-453
def test_a_quarter_of_a_request_a_second_is_one_in_four_seconds(published):
    kms = boto3_client(published, ALICE)
    key = made(kms, Origin="EXTERNAL")
    asked = {"KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    kms.get_parameters_for_import(**asked)
    began = time.monotonic()
    while time.monotonic() - began < 3:
        with throttled():
            kms.get_parameters_for_import(**asked)
        time.sleep(0.5)
    time.sleep(max(0, 4.1 - (time.monotonic() - began)))
    kms.get_parameters_for_import(**asked)


# REF-179, REF-228
def test_the_published_quotas_hold(published):
    kms = boto3_client(published, BOB)
    began, passed = time.monotonic(), 0
    with throttled():
        while time.monotonic() - began < 10:
            kms.create_key()
            passed += 1
    assert passed >= 5 and passed <= 5 * (1 + int(time.monotonic() - began) + 1)
    kms.list_keys()


# REF-273, REF-225, REF-227
def test_what_services_do_for_a_user_is_charged_to_the_users_account(tmp_path_factory):
    settings = overridden("Cryptographic operations (symmetric)", "0.003")
    place = Place(tmp_path_factory.mktemp("services"), settings)
    place.server.start()
    try:
        user = place.user()
        user.may(statement("kms:*"))
        through = place.s3.on_behalf_of(user)
        # A key that the service has made for the account counts as any other.
        through.describe_key(KeyId="alias/aws/s3")
        asked = {"KeyId": "alias/aws/s3", "KeySpec": "AES_256"}
        use_up(lambda: through.generate_data_key(**asked), 3)
        with throttled():
            place.client("kms").generate_random(NumberOfBytes=1)
        place.client("kms", BOB).generate_random(NumberOfBytes=1)
    finally:
        assert place.server.stop() == 0
