"""Fixtures: a server for the whole run, clients of its two accounts, and servers of a test's own."""

import json
import uuid

import pytest
from harness import secrets
from harness.clients import boto3_client
from harness.identities import User, fresh, policy
from harness.raw import Raw
from harness.server import ALICE, BOB, DevServer, Server
from harness.services import Place


@pytest.fixture(scope="session", autouse=True)
def no_secret_is_written(tmp_path_factory):
    """After everything else: no server of the run wrote a secret of any test into its logs or its trail."""
    end = secrets.watch_clients()
    yield
    end()
    leaked = secrets.leaks(secrets.folders, tmp_path_factory.mktemp("secrets"))
    assert not leaked, "secrets were written:\n" + "\n".join(leaked)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests that leave it as they found it, or use only keys of their own."""
    running = Server(tmp_path_factory.mktemp("server")).start()
    yield running
    assert running.stop() == 0, "the server did not stop cleanly"


@pytest.fixture
def own_server(tmp_path):
    """A server of the test's own, to be killed, restarted or filled."""
    running = Server(tmp_path / "server").start()
    yield running
    running.stop()


@pytest.fixture
def dev_server(tmp_path):
    """Starts servers in development mode: `dev_server(seed=..., arguments=[...])`."""
    started = []

    def start(**options):
        started.append(DevServer(tmp_path / f"dev{len(started)}", **options).start())
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """A server around which services are registered."""
    made = Place(tmp_path_factory.mktemp("services"))
    made.server.start()
    yield made
    assert made.server.stop() == 0, "the server did not stop cleanly"


@pytest.fixture(scope="session")
def kms(server):
    """boto3 as the root user of the first account."""
    return boto3_client(server, ALICE)


@pytest.fixture(scope="session")
def west(server):
    """The first account in the second Region."""
    return boto3_client(server, ALICE, "us-west-2")


@pytest.fixture(scope="session")
def other(server):
    """boto3 as the root user of the second account."""
    return boto3_client(server, BOB)


@pytest.fixture(scope="session")
def raw(server):
    """Requests of the first account, built by hand."""
    connection = Raw(server, ALICE)
    yield connection
    connection.close()


@pytest.fixture
def key(kms):
    """The metadata of a new symmetric key."""
    return kms.create_key()["KeyMetadata"]


@pytest.fixture
def alias_name():
    """A name that no other test uses."""
    return f"alias/test-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def iam(server):
    """IAM as the root user of the first account."""
    return boto3_client(server, ALICE, service="iam")


@pytest.fixture(scope="session")
def others_iam(server):
    """IAM as the root user of the second account."""
    return boto3_client(server, BOB, service="iam")


@pytest.fixture
def user(server, iam):
    """A user of the first account who has an access key and no permissions."""
    return User(server, iam, ALICE, fresh("user"))


@pytest.fixture
def managed(iam):
    """Makes managed policies of these statements and answers their ARNs."""

    def make(*statements, **more):
        document = json.dumps(policy(*statements))
        return iam.create_policy(PolicyName=fresh("policy"), PolicyDocument=document, **more)["Policy"]["Arn"]

    return make
