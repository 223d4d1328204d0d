"""Policies, providers and the account as a whole, through the real IAM client; and the command line."""

import json
import pathlib
import subprocess
import sys

from harness.clients import all_pages, boto3_client, environment, refused
from harness.identities import ADMINISTRATOR, POWER_USER, TRUST, User, fresh, policy, statement
from harness.server import ALICE, Account, clean_environment

AWS = pathlib.Path(sys.executable).parent / "aws"


def test_a_document_must_be_a_policy_of_its_kind(iam, user):
    nobody = {**TRUST["Statement"][0], "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:user/not-there"}}
    for document, message in (
        ("{", "Syntax errors in policy."),
        (
            json.dumps({**policy(statement("kms:*")), "Version": "2008-10-17"}),
            "Policy document must be version 2012-10-17 or greater.",
        ),
        (
            json.dumps(policy(statement("Encrypt"))),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            json.dumps(policy({**statement("kms:*"), "Principal": "*"})),
            "Policy document should not specify a principal.",
        ),
    ):
        with refused("MalformedPolicyDocument", message):
            iam.create_policy(PolicyName=fresh("bad"), PolicyDocument=document)
    with refused("MalformedPolicyDocument", "Syntax errors in policy."):
        user.iam.put_user_policy(UserName=user.name, PolicyName="p", PolicyDocument="[]")
    for trust, message in (
        (policy(statement("kms:*")), None),
        (policy(nobody), f'Invalid principal in policy: "AWS":"{nobody["Principal"]["AWS"]}"'),
    ):
        with refused("MalformedPolicyDocument", message):
            iam.create_role(RoleName=fresh("bad"), AssumeRolePolicyDocument=json.dumps(trust))
    long = json.dumps(policy(statement([f"kms:{'a' * 60}{n}" for n in range(120)])))
    with refused("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409):
        iam.create_policy(PolicyName=fresh("long"), PolicyDocument=long)
    with refused("LimitExceeded", f"Maximum policy size of 2048 bytes exceeded for user {user.name}", 409):
        iam.put_user_policy(UserName=user.name, PolicyName="p", PolicyDocument=long)


def test_a_managed_policy_has_versions_and_users(iam, user, managed):
    arn = managed(statement("kms:*"), Path="/team/", Description="Keys", Tags=[{"Key": "a", "Value": "b"}])
    assert arn.startswith(f"arn:aws:iam::{ALICE.id}:policy/team/")
    shown = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (shown["Description"], shown["Tags"], shown["DefaultVersionId"]) == (
        "Keys",
        [{"Key": "a", "Value": "b"}],
        "v1",
    )
    assert iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"] == policy(
        statement("kms:*")
    )
    document = json.dumps(policy(statement("kms:Get*")))
    for number in range(2, 6):
        made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)["PolicyVersion"]
        assert made["VersionId"] == f"v{number}"
    with refused("LimitExceeded", status=409):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)
    versions = all_pages(iam, "list_policy_versions", "Versions", PolicyArn=arn, PaginationConfig={"PageSize": 2})
    assert [v["VersionId"] for v in versions] == ["v5", "v4", "v3", "v2", "v1"]
    assert [v["IsDefaultVersion"] for v in versions] == [True, False, False, False, False]
    with refused("DeleteConflict", "Cannot delete the default version of a policy.", 409):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    with refused("NoSuchEntity", f"Policy {arn} version v9 does not exist or is not attachable.", 404):
        iam.set_default_policy_version(PolicyArn=arn, VersionId="v9")
    iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
    iam.attach_user_policy(UserName=user.name, PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    attached = iam.list_attached_user_policies(UserName=user.name, PathPrefix="/team/")["AttachedPolicies"]
    assert attached == [{"PolicyName": arn.rsplit("/", 1)[1], "PolicyArn": arn}]
    users = iam.list_entities_for_policy(PolicyArn=arn)
    assert [u["UserName"] for u in users["PolicyUsers"]] == [user.name]
    assert users["PolicyGroups"] == users["PolicyRoles"] == []
    assert not iam.list_entities_for_policy(PolicyArn=arn, EntityFilter="Role")["PolicyUsers"]
    used = iam.list_policies(Scope="Local", OnlyAttached=True, PathPrefix="/team/")["Policies"]
    assert arn in {p["Arn"] for p in used}
    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", 409):
        iam.delete_policy(PolicyArn=arn)
    iam.detach_user_policy(UserName=user.name, PolicyArn=arn)
    with refused("NoSuchEntity", f"Policy {arn} was not found.", 404):
        iam.detach_user_policy(UserName=user.name, PolicyArn=arn)
    with refused("DeleteConflict", status=409):
        iam.delete_policy(PolicyArn=arn)
    for number in range(1, 5):
        iam.delete_policy_version(PolicyArn=arn, VersionId=f"v{number}")
    iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", f"Policy {arn} was not found.", 404):
        iam.get_policy(PolicyArn=arn)


def test_policies_that_come_with_the_product_are_read_and_not_changed(iam):
    shown = iam.get_policy(PolicyArn=ADMINISTRATOR)["Policy"]
    version = iam.get_policy_version(PolicyArn=ADMINISTRATOR, VersionId=shown["DefaultVersionId"])["PolicyVersion"]
    assert version["Document"] == policy(statement("*"))
    assert {p["PolicyName"] for p in iam.list_policies(Scope="AWS")["Policies"]} >= {"AdministratorAccess"}
    outside = refused("AccessDenied", "Policy is outside your own account.", 403)
    with outside:
        iam.create_policy_version(PolicyArn=ADMINISTRATOR, PolicyDocument=json.dumps(policy(statement("*"))))
    with refused("AccessDenied", "Policy is outside your own account.", 403):
        iam.delete_policy(PolicyArn=ADMINISTRATOR)
    with refused("NoSuchEntity", status=404):
        iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/NotThere")
    with refused("InvalidInput", "ARN arn:aws:iam::aws:user/none is not valid."):
        iam.get_policy(PolicyArn="arn:aws:iam::aws:user/none")


def test_a_provider_is_made_changed_and_deleted(iam):
    host = f"{fresh('id')}.example.com/realm"
    made = iam.create_open_id_connect_provider(
        Url=f"https://{host}", ClientIDList=["one"], Tags=[{"Key": "a", "Value": "b"}]
    )
    arn = made["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{ALICE.id}:oidc-provider/{host}"
    with refused("EntityAlreadyExists", f"Provider with url https://{host} already exists.", 409):
        iam.create_open_id_connect_provider(Url=f"https://{host}")
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="two")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="one")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["ab" * 20])
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["a"])
    shown = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (shown["Url"], shown["ClientIDList"], shown["ThumbprintList"]) == (host, ["two"], ["ab" * 20])
    tags = iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"]
    assert tags == shown["Tags"] == [{"Key": "c", "Value": "d"}]
    assert {"Arn": arn} in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    with refused("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", 404):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_an_account_has_one_alias_that_no_other_has(iam, others_iam):
    name = fresh("acme")
    iam.create_account_alias(AccountAlias=name)
    assert iam.list_account_aliases()["AccountAliases"] == [name]
    with refused("EntityAlreadyExists", f"The account alias {name} already exists.", 409):
        others_iam.create_account_alias(AccountAlias=name)
    iam.create_account_alias(AccountAlias=name + "2")
    assert iam.list_account_aliases()["AccountAliases"] == [name + "2"]
    others_iam.create_account_alias(AccountAlias=name)
    others_iam.delete_account_alias(AccountAlias=name)
    iam.delete_account_alias(AccountAlias=name + "2")
    assert iam.list_account_aliases()["AccountAliases"] == []
    with refused("NoSuchEntity", status=404):
        iam.delete_account_alias(AccountAlias=name)


def test_the_account_as_a_whole(own_server):
    iam = boto3_client(own_server, ALICE, service="iam")
    user = User(own_server, iam, ALICE, "ada", "/team/")
    user.may(statement("kms:*"))
    iam.create_group(GroupName="builders")
    iam.add_user_to_group(GroupName="builders", UserName="ada")
    iam.create_role(RoleName="builder", AssumeRolePolicyDocument=json.dumps(TRUST))
    document = json.dumps(policy(statement("kms:List*")))
    own = iam.create_policy(PolicyName="list", PolicyDocument=document)["Policy"]["Arn"]
    for arn in (own, POWER_USER):
        iam.attach_group_policy(GroupName="builders", PolicyArn=arn)
    counts = iam.get_account_summary()["SummaryMap"]
    of = {
        name: counts[name]
        for name in ("Users", "Groups", "Roles", "Policies", "AccountAccessKeysPresent", "UsersQuota")
    }
    assert of == {"Users": 1, "Groups": 1, "Roles": 1, "Policies": 1, "AccountAccessKeysPresent": 1, "UsersQuota": 5000}
    lists = {
        "UserDetailList": ["ada"],
        "GroupDetailList": ["builders"],
        "RoleDetailList": ["builder"],
        "Policies": ["AWSKeyManagementServicePowerUser", "list"],
    }
    for size in (1, 2, 100):
        seen = {name: [] for name in lists}
        for page in iam.get_paginator("get_account_authorization_details").paginate(
            PaginationConfig={"PageSize": size}
        ):
            for name, found in seen.items():
                found += [next(v for k, v in each.items() if k.endswith("Name")) for each in page[name]]
        assert {name: sorted(found) for name, found in seen.items()} == lists, size
    whole = iam.get_account_authorization_details(Filter=["User", "Group"])
    assert whole["RoleDetailList"] == whole["Policies"] == []
    [ada] = whole["UserDetailList"]
    assert ada["UserPolicyList"] == [{"PolicyName": "only", "PolicyDocument": policy(statement("kms:*"))}]
    assert ada["GroupList"] == ["builders"]
    assert {p["PolicyArn"] for p in whole["GroupDetailList"][0]["AttachedManagedPolicies"]} == {own, POWER_USER}


def test_the_command_line_sets_everything_up_from_nothing(own_server, tmp_path):
    def aws(*arguments, account=ALICE, fails=None):
        done = subprocess.run(
            [AWS, *arguments, "--output", "json"],
            env=clean_environment(**environment(own_server, account)),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if fails:
            assert done.returncode != 0 and fails in done.stderr, done
            return None
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    key = aws("kms", "create-key")["KeyMetadata"]["KeyId"]
    (tmp_path / "use.json").write_text(json.dumps(policy(statement(["kms:Encrypt", "kms:Decrypt"]))))
    (tmp_path / "trust.json").write_text(json.dumps(TRUST))
    arn = aws("iam", "create-policy", "--policy-name", "use-keys", "--policy-document", "file://use.json")["Policy"][
        "Arn"
    ]
    aws("iam", "create-group", "--group-name", "apps")
    aws("iam", "attach-group-policy", "--group-name", "apps", "--policy-arn", arn)
    aws("iam", "create-user", "--user-name", "app", "--tags", "Key=Team,Value=blue")
    made = aws("iam", "create-access-key", "--user-name", "app")["AccessKey"]
    app = Account(ALICE.id, made["AccessKeyId"], made["SecretAccessKey"])
    encrypt = ["kms", "encrypt", "--key-id", key, "--plaintext", "aGVsbG8="]
    aws(*encrypt, account=app, fails="no identity-based policy allows the kms:Encrypt action")
    aws("iam", "add-user-to-group", "--group-name", "apps", "--user-name", "app")
    assert aws(*encrypt, account=app)["CiphertextBlob"]
    aws("iam", "list-users", account=app, fails="AccessDenied")
    role = ["--role-name", "builder"]
    aws("iam", "create-role", *role, "--assume-role-policy-document", "file://trust.json")
    aws("iam", "put-role-policy", *role, "--policy-name", "use", "--policy-document", "file://use.json")
    assert aws("iam", "get-role-policy", *role, "--policy-name", "use")["PolicyDocument"] == json.loads(
        (tmp_path / "use.json").read_text()
    )
    assert [u["UserName"] for u in aws("iam", "list-users")["Users"]] == ["app"]
    source = f"arn:aws:iam::{ALICE.id}:user/app"
    results = aws("iam", "simulate-principal-policy", "--policy-source-arn", source, "--action-names", "kms:Encrypt")
    assert results["EvaluationResults"][0]["EvalDecision"] == "allowed"
    aws("iam", "get-user", "--user-name", "nobody", fails="(NoSuchEntity) when calling the GetUser operation")
