"""The record of every operation, compared whole: success, denial, a broken constraint, a dry run.

The table is `harness/record_table.py`; the operations are those of the interface model, and none may be missing.
"""

import base64
import dataclasses

import pytest
from harness.clients import boto3_client
from harness.identities import User, fresh, statement
from harness.model import MODEL, input_shape
from harness.record_scene import Scene
from harness.record_table import TABLE
from harness.server import ALICE, BOB, Server
from harness.trail import Watched, call_record, check, of_request, records, resource, text, user_block

# Custom key stores are not served yet; whoever builds them adds their rows.
NOT_SERVED = {name for name in MODEL.operation_names if "CustomKeyStore" in name}
ROWS = [pytest.param(name, row, id=f"{name}-{at}") for name, rows in TABLE.items() for at, row in enumerate(rows)]
WITH_DRY_RUN = [it for it in ROWS if "DryRun" in input_shape(it.values[0]).members]
# What replies and requests bring that no record may have: everything binary, and the tokens of grants.
SECRETS = set()


class Who:
    """A user, the client that calls with its access key, and the block that names it in records."""

    def __init__(self, server, iam, *statements):
        self.user = User(server, iam, ALICE, fresh("user"))
        if statements:
            self.user.may(*statements)
        SECRETS.add(self.user.credentials.secret)
        client = boto3_client(server, self.user.credentials, parameter_validation=False)
        client.meta.events.register(
            "before-parameter-build.kms", lambda params, model, **_: note(params, model.input_shape)
        )
        client.meta.events.register("after-call.kms", lambda parsed, model, **_: note(parsed, model.output_shape))
        self.watched = Watched(client)
        found = iam.get_user(UserName=self.user.name)["User"]
        self.block = user_block(found["UserId"], found["Arn"], ALICE.id, self.user.key_id)

    def call(self, operation, sent):
        return self.watched.call(operation, sent)

    def record(self, name, answer, **members):
        return call_record(
            name,
            userIdentity=self.block,
            userAgent=self.watched.user_agent,
            requestID=answer["ResponseMetadata"]["RequestId"],
            **members,
        )


def note(values, shape):
    """Remembers what is secret of a request or a reply."""
    if shape is None:
        return
    for name, value in values.items():
        member = shape.members.get(name)
        if member is None:
            continue
        if member.type_name == "blob" and len(value) >= 16:
            SECRETS.add(value)
        elif name == "GrantToken" and value:
            SECRETS.add(value)
        elif name == "GrantTokens":
            SECRETS.update(value)
        elif member.type_name == "structure":
            note(value, member)


@dataclasses.dataclass
class World:
    server: Server
    owner: object
    away: object
    admin: Who
    nobody: Who

    def scene(self, row):
        return Scene(self.owner, self.away, self.nobody.user.arn, row.key)

    def the_record(self, answer, count=1):
        return of_request(self.server, answer["ResponseMetadata"]["RequestId"], count)[0]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("records")).start()
    iam = boto3_client(server, ALICE, service="iam")
    owner, away = (boto3_client(server, ALICE, region) for region in ("us-east-1", "us-west-2"))
    yield World(server, owner, away, Who(server, iam, statement("*")), Who(server, iam))
    assert server.stop() == 0


def expected_of(row, scene, **more):
    """What the row says of every record of its request, whatever became of it."""
    members = {
        "requestParameters": scene.filled(row.shown),
        "readOnly": row.read_only,
        "resources": [resource(scene.filled(it)) for it in row.about],
        **more,
    }
    if row.beside:
        members["additionalEventData"] = scene.filled(row.beside)
    return members


def failure(answer, name=None):
    error = answer["Error"]
    return {"errorCode": name or error["Code"], "errorMessage": error["Message"]}


def test_no_operation_of_the_interface_is_missing(world):
    assert set(TABLE) | NOT_SERVED == set(MODEL.operation_names) and not set(TABLE) & NOT_SERVED
    for name in NOT_SERVED:
        assert world.admin.call(name, {})["Error"]["Code"] == "UnknownOperationException", f"{name} needs its rows"
    known = {"CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "ReEncrypt", "RetireGrant"}
    assert known <= {it.values[0] for it in WITH_DRY_RUN}


# MON-16, MON-17, MON-31, MON-32, MON-33, MON-34, MON-35, MON-36, MON-37, MON-38, MON-41, MON-42, MON-43
# MON-44, MON-45, MON-46, MON-47, MON-48, MON-49, MON-50, MON-51, MON-56, MON-58, MON-59, MON-61, MON-69
# MON-23, MON-27, MON-29, MON-72, MON-73, MON-76, MON-78, MON-79, MON-80, MON-81, MON-82, MON-83, MON-403, REF-530
# KEY-144, REF-114, AUTHZ-211, POL-208, MON-88
@pytest.mark.parametrize(("name", "row"), ROWS)
def test_the_record_of_a_call_that_succeeds(world, name, row):
    scene = world.scene(row)
    answer = world.admin.call(name, scene.filled(row.sent))
    assert "Error" not in answer, answer
    scene.answered(answer)
    members = expected_of(row, scene, responseElements=scene.filled(row.reply))
    members["resources"] += [resource(scene.filled(it)) for it in row.makes]
    check(world.the_record(answer, 1 + row.elsewhere), world.admin.record(name, answer, **members))


# MON-19, MON-39, MON-40, MON-87, MON-404, POL-20
@pytest.mark.parametrize(("name", "row"), ROWS)
def test_the_record_of_a_call_that_is_denied(world, name, row):
    scene = world.scene(row)
    answer = world.nobody.call(name, scene.filled(row.sent))
    assert answer["Error"]["Code"] == "AccessDeniedException", answer
    record = world.the_record(answer)
    told = record.pop("operatorOnly")
    assert told["decision"] and told["action"].startswith("kms:")
    members = expected_of(row, scene, **failure(answer, "AccessDenied"))
    check(record, world.nobody.record(name, answer, **members))


# MON-19, MON-39, MON-40, MON-169
@pytest.mark.parametrize(("name", "row"), ROWS)
def test_the_record_of_a_call_that_breaks_a_constraint(world, name, row):
    scene = world.scene(row)
    answer = world.admin.call(name, {**scene.filled(row.sent), **row.invalid})
    assert answer["Error"]["Code"] == "ValidationException", answer
    members = {"requestParameters": None, "readOnly": row.read_only, "resources": [], **failure(answer)}
    check(world.the_record(answer), world.admin.record(name, answer, **members))


# MON-167, AUTHZ-409, REF-469
@pytest.mark.parametrize(("name", "row"), WITH_DRY_RUN)
def test_the_record_of_a_dry_run(world, name, row):
    scene = world.scene(row)
    sent = {**scene.filled(row.sent), "DryRun": True}
    for who, code, called in (
        (world.admin, "DryRunOperationException", None),
        (world.nobody, "AccessDeniedException", "AccessDenied"),
    ):
        answer = who.call(name, sent)
        assert answer["Error"]["Code"] == code, answer
        members = expected_of(row, scene, **failure(answer, called))
        members["requestParameters"] = {**(members["requestParameters"] or {}), "dryRun": True}
        record = world.the_record(answer)
        record.pop("operatorOnly", None)
        check(record, who.record(name, answer, **members))


# MON-23, MON-24, MON-25, REF-271
def test_no_secret_of_any_request_is_in_the_trail(world):
    """Of everything that the tests above sent and got, and of one round of its own."""
    for name, rows in TABLE.items():
        scene = world.scene(rows[0])
        answer = world.admin.call(name, scene.filled(rows[0].sent))
        assert "Error" not in answer, answer
        SECRETS.add(scene.message)
    trail = text(world.server)
    assert len(SECRETS) > 60 and "GenerateDataKeyPair" in trail
    for secret in SECRETS:
        raw = secret if isinstance(secret, bytes) else secret.encode()
        for form in (raw.hex(), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), str(secret)):
            assert form not in trail, form[:60]
    for account in (ALICE, BOB):
        assert account.secret not in trail


# MON-26
def test_what_is_said_to_appear_appears(world):
    seen = text(world.server)
    for clear in ("Engineering", "vol-abcde12345abc1234", '"tagKey":"Project","tagValue":"Alpha"', '"name":"records"'):
        assert clear in seen
    assert any("kms:*" in str(it["requestParameters"]) for it in records(world.server, eventName="PutKeyPolicy"))
