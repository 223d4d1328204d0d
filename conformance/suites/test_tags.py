"""Tags of keys."""

import pytest
from harness.clients import all_pages, refused
from harness.server import ALICE


def tag(key, value=""):
    return {"TagKey": key, "TagValue": value}


def tags(kms, key):
    return all_pages(kms, "list_resource_tags", "Tags", KeyId=key["KeyId"])


# KEY-334, KEY-337, KEY-326, KEY-313
def test_a_key_is_made_with_its_tags(kms):
    wanted = [tag("Project", "Alpha"), tag("project", "beta"), tag("empty", "")]
    answer = kms.create_key(Tags=wanted)
    assert "Tags" not in answer["KeyMetadata"]
    listed = kms.list_resource_tags(KeyId=answer["KeyMetadata"]["Arn"])
    assert sorted(listed["Tags"], key=str) == sorted(wanted, key=str)
    assert listed["Truncated"] is False and "NextMarker" not in listed


# KEY-334
def test_a_key_whose_tags_are_refused_is_not_made(kms):
    before = len(all_pages(kms, "list_keys", "Keys"))
    with refused("TagException"):
        kms.create_key(Tags=[tag("a"), tag("a")])
    with refused("TagException"):
        kms.create_key(Tags=[tag("aws:a")])
    assert len(all_pages(kms, "list_keys", "Keys")) == before


# KEY-335, KEY-336
def test_tagging_adds_and_replaces_and_untagging_removes(kms, key):
    answer = kms.tag_resource(KeyId=key["KeyId"], Tags=[tag("a", "1"), tag("b", "2")])
    assert set(answer) == {"ResponseMetadata"}
    kms.tag_resource(KeyId=key["Arn"], Tags=[tag("b", "3"), tag("c", "4")])
    assert tags(kms, key) == [tag("a", "1"), tag("b", "3"), tag("c", "4")]
    answer = kms.untag_resource(KeyId=key["KeyId"], TagKeys=["a", "never-there"])
    assert set(answer) == {"ResponseMetadata"}
    assert tags(kms, key) == [tag("b", "3"), tag("c", "4")]


# KEY-327, KEY-326
def test_tag_keys_are_unique_in_a_key_and_case_sensitive(kms, key):
    for call in (
        lambda: kms.create_key(Tags=[tag("x", "1"), tag("x", "2")]),
        lambda: kms.tag_resource(KeyId=key["KeyId"], Tags=[tag("x", "1"), tag("x", "1")]),
    ):
        with refused("TagException", "Duplicate tag keys"):
            call()
    kms.tag_resource(KeyId=key["KeyId"], Tags=[tag("x", "1"), tag("X", "2")])
    second = kms.create_key(Tags=[tag("x", "1")])["KeyMetadata"]
    assert len(tags(kms, key)) == 2 and tags(kms, second) == [tag("x", "1")]


# KEY-328
def test_fifty_tags_at_most(kms, key):
    fifty = [tag(f"k{n:02}", str(n)) for n in range(50)]
    kms.create_key(Tags=fifty)
    with refused("TagException", "Too many tags"):
        kms.create_key(Tags=[*fifty, tag("k50")])
    kms.tag_resource(KeyId=key["KeyId"], Tags=fifty)
    kms.tag_resource(KeyId=key["KeyId"], Tags=[tag("k00", "replaced")])
    with refused("TagException", "Too many tags"):
        kms.tag_resource(KeyId=key["KeyId"], Tags=[tag("one-more")])
    assert len(tags(kms, key)) == 50
    for size in (1, 7, 50):
        pages = all_pages(kms, "list_resource_tags", "Tags", KeyId=key["KeyId"], PaginationConfig={"PageSize": size})
        assert [t["TagKey"] for t in pages] == [f"k{n:02}" for n in range(50)]


# KEY-329
def test_reserved_and_overlong_tags_are_refused(kms, key):
    for reserved in ("aws:mine", "AWS:mine", "Aws:x"):
        for call in (
            lambda reserved=reserved: kms.create_key(Tags=[tag(reserved)]),
            lambda reserved=reserved: kms.tag_resource(KeyId=key["KeyId"], Tags=[tag(reserved)]),
        ):
            with refused("TagException", "Tags beginning with aws: are reserved"):
                call()
    long = "k" * 129
    for call in (
        lambda: kms.create_key(Tags=[tag(long)]),
        lambda: kms.tag_resource(KeyId=key["KeyId"], Tags=[tag(long)]),
    ):
        with refused(
            "ValidationException",
            f"1 validation error detected: Value '{long}' at 'tags.1.member.tagKey' failed to satisfy constraint: "
            "Member must have length less than or equal to 128",
        ):
            call()
    kms.tag_resource(KeyId=key["KeyId"], Tags=[tag("k" * 128, "v" * 256)])
    assert tags(kms, key) == [tag("k" * 128, "v" * 256)]


# KEY-330, KEY-338
def test_only_own_customer_keys_are_tagged(kms, other, west, key, alias_name):
    kms.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    alias_arn = f"arn:aws:kms:us-east-1:{ALICE.id}:{alias_name}"
    for name in (alias_name, alias_arn):
        with pytest.raises(kms.exceptions.ClientError) as caught:
            kms.tag_resource(KeyId=name, Tags=[tag("a")])
        assert caught.value.response["Error"]["Code"] in ("NotFoundException", "InvalidArnException")
    managed = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"]
    with refused("AccessDeniedException"):
        kms.tag_resource(KeyId=managed, Tags=[tag("a")])
    for call in (
        lambda: other.tag_resource(KeyId=key["Arn"], Tags=[tag("a")]),
        lambda: other.untag_resource(KeyId=key["Arn"], TagKeys=["a"]),
        lambda: other.list_resource_tags(KeyId=key["Arn"]),
    ):
        with refused("AccessDeniedException"):
            call()
    with refused("NotFoundException", "Invalid arn us-east-1"):
        west.list_resource_tags(KeyId=key["Arn"])
    assert tags(kms, key) == []
    kms.delete_alias(AliasName=alias_name)


def test_a_disabled_key_is_tagged_and_untagged(kms, key):
    kms.disable_key(KeyId=key["KeyId"])
    kms.tag_resource(KeyId=key["KeyId"], Tags=[tag("a", "1")])
    assert tags(kms, key) == [tag("a", "1")]
    kms.untag_resource(KeyId=key["KeyId"], TagKeys=["a"])
    assert tags(kms, key) == []


# KEY-339
def test_empty_lists_are_refused(kms, key):
    with refused("ValidationException"):
        kms.tag_resource(KeyId=key["KeyId"], Tags=[])
    with refused("ValidationException"):
        kms.untag_resource(KeyId=key["KeyId"], TagKeys=[])
