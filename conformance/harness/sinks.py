"""Sinks of the trail: servers that have some, and what comes out there."""

import contextlib
import gzip
import json
import pathlib
import subprocess
import sys

from harness import trail
from harness.clients import boto3_client
from harness.receivers import soon
from harness.server import ALICE, Server, clean_environment

AWS = pathlib.Path(sys.executable).parent / "aws"
HERE, THERE = "us-east-1", "us-west-2"


def sink(name, **members):
    shown = "".join(f"{member} = {json.dumps(value)}\n" for member, value in {"name": name, **members}.items())
    return f"\n[[audit.sinks]]\n{shown}"


class Recorded(Server):
    """A server whose trail is read."""

    @property
    def records(self):
        return trail.records(self)


def records_of(server, account, number):
    """The last records of an account, once the one of a call that failed is there, which comes last."""

    def found():
        records = trail.records(server, recipientAccountId=account.id)
        return records and "errorCode" in records[-1] and records[-number:]

    return soon(found)


def ids(records):
    return [record["eventID"] for record in records]


@contextlib.contextmanager
def running(folder, settings):
    server = Recorded(folder / "server", settings=settings).start()
    try:
        yield server
    finally:
        server.stop()


def create_keys(server, number, account=ALICE, region=HERE):
    kms = boto3_client(server, account, region)
    return [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(number)]


def whole_lines(path):
    """The lines of a file that are whole, whoever is about to write more; none, if there is no such file."""
    text = path.read_text() if path.exists() else ""
    return text.rpartition("\n")[0].splitlines()


def lines_of(path):
    """The same, each of them JSON."""
    return [json.loads(line) for line in whole_lines(path)]


def log_files(folder, account=ALICE.id, region=HERE):
    return sorted(folder.glob(f"AWSLogs/{account}/CloudTrail/{region}/*/*/*/*.json.gz"))


def records_in(files):
    return [record for file in files for record in json.loads(gzip.decompress(file.read_bytes()))["Records"]]


def validate(bucket, trail, **more):
    """What `aws cloudtrail validate-logs` says."""
    said = {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": HERE,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_ENDPOINT_URL": bucket.url,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    environment = clean_environment(**{**said, **more})
    arn = f"arn:aws:cloudtrail:{HERE}:{ALICE.id}:trail/{trail}"
    arguments = ["--trail-arn", arn, "--s3-bucket", bucket.name, "--start-time", "2020-01-01T00:00:00Z", "--verbose"]
    done = subprocess.run(
        [AWS, "cloudtrail", "validate-logs", *arguments], env=environment, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr
