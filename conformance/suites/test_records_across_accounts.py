"""What two accounts learn of one call: a record for the caller's, a copy for the account that owns the key."""

import json
import uuid

import pytest
from harness.clients import boto3_client
from harness.decisions import root, to
from harness.identities import User, fresh, policy, statement
from harness.record_scene import Scene
from harness.record_table import TABLE
from harness.server import ALICE, BOB, Server
from harness.trail import Watched, call_record, check, of_request, records, resource, until, user_block
from test_permissions_reference import TABLE as PERMISSIONS

OPERATIONS = sorted({row.operation for row in PERMISSIONS if row.across_accounts})
OPEN = json.dumps(policy(to(root(BOB), "kms:*"), to(root(ALICE), "kms:*")))


class Lent(Scene):
    """A scene of the second account, whose keys the first one may use: named by their ARNs, as others' keys are."""

    def __init__(self, owner, grantee, kind):
        super().__init__(owner, None, grantee, kind, Policy=OPEN)
        self.key = self.arn

    @property
    def other(self):
        return self.other_arn

    @property
    def other_arn(self):
        self.__dict__.setdefault("second", None)
        if self.second is None:
            self.second = self.owner.create_key(Policy=OPEN)["KeyMetadata"]["Arn"]
        return self.second

    @property
    def granted(self):
        if "grants" not in self.__dict__:
            given = {"GranteePrincipal": self.grantee, "Operations": ["Encrypt"], "RetiringPrincipal": root(ALICE)}
            self.grants = self.owner.create_grant(KeyId=self.arn, **given)
        return self.grants


class World:
    def __init__(self, folder):
        self.server = Server(folder).start()
        iam = boto3_client(self.server, ALICE, service="iam")
        self.user, self.nobody = (User(self.server, iam, ALICE, fresh("user")) for _ in range(2))
        self.user.may(statement("kms:*"))
        self.owner = boto3_client(self.server, BOB)
        self.client = Watched(self.user.client())
        self.id = iam.get_user(UserName=self.user.name)["User"]["UserId"]
        self.block = user_block(self.id, self.user.arn, ALICE.id, self.user.key_id)

    def lent(self, kind=None):
        return Lent(self.owner, self.nobody.arn, kind or {})

    def of_both(self, answer):
        found = of_request(self.server, answer["ResponseMetadata"]["RequestId"], 2)
        return {it["recipientAccountId"]: it for it in found}

    def alone(self, answer):
        [record] = of_request(self.server, answer["ResponseMetadata"]["RequestId"])
        return record


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("across"))
    yield made
    assert made.server.stop() == 0


def without_ids(record):
    return {name: value for name, value in record.items() if name not in ("eventID", "eventTime", "requestID")}


# MON-20, MON-22, MON-45, MON-53, MON-81, POL-253, AUTHZ-230, AUTHZ-322, REF-115, REF-383
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_call_is_recorded_for_both_accounts(world, name):
    row = TABLE[name][0]
    scene = world.lent(row.key)
    answer = world.client.call(name, scene.filled(row.sent))
    assert "Error" not in answer, answer
    scene.answered(answer)
    own, copy = (world.of_both(answer)[account.id] for account in (ALICE, BOB))
    assert own["eventID"] != copy["eventID"] and own["sharedEventID"] == copy["sharedEventID"]
    assert own["sharedEventID"] not in (own["eventID"], copy["eventID"])
    members = {
        "userAgent": world.client.user_agent,
        "requestID": answer["ResponseMetadata"]["RequestId"],
        "requestParameters": scene.filled(row.shown),
        "responseElements": scene.filled(row.reply),
        "readOnly": row.read_only,
        "resources": [resource(scene.filled(it)) for it in row.about],
        "sharedEventID": str(uuid.UUID(own["sharedEventID"])),
    }
    if row.beside:
        members["additionalEventData"] = scene.filled(row.beside)
    stranger = {"type": "AWSAccount", "principalId": world.id, "accountId": ALICE.id}
    check(own, call_record(name, userIdentity=world.block, **members))
    check(copy, call_record(name, **{**members, "userIdentity": stranger, "recipientAccountId": BOB.id}))
    assert all(it["accountId"] == BOB.id for it in own["resources"])


# MON-21, MON-169
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_denied_call_is_nothing_that_the_owner_hears_of(world, name):
    """Nor does the caller's record say whether there is such a key: it is the same for one that there is not."""
    row = TABLE[name][0]
    scene = world.lent(row.key)
    denied = Watched(world.nobody.client()).call(name, scene.filled(row.sent))
    assert denied["Error"]["Code"] == "AccessDeniedException", denied
    record = world.alone(denied)
    assert record["recipientAccountId"] == ALICE.id and "sharedEventID" not in record
    assert (record["errorCode"], record["errorMessage"]) == ("AccessDenied", denied["Error"]["Message"])
    assert record["resources"] == [] and "additionalEventData" not in record
    told = record.pop("operatorOnly")
    assert scene.arn in told["resources"], "the operator knows"
    seen = json.dumps({**record, "requestParameters": None, "errorMessage": None, "additionalEventData": None})
    assert scene.arn not in seen and str(uuid.UUID(scene.arn.rsplit("/", 1)[1])) not in seen


@pytest.mark.parametrize("name", [it for it in OPERATIONS if "KeyId" in TABLE[it][0].sent and it != "RetireGrant"])
def test_a_key_that_is_not_there_is_denied_in_the_same_words(world, name):
    row = TABLE[name][0]
    scene = world.lent(row.key)
    absent = scene.arn.rsplit("/", 1)[0] + "/" + str(uuid.uuid4())
    client, seen, sent = Watched(world.nobody.client()), [], scene.filled(row.sent)
    for arn in (scene.arn, absent):
        record = world.alone(client.call(name, {**sent, "KeyId": arn}))
        record.pop("operatorOnly")
        seen.append(json.loads(json.dumps(without_ids(record)).replace(arn, "the key")))
    assert seen[0] == seen[1]


# MON-20, MON-162
def test_what_fails_after_it_was_allowed_is_told_to_both(world):
    scene = world.lent()
    sealed = bytearray(scene.bare)
    sealed[-1] ^= 1
    answer = world.client.call("Decrypt", {"CiphertextBlob": bytes(sealed)})
    found = world.of_both(answer)
    assert {it["errorCode"] for it in found.values()} == {"InvalidCiphertextException"}
    assert all(it["resources"] == [resource(scene.arn)] for it in found.values())
    dry = world.client.call("Encrypt", {"KeyId": scene.arn, "Plaintext": b"x", "DryRun": True})
    assert {it["errorCode"] for it in world.of_both(dry).values()} == {"DryRunOperationException"}


def test_a_key_of_each_account(world):
    """Both get the whole of it, since each is about a key of theirs."""
    scene = world.lent()
    own = boto3_client(world.server, ALICE).create_key()["KeyMetadata"]["Arn"]
    answer = world.client.call("ReEncrypt", {"CiphertextBlob": scene.bare, "DestinationKeyId": own})
    found = world.of_both(answer)
    assert found[ALICE.id]["resources"] == found[BOB.id]["resources"] == [resource(scene.arn), resource(own)]
    answer = Watched(world.nobody.client()).call("ReEncrypt", {"CiphertextBlob": scene.bare, "DestinationKeyId": own})
    record = world.alone(answer)
    assert record["resources"] == [resource(own)] and record["operatorOnly"]["resources"] == [scene.arn, own]


def test_the_owner_finds_the_record_of_the_last_use(world):
    scene = world.lent()
    answer = world.client.call("Encrypt", {"KeyId": scene.arn, "Plaintext": b"x"})
    used = world.owner.get_key_last_usage(KeyId=scene.arn.rsplit("/", 1)[1])["KeyLastUsage"]
    assert used["CloudTrailEventId"] == world.of_both(answer)[BOB.id]["eventID"]


# MON-310, MON-311
def test_a_use_across_accounts_counts_once(world):
    """By whom it was: the copy of the key's owner tells of the same use, and does not name the caller."""
    scene = world.lent()
    answers = [world.client.call("Encrypt", {"KeyId": scene.arn, "Plaintext": b"x"}) for _ in range(2)]
    answers.append(world.client.call("Decrypt", {"CiphertextBlob": answers[0]["CiphertextBlob"]}))
    for answer in answers:
        assert len(world.of_both(answer)) == 2
    told = world.server.run("audit", "usage", "--json", "--key", scene.arn)
    assert told.returncode == 0, told.stderr
    uses = [(use["Principal"], use["Operation"], use["Count"]) for use in json.loads(told.stdout)["Uses"]]
    assert uses == [(world.user.arn, "Decrypt", 1), (world.user.arn, "Encrypt", 2)]


def test_a_role_of_another_account_is_told_who_assumed_it(world):
    """The same for the other service that is used across accounts."""
    others = boto3_client(world.server, BOB, service="iam")
    trust = json.dumps(policy({**statement("sts:AssumeRole"), "Principal": {"AWS": ALICE.id}}) | {})
    trust = trust.replace(', "Resource": "*"', "")
    role = others.create_role(RoleName=fresh("role"), AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    world.user.may(statement(["kms:*", "sts:*"]))
    made = world.user.client("sts").assume_role(RoleArn=role, RoleSessionName="visit")
    found = world.of_both(made)
    assert found[ALICE.id]["userIdentity"] == world.block
    assert found[BOB.id]["userIdentity"] == {"type": "AWSAccount", "principalId": world.id, "accountId": ALICE.id}
    about = {"accountId": BOB.id, "type": "AWS::IAM::Role", "ARN": role}
    assert all(it["resources"] == [about] for it in found.values())


def test_nothing_else_reaches_an_account(world):
    """Every record of the second account is of its own principals, or a copy."""
    for record in until(lambda: records(world.server, recipientAccountId=BOB.id)):
        who = record["userIdentity"]
        assert who.get("accountId") == BOB.id or who["type"] in ("AWSAccount", "Operator"), record
