"""Issuers whose keys are fetched over TLS: only a certificate of an authority that the operator believes proves who is
there, and whoever cannot prove it is not heard."""

import shutil

import pytest
from cryptography import x509
from harness.authorities import DAY, Authority
from harness.issuers import ISSUER, Issuer, believing
from harness.server import Server

ELSEWHERE = x509.DNSName("idp.example.com")
NO_KEY = "InvalidIdentityToken"


@pytest.fixture
def own(tmp_path):
    return Authority(tmp_path, "own")


@pytest.fixture
def other(tmp_path):
    return Authority(tmp_path, "other")


def ca_file(authority):
    return f'jwks_ca_file = "{authority.file}"\n'


def test_an_authority_that_the_operator_names_is_believed(tmp_path, own, other):
    issuer = Issuer(own.server())
    both = tmp_path / "bundle.pem"
    both.write_bytes(b"# Ours.\n" + other.file.read_bytes() + own.file.read_bytes())
    for name, more in (("alone", ca_file(own)), ("among", f'jwks_ca_file = "{both}"\n')):
        with believing(tmp_path / name, issuer, more) as (_, begin):
            assert begin(issuer.token()) is None
    assert issuer.asked == 2
    issuer.server.shutdown()


def test_an_authority_of_the_machine_is_believed_unless_another_is_named(tmp_path, own, other):
    issuer = Issuer(own.server())
    machine = {"SSL_CERT_FILE": str(own.file), "SSL_CERT_DIR": str(tmp_path / "none")}
    with believing(tmp_path / "machine", issuer, environment=machine) as (_, begin):
        assert begin(issuer.token()) is None
    assert issuer.asked == 1
    with believing(tmp_path / "named", issuer, ca_file(other), machine) as (_, begin):
        assert begin(issuer.token()) == NO_KEY
    assert issuer.asked == 1, "the one that is named stands in for all of them"
    issuer.server.shutdown()


@pytest.mark.parametrize(
    ("certificate", "named", "said"),
    [
        ({}, False, "invalid peer certificate: UnknownIssuer"),
        ({"name": ELSEWHERE}, True, "invalid peer certificate: certificate not valid for name"),
        ({"lasts": -DAY}, True, "invalid peer certificate: certificate expired"),
    ],
    ids=["untrusted", "another name", "expired"],
)
def test_whoever_cannot_prove_to_be_there_is_not_heard(tmp_path, own, certificate, named, said):
    issuer = Issuer(own.server(**certificate))
    with believing(tmp_path / "server", issuer, ca_file(own) if named else "") as (server, begin):
        assert begin(issuer.token()) == NO_KEY
        lines = [line for line in server.log.read_text().splitlines() if "cannot be fetched" in line]
        assert len(lines) == 1 and said in lines[0] and issuer.url in lines[0], lines
    assert issuer.asked == 0, "no request was sent to whoever that is"
    issuer.server.shutdown()


def test_a_machine_without_authorities_serves_and_believes_nobody(tmp_path, own):
    issuer = Issuer(own.server())
    nobody = {"SSL_CERT_FILE": str(tmp_path / "none.pem"), "SSL_CERT_DIR": str(tmp_path / "none")}
    with believing(tmp_path / "server", issuer, environment=nobody) as (server, begin):
        assert begin(issuer.token()) == NO_KEY
        assert "nobody is believed to be there without a `jwks_ca_file`" in server.log.read_text()
    issuer.server.shutdown()
    bare = Server(tmp_path / "bare", environment=nobody).start()
    assert bare.stop() == 0


def test_a_redirect_is_not_followed_over_tls_either(tmp_path, own):
    issuer, target = Issuer(own.server()), Issuer(own.server())
    issuer.answer = (307, b"", {"Location": target.url})
    with believing(tmp_path / "server", issuer, ca_file(own)) as (server, begin):
        assert begin(target.token()) == NO_KEY
        assert "it answers 307" in server.log.read_text()
    assert (issuer.asked, target.asked) == (1, 0)
    for running in (issuer, target):
        running.server.shutdown()


def test_a_file_without_authorities_keeps_the_server_from_starting(tmp_path, own):
    settings = f'[[identity.issuers]]\nurl = "{ISSUER}"\njwks_url = "https://127.0.0.1:1/keys"\n' + ca_file(own)
    server = Server(tmp_path / "server", settings=settings)
    server.prepare()

    def refusal():
        served = server.run("serve")
        assert served.returncode == 1, served
        return served.stderr

    shutil.move(own.file, tmp_path / "kept.pem")
    said = refusal()
    assert f"`identity.issuers`: cannot read the certificates {own.file}: No such file" in said, said
    own.file.write_text("no certificate")
    assert f"`identity.issuers`: {own.file} has no certificate; it must have" in refusal()
