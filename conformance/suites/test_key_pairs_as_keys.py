"""Key pairs are keys: what governs other keys governs them, and what is their own can be asked by policies."""

import json

import pytest
from harness.clients import refused
from harness.identities import User, allowed, fresh, own, policy, statement, tags, to
from harness.server import ALICE

DIGEST = bytes(32)


@pytest.fixture(params=["RSA_2048", "ECC_NIST_P256"])
def pair(kms, request):
    """A pair, what it is used with, and one more algorithm that it has."""
    if request.param == "RSA_2048":
        made = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]
        arguments = {"Plaintext": b"x", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
        return made, "Encrypt", "encrypt", arguments
    made = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    arguments = {"Message": DIGEST, "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
    return made, "Sign", "sign", arguments


# SPK-61
def test_policies_and_grants_govern_a_pair(server, iam, kms, pair):
    made, action, name, arguments = pair
    key = made["KeyId"]
    user, grantee = (User(server, iam, ALICE, fresh("user")) for _ in range(2))

    def uses(who, **more):
        return allowed(getattr(who.client(), name), KeyId=key, **arguments, **more)

    assert not uses(user)
    user.may(statement(f"kms:{action}", made["Arn"]))
    assert uses(user)
    denied = to(user.arn, statement(f"kms:{action}", effect="Deny"))
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy(own(), denied)))
    assert not uses(user)
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy(own(), to(grantee.arn, statement(f"kms:{action}")))))
    assert uses(user) and uses(grantee)
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy(own())))
    assert not uses(grantee)
    grant = kms.create_grant(KeyId=key, GranteePrincipal=grantee.arn, Operations=[action])
    assert uses(grantee, GrantTokens=[grant["GrantToken"]])
    kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    assert not uses(grantee)


# SPK-61
def test_a_pair_is_disabled_tagged_named_and_deleted(kms, pair, alias_name):
    made, _, name, arguments = pair
    key = made["KeyId"]
    use = getattr(kms, name)
    kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        use(KeyId=key, **arguments)
    kms.enable_key(KeyId=key)
    kms.tag_resource(KeyId=key, Tags=tags(team="blue"))
    assert kms.list_resource_tags(KeyId=key)["Tags"] == tags(team="blue")
    kms.create_alias(AliasName=alias_name, TargetKeyId=key)
    assert use(KeyId=alias_name, **arguments)["KeyId"] == made["Arn"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with refused("KMSInvalidStateException"):
        use(KeyId=key, **arguments)
    kms.cancel_key_deletion(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"


# SPK-61
def test_policies_ask_what_pair_it_is_and_what_it_is_used_with(kms, user, pair):
    made, action, name, arguments = pair
    algorithm = "EncryptionAlgorithm" if action == "Encrypt" else "SigningAlgorithm"
    other = {"EncryptionAlgorithm": "RSAES_OAEP_SHA_1", "SigningAlgorithm": "ECDSA_SHA_384"}[algorithm]
    for condition, value, passes in (
        ("kms:KeySpec", made["KeySpec"], True),
        ("kms:KeySpec", "RSA_4096", False),
        ("kms:KeyUsage", made["KeyUsage"], True),
        ("kms:KeyUsage", "KEY_AGREEMENT", False),
        (f"kms:{algorithm}", arguments[algorithm], True),
        (f"kms:{algorithm}", other, False),
    ):
        user.may(statement(f"kms:{action}", StringEquals={condition: value}))
        assert allowed(getattr(user.client(), name), KeyId=made["KeyId"], **arguments) == passes, (condition, value)


# SPK-61
def test_policies_ask_which_pairs_are_generated_as_data_keys(key, user):
    user.may(statement("kms:GenerateDataKeyPair", StringLike={"kms:DataKeyPairSpec": "ECC_NIST_*"}))
    kms = user.client()
    assert kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec="ECC_NIST_P256")["PublicKey"]
    assert not allowed(kms.generate_data_key_pair, KeyId=key["KeyId"], KeyPairSpec="ECC_SECG_P256K1")
