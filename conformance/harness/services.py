"""Registered services, played with botocore's signer: they call as themselves, and for whom sends them requests."""

import hashlib
import http.client
import json
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness import secrets, trail
from harness.clients import boto3_client
from harness.identities import User, allowed, fresh, policy, statement
from harness.raw import JSON_1_1, Answer
from harness.server import ALICE, BOB, Account, Server

TOKEN = "x-trent-forward-access-token"
ON_BEHALF_OF = "x-trent-on-behalf-of"
SOURCE_ARN = "x-trent-source-arn"
SOURCE_ACCOUNT = "x-trent-source-account"
ISSUE = "TrentForwardAccess.IssueForwardAccessToken"
ORGANIZATION = f"""
[organization]
id = "o-exampleorg"
root = "r-ab12"
management_account = "{BOB.id}"
units = [{{ id = "ou-ab12-workload", name = "workloads" }}]
accounts = [{{ id = "{ALICE.id}", parent = "ou-ab12-workload" }}]
"""


def credentials_of(caller):
    """botocore's credentials of an account's root user, of a user, or of a session that STS answered."""
    if isinstance(caller, dict):
        return Credentials(caller["AccessKeyId"], caller["SecretAccessKey"], caller.get("SessionToken"))
    if isinstance(caller, Account):
        return Credentials(caller.access_key_id, caller.secret)
    return credentials_of(caller.credentials)


def request_to(name, caller, region="us-east-1", headers=None, path="/", body=b"Action=Example"):
    """A request to a service of that signing name, as its client sends it."""
    sent = AWSRequest("POST", f"https://{name}.{region}.amazonaws.com{path}", headers=headers or {}, data=body)
    signer = S3SigV4Auth if name == "s3" else SigV4Auth
    signer(credentials_of(caller), name, region).add_auth(sent)
    return sent


def head_of(sent):
    """What a service shows of a request that it got."""
    url = urlsplit(sent.url)
    headers = {"host": url.netloc, **{name.lower(): value for name, value in sent.headers.items()}}
    hashed = headers.get("x-amz-content-sha256") or hashlib.sha256(sent.body).hexdigest()
    document = {"Method": sent.method, "Path": url.path, "Headers": headers, "PayloadHash": hashed}
    return {**document, "Query": url.query} if url.query else document


class Service:
    """A service with its access key."""

    def __init__(self, server, name, number, signing_name=None):
        self.server, self.name = server, name
        self.signing_name = signing_name or name.split(".")[0]
        self.key_id = f"AKIASERVICE{number:09}"
        self.secret = f"{number:02}/" + "ThisIsAnExampleOfAServicesSecret" + "12345"
        self.credentials = Account("", self.key_id, self.secret)

    def declaration(self, regions, accounts, actions, trusted_in=()):
        lists = {"regions": regions, "accounts": accounts, "actions": actions, "trusted_in": list(trusted_in)}
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lists.items())
        key = f'access_keys = [{{ id = "{self.key_id}", secret = "{self.secret}" }}]\n'
        return f'[[services]]\nname = "{self.name}"\n{lines}{key}\n'

    def issue(self, document, region="us-east-1"):
        """Asks for a token with this document."""
        body = json.dumps(document).encode()
        headers = {"Content-Type": JSON_1_1, "X-Amz-Target": ISSUE}
        return self.send("trent", body, headers, region)

    def token(self, caller, region="us-east-1", **more):
        """A token for whoever sent a request."""
        answer = self.issue(head_of(request_to(self.signing_name, caller, region, **more)), region)
        assert answer.status == 200, answer.body
        secrets.note("a service's token", answer.document["Token"])
        return answer.document["Token"]

    def token_of(self, earlier, token, region="us-east-1"):
        """A token for whom an earlier service called with one of its own."""
        sent = request_to(self.signing_name, earlier, region, headers={TOKEN: token})
        answer = self.issue(head_of(sent), region)
        assert answer.status == 200, answer.body
        secrets.note("a service's token", answer.document["Token"])
        return answer.document["Token"]

    def kms(self, region="us-east-1", **headers):
        """The real client with the service's own credentials, and with these headers under its signature."""
        client = boto3_client(self.server, self.credentials, region)

        def add(request, **_):
            for name, value in headers.items():
                request.headers[name.replace("_", "-")] = value

        client.meta.events.register("before-sign.kms", add)
        return client

    def on_behalf_of(self, caller, region="us-east-1"):
        """The real client, calling for whoever sent a request."""
        return self.kms(region, **{TOKEN: self.token(caller, region)})

    def for_resource(self, arn=None, account=None, region="us-east-1"):
        """The real client, calling as the service itself for a resource."""
        given = {SOURCE_ARN: arn, SOURCE_ACCOUNT: account}
        return self.kms(region, **{name: value for name, value in given.items() if value is not None})

    def send(self, signing_name, body, headers, region="us-east-1", source=None):
        """A request of the service's own, from this local address."""
        return send(self.server, self.credentials, signing_name, body, headers, region, source)


def send(server, caller, signing_name, body, headers, region="us-east-1", source=None, unsigned=None):
    """A signed request, with headers behind the signature if any are `unsigned`; nobody (`None`) does not sign."""
    address = urlsplit(server.endpoint)
    request = AWSRequest("POST", server.endpoint + "/", headers={"Host": address.netloc, **headers}, data=body)
    if caller is not None:
        SigV4Auth(credentials_of(caller), signing_name, region).add_auth(request)
    local = (source, 0) if source else None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30, source_address=local)
    try:
        connection.request("POST", "/", body, {**dict(request.headers.items()), **(unsigned or {})})
        reply = connection.getresponse()
        return Answer(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
    finally:
        connection.close()


def kms_request(operation, document):
    """The headers and the body of a request to KMS."""
    return {"Content-Type": JSON_1_1, "X-Amz-Target": f"TrentService.{operation}"}, json.dumps(document).encode()


def to(principal, made):
    return {"Principal": principal, **made}


def encrypts(client, key, **more):
    return allowed(client.encrypt, KeyId=key, Plaintext=b"x", **more)


class Place:
    """A server around which services are registered."""

    def __init__(self, folder, settings=""):
        self.server = Server(folder, settings=settings)
        names = ("ec2", "rds", "lambda", "s3", "geo", "cloudtrail", "narrow", "guest")
        for number, name in enumerate(names, 1):
            setattr(self, name, Service(self.server, f"{name}.amazonaws.com", number))
        both, regions = [ALICE.id, BOB.id], ["us-east-1", "us-west-2"]
        usual = (self.ec2, self.rds, self.__dict__["lambda"], self.s3, self.geo)
        declared = [service.declaration(regions, both, ["kms:*"]) for service in usual]
        declared.append(self.cloudtrail.declaration(["us-east-1"], [ALICE.id], ["kms:*"]))
        declared.append(self.narrow.declaration(["us-east-1"], [ALICE.id], ["kms:GenerateDataKey*"], [ALICE.id]))
        declared.append(self.guest.declaration(["us-east-1"], [BOB.id], ["kms:*"]))
        declaration = self.server.folder / "accounts.toml"
        declaration.write_text(declaration.read_text() + "".join(declared) + ORGANIZATION)

    def client(self, service, account=ALICE, region="us-east-1"):
        return boto3_client(self.server, account, region, service)

    def records(self, **wanted):
        """The records of calls, by some of their members."""
        return trail.records(self.server, **wanted)

    def user(self, account=ALICE):
        """A user who may do nothing yet."""
        return User(self.server, self.client("iam", account), account, fresh("user"))

    def key(self, *statements, delegating=True, region="us-east-1"):
        """A key whose policy gives the account everything and has these statements besides."""
        account = to({"AWS": f"arn:aws:iam::{ALICE.id}:root"}, statement("kms:*"))
        if not delegating:
            # Whoever is to look after the key, and nobody through IAM policies.
            account["Condition"] = {"StringEquals": {"aws:PrincipalType": "Account"}}
        document = json.dumps(policy(account, *statements))
        made = self.client("kms", region=region).create_key(Policy=document, BypassPolicyLockoutSafetyCheck=True)
        return made["KeyMetadata"]["Arn"]
