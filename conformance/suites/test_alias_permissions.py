"""Who may manage aliases, and what aliases have to do with who may use keys."""

import json

import pytest
from harness.clients import all_pages, refused
from harness.identities import POWER_USER, User, allowed, fresh, key_under, policy, statement, to
from harness.server import ALICE, BOB

MANAGING = ["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"]
KEYS = f"arn:aws:kms:*:{ALICE.id}:key/*"


def arn(name, account=ALICE, region="us-east-1"):
    return f"arn:aws:kms:{region}:{account.id}:{name}"


def manages(client, kms, key, other, name):
    """Whether an alias may be made, moved and deleted: three answers. It is gone afterwards."""
    made = allowed(client.create_alias, AliasName=name, TargetKeyId=key["KeyId"])
    if not made:
        kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    moved = allowed(client.update_alias, AliasName=name, TargetKeyId=other["KeyId"])
    deleted = allowed(client.delete_alias, AliasName=name)
    if not deleted:
        kms.delete_alias(AliasName=name)
    return made, moved, deleted


@pytest.fixture
def other_key(kms):
    return kms.create_key()["KeyMetadata"]


# KEY-226, KEY-224
def test_the_side_of_the_alias_and_that_of_the_key_are_both_needed(kms, user, key, other_key, alias_name):
    on_alias, on_keys = statement(MANAGING, arn(alias_name)), statement(MANAGING, KEYS)
    client = user.client()
    for statements, answer in (([on_alias], False), ([on_keys], False), ([on_alias, on_keys], True)):
        user.may(*statements)
        assert manages(client, kms, key, other_key, alias_name) == (answer,) * 3, statements


# KEY-227
def test_a_key_policy_gives_the_side_of_the_key_and_never_that_of_the_alias(kms, user, alias_name):
    named = to(user.arn, statement("kms:*"))
    key, other_key = key_under(kms, named), key_under(kms, named)
    client = user.client()
    user.may(statement("kms:ListAliases"))
    assert manages(client, kms, key, other_key, alias_name) == (False,) * 3
    user.may(statement(MANAGING, arn(alias_name)))
    assert manages(client, kms, key, other_key, alias_name) == (True,) * 3
    # A key policy that leaves nothing to IAM policies leaves them nothing here either.
    alone = policy(
        to(f"arn:aws:iam::{ALICE.id}:root", statement("kms:*", StringEquals={"aws:PrincipalType": "Account"}))
    )
    for each in (key, other_key):
        kms.put_key_policy(KeyId=each["KeyId"], Policy=json.dumps(alone))
    user.may(statement(MANAGING))
    assert manages(client, kms, key, other_key, alias_name) == (False,) * 3
    # There is no grant that would let anybody manage aliases.
    with refused("ValidationException"):
        kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=user.arn, Operations=["CreateAlias"])


# KEY-225
def test_listing_aliases_needs_permission_on_everything_and_on_no_key(kms, user, key, alias_name):
    kms.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    stop = {**statement("kms:ListAliases", key["Arn"], effect="Deny")}
    client = user.client()
    for resource, listed in ((key["Arn"], False), (arn(alias_name), False), ("*", True), (arn("*"), True)):
        user.may(statement("kms:ListAliases", resource), stop)
        assert allowed(client.list_aliases) is listed, resource
        assert allowed(client.list_aliases, KeyId=key["KeyId"]) is listed, resource
    assert alias_name in [each["AliasName"] for each in all_pages(client, "list_aliases", "Aliases")]


# KEY-228, AUTHZ-209
def test_patterns_of_alias_arns(kms, user, key, other_key):
    client = user.client()
    mine, others = f"alias/test-{fresh('a')}", f"alias/{fresh('b')}"
    for resource, answers in (
        (arn(mine), (True, False)),
        ([arn(mine), arn("alias/of-nobody")], (True, False)),
        (arn("alias/test*"), (True, False)),
        (arn("alias/*"), (True, True)),
        (arn("alias/*", region="us-west-2"), (False, False)),
        ("*", (True, True)),
    ):
        user.may(statement(MANAGING, KEYS), statement(MANAGING, resource))
        for name, answer in zip((mine, others), answers, strict=True):
            assert manages(client, kms, key, other_key, name) == (answer,) * 3, (resource, name)
    user.may(statement("kms:Create*"))
    assert manages(client, kms, key, other_key, mine) == (True, False, False)


# KEY-229
def test_an_alias_pattern_that_is_denied(kms, user, key, other_key):
    stop = statement(MANAGING, arn("alias/Restricted*"), effect="Deny")
    user.may(statement(MANAGING, KEYS), statement(MANAGING, arn("alias/*")), stop)
    client = user.client()
    for name, answer in ((f"alias/Restricted-{fresh('a')}", False), (f"alias/restricted-{fresh('a')}", True)):
        assert manages(client, kms, key, other_key, name) == (answer,) * 3, name


# KEY-230, KEY-238
def test_conditions_on_the_key_that_an_alias_is_for(kms, user, key, other_key, alias_name):
    on_alias = statement(MANAGING, arn("alias/*"))
    client = user.client()
    for condition, answer in (
        ({"kms:KeyOrigin": "AWS_KMS"}, True),
        ({"kms:KeyOrigin": "EXTERNAL"}, False),
        ({"kms:KeySpec": ["SYMMETRIC_DEFAULT", "RSA_2048"]}, True),
        ({"kms:KeySpec": "RSA_2048"}, False),
    ):
        user.may(on_alias, statement(MANAGING, KEYS, StringEquals=condition))
        assert manages(client, kms, key, other_key, alias_name) == (answer,) * 3, condition
    # Both keys must carry an alias of this name already, whichever alias is moved.
    restricted = {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/restricted*"}}
    user.may(on_alias, {**statement("kms:UpdateAlias", KEYS), "Condition": restricted})
    kms.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    move = {"AliasName": alias_name, "TargetKeyId": other_key["KeyId"]}
    for each, answer in ((None, False), (key, False), (other_key, True)):
        if each:
            kms.create_alias(AliasName=f"alias/restricted-{each['KeyId']}", TargetKeyId=each["KeyId"])
        assert allowed(client.update_alias, **move) is answer


# KEY-231, AUTHZ-167, KEY-236
def test_no_condition_of_kms_tells_of_an_alias(kms, user, key, other_key, alias_name):
    """On the alias every one of them is absent; on the key, `kms:RequestAlias` is, in operations on aliases."""
    client = user.client()
    kms.create_alias(AliasName="alias/" + fresh("first"), TargetKeyId=key["KeyId"])
    kms.create_alias(AliasName="alias/" + fresh("first"), TargetKeyId=other_key["KeyId"])
    for operator, condition in (
        ("StringEquals", {"kms:KeyOrigin": "AWS_KMS"}),
        ("StringEquals", {"kms:KeySpec": "SYMMETRIC_DEFAULT"}),
        ("StringEquals", {"kms:CallerAccount": ALICE.id}),
        ("ForAnyValue:StringLike", {"kms:ResourceAliases": "alias/*"}),
        ("StringLike", {"kms:RequestAlias": "alias/*"}),
    ):
        limited = {**statement(MANAGING, arn("alias/*")), "Condition": {operator: condition}}
        user.may(statement(MANAGING, KEYS), limited)
        assert manages(client, kms, key, other_key, alias_name) == (False,) * 3, condition
    on_keys = statement([*MANAGING, "kms:GenerateRandom"], StringLike={"kms:RequestAlias": "alias/*"})
    user.may(statement(MANAGING, arn("alias/*")), on_keys)
    assert manages(client, kms, key, other_key, alias_name) == (False,) * 3
    assert not allowed(client.generate_random, NumberOfBytes=8)


# KEY-232
def test_an_alias_arn_as_resource_is_not_the_key_behind_it(kms, user, key, alias_name):
    kms.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    client = user.client()
    for resource, answer in ((arn(alias_name), False), ([arn(alias_name), arn("alias/*")], False), (key["Arn"], True)):
        user.may(statement(["kms:Encrypt", "kms:DescribeKey"], resource))
        for named in (alias_name, arn(alias_name), key["KeyId"]):
            assert allowed(client.encrypt, KeyId=named, Plaintext=b"x") is answer, (resource, named)
            assert allowed(client.describe_key, KeyId=named) is answer


# KEY-233
def test_a_power_user_makes_and_deletes_aliases_and_does_not_move_them(kms, iam, user, key, other_key, alias_name):
    iam.attach_user_policy(UserName=user.name, PolicyArn=POWER_USER)
    client = user.client()
    assert manages(client, kms, key, other_key, alias_name) == (True, False, True)
    assert allowed(client.list_aliases)


# KEY-237, KEY-236, AUTHZ-164, AUTHZ-199
def test_a_pattern_of_the_alias_that_a_request_uses(kms, user):
    actions = ["kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"]
    name, another = f"alias/{fresh('project')}-alpha-1", f"alias/{fresh('other')}"
    client = user.client()

    def answers(key):
        assert not allowed(client.encrypt, KeyId=name, Plaintext=b"x"), "it is not listed"
        sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
        assert not allowed(client.decrypt, CiphertextBlob=sealed), "the request uses no alias"
        found = []
        for named in (name, arn(name), key["KeyId"], key["Arn"], another):
            answer = allowed(client.describe_key, KeyId=named)
            assert allowed(client.generate_data_key, KeyId=named, KeySpec="AES_256") is answer, named
            assert allowed(client.decrypt, KeyId=named, CiphertextBlob=sealed) is answer, named
            found.append(answer)
        return found

    by_name = statement(actions, StringLike={"kms:RequestAlias": "alias/*alpha*"})
    by_arn = statement(actions, StringLike={"kms:RequestAlias": [arn("alias/*alpha*"), "arn:aws:kms:*"]})
    for made, expected in ((by_name, [True, True, False, False, False]), (by_arn, [False] * 5)):
        for by_key_policy in (True, False):
            key = key_under(kms, to(user.arn, made)) if by_key_policy else key_under(kms)
            user.may(statement("kms:ListAliases") if by_key_policy else made)
            for alias in (name, another):
                kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
            assert answers(key) == expected, made
            for alias in (name, another):
                kms.delete_alias(AliasName=alias)


# KEY-240, AUTHZ-198
def test_an_alias_that_is_made_again_matches_again(kms, user, key, other_key):
    name, later = f"alias/restricted-{fresh('a')}", f"alias/restricted-{fresh('b')}"
    restricted = {"ForAnyValue:StringLike": {"kms:ResourceAliases": f"{name[:-10]}*"}}
    user.may({**statement("kms:GetKeyPolicy", KEYS), "Condition": restricted})
    client = user.client()
    for alias in (name, name, name[:-10] + "-more"):
        assert not allowed(client.get_key_policy, KeyId=key["KeyId"])
        kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
        assert allowed(client.get_key_policy, KeyId=key["KeyId"])
        assert not allowed(client.get_key_policy, KeyId=other_key["KeyId"])
        kms.delete_alias(AliasName=alias)
    kms.create_alias(AliasName=later, TargetKeyId=key["KeyId"])
    assert not allowed(client.get_key_policy, KeyId=key["KeyId"]), "another name"


# AUTHZ-206
def test_a_pattern_is_a_group_of_keys_and_a_name_is_one_key(kms, west, user):
    group = f"alias/{fresh('test')}"
    admins = {"us-east-1": kms, "us-west-2": west}
    keys = {(region, n): admin.create_key()["KeyMetadata"] for region, admin in admins.items() for n in (1, 2, 3)}
    for (region, n), key in keys.items():
        if n < 3:
            admins[region].create_alias(AliasName=f"{group}-{n}", TargetKeyId=key["KeyId"])

    def usable(condition):
        user.may({**statement("kms:DescribeKey", KEYS), "Condition": condition})
        return [at for at, key in keys.items() if allowed(user.client(region=at[0]).describe_key, KeyId=key["Arn"])]

    assert usable({"ForAnyValue:StringLike": {"kms:ResourceAliases": f"{group}*"}}) == [at for at in keys if at[1] < 3]
    exact = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": f"{group}-1"}}
    assert usable(exact) == [("us-east-1", 1), ("us-west-2", 1)]
    with refused("AlreadyExistsException"):
        kms.create_alias(AliasName=f"{group}-1", TargetKeyId=keys["us-east-1", 2]["KeyId"])


# AUTHZ-214
def test_what_was_encrypted_under_an_alias_that_has_moved(kms, user, key, other_key, alias_name):
    kms.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias_name}}
    user.may({**statement(["kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*"]), "Condition": condition})
    client = user.client()
    sealed = client.encrypt(KeyId=alias_name, Plaintext=b"x")["CiphertextBlob"]
    assert client.decrypt(KeyId=alias_name, CiphertextBlob=sealed)["Plaintext"] == b"x"
    kms.update_alias(AliasName=alias_name, TargetKeyId=other_key["KeyId"])
    with refused("IncorrectKeyException"):
        client.decrypt(KeyId=alias_name, CiphertextBlob=sealed)
    with refused("IncorrectKeyException"):
        client.re_encrypt(SourceKeyId=alias_name, DestinationKeyId=alias_name, CiphertextBlob=sealed)
    assert not allowed(client.decrypt, CiphertextBlob=sealed)
    assert not allowed(client.re_encrypt, DestinationKeyId=alias_name, CiphertextBlob=sealed)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"


# KEY-76
def test_an_alias_arn_is_looked_up_where_it_says(server, kms, others_iam, other, key, alias_name):
    """The caller has an alias of the same name, for a key of its own."""
    stranger = User(server, others_iam, BOB, fresh("stranger"))
    stranger.may(statement(["kms:Encrypt", "kms:DescribeKey"]))
    theirs = other.create_key()["KeyMetadata"]
    other.create_alias(AliasName=alias_name, TargetKeyId=theirs["KeyId"])
    shared = key_under(kms, to(stranger.arn, statement(["kms:Encrypt", "kms:DescribeKey"])))
    kms.create_alias(AliasName=alias_name, TargetKeyId=shared["KeyId"])
    client = stranger.client()
    assert client.describe_key(KeyId=arn(alias_name))["KeyMetadata"]["Arn"] == shared["Arn"]
    assert client.encrypt(KeyId=arn(alias_name), Plaintext=b"x")["KeyId"] == shared["Arn"]
    assert client.describe_key(KeyId=alias_name)["KeyMetadata"]["Arn"] == theirs["Arn"]
    with refused("NotFoundException"):
        client.describe_key(KeyId=arn(alias_name, region="us-west-2"))
    with refused("AccessDeniedException"):
        stranger.client(region="us-west-2").describe_key(KeyId=arn(alias_name, region="us-west-2"))


# KEY-196
def test_no_alias_is_made_for_an_aws_managed_key(kms, user, key, alias_name):
    managed = kms.describe_key(KeyId="alias/aws/sqs")["KeyMetadata"]
    user.may(statement("kms:*"))
    kms.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    for client in (kms, user.client()):
        assert not allowed(client.create_alias, AliasName=alias_name + "-2", TargetKeyId=managed["KeyId"])
        assert not allowed(client.update_alias, AliasName=alias_name, TargetKeyId=managed["KeyId"])
