"""How each operation names a key, and what it says of a name that it cannot follow."""

import uuid

import pytest
from harness.clients import refused
from harness.server import ALICE, BOB

ABSENT = "1234abcd-12ab-34cd-56ef-1234567890ab"


def alias_arn(name, region="us-east-1", account=ALICE.id):
    return f"arn:aws:kms:{region}:{account}:{name}"


@pytest.fixture
def named(kms, key, alias_name):
    """A key under all four names."""
    kms.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    yield {"id": key["KeyId"], "arn": key["Arn"], "alias": alias_name, "alias arn": alias_arn(alias_name)}
    kms.delete_alias(AliasName=alias_name)


# KEY-71, KEY-72, KEY-77, KEY-217
@pytest.mark.parametrize("form", ["id", "arn", "alias", "alias arn"])
def test_cryptographic_operations_take_every_form_and_return_the_key(kms, named, form):
    name = named[form]
    sealed = kms.encrypt(KeyId=name, Plaintext=b"x")
    assert sealed["KeyId"] == named["arn"]
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], KeyId=name)
    assert (opened["KeyId"], opened["Plaintext"]) == (named["arn"], b"x")
    assert kms.generate_data_key(KeyId=name, KeySpec="AES_128")["KeyId"] == named["arn"]
    assert kms.generate_data_key_without_plaintext(KeyId=name, KeySpec="AES_128")["KeyId"] == named["arn"]
    again = kms.re_encrypt(CiphertextBlob=sealed["CiphertextBlob"], SourceKeyId=name, DestinationKeyId=name)
    assert (again["SourceKeyId"], again["KeyId"]) == (named["arn"], named["arn"])
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"] == named["arn"]


def management(kms):
    """The operations that name a key by id or ARN only, each leaving the key as it was."""
    tag = {"TagKey": "a", "TagValue": "1"}
    return {
        "enable_key": lambda k: kms.enable_key(KeyId=k),
        "disable_key": lambda k: kms.disable_key(KeyId=k),
        "get_key_policy": lambda k: kms.get_key_policy(KeyId=k),
        "list_key_policies": lambda k: kms.list_key_policies(KeyId=k),
        "put_key_policy": lambda k: kms.put_key_policy(KeyId=k, Policy='{"Version":"2012-10-17","Statement":[]}'),
        "tag_resource": lambda k: kms.tag_resource(KeyId=k, Tags=[tag]),
        "untag_resource": lambda k: kms.untag_resource(KeyId=k, TagKeys=["a"]),
        "list_resource_tags": lambda k: kms.list_resource_tags(KeyId=k),
        "update_key_description": lambda k: kms.update_key_description(KeyId=k, Description="d"),
        "list_aliases": lambda k: kms.list_aliases(KeyId=k),
    }


# KEY-73, KEY-74
@pytest.mark.parametrize(
    "operation",
    [
        "enable_key",
        "get_key_policy",
        "list_key_policies",
        "tag_resource",
        "untag_resource",
        "list_resource_tags",
        "update_key_description",
        "list_aliases",
    ],
)
@pytest.mark.parametrize("form", ["id", "arn"])
def test_other_operations_take_id_and_arn(kms, named, operation, form):
    management(kms)[operation](named[form])


# KEY-79, KEY-73, KEY-74, KEY-217
@pytest.mark.parametrize(
    "operation",
    [
        "enable_key",
        "disable_key",
        "get_key_policy",
        "list_key_policies",
        "put_key_policy",
        "tag_resource",
        "untag_resource",
        "list_resource_tags",
        "update_key_description",
        "list_aliases",
    ],
)
def test_an_alias_is_refused_where_only_keys_are_accepted(kms, named, operation):
    with refused("NotFoundException", f"Invalid keyId '{named['alias']}'"):
        management(kms)[operation](named["alias"])
    with refused("InvalidArnException"):
        management(kms)[operation](named["alias arn"])


# KEY-74, KEY-194
def test_an_alias_cannot_be_the_target_of_an_alias(kms, named, alias_name):
    for target in (named["alias"], named["alias arn"]):
        with refused("ValidationException", "Aliases must refer to keys. Not aliases"):
            kms.create_alias(AliasName=alias_name + "-2", TargetKeyId=target)
        with refused("ValidationException", "Aliases must refer to keys. Not aliases"):
            kms.update_alias(AliasName=alias_name, TargetKeyId=target)


# KEY-78
def test_each_unusable_name_has_its_own_message(kms, key):
    absent_arn = f"arn:aws:kms:us-east-1:{ALICE.id}:key/{ABSENT}"
    missing_alias = f"alias/none-{uuid.uuid4()}"
    cases = {
        ABSENT: f"Key '{absent_arn}' does not exist",
        absent_arn: f"Key '{absent_arn}' does not exist",
        "mrk-1234abcd12ab34cd56ef1234567890ab": (
            f"Key 'arn:aws:kms:us-east-1:{ALICE.id}:key/mrk-1234abcd12ab34cd56ef1234567890ab' does not exist"
        ),
        "not-an-id": "Invalid keyId 'not-an-id'",
        key["KeyId"].replace("-", ""): f"Invalid keyId '{key['KeyId'].replace('-', '')}'",
        "mrk-fake-key-id": "Invalid keyId 'mrk-fake-key-id'",
        key["Arn"].replace("us-east-1", "us-west-2"): "Invalid arn us-west-2",
        missing_alias: f"Alias {alias_arn(missing_alias)} is not found.",
        alias_arn(missing_alias): f"Alias {alias_arn(missing_alias)} is not found.",
    }
    for name, message in cases.items():
        with refused("NotFoundException", message):
            kms.describe_key(KeyId=name)
        with refused("NotFoundException", message):
            kms.encrypt(KeyId=name, Plaintext=b"x")


# KEY-66
def test_multi_region_ids_are_recognised_by_their_form(kms):
    for wrong in ("mrk-1234ABCD12ab34cd56ef1234567890ab", "mrk-1234abcd12ab34cd56ef1234567890a", "mrk-" + ABSENT):
        with refused("NotFoundException", f"Invalid keyId '{wrong}'"):
            kms.describe_key(KeyId=wrong)


# KEY-75, KEY-184
def test_a_bare_name_is_always_the_callers_own(kms, other, key, alias_name):
    theirs = other.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    other.create_alias(AliasName=alias_name, TargetKeyId=theirs["KeyId"])
    assert kms.describe_key(KeyId=alias_name)["KeyMetadata"]["Arn"] == key["Arn"]
    assert other.describe_key(KeyId=alias_name)["KeyMetadata"]["Arn"] == theirs["Arn"]
    absent = f"arn:aws:kms:us-east-1:{BOB.id}:key/{key['KeyId']}"
    with refused("NotFoundException", f"Key '{absent}' does not exist"):
        other.describe_key(KeyId=key["KeyId"])
    # In full the foreign name is followed into its own account, which lets nobody else in.
    for name in (key["Arn"], alias_arn(alias_name)):
        with refused("AccessDeniedException"):
            other.encrypt(KeyId=name, Plaintext=b"x")
    kms.delete_alias(AliasName=alias_name)
    other.delete_alias(AliasName=alias_name)


# KEY-75
def test_a_foreign_name_tells_nothing_of_what_exists(kms, other, key):
    def answer(name):
        try:
            other.describe_key(KeyId=name)
        except other.exceptions.ClientError as error:
            return error.response["Error"]["Code"], error.response["Error"]["Message"].replace(name, "NAME")
        raise AssertionError("allowed")

    there = answer(key["Arn"])
    absent = answer(f"arn:aws:kms:us-east-1:{ALICE.id}:key/{ABSENT}")
    assert there[0] == absent[0] == "AccessDeniedException"
    assert there[1] == absent[1]
