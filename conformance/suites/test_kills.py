"""kill -9 in the middle of what becomes of keys: the process is killed at every sync of the store, the trail and the
ledger, one after the other. Whatever was on the disk by then, the next server ends where an undisturbed one does, and
what was acknowledged is there."""

import time

import pytest
from botocore.exceptions import ClientError
from harness.clients import boto3_client
from harness.fate import Mortal, library
from harness.imports import Importer
from harness.server import ALICE

HERE, THERE, FAR = REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
MATERIAL = bytes(range(32))


@pytest.fixture(scope="module")
def fate(tmp_path_factory):
    return library(tmp_path_factory.mktemp("fate"))


def until(wanted):
    """Waits until something is so, and answers it."""
    deadline = time.monotonic() + 20
    while not (found := wanted()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)
    return found


class Story:
    """What happens to one key."""

    days_ahead = 0

    def __init__(self, server):
        self.server = server
        self.kms = {region: boto3_client(server, ALICE, region) for region in REGIONS}

    def prepare(self):
        """Makes the key."""
        self.key = self.kms[HERE].create_key()["KeyMetadata"]["KeyId"]
        self.sealed = self.kms[HERE].encrypt(KeyId=self.key, Plaintext=b"kept")["CiphertextBlob"]

    def ask(self):
        """Asks for what is to happen."""
        raise NotImplementedError

    def has_ended(self):
        """Whether all of it has happened."""
        raise NotImplementedError

    def may_be_refused(self, code):
        """Whether asking again may be refused so, because it was done before the crash."""
        return False

    def check(self):
        """What must be so in the end."""
        assert self.opened(HERE) == b"kept"

    def opened(self, region):
        return self.kms[region].decrypt(KeyId=self.key, CiphertextBlob=self.sealed)["Plaintext"]

    def told(self, region=HERE):
        """What is told of the key there; None: there is none."""
        try:
            return self.kms[region].describe_key(KeyId=self.key)["KeyMetadata"]
        except ClientError as error:
            assert error.response["Error"]["Code"] == "NotFoundException", error
            return None

    def rotations(self, region=HERE):
        return self.kms[region].list_key_rotations(KeyId=self.key)["Rotations"]


class Rotation(Story):
    def ask(self):
        self.kms[HERE].rotate_key_on_demand(KeyId=self.key)

    def may_be_refused(self, code):
        # One was asked for and waits.
        return code == "ConflictException"

    def has_ended(self):
        status = self.kms[HERE].get_key_rotation_status(KeyId=self.key)
        return self.rotations() and "OnDemandRotationStartDate" not in status

    def check(self):
        super().check()
        sealed = self.kms[HERE].encrypt(KeyId=self.key, Plaintext=b"new")["CiphertextBlob"]
        assert self.kms[HERE].decrypt(CiphertextBlob=sealed)["Plaintext"] == b"new"


class Replication(Story):
    def prepare(self):
        self.key = self.kms[HERE].create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
        self.sealed = self.kms[HERE].encrypt(KeyId=self.key, Plaintext=b"kept")["CiphertextBlob"]

    def ask(self):
        self.kms[HERE].replicate_key(KeyId=self.key, ReplicaRegion=THERE)

    def may_be_refused(self, code):
        return code == "AlreadyExistsException"

    def has_ended(self):
        told = self.told(THERE)
        return told and told["KeyState"] == "Enabled"

    def check(self):
        assert self.opened(HERE) == self.opened(THERE) == b"kept"
        configuration = self.told()["MultiRegionConfiguration"]
        assert [replica["Region"] for replica in configuration["ReplicaKeys"]] == [THERE]


class PrimaryChange(Replication):
    def prepare(self):
        super().prepare()
        super().ask()
        until(super().has_ended)

    def ask(self):
        self.kms[HERE].update_primary_region(KeyId=self.key, PrimaryRegion=THERE)

    def may_be_refused(self, code):
        # It is a replica by now, or on the way there.
        return code in ("UnsupportedOperationException", "KMSInvalidStateException")

    def has_ended(self):
        told = [self.told(region) for region in (HERE, THERE)]
        kinds = [one["MultiRegionConfiguration"]["MultiRegionKeyType"] for one in told]
        return kinds == ["REPLICA", "PRIMARY"] and all(one["KeyState"] == "Enabled" for one in told)

    def check(self):
        assert self.opened(HERE) == self.opened(THERE) == b"kept"


class Import(Story):
    def prepare(self):
        importer = Importer(self.kms[HERE], self.server.folder.parent)
        self.key = importer.key("SYMMETRIC_DEFAULT")
        self.request = importer.request(self.key, MATERIAL)

    def ask(self):
        self.kms[HERE].import_key_material(**self.request)

    def has_ended(self):
        return self.told()["KeyState"] == "Enabled"

    def check(self):
        sealed = self.kms[HERE].encrypt(KeyId=self.key, Plaintext=b"kept")["CiphertextBlob"]
        assert self.kms[HERE].decrypt(CiphertextBlob=sealed)["Plaintext"] == b"kept"


class DeletionOfMaterial(Import):
    def prepare(self):
        super().prepare()
        super().ask()

    def ask(self):
        self.kms[HERE].delete_imported_key_material(KeyId=self.key)

    def has_ended(self):
        return self.told()["KeyState"] == "PendingImport"

    def check(self):
        super().ask()
        super().check()


class Deletion(Story):
    """The end of the waiting period: what fell due while the server was down is done once the clock is confirmed."""

    days_ahead = 8

    def prepare(self):
        super().prepare()
        self.arn = self.told()["Arn"]
        self.kms[HERE].create_alias(AliasName="alias/mortal", TargetKeyId=self.key)
        self.kms[HERE].create_grant(
            KeyId=self.key, GranteePrincipal=f"arn:aws:iam::{ALICE.id}:root", Operations=["Decrypt"]
        )
        self.kms[HERE].schedule_key_deletion(KeyId=self.key, PendingWindowInDays=7)

    def ask(self):
        confirmed = self.server.run("clock", "confirm")
        assert confirmed.returncode == 0, confirmed.stderr

    def has_ended(self):
        # The account's own calls would be signed eight days ago.
        asked = self.server.run("who-can", "kms:Decrypt", "--key", self.arn)
        if asked.returncode == 0:
            return False
        assert "not exist" in asked.stderr, asked.stderr
        told = self.server.run("destruction", "status", "--json")
        return told.returncode == 0 and self.key in told.stdout

    def check(self):
        # With the clock as it was, so that the client's signatures count.
        assert self.server.stop() == 0
        self.server.days_ahead = 0
        self.server.start()
        self.ask()
        assert self.told() is None
        assert self.kms[HERE].list_keys()["Keys"] == []
        assert "alias/mortal" not in str(self.kms[HERE].list_aliases()["Aliases"])


STORIES = (Rotation, Replication, PrimaryChange, Import, DeletionOfMaterial, Deletion)


# SPK-347, SPK-354, MON-271
@pytest.mark.parametrize("kind", STORIES, ids=lambda kind: kind.__name__)
def test_no_kill_changes_how_it_ends(fate, tmp_path, kind):
    server = Mortal(tmp_path / "server", fate, regions=list(REGIONS))
    server.start()
    story = kind(server)
    story.prepare()
    server.saved()
    steps, was_killed = 0, True
    while was_killed:
        server.restored()
        server.days_ahead = story.days_ahead
        server.start()
        server.dies_after(steps)
        acknowledged = disturbed(server, story)
        server.lives()
        # A step that was begun before that may still kill it.
        time.sleep(0.1)
        was_killed = server.is_dead
        if was_killed:
            server.start()
            if not acknowledged:
                ask_again(story)
        until(story.has_ended)
        story.check()
        assert server.stop() == 0
        steps += 1
    assert steps > 1, "no durable step was seen"


def disturbed(server, story):
    """Asks, and waits until nothing happens any more or the server is dead; whether it was acknowledged.

    Nothing is looked at meanwhile: a call that looks is a durable step of its own, in the trail.
    """

    def asked():
        story.ask()
        return True

    if not server.asked(asked):
        assert server.is_dead, server.log.read_text()[-4000:]
        return False
    server.rests()
    return True


def ask_again(story):
    try:
        story.ask()
    except ClientError as error:
        assert story.may_be_refused(error.response["Error"]["Code"]), error
