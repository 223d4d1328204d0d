"""Issuers of identity tokens: their keys, behind a server of their own, and the tokens that they sign."""

import base64
import contextlib
import http.server
import json
import threading
import time

import boto3
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

    def __init__(self, tls=None):
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
        if tls:
            # The handshake belongs to the connection's own thread: one that fails fails alone.
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}/keys"

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


@contextlib.contextmanager
def believing(folder, issuer, more="", environment=None):
    """A server that lists the issuer, with `more` in its table, and how its tokens begin sessions there: the error's
    name, or None."""
    settings = f'[[identity.issuers]]\nurl = "{ISSUER}"\njwks_url = "{issuer.url}"\n{more}'
    running = Server(folder, settings=settings, environment=environment).start()
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

    try:
        yield running, code
    finally:
        assert running.stop() == 0
