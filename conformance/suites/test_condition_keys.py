"""Condition keys through the wire: the guide's examples for the operations that are here, in key and IAM policies."""

import json

import pytest
from harness.clients import refused
from harness.identities import Role, User, allowed, fresh, key_under, own, policy, statement, tags, to
from harness.server import ALICE, BOB


@pytest.fixture
def caller(server, iam):
    """A user who has what key policies give, and nothing else."""
    return User(server, iam, ALICE, fresh("caller"))


def data_key(client, key, context):
    """Whether a data key under this encryption context is given out, in the clear and without."""
    request = {"KeyId": key["KeyId"], "KeySpec": "AES_256", "EncryptionContext": context}
    answer = allowed(client.generate_data_key, **request)
    assert allowed(client.generate_data_key_without_plaintext, **request) is answer
    return answer


def decrypts(kms, client, key, context):
    """Whether a ciphertext under this encryption context is opened."""
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    return allowed(client.decrypt, CiphertextBlob=sealed, EncryptionContext=context)


DATA_KEYS = ["kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]
IT, ALPHA = {"Department": "IT"}, {"Project": "Alpha"}


def pairs(**values):
    """The condition on these pairs of the encryption context."""
    return {f"kms:EncryptionContext:{key}": value for key, value in values.items()}


# KEY-135
def test_a_pair_allows_decryption_by_key_policy_and_by_iam_policy(kms, caller):
    example = statement("kms:Decrypt", StringEquals=pairs(AppName="ExampleApp"))
    by_key = key_under(kms, to(caller.arn, example))
    by_iam = key_under(kms)
    client = caller.client()
    for key in (by_key, by_iam):
        if key is by_iam:
            caller.may(example)
        assert decrypts(kms, client, key, {"AppName": "ExampleApp"})
        assert decrypts(kms, client, key, {"AppName": "ExampleApp", **IT})
        assert not decrypts(kms, client, key, {"AppName": "Other"})
        assert not decrypts(kms, client, key, {})


# AUTHZ-122, AUTHZ-123, AUTHZ-124
def test_several_pairs(kms, caller):
    both = statement("kms:Decrypt", StringEquals=pairs(Department="IT", Project="Alpha"))
    either = [statement("kms:Decrypt", StringEquals=pairs(**pair)) for pair in (IT, ALPHA)]
    names = {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["Department", "Project"]}}
    exactly = {**both, "Condition": {**both["Condition"], **names}}
    client = caller.client()
    more = {**IT, **ALPHA, "Stage": "Test"}
    contexts = [IT, ALPHA, {**IT, **ALPHA}, more, {**IT, "Project": "Beta"}, {}]
    for statements, expected in (
        ([both], [False, False, True, True, False, False]),
        (either, [True, True, True, True, True, False]),
        ([exactly], [False, False, True, False, False, False]),
    ):
        key = key_under(kms, *(to(caller.arn, each) for each in statements))
        assert [decrypts(kms, client, key, context) for context in contexts] == expected, statements


# AUTHZ-129, AUTHZ-135
def test_the_letter_case_of_names_and_values(kms, caller):
    name = {"kms:EncryptionContextKeys": "AppName"}
    strict = {"ForAnyValue:StringEquals": name, "StringEquals": pairs(AppName="ExampleApp")}
    loose = {"ForAnyValue:StringEqualsIgnoreCase": name}
    client = caller.client()
    contexts = [{"AppName": "ExampleApp"}, {"appname": "ExampleApp"}, {"AppName": "exampleapp"}, {"App": "ExampleApp"}]
    for condition, expected in ((strict, [True, False, False, False]), (loose, [True, True, True, False])):
        key = key_under(kms, to(caller.arn, {**statement(DATA_KEYS), "Condition": condition}))
        assert [data_key(client, key, context) for context in contexts] == expected, condition


# AUTHZ-130
def test_values_that_look_like_numbers_are_compared_as_text(kms, caller):
    client = caller.client()
    for written in ("10103.0", 10103.0):
        key = key_under(kms, to(caller.arn, statement(DATA_KEYS, StringEquals=pairs(amount=written))))
        contexts = ["10103.0", "10103", "10103.00", "1.01030e4"]
        answers = [data_key(client, key, {"amount": amount}) for amount in contexts]
        assert answers == [True, False, False, False], written


# POL-213
def test_names_of_the_encryption_context_that_contain_colons(kms, caller):
    geo = "arn:aws:geo:us-east-1:111122223333:geofence-collection/SAMPLE-Collection"
    condition = {"kms:EncryptionContext:aws:geo:arn": geo}
    key = key_under(kms, to(caller.arn, statement(DATA_KEYS, StringEquals=condition)))
    client = caller.client()
    assert data_key(client, key, {"aws:geo:arn": geo})
    for other in ({"aws:geo:arn": geo + "2"}, {"arn": geo}, {"geo:arn": geo}, {}):
        assert not data_key(client, key, other), other


# KEY-134
def test_a_context_that_policies_cannot_spell_works_all_the_same(kms, key):
    context = {"部署": "開発", "Stage": "Test"}
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] == b"x"
    for condition in (pairs(部署="x"), pairs(Stage="開発"), {"kms:EncryptionContextKeys": "部署"}):
        naming = policy(own(), to("*", statement("kms:Decrypt", StringEquals=condition)))
        for escaped, error in ((True, "MalformedPolicyDocumentException"), (False, "ValidationException")):
            with refused(error):
                kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(naming, ensure_ascii=escaped))


# AUTHZ-126
def test_policies_match_loosely_and_cryptography_does_not(kms, caller):
    condition = pairs(AppName="ExampleApp")
    key = key_under(kms, to(caller.arn, statement(["kms:Encrypt", "kms:Decrypt"], StringEquals=condition)))
    client = caller.client()
    context = {"AppName": "ExampleApp", "Project": "Alpha"}
    sealed = client.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    turned = dict(reversed(context.items()))
    assert client.decrypt(CiphertextBlob=sealed, EncryptionContext=turned)["Plaintext"] == b"x"
    for other in (
        {"appname": "ExampleApp", "Project": "Alpha"},
        {"AppName": "ExampleApp"},
        {"AppName": "ExampleApp", "Project": "alpha"},
        {**context, "more": ""},
    ):
        with refused("InvalidCiphertextException"):
            client.decrypt(CiphertextBlob=sealed, EncryptionContext=other)


# AUTHZ-10
def test_a_key_that_a_request_does_not_have(caller):
    """What ListKeys is asked for has no key, so no spec and no aliases."""
    client = caller.client()
    spec, several = {"kms:KeySpec": "SYMMETRIC_DEFAULT"}, {"kms:ResourceAliases": "alias/a"}
    for operator, condition, passes in (
        ("StringEquals", spec, False),
        ("StringLike", {"kms:KeySpec": "*"}, False),
        ("StringEqualsIgnoreCase", spec, False),
        ("NumericEquals", {"kms:RotationPeriodInDays": "1"}, False),
        ("DateLessThan", {"kms:ValidTo": "2099-01-01T00:00:00Z"}, False),
        ("Bool", {"kms:MultiRegion": "false"}, False),
        ("ArnLike", {"kms:GranteePrincipal": "*"}, False),
        ("StringNotEquals", spec, True),
        ("NumericNotEquals", {"kms:RotationPeriodInDays": "1"}, True),
        ("ArnNotLike", {"kms:GranteePrincipal": "arn:aws:iam::111122223333:user/a"}, True),
        ("StringEqualsIfExists", spec, True),
        ("Null", {"kms:KeySpec": "true"}, True),
        ("Null", {"kms:KeySpec": "false"}, False),
        ("ForAllValues:StringEquals", several, True),
        ("ForAnyValue:StringEquals", several, False),
    ):
        caller.may({**statement("kms:ListKeys"), "Condition": {operator: condition}})
        assert allowed(client.list_keys) is passes, (operator, condition)


# POL-100
@pytest.mark.parametrize(
    ("operator", "condition", "other"),
    [
        ("StringEquals", {"aws:PrincipalAccount": ALICE.id}, {"aws:PrincipalAccount": BOB.id}),
        ("StringEquals", {"aws:RequestedRegion": "us-east-1"}, {"aws:RequestedRegion": "us-west-2"}),
        ("IpAddress", {"aws:SourceIp": "127.0.0.0/8"}, {"aws:SourceIp": "192.0.2.0/24"}),
        ("StringEquals", {"kms:KeySpec": "SYMMETRIC_DEFAULT"}, {"kms:KeySpec": "RSA_2048"}),
        ("StringEquals", {"kms:CallerAccount": ALICE.id}, {"kms:CallerAccount": BOB.id}),
        ("StringEquals", {"aws:ResourceTag/Project": "Alpha"}, {"aws:ResourceTag/Project": "Beta"}),
        ("ForAnyValue:StringLike", {"kms:ResourceAliases": "alias/cond-*"}, {"kms:ResourceAliases": "alias/other-*"}),
    ],
)
def test_global_keys_and_the_services_own_in_both_kinds_of_policy(kms, caller, operator, condition, other):
    client = caller.client()
    for holds, expected in ((condition, True), (other, False)):
        made = {**statement("kms:DescribeKey"), "Condition": {operator: holds}}
        by_key, by_iam = key_under(kms, to(caller.arn, made)), key_under(kms)
        for each in (by_key, by_iam):
            kms.tag_resource(KeyId=each["KeyId"], Tags=tags(Project="Alpha"))
            kms.create_alias(AliasName=f"alias/cond-{each['KeyId']}", TargetKeyId=each["KeyId"])
        assert allowed(client.describe_key, KeyId=by_key["KeyId"]) is expected
        assert not allowed(client.describe_key, KeyId=by_iam["KeyId"])
        caller.may(made)
        assert allowed(client.describe_key, KeyId=by_iam["KeyId"]) is expected
        caller.may(statement("kms:ListAliases"))


# AUTHZ-47
def test_what_is_told_of_a_session(kms, caller):
    role = Role(caller, statement("kms:DescribeKey"))
    of_role = role.client(SourceIdentity="alice")
    caller.may(statement(["sts:*", "kms:DescribeKey"]))
    for operator, condition, in_session, with_long_term_key in (
        ("StringEquals", {"aws:SourceIdentity": "alice"}, True, False),
        ("StringEquals", {"aws:SourceIdentity": "bob"}, False, False),
        ("DateGreaterThan", {"aws:TokenIssueTime": "2024-01-01T00:00:00Z"}, True, False),
        ("DateGreaterThan", {"aws:TokenIssueTime": "2199-01-01T00:00:00Z"}, False, False),
        ("Bool", {"aws:MultiFactorAuthPresent": "false"}, True, False),
        ("Bool", {"aws:MultiFactorAuthPresent": "true"}, False, False),
        ("Null", {"aws:MultiFactorAuthAge": "false"}, False, False),
        ("Null", {"aws:FederatedProvider": "true"}, True, True),
        ("Null", {"aws:SourceOrgID": "true"}, True, True),
        ("Null", {"aws:SourceOrgPaths": "true"}, True, True),
    ):
        stop = {**statement("kms:DescribeKey", effect="Deny"), "Condition": {operator: condition}}
        key = key_under(kms, to([caller.arn, role.arn], stop))
        assert allowed(of_role.describe_key, KeyId=key["KeyId"]) is not in_session, (operator, condition)
        assert allowed(caller.client().describe_key, KeyId=key["KeyId"]) is not with_long_term_key, (
            operator,
            condition,
        )


# POL-192
def test_kinds_of_key_that_are_not_offered_are_for_those_who_may_make_them(caller):
    """Refused for want of permission first, and only then for what is asked."""
    client = caller.client()
    asked = [{"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, {"Origin": "EXTERNAL"}, {"MultiRegion": True}]
    default = {"kms:KeySpec": "SYMMETRIC_DEFAULT", "kms:KeyUsage": "ENCRYPT_DECRYPT", "kms:KeyOrigin": "AWS_KMS"}
    caller.may(statement("kms:CreateKey", StringEquals=default, Bool={"kms:MultiRegion": "false"}))
    assert allowed(client.create_key)
    for request in asked:
        assert not allowed(client.create_key, **request), request
