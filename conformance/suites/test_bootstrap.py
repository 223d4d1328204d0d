"""A bootstrap file with users, roles and an organization: planned, applied, and what its users may do then."""

import json

import pytest
from harness.clients import boto3_client, refused
from harness.server import ALICE, BOB, OPERATORS_OWN, Account
from harness.trail import open_segment

USER = Account(ALICE.id, "AKIAUSEROFALICEEXAMP", "uSeRoFaLiCe/0123456789abcdefghijEXAMPLEK")
BOUNDED = Account(ALICE.id, "AKIABOUNDEDONEEXAMPL", "bOuNdEdOnE/00123456789abcdefghijEXAMPLEK")
STRANGER = Account(BOB.id, "AKIASTRANGEREXAMPLE1", "sTrAnGeR/0000123456789abcdefghijEXAMPLEK")

USERS = f"""
[[accounts]]
id = "{ALICE.id}"
name = "alice"

[[accounts.policies]]
name = "use-keys"
tags = {{ team = "crypto" }}
document = {{ file = "policies/use-keys.json" }}

[[accounts.groups]]
name = "operators"
attached_policies = ["arn:aws:iam::{ALICE.id}:policy/use-keys"]

[[accounts.users]]
name = "user"
path = "/staff/"
groups = ["operators"]
access_keys = [{{ id = "{USER.access_key_id}", secret = "{USER.secret}" }}]

[[accounts.users]]
name = "bounded"
groups = ["operators"]
permissions_boundary = "arn:aws:iam::{ALICE.id}:policy/only-look"
access_keys = [{{ id = "{BOUNDED.access_key_id}", secret = "{BOUNDED.secret}" }}]

[[accounts.policies]]
name = "only-look"
document = '''
{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "kms:Describe*", "Resource": "*"}}}}
'''

[[accounts.roles]]
name = "deploy"
max_session_seconds = 7200
attached_policies = ["arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser"]

[accounts.roles.trust_policy]
Version = "2012-10-17"
Statement = [{{ Effect = "Allow", Principal = {{ AWS = "arn:aws:iam::{ALICE.id}:root" }}, Action = "sts:AssumeRole" }}]

[[accounts]]
id = "{BOB.id}"
name = "bob"

[[accounts.users]]
name = "stranger"
access_keys = [{{ id = "{STRANGER.access_key_id}", secret = "{STRANGER.secret}" }}]
inline_policies.all = {{ file = "policies/use-keys.json" }}
"""

ORGANIZATION = f"""
[organization]
id = "o-a1b2c3d4e5"
root = "r-ab12"
management_account = "{OPERATORS_OWN}"

[[organization.units]]
id = "ou-ab12-11111111"
name = "Workloads"

[[organization.units]]
id = "ou-ab12-22222222"
name = "Payments"
parent = "ou-ab12-11111111"

[[organization.accounts]]
id = "{ALICE.id}"
parent = "ou-ab12-22222222"

[[organization.accounts]]
id = "{BOB.id}"
"""

USE_KEYS = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": ["kms:*"], "Resource": "*"},
}

PLAN = f"""\
account {ALICE.id}
  + policy use-keys
  + policy only-look
  + group operators
  + group operators: attached policy use-keys
  + user user
  + user user: group operators
  + user user: access key {USER.access_key_id}
  + user bounded
  + user bounded: group operators
  + user bounded: access key {BOUNDED.access_key_id}
  + role deploy
  + role deploy: attached policy AWSKeyManagementServicePowerUser
account {BOB.id}
  + user stranger
  + user stranger: inline policy all
  + user stranger: access key {STRANGER.access_key_id}
organization
  + organization o-a1b2c3d4e5
  + root r-ab12
  + unit ou-ab12-11111111 (Workloads)
  + unit ou-ab12-22222222 (Payments)
  ~ account {ALICE.id} in ou-ab12-22222222
  ~ account {BOB.id} in r-ab12
  ~ account {OPERATORS_OWN} in r-ab12
"""


def control(kind, name, targets, *statements):
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return (
        f'[[organization.{kind}_control_policies]]\nname = "{name}"\ntargets = {json.dumps(targets)}\n'
        f"document = '{document}'\n"
    )


def deny(actions, **more):
    return {"Effect": "Deny", "Action": actions, "Resource": "*", **more}


class World:
    """A running server and the bootstrap file that is applied to it."""

    def __init__(self, server):
        self.server = server
        self.file = server.folder / "world.toml"
        (server.folder / "policies").mkdir(exist_ok=True)
        (server.folder / "policies" / "use-keys.json").write_text(json.dumps(USE_KEYS))

    def write(self, *more):
        self.file.write_text(USERS + ORGANIZATION + "\n".join(more))

    def run(self, *arguments):
        return self.server.run("apply", str(self.file), *arguments)

    def apply(self, *more):
        self.write(*more)
        done = self.run()
        assert done.returncode == 0, done.stderr

    def client(self, account):
        return boto3_client(self.server, account)


@pytest.fixture
def world(own_server):
    return World(own_server)


def message(user, action, rest):
    return f"User: {user} is not authorized to perform: {action} {rest}"


ALICES_USER = f"arn:aws:iam::{ALICE.id}:user/staff/user"
ORG_DENY = "with an explicit deny in a service control policy"


def test_a_plan_is_shown_before_anything_is_changed(world):
    world.write()
    planned = world.run("--plan")
    assert (planned.returncode, planned.stdout) == (2, PLAN), planned.stderr
    with refused("UnrecognizedClientException"):
        world.client(USER).list_keys()
    applied = world.run()
    assert (applied.returncode, applied.stdout) == (0, PLAN + "\nApplied.\n"), applied.stderr
    world.client(USER).list_keys()
    again = world.run("--plan")
    assert (again.returncode, again.stdout) == (0, "Nothing to change.\n"), again.stderr
    as_json = json.loads(world.run("--json").stdout)
    assert as_json == {"Applied": True, "Changes": [], "Notes": []}


def test_a_stopped_deployment_is_changed_as_well(world):
    assert world.server.stop() == 0
    world.write()
    planned = world.run("--plan", "--json")
    assert planned.returncode == 2, planned.stderr
    assert len(json.loads(planned.stdout)["Changes"]) == len(PLAN.splitlines()) - 3
    applied = world.run()
    assert (applied.returncode, applied.stdout) == (0, PLAN + "\nApplied.\n"), applied.stderr
    world.server.start()
    world.client(USER).list_keys()
    assert world.run("--plan").returncode == 0


def test_every_transaction_has_its_record(world):
    world.apply()
    assert world.server.stop() == 0
    trail = open_segment(world.server.data).splitlines()
    records = [json.loads(line) for line in trail if '"ApplyDeclaration"' in line]
    changes = [line for record in records for line in (record.get("responseElements") or {}).get("changes", [])]
    told = [line.strip() for line in PLAN.splitlines() if line.startswith("  ")]
    assert changes == told
    assert not any(account.secret in line for line in trail for account in (USER, BOUNDED, STRANGER))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("use-keys.json", "none.json"), "accounts[0].policies[0].document.file: cannot read `policies/none.json`: "),
        (("kms:Describe*", "kms Describe*"), "accounts[0].policies[1].document: the policy is not accepted: line "),
        (('groups = ["operators"]', 'groups = ["nobody"]'), "accounts[0].users[0].groups[0]: there is no Group"),
        (('name = "deploy"', 'name = "de ploy"'), "accounts[0].roles[0].name: `de ploy` is no role name"),
        (("7200", "60"), "accounts[0].roles[0].max_session_seconds: a role's longest session is 3600 to 43200"),
        (('parent = "ou-ab12-1', 'parent = "ou-ab12-9'), "organization.units[1].parent: the organization has no"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_field(world, change, said):
    world.write()
    world.file.write_text(world.file.read_text().replace(*change))
    done = world.run("--plan")
    assert done.returncode == 1
    assert said in done.stderr, done.stderr
    with refused("UnrecognizedClientException"):
        world.client(USER).list_keys()


def test_declared_users_may_do_what_their_policies_say(world):
    world.apply()
    key = world.client(ALICE).create_key()["KeyMetadata"]
    blob = world.client(USER).encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert world.client(USER).decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    bounded = world.client(BOUNDED)
    assert bounded.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Arn"] == key["Arn"]
    user = f"arn:aws:iam::{ALICE.id}:user/bounded"
    because = f"on resource: {key['Arn']} because no permissions boundary allows the kms:Encrypt action"
    with refused("AccessDeniedException", message(user, "kms:Encrypt", because)):
        bounded.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


# POL-65, AUTHZ-275
def test_a_service_control_policy_denies_every_principal_of_a_member_account(world):
    world.apply()
    key = world.client(ALICE).create_key()["KeyMetadata"]
    own = world.client(Account(BOB.id, BOB.access_key_id, BOB.secret)).create_key()["KeyMetadata"]
    world.apply(control("service", "no-encryption", ["ou-ab12-11111111"], deny("kms:Encrypt")))
    for account, user in ((USER, ALICES_USER), (ALICE, f"arn:aws:iam::{ALICE.id}:root")):
        because = f"on resource: {key['Arn']} {ORG_DENY}"
        with refused("AccessDeniedException", message(user, "kms:Encrypt", because)):
            world.client(account).encrypt(KeyId=key["KeyId"], Plaintext=b"x")
        world.client(account).describe_key(KeyId=key["KeyId"])
    # The other account is in no unit that the policy is attached to.
    world.client(BOB).encrypt(KeyId=own["KeyId"], Plaintext=b"x")
    # Attached to the root it limits that account as well; taken away, it limits nobody.
    world.apply(control("service", "no-encryption", ["r-ab12"], deny("kms:Encrypt")))
    because = f"on resource: {own['Arn']} {ORG_DENY}"
    with refused("AccessDeniedException", message(f"arn:aws:iam::{BOB.id}:root", "kms:Encrypt", because)):
        world.client(BOB).encrypt(KeyId=own["KeyId"], Plaintext=b"x")
    world.apply()
    world.client(USER).encrypt(KeyId=key["KeyId"], Plaintext=b"x")


# AUTHZ-279, AUTHZ-306
def test_without_full_access_a_level_allows_only_what_its_policies_allow(world):
    world.apply()
    key = world.client(ALICE).create_key()["KeyMetadata"]
    look = {"Effect": "Allow", "Action": "kms:Describe*", "Resource": "*"}
    organization = ORGANIZATION.replace(
        'root = "r-ab12"', 'root = "r-ab12"\nwithout_full_access = ["ou-ab12-22222222"]'
    )
    listing = control("service", "look", ["ou-ab12-22222222"], look)
    world.file.write_text(USERS + organization + listing)
    done = world.run()
    assert done.returncode == 0, done.stderr
    user = world.client(USER)
    user.describe_key(KeyId=key["KeyId"])
    because = f"on resource: {key['Arn']} because no service control policy allows the kms:Encrypt action"
    with refused("AccessDeniedException", message(ALICES_USER, "kms:Encrypt", because)):
        user.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


# AUTHZ-275
def test_a_resource_control_policy_limits_whoever_uses_a_key_of_the_account(world):
    world.apply()
    shared = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": [f"arn:aws:iam::{ALICE.id}:root", f"arn:aws:iam::{BOB.id}:root"]},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    key = world.client(ALICE).create_key(Policy=json.dumps(shared))["KeyMetadata"]
    stranger = world.client(STRANGER)
    stranger.encrypt(KeyId=key["Arn"], Plaintext=b"x")
    limit = deny("kms:Encrypt", Principal="*")
    world.apply(control("resource", "no-encryption", [ALICE.id], limit))
    # The other account learns nothing of why; the key's own account is told.
    hidden = (
        f"on resource: {key['Arn']} because the resource does not exist in this Region, no resource-based policies "
        "allow access, or a resource-based policy explicitly denies access"
    )
    user = f"arn:aws:iam::{BOB.id}:user/stranger"
    with refused("AccessDeniedException", message(user, "kms:Encrypt", hidden)):
        stranger.encrypt(KeyId=key["Arn"], Plaintext=b"x")
    because = f"on resource: {key['Arn']} with an explicit deny in a resource control policy"
    with refused("AccessDeniedException", message(ALICES_USER, "kms:Encrypt", because)):
        world.client(USER).encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    own = world.client(BOB).create_key()["KeyMetadata"]
    stranger.encrypt(KeyId=own["KeyId"], Plaintext=b"x")


# AUTHZ-44, AUTHZ-45
def test_conditions_see_the_organizations_of_principal_and_resource(world):
    world.apply()
    path = "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/"
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    statements = {
        "kms:Encrypt": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        "kms:GenerateDataKey": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{path}*"}},
        "kms:DescribeKey": {"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}},
        "kms:ListKeyPolicies": {"ForAllValues:StringEquals": {"aws:ResourceOrgPaths": [path]}},
        "kms:GetKeyPolicy": {"StringEquals": {"aws:PrincipalOrgID": "o-zzzzzzzzzz"}},
    }
    policy = {
        "Version": "2012-10-17",
        "Statement": [{**everybody, "Action": action, "Condition": test} for action, test in statements.items()],
    }
    made = world.client(ALICE).create_key(Policy=json.dumps(policy), BypassPolicyLockoutSafetyCheck=True)
    arn = made["KeyMetadata"]["Arn"]
    own, other = world.client(USER), world.client(STRANGER)
    for client in (own, other):
        client.encrypt(KeyId=arn, Plaintext=b"x")
        client.describe_key(KeyId=arn)
        with refused("AccessDeniedException"):
            client.get_key_policy(KeyId=arn)
    own.generate_data_key(KeyId=arn, KeySpec="AES_256")
    own.list_key_policies(KeyId=arn)
    # The other account is in the organization, and under another path.
    with refused("AccessDeniedException"):
        other.generate_data_key(KeyId=arn, KeySpec="AES_256")


# MON-284
def test_a_suspended_account_has_no_key_that_anybody_uses(world):
    """Two policies that deny everything: for its principals and for its keys. Without them all is as before."""
    world.apply()
    shared = {"Effect": "Allow", "Principal": {"AWS": [ALICE.id, BOB.id]}, "Action": "kms:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [shared]})
    root, own, other = (world.client(account) for account in (ALICE, USER, STRANGER))
    key = root.create_key(Policy=document)["KeyMetadata"]
    granted = root.create_key()["KeyMetadata"]
    root.create_grant(
        KeyId=granted["KeyId"], GranteePrincipal=f"arn:aws:iam::{BOB.id}:root", Operations=["Encrypt", "Decrypt"]
    )
    users = [(client, key["Arn"]) for client in (root, own, other)] + [(world.client(BOB), granted["Arn"])]
    sealed = [client.encrypt(KeyId=arn, Plaintext=b"kept")["CiphertextBlob"] for client, arn in users]
    payments = ["ou-ab12-22222222"]
    world.apply(
        control("service", "suspended", payments, deny("*")),
        control("resource", "suspended", payments, deny("kms:*", Principal="*")),
    )
    for (client, arn), ciphertext in zip(users, sealed, strict=True):
        for call, arguments in [
            (client.encrypt, {"KeyId": arn, "Plaintext": b"x"}),
            (client.decrypt, {"KeyId": arn, "CiphertextBlob": ciphertext}),
            (client.describe_key, {"KeyId": arn}),
        ]:
            with refused("AccessDeniedException"):
                call(**arguments)
    with refused("AccessDeniedException"):
        root.create_key()
    world.client(BOB).create_key()
    world.apply()
    for (client, arn), ciphertext in zip(users, sealed, strict=True):
        assert client.decrypt(KeyId=arn, CiphertextBlob=ciphertext)["Plaintext"] == b"kept"
