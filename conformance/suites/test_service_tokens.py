"""Who passes for a service and for whom a service passes: headers, tokens, registrations, and what records say."""

import json

import pytest
from harness.clients import boto3_client, refused
from harness.identities import allowed, policy, statement
from harness.server import ALICE, BOB, Account
from harness.services import (
    ISSUE,
    ON_BEHALF_OF,
    SOURCE_ACCOUNT,
    SOURCE_ARN,
    TOKEN,
    Service,
    encrypts,
    head_of,
    kms_request,
    request_to,
    send,
    to,
)
from harness.trail import open_segment

HERE, WEST = "us-east-1", "us-west-2"


@pytest.fixture
def user(place):
    """A user of the first account who may do nothing yet."""
    return place.user()


@pytest.fixture
def key_of(place):
    """Makes keys with these statements in their policies."""
    return place.key


# POL-54, REF-263
def test_who_is_no_service_gets_nowhere_with_its_headers(place, key_of, user):
    key = key_of()
    user.may(statement("kms:*"))
    headers, body = kms_request("Encrypt", {"KeyId": key, "Plaintext": "eA=="})
    token = place.ec2.token(user)
    told = "Headers that begin with x-trent- are accepted from registered services only"
    for more in (
        {TOKEN: token},
        {TOKEN: "made-up"},
        {ON_BEHALF_OF: user.arn},
        {SOURCE_ARN: "arn:aws:s3:::bucket-1"},
        {SOURCE_ACCOUNT: ALICE.id},
        {"x-trent-via-service": f"ec2.{HERE}.amazonaws.com"},
    ):
        for caller in (user, ALICE, BOB):
            answer = send(place.server, caller, "kms", body, {**headers, **more})
            assert (answer.code, answer.message) == ("AccessDeniedException", told), more
        late = send(place.server, user, "kms", body, headers, unsigned=more)
        assert late.code == "InvalidSignatureException" and "must be a 'SignedHeader'" in late.message
    assert send(place.server, user, "kms", body, headers).status == 200
    # Nobody signed it at all.
    role = f"arn:aws:iam::{ALICE.id}:role/app"
    form = (
        f"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={role}&RoleSessionName=a&WebIdentityToken=b.c.d"
    )
    plain = {"Content-Type": "application/x-www-form-urlencoded", TOKEN: token}
    assert b"<Code>AccessDenied</Code>" in send(place.server, user, "sts", form.encode(), plain).body
    attempts = place.records(eventName="Encrypt", errorMessage=told)
    assert len(attempts) == 18 and attempts[0]["userIdentity"]["arn"] == user.arn
    # Beside the wrong signature, a service's own headers are none either.
    wrong = Service(place.server, "ec2.amazonaws.com", 1)
    wrong.credentials = type(wrong.credentials)("", wrong.key_id, "a wrong secret")
    with refused("InvalidSignatureException"):
        wrong.kms(**{TOKEN: token}).list_keys()


# POL-53, POL-54
def test_a_token_is_one_service_s_in_one_region_for_whoever_signed(place, key_of, user):
    user.may(statement("kms:*"))
    here, token = key_of(), place.ec2.token(user)
    assert encrypts(place.ec2.kms(**{TOKEN: token}), here)
    invalid = "The forward-access token included in the request is invalid."
    session = user.client("sts").get_session_token()["Credentials"]
    grant = user.client().create_grant(KeyId=here, GranteePrincipal=user.arn, Operations=["Encrypt"])["GrantToken"]
    tampered = token[:-8] + ("A" if token[-8] != "A" else "B") + token[-7:]
    for client in (
        place.s3.kms(**{TOKEN: token}),
        place.ec2.kms(WEST, **{TOKEN: token}),
        place.ec2.kms(**{TOKEN: tampered}),
        place.ec2.kms(**{TOKEN: token[:-4]}),
        place.ec2.kms(**{TOKEN: session["SessionToken"]}),
        place.ec2.kms(**{TOKEN: grant}),
        place.ec2.kms(**{TOKEN: "none"}),
    ):
        with refused("UnrecognizedClientException", invalid):
            client.list_keys()
    # What was not signed for the service, by somebody who can sign, buys no token.
    good = request_to("ec2", user)
    for forged in (
        {**head_of(good), "PayloadHash": "0" * 64},
        {**head_of(good), "Path": "/other"},
        {**head_of(good), "Query": "Action=Other"},
        {**head_of(good), "Method": "GET"},
        head_of(request_to("s3", user)),
        head_of(request_to("kms", user)),
        head_of(request_to("ec2", place.s3.credentials)),
        {**head_of(good), "Headers": {}},
    ):
        answer = place.ec2.issue(forged)
        assert (answer.status, answer.code) == (400, "InvalidForwardedRequestException"), answer.body
    for caller in (user, ALICE):
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": ISSUE,
        }
        answer = send(place.server, caller, "trent", json.dumps(head_of(good)).encode(), headers)
        assert answer.code == "AccessDeniedException"
    unknown, wrong = (Account("", key, "x" * 40) for key in ("AKIANOBODYHASTHISKEY", place.ec2.key_id))
    for caller, code in ((unknown, "UnrecognizedClientException"), (wrong, "InvalidSignatureException")):
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": ISSUE}
        assert send(place.server, caller, "trent", json.dumps(head_of(good)).encode(), headers).code == code
    # Nor does one to a service that is not in the Region, or not for the account.
    assert place.cloudtrail.issue(head_of(request_to("cloudtrail", user, WEST))).code == "AccessDeniedException"
    assert place.guest.issue(head_of(request_to("guest", user))).code == "AccessDeniedException"


# POL-54
def test_a_token_dies_with_what_it_was_issued_for(place, key_of, user):
    user.may(statement("kms:*"))
    key, iam = key_of(), place.client("iam")
    session = user.client("sts").get_session_token()["Credentials"]
    by_key, by_session = place.ec2.on_behalf_of(user), place.ec2.on_behalf_of(session)
    assert encrypts(by_key, key) and encrypts(by_session, key)
    iam.update_access_key(UserName=user.name, AccessKeyId=user.key_id, Status="Inactive")
    with refused("UnrecognizedClientException"):
        by_key.encrypt(KeyId=key, Plaintext=b"x")
    assert encrypts(by_session, key), "the session has not ended"
    iam.update_access_key(UserName=user.name, AccessKeyId=user.key_id, Status="Active")
    assert encrypts(by_key, key)
    ended = place.server.run("sessions", "revoke", "--account", ALICE.id, "--user", user.name)
    assert ended.returncode == 0, ended.stderr
    for client in (by_key, by_session):
        with refused("UnrecognizedClientException"):
            client.encrypt(KeyId=key, Plaintext=b"x")
    again = place.ec2.on_behalf_of(user)
    assert encrypts(again, key)
    # Permissions are those of this moment.
    iam.delete_user_policy(UserName=user.name, PolicyName="only")
    assert not encrypts(again, key)
    iam.delete_access_key(UserName=user.name, AccessKeyId=user.key_id)
    iam.delete_user(UserName=user.name)
    with refused("UnrecognizedClientException"):
        again.encrypt(KeyId=key, Plaintext=b"x")


# POL-54, REF-266
def test_a_service_does_what_it_is_registered_for(place, key_of, user):
    user.may(statement("*"))
    key = key_of(to({"Service": "narrow.amazonaws.com"}, statement("kms:*")))
    narrow, itself = place.narrow.on_behalf_of(user), place.narrow.kms()
    for client in (narrow, itself):
        assert allowed(client.generate_data_key, KeyId=key, KeySpec="AES_256")
        told = "narrow.amazonaws.com is not registered to perform: kms:Encrypt"
        with refused("AccessDeniedException", told):
            client.encrypt(KeyId=key, Plaintext=b"x")
    with refused("AccessDeniedException", "The service is not registered in us-west-2."):
        place.narrow.kms(WEST).list_keys()
    theirs = key_of(to({"Service": "guest.amazonaws.com"}, statement("kms:*")))
    assert not encrypts(place.guest.kms(), theirs), "the owner is not an account that it serves"
    # Whom it calls for lends it no credentials: IAM and STS are closed.
    for service, operation in (("iam", "GetUser"), ("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")):
        version = "2010-05-08" if service == "iam" else "2011-06-15"
        form = f"Action={operation}&Version={version}".encode()
        plain = {"Content-Type": "application/x-www-form-urlencoded"}
        for more in ({}, {TOKEN: place.ec2.token(user)}):
            answer = place.ec2.send(service, form, {**plain, **more})
            assert answer.status == 403 and b"AccessDenied" in answer.body, answer.body


# POL-54
def test_a_user_is_named_without_proof_where_the_operator_trusts_the_service(place, key_of, user):
    user.may(statement("kms:*"))
    key = key_of()
    named = place.narrow.kms(**{ON_BEHALF_OF: user.arn})
    assert allowed(named.generate_data_key, KeyId=key, KeySpec="AES_256")
    via = {"StringEquals": {"kms:ViaService": f"narrow.{HERE}.amazonaws.com"}}
    only = key_of(to({"AWS": user.arn}, statement("kms:GenerateDataKey", **via)), delegating=False)
    assert allowed(named.generate_data_key, KeyId=only, KeySpec="AES_256")
    stranger = place.user(BOB)
    stranger.may(statement("kms:*"))
    message = f"The header '{ON_BEHALF_OF}' of the request is not accepted."
    for principal in (
        f"arn:aws:iam::{ALICE.id}:root",
        f"arn:aws:iam::{ALICE.id}:role/any",
        f"arn:aws:sts::{ALICE.id}:assumed-role/any/session",
        f"arn:aws:iam::{ALICE.id}:user/nobody",
        stranger.arn,
        "alice",
    ):
        with refused("AccessDeniedException", message):
            place.narrow.kms(**{ON_BEHALF_OF: principal}).list_keys()
    # It is off unless it was declared, whomever the service serves.
    with refused("AccessDeniedException", message):
        place.ec2.kms(**{ON_BEHALF_OF: user.arn}).list_keys()
    # And it never leaves the user's account, whatever the key policy over there says.
    owner = place.client("kms", BOB)
    shared = to({"AWS": [user.arn, f"arn:aws:iam::{BOB.id}:root"]}, statement("kms:*"))
    theirs = owner.create_key(Policy=json.dumps(policy(shared)))["KeyMetadata"]["Arn"]
    assert allowed(user.client().generate_data_key, KeyId=theirs, KeySpec="AES_256")
    assert not allowed(named.generate_data_key, KeyId=theirs, KeySpec="AES_256")


# REF-272
def test_records_say_which_service_called_and_for_whom(place, key_of, user):
    user.may(statement("kms:*"))
    key = key_of(to({"Service": "ec2.amazonaws.com"}, statement("kms:Encrypt")))
    for client in (place.ec2.on_behalf_of(user), place.ec2.kms(), user.client()):
        assert encrypts(client, key)
    found = [it for it in place.records(eventName="Encrypt") if it["resources"] and it["resources"][0]["ARN"] == key]
    forwarded, itself, direct = found
    assert forwarded["userIdentity"] == {**direct["userIdentity"], "invokedBy": "ec2.amazonaws.com"}
    assert forwarded["sourceIPAddress"] == forwarded["userAgent"] == "ec2.amazonaws.com"
    assert direct["sourceIPAddress"] == "127.0.0.1"
    name = f"ec2.{HERE}.amazonaws.com"
    assert itself["userIdentity"] == {"type": "AWSService", "invokedBy": name}
    assert itself["sourceIPAddress"] == itself["userAgent"] == name
    assert all(it["recipientAccountId"] == ALICE.id for it in found)
    issued = place.records(eventName="IssueForwardAccessToken")[-1]
    assert issued["responseElements"]["principal"] == user.arn
    assert place.ec2.token(user)[:32] not in open_segment(place.server.data)


def test_an_s3_client_s_requests_are_forwarded_whatever_their_bodies(place, key_of, user):
    user.may(statement("kms:*"))
    key = key_of()
    for path, headers in (
        ("/bucket/a%20folder//object", {}),
        ("/bucket/object", {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}),
    ):
        client = place.s3.kms(**{TOKEN: place.s3.token(user, path=path, headers=headers)})
        assert allowed(client.generate_data_key, KeyId=key, KeySpec="AES_256")


def test_explain_agrees_with_what_is_decided(place, key_of, user):
    grant = to({"AWS": user.arn}, statement("kms:CreateGrant", Bool={"kms:GrantIsForAWSResource": True}))
    key = key_of(grant, delegating=False)
    ask = {"KeyId": key, "GranteePrincipal": user.arn, "Operations": ["Decrypt"]}
    question = ["explain", "--principal", user.arn, "--action", "kms:CreateGrant", "--key", key, "--json"]
    for client, more, decision in (
        (user.client(), [], "ImplicitDeny"),
        (place.ec2.on_behalf_of(user), ["--via-service", "ec2"], "Allow"),
        (place.ec2.on_behalf_of(user), ["--via-service", f"ec2.{HERE}.amazonaws.com"], "Allow"),
        (place.ec2.on_behalf_of(user), ["--via-service", "ec2.amazonaws.com"], "Allow"),
    ):
        answered = place.server.run(*question, *more)
        assert answered.returncode in (0, 1), answered.stderr
        told = json.loads(answered.stdout)
        assert told["Decision"] == decision and told["Notes"] == []
        assert allowed(client.create_grant, **ask) is (decision == "Allow")
    narrow = json.loads(place.server.run(*question, "--via-service", "narrow").stdout)
    assert "narrow.amazonaws.com is not registered for kms:CreateGrant here" in narrow["Notes"][0]
    assert not allowed(place.narrow.on_behalf_of(user).create_grant, **ask)


# POL-54
def test_a_development_server_believes_everybody_but_services(dev_server, tmp_path):
    seed = tmp_path / "seed.toml"
    account = f'[[accounts]]\nid = "{ALICE.id}"\n[[accounts.access_keys]]\n'
    account += f'id = "{ALICE.access_key_id}"\nsecret = "{ALICE.secret}"\n'
    s3 = Service(None, "s3.amazonaws.com", 1)
    seed.write_text(account + s3.declaration([HERE], ["*"], ["kms:*"]))
    s3.server = dev_server(seed=seed)
    key = boto3_client(s3.server, ALICE).create_key()["KeyMetadata"]["Arn"]
    assert encrypts(s3.on_behalf_of(ALICE), key)
    assert not encrypts(s3.kms(), key), "it is no principal of the account"
    # Whoever is taken at its word is taken for no service, and proves nothing to one.
    anybody = Account(ALICE.id, ALICE.id, "any secret")
    headers, body = kms_request("ListKeys", {})
    assert send(s3.server, anybody, "kms", body, headers).status == 200
    assert send(s3.server, anybody, "kms", body, {**headers, SOURCE_ACCOUNT: ALICE.id}).code == "AccessDeniedException"
    assert s3.issue(head_of(request_to("s3", anybody))).code == "InvalidForwardedRequestException"
    wrong = Service(s3.server, "s3.amazonaws.com", 1)
    wrong.credentials = Account("", s3.key_id, "x" * 40)
    with refused("InvalidSignatureException"):
        wrong.kms().list_keys()
