"""Accounts of one server know nothing of each other, and Regions of one deployment depend on none of the others."""

import http.client
import json
import statistics
import time
import uuid
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from harness.clients import boto3_client, refused, until
from harness.decisions import root, to
from harness.identities import User, allowed, fresh, policy, statement
from harness.raw import Raw
from harness.record_scene import Scene
from harness.record_table import TABLE
from harness.server import ALICE, BOB, Account, Server

HERE, THERE = "us-east-1", "us-west-2"
KEYLESS = {"CreateKey", "GenerateRandom", "ListKeys", "ListAliases", "ListRetirableGrants"}
ON_KEYS = sorted(set(TABLE) - KEYLESS)
# Aliases are named within the account that asks, and say what they are for by themselves.
BY_ALIAS = {"DeleteAlias", "UpdateAlias"}


class Bodies:
    """What a client is answered, as it comes."""

    def __init__(self, client):
        self.client, self.body, self.status = client, b"", 0
        client.meta.events.register("before-parse", self.note)

    def note(self, response_dict, **_):
        self.body, self.status = response_dict["body"], response_dict["status_code"]

    def call(self, operation, sent):
        try:
            self.client._make_api_call(operation, sent)
        except ClientError:
            pass
        return self.status, self.body


class Neighbours:
    """Two accounts of a server. The first has something of everything; the second has nothing yet."""

    def __init__(self, folder):
        self.server = Server(folder).start()
        self.kms, self.away = (self.client(ALICE, region) for region in (HERE, THERE))
        self.iam = self.client(ALICE, service="iam")
        self.user = User(self.server, self.iam, ALICE, fresh("neighbour"))
        self.user.may(statement("kms:*"))
        self.role, self.group = fresh("neighbours-role"), fresh("neighbours-group")
        trust = json.dumps(policy(to(root(ALICE), "sts:AssumeRole")))
        trust = trust.replace(', "Resource": "*"', "")
        self.iam.create_role(RoleName=self.role, AssumeRolePolicyDocument=trust)
        self.iam.create_group(GroupName=self.group)
        self.managed = fresh("neighbours-policy")
        self.iam.create_policy(PolicyName=self.managed, PolicyDocument=json.dumps(policy(statement("kms:*"))))
        self.alias = f"alias/{fresh('neighbours')}"
        self.key = self.kms.create_key(Description="of the neighbours")["KeyMetadata"]
        self.kms.create_alias(AliasName=self.alias, TargetKeyId=self.key["KeyId"])
        # A grant that is the second account's to retire tells it of one key; that one is not looked for.
        self.grant = self.kms.create_grant(
            KeyId=self.key["KeyId"], GranteePrincipal=self.user.arn, Operations=["Encrypt"], Name="neighbours"
        )["GrantId"]
        self.user.client().encrypt(KeyId=self.key["KeyId"], Plaintext=b"x")

    def client(self, account, region=HERE, service="kms"):
        return boto3_client(self.server, account, region, service=service, parameter_validation=False)

    def marks(self):
        """What would show that the first account is there."""
        texts = (
            ALICE.id, ALICE.access_key_id, self.key["KeyId"], self.alias, self.grant, self.user.name, self.user.key_id,
            self.role, self.group, self.managed, "of the neighbours",
        )  # fmt: skip
        return [text.encode() for text in texts]


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory):
    made = Neighbours(tmp_path_factory.mktemp("isolation"))
    yield made
    assert made.server.stop() == 0


# REF-133
@pytest.mark.parametrize("service", ["kms", "iam", "sts", "cloudtrail", "cloudwatch"])
def test_nothing_that_is_asked_of_an_account_tells_of_another(neighbours, service):
    """Every operation that takes no argument, and so answers of the account: all lists are among them."""
    asked = Bodies(neighbours.client(BOB, service=service))
    model, answered = asked.client.meta.service_model, []
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        if shape is not None and shape.required_members:
            continue
        status, body = asked.call(operation, {})
        if status == 200:
            answered.append(operation)
        for mark in neighbours.marks():
            assert mark not in body, (operation, mark)
    wanted = {
        "kms": {"ListKeys", "ListAliases", "CreateKey"},
        "iam": {"ListUsers", "ListRoles", "ListGroups", "ListPolicies", "GetAccountAuthorizationDetails"},
        "sts": {"GetCallerIdentity"},
        "cloudtrail": {"LookupEvents"},
        "cloudwatch": {"ListMetrics"},
    }
    assert wanted[service] <= set(answered), answered
    if service != "cloudwatch":
        # The first account itself is told; of metrics only with the next minute.
        own = Bodies(neighbours.client(ALICE, service=service))
        bodies = b"".join(own.call(operation, {})[1] for operation in wanted[service] - {"CreateKey"})
        assert any(mark in bodies for mark in neighbours.marks())


def without_names(body, arn):
    """A reply without what differs in any case: which key was asked for, and the id of the request."""
    return body.replace(arn.encode(), b"ARN").replace(arn.rpartition("/")[2].encode(), b"KEY")


def sent_to(scene, sent, arn):
    """The scene's request, about the key with another ARN."""
    named = {scene.key, scene.arn}
    return {name: arn if isinstance(value, str) and value in named else value for name, value in sent.items()}


# REF-133
@pytest.mark.parametrize("operation", [it for it in ON_KEYS if it not in BY_ALIAS])
def test_a_refusal_is_the_same_whether_the_key_exists(neighbours, operation):
    """A key that is there, one that is disabled, one that is of another kind, and one that never was: byte for byte."""
    row = TABLE[operation][0]
    scene = Scene(neighbours.kms, neighbours.away, root(ALICE), row.key)
    sent = scene.filled(row.sent)
    if operation == "RetireGrant":
        sent = {"KeyId": scene.arn, "GrantId": scene.grant}
    if operation in ("Decrypt", "ReEncrypt"):
        # A ciphertext of their own, so that the request is about the key that it names.
        own = neighbours.client(BOB)
        mine = own.create_key()["KeyMetadata"]["KeyId"]
        sent["CiphertextBlob"] = own.encrypt(KeyId=mine, Plaintext=b"x")["CiphertextBlob"]
        sent["KeyId" if operation == "Decrypt" else "DestinationKeyId"] = scene.arn
        sent.pop("SourceKeyId", None)
        sent.pop("SourceEncryptionContext", None)
        sent.pop("EncryptionContext", None)
    disabled = neighbours.kms.create_key()["KeyMetadata"]
    neighbours.kms.disable_key(KeyId=disabled["KeyId"])
    mac = neighbours.kms.create_key(KeySpec="HMAC_512", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    never = scene.arn.replace(scene.key, str(uuid.uuid4()))
    asked = Bodies(neighbours.client(BOB))
    answers = {}
    for arn in (scene.arn, disabled["Arn"], mac["Arn"], never):
        status, body = asked.call(operation, sent_to(scene, sent, arn))
        answers[arn] = status, without_names(body, arn)
    assert len(set(answers.values())) == 1, answers
    status, body = answers[never]
    assert status == 400 and b"AccessDeniedException" in body


# REF-133
def test_a_ciphertext_does_not_tell_whether_its_key_is_there(neighbours):
    """One of a key that exists, of a key of no account, and of a key that is deleted but for its name."""
    sealed = neighbours.kms.encrypt(KeyId=neighbours.key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    asked = Bodies(neighbours.client(BOB))
    answers = set()
    # The key's id lies somewhere in the header; where it does, another id is another key.
    position = sealed.find(uuid.UUID(neighbours.key["KeyId"]).bytes)
    assert position >= 0
    for key in (sealed[position : position + 16], uuid.uuid4().bytes, bytes(16)):
        answers.add(asked.call("Decrypt", {"CiphertextBlob": sealed[:position] + key + sealed[position + 16 :]}))
    assert len(answers) == 1, answers
    assert b"AccessDeniedException" in answers.pop()[1]


# REF-133
def test_names_of_one_account_are_free_in_the_other(neighbours):
    """Aliases, users, roles, groups and policies: that the neighbour has a name is noticed by nobody."""
    kms, iam = neighbours.client(BOB), neighbours.client(BOB, service="iam")
    own = kms.create_key()["KeyMetadata"]["KeyId"]
    with refused("NotFoundException"):
        kms.describe_key(KeyId=neighbours.alias)
    kms.create_alias(AliasName=neighbours.alias, TargetKeyId=own)
    assert kms.describe_key(KeyId=neighbours.alias)["KeyMetadata"]["KeyId"] == own
    trust = policy({**to(root(BOB), "sts:AssumeRole")})
    trust["Statement"][0].pop("Resource")
    iam.create_user(UserName=neighbours.user.name)
    iam.create_role(RoleName=neighbours.role, AssumeRolePolicyDocument=json.dumps(trust))
    iam.create_group(GroupName=neighbours.group)
    iam.create_policy(PolicyName=neighbours.managed, PolicyDocument=json.dumps(policy(statement("kms:*"))))
    kms.delete_alias(AliasName=neighbours.alias)
    for delete, name in (
        (iam.delete_user, {"UserName": neighbours.user.name}),
        (iam.delete_role, {"RoleName": neighbours.role}),
        (iam.delete_group, {"GroupName": neighbours.group}),
        (iam.delete_policy, {"PolicyArn": f"arn:aws:iam::{BOB.id}:policy/{neighbours.managed}"}),
    ):
        delete(**name)
    # What the neighbour has is there still.
    assert neighbours.kms.describe_key(KeyId=neighbours.alias)["KeyMetadata"]["KeyId"] == neighbours.key["KeyId"]
    assert neighbours.iam.get_user(UserName=neighbours.user.name)["User"]["Arn"] == neighbours.user.arn


# REF-133
def test_attempts_on_a_neighbours_key_are_in_ones_own_history_alone(neighbours):
    """The one who tried sees that, without what the key is; the owner of the key is told of what was let through."""
    agent = fresh("attempt")
    stranger = boto3_client(neighbours.server, BOB, user_agent=agent)
    assert not allowed(stranger.encrypt, KeyId=neighbours.key["Arn"], Plaintext=b"x")
    histories = {
        account.id: neighbours.client(account, service="cloudtrail")
        .lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "Encrypt"}], MaxResults=50)
        .get("Events", [])
        for account in (ALICE, BOB)
    }
    seen = {
        account: [json.loads(event["CloudTrailEvent"]) for event in events if agent in event["CloudTrailEvent"]]
        for account, events in histories.items()
    }
    assert seen[ALICE.id] == [] and len(seen[BOB.id]) == 1
    [attempt] = seen[BOB.id]
    assert attempt["errorCode"] == "AccessDenied" and not attempt["resources"] and "operatorOnly" not in attempt


class Stopwatch:
    """Requests that are signed before, so that only the server's time is measured."""

    def __init__(self, server, account):
        address = urlsplit(server.endpoint)
        self.raw = Raw(server, account)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)

    def prepared(self, arn):
        body = json.dumps({"KeyId": arn, "Plaintext": "eA=="}).encode()
        return body, self.raw.sign("TrentService.Encrypt", body)

    def time(self, request):
        body, headers = request
        begun = time.perf_counter()
        self.connection.request("POST", "/", body, headers)
        reply = self.connection.getresponse()
        reply.read()
        assert reply.status == 400
        return time.perf_counter() - begun


# REF-133
def test_a_refusal_takes_no_longer_for_a_key_that_exists(neighbours):
    """In the median of many, asked in turns: the difference is a small part of what a refusal takes."""
    watch = Stopwatch(neighbours.server, BOB)
    there = neighbours.key["Arn"]
    never = there.replace(neighbours.key["KeyId"], str(uuid.uuid4()))
    requests = {arn: watch.prepared(arn) for arn in (there, never)}
    times = {arn: [] for arn in requests}
    for _ in range(1500):
        for arn, request in requests.items():
            times[arn].append(watch.time(request))
    watch.connection.close()
    one, other = (statistics.median(times[arn]) for arn in (there, never))
    assert abs(one - other) < 0.2 * min(one, other), (one, other)


# REF-113
def test_who_asks_and_what_they_may_are_refused_apart(neighbours):
    """Who is not believed is told so whatever the caller could do, and who is believed never hears of signatures. The
    errors have other names, and are written to other places."""
    user = User(neighbours.server, neighbours.iam, ALICE, fresh("apart"))
    forged = Account(ALICE.id, user.key_id, "not-the-secret-of-this-access-key-000000")
    unknown = Account(ALICE.id, "AKIASTRANGER00000000", forged.secret)
    arn = neighbours.key["Arn"]

    def answered(caller, agent, service="kms"):
        client = boto3_client(neighbours.server, caller, service=service, user_agent=agent)
        with pytest.raises(ClientError) as caught:
            client.describe_key(KeyId=arn) if service == "kms" else client.list_users()
        return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]

    audit = neighbours.server.data / "audit"
    for permissions in ([], [statement("*", effect="Deny")], [statement("*")]):
        if permissions:
            user.may(*permissions)
        for caller, kms, iam in (
            (forged, ("InvalidSignatureException", 400), ("SignatureDoesNotMatch", 403)),
            (unknown, ("UnrecognizedClientException", 400), ("InvalidClientTokenId", 403)),
        ):
            agent = fresh("unbelieved")
            assert (answered(caller, agent), answered(caller, agent, "iam")) == (kms, iam)
            assert agent not in (audit / "trail.jsonl").read_text()
            assert (audit / "security.jsonl").read_text().count(agent) == 2
    user.may(statement("kms:ListKeys"))
    agent = fresh("believed")
    assert answered(user.credentials, agent) == ("AccessDeniedException", 400)
    assert answered(user.credentials, agent, "iam") == ("AccessDenied", 403)
    assert (audit / "trail.jsonl").read_text().count(agent) == 2
    assert agent not in (audit / "security.jsonl").read_text()


# REF-126
def test_a_region_stores_and_authorizes_by_itself(neighbours):
    """The same names and the same user in two Regions: keys, aliases, policies, grants and states are of one."""
    here, there = neighbours.kms, neighbours.away
    user = User(neighbours.server, neighbours.iam, ALICE, fresh("regional"))
    alias = f"alias/{fresh('regional')}"
    keys = {}
    for client in (here, there):
        keys[client] = client.create_key()["KeyMetadata"]
        client.create_alias(AliasName=alias, TargetKeyId=keys[client]["KeyId"])
    for client, key in keys.items():
        assert client.describe_key(KeyId=alias)["KeyMetadata"] == key
    with refused("NotFoundException"):
        here.describe_key(KeyId=keys[there]["KeyId"])
    # A permission, a refusal and a state of one Region change nothing in the other.
    here.create_grant(KeyId=keys[here]["KeyId"], GranteePrincipal=user.arn, Operations=["Encrypt"])
    text = {"KeyId": alias, "Plaintext": b"x"}
    assert not allowed(user.client(region=THERE).encrypt, KeyId=keys[there]["KeyId"], Plaintext=b"x")
    assert allowed(user.client().encrypt, KeyId=keys[here]["KeyId"], Plaintext=b"x")
    sealed = here.encrypt(**text)["CiphertextBlob"]
    assert not allowed(there.decrypt, CiphertextBlob=sealed)
    here.disable_key(KeyId=keys[here]["KeyId"])
    assert there.encrypt(**text)["KeyId"] == keys[there]["Arn"]
    there.schedule_key_deletion(KeyId=keys[there]["KeyId"])
    here.enable_key(KeyId=keys[here]["KeyId"])
    assert here.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"


# REF-126
def test_what_is_between_regions_leaves_each_of_them_its_own(neighbours):
    """A set of multi-Region keys: one of them shut, disabled and deleted; the other goes on."""
    here, there = neighbours.kms, neighbours.away
    key = here.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    here.replicate_key(KeyId=key, ReplicaRegion=THERE)
    until(there, key, KeyState="Enabled")
    sealed = here.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    shut = json.dumps(policy(to(root(ALICE), ["kms:DescribeKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"])))
    there.put_key_policy(KeyId=key, Policy=shut)
    assert not allowed(there.decrypt, CiphertextBlob=sealed)
    assert here.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    there.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert here.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    assert here.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
