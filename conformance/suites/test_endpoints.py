"""Private endpoints: listeners that are one, what policies learn of that, and the policy that limits them."""

import json
import pathlib
import subprocess
import sys

import pytest
from harness import trail
from harness.clients import boto3_client, environment, refused
from harness.identities import User, allowed, fresh, policy, statement
from harness.networks import Through, endpoint
from harness.raw import Raw
from harness.server import ALICE, BOB, Server, clean_environment, free_port
from harness.trail import open_segment

AWS = pathlib.Path(sys.executable).parent / "aws"
OPEN = "vpce-1234abcdf5678c90a"
LIMITED = "vpce-0aaaabbbbccccdddd"
CLOSED = "vpce-0ddddccccbbbbaaaa"
TELLING = "vpce-0eeeeccccbbbbaaaa"
OPEN_VPC, LIMITED_VPC = "vpc-12345678", "vpc-2b2b2b2b"
ROOT = {"AWS": f"arn:aws:iam::{ALICE.id}:root"}


def everyone(effect, actions, resource="*", **condition):
    return {"Principal": "*", **statement(actions, resource, effect, **condition)}


LIMITS = policy(
    everyone("Allow", ["kms:*Key", "kms:Encrypt", "kms:List*", "iam:GetUser", "sts:AssumeRole", "kms:ListAliases"]),
    everyone("Deny", "kms:DescribeKey"),
    # Only those of the account may use its keys from here.
    everyone("Deny", "kms:*", f"arn:aws:kms:*:{ALICE.id}:key/*", StringNotEquals={"aws:PrincipalAccount": ALICE.id}),
)
ONLY_DENIES = policy(everyone("Deny", "kms:DescribeKey"))


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A server with five listeners: the first, an open endpoint, one with limits and two that only deny."""
    folder = tmp_path_factory.mktemp("network")
    limits = folder / "limits.json"
    limits.write_text(json.dumps(LIMITS))
    ports = {name: free_port() for name in ("open", "limited", "closed", "telling")}
    settings = "".join(
        (
            endpoint(ports["open"], OPEN, OPEN_VPC, account=BOB.id),
            endpoint(ports["limited"], LIMITED, LIMITED_VPC, limits),
            endpoint(ports["closed"], CLOSED, LIMITED_VPC, ONLY_DENIES),
            endpoint(ports["telling"], TELLING, LIMITED_VPC, ONLY_DENIES, denials="account"),
        )
    )
    running = Server(folder / "server", settings=settings).start()
    yield {"public": running, **{name: Through(port) for name, port in ports.items()}}
    assert running.stop() == 0


@pytest.fixture(scope="module")
def clients(network):
    """KMS as the first account's root user, by the listener that it is reached through."""
    return {name: boto3_client(place, ALICE) for name, place in network.items()}


@pytest.fixture(scope="module")
def key_with(clients):
    """Makes keys whose policies have these statements beside the account's own."""

    def make(*statements):
        own = {"Principal": ROOT, **statement("kms:*")}
        document = json.dumps(policy(own, *statements))
        return clients["public"].create_key(Policy=document, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["Arn"]

    return make


def root(action, rest):
    return f"User: arn:aws:iam::{ALICE.id}:root is not authorized to perform: {action} on resource: {rest}"


# AUTHZ-39, AUTHZ-40, AUTHZ-49, POL-481
@pytest.mark.parametrize(
    ("condition", "denied_at"),
    [
        ({"StringEquals": {"aws:sourceVpce": OPEN}}, {"open"}),
        ({"StringEquals": {"aws:SourceVpc": LIMITED_VPC}}, {"limited"}),
        ({"StringNotEquals": {"aws:SourceVpce": OPEN}}, {"public", "limited"}),
        ({"Null": {"aws:SourceVpce": "true"}}, {"public"}),
        ({"Null": {"aws:SourceVpc": "false"}}, {"open", "limited"}),
    ],
)
def test_policies_learn_which_endpoint_a_request_came_through(clients, key_with, condition, denied_at):
    key = key_with(everyone("Deny", "kms:Encrypt", **condition))
    denied = {n for n in ("public", "open", "limited") if not allowed(clients[n].encrypt, KeyId=key, Plaintext=b"x")}
    assert denied == denied_at


# AUTHZ-48, AUTHZ-49, POL-482
@pytest.mark.parametrize(
    ("condition", "denied_at"),
    [
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, {"public"}),
        ({"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, {"open"}),
        ({"IpAddress": {"aws:VpcSourceIp": "127.0.0.0/8"}}, {"open"}),
        ({"Null": {"aws:VpcSourceIp": "true"}}, {"public"}),
        ({"StringEquals": {"aws:VpceAccount": BOB.id}}, {"open"}),
        ({"Null": {"aws:VpceAccount": "true"}}, {"public"}),
        ({"Bool": {"aws:SecureTransport": "false"}}, {"public", "open"}),
        ({"StringLike": {"aws:UserAgent": "*Boto3*"}}, {"public", "open"}),
        ({"Null": {"aws:referer": "false"}}, set()),
    ],
)
def test_an_address_behind_an_endpoint_goes_by_another_name(clients, key_with, condition, denied_at):
    key = key_with(everyone("Deny", "kms:Encrypt", **condition))
    denied = {name for name in ("public", "open") if not allowed(clients[name].encrypt, KeyId=key, Plaintext=b"x")}
    assert denied == denied_at


# AUTHZ-48, POL-484
def test_headers_say_what_they_are_for_and_no_endpoint(network, key_with):
    key = key_with(
        everyone("Deny", "kms:Encrypt", StringLike={"aws:Referer": "https://app.example.com/*"}),
        everyone("Deny", "kms:GenerateRandom", Null={"aws:SourceVpce": "false"}),
        everyone("Deny", "kms:GenerateDataKey", Null={"aws:SourceVpce": "false"}),
    )
    raw = Raw(network["public"], ALICE)

    def call(operation, document, **headers):
        body = json.dumps({"KeyId": key, **document}).encode()
        answer = raw.send(raw.sign(f"TrentService.{operation}", body, headers), body)
        return answer.status

    text = {"Plaintext": "eA=="}
    assert call("Encrypt", text) == 200
    assert call("Encrypt", text, Referer="https://app.example.com/orders") == 400
    assert call("Encrypt", text, Referer="https://other.example.com/") == 200
    claimed = {
        "X-Amz-Source-Vpce": OPEN, "X-Amz-Vpce-Id": OPEN, "Source-Vpce": OPEN, "X-Forwarded-For": "192.0.2.1",
        "Via": OPEN, "Forwarded": "for=192.0.2.1",
    }  # fmt: skip
    assert call("GenerateDataKey", {"KeySpec": "AES_256"}, **claimed) == 200, "the listener alone says it"
    raw.close()


# AUTHZ-53, POL-483
def test_keys_aliases_and_what_is_on_no_resource_are_conditioned_alike(network, clients):
    iam = boto3_client(network["public"], ALICE, service="iam")
    user = User(network["public"], iam, ALICE, fresh("networked"))
    # What an IAM policy says of the network holds for all of them.
    user.may(
        statement("kms:*"),
        statement("kms:*", effect="Deny", StringNotEqualsIfExists={"aws:SourceVpce": OPEN}),
        statement("kms:*", effect="Deny", Null={"aws:SourceVpce": "true"}),
    )
    inside, outside = boto3_client(network["open"], user.credentials), user.client()
    alias = f"alias/{fresh('net')}"
    key = inside.create_key()["KeyMetadata"]["KeyId"]
    inside.create_alias(AliasName=alias, TargetKeyId=key)
    assert inside.encrypt(KeyId=alias, Plaintext=b"x")["KeyId"]
    explicit = "with an explicit deny in an identity-based policy"
    with user.denied("kms:CreateKey", "*", explicit):
        outside.create_key()
    with user.denied("kms:DeleteAlias", f"arn:aws:kms:us-east-1:{ALICE.id}:{alias}", explicit):
        outside.delete_alias(AliasName=alias)
    with user.denied("kms:Encrypt", f"arn:aws:kms:us-east-1:{ALICE.id}:key/{key}", explicit):
        outside.encrypt(KeyId=key, Plaintext=b"x")
    inside.delete_alias(AliasName=alias)


# POL-67, POL-471, POL-472, POL-478, AUTHZ-280
def test_an_endpoint_limits_and_gives_nothing(network, clients, key_with):
    key = key_with()
    sealed = clients["limited"].encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    nobody = f"{key} because no VPC endpoint policy allows the kms:"
    with refused("AccessDeniedException", root("kms:Decrypt", f"{nobody}Decrypt action")):
        clients["limited"].decrypt(CiphertextBlob=sealed, KeyId=key)
    assert clients["public"].decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    with refused("AccessDeniedException", root("kms:Encrypt", f"{nobody}Encrypt action")):
        clients["closed"].encrypt(KeyId=key, Plaintext=b"x")
    explicit = f"{key} with an explicit deny in a VPC endpoint policy"
    for name in ("limited", "closed"):
        with refused("AccessDeniedException", root("kms:DescribeKey", explicit)):
            clients[name].describe_key(KeyId=key)
    iam = boto3_client(network["public"], ALICE, service="iam")
    user = User(network["public"], iam, ALICE, fresh("unallowed"))
    inside = boto3_client(network["limited"], user.credentials)
    with user.denied("kms:DisableKey", key):
        inside.disable_key(KeyId=key)


# POL-473, POL-469
def test_an_endpoint_without_a_policy_lets_everything_through(clients, key_with):
    key = key_with()
    sealed = clients["open"].encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert clients["open"].decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    assert clients["open"].describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key


# POL-475, POL-477
def test_an_endpoint_policy_tells_resources_and_callers_apart(network, clients, key_with):
    key = key_with({"Principal": {"AWS": f"arn:aws:iam::{BOB.id}:root"}, **statement("kms:Encrypt")})
    theirs = boto3_client(network["public"], BOB)
    assert theirs.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    explicit = "with an explicit deny in a VPC endpoint policy"
    bobs = f"User: arn:aws:iam::{BOB.id}:root is not authorized to perform: kms:Encrypt on resource: {key} {explicit}"
    with refused("AccessDeniedException", bobs):
        boto3_client(network["limited"], BOB).encrypt(KeyId=key, Plaintext=b"x")
    assert clients["limited"].encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    assert clients["limited"].list_keys()["Keys"], "on no resource"
    alias = f"arn:aws:kms:us-east-1:{ALICE.id}:alias/{fresh('net')}"
    nobody = f"{alias} because no VPC endpoint policy allows the kms:CreateAlias action"
    with refused("AccessDeniedException", root("kms:CreateAlias", nobody)):
        clients["limited"].create_alias(AliasName=alias.rpartition(":")[2], TargetKeyId=key)


# POL-67
def test_iam_and_sts_are_limited_alike(network):
    iam = boto3_client(network["limited"], ALICE, service="iam")
    outside = boto3_client(network["public"], ALICE, service="iam")
    user = User(network["public"], outside, ALICE, fresh("limited"))
    assert iam.get_user(UserName=user.name)["User"]["Arn"] == user.arn
    nobody = f"{user.arn} because no VPC endpoint policy allows the iam:DeleteUser action"
    with refused("AccessDenied", root("iam:DeleteUser", nobody), 403):
        iam.delete_user(UserName=user.name)
    user.may(statement(["sts:AssumeRole", "sts:TagSession", "sts:GetFederationToken"]))
    trust = policy({"Principal": ROOT, **statement(["sts:AssumeRole", "sts:TagSession"])})
    trust["Statement"][0].pop("Resource")
    role = outside.create_role(RoleName=fresh("role"), AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    sts = boto3_client(network["limited"], user.credentials, service="sts")
    assert sts.assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    why = "because no VPC endpoint policy allows the sts:TagSession action"
    with user.denied("sts:TagSession", role, why):
        sts.assume_role(RoleArn=role, RoleSessionName="session", Tags=[{"Key": "a", "Value": "b"}])


def ask(network, *arguments):
    done = network["public"].run("explain", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# AUTHZ-51
def test_a_key_kept_to_an_endpoint_is_out_of_reach_of_services(network, clients, key_with):
    key = key_with(everyone("Deny", "kms:Decrypt", StringNotEquals={"aws:SourceVpce": OPEN}))
    sealed = clients["open"].encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert allowed(clients["open"].decrypt, CiphertextBlob=sealed)
    assert not allowed(clients["public"].decrypt, CiphertextBlob=sealed)
    question = ("--principal", f"arn:aws:iam::{ALICE.id}:root", "--action", "kms:Decrypt", "--key", key)
    assert ask(network, *question, "--vpc-endpoint", OPEN)["Decision"] == "Allow"
    asked = ask(network, *question, "--via-service", "ec2")["Explanations"][0]
    assert (asked["Decision"], asked["Code"]) == ("ExplicitDeny", "EXPLICIT_DENY_KEY_POLICY")
    both = network["public"].run("explain", *question, "--via-service", "ec2", "--vpc-endpoint", OPEN)
    assert both.returncode == 2 and "cannot be used with" in both.stderr, both.stderr


# AUTHZ-276, AUTHZ-280
def test_an_endpoint_is_explained(network, clients, key_with):
    key = key_with()
    question = ("--principal", f"arn:aws:iam::{ALICE.id}:root", "--key", key, "--vpc-endpoint", LIMITED)
    [closed] = ask(network, *question, "--action", "kms:Decrypt")["Explanations"]
    assert closed["Code"] == "NOT_ALLOWED_BY_VPC_ENDPOINT_POLICY" and closed["Steps"][-1]["Number"] == "2b"
    assert closed["Reason"] == f"The endpoint policy of {LIMITED} does not allow kms:Decrypt."
    [denied] = ask(network, *question, "--action", "kms:DescribeKey")["Explanations"]
    assert denied["Code"] == "EXPLICIT_DENY_VPC_ENDPOINT_POLICY" and denied["Steps"][-1]["Number"] == "1b"
    assert denied["Reason"] == f"Explicitly denied by the policy of endpoint {LIMITED}."
    unknown = network["public"].run("explain", *question[:-1], "vpce-0", "--action", "kms:Decrypt")
    assert unknown.returncode == 1 and "No listener of this server is the private endpoint vpce-0" in unknown.stderr
    # What became of a request is asked of the endpoint that it came through.
    with pytest.raises(clients["limited"].exceptions.ClientError) as caught:
        clients["limited"].describe_key(KeyId=key)
    past = ask(network, "--request", caught.value.response["ResponseMetadata"]["RequestId"])
    assert past["Recorded"]["Decision"] == "EXPLICIT_DENY_VPC_ENDPOINT_POLICY"
    assert past["Explanations"][0]["Code"] == "EXPLICIT_DENY_VPC_ENDPOINT_POLICY"


def of_request(network, client, call, **arguments):
    """What is written of a request that is refused, or not."""
    try:
        answer = call(**arguments)
    except client.exceptions.ClientError as error:
        answer = error.response
    request = answer["ResponseMetadata"]["RequestId"]
    return trail.until(lambda: trail.records(network["public"], requestID=request))


# MON-57, POL-20, POL-490, AUTHZ-238
def test_what_an_endpoint_alone_refused_is_the_operators_to_know(network, clients, key_with):
    key = key_with()
    for name, whose in (("limited", None), ("closed", None), ("telling", ALICE.id)):
        kms = clients[name]
        [record] = of_request(network, kms, kms.describe_key, KeyId=key)
        assert record["errorCode"] == "AccessDenied" and record["operatorOnly"]["decision"].endswith("ENDPOINT_POLICY")
        assert record.get("recipientAccountId") == whose
    # What would be refused anyway is in the account's trail, like every refusal.
    iam = boto3_client(network["public"], ALICE, service="iam")
    nobody = User(network["public"], iam, ALICE, fresh("nobody"))
    kms = boto3_client(network["closed"], nobody.credentials)
    [record] = of_request(network, kms, kms.describe_key, KeyId=key)
    assert record["errorCode"] == "AccessDenied" and record["recipientAccountId"] == ALICE.id


# MON-54, MON-57, POL-491
def test_the_endpoint_is_the_callers_own_affair(network, clients, key_with):
    """It is the second account's endpoint: its trail has nothing of what another account did through it."""
    key = key_with({"Principal": {"AWS": f"arn:aws:iam::{BOB.id}:root"}, **statement("kms:*")})
    kms = clients["open"]
    [record] = of_request(network, kms, kms.encrypt, KeyId=key, Plaintext=b"x")
    assert record["vpcEndpointId"] == OPEN and record["recipientAccountId"] == ALICE.id
    other = boto3_client(network["open"], BOB)
    found = of_request(network, other, other.encrypt, KeyId=key, Plaintext=b"x")
    assert {it["recipientAccountId"]: it.get("vpcEndpointId") for it in found} == {BOB.id: OPEN, ALICE.id: None}


# POL-488, POL-489
def test_the_trail_says_which_endpoint(network, clients, key_with):
    key = key_with()
    places = {}
    for name in ("public", "open"):
        made = clients[name].generate_data_key(KeyId=key, KeySpec="AES_256")
        places[made["ResponseMetadata"]["RequestId"]] = name
    text = open_segment(network["public"].data)
    lines = [line for line in text.splitlines() if any(request in line for request in places)]
    assert len(lines) == 2
    for line in lines:
        record = json.loads(line)
        if places[record["requestID"]] == "public":
            assert "vpcEndpointId" not in record
        else:
            assert record["vpcEndpointId"] == OPEN and list(record)[-1] == "vpcEndpointId"
        assert record["readOnly"] is True and record["sourceIPAddress"] == "127.0.0.1"


def test_the_cli_works_through_an_endpoint(network, tmp_path):
    done = subprocess.run(
        [AWS, "kms", "list-keys"],
        env=clean_environment(**environment(network["open"], ALICE)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0 and "Keys" in json.loads(done.stdout), done.stderr


def test_a_wrong_endpoint_stops_the_start(tmp_path):
    settings = '[[listeners]]\naddress = "127.0.0.1:0"\nendpoint_id = "vpce-1"\nvpc_id = "vpc-1"\npolicy = "{}"\n'
    wrong = Server(tmp_path, settings=settings)
    checked = wrong.run("config", "check")
    assert checked.returncode == 1 and "vpce-1: the policy is not accepted" in checked.stdout, checked.stdout
    served = wrong.run("serve")
    assert served.returncode == 1 and "vpce-1: the policy is not accepted" in served.stderr, served.stderr
