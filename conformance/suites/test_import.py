"""Import of key material: every kind, wrapped in every way, and used with what others make of the same key."""

import hashlib
import hmac
import math
import os

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from harness.clients import refused
from harness.imports import (
    ALGORITHMS,
    CURVES,
    ECC,
    HYBRID,
    SPECS,
    WRAPPING_SPECS,
    Importer,
    material,
    shell,
    taken,
    usage,
    wrapped,
)
from harness.pairs import HMAC, NIST, OAEP, RSA, SIGNATURES

MESSAGE = b"The quick brown fox jumps over the lazy dog"
CELLS = [
    (spec, algorithm, wrapping)
    for spec in SPECS
    for algorithm in ALGORITHMS
    for wrapping in WRAPPING_SPECS
    if taken(spec, algorithm, wrapping)
]
IMPORTABLE_SIGNATURES = [cell for cell in SIGNATURES if cell[0] in SPECS]
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


@pytest.fixture
def importer(kms, tmp_path):
    return Importer(kms, tmp_path)


@pytest.fixture(scope="module")
def materials(tmp_path_factory):
    """One material of each spec."""
    folder = tmp_path_factory.mktemp("materials")
    made = {}

    def get(spec):
        if spec not in made:
            made[spec] = material(folder, spec)
        return made[spec]

    return get


def public_key(plain):
    key = load_der_private_key(plain, None).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def check_use(kms, key, spec, plain):
    """The key does what its material does elsewhere."""
    if spec in HMAC:
        tag = kms.generate_mac(KeyId=key, Message=MESSAGE, MacAlgorithm=f"HMAC_SHA_{spec[5:]}")["Mac"]
        assert tag == hmac.new(plain, MESSAGE, "sha" + spec[5:]).digest()
    elif spec == "SYMMETRIC_DEFAULT":
        sealed = kms.encrypt(KeyId=key, Plaintext=MESSAGE)["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == MESSAGE
    else:
        assert kms.get_public_key(KeyId=key)["PublicKey"] == public_key(plain)


# SPK-401, SPK-434, SPK-461, SPK-462
# SPK-463, SPK-464, SPK-491, SPK-495, SPK-545, SPK-550
@pytest.mark.parametrize(("spec", "algorithm", "wrapping"), CELLS)
def test_every_material_is_imported_by_every_wrapping(kms, importer, materials, spec, algorithm, wrapping):
    plain = materials(spec)
    key = importer.imported(spec, plain, algorithm=algorithm, wrapping=wrapping)
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (described["KeyState"], described["Origin"]) == ("Enabled", "EXTERNAL")
    assert described["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE" and "ValidTo" not in described
    check_use(kms, key, spec, plain)


# SPK-457, SPK-458, SPK-459, SPK-476
@pytest.mark.parametrize("spec", SPECS)
def test_every_other_wrapping_is_refused_before_material_is_sent(importer, spec):
    key = importer.key(spec)
    cells = [(a, w) for a in ALGORITHMS for w in WRAPPING_SPECS if not taken(spec, a, w)]
    assert len(cells) + len([cell for cell in CELLS if cell[0] == spec]) == 24
    for algorithm, wrapping in cells:
        with refused("UnsupportedOperationException"):
            importer.parameters(key, algorithm, wrapping)


# SPK-412
@pytest.mark.parametrize(("spec", "algorithm"), IMPORTABLE_SIGNATURES)
def test_signatures_go_both_ways(kms, importer, materials, spec, algorithm):
    plain = materials(spec)
    key, outside = importer.imported(spec, plain), load_der_private_key(plain, None)
    chosen = HASHES[algorithm.rpartition("_")[2]]
    if spec in RSA:
        pad = padding.PSS(padding.MGF1(chosen), padding.PSS.DIGEST_LENGTH) if "PSS" in algorithm else padding.PKCS1v15()
        terms = (pad, chosen)
    else:
        terms = (ec.ECDSA(chosen),)
    request = {"KeyId": key, "Message": MESSAGE, "SigningAlgorithm": algorithm}
    made_outside = outside.sign(MESSAGE, *terms)
    assert kms.verify(Signature=made_outside, **request)["SignatureValid"]
    made_here = kms.sign(**request)["Signature"]
    outside.public_key().verify(made_here, MESSAGE, *terms)
    digest = hashlib.new(chosen.name, MESSAGE).digest()
    prehashed = (pad, Prehashed(chosen)) if spec in RSA else (ec.ECDSA(Prehashed(chosen)),)
    of_digest = {**request, "Message": digest, "MessageType": "DIGEST"}
    assert kms.verify(Signature=outside.sign(digest, *prehashed), **of_digest)["SignatureValid"]
    with refused("KMSInvalidSignatureException"):
        kms.verify(Signature=made_outside, **{**request, "Message": MESSAGE + b"."})


# SPK-412
@pytest.mark.parametrize("algorithm", OAEP)
@pytest.mark.parametrize("spec", RSA)
def test_rsa_ciphertexts_go_both_ways(kms, importer, materials, spec, algorithm):
    plain = materials(spec)
    key, outside = importer.imported(spec, plain, use="ENCRYPT_DECRYPT"), load_der_private_key(plain, None)
    chosen = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    pad = padding.OAEP(padding.MGF1(chosen), chosen, None)
    sealed = kms.encrypt(KeyId=key, Plaintext=MESSAGE, EncryptionAlgorithm=algorithm)["CiphertextBlob"]
    assert outside.decrypt(sealed, pad) == MESSAGE
    sealed = outside.public_key().encrypt(MESSAGE, pad)
    request = {"KeyId": key, "CiphertextBlob": sealed, "EncryptionAlgorithm": algorithm}
    assert kms.decrypt(**request)["Plaintext"] == MESSAGE


# SPK-412
@pytest.mark.parametrize("spec", HMAC)
def test_tags_go_both_ways(kms, importer, materials, spec):
    plain = materials(spec)
    request = {"KeyId": importer.imported(spec, plain), "Message": MESSAGE, "MacAlgorithm": f"HMAC_SHA_{spec[5:]}"}
    outside = hmac.new(plain, MESSAGE, "sha" + spec[5:]).digest()
    assert kms.generate_mac(**request)["Mac"] == outside
    assert kms.verify_mac(Mac=outside, **request)["MacValid"]
    with refused("KMSInvalidMacException"):
        kms.verify_mac(Mac=hmac.new(plain + b"x", MESSAGE, "sha" + spec[5:]).digest(), **request)


# SPK-401
@pytest.mark.parametrize("spec", NIST)
def test_imported_keys_agree_with_others(kms, importer, materials, spec):
    plain = materials(spec)
    key, outside = importer.imported(spec, plain, use="KEY_AGREEMENT"), load_der_private_key(plain, None)
    peer = ec.generate_private_key(outside.curve)
    spki = peer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    here = kms.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=spki)["SharedSecret"]
    assert here == peer.exchange(ec.ECDH(), outside.public_key())


# SPK-437
def test_the_usage_is_the_keys_own(kms, importer, materials):
    plain = materials("RSA_2048")
    encrypting = importer.imported("RSA_2048", plain, use="ENCRYPT_DECRYPT")
    signing = importer.imported("RSA_2048", plain, use="SIGN_VERIFY")
    keys = [kms.get_public_key(KeyId=key) for key in (encrypting, signing)]
    assert keys[0]["PublicKey"] == keys[1]["PublicKey"]
    with refused("InvalidKeyUsageException"):
        kms.sign(KeyId=encrypting, Message=MESSAGE, SigningAlgorithm="RSASSA_PSS_SHA_256")


def indefinite(der):
    """The outermost SEQUENCE with an indefinite length, as BER allows it."""
    header = 4 if der[1] == 0x82 else 3 if der[1] == 0x81 else 2
    return b"\x30\x80" + der[header:] + b"\x00\x00"


# SPK-409
@pytest.mark.parametrize("spec", ECC)
def test_a_curves_key_is_the_same_in_every_form(kms, importer, materials, tmp_path, spec):
    plain = materials(spec)
    key = importer.imported(spec, plain)
    (tmp_path / "key.der").write_bytes(plain)
    to_pkcs8 = "openssl pkcs8 -topk8 -nocrypt -outform DER"
    forms = {
        "compressed": f"openssl ec -inform DER -in key.der -conv_form compressed | {to_pkcs8}",
        "both at once": f"openssl ec -inform DER -in key.der -conv_form hybrid | {to_pkcs8}",
        "without its point": f"openssl ec -inform DER -in key.der -no_public | {to_pkcs8}",
    }
    encodings = [shell(tmp_path, script) for script in forms.values()] + [indefinite(plain)]
    assert len({plain, *encodings}) == 5, "they are five encodings"
    for encoded in encodings:
        kms.import_key_material(**importer.request(key, encoded))
        check_use(kms, key, spec, plain)
    with refused("IncorrectKeyMaterialException"):
        kms.import_key_material(**importer.request(key, material(tmp_path, spec)))


# SPK-407, SPK-409
def test_an_rsa_key_is_the_same_however_its_numbers_are_written(kms, importer, materials):
    plain = materials("RSA_2048")
    key = importer.imported("RSA_2048", plain)
    n = load_der_private_key(plain, None).private_numbers()
    e, p, q = n.public_numbers.e, n.p, n.q
    # The exponent is any of those that are the same to both primes.
    period = math.lcm(p - 1, q - 1)
    smallest_d = pow(e, -1, period)
    another_d = smallest_d if n.d != smallest_d else smallest_d + period
    for first, second, d in ((q, p, n.d), (p, q, another_d)):
        numbers = rsa.RSAPrivateNumbers(
            first, second, d, d % (first - 1), d % (second - 1), pow(second, -1, first), n.public_numbers
        )
        encoded = numbers.private_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        assert encoded != plain
        kms.import_key_material(**importer.request(key, encoded))
        check_use(kms, key, "RSA_2048", plain)
    kms.import_key_material(**importer.request(key, indefinite(plain)))


def unfit(spec, plain, folder):
    """Material that is not a key's, by what is wrong with it."""
    key = load_der_private_key(plain, None)
    traditional = PrivateFormat.TraditionalOpenSSL
    yield "PEM", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    yield "encrypted", key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    yield "PKCS#1 or SEC1", key.private_bytes(Encoding.DER, traditional, NoEncryption())
    yield "a public key", public_key(plain)
    yield "one byte more", plain + b"\x00"
    yield "one byte less", plain[:-1]
    yield "random bytes", os.urandom(64)
    if spec in RSA:
        options = "-algorithm rsa -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_primes:3"
        yield "three primes", shell(folder, f"openssl genpkey {options} -outform DER 2> openssl.log")
        yield (
            "exponent 3",
            rsa.generate_private_key(3, 2048).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        )
        yield "another size", material(folder, "RSA_3072")
        yield "a curve's key", material(folder, "ECC_NIST_P256")
    else:
        options = f"-algorithm ec -pkeyopt ec_paramgen_curve:{CURVES[spec]} -pkeyopt ec_param_enc:explicit"
        yield "explicit parameters", shell(folder, f"openssl genpkey {options} -outform DER")
        others = ["ECC_NIST_P256", "ECC_SECG_P256K1", "RSA_2048"]
        for other in others:
            if other != spec:
                yield other, material(folder, other)


# SPK-431, SPK-432, SPK-436
@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P256", "ECC_SECG_P256K1"])
def test_unfit_material_is_refused(kms, importer, materials, tmp_path, spec):
    key, count = importer.key(spec), 0
    parameters = importer.parameters(key, "RSA_AES_KEY_WRAP_SHA_256", "RSA_2048")
    request = {
        "KeyId": key,
        "ImportToken": parameters["ImportToken"],
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    }
    for _, plain in unfit(spec, materials(spec), tmp_path):
        sealed = wrapped(tmp_path, "RSA_AES_KEY_WRAP_SHA_256", parameters["PublicKey"], plain)
        with refused("IncorrectKeyMaterialException"):
            kms.import_key_material(EncryptedKeyMaterial=sealed, **request)
        count += 1
    assert count >= 10 and kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"


# SPK-480, SPK-484, SPK-485
@pytest.mark.parametrize("algorithm", HYBRID)
def test_material_that_was_wrapped_otherwise_is_refused(kms, importer, tmp_path, algorithm):
    key, plain = importer.key("SYMMETRIC_DEFAULT"), os.urandom(32)
    parameters = importer.parameters(key, algorithm, "RSA_2048")
    public, md = parameters["PublicKey"], "sha1" if algorithm.endswith("_1") else "sha256"
    (tmp_path / "WrappingPublicKey.bin").write_bytes(public)
    (tmp_path / "plain").write_bytes(plain)

    def hybrid(cipher, bits, iv):
        digits = os.urandom(bits // 8)
        (tmp_path / "aes").write_bytes(digits)
        oaep = f"-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:{md} -pkeyopt rsa_mgf1_md:{md}"
        key = "-inkey WrappingPublicKey.bin -keyform DER -pubin"
        first = shell(tmp_path, f"openssl pkeyutl -encrypt -in aes {key} {oaep}")
        second = shell(tmp_path, f"openssl enc -{cipher} -K {digits.hex()} -iv {iv} -in plain")
        return first, second

    right = b"".join(hybrid("id-aes256-wrap-pad", 256, "A65959A6"))
    padded = hybrid("id-aes256-wrap-pad", 256, "A65959A6")
    other = [a for a in ("RSAES_OAEP_SHA_256", *HYBRID) if a != algorithm]
    request = {
        "KeyId": key,
        "ImportToken": parameters["ImportToken"],
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    }
    for wrong in (
        b"".join(hybrid("id-aes256-wrap", 256, "A6A6A6A6A6A6A6A6")),
        b"".join(hybrid("id-aes256-wrap-pad", 256, "A6A6A6A6")),
        b"".join(hybrid("id-aes128-wrap-pad", 128, "A65959A6")),
        padded[1] + padded[0],
        right[:-8],
        *[wrapped(tmp_path, a, public, plain) for a in other],
    ):
        with refused("InvalidCiphertextException"):
            kms.import_key_material(EncryptedKeyMaterial=wrong, **request)
    kms.import_key_material(EncryptedKeyMaterial=right, **request)


# SPK-486, SPK-488, SPK-546
def test_lengths_are_those_of_the_guide(importer, materials, tmp_path):
    sizes = {"ECC_NIST_P256": 138, "ECC_SECG_P256K1": 135, "ECC_NIST_P384": 185, "ECC_NIST_P521": 241}
    assert {spec: len(materials(spec)) for spec in sizes} == sizes
    second = {"ECC_NIST_P521": 256, "HMAC_224": 40, "HMAC_256": 40, "HMAC_384": 56, "HMAC_512": 72}
    public = importer.parameters(importer.key("HMAC_224"), HYBRID[0], "RSA_3072")["PublicKey"]
    for spec, length in second.items():
        assert len(wrapped(tmp_path, HYBRID[0], public, materials(spec))) == 384 + length
    assert len(wrapped(tmp_path, HYBRID[0], public, bytes(1216))) == 1608


def test_usages_are_named(importer):
    """The table of this suite has every importable spec, and its keys are of the usage that it says."""
    for spec in SPECS:
        described = importer.kms.describe_key(KeyId=importer.key(spec))["KeyMetadata"]
        assert (described["KeySpec"], described["KeyUsage"]) == (spec, usage(spec))
