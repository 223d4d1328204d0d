"""Identity tokens whose issuer's keys are fetched: from the listed address, now and then, and from nowhere else."""

import pytest
from harness.issuers import ISSUER, Issuer, believing
from harness.server import Server


@pytest.fixture
def issuer():
    running = Issuer()
    yield running
    running.server.shutdown()


@pytest.fixture
def begin(issuer, tmp_path):
    """Starts a server that lists the issuer, and answers how its tokens begin sessions there."""
    with believing(tmp_path / "server", issuer) as (_, code):
        yield code


NO_KEY = "InvalidIdentityToken"


def test_keys_are_fetched_at_the_start_and_seldom_again(issuer, begin):
    assert issuer.asked == 1, "before any token"
    assert begin(issuer.token()) is None
    elsewhere = {"jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/keys", "jwk": {"kty": "EC"}}
    assert begin(issuer.token(header=elsewhere)) is None, "what a token says of where keys are is not heard"
    assert issuer.asked == 1
    issuer.rotate("second")
    for _ in range(20):
        assert begin(issuer.token()) == NO_KEY
    assert issuer.asked == 1, "an unknown key is looked for once in a while, not for each token"


@pytest.mark.parametrize(
    "answer",
    [
        (302, b"", {"Location": "http://127.0.0.1:1/keys"}),
        (500, b"{}", {}),
        (200, b"[]", {}),
        (200, b" " * (300 << 10), {}),
    ],
)
def test_an_answer_that_is_no_key_set_is_none(issuer, request, answer):
    issuer.answer = answer
    begin = request.getfixturevalue("begin")
    assert issuer.asked == 1, "it is asked, and the server serves without"
    issuer.answer = None
    assert begin(issuer.token()) == NO_KEY


def test_an_address_that_anybody_could_answer_at_is_refused(tmp_path):
    settings = f'[[identity.issuers]]\nurl = "{ISSUER}"\njwks_url = "http://idp.example.com/keys"\n'
    checked = Server(tmp_path, settings=settings).run("config", "check")
    assert checked.returncode == 1 and "`http://idp.example.com/keys` is no address of keys" in checked.stdout
