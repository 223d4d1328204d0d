"""Requests built by hand: signed by botocore's signer, sent as they are, answers read whole."""

import dataclasses
import http.client
import json
import socket
import ssl  # noqa: F401  (http.client needs it loaded on some builds)
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness import secrets

JSON_1_1 = "application/x-amz-json-1.1"


@dataclasses.dataclass
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict
    body: bytes

    @property
    def document(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.document["__type"]

    @property
    def message(self):
        """The message under whichever of its two spellings this error uses."""
        found = [self.document[name] for name in ("message", "Message") if name in self.document]
        assert len(found) <= 1, self.body
        return found[0] if found else None


class Raw:
    """One account's requests to one Region of a server, over one kept connection."""

    def __init__(self, server, account, region="us-east-1"):
        self.address = urlsplit(server.endpoint)
        self.endpoint = server.endpoint
        self.credentials = Credentials(account.access_key_id, account.secret)
        self.region = region
        self.connection = None

    def sign(self, target, body, headers=None, service="kms", method="POST", path="/"):
        """The headers of a signed request."""
        base = {"Content-Type": JSON_1_1, "Host": self.address.netloc}
        if target is not None:
            base["X-Amz-Target"] = target
        request = AWSRequest(method, self.endpoint + path, headers={**base, **(headers or {})}, data=body)
        SigV4Auth(self.credentials, service, self.region).add_auth(request)
        return dict(request.headers.items())

    def send(self, headers, body, method="POST", path="/"):
        """Sends these headers and this body, whatever they say."""
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=30)
            try:
                self.connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
                for name, value in headers.items():
                    self.connection.putheader(name, value)
                if "Content-Length" not in headers:
                    self.connection.putheader("Content-Length", str(len(body)))
                self.connection.endheaders(body)
                reply = self.connection.getresponse()
                answer = Answer(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
                if reply.will_close:
                    self.close()
                return answer
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.close()
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def call(self, operation, document):
        """One operation, its document sent as JSON without any check of ours."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        secrets.note_members(document, secrets.ASKED, secrets.from_base64)
        answer = self.send(self.sign(f"TrentService.{operation}", body), body)
        if answer.status == 200 and answer.body:
            secrets.note_members(answer.document, secrets.ANSWERED, secrets.from_base64)
        return answer

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def exchange(server, data, timeout=15):
    """Writes bytes to a new connection and reads until the server closes it or stays silent."""
    address = urlsplit(server.endpoint)
    received = b""
    with socket.create_connection((address.hostname, address.port), timeout=timeout) as connection:
        with_reply = [data] if isinstance(data, bytes) else data
        try:
            for piece in with_reply:
                connection.sendall(piece)
            while chunk := connection.recv(65536):
                received += chunk
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            pass
    return received
