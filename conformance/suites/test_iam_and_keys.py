"""What users, groups, roles and policies change for KMS calls, with the real clients."""

import json

from harness.clients import refused
from harness.identities import UNKNOWN_KEY, User, allowed, fresh, policy, statement
from harness.server import ALICE, BOB


# POL-222
def test_a_user_has_what_its_policies_give_and_nothing_else(kms, key, user):
    other = kms.create_key()["KeyMetadata"]
    client = user.client()
    with user.denied("kms:Encrypt", key["Arn"]):
        client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    with user.denied("kms:GenerateRandom", "*"):
        client.generate_random(NumberOfBytes=8)
    user.may(statement(["kms:Encrypt", "kms:Decrypt"], key["Arn"]), statement("kms:GenerateRandom"))
    sealed = client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert client.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    assert len(client.generate_random(NumberOfBytes=8)["Plaintext"]) == 8
    with user.denied("kms:Encrypt", other["Arn"]):
        client.encrypt(KeyId=other["KeyId"], Plaintext=b"x")
    with user.denied("kms:DisableKey", key["Arn"]):
        client.disable_key(KeyId=key["KeyId"])
    several = statement(["kms:Encrypt", "iam:ListUsers"], [key["Arn"], other["Arn"], f"arn:aws:iam::{ALICE.id}:user/"])
    user.may(several, statement("kms:Encrypt", other["Arn"], effect="Deny"))
    assert allowed(client.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    assert allowed(user.client("iam").list_users)
    with user.denied("kms:Encrypt", other["Arn"], "with an explicit deny in an identity-based policy"):
        client.encrypt(KeyId=other["KeyId"], Plaintext=b"x")
    by_name = {**statement(["kms:GenerateRandom", "kms:ListKeys"]), "Principal": {"AWS": user.arn}}
    root = {**statement("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(root, by_name)))
    assert not allowed(client.generate_random, NumberOfBytes=8), "no key's policy has a say in it"


# POL-494
def test_a_resource_selects_in_an_iam_policy_and_means_this_key_in_a_key_policy(kms, key, user):
    other = kms.create_key()["KeyMetadata"]
    client = user.client()
    root = {**statement("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}}
    by_name = {**statement("kms:DescribeKey"), "Principal": {"AWS": user.arn}}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(root, by_name)))
    assert allowed(client.describe_key, KeyId=key["KeyId"])
    assert not allowed(client.describe_key, KeyId=other["KeyId"])
    user.may(statement("kms:GetKeyPolicy", other["Arn"]))
    assert allowed(client.get_key_policy, KeyId=other["KeyId"])
    assert not allowed(client.get_key_policy, KeyId=key["KeyId"])


# POL-8, POL-223
def test_iam_policies_count_for_a_key_only_as_long_as_its_policy_says_so(kms, key, user):
    user.may(statement("kms:*"))
    client = user.client()
    client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    own = statement("kms:*")
    root = {**own, "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}}
    only_root = {**root, "Condition": {"StringEquals": {"aws:PrincipalType": "Account"}}}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(only_root)))
    because = "because no resource-based policy allows the kms:Encrypt action"
    with user.denied("kms:Encrypt", key["Arn"], because):
        client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(root)))
    client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


# POL-17
def test_one_policy_counts_in_every_region(kms, west, user):
    keys = {"us-east-1": kms.create_key()["KeyMetadata"], "us-west-2": west.create_key()["KeyMetadata"]}
    user.may(statement("kms:DescribeKey", f"arn:aws:kms:*:{ALICE.id}:key/*"))
    for region, key in keys.items():
        client = user.client(region=region)
        assert client.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Arn"] == key["Arn"]
        assert not allowed(client.get_key_policy, KeyId=key["KeyId"])


def test_a_group_gives_its_members_what_it_has_for_as_long_as_they_are_in_it(iam, key, user):
    group = fresh("group")
    iam.create_group(GroupName=group, Path="/teams/")
    document = json.dumps(policy(statement("kms:DescribeKey", key["Arn"])))
    iam.put_group_policy(GroupName=group, PolicyName="look", PolicyDocument=document)
    client = user.client()
    assert not allowed(client.describe_key, KeyId=key["KeyId"])
    iam.add_user_to_group(GroupName=group, UserName=user.name)
    assert allowed(client.describe_key, KeyId=key["KeyId"])
    assert [u["UserName"] for u in iam.get_group(GroupName=group)["Users"]] == [user.name]
    assert [g["GroupName"] for g in iam.list_groups_for_user(UserName=user.name)["Groups"]] == [group]
    with refused("DeleteConflict", status=409):
        iam.delete_group(GroupName=group)
    iam.remove_user_from_group(GroupName=group, UserName=user.name)
    assert not allowed(client.describe_key, KeyId=key["KeyId"])
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first.", 409):
        iam.delete_group(GroupName=group)
    iam.delete_group_policy(GroupName=group, PolicyName="look")
    iam.delete_group(GroupName=group)
    with refused("NoSuchEntity", f"The group with name {group} cannot be found.", 404):
        iam.get_group(GroupName=group)


def test_a_boundary_limits_and_gives_nothing(iam, key, user, managed):
    bound = managed(statement(["kms:DescribeKey", "kms:GetKeyPolicy"]))
    client = user.client()
    iam.put_user_permissions_boundary(UserName=user.name, PermissionsBoundary=bound)
    assert not allowed(client.describe_key, KeyId=key["KeyId"])
    user.may(statement("kms:*"))
    assert allowed(client.describe_key, KeyId=key["KeyId"])
    because = "because no permissions boundary allows the kms:Encrypt action"
    with user.denied("kms:Encrypt", key["Arn"], because):
        client.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    shown = iam.get_user(UserName=user.name)["User"]["PermissionsBoundary"]
    assert shown == {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": bound}
    with refused("DeleteConflict", status=409):
        iam.delete_policy(PolicyArn=bound)
    iam.delete_user_permissions_boundary(UserName=user.name)
    assert allowed(client.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    with refused("NoSuchEntity", status=404):
        iam.delete_user_permissions_boundary(UserName=user.name)


def test_another_version_of_a_managed_policy_counts_at_once(iam, key, user, managed):
    arn = managed(statement("kms:DescribeKey"))
    iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
    client = user.client()
    assert allowed(client.describe_key, KeyId=key["KeyId"])
    document = json.dumps(policy(statement("kms:GetKeyPolicy")))
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)["PolicyVersion"]
    assert (made["VersionId"], made["IsDefaultVersion"]) == ("v2", False)
    assert allowed(client.describe_key, KeyId=key["KeyId"])
    for version, describes in (("v2", False), ("v1", True), ("v2", False)):
        iam.set_default_policy_version(PolicyArn=arn, VersionId=version)
        assert allowed(client.describe_key, KeyId=key["KeyId"]) is describes, version
        assert allowed(client.get_key_policy, KeyId=key["KeyId"]) is not describes, version
    iam.detach_user_policy(UserName=user.name, PolicyArn=arn)
    assert not allowed(client.get_key_policy, KeyId=key["KeyId"])


def test_a_deactivated_key_is_refused_until_it_is_active_again(iam, key, user):
    user.may(statement("kms:DescribeKey"))
    client = user.client()
    client.describe_key(KeyId=key["KeyId"])
    iam.update_access_key(UserName=user.name, AccessKeyId=user.key_id, Status="Inactive")
    with refused("UnrecognizedClientException", UNKNOWN_KEY):
        client.describe_key(KeyId=key["KeyId"])
    with refused("InvalidClientTokenId", UNKNOWN_KEY, 403):
        user.client("iam").get_user()
    assert [k["Status"] for k in iam.list_access_keys(UserName=user.name)["AccessKeyMetadata"]] == ["Inactive"]
    iam.update_access_key(UserName=user.name, AccessKeyId=user.key_id, Status="Active")
    client.describe_key(KeyId=key["KeyId"])


def test_whoever_takes_the_name_of_a_deleted_user_has_nothing_of_it(server, iam, key, user):
    user.may(statement("kms:*"))
    client = user.client()
    client.describe_key(KeyId=key["KeyId"])
    with refused("DeleteConflict", "Cannot delete entity, must delete access keys first.", 409):
        iam.delete_user(UserName=user.name)
    iam.delete_access_key(UserName=user.name, AccessKeyId=user.key_id)
    with refused("UnrecognizedClientException", UNKNOWN_KEY):
        client.describe_key(KeyId=key["KeyId"])
    with refused("DeleteConflict", "Cannot delete entity, must delete policies first.", 409):
        iam.delete_user(UserName=user.name)
    iam.delete_user_policy(UserName=user.name, PolicyName="only")
    before = iam.get_user(UserName=user.name)["User"]["UserId"]
    iam.delete_user(UserName=user.name)
    with refused("UnrecognizedClientException", UNKNOWN_KEY):
        client.describe_key(KeyId=key["KeyId"])
    again = User(server, iam, ALICE, user.name)
    assert iam.get_user(UserName=user.name)["User"]["UserId"] != before
    assert not allowed(again.client().describe_key, KeyId=key["KeyId"])


# AUTHZ-221
def test_a_user_of_another_account_needs_both_sides(server, kms, key, others_iam):
    stranger = User(server, others_iam, BOB, fresh("stranger"))
    client = stranger.client()
    give = {**statement(["kms:Encrypt", "kms:DescribeKey"]), "Principal": {"AWS": f"arn:aws:iam::{BOB.id}:root"}}
    own = {**statement("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(own, give)))
    assert not allowed(client.encrypt, KeyId=key["Arn"], Plaintext=b"x")
    stranger.may(statement("kms:*", key["Arn"]))
    assert allowed(client.encrypt, KeyId=key["Arn"], Plaintext=b"x")
    assert not allowed(client.decrypt, CiphertextBlob=kms.encrypt(KeyId=key["Arn"], Plaintext=b"x")["CiphertextBlob"])
    stranger.may(statement("kms:DescribeKey", key["Arn"]))
    assert allowed(client.describe_key, KeyId=key["Arn"]) and not allowed(
        client.encrypt, KeyId=key["Arn"], Plaintext=b"x"
    )
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(policy(own)))
    assert not allowed(client.describe_key, KeyId=key["Arn"])
