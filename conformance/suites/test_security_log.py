"""The security log, through the wire: requests that prove nobody are in it, and in no trail."""

import datetime
import json

import pytest
from botocore.exceptions import ClientError
from harness import trail
from harness.clients import boto3_client
from harness.raw import Raw
from harness.receivers import soon
from harness.server import ALICE, Account, Server
from harness.sinks import lines_of

UNKNOWN = Account(ALICE.id, "AKIAI1NOTHERE1EXAMPL", "whatever")
WRONG = Account(ALICE.id, ALICE.access_key_id, "WRONGwrongWRONGwrongWRONGwrongWRONGwrong")


class Watched(Server):
    """A server whose security log and trail are read."""

    def lines(self):
        return lines_of(self.data / "audit" / "security.jsonl")

    def turned_away(self, **wanted):
        lines = self.lines()
        return [line for line in lines if all(line.get(name) == value for name, value in wanted.items())]

    @property
    def records(self):
        return trail.records(self)


@pytest.fixture
def watched(tmp_path):
    server = Watched(tmp_path / "server").start()
    yield server
    assert server.stop() == 0


def call(server, account, **options):
    """A call; the error's code and the request's id."""
    with pytest.raises(ClientError) as error:
        boto3_client(server, account, **options).list_keys()
    answer = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["RequestId"]


# MON-405
def test_who_proves_nobody_is_in_the_security_log_and_not_in_the_trail(watched):
    ids = []
    for account, code, reason in [
        (WRONG, "InvalidSignatureException", "SignatureMismatch"),
        (UNKNOWN, "UnrecognizedClientException", "UnknownAccessKey"),
    ]:
        answered, request = call(watched, account)
        assert answered == code
        [line] = soon(lambda request=request: watched.turned_away(requestID=request))
        assert (line["errorCode"], line["reason"], line["eventName"]) == (code, reason, "ListKeys")
        assert line["accessKeyId"] == account.access_key_id
        assert line["sourceIPAddress"] == "127.0.0.1" and "Boto3" in line["userAgent"]
        now = datetime.datetime.now(datetime.UTC)
        assert abs(now - datetime.datetime.fromisoformat(line["time"])) < datetime.timedelta(minutes=1)
        ids.append(request)
    assert not any(record.get("requestID") in ids for record in watched.records)
    # Whoever is admitted and refused is in the trail alone.
    boto3_client(watched, ALICE).list_keys()
    assert soon(lambda: [record for record in watched.records if record["eventName"] == "ListKeys"])
    assert len(watched.turned_away(event="TurnedAway")) == 2


# MON-405
def test_sessions_that_are_none_or_over_are_told(watched):
    forged = Account(ALICE.id, "ASIAI1NOTHERE1EXAMPL", "whatever", "bm90IGEgdG9rZW4=")
    code, request = call(watched, forged)
    assert code == "UnrecognizedClientException"
    [line] = soon(lambda: watched.turned_away(requestID=request))
    assert line["reason"] in ("SessionToken", "UnknownAccessKey")
    assert "bm90IGEgdG9rZW4" not in json.dumps(watched.lines())


def unsigned(server, target="TrentService.ListKeys", body=b"{}", **headers):
    raw = Raw(server, ALICE)
    try:
        base = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target, "Host": raw.address.netloc}
        return raw.send({**base, **headers}, body)
    finally:
        raw.close()


# MON-405, MON-406
def test_an_old_signature_and_none_at_all_are_told(watched):
    answer = unsigned(watched)
    assert answer.code == "MissingAuthenticationTokenException"
    soon(lambda: watched.turned_away(requestID=answer.headers["x-amzn-requestid"], reason="MissingToken"))
    raw = Raw(watched, ALICE)
    headers = raw.sign("TrentService.ListKeys", b"{}")
    headers["X-Amz-Date"] = "20200102T030405Z"
    answer = raw.send(headers, b"{}")
    assert answer.code in ("InvalidSignatureException", "IncompleteSignatureException")
    [line] = soon(lambda: watched.turned_away(requestID=answer.headers["x-amzn-requestid"]))
    assert line["reason"] in ("SignatureExpired", "Scope")
    assert line["accessKeyId"] == ALICE.access_key_id
    raw.close()


# MON-406
def test_what_nobody_can_have_meant_is_told_and_in_no_trail(watched):
    raw = Raw(watched, ALICE)
    for target, body, reason in [
        ("TrentService.DoSomething", b"{}", "UnknownOperation"),
        ("TrentService.ListKeys", b"{not json", "Malformed"),
    ]:
        answer = raw.send(raw.sign(target, body), body)
        assert answer.status == 400
        request = answer.headers["x-amzn-requestid"]
        [line] = soon(lambda request=request: watched.turned_away(requestID=request))
        assert (line["reason"], line["errorCode"]) == (reason, answer.code)
        assert line["arn"] == f"arn:aws:iam::{ALICE.id}:root"
        assert line["eventName"] == target.split(".")[1]
        assert not any(record.get("requestID") == request for record in watched.records)
    raw.close()


# MON-405: no signature, no token, and no secret that somebody put where an id belongs.
def test_no_line_has_what_could_be_used_again(watched):
    raw = Raw(watched, WRONG)
    headers = raw.sign("TrentService.ListKeys", b"{}")
    raw.send(headers, b"{}")
    signature = headers["Authorization"].split("Signature=")[1]
    swapped = headers["Authorization"].replace(ALICE.access_key_id, ALICE.secret.replace("/", ""))
    raw.send({**headers, "Authorization": swapped, "X-Amz-Security-Token": "dG9rZW4gdG9rZW4="}, b"{}")
    raw.close()
    soon(lambda: len(watched.turned_away(event="TurnedAway")) >= 2)
    text = (watched.data / "audit" / "security.jsonl").read_text() + watched.log.read_text()
    for secret in (signature, ALICE.secret, ALICE.secret.replace("/", ""), WRONG.secret, "dG9rZW4gdG9rZW4"):
        assert secret not in text


# MON-405
def test_a_flood_is_limited_and_counted(tmp_path):
    server = Watched(tmp_path / "server", settings="\n[security_log]\nrate = 4\n").start()
    try:
        raw = Raw(server, WRONG)
        headers = raw.sign("TrentService.ListKeys", b"{}")
        began = datetime.datetime.now()
        for _ in range(600):
            assert raw.send(headers, b"{}").status == 400
        seconds = (datetime.datetime.now() - began).total_seconds()
        raw.close()

        def counted():
            written = server.turned_away(event="TurnedAway")
            return len(written) + sum(line["count"] for line in server.turned_away(event="Suppressed"))

        soon(lambda: counted() == 600)
        written = len(server.turned_away(event="TurnedAway"))
        assert 10 <= written <= 10 + seconds + 2, "a quarter of the burst, and then one a second"
        assert server.turned_away(event="Suppressed")[0]["sourceIPAddresses"] == ["127.0.0.1"]
        assert boto3_client(server, ALICE).list_keys()["Keys"] == []
    finally:
        server.stop()
