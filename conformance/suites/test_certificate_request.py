"""A certificate signing request whose private key never leaves the server: made by hand, checked by OpenSSL."""

import pytest
from asn1crypto import csr, keys, x509
from asn1crypto.algos import SignedDigestAlgorithm
from harness.pairs import Keys
from harness.verifiers import OpenSsl

REQUESTS = {
    "RSA_2048": ("RSASSA_PKCS1_V1_5_SHA_256", "sha256_rsa"),
    "ECC_NIST_P256": ("ECDSA_SHA_256", "sha256_ecdsa"),
    "ECC_NIST_P384": ("ECDSA_SHA_384", "sha384_ecdsa"),
    "ECC_NIST_EDWARDS25519": ("ED25519_SHA_512", "ed25519"),
}


# SPK-126
@pytest.mark.parametrize("spec", REQUESTS)
def test_openssl_accepts_a_request_that_was_signed_here(kms, tmp_path, spec):
    algorithm, name = REQUESTS[spec]
    made = Keys(kms)
    information = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": x509.Name.build({"common_name": "service.example.com", "organization_name": "Example"}),
            "subject_pk_info": keys.PublicKeyInfo.load(made.public(spec, "SIGN_VERIFY")),
            "attributes": [],
        }
    )
    key = made.id(spec, "SIGN_VERIFY")
    signature = kms.sign(KeyId=key, Message=information.dump(), SigningAlgorithm=algorithm)["Signature"]
    request = csr.CertificationRequest(
        {
            "certification_request_info": information,
            "signature_algorithm": SignedDigestAlgorithm({"algorithm": name}),
            "signature": signature,
        }
    )
    openssl = OpenSsl(tmp_path)
    path = openssl.file("request.der", request.dump())
    checked = openssl.run("req", "-inform", "DER", "-in", path, "-verify", "-noout", "-subject")
    assert checked.returncode == 0, checked.stderr
    assert b"service.example.com" in checked.stdout
    damaged = request.dump()[:-1] + bytes([request.dump()[-1] ^ 1])
    path = openssl.file("damaged.der", damaged)
    checked = openssl.run("req", "-inform", "DER", "-in", path, "-verify", "-noout")
    assert b"verify OK" not in checked.stdout + checked.stderr
