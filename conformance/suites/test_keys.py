"""Creating, describing, listing, enabling and disabling keys, with boto3."""

import datetime
import json
import re

import pytest
from harness.clients import all_pages, refused
from harness.server import ALICE

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


# KEY-146, KEY-147, KEY-23, KEY-62, KEY-362
def test_a_key_without_parameters_is_an_enabled_symmetric_key_of_the_account(kms):
    before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=2)
    answer = kms.create_key()
    assert set(answer) == {"KeyMetadata", "ResponseMetadata"}
    metadata = answer["KeyMetadata"]
    created = metadata.pop("CreationDate")
    assert before <= created <= datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
    key_id, arn = metadata.pop("KeyId"), metadata.pop("Arn")
    assert re.fullmatch(r"[0-9a-f]{64}", metadata.pop("CurrentKeyMaterialId"))
    assert arn == f"arn:aws:kms:us-east-1:{ALICE.id}:key/{key_id}"
    # KEY-43, KEY-44, KEY-45, KEY-46, KEY-47, KEY-48, KEY-49, KEY-50, KEY-51, KEY-61, KEY-31: these and no others
    assert metadata == {
        "AWSAccountId": ALICE.id,
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "Description": "",
        "Enabled": True,
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyState": "Enabled",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": False,
        "Origin": "AWS_KMS",
    }


# KEY-64, KEY-65, KEY-67, KEY-70
def test_key_ids_are_random_and_unique(kms):
    made = [kms.create_key()["KeyMetadata"] for _ in range(8)]
    ids = [m["KeyId"] for m in made]
    assert len(set(ids)) == len(ids)
    for metadata in made:
        assert UUID.fullmatch(metadata["KeyId"])
        assert metadata["Arn"] == f"arn:aws:kms:us-east-1:{ALICE.id}:key/{metadata['KeyId']}"
        assert metadata["CurrentKeyMaterialId"][:8] != metadata["KeyId"][:8]


# KEY-151, KEY-152
def test_a_new_key_is_usable_at_once_and_has_no_alias(kms):
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key_id, Plaintext=b"at once")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"at once"
    assert kms.list_aliases(KeyId=key_id)["Aliases"] == []


# KEY-37
def test_the_deprecated_spec_member_is_accepted_and_both_are_returned(kms):
    created = kms.create_key(CustomerMasterKeySpec="SYMMETRIC_DEFAULT")["KeyMetadata"]
    described = kms.describe_key(KeyId=created["KeyId"])["KeyMetadata"]
    for metadata in (created, described):
        assert metadata["KeySpec"] == metadata["CustomerMasterKeySpec"] == "SYMMETRIC_DEFAULT"
    with refused("ValidationException", "KeyUsage SIGN_VERIFY is not compatible with KeySpec HMAC_256"):
        kms.create_key(CustomerMasterKeySpec="HMAC_256", KeyUsage="SIGN_VERIFY")


# KEY-149
def test_usage_may_be_omitted_for_symmetric_keys_only(kms):
    with refused(
        "ValidationException",
        "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
    ):
        kms.create_key(KeySpec="RSA_2048")
    with refused("ValidationException", "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048"):
        kms.create_key(KeySpec="RSA_2048", KeyUsage="KEY_AGREEMENT")


@pytest.mark.parametrize("usage", ["SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"])
def test_a_symmetric_key_has_the_one_usage_of_its_spec(kms, usage):
    with refused("ValidationException", f"KeyUsage {usage} is not compatible with KeySpec SYMMETRIC_DEFAULT"):
        kms.create_key(KeyUsage=usage)


# KEY-1, KEY-36, KEY-42, KEY-150, KEY-316, KEY-30
def test_configuration_never_changes_while_the_rest_does(kms, alias_name):
    created = kms.create_key(Description="first", Tags=[{"TagKey": "a", "TagValue": "1"}])["KeyMetadata"]
    key_id = created["KeyId"]
    kms.update_key_description(KeyId=key_id, Description="second")
    kms.create_alias(AliasName=alias_name, TargetKeyId=key_id)
    kms.tag_resource(KeyId=key_id, Tags=[{"TagKey": "b", "TagValue": "2"}])
    policy = json.loads(kms.get_key_policy(KeyId=key_id)["Policy"])
    policy["Id"] = "changed"
    kms.put_key_policy(KeyId=key_id, Policy=json.dumps(policy))
    kms.disable_key(KeyId=key_id)
    kms.enable_key(KeyId=key_id)
    described = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    assert described == {**created, "Description": "second"}
    assert (described["KeySpec"], described["KeyUsage"]) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    assert described["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
    kms.delete_alias(AliasName=alias_name)


# KEY-63
def test_metadata_never_holds_aliases_tags_policy_or_grants(kms, alias_name):
    key_id = kms.create_key(Tags=[{"TagKey": "a", "TagValue": "1"}])["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=alias_name, TargetKeyId=key_id)
    names = set(kms.describe_key(KeyId=key_id)["KeyMetadata"])
    assert not [n for n in names if re.search("alias|tag|policy|grant|rotation", n, re.I)]
    kms.delete_alias(AliasName=alias_name)


# KEY-323
def test_a_description_is_replaced_and_cleared(kms, key):
    for text in ("one", "two, δύο", "x" * 8192, ""):
        answer = kms.update_key_description(KeyId=key["Arn"], Description=text)
        assert set(answer) == {"ResponseMetadata"}
        assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Description"] == text


# KEY-363, KEY-364
def test_disabling_and_enabling_are_idempotent_and_change_only_the_state(kms, key):
    for _ in range(2):
        assert kms.disable_key(KeyId=key["KeyId"])["ResponseMetadata"]["HTTPStatusCode"] == 200
    disabled = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert disabled == {**key, "Enabled": False, "KeyState": "Disabled"}
    for _ in range(2):
        assert kms.enable_key(KeyId=key["Arn"])["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] == key


# KEY-365, KEY-110
def test_a_disabled_key_refuses_every_cryptographic_operation_and_no_other(kms, key, alias_name):
    key_id, arn = key["KeyId"], key["Arn"]
    sealed = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    second = kms.create_key()["KeyMetadata"]["KeyId"]
    foreign = kms.encrypt(KeyId=second, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key_id)
    message = f"{arn} is disabled."
    for call in (
        lambda: kms.encrypt(KeyId=key_id, Plaintext=b"x"),
        lambda: kms.decrypt(CiphertextBlob=sealed),
        lambda: kms.decrypt(CiphertextBlob=sealed, KeyId=key_id),
        lambda: kms.generate_data_key(KeyId=key_id, KeySpec="AES_256"),
        lambda: kms.generate_data_key_without_plaintext(KeyId=key_id, KeySpec="AES_256"),
        lambda: kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=second),
        lambda: kms.re_encrypt(CiphertextBlob=foreign, DestinationKeyId=key_id),
    ):
        with refused("DisabledException", message):
            call()
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Disabled"
    kms.update_key_description(KeyId=key_id, Description="still managed")
    kms.tag_resource(KeyId=key_id, Tags=[{"TagKey": "a", "TagValue": "1"}])
    assert kms.list_resource_tags(KeyId=key_id)["Tags"] == [{"TagKey": "a", "TagValue": "1"}]
    assert kms.get_key_policy(KeyId=key_id)["PolicyName"] == "default"
    kms.create_alias(AliasName=alias_name, TargetKeyId=key_id)
    kms.delete_alias(AliasName=alias_name)
    assert key_id in {k["KeyId"] for k in all_pages(kms, "list_keys", "Keys")}


# KEY-366
def test_a_data_key_lives_and_dies_with_its_key(kms, key):
    made = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
    kms.disable_key(KeyId=key["KeyId"])
    with refused("DisabledException"):
        kms.decrypt(CiphertextBlob=made["CiphertextBlob"])
    kms.enable_key(KeyId=key["KeyId"])
    again = kms.decrypt(CiphertextBlob=made["CiphertextBlob"])
    assert again["Plaintext"] == made["Plaintext"]
    assert again["KeyMaterialId"] == key["CurrentKeyMaterialId"]


# KEY-309, KEY-314
def test_all_keys_of_account_and_region_are_listed_once_and_no_others(kms, west, other):
    mine = {kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(5)}
    kms.disable_key(KeyId=min(mine))
    away = {west.create_key()["KeyMetadata"]["KeyId"], other.create_key()["KeyMetadata"]["KeyId"]}
    for size in (1, 2, 3, 1000):
        listed = all_pages(kms, "list_keys", "Keys", PaginationConfig={"PageSize": size})
        ids = [k["KeyId"] for k in listed]
        assert len(set(ids)) == len(ids)
        assert mine <= set(ids) and not away & set(ids)
        assert all(k["KeyArn"] == f"arn:aws:kms:us-east-1:{ALICE.id}:key/{k['KeyId']}" for k in listed)
        assert all(set(k) == {"KeyId", "KeyArn"} for k in listed)


# KEY-314
def test_a_marker_is_present_exactly_when_a_page_is_truncated(kms):
    for _ in range(3):
        kms.create_key()
    first = kms.list_keys(Limit=2)
    assert first["Truncated"] is True and first["NextMarker"] and len(first["Keys"]) <= 2
    last = kms.list_keys(Limit=1000)
    while last["Truncated"]:
        last = kms.list_keys(Limit=1000, Marker=last["NextMarker"])
    assert last["Truncated"] is False and "NextMarker" not in last
    assert "InvalidMarkerException" == invalid_marker(kms.list_keys, Marker="forged")
    # A marker of one list, or of another Region, opens no other list.
    assert "InvalidMarkerException" == invalid_marker(kms.list_aliases, Marker=first["NextMarker"])
    damaged = first["NextMarker"][:-2] + ("AA" if not first["NextMarker"].endswith("AA") else "BB")
    assert "InvalidMarkerException" == invalid_marker(kms.list_keys, Marker=damaged)


def invalid_marker(operation, **arguments):
    with pytest.raises(Exception) as caught:
        operation(**arguments)
    return caught.value.response["Error"]["Code"]


# KEY-5
def test_the_manager_tells_the_class_of_a_key(kms, key):
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyManager"] == "CUSTOMER"
    managed = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert managed["KeyManager"] == "AWS"


def test_any_identifier_in_any_state_describes_a_key(kms, key, alias_name):
    kms.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    alias_arn = f"arn:aws:kms:us-east-1:{ALICE.id}:{alias_name}"
    for change, state in ((kms.disable_key, "Disabled"), (kms.enable_key, "Enabled")):
        change(KeyId=key["KeyId"])
        for name in (key["KeyId"], key["Arn"], alias_name, alias_arn):
            described = kms.describe_key(KeyId=name)["KeyMetadata"]
            assert (described["Arn"], described["KeyState"]) == (key["Arn"], state)
    with refused("InvalidGrantTokenException"):
        kms.describe_key(KeyId=key["KeyId"], GrantTokens=["token"])
    kms.delete_alias(AliasName=alias_name)


def test_a_key_belongs_to_the_account_that_made_it(kms, other, key):
    assert key["AWSAccountId"] == ALICE.id
    with refused("AccessDeniedException"):
        other.describe_key(KeyId=key["Arn"])
    with refused("AccessDeniedException"):
        other.encrypt(KeyId=key["Arn"], Plaintext=b"x")


def test_no_operation_removes_the_material_of_a_key_alone(kms, key):
    with refused("UnsupportedOperationException"):
        kms.delete_imported_key_material(KeyId=key["KeyId"])
    assert kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["KeyId"] == key["Arn"]
