"""Certificate authorities of a test's own, and servers that they certify."""

import dataclasses
import datetime
import ipaddress
import pathlib
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
DAY = datetime.timedelta(days=1)


@dataclasses.dataclass
class Authority:
    """A certificate authority of somebody's own, its certificate in a file."""

    folder: pathlib.Path
    name: str

    def __post_init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.name)])
        is_one = x509.BasicConstraints(ca=True, path_length=0)
        certificate = self.certify(self.key, self.subject, DAY, is_one)
        self.file = self.folder / f"{self.name}.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def certify(self, key, subject, lasts, extension):
        now = datetime.datetime.now(datetime.UTC)
        built = x509.CertificateBuilder(self.subject, subject, key.public_key(), x509.random_serial_number())
        built = built.not_valid_before(now - 2 * DAY).not_valid_after(now + lasts)
        critical = isinstance(extension, x509.BasicConstraints)
        return built.add_extension(extension, critical).sign(self.key, hashes.SHA256())

    def server(self, name=HERE, lasts=DAY):
        """A TLS server's side, with a certificate for this name that still lasts so long."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "keys")])
        certificate = self.certify(key, subject, lasts, x509.SubjectAlternativeName([name]))
        encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
        file = self.folder / f"{self.name}-server.pem"
        file.write_bytes(private + certificate.public_bytes(encoding))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context
