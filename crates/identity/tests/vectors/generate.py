"""Writes sigv4.json: requests signed by botocore, the signer inside boto3 and the AWS CLI.

    python3 generate.py > sigv4.json      # needs botocore 1.44 or newer

The cases are those of the published Signature Version 4 test suite (vanilla requests, header order,
duplicates and white space, paths, query strings, bodies, session tokens) and, beyond it, signatures in
the query string and the requests that a KMS client sends. The clock is fixed, so the output is stable.
"""

import datetime
import json
import sys
from unittest import mock
from urllib.parse import urlsplit

import botocore
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2015, 8, 30, 12, 36, 0, tzinfo=datetime.timezone.utc)
KEY = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="

cases = []


def case(name, method="GET", path="/", headers=(), body=b"", params=None, token=None, expires=None,
         service="service", region="us-east-1", host="example.amazonaws.com"):
    """Signs one request and records what goes over the wire, and what botocore signed."""
    request = AWSRequest(method=method, url=f"https://{host}{path}", data=body, params=params or {})
    for header, value in headers:
        request.headers.add_header(header, value)
    credentials = Credentials(KEY, SECRET, token)
    if expires is None:
        signer = SigV4Auth(credentials, service, region)
    else:
        signer = SigV4QueryAuth(credentials, service, region, expires=expires)

    signed = {}

    def record(kind):
        original = getattr(signer, kind)

        def wrapped(*arguments):
            signed[kind] = original(*arguments)
            return signed[kind]

        return wrapped

    signer.canonical_request = record("canonical_request")
    signer.string_to_sign = record("string_to_sign")
    with mock.patch("botocore.auth.get_current_datetime", lambda *_: NOW, create=True):
        signer.add_auth(request)

    prepared = request.prepare()
    url = urlsplit(prepared.url)
    sent = prepared.body or b""  # signing into the query string takes a form's body with it
    # A request object does not carry the Host header; the transport adds it first.
    wire = [["host", url.netloc]]
    wire += [[header.lower(), value] for header, value in request.headers.items() if header.lower() != "host"]
    cases.append({
        "name": name,
        "method": method,
        "path": url.path,
        "query": url.query,
        "headers": wire,
        "body": sent.decode(),
        "region": region,
        "service": service,
        "canonical_request": signed["canonical_request"],
        "string_to_sign": signed["string_to_sign"],
    })


# The published suite.
case("get-vanilla")
case("post-vanilla", method="POST")
case("get-vanilla-empty-query-key", path="/?Param1=value1")
case("get-vanilla-query-order-key", path="/?Param1=value2&Param1=Value1")
case("get-vanilla-query-order-key-case", path="/?Param2=value2&Param1=value1")
case("get-vanilla-query-order-value", path="/?Param1=value2&Param1=value1")
case("get-vanilla-query-order-encoded", path="/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1")
case("get-vanilla-query-unreserved",
     path="/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz="
          "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
case("get-vanilla-utf8-query", params={"\u1234": "bar"})
case("get-vanilla-query-special", params={"a b": "c+d&e=f", "/slash": "100%", "plus+": "~tilde", "empty": ""})
case("post-vanilla-query", method="POST", path="/?Param1=value1")
case("get-header-key-duplicate",
     headers=[("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")])
case("get-header-value-order",
     headers=[("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"), ("My-Header1", "value2")])
case("get-header-value-trim", headers=[("My-Header1", " value1"), ("My-Header2", ' "a   b   c"  ')])
case("get-header-value-multiline", headers=[("My-Header1", "value1\n  value2\n     value3")])
case("get-header-value-tabs", headers=[("My-Header1", "\tvalue1 \t value2\t")])
case("get-header-value-empty", headers=[("My-Header1", ""), ("My-Header2", "   ")])
case("post-header-key-sort", method="POST", headers=[("Zebra", "z"), ("My-Header1", "value1"), ("aardvark", "a")])
case("post-header-key-case", method="POST", headers=[("MY-HEADER1", "value1")])
case("post-header-value-case", method="POST", headers=[("My-Header1", "VALUE1")])
case("get-unreserved", path="/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
case("get-space", path="/example%20space/")
case("get-utf8", path="/%E1%88%B4")
case("get-utf8-raw", path="/\u1234")
case("get-slash", path="//")
case("get-slashes", path="//example//")
case("get-slash-dot-slash", path="/./")
case("get-slash-pointless-dot", path="/./example")
case("get-relative", path="/example/..")
case("get-relative-relative", path="/example1/example2/../..")
case("get-dots-inside", path="/a/b/../c/./d/")
case("get-reserved", path="/a;b=c:d@e!f$g'h(i)j*k,l")
case("post-x-www-form-urlencoded", method="POST", body=b"Param1=value1",
     headers=[("Content-Type", "application/x-www-form-urlencoded")])
case("post-x-www-form-urlencoded-parameters", method="POST", body=b"Param1=value1",
     headers=[("Content-Type", "application/x-www-form-urlencoded; charset=utf8")])
case("post-body-utf8", method="POST", body="\u1234 \u00e9 \U0001f511".encode())
case("post-sts-token", method="POST", token=TOKEN)

# Signatures in the query string.
case("presigned-vanilla", expires=60)
case("presigned-query", path="/?Param2=value2&Param1=value1", expires=300)
case("presigned-path", path="/example%20space/a", expires=300)
case("presigned-token", token=TOKEN, expires=300)
case("presigned-headers", method="POST", expires=300,
     headers=[("X-Amz-Target", "TrentService.ListKeys"), ("My-Header1", "a   b")])

# What KMS clients send.
for operation, body in [
    ("ListKeys", b"{}"),
    ("Encrypt", b'{"KeyId": "alias/example", "Plaintext": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", '
                b'"EncryptionContext": {"purpose": "test"}}'),
    ("CreateKey", '{"Description": "cl\u00e9 \U0001f511"}'.encode()),
]:
    case(f"kms-{operation}", method="POST", body=body, service="kms", region="eu-central-1",
         host="localhost:4599",
         headers=[("X-Amz-Target", f"TrentService.{operation}"), ("Content-Type", "application/x-amz-json-1.1"),
                  ("User-Agent", "aws-cli/2.0 md/Botocore")])

json.dump({
    "generator": f"botocore {botocore.__version__}",
    "access_key_id": KEY,
    "secret": SECRET,
    "now": int(NOW.timestamp()),
    "cases": cases,
}, sys.stdout, indent=1, ensure_ascii=True)
sys.stdout.write("\n")
