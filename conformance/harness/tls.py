"""Listeners that speak TLS, and clients that tell what was agreed upon."""

import dataclasses
import datetime
import http.client
import io
import ipaddress
import socket
import ssl

from awscrt import http as crt_http
from awscrt import io as crt_io
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from OpenSSL import SSL

from harness.authorities import Authority
from harness.raw import Answer, Raw
from harness.server import ALICE

PATIENCE = 20


def certificate(authority, file, names=("localhost", "127.0.0.1"), key=None, lasts=datetime.timedelta(days=1)):
    """Puts a certificate of the authority for these names, and its key, into one file."""
    key = key or ec.generate_private_key(ec.SECP256R1())

    def named(name):
        try:
            return x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            return x509.DNSName(name)

    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    certified = authority.certify(key, subject, lasts, x509.SubjectAlternativeName([named(it) for it in names]))
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    # In one step: who reads it never finds a half of it.
    made = file.with_suffix(".new")
    made.write_bytes(private + certified.public_bytes(encoding))
    made.replace(file)
    return certified


def rsa_key():
    return rsa.generate_private_key(65537, 2048)


@dataclasses.dataclass
class Listener:
    """One listener of a server, and whom its clients believe."""

    port: int
    authority: Authority
    host: str = "localhost"

    @property
    def endpoint(self):
        return f"https://{self.host}:{self.port}"

    def context(self, certificate=None):
        """The side of a client of Python's own `ssl`, whose OpenSSL knows classic groups alone."""
        context = ssl.create_default_context(cafile=self.authority.file)
        if certificate:
            context.load_cert_chain(certificate)
        return context

    def connect(self, context=None, name=None):
        """A connection whose handshake is over."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        return (context or self.context()).wrap_socket(connection, server_hostname=name or self.host)

    def get(self, path, context=None):
        connection = http.client.HTTPSConnection(
            self.host, self.port, timeout=PATIENCE, context=context or self.context()
        )
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()


@dataclasses.dataclass
class Shaken:
    """What a client says that it agreed upon."""

    version: str
    suite: str
    group: str


def shake(listener, prepare=lambda context: None):
    """A handshake of pyOpenSSL, whose own OpenSSL knows hybrid groups: what it negotiated."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.load_verify_locations(str(listener.authority.file))
    context.set_verify(SSL.VERIFY_PEER)
    prepare(context)
    with socket.create_connection(("127.0.0.1", listener.port), timeout=PATIENCE) as plain:
        plain.settimeout(None)
        connection = SSL.Connection(context, plain)
        connection.set_tlsext_host_name(listener.host.encode())
        connection.set_connect_state()
        connection.do_handshake()
        shaken = Shaken(
            connection.get_protocol_version_name(), connection.get_cipher_name(), connection.get_group_name()
        )
        # The server's half of TLS 1.3 is over only once it answers.
        connection.sendall(b"GET /_trent/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        return shaken


class Crt:
    """The HTTP client of the AWS CRT, as the SDKs use it: one connection."""

    def __init__(self, listener, preference, account=ALICE):
        options = crt_io.TlsContextOptions()
        options.override_default_trust_store_from_path(None, str(listener.authority.file))
        options.cipher_pref = preference
        tls = crt_io.ClientTlsContext(options).new_connection_options()
        tls.set_server_name(listener.host)
        group = crt_io.EventLoopGroup(1)
        bootstrap = crt_io.ClientBootstrap(group, crt_io.DefaultHostResolver(group))
        self.listener = listener
        self.signer = Raw(listener, account)
        opened = crt_http.HttpClientConnection.new("127.0.0.1", listener.port, bootstrap, None, tls)
        self.connection = opened.result(PATIENCE)

    def call(self, operation, body=b"{}"):
        headers = self.signer.sign(f"TrentService.{operation}", body)
        headers["Content-Length"] = str(len(body))
        request = crt_http.HttpRequest("POST", "/", crt_http.HttpHeaders(list(headers.items())))
        request.body_stream = io.BytesIO(body)
        seen = {"body": b""}

        def headed(http_stream, status_code, headers, **_):
            seen.update(status=status_code, headers={name.lower(): value for name, value in headers})

        def came(http_stream, chunk, **_):
            seen["body"] += bytes(chunk)

        stream = self.connection.request(request, headed, came)
        stream.activate()
        stream.completion_future.result(PATIENCE)
        return Answer(seen["status"], seen["headers"], seen["body"])


def table(port, certificate, **more):
    """A listener of the configuration."""
    members = {"certificate": certificate, **more}
    lines = [f'tls.{name} = "{value}"' for name, value in members.items()]
    return f'[[listeners]]\naddress = "127.0.0.1:{port}"\n' + "\n".join(lines) + "\n\n"
