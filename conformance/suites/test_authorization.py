"""Who may do what: key policies, their conditions, and two accounts, with the real client."""

import json

import pytest
from botocore.exceptions import ClientError
from harness.clients import refused
from harness.server import ALICE, BOB

HIDDEN = (
    "because the resource does not exist in this Region, no resource-based policies allow access, "
    "or a resource-based policy explicitly denies access"
)
NO_KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"


def statement(effect, account, actions, **condition):
    principal = account if account == "*" else {"AWS": f"arn:aws:iam::{account}:root"}
    made = {"Effect": effect, "Principal": principal, "Action": actions, "Resource": "*"}
    return {**made, "Condition": condition} if condition else made


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


OWN = statement("Allow", ALICE.id, "kms:*")


@pytest.fixture
def key_with(kms):
    """Makes keys with a policy of these statements, the check for a lockout set aside."""

    def make(*statements, **more):
        made = kms.create_key(Policy=policy(*statements), BypassPolicyLockoutSafetyCheck=True, **more)
        return made["KeyMetadata"]

    return make


def allowed(call, **arguments):
    """Whether policies let a call through."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException", error
        return False
    return True


def denial(user, action, rest):
    return f"User: arn:aws:iam::{user.id}:root is not authorized to perform: {action} {rest}"


# POL-114, AUTHZ-295
def test_a_policy_without_the_account_shuts_its_root_user_out(kms, key_with):
    key = key_with(statement("Allow", BOB.id, "kms:Encrypt"))
    because = f"on resource: {key['Arn']} because no resource-based policy allows the kms:"
    with refused("AccessDeniedException", denial(ALICE, "kms:DescribeKey", f"{because}DescribeKey action")):
        kms.describe_key(KeyId=key["KeyId"])
    with refused("AccessDeniedException", denial(ALICE, "kms:PutKeyPolicy", f"{because}PutKeyPolicy action")):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(OWN))


# AUTHZ-121, AUTHZ-125
def test_a_pair_of_the_encryption_context_is_denied(kms, key_with):
    stage = {"kms:EncryptionContext:Stage": ["Restricted", "Production"]}
    key = key_with(OWN, statement("Deny", "*", "kms:GenerateDataKey", StringEquals=stage))
    ask = {"KeyId": key["KeyId"], "KeySpec": "AES_256"}
    for context, passes in (
        ({"Stage": "Restricted"}, False),
        ({"STAGE": "Production", "Project": "Alpha"}, False),
        ({"Stage": "Test"}, True),
        ({}, True),
    ):
        assert allowed(kms.generate_data_key, **ask, EncryptionContext=context) is passes, context
    rest = f"on resource: {key['Arn']} with an explicit deny in a resource-based policy"
    with refused("AccessDeniedException", denial(ALICE, "kms:GenerateDataKey", rest)):
        kms.generate_data_key(**ask, EncryptionContext={"Stage": "Restricted"})


# AUTHZ-38
@pytest.mark.parametrize(
    ("condition", "denied"),
    [
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": ["127.0.0.0/8", "203.0.113.0/24"]}}, False),
        ({"StringEquals": {"kms:CallerAccount": ALICE.id}}, True),
        ({"StringNotEquals": {"kms:CallerAccount": ALICE.id}}, False),
        ({"Null": {"kms:ViaService": "true"}}, True),
        ({"StringEquals": {"kms:ViaService": "lambda.us-east-1.amazonaws.com"}}, False),
        ({"StringLike": {"aws:UserAgent": "*Boto3*"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "us-west-2"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2024-01-01T00:00:00Z"}}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, True),
    ],
)
def test_a_condition_denies_where_it_holds(kms, key_with, condition, denied):
    key = key_with(OWN, statement("Deny", "*", "kms:Encrypt", **condition))
    assert allowed(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x") is not denied


# AUTHZ-218, AUTHZ-229
def test_another_account_uses_what_the_policy_gives_it_and_manages_nothing(kms, other, key_with):
    key = key_with(OWN, statement("Allow", BOB.id, "kms:*"))
    sealed = other.encrypt(KeyId=key["Arn"], Plaintext=b"across")["CiphertextBlob"]
    assert other.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"across"
    assert other.decrypt(CiphertextBlob=sealed, KeyId=key["Arn"])["KeyId"] == key["Arn"]
    assert other.describe_key(KeyId=key["Arn"])["KeyMetadata"]["AWSAccountId"] == ALICE.id
    with refused("AccessDeniedException", denial(BOB, "kms:DisableKey", f"on resource: {key['Arn']} {HIDDEN}")):
        other.disable_key(KeyId=key["Arn"])
    tags = [{"TagKey": "k", "TagValue": "v"}]
    assert not allowed(other.tag_resource, KeyId=key["Arn"], Tags=tags)
    assert not allowed(other.get_key_policy, KeyId=key["Arn"])
    with refused("NotFoundException"):
        other.describe_key(KeyId=key["KeyId"])
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(OWN))
    assert not allowed(other.encrypt, KeyId=key["Arn"], Plaintext=b"x")
    with refused(
        "AccessDeniedException",
        denial(BOB, "kms:Decrypt", f"on the resource associated with this ciphertext {HIDDEN}"),
    ):
        other.decrypt(CiphertextBlob=sealed)


def test_another_account_cannot_tell_a_key_that_refuses_it_from_none(kms, other, key, key_with):
    denying = key_with(OWN, statement("Deny", BOB.id, "kms:*"))
    told = set()
    for arn in (key["Arn"], denying["Arn"], key["Arn"].replace(key["KeyId"], NO_KEY)):
        with pytest.raises(ClientError) as caught:
            other.encrypt(KeyId=arn, Plaintext=b"x")
        told.add(caught.value.response["Error"]["Message"].replace(arn, "KEY"))
    assert told == {denial(BOB, "kms:Encrypt", f"on resource: KEY {HIDDEN}")}


# POL-75
def test_an_alias_of_another_account_leads_to_its_key(kms, other, key_with, alias_name):
    key = key_with(OWN, statement("Allow", BOB.id, "kms:Encrypt"))
    kms.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    alias = f"arn:aws:kms:us-east-1:{ALICE.id}:{alias_name}"
    assert other.encrypt(KeyId=alias, Plaintext=b"x")["KeyId"] == key["Arn"]
    with refused("AccessDeniedException", denial(BOB, "kms:DescribeKey", f"on resource: {alias} {HIDDEN}")):
        other.describe_key(KeyId=alias)
    kms.delete_alias(AliasName=alias_name)


# AUTHZ-165, AUTHZ-166, AUTHZ-205
def test_the_alias_of_the_request_counts_only_if_the_request_uses_it(kms, key_with, alias_name):
    use = statement("Allow", ALICE.id, "kms:Encrypt", StringEquals={"kms:RequestAlias": alias_name})
    rest = {**OWN, "NotAction": "kms:Encrypt"}
    del rest["Action"]
    key = key_with(rest, use)
    for name in (alias_name, f"{alias_name}-b"):
        kms.create_alias(AliasName=name, TargetKeyId=key["KeyId"])
    for named, passes in (
        (alias_name, True),
        (f"arn:aws:kms:us-east-1:{ALICE.id}:{alias_name}", True),
        (key["KeyId"], False),
        (key["Arn"], False),
        (f"{alias_name}-b", False),
    ):
        assert allowed(kms.encrypt, KeyId=named, Plaintext=b"x") is passes, named
    for name in (alias_name, f"{alias_name}-b"):
        kms.delete_alias(AliasName=name)


# AUTHZ-201, AUTHZ-168
def test_tags_and_aliases_of_the_key_count_at_once(kms, key_with, alias_name):
    tagged = {"aws:ResourceTag/project": "Alpha"}
    aliased = {"kms:ResourceAliases": f"{alias_name}*"}
    key = key_with(
        OWN,
        statement("Deny", "*", "kms:GenerateDataKey", StringEquals=tagged),
        statement("Deny", "*", "kms:Encrypt", **{"ForAnyValue:StringLike": aliased}),
    )
    ask = {"KeyId": key["KeyId"], "KeySpec": "AES_256"}
    assert allowed(kms.generate_data_key, **ask)
    kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "Project", "TagValue": "Alpha"}])
    assert not allowed(kms.generate_data_key, **ask)
    kms.untag_resource(KeyId=key["KeyId"], TagKeys=["Project"])
    assert allowed(kms.generate_data_key, **ask)
    assert allowed(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    kms.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    assert not allowed(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    kms.delete_alias(AliasName=alias_name)
    assert allowed(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x")


# AUTHZ-196, AUTHZ-197
def test_tags_of_the_request_are_judged(kms, key_with):
    key = key_with(
        OWN,
        statement("Deny", "*", "kms:TagResource", StringNotEquals={"aws:RequestTag/Purpose": "Test"}),
        statement("Deny", "*", "kms:UntagResource", **{"ForAnyValue:StringEquals": {"aws:TagKeys": ["Restricted"]}}),
    )
    for tag_key, value, passes in (("Purpose", "Test", True), ("Purpose", "x", False), ("Other", "Test", False)):
        tags = [{"TagKey": tag_key, "TagValue": value}]
        assert allowed(kms.tag_resource, KeyId=key["KeyId"], Tags=tags) is passes, tags
    for keys, passes in ((["Free", "Restricted"], False), (["Purpose"], True)):
        assert allowed(kms.untag_resource, KeyId=key["KeyId"], TagKeys=keys) is passes, keys


# POL-182, KEY-155
def test_an_author_is_not_locked_out_unless_it_asks_for_it(kms, key):
    locking = policy(statement("Allow", BOB.id, "kms:*"))
    message = "The new key policy will not allow you to update the key policy in the future."
    with refused("MalformedPolicyDocumentException", message):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=locking)
    with refused("MalformedPolicyDocumentException", message):
        kms.create_key(Policy=locking)
    kms.put_key_policy(KeyId=key["KeyId"], Policy=locking, BypassPolicyLockoutSafetyCheck=True)
    assert not allowed(kms.get_key_policy, KeyId=key["KeyId"])


# POL-109
def test_principals_that_could_be_here_and_are_not_are_refused(kms, key):
    def naming(principal):
        use = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:Encrypt", "Resource": "*"}
        return policy(OWN, use)

    message = "Policy contains a statement with one or more invalid principals."
    for principal in (f"arn:aws:iam::{ALICE.id}:user/nobody", f"arn:aws:iam::{BOB.id}:role/none"):
        with refused("MalformedPolicyDocumentException", message):
            kms.put_key_policy(KeyId=key["KeyId"], Policy=naming(principal))
    for principal in (BOB.id, "arn:aws:iam::123456789012:role/Elsewhere", "*"):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=naming(principal))


# AUTHZ-404
def test_a_dry_run_is_decided_as_the_call_is(kms, key, key_with):
    shut = key_with(OWN, statement("Deny", "*", "kms:Encrypt"))
    with refused("DryRunOperationException", status=412):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", DryRun=True)
    with refused("AccessDeniedException"):
        kms.encrypt(KeyId=shut["KeyId"], Plaintext=b"x", DryRun=True)
    kms.disable_key(KeyId=key["KeyId"])
    with refused("DisabledException"):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", DryRun=True)
