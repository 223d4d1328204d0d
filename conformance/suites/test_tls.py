"""TLS of the listeners: versions, suites, groups, hybrid key exchange with the AWS CRT, reloads, mutual TLS."""

import base64
import datetime
import http.client
import json
import signal
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from awscrt import io as crt_io
from botocore.config import Config
from botocore.exceptions import BotoCoreError, SSLError
from harness import trail
from harness.authorities import Authority
from harness.clients import boto3_client
from harness.metrics import Numbers, fetch_over
from harness.raw import Raw
from harness.server import ALICE, BOB, Server, free_port
from harness.tls import PATIENCE, Crt, Listener, certificate, rsa_key, shake, table
from OpenSSL import SSL

HYBRID = "X25519MLKEM768"
CLASSIC = {"x25519", "secp256r1", "secp384r1"}
PQ = crt_io.TlsCipherPref.PQ_DEFAULT
CLASSIC_CRT = crt_io.TlsCipherPref.TLSv1_2_2025_07
FIPS_HOST = "kms-fips.us-east-1.amazonaws.com"
STANDARD_HOST = "kms.us-east-1.amazonaws.com"
ENDPOINT_NAME = "vpce-1234abcdf5678c90a-09p7654s-us-east-1a.kms.us-east-1.vpce.example.com"


class World:
    """A server with a listener of each kind beside a plain one, and a client's certificate."""

    def __init__(self, path):
        self.authority = Authority(path, "authority")
        self.clients = Authority(path, "clients")
        self.certificate = path / "server.pem"
        certificate(self.authority, self.certificate)
        self.rsa = path / "rsa.pem"
        certificate(self.authority, self.rsa, key=rsa_key())
        self.named = path / "named.pem"
        certificate(self.authority, self.named, [STANDARD_HOST, FIPS_HOST, ENDPOINT_NAME])
        self.client = path / "client.pem"
        certificate(self.clients, self.client, ["app"])
        names = ("standard", "classic", "strict", "rsa", "mutual", "optional", "endpoint")
        ports = {name: free_port() for name in names}
        own = self.certificate
        endpoint = 'endpoint_id = "vpce-1234abcdf5678c90a"\nvpc_id = "vpc-12345678"\n'
        settings = (
            table(ports["standard"], f"{own},{self.named}")
            + table(ports["classic"], f"{own},{self.named}", key_exchange="classic-only")
            + table(ports["strict"], own, key_exchange="pq-required")
            + table(ports["rsa"], self.rsa)
            + table(ports["mutual"], own, client_ca=self.clients.file)
            + table(ports["optional"], own, client_ca=self.clients.file, client_auth="optional")
            + table(ports["endpoint"], f"{own},{self.named}").rstrip()
            + f"\n{endpoint}"
        )
        settings += '[limits]\nhandshake_timeout = "1s"\nconnections = 200\n'
        self.server = Server(path / "server", settings=settings).start()
        for name, port in ports.items():
            setattr(self, name, Listener(port, self.authority))

    def numbers(self):
        status, text = fetch_over(self.server.data / "operator.sock")
        assert status == 200
        return Numbers(text)

    def details(self, answer):
        """What the record of an answer says of TLS."""
        record = trail.of_request(self.server, answer.headers["x-amzn-requestid"])[0]
        return record.get("tlsDetails")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("tls"))
    yield made
    assert made.server.stop() == 0


def over_tls(listener, account=ALICE, verify=None, **config):
    return boto3.client(
        "kms",
        region_name="us-east-1",
        endpoint_url=listener.endpoint,
        verify=verify or str(listener.authority.file),
        aws_access_key_id=account.access_key_id,
        aws_secret_access_key=account.secret,
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


# AUTHZ-245, AUTHZ-246, AUTHZ-250, REF-103: a client of today that offers a hybrid group first gets it, by its own word.
def test_a_client_reports_the_hybrid_group(world):
    shaken = shake(world.standard)
    assert (shaken.version, shaken.group) == ("TLSv1.3", HYBRID)
    # Its `keyExchange` is what the client says, and the whole is counted.
    before = world.numbers().sum("trent_tls_handshakes_total", group=HYBRID)
    shake(world.standard)
    assert world.numbers().sum("trent_tls_handshakes_total", group=HYBRID) == before + 1


# AUTHZ-245, AUTHZ-250, AUTHZ-251, REF-103, MON-55: the post-quantum TLS of the AWS CRT, as its SDKs use it; the
# record has the group.
def test_the_aws_crt_agrees_upon_a_hybrid_group(world):
    client = Crt(world.standard, PQ)
    answer = client.call("ListKeys")
    assert answer.status == 200
    details = world.details(answer)
    assert details == {
        "tlsVersion": "TLSv1.3",
        "cipherSuite": details["cipherSuite"],
        "clientProvidedHostHeader": f"localhost:{world.standard.port}",
        "keyExchange": details["keyExchange"],
    }
    assert details["keyExchange"] in {HYBRID, "SecP256r1MLKEM768"}
    assert details["cipherSuite"].startswith("TLS_AES_")


# AUTHZ-248, AUTHZ-250, REF-104: the same client where only classic groups are offered, and its call succeeds.
def test_the_same_client_falls_back_where_hybrid_groups_are_not_offered(world):
    shaken = shake(world.classic)
    assert shaken.group.lower() in CLASSIC
    client = Crt(world.classic, PQ)
    made = client.call("CreateKey")
    assert made.status == 200
    assert world.details(made)["keyExchange"] in CLASSIC
    sent = {"KeyId": made.document["KeyMetadata"]["KeyId"], "Plaintext": base64.b64encode(b"a text").decode()}
    assert client.call("Encrypt", json.dumps(sent).encode()).status == 200


# AUTHZ-245, REF-103: clients that know classic groups alone keep working.
def test_classic_clients_keep_working(world):
    with world.standard.connect() as connection:
        assert connection.version() == "TLSv1.3"
    answer = Crt(world.standard, CLASSIC_CRT).call("ListKeys")
    assert answer.status == 200
    assert world.details(answer)["keyExchange"] in CLASSIC


# AUTHZ-248
def test_where_a_hybrid_group_is_required_a_classic_client_is_refused(world):
    assert shake(world.strict).group == HYBRID
    assert Crt(world.strict, PQ).call("ListKeys").status == 200
    with pytest.raises(ssl.SSLError):
        world.strict.connect()
    # And with a hybrid one, older versions of TLS.
    with pytest.raises(SSL.Error):
        shake(world.strict, lambda context: context.set_max_proto_version(SSL.TLS1_2_VERSION))


# AUTHZ-247: which key exchange protected a plaintext on its way changes nothing about what it is encrypted with.
def test_ciphertexts_know_nothing_of_the_transport(world):
    hybrid, plain = Crt(world.standard, PQ), boto3_client(world.server, ALICE)
    key = plain.create_key()["KeyMetadata"]["KeyId"]
    sent = {"KeyId": key, "Plaintext": base64.b64encode(b"a text").decode()}
    answer = hybrid.call("Encrypt", json.dumps(sent).encode())
    assert answer.document["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    blob = base64.b64decode(answer.document["CiphertextBlob"])
    assert plain.decrypt(CiphertextBlob=blob)["Plaintext"] == b"a text"
    assert len(blob) == len(plain.encrypt(KeyId=key, Plaintext=b"a text")["CiphertextBlob"])


# REF-101: what is older than TLS 1.2 fails; 1.3 is used by who has both.
@pytest.mark.parametrize("version", [SSL.TLS1_VERSION, SSL.TLS1_1_VERSION])
def test_old_versions_fail(world, version):
    def only_old(context):
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        context.set_cipher_list(b"ALL:@SECLEVEL=0")

    for listener in (world.standard, world.classic, world.strict, world.rsa):
        with pytest.raises(SSL.Error):
            shake(listener, only_old)
    assert shake(world.standard).version == "TLSv1.3"
    assert shake(world.standard, lambda context: context.set_max_proto_version(SSL.TLS1_2_VERSION)).version == "TLSv1.2"


# REF-102: without forward secrecy nothing is agreed upon.
def test_static_rsa_suites_fail(world):
    def only(suites):
        def prepare(context):
            context.set_max_proto_version(SSL.TLS1_2_VERSION)
            context.set_cipher_list(suites)

        return prepare

    for suites in (b"AES256-GCM-SHA384:AES128-GCM-SHA256", b"AES128-SHA:AES256-SHA:@SECLEVEL=0"):
        with pytest.raises(SSL.Error):
            shake(world.rsa, only(suites))
    # Nor with forward secrecy, but without an authenticated cipher.
    with pytest.raises(SSL.Error):
        shake(world.rsa, only(b"ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA"))
    assert shake(world.rsa, only(b"ECDHE-RSA-AES256-GCM-SHA384")).suite == "ECDHE-RSA-AES256-GCM-SHA384"


# MON-55, AUTHZ-251: the record of a call over TLS 1.2 has the names that records have, and the real header.
def test_the_record_of_a_call_over_tls_1_2(world):
    context = world.rsa.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")
    # The signature is over the name that the client gives.
    headers = Raw(world.rsa, ALICE).sign("TrentService.ListKeys", b"{}", {"Host": STANDARD_HOST})
    connection = http.client.HTTPSConnection("localhost", world.rsa.port, timeout=PATIENCE, context=context)
    connection.request("POST", "/", b"{}", headers)
    reply = connection.getresponse()
    assert (reply.status, reply.read()[:8]) == (200, b'{"Keys":')
    record = trail.of_request(world.server, reply.getheader("x-amzn-requestid"))[0]
    assert record["tlsDetails"] == {
        "tlsVersion": "TLSv1.2",
        "cipherSuite": "ECDHE-RSA-AES256-GCM-SHA384",
        "clientProvidedHostHeader": STANDARD_HOST,
        "keyExchange": "x25519",
    }


# MON-55: without TLS there is nothing to tell of it.
def test_a_plain_call_has_no_details(world):
    answer = boto3_client(world.server, ALICE).list_keys()
    record = trail.of_request(world.server, answer["ResponseMetadata"]["RequestId"])[0]
    assert "tlsDetails" not in record


# REF-100, REF-103: the SDK with nothing but the authority's certificate.
def test_boto3_over_tls(world):
    kms = over_tls(world.standard)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"a text")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"a text"
    with pytest.raises(SSLError):
        over_tls(world.standard, verify=str(world.clients.file)).list_keys()


def test_policies_know_that_a_request_came_over_tls(world):
    kms, plain = over_tls(world.standard), boto3_client(world.server, ALICE)
    root = {"AWS": f"arn:aws:iam::{ALICE.id}:root"}
    allow = {"Sid": "All", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "kms:Encrypt",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow, deny]})
    key = kms.create_key(Policy=document)["KeyMetadata"]["KeyId"]
    assert kms.encrypt(KeyId=key, Plaintext=b"a text")["KeyId"]
    with pytest.raises(plain.exceptions.ClientError, match="AccessDenied"):
        plain.encrypt(KeyId=key, Plaintext=b"a text")


# AUTHZ-249, REF-104: each listener tells what it offers.
@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "standard",
            [
                "tls: TLSv1.3, TLSv1.2",
                "key exchange: pq-preferred: X25519MLKEM768, SecP256r1MLKEM768, x25519, secp256r1, secp384r1",
                "post-quantum: preferred",
                "client certificates: none",
            ],
        ),
        (
            "classic",
            [
                "tls: TLSv1.3, TLSv1.2",
                "key exchange: classic-only: x25519, secp256r1, secp384r1",
                "post-quantum: not offered",
                "client certificates: none",
            ],
        ),
        (
            "optional",
            [
                "tls: TLSv1.3, TLSv1.2",
                "key exchange: pq-preferred: X25519MLKEM768, SecP256r1MLKEM768, x25519, secp256r1, secp384r1",
                "post-quantum: preferred",
                "client certificates: optional",
            ],
        ),
    ],
)
def test_health_says_what_a_listener_offers(world, name, lines):
    status, text = getattr(world, name).get("/_trent/health")
    assert (status, text.split("\n")) == (200, ["ok", *lines])


# AUTHZ-253: a ClientHello that comes in pieces, over several packets and several records, is put together.
@pytest.mark.parametrize(("piece", "record"), [(1, None), (100, 50), (3, 7)])
def test_a_client_hello_in_pieces(world, piece, record):
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    hello = SSL.Connection(context)
    hello.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        hello.do_handshake()
    sent = hello.bio_read(65536)
    assert len(sent) > 1200, "it has a hybrid share"
    if record:
        body = sent[5:]
        parts = [body[at : at + record] for at in range(0, len(body), record)]
        sent = b"".join(b"\x16\x03\x01" + len(part).to_bytes(2, "big") + part for part in parts)
    with socket.create_connection(("127.0.0.1", world.strict.port), timeout=PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(sent), piece):
            connection.sendall(sent[at : at + piece])
        while True:
            try:
                hello.do_handshake()
                break
            except SSL.WantReadError:
                came = connection.recv(65536)
                assert came, "the server went away"
                hello.bio_write(came)
        assert hello.get_group_name() == HYBRID


# AUTHZ-253: many at a time, each with the larger shares.
def test_many_hybrid_handshakes(world):
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        groups = list(pool.map(lambda _: shake(world.strict).group, range(200)))
    assert groups == [HYBRID] * 200
    assert time.monotonic() - began < 60


def test_silent_and_slow_clients_do_not_keep_others_out(world):
    silent = [socket.create_connection(("127.0.0.1", world.standard.port)) for _ in range(250)]
    try:
        for connection in silent[::2]:
            connection.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert shake(world.standard).group == HYBRID
        connection = silent[0]
        connection.settimeout(PATIENCE)
        assert connection.recv(1) == b"", "it is closed"
    finally:
        for connection in silent:
            connection.close()
    assert world.numbers().sum("trent_tls_handshake_failures_total", reason="timeout") > 0


@pytest.mark.parametrize(
    "noise", [b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\0" * 65535]
)
def test_what_is_no_tls_is_turned_away(world, noise):
    with socket.create_connection(("127.0.0.1", world.standard.port), timeout=PATIENCE) as connection:
        received = b""
        try:
            connection.sendall(noise)
            while piece := connection.recv(4096):
                received += piece
        except ConnectionError:
            pass
    assert b"HTTP" not in received
    assert shake(world.standard).group == HYBRID


def test_client_certificates(world):
    shown, none = world.mutual.context(world.client), world.mutual.context()
    assert world.mutual.get("/_trent/health", shown)[0] == 200
    with pytest.raises((ssl.SSLError, ConnectionError)):
        world.mutual.get("/_trent/health", none)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        # The server's own authority is no authority for clients.
        world.mutual.get("/_trent/health", world.mutual.context(world.certificate))
    assert world.optional.get("/_trent/health", none)[0] == 200
    assert world.optional.get("/_trent/health", shown)[0] == 200
    with pytest.raises((ssl.SSLError, ConnectionError)):
        world.optional.get("/_trent/health", world.mutual.context(world.certificate))
    assert over_tls(world.mutual, client_cert=str(world.client)).list_keys()["Keys"] is not None
    with pytest.raises(BotoCoreError):
        over_tls(world.mutual).list_keys()


def reached(monkeypatch, **ports):
    """Has these names resolved to listeners of this machine, as the DNS of a private network would."""
    real = socket.getaddrinfo

    def lookup(host, port, *more, **named):
        name = host.decode() if isinstance(host, bytes) else host
        return real("127.0.0.1", ports[name], *more, **named) if name in ports else real(host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


# REF-105: the SDK's own setting chooses the endpoint, by the name that a certificate is for; both are one service.
def test_the_two_endpoints_of_a_region_are_reached_by_their_names(world, monkeypatch):
    reached(monkeypatch, **{STANDARD_HOST: world.standard.port, FIPS_HOST: world.classic.port})

    def client(fips):
        return boto3.client(
            "kms",
            region_name="us-east-1",
            verify=str(world.authority.file),
            aws_access_key_id=BOB.access_key_id,
            aws_secret_access_key=BOB.secret,
            config=Config(retries={"total_max_attempts": 1}, use_fips_endpoint=fips),
        )

    key = client(True).create_key()["KeyMetadata"]["KeyId"]
    assert key in [it["KeyId"] for it in client(False).list_keys()["Keys"]]
    for fips, host in ((True, FIPS_HOST), (False, STANDARD_HOST)):
        answer = client(fips).describe_key(KeyId=key)
        record = trail.of_request(world.server, answer["ResponseMetadata"]["RequestId"])[0]
        assert record["tlsDetails"]["clientProvidedHostHeader"] == host


# POL-463: a private endpoint has a name of its own, for which it has a certificate.
def test_a_private_endpoint_has_a_certificate_for_its_own_name(world, monkeypatch):
    reached(monkeypatch, **{ENDPOINT_NAME: world.endpoint.port})
    kms = boto3.client(
        "kms",
        region_name="us-east-1",
        endpoint_url=f"https://{ENDPOINT_NAME}",
        verify=str(world.authority.file),
        aws_access_key_id=ALICE.access_key_id,
        aws_secret_access_key=ALICE.secret,
    )
    answer = kms.list_keys()
    record = trail.of_request(world.server, answer["ResponseMetadata"]["RequestId"])[0]
    assert record["vpcEndpointId"] == "vpce-1234abcdf5678c90a"
    assert record["tlsDetails"]["clientProvidedHostHeader"] == ENDPOINT_NAME


def serial(listener):
    with listener.connect() as connection:
        return int(connection.getpeercert()["serialNumber"], 16)


def within(limit, condition):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Reloading:
    """A server of one listener whose certificate is changed."""

    def __init__(self, path):
        self.authority = Authority(path, "authority")
        self.file = path / "server.pem"
        self.first = certificate(self.authority, self.file).serial_number
        self.listener = Listener(free_port(), self.authority)
        self.server = Server(path / "server", settings=table(self.listener.port, self.file)).start()

    def current(self):
        _, text = fetch_over(self.server.data / "operator.sock")
        return Numbers(text).sum("trent_tls_certificate_current")

    def expiry(self):
        _, text = fetch_over(self.server.data / "operator.sock")
        return Numbers(text).sum("trent_tls_certificate_expiry_timestamp_seconds")


@pytest.fixture
def reloading(tmp_path):
    made = Reloading(tmp_path)
    yield made
    assert made.server.stop() == 0


def ask(connection):
    connection.sendall(b"GET /_trent/health HTTP/1.1\r\nhost: localhost\r\n\r\n")
    return connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_certificate_is_replaced_without_dropping_connections(reloading):
    listener, open_before = reloading.listener, reloading.listener.connect()
    assert ask(open_before) and serial(listener) == reloading.first
    month = datetime.timedelta(days=30)
    second = certificate(reloading.authority, reloading.file, lasts=month)
    reloading.server.process.send_signal(signal.SIGHUP)
    within(10, lambda: serial(listener) == second.serial_number)
    assert ask(open_before), "a connection goes on"
    assert reloading.expiry() == second.not_valid_after_utc.timestamp()
    # And by itself, when the file changes.
    third = certificate(reloading.authority, reloading.file).serial_number
    within(20, lambda: serial(listener) == third)
    assert ask(open_before)


def test_a_bad_certificate_replaces_nothing_and_is_told(reloading):
    listener, good = reloading.listener, reloading.file.read_bytes()
    other = reloading.file.with_name("other.pem")
    certificate(reloading.authority, other)
    halves = good.split(b"-----BEGIN CERTIFICATE")[0], other.read_bytes().split(b"-----BEGIN CERTIFICATE")[1]
    for bad in (b"", b"nonsense", b"-----BEGIN CERTIFICATE".join(halves), good[:-100]):
        reloading.file.write_bytes(bad)
        reloading.server.process.send_signal(signal.SIGHUP)
        within(10, lambda: reloading.current() == 0)
        assert serial(listener) == reloading.first
        status, text = listener.get("/_trent/health")
        assert status == 200 and "certificate: the new files cannot be used" in text
        assert str(reloading.file) not in text
        reloading.file.write_bytes(good)
        reloading.server.process.send_signal(signal.SIGHUP)
        within(10, lambda: reloading.current() == 1)
        assert "certificate:" not in listener.get("/_trent/health")[1]
    assert "the new certificates cannot be used" in reloading.server.log.read_text()


# REF-100: plain HTTP where others can reach it is refused, unless it is said to be wanted.
def test_plain_http_is_for_this_machine_alone(tmp_path):
    server = Server(tmp_path / "server")
    server.prepare()
    text = server.config.read_text()
    server.config.write_text(text.replace("127.0.0.1:", "0.0.0.0:"))
    for arguments in (["config", "check"], ["serve"]):
        refused = server.run(*arguments)
        assert refused.returncode == 1
        said = refused.stdout + refused.stderr
        assert "0.0.0.0" in said and "`tls.certificate`" in said and "TRENT_TLS_ALLOW_PLAIN_HTTP" in said
    server.environment["TRENT_TLS_ALLOW_PLAIN_HTTP"] = "true"
    assert server.run("config", "check").returncode == 0
    # With a certificate nothing needs to be said.
    authority, file = Authority(tmp_path, "authority"), tmp_path / "server.pem"
    certificate(authority, file)
    server.environment = {"TRENT_TLS_CERTIFICATE": str(file)}
    assert server.run("config", "check").returncode == 0
    server.config.write_text(text + '\n[metrics]\nlisten = "0.0.0.0:0"\ntoken_file = "/dev/null"\n')
    server.environment = {}
    assert "`metrics.listen` is 0.0.0.0:0" in server.run("config", "check").stdout


def test_certificates_that_cannot_be_used_stop_the_start(tmp_path):
    server, authority = Server(tmp_path / "server"), Authority(tmp_path, "authority")
    server.prepare()
    one, other, none = tmp_path / "one.pem", tmp_path / "other.pem", tmp_path / "none.pem"
    certificate(authority, one)
    certificate(authority, other)
    none.write_text("nothing\n")
    for settings, said in [
        ({"CERTIFICATE": tmp_path / "away.pem"}, "cannot read"),
        ({"CERTIFICATE": none}, "has no certificate"),
        ({"CERTIFICATE": one, "KEY": none}, "has no private key"),
        ({"CERTIFICATE": one, "KEY": other}, "is not that of the certificate"),
        ({"CERTIFICATE": one, "CLIENT_CA": none}, "has no certificate"),
        ({"CERTIFICATE": one, "KEY_EXCHANGE": "quantum"}, "`quantum` is not one of `pq-preferred`"),
        ({"KEY": one}, "`tls.certificate` is missing"),
        ({"CLIENT_CA": one}, "`tls.certificate` is missing"),
    ]:
        server.environment = {f"TRENT_TLS_{name}": str(value) for name, value in settings.items()}
        for arguments in (["config", "check"], ["serve"]):
            refused = server.run(*arguments)
            assert refused.returncode == 1 and said in refused.stdout + refused.stderr, refused
