"""Whose a key is: its account's for ever, under its account's policies alone."""

import base64
import json

import pytest
from botocore.exceptions import ClientError
from harness.clients import boto3_client, refused, until
from harness.identities import ADMINISTRATOR, Role, User, allowed, fresh, policy, statement, to
from harness.imports import Importer, material
from harness.model import MODEL, input_shape
from harness.raw import Raw
from harness.record_scene import Scene
from harness.record_table import TABLE
from harness.server import ALICE, BOB, OPERATORS_OWN, Server
from test_permissions_reference import TABLE as PERMISSIONS

SKIP = {"BypassPolicyLockoutSafetyCheck": True}
OWNER, STRANGER = (f"arn:aws:iam::{account.id}:root" for account in (ALICE, BOB))
DENIED = "AccessDeniedException"
# What is not done to a key, or says itself which principal it is about.
KEYLESS = {"CreateKey", "GenerateRandom", "ListKeys", "ListAliases", "ListRetirableGrants"}
ACROSS = sorted({row.operation for row in PERMISSIONS if row.across_accounts} - KEYLESS)


def raw_client(server, account, region="us-east-1"):
    """It leaves it to the server to miss something in a request."""
    return boto3_client(server, account, region, parameter_validation=False)


def outcome(client, operation, sent):
    """The error's name, or None."""
    try:
        client._make_api_call(operation, sent)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


@pytest.fixture(scope="module")
def own_place(tmp_path_factory):
    """A server in which the second account has no keys of its own."""
    running = Server(tmp_path_factory.mktemp("ownership") / "server").start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def owner(own_place):
    return raw_client(own_place, ALICE)


@pytest.fixture(scope="module")
def stranger(own_place):
    return raw_client(own_place, BOB)


@pytest.fixture(scope="module")
def almighty(own_place):
    """A user of the second account whom its own account allows everything."""
    user = User(own_place, boto3_client(own_place, BOB, service="iam"), BOB, fresh("almighty"))
    user.iam.attach_user_policy(UserName=user.name, PolicyArn=ADMINISTRATOR)
    return raw_client(own_place, user.credentials)


def named_wholly(scene, sent):
    """A request as another account has to make it: the key by its ARN."""
    return {name: scene.arn if value == scene.key else value for name, value in sent.items()}


def foreign_request(own_place, owner, operation, policy_of_key=None):
    """The scene of an operation's first row and its request, as another account has to make it."""
    row = TABLE[operation][0]
    scene = Scene(owner, raw_client(own_place, ALICE, "us-west-2"), OWNER, row.key)
    sent = named_wholly(scene, scene.filled(row.sent))
    if operation == "Decrypt":
        sent["KeyId"] = scene.arn
    if operation == "ReEncrypt":
        sent["DestinationKeyId"] = scene.other_arn
    if policy_of_key:
        for key in (scene.arn, sent.get("DestinationKeyId", scene.arn)):
            owner.put_key_policy(KeyId=key, Policy=policy_of_key)
    return scene, sent


# REF-82
def test_the_server_makes_the_material_and_nobody_else_has_a_hand_in_it(own_place, owner, tmp_path):
    raw, own = Raw(own_place, ALICE), base64.b64encode(b"\1" * 32).decode()
    asked = ({}, {"KeyMaterial": own}, {"EncryptedKeyMaterial": own, "Plaintext": own, "KeyMaterialId": "1" * 64})
    made = [raw.call("CreateKey", sent).document["KeyMetadata"] for sent in asked]
    raw.close()
    for key in made:
        assert (key["Origin"], key["KeyState"], key["KeySpec"]) == ("AWS_KMS", "Enabled", "SYMMETRIC_DEFAULT")
    assert len({key["CurrentKeyMaterialId"] for key in made}) == len(made), "each has its own"
    sealed = owner.encrypt(KeyId=made[1]["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    with refused("IncorrectKeyException"):
        owner.decrypt(KeyId=made[2]["KeyId"], CiphertextBlob=sealed)
    # What takes material from outside takes it for keys that were made for it, and what shows some shows public keys.
    key = made[0]["KeyId"]
    importer = Importer(owner, tmp_path)
    external = importer.key("SYMMETRIC_DEFAULT")
    request = importer.request(external, material(tmp_path, "SYMMETRIC_DEFAULT"))
    for operation, sent in (
        ("GetParametersForImport", {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}),
        ("ImportKeyMaterial", request),
        ("DeleteImportedKeyMaterial", {}),
        ("GetPublicKey", {}),
    ):
        assert outcome(owner, operation, {**sent, "KeyId": key}) == "UnsupportedOperationException", operation


# REF-89
def test_no_operation_moves_a_key_to_another_account(own_place, owner, stranger):
    """Whatever the other account is allowed, and does: the key stays where it was made."""
    both = json.dumps(policy(to([OWNER, STRANGER], statement("kms:*"))))
    for operation in sorted(set(TABLE) - KEYLESS):
        scene, sent = foreign_request(own_place, owner, operation, both)
        outcome(stranger, operation, sent)
        for client in (owner, stranger):
            seen = client.describe_key(KeyId=scene.arn)["KeyMetadata"]
            assert (seen["AWSAccountId"], seen["Arn"]) == (ALICE.id, scene.arn), operation
        assert scene.key in {key["KeyId"] for key in pages(owner, "list_keys", "Keys")}, operation
    assert not pages(stranger, "list_keys", "Keys")
    assert all(alias["AliasName"].startswith("alias/aws/") for alias in pages(stranger, "list_aliases", "Aliases"))


# REF-89
def test_nothing_in_the_interface_says_whose_a_key_is_to_be():
    """Accounts are named by principals in policies and grants; no operation takes one for a key's owner."""
    for operation in sorted(set(TABLE) - (KEYLESS - {"CreateKey"})):
        members = input_shape(operation).members
        assert not {name for name in members if "account" in name.lower() or "owner" in name.lower()}, operation


# REF-89
def test_neither_a_policy_nor_the_operator_moves_a_key(own_place, owner, stranger):
    """The account shuts itself out in favour of another one; even so it is the account that gets the key back."""
    key = owner.create_key()["KeyMetadata"]["Arn"]
    sealed = owner.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    owner.put_key_policy(KeyId=key, Policy=json.dumps(policy(to(STRANGER, statement("kms:*")))), **SKIP)
    assert stranger.describe_key(KeyId=key)["KeyMetadata"]["AWSAccountId"] == ALICE.id
    assert key not in {it["KeyArn"] for it in pages(stranger, "list_keys", "Keys")}
    assert key in {it["KeyArn"] for it in pages(owner, "list_keys", "Keys")}
    for operation, sent in (
        ("PutKeyPolicy", {"Policy": json.dumps(policy(to(STRANGER, statement("kms:*"))))}),
        ("ScheduleKeyDeletion", {}),
        ("DisableKey", {}),
    ):
        assert outcome(stranger, operation, {"KeyId": key, **sent}) == DENIED, operation
    done = own_place.run("key", "recover", key)
    assert done.returncode == 0, done.stderr
    assert owner.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    assert owner.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    assert not allowed(stranger.describe_key, KeyId=key) and not allowed(stranger.decrypt, CiphertextBlob=sealed)


def pages(client, operation, result):
    return [item for page in client.get_paginator(operation).paginate() for item in page[result]]


# REF-90
@pytest.mark.parametrize("operation", sorted(set(TABLE) - KEYLESS))
def test_another_accounts_policies_open_nothing(own_place, owner, almighty, operation):
    """Its IAM policies allow everything on every resource; the key's policy does not know the account."""
    _, sent = foreign_request(own_place, owner, operation)
    # The name of an alias is one of the account that says it.
    refusal = "NotFoundException" if operation in ("DeleteAlias", "UpdateAlias") else DENIED
    assert outcome(almighty, operation, sent) == refusal
    # It was not the request.
    answer = owner._make_api_call(operation, sent)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


# REF-90
@pytest.mark.parametrize("operation", ACROSS)
def test_what_the_key_policy_gives_another_account_is_what_it_has(own_place, owner, almighty, operation):
    """One action for the other account: its user does that, and nothing else, whatever its own policies say."""
    action = "kms:ReEncrypt*" if operation == "ReEncrypt" else f"kms:{operation}"
    given = json.dumps(policy(to(OWNER, statement("kms:*")), to(STRANGER, statement(action))))
    scene, sent = foreign_request(own_place, owner, operation, given)
    if operation == "CreateGrant":
        sent["GranteePrincipal"] = STRANGER
        sent.pop("RetiringPrincipal", None)
    expected = DENIED if operation == "RetireGrant" else None
    assert outcome(almighty, operation, sent) == expected, "retiring is for the grant to say"
    other = "DescribeKey" if operation != "DescribeKey" else "GetKeyPolicy"
    assert outcome(almighty, other, {"KeyId": scene.arn}) == DENIED


# REF-90
def test_a_grant_is_the_other_way_to_consent(own_place, owner, almighty):
    key = owner.create_key()["KeyMetadata"]["Arn"]
    text = {"KeyId": key, "Plaintext": b"x"}
    assert outcome(almighty, "Encrypt", text) == DENIED
    owner.create_grant(KeyId=key, GranteePrincipal=STRANGER, Operations=["Encrypt"])
    assert outcome(almighty, "Encrypt", text) is None
    assert outcome(almighty, "DescribeKey", {"KeyId": key}) == DENIED


# REF-91
def test_the_account_has_no_say_in_the_policy_of_a_managed_key(own_place, owner):
    """It reads the policy and changes nothing: not the root user, not an administrator, not by a grant."""
    user = User(own_place, boto3_client(own_place, ALICE, service="iam"), ALICE, fresh("admin"))
    user.iam.attach_user_policy(UserName=user.name, PolicyArn=ADMINISTRATOR)
    for alias in [it["AliasName"] for it in pages(owner, "list_aliases", "Aliases") if "/aws/" in it["AliasName"]]:
        key = owner.describe_key(KeyId=alias)["KeyMetadata"]
        assert key["KeyManager"] == "AWS"
        before = owner.get_key_policy(KeyId=key["KeyId"])["Policy"]
        assert owner.list_key_policies(KeyId=key["KeyId"])["PolicyNames"] == ["default"]
        for client in (owner, user.client()):
            for document in (json.dumps(policy(to(OWNER, statement("kms:*")))), before):
                sent = {"KeyId": key["KeyId"], "Policy": document, **SKIP}
                assert outcome(client, "PutKeyPolicy", sent) == DENIED, alias
            grant = {"KeyId": key["KeyId"], "GranteePrincipal": OWNER, "Operations": ["Encrypt"]}
            assert outcome(client, "CreateGrant", grant) == DENIED, alias
            assert outcome(client, "Encrypt", {"KeyId": alias, "Plaintext": b"x"}) == DENIED, alias
        assert owner.get_key_policy(KeyId=key["KeyId"])["Policy"] == before
    assert own_place.run("key", "recover", key["Arn"]).returncode == 1


# REF-91
def test_who_uses_a_managed_key_is_decided_at_its_service(place):
    """Whom the service works for uses the key, whatever that user's policies say of keys; nobody does without the
    service, or through another one."""
    kms, user = place.client("kms"), place.user()
    key = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"]
    text = {"KeyId": key, "Plaintext": b"x"}
    assert allowed(place.s3.on_behalf_of(user).encrypt, **text)
    assert not allowed(place.ec2.on_behalf_of(user).encrypt, **text)
    user.may(statement("kms:*"))
    assert not allowed(user.client().encrypt, **text)
    assert not allowed(kms.encrypt, **text)


# REF-111
def test_every_key_has_one_policy_of_one_name(own_place, owner):
    away = raw_client(own_place, ALICE, "us-west-2")
    only_describe = json.dumps(policy(to(OWNER, statement(["kms:Describe*", "kms:Get*", "kms:List*", "kms:Put*"]))))
    primary = owner.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    owner.replicate_key(KeyId=primary, ReplicaRegion="us-west-2")
    until(away, primary, KeyState="Enabled")
    keys = [
        (owner, owner.create_key()["KeyMetadata"]["KeyId"], "key-default-1"),
        (owner, owner.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"], "key-default-1"),
        (owner, owner.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"], "key-default-1"),
        (owner, owner.create_key(Policy=only_describe)["KeyMetadata"]["KeyId"], None),
        (owner, primary, "key-default-1"),
        (away, primary, "key-default-1"),
        (owner, owner.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["KeyId"], "auto-ebs-1"),
    ]
    for client, key, name in keys:
        assert client.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]
        seen = client.get_key_policy(KeyId=key)
        assert seen["PolicyName"] == "default" and json.loads(seen["Policy"]).get("Id") == name
        assert outcome(client, "GetKeyPolicy", {"KeyId": key, "PolicyName": "second"}) == "NotFoundException"
    client, key, _ = keys[0]
    document = json.dumps(policy(to(OWNER, statement("kms:*"))))
    assert outcome(client, "PutKeyPolicy", {"KeyId": key, "PolicyName": "second", "Policy": document})
    for nothing in ("", "{}", policy(), "null"):
        sent = nothing if isinstance(nothing, str) else json.dumps(nothing)
        for more in ({}, SKIP):
            assert outcome(client, "PutKeyPolicy", {"KeyId": key, "Policy": sent, **more}), sent
            assert outcome(client, "CreateKey", {"Policy": sent, **more}), sent
    assert client.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]
    assert json.loads(client.get_key_policy(KeyId=key)["Policy"])["Id"] == "key-default-1"
    assert not [name for name in MODEL.operation_names if "Delete" in name and "Policy" in name]


# REF-112
def test_a_key_that_no_policy_opens_is_of_no_use_to_any_administrator(own_place, owner):
    """Not to the root user, not to a user or a role that is allowed everything."""
    user = User(own_place, boto3_client(own_place, ALICE, service="iam"), ALICE, fresh("admin"))
    user.iam.attach_user_policy(UserName=user.name, PolicyArn=ADMINISTRATOR)
    role = Role(user, statement("*"))
    shut = json.dumps(policy(to(f"arn:aws:iam::{OPERATORS_OWN}:root", statement("kms:Encrypt"))))
    administrators = [owner, raw_client(own_place, user.credentials), role.client()]
    for operation in sorted(set(TABLE) - KEYLESS - {"RetireGrant"}):
        scene, sent = foreign_request(own_place, owner, operation)
        targets = {scene.arn, sent.get("DestinationKeyId", scene.arn)}
        for key in targets:
            owner.put_key_policy(KeyId=key, Policy=shut, **SKIP)
        for client in administrators:
            assert outcome(client, operation, sent) == DENIED, operation


# REF-112
def test_iam_policies_and_grants_add_to_what_the_key_policy_says(own_place, owner):
    """The account's statement lets IAM policies count; without it a grant that was made before still does."""
    user = User(own_place, boto3_client(own_place, ALICE, service="iam"), ALICE, fresh("user"))
    kms, key = user.client(), owner.create_key()["KeyMetadata"]["Arn"]
    text = {"KeyId": key, "Plaintext": b"x"}
    assert not allowed(kms.encrypt, **text)
    user.may(statement("kms:Encrypt"))
    assert allowed(kms.encrypt, **text)
    owner.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Encrypt"])
    nobody = json.dumps(policy(to(STRANGER, statement("kms:DescribeKey"))))
    owner.put_key_policy(KeyId=key, Policy=nobody, **SKIP)
    assert allowed(kms.encrypt, **text), "the grant"
    assert not allowed(owner.encrypt, **text)
    second = owner.create_key()["KeyMetadata"]["Arn"]
    owner.put_key_policy(KeyId=second, Policy=nobody, **SKIP)
    assert not allowed(kms.encrypt, KeyId=second, Plaintext=b"x"), "an IAM policy alone"
