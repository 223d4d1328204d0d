"""What the server made, checked by implementations that share nothing with it, and the other way round."""

import os

import pytest
from Crypto.Hash import keccak
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mlkem, rsa
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSAMuHasher
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)
from ecdsa import SECP256k1, VerifyingKey
from ecdsa.util import sigdecode_der
from harness.clients import refused
from harness.pairs import ML_KEM, NIST, OAEP, PKCS1, RSA, SIGNATURES, Keys, digest, signed
from harness.verifiers import Cryptography, OpenSsl, all_verifiers, raw
from kyber_py.ml_kem import ML_KEM_512, ML_KEM_768, ML_KEM_1024

MESSAGE = b"The quick brown fox jumps over the lazy dog"
PYTHON_KEM = {"ML_KEM_512": ML_KEM_512, "ML_KEM_768": ML_KEM_768, "ML_KEM_1024": ML_KEM_1024}
CURVES = {"ECC_NIST_P256": ec.SECP256R1(), "ECC_NIST_P384": ec.SECP384R1(), "ECC_NIST_P521": ec.SECP521R1()}


@pytest.fixture(scope="module")
def keys(kms):
    return Keys(kms)


@pytest.fixture
def verifiers(tmp_path):
    return all_verifiers(tmp_path)


# SPK-118, SPK-119, SPK-120, SPK-121, SPK-122
# SPK-123, SPK-124, SPK-126, SPK-135, SPK-136
# SPK-137, SPK-138, SPK-11
@pytest.mark.parametrize(("spec", "algorithm"), SIGNATURES)
def test_others_verify_what_was_signed_here(keys, verifiers, spec, algorithm):
    spki = keys.public(spec, "SIGN_VERIFY")
    signature = signed(keys, spec, algorithm, MESSAGE)
    wrong = bytes([signature[0], *signature[1:-1], signature[-1] ^ 1])
    asked = 0
    for verifier in verifiers:
        said = verifier.verifies(spec, algorithm, spki, MESSAGE, signature)
        if said is None:
            continue
        asked += 1
        assert said, verifier.name
        assert not verifier.verifies(spec, algorithm, spki, MESSAGE + b".", signature), verifier.name
        assert not verifier.verifies(spec, algorithm, spki, MESSAGE, wrong), verifier.name
    assert asked >= (1 if algorithm == "ED25519_PH_SHA_512" else 2), f"{asked} implementations know {algorithm}"


# SPK-132, SPK-142
@pytest.mark.parametrize(("spec", "algorithm"), [it for it in SIGNATURES if it[0].startswith(("RSA_2", "ECC_NIST_P"))])
def test_others_verify_what_was_signed_as_a_digest(keys, verifiers, spec, algorithm):
    key, spki = keys.id(spec, "SIGN_VERIFY"), keys.public(spec, "SIGN_VERIFY")
    request = {"KeyId": key, "SigningAlgorithm": algorithm}
    signature = keys.kms.sign(Message=digest(algorithm, MESSAGE), MessageType="DIGEST", **request)["Signature"]
    assert Cryptography().verifies(spec, algorithm, spki, MESSAGE, signature)
    assert keys.kms.verify(Message=MESSAGE, Signature=signature, **request)["SignatureValid"]
    again = keys.kms.sign(Message=MESSAGE, **request)["Signature"]
    assert (again == signature) == (algorithm in PKCS1)


# SPK-54
@pytest.mark.parametrize("spec", ["ML_DSA_44", "ML_DSA_65", "ML_DSA_87"])
def test_a_representative_made_elsewhere_is_signed_as_the_message(keys, verifiers, spec):
    spki = keys.public(spec, "SIGN_VERIFY")
    hasher = MLDSAMuHasher(load_der_public_key(spki))
    hasher.update(MESSAGE)
    mu = hasher.finalize()
    request = {"KeyId": keys.id(spec, "SIGN_VERIFY"), "SigningAlgorithm": "ML_DSA_SHAKE_256"}
    signature = keys.kms.sign(Message=mu, MessageType="EXTERNAL_MU", **request)["Signature"]
    for verifier in verifiers:
        assert verifier.verifies(spec, "ML_DSA_SHAKE_256", spki, MESSAGE, signature) in (True, None), verifier.name
    assert keys.kms.verify(Message=MESSAGE, Signature=signature, **request)["SignatureValid"]


# SPK-88, SPK-90, SPK-104, SPK-105, SPK-111
@pytest.mark.parametrize("algorithm", OAEP)
@pytest.mark.parametrize("spec", RSA)
def test_what_others_encrypted_is_decrypted_here(keys, tmp_path, spec, algorithm):
    """The outside knows no more than what GetPublicKey says."""
    told = keys.kms.get_public_key(KeyId=keys.id(spec, "ENCRYPT_DECRYPT"))
    assert algorithm in told["EncryptionAlgorithms"]
    hash_length = 20 if algorithm == "RSAES_OAEP_SHA_1" else 32
    plain = os.urandom(int(told["KeySpec"][4:]) // 8 - 2 * hash_length - 2)
    for outside in (OpenSsl(tmp_path), Cryptography()):
        sealed = outside.encrypted(algorithm, told["PublicKey"], plain)
        opened = keys.kms.decrypt(KeyId=told["KeyId"], CiphertextBlob=sealed, EncryptionAlgorithm=algorithm)
        assert opened["Plaintext"] == plain, outside.name


# SPK-87
def test_what_others_encrypted_in_another_way_stays_closed(keys, tmp_path):
    key, spki = keys.id("RSA_2048", "ENCRYPT_DECRYPT"), keys.public("RSA_2048", "ENCRYPT_DECRYPT")
    outside = OpenSsl(tmp_path)
    where = [
        "-keyform",
        "DER",
        "-pubin",
        "-inkey",
        outside.file("key.der", spki),
        "-in",
        outside.file("plain", MESSAGE),
    ]
    ways = [
        ["rsa_padding_mode:pkcs1"],
        ["rsa_padding_mode:oaep", "rsa_oaep_md:sha384", "rsa_mgf1_md:sha384"],
        ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha1"],
        ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256", "rsa_oaep_label:00"],
    ]
    for options in ways:
        sealed = outside.run("pkeyutl", "-encrypt", *where, *[word for o in options for word in ("-pkeyopt", o)])
        assert sealed.returncode == 0, sealed.stderr
        for algorithm in OAEP:
            with refused("InvalidCiphertextException"):
                keys.kms.decrypt(KeyId=key, CiphertextBlob=sealed.stdout, EncryptionAlgorithm=algorithm)


# SPK-144, SPK-145
@pytest.mark.parametrize("spec", NIST)
def test_others_agree_on_the_same_secret(keys, tmp_path, spec):
    key, spki = keys.id(spec, "KEY_AGREEMENT"), keys.public(spec, "KEY_AGREEMENT")
    peer = ec.generate_private_key(CURVES[spec])
    offered = peer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    told = keys.kms.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=offered)
    expected = peer.exchange(ec.ECDH(), load_der_public_key(spki))
    assert told["SharedSecret"] == expected
    assert len(expected) == (peer.key_size + 7) // 8
    openssl = OpenSsl(tmp_path)
    made = openssl.run("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:P-{spec[-3:]}", "-outform", "DER")
    private = openssl.file("peer.der", made.stdout)
    offered = openssl.run("pkey", "-inform", "DER", "-in", private, "-pubout", "-outform", "DER").stdout
    ours = ["-peerform", "DER", "-peerkey", openssl.file("ours.der", spki)]
    expected = openssl.run("pkeyutl", "-derive", "-keyform", "DER", "-inkey", private, *ours).stdout
    told = keys.kms.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=offered)
    assert told["SharedSecret"] == expected


# REF-47
@pytest.mark.parametrize("spec", ML_KEM)
def test_what_others_encapsulated_is_opened_here(keys, spec):
    key, spki = keys.id(spec, "ENCAPSULATE_DECAPSULATE"), keys.public(spec, "ENCAPSULATE_DECAPSULATE")
    secret, sealed = PYTHON_KEM[spec].encaps(raw(spki))
    request = {"KeyId": key, "EncapsulationAlgorithm": "ML_KEM"}
    assert keys.kms.decapsulate(SharedSecretCiphertextBlob=sealed, **request)["SharedSecret"] == secret
    if spec != "ML_KEM_512":
        secret, sealed = load_der_public_key(spki).encapsulate()
        assert keys.kms.decapsulate(SharedSecretCiphertextBlob=sealed, **request)["SharedSecret"] == secret


# SPK-140
def test_a_ledger_finds_the_address_by_the_signature(keys):
    """The public key is recovered from a signature alone, and is the key's: its digest is the address."""
    spki = keys.public("ECC_SECG_P256K1", "SIGN_VERIFY")
    signature = signed(keys, "ECC_SECG_P256K1", "ECDSA_SHA_256", MESSAGE)

    def address(point):
        return keccak.new(digest_bits=256, data=point).digest()[-20:]

    candidates = VerifyingKey.from_public_key_recovery_with_digest(
        signature, digest("ECDSA_SHA_256", MESSAGE), SECP256k1, sigdecode=sigdecode_der
    )
    assert address(raw(spki)[1:]) in [address(key.to_string()) for key in candidates]


PAIRS = [*RSA[:2], *NIST, "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519", "ML_KEM_768", "ML_KEM_1024"]


# KEY-114, KEY-115
@pytest.mark.parametrize("spec", PAIRS)
def test_a_data_key_pair_works_elsewhere(kms, key, spec):
    made = kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec=spec)
    private = load_der_private_key(made["PrivateKeyPlaintext"], None)
    public = load_der_public_key(made["PublicKey"])
    assert private.public_key() == public
    if isinstance(private, rsa.RSAPrivateKey):
        assert private.key_size == int(spec[4:]) and private.private_numbers().public_numbers.e == 65537
    elif isinstance(private, ec.EllipticCurvePrivateKey):
        public.verify(private.sign(MESSAGE, ec.ECDSA(SHA256())), MESSAGE, ec.ECDSA(SHA256()))
    elif isinstance(private, ed25519.Ed25519PrivateKey):
        public.verify(private.sign(MESSAGE), MESSAGE)
    else:
        assert isinstance(private, mlkem.MLKEM768PrivateKey | mlkem.MLKEM1024PrivateKey)
        secret, sealed = public.encapsulate()
        assert private.decapsulate(sealed) == secret
    assert kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"])["Plaintext"] == made["PrivateKeyPlaintext"]


# KEY-114
@pytest.mark.parametrize("spec", ["RSA_2048", *NIST, "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519"])
def test_openssl_reads_a_data_key_pair(kms, key, tmp_path, spec):
    made = kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec=spec)
    openssl = OpenSsl(tmp_path)
    private = openssl.file("private.der", made["PrivateKeyPlaintext"])
    assert openssl.run("pkey", "-inform", "DER", "-in", private, "-check", "-noout").returncode == 0
    public = openssl.run("pkey", "-inform", "DER", "-in", private, "-pubout", "-outform", "DER")
    assert public.stdout == made["PublicKey"]
