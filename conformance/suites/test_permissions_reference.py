"""The permissions reference through the wire: what allows each row whose operation is served, and what does not.

The rows are read from the requirements' own table. Each is asked with a request that succeeds once it is allowed, by
real users with real policies, everything else that the request needs being allowed. Where the operation has a dry run,
that is asked first and must agree.
Rows of operations that are not served, and those about two Regions at once, are decided in process alone.
"""

import dataclasses
import json
import pathlib
import re

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from harness.clients import boto3_client
from harness.decisions import DENIED, outcome, root, to
from harness.identities import User, fresh, policy, statement
from harness.server import ALICE, BOB
from test_no_bypass import UNKNOWN, answer

CHAPTER = pathlib.Path(__file__).parents[2] / "docs/spec/04-condition-keys-and-authorization.md"
REGION, ELSEWHERE = "us-east-1", "us-west-2"


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of the table: an operation, and one of the permissions that it needs."""

    id: str
    name: str
    operation: str
    action: str
    by_key_policy: bool
    across_accounts: bool
    on: str


def table():
    for line in CHAPTER.read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) != 7 or not re.match(r"AUTHZ-\d+ ", cells[0]) or not cells[2].startswith(("Key", "IAM")):
            continue
        name = cells[1].removeprefix("also: ")
        operation = re.match(r"\w+", name)[0]
        action = re.search(r"kms:(\w+)", name)
        on = {"KMS": "key", "Alias": "alias", "*": "*"}[cells[4].split()[0]]
        yield Row(
            cells[0].split()[0],
            name,
            operation,
            f"kms:{action[1] if action else operation}",
            cells[2].startswith("Key"),
            cells[3].startswith("Yes"),
            on,
        )


TABLE = list(table())


class Scene:
    """The key that a row is about, in the account of the caller or in another, and what is around it."""

    def __init__(self, kms, owner, caller, *statements, **kind):
        self.kms, self.owner, self.caller = kms, owner, caller
        self.key = self.new_key(owner, *statements, **kind)
        # Another key of the caller's account, which leaves everything to IAM policies.
        self.other = self.new_key(ALICE, to(root(ALICE), "kms:*"))
        self.alias = f"alias/{fresh('row')}"
        self.alias_arn = f"arn:aws:kms:{REGION}:{ALICE.id}:{self.alias}"

    def new_key(self, account, *statements, **kind):
        # The root user alone, and no IAM policy, is let in for the preparations.
        alone = {"Condition": {"StringEquals": {"aws:PrincipalType": "Account"}}}
        document = json.dumps(policy({**to(root(account), "kms:*"), **alone}, *statements))
        tags = [{"TagKey": "row", "TagValue": "x"}]
        made = self.kms[account].create_key(Policy=document, Tags=tags, BypassPolicyLockoutSafetyCheck=True, **kind)
        return made["KeyMetadata"]["Arn"]

    def aliased(self, key):
        self.kms[ALICE].create_alias(AliasName=self.alias, TargetKeyId=key)
        return self.alias

    def sealed(self, key):
        account = BOB if f":{BOB.id}:" in key else ALICE
        return self.kms[account].encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]

    def made(self, operation, member, **request):
        """What the key's owner has the key make."""
        return getattr(self.kms[self.owner], operation)(KeyId=self.key, **request)[member]

    def scheduled(self):
        self.kms[self.owner].schedule_key_deletion(KeyId=self.key)
        return {"KeyId": self.key}

    def imported(self):
        """What gives the key material."""
        with_ = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
        parameters = self.kms[self.owner].get_parameters_for_import(KeyId=self.key, **with_)
        wrapping = serialization.load_der_public_key(parameters["PublicKey"])
        hashing = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        return {
            "KeyId": self.key,
            "ImportToken": parameters["ImportToken"],
            "EncryptedKeyMaterial": wrapping.encrypt(bytes(range(32)), hashing),
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        }

    def granted(self, **more):
        grant = {"KeyId": self.key, "GranteePrincipal": root(BOB), "Operations": ["Encrypt"], **more}
        return self.kms[self.owner].create_grant(**grant)["GrantId"]

    def resource(self, on):
        return {"key": self.key, "alias": self.alias_arn, "*": "*"}[on]


def on_key(**more):
    return lambda s: ({"KeyId": s.key, **more}, [])


SIGNING = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}
AGREEMENT = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"}
HMAC = {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}
EXTERNAL = {"Origin": "EXTERNAL"}
WRAPPING = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
# The kind of key that an operation is about, where that is not a symmetric encryption key.
KINDS = {
    "DeleteImportedKeyMaterial": EXTERNAL,
    "DeriveSharedSecret": AGREEMENT,
    "GenerateMac": HMAC,
    "GetParametersForImport": EXTERNAL,
    "GetPublicKey": SIGNING,
    "ImportKeyMaterial": EXTERNAL,
    "ReplicateKey": {"MultiRegion": True},
    "Sign": SIGNING,
    "Verify": SIGNING,
    "VerifyMac": HMAC,
}
SIGNED = {"Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}
TAGGED = {"Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}

TAGS = [{"TagKey": "a", "TagValue": "b"}]
OPEN = json.dumps(policy(to(root(ALICE), "kms:*")))

# By row: the request, and what else it needs; the row's own permission is left to the test.
REQUESTS = {
    "CancelKeyDeletion": lambda s: (s.scheduled(), []),
    "CreateAlias - on the alias": lambda s: (
        {"AliasName": s.alias, "TargetKeyId": s.other},
        [("kms:CreateAlias", s.other)],
    ),
    "CreateAlias - on the KMS key": lambda s: (
        {"AliasName": s.alias, "TargetKeyId": s.key},
        [("kms:CreateAlias", s.alias_arn)],
    ),
    "CreateGrant": on_key(GranteePrincipal=root(BOB), Operations=["Encrypt"]),
    "CreateKey": lambda s: ({}, []),
    "Decrypt": lambda s: ({"KeyId": s.key, "CiphertextBlob": s.sealed(s.key)}, []),
    "DeleteImportedKeyMaterial": on_key(),
    "DeleteAlias - on the alias": lambda s: ({"AliasName": s.aliased(s.other)}, [("kms:DeleteAlias", s.other)]),
    "DeleteAlias - on the KMS key": lambda s: ({"AliasName": s.aliased(s.key)}, [("kms:DeleteAlias", s.alias_arn)]),
    "DeriveSharedSecret": lambda s: (
        {"KeyId": s.key, "KeyAgreementAlgorithm": "ECDH", "PublicKey": s.made("get_public_key", "PublicKey")},
        [],
    ),
    "DescribeKey": on_key(),
    "DisableKey": on_key(),
    "DisableKeyRotation": on_key(),
    "EnableKey": on_key(),
    "EnableKeyRotation": on_key(),
    "Encrypt": on_key(Plaintext=b"x"),
    "GenerateDataKey": on_key(KeySpec="AES_256"),
    "GenerateDataKeyPair": on_key(KeyPairSpec="ECC_NIST_P256"),
    "GenerateDataKeyPairWithoutPlaintext": on_key(KeyPairSpec="ECC_NIST_P256"),
    "GenerateDataKeyWithoutPlaintext": on_key(KeySpec="AES_256"),
    "GenerateMac": on_key(**TAGGED),
    "GenerateRandom": lambda s: ({"NumberOfBytes": 8}, []),
    "GetKeyPolicy": on_key(),
    "GetKeyRotationStatus": on_key(),
    "GetParametersForImport": on_key(**WRAPPING),
    "GetPublicKey": on_key(),
    "ImportKeyMaterial": lambda s: (s.imported(), []),
    "ListAliases": lambda s: ({}, []),
    "ListGrants": on_key(),
    "ListKeyPolicies": on_key(),
    "ListKeyRotations": on_key(),
    "ListKeys": lambda s: ({}, []),
    "ListResourceTags": on_key(),
    "ListRetirableGrants": lambda s: ({"RetiringPrincipal": s.caller}, []),
    "PutKeyPolicy": on_key(Policy=OPEN, BypassPolicyLockoutSafetyCheck=True),
    "ReEncrypt (kms:ReEncryptFrom on source key)": lambda s: (
        {"SourceKeyId": s.key, "CiphertextBlob": s.sealed(s.key), "DestinationKeyId": s.other},
        [("kms:ReEncryptTo", s.other)],
    ),
    "ReEncrypt (kms:ReEncryptTo on destination key)": lambda s: (
        {"SourceKeyId": s.other, "CiphertextBlob": s.sealed(s.other), "DestinationKeyId": s.key},
        [("kms:ReEncryptFrom", s.other)],
    ),
    "ReplicateKey - on the primary key": lambda s: (
        {"KeyId": s.key, "ReplicaRegion": ELSEWHERE},
        [("kms:CreateKey", "*")],
    ),
    "RetireGrant": lambda s: ({"KeyId": s.key, "GrantId": s.granted()}, []),
    "RevokeGrant": lambda s: ({"KeyId": s.key, "GrantId": s.granted()}, []),
    "RotateKeyOnDemand": on_key(),
    "ScheduleKeyDeletion": on_key(),
    "Sign": on_key(**SIGNED),
    "TagResource": on_key(Tags=TAGS),
    "UntagResource": on_key(TagKeys=["row"]),
    "UpdateAlias - on the alias": lambda s: (
        {"AliasName": s.aliased(s.other), "TargetKeyId": s.other},
        [("kms:UpdateAlias", s.other)],
    ),
    "UpdateAlias - on the current KMS key": lambda s: (
        {"AliasName": s.aliased(s.key), "TargetKeyId": s.other},
        [("kms:UpdateAlias", [s.other, s.alias_arn])],
    ),
    "UpdateAlias - on the new KMS key": lambda s: (
        {"AliasName": s.aliased(s.other), "TargetKeyId": s.key},
        [("kms:UpdateAlias", [s.other, s.alias_arn])],
    ),
    "UpdateKeyDescription": on_key(Description="x"),
    "Verify": lambda s: ({"KeyId": s.key, "Signature": s.made("sign", "Signature", **SIGNED), **SIGNED}, []),
    "VerifyMac": lambda s: ({"KeyId": s.key, "Mac": s.made("generate_mac", "Mac", **TAGGED), **TAGGED}, []),
}
# What is asked in one Region and decided in another: the suites of multi-Region keys ask it.
OF_TWO_REGIONS = {
    "ReplicateKey - kms:CreateKey in the replica Region",
    "UpdatePrimaryRegion - on the current primary key",
    "UpdatePrimaryRegion - on the replica to be promoted",
}
# No request can name the alias of another account, nor point an own one at a foreign key in the first place.
STAYS_AT_HOME = {"DeleteAlias - on the KMS key", "UpdateAlias - on the current KMS key"}


@pytest.fixture(scope="module")
def kms(server):
    return {account: boto3_client(server, account) for account in (ALICE, BOB)}


@pytest.fixture(scope="module")
def caller(server, iam):
    return User(server, iam, ALICE, fresh("caller"))


@pytest.fixture(scope="module")
def served(kms, caller):
    """The rows whose operation the server knows; whoever is allowed nothing is told so before anything happens."""
    samples = {"KeyId": "alias/none", "Policy": OPEN, "AliasName": "alias/none"}
    client = boto3_client(caller.server, caller.credentials, parameter_validation=False)
    operations = {row.operation for row in TABLE}
    known = {name for name in operations if answer(client, name, samples) not in UNKNOWN}
    rows = [row for row in TABLE if row.operation in known and row.name not in OF_TWO_REGIONS]
    print(f"{len(rows)} rows through the wire, {len(TABLE) - len(rows)} in process alone")
    return rows


class Asked:
    """Asks for one row, each time on a new key."""

    def __init__(self, row, kms, caller, owner=ALICE):
        self.row, self.kms, self.caller, self.owner = row, kms, caller, owner

    def __call__(self, key_policy=(), iam=None, by_whom=None):
        """Whether the call is let through. `key_policy`: whom the key's policy allows it; `iam`: on what IAM does."""
        row = self.row
        statements = [to(principal, row.action) for principal in key_policy]
        scene = Scene(self.kms, self.owner, self.caller.arn, *statements, **KINDS.get(row.operation, {}))
        arguments, more = REQUESTS[row.name](scene)
        if by_whom:
            arguments["GrantId"] = scene.granted(RetiringPrincipal=by_whom)
        allow = [statement(action, resource) for action, resource in more]
        if iam:
            allow.append(statement(row.action, [scene.resource(on) if on in ("key", "alias") else on for on in iam]))
        self.caller.may(*(allow or [statement("kms:Nothing")]))
        self.resource = scene.resource(row.on)
        return self.passes(arguments)

    def passes(self, arguments):
        said, answer = outcome(self.caller.client(), self.row.operation, **arguments)
        assert said in ("allow", DENIED), (self.row, answer)
        self.message = answer.get("Error", {}).get("Message")
        return said == "allow"


def is_about(asked):
    """What was refused is the row's action on the row's resource."""
    row, user = asked.row, asked.caller.arn
    said = f"User: {user} is not authorized to perform: {row.action} on resource: {asked.resource} because no "
    return asked.message.startswith(said)


# AUTHZ-324, AUTHZ-326, POL-70, POL-74, POL-234
def test_the_listed_policies_allow_it_and_nothing_else_does(served, kms, caller):
    own, elsewhere = [root(ALICE)], f"arn:aws:kms:{REGION}:{ALICE.id}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    for row in served:
        ask = Asked(row, kms, caller)
        assert not ask(key_policy=own), f"{row}: nothing allows it"
        assert is_about(ask), (row, ask.message)
        if row.operation == "RetireGrant":
            assert not ask(key_policy=[caller.arn]), "a key policy has no say in it"
            assert ask(key_policy=own, iam=["key"], by_whom=root(ALICE)), "an account lets its users do what it may"
            assert ask(by_whom=caller.arn), "the grant says who may"
            continue
        assert ask(key_policy=own, iam=["*"]), row
        assert ask(key_policy=[caller.arn]) is row.by_key_policy, f"{row}: the key policy alone"
        if row.on == "key":
            assert ask(key_policy=own, iam=["key"]), f"{row}: IAM, where the key policy leaves it to the account"
            assert not ask(iam=["*"]), f"{row}: IAM, where it does not"
            assert is_about(ask), (row, ask.message)
            assert not ask(key_policy=own, iam=[elsewhere]), f"{row}: another key"
            assert not ask(key_policy=own, iam=["alias"]), f"{row}: the ARN of an alias names no key"
        elif row.on == "alias":
            assert ask(iam=["alias"]), f"{row}: no key policy has a say in it"
            assert not ask(key_policy=own, iam=["key"]), f"{row}: the ARN of a key names no alias"
        else:
            assert ask(iam=[f"arn:aws:kms:{REGION}:{ALICE.id}:*"]), row
            assert not ask(key_policy=own, iam=[elsewhere, "key", "alias"]), f"{row}: it is about no key and no alias"


# AUTHZ-218, AUTHZ-325, AUTHZ-219
def test_across_accounts_it_counts_where_the_table_says_so(served, kms, caller):
    for row in served:
        if row.on != "key" or row.name in STAYS_AT_HOME:
            continue
        ask = Asked(row, kms, caller, owner=BOB)
        if row.operation == "RetireGrant":
            assert not ask(iam=["*"])
            assert ask(iam=["key"], by_whom=root(ALICE)), "the account may, and lets the user"
            assert not ask(by_whom=root(ALICE))
            continue
        assert ask(key_policy=[caller.arn], iam=["key"]) is row.across_accounts, f"{row}: both sides allow it"
        assert ask(key_policy=[root(ALICE)], iam=["*"]) is row.across_accounts, f"{row}: to the account"
        assert not ask(key_policy=[caller.arn]), f"{row}: the caller's account does not"
        assert not ask(iam=["*"]), f"{row}: the key's account does not"


def test_every_row_of_an_operation_that_is_served_has_a_request(served):
    assert len(TABLE) == 60
    assert {row.name for row in served} == set(REQUESTS)
