"""Receivers of webhooks: they keep what they are sent, check its signature, and answer as they are told."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time

SECRET = "whsec_" + base64.b64encode(b"a secret of the conformance run.").decode()


def soon(wanted, seconds=30):
    """Waits until something is so, and answers it."""
    deadline = time.monotonic() + seconds
    while not (found := wanted()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)
    return found


class Quiet(http.server.ThreadingHTTPServer):
    """A server that says nothing of connections that fail."""

    daemon_threads = True

    def handle_error(self, *_):
        pass


class Receiver:
    """A receiver at an address of its own, which it keeps while it is closed."""

    def __init__(self, status=204, tls=None):
        self.requests, self.status, self.tls = [], status, tls
        self.headers = {}
        self.hangs_up = False
        self.port = 0
        self.open()

    def open(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.hangs_up:
                    self.close_connection = True
                    return
                receiver.requests.append((self.path, dict(self.headers.items()), body, receiver.status))
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = Quiet(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        if self.tls:
            self.server.socket = self.tls.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        """Takes no connection any more."""
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/events"

    @property
    def events(self):
        """What was accepted, each request's body."""
        return [json.loads(body) for _, _, body, status in self.requests if 200 <= status < 300]

    def about(self, key, detail_type=None):
        """The events about a key, each once."""
        found = {event["id"]: event for event in self.events if event["detail"].get("key-id") == key}
        return [event for event in found.values() if detail_type in (None, event["detail-type"])]


def is_signed(headers, body, secret=SECRET):
    """Whether a request is signed, as the Standard Webhooks specification has it."""
    headers = {name.lower(): value for name, value in headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    recent = abs(time.time() - int(headers["webhook-timestamp"])) < 300
    return recent and any(
        hmac.compare_digest(given, f"v1,{expected}") for given in headers["webhook-signature"].split()
    )
