"""Every operation through a private endpoint: none is missing there, and each is the endpoint policy's to forbid."""

import json
import pathlib
import socket

import pytest
from harness.clients import boto3_client, refused
from harness.identities import User, allowed, fresh, own, policy, statement, to
from harness.model import MODEL
from harness.networks import Through, endpoint
from harness.record_scene import Scene
from harness.record_table import TABLE
from harness.server import ALICE, BOB, Server, free_port
from harness.trail import of_request

OPEN, CLOSED, LOCAL = "vpce-1234abcdf5678c90a", "vpce-0ddddccccbbbbaaaa", "vpce-0eeeeccccbbbbaaaa"
VPC = "vpc-12345678"
EVERYTHING = {"Principal": "*", **statement("*")}
NO_KMS = policy(EVERYTHING, {"Principal": "*", **statement("kms:*", effect="Deny")})
TEMPLATE = pathlib.Path(__file__).parents[2] / "deploy/endpoint-policies/local-account-only.json"


def client(server, account, region="us-east-1"):
    """It leaves it to the server to miss something in a request."""
    return boto3_client(server, account, region, parameter_validation=False)


class Network:
    """A server with an endpoint that lets everything through, one that lets nothing of KMS, and one for one account."""

    def __init__(self, folder):
        doors = {OPEN: None, CLOSED: NO_KMS, LOCAL: TEMPLATE}
        ports = {name: free_port() for name in doors}
        tables = "".join(endpoint(ports[name], name, VPC, document) for name, document in doors.items())
        self.server = Server(folder, settings=tables).start()
        self.behind = {name: Through(port) for name, port in ports.items()}
        regions = ("us-east-1", "us-west-2")
        self.owner, self.away = (client(self.server, ALICE, region) for region in regions)

    def kms(self, name, account=ALICE):
        return client(self.behind[name], account)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    made = Network(tmp_path_factory.mktemp("endpoints") / "server")
    yield made
    assert made.server.stop() == 0


def scene_of(network, row):
    grantee = f"arn:aws:iam::{ALICE.id}:root"
    return Scene(network.owner, network.away, grantee, row.key)


# POL-460
@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_every_operation_is_served_through_a_private_endpoint(network, operation):
    kms = network.kms(OPEN)
    if operation not in TABLE:
        # Not served anywhere.
        for client in (network.owner, kms):
            with refused("UnknownOperationException"):
                client._make_api_call(operation, {})
        return
    row = TABLE[operation][0]
    scene = scene_of(network, row)
    answer = kms._make_api_call(operation, scene.filled(row.sent))
    record = of_request(network.server, answer["ResponseMetadata"]["RequestId"], 1 + row.elsewhere)[0]
    assert (record["eventName"], record["vpcEndpointId"]) == (operation, OPEN)


# REF-110
@pytest.mark.parametrize("operation", TABLE)
def test_every_operation_is_the_endpoint_policys_to_forbid(network, operation):
    row = TABLE[operation][0]
    scene = scene_of(network, row)
    sent = scene.filled(row.sent)
    with refused("AccessDeniedException"):
        network.kms(CLOSED)._make_api_call(operation, sent)
    # Nothing came of it, and nothing else stood in its way.
    assert network.owner._make_api_call(operation, sent)["ResponseMetadata"]["HTTPStatusCode"] == 200


# REF-110
def test_an_endpoint_policy_names_principals_operations_and_keys(tmp_path):
    """What each statement leaves out stays shut, for who could do all of it elsewhere."""
    port = free_port()
    document = tmp_path / "policy.json"
    server = Server(tmp_path / "server", settings=endpoint(port, OPEN, VPC, document))
    document.write_text(json.dumps(policy(EVERYTHING)))
    server.start()
    kms = boto3_client(server, ALICE)
    own = {"Principal": {"AWS": [f"arn:aws:iam::{a.id}:root" for a in (ALICE, BOB)]}, **statement("kms:*")}
    open_to_both = json.dumps(policy(own))
    named, other = (kms.create_key(Policy=open_to_both)["KeyMetadata"]["Arn"] for _ in range(2))
    assert server.stop() == 0
    only = {"Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}, **statement("kms:Encrypt", named)}
    document.write_text(json.dumps(policy(only)))
    server.start()
    behind = Through(port)
    for account, key, operation, through in (
        (ALICE, named, "encrypt", True),
        (ALICE, other, "encrypt", False),
        (ALICE, named, "generate_data_key", False),
        (BOB, named, "encrypt", False),
    ):
        sent = {"KeyId": key, **({"Plaintext": b"x"} if operation == "encrypt" else {"KeySpec": "AES_256"})}
        assert getattr(boto3_client(server, account), operation)(**sent)["KeyId"] == key
        call = getattr(boto3_client(behind, account), operation)
        if through:
            assert call(**sent)["KeyId"] == key
        else:
            with refused("AccessDeniedException"):
                call(**sent)
    assert server.stop() == 0


# REF-109
def test_a_server_is_reached_on_its_networks_and_decides_there_by_every_policy(tmp_path):
    """Loopback for whoever is on the machine, another address for a private network: each answers at its own alone."""
    port, address = free_port(), "127.0.5.1"
    private = policy({"Principal": "*", **statement(["kms:Encrypt", "kms:DescribeKey"])})
    server = Server(tmp_path / "server", settings=endpoint(port, OPEN, VPC, private, host=address)).start()
    for host, elsewhere in (("127.0.0.1", port), (address, server.port)):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, elsewhere), timeout=5)
    kms = boto3_client(server, ALICE)
    user = User(server, boto3_client(server, ALICE, service="iam"), ALICE, fresh("inside"))
    user.may(statement(["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"]))
    key = kms.create_key(Policy=json.dumps(policy(own(), to(user.arn, statement("kms:DescribeKey", effect="Deny")))))
    key = key["KeyMetadata"]["KeyId"]
    inside = boto3_client(Through(port, address), user.credentials)
    sealed = inside.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    # The endpoint's policy, the key's, and the user's own: one that does not allow is enough.
    assert not allowed(inside.decrypt, CiphertextBlob=sealed)
    assert user.client().decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    assert not allowed(inside.describe_key, KeyId=key)
    user.may(statement("kms:Decrypt"))
    assert not allowed(inside.encrypt, KeyId=key, Plaintext=b"x")
    assert server.stop() == 0


# POL-479
def test_an_endpoint_that_never_had_a_policy_lets_everything_through_and_can_be_given_one(tmp_path):
    """A table from before there were policies: what it leaves out is the default, and can be said at any time."""
    port = free_port()
    before = endpoint(port, OPEN, VPC)
    server = Server(tmp_path / "server", settings=before).start()
    kms, behind = boto3_client(server, ALICE), boto3_client(Through(port), ALICE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    for client in (kms, behind):
        assert client.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] and client.list_keys()["Keys"]
    assert server.stop() == 0
    after = endpoint(port, OPEN, VPC, policy({"Principal": "*", **statement("kms:ListKeys")}))
    server.config.write_text(server.config.read_text().replace(before, after))
    server.start()
    assert behind.list_keys()["Keys"] and not allowed(behind.encrypt, KeyId=key, Plaintext=b"x")
    assert allowed(kms.encrypt, KeyId=key, Plaintext=b"x")
    assert server.stop() == 0
    server.config.write_text(server.config.read_text().replace(after, before))
    server.start()
    assert allowed(behind.encrypt, KeyId=key, Plaintext=b"x")
    assert server.stop() == 0


# POL-492
def test_the_template_keeps_an_endpoint_to_one_account(network):
    """It is used as it is: the account that it names is the first one."""
    other = boto3_client(network.server, BOB)
    both = {"Principal": {"AWS": [f"arn:aws:iam::{a.id}:root" for a in (ALICE, BOB)]}, **statement("kms:*")}
    document = json.dumps(policy(both))
    local, foreign = (kms.create_key(Policy=document)["KeyMetadata"]["Arn"] for kms in (network.owner, other))
    denied = "with an explicit deny in a VPC endpoint policy"
    unlisted = "because no VPC endpoint policy allows the kms:Encrypt action"
    for account, key, why in (
        (ALICE, local, None),
        (BOB, local, denied),
        (ALICE, foreign, unlisted),
        (BOB, foreign, denied),
    ):
        assert boto3_client(network.server, account).encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
        call = network.kms(LOCAL, account).encrypt
        if why is None:
            assert call(KeyId=key, Plaintext=b"x")["KeyId"] == key
            continue
        caller = f"arn:aws:iam::{account.id}:root"
        text = f"User: {caller} is not authorized to perform: kms:Encrypt on resource: {key} {why}"
        with refused("AccessDeniedException", text):
            call(KeyId=key, Plaintext=b"x")
    kms = network.kms(LOCAL)
    made = kms.create_key()["KeyMetadata"]["Arn"]
    alias = f"alias/{fresh('local')}"
    kms.create_alias(AliasName=alias, TargetKeyId=made)
    assert kms.encrypt(KeyId=alias, Plaintext=b"x")["KeyId"] == made
    assert kms.list_keys()["Keys"] and kms.generate_random(NumberOfBytes=8)["Plaintext"]
    with refused("AccessDeniedException"):
        network.kms(LOCAL, BOB).list_keys()
