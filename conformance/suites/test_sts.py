"""Temporary credentials, with the real client and the real command line."""

import base64
import json
import pathlib
import subprocess
import sys
import urllib.request

import boto3
import botocore
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from harness.clients import environment, refused
from harness.server import ALICE, BOB, clean_environment

AWS = pathlib.Path(sys.executable).parent / "aws"
ROOT = f"arn:aws:iam::{ALICE.id}:root"
ROLE = f"arn:aws:iam::{ALICE.id}:role/app"
ISSUER = "https://idp.example.com"


def client(server, service, credentials, region="us-east-1"):
    """The real client with the credentials that STS answered."""
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=server.endpoint,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
        config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
    )


def root(account):
    return {"AccessKeyId": account.access_key_id, "SecretAccessKey": account.secret}


def policy(*actions):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def sts(server):
    return client(server, "sts", root(ALICE))


# POL-33
def test_every_client_learns_who_it_is(server, sts):
    expected = {"UserId": ALICE.id, "Account": ALICE.id, "Arn": ROOT}
    answer = sts.get_caller_identity()
    assert {name: answer[name] for name in expected} == expected
    assert client(server, "sts", root(ALICE), "us-west-2").get_caller_identity()["Arn"] == ROOT
    variables = {**environment(server, ALICE), "AWS_ENDPOINT_URL_STS": server.endpoint}
    done = subprocess.run(
        [AWS, "sts", "get-caller-identity"],
        env=clean_environment(**variables),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == expected
    # Signed by hand, the whole request in its URL: how other services let their callers prove who they are.
    with urllib.request.urlopen(sts.generate_presigned_url("get_caller_identity", HttpMethod="GET")) as reply:
        assert ROOT in reply.read().decode()
    request = AWSRequest("POST", server.endpoint + "/", data="Action=GetCallerIdentity&Version=2011-06-15")
    request.headers["Content-Type"] = "application/x-www-form-urlencoded"
    SigV4Auth(Credentials(ALICE.access_key_id, ALICE.secret), "sts", "us-east-1").add_auth(request)
    by_hand = urllib.request.Request(request.url, request.data.encode(), dict(request.headers.items()))
    with urllib.request.urlopen(by_hand) as reply:
        assert ROOT in reply.read().decode()


# POL-40
def test_a_session_of_the_root_user_is_the_root_user(server, sts, key):
    credentials = sts.get_session_token(DurationSeconds=900)["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    answer = client(server, "sts", credentials).get_caller_identity()
    assert (answer["Arn"], answer["UserId"]) == (ROOT, ALICE.id)
    assert client(server, "kms", credentials).describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Arn"] == key["Arn"]
    with refused("AccessDenied", "Cannot call GetSessionToken with session credentials", 403):
        client(server, "sts", credentials).get_session_token()
    # What is not the whole of the credentials is nothing.
    token = credentials["SessionToken"]
    other = client(server, "sts", root(BOB)).get_session_token()["Credentials"]
    for changed in (None, token[:-4] + "AAA=", other["SessionToken"], "made up"):
        with refused("InvalidClientTokenId", "The security token included in the request is invalid.", 403):
            client(server, "sts", {**credentials, "SessionToken": changed}).get_caller_identity()
    with refused("UnrecognizedClientException"):
        client(server, "kms", {**credentials, "SessionToken": other["SessionToken"]}).list_keys()
    with refused("SignatureDoesNotMatch", status=403):
        client(server, "sts", {**credentials, "SecretAccessKey": "x" * 40}).get_caller_identity()


# POL-66
def test_a_federated_user_has_what_its_session_policy_lets_through(server, sts, key):
    narrow = policy("kms:DescribeKey", "kms:Encrypt")
    answer = sts.get_federation_token(Name="guest", Policy=narrow, Tags=[{"Key": "team", "Value": "red"}])
    arn = f"arn:aws:sts::{ALICE.id}:federated-user/guest"
    assert answer["FederatedUser"] == {"FederatedUserId": f"{ALICE.id}:guest", "Arn": arn}
    assert 0 < answer["PackedPolicySize"] <= 100
    guest = client(server, "kms", answer["Credentials"])
    assert guest.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Arn"] == key["Arn"]
    denied = (
        f"User: {arn} is not authorized to perform: kms:DisableKey on resource: {key['Arn']} because no session "
        "policy allows the kms:DisableKey action"
    )
    with refused("AccessDeniedException", denied):
        guest.disable_key(KeyId=key["KeyId"])
    with refused("AccessDenied", status=403):
        client(server, "sts", answer["Credentials"]).assume_role(RoleArn=ROLE, RoleSessionName="work")
    nothing = client(server, "kms", sts.get_federation_token(Name="guest")["Credentials"])
    with refused("AccessDeniedException"):
        nothing.describe_key(KeyId=key["KeyId"])


def test_what_a_session_cannot_be(server, sts):
    with refused("MalformedPolicyDocument"):
        sts.get_federation_token(Name="guest", Policy="{}")
    arns = [{"arn": "arn:aws:iam::aws:policy/NoSuchPolicy"}]
    with refused("ValidationError"):
        sts.get_federation_token(Name="guest", PolicyArns=arns)
    with refused("ValidationError"):
        sts.get_session_token(DurationSeconds=129_601)
    with refused("AccessDenied", "Roles may not be assumed by root accounts.", 403):
        sts.assume_role(RoleArn=ROLE, RoleSessionName="work")
    with refused("ValidationError", "Request ARN is invalid"):
        sts.assume_role(RoleArn=f"{ROOT[:-4]}user/alice", RoleSessionName="work")
    tags = [{"Key": f"key-{at}", "Value": "v" * 256} for at in range(50)]
    with refused("PackedPolicyTooLarge"):
        sts.get_federation_token(Name="guest", Policy=policy("kms:*"), Tags=tags)


def test_keys_and_messages_are_looked_up(sts):
    assert sts.get_access_key_info(AccessKeyId=BOB.access_key_id)["Account"] == BOB.id
    with refused("ValidationError"):
        sts.get_access_key_info(AccessKeyId="AKIAXXXXXXXXXXEXAMPLE")
    with refused("InvalidAuthorizationMessageException"):
        sts.decode_authorization_message(EncodedMessage="abc")


def test_one_operation_is_for_who_has_no_credentials_and_no_other(server):
    unsigned = boto3.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=server.endpoint,
        config=Config(signature_version=botocore.UNSIGNED, retries={"total_max_attempts": 1}),
    )
    with refused("MissingAuthenticationToken", "Missing Authentication Token", 403):
        unsigned.get_caller_identity()
    with refused("MissingAuthenticationToken", status=403):
        unsigned.assume_role(RoleArn=ROLE, RoleSessionName="work")
    ask = {"RoleArn": ROLE, "RoleSessionName": "work"}
    with refused("InvalidIdentityToken"):
        unsigned.assume_role_with_web_identity(**ask, WebIdentityToken="no token")
    claims = {"iss": ISSUER, "sub": "alice", "aud": "app", "iat": 1, "exp": 2}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "ES256"}, claims)]
    token = b".".join([*parts, b"AAAA"]).decode()
    with refused("InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {ISSUER}"):
        unsigned.assume_role_with_web_identity(**ask, WebIdentityToken=token)


def test_the_operator_ends_sessions(own_server):
    alice, bob = (client(own_server, "sts", root(account)) for account in (ALICE, BOB))
    sessions = [client(own_server, "sts", asked.get_session_token()["Credentials"]) for asked in (alice, bob)]
    for session in sessions:
        session.get_caller_identity()
    done = own_server.run("sessions", "revoke", "--account", ALICE.id)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Every session of everybody of account {ALICE.id} has ended"), done.stdout
    with refused("InvalidClientTokenId", status=403):
        sessions[0].get_caller_identity()
    assert sessions[1].get_caller_identity()["Account"] == BOB.id
    again = alice.get_session_token()["Credentials"]
    assert client(own_server, "sts", again).get_caller_identity()["Account"] == ALICE.id


def test_an_issuer_without_keys_stops_the_server(own_server):
    own_server.stop()
    text = own_server.config.read_text()
    own_server.config.write_text(
        text.replace("[seal]", f'[[identity.issuers]]\nurl = "{ISSUER}"\njwks_file = "/nowhere.json"\n\n[seal]')
    )
    done = own_server.run("serve")
    assert done.returncode != 0
    assert "`identity.issuers`: cannot read /nowhere.json" in done.stderr, done.stderr
