"""The audit trail of a server, read from its file, and the record that a request must have there."""

import datetime
import json
import time
import uuid

EVENT_VERSION = "1.11"
KMS = "kms.amazonaws.com"
PATIENCE = 20
# The members in their order; those in the second half of the list are not in every record.
ORDER = """eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode
errorMessage requestParameters responseElements additionalEventData requestID eventID readOnly resources eventType
managementEvent recipientAccountId sharedEventID serviceEventDetails eventCategory vpcEndpointId tlsDetails
operatorOnly""".split()


def open_segment(data):
    """The lines of the open segment in a data folder, without what is made ready ahead of them."""
    return (data / "audit" / "trail.jsonl").read_text().rstrip("\0")


def files(server):
    """The trail's files with their contents, the oldest first, as they were at one moment: while they were read, none
    was closed or removed. One that is being closed has two names, of which the last is shown. What is made ready ahead
    of the lines is left out."""
    folder = server.data / "audit"

    def listed():
        paths = [*sorted(folder.glob("trail-*.jsonl")), folder / "trail.jsonl"]
        return {path.stat().st_ino: path for path in paths}

    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            before = listed()
            found = {path: path.read_text().rstrip("\0") for path in before.values()}
            if listed() == before:
                return found
        except FileNotFoundError:
            pass
        assert time.monotonic() < deadline, "they change all the time"


def text(server):
    """Everything that is written, as far as its lines are whole."""
    return "".join(files(server).values()).rpartition("\n")[0]


def records(server, **wanted):
    """The records that are written, by some of their members."""
    read = [json.loads(line) for line in text(server).split("\n") if '"eventVersion"' in line]
    return [it for it in read if all(it.get(name) == value for name, value in wanted.items())]


def until(found, enough=bool):
    """What is found, once it is enough."""
    deadline = time.monotonic() + PATIENCE
    while not enough(seen := found()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.02)
    return seen


def of_request(server, request, count=1):
    """The records of a request, in their order. That of a change comes into the file soon after its reply."""
    found = until(lambda: records(server, requestID=request), lambda seen: len(seen) >= count)
    assert len(found) == count, found
    return found


def resource(arn):
    return {"accountId": arn.split(":")[4], "type": "AWS::KMS::Key", "ARN": arn}


def in_words(moment):
    """A date inside of a record: `Aug 10, 2022, 10:38:27 PM`."""
    moment = moment.astimezone(datetime.UTC)
    return f"{moment:%b} {moment.day}, {moment.year}, {moment.hour % 12 or 12}:{moment:%M:%S %p}"


def user_block(user_id, arn, account, key_id):
    """Who a user is, in records."""
    return {
        "type": "IAMUser",
        "principalId": user_id,
        "arn": arn,
        "accountId": account,
        "accessKeyId": key_id,
        "userName": arn.rsplit("/", 1)[1],
    }


def call_record(name, **members):
    """The record of a call of KMS in the first account, without what differs each time: the ids and the time."""
    return {
        "eventVersion": EVENT_VERSION,
        "eventSource": KMS,
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "127.0.0.1",
        "responseElements": None,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
        **members,
    }


def check(record, expected, now=None):
    """A record has exactly these members with these values, in the form's order; its own id and its time besides."""
    assert [name for name in ORDER if name in record] == list(record), f"in another order: {list(record)}"
    seen = dict(record)
    uuid.UUID(seen.pop("eventID"))
    moment = datetime.datetime.strptime(seen.pop("eventTime"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)
    assert abs((now or datetime.datetime.now(datetime.UTC)) - moment) < datetime.timedelta(minutes=5), record
    differing = {
        name: (seen.get(name, "absent"), expected.get(name, "absent"))
        for name in {*seen, *expected}
        if seen.get(name, "absent") != expected.get(name, "absent")
    }
    assert not differing, f"(recorded, expected): {differing}"


class Watched:
    """A client whose requests are remembered: what each was answered, and with which user agent it went out."""

    def __init__(self, client):
        self.client, self.user_agent = client, None
        client.meta.events.register("before-send.*", self.note)

    def note(self, request, **_):
        agent = request.headers["User-Agent"]
        self.user_agent = agent.decode() if isinstance(agent, bytes) else agent

    def call(self, operation, arguments):
        """The answer, or the error in the same form."""
        try:
            return self.client._make_api_call(operation, arguments)
        except self.client.exceptions.ClientError as error:
            return error.response
