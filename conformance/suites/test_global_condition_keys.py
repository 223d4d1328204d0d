"""The condition keys of every call: each is there for the callers that it is about, and for nobody else."""

import json
import pathlib
import re

import pytest
from harness.clients import boto3_client
from harness.identities import Role, allowed, policy, statement
from harness.server import ALICE, BOB, free_port
from harness.services import Place, encrypts, to

CHAPTER = pathlib.Path(__file__).parents[2] / "docs" / "spec" / "04-condition-keys-and-authorization.md"
ROWS = range(31, 49)
TAGS, TAG = [{"Key": "team", "Value": "payments"}], [{"TagKey": "team", "TagValue": "payments"}]

USER, SESSION, SERVICE, FORWARDED, PRIVATE = "user", "session", "service", "forwarded", "private"
EVERYBODY = {USER, SESSION, SERVICE, FORWARDED, PRIVATE}

# Whose calls have a key, where not everybody's have it.
ONLY = {
    name: callers
    for callers, names in (
        (
            {SERVICE},
            "SourceArn SourceAccount SourceOrgID SourceOrgPaths PrincipalServiceName PrincipalServiceNamesList",
        ),
        ({FORWARDED}, "CalledVia CalledViaFirst CalledViaLast"),
        ({PRIVATE}, "SourceVpc SourceVpce VpcSourceIp VpceAccount"),
        ({SESSION}, "SourceIdentity TokenIssueTime MultiFactorAuthPresent"),
        ({USER}, "referer"),
        ({USER, FORWARDED, PRIVATE}, "username"),
        (EVERYBODY - {PRIVATE}, "SourceIp"),
        (EVERYBODY - {SERVICE}, "PrincipalArn PrincipalAccount PrincipalType PrincipalOrgID PrincipalOrgPaths userid"),
        (EVERYBODY - {SERVICE}, "PrincipalTag/team"),
        # Nobody has a second factor, and none of these callers was vouched for by a provider.
        (set(), "MultiFactorAuthAge FederatedProvider"),
        # A service has no account, and tags no key of another.
        (EVERYBODY - {SERVICE}, "RequestTag/team TagKeys"),
    )
    for name in names.split()
}


def listed():
    """The keys of the chapter's table, an example in the place of each placeholder."""
    rows = [line for line in CHAPTER.read_text().splitlines() if line.startswith("| AUTHZ-")]
    rows = [cells for cells in (line.split("|") for line in rows) if int(cells[1].split("[")[0][7:]) in ROWS]
    assert len(rows) == len(ROWS)
    names = {name for cells in rows for name in re.findall(r"`(aws:[^`]+)`", cells[2])}
    return sorted(re.sub(r"/(tag-)?key$", "/team", name) for name in names)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    port = free_port()
    listener = (
        f'[[listeners]]\naddress = "127.0.0.1:{port}"\nendpoint_id = "vpce-1234abcdf5678c90a"\n'
        f'vpc_id = "vpc-12345678"\naccount = "{BOB.id}"\n'
    )
    place = Place(tmp_path_factory.mktemp("callers"), settings=listener)
    place.private = port
    place.server.start()
    yield place
    assert place.server.stop() == 0


class Through:
    """The server as it is seen through its private endpoint."""

    def __init__(self, port):
        self.endpoint = f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def callers(place):
    """The same operation by every kind of caller."""
    user = place.user()
    user.may(statement("*"))
    place.client("iam").tag_user(UserName=user.name, Tags=TAGS)
    direct = user.client()
    direct.meta.events.register("before-sign.kms", lambda request, **_: request.headers.add_header("Referer", "r"))
    return {
        USER: direct,
        SESSION: Role(user, statement("*")).client(SourceIdentity="alice", Tags=TAGS),
        SERVICE: place.ec2.for_resource(f"arn:aws:ec2:us-east-1:{ALICE.id}:volume/vol-1", ALICE.id),
        FORWARDED: place.ec2.on_behalf_of(user),
        PRIVATE: boto3_client(Through(place.private), user.credentials),
    }


# AUTHZ-10, AUTHZ-30, AUTHZ-44, AUTHZ-45, AUTHZ-48
def test_every_global_key_is_there_for_whom_it_is_about(place, callers):
    root = place.client("kms")
    key = place.key(to({"Service": "ec2.amazonaws.com"}, statement("kms:Encrypt")))
    root.tag_resource(KeyId=key, Tags=TAG)
    own = json.loads(root.get_key_policy(KeyId=key)["Policy"])["Statement"]
    names = listed()
    assert len(names) > 35
    for name in ["", *names]:
        deny = to("*", statement(["kms:Encrypt", "kms:TagResource"], effect="Deny", Null={name: "false"}))
        root.put_key_policy(KeyId=key, Policy=json.dumps(policy(*own, *([deny] if name else []))))
        if name in {"aws:RequestTag/team", "aws:TagKeys"}:
            passing = {it for it, client in callers.items() if allowed(client.tag_resource, KeyId=key, Tags=TAG)}
            having = EVERYBODY - {SERVICE} - passing
        else:
            having = {it for it, client in callers.items() if not encrypts(client, key)}
        assert having == (ONLY.get(name.removeprefix("aws:"), EVERYBODY) if name else set()), name
