"""Who may not come in, and what each is told."""

import datetime
import hashlib

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from harness.raw import JSON_1_1, Raw, exchange
from harness.server import ALICE, Account

BODY = b'{"Limit":1}'
TARGET = "TrentService.ListKeys"
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


def expect(answer, code, message=None, status=400):
    assert (answer.status, answer.code) == (status, code), answer.body
    assert answer.headers["x-amzn-requestid"]
    if message is not None:
        assert answer.message == message, answer.body


@pytest.fixture
def signed(raw):
    """The headers of a good request."""
    return raw.sign(TARGET, BODY)


def test_a_good_signature(raw, signed):
    assert raw.send(signed, BODY).status == 200


def test_no_signature(raw, signed):
    signed.pop("Authorization")
    expect(raw.send(signed, BODY), "MissingAuthenticationTokenException", "Missing Authentication Token")
    signed["Authorization"] = "Basic dXNlcjpwYXNz"
    expect(raw.send(signed, BODY), "MissingAuthenticationTokenException", "Missing Authentication Token")


def test_an_unknown_key_and_a_wrong_secret(server):
    unknown = Raw(server, Account(ALICE.id, "AKIAXXXXXXXXXXEXAMPLE", ALICE.secret))
    expect(
        unknown.call("ListKeys", BODY),
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )
    wrong = Raw(server, Account(ALICE.id, ALICE.access_key_id, ALICE.secret[:-1] + "z"))
    expect(wrong.call("ListKeys", BODY), "InvalidSignatureException", MISMATCH)


def test_what_was_signed_cannot_be_changed(raw, signed):
    expect(raw.send(signed, BODY + b" "), "InvalidSignatureException", MISMATCH)
    expect(raw.send({**signed, "X-Amz-Target": "TrentService.CreateKey"}, BODY), "InvalidSignatureException", MISMATCH)
    expect(raw.send({**signed, "Host": "other.example"}, BODY), "InvalidSignatureException", MISMATCH)
    expect(raw.send(signed, BODY, path="/?a=b"), "InvalidSignatureException", MISMATCH)
    damaged = signed["Authorization"][:-1] + ("0" if signed["Authorization"][-1] != "0" else "1")
    expect(raw.send({**signed, "Authorization": damaged}, BODY), "InvalidSignatureException", MISMATCH)


def test_every_amazon_header_must_be_signed(raw, signed):
    answer = raw.send({**signed, "X-Amz-Meta": "unsigned"}, BODY)
    expect(answer, "InvalidSignatureException", "'x-amz-meta' must be a 'SignedHeader' in the AWS Authorization.")
    shorter = signed["Authorization"].replace("host;", "")
    expect(raw.send({**signed, "Authorization": shorter}, BODY), "InvalidSignatureException")


def test_an_incomplete_authorization(raw, signed):
    whole = signed["Authorization"]
    for part in ("Credential", "SignedHeaders", "Signature"):
        kept = [p for p in whole.removeprefix("AWS4-HMAC-SHA256 ").split(", ") if not p.startswith(part)]
        answer = raw.send({**signed, "Authorization": "AWS4-HMAC-SHA256 " + ", ".join(kept)}, BODY)
        expect(answer, "IncompleteSignatureException")
        assert f"Authorization header requires '{part}' parameter." in answer.message
    expect(raw.send({**signed, "Authorization": "AWS4-HMAC-SHA256 nonsense"}, BODY), "IncompleteSignatureException")
    undated = {k: v for k, v in signed.items() if k != "X-Amz-Date"}
    expect(raw.send(undated, BODY), "IncompleteSignatureException")


@pytest.mark.parametrize(
    ("scope", "fragment"),
    [
        (("us-east-1", "s3"), "Credential should be scoped to correct service: 'kms'."),
        (("eu-nowhere-9", "kms"), "Credential should be scoped to a valid region"),
    ],
)
def test_the_scope_must_be_this_endpoints(server, scope, fragment):
    region, service = scope
    raw = Raw(server, ALICE, region)
    answer = raw.send(raw.sign(TARGET, BODY, service=service), BODY)
    expect(answer, "InvalidSignatureException")
    assert fragment in answer.message


@pytest.mark.parametrize(("minutes", "text"), [(-20, "Signature expired: "), (20, "Signature not yet current: ")])
def test_a_signature_lives_for_minutes(raw, monkeypatch, minutes, text):
    moment = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(minutes=minutes)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *a, **k: moment)
    answer = raw.send(raw.sign(TARGET, BODY), BODY)
    expect(answer, "InvalidSignatureException")
    assert answer.message.startswith(text)


def test_the_payload_is_always_verified(raw):
    for form in ("UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", hashlib.sha256(b"other").hexdigest()):
        headers = raw.sign(TARGET, BODY, {"X-Amz-Content-SHA256": form})
        expect(raw.send(headers, BODY), "InvalidSignatureException")
    honest = raw.sign(TARGET, BODY, {"X-Amz-Content-SHA256": hashlib.sha256(BODY).hexdigest()})
    assert raw.send(honest, BODY).status == 200


def test_a_session_token_that_nobody_issued(raw):
    headers = raw.sign(TARGET, BODY, {"X-Amz-Security-Token": "not-a-token"})
    expect(raw.send(headers, BODY), "UnrecognizedClientException")


def test_one_form_and_one_value_of_each_header(server, raw, signed):
    path = presigned(server)
    expect(raw.send({**signed}, BODY, path=path), "InvalidSignatureException")
    lines = "".join(f"{k}: {v}\r\n" for k, v in signed.items())
    for name in ("Authorization", "X-Amz-Date", "X-Amz-Target"):
        rest = f"{name}: {signed[name]}\r\nContent-Length: {len(BODY)}\r\nConnection: close\r\n\r\n"
        twice = f"POST / HTTP/1.1\r\n{lines}{rest}"
        received = exchange(server, twice.encode() + BODY)
        assert received.startswith(b"HTTP/1.1 400"), (name, received)


class QueryAuth(botocore.auth.SigV4QueryAuth):
    """Signs the body as it is; botocore's own would move its members into the query string."""

    def payload(self, request):
        return hashlib.sha256(BODY).hexdigest()


def presigned(server, expires=60, secret=ALICE.secret):
    headers = {"Content-Type": JSON_1_1, "X-Amz-Target": TARGET}
    request = AWSRequest("POST", server.endpoint + "/", headers=headers)
    QueryAuth(Credentials(ALICE.access_key_id, secret), "kms", "us-east-1", expires).add_auth(request)
    return request.url.removeprefix(server.endpoint)


def test_a_presigned_request(server, raw):
    headers = {"Host": raw.address.netloc, "Content-Type": JSON_1_1, "X-Amz-Target": TARGET}
    assert raw.send(headers, BODY, path=presigned(server)).status == 200
    expect(raw.send(headers, BODY + b" ", path=presigned(server)), "InvalidSignatureException", MISMATCH)
    expect(raw.send(headers, BODY, path=presigned(server, secret="wrong")), "InvalidSignatureException", MISMATCH)
    longer = presigned(server).replace("X-Amz-Expires=60", "X-Amz-Expires=61")
    expect(raw.send(headers, BODY, path=longer), "InvalidSignatureException", MISMATCH)
    endless = presigned(server, expires=700_000)
    assert raw.send(headers, BODY, path=endless).code in ("IncompleteSignatureException", "InvalidSignatureException")


def test_who_asks_is_settled_before_what_is_asked_for(raw):
    """An unauthenticated caller learns neither which operations nor which keys exist."""
    for target in (TARGET, "TrentService.NoSuchThing"):
        headers = {"Host": raw.address.netloc, "Content-Type": JSON_1_1, "X-Amz-Target": target}
        expect(raw.send(headers, b"{not json"), "MissingAuthenticationTokenException")
