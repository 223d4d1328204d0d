"""The AWS JSON 1.1 protocol from outside: what each malformed or hostile request is told, and that none hangs."""

import base64
import json
import re
import socket
import time
import zlib
from urllib.parse import urlsplit

import pytest
from harness.model import SERVED, input_shape
from harness.raw import JSON_1_1, exchange

UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


def head_and_body(received):
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split()[1]), headers, body


def request(server, body=b"{}", **headers):
    """The bytes of an unsigned request."""
    named = {
        "Host": urlsplit(server.endpoint).netloc,
        "Content-Type": JSON_1_1,
        "X-Amz-Target": "TrentService.ListKeys",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    lines = "".join(f"{k}: {v}\r\n" for k, v in named.items() if v is not None)
    return f"POST / HTTP/1.1\r\n{lines}\r\n".encode() + body


# REF-476
def test_every_answer_says_what_retryers_and_support_need(raw):
    good = raw.call("ListKeys", {"Limit": 1})
    bad = raw.call("DescribeKey", {"KeyId": "nonsense"})
    for answer, status in ((good, 200), (bad, 400)):
        assert answer.status == status
        assert UUID.fullmatch(answer.headers["x-amzn-requestid"])
        assert answer.headers["content-type"] == JSON_1_1
        assert int(answer.headers["content-length"]) == len(answer.body)
        if "x-amz-crc32" in answer.headers:
            assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(answer.body)
    assert good.headers["x-amzn-requestid"] != bad.headers["x-amzn-requestid"]
    assert bad.code == "NotFoundException"


@pytest.mark.parametrize(
    "target",
    ["", "TrentService", "TrentService.", "TrentService.NoSuchThing", "TrentService.listKeys", "Other.ListKeys", None],
)
def test_an_unknown_target(raw, target):
    answer = raw.send(raw.sign(target, b"{}"), b"{}")
    assert (answer.code, answer.message) == ("UnknownOperationException", None), answer
    assert answer.status in (400, 404)


@pytest.mark.parametrize("operation", ["CreateCustomKeyStore", "DescribeCustomKeyStores", "ConnectCustomKeyStore"])
def test_an_operation_that_is_not_built_pretends_nothing(raw, operation):
    answer = raw.call(operation, {})
    assert (answer.status, answer.code) == (400, "UnknownOperationException")


NO_DOCUMENTS = {
    "empty": b"",
    "open": b"{",
    "word": b"nonsense",
    "null": b"null",
    "number": b"42",
    "string": b'"text"',
    "no value": b'{"KeyId":}',
    "cut": b'{"KeyId":"a"',
    "two": b"{} {}",
    "no utf-8": b"\xff\xfe{}",
    "nan": b'{"a":NaN}',
    "deep list": b"[" * 100_000,
    "deep member": b'{"KeyId":' + b'{"x":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
}


@pytest.mark.parametrize("body", NO_DOCUMENTS.values(), ids=NO_DOCUMENTS)
def test_a_body_that_is_no_document(raw, body):
    answer = raw.call("EnableKey", body)
    assert (answer.status, answer.code) == (400, "SerializationException"), answer.body


def test_unknown_and_absent_members(raw):
    deep = b'{"Unknown":' + b'{"x":' * 50_000 + b"1" + b"}" * 50_000 + b"}"
    assert raw.call("ListKeys", deep).status == 200
    assert raw.call("ListKeys", {"Unknown": {"deep": [1, {"a": None}]}, "Limit": 1}).status == 200
    assert raw.call("ListKeys", {"Limit": None, "Marker": None}).status == 200


def wrong_types():
    """(operation, member, literal, message) for each member given each JSON type that it does not take."""
    names = {"string": "a String", "blob": "a Blob", "integer": "an Integer", "boolean": "a Boolean"}
    scalars = {"1": "NUMBER_VALUE", "true": "TRUE_VALUE", "false": "FALSE_VALUE", '"text"': "STRING_VALUE"}
    takes = {"string": {'"text"'}, "blob": {'"text"'}, "integer": {"1"}, "boolean": {"true", "false"}}
    whole = {"list": "Expected list or null", "map": "Expected map or null", "structure": "Expected null"}
    for operation in SERVED:
        for member, shape in input_shape(operation).members.items():
            kind = shape.type_name
            for literal, token in scalars.items():
                if kind in whole:
                    yield operation, member, literal, whole[kind]
                elif literal not in takes[kind]:
                    yield operation, member, literal, f"{token} can not be converted to {names[kind]}"
            if kind != "list":
                yield operation, member, "[]", "Start of list found where not expected"
            if kind not in ("map", "structure"):
                yield operation, member, "{}", "Start of structure or map found where not expected."


@pytest.mark.parametrize(("operation", "member", "literal", "message"), list(wrong_types()))
def test_a_value_of_the_wrong_type(raw, operation, member, literal, message):
    answer = raw.call(operation, f'{{"{member}":{literal}}}'.encode())
    assert (answer.status, answer.code, answer.message) == (400, "SerializationException", message)
    assert "Message" in answer.document


def test_a_blob_that_is_no_base64(raw, key):
    for text in ("*", "abc", "ab=c", "a===", "YWJj\n"):
        answer = raw.call("Decrypt", {"CiphertextBlob": text})
        assert (answer.status, answer.code) == (400, "SerializationException"), (text, answer.body)
        answer = raw.call("Encrypt", {"KeyId": key["KeyId"], "Plaintext": text})
        assert answer.code == "SerializationException" and text not in (answer.message or "")


@pytest.mark.parametrize("content_type", [None, "application/json", "application/x-amz-json-1.0", "text/plain"])
def test_a_wrong_content_type(server, content_type):
    status, headers, body = head_and_body(exchange(server, request(server, Content_Type=content_type)))
    assert status in (400, 404) and UUID.fullmatch(headers["x-amzn-requestid"])
    assert json.loads(body)["__type"] == "UnknownOperationException"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_an_unsupported_method(server, method):
    received = exchange(server, request(server).replace(b"POST", method.encode(), 1))
    status, _, body = head_and_body(received)
    assert status in (404, 405) and json.loads(body)["__type"] == "UnknownOperationException"
    assert head_and_body(exchange(server, request(server).replace(b"POST /", b"POST /other", 1)))[0] == 404


def test_a_body_over_the_limit_is_refused_before_it_is_read(server):
    began = time.monotonic()
    status, _, body = head_and_body(exchange(server, request(server, b"", Content_Length=str(1 << 40))))
    assert status == 413 and json.loads(body)["__type"] == "RequestEntityTooLargeException"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    chunked = request(server, b"", Content_Length=None, Transfer_Encoding="chunked")
    received = exchange(server, [chunked, *[chunk] * 40])
    assert not received or head_and_body(received)[0] == 413
    assert time.monotonic() - began < 20


def test_oversized_and_broken_heads(server):
    large = request(server, X_Large="x" * (1 << 20))
    received = exchange(server, large)
    assert not received or head_and_body(received)[0] in (400, 431)
    for broken in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"NONSENSE\r\n\r\n",
        b"POST / HTTP/1.1\r\nA b: c\r\n\r\n",
    ):
        received = exchange(server, broken, timeout=12)
        assert not received or head_and_body(received)[0] == 400


def test_two_lengths_are_refused(server):
    """What would let two requests hide in one on the way through a proxy."""
    both = request(server, b"0\r\n\r\n", Content_Length="4", Transfer_Encoding="chunked")
    received = exchange(server, both)
    assert received.count(b"HTTP/1.1") <= 1
    twice = request(server).replace(b"Content-Length: 2\r\n", b"Content-Length: 2\r\nContent-Length: 3\r\n")
    received = exchange(server, twice)
    assert not received or head_and_body(received)[0] == 400


def test_a_slow_head_does_not_hold_a_connection(server):
    address = urlsplit(server.endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        began = time.monotonic()
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")
        closed = False
        while time.monotonic() - began < 25:
            time.sleep(1)
            try:
                connection.sendall(b"A: b\r\n")
                connection.settimeout(0.01)
                closed = connection.recv(1024) == b"" or closed
            except TimeoutError:
                continue
            except OSError:
                closed = True
            if closed:
                break
        assert closed, "a head that never ended kept its connection"


def test_one_connection_serves_many_requests(raw):
    raw.call("ListKeys", {"Limit": 1})
    kept = raw.connection.sock.getsockname()
    for _ in range(20):
        assert raw.call("DescribeKey", {"KeyId": "nonsense"}).status == 400
    assert raw.connection.sock.getsockname() == kept


def test_pipelined_requests_are_answered_in_order(server, raw):
    body = b'{"Limit":1}'
    headers = raw.sign("TrentService.ListKeys", body)
    lines = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    one = f"POST / HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body
    wrong = b"POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    statuses = [int(s) for s in re.findall(rb"HTTP/1.1 (\d+)", exchange(server, one + one + wrong))]
    assert statuses == [200, 200, 404]


def test_who_says_that_nothing_more_comes_is_answered(server, raw):
    """The request's record waits for the disk, so the end of what the client sends is there before the answer."""
    body = b"{}"
    lines = "".join(f"{k}: {v}\r\n" for k, v in raw.sign("TrentService.CreateKey", body).items())
    address = urlsplit(server.endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=15) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert head_and_body(received)[0] == 200


def test_http_2_is_spoken(server):
    """The connection preface and an empty SETTINGS frame are answered with the server's own SETTINGS."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    address = urlsplit(server.endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(preface)
        frame = connection.recv(9)
    assert len(frame) == 9 and frame[3] == 0x04


def test_health_needs_no_credentials(server):
    status, _, body = head_and_body(
        exchange(server, b"GET /_trent/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    )
    assert status == 200 and len(body.split()) == 1


def test_nothing_is_a_server_error(raw, key):
    """A sweep of odd but well-signed documents: each is answered as the client's fault or served, never with a 5xx."""
    odd = [
        "",
        " ",
        "\u0000",
        "/",
        "arn:",
        "arn:aws:kms",
        "arn:aws:kms:us-east-1:111122223333:key",
        "alias/",
        "../..",
        "\U0001d518" * 40,
    ]
    arn = key["Arn"]
    odd += [arn + "/", arn.replace("key/", "alias/"), arn.replace("aws", "aws-cn"), arn.upper(), arn + ":x", arn[:-1]]
    for operation in SERVED:
        for member in input_shape(operation).members:
            if member in ("KeyId", "TargetKeyId", "DestinationKeyId", "SourceKeyId", "AliasName", "Marker"):
                for value in odd:
                    document = {"Plaintext": "eA==", "Tags": [], "TagKeys": [], "KeySpec": "AES_128", member: value}
                    document |= {"CiphertextBlob": base64.b64encode(value.encode() or b"x").decode()}
                    answer = raw.call(operation, document)
                    assert answer.status in (200, 400), (operation, member, value, answer.body)
