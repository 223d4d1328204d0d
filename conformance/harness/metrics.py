"""The server's metrics as a monitoring system gets them, and Prometheus itself."""

import contextlib
import email
import email.policy
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import socketserver
import subprocess
import threading
import time
import urllib.parse
import urllib.request

from harness import secrets
from harness.server import free_port

SAMPLE = re.compile(r"^(?P<name>[a-z_]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
UNPACKED = pathlib.Path(__file__).parents[2] / ".venv/prometheus/usr/bin"


class Numbers:
    """One answer of the endpoint."""

    def __init__(self, text):
        assert text.endswith("# EOF\n"), text[-200:]
        self.text = text
        self.families = re.findall(r"^# TYPE (\S+) \S+$", text, re.MULTILINE)
        self.samples = []
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            found = SAMPLE.match(line)
            assert found, line
            labels = dict(LABEL.findall(found["labels"] or ""))
            self.samples.append((found["name"], labels, float(found["value"])))

    def all(self, name, **labels):
        """The samples of a name that have these labels."""
        return [s for s in self.samples if s[0] == name and labels.items() <= s[1].items()]

    def sum(self, name, **labels):
        return sum(value for _, _, value in self.all(name, **labels))


def fetch(address, token=None):
    """Status, content type and text that an address answers with."""
    request = urllib.request.Request(f"http://{address}/_trent/metrics")
    if token is not None:
        secrets.note("a token of the operator", token)
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, reply.headers["Content-Type"], reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def fetch_over(path):
    """What a Unix socket answers with: status and text."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(path))
        connection.sendall(b"GET /_trent/metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while more := connection.recv(65536):
            answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


def numbers(server):
    """The numbers of a server, by its operator's socket."""
    status, text = fetch_over(server.data / "operator.sock")
    assert status == 200, text
    return Numbers(text)


def within(seconds, holds):
    """Waits until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it does not come to hold"
        time.sleep(0.2)


def program(name):
    """A program of Prometheus: unpacked by the project, or installed."""
    unpacked = UNPACKED / name
    found = str(unpacked) if unpacked.exists() else shutil.which(name)
    assert found, f"{name} is missing: ./test conformance unpacks it"
    return found


class Prometheus:
    """A Prometheus of one's own, on loopback, that scrapes what it is told and evaluates rules."""

    def __init__(self, folder, targets, rules=(), token_file=None, alertmanager=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.address = f"127.0.0.1:{free_port()}"
        scrape = {
            "job_name": "trent",
            "metrics_path": "/_trent/metrics",
            "scrape_interval": "1s",
            "static_configs": [{"targets": list(targets)}],
        }
        if token_file:
            scrape["authorization"] = {"credentials_file": str(token_file)}
        # JSON is YAML.
        config = {
            "global": {"evaluation_interval": "1s"},
            "rule_files": [str(rule) for rule in rules],
            "scrape_configs": [scrape],
        }
        if alertmanager:
            config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager.address]}]}]}
        (self.folder / "prometheus.yml").write_text(json.dumps(config))

    @contextlib.contextmanager
    def running(self):
        command = [
            program("prometheus"),
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address={self.address}",
        ]
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(os.environ))
        try:
            yield self
        finally:
            process.terminate()
            process.wait(30)

    def ask(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"http://{self.address}/api/v1/{path}?{query}", timeout=10) as reply:
            answer = json.load(reply)
        assert answer["status"] == "success", answer
        return answer["data"]

    def value(self, expression):
        """The sum of what an expression gives now; None if it gives nothing."""
        result = self.ask("query", query=expression)["result"]
        return sum(float(sample["value"][1]) for sample in result) if result else None

    def wait_for(self, expression, wanted, limit=60):
        """Waits until an expression gives a value that is wanted."""
        deadline = time.monotonic() + limit
        found = None
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                found = self.value(expression)
                if found is not None and wanted(found):
                    return found
            time.sleep(0.3)
        raise AssertionError(f"{expression} gave {found}:\n{(self.folder / 'log').read_text()[-3000:]}")


class Webhook:
    """A program that is told of alarms: an HTTP server on loopback that keeps what it is sent."""

    def __init__(self):
        told = self.told = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    @contextlib.contextmanager
    def running(self):
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            thread.join()


def text_of(mail):
    """What a mail says, in all of its parts."""
    message = email.message_from_bytes(mail, policy=email.policy.default)
    parts = [part.get_content() for part in message.walk() if not part.is_multipart()]
    return "\n".join([message["subject"], *parts])


class Mailbox:
    """A mail server on loopback that keeps what it is sent."""

    def __init__(self):
        mails = self.mails = []

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.wfile.write(b"220 mail.example.com\r\n")
                while line := self.rfile.readline():
                    verb = line[:4].upper()
                    if verb == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        lines = list(iter(self.rfile.readline, b".\r\n"))
                        mails.append(text_of(b"".join(lines)))
                    self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 well\r\n")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_address[1]}"

    @contextlib.contextmanager
    def running(self):
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join()


class Alertmanager:
    """An Alertmanager of one's own, on loopback, that tells a webhook of alarms; or whomever the example configuration
    names, a webhook and a mailbox in their places."""

    def __init__(self, folder, webhook, example=None, mailbox=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.address = f"127.0.0.1:{free_port()}"
        route = {"receiver": "programs", "group_by": ["..."], "group_wait": "1s", "repeat_interval": "365d"}
        receiver = {"name": "programs", "webhook_configs": [{"url": webhook.url, "send_resolved": True}]}
        config = json.dumps({"route": route, "receivers": [receiver]})
        if example:
            login = r" +auth_(username|password_file): .*\n"
            config = re.sub(login, "", example.replace("http://127.0.0.1:9999/trent", webhook.url))
            config = config.replace(
                "smarthost: mail.example.com:587", f"smarthost: {mailbox.address}\n        require_tls: false"
            )
            config = config.replace("group_wait: 10s", "group_wait: 1s")
        (self.folder / "alertmanager.yml").write_text(config)

    @contextlib.contextmanager
    def running(self):
        command = [
            program("prometheus-alertmanager"),
            f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
        ]
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(os.environ))
        try:
            yield self
        finally:
            process.terminate()
            process.wait(30)
