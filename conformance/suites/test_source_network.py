"""Where a request comes from, in the conditions of key policies and IAM policies: addresses, networks, endpoints."""

import json

import pytest
from harness.clients import boto3_client
from harness.identities import User, allowed, fresh, own, policy, statement, to
from harness.networks import Through, endpoint
from harness.server import ALICE, Server, free_port
from harness.services import kms_request, send

OFFICE, LAB = "vpc-12345678", "vpc-2b2b2b2b"
OFFICE_DOOR, LAB_DOOR = "vpce-1234abcdf5678c90a", "vpce-0aaaabbbbccccdddd"
ROLE = f"arn:aws:iam::{ALICE.id}:role/KMSTestRole"
# As the guide prints it: the one statement is not in a list.
GOLDEN = """{
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/KMSTestRole"},
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]}}
    }
}"""
ANYWHERE = {"near", "far", "office", "lab"}


class Places:
    """A server that is reached from two addresses and through two private endpoints."""

    def __init__(self, folder):
        ports = [free_port(), free_port()]
        doors = endpoint(ports[0], OFFICE_DOOR, OFFICE) + endpoint(ports[1], LAB_DOOR, LAB)
        self.server = Server(folder, settings=doors)
        self.office, self.lab = (Through(port) for port in ports)
        self.ways = {
            "near": (self.server, None),
            "far": (self.server, "127.0.2.7"),
            "office": (self.office, None),
            "lab": (self.lab, None),
        }

    def answers(self, caller, operation, document, server=None, source=None):
        """Whether policies let a request through that comes from an address."""
        headers, body = kms_request(operation, document)
        reply = send(server or self.server, caller, "kms", body, headers, source=source)
        assert reply.status == 200 or reply.code == "AccessDeniedException", reply.body
        return reply.status == 200

    def letting(self, caller, operation, document):
        """The ways on which a request is let through."""
        return {name for name, way in self.ways.items() if self.answers(caller, operation, document, *way)}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    made = Places(tmp_path_factory.mktemp("places") / "server")
    made.server.start()
    yield made
    assert made.server.stop() == 0


@pytest.fixture(scope="module")
def root(places):
    return boto3_client(places.server, ALICE)


@pytest.fixture(scope="module")
def user(places):
    """A user who assumes roles."""
    made = User(places.server, boto3_client(places.server, ALICE, service="iam"), ALICE, fresh("traveller"))
    made.may(statement("sts:AssumeRole"), name="assume")
    return made


@pytest.fixture(scope="module")
def session(places, user):
    """A session of the golden policy's role, which has no policies of its own."""
    trust = json.dumps(policy(to(user.arn, {"Effect": "Allow", "Action": "sts:AssumeRole"})))
    user.iam.create_role(RoleName="KMSTestRole", AssumeRolePolicyDocument=trust)
    return user.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="golden")["Credentials"]


def key_under(root, document):
    return root.create_key(Policy=document, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]


def uses(places, caller, key, **way):
    """What of the golden policy's actions, and one more, goes through."""
    sealed = {"KeyId": key, "Plaintext": "eA=="}
    headers, body = kms_request("Encrypt", sealed)
    made = send(places.server, caller, "kms", body, headers)
    ciphertext = made.document["CiphertextBlob"]
    return [
        operation
        for operation, document in (
            ("Encrypt", sealed),
            ("Decrypt", {"CiphertextBlob": ciphertext}),
            ("ReEncrypt", {"CiphertextBlob": ciphertext, "DestinationKeyId": key}),
            ("GenerateDataKey", {"KeyId": key, "KeySpec": "AES_256"}),
            ("GenerateDataKeyWithoutPlaintext", {"KeyId": key, "KeySpec": "AES_256"}),
            ("DescribeKey", {"KeyId": key}),
            ("GetKeyPolicy", {"KeyId": key}),
        )
        if places.answers(caller, operation, document, **way)
    ]


# REF-136
def test_the_golden_policy_lets_the_role_in_from_every_address_but_those(places, root, session):
    key = key_under(root, GOLDEN)
    allowed_here = [
        "Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "DescribeKey",
    ]  # fmt: skip
    assert uses(places, session, key["KeyId"]) == allowed_here
    for address, decision in (
        ("192.0.2.0", "ImplicitDeny"), ("192.0.2.77", "ImplicitDeny"), ("192.0.2.255", "ImplicitDeny"),
        ("203.0.113.9", "ImplicitDeny"), ("192.0.1.255", "Allow"), ("192.0.3.0", "Allow"),
        ("198.51.100.7", "Allow"), ("2001:db8::1", "Allow"),
    ):  # fmt: skip
        question = ("--principal", ROLE, "--action", "kms:Decrypt", "--key", key["Arn"], "--source-ip", address)
        done = places.server.run("explain", *question, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["Decision"] == decision, address


# REF-136, REF-137
def test_with_several_ranges_a_request_must_be_outside_all_of_them(places, root, session):
    """The golden policy with ranges from which a test can come."""
    here = GOLDEN.replace("192.0.2.0/24", "127.0.2.0/24").replace("203.0.113.0/24", "127.0.113.0/24")
    key = key_under(root, here)["KeyId"]
    for address, outside in (
        ("127.0.0.1", True), ("127.0.1.255", True), ("127.0.2.0", False), ("127.0.2.255", False),
        ("127.0.3.0", True), ("127.0.113.5", False), ("127.0.114.5", True),
    ):  # fmt: skip
        assert bool(uses(places, session, key, source=address)) == outside, address


# REF-137
def test_with_several_ranges_it_is_enough_to_be_inside_one(places, root, session):
    inside = GOLDEN.replace("NotIpAddress", "IpAddress").replace("192.0.2.0/24", "127.0.2.0/24")
    key = key_under(root, inside.replace("203.0.113.0/24", "127.0.0.1"))["KeyId"]
    for address, matches in (("127.0.0.1", True), ("127.0.2.9", True), ("127.0.3.9", False)):
        assert places.answers(session, "DescribeKey", {"KeyId": key}, source=address) == matches, address


CONDITIONS = [
    ({"IpAddress": {"aws:SourceIp": "127.0.0.0/24"}}, {"near"}),
    ({"IpAddress": {"aws:SourceIp": ["127.0.0.1/32", "127.0.2.0/24"]}}, {"near", "far"}),
    ({"StringEquals": {"aws:SourceVpc": OFFICE}}, {"office"}),
    ({"StringEquals": {"aws:SourceVpc": [OFFICE, LAB]}}, {"office", "lab"}),
    ({"StringEquals": {"aws:SourceVpce": LAB_DOOR}}, {"lab"}),
    ({"StringEquals": {"aws:SourceVpce": LAB_DOOR, "aws:SourceVpc": OFFICE}}, set()),
    ({"Null": {"aws:SourceVpce": "true"}}, {"near", "far"}),
]


# REF-135
@pytest.mark.parametrize(("condition", "inside"), CONDITIONS)
def test_a_key_policy_says_where_requests_may_come_from(places, root, user, condition, inside):
    document = json.dumps(policy(own(), to(user.arn, statement("kms:Encrypt", **condition))))
    key = key_under(root, document)["KeyId"]
    assert places.letting(user.credentials, "Encrypt", {"KeyId": key, "Plaintext": "eA=="}) == inside


# REF-135
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize(("condition", "inside"), CONDITIONS)
def test_an_iam_policy_says_where_requests_may_come_from(places, root, condition, inside, effect):
    user = User(places.server, boto3_client(places.server, ALICE, service="iam"), ALICE, fresh("traveller"))
    if effect == "Allow":
        user.may(statement("kms:*", **condition))
    else:
        user.may(statement("kms:*"), statement("kms:*", effect="Deny", **condition))
        inside = ANYWHERE - inside
    key = key_under(root, json.dumps(policy(own())))["KeyId"]
    assert places.letting(user.credentials, "Encrypt", {"KeyId": key, "Plaintext": "eA=="}) == inside
    assert places.letting(user.credentials, "ListKeys", {}) == inside, "on no resource, it is the same"


MANAGEMENT = [
    "kms:Create*", "kms:Enable*", "kms:Put*", "kms:Update*", "kms:Revoke*", "kms:Disable*", "kms:Delete*",
    "kms:TagResource", "kms:UntagResource",
]  # fmt: skip


def to_account(actions, **condition):
    return {"Principal": {"AWS": ALICE.id}, **statement(actions, **condition)}


# POL-486
def test_one_network_manages_a_key_and_another_uses_it(places, root):
    document = policy(
        to_account(MANAGEMENT, StringEquals={"aws:sourceVpc": OFFICE}),
        to_account(["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*"], StringEquals={"aws:sourceVpc": LAB}),
        to_account(["kms:Describe*", "kms:List*", "kms:Get*"]),
    )
    key = key_under(root, json.dumps(document))["KeyId"]
    administrator = User(places.server, boto3_client(places.server, ALICE, service="iam"), ALICE, fresh("both"))
    administrator.may(statement("kms:*"))
    on_key = {"KeyId": key}
    text = {**on_key, "Plaintext": "eA=="}
    tag = {**on_key, "Tags": [{"TagKey": "a", "TagValue": "b"}]}
    lab = boto3_client(places.lab, ALICE)
    sealed = {"CiphertextBlob": lab.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]}
    assert allowed(lab.decrypt, **sealed) and not allowed(boto3_client(places.office, ALICE).decrypt, **sealed)
    for caller in (ALICE, administrator.credentials):
        for operation, sent, ways in (
            ("UpdateKeyDescription", {**on_key, "Description": "x"}, {"office"}),
            ("DisableKeyRotation", on_key, {"office"}),
            ("PutKeyPolicy", {**on_key, "Policy": json.dumps(document), "BypassPolicyLockoutSafetyCheck": True},
             {"office"}),
            ("TagResource", tag, {"office"}),
            ("Encrypt", text, {"lab"}),
            ("GenerateDataKey", {**on_key, "KeySpec": "AES_256"}, {"lab"}),
            ("GenerateDataKeyWithoutPlaintext", {**on_key, "KeySpec": "AES_256"}, {"lab"}),
            ("DescribeKey", on_key, ANYWHERE),
            ("ListGrants", on_key, ANYWHERE),
            ("GetKeyPolicy", on_key, ANYWHERE),
            ("ScheduleKeyDeletion", on_key, set()),
        ):  # fmt: skip
            assert places.letting(caller, operation, sent) == ways, operation
