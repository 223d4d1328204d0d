"""Tags as what decides about keys: of the key, of the request, and who may change them."""

import json

import pytest
from harness.identities import POWER_USER, Role, User, allowed, fresh, key_under, policy, statement, tags, to
from harness.server import ALICE, BOB

TAGGING = ["kms:TagResource", "kms:UntagResource"]
KEYS = f"arn:aws:kms:*:{ALICE.id}:key/*"


def conditional(actions, condition, effect="Allow", resource="*"):
    return {**statement(actions, resource, effect=effect), "Condition": condition}


def tags_of(kms, key):
    return {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]}


# KEY-341, KEY-344
def test_who_may_tag_by_the_policy_of_the_key(server, kms, iam, user):
    leads = [User(server, iam, ALICE, fresh(name)) for name in ("LeadAdmin", "SupportLead")]
    others = [Role(user), Role(user)]
    key = key_under(
        kms,
        to([lead.arn for lead in leads], statement([*TAGGING, "kms:ListResourceTags"])),
        to([other.arn for other in others], statement("kms:ListResourceTags")),
    )
    kms.tag_resource(KeyId=key["KeyId"], Tags=tags(Purpose="Test"))
    callers = [(lead.client(), True) for lead in leads]
    callers += [(other.client(), False) for other in others]
    for calling, may_tag in callers:
        assert allowed(calling.list_resource_tags, KeyId=key["KeyId"])
        assert allowed(calling.tag_resource, KeyId=key["KeyId"], Tags=tags(Team="Blue")) is may_tag
        assert allowed(calling.untag_resource, KeyId=key["KeyId"], TagKeys=["Team"]) is may_tag
    assert tags_of(kms, key) == {"Purpose": "Test"}


# KEY-341
def test_who_may_tag_by_iam_policies_if_the_key_lets_them_count(kms, user, key):
    client = user.client()
    user.may(statement([*TAGGING, "kms:ListResourceTags"], KEYS))
    alone = to(f"arn:aws:iam::{ALICE.id}:root", statement("kms:*", StringEquals={"aws:PrincipalType": "Account"}))
    for counts in (True, False):
        if not counts:
            kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(alone)))
        assert allowed(client.tag_resource, KeyId=key["KeyId"], Tags=tags(a="b")) is counts
        assert allowed(client.list_resource_tags, KeyId=key["KeyId"]) is counts
        assert allowed(client.untag_resource, KeyId=key["KeyId"], TagKeys=["a"]) is counts


def test_a_power_user_tags_every_key(kms, iam, user, key):
    iam.attach_user_policy(UserName=user.name, PolicyArn=POWER_USER)
    client = user.client()
    assert allowed(client.tag_resource, KeyId=key["KeyId"], Tags=tags(a="b"))
    assert allowed(client.list_resource_tags, KeyId=key["KeyId"])
    assert allowed(client.untag_resource, KeyId=key["KeyId"], TagKeys=["a"])


# AUTHZ-194, AUTHZ-195, KEY-347, KEY-352
@pytest.mark.parametrize("operator", ["StringEquals", "StringLike"])
def test_the_tag_of_a_key_is_what_an_iam_policy_goes_by(kms, user, operator):
    """It says nothing where the key's policy does not let IAM policies count, nor where there is no key."""
    tagged = kms.create_key(Tags=tags(Project="Alpha-1"))["KeyMetadata"]
    other = kms.create_key(Tags=tags(Project="Beta-1"))["KeyMetadata"]
    bare = kms.create_key()["KeyMetadata"]
    alone = to(f"arn:aws:iam::{ALICE.id}:root", statement("kms:*", StringEquals={"aws:PrincipalType": "Account"}))
    closed = kms.create_key(Tags=tags(Project="Alpha-1"), Policy=json.dumps(policy(alone)))["KeyMetadata"]
    value = "Alpha-1" if operator == "StringEquals" else "Alpha*"
    actions = ["kms:GetKeyPolicy", *TAGGING, "kms:ListKeys", "kms:ListAliases"]
    user.may(conditional(actions, {operator: {"aws:ResourceTag/Project": value}}))
    client = user.client()
    for key, passes in ((tagged, True), (other, False), (bare, False), (closed, False)):
        assert allowed(client.get_key_policy, KeyId=key["KeyId"]) is passes
        assert allowed(client.tag_resource, KeyId=key["KeyId"], Tags=tags(Other="x")) is passes
        assert allowed(client.untag_resource, KeyId=key["KeyId"], TagKeys=["Other"]) is passes
    assert not allowed(client.list_keys) and not allowed(client.list_aliases)


# AUTHZ-203
def test_only_a_tag_of_this_value_may_go(kms, user, key):
    kms.tag_resource(KeyId=key["KeyId"], Tags=tags(Purpose="Test", Team="Blue"))
    user.may(conditional(TAGGING, {"StringEquals": {"aws:RequestTag/Purpose": "Test"}}))
    client = user.client()
    assert not allowed(client.untag_resource, KeyId=key["KeyId"], TagKeys=["Team"])
    assert allowed(client.untag_resource, KeyId=key["KeyId"], TagKeys=["Purpose"])
    assert tags_of(kms, key) == {"Team": "Blue"}
    assert not allowed(client.tag_resource, KeyId=key["KeyId"], Tags=tags(Purpose="Production"))
    kms.tag_resource(KeyId=key["KeyId"], Tags=tags(Purpose="Production"))
    assert not allowed(client.untag_resource, KeyId=key["KeyId"], TagKeys=["Purpose"])
    kms.untag_resource(KeyId=key["KeyId"], TagKeys=["Purpose"])
    assert allowed(client.tag_resource, KeyId=key["KeyId"], Tags=tags(Purpose="Test"))


# KEY-350, AUTHZ-34, AUTHZ-35
def test_the_tags_of_a_request_are_a_set(user, key):
    client = user.client()
    some = {"ForAnyValue:StringEquals": {"aws:TagKeys": ["Purpose", "Team"]}}
    every = {"ForAllValues:StringEquals": {"aws:TagKeys": ["Purpose", "Team"]}}
    for condition, expected in ((some, [True, True, True, False]), (every, [True, True, False, False])):
        user.may(conditional(["kms:CreateKey", *TAGGING], condition))
        answers = []
        for names in (["Purpose"], ["Purpose", "Team"], ["Purpose", "Other"], ["Other"]):
            given = tags(**dict.fromkeys(names, "x"))
            answer = allowed(client.tag_resource, KeyId=key["KeyId"], Tags=given)
            assert allowed(client.create_key, Tags=given) is answer, names
            assert allowed(client.untag_resource, KeyId=key["KeyId"], TagKeys=names) is answer, names
            answers.append(answer)
        assert answers == expected, condition
    # Without any tag there is nothing of which all are listed.
    assert allowed(client.create_key)
    user.may(conditional("kms:CreateKey", some))
    assert not allowed(client.create_key)


# AUTHZ-209
def test_whoever_may_set_some_tags_only(user, key):
    only = {
        "StringEquals": {"aws:RequestTag/Stage": ["Test", "Beta"]},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["Stage"]},
    }
    user.may(conditional(TAGGING, only))
    client = user.client()
    for given, passes in (
        (tags(Stage="Test"), True),
        (tags(stage="Beta"), False),
        (tags(Stage="Production"), False),
        (tags(Stage="Test", Project="Alpha"), False),
        (tags(Project="Alpha"), False),
    ):
        assert allowed(client.tag_resource, KeyId=key["KeyId"], Tags=given) is passes, given


# KEY-349
def test_what_kind_of_key_may_be_tagged(user, key):
    client = user.client()
    for condition, passes in (
        ({"kms:CallerAccount": ALICE.id}, True),
        ({"kms:CallerAccount": BOB.id}, False),
        ({"kms:KeySpec": "SYMMETRIC_DEFAULT"}, True),
        ({"kms:KeySpec": "HMAC_256"}, False),
        ({"kms:KeyUsage": "ENCRYPT_DECRYPT"}, True),
        ({"kms:KeyUsage": "SIGN_VERIFY"}, False),
        ({"kms:KeyOrigin": "AWS_KMS"}, True),
        ({"kms:KeyOrigin": "EXTERNAL"}, False),
        ({"kms:ViaService": "ec2.us-east-1.amazonaws.com"}, False),
    ):
        user.may(conditional(TAGGING, {"StringEquals": condition}))
        assert allowed(client.tag_resource, KeyId=key["KeyId"], Tags=tags(a="b")) is passes, condition
        assert allowed(client.untag_resource, KeyId=key["KeyId"], TagKeys=["a"]) is passes, condition


# KEY-355, AUTHZ-194
def test_a_tag_that_is_made_again_matches_again(kms, user, key):
    user.may(conditional("kms:Encrypt", {"StringEquals": {"aws:ResourceTag/Project": "Alpha"}}, resource=KEYS))
    client = user.client()
    for spelled in ("Project", "Project", "project"):
        assert not allowed(client.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
        kms.tag_resource(KeyId=key["KeyId"], Tags=tags(**{spelled: "Alpha"}))
        assert allowed(client.encrypt, KeyId=key["KeyId"], Plaintext=b"x"), "names are told without case"
        kms.tag_resource(KeyId=key["KeyId"], Tags=tags(**{spelled: "alpha"}))
        assert not allowed(client.encrypt, KeyId=key["KeyId"], Plaintext=b"x"), "values are told with case"
        kms.untag_resource(KeyId=key["KeyId"], TagKeys=[spelled])


def test_whoever_may_tag_gives_away_what_tags_decide(server, iam, kms, user, key):
    """Neither the policies of the user nor those of the key change."""
    tagger = User(server, iam, ALICE, fresh("tagger"))
    tagger.may(statement(TAGGING))
    user.may(conditional("kms:Decrypt", {"StringEquals": {"aws:ResourceTag/Project": "Alpha"}}))
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert not allowed(user.client().decrypt, CiphertextBlob=sealed)
    tagger.client().tag_resource(KeyId=key["KeyId"], Tags=tags(Project="Alpha"))
    assert allowed(user.client().decrypt, CiphertextBlob=sealed)
    tagger.client().untag_resource(KeyId=key["KeyId"], TagKeys=["Project"])
    assert not allowed(user.client().decrypt, CiphertextBlob=sealed)
