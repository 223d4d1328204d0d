"""Aliases: making, listing, re-pointing and deleting them, and what they name."""

import contextlib
import datetime
import time

import pytest
from harness.clients import all_pages, refused
from harness.server import ALICE
from harness.trail import open_segment

PREFIX = (
    'Alias must start with the prefix "alias/". Please see '
    "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
)


def arn(name, region="us-east-1"):
    return f"arn:aws:kms:{region}:{ALICE.id}:{name}"


def entry(kms, name):
    found = [a for a in all_pages(kms, "list_aliases", "Aliases") if a["AliasName"] == name]
    assert len(found) <= 1, found
    return found[0] if found else None


def entries(kms, key_id):
    return [a["AliasName"] for a in all_pages(kms, "list_aliases", "Aliases", KeyId=key_id)]


@pytest.fixture
def name(kms, alias_name):
    """A name that is free before and after the test."""
    yield alias_name
    for left in [a["AliasName"] for a in all_pages(kms, "list_aliases", "Aliases")]:
        if left.startswith(alias_name):
            kms.delete_alias(AliasName=left)


# KEY-192, KEY-199, KEY-181, KEY-68, KEY-203, AUTHZ-212
def test_a_new_alias_is_listed_with_five_members(raw, kms, key, name):
    before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=2)
    answer = kms.create_alias(AliasName=name, TargetKeyId=key["Arn"])
    assert set(answer) == {"ResponseMetadata"} and answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-length"] == "0"
    listed = entry(kms, name)
    assert set(listed) == {"AliasName", "AliasArn", "TargetKeyId", "CreationDate", "LastUpdatedDate"}
    assert listed["AliasArn"] == arn(name) and listed["TargetKeyId"] == key["KeyId"]
    assert listed["CreationDate"] == listed["LastUpdatedDate"] >= before
    for incomplete in ({"AliasName": name + "-2"}, {"TargetKeyId": key["KeyId"]}):
        assert raw.call("CreateAlias", incomplete).code == "ValidationException"


# KEY-203
def test_dates_are_epoch_seconds_on_the_wire(raw, kms, key, name):
    kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    listed = raw.call("ListAliases", {"KeyId": key["KeyId"]}).document["Aliases"][0]
    for date in (listed["CreationDate"], listed["LastUpdatedDate"]):
        assert isinstance(date, int | float) and abs(date - time.time()) < 60
    described = raw.call("DescribeKey", {"KeyId": key["KeyId"]}).document["KeyMetadata"]["CreationDate"]
    assert isinstance(described, int | float) and abs(described - time.time()) < 60


# KEY-179, KEY-182, KEY-197, KEY-216
def test_an_alias_is_a_thing_of_its_own(kms, key, name):
    second = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    kms.create_alias(AliasName=f"{name}-b", TargetKeyId=key["KeyId"])
    assert entries(kms, key["KeyId"]) == sorted([name, f"{name}-b"])
    kms.delete_alias(AliasName=name)
    kms.create_alias(AliasName=name, TargetKeyId=second["KeyId"])
    assert entries(kms, key["KeyId"]) == [f"{name}-b"] and entries(kms, second["KeyId"]) == [name]
    kms.update_alias(AliasName=name, TargetKeyId=key["KeyId"])
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] == key
    assert kms.describe_key(KeyId=second["KeyId"])["KeyMetadata"] == second


# KEY-195, KEY-188
def test_a_name_in_use_or_reserved_is_refused_and_nothing_changes(kms, key, name):
    kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    before = entry(kms, name)
    second = kms.create_key()["KeyMetadata"]["KeyId"]
    for target in (key["KeyId"], second):
        with refused("AlreadyExistsException", f"An alias with the name {arn(name)} already exists"):
            kms.create_alias(AliasName=name, TargetKeyId=target)
    assert entry(kms, name) == before
    for reserved in ("alias/aws/mine", "alias/aws/s3"):
        with refused("NotAuthorizedException"):
            kms.create_alias(AliasName=reserved, TargetKeyId=key["KeyId"])
    kms.create_alias(AliasName=f"alias/awsome-{name[6:]}", TargetKeyId=key["KeyId"])
    kms.delete_alias(AliasName=f"alias/awsome-{name[6:]}")


# KEY-187, KEY-193, KEY-69
def test_the_form_of_a_name(kms, key, name):
    for bad in ("noprefix", "Alias/x", "/alias/x"):
        with refused("ValidationException", PREFIX):
            kms.create_alias(AliasName=bad, TargetKeyId=key["KeyId"])
    longest = name + "x" * (256 - len(name))
    kms.create_alias(AliasName=longest, TargetKeyId=key["KeyId"])
    assert entry(kms, longest)["AliasArn"] == arn(longest)
    kms.delete_alias(AliasName=longest)
    slashes = f"{name}/A_b-9/c"
    kms.create_alias(AliasName=slashes, TargetKeyId=key["KeyId"])
    kms.delete_alias(AliasName=slashes)
    for bad in (f"{name}:colon", "alias/"):
        with pytest.raises(kms.exceptions.ClientError) as caught:
            kms.create_alias(AliasName=bad, TargetKeyId=key["KeyId"])
        assert caught.value.response["Error"]["Code"] in ("InvalidAliasNameException", "ValidationException")
    assert entries(kms, key["KeyId"]) == []


# KEY-185, KEY-214, KEY-215
def test_names_are_case_sensitive_and_deleting_takes_exactly_one(kms, key, name):
    upper = name + "-T"
    lower = name + "-t"
    kms.create_alias(AliasName=upper, TargetKeyId=key["KeyId"])
    with refused("NotFoundException", f"Alias {arn(lower)} is not found."):
        kms.delete_alias(AliasName=lower)
    kms.create_alias(AliasName=lower, TargetKeyId=key["KeyId"])
    answer = kms.delete_alias(AliasName=upper)
    assert set(answer) == {"ResponseMetadata"}
    assert entries(kms, key["KeyId"]) == [lower]
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] == key
    with refused("NotFoundException", f"Alias {arn(upper)} is not found."):
        kms.delete_alias(AliasName=upper)
    with refused("ValidationException", PREFIX):
        kms.delete_alias(AliasName=lower.removeprefix("alias/"))


# KEY-186
def test_no_operation_renames(kms, key, name):
    kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    kms.update_alias(AliasName=name, TargetKeyId=key["KeyId"])
    assert entries(kms, key["KeyId"]) == [name]
    members = kms.meta.service_model.operation_model("UpdateAlias").input_shape.members
    assert set(members) == {"AliasName", "TargetKeyId"}


# KEY-207, KEY-208, KEY-212, AUTHZ-212
def test_re_pointing_changes_target_and_update_date_only(kms, key, name):
    second = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    before = entry(kms, name)
    time.sleep(0.02)
    answer = kms.update_alias(AliasName=name, TargetKeyId=second)
    assert set(answer) == {"ResponseMetadata"}
    after = entry(kms, name)
    assert after["LastUpdatedDate"] > before["LastUpdatedDate"]
    assert after == {**before, "TargetKeyId": second, "LastUpdatedDate": after["LastUpdatedDate"]}
    with refused("NotFoundException", f"Alias {arn(name + '-none')} is not found."):
        kms.update_alias(AliasName=name + "-none", TargetKeyId=second)


# KEY-183, KEY-194, KEY-211
def test_the_target_is_a_customer_key_of_the_same_account_and_region(kms, west, other, key, name):
    away = west.create_key()["KeyMetadata"]["Arn"]
    foreign = other.create_key()["KeyMetadata"]["Arn"]
    managed = kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    before = entry(kms, name)
    for target in (away, foreign, managed):
        for operation, used in ((kms.create_alias, name + "-2"), (kms.update_alias, name)):
            with pytest.raises(kms.exceptions.ClientError) as caught:
                operation(AliasName=used, TargetKeyId=target)
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert entry(kms, name) == before and entry(kms, name + "-2") is None
    with pytest.raises(kms.exceptions.ClientError):
        kms.update_alias(AliasName="alias/aws/s3", TargetKeyId=key["KeyId"])


# KEY-15, KEY-189, KEY-201, KEY-200
def test_aliases_of_aws_managed_keys_are_listed_before_they_have_a_key(own_server):
    from harness.clients import boto3_client

    kms = boto3_client(own_server, ALICE)
    listed = {a["AliasName"]: a for a in all_pages(kms, "list_aliases", "Aliases")}
    assert {"alias/aws/s3", "alias/aws/dynamodb", "alias/aws/redshift", "alias/aws/ebs"} <= set(listed)
    for found, alias in listed.items():
        assert found.startswith("alias/aws/") and set(alias) == {"AliasName", "AliasArn"}
        assert alias["AliasArn"] == arn(found)
    described = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert (described["KeyManager"], described["KeyState"]) == ("AWS", "Enabled")
    assert kms.describe_key(KeyId=arn("alias/aws/s3"))["KeyMetadata"] == described
    after = entry(kms, "alias/aws/s3")
    assert after["TargetKeyId"] == described["KeyId"]
    assert entries(kms, described["KeyId"]) == ["alias/aws/s3"]


# KEY-14, KEY-16
def test_an_aws_managed_key_is_viewed_but_not_managed(kms):
    managed = kms.describe_key(KeyId="alias/aws/lambda")["KeyMetadata"]["KeyId"]
    assert kms.list_resource_tags(KeyId=managed)["Tags"] == []
    assert kms.get_key_policy(KeyId=managed)["PolicyName"] == "default"
    for call in (
        lambda: kms.disable_key(KeyId=managed),
        lambda: kms.enable_key(KeyId=managed),
        lambda: kms.update_key_description(KeyId=managed, Description="mine"),
        lambda: kms.tag_resource(KeyId=managed, Tags=[{"TagKey": "a", "TagValue": "b"}]),
        lambda: kms.untag_resource(KeyId=managed, TagKeys=["a"]),
        lambda: kms.put_key_policy(KeyId=managed, Policy=kms.get_key_policy(KeyId=managed)["Policy"]),
    ):
        with refused("AccessDeniedException"):
            call()
    assert kms.describe_key(KeyId=managed)["KeyMetadata"]["Enabled"] is True


# KEY-8
def test_no_list_shows_a_key_that_accounts_share(kms):
    managers = set()
    for listed in all_pages(kms, "list_keys", "Keys"):
        assert f":{ALICE.id}:key/" in listed["KeyArn"]
        # Other tests may have left keys whose policies keep the account's root user out.
        with contextlib.suppress(kms.exceptions.ClientError):
            managers.add(kms.describe_key(KeyId=listed["KeyId"])["KeyMetadata"]["KeyManager"])
    assert managers
    assert managers <= {"CUSTOMER", "AWS"}


# KEY-202
def test_the_list_of_one_key(kms, key):
    assert kms.list_aliases(KeyId=key["Arn"])["Aliases"] == []
    with refused("NotFoundException"):
        kms.list_aliases(KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")
    with refused("NotFoundException", "Invalid keyId '*'"):
        kms.list_aliases(KeyId="*")
    with refused("InvalidArnException"):
        kms.list_aliases(KeyId="arn:aws:kms:us-east-1")


# KEY-205, KEY-313
def test_pages_of_aliases_neither_repeat_nor_skip(kms, key, name):
    made = [f"{name}-{n}" for n in range(7)]
    for one in made:
        kms.create_alias(AliasName=one, TargetKeyId=key["KeyId"])
    for size in (1, 2, 3, 7, 100):
        listed = all_pages(kms, "list_aliases", "Aliases", KeyId=key["KeyId"], PaginationConfig={"PageSize": size})
        assert [a["AliasName"] for a in listed] == made
        everything = all_pages(kms, "list_aliases", "Aliases", PaginationConfig={"PageSize": size})
        names = [a["AliasName"] for a in everything]
        assert len(names) == len(set(names)) and set(made) <= set(names)
    with refused("InvalidMarkerException"):
        kms.list_aliases(Marker="no-such-marker")


# KEY-198
def test_a_key_has_fifty_aliases_at_most(kms, key, name):
    for n in range(50):
        kms.create_alias(AliasName=f"{name}-{n}", TargetKeyId=key["KeyId"])
    with refused("LimitExceededException"):
        kms.create_alias(AliasName=f"{name}-50", TargetKeyId=key["KeyId"])
    second = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"{name}-50", TargetKeyId=second)
    with refused("LimitExceededException"):
        kms.update_alias(AliasName=f"{name}-50", TargetKeyId=key["KeyId"])
    assert entry(kms, f"{name}-50")["TargetKeyId"] == second


# KEY-219, KEY-184
def test_one_name_serves_in_several_regions(kms, west, name):
    here, there = kms.create_key()["KeyMetadata"], west.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=name, TargetKeyId=here["KeyId"])
    west.create_alias(AliasName=name, TargetKeyId=there["KeyId"])
    for client, owner in ((kms, here), (west, there)):
        sealed = client.encrypt(KeyId=name, Plaintext=b"regional")
        assert sealed["KeyId"] == owner["Arn"]
        assert client.decrypt(CiphertextBlob=sealed["CiphertextBlob"], KeyId=name)["Plaintext"] == b"regional"
    west.delete_alias(AliasName=name)
    assert entry(kms, name)["TargetKeyId"] == here["KeyId"]


# KEY-220
def test_old_ciphertext_follows_its_key_and_not_the_alias(kms, key, name):
    second = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    old = kms.encrypt(KeyId=name, Plaintext=b"old")["CiphertextBlob"]
    kms.update_alias(AliasName=name, TargetKeyId=second["KeyId"])
    assert kms.encrypt(KeyId=name, Plaintext=b"new")["KeyId"] == second["Arn"]
    assert kms.generate_data_key(KeyId=name, KeySpec="AES_256")["KeyId"] == second["Arn"]
    opened = kms.decrypt(CiphertextBlob=old)
    assert (opened["Plaintext"], opened["KeyId"]) == (b"old", key["Arn"])
    with refused(
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this operation.",
    ):
        kms.decrypt(CiphertextBlob=old, KeyId=name)


# KEY-210
def test_a_deleted_alias_is_forgotten(kms, key, name):
    kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    first = entry(kms, name)
    kms.delete_alias(AliasName=name)
    assert entry(kms, name) is None
    time.sleep(0.02)
    kms.create_alias(AliasName=name, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    assert entry(kms, name)["CreationDate"] > first["CreationDate"]


# KEY-190
def test_an_alias_name_stands_in_the_audit_record(own_server):
    from harness.clients import boto3_client

    kms = boto3_client(own_server, ALICE)
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/seen-in-the-trail", TargetKeyId=key_id)
    assert own_server.stop() == 0
    assert "alias/seen-in-the-trail" in open_segment(own_server.data)
