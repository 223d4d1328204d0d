"""An S3 service of one's own: moto's server, which checks signatures and policies."""

import dataclasses
import json
import pathlib
import subprocess
import urllib.request

import boto3

from harness import secrets
from harness.receivers import soon
from harness.server import clean_environment, free_port

PROGRAM = pathlib.Path(__file__).parents[2] / ".venv/emulators/bin/moto_server"


@dataclasses.dataclass
class Key:
    """An access key of a user there."""

    id: str
    secret: str


class S3:
    """The service, with a bucket, a key that may put objects there and nothing else, and one that may do everything."""

    def __init__(self, folder, bucket):
        self.bucket, self.port = bucket, free_port()
        self.log = folder / "s3.log"
        self.process = None

    def start(self):
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "-H", "127.0.0.1", "-p", str(self.port)],
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        soon(self.answers, 60)
        iam = self.client("iam", Key("anybody", "anything"))
        self.writer = self.user(iam, "writer", "s3:PutObject", f"arn:aws:s3:::{self.bucket}/*")
        self.reader = self.user(iam, "reader", "s3:*", "*")
        # From now on keys and policies count.
        now = urllib.request.Request(f"{self.url}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
        with urllib.request.urlopen(now, timeout=10):
            pass
        self.s3 = self.client("s3", self.reader)
        self.s3.create_bucket(Bucket=self.bucket)
        return self

    def user(self, iam, name, action, resource):
        iam.create_user(UserName=name)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        secrets.note("a secret access key", made["SecretAccessKey"])
        return Key(made["AccessKeyId"], made["SecretAccessKey"])

    def client(self, service, key):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=key.id,
            aws_secret_access_key=key.secret,
        )

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(f"{self.url}/moto-api/", timeout=2):
                return True
        except OSError:
            return False

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait(10)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def objects(self, ending=""):
        """The names of what is in the bucket."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        names = (found["Key"] for page in pages for found in page.get("Contents", []))
        return sorted(name for name in names if name.endswith(ending))

    def download(self, folder):
        """Copies the bucket into a folder: contents alone, as copying does."""
        for name in self.objects():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.s3.get_object(Bucket=self.bucket, Key=name)["Body"].read())
        return folder


def credentials_file(path, key):
    """A file of an access key, as the AWS tools have it."""
    path.write_text(f"[default]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n")
    path.chmod(0o600)
    return path
