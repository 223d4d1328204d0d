"""Identity tokens whose issuer's keys are fetched: from the listed address, now and then, and from nowhere else."""

import base64
import http.server
import json
import threading
import time

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from harness.clients import boto3_client
from harness.identities import fresh, policy
from harness.server import ALICE, Server

ISSUER = "https://idp.example.com"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """An issuer of tokens, with a server of its keys that counts who asks."""

    def __init__(self):
        self.keys, self.asked, self.answer = {}, 0, None
        self.rotate("first")
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked += 1
                status, body, headers = issuer.answer or (200, issuer.jwks(), {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"

    def rotate(self, name):
        self.keys = {name: ec.generate_private_key(ec.SECP256R1())}

    def jwks(self):
        def jwk(name, key):
            point = key.public_key().public_numbers()
            x, y = (encoded(number.to_bytes(32, "big")) for number in (point.x, point.y))
            return {"kty": "EC", "crv": "P-256", "kid": name, "x": x, "y": y}

        return json.dumps({"keys": [jwk(name, key) for name, key in self.keys.items()]}).encode()

    def token(self, header=(), **claims):
        [(name, key)] = self.keys.items()
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": "alice", "aud": "app", "iat": now, "exp": now + 600, **claims}
        header = {"alg": "ES256", "kid": name, **dict(header)}
        signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
        r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@pytest.fixture
def issuer():
    running = Issuer()
    yield running
    running.server.shutdown()


@pytest.fixture
def begin(issuer, tmp_path):
    """Starts a server that lists the issuer, and answers how its tokens begin sessions there."""
    settings = f'[[identity.issuers]]\nurl = "{ISSUER}"\njwks_url = "{issuer.url}"\n'
    running = Server(tmp_path / "server", settings=settings).start()
    iam = boto3_client(running, ALICE, service="iam")
    arn = iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["app"])["OpenIDConnectProviderArn"]
    trust = {"Effect": "Allow", "Principal": {"Federated": arn}, "Action": "sts:AssumeRoleWithWebIdentity"}
    role = iam.create_role(RoleName=fresh("web"), AssumeRolePolicyDocument=json.dumps(policy(trust)))["Role"]["Arn"]
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    sts = boto3.client("sts", region_name="us-east-1", endpoint_url=running.endpoint, config=config)

    def code(token):
        try:
            sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="session", WebIdentityToken=token)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return None

    yield code
    assert running.stop() == 0


NO_KEY = "InvalidIdentityToken"


def test_keys_are_fetched_at_the_start_and_seldom_again(issuer, begin):
    assert issuer.asked == 1, "before any token"
    assert begin(issuer.token()) is None
    elsewhere = {"jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/keys", "jwk": {"kty": "EC"}}
    assert begin(issuer.token(header=elsewhere)) is None, "what a token says of where keys are is not heard"
    assert issuer.asked == 1
    issuer.rotate("second")
    for _ in range(20):
        assert begin(issuer.token()) == NO_KEY
    assert issuer.asked == 1, "an unknown key is looked for once in a while, not for each token"


@pytest.mark.parametrize(
    "answer",
    [
        (302, b"", {"Location": "http://127.0.0.1:1/keys"}),
        (500, b"{}", {}),
        (200, b"[]", {}),
        (200, b" " * (300 << 10), {}),
    ],
)
def test_an_answer_that_is_no_key_set_is_none(issuer, request, answer):
    issuer.answer = answer
    begin = request.getfixturevalue("begin")
    assert issuer.asked == 1, "it is asked, and the server serves without"
    issuer.answer = None
    assert begin(issuer.token()) == NO_KEY


def test_an_address_that_anybody_could_answer_at_is_refused(tmp_path):
    settings = f'[[identity.issuers]]\nurl = "{ISSUER}"\njwks_url = "http://idp.example.com/keys"\n'
    checked = Server(tmp_path, settings=settings).run("config", "check")
    assert checked.returncode == 1 and "`http://idp.example.com/keys` is no address of keys" in checked.stdout
