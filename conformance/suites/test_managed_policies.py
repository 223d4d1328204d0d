"""The managed policies that come with the product, held by users, and the roles that services keep for themselves."""

import json

import pytest
from botocore.exceptions import ClientError
from harness.clients import refused
from harness.identities import POWER_USER, TRUST, allowed, fresh, policy, statement
from harness.server import ALICE

SERVICE_ROLE_POLICIES = "arn:aws:iam::aws:policy/aws-service-role"
CUSTOM_KEY_STORES = "AWSServiceRoleForKeyManagementServiceCustomKeyStores"
MULTI_REGION_KEYS = "AWSServiceRoleForKeyManagementServiceMultiRegionKeys"


@pytest.fixture
def power(iam, user):
    """A user who has AWSKeyManagementServicePowerUser and nothing else."""
    iam.attach_user_policy(UserName=user.name, PolicyArn=POWER_USER)
    return user


# POL-262, KEY-233, KEY-345
def test_a_power_user_makes_keys_names_and_tags_them_and_looks_at_everything(kms, key, power, alias_name):
    client = power.client()
    target = key["KeyId"]
    client.create_alias(AliasName=alias_name, TargetKeyId=target)
    assert alias_name in {a["AliasName"] for a in client.list_aliases(KeyId=target)["Aliases"]}
    client.delete_alias(AliasName=alias_name)
    client.tag_resource(KeyId=target, Tags=[{"TagKey": "team", "TagValue": "blue"}])
    assert client.list_resource_tags(KeyId=target)["Tags"] == [{"TagKey": "team", "TagValue": "blue"}]
    client.untag_resource(KeyId=target, TagKeys=["team"])
    assert client.list_resource_tags(KeyId=target)["Tags"] == []
    assert client.describe_key(KeyId=target)["KeyMetadata"]["Arn"] == key["Arn"]
    assert client.get_key_policy(KeyId=target)["Policy"]
    assert client.list_key_policies(KeyId=target)["PolicyNames"] == ["default"]
    assert client.list_grants(KeyId=target)["Grants"] == []
    assert client.list_keys(Limit=1)["Keys"]
    assert len(client.generate_random(NumberOfBytes=4)["Plaintext"]) == 4
    identities = power.client("iam")
    for listing in (identities.list_users, identities.list_roles, identities.list_groups):
        assert allowed(listing)
    # The first policy of a key is its maker's to write, for itself as well.
    own = {**statement("kms:*"), "Principal": {"AWS": power.arn}}
    root = {**statement("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}}
    tags = [{"TagKey": "made-by", "TagValue": "power"}]
    made = client.create_key(Policy=json.dumps(policy(root, own)), Tags=tags)["KeyMetadata"]
    assert client.encrypt(KeyId=made["KeyId"], Plaintext=b"x")["CiphertextBlob"]


# POL-263, KEY-233
def test_a_power_user_neither_uses_keys_nor_changes_who_may(kms, key, power, alias_name):
    client = power.client()
    target, other = key["KeyId"], kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=target, Plaintext=b"x")["CiphertextBlob"]
    grant = kms.create_grant(KeyId=target, GranteePrincipal=f"arn:aws:iam::{ALICE.id}:root", Operations=["Encrypt"])
    kms.create_alias(AliasName=alias_name, TargetKeyId=target)
    calls = {
        "encrypt": {"KeyId": target, "Plaintext": b"x"},
        "decrypt": {"CiphertextBlob": sealed},
        "re_encrypt": {"CiphertextBlob": sealed, "DestinationKeyId": other},
        "generate_data_key": {"KeyId": target, "KeySpec": "AES_256"},
        "generate_data_key_without_plaintext": {"KeyId": target, "KeySpec": "AES_256"},
        "update_alias": {"AliasName": alias_name, "TargetKeyId": other},
        "update_key_description": {"KeyId": target, "Description": "x"},
        "enable_key": {"KeyId": target},
        "disable_key": {"KeyId": target},
        "put_key_policy": {"KeyId": target, "Policy": json.dumps(policy(statement("kms:*")))},
        "create_grant": {"KeyId": target, "GranteePrincipal": power.arn, "Operations": ["Encrypt"]},
        "revoke_grant": {"KeyId": target, "GrantId": grant["GrantId"]},
    }
    for name, arguments in calls.items():
        assert not allowed(getattr(client, name), **arguments), name
    with pytest.raises(ClientError) as refusal:
        client.schedule_key_deletion(KeyId=target)
    assert refusal.value.response["Error"]["Code"] in ("AccessDeniedException", "UnknownOperationException")


# POL-267
def test_what_a_power_user_has_from_elsewhere_adds_up(iam, kms, key, power):
    client = power.client()
    target = key["KeyId"]
    assert not allowed(client.encrypt, KeyId=target, Plaintext=b"x")
    power.may(statement("kms:Encrypt", key["Arn"]))
    sealed = client.encrypt(KeyId=target, Plaintext=b"x")["CiphertextBlob"]
    assert not allowed(client.decrypt, CiphertextBlob=sealed)
    grant = kms.create_grant(KeyId=target, GranteePrincipal=power.arn, Operations=["Decrypt"])
    assert client.decrypt(CiphertextBlob=sealed, GrantTokens=[grant["GrantToken"]])["Plaintext"] == b"x"
    assert not allowed(client.disable_key, KeyId=target)
    root = {**statement("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}}
    named = {**statement(["kms:DisableKey", "kms:EnableKey"]), "Principal": {"AWS": power.arn}}
    kms.put_key_policy(KeyId=target, Policy=json.dumps(policy(root, named)))
    client.disable_key(KeyId=target)
    client.enable_key(KeyId=target)
    assert client.encrypt(KeyId=target, Plaintext=b"x")["CiphertextBlob"]


# POL-265
def test_the_power_user_policy_says_what_tags_and_aliases_may_open(iam):
    shown = iam.get_policy(PolicyArn=POWER_USER)["Policy"]
    assert shown["IsAttachable"]
    assert "open or close access to any key" in shown["Description"]
    assert "keys of other accounts" in shown["Description"]


# AUTHZ-239
def test_policies_of_service_linked_roles_are_shown_and_attached_to_nobody(iam, user):
    expected = {
        "AWSKeyManagementServiceCustomKeyStoresServiceRolePolicy": "ec2:DescribeNetworkAcls",
        "AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy": "kms:SynchronizeMultiRegionKey",
    }
    listed = iam.list_policies(PathPrefix="/aws-service-role/")["Policies"]
    assert {p["PolicyName"] for p in listed} == set(expected)
    role, group = fresh("role"), fresh("group")
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.create_group(GroupName=group)
    why = "Cannot attach a Service Role Policy to a Customer Role."
    for name, action in expected.items():
        arn = f"{SERVICE_ROLE_POLICIES}/{name}"
        shown = iam.get_policy(PolicyArn=arn)["Policy"]
        assert (shown["Path"], shown["IsAttachable"]) == ("/aws-service-role/", False)
        document = iam.get_policy_version(PolicyArn=arn, VersionId=shown["DefaultVersionId"])["PolicyVersion"][
            "Document"
        ]
        assert action in document["Statement"][0]["Action"]
        with refused("PolicyNotAttachable", why):
            iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
        with refused("PolicyNotAttachable", why):
            iam.attach_role_policy(RoleName=role, PolicyArn=arn)
        with refused("PolicyNotAttachable", why):
            iam.attach_group_policy(GroupName=group, PolicyArn=arn)
        with refused("PolicyNotAttachable", why):
            iam.put_user_permissions_boundary(UserName=user.name, PermissionsBoundary=arn)
    assert not iam.list_attached_user_policies(UserName=user.name)["AttachedPolicies"]


# AUTHZ-239, AUTHZ-242
@pytest.mark.parametrize("name", [CUSTOM_KEY_STORES, MULTI_REGION_KEYS])
def test_service_linked_roles_are_neither_made_nor_assumed_by_users(iam, user, name):
    why = f"`{name}` is a service-linked role, which is made by its service alone"
    for path in ("/", "/aws-service-role/cks.kms.amazonaws.com/"):
        with refused("InvalidInput", why):
            iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(TRUST))
    with refused("InvalidInput"):
        iam.create_role(RoleName=name.upper(), AssumeRolePolicyDocument=json.dumps(TRUST))
    user.may(statement("sts:AssumeRole"))
    for arn in (f"arn:aws:iam::{ALICE.id}:role/{name}", f"arn:aws:iam::{ALICE.id}:role/aws-service-role/x/{name}"):
        assert not allowed(user.client("sts").assume_role, RoleArn=arn, RoleSessionName="me")
