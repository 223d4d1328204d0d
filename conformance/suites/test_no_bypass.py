"""No way past authentication and authorization: every operation of every service refuses whoever it must.

The operations come from botocore's own models. One that the server does not know (it says so to root) is left out here
and counted; the same row runs with no edit once it is served.
"""

import dataclasses
import json
import pathlib
import re

import pytest
from botocore import UNSIGNED
from botocore.exceptions import ClientError
from harness.clients import boto3_client
from harness.server import ALICE, Account
from harness.services import send

SERVICES = ("iam", "kms", "sts")
# The last is for what clients do not sign and the server does not serve: who asks comes before what is asked for.
UNKNOWN = {"UnknownOperationException", "InvalidAction", "MissingAuthenticationToken"}
# What the service lets anybody do who can sign, and what is for those who cannot (STS API Reference).
NEEDS_NO_PERMISSION = {"GetCallerIdentity", "GetSessionToken"}
FOR_THE_UNSIGNED = {"AssumeRoleWithWebIdentity"}
# Who may retire a grant is for the grant to say; a token that is none is told first.
BY_TOKEN = {"RetireGrant"}
# Optional in the model only because there is another way to say it.
WANTED_ANYWAY = {"CiphertextBlob", "ExpirationModel", "GranteePrincipal", "NumberOfBytes", "RetiringPrincipal"}
OPERATORS_CATALOGUE = pathlib.Path(__file__).parents[2] / "crates/admin/src/catalogue.rs"
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}, "Action": "sts:*"},
    }
)


@dataclasses.dataclass
class World:
    """What requests name, and who makes them."""

    samples: dict
    callers: dict


def sample(shape, samples, name=""):
    """A value that is good enough to get past the model, and that names something that is there."""
    if name in samples:
        return samples[name]
    bounds, kind = shape.metadata, shape.type_name
    if kind == "structure":
        wanted = {*shape.required_members, *WANTED_ANYWAY}
        return {n: sample(m, samples, n) for n, m in shape.members.items() if n in wanted}
    if kind == "list":
        return [sample(shape.member, samples, name.removesuffix("s")) for _ in range(max(1, bounds.get("min", 0)))]
    if kind == "map":
        return {}
    if kind == "boolean":
        return False
    if kind in ("integer", "long"):
        return bounds.get("min", 1)
    if kind == "blob":
        return b"\0" * max(1, bounds.get("min", 0))
    if bounds.get("enum"):
        return bounds["enum"][0]
    return "x" * max(1, bounds.get("min", 0))


def request(client, operation, samples):
    shape = client.meta.service_model.operation_model(operation).input_shape
    return sample(shape, samples) if shape else {}


def answer(client, operation, samples):
    """The error's name, or None if the operation did what it was asked for."""
    try:
        client._make_api_call(operation, request(client, operation, samples))
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def client_of(server, service, caller):
    return boto3_client(server, caller, service=service, parameter_validation=False)


@pytest.fixture(scope="module")
def world(server):
    return populated(server)


def populated(server):
    """A user that may nothing, one that is denied everything, one whose key is inactive, and what requests name."""
    iam = boto3_client(server, ALICE, service="iam")
    kms = boto3_client(server, ALICE)
    users = {}
    for name in ("bypass-nobody", "bypass-denied", "bypass-inactive"):
        iam.create_user(UserName=name)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        users[name] = Account(ALICE.id, made["AccessKeyId"], made["SecretAccessKey"])
    everything = {"Action": "*", "Resource": "*"}
    for name in ("bypass-denied", "bypass-inactive"):
        statements = [{"Effect": "Allow", **everything}]
        if name == "bypass-denied":
            statements.append({"Effect": "Deny", **everything})
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=policy)
    inactive = users["bypass-inactive"].access_key_id
    iam.update_access_key(UserName="bypass-inactive", AccessKeyId=inactive, Status="Inactive")
    role = iam.create_role(RoleName="bypass-role", AssumeRolePolicyDocument=TRUST)["Role"]
    group = iam.create_group(GroupName="bypass-group")["Group"]
    managed = iam.create_policy(PolicyName="bypass-policy", PolicyDocument=DOCUMENT)["Policy"]
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/bypass", TargetKeyId=key["KeyId"])
    ciphertext = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret")["CiphertextBlob"]
    return World(
        samples={
            "KeyId": key["KeyId"],
            "TargetKeyId": key["KeyId"],
            "SourceKeyId": key["KeyId"],
            "DestinationKeyId": key["KeyId"],
            "CiphertextBlob": ciphertext,
            "AliasName": "alias/bypass",
            "GranteePrincipal": f"arn:aws:iam::{ALICE.id}:root",
            "RetiringPrincipal": f"arn:aws:iam::{ALICE.id}:root",
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
            "ReplicaRegion": "us-west-2",
            "PrimaryRegion": "us-west-2",
            "GrantId": "a" * 64,
            "Policy": DOCUMENT,
            "UserName": "bypass-nobody",
            "GroupName": group["GroupName"],
            "RoleName": role["RoleName"],
            "RoleArn": role["Arn"],
            "RoleSessionName": "bypass",
            "PolicyArn": managed["Arn"],
            "PolicySourceArn": f"arn:aws:iam::{ALICE.id}:user/bypass-nobody",
            "PermissionsBoundary": managed["Arn"],
            "PolicyName": "all",
            "PolicyDocument": DOCUMENT,
            "AssumeRolePolicyDocument": TRUST,
            "AccessKeyId": users["bypass-nobody"].access_key_id,
            "VersionId": "v1",
            "AccountAlias": "bypass-alias",
            "Url": "https://bypass.example.com",
            "OpenIDConnectProviderArn": f"arn:aws:iam::{ALICE.id}:oidc-provider/bypass.example.com",
            "Name": "bypass",
        },
        callers=users,
    )


@pytest.fixture(scope="module")
def served(server, world):
    return known_to(server, world)


def known_to(server, world):
    """The operations of each service that the server knows."""
    known, unknown = {}, 0
    for service in SERVICES:
        # Nobody signs, so that nothing happens; what is not known is told before who asks.
        client = client_of(server, service, world.callers["bypass-nobody"])
        names = client.meta.service_model.operation_names
        known[service] = [name for name in names if answer(client, name, world.samples) not in UNKNOWN]
        unknown += len(names) - len(known[service])
    print(f"{sum(map(len, known.values()))} operations through the wire, {unknown} not served")
    assert len(known["kms"]) >= 22 and len(known["iam"]) >= 80 and len(known["sts"]) >= 6, known
    return known


def operators_answers(server, caller):
    """(operation, what it answers) for the operator's operations, asked over the network."""
    operations = re.findall(r"Entry::built::<(\w+)>", OPERATORS_CATALOGUE.read_text())
    assert len(operations) >= 10
    for operation in operations:
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"TrentOperator.{operation}"}
        yield operation, send(server, caller, "kms", b"{}", headers).code


def answers(server, world, served, caller):
    """(service, operation, what it answers) for every operation served."""
    for service in SERVICES:
        client = client_of(server, service, caller)
        for operation in served[service]:
            yield service, operation, answer(client, operation, world.samples)


def own_replies(server, world, caller):
    """(operation, the answer) for the operations that no other service has: questions about permissions, and the tokens
    of registered services."""
    user, key = world.samples["PolicySourceArn"], world.samples["KeyId"]
    head = {"Method": "POST", "Path": "/", "Headers": {"host": "example.com"}, "PayloadHash": "0" * 64}
    for operation, document in {
        "Trent.Explain": {"Principal": user, "Action": "kms:Encrypt", "Key": key},
        "Trent.WhoCan": {"Action": "kms:Encrypt", "Key": key},
        "Trent.Simulate": {"Scenario": "{}"},
        "TrentForwardAccess.IssueForwardAccessToken": head,
    }.items():
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": operation}
        yield operation, send(server, caller, "trent", json.dumps(document).encode(), headers)


def own_answers(server, world, caller):
    """(operation, what it answers) for the same: the error's name, or None."""
    for operation, reply in own_replies(server, world, caller):
        yield operation, reply.code if reply.status != 200 else None


def expected(service, of_json, of_query):
    return of_json if service == "kms" else of_query


# POL-41, POL-42
def test_a_stranger_is_refused_everywhere(server, world, served):
    stranger = Account(ALICE.id, "AKIASTRANGER00000000", "not-a-secret-of-anybody-that-is-here-00")
    for service, operation, code in answers(server, world, served, stranger):
        if operation not in FOR_THE_UNSIGNED:
            assert code == expected(service, "UnrecognizedClientException", "InvalidClientTokenId"), operation


# POL-41, POL-58
def test_the_operations_of_this_server_alone_have_no_way_past_either(server, world):
    stranger = Account(ALICE.id, "AKIASTRANGER00000000", "not-a-secret-of-anybody-that-is-here-00")
    forger = dataclasses.replace(ALICE, secret="not-the-secret-of-this-access-key-000000")
    for caller, refusal in (
        (stranger, "UnrecognizedClientException"),
        (forger, "InvalidSignatureException"),
        (world.callers["bypass-inactive"], "UnrecognizedClientException"),
        (world.callers["bypass-nobody"], "AccessDeniedException"),
        (world.callers["bypass-denied"], "AccessDeniedException"),
    ):
        for operation, code in own_answers(server, world, caller):
            assert code == refusal, operation
    # Who is let ask is no service for all that.
    codes = dict(own_answers(server, world, ALICE))
    assert codes.pop("TrentForwardAccess.IssueForwardAccessToken") == "AccessDeniedException"
    assert set(codes.values()) == {None}


def test_the_operators_operations_are_not_reached_over_the_network(server, world):
    """No listener knows them, whoever asks. The local socket has tests of its own."""
    stranger = Account(ALICE.id, "AKIASTRANGER00000000", "not-a-secret-of-anybody-that-is-here-00")
    for caller, refusal in (
        (ALICE, "UnknownOperationException"),
        (world.callers["bypass-nobody"], "UnknownOperationException"),
        (world.callers["bypass-denied"], "UnknownOperationException"),
        (world.callers["bypass-inactive"], "UnrecognizedClientException"),
        (stranger, "UnrecognizedClientException"),
    ):
        for operation, code in operators_answers(server, caller):
            assert code == refusal, operation


# REF-106
def test_a_wrong_secret_is_refused_everywhere(server, world, served):
    forger = dataclasses.replace(ALICE, secret="not-the-secret-of-this-access-key-000000")
    for service, operation, code in answers(server, world, served, forger):
        if operation not in FOR_THE_UNSIGNED:
            assert code == expected(service, "InvalidSignatureException", "SignatureDoesNotMatch"), operation


# REF-106
def test_nobody_who_does_not_sign_gets_in(server, world, served):
    for service in SERVICES:
        client = boto3_client(server, ALICE, service=service, parameter_validation=False, signature_version=UNSIGNED)
        for operation in served[service]:
            code = answer(client, operation, world.samples)
            if operation in FOR_THE_UNSIGNED:
                assert code == "InvalidIdentityToken", operation
            else:
                missing = expected(service, "MissingAuthenticationTokenException", "MissingAuthenticationToken")
                assert code == missing, operation


# REF-106
def test_nobody_who_does_not_sign_asks_what_this_server_alone_answers(server, world):
    refusal = (400, "MissingAuthenticationTokenException", "Missing Authentication Token")
    replies = dict(own_replies(server, world, None))
    assert len(replies) == 4
    for operation, reply in replies.items():
        assert (reply.status, reply.code, reply.message) == refusal, operation
        assert set(reply.document) <= {"__type", "message"}, "nothing is told besides"


def test_a_deactivated_key_is_refused_everywhere(server, world, served):
    for service, operation, code in answers(server, world, served, world.callers["bypass-inactive"]):
        if operation not in FOR_THE_UNSIGNED:
            assert code == expected(service, "UnrecognizedClientException", "InvalidClientTokenId"), operation


# POL-58, POL-12
@pytest.mark.parametrize("name", ["bypass-nobody", "bypass-denied"])
def test_a_principal_without_permission_is_refused_everywhere(server, world, served, name):
    for service, operation, code in answers(server, world, served, world.callers[name]):
        if operation not in NEEDS_NO_PERMISSION | FOR_THE_UNSIGNED | BY_TOKEN:
            assert code == expected(service, "AccessDeniedException", "AccessDenied"), operation
        elif operation == "RetireGrant":
            assert code is not None


def administrator(iam):
    """A user that may everything: the root user cannot assume roles."""
    iam.create_user(UserName="bypass-admin")
    iam.put_user_policy(UserName="bypass-admin", PolicyName="all", PolicyDocument=DOCUMENT)
    made = iam.create_access_key(UserName="bypass-admin")["AccessKey"]
    return Account(ALICE.id, made["AccessKeyId"], made["SecretAccessKey"])


def session_client(server, service, session):
    made = client_of(server, service, Account(ALICE.id, session["AccessKeyId"], session["SecretAccessKey"]))
    made._request_signer._credentials.token = session["SessionToken"]
    return made


# POL-57
def test_an_ended_session_is_refused_everywhere(server, world, served):
    iam = boto3_client(server, ALICE, service="iam")
    iam.create_role(RoleName="bypass-ended", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="bypass-ended", PolicyName="all", PolicyDocument=DOCUMENT)
    sts = boto3_client(server, administrator(iam), service="sts")
    role = f"arn:aws:iam::{ALICE.id}:role/bypass-ended"
    session = sts.assume_role(RoleArn=role, RoleSessionName="ended")["Credentials"]
    assert session_client(server, "sts", session).get_caller_identity()["Account"] == ALICE.id
    iam.delete_role_policy(RoleName="bypass-ended", PolicyName="all")
    iam.delete_role(RoleName="bypass-ended")
    for service in SERVICES:
        ended = session_client(server, service, session)
        for operation in served[service]:
            if operation not in FOR_THE_UNSIGNED:
                refusal = expected(service, "UnrecognizedClientException", "InvalidClientTokenId")
                assert answer(ended, operation, world.samples) == refusal, operation
    for answered in (own_answers(server, world, session), operators_answers(server, session)):
        assert {code for _, code in answered} == {"UnrecognizedClientException"}


# POL-57
def test_an_expired_session_is_refused_everywhere(dev_server, tmp_path):
    """The clock of a development server moves, so that the shortest session is seen to its end."""
    seed = tmp_path / "seed.json"
    keys = [{"id": ALICE.access_key_id, "secret": ALICE.secret}]
    seed.write_text(json.dumps({"accounts": [{"id": ALICE.id, "access_keys": keys}]}))
    server = dev_server(seed=seed, arguments=["--data-dir", str(tmp_path / "dev0" / "data")])
    world = populated(server)
    served = known_to(server, world)
    sts = boto3_client(server, administrator(boto3_client(server, ALICE, service="iam")), service="sts")
    assume = {"RoleArn": world.samples["RoleArn"], "RoleSessionName": "short", "DurationSeconds": 900}
    sessions = [
        sts.assume_role(**assume)["Credentials"],
        sts.get_session_token(DurationSeconds=900)["Credentials"],
        sts.get_federation_token(Name="short", DurationSeconds=900)["Credentials"],
    ]

    def works(session):
        return session_client(server, "sts", session).get_caller_identity()["Account"] == ALICE.id

    for moved in ("14m", "2m"):
        assert all(works(session) for session in sessions)
        done = server.run("clock", "advance", moved)
        assert done.returncode == 0 and done.stdout.startswith("It is 20"), done
    for session in sessions:
        for service in SERVICES:
            expired = session_client(server, service, session)
            for operation in served[service]:
                if operation not in FOR_THE_UNSIGNED:
                    refusal = expected(service, "ExpiredTokenException", "ExpiredToken")
                    assert answer(expired, operation, world.samples) == refusal, operation
        for answered in (own_answers(server, world, session), operators_answers(server, session)):
            assert {code for _, code in answered} == {"ExpiredTokenException"}
    # Sessions begin by the clock by which they end, and signatures go by another.
    assert works(sts.assume_role(**assume)["Credentials"])
