"""Clients of one server, what a refusal must look like, and waiting for what is soon."""

import contextlib
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def boto3_client(server, account, region="us-east-1", service="kms", **config):
    """The real boto3 client of a service. It does not retry, so that every answer is seen."""
    settings = {"retries": {"total_max_attempts": 1}, "read_timeout": 30, **config}
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=server.endpoint,
        aws_access_key_id=account.access_key_id,
        aws_secret_access_key=account.secret,
        aws_session_token=account.token,
        config=Config(**settings),
    )


def environment(server, account, region="us-east-1"):
    """The variables through which the CLI and every SDK find the server and who calls."""
    return {
        "AWS_ENDPOINT_URL_KMS": server.endpoint,
        "AWS_ENDPOINT_URL_IAM": server.endpoint,
        "AWS_ACCESS_KEY_ID": account.access_key_id,
        "AWS_SECRET_ACCESS_KEY": account.secret,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_PAGER": "",
    }


@contextlib.contextmanager
def refused(code, message=None, status=400):
    """The block must end in this error of the service, its whole message included."""
    try:
        yield
    except ClientError as error:
        answer = error.response
        assert answer["Error"]["Code"] == code, answer
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer
        assert answer["ResponseMetadata"]["RequestId"], answer
        if message is not None:
            assert answer["Error"]["Message"] == message, answer
    else:
        raise AssertionError(f"accepted, where {code} was expected")


def all_pages(client, operation, result, **arguments):
    """Every item that the client's own paginator yields."""
    return [item for page in client.get_paginator(operation).paginate(**arguments) for item in page[result]]


def until(kms, key, **wanted):
    """The key's metadata once it is as it must soon be. A replica may not even be there at first."""
    deadline = time.monotonic() + 20
    metadata = None
    while time.monotonic() < deadline:
        with contextlib.suppress(kms.exceptions.NotFoundException):
            metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
            if all(metadata.get(name) == value for name, value in wanted.items()):
                return metadata
        time.sleep(0.01)
    raise AssertionError(f"{metadata} is not {wanted}")
