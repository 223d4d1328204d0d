"""Enclaves: a platform with a root of its own that attests them, and what runs in one with a reply."""

import datetime
import subprocess
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

ES384 = {1: -35}
MODULE = "i-0123456789abcdef0-enc0123456789abcdef"
HOUR = datetime.timedelta(hours=1)


def cbor(value):
    """A value in CBOR (RFC 8949), lengths as short as they can be."""
    match value:
        case None:
            return b"\xf6"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case list():
            return _head(4, len(value)) + b"".join(map(cbor, value))
        case dict():
            return _head(5, len(value)) + b"".join(cbor(key) + cbor(item) for key, item in value.items())
    raise TypeError(value)


def _head(kind, number):
    if number < 24:
        return bytes([kind << 5 | number])
    size = next(size for size in (1, 2, 4, 8) if number < 1 << 8 * size)
    return bytes([kind << 5 | 23 + size.bit_length()]) + number.to_bytes(size, "big")


class Platform:
    """Whatever vouches for enclaves: a root, an authority below it, and the key that signs documents."""

    def __init__(self):
        keys = [ec.generate_private_key(ec.SECP384R1()) for _ in range(3)]
        names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"link-{at}.example")]) for at in range(3)]
        now = datetime.datetime.now(datetime.UTC)
        self.chain = []
        for at, (key, name) in enumerate(zip(keys, names, strict=True)):
            above, authority = max(at - 1, 0), at < 2
            usage = {field: False for field in _USAGES} | {
                "key_cert_sign": authority,
                "crl_sign": authority,
                "digital_signature": not authority,
            }
            builder = (
                x509.CertificateBuilder()
                .subject_name(name)
                .issuer_name(names[above])
                .public_key(key.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - HOUR)
                .not_valid_after(now + 3 * HOUR)
                .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
                .add_extension(x509.KeyUsage(**usage), critical=True)
            )
            self.chain.append(builder.sign(keys[above], hashes.SHA384()))
        self.key = keys[-1]

    def root(self):
        """The root, in PEM."""
        return self.chain[0].public_bytes(serialization.Encoding.PEM)

    def fingerprint(self):
        return self.chain[0].fingerprint(hashes.SHA256()).hex()

    def attest(self, enclave, **changes):
        """A document about an enclave, made now; `changes` are members of another value, or `...` for none."""
        *authorities, signer = [link.public_bytes(serialization.Encoding.DER) for link in self.chain]
        document = {
            "module_id": MODULE,
            "digest": "SHA384",
            "timestamp": int(time.time() * 1000),
            "pcrs": enclave.registers,
            "certificate": signer,
            "cabundle": authorities,
            "public_key": enclave.public(),
            "user_data": None,
            "nonce": None,
        } | changes
        return self.sign(cbor({name: value for name, value in document.items() if value is not ...}))

    def sign(self, payload):
        """The message around a payload (RFC 9052, section 4)."""
        header = cbor(ES384)
        signed = cbor(["Signature1", header, b"", payload])
        numbers = decode_dss_signature(self.key.sign(signed, ec.ECDSA(hashes.SHA384())))
        return cbor([header, {}, payload, b"".join(number.to_bytes(48, "big") for number in numbers)])


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class Enclave:
    """What runs in an enclave: measured, with a key that never leaves it."""

    def __init__(self, measured=0xA0, bits=2048):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        self.registers = {index: bytes([measured + index]) * 48 for index in (0, 1, 2, 3, 4, 8)}

    def public(self):
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.DER, form)

    def register(self, index):
        return self.registers[index].hex()

    def opened(self, sealed):
        """What is in a sealed reply (RFC 5652, section 6), by the place of things as the enclaves' own library goes."""
        [(_, [_, (_, [(_, [version, recipients, encrypted])])])] = _elements(sealed)
        [(_, [recipient_version, identifier, _, (_, wrapped)])] = recipients[1]
        assert (version[1], recipient_version[1], identifier[0]) == (b"\x02", b"\x02", 0x80)
        [_, (_, [_, (_, vector)]), (_, [(_, content)])] = encrypted[1]
        sha256 = hashes.SHA256()
        oaep = padding.OAEP(padding.MGF1(sha256), sha256, label=None)
        cipher = Cipher(algorithms.AES(self.key.decrypt(wrapped, oaep)), modes.CBC(vector)).decryptor()
        unpadder = PKCS7(128).unpadder()
        return unpadder.update(cipher.update(content) + cipher.finalize()) + unpadder.finalize()

    def opened_by_openssl(self, sealed, folder):
        """The same, by a program that knows nothing of enclaves."""
        key, message = folder / "enclave.pem", folder / "sealed.der"
        form = serialization.PrivateFormat.PKCS8
        key.write_bytes(self.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
        message.write_bytes(sealed)
        command = ["openssl", "cms", "-decrypt", "-inform", "DER", "-in", message, "-inkey", key, "-binary"]
        made = subprocess.run(command, capture_output=True, timeout=60)
        assert made.returncode == 0, made.stderr
        return made.stdout


def _elements(data):
    elements, rest = _until_end(data, endless=False)
    assert not rest
    return elements


def _until_end(data, endless):
    """Elements of BER as pairs of tag and content, and what follows the end that is marked."""
    elements = []
    while data:
        if endless and data[:2] == b"\0\0":
            return elements, data[2:]
        tag, length, data = data[0], data[1], data[2:]
        if length == 0x80:
            inside, data = _until_end(data, endless=True)
            elements.append((tag, inside))
            continue
        if length > 0x80:
            size = length - 0x80
            length, data = int.from_bytes(data[:size], "big"), data[size:]
        content, data = data[:length], data[length:]
        elements.append((tag, _elements(content) if tag & 0x20 else content))
    assert not endless
    return elements, data
